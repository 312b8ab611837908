// SPDX-License-Identifier: GPL-2.0
/*
 * gostat watch: the figures while they change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "ending.h"
#include "snapshot.h"
#include "watch.h"

#define SECONDS_MIN	0.01
#define SECONDS_MAX	86400
#define TOP_DEFAULT	10

struct watch_options {
	double seconds;
	u64 count;		/* 0: until interrupted */
	u64 top;
	bool json;
};

enum watch_way { WATCH_SCREEN, WATCH_LINE, WATCH_JSON };

/* Until @due (tool_now()); false if it is time to end. */
static bool wait_until(double due)
{
	double wait;

	do {
		struct timespec t;

		wait = due - tool_now();
		t = tool_timespec(max(wait, 0.0));
		if (!ending_wait(NULL, 0, &t))
			return false;
	} while (wait > 0);
	return true;
}

/* In place of the last screen, of @lines lines, which it may not be wrapped on. */
static unsigned int draw(const struct watch *w, unsigned int lines, u64 top)
{
	unsigned int columns, rows;

	out_terminal(&columns, &rows);
	if (lines)
		printf("\033[%uA", lines);
	printf("\r\033[J\033[?7l");
	lines = watch_screen(w, rows, top);
	printf("\033[?7h");
	return lines;
}

static int watch_loop(const struct watch_options *options, enum watch_way way,
		      struct watch *w)
{
	double due = tool_now();
	struct json_object *snapshot;
	unsigned int lines = 0;
	int status;
	u64 n = 0;

	ending_catch();
	do {
		status = snapshot_read(&snapshot);
		if (status)
			return status;
		watch_next(w, snapshot);
		if (way == WATCH_JSON)
			js_print_line(watch_json(w, options->top));
		else if (way == WATCH_LINE)
			watch_line(w);
		else
			lines = draw(w, lines, options->top);
		if (fflush(stdout))
			return TOOL_FAIL;	/* main() says why */
		due = max(due + options->seconds, tool_now());
	} while (++n != options->count && wait_until(due));
	return TOOL_OK;
}

static enum watch_way watch_way(const struct watch_options *options)
{
	const char *terminal = getenv("TERM");
	unsigned int columns, rows;

	if (options->json)
		return WATCH_JSON;
	if (!out_terminal(&columns, &rows) || !terminal || !strcmp(terminal, "dumb"))
		return WATCH_LINE;
	return WATCH_SCREEN;
}

static int watch_set(void *ctx, int id, const char *arg)
{
	struct watch_options *options = ctx;

	switch (id) {
	case 'n':
		return opts_count("count", arg, &options->count);
	case 't':
		return opts_count("top", arg, &options->top);
	case 'j':
		options->json = true;
		break;
	}
	return OPTS_GO;
}

static int watch_run(const struct command *cmd, int argc, char **argv)
{
	struct watch_options options = { .seconds = 1, .top = TOP_DEFAULT };
	struct watch w = { 0 };
	static char buffer[64 * 1024];
	int status;

	status = opts_parse(cmd, &argc, &argv, watch_set, &options);
	if (status == OPTS_GO && argc)
		status = opts_seconds("SECONDS", argv[0], &options.seconds);
	if (status != OPTS_GO)
		return status;
	if (options.seconds < SECONDS_MIN || options.seconds > SECONDS_MAX)
		return tool_error(TOOL_USAGE, "SECONDS: from %g to %d", SECONDS_MIN, SECONDS_MAX);
	/* A screen in one piece does not flicker. */
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	status = watch_loop(&options, watch_way(&options), &w);
	watch_free(&w);
	return status;
}

static const struct opt watch_opts[] = {
	{ 'n', "count", "N", "End after N screens or lines; 0, the default: never." },
	{ 't', "top", "N", "Show at most N size classes (default 10)." },
	{ 'j', "json", NULL, "Print a JSON object a line." },
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_watch = {
	.name = "watch",
	.summary = "the figures and their rates, again and again",
	.operands = "[SECONDS]",
	.max_operands = 1,
	.description =
		"Shows each SECONDS (default 1, at least 0.01) how much memory is held, that\n"
		"is, had from the kernel's page allocator; how much of it is live objects;\n"
		"how much is idle, in no span, and how much of the idle is released, places\n"
		"without a page; allocations, frees, refills and flushes of magazines, and\n"
		"bytes scavenged, that is, given back to the page allocator by the\n"
		"scavenger, a second; and the size classes with the most allocations and\n"
		"frees.\n"
		"\n"
		"On a terminal the screen is redrawn in place; elsewhere there is a line for\n"
		"each time. All figures of a screen are of one moment, and rates are of the\n"
		"time between two of them. The first one has no rates.\n"
		"\n"
		"Ctrl-C ends it, with status 0. Figures of a size class need root, and a\n"
		"moment needs debugfs: 'gostat stats' does without both.",
	.opts = watch_opts,
	.more =
		"JSON\n"
		"    { \"seconds\": 1.0, \"cut\": 8, \"time_ns\": 7, \"held\": 0, \"live\": 0,\n"
		"      \"idle\": 0, \"released\": 0, \"objects\": 0, \"mallocs\": 0, \"frees\": 0,\n"
		"      \"refills\": 0, \"flushes\": 0, \"scavenged\": 0, \"interval\": 1.0,\n"
		"      \"rates\": { \"mallocs\": 0, ... }, \"classes\": [ { \"size\": 64, \"live\": 0,\n"
		"      \"cached\": 0, \"rates\": { ... } }, ... ] }\n"
		"    seconds since the first line; time_ns is of CLOCK_MONOTONIC; rates are a\n"
		"    second. The first line ends after scavenged.\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/debug/gostat/memstats.json, readable by root only\n"
		"\n"
		"EXAMPLES\n"
		"    gostat watch 0.5\n"
		"    gostat watch --json --count 60 >run.jsonl\n"
		"        A minute, to look at later.\n",
	.run = watch_run,
};
