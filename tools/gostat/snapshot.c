// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: all figures of the heap as of one cut.
 */
#include <stdlib.h>

#include "debugfs.h"
#include "snapshot.h"

#define SNAPSHOT_FILE	"memstats.json"

static int snapshot_parse(char *text, struct json_object **snapshot)
{
	*snapshot = js_parse(text);
	free(text);
	if (!*snapshot)
		return debugfs_bad(SNAPSHOT_FILE, "is not a JSON object");
	if (js_has(*snapshot, "cut") && js_has(*snapshot, "time_ns") &&
	    json_object_is_type(js_member(*snapshot, "by_size"), json_type_array))
		return TOOL_OK;
	json_object_put(*snapshot);
	*snapshot = NULL;
	return debugfs_bad(SNAPSHOT_FILE, "is not a snapshot");
}

int snapshot_read(struct json_object **snapshot)
{
	char *text;
	int status = debugfs_read(SNAPSHOT_FILE, &text);

	*snapshot = NULL;
	return status ? status : snapshot_parse(text, snapshot);
}

int snapshot_try(struct json_object **snapshot)
{
	char *text;

	*snapshot = NULL;
	if (debugfs_try(SNAPSHOT_FILE, &text))
		return TOOL_OK;
	return snapshot_parse(text, snapshot);
}

u64 snapshot_held(const struct json_object *snapshot)
{
	return js_number(snapshot, "sys") - js_number(snapshot, "heap_released");
}
