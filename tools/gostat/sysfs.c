// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the module's figures in sysfs, one value per file.
 *
 * Each file is true by itself; figures of several files are of one moment only
 * while the heap is at rest.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfs.h"

const char *sysfs_root(void)
{
	const char *root = getenv("GOSTAT_SYSFS");

	return root && *root ? root : "/sys/kernel/gostat";
}

int sysfs_require(void)
{
	if (!access(sysfs_root(), R_OK | X_OK))
		return TOOL_OK;
	if (errno != ENOENT)
		return tool_error(TOOL_FAIL, "%s: %s", sysfs_root(), strerror(errno));
	return tool_error(TOOL_NO_MODULE,
			  "%s: not there: load the module with 'insmod gostat.ko' or run 'make shell'",
			  sysfs_root());
}

static int sysfs_open(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", sysfs_root(), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int sysfs_read(int fd, char text[SYSFS_VALUE])
{
	ssize_t n = pread(fd, text, SYSFS_VALUE - 1, 0);

	if (n < 0)
		return -errno;
	while (n && text[n - 1] == '\n')
		n--;
	text[n] = 0;
	return 0;
}

static int sysfs_parse(const char *text, u64 *value)
{
	return tool_u64(text, value) ? 0 : -EINVAL;
}

int sysfs_text(const char *name, char text[SYSFS_VALUE])
{
	int fd = sysfs_open(name), error;

	if (fd < 0)
		return fd;
	error = sysfs_read(fd, text);
	close(fd);
	return error;
}

int sysfs_number(const char *name, u64 *value)
{
	char text[SYSFS_VALUE];
	int error = sysfs_text(name, text);

	return error ? error : sysfs_parse(text, value);
}

int sysfs_error(const char *name, int error)
{
	if (error == -EACCES || error == -EPERM)
		return tool_error(TOOL_FAIL, "%s/%s: %s: run gostat as root",
				  sysfs_root(), name, strerror(-error));
	if (error == -EINVAL)
		return tool_error(TOOL_FAIL, "%s/%s: not a number", sysfs_root(), name);
	return tool_error(TOOL_FAIL, "%s/%s: %s", sysfs_root(), name, strerror(-error));
}

/* One file into @o. */
static int sysfs_member(struct json_object *o, const char *path, const char *name,
			unsigned int *refused)
{
	char text[SYSFS_VALUE];
	int error = sysfs_text(path, text);

	if (error == -EACCES || error == -EPERM) {
		++*refused;
		return TOOL_OK;
	}
	if (error)
		return sysfs_error(path, error);
	js_value(o, name, text);
	return TOOL_OK;
}

/* Folders have commands of their own; triggers cannot be read. */
static bool sysfs_is_figure(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & 0444;
}

bool sysfs_has_folder(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", sysfs_root(), name);
	return !access(path, R_OK | X_OK);
}

int sysfs_folder(const char *name, struct json_object *o, unsigned int *refused)
{
	char path[PATH_MAX], file[PATH_MAX];
	struct dirent **entry;
	int n, i, status = TOOL_OK;

	snprintf(path, sizeof(path), "%s/%s", sysfs_root(), name);
	n = scandir(path, &entry, NULL, alphasort);
	if (n < 0)
		return sysfs_error(name, -errno);
	for (i = 0; i < n; i++) {
		const char *figure = entry[i]->d_name;

		if (snprintf(file, sizeof(file), "%s/%s", path, figure) < PATH_MAX &&
		    !status && !js_member(o, figure) && sysfs_is_figure(file))
			status = sysfs_member(o, file + strlen(sysfs_root()) + 1, figure,
					      refused);
		free(entry[i]);
	}
	free(entry);
	return status;
}

int sysfs_folders(const char *name, const char *key, struct json_object *array,
		  unsigned int *refused)
{
	char path[PATH_MAX], folder[2 * NAME_MAX];
	struct dirent **entry;
	int n, i, status = TOOL_OK;

	snprintf(path, sizeof(path), "%s/%s", sysfs_root(), name);
	n = scandir(path, &entry, NULL, versionsort);
	if (n < 0)
		return errno == ENOENT ? TOOL_OK : sysfs_error(name, -errno);
	for (i = 0; i < n; i++) {
		struct json_object *row;

		snprintf(folder, sizeof(folder), "%s/%s", name, entry[i]->d_name);
		if (!status && entry[i]->d_name[0] != '.' && sysfs_has_folder(folder)) {
			row = js_object();
			js_value(row, key, entry[i]->d_name);
			js_append(array, row);
			status = sysfs_folder(folder, row, refused);
		}
		free(entry[i]);
	}
	free(entry);
	return status;
}

int sysfs_held_open(struct sysfs_held *held)
{
	held->heap_released = -1;
	held->sys = sysfs_open("sys");
	if (held->sys < 0)
		return sysfs_error("sys", held->sys);
	held->heap_released = sysfs_open("heap_released");
	if (held->heap_released < 0)
		return sysfs_error("heap_released", held->heap_released);
	return TOOL_OK;
}

int sysfs_held_read(const struct sysfs_held *held, u64 *bytes)
{
	char text[SYSFS_VALUE];
	u64 sys, released;
	int error;

	error = sysfs_read(held->sys, text);
	if (!error)
		error = sysfs_parse(text, &sys);
	if (error)
		return sysfs_error("sys", error);
	error = sysfs_read(held->heap_released, text);
	if (!error)
		error = sysfs_parse(text, &released);
	if (error)
		return sysfs_error("heap_released", error);
	*bytes = sys - released;
	return TOOL_OK;
}

void sysfs_held_close(struct sysfs_held *held)
{
	if (held->sys >= 0)
		close(held->sys);
	if (held->heap_released >= 0)
		close(held->heap_released);
	held->sys = -1;
	held->heap_released = -1;
}
