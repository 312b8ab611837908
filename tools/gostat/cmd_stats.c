// SPDX-License-Identifier: GPL-2.0
/*
 * gostat stats: every figure of the whole heap.
 *
 * What the module tells is what counts: a figure that this table does not know
 * is shown at the end, one that the module does not have (yet) is left out. As
 * much as there is comes from one snapshot, the rest from sysfs.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "figures.h"
#include "snapshot.h"
#include "sysfs.h"

struct stats_options {
	bool json;
};

enum stats_unit { UNIT_GROUP, UNIT_BYTES, UNIT_COUNT };

/* A group's head has its title in .name; the rows of a group follow it. */
static const struct stats_row {
	enum stats_unit unit;
	const char *name;
	const char *meaning;
} stats_rows[] = {
	{ UNIT_GROUP, "Memory", NULL },
	{ UNIT_BYTES, "sys", "all arenas, spans and metadata" },
	{ UNIT_BYTES, "heap_sys", "of it: arenas, without manual spans" },
	{ UNIT_BYTES, "heap_inuse", "spans that hold objects" },
	{ UNIT_BYTES, "heap_idle", "pages in no span" },
	{ UNIT_BYTES, "heap_released", "of the idle: given back or never obtained" },
	{ UNIT_BYTES, "obtained", "held, by a count of its own" },
	{ UNIT_BYTES, "peak_held", "the most that was ever held" },
	{ UNIT_GROUP, "Objects", NULL },
	{ UNIT_BYTES, "alloc", "bytes of live objects" },
	{ UNIT_BYTES, "heap_alloc", "bytes of live objects" },
	{ UNIT_BYTES, "total_alloc", "bytes ever allocated" },
	{ UNIT_COUNT, "heap_objects", "live objects" },
	{ UNIT_COUNT, "nmalloc", "allocations ever" },
	{ UNIT_COUNT, "nfree", "frees ever" },
	{ UNIT_BYTES, "peak_live", "the most bytes ever out of central" },
	{ UNIT_COUNT, "nlookup", "pointers looked up" },
	{ UNIT_COUNT, "failures", "allocations that found no page" },
	{ UNIT_COUNT, "bad_frees", "frees refused" },
	{ UNIT_GROUP, "CPU caches", NULL },
	{ UNIT_COUNT, "nuncached", "allocations that no magazine served" },
	{ UNIT_COUNT, "refills", "magazines filled" },
	{ UNIT_COUNT, "flushes", "magazines emptied" },
	{ UNIT_GROUP, "Stacks and manual spans", NULL },
	{ UNIT_BYTES, "stacks_inuse", "reserved for stack-like buffers" },
	{ UNIT_BYTES, "stacks_sys", "the same" },
	{ UNIT_BYTES, "stacks_live", "of it handed out" },
	{ UNIT_BYTES, "stacks_guarded", "of these between guard pages" },
	{ UNIT_BYTES, "sinks_sys", "in all other sinks" },
	{ UNIT_GROUP, "Metadata", NULL },
	{ UNIT_BYTES, "mspan_inuse", "span descriptors in use" },
	{ UNIT_BYTES, "mspan_sys", "memory for them" },
	{ UNIT_BYTES, "mcache_inuse", "CPU caches in use" },
	{ UNIT_BYTES, "mcache_sys", "memory for them" },
	{ UNIT_BYTES, "gc_sys", "arena descriptors and page maps" },
	{ UNIT_BYTES, "buckhash_sys", "profiling tables" },
	{ UNIT_BYTES, "other_sys", "everything else" },
	{ UNIT_GROUP, "Scavenger", NULL },
	{ UNIT_BYTES, "scav_goal", "held memory that it leaves" },
	{ UNIT_COUNT, "scav_runs", "its runs, of any cause" },
	{ UNIT_BYTES, "scav_released", "given back by them" },
	{ UNIT_BYTES, "memory_limit", "reclaim before growth beyond it; 0: none" },
	{ UNIT_BYTES, "memory_limit_hard", "no growth beyond it; 0: none" },
	{ UNIT_COUNT, "over_limit", "growths beyond memory_limit" },
	{ UNIT_COUNT, "limit_refused", "growths refused by memory_limit_hard" },
	{ UNIT_GROUP, "Statistics", NULL },
	{ UNIT_COUNT, "cuts", "snapshots taken" },
	{ UNIT_COUNT, "skew", "differences that recounts found" },
};

/* Exclusive: their sum is sys. */
static const struct stats_row memory_rows[] = {
	{ UNIT_GROUP, "Where the bytes are", NULL },
	{ UNIT_BYTES, "heap_objects", "live objects" },
	{ UNIT_BYTES, "heap_unused", "spans' memory that holds no live object" },
	{ UNIT_BYTES, "heap_free", "pages in no span" },
	{ UNIT_BYTES, "heap_released", "places without a page" },
	{ UNIT_BYTES, "heap_stacks", "manual spans" },
	{ UNIT_BYTES, "mspan_inuse", "span descriptors" },
	{ UNIT_BYTES, "mspan_free", "the rest of the pages for them" },
	{ UNIT_BYTES, "mcache_inuse", "magazines" },
	{ UNIT_BYTES, "mcache_free", "the rest of the pages for them" },
	{ UNIT_BYTES, "gc", "arena descriptors and page maps" },
	{ UNIT_BYTES, "profiling", "profiling tables" },
	{ UNIT_BYTES, "other", "everything else" },
};

static const struct stats_row background_rows[] = {
	{ UNIT_GROUP, "Background scavenger", NULL },
	{ UNIT_COUNT, "enabled", "1: it runs" },
	{ UNIT_COUNT, "idle_limit", "seconds that a page may be idle" },
	{ UNIT_COUNT, "margin", "% over recent demand stay" },
	{ UNIT_COUNT, "pace", "per mille of a CPU that it may take" },
	{ UNIT_COUNT, "period", "ms from one look to the next" },
	{ UNIT_COUNT, "cpu_share", "millionths of a CPU over the last minute" },
};

/* Bytes that gostat has from the page allocator now. */
static bool stats_held(const struct figures *figures, u64 *held)
{
	*held = snapshot_held(figures->total);
	return js_has(figures->total, "sys") && js_has(figures->total, "heap_released");
}

static void stats_line(const char *name, u64 n, bool bytes, const char *meaning)
{
	char human[OUT_NUMBER], exact[OUT_NUMBER];

	printf("  %-17s %11s %18s%s%s\n", name, bytes ? out_bytes(human, n) : "",
	       out_count(exact, n), *meaning ? "  " : "", meaning);
}

/* The rows that @figures has; they are taken out of it. */
static void stats_rows_print(const struct figures *f, struct json_object *figures,
			     const struct stats_row *rows, size_t n)
{
	const struct stats_row *row, *group = NULL;
	u64 held;

	for (row = rows; row < rows + n; row++) {
		if (row->unit == UNIT_GROUP) {
			group = row;
			continue;
		}
		if (!js_has(figures, row->name))
			continue;
		if (group) {
			printf("%s%s\n", group == stats_rows ? "" : "\n", group->name);
			if (group == stats_rows && stats_held(f, &held))
				stats_line("(held)", held, true, "sys - heap_released");
			group = NULL;
		}
		stats_line(row->name, js_number(figures, row->name), row->unit == UNIT_BYTES,
			   row->meaning);
	}
	for (row = rows; row < rows + n; row++)
		json_object_object_del(figures, row->name);
}

static void stats_rest_print(const struct json_object *figures, bool bytes)
{
	json_object_object_foreach(figures, name, value) {
		if (json_object_is_type(value, json_type_int))
			stats_line(name, json_object_get_uint64(value), bytes, "");
		else
			printf("  %-17s %30s\n", name, json_object_get_string(value));
	}
}

/* What part of a CPU's allocations saw no lock. */
static void stats_cpu_fast(struct out_table *t, const struct json_object *row)
{
	u64 hits = js_number(row, "hits"), all = hits + js_number(row, "nuncached");

	if (all)
		out_cell(t, "%.2f %%", 100.0 * (hits - js_number(row, "refills")) / all);
	else
		out_cell(t, "-");
}

#define MAX_COLUMNS	32

/* The first column is the key of a row, the others are the numbers of the first one. */
static unsigned int stats_list_heads(const struct json_object *rows, const char *key,
				     const char **heads)
{
	unsigned int n = 0;

	heads[n++] = key;
	json_object_object_foreach(json_object_array_get_idx(rows, 0), name, value) {
		if (n < MAX_COLUMNS && strcmp(name, key) &&
		    json_object_is_type(value, json_type_int))
			heads[n++] = name;
	}
	return n;
}

static void stats_list_print(const struct figures *figures, enum figures_list list,
			     const char *title)
{
	const struct json_object *rows = figures->list[list];
	const char *heads[MAX_COLUMNS + 1];
	unsigned int n, c;
	struct out_table t;
	size_t i;

	if (!json_object_array_length(rows))
		return;
	n = stats_list_heads(rows, figures_list_keys[list], heads);
	heads[n] = "no lock";
	out_table_init(&t, n + (list == FIGURES_CPUS), heads);
	for (i = 0; i < json_object_array_length(rows); i++) {
		const struct json_object *row = json_object_array_get_idx(rows, i);

		out_cell(&t, "%s", json_object_get_string(js_member(row, heads[0])));
		for (c = 1; c < n; c++)
			out_cell_count(&t, js_number(row, heads[c]));
		if (list == FIGURES_CPUS)
			stats_cpu_fast(&t, row);
	}
	printf("\n%s\n", title);
	out_table_print(&t, 2, 0);
}

/* Most heaps have none. */
static bool stats_stacks_used(const struct figures *figures)
{
	const struct json_object *rows = figures->list[FIGURES_STACKS];
	size_t i;

	for (i = 0; i < json_object_array_length(rows); i++)
		if (js_number(json_object_array_get_idx(rows, i), "nmalloc"))
			return true;
	return false;
}

static void stats_print(const struct figures *figures)
{
	stats_rows_print(figures, figures->total, stats_rows, ARRAY_SIZE(stats_rows));
	if (figures->memory) {
		stats_rows_print(figures, figures->memory, memory_rows, ARRAY_SIZE(memory_rows));
		stats_rest_print(figures->memory, true);
	}
	if (figures->background) {
		stats_rows_print(figures, figures->background, background_rows,
				 ARRAY_SIZE(background_rows));
		stats_rest_print(figures->background, false);
	}
	stats_list_print(figures, FIGURES_SCAVENGER, "Runs of the scavenger");
	stats_list_print(figures, FIGURES_CPUS, "CPUs");
	stats_list_print(figures, FIGURES_SINKS, "Sinks of manual spans");
	if (stats_stacks_used(figures))
		stats_list_print(figures, FIGURES_STACKS, "Stack-like buffers");
	if (json_object_object_length(figures->total))
		printf("\nOther\n");
	stats_rest_print(figures->total, false);
}

static struct json_object *stats_json(const struct figures *figures)
{
	struct json_object *o = js_object();
	unsigned int i;
	u64 held;

	js_string(o, "folder", sysfs_root());
	if (figures->cut)
		js_u64(o, "cut", figures->cut);
	js_add(o, "figures", js_shared(figures->total));
	if (stats_held(figures, &held))
		js_u64(o, "held", held);
	if (figures->memory)
		js_add(o, FIGURES_MEMORY, js_shared(figures->memory));
	if (figures->background)
		js_add(o, FIGURES_BACKGROUND, js_shared(figures->background));
	for (i = 0; i < FIGURES_LISTS; i++)
		js_add(o, figures_list_names[i], js_shared(figures->list[i]));
	return o;
}

static int stats_set(void *ctx, int id, const char *arg)
{
	struct stats_options *options = ctx;

	(void)arg;
	if (id == 'j')
		options->json = true;
	return OPTS_GO;
}

static int stats_run(const struct command *cmd, int argc, char **argv)
{
	struct stats_options options = { 0 };
	struct figures figures;
	int status;

	status = opts_parse(cmd, &argc, &argv, stats_set, &options);
	if (status != OPTS_GO)
		return status;
	status = figures_read(&figures);
	if (!status && options.json)
		js_print(stats_json(&figures));
	else if (!status)
		stats_print(&figures);
	if (!status && figures.refused)
		tool_warn("%u files left out: only root may read them", figures.refused);
	figures_free(&figures);
	return status;
}

static const struct opt stats_opts[] = {
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_stats = {
	.name = "stats",
	.summary = "every figure of the whole heap",
	.operands = "",
	.description =
		"Prints the heap's figures in groups: bytes in a unit for people and\n"
		"exactly, counts exactly. (held) is computed: the bytes that gostat has from\n"
		"the kernel's page allocator now. 'Where the bytes are' is exclusive: each\n"
		"byte of sys is in one of its rows. 'no lock' is the part of a CPU's\n"
		"allocations for which it took none.\n"
		"\n"
		"For root, where debugfs is mounted, all figures are of one moment.\n"
		"Elsewhere each is read by itself, and two of them are of the same moment\n"
		"only while nobody allocates.",
	.opts = stats_opts,
	.more =
		"JSON\n"
		"    { \"folder\": \"/sys/kernel/gostat\", \"cut\": 7,\n"
		"      \"figures\": { \"alloc\": 0, ... one member per figure ... },\n"
		"      \"held\": 0, \"memory_classes\": { \"heap_objects\": 0, ... },\n"
		"      \"background\": { \"enabled\": 1, \"idle_limit\": 60, ... },\n"
		"      \"by_cpu\": [ { \"cpu\": 0, \"hits\": 0, ... }, ... ],\n"
		"      \"sinks\": [ { \"name\": \"stacks\", \"inuse\": 0, ... }, ... ],\n"
		"      \"scavenger\": [ { \"cause\": \"background\", \"runs\": 0, \"released\": 0,\n"
		"      \"ns\": 0 }, ... ] }\n"
		"    Without 'cut' the figures were read one after the other.\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/debug/gostat/memstats.json\n"
		"    /sys/kernel/gostat/*, see Documentation/ABI/testing/sysfs-kernel-gostat\n"
		"\n"
		"EXAMPLES\n"
		"    gostat stats --json | jq .figures.heap_inuse\n",
	.run = stats_run,
};
