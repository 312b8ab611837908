// SPDX-License-Identifier: GPL-2.0
/*
 * gostat verify: have the module count everything again.
 *
 * The file is made when it is read: a line for each difference,
 *
 *	skew: NAME[ of CLASS]: counted N, recounted M
 *
 * and a last one with the three numbers of the verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "debugfs.h"
#include "output.h"

#define VERIFY_FILE	"verify"

struct skew {
	char name[64];
	char *class;		/* NULL for a figure of the whole heap */
	u64 counted;
	u64 recounted;
};

struct verdict {
	struct skew *skew;
	size_t nr;
	u64 compared;
	u64 differ;
	u64 impossible;
	bool complete;		/* the last line was there */
};

struct verify_options {
	bool json;
};

static bool verify_skew(struct verdict *v, const char *line)
{
	struct skew skew = { 0 };
	char *of;

	if (sscanf(line, "skew: %63[^:]: counted %llu, recounted %llu", skew.name,
		   &skew.counted, &skew.recounted) != 3)
		return false;
	of = strstr(skew.name, " of ");
	if (of) {
		skew.class = tool_strdup(strcmp(of + 4, "0") ? of + 4 : "large");
		*of = 0;
	}
	v->skew = tool_grow(v->skew, v->nr + 1, sizeof(skew));
	v->skew[v->nr++] = skew;
	return true;
}

static bool verify_last(struct verdict *v, const char *line)
{
	v->complete = sscanf(line, "%llu figures compared, %llu differ, %llu impossible states",
			     &v->compared, &v->differ, &v->impossible) == 3;
	return v->complete;
}

static int verify_parse(struct verdict *v, char *text)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		if (*line && (v->complete || !(verify_skew(v, line) || verify_last(v, line))))
			return debugfs_bad(VERIFY_FILE, "has a line that is none of a verdict");
	}
	if (!v->complete)
		return debugfs_bad(VERIFY_FILE, "has no last line");
	return TOOL_OK;
}

static void verify_print(const struct verdict *v)
{
	static const char *const heads[] = {
		"<figure", "class", "counted", "recounted", "difference",
	};
	char a[OUT_NUMBER], b[OUT_NUMBER], c[OUT_NUMBER];
	struct out_table t;
	size_t i;

	if (v->nr) {
		out_table_init(&t, ARRAY_SIZE(heads), heads);
		for (i = 0; i < v->nr; i++) {
			const struct skew *skew = &v->skew[i];

			out_cell(&t, "%s", skew->name);
			out_cell(&t, "%s", skew->class ? skew->class : "");
			out_cell_count(&t, skew->counted);
			out_cell_count(&t, skew->recounted);
			out_cell(&t, "%+lld", (s64)(skew->counted - skew->recounted));
		}
		out_table_print(&t, 0, 0);
	}
	printf("%s figures compared, %s differ, %s impossible states\n",
	       out_count(a, v->compared), out_count(b, v->differ),
	       out_count(c, v->impossible));
}

static struct json_object *verify_json(const struct verdict *v)
{
	struct json_object *o = js_object(), *array = js_array();
	size_t i;

	js_u64(o, "compared", v->compared);
	js_u64(o, "differ", v->differ);
	js_u64(o, "impossible_states", v->impossible);
	for (i = 0; i < v->nr; i++) {
		struct json_object *row = js_object();

		js_string(row, "figure", v->skew[i].name);
		if (v->skew[i].class)
			js_string(row, "class", v->skew[i].class);
		js_u64(row, "counted", v->skew[i].counted);
		js_u64(row, "recounted", v->skew[i].recounted);
		js_append(array, row);
	}
	js_add(o, "differences", array);
	return o;
}

static int verify_set(void *ctx, int id, const char *arg)
{
	struct verify_options *options = ctx;

	(void)arg;
	if (id == 'j')
		options->json = true;
	return OPTS_GO;
}

static int verify_run(const struct command *cmd, int argc, char **argv)
{
	struct verify_options options = { 0 };
	struct verdict v = { 0 };
	char *text = NULL;
	int status;

	status = opts_parse(cmd, &argc, &argv, verify_set, &options);
	if (status != OPTS_GO)
		return status;
	status = debugfs_read(VERIFY_FILE, &text);
	if (!status)
		status = verify_parse(&v, text);
	if (!status && options.json)
		js_print(verify_json(&v));
	else if (!status)
		verify_print(&v);
	if (!status && (v.differ || v.impossible))
		status = tool_error(TOOL_FAIL, "the running figures are not those of the recount");
	while (v.nr)
		free(v.skew[--v.nr].class);
	free(v.skew);
	free(text);
	return status;
}

static const struct opt verify_opts[] = {
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_verify = {
	.name = "verify",
	.summary = "count everything again and compare with the figures",
	.operands = "",
	.description =
		"Has the module rebuild its figures from spans, bitmaps, arena maps,\n"
		"descriptors and magazines, and compares them with those that it counts\n"
		"as it runs. Prints a row for each one that differs (class: of which size\n"
		"class, empty for the whole heap), then how many were compared, how many\n"
		"differ, and how many states were found that cannot be.\n"
		"\n"
		"The machine stands still meanwhile, for about a microsecond a span. It is\n"
		"for finding bugs of the module, not for reading figures: 'gostat stats'\n"
		"does that, and nobody waits for it.\n"
		"\n"
		"Status 0: nothing differs. Status 1: something does, or there was nothing\n"
		"to compare; standard error has the reason, and standard output nothing\n"
		"in the latter case.",
	.opts = verify_opts,
	.more =
		"JSON\n"
		"    { \"compared\": 380, \"differ\": 1, \"impossible_states\": 0,\n"
		"      \"differences\": [ { \"figure\": \"live\", \"class\": \"64\", \"counted\": 7,\n"
		"      \"recounted\": 8 } ] }; 'class' is left out for the whole heap.\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/debug/gostat/verify, readable by root only\n"
		"    /sys/kernel/gostat/skew has how many were ever found\n"
		"\n"
		"EXAMPLES\n"
		"    gostat verify || dmesg | grep skew\n"
		"        The kernel's log has each difference once.\n",
	.run = verify_run,
};
