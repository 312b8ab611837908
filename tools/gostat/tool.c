// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: messages, memory, numbers, time.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "progress.h"
#include "tool.h"

static void tool_message(const char *fmt, va_list args)
{
	char text[2048];

	/* In the order of what was printed, and in one piece. */
	progress_clear();
	fflush(stdout);
	vsnprintf(text, sizeof(text), fmt, args);
	fprintf(stderr, "gostat: %s\n", text);
}

int tool_error(int status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tool_message(fmt, args);
	va_end(args);
	return status;
}

void tool_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tool_message(fmt, args);
	va_end(args);
}

static void *tool_checked(void *p)
{
	if (!p)
		exit(tool_error(TOOL_FAIL, "out of memory"));
	return p;
}

void *tool_alloc(size_t n, size_t size)
{
	return tool_checked(calloc(n ? n : 1, size));
}

void *tool_grow(void *old, size_t n, size_t size)
{
	return tool_checked(reallocarray(old, n ? n : 1, size));
}

char *tool_strdup(const char *s)
{
	return tool_checked(strdup(s));
}

char *tool_format(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return tool_checked(text);
}

bool tool_u64(const char *text, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && end != text && !*end && *text != '-';
}

double tool_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

struct timespec tool_timespec(double seconds)
{
	const time_t whole = seconds;

	return (struct timespec) { .tv_sec = whole, .tv_nsec = (seconds - whole) * 1e9 };
}
