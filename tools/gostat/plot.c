// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: a recorded run, and how gnuplot is to draw it.
 *
 * Held and live are areas, one before the other: what is between them is the
 * price of holding what lives. Released is a line, because it is no part of
 * either. Colours are Okabe and Ito's, which everybody can tell apart.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "output.h"
#include "plot.h"

static const struct {
	const char *name;	/* in the recording and in the picture */
	const char *style;
} curves[PLOT_CURVES] = {
	[PLOT_HELD] = { "held", "filledcurves y1=0 fs solid 0.5 lc rgb '#56b4e9'" },
	[PLOT_LIVE] = { "live", "filledcurves y1=0 fs solid 0.7 lc rgb '#009e73'" },
	[PLOT_RELEASED] = { "released", "lines lw 2 dt 2 lc rgb '#d55e00'" },
};

static int plot_bad(const struct lines *l, const char *why)
{
	return tool_error(TOOL_FAIL, "%s:%llu: %s", l->path, l->number, why);
}

static int plot_line(struct plot_run *run, const struct lines *l,
		     const struct json_object *o, u64 *first)
{
	struct plot_point point;
	u64 now = js_number(o, "time_ns");
	unsigned int i;

	for (i = 0; i < PLOT_CURVES; i++) {
		if (!js_has(o, curves[i].name) || !js_has(o, "time_ns"))
			return plot_bad(l, "is no line of 'gostat watch --json'");
		point.bytes[i] = js_number(o, curves[i].name);
	}
	if (!run->nr)
		*first = now;
	point.seconds = (s64)(now - *first) / 1e9;
	if (run->nr && point.seconds <= run->point[run->nr - 1].seconds)
		return plot_bad(l, "time goes back: are these two recordings?");
	run->point = tool_grow(run->point, run->nr + 1, sizeof(point));
	run->point[run->nr++] = point;
	return TOOL_OK;
}

int plot_read(struct plot_run *run, const char *path)
{
	struct lines l;
	size_t len;
	char *text;
	u64 first = 0;
	int status;

	memset(run, 0, sizeof(*run));
	status = lines_open(&l, path);
	while (!status && (text = lines_next(&l, &len))) {
		struct json_object *o = js_parse(text);

		status = o ? plot_line(run, &l, o, &first) : plot_bad(&l, "is no JSON object");
		json_object_put(o);
	}
	if (!status)
		status = l.error;
	if (!status && run->nr < 2)
		status = tool_error(TOOL_FAIL, "%s: has %zu lines, two are needed for a curve",
				    l.path, run->nr);
	lines_close(&l);
	return status;
}

void plot_free(struct plot_run *run)
{
	free(run->point);
	memset(run, 0, sizeof(*run));
}

static u64 plot_peak(const struct plot_run *run, enum plot_curve curve)
{
	u64 peak = 0;
	size_t i;

	for (i = 0; i < run->nr; i++)
		peak = max(peak, run->point[i].bytes[curve]);
	return peak;
}

/* The unit in which the highest curve has a number that one can read. */
static unsigned int plot_unit(const struct plot_run *run, const char **name)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0, i;
	u64 peak = 0;

	for (i = 0; i < PLOT_CURVES; i++)
		peak = max(peak, plot_peak(run, i));
	while (unit < ARRAY_SIZE(names) - 1 && peak >> (10 * (unit + 1)))
		unit++;
	*name = names[unit];
	return unit;
}

/* In quotes that end at a quote only, which is doubled. */
static void put_quoted(FILE *out, const char *text)
{
	putc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			putc('\'', out);
		putc(iscntrl((unsigned char)*text) ? ' ' : *text, out);
	}
	putc('\'', out);
}

static void put_head(FILE *out, const struct plot_run *run, const struct plot_look *look,
		     const char *unit)
{
	fprintf(out, "set terminal %s size %u,%u noenhanced background '#ffffff'\n",
		look->format == PLOT_SVG ? "svg" : "pngcairo", look->width, look->height);
	fputs("set title ", out);
	put_quoted(out, look->title);
	fprintf(out, "\nset xlabel 'seconds'\nset ylabel '%s'\n", unit);
	fprintf(out, "set xrange [0:%g]\nset yrange [0:*]\n", run->point[run->nr - 1].seconds);
	fputs("set grid\n"
	      "set key above horizontal maxrows 1 reverse Left samplen 2 width -4\n", out);
}

static void put_data(FILE *out, const struct plot_run *run, unsigned int unit)
{
	double scale = 1ULL << (10 * unit);
	size_t i;
	int c;

	fputs("$run << END\n", out);
	for (i = 0; i < run->nr; i++) {
		fprintf(out, "%.9g", run->point[i].seconds);
		for (c = 0; c < PLOT_CURVES; c++)
			fprintf(out, " %.9g", run->point[i].bytes[c] / scale);
		putc('\n', out);
	}
	fputs("END\n", out);
}

void plot_script(FILE *out, const struct plot_run *run, const struct plot_look *look)
{
	char text[OUT_NUMBER];
	const char *name;
	unsigned int unit = plot_unit(run, &name), i;

	put_head(out, run, look, name);
	put_data(out, run, unit);
	fputs("plot ", out);
	for (i = 0; i < PLOT_CURVES; i++)
		fprintf(out, "%s$run using 1:%u with %s title '%s, at most %s'",
			i ? ", \\\n     " : "", i + 2, curves[i].style, curves[i].name,
			out_bytes(text, plot_peak(run, i)));
	putc('\n', out);
}
