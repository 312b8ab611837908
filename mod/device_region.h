/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device_region - what a handle of /dev/gostat names that is no object: a manual
 * span or a stack-like buffer.
 *
 * States:	charged		its bytes are counted against the limits
 *		mine		it has its memory, cleared; refs == 1
 *		in the table	the reference is the table's; each mapping has one
 *		out of it	its handle is unknown; mappings may be left
 *		gone		refs == 0: memory freed, bytes uncharged
 *
 * Invariant: refs == (in the table or in one thread's hands) + mappings, where a
 * part that munmap(), mprotect() or mremap() cut off, and a child's copy, is a
 * mapping of its own.
 *
 * A mapping holds the open file as a descriptor does, so @file outlives every
 * reference. The memory belongs to the heap's sink until the last of them is gone.
 *
 * Locking: the table's xa_lock to take a reference by a handle. The memory of a
 * region may be touched under that lock (device_objects.c), or with a reference.
 */
#ifndef _GS_DEVICE_REGION_H
#define _GS_DEVICE_REGION_H

#include <linux/refcount.h>
#include <linux/types.h>

#include "device_objects.h"

/**
 * struct gs_region - a manual span or a stack-like buffer in user space's hands
 * @refs: see above
 * @kind: GS_KIND_MANUAL or GS_KIND_STACK
 * @handle: what it is called when it is in the table
 * @base: its first byte
 * @bytes: its length, which is charged
 * @file: to whom
 * @sink: MANUAL: where it counts; kept from going by the span
 */
struct gs_region {
	refcount_t refs;
	enum gs_kind kind;
	u32 handle;
	void *base;
	u64 bytes;
	struct gs_file *file;
	struct gostat_sink *sink;
};

struct gs_region *gs_region_new(struct gs_file *file, enum gs_kind kind,
				u64 bytes);
void gs_region_put(struct gs_region *region);
int gs_region_insert(struct gs_region *region, u32 *handle);
int gs_region_remove(struct gs_file *file, u32 handle, enum gs_kind kind);

#endif /* _GS_DEVICE_REGION_H */
