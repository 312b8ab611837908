// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the control files of tracefs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracefs.h"

const char *tracefs_root(void)
{
	static const char *const usual[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	const char *root = getenv("GOSTAT_TRACEFS");
	char path[PATH_MAX];
	size_t i;

	if (root && *root)
		return root;
	for (i = 0; i < ARRAY_SIZE(usual); i++) {
		snprintf(path, sizeof(path), "%s/instances", usual[i]);
		if (!access(path, F_OK))
			return usual[i];
	}
	return NULL;
}

void tracefs_path(char path[PATH_MAX], const char *fmt, ...)
{
	int len = snprintf(path, PATH_MAX, "%s/", tracefs_root());
	va_list args;

	if (len >= PATH_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(path + len, PATH_MAX - len, fmt, args);
	va_end(args);
}

int tracefs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}
