// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the size classes' figures.
 *
 * From one snapshot where debugfs can be read, else from by_size in sysfs, file
 * by file, when they add up only while the heap is at rest.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classes.h"
#include "snapshot.h"
#include "sysfs.h"

static int size_class_order(const void *a, const void *b)
{
	const struct size_class *ca = a, *cb = b;

	/* Large ones, of size 0, are last: 0 - 1 is the largest number. */
	return (ca->size - 1 > cb->size - 1) - (ca->size - 1 < cb->size - 1);
}

/* @figures becomes the class's. */
static void size_classes_add(struct size_classes *classes, struct json_object *figures)
{
	struct size_class *class;

	classes->class = tool_grow(classes->class, classes->nr + 1, sizeof(*class));
	class = &classes->class[classes->nr++];
	class->size = js_number(figures, "size");
	class->nmalloc = js_number(figures, "nmalloc");
	class->nfree = js_number(figures, "nfree");
	class->live_bytes = class->size * (class->nmalloc - class->nfree);
	class->figures = figures;
}

/*
 * In order, and the bytes of large objects, which are what the total has and
 * no class has. There is one row for them, the last.
 */
static int size_classes_finish(struct size_classes *classes, u64 heap_alloc,
			       const char *where)
{
	struct size_class *large;
	unsigned int i;

	if (classes->nr < 2)
		return tool_error(TOOL_FAIL, "%s: no size classes there", where);
	qsort(classes->class, classes->nr, sizeof(*classes->class), size_class_order);
	large = &classes->class[classes->nr - 1];
	if (large->size || !large[-1].size)
		return tool_error(TOOL_FAIL, "%s: not one row of large objects", where);
	large->live_bytes = heap_alloc;
	for (i = 0; i < classes->nr - 1; i++)
		large->live_bytes -= classes->class[i].live_bytes;
	return TOOL_OK;
}

int size_classes_of_snapshot(struct size_classes *classes,
			     const struct json_object *snapshot)
{
	struct json_object *rows = js_member(snapshot, "by_size");
	size_t i;

	memset(classes, 0, sizeof(*classes));
	classes->cut = js_number(snapshot, "cut");
	for (i = 0; i < json_object_array_length(rows); i++)
		size_classes_add(classes, js_shared(json_object_array_get_idx(rows, i)));
	return size_classes_finish(classes, js_number(snapshot, "heap_alloc"), "by_size");
}

/* Without these it is no class; all others are welcome. */
static int size_class_required(struct json_object *figures, const char *dir)
{
	static const char *const names[] = { "size", "nmalloc", "nfree" };
	char path[NAME_MAX + 32];
	unsigned int i;
	u64 value;
	int error;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "by_size/%s/%s", dir, names[i]);
		error = sysfs_number(path, &value);
		if (error)
			return sysfs_error(path, error);
		js_u64(figures, names[i], value);
	}
	return TOOL_OK;
}

static int size_classes_folder(struct size_classes *classes, const char *dir)
{
	struct json_object *figures = js_object();
	char path[NAME_MAX + 16];
	unsigned int refused = 0;
	int status;

	snprintf(path, sizeof(path), "by_size/%s", dir);
	status = size_class_required(figures, dir);
	if (!status)
		status = sysfs_folder(path, figures, &refused);
	if (!status && js_number(figures, "size"))	/* large ones: see below */
		size_classes_add(classes, figures);
	else
		json_object_put(figures);
	return status;
}

/* What the totals have and no size class has is large. */
static int size_classes_large(struct size_classes *classes, u64 *heap_alloc)
{
	static const char *const names[] = { "nmalloc", "nfree", "heap_alloc" };
	u64 value[ARRAY_SIZE(names)];
	struct json_object *figures;
	unsigned int refused = 0, i;
	int error;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		error = sysfs_number(names[i], &value[i]);
		if (error)
			return sysfs_error(names[i], error);
	}
	*heap_alloc = value[2];
	for (i = 0; i < classes->nr; i++) {
		value[0] -= classes->class[i].nmalloc;
		value[1] -= classes->class[i].nfree;
	}
	figures = js_object();
	js_u64(figures, "size", 0);
	js_u64(figures, "nmalloc", value[0]);
	js_u64(figures, "nfree", value[1]);
	error = sysfs_has_folder("large") ? sysfs_folder("large", figures, &refused) : TOOL_OK;
	size_classes_add(classes, figures);
	return error;
}

static int size_classes_from_sysfs(struct size_classes *classes)
{
	struct dirent *entry;
	char path[PATH_MAX];
	u64 heap_alloc = 0;
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
	while (!status && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			status = size_classes_folder(classes, entry->d_name);
	closedir(dir);
	if (!status)
		status = size_classes_large(classes, &heap_alloc);
	if (!status)
		status = size_classes_finish(classes, heap_alloc, path);
	return status;
}

int size_classes_read(struct size_classes *classes)
{
	struct json_object *snapshot;
	int status = snapshot_try(&snapshot);

	memset(classes, 0, sizeof(*classes));
	if (status)
		return status;
	if (!snapshot)
		return size_classes_from_sysfs(classes);
	status = size_classes_of_snapshot(classes, snapshot);
	json_object_put(snapshot);
	return status;
}

void size_classes_free(struct size_classes *classes)
{
	while (classes->nr)
		json_object_put(classes->class[--classes->nr].figures);
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

char *size_class_name(const struct size_class *class, char *text)
{
	if (class->size)
		snprintf(text, OUT_NUMBER, "%llu", class->size);
	else
		snprintf(text, OUT_NUMBER, "large");
	return text;
}

char *size_class_title(const struct size_class *class, char *text)
{
	return class->size ? out_count(text, class->size) : size_class_name(class, text);
}
