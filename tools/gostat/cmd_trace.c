// SPDX-License-Identifier: GPL-2.0
/*
 * gostat trace: what each run of the scavenger did.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "debugfs.h"
#include "ending.h"
#include "scvg.h"

#define TRACE_FILE	"scavenger_trace"
#define TRACE_PIPE	"scavenger_trace_pipe"

static const char *const causes[] = { "background", "forced", "limit", "shrinker" };

struct trace_options {
	const char *cause;	/* NULL: any */
	bool follow;
	bool json;
};

struct trace_reader {
	const struct trace_options *options;
	const char *name;	/* of the file */
	u64 line;		/* the last one taken */
	u64 shown;
	struct scvg scvg;
	size_t len;		/* bytes of a line that is not complete */
	char text[4096];
};

static int trace_bad(const struct trace_reader *r, const char *why)
{
	return tool_error(TOOL_FAIL, "%s/%s:%llu: %s: is the module of another version?",
			  debugfs_root(), r->name, r->line, why);
}

static void trace_row(const struct json_object *record)
{
	char a[5][OUT_NUMBER];

	printf("%13.3f  %-10s %10s %9s %10s %10s %10s\n", js_number(record, "time_ns") / 1e9,
	       json_object_get_string(js_member(record, "cause")),
	       out_bytes(a[0], js_number(record, "run")),
	       out_time(a[1], js_number(record, "ns")),
	       out_bytes(a[2], js_number(record, "inuse")),
	       out_bytes(a[3], js_number(record, "idle")),
	       out_bytes(a[4], js_number(record, "consumed")));
}

static void trace_heads(struct trace_reader *r)
{
	if (!r->shown++ && !r->options->json)
		printf("%13s  %-10s %10s %9s %10s %10s %10s\n", "seconds", "cause", "released",
		       "took", "in use", "idle", "held");
}

static void trace_record(struct trace_reader *r)
{
	struct json_object *record = r->scvg.record;
	const char *cause = json_object_get_string(js_member(record, "cause"));

	if (r->options->cause && strcmp(r->options->cause, cause))
		return;
	trace_heads(r);
	if (r->options->json)
		js_print_line(js_shared(record));
	else
		trace_row(record);
}

/* Of any cause. */
static void trace_lost(struct trace_reader *r)
{
	struct json_object *o;
	char text[OUT_NUMBER];

	trace_heads(r);
	if (r->options->json) {
		o = js_object();
		js_u64(o, "lost", r->scvg.lost);
		js_print_line(o);
	} else {
		printf("%13s  %s records lost\n", "", out_count(text, r->scvg.lost));
	}
}

static int trace_line(struct trace_reader *r, char *line)
{
	r->line++;
	switch (scvg_line(&r->scvg, line)) {
	case SCVG_BAD:
		return trace_bad(r, "is no line of a record");
	case SCVG_RECORD:
		trace_record(r);
		break;
	case SCVG_LOST:
		trace_lost(r);
		break;
	case SCVG_PART:
		break;
	}
	return TOOL_OK;
}

/* The lines that are complete; the rest moves to the front. */
static int trace_lines(struct trace_reader *r)
{
	char *line = r->text, *end;
	int status = TOOL_OK;

	while (!status && (end = memchr(line, '\n', r->text + r->len - line))) {
		*end = 0;
		status = trace_line(r, line);
		line = end + 1;
	}
	r->len -= line - r->text;
	memmove(r->text, line, r->len);
	if (!status && r->len == sizeof(r->text)) {
		r->line++;
		return trace_bad(r, "no line is that long");
	}
	return status;
}

static int trace_end(struct trace_reader *r)
{
	r->line += r->len > 0;
	if (r->len || r->scvg.seen != SCVG_NONE)
		return trace_bad(r, "ends inside a record");
	if (!r->shown && !r->options->json)
		puts(r->options->cause ? "There is no record of that cause." :
					 "There is no record: the scavenger has not run yet.");
	return TOOL_OK;
}

/* Wait for more, or for somebody who ends it. */
static bool trace_goes_on(int fd, int *status)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = STDOUT_FILENO } };

	if (!ending_wait(fds, ARRAY_SIZE(fds), NULL))
		return false;
	if (!fds[1].revents)
		return true;
	*status = tool_error(TOOL_FAIL, "standard output: %s: nobody reads on",
			     strerror(EPIPE));
	return false;
}

static int trace_read(struct trace_reader *r, int fd)
{
	int status = TOOL_OK;
	ssize_t n;

	while (!status && (!r->options->follow || trace_goes_on(fd, &status))) {
		n = read(fd, r->text + r->len, sizeof(r->text) - r->len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return debugfs_error(r->name, -errno);
		if (!n)
			return trace_end(r);
		r->len += n;
		status = trace_lines(r);
		if (fflush(stdout))
			return TOOL_FAIL;	/* main() says why */
	}
	return status;
}

static int set_cause(struct trace_options *options, const char *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(causes); i++) {
		if (!strcmp(arg, causes[i])) {
			options->cause = arg;
			return OPTS_GO;
		}
	}
	return tool_error(TOOL_USAGE,
			  "--cause: '%s' is not background, forced, limit or shrinker", arg);
}

static int trace_set(void *ctx, int id, const char *arg)
{
	struct trace_options *options = ctx;

	switch (id) {
	case 'f':
		options->follow = true;
		break;
	case 'c':
		return set_cause(options, arg);
	case 'j':
		options->json = true;
		break;
	}
	return OPTS_GO;
}

static int trace_run(const struct command *cmd, int argc, char **argv)
{
	struct trace_options options = { 0 };
	struct trace_reader r = { .options = &options };
	int status, fd;

	status = opts_parse(cmd, &argc, &argv, trace_set, &options);
	if (status != OPTS_GO)
		return status;
	r.name = options.follow ? TRACE_PIPE : TRACE_FILE;
	if (options.follow)
		ending_catch();
	status = debugfs_open(r.name, &fd);
	if (status)
		return status;
	status = trace_read(&r, fd);
	close(fd);
	scvg_free(&r.scvg);
	return status;
}

static const struct opt trace_opts[] = {
	{ 'f', "follow", NULL, "Go on with new records as they come." },
	{ 'c', "cause", "CAUSE", "Only runs of that cause." },
	{ 'j', "json", NULL, "Print a JSON object a line." },
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_trace = {
	.name = "trace",
	.summary = "what each run of the scavenger did",
	.operands = "",
	.description =
		"Prints a line for each of the scavenger's last runs, the oldest first: when\n"
		"it was, in seconds of CLOCK_MONOTONIC; its cause; what it released, that\n"
		"is, gave back to the kernel's page allocator; the time it took; and, as of\n"
		"its end, the heap's memory in spans, in no span (with a page or without),\n"
		"and held (metadata not counted). Causes are\n"
		"\n"
		"    background  pages that nobody has wanted for a while\n"
		"    forced      'gostat scavenge', or another who asked\n"
		"    limit       the heap would have grown beyond a limit, or one was set\n"
		"    shrinker    the kernel was short of memory\n"
		"\n"
		"The module keeps as many records as its parameter trace_records says. Who\n"
		"follows and is too slow is told how many he missed.\n"
		"\n"
		"Ctrl-C ends --follow, with status 0. Until then the module cannot be\n"
		"unloaded.",
	.opts = trace_opts,
	.more =
		"JSON\n"
		"    { \"number\": 12, \"time_ns\": 123456789012, \"cause\": \"forced\",\n"
		"      \"run\": 4194304, \"whole\": 2097152, \"ns\": 133000, \"inuse\": 38797312,\n"
		"      \"idle\": 12582912, \"sys\": 51380224, \"released\": 8388608,\n"
		"      \"consumed\": 42991616 }\n"
		"    run is what this run released, whole what of it in whole arenas, ns its\n"
		"    time; inuse + idle == sys, sys - released == consumed, which is\n"
		"    held. Missed records are { \"lost\": 7 }.\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/debug/gostat/scavenger_trace, scavenger_trace_pipe\n"
		"\n"
		"EXAMPLES\n"
		"    gostat trace -f --cause=limit\n"
		"        Who sets memory_limit sees whether it is too low.\n"
		"    gostat trace --json | jq -s 'map(.run) | add'\n"
		"        Bytes that all of these runs released.\n",
	.run = trace_run,
};
