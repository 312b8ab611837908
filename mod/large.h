/* SPDX-License-Identifier: GPL-2.0 */
/*
 * large - objects above GOSTAT_MAX_SMALL: whole pages, one object a span.
 *
 * Up to an arena's size they are runs of the page heap; beyond, they are backed
 * by vmalloc, for callers that may sleep. The latter stand in heap->vruns and in
 * the same books: heap_sys and heap_inuse. Freed, they are idle until a work
 * item gives them back, because vfree() may sleep and a free may not.
 *
 *	state of a run	heap_sys	heap_inuse	heap_idle
 *	live		counted		counted		-
 *	freed, queued	counted		-		counted
 *	given back	-		-		-
 *
 * Locking: heap->lock.
 */
#ifndef _GS_LARGE_H
#define _GS_LARGE_H

#include <linux/types.h>

struct gs_heap;
struct gs_span;

void *gs_large_alloc(struct gs_heap *heap, size_t size, gfp_t gfp);
const char *gs_large_free(struct gs_heap *heap, const void *obj);
struct gs_span *gs_vrun_find(struct gs_heap *heap, unsigned long addr);
void gs_large_init(struct gs_heap *heap);
void gs_large_destroy(struct gs_heap *heap);

#endif /* _GS_LARGE_H */
