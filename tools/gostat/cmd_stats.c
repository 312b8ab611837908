// SPDX-License-Identifier: GPL-2.0
/*
 * gostat stats: every figure of the whole heap.
 *
 * The files of the folder are what counts: one that this table does not know
 * is shown at the end, one that the module does not have (yet) is left out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "output.h"
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
	{ UNIT_GROUP, "Objects", NULL },
	{ UNIT_BYTES, "alloc", "bytes of live objects" },
	{ UNIT_BYTES, "heap_alloc", "bytes of live objects" },
	{ UNIT_BYTES, "total_alloc", "bytes ever allocated" },
	{ UNIT_COUNT, "heap_objects", "live objects" },
	{ UNIT_COUNT, "nmalloc", "allocations ever" },
	{ UNIT_COUNT, "nfree", "frees ever" },
	{ UNIT_COUNT, "nlookup", "pointers looked up" },
	{ UNIT_GROUP, "Manual spans", NULL },
	{ UNIT_BYTES, "stacks_inuse", "stack-like buffers handed out" },
	{ UNIT_BYTES, "stacks_sys", "reserved for them" },
	{ UNIT_GROUP, "Metadata", NULL },
	{ UNIT_BYTES, "mspan_inuse", "span descriptors in use" },
	{ UNIT_BYTES, "mspan_sys", "memory for them" },
	{ UNIT_BYTES, "mcache_inuse", "CPU caches in use" },
	{ UNIT_BYTES, "mcache_sys", "memory for them" },
	{ UNIT_BYTES, "gc_sys", "arena descriptors and page maps" },
	{ UNIT_BYTES, "buckhash_sys", "profiling tables" },
	{ UNIT_BYTES, "other_sys", "everything else" },
	{ UNIT_GROUP, "Scavenger", NULL },
	{ UNIT_BYTES, "scav_goal", "idle memory it leaves" },
	{ UNIT_COUNT, "scav_runs", "runs" },
	{ UNIT_BYTES, "memory_limit", "soft limit" },
};

struct stats_file {
	char *name;
	char text[SYSFS_VALUE];
	u64 number;
	bool is_number;
	bool shown;
};

struct stats {
	struct stats_file *file;
	size_t nr;
	unsigned int refused;		/* files that need root */
};

static int stats_order(const void *a, const void *b)
{
	const struct stats_file *fa = a, *fb = b;

	return strcmp(fa->name, fb->name);
}

static int stats_read_file(struct stats *stats, const char *name)
{
	struct stats_file file = { 0 };
	int error = sysfs_text(name, file.text);
	char *end;

	if (error == -EACCES || error == -EPERM) {
		stats->refused++;
		return TOOL_OK;
	}
	if (error)
		return sysfs_error(name, error);
	errno = 0;
	file.number = strtoull(file.text, &end, 10);
	file.is_number = !errno && end != file.text && !*end && file.text[0] != '-';
	file.name = tool_strdup(name);
	stats->file = tool_grow(stats->file, stats->nr + 1, sizeof(file));
	stats->file[stats->nr++] = file;
	return TOOL_OK;
}

static int stats_read(struct stats *stats)
{
	struct dirent *entry;
	int status = sysfs_require();
	DIR *dir;

	if (status)
		return status;
	dir = opendir(sysfs_root());
	if (!dir)
		return sysfs_error(".", -errno);
	while (!status && (entry = readdir(dir))) {
		struct stat st;

		/* Folders have commands of their own; triggers cannot be read. */
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) || !S_ISREG(st.st_mode) ||
		    !(st.st_mode & 0444))
			continue;
		status = stats_read_file(stats, entry->d_name);
	}
	closedir(dir);
	if (!status && !stats->nr)
		status = tool_error(TOOL_FAIL, "%s: no figures there", sysfs_root());
	if (!status)
		qsort(stats->file, stats->nr, sizeof(*stats->file), stats_order);
	return status;
}

static struct stats_file *stats_find(const struct stats *stats, const char *name)
{
	size_t i;

	for (i = 0; i < stats->nr; i++)
		if (!strcmp(stats->file[i].name, name))
			return &stats->file[i];
	return NULL;
}

/* Bytes that gostat has from the page allocator now. */
static bool stats_held(const struct stats *stats, u64 *held)
{
	const struct stats_file *sys = stats_find(stats, "sys");
	const struct stats_file *released = stats_find(stats, "heap_released");

	if (!sys || !released || !sys->is_number || !released->is_number)
		return false;
	*held = sys->number - released->number;
	return true;
}

static void stats_line(const char *name, u64 n, bool bytes, const char *meaning)
{
	char human[OUT_NUMBER], exact[OUT_NUMBER];

	printf("  %-14s %11s %18s  %s\n", name, bytes ? out_bytes(human, n) : "",
	       out_count(exact, n), meaning);
}

static void stats_known(struct stats *stats)
{
	const struct stats_row *row, *group = NULL;
	struct stats_file *file;
	u64 held;

	for (row = stats_rows; row < stats_rows + ARRAY_SIZE(stats_rows); row++) {
		if (row->unit == UNIT_GROUP) {
			group = row;
			continue;
		}
		file = stats_find(stats, row->name);
		if (!file || !file->is_number)
			continue;
		if (group) {
			printf("%s%s\n", group == stats_rows ? "" : "\n", group->name);
			if (group == stats_rows && stats_held(stats, &held))
				stats_line("(held)", held, true, "sys - heap_released");
			group = NULL;
		}
		stats_line(row->name, file->number, row->unit == UNIT_BYTES, row->meaning);
		file->shown = true;
	}
}

static void stats_print(struct stats *stats)
{
	bool head = false;
	size_t i;

	stats_known(stats);
	for (i = 0; i < stats->nr; i++) {
		const struct stats_file *file = &stats->file[i];

		if (file->shown)
			continue;
		if (!head)
			printf("\nOther\n");
		head = true;
		if (file->is_number)
			stats_line(file->name, file->number, false, "");
		else
			printf("  %-14s %30s\n", file->name, file->text);
	}
}

static struct json_object *stats_json(const struct stats *stats)
{
	struct json_object *o = js_object(), *figures = js_object();
	size_t i;
	u64 held;

	for (i = 0; i < stats->nr; i++) {
		const struct stats_file *file = &stats->file[i];

		if (file->is_number)
			js_u64(figures, file->name, file->number);
		else
			js_string(figures, file->name, file->text);
	}
	js_string(o, "folder", sysfs_root());
	js_add(o, "figures", figures);
	if (stats_held(stats, &held))
		js_u64(o, "held", held);
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
	struct stats stats = { 0 };
	int status;

	status = opts_parse(cmd, &argc, &argv, stats_set, &options);
	if (status != OPTS_GO)
		return status;
	status = stats_read(&stats);
	if (!status && options.json)
		js_print(stats_json(&stats));
	else if (!status)
		stats_print(&stats);
	if (!status && stats.refused)
		tool_warn("%u files left out: only root may read them", stats.refused);
	while (stats.nr)
		free(stats.file[--stats.nr].name);
	free(stats.file);
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
		"Prints the files of /sys/kernel/gostat in groups: bytes in a unit for\n"
		"people and exactly, counts exactly. (held) is computed: the bytes that\n"
		"gostat has from the kernel's page allocator now.\n"
		"\n"
		"Each figure is exact. They are read one after the other, so two of them\n"
		"are of the same moment only while nobody allocates.",
	.opts = stats_opts,
	.more =
		"JSON\n"
		"    { \"folder\": \"/sys/kernel/gostat\",\n"
		"      \"figures\": { \"alloc\": 0, ... one member per file ... },\n"
		"      \"held\": 0 }\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/gostat/*, see Documentation/ABI/testing/sysfs-kernel-gostat\n"
		"\n"
		"EXAMPLES\n"
		"    gostat stats --json | jq .figures.heap_inuse\n",
	.run = stats_run,
};
