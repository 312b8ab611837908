/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device_objects - what becomes of an object of /dev/gostat, step by step.
 *
 * The states and rules are told in device_objects.c. Here are the steps
 * between them, for the commands of one object and of batches alike:
 *
 *	gs_object_admit()	nothing      -> charged
 *	gostat_alloc()		charged      -> mine
 *	gs_object_insert()	mine         -> in the table
 *	gs_object_remove()	in the table -> mine
 *	gs_objects_discard()	mine         -> nothing
 */
#ifndef _GS_DEVICE_OBJECTS_H
#define _GS_DEVICE_OBJECTS_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <gostat/gostat.h>

#include "device.h"

/* Flags of the commands that allocate. */
#define GS_ALLOC_FLAGS	(GOSTAT_ALLOC_ZERO | GOSTAT_ALLOC_ATOMIC)

/* Tag of an entry whose object still holds its last owner's bytes. */
#define GS_RAW		1UL

/**
 * gs_object_usable() - what the heap will hand out for a request
 * @bytes: what is asked for, at least 1
 *
 * Return: usable bytes, which is what is charged.
 */
static inline u64 gs_object_usable(u64 bytes)
{
	if (bytes <= GOSTAT_MAX_SMALL)
		return gostat_class_size[gostat_class_of(bytes)];
	return PAGE_ALIGN(bytes);
}

/* Tag of an entry that is a struct gs_region (device_region.h). */
#define GS_REGION	3UL

/* What a handle can name. */
enum gs_kind {
	GS_KIND_OBJECT,
	GS_KIND_MANUAL,
	GS_KIND_STACK,
};

enum gs_kind gs_entry_kind(void *entry);
void *gs_entry_base(void *entry, u64 *usable);
int gs_table_insert(struct gs_file *file, void *entry, u32 *handle);
int gs_table_remove(struct gs_file *file, u32 handle, enum gs_kind kind,
		    void **entry);

int gs_object_admit(struct gs_file *file, u64 bytes, u32 flags);
gfp_t gs_object_gfp(u64 bytes, u32 flags);
int gs_object_insert(struct gs_file *file, void *object, u64 bytes, u32 flags,
		     u32 *handle);
int gs_object_remove(struct gs_file *file, u32 handle, void **object);
void gs_objects_discard(struct gs_file *file, unsigned int n, void **objects);
int gs_object_free(struct gs_file *file, u32 handle);

#endif /* _GS_DEVICE_OBJECTS_H */
