// SPDX-License-Identifier: GPL-2.0
/*
 * gostat export: the figures for a monitoring system.
 *
 * Names are those of Prometheus' client for Go where that has the figure
 * (go_memstats_heap_inuse_bytes is gostat_heap_inuse_bytes here).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classes.h"
#include "commands.h"
#include "figures.h"
#include "metrics.h"
#include "outfile.h"

struct export_options {
	enum metric_format format;
	const char *output;	/* NULL: standard output */
	bool totals;
};

enum { OPT_FORMAT = OPT_LONG_ONLY, OPT_TOTALS };

#define G METRIC_GAUGE
#define C METRIC_COUNTER
static const char bytes[] = "bytes";

/* Figures of the whole heap; no name: another metric has it. */
static const struct export_total {
	const char *figure;
	const char *name;
	enum metric_type type;
	const char *unit;
	const char *help;
} export_totals[] = {
	{ .figure = "alloc" },	/* heap_alloc */
	{ .figure = "nmalloc" },	/* this and those that follow: by class */
	{ .figure = "nfree" },
	{ .figure = "heap_objects" },
	{ .figure = "refills" },
	{ .figure = "flushes" },
	{ .figure = "failures" },
	{ .figure = "scav_runs" },	/* and these two: by cause */
	{ .figure = "scav_released" },
	{ "total_alloc", "alloc_bytes", C, bytes, "Bytes of objects ever allocated." },
	{ "sys", "sys_bytes", G, bytes, "All arenas, spans and metadata." },
	{ "obtained", "held_bytes", G, bytes, "Memory from the page allocator now." },
	{ "heap_alloc", "heap_alloc_bytes", G, bytes, "Live objects." },
	{ "heap_sys", "heap_sys_bytes", G, bytes, "Arenas, without manual spans." },
	{ "heap_idle", "heap_idle_bytes", G, bytes, "Pages in no span, released ones too." },
	{ "heap_inuse", "heap_inuse_bytes", G, bytes, "Spans that hold objects." },
	{ "heap_released", "heap_released_bytes", G, bytes, "Places without a page." },
	{ "stacks_inuse", "stacks_inuse_bytes", G, bytes, "Reserved for stack-like buffers." },
	{ "stacks_sys", "stacks_sys_bytes", G, bytes, "Obtained for stack-like buffers." },
	{ "stacks_live", "stacks_live_bytes", G, bytes, "Stack-like buffers handed out." },
	{ "stacks_guarded", "stacks_guarded_bytes", G, bytes, "Those with guard pages." },
	{ "mspan_inuse", "mspan_inuse_bytes", G, bytes, "Span descriptors in use." },
	{ "mspan_sys", "mspan_sys_bytes", G, bytes, "Memory for span descriptors." },
	{ "mcache_inuse", "mcache_inuse_bytes", G, bytes, "CPU caches in use." },
	{ "mcache_sys", "mcache_sys_bytes", G, bytes, "Memory for CPU caches." },
	{ "buckhash_sys", "buckhash_sys_bytes", G, bytes, "Profiling tables." },
	{ "gc_sys", "gc_sys_bytes", G, bytes, "Arena descriptors and page maps." },
	{ "sinks_sys", "sinks_sys_bytes", G, bytes, "Manual spans of all sinks but stacks." },
	{ "other_sys", "other_sys_bytes", G, bytes, "Everything else." },
	{ "peak_held", "peak_held_bytes", G, bytes, "The most that was held." },
	{ "peak_live", "peak_live_bytes", G, bytes, "The most bytes out of central." },
	{ "scav_goal", "scavenger_goal_bytes", G, bytes, "Held memory that the scavenger leaves." },
	{ "memory_limit", "memory_limit_bytes", G, bytes,
	  "Growth beyond it reclaims first, 0 for no limit." },
	{ "memory_limit_hard", "memory_limit_hard_bytes", G, bytes,
	  "No growth beyond it, 0 for no limit." },
	{ "over_limit", "over_limit", C, NULL, "Growths beyond memory_limit." },
	{ "limit_refused", "limit_refused", C, NULL, "Growths that memory_limit_hard refused." },
	{ "nlookup", "lookups", C, NULL, "Pointers looked up." },
	{ "nuncached", "uncached_mallocs", C, NULL, "Allocations that no magazine served." },
	{ "bad_frees", "bad_frees", C, NULL, "Frees refused." },
	{ "cuts", "snapshots", C, NULL, "Snapshots taken." },
	{ "skew", "skews", C, NULL, "Differences that recounts found." },
};

/* Figures of each size class, and what they are called for the whole heap. */
static const struct export_class {
	const char *figure;
	const char *total;	/* NULL: there is none */
	const char *name;
	enum metric_type type;
	const char *help;
} export_classes[] = {
	{ "nmalloc", "nmalloc", "mallocs", C, "Objects ever allocated." },
	{ "nfree", "nfree", "frees", C, "Objects ever freed." },
	{ "refills", "refills", "magazine_refills", C, "Magazines filled." },
	{ "flushes", "flushes", "magazine_flushes", C, "Magazines emptied." },
	{ "failures", "failures", "malloc_failures", C, "Allocations that found no page." },
	{ "live", "heap_objects", "live_objects", G, "Objects allocated and not freed." },
	{ "cached", NULL, "cached_objects", G, "Free objects in magazines." },
	{ "central", NULL, "central_objects", G, "Free objects in spans." },
	{ "capacity", NULL, "capacity_objects", G, "Objects of all spans." },
	{ "peak", NULL, "peak_objects", G, "The most objects out of central at once." },
	{ "spans", NULL, "spans", G, "Spans." },
};

/*
 * Figures of each CPU, of each sink, of each size of stack-like buffers, and of
 * the scavenger's runs by cause.
 */
static const struct export_row {
	enum figures_list list;
	const char *figure;
	const char *name;
	enum metric_type type;
	const char *unit;
	const char *help;
} export_rows[] = {
	{ FIGURES_CPUS, "hits", "cpu_hits", C, NULL,
	  "Allocations that a magazine of the CPU served." },
	{ FIGURES_CPUS, "nuncached", "cpu_uncached_mallocs", C, NULL, "Those that none served." },
	{ FIGURES_CPUS, "refills", "cpu_magazine_refills", C, NULL,
	  "Magazines of the CPU filled." },
	{ FIGURES_CPUS, "flushes", "cpu_magazine_flushes", C, NULL,
	  "Magazines of the CPU emptied." },
	{ FIGURES_CPUS, "cached", "cpu_cached_bytes", G, bytes, "Free objects in magazines." },
	{ FIGURES_SINKS, "inuse", "sink_inuse_bytes", G, bytes, "Spans of the sink." },
	{ FIGURES_SINKS, "spans", "sink_spans", G, NULL, "Spans of the sink." },
	{ FIGURES_SINKS, "peak", "sink_peak_bytes", G, bytes,
	  "The most that the sink's spans were." },
	{ FIGURES_SINKS, "failures", "sink_failures", C, NULL,
	  "Allocations for the sink that found no pages." },
	{ FIGURES_STACKS, "nmalloc", "stack_mallocs", C, NULL, "Stack-like buffers allocated." },
	{ FIGURES_STACKS, "nfree", "stack_frees", C, NULL, "Stack-like buffers freed." },
	{ FIGURES_STACKS, "live", "stack_live", G, NULL, "Stack-like buffers not freed." },
	{ FIGURES_STACKS, "cached", "stack_cached", G, NULL, "Free ones in magazines." },
	{ FIGURES_STACKS, "central", "stack_central", G, NULL, "Free ones in spans." },
	{ FIGURES_SCAVENGER, "runs", "scavenger_runs", C, NULL, "Runs of the scavenger." },
	{ FIGURES_SCAVENGER, "released", "scavenger_released_bytes", C, bytes,
	  "Given back to the page allocator by them." },
	{ FIGURES_SCAVENGER, "whole", "scavenger_whole_bytes", C, bytes,
	  "Of these in whole arenas." },
	{ FIGURES_SCAVENGER, "ns", "scavenger_seconds", C, "seconds", "Time they took." },
};

static const char *const export_labels[FIGURES_LISTS] = { "cpu", "sink", "size", "cause" };

#undef G
#undef C

static const struct export_total *export_known(const char *figure)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(export_totals); i++)
		if (!strcmp(export_totals[i].figure, figure))
			return &export_totals[i];
	return NULL;
}

/* A figure that is not known here may be of any type; not all names will do. */
static void export_unknown(struct metrics *m, const char *figure, u64 value)
{
	char *help;

	if (figure[strspn(figure, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return;
	help = tool_format("%s of /sys/kernel/gostat.", figure);
	metric_sample(metrics_add(m, figure, METRIC_UNKNOWN, NULL, help), NULL, NULL, value);
	free(help);
}

static void export_heap(struct metrics *m, const struct figures *f)
{
	struct metric *metric;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(export_totals); i++) {
		const struct export_total *t = &export_totals[i];

		if (!t->name || !js_has(f->total, t->figure))
			continue;
		metric = metrics_add(m, t->name, t->type, t->unit, t->help);
		metric_sample(metric, NULL, NULL, js_number(f->total, t->figure));
	}
	json_object_object_foreach(f->total, name, value) {
		if (json_object_is_type(value, json_type_int) && !export_known(name))
			export_unknown(m, name, json_object_get_uint64(value));
	}
	if (!f->memory)
		return;
	metric = metrics_add(m, "memory_bytes", METRIC_GAUGE, bytes,
			     "Where the bytes of sys are, each in one class.");
	json_object_object_foreach(f->memory, kind, number)
		metric_sample(metric, "kind", kind, json_object_get_uint64(number));
}

/* Its settings are no metrics. */
static void export_background(struct metrics *m, const struct figures *f)
{
	struct metric *metric;

	if (!f->background || !js_has(f->background, "cpu_share"))
		return;
	metric = metrics_add(m, "scavenger_cpu_ratio", METRIC_GAUGE, "ratio",
			     "Of one CPU, by the background scavenger in the last minute.");
	metric_sample(metric, NULL, NULL, js_number(f->background, "cpu_share"));
}

/* All classes, of which there may be none, or the whole heap's figure. */
static void export_by_class(struct metrics *m, const struct figures *f,
			    const struct size_classes *classes)
{
	struct metric *metric;
	char name[OUT_NUMBER];
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(export_classes); i++) {
		const struct export_class *c = &export_classes[i];

		if (classes->nr ? !js_has(classes->class[0].figures, c->figure) :
				  !c->total || !js_has(f->total, c->total))
			continue;
		metric = metrics_add(m, c->name, c->type, NULL, c->help);
		if (!classes->nr)
			metric_sample(metric, NULL, NULL, js_number(f->total, c->total));
		for (k = 0; k < classes->nr; k++) {
			const struct size_class *class = &classes->class[k];

			if (js_has(class->figures, c->figure))
				metric_sample(metric, "class", size_class_name(class, name),
					      js_number(class->figures, c->figure));
		}
	}
	if (!classes->nr)
		return;
	metric = metrics_add(m, "live_bytes", METRIC_GAUGE, bytes, "Bytes of live objects.");
	for (k = 0; k < classes->nr; k++)
		metric_sample(metric, "class", size_class_name(&classes->class[k], name),
			      classes->class[k].live_bytes);
}

static void export_list(struct metrics *m, const struct figures *f, enum figures_list list)
{
	const struct json_object *rows = f->list[list];
	size_t i, k, n = json_object_array_length(rows);

	for (i = 0; n && i < ARRAY_SIZE(export_rows); i++) {
		const struct export_row *r = &export_rows[i];
		struct metric *metric;

		if (r->list != list)
			continue;
		metric = metrics_add(m, r->name, r->type, r->unit, r->help);
		for (k = 0; k < n; k++) {
			const struct json_object *row = json_object_array_get_idx(rows, k);
			struct json_object *key = js_member(row, figures_list_keys[list]);

			metric_sample(metric, export_labels[list], json_object_get_string(key),
				      js_number(row, r->figure));
		}
	}
}

static int export_classes_read(struct size_classes *classes, const struct figures *f)
{
	int status;

	if (f->snapshot)
		return size_classes_of_snapshot(classes, f->snapshot);
	status = size_classes_read(classes);
	if (status)
		tool_warn("--totals exports what everybody may read");
	return status;
}

static int export_collect(struct metrics *m, bool totals)
{
	struct size_classes classes = { 0 };
	struct figures f;
	int status = figures_read(&f);

	if (!status && !totals)
		status = export_classes_read(&classes, &f);
	if (!status) {
		export_heap(m, &f);
		export_background(m, &f);
		export_by_class(m, &f, &classes);
		if (!totals) {
			export_list(m, &f, FIGURES_CPUS);
			export_list(m, &f, FIGURES_STACKS);
		}
		export_list(m, &f, FIGURES_SINKS);
		export_list(m, &f, FIGURES_SCAVENGER);
	}
	size_classes_free(&classes);
	figures_free(&f);
	return status;
}

static int export_write(const struct metrics *m, const struct export_options *options)
{
	struct outfile out;
	int status;

	if (!options->output || !strcmp(options->output, "-")) {
		metrics_write(stdout, m, options->format);
		return TOOL_OK;
	}
	status = outfile_open(&out, options->output);
	if (status)
		return status;
	metrics_write(out.file, m, options->format);
	return outfile_close(&out);
}

static int set_format(struct export_options *options, const char *arg)
{
	if (!strcmp(arg, "openmetrics"))
		options->format = METRICS_OPENMETRICS;
	else if (!strcmp(arg, "prometheus"))
		options->format = METRICS_PROMETHEUS;
	else
		return tool_error(TOOL_USAGE, "--format: '%s' is not openmetrics or prometheus",
				  arg);
	return OPTS_GO;
}

static int export_set(void *ctx, int id, const char *arg)
{
	struct export_options *options = ctx;

	switch (id) {
	case OPT_FORMAT:
		return set_format(options, arg);
	case OPT_TOTALS:
		options->totals = true;
		break;
	case 'o':
		options->output = arg;
		break;
	case 'j':
		options->format = METRICS_JSON;
		break;
	}
	return OPTS_GO;
}

static int export_run(const struct command *cmd, int argc, char **argv)
{
	struct export_options options = { 0 };
	struct metrics m = { 0 };
	int status;

	status = opts_parse(cmd, &argc, &argv, export_set, &options);
	if (status != OPTS_GO)
		return status;
	status = export_collect(&m, options.totals);
	if (!status)
		status = export_write(&m, &options);
	metrics_free(&m);
	return status;
}

static const struct opt export_opts[] = {
	{ 'o', "output", "FILE",
	  "Write FILE, not standard output. It is replaced when all of it is\n"
	  "there: a reader sees the old one or the new one." },
	{ OPT_FORMAT, "format", "openmetrics|prometheus",
	  "OpenMetrics 1.0 (the default), or the older text format, 0.0.4." },
	{ OPT_TOTALS, "totals", NULL,
	  "Only figures of the whole heap, which everybody may read: some 70\n"
	  "series instead of 800." },
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_export = {
	.name = "export",
	.summary = "the figures for Prometheus and its like",
	.operands = "",
	.description =
		"Prints every figure as a metric, gostat_NAME: bytes are ..._bytes,\n"
		"cumulative ones ..._total. Label class has the object size of a size\n"
		"class, or 'large'; label cpu the number of a CPU; label sink the name of\n"
		"a counter of manual spans; label cause why the scavenger ran; label kind of\n"
		"gostat_memory_bytes the exclusive classes of memory, whose sum is\n"
		"gostat_sys_bytes. A figure that this command does not know is exported\n"
		"under its name, without a type.\n"
		"\n"
		"For root, where debugfs is mounted, all metrics are of one moment.\n"
		"\n"
		"node_exporter's textfile collector takes both formats, but reads the\n"
		"older one: it takes OpenMetrics' counters for metrics without a type. Give\n"
		"it --format=prometheus. A scraper that asks for OpenMetrics gets the\n"
		"other.",
	.opts = export_opts,
	.more =
		"JSON\n"
		"    { \"metrics\": [ { \"name\": \"gostat_mallocs\", \"type\": \"counter\", \"help\":\n"
		"      \"...\", \"samples\": [ { \"labels\": { \"class\": \"8\" }, \"value\": 7 }, ... ]\n"
		"      }, ... ] }\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/debug/gostat/memstats.json, or /sys/kernel/gostat/\n"
		"\n"
		"EXAMPLES\n"
		"    gostat export --format=prometheus \\\n"
		"        -o /var/lib/prometheus/node-exporter/gostat.prom\n"
		"        Once a minute, from a systemd timer or cron.\n",
	.run = export_run,
};
