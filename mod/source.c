// SPDX-License-Identifier: GPL-2.0
/*
 * source - where a heap's pages come from, on a count of its own. See source.h.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>

#include "heap.h"

static struct page *gs_get_from_buddy(struct gs_source *src, gfp_t gfp,
				      unsigned int order)
{
	return alloc_pages(gfp, order);
}

static void gs_put_to_buddy(struct gs_source *src, struct page *page,
			    unsigned int order)
{
	__free_pages(page, order);
}

static void *gs_get_from_vmalloc(struct gs_source *src, size_t bytes, gfp_t gfp)
{
	return __vmalloc(bytes, gfp);
}

static void gs_put_to_vmalloc(struct gs_source *src, void *addr)
{
	vfree(addr);
}

static void gs_split_for_buddy(struct gs_source *src, struct page *page,
			       unsigned int order)
{
	split_page(page, order);
}

static void gs_tell_of_idle(struct gs_source *src, struct page *page,
			    long npages)
{
	mod_node_page_state(page_pgdat(page), NR_KERNEL_MISC_RECLAIMABLE,
			    npages);
}

static u64 gs_now(struct gs_source *src)
{
	return ktime_get_ns();
}

static u64 gs_seconds(struct gs_source *src)
{
	return ktime_get_seconds();
}

static u64 gs_waited(struct gs_source *src)
{
#ifdef CONFIG_SCHED_INFO
	return current->sched_info.run_delay;
#else
	return 0;
#endif
}

struct gs_source gs_page_allocator = {
	.get = gs_get_from_buddy,
	.put = gs_put_to_buddy,
	.split = gs_split_for_buddy,
	.get_virt = gs_get_from_vmalloc,
	.put_virt = gs_put_to_vmalloc,
	.idle = gs_tell_of_idle,
	.now = gs_now,
	.seconds = gs_seconds,
	.waited = gs_waited,
};

/* Would it be too much? So that the page allocator is not asked for nothing. */
static bool gs_source_refuses(struct gs_heap *heap, size_t bytes, gfp_t gfp)
{
	unsigned long flags;
	bool passed;

	if (likely(!atomic64_read(&heap->reclaim.hard)))
		return false;
	gs_heap_lock(heap, &flags);
	passed = gs_limit_passed(heap, bytes, gfp);
	gs_heap_unlock(heap, flags);
	return passed;
}

/* False, and nothing is counted, if others were faster and it is too much now. */
static bool gs_source_count(struct gs_heap *heap, size_t bytes, gfp_t gfp)
{
	unsigned long flags;
	bool passed;

	gs_heap_lock(heap, &flags);
	passed = gs_limit_passed(heap, bytes, gfp);
	if (!passed) {
		heap->pages.obtained += bytes;
		heap->pages.transit += bytes;
		heap->pages.peak_held = max(heap->pages.peak_held,
					    heap->pages.obtained);
	}
	gs_heap_unlock(heap, flags);
	return !passed;
}

static void gs_source_uncount(struct gs_heap *heap, size_t bytes)
{
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	heap->pages.transit -= bytes;
	heap->pages.obtained -= bytes;
	gs_heap_unlock(heap, flags);
}

/* The page allocator takes __GFP_NOFAIL for two pages at most. */
static gfp_t gs_source_gfp(gfp_t gfp, unsigned int order)
{
	return order > 1 ? gfp & ~__GFP_NOFAIL : gfp;
}

/**
 * gs_source_get() - obtain pages, on the independent count
 * @heap: whose
 * @gfp: as for alloc_pages()
 * @order: power of two of pages
 *
 * pages.obtained is counted here and in gs_source_put() and nowhere else, so
 * that the books can be checked against it: obtained == sys - heap_released.
 * Until somebody puts the pages to a use they are in transit, part of other_sys.
 * Pages shared by many owners are charged to no memory cgroup. What would pass
 * the hard limit is refused.
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 * Return: the pages, in the direct map, or NULL.
 */
struct page *gs_source_get(struct gs_heap *heap, gfp_t gfp, unsigned int order)
{
	size_t bytes = PAGE_SIZE << order;
	struct page *page;

	/* There the page allocator's locks sleep; SLUB's rule is the same. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())
		return NULL;
	if (gs_source_refuses(heap, bytes, gfp))
		return NULL;
	gfp &= ~(__GFP_ACCOUNT | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_COMP);
	page = heap->source->get(heap->source, gs_source_gfp(gfp, order), order);
	if (page && !gs_source_count(heap, bytes, gfp)) {
		heap->source->put(heap->source, page, order);
		return NULL;
	}
	return page;
}

/**
 * gs_source_put() - return pages
 * @heap: whose
 * @page: what gs_source_get() gave
 * @order: as it was asked for
 *
 * Context: Where the page allocator may be called; no heap lock held.
 */
void gs_source_put(struct gs_heap *heap, struct page *page, unsigned int order)
{
	gs_source_uncount(heap, PAGE_SIZE << order);
	heap->source->put(heap->source, page, order);
}

/**
 * gs_source_split() - each page of a block becomes a block of its own
 * @heap: whose
 * @page: what gs_source_get() gave
 * @order: as it was asked for
 *
 * Blocks are no compound pages, so that this is possible; there is no way back.
 *
 * Context: Any; no heap lock need be held.
 */
void gs_source_split(struct gs_heap *heap, struct page *page,
		     unsigned int order)
{
	heap->source->split(heap->source, page, order);
}

/**
 * gs_source_get_virt() - obtain pages that are contiguous in vmalloc space only
 * @heap: whose
 * @bytes: how many, whole pages
 * @gfp: as for __vmalloc(); a run has one owner, and with __GFP_ACCOUNT the current
 *	memory cgroup is charged until it is returned
 *
 * Context: No lock held; sleeps.
 * Return: the memory, or NULL.
 */
void *gs_source_get_virt(struct gs_heap *heap, size_t bytes, gfp_t gfp)
{
	void *addr;

	if (gs_source_refuses(heap, bytes, gfp))
		return NULL;
	addr = heap->source->get_virt(heap->source, bytes,
				      gfp & ~__GFP_MOVABLE);
	if (addr && !gs_source_count(heap, bytes, gfp)) {
		heap->source->put_virt(heap->source, addr);
		return NULL;
	}
	return addr;
}

/**
 * gs_source_idle() - tell the kernel how many pages it could have back
 * @heap: whose
 * @arena: where they are
 * @npages: how many more, or less
 *
 * Context: heap->lock held; the arena is bound.
 */
void gs_source_idle(struct gs_heap *heap, const struct gs_arena *arena,
		    long npages)
{
	lockdep_assert_held(&heap->lock);
	heap->source->idle(heap->source, virt_to_page((void *)arena->base),
			   npages);
}

/**
 * gs_source_put_virt() - return what gs_source_get_virt() gave
 * @heap: whose
 * @addr: the memory
 * @bytes: as it was asked for
 *
 * Context: No lock held; sleeps.
 */
void gs_source_put_virt(struct gs_heap *heap, void *addr, size_t bytes)
{
	gs_source_uncount(heap, bytes);
	heap->source->put_virt(heap->source, addr);
}
