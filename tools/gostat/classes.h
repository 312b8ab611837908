/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the size classes' figures.
 */
#ifndef _GOSTAT_CLASSES_H
#define _GOSTAT_CLASSES_H

#include "output.h"

/* One size class, or all large objects together. */
struct size_class {
	u64 size;		/* bytes of an object; 0: large */
	u64 nmalloc;
	u64 nfree;
	u64 live_bytes;
	struct json_object *figures;	/* all that the module tells, by name */
};

struct size_classes {
	struct size_class *class;	/* by size, large objects last */
	unsigned int nr;
	u64 cut;		/* that all of it is of; 0: read one after the other */
};

/* Returns an exit status; what is wrong is said. */
int size_classes_read(struct size_classes *classes);
/* Those of @snapshot, which is not needed any more afterwards. */
int size_classes_of_snapshot(struct size_classes *classes,
			     const struct json_object *snapshot);
void size_classes_free(struct size_classes *classes);

/* The index of the class that an object of @bytes comes from. */
unsigned int size_classes_of(const struct size_classes *classes, u64 bytes);

/* Its size for people ("1,024", "large") or as a name ("1024"); returns @text. */
char *size_class_title(const struct size_class *class, char *text);
char *size_class_name(const struct size_class *class, char *text);

#endif /* _GOSTAT_CLASSES_H */
