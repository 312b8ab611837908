// SPDX-License-Identifier: GPL-2.0
/*
 * gostat plot: a picture of what 'gostat watch' has recorded.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "outfile.h"
#include "plot.h"

#define SIDE_MIN	100	/* pixels */
#define SIDE_MAX	10000

struct plot_options {
	struct plot_look look;
	const char *output;
	bool script;
};

enum { OPT_SIZE = OPT_LONG_ONLY, OPT_SCRIPT };

/* gnuplot, with @script[] to be written to it and the picture coming into @out. */
static int gnuplot_start(struct outfile *out, pid_t *child, FILE **script)
{
	static const char *const argv[] = { "gnuplot", "-", NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		return tool_error(TOOL_FAIL, "gnuplot: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(out->file), STDOUT_FILENO);
	error = posix_spawnp(child, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	*script = error ? NULL : fdopen(ends[1], "w");
	if (*script)
		return TOOL_OK;
	close(ends[1]);
	if (error == ENOENT)
		return tool_error(TOOL_FAIL,
				  "gnuplot: not there: install it (on Debian: gnuplot-nox), or see --script");
	return tool_error(TOOL_FAIL, "gnuplot: %s", strerror(error ? error : ENOMEM));
}

/* gnuplot says itself what it does not like. */
static int gnuplot_end(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return tool_error(TOOL_FAIL, "gnuplot: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return tool_error(TOOL_FAIL, "gnuplot: ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		return tool_error(TOOL_FAIL, "gnuplot: failed, status %d", WEXITSTATUS(status));
	return TOOL_OK;
}

static int plot_draw(const struct plot_run *run, const struct plot_options *options)
{
	struct outfile out;
	FILE *script;
	pid_t child;
	int status;

	status = outfile_open(&out, options->output);
	if (status)
		return status;
	status = gnuplot_start(&out, &child, &script);
	if (!status) {
		plot_script(script, run, &options->look);
		fclose(script);		/* what was not read was not liked */
		status = gnuplot_end(child);
	}
	if (!status)
		return outfile_close(&out);
	outfile_drop(&out);
	return status;
}

static int set_size(struct plot_options *options, const char *arg)
{
	unsigned int width, height;
	char rest;

	if (sscanf(arg, "%ux%u%c", &width, &height, &rest) != 2 || width < SIDE_MIN ||
	    width > SIDE_MAX || height < SIDE_MIN || height > SIDE_MAX)
		return tool_error(TOOL_USAGE, "--size: '%s' is not like 960x480, from %d to %d",
				  arg, SIDE_MIN, SIDE_MAX);
	options->look.width = width;
	options->look.height = height;
	return OPTS_GO;
}

static int plot_set(void *ctx, int id, const char *arg)
{
	struct plot_options *options = ctx;

	switch (id) {
	case 'o':
		options->output = arg;
		break;
	case 't':
		options->look.title = arg;
		break;
	case OPT_SIZE:
		return set_size(options, arg);
	case OPT_SCRIPT:
		options->script = true;
		break;
	}
	return OPTS_GO;
}

/* The format is that of the file's name; a script without one draws SVG. */
static int plot_format(struct plot_options *options)
{
	const char *end = options->output ? strrchr(options->output, '.') : NULL;

	options->look.format = end && !strcmp(end, ".png") ? PLOT_PNG : PLOT_SVG;
	if (!options->output && !options->script)
		return tool_error(TOOL_USAGE, "plot: -o FILE is missing: see 'gostat plot --help'");
	if (options->output && (!end || (strcmp(end, ".svg") && strcmp(end, ".png"))))
		return tool_error(TOOL_USAGE, "--output: '%s' does not end in .svg or .png",
				  options->output);
	return TOOL_OK;
}

static int plot_run(const struct command *cmd, int argc, char **argv)
{
	struct plot_options options = { .look = { .width = 960, .height = 480 } };
	struct plot_run run;
	int status;

	status = opts_parse(cmd, &argc, &argv, plot_set, &options);
	if (status != OPTS_GO)
		return status;
	status = plot_format(&options);
	if (status)
		return status;
	if (!options.look.title)
		options.look.title = argv[0];
	status = plot_read(&run, argv[0]);
	if (!status && options.script)
		plot_script(stdout, &run, &options.look);
	else if (!status)
		status = plot_draw(&run, &options);
	plot_free(&run);
	return status;
}

static const struct opt plot_opts[] = {
	{ 'o', "output", "FILE",
	  "The picture: FILE.svg or FILE.png. It is replaced when all of it is\n"
	  "there." },
	{ 't', "title", "TEXT", "Write TEXT above it (default: RUN)." },
	{ OPT_SIZE, "size", "WIDTHxHEIGHT", "Pixels (default 960x480)." },
	{ OPT_SCRIPT, "script", NULL,
	  "Print the script for gnuplot, the data in it, and draw nothing: for a\n"
	  "machine without gnuplot, or to change it by hand." },
	OPTS_HELP,
	{ 0 }
};

const struct command cmd_plot = {
	.name = "plot",
	.summary = "a picture of what 'gostat watch' has recorded",
	.operands = "RUN",
	.min_operands = 1,
	.max_operands = 1,
	.description =
		"Draws held, live and released memory over time. RUN is what 'gostat watch\n"
		"--json' printed, plain or gzip, '-' for standard input. Held, what gostat\n"
		"had from the kernel's page allocator, and live objects are areas, one\n"
		"before the other; released, places of the heap without a page, is a line.\n"
		"\n"
		"The picture is made by gnuplot, which is not part of gostat. Neither the\n"
		"module nor root is needed.",
	.opts = plot_opts,
	.more =
		"FILES\n"
		"    RUN needs time_ns, held, live and released in each line.\n"
		"\n"
		"EXAMPLES\n"
		"    gostat watch --json --count 600 0.1 >run.jsonl\n"
		"    gostat plot run.jsonl -o run.svg\n"
		"        A minute, ten times a second.\n"
		"    gostat plot --script run.jsonl | ssh desk 'gnuplot - >run.svg'\n",
	.run = plot_run,
};
