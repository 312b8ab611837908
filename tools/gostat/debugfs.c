// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the module's files in debugfs, each of one moment.
 *
 * A file is opened for each reading: an open one would keep the module from
 * being unloaded. One that never ends has to be.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debugfs.h"
#include "sysfs.h"

const char *debugfs_root(void)
{
	const char *root = getenv("GOSTAT_DEBUGFS");

	return root && *root ? root : "/sys/kernel/debug/gostat";
}

/* Files of debugfs have no size: read until there is nothing more. */
static int debugfs_all(int fd, char **text)
{
	size_t room = 0, len = 0;
	ssize_t n;

	*text = NULL;
	do {
		if (len + 1 >= room) {
			room = 2 * room + 65536;
			*text = tool_grow(*text, room, 1);
		}
		n = read(fd, *text + len, room - len - 1);
		if (n > 0)
			len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	(*text)[len] = 0;
	return n < 0 ? -errno : 0;
}

static int debugfs_fd(const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", debugfs_root(), name);
	fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

int debugfs_try(const char *name, char **text)
{
	int fd = debugfs_fd(name, 0), error;

	*text = NULL;
	if (fd < 0)
		return fd;
	error = debugfs_all(fd, text);
	close(fd);
	if (error) {
		free(*text);
		*text = NULL;
	}
	return error;
}

int debugfs_error(const char *name, int error)
{
	int status = sysfs_require();

	if (status)
		return status;
	if (error == -EACCES || error == -EPERM)
		return tool_error(TOOL_FAIL, "%s/%s: %s: run gostat as root",
				  debugfs_root(), name, strerror(-error));
	if (error == -ENOENT && access(debugfs_root(), F_OK))
		return tool_error(TOOL_FAIL,
				  "%s: not there: as root, 'mount -t debugfs none /sys/kernel/debug'",
				  debugfs_root());
	if (error == -ENOENT)
		return debugfs_bad(name, strerror(-error));
	return tool_error(TOOL_FAIL, "%s/%s: %s", debugfs_root(), name, strerror(-error));
}

int debugfs_read(const char *name, char **text)
{
	int error = debugfs_try(name, text);

	return error ? debugfs_error(name, error) : TOOL_OK;
}

int debugfs_open(const char *name, int *fd)
{
	*fd = debugfs_fd(name, O_NONBLOCK);
	return *fd < 0 ? debugfs_error(name, *fd) : TOOL_OK;
}

int debugfs_bad(const char *name, const char *why)
{
	return tool_error(TOOL_FAIL, "%s/%s: %s: is the module of another version?",
			  debugfs_root(), name, why);
}
