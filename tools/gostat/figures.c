// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the heap's figures, from where they can be had.
 */
#include <stdio.h>
#include <string.h>

#include "figures.h"
#include "snapshot.h"
#include "sysfs.h"

/* The snapshot's totals stand between its number and its lists. */
static void figures_of_snapshot(struct figures *f)
{
	f->cut = js_number(f->snapshot, "cut");
	json_object_object_foreach(f->snapshot, name, value) {
		if (json_object_is_type(value, json_type_int) && strcmp(name, "cut") &&
		    strcmp(name, "time_ns"))
			js_add(f->total, name, js_shared(value));
	}
	/* NULL, shared, is NULL. */
	f->memory = js_shared(js_member(f->snapshot, FIGURES_MEMORY));
	f->cpus = js_shared(js_member(f->snapshot, FIGURES_CPUS));
}

/* CPUs from 0 on as long as there are folders for them: none is left out. */
static int figures_cpus(struct figures *f)
{
	int status = TOOL_OK;
	char name[32];
	u64 cpu;

	f->cpus = js_array();
	for (cpu = 0; !status; cpu++) {
		struct json_object *row;

		snprintf(name, sizeof(name), "cpu/%llu", cpu);
		if (!sysfs_has_folder(name))
			break;
		row = js_object();
		js_u64(row, "cpu", cpu);
		js_append(f->cpus, row);
		status = sysfs_folder(name, row, &f->refused);
	}
	return status;
}

int figures_read(struct figures *f)
{
	int status = sysfs_require();

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
	if (!status && !f->cpus)
		status = figures_cpus(f);
	if (!status && !json_object_object_length(f->total))
		status = tool_error(TOOL_FAIL, "%s: no figures there", sysfs_root());
	return status;
}

void figures_free(struct figures *f)
{
	json_object_put(f->snapshot);
	json_object_put(f->total);
	json_object_put(f->memory);
	json_object_put(f->cpus);
}
