/* SPDX-License-Identifier: GPL-2.0 */
/*
 * manual - spans that their callers manage, counted in sinks.
 *
 * Whole pages (whole.h) that are no heap memory while they are out. With b bytes,
 * the moves are Go's of dc0f0ab7:
 *
 *	allocate	idle -= b	heap_sys -= b	sink += b
 *	free		sink -= b	heap_sys += b	idle += b
 *
 * sys and heap_inuse do not move, and a failure moves nothing. Pages of arenas
 * and of vmalloc, idle ones and those that the heap grows by, are all alike: they
 * come into heap_idle before they leave it here.
 *
 * A span is named by its first byte and looked up like any other address, so
 * that a free of something else is an answer and not a crash.
 *
 * Locking: heap->lock.
 */
#ifndef _GS_MANUAL_H
#define _GS_MANUAL_H

#include <linux/types.h>

struct gs_heap;

void *gs_manual_alloc(struct gs_heap *heap, unsigned long npages,
		      unsigned int sink, gfp_t gfp, bool guard);
const char *gs_manual_free(struct gs_heap *heap, const void *base,
			   unsigned int sink);
size_t gs_manual_size(struct gs_heap *heap, const void *base);
bool gs_manual_needzero(struct gs_heap *heap, const void *base);

#endif /* _GS_MANUAL_H */
