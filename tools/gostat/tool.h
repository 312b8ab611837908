/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: what all of its files share.
 *
 * main.c dispatches to one file per subcommand (cmd_*.c). A subcommand is a
 * const struct command: its texts, its option table and its function. Below
 * them: opts.c (options and help), output.c (text, tables, JSON), outfile.c
 * (files that are replaced whole), ending.c (what goes on until a signal comes),
 * sysfs.c, debugfs.c and device.c (the module), snapshot.c, figures.c, classes.c,
 * arenas.c and scvg.c (what it tells), watch.c and metrics.c (two ways to show
 * it), trace.c and tracestat.c (allocation traces), replay.c (a trace through the
 * device), capture.c and convert.c (tracefs to a trace).
 *
 * Functions that can fail for a reason the user should know print it with
 * tool_error(), which returns the exit status to pass up.
 */
#ifndef _GOSTAT_TOOL_H
#define _GOSTAT_TOOL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define min(a, b) ({			\
	__auto_type _min_a = (a);	\
	__auto_type _min_b = (b);	\
	_min_a < _min_b ? _min_a : _min_b; })

#define max(a, b) ({			\
	__auto_type _max_a = (a);	\
	__auto_type _max_b = (b);	\
	_max_a > _max_b ? _max_a : _max_b; })

/* Exit statuses; documented in main.c's help. */
enum tool_exit {
	TOOL_OK = 0,
	TOOL_FAIL = 1,		/* a file, the trace, the output, the module said no */
	TOOL_USAGE = 2,		/* the command line is wrong */
	TOOL_NO_MODULE = 3,	/* the module's files are not there */
	TOOL_DISAGREE = 4,	/* the module's figures are not what was done */
	TOOL_INTERRUPTED = 130,	/* SIGINT, as shells have it */
};

/* Print "gostat: ..." to stderr; returns @status. */
[[gnu::format(printf, 2, 3)]]
int tool_error(int status, const char *fmt, ...);
[[gnu::format(printf, 1, 2)]]
void tool_warn(const char *fmt, ...);

/* malloc family that ends the program with a message instead of NULL. */
void *tool_alloc(size_t n, size_t size);
void *tool_grow(void *old, size_t n, size_t size);
char *tool_strdup(const char *s);
[[gnu::format(printf, 1, 2)]]
char *tool_format(const char *fmt, ...);

/* All of @text as a number; false if it is none that fits. */
bool tool_u64(const char *text, u64 *value);

/* Seconds of CLOCK_MONOTONIC; and as the kernel wants them. */
double tool_now(void);
struct timespec tool_timespec(double seconds);

#endif /* _GOSTAT_TOOL_H */
