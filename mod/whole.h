/* SPDX-License-Identifier: GPL-2.0 */
/*
 * whole - spans that are one thing to whoever has them: a large object (large.h)
 * or a manual span (manual.h).
 *
 * Up to a block's size they are runs of the page heap's arenas. Beyond, or where
 * guard pages are wanted, they are backed by vmalloc, for callers that may sleep;
 * these stand in heap->vruns, in the same books. Freed, a run is idle heap memory
 * until a work item gives it back, because vfree() may sleep and a free may not.
 *
 *	state of a run	heap_sys	heap_inuse	heap_idle	its sink
 *	large, live	counted		counted		-		-
 *	manual, live	-		-		-		counted
 *	freed, queued	counted		-		counted		-
 *	given back	-		-		-		-
 *
 * A free claims the span (FREEING) under the lock, so that of two frees exactly
 * one gets past; it leaves the books at the end.
 *
 * Locking: heap->lock.
 */
#ifndef _GS_WHOLE_H
#define _GS_WHOLE_H

#include <linux/types.h>

struct gs_heap;
struct gs_span;

struct gs_span *gs_whole_new(struct gs_heap *heap, size_t bytes,
			     unsigned int sink, gfp_t gfp);
struct gs_span *gs_whole_new_virt(struct gs_heap *heap, size_t bytes,
				  unsigned int sink, gfp_t gfp);
const char *gs_whole_free(struct gs_heap *heap, unsigned long addr,
			  unsigned int sink);
struct gs_span *gs_whole_find(struct gs_heap *heap, unsigned long addr);
void gs_whole_init(struct gs_heap *heap);
void gs_whole_destroy(struct gs_heap *heap);

#endif /* _GS_WHOLE_H */
