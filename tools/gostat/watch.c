// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: what 'watch' shows of one snapshot, and of what has
 * changed since the one before.
 *
 * Both are cuts of the module with the time when they were taken, so that
 *
 *	rate == (figure now - figure before) / (time_ns now - time_ns before)
 *
 * is exact, whatever the reader was kept waiting for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "snapshot.h"
#include "watch.h"

static const char *const event_figures[WATCH_EVENTS] = {
	"nmalloc", "nfree", "refills", "flushes",
};

static const char *const event_names[WATCH_EVENTS] = {
	"mallocs", "frees", "refills", "flushes",
};

/* Bytes that the scavenger has ever released; a module without one has not got it. */
static const char scav_figure[] = "scav_released";

static struct json_object *class_of_size(const struct json_object *snapshot, size_t i, u64 size)
{
	struct json_object *rows = snapshot ? js_member(snapshot, "by_size") : NULL;
	struct json_object *row;

	if (!rows || i >= json_object_array_length(rows))
		return NULL;
	row = json_object_array_get_idx(rows, i);
	return js_number(row, "size") == size ? row : NULL;
}

static double watch_rate(const struct watch *w, const struct json_object *now,
			 const struct json_object *before, const char *figure)
{
	u64 more = js_number(now, figure) - js_number(before, figure);

	return w->interval && before ? more / w->interval : 0;
}

static void watch_rates(const struct watch *w, const struct json_object *now,
			const struct json_object *before, double rate[WATCH_EVENTS])
{
	unsigned int i;

	for (i = 0; i < WATCH_EVENTS; i++)
		rate[i] = watch_rate(w, now, before, event_figures[i]);
}

static double business(const struct watch_class *class)
{
	return class->rate[WATCH_MALLOCS] + class->rate[WATCH_FREES];
}

static int busier(const void *a, const void *b)
{
	const struct watch_class *ca = a, *cb = b;
	double more = business(cb) - business(ca);

	if (more)
		return more > 0 ? 1 : -1;
	return (ca->size > cb->size) - (ca->size < cb->size);
}

static void watch_classes(struct watch *w)
{
	struct json_object *rows = js_member(w->now, "by_size");
	size_t i;

	w->nr = json_object_array_length(rows);
	w->class = tool_grow(w->class, w->nr, sizeof(*w->class));
	w->busy = 0;
	for (i = 0; i < w->nr; i++) {
		struct watch_class *class = &w->class[i];

		class->figures = json_object_array_get_idx(rows, i);
		class->size = js_number(class->figures, "size");
		watch_rates(w, class->figures, class_of_size(w->before, i, class->size),
			    class->rate);
		w->busy += business(class) > 0;
	}
	qsort(w->class, w->nr, sizeof(*w->class), busier);
}

/* A module that was loaded afresh has nothing to do with the one before. */
static bool watch_goes_on(const struct watch *w)
{
	return w->before && js_number(w->now, "cut") > js_number(w->before, "cut") &&
	       js_number(w->now, "time_ns") > js_number(w->before, "time_ns") &&
	       js_number(w->now, "nmalloc") >= js_number(w->before, "nmalloc") &&
	       js_number(w->now, "nfree") >= js_number(w->before, "nfree") &&
	       js_number(w->now, scav_figure) >= js_number(w->before, scav_figure);
}

void watch_next(struct watch *w, struct json_object *snapshot)
{
	u64 now = js_number(snapshot, "time_ns");

	if (!w->now)
		w->started = now;
	json_object_put(w->before);
	w->before = w->now;
	w->now = snapshot;
	w->seconds = (now - w->started) / 1e9;
	w->interval = watch_goes_on(w) ? (now - js_number(w->before, "time_ns")) / 1e9 : 0;
	watch_rates(w, w->now, w->before, w->rate);
	w->scavenged = js_has(w->now, scav_figure);
	w->scav_rate = watch_rate(w, w->now, w->before, scav_figure);
	watch_classes(w);
}

void watch_free(struct watch *w)
{
	json_object_put(w->before);
	json_object_put(w->now);
	free(w->class);
}

/* A rate, or "-" if there is nothing to tell it from. */
static char *rate_text(const struct watch *w, double rate, char *text)
{
	if (!w->interval)
		snprintf(text, OUT_NUMBER, "-");
	else
		out_count(text, rate + 0.5);
	return text;
}

/* The same in bytes; "-" as well of a module that does not tell. */
static char *scav_text(const struct watch *w, char *text)
{
	if (w->scavenged && w->interval)
		out_bytes(text, w->scav_rate + 0.5);
	else
		snprintf(text, OUT_NUMBER, "-");
	return text;
}

static void out_cell_rates(struct out_table *t, const struct watch *w,
			   const double rate[WATCH_EVENTS])
{
	char text[OUT_NUMBER];
	unsigned int i;

	for (i = 0; i < WATCH_EVENTS; i++)
		out_cell(t, "%s", rate_text(w, rate[i], text));
}

static void screen_memory(const struct watch *w)
{
	char a[OUT_NUMBER], b[OUT_NUMBER];

	printf("held  %11s   at most %11s\n", out_bytes(a, snapshot_held(w->now)),
	       out_bytes(b, js_number(w->now, "peak_held")));
	printf("live  %11s   in %s objects\n", out_bytes(a, js_number(w->now, "heap_alloc")),
	       out_count(b, js_number(w->now, "heap_objects")));
	printf("idle  %11s   released %11s\n", out_bytes(a, js_number(w->now, "heap_idle")),
	       out_bytes(b, js_number(w->now, "heap_released")));
}

static void screen_totals(const struct watch *w)
{
	static const char *const heads[] = {
		"", "mallocs", "frees", "refills", "flushes", "scavenged",
	};
	char text[OUT_NUMBER];
	struct out_table t;
	unsigned int i;

	out_table_init(&t, ARRAY_SIZE(heads) - !w->scavenged, heads);
	out_cell(&t, "a second");
	out_cell_rates(&t, w, w->rate);
	if (w->scavenged)
		out_cell(&t, "%s", scav_text(w, text));
	out_cell(&t, "ever");
	for (i = 0; i < WATCH_EVENTS; i++)
		out_cell_count(&t, js_number(w->now, event_figures[i]));
	if (w->scavenged)
		out_cell(&t, "%s", out_bytes(text, js_number(w->now, scav_figure)));
	out_table_print(&t, 0, 0);
}

static void screen_classes(const struct watch *w, u64 n)
{
	static const char *const heads[] = {
		"class", "mallocs/s", "frees/s", "refills/s", "flushes/s", "live", "cached",
	};
	struct out_table t;
	char text[OUT_NUMBER];
	size_t i;

	out_table_init(&t, ARRAY_SIZE(heads), heads);
	for (i = 0; i < n; i++) {
		const struct watch_class *class = &w->class[i];

		out_cell(&t, "%s", class->size ? out_count(text, class->size) : "large");
		out_cell_rates(&t, w, class->rate);
		out_cell_count(&t, js_number(class->figures, "live"));
		out_cell_count(&t, js_number(class->figures, "cached"));
	}
	out_table_print(&t, 0, 0);
}

/* Classes to show of at most @top. */
static u64 watch_shown(const struct watch *w, u64 top)
{
	return min(top, w->busy);
}

#define SCREEN_LINES	10	/* without the classes, which have a head */

unsigned int watch_screen(const struct watch *w, unsigned int rows, u64 top)
{
	/* The cursor stands below the last line. */
	u64 room = rows > SCREEN_LINES + 2 ? rows - SCREEN_LINES - 2 : 0;
	u64 n = min(watch_shown(w, top), room);
	char text[OUT_NUMBER];

	printf("gostat, cut %s, %.1f s; Ctrl-C ends\n\n",
	       out_count(text, js_number(w->now, "cut")), w->seconds);
	screen_memory(w);
	putchar('\n');
	screen_totals(w);
	putchar('\n');
	if (!n)
		return SCREEN_LINES;
	screen_classes(w, n);
	return SCREEN_LINES + 1 + n;
}

void watch_line(const struct watch *w)
{
	char text[WATCH_EVENTS][OUT_NUMBER], a[5][OUT_NUMBER];
	size_t i;

	if (!w->before)
		printf("%8s %10s %10s %10s %10s %9s %9s %9s %9s %11s  busiest\n", "seconds",
		       "held", "live", "idle", "released", "mallocs/s", "frees/s", "refills/s",
		       "flushes/s", "scavenged/s");
	for (i = 0; i < WATCH_EVENTS; i++)
		rate_text(w, w->rate[i], text[i]);
	printf("%8.1f %10s %10s %10s %10s %9s %9s %9s %9s %11s", w->seconds,
	       out_bytes(a[0], snapshot_held(w->now)),
	       out_bytes(a[1], js_number(w->now, "heap_alloc")),
	       out_bytes(a[2], js_number(w->now, "heap_idle")),
	       out_bytes(a[3], js_number(w->now, "heap_released")), text[WATCH_MALLOCS],
	       text[WATCH_FREES], text[WATCH_REFILLS], text[WATCH_FLUSHES],
	       scav_text(w, a[4]));
	for (i = 0; i < watch_shown(w, 3); i++) {
		if (w->class[i].size)
			printf("%s%llu", i ? " " : "  ", w->class[i].size);
		else
			printf("%slarge", i ? " " : "  ");
	}
	putchar('\n');
}

static struct json_object *rates_json(const double rate[WATCH_EVENTS])
{
	struct json_object *o = js_object();
	unsigned int i;

	for (i = 0; i < WATCH_EVENTS; i++)
		js_real(o, event_names[i], rate[i]);
	return o;
}

static struct json_object *watch_rates_json(const struct watch *w)
{
	struct json_object *o = rates_json(w->rate);

	if (w->scavenged)
		js_real(o, "scavenged", w->scav_rate);
	return o;
}

static struct json_object *watch_class_json(const struct watch_class *class)
{
	struct json_object *o = js_object();

	if (class->size)
		js_u64(o, "size", class->size);
	else
		js_string(o, "size", "large");
	js_u64(o, "live", js_number(class->figures, "live"));
	js_u64(o, "cached", js_number(class->figures, "cached"));
	js_add(o, "rates", rates_json(class->rate));
	return o;
}

struct json_object *watch_json(const struct watch *w, u64 top)
{
	struct json_object *o = js_object(), *array;
	size_t i;

	js_real(o, "seconds", w->seconds);
	js_u64(o, "cut", js_number(w->now, "cut"));
	js_u64(o, "time_ns", js_number(w->now, "time_ns"));
	js_u64(o, "held", snapshot_held(w->now));
	js_u64(o, "live", js_number(w->now, "heap_alloc"));
	js_u64(o, "idle", js_number(w->now, "heap_idle"));
	js_u64(o, "released", js_number(w->now, "heap_released"));
	js_u64(o, "objects", js_number(w->now, "heap_objects"));
	for (i = 0; i < WATCH_EVENTS; i++)
		js_u64(o, event_names[i], js_number(w->now, event_figures[i]));
	if (w->scavenged)
		js_u64(o, "scavenged", js_number(w->now, scav_figure));
	if (!w->interval)
		return o;
	js_real(o, "interval", w->interval);
	js_add(o, "rates", watch_rates_json(w));
	array = js_array();
	for (i = 0; i < watch_shown(w, top); i++)
		js_append(array, watch_class_json(&w->class[i]));
	js_add(o, "classes", array);
	return o;
}
