// SPDX-License-Identifier: GPL-2.0
/*
 * gostat arenas: a picture of the pages of each arena.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arenas.h"
#include "commands.h"

#define WIDTH_MIN	60
#define WIDTH_MAX	4096
#define WIDTH_ALL	100	/* from here on there is room for all figures */

struct arenas_options {
	bool json;
	u64 width;		/* 0: the terminal's */
};

/* Figures beside the picture, and how wide they become. */
static const struct arenas_column {
	const char *name;
	const char *head;
	unsigned int width;	/* with the gap before it */
	bool wide;		/* only where there is room for all */
} arenas_columns[] = {
	{ "inuse", "in use", 8, false },
	{ "manual", "manual", 8, false },
	{ "free", "free", 6, false },
	{ "released", "released", 10, false },
	{ "longest", "longest free", 14, true },
	{ "spans", "spans", 7, true },
};

#define ARENA_WIDTH	(5 + 2 + 2)	/* the arena's number, a gap, the picture's frame */

struct arenas_layout {
	const struct arenas_column *column[ARRAY_SIZE(arenas_columns)];
	unsigned int columns;
	unsigned int group;	/* pages a character */
};

static void arenas_lay_out(struct arenas_layout *l, const struct arenas *arenas,
			   unsigned int width)
{
	const struct arena *any = &arenas->arena[0];
	unsigned int i, room = width - ARENA_WIDTH;

	l->columns = 0;
	for (i = 0; i < ARRAY_SIZE(arenas_columns); i++) {
		const struct arenas_column *c = &arenas_columns[i];

		if (!js_has(any->columns, c->name) || (c->wide && width < WIDTH_ALL))
			continue;
		l->column[l->columns++] = c;
		room -= min(room - 1, c->width);
	}
	l->group = (any->pages + room - 1) / room;
}

static void arenas_row(struct out_table *t, const struct arenas_layout *l,
		       const struct arena *arena)
{
	char *picture = arena_picture(arena, l->group);
	char *framed = tool_format("|%s|", picture);
	unsigned int i;

	out_cell_count(t, js_number(arena->columns, "arena"));
	out_cell_text(t, framed);
	for (i = 0; i < l->columns; i++)
		out_cell_count(t, js_number(arena->columns, l->column[i]->name));
	free(framed);
	free(picture);
}

static void arenas_sum(const struct arenas *arenas, u64 pages[PAGE_STATES])
{
	unsigned int state;
	size_t i;

	for (state = 0; state < PAGE_STATES; state++) {
		pages[state] = 0;
		for (i = 0; i < arenas->nr; i++)
			pages[state] += arenas->arena[i].in[state];
	}
}

static void arenas_legend(const struct arenas *arenas, const struct arenas_layout *l)
{
	u64 pages[PAGE_STATES], size = sysconf(_SC_PAGESIZE);
	char text[OUT_NUMBER], each[OUT_NUMBER];
	bool manual;

	arenas_sum(arenas, pages);
	manual = pages[PAGE_MANUAL];
	printf("\n# in use   + half of it or more   - less   %s. free   blank released\n",
	       manual ? "M m manual   " : "");
	printf("a character is %u page%s of %s\n", l->group, l->group == 1 ? "" : "s",
	       out_bytes(text, size));
	printf("%zu arena%s of %s: ", arenas->nr, arenas->nr == 1 ? "" : "s",
	       out_bytes(each, arenas->arena[0].pages * size));
	printf("%s in use, ", out_bytes(text, pages[PAGE_INUSE] * size));
	if (manual)
		printf("%s manual, ", out_bytes(text, pages[PAGE_MANUAL] * size));
	printf("%s free, ", out_bytes(text, pages[PAGE_FREE] * size));
	printf("%s released\n", out_bytes(text, pages[PAGE_RELEASED] * size));
}

static void arenas_print(const struct arenas *arenas, unsigned int width)
{
	const char *heads[2 + ARRAY_SIZE(arenas_columns)] = { "arena", "<pages" };
	struct arenas_layout l;
	struct out_table t;
	unsigned int i;

	if (!arenas->nr) {
		puts("There is no arena: nothing was allocated yet.");
		return;
	}
	arenas_lay_out(&l, arenas, width);
	for (i = 0; i < l.columns; i++)
		heads[2 + i] = l.column[i]->head;
	out_table_init(&t, 2 + l.columns, heads);
	for (i = 0; i < arenas->nr; i++)
		arenas_row(&t, &l, &arenas->arena[i]);
	out_table_print(&t, 0, 0);
	arenas_legend(arenas, &l);
}

static struct json_object *arenas_json(const struct arenas *arenas)
{
	struct json_object *o = js_object(), *array = js_array(), *sum = js_object();
	u64 pages[PAGE_STATES];
	unsigned int state;
	size_t i;

	arenas_sum(arenas, pages);
	for (state = 0; state < PAGE_STATES; state++)
		js_u64(sum, page_state_names[state], pages[state]);
	for (i = 0; i < arenas->nr; i++)
		js_append(array, arena_json(&arenas->arena[i]));
	js_u64(o, "page_size", sysconf(_SC_PAGESIZE));
	js_add(o, "pages", sum);
	js_add(o, "arenas", array);
	return o;
}

static int arenas_set(void *ctx, int id, const char *arg)
{
	struct arenas_options *options = ctx;
	int status;

	if (id == 'j')
		options->json = true;
	if (id != 'w')
		return OPTS_GO;
	status = opts_count("width", arg, &options->width);
	if (status == OPTS_GO && (options->width < WIDTH_MIN || options->width > WIDTH_MAX))
		return tool_error(TOOL_USAGE, "--width: from %d to %d columns", WIDTH_MIN,
				  WIDTH_MAX);
	return status;
}

static int arenas_run(const struct command *cmd, int argc, char **argv)
{
	struct arenas_options options = { 0 };
	unsigned int columns, rows;
	struct arenas arenas;
	int status;

	status = opts_parse(cmd, &argc, &argv, arenas_set, &options);
	if (status != OPTS_GO)
		return status;
	out_terminal(&columns, &rows);
	if (!options.width)
		options.width = max(columns, (unsigned int)WIDTH_MIN);
	status = arenas_read(&arenas);
	if (!status && options.json)
		js_print(arenas_json(&arenas));
	else if (!status)
		arenas_print(&arenas, options.width);
	arenas_free(&arenas);
	return status;
}

static const struct opt arenas_opts[] = {
	{ 'w', "width", "COLUMNS",
	  "Width of a line, 60 to 4096 (default: the terminal's, else 80). With\n"
	  "100 and more there are more figures beside the picture." },
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_arenas = {
	.name = "arenas",
	.summary = "a picture of the pages of each arena",
	.operands = "",
	.description =
		"Prints a line for each arena, an aligned stretch of 2 MiB, the oldest\n"
		"first: a picture of its pages, left to right, and how many are in use\n"
		"(in spans of objects), manual (in spans that somebody manages), free (in\n"
		"no span) and released (a place that has no page now). A character stands\n"
		"for as many pages as are needed for the line to fit:\n"
		"\n"
		"    #    all of them are in use\n"
		"    +    half of them or more\n"
		"    -    less than half, but one at least\n"
		"    M m  manual ones, mostly; all of them or some\n"
		"    .    none in use, and one at least is free\n"
		"         (blank) all released\n"
		"\n"
		"Each line is true as of the moment its arena was read. Objects above\n"
		"2 MiB are in no arena.",
	.opts = arenas_opts,
	.more =
		"JSON\n"
		"    { \"page_size\": 4096, \"pages\": { \"inuse\": 120, ... of all arenas },\n"
		"      \"arenas\": [ { \"arena\": 0, \"inuse\": 120, ... , \"map\":\n"
		"      [ [ \"inuse\", 120 ], [ \"free\", 8 ], [ \"released\", 384 ] ] }, ... ] }\n"
		"    map has the exact runs of pages.\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/debug/gostat/arenas, readable by root only\n"
		"\n"
		"EXAMPLES\n"
		"    gostat arenas --json | jq '[.arenas[] | select(.inuse == 0)] | length'\n"
		"        How many arenas could go back whole.\n",
	.run = arenas_run,
};
