// SPDX-License-Identifier: GPL-2.0
/*
 * gostat replay: a kernel's allocation trace through /dev/gostat.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "progress.h"
#include "replay.h"
#include "report.h"

#define BATCH_MAX	512	/* longer calls gain nothing */
#define SAMPLE_DEFAULT	1000
#define WINDOW_DEFAULT	4096

struct replay_cmd {
	struct replay_options replay;
	struct trace_select select;
	enum progress_mode progress;
	u64 stop_at;		/* events, 0: all */
	bool stop_at_peak;
	bool keep;
	double keep_seconds;	/* 0: until interrupted */
	bool dry_run;
	bool no_check;
	bool brief;
	bool json;
};

enum {
	OPT_CPUS = OPT_LONG_ONLY, OPT_WINDOW, OPT_ATOMIC, OPT_ZERO, OPT_SAMPLE, OPT_STOP_AT,
	OPT_KEEP, OPT_KEEP_GOING, OPT_NO_CHECK, OPT_PROGRESS, OPT_NO_PROGRESS,
};

static int set_speed(struct replay_cmd *c, const char *arg)
{
	int status;

	if (!strcmp(arg, "max")) {
		c->replay.speed = 0;
		return OPTS_GO;
	}
	status = opts_count("speed", arg, &c->replay.speed);
	if (status == OPTS_GO && !c->replay.speed)
		return tool_error(TOOL_USAGE, "--speed: 0 events a second are no replay");
	return status;
}

static int set_stop_at(struct replay_cmd *c, const char *arg)
{
	int status;

	c->stop_at_peak = !strcmp(arg, "peak");
	if (c->stop_at_peak)
		return OPTS_GO;
	status = opts_count("stop-at", arg, &c->stop_at);
	if (status == OPTS_GO && !c->stop_at)
		return tool_error(TOOL_USAGE, "--stop-at: 0 events are nothing to replay");
	return status;
}

static int set_window(struct replay_cmd *c, const char *arg)
{
	int status = opts_count("window", arg, &c->replay.window);

	if (status == OPTS_GO && !c->replay.window)
		return tool_error(TOOL_USAGE, "--window: at least 1 event is needed");
	return status;
}

static int set_cache(struct replay_cmd *c, const char *arg)
{
	struct trace_select *select = &c->select;

	select->caches = tool_grow(select->caches, select->nr_caches + 1,
				   sizeof(*select->caches));
	select->caches[select->nr_caches++] = arg;
	return OPTS_GO;
}

static int replay_set(void *ctx, int id, const char *arg)
{
	struct replay_cmd *c = ctx;

	switch (id) {
	case 's':
		return set_speed(c, arg);
	case 'k':
		c->select.kmalloc_only = true;
		break;
	case 'c':
		return set_cache(c, arg);
	case 'n':
		c->dry_run = true;
		break;
	case 'b':
		c->brief = true;
		break;
	case 'j':
		c->json = true;
		break;
	case OPT_CPUS:
		c->replay.cpus = true;
		break;
	case OPT_WINDOW:
		return set_window(c, arg);
	case OPT_ATOMIC:
		c->replay.atomic = true;
		break;
	case OPT_ZERO:
		c->replay.zero = true;
		break;
	case OPT_SAMPLE:
		return opts_count("sample", arg, &c->replay.sample);
	case OPT_STOP_AT:
		return set_stop_at(c, arg);
	case OPT_KEEP:
		c->keep = true;
		return arg ? opts_seconds("--keep", arg, &c->keep_seconds) : OPTS_GO;
	case OPT_KEEP_GOING:
		c->replay.keep_going = true;
		break;
	case OPT_NO_CHECK:
		c->no_check = true;
		break;
	case OPT_PROGRESS:
		c->progress = PROGRESS_ALWAYS;
		break;
	case OPT_NO_PROGRESS:
		c->progress = PROGRESS_NEVER;
		break;
	}
	return OPTS_GO;
}

static void on_signal(int signal)
{
	(void)signal;
	replay_interrupted = 1;
}

/* Without SA_RESTART, so that sleeps end. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* Cut the trace where the user wants the replay to end. */
static void cut(const struct replay_cmd *c, struct trace *trace, struct trace_figures *figures)
{
	size_t end = trace->nr_events;

	if (c->stop_at_peak)
		end = figures->peak_event + 1;
	else if (c->stop_at)
		end = min(end, c->stop_at);
	if (end < trace->nr_events) {
		trace->nr_events = end;
		trace_figures(trace, figures);
	}
}

/* Leave the objects alive for a while, for the user to look at. */
static void hold(const struct replay_cmd *c, const struct replay *r)
{
	double end = tool_now() + c->keep_seconds;
	char objects[OUT_NUMBER];

	if (r->end.taken)
		fprintf(stderr, "gostat: holding %s objects; Ctrl-C frees them\n",
			out_count(objects, r->end.all.objects));
	while (!replay_interrupted && (!c->keep_seconds || tool_now() < end)) {
		const struct timespec t = { .tv_nsec = 50 * 1000 * 1000 };

		nanosleep(&t, NULL);
	}
	replay_interrupted = 0;		/* it is how holding ends */
}

/* After the device was closed: is every class back where it was? */
static int at_rest(const struct replay *r, bool *rest)
{
	struct size_classes now;
	unsigned int i;
	int status;

	*rest = true;
	status = size_classes_read(&now);
	for (i = 0; !status && i < now.nr && i < r->before->nr; i++) {
		const struct size_class *a = &r->before->class[i], *b = &now.class[i];

		*rest &= a->nmalloc - a->nfree == b->nmalloc - b->nfree;
	}
	size_classes_free(&now);
	return status;
}

static const char others[] = ". Does someone else use gostat? (--no-check)";

static int disagree(const struct replay_moment *moment, const char *when)
{
	if (!moment->taken || moment->agrees)
		return TOOL_OK;
	return tool_error(TOOL_DISAGREE, "%s the module has %lld live objects, the trace %llu%s",
			  when, (s64)moment->all.module_objects, moment->all.objects,
			  others);
}

static int compare(const struct replay_cmd *c, const struct replay *r, bool rest)
{
	int status = TOOL_OK;

	if (c->no_check || r->failed)
		return TOOL_OK;
	status = disagree(&r->peak, "at the peak");
	if (!status)
		status = disagree(&r->end, "at the end");
	if (!status && !rest)
		status = tool_error(TOOL_DISAGREE,
				    "all was freed, but live objects are not those of before%s",
				    others);
	return status;
}

static int replay_begin(struct replay *r, struct device *dev, struct size_classes *before)
{
	int status = device_open(dev);

	if (!status)
		status = size_classes_read(before);
	if (!status)
		status = sysfs_held_open(&r->held);
	if (!status)
		status = sysfs_held_read(&r->held, &r->held_before);
	return status;
}

static int replay_through(const struct replay_cmd *c, struct trace *trace,
			  const struct trace_figures *figures)
{
	struct device dev = { .fd = -1 };
	struct size_classes before = { 0 };
	struct replay r = {
		.trace = trace, .figures = figures, .options = &c->replay, .dev = &dev,
		.before = &before, .held = { -1, -1 }, .batch_max = BATCH_MAX,
	};
	struct json_object *o = NULL;
	bool rest = true;
	int status, late;

	status = replay_begin(&r, &dev, &before);
	if (status)
		goto out;
	r.batch_max = min(r.batch_max, dev.info.max_batch);
	if (c->replay.speed)		/* a fiftieth of a second at once */
		r.batch_max = max(1u, (u32)min(r.batch_max, c->replay.speed / 50));
	r.handles = tool_alloc(trace->nr_objects, sizeof(*r.handles));
	catch_signals();

	progress_start(c->progress, "replay", trace->nr_events);
	status = c->replay.cpus ? replay_cpus(&r) : replay_serial(&r);
	progress_end();
	/* What an interrupted parallel replay did is not a beginning of the trace. */
	if (r.done && (!status || (status == TOOL_INTERRUPTED && !c->replay.cpus))) {
		late = replay_moment(&r, &r.end, r.done - 1);
		status = late ? late : status;
	}
	if (status && status != TOOL_INTERRUPTED)
		goto out;
	if (c->json)
		o = report_replay_json(&r);
	else
		report_replay(&r, !c->brief);
	if (c->keep && !status) {
		fflush(stdout);
		hold(c, &r);
	}
	device_close(&dev);
	late = at_rest(&r, &rest);
	if (o) {
		struct json_object *all = js_object();

		js_add(all, "trace", report_trace_json(trace, figures));
		js_bool(o, "interrupted", status == TOOL_INTERRUPTED);
		js_bool(o, "at_rest", rest);
		js_add(all, "replay", o);
		js_print(all);
	}
	if (status)
		tool_error(status, "interrupted after event %zu; everything was freed", r.done);
	else
		status = late ? late : compare(c, &r, rest);
out:
	device_close(&dev);
	sysfs_held_close(&r.held);
	replay_moment_free(&r.peak);
	replay_moment_free(&r.end);
	size_classes_free(&before);
	free(r.handles);
	return status;
}

static int replay_run(const struct command *cmd, int argc, char **argv)
{
	struct replay_cmd c = {
		.replay = { .sample = SAMPLE_DEFAULT, .window = WINDOW_DEFAULT },
	};
	struct trace_figures figures;
	struct trace trace = { 0 };
	int status;

	status = opts_parse(cmd, &argc, &argv, replay_set, &c);
	if (status != OPTS_GO)
		goto out;
	if (c.select.kmalloc_only && c.select.nr_caches) {
		status = tool_error(TOOL_USAGE,
				    "--kmalloc-only or --cache, not both ('--cache -' is kmalloc)");
		goto out;
	}
	status = trace_read(&trace, argv[0], &c.select);
	if (!status && !trace.nr_events)
		status = tool_error(TOOL_FAIL, "%s: no allocation of those that were asked for",
				    trace.path);
	if (status)
		goto out;
	trace_figures(&trace, &figures);
	cut(&c, &trace, &figures);
	if (!c.json) {
		report_trace(&trace, &figures);
		fflush(stdout);
	}
	if (!c.dry_run) {
		status = replay_through(&c, &trace, &figures);
	} else if (c.json) {
		struct json_object *o = js_object();

		js_add(o, "trace", report_trace_json(&trace, &figures));
		js_print(o);
	} else {
		report_trace_memory(&figures);
	}
out:
	trace_free(&trace);
	free(c.select.caches);
	return status;
}

static const struct opt replay_opts[] = {
	{ 's', "speed", "max|N",
	  "As fast as can be (the default), or N events a second." },
	{ 'k', "kmalloc-only", NULL,
	  "Only what the traced kernel asked kmalloc() for. Otherwise the\n"
	  "objects of its caches (kmem_cache) are allocated by size as well." },
	{ 'c', "cache", "PATTERN",
	  "Only objects of caches whose name matches the shell pattern; '-' is\n"
	  "kmalloc. May be given again." },
	{ OPT_STOP_AT, "stop-at", "N|peak",
	  "Replay the first N events only, or up to the peak." },
	{ OPT_CPUS, "cpus", NULL,
	  "One thread for each CPU of the trace, on a CPU of its own, instead of\n"
	  "one thread and the file's order. An object is freed on the CPU that\n"
	  "freed it in the trace." },
	{ OPT_WINDOW, "window", "N",
	  "With --cpus: how many events a thread may be ahead of the slowest\n"
	  "(default 4096)." },
	{ OPT_ATOMIC, "atomic", NULL,
	  "Where the traced caller could not wait (A in the trace), allocate\n"
	  "without waiting." },
	{ OPT_ZERO, "zero", NULL,
	  "Have each object zeroed when it is allocated." },
	{ OPT_KEEP_GOING, "keep-going", NULL,
	  "Go on when an allocation fails. Failures are counted; figures are\n"
	  "then not compared with the trace's." },
	{ OPT_KEEP, "keep", "[SECONDS]",
	  "At the end leave the objects alive for SECONDS, or until Ctrl-C, so\n"
	  "that one can look at the module." },
	{ OPT_SAMPLE, "sample", "N",
	  "Read what gostat holds each N events (default 1000, 0: only at the\n"
	  "peak and at the end)." },
	{ OPT_NO_CHECK, "no-check", NULL,
	  "Do not fail when the module's figures differ from the trace's, which\n"
	  "they do when someone else uses gostat at the same time." },
	{ 'n', "dry-run", NULL,
	  "Read and check the trace and print its figures; no module needed." },
	{ 'b', "brief", NULL, "Leave out the table of size classes." },
	{ OPT_PROGRESS, "progress", NULL,
	  "Show progress even if standard error is not a terminal." },
	{ OPT_NO_PROGRESS, "no-progress", NULL, "Never show progress." },
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_replay = {
	.name = "replay",
	.summary = "replay a kernel's allocation trace through gostat",
	.operands = "TRACE",
	.min_operands = 1,
	.max_operands = 1,
	.description =
		"Allocates and frees through /dev/gostat what a kernel allocated and freed\n"
		"while TRACE was recorded, and prints how much memory gostat needed for it\n"
		"beside what was asked for and what SLUB gave for the same requests. TRACE\n"
		"is a file as 'gostat record' makes them, plain or gzip, '-' for standard\n"
		"input. All of it is read and checked before the first allocation.\n"
		"\n"
		"'asked for' and 'SLUB's objects' are of the trace, at the moment when SLUB\n"
		"had given the most. The latter has no slab overhead: room at the ends of\n"
		"slabs and free objects in them are not in a trace. 'gostat held' is all\n"
		"that gostat had from the page allocator (sys - heap_released), metadata\n"
		"and idle pages included; it is read from sysfs each --sample events and at\n"
		"the trace's peak, between two calls of the device, and the highest value\n"
		"counts. Higher values between two readings are possible only if gostat gave\n"
		"the pages back before the second. With --cpus it is read each millisecond.\n"
		"\n"
		"At the peak and at the end, the live objects of every size class are\n"
		"compared with the trace's, and once everything is freed, with those before\n"
		"the replay (with --cpus: not at the peak). A difference is an error,\n"
		"status 4.",
	.opts = replay_opts,
	.more =
		"FILES\n"
		"    /dev/gostat, /sys/kernel/gostat/ (root only)\n"
		"    selftests/data/*.kmt.gz in gostat's source: a trace, and a README on\n"
		"    the format\n"
		"\n"
		"JSON\n"
		"    { \"trace\": {...}, \"replay\": {...} }; bytes and counts are exact. In\n"
		"    trace: peak and end with objects, asked, slub. In replay: held_before,\n"
		"    held_peak, seconds, events_per_second; peak and end with the same\n"
		"    figures of the module (gostat, gostat_objects), also per size class.\n"
		"\n"
		"EXAMPLES\n"
		"    gostat replay boot.kmt.gz\n"
		"    gostat replay --kmalloc-only --json boot.kmt.gz | jq .replay.held_peak\n"
		"    gostat replay --stop-at=peak --keep boot.kmt.gz &\n"
		"        Hold the live set of the peak; gostat classes then shows it.\n"
		"    gostat replay --speed=50k boot.kmt.gz\n"
		"    zstd -dc boot.kmt.zst | gostat replay --dry-run -\n",
	.run = replay_run,
};
