// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the progress bar, on stderr.
 *
 * A terminal gets one line that is redrawn at most ten times a second. With
 * PROGRESS_ALWAYS anything else (a log, a pipe) gets a line for each tenth of
 * the way: there a redrawn line would be one long line of control characters.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"
#include "progress.h"

#define REDRAW_SECONDS	0.1

static struct {
	bool on;
	bool tty;
	bool drawn;		/* the bar is on the terminal's line */
	const char *what;
	u64 total;
	u64 last_done;
	unsigned int tenths;	/* lines printed so far, not a terminal */
	double started;
	double drawn_at;
} bar;

void progress_start(enum progress_mode mode, const char *what, u64 total)
{
	memset(&bar, 0, sizeof(bar));
	bar.tty = isatty(STDERR_FILENO);
	bar.on = mode == PROGRESS_ALWAYS || (mode == PROGRESS_AUTO && bar.tty);
	bar.what = what;
	bar.total = total;
	bar.started = tool_now();
	progress_show(0);
}

static unsigned int progress_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 60)
		return 20;
	return min(size.ws_col - 50, 50);
}

static void progress_draw(u64 done)
{
	double seconds = tool_now() - bar.started;
	double part = bar.total ? (double)done / bar.total : 1;
	unsigned int width = bar.tty ? progress_width() : 20;
	unsigned int full = part * width;
	char rate[OUT_NUMBER];

	out_count(rate, seconds > 0.01 ? done / seconds : 0);
	fprintf(stderr, "%s%s [%.*s%*s] %3.0f %%  %s events/s%s", bar.tty ? "\r" : "",
		bar.what, (int)full, "##################################################",
		(int)(width - full), "", part * 100, rate, bar.tty ? "\033[K" : "\n");
	bar.drawn = bar.tty;
	bar.drawn_at = tool_now();
}

void progress_show(u64 done)
{
	if (!bar.on)
		return;
	bar.last_done = done;
	if (bar.tty) {
		if (done && tool_now() - bar.drawn_at < REDRAW_SECONDS)
			return;
		progress_draw(done);
	} else if (bar.total && done >= (bar.tenths + 1) * (bar.total / 10.0)) {
		bar.tenths = done * 10 / bar.total;
		progress_draw(done);
	}
}

void progress_end(void)
{
	if (!bar.on)
		return;
	if (bar.tty) {
		progress_draw(bar.last_done);
		fputc('\n', stderr);
	}
	bar.on = false;
	bar.drawn = false;
}

void progress_clear(void)
{
	if (bar.drawn)
		fputs("\r\033[K", stderr);
	bar.drawn = false;
}
