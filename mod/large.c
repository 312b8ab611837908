// SPDX-License-Identifier: GPL-2.0
/*
 * large - objects above GOSTAT_MAX_SMALL. See large.h.
 */
#include <linux/mm.h>

#include "heap.h"

static void gs_large_count_failure(struct gs_heap *heap)
{
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	heap->pages.large_failures++;
	gs_heap_unlock(heap, flags);
}

/**
 * gs_large_alloc() - allocate whole pages
 * @heap: the heap
 * @size: bytes, above GOSTAT_MAX_SMALL
 * @gfp: as for kmalloc()
 *
 * Context: Any but NMI; may sleep if @gfp allows it.
 * Return: the object, aligned to its size if that is a power of two up to an
 * arena's; or NULL.
 */
void *gs_large_alloc(struct gs_heap *heap, size_t size, gfp_t gfp)
{
	size_t bytes = PAGE_ALIGN(size);
	struct gs_span *span;

	if (unlikely(bytes < size || bytes >> PAGE_SHIFT > U32_MAX || in_nmi()))
		return NULL;
	might_alloc(gfp);
	span = gs_whole_new(heap, bytes, 0, gfp);
	if (!span) {
		gs_large_count_failure(heap);
		return NULL;
	}
	if (want_init_on_alloc(gfp))
		memset((void *)span->base, 0, bytes);
	return (void *)span->base;
}

/**
 * gs_large_free() - free what the fast path found no class for
 * @heap: the heap
 * @obj: the pointer
 *
 * Context: Any but NMI; no heap lock held.
 * Return: NULL, or a word for what is wrong with @obj.
 */
const char *gs_large_free(struct gs_heap *heap, const void *obj)
{
	return gs_whole_free(heap, (unsigned long)obj, 0);
}
