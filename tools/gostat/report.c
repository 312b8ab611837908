// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: what a replay prints.
 */
#include <stdio.h>
#include <string.h>

#include "report.h"

#define LABEL	17	/* columns of a label, its indent included */

static void label(const char *text)
{
	printf("  %-*s", LABEL - 2, text);
}

void report_trace(const struct trace *trace, const struct trace_figures *figures)
{
	char a[OUT_NUMBER], b[OUT_NUMBER], c[OUT_NUMBER];

	printf("%s\n", trace->path);
	if (trace->workload) {
		label("workload");
		out_wrapped(trace->workload, LABEL);
	}
	if (trace->kernel) {
		label("kernel");
		out_wrapped(trace->kernel, LABEL);
	}
	label("events");
	printf("%s, %s allocations and %s frees",
	       out_count(a, trace->nr_events), out_count(b, figures->allocs),
	       out_count(c, figures->frees));
	if (trace->nr_events != trace->file_events)
		printf(", of %s in the file", out_count(a, trace->file_events));
	putchar('\n');
	label("allocations");
	printf("%s by kmalloc, %s from caches, %s could not wait\n",
	       out_count(a, figures->kmalloc),
	       out_count(b, figures->allocs - figures->kmalloc),
	       out_count(c, figures->atomic));
	label("CPUs");
	printf("%u; %s frees on another CPU than the allocation\n", trace->nr_cpus,
	       out_count(a, figures->cross_cpu));
	label("live");
	printf("%s objects at most, %s at the end\n",
	       out_count(a, figures->peak_objects), out_count(b, figures->end.objects));
	label("peak");
	printf("after event %s, %s objects: SLUB's objects had the most bytes\n",
	       out_count(a, figures->peak_event), out_count(b, figures->peak.objects));
}

static void memory_row(struct out_table *t, const char *what, u64 bytes, u64 asked,
		       const char *meaning)
{
	char text[OUT_NUMBER];

	out_cell(t, "%s", what);
	out_cell(t, "%s", out_bytes(text, bytes));
	out_cell_count(t, bytes);
	out_cell(t, "%s", out_ratio(text, bytes, asked));
	out_cell(t, "%s", meaning);
}

static void memory_of_trace(struct out_table *t, const struct trace_figures *figures)
{
	static const char *const heads[] = { "<peak", "", "bytes", "/ asked", "<" };
	u64 asked = figures->peak.req;

	out_table_init(t, ARRAY_SIZE(heads), heads);
	memory_row(t, "asked for", asked, asked, "live requests");
	memory_row(t, "SLUB's objects", figures->peak.slub, asked,
		   "its slabs come on top");
}

void report_trace_memory(const struct trace_figures *figures)
{
	struct out_table t;

	memory_of_trace(&t, figures);
	putchar('\n');
	out_table_print(&t, 0, 0);
}

static void report_memory(const struct replay *r)
{
	u64 asked = r->figures->peak.req;
	struct out_table t;

	memory_of_trace(&t, r->figures);
	if (r->peak.taken)
		memory_row(&t, "gostat's objects", r->peak.all.module_bytes, asked,
			   "live, with their rounding");
	memory_row(&t, "gostat held", r->held_peak, asked,
		   "spans, idle pages, metadata");
	if (r->held_before)
		memory_row(&t, "  before", r->held_before, asked, "held when it began");
	putchar('\n');
	out_table_print(&t, 0, 0);
	if (r->held_before > asked / 50)
		puts("Part of it is from earlier work; load the module afresh to be without.");
}

static void class_row(struct out_table *t, const char *size, const struct replay_class *class)
{
	char text[OUT_NUMBER];

	out_cell(t, "%s", size);
	out_cell_count(t, class->module_objects);
	out_cell_count(t, class->req);
	out_cell_count(t, class->slub);
	out_cell_count(t, class->module_bytes);
	out_cell(t, "%s", out_ratio(text, class->slub, class->req));
	out_cell(t, "%s", out_ratio(text, class->module_bytes, class->req));
}

static void report_classes(const struct replay *r, const struct replay_moment *moment)
{
	static const char *const heads[] = {
		"class", "objects", "asked", "SLUB gave", "gostat gave",
		"SLUB/asked", "gostat/asked",
	};
	char text[OUT_NUMBER];
	struct out_table t;
	unsigned int i;

	printf("\nLive objects after event %s by gostat's size classes; SLUB: the same requests\n",
	       out_count(text, moment->event));
	out_table_init(&t, ARRAY_SIZE(heads), heads);
	for (i = 0; i < r->before->nr; i++) {
		u64 size = r->before->class[i].size;

		if (moment->class[i].objects || moment->class[i].module_objects)
			class_row(&t, size ? out_count(text, size) : "large",
				  &moment->class[i]);
	}
	class_row(&t, "all", &moment->all);
	out_table_print(&t, 0, 1);
}

static double rate(const struct replay *r)
{
	return r->seconds > 0 ? r->done / r->seconds : 0;
}

void report_replay(const struct replay *r, bool classes)
{
	char a[OUT_NUMBER], b[OUT_NUMBER];

	label("replayed");
	printf("%s of %s events, %s\n", out_count(a, r->done),
	       out_count(b, r->trace->nr_events),
	       r->options->cpus ? "each CPU's on a CPU of its own" : "in the file's order");
	label("time");
	printf("%.2f s, %s events/s", r->seconds, out_count(a, rate(r)));
	if (!r->options->cpus)
		printf("; reading sysfs %s times took %.2f s more",
		       out_count(b, r->samples), r->sampling);
	putchar('\n');
	if (r->failed) {
		label("failed");
		printf("%s allocations\n", out_count(a, r->failed));
	}
	report_memory(r);
	if (classes && r->peak.taken)
		report_classes(r, &r->peak);
	else if (classes && r->end.taken)
		report_classes(r, &r->end);
}

static struct json_object *load_json(const struct trace_load *load)
{
	struct json_object *o = js_object();

	js_u64(o, "objects", load->objects);
	js_u64(o, "asked", load->req);
	js_u64(o, "slub", load->slub);
	return o;
}

struct json_object *report_trace_json(const struct trace *trace,
				      const struct trace_figures *figures)
{
	struct json_object *o = js_object(), *peak = load_json(&figures->peak);

	js_string(o, "file", trace->path);
	if (trace->kernel)
		js_string(o, "kernel", trace->kernel);
	if (trace->workload)
		js_string(o, "workload", trace->workload);
	js_u64(o, "file_events", trace->file_events);
	js_u64(o, "events", trace->nr_events);
	js_u64(o, "cpus", trace->nr_cpus);
	js_u64(o, "allocs", figures->allocs);
	js_u64(o, "frees", figures->frees);
	js_u64(o, "kmalloc", figures->kmalloc);
	js_u64(o, "atomic", figures->atomic);
	js_u64(o, "cross_cpu_frees", figures->cross_cpu);
	js_u64(o, "asked", figures->total_req);
	js_u64(o, "slub", figures->total_slub);
	js_u64(o, "peak_objects", figures->peak_objects);
	js_u64(o, "peak_asked", figures->peak_req);
	js_u64(peak, "event", figures->peak_event);
	js_add(o, "peak", peak);
	js_add(o, "end", load_json(&figures->end));
	return o;
}

static struct json_object *class_json(const struct replay_class *class)
{
	struct json_object *o = js_object();

	js_u64(o, "objects", class->objects);
	js_u64(o, "asked", class->req);
	js_u64(o, "slub", class->slub);
	js_u64(o, "gostat_objects", class->module_objects);
	js_u64(o, "gostat", class->module_bytes);
	js_u64(o, "gostat_allocs", class->module_allocs);
	return o;
}

static struct json_object *moment_json(const struct replay *r,
				       const struct replay_moment *moment)
{
	struct json_object *o = class_json(&moment->all), *array = js_array();
	unsigned int i;

	js_u64(o, "event", moment->event);
	js_u64(o, "held", moment->held);
	js_bool(o, "agrees", moment->agrees);
	for (i = 0; i < r->before->nr; i++) {
		struct json_object *row = class_json(&moment->class[i]);
		u64 size = r->before->class[i].size;

		if (size)
			js_u64(row, "size", size);
		else
			js_string(row, "size", "large");
		js_append(array, row);
	}
	js_add(o, "classes", array);
	return o;
}

struct json_object *report_replay_json(const struct replay *r)
{
	struct json_object *o = js_object();

	js_string(o, "order", r->options->cpus ? "cpus" : "file");
	js_u64(o, "events", r->done);
	js_u64(o, "failed_allocs", r->failed);
	js_real(o, "seconds", r->seconds);
	js_real(o, "events_per_second", rate(r));
	js_real(o, "sampling_seconds", r->sampling);
	js_u64(o, "samples", r->samples);
	js_u64(o, "held_before", r->held_before);
	js_u64(o, "held_peak", r->held_peak);
	js_u64(o, "held_peak_event", r->held_peak_event);
	if (r->peak.taken)
		js_add(o, "peak", moment_json(r, &r->peak));
	if (r->end.taken)
		js_add(o, "end", moment_json(r, &r->end));
	return o;
}
