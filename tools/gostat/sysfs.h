/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the module's figures in sysfs.
 */
#ifndef _GOSTAT_SYSFS_H
#define _GOSTAT_SYSFS_H

#include "output.h"

#define SYSFS_VALUE	128	/* room for the text of any file */

/* The folder; GOSTAT_SYSFS in the environment puts it elsewhere. */
const char *sysfs_root(void);

/* An exit status, TOOL_NO_MODULE said if the folder is not there. */
int sysfs_require(void);

/*
 * Read file @name below the folder, without its newline. Returns 0 or -errno,
 * says nothing.
 */
int sysfs_text(const char *name, char text[SYSFS_VALUE]);
int sysfs_number(const char *name, u64 *value);

/* Say why reading @name failed with @error (-errno); returns an exit status. */
int sysfs_error(const char *name, int error);

/*
 * Add the figures of folder @name ("." for the folder itself) to @o, in the
 * order of their names, those that it has already left out; @refused counts the
 * files that need root. Returns an exit status; what is wrong is said.
 */
bool sysfs_has_folder(const char *name);
int sysfs_folder(const char *name, struct json_object *o, unsigned int *refused);

/*
 * The same of each folder in folder @name, appended to @array, the folder's own
 * name as member @key. There may be none, and no folder @name.
 */
int sysfs_folders(const char *name, const char *key, struct json_object *array,
		  unsigned int *refused);

/*
 * Two figures that are read often. Bytes obtained from the page allocator and
 * not given back: sys - heap_released.
 */
struct sysfs_held {
	int sys;		/* descriptors */
	int heap_released;
};

int sysfs_held_open(struct sysfs_held *held);
int sysfs_held_read(const struct sysfs_held *held, u64 *bytes);
void sysfs_held_close(struct sysfs_held *held);

#endif /* _GOSTAT_SYSFS_H */
