/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the heap's figures, from where they can be had.
 */
#ifndef _GOSTAT_FIGURES_H
#define _GOSTAT_FIGURES_H

#include "output.h"

/* What the heap has several of, beside size classes. */
enum figures_list {
	FIGURES_CPUS,
	FIGURES_SINKS,
	FIGURES_STACKS,
	FIGURES_SCAVENGER,	/* its runs by cause */
	FIGURES_LISTS,
};

/*
 * From one snapshot as many as it has, the rest from sysfs, each by itself.
 * Names are the module's: a figure that this command does not know is there.
 */
struct figures {
	struct json_object *snapshot;	/* NULL where debugfs cannot be read */
	struct json_object *total;	/* of the whole heap, and the module's settings */
	struct json_object *memory;	/* exclusive classes of bytes; NULL: none */
	struct json_object *background;	/* the scavenger's settings; NULL: none */
	struct json_object *list[FIGURES_LISTS];	/* arrays of figures */
	u64 cut;			/* of the snapshot; 0: there is none */
	unsigned int refused;		/* files that need root */
};

/* Returns an exit status; what is wrong is said. */
int figures_read(struct figures *f);
void figures_free(struct figures *f);

#define FIGURES_MEMORY		"memory_classes"
#define FIGURES_BACKGROUND	"background"

/* A list by its name, and the member that tells its rows apart. */
extern const char *const figures_list_names[FIGURES_LISTS];
extern const char *const figures_list_keys[FIGURES_LISTS];

#endif /* _GOSTAT_FIGURES_H */
