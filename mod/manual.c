// SPDX-License-Identifier: GPL-2.0
/*
 * manual - spans that their callers manage. See manual.h.
 */
#include <linux/mm.h>

#include "heap.h"

/* Pages that nobody holds the sink for yet. */
static struct gs_span *gs_manual_new(struct gs_heap *heap, unsigned long npages,
				     unsigned int sink, gfp_t gfp, bool guard)
{
	/* Such memory is always addressable; it is not moved either. */
	gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	if (guard)
		return gs_whole_new_virt(heap, npages << PAGE_SHIFT, sink, gfp);
	return gs_whole_new(heap, npages << PAGE_SHIFT, sink, gfp);
}

/**
 * gs_manual_alloc() - allocate a manual span
 * @heap: the heap
 * @npages: its length
 * @sink: the number of the sink that it counts in
 * @gfp: as for kmalloc()
 * @guard: back it with vmalloc, whatever its length, for the guard pages or for
 *	pages that are nobody else's
 *
 * Context: Any but NMI; may sleep if @gfp allows it, must with @guard or above
 * GS_BLOCK_MAX.
 * Return: the first byte, aligned to the size if that is a power of two up to
 * GS_BLOCK_MAX; or NULL.
 */
void *gs_manual_alloc(struct gs_heap *heap, unsigned long npages,
		      unsigned int sink, gfp_t gfp, bool guard)
{
	struct gs_span *span;

	if (unlikely(!npages || npages > min_t(size_t, U32_MAX,
					       SIZE_MAX >> PAGE_SHIFT)))
		return NULL;
	if (unlikely(in_nmi() || !gs_sink_hold(heap, sink)))
		return NULL;
	might_alloc(gfp);
	span = gs_manual_new(heap, npages, sink, gfp, guard);
	if (!span) {
		gs_sink_count_failure(heap, sink);
		gs_sink_drop(heap, sink);
		return NULL;
	}
	if (want_init_on_alloc(gfp))
		memset((void *)span->base, 0, gs_span_bytes(span));
	else
		span->needzero = true;
	return (void *)span->base;
}

/**
 * gs_manual_free() - free a manual span: the mirror
 * @heap: the heap
 * @base: its first byte, or anything
 * @sink: the number of the sink that it should count in; 0 is nobody's
 *
 * Context: Any but NMI; no heap lock held.
 * Return: NULL, or a word for what is wrong; nothing is changed then.
 */
const char *gs_manual_free(struct gs_heap *heap, const void *base,
			   unsigned int sink)
{
	const char *wrong;

	if (!sink)
		return "unknown sink";
	wrong = gs_whole_free(heap, (unsigned long)base, sink);
	if (!wrong)
		gs_sink_drop(heap, sink);
	return wrong;
}

/* The manual span that begins at @base, or NULL. heap->lock held. */
static struct gs_span *gs_manual_find(struct gs_heap *heap, const void *base)
{
	struct gs_span *span = gs_whole_find(heap, (unsigned long)base);

	if (!span || span->state != GS_SPAN_MANUAL || span->guarded ||
	    span->base != (unsigned long)base)
		return NULL;
	return span;
}

/**
 * gs_manual_size() - the length of a manual span
 * @heap: the heap
 * @base: its first byte, or anything
 *
 * Context: Any but NMI.
 * Return: bytes; 0 if no manual span begins there.
 */
size_t gs_manual_size(struct gs_heap *heap, const void *base)
{
	struct gs_span *span;
	unsigned long flags;
	size_t bytes;

	gs_heap_lock(heap, &flags);
	span = gs_manual_find(heap, base);
	bytes = span ? gs_span_bytes(span) : 0;
	gs_heap_unlock(heap, flags);
	return bytes;
}

/**
 * gs_manual_needzero() - may there be old bytes in a manual span?
 * @heap: the heap
 * @base: its first byte, or anything
 *
 * Context: Any but NMI.
 * Return: false if it was all zero when it was allocated.
 */
bool gs_manual_needzero(struct gs_heap *heap, const void *base)
{
	struct gs_span *span;
	unsigned long flags;
	bool needzero;

	gs_heap_lock(heap, &flags);
	span = gs_manual_find(heap, base);
	needzero = !span || span->needzero;
	gs_heap_unlock(heap, flags);
	return needzero;
}
