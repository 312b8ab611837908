/* SPDX-License-Identifier: GPL-2.0 */
/*
 * source - where a heap's pages come from, on a count of its own.
 *
 * Whatever a heap has, pages of arenas, of descriptors, and runs of vmalloc, it
 * gets and gives back here, and only here is that counted in pages.obtained, so
 * that the books can be checked against it:
 *
 *	obtained == sys - heap_released
 *
 * A page that was got and has no use yet, or has none any more, is in transit.
 *
 * The hard limit is enforced here, for the same reason: nothing comes by another
 * way. And the kernel is told of idle pages, which it could have back at once
 * (NR_KERNEL_MISC_RECLAIMABLE): they count as available in /proc/meminfo.
 *
 * Locking: heap->lock for the counts alone; nothing is got or given back under
 * it. This file is the only one that calls the page allocator.
 */
#ifndef _GS_SOURCE_H
#define _GS_SOURCE_H

#include <linux/gfp.h>
#include <linux/types.h>

struct gs_arena;
struct gs_heap;

/* Zones a caller may ask for; small and large objects otherwise share pages. */
#define GS_GFP_ZONES	(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE)

/**
 * struct gs_source - where pages come from, and the time
 * @get: as alloc_pages()
 * @put: as __free_pages()
 * @split: as split_page(): each page of a block becomes a block
 * @get_virt: as __vmalloc()
 * @put_virt: as vfree()
 * @idle: so many pages more are idle, or less; @page is one in the same node
 * @now: ns of CLOCK_MONOTONIC
 * @seconds: the same in whole seconds, for a few instructions
 * @waited: ns that the calling thread has waited for a CPU, ever, as far as that
 *	is known
 *
 * The module's heap uses the page allocator; a test injects its own, to fail
 * the n-th call, to count, or to let time pass.
 */
struct gs_source {
	struct page *(*get)(struct gs_source *src, gfp_t gfp,
			    unsigned int order);
	void (*put)(struct gs_source *src, struct page *page,
		    unsigned int order);
	void (*split)(struct gs_source *src, struct page *page,
		      unsigned int order);
	void *(*get_virt)(struct gs_source *src, size_t bytes, gfp_t gfp);
	void (*put_virt)(struct gs_source *src, void *addr);
	void (*idle)(struct gs_source *src, struct page *page, long npages);
	u64 (*now)(struct gs_source *src);
	u64 (*seconds)(struct gs_source *src);
	u64 (*waited)(struct gs_source *src);
};

extern struct gs_source gs_page_allocator;

struct page *gs_source_get(struct gs_heap *heap, gfp_t gfp, unsigned int order);
void gs_source_put(struct gs_heap *heap, struct page *page, unsigned int order);
void gs_source_split(struct gs_heap *heap, struct page *page,
		     unsigned int order);
void *gs_source_get_virt(struct gs_heap *heap, size_t bytes, gfp_t gfp);
void gs_source_put_virt(struct gs_heap *heap, void *addr, size_t bytes);
void gs_source_idle(struct gs_heap *heap, const struct gs_arena *arena,
		    long npages);

#endif /* _GS_SOURCE_H */
