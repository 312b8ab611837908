// SPDX-License-Identifier: GPL-2.0
/*
 * gostat classes: a table of the size classes.
 */
#include <stdio.h>
#include <string.h>

#include "classes.h"
#include "commands.h"

struct classes_options {
	bool json;
	bool all;
	bool more;
};

/* Heads of the columns; those of --long are behind them, named by the module. */
static const char *const heads[] = {
	"size", "nmalloc", "nfree", "live", "live bytes", "",
};

#define MAX_COLUMNS	32

struct columns {
	const char *head[MAX_COLUMNS];
	u64 total[MAX_COLUMNS];
	unsigned int n;
};

static bool columns_know(const struct columns *c, const char *head)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->head[i], head))
			return true;
	return false;
}

static void columns_find(struct columns *c, const struct size_classes *classes, bool more)
{
	memset(c, 0, sizeof(*c));
	for (c->n = 0; c->n < ARRAY_SIZE(heads); c->n++)
		c->head[c->n] = heads[c->n];
	if (!more)
		return;
	json_object_object_foreach(classes->class[0].figures, name, value) {
		if (c->n < MAX_COLUMNS && json_object_is_type(value, json_type_int) &&
		    !columns_know(c, name))
			c->head[c->n++] = name;
	}
}

static void classes_row(struct out_table *t, struct columns *c, const char *title,
			const struct size_class *class)
{
	char human[OUT_NUMBER];
	unsigned int i;

	out_cell(t, "%s", title);
	out_cell_count(t, class->nmalloc);
	out_cell_count(t, class->nfree);
	out_cell_count(t, class->nmalloc - class->nfree);
	out_cell_count(t, class->live_bytes);
	out_cell(t, "%s", out_bytes(human, class->live_bytes));
	for (i = ARRAY_SIZE(heads); i < c->n; i++) {
		u64 value = js_number(class->figures, c->head[i]);

		c->total[i] += value;
		out_cell_count(t, value);
	}
}

/* High-water marks of several classes were not reached at one time. */
static void classes_total(struct out_table *t, struct columns *c, const struct size_class *all)
{
	const unsigned int n = c->n;
	unsigned int i;

	c->n = ARRAY_SIZE(heads);
	classes_row(t, c, "all", all);
	c->n = n;
	for (i = ARRAY_SIZE(heads); i < n; i++) {
		if (strcmp(c->head[i], "peak"))
			out_cell_count(t, c->total[i]);
		else
			out_cell(t, "-");
	}
}

static void classes_print(const struct size_classes *classes,
			  const struct classes_options *options)
{
	struct size_class all = { 0 };
	unsigned int i, unused = 0;
	char title[OUT_NUMBER];
	struct out_table t;
	struct columns c;

	columns_find(&c, classes, options->more);
	out_table_init(&t, c.n, c.head);
	for (i = 0; i < classes->nr; i++) {
		const struct size_class *class = &classes->class[i];

		all.nmalloc += class->nmalloc;
		all.nfree += class->nfree;
		all.live_bytes += class->live_bytes;
		if (!class->nmalloc && !options->all) {
			unused++;
			continue;
		}
		classes_row(&t, &c, size_class_title(class, title), class);
	}
	classes_total(&t, &c, &all);
	out_table_print(&t, 0, 1);
	if (unused == classes->nr)
		printf("no object was ever allocated: --all shows the %u classes\n", unused);
	else if (unused)
		printf("%u of %u classes were never used: --all shows them\n", unused,
		       classes->nr);
}

/* The module's own figures, and what this command makes of them. */
static struct json_object *class_json(const struct size_class *class)
{
	struct json_object *o = js_object();

	if (class->size)
		js_u64(o, "size", class->size);
	else
		js_string(o, "size", "large");
	json_object_object_foreach(class->figures, name, value) {
		if (strcmp(name, "size"))
			js_add(o, name, js_shared(value));
	}
	js_u64(o, "live", class->nmalloc - class->nfree);
	js_u64(o, "live_bytes", class->live_bytes);
	return o;
}

static struct json_object *classes_json(const struct size_classes *classes)
{
	struct json_object *o = js_object(), *array = js_array();
	unsigned int i;

	for (i = 0; i < classes->nr; i++)
		js_append(array, class_json(&classes->class[i]));
	if (classes->cut)
		js_u64(o, "cut", classes->cut);
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
	else if (id == 'l')
		options->more = true;
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
		classes_print(&classes, &options);
	size_classes_free(&classes);
	return status;
}

static const struct opt classes_opts[] = {
	{ 'a', "all", NULL, "Show also the classes that no object ever came from." },
	{ 'l', "long", NULL,
	  "Show everything the module tells of a class: capacity (objects of all\n"
	  "its spans; live + cached + central), cached (free ones in magazines),\n"
	  "central (free ones in spans), spans, refills and flushes of magazines,\n"
	  "failures (allocations that found no page), peak (the most objects out\n"
	  "of central at once)." },
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
		"All of it is of one moment where debugfs can be read. Elsewhere each\n"
		"figure is read by itself, and the row 'large' and the sum are right only\n"
		"while nobody allocates.",
	.opts = classes_opts,
	.more =
		"JSON\n"
		"    { \"cut\": 7, \"classes\": [ { \"size\": 8, \"nmalloc\": 0, \"nfree\": 0,\n"
		"      \"live\": 0, ..., \"live_bytes\": 0 }, ... ] }, always all classes and all\n"
		"    that --long shows; the last one's size is \"large\". Without 'cut' they were\n"
		"    read one after the other.\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/debug/gostat/memstats.json, or\n"
		"    /sys/kernel/gostat/by_size/*/*; both readable by root only: exact counts\n"
		"    per size help who grooms a heap for an attack.\n"
		"\n"
		"EXAMPLES\n"
		"    gostat classes --json | jq '.classes[] | select(.live > 1000)'\n",
	.run = classes_run,
};
