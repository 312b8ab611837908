// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the heap's figures, from where they can be had.
 */
#include <string.h>

#include "figures.h"
#include "snapshot.h"
#include "sysfs.h"

const char *const figures_list_names[FIGURES_LISTS] = { "by_cpu", "sinks", "stacks" };
const char *const figures_list_keys[FIGURES_LISTS] = { "cpu", "name", "size" };

/* NULL: root's, as size classes are, and only of a snapshot. */
static const char *const list_folders[FIGURES_LISTS] = { "cpu", "sinks", NULL };

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
		f->list[i] = js_shared(js_member(f->snapshot, figures_list_names[i]));
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
	for (i = 0; i < FIGURES_LISTS; i++)
		json_object_put(f->list[i]);
}
