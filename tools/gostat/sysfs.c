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
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno || end == text || *end || *text == '-' ? -EINVAL : 0;
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

static int size_class_order(const void *a, const void *b)
{
	const struct size_class *ca = a, *cb = b;

	return (ca->size > cb->size) - (ca->size < cb->size);
}

static int size_class_read(const char *dir, struct size_class *class)
{
	static const char *const files[] = { "size", "nmalloc", "nfree" };
	u64 *const values[] = { &class->size, &class->nmalloc, &class->nfree };
	char name[NAME_MAX + 32];
	unsigned int i;
	int error;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "by_size/%s/%s", dir, files[i]);
		error = sysfs_number(name, values[i]);
		if (error)
			return sysfs_error(name, error);
	}
	class->live_bytes = class->size * (class->nmalloc - class->nfree);
	return TOOL_OK;
}

/* What the totals have and no size class has is large. */
static int size_class_large(struct size_classes *classes)
{
	static const char *const files[] = { "nmalloc", "nfree", "heap_alloc" };
	struct size_class *large = &classes->class[classes->nr++];
	u64 *const values[] = { &large->nmalloc, &large->nfree, &large->live_bytes };
	unsigned int i;
	int error;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		error = sysfs_number(files[i], values[i]);
		if (error)
			return sysfs_error(files[i], error);
	}
	large->size = 0;
	for (i = 0; i < classes->nr - 1; i++) {
		large->nmalloc -= classes->class[i].nmalloc;
		large->nfree -= classes->class[i].nfree;
		large->live_bytes -= classes->class[i].live_bytes;
	}
	return TOOL_OK;
}

int size_classes_read(struct size_classes *classes)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int status;
	DIR *dir;

	memset(classes, 0, sizeof(*classes));
	status = sysfs_require();
	if (status)
		return status;
	snprintf(path, sizeof(path), "%s/by_size", sysfs_root());
	dir = opendir(path);
	if (!dir)
		return sysfs_error("by_size", -errno);
	while (!status && (entry = readdir(dir))) {
		struct size_class class;

		if (entry->d_name[0] == '.')
			continue;
		status = size_class_read(entry->d_name, &class);
		if (status || !class.size)	/* large objects get their row below */
			continue;
		classes->class = tool_grow(classes->class, classes->nr + 2,
					   sizeof(class));
		classes->class[classes->nr++] = class;
	}
	closedir(dir);
	if (!status && !classes->nr)
		status = tool_error(TOOL_FAIL, "%s: no size classes there", path);
	if (!status) {
		qsort(classes->class, classes->nr, sizeof(*classes->class), size_class_order);
		status = size_class_large(classes);
	}
	return status;
}

void size_classes_free(struct size_classes *classes)
{
	free(classes->class);
	memset(classes, 0, sizeof(*classes));
}

unsigned int size_classes_of(const struct size_classes *classes, u64 bytes)
{
	unsigned int low = 0, high = classes->nr - 1;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (classes->class[middle].size < bytes)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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
