// SPDX-License-Identifier: GPL-2.0
/*
 * gostat scavenge: all idle memory goes back, now.
 *
 * The device is asked, because it tells what this run released; a figure in sysfs
 * is that of everybody's runs.
 */
#include <stdio.h>

#include "commands.h"
#include "device.h"
#include "output.h"
#include "sysfs.h"

struct scavenge_options {
	bool json;
};

struct scavenge {
	u64 released;
	u64 before;		/* held */
	u64 after;
	u64 ns;			/* the call took */
};

/* Each reading is of a moment after what this process did on the device. */
static int scavenge_held(u64 *held)
{
	struct sysfs_held files;
	int status = sysfs_held_open(&files);

	if (!status)
		status = sysfs_held_read(&files, held);
	sysfs_held_close(&files);
	return status;
}

static int scavenge_do(struct scavenge *s)
{
	struct device dev;
	double began;
	int status = sysfs_require();

	if (!status)
		status = device_open(&dev);
	if (status)
		return status;
	status = scavenge_held(&s->before);
	if (!status) {
		began = tool_now();
		status = device_scavenge(&dev, &s->released);
		s->ns = (tool_now() - began) * 1e9;
	}
	device_close(&dev);
	return status ? status : scavenge_held(&s->after);
}

static void scavenge_line(const char *name, u64 bytes)
{
	char human[OUT_NUMBER], exact[OUT_NUMBER];

	printf("%-11s %11s %18s\n", name, out_bytes(human, bytes), out_count(exact, bytes));
}

static void scavenge_print(const struct scavenge *s)
{
	char text[OUT_NUMBER];

	scavenge_line("released", s->released);
	scavenge_line("held before", s->before);
	scavenge_line("held after", s->after);
	printf("%-11s %11s\n", "took", out_time(text, s->ns));
}

static struct json_object *scavenge_json(const struct scavenge *s)
{
	struct json_object *o = js_object();

	js_u64(o, "released", s->released);
	js_u64(o, "held_before", s->before);
	js_u64(o, "held_after", s->after);
	js_u64(o, "ns", s->ns);
	return o;
}

static int scavenge_set(void *ctx, int id, const char *arg)
{
	struct scavenge_options *options = ctx;

	(void)arg;
	if (id == 'j')
		options->json = true;
	return OPTS_GO;
}

static int scavenge_run(const struct command *cmd, int argc, char **argv)
{
	struct scavenge_options options = { 0 };
	struct scavenge s = { 0 };
	int status;

	status = opts_parse(cmd, &argc, &argv, scavenge_set, &options);
	if (status != OPTS_GO)
		return status;
	status = scavenge_do(&s);
	if (!status && options.json)
		js_print(scavenge_json(&s));
	else if (!status)
		scavenge_print(&s);
	return status;
}

static const struct opt scavenge_opts[] = {
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_scavenge = {
	.name = "scavenge",
	.summary = "all idle memory back to the kernel, now",
	.operands = "",
	.description =
		"Empties the magazines, so that no free object keeps a page, gives all pages\n"
		"in no span back to the kernel's page allocator, whatever their age, and\n"
		"prints how much that was, and what was held before and after. Others\n"
		"allocate and free meanwhile: the difference of the two need not be what\n"
		"was released.\n"
		"\n"
		"Allocations are slower afterwards, until magazines and pages are there\n"
		"again. Needs root (CAP_SYS_ADMIN).",
	.opts = scavenge_opts,
	.more =
		"JSON\n"
		"    { \"released\": 4194304, \"held_before\": 42991616, \"held_after\": 38797312,\n"
		"      \"ns\": 133000 }\n"
		"\n"
		"FILES\n"
		"    /dev/gostat\n"
		"    /sys/kernel/gostat/scavenge does the same when 1 is written to it\n"
		"\n"
		"EXAMPLES\n"
		"    gostat scavenge\n"
		"    gostat trace --cause=forced\n"
		"        When that was done, and by how much.\n",
	.run = scavenge_run,
};
