// SPDX-License-Identifier: GPL-2.0
/*
 * gostat record: what the kernel allocates while a command runs, as a trace.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "commands.h"
#include "convert.h"
#include "output.h"

#define BUFFER_DEFAULT	64	/* MiB for each CPU: about a million events */

/* Allocations of tracing itself, which a machine without it does not make. */
#define DROP_DEFAULT	"^(__rb_allocate_pages|rb_allocate_cpu_buffer|alloc_slab_obj_exts)\\b"

struct record_cmd {
	const char *output;
	const char *from;
	const char *workload;
	const char *kernel;
	const char *drop;
	u64 buffer_mib;
	double seconds;		/* 0: until interrupted */
	bool json;
};

enum {
	OPT_FROM = OPT_LONG_ONLY, OPT_WORKLOAD, OPT_KERNEL, OPT_DROP, OPT_BUFFER, OPT_SECONDS,
};

static atomic_bool record_interrupted;

static int record_set(void *ctx, int id, const char *arg)
{
	struct record_cmd *c = ctx;
	int status;

	switch (id) {
	case 'o':
		c->output = arg;
		break;
	case 'j':
		c->json = true;
		break;
	case OPT_FROM:
		c->from = arg;
		break;
	case OPT_WORKLOAD:
		c->workload = arg;
		break;
	case OPT_KERNEL:
		c->kernel = arg;
		break;
	case OPT_DROP:
		c->drop = arg;
		break;
	case OPT_BUFFER:
		status = opts_count("buffer", arg, &c->buffer_mib);
		if (status == OPTS_GO && (!c->buffer_mib || c->buffer_mib > INT_MAX / 1024))
			return tool_error(TOOL_USAGE, "--buffer: %s MiB for each CPU?", arg);
		return status;
	case OPT_SECONDS:
		return opts_seconds("--seconds", arg, &c->seconds);
	}
	return OPTS_GO;
}

static void on_signal(int signal)
{
	(void)signal;
	record_interrupted = 1;
}

/* Run the command and wait for it; its failure is not ours, but is said. */
static int run_child(char **argv)
{
	int report[2], error = 0, status;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC))
		return tool_error(TOOL_FAIL, "pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		error = errno;
		if (write(report[1], &error, sizeof(error)) < 0)
			_exit(126);
		_exit(127);
	}
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return tool_error(TOOL_FAIL, "fork: %s", strerror(errno));
	}
	if (read(report[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(report[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;		/* Ctrl-C went to the command as well: wait for its end */
	if (error)
		return tool_error(TOOL_FAIL, "%s: %s", argv[0], strerror(error));
	if (WIFSIGNALED(status))
		tool_warn("%s was killed by signal %d; the trace ends there", argv[0],
			  WTERMSIG(status));
	else if (WEXITSTATUS(status))
		tool_warn("%s ended with status %d", argv[0], WEXITSTATUS(status));
	return TOOL_OK;
}

static void wait_a_while(double seconds)
{
	double end = tool_now() + seconds;

	while (!record_interrupted && (!seconds || tool_now() < end)) {
		const struct timespec t = { .tv_nsec = 20 * 1000 * 1000 };

		nanosleep(&t, NULL);
	}
}

static void say_what_lacks(const struct capture *capture)
{
	if (!capture->bulk_frees || !capture->bulk_allocs)
		tool_warn("bulk %s cannot be probed on this kernel: they are missing in the trace",
			  capture->bulk_frees ? "allocations" :
			  capture->bulk_allocs ? "frees" : "allocations and frees");
}

static int record_live(const struct record_cmd *c, char **argv, struct convert *convert)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct capture capture;
	char path[PATH_MAX];
	u64 lost = 0;
	int status;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	status = capture_open(&capture, c->buffer_mib);
	if (!status) {
		say_what_lacks(&capture);
		status = capture_start(&capture);
	}
	if (!status) {
		int stop;

		if (argv)
			status = run_child(argv);
		else
			wait_a_while(c->seconds);
		stop = capture_stop(&capture);
		status = status ? status : stop;
	}
	if (!status)
		status = capture_lost(&capture, &lost);
	if (!status && lost)
		status = tool_error(TOOL_FAIL,
				    "%llu events did not fit into %llu MiB for each CPU: use a larger --buffer; nothing was written",
				    lost, c->buffer_mib);
	if (!status) {
		capture_file(path);
		status = convert_read(convert, path);
	}
	capture_close(&capture);
	return status;
}

/* Header lines hold one line of printable text. */
static char *one_line(const char *text)
{
	char *line = tool_strdup(text), *t;

	for (t = line; *t; t++)
		if (iscntrl((unsigned char)*t))
			*t = ' ';
	return line;
}

static char *kernel_line(void)
{
	char text[sizeof(struct utsname)];
	struct utsname u;

	if (uname(&u))
		return tool_strdup("-");
	snprintf(text, sizeof(text), "%s %s (%s) %s", u.sysname, u.release, u.version, u.machine);
	return one_line(text);
}

static char *workload_line(char **argv)
{
	size_t len = 0;
	char *line, *t;
	int i;

	for (i = 0; argv[i]; i++)
		len += strlen(argv[i]) + 1;
	line = tool_alloc(len + 1, 1);
	for (i = 0, t = line; argv[i]; i++)
		t += sprintf(t, "%s%s", i ? " " : "", argv[i]);
	t = one_line(line);
	free(line);
	return t;
}

static void record_report(const struct record_cmd *c, const struct convert *convert)
{
	const struct convert_counts *count = &convert->count;
	size_t allocs = convert->trace.nr_objects, events = convert->trace.nr_events;
	char a[OUT_NUMBER], b[OUT_NUMBER], d[OUT_NUMBER];

	if (c->json) {
		struct json_object *o = js_object();

		js_string(o, "file", c->output);
		js_u64(o, "events", events);
		js_u64(o, "allocs", allocs);
		js_u64(o, "frees", events - allocs);
		js_u64(o, "cpus", convert->vcpus);
		js_u64(o, "caches", convert->trace.caches.nr);
		js_u64(o, "synthesised_frees", count->synthesised_frees);
		js_u64(o, "double_events", count->double_events);
		js_u64(o, "unseen_frees", count->unseen_frees);
		js_u64(o, "null_frees", count->null_frees);
		js_u64(o, "failed_allocs", count->failed_allocs);
		js_u64(o, "hidden_allocs", count->hidden_allocs);
		js_u64(o, "bulk_allocs", count->bulk_allocs);
		js_u64(o, "bulk_frees", count->bulk_frees);
		js_u64(o, "names_unknown", count->names_unknown);
		js_print(o);
		return;
	}
	/* With '-o -' standard output is the trace. */
	fprintf(strcmp(c->output, "-") ? stdout : stderr,
		"%s: %s events, %s allocations and %s frees\n", c->output,
		out_count(a, events), out_count(b, allocs), out_count(d, events - allocs));
}

static int record_checked(const struct record_cmd *c, int argc)
{
	if (!c->output)
		return tool_error(TOOL_USAGE, "record: where to? give -o FILE");
	if (c->json && !strcmp(c->output, "-"))
		return tool_error(TOOL_USAGE, "record: --json and -o - both want standard output");
	if (c->from && (argc || c->seconds))
		return tool_error(TOOL_USAGE, "record: with --from nothing is run");
	if (argc && c->seconds)
		return tool_error(TOOL_USAGE, "record: a command or --seconds, not both");
	return OPTS_GO;
}

static int record_run(const struct command *cmd, int argc, char **argv)
{
	struct record_cmd c = { .buffer_mib = BUFFER_DEFAULT, .drop = DROP_DEFAULT };
	char *kernel, *workload;
	struct convert convert = { 0 };
	regex_t drop;
	int status;

	status = opts_parse(cmd, &argc, &argv, record_set, &c);
	if (status != OPTS_GO)
		return status;
	status = record_checked(&c, argc);
	if (status != OPTS_GO)
		return status;
	if (*c.drop) {
		if (regcomp(&drop, c.drop, REG_EXTENDED | REG_NOSUB))
			return tool_error(TOOL_USAGE, "--drop-site: bad regular expression '%s'",
					  c.drop);
		convert.drop_site = &drop;
	}
	if (c.from)
		status = convert_read(&convert, c.from);
	else
		status = record_live(&c, argc ? argv : NULL, &convert);
	if (!status && convert.count.overruns + convert.count.lost_marks)
		status = tool_error(TOOL_FAIL,
				    "%s: the capture lost events (%llu; marks of loss: %llu): use larger buffers",
				    convert.path, convert.count.overruns,
				    convert.count.lost_marks);
	if (!status && !convert.trace.nr_events)
		status = tool_error(TOOL_FAIL, "%s: there is no allocation event",
				    convert.path);
	if (!status) {
		kernel = c.kernel ? one_line(c.kernel) : c.from ? tool_strdup("-") : kernel_line();
		workload = c.workload ? one_line(c.workload) :
			   argc ? workload_line(argv) : tool_strdup("-");
		status = convert_write(&convert, c.output, kernel, workload);
		free(kernel);
		free(workload);
	}
	if (!status)
		record_report(&c, &convert);
	if (convert.drop_site)
		regfree(&drop);
	convert_free(&convert);
	return status;
}

static const struct opt record_opts[] = {
	{ 'o', "output", "FILE",
	  "Where to write the trace: gzip if FILE ends in .gz, '-' for standard\n"
	  "output. FILE appears when it is complete." },
	{ OPT_SECONDS, "seconds", "S", "Without COMMAND: record for S seconds." },
	{ OPT_BUFFER, "buffer", "MIB",
	  "Kernel memory for each CPU's events (default 64, for about a million\n"
	  "events)." },
	{ OPT_FROM, "from", "TEXT",
	  "Record nothing; convert the text of a tracefs 'trace' file, plain or\n"
	  "gzip, '-' for standard input. See CAPTURES." },
	{ OPT_WORKLOAD, "workload", "TEXT",
	  "What ran, for the trace's header (default: COMMAND)." },
	{ OPT_KERNEL, "kernel", "TEXT",
	  "On which kernel, for the header (default: this one; with --from: -)." },
	{ OPT_DROP, "drop-site", "REGEX",
	  "Leave out objects allocated at these call sites (extended regular\n"
	  "expression; default: those of tracing itself; '' for none)." },
	OPTS_JSON,
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_record = {
	.name = "record",
	.summary = "record a trace of what the kernel allocates",
	.operands = "-o FILE [--] [COMMAND [ARG]...]",
	.max_operands = -1,
	.options_first = true,
	.description =
		"Records every slab allocation and free of the whole kernel, by kmalloc()\n"
		"and from caches, while COMMAND runs; without COMMAND for --seconds or until\n"
		"Ctrl-C. The trace is for 'gostat replay'. The gostat module is not needed.\n"
		"\n"
		"Nothing is missing in a trace that was written: if the kernel lost a single\n"
		"event, none is written. Objects from before the recording, and their frees,\n"
		"are not in it.\n"
		"\n"
		"The events kmem:kmalloc, kfree, kmem_cache_alloc and kmem_cache_free are\n"
		"captured in a tracefs instance of their own (instances/gostat), which is\n"
		"removed in the end. The bulk calls have no events: kprobes take their place\n"
		"where the kernel can do it (x86-64 with BTF, 6.9 or newer). Elsewhere this\n"
		"is said, and an object whose free was not seen ends when its address comes\n"
		"back. Recording slows the kernel's allocations down by a multiple.",
	.opts = record_opts,
	.more =
		"CAPTURES\n"
		"    For a boot, start with 'trace_event=kmem:kmalloc,kmem:kfree,\n"
		"    kmem:kmem_cache_alloc,kmem:kmem_cache_free trace_clock=counter\n"
		"    trace_buf_size=256M trace_options=nohash-ptr' on the kernel's command\n"
		"    line (one word each, no spaces), then copy /sys/kernel/tracing/trace and\n"
		"    convert it with --from. The clock must be counter, global or mono, and\n"
		"    pointers must not be hashed.\n"
		"\n"
		"FILES\n"
		"    /sys/kernel/tracing/ (root only)\n"
		"\n"
		"EXAMPLES\n"
		"    gostat record -o make.kmt.gz -- make -j4\n"
		"    gostat record -o idle.kmt.gz --seconds=10 --workload='idle desktop'\n"
		"    gostat record -o boot.kmt.gz --from=trace.txt --kernel=\"$(uname -srv)\"\n",
	.run = record_run,
};
