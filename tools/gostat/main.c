// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: dispatch, and the page that lists everything.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "output.h"

static const struct command *const commands[] = {
	&cmd_stats,
	&cmd_classes,
	&cmd_arenas,
	&cmd_watch,
	&cmd_plot,
	&cmd_verify,
	&cmd_scavenge,
	&cmd_trace,
	&cmd_export,
	&cmd_replay,
	&cmd_record,
};

static const char help_head[] =
	"NAME\n"
	"    gostat - look at the gostat kernel allocator and exercise it\n"
	"\n"
	"SYNOPSIS\n"
	"    gostat COMMAND [OPTION]... [ARGUMENT]...\n"
	"    gostat COMMAND --help\n"
	"    gostat --help | --version\n"
	"\n"
	"DESCRIPTION\n"
	"    gostat is a slab-like allocator in a kernel module that always knows\n"
	"    exactly where its memory is. This command shows its figures, once or\n"
	"    all the time, gives them to a monitoring system, has them checked, has\n"
	"    idle memory given back and shows when it was, and replays a kernel's\n"
	"    allocation trace through it and records such traces.\n"
	"    Each command has a page of its own: gostat COMMAND --help.\n"
	"\n"
	"COMMANDS\n";

static const char help_tail[] =
	"\n"
	"FILES\n"
	"    /sys/kernel/gostat/        the module's figures, one value per file\n"
	"    /sys/kernel/debug/gostat/  tables, each of one moment; for root\n"
	"    /dev/gostat                allocations for user space\n"
	"    /sys/kernel/tracing/       where 'gostat record' captures\n"
	"\n"
	"ENVIRONMENT\n"
	"    GOSTAT_SYSFS   folder to use for /sys/kernel/gostat\n"
	"    GOSTAT_DEBUGFS folder to use for /sys/kernel/debug/gostat\n"
	"    GOSTAT_DEVICE  device to use for /dev/gostat\n"
	"    GOSTAT_TRACEFS folder to use for /sys/kernel/tracing\n"
	"\n"
	"EXIT STATUS\n"
	"      0  all was done\n"
	"      1  something failed: a file, a trace, the output, the kernel said no;\n"
	"         'verify' found a difference\n"
	"      2  the command line is wrong\n"
	"      3  the module is not loaded: its folder or its device is not there\n"
	"      4  'replay' was done, but the module's figures are not those of the\n"
	"         trace\n"
	"    130  interrupted (Ctrl-C); what was allocated is freed\n"
	"    The reason is printed on standard error. With --json standard output\n"
	"    has one JSON object ('watch', 'trace': one a line) or, if nothing could\n"
	"    be done, nothing.\n"
	"\n"
	"EXAMPLES\n"
	"    gostat stats\n"
	"        Where gostat's memory is now.\n"
	"    gostat watch\n"
	"        The same while it changes, with rates.\n"
	"    gostat replay boot.kmt.gz\n"
	"        How it does on what a kernel allocates while it boots.\n";

static void main_help(void)
{
	size_t i;

	fputs(help_head, stdout);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("    %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("    %-10s %s\n", "help", "this page, or with COMMAND that command's page");
	fputs(help_tail, stdout);
}

static const struct command *main_find(const char *name)
{
	const char *names[ARRAY_SIZE(commands)];
	size_t i;
	int nearest;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		names[i] = commands[i]->name;
		if (!strcmp(name, names[i]))
			return commands[i];
	}
	nearest = opts_nearest(name, names, ARRAY_SIZE(names), sizeof(names[0]));
	if (nearest >= 0)
		tool_error(0, "'%s' is not a command: did you mean '%s'?", name,
			   names[nearest]);
	else
		tool_error(0, "'%s' is not a %s: see 'gostat --help'", name,
			   name[0] == '-' ? "global option" : "command");
	return NULL;
}

static int main_run(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2)
		return tool_error(TOOL_USAGE, "a command is missing: see 'gostat --help'");
	if (!strcmp(argv[1], "--version")) {
		puts("gostat " GOSTAT_VERSION);
		return TOOL_OK;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		if (argc == 2) {
			main_help();
			return TOOL_OK;
		}
		cmd = main_find(argv[2]);
		if (!cmd)
			return TOOL_USAGE;
		opts_help(cmd);
		return TOOL_OK;
	}
	cmd = main_find(argv[1]);
	return cmd ? cmd->run(cmd, argc - 1, argv + 1) : TOOL_USAGE;
}

int main(int argc, char **argv)
{
	out_start();
	return out_finish(main_run(argc, argv));
}
