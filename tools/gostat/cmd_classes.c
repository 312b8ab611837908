// SPDX-License-Identifier: GPL-2.0
/*
 * gostat classes: a table of the size classes.
 */
#include <stdio.h>

#include "commands.h"
#include "output.h"
#include "sysfs.h"

struct classes_options {
	bool json;
	bool all;
};

static void classes_row(struct out_table *t, const char *size, const struct size_class *class)
{
	char human[OUT_NUMBER];

	out_cell(t, "%s", size);
	out_cell_count(t, class->nmalloc);
	out_cell_count(t, class->nfree);
	out_cell_count(t, class->nmalloc - class->nfree);
	out_cell_count(t, class->live_bytes);
	out_cell(t, "%s", out_bytes(human, class->live_bytes));
}

static void classes_print(const struct size_classes *classes, bool all)
{
	static const char *const heads[] = {
		"size", "nmalloc", "nfree", "live objects", "live bytes", "",
	};
	struct size_class total = { 0 };
	unsigned int i, unused = 0;
	char size[OUT_NUMBER];
	struct out_table t;

	out_table_init(&t, ARRAY_SIZE(heads), heads);
	for (i = 0; i < classes->nr; i++) {
		const struct size_class *class = &classes->class[i];

		total.nmalloc += class->nmalloc;
		total.nfree += class->nfree;
		total.live_bytes += class->live_bytes;
		if (!class->nmalloc && !all) {
			unused++;
			continue;
		}
		classes_row(&t, class->size ? out_count(size, class->size) : "large", class);
	}
	classes_row(&t, "all", &total);
	out_table_print(&t, 0, 1);
	if (unused == classes->nr)
		printf("no object was ever allocated: --all shows the %u classes\n", unused);
	else if (unused)
		printf("%u of %u classes were never used: --all shows them\n", unused,
		       classes->nr);
}

static struct json_object *classes_json(const struct size_classes *classes)
{
	struct json_object *o = js_object(), *array = js_array();
	unsigned int i;

	for (i = 0; i < classes->nr; i++) {
		const struct size_class *class = &classes->class[i];
		struct json_object *row = js_object();

		if (class->size)
			js_u64(row, "size", class->size);
		else
			js_string(row, "size", "large");
		js_u64(row, "nmalloc", class->nmalloc);
		js_u64(row, "nfree", class->nfree);
		js_u64(row, "live_objects", class->nmalloc - class->nfree);
		js_u64(row, "live_bytes", class->live_bytes);
		js_append(array, row);
	}
	js_add(o, "classes", array);
	return o;
}

static int classes_set(void *ctx, int id, const char *arg)
{
	struct classes_options *options = ctx;

	(void)arg;
	if (id == 'j')
		options->json = true;
	else if (id == 'a')
		options->all = true;
	return OPTS_GO;
}

static int classes_run(const struct command *cmd, int argc, char **argv)
{
	struct classes_options options = { 0 };
	struct size_classes classes;
	int status;

	status = opts_parse(cmd, &argc, &argv, classes_set, &options);
	if (status != OPTS_GO)
		return status;
	status = size_classes_read(&classes);
	if (!status && options.json)
		js_print(classes_json(&classes));
	else if (!status)
		classes_print(&classes, options.all);
	size_classes_free(&classes);
	return status;
}

static const struct opt classes_opts[] = {
	{ 'a', "all", NULL, "Show also the classes that no object ever came from." },
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_classes = {
	.name = "classes",
	.summary = "a table of the size classes",
	.operands = "",
	.description =
		"Prints a row for each size class: bytes of an object, allocations and\n"
		"frees since the module was loaded, live objects and their bytes. The\n"
		"row 'large' has the objects that are too large for a class and get\n"
		"whole pages; it is what the totals have and the classes have not.\n"
		"\n"
		"Each figure is exact. They are read one after the other, so the row\n"
		"'large' and the sum are right only while nobody allocates.",
	.opts = classes_opts,
	.more =
		"JSON\n"
		"    { \"classes\": [ { \"size\": 8, \"nmalloc\": 0, \"nfree\": 0,\n"
		"      \"live_objects\": 0, \"live_bytes\": 0 }, ... ] }, always all classes;\n"
		"    the last one's size is \"large\".\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/gostat/by_size/*/{size,nmalloc,nfree}, readable by root only:\n"
		"    exact counts per size help who grooms a heap for an attack.\n"
		"\n"
		"EXAMPLES\n"
		"    gostat classes --json | jq '.classes[] | select(.live_objects > 1000)'\n",
	.run = classes_run,
};
