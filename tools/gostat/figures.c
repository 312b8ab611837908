// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the heap's figures, from where they can be had.
 */
#include <string.h>

#include "figures.h"
#include "snapshot.h"
#include "sysfs.h"

#define SCAVENGER_FOLDER	"scavenger"

const char *const figures_list_names[FIGURES_LISTS] = {
	"by_cpu", "sinks", "stacks", "scavenger",
};

const char *const figures_list_keys[FIGURES_LISTS] = { "cpu", "name", "size", "cause" };

/* NULL: root's, as size classes are, and only of a snapshot. */
static const char *const list_folders[FIGURES_LISTS] = {
	"cpu", "sinks", NULL, SCAVENGER_FOLDER,
};

/* An array as it is, NULL too; of an object's objects one whose rows have their names. */
static struct json_object *figures_rows(struct json_object *list, const char *key)
{
	struct json_object *rows;

	if (!json_object_is_type(list, json_type_object))
		return js_shared(list);
	rows = js_array();
	json_object_object_foreach(list, name, figures) {
		struct json_object *row = js_object();

		js_string(row, key, name);
		json_object_object_foreach(figures, figure, value)
			js_add(row, figure, js_shared(value));
		js_append(rows, row);
	}
	return rows;
}

/* The snapshot's totals stand between its number and its lists. */
static void figures_of_snapshot(struct figures *f)
{
	unsigned int i;

	f->cut = js_number(f->snapshot, "cut");
	json_object_object_foreach(f->snapshot, name, value) {
		if (json_object_is_type(value, json_type_int) && strcmp(name, "cut") &&
		    strcmp(name, "time_ns"))
			js_add(f->total, name, js_shared(value));
	}
	/* NULL, shared, is NULL. */
	f->memory = js_shared(js_member(f->snapshot, FIGURES_MEMORY));
	for (i = 0; i < FIGURES_LISTS; i++)
		f->list[i] = figures_rows(js_member(f->snapshot, figures_list_names[i]),
					  figures_list_keys[i]);
}

static int figures_list_from_sysfs(struct figures *f, enum figures_list list)
{
	f->list[list] = js_array();
	if (!list_folders[list])
		return TOOL_OK;
	return sysfs_folders(list_folders[list], figures_list_keys[list], f->list[list],
			     &f->refused);
}

int figures_read(struct figures *f)
{
	int status = sysfs_require();
	unsigned int i;

	memset(f, 0, sizeof(*f));
	if (!status)
		status = snapshot_try(&f->snapshot);
	if (status)
		return status;
	f->total = js_object();
	if (f->snapshot)
		figures_of_snapshot(f);
	status = sysfs_folder(".", f->total, &f->refused);
	if (!status && !f->memory && sysfs_has_folder(FIGURES_MEMORY)) {
		f->memory = js_object();
		status = sysfs_folder(FIGURES_MEMORY, f->memory, &f->refused);
	}
	if (!status && sysfs_has_folder(SCAVENGER_FOLDER)) {
		f->background = js_object();
		status = sysfs_folder(SCAVENGER_FOLDER, f->background, &f->refused);
	}
	for (i = 0; !status && i < FIGURES_LISTS; i++)
		if (!f->list[i])
			status = figures_list_from_sysfs(f, i);
	if (!status && !json_object_object_length(f->total))
		status = tool_error(TOOL_FAIL, "%s: no figures there", sysfs_root());
	return status;
}

void figures_free(struct figures *f)
{
	unsigned int i;

	json_object_put(f->snapshot);
	json_object_put(f->total);
	json_object_put(f->memory);
	json_object_put(f->background);
	for (i = 0; i < FIGURES_LISTS; i++)
		json_object_put(f->list[i]);
}
