// SPDX-License-Identifier: GPL-2.0
/*
 * metadata - memory for descriptors, on the books. See metadata.h.
 *
 * A pool's page is a header and as many descriptors as fit. Free ones are
 * linked through their first word; the page knows how many it has out, so that
 * an address masked to its page is all that a free needs.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "heap.h"

void gs_fixalloc_init(struct gs_fixalloc *fix, struct gs_heap *heap,
		      enum gs_account account, size_t size)
{
	fix->heap = heap;
	fix->account = account;
	fix->size = ALIGN(size, 16);
	INIT_LIST_HEAD(&fix->partial);
	INIT_LIST_HEAD(&fix->full);
}

/**
 * gs_fixalloc_per_page() - descriptors of a pool that one page holds
 * @fix: the pool
 *
 * Return: the number.
 */
unsigned int gs_fixalloc_per_page(const struct gs_fixalloc *fix)
{
	return (PAGE_SIZE - sizeof(struct gs_fixpage)) / fix->size;
}

static struct gs_fixpage *gs_fixpage_new(struct gs_fixalloc *fix, gfp_t gfp)
{
	struct page *page = gs_source_get(fix->heap, gfp, 0);
	unsigned int i = gs_fixalloc_per_page(fix);
	struct gs_fixpage *fp;
	void *desc;

	if (!page)
		return NULL;
	fp = page_address(page);
	fp->nused = 0;
	fp->free = NULL;
	while (i--) {
		desc = (void *)(fp + 1) + i * fix->size;
		*(void **)desc = fp->free;
		fp->free = desc;
	}
	return fp;
}

static void *gs_fixpage_pop(struct gs_fixalloc *fix, struct gs_fixpage *fp)
{
	void *desc = fp->free;

	lockdep_assert_held(&fix->heap->lock);
	fp->free = *(void **)desc;
	fp->nused++;
	if (!fp->free)
		list_move(&fp->node, &fix->full);
	fix->heap->pages.meta[fix->account].inuse += fix->size;
	return desc;
}

/**
 * gs_fixalloc_get() - take a descriptor from a pool
 * @fix: the pool
 * @gfp: how hard to try for a new page when the pool is empty
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 * Return: a zeroed descriptor, or NULL.
 */
void *gs_fixalloc_get(struct gs_fixalloc *fix, gfp_t gfp)
{
	struct gs_heap *heap = fix->heap;
	struct gs_fixpage *fp;
	unsigned long flags;
	void *desc = NULL;

	gs_heap_lock(heap, &flags);
	fp = list_first_entry_or_null(&fix->partial, struct gs_fixpage, node);
	if (fp)
		desc = gs_fixpage_pop(fix, fp);
	gs_heap_unlock(heap, flags);

	if (!desc) {
		fp = gs_fixpage_new(fix, GS_METADATA_GFP(gfp));
		if (!fp)
			return NULL;
		gs_heap_lock(heap, &flags);
		gs_page_books_use(heap, &heap->pages.meta[fix->account].sys,
				  PAGE_SIZE);
		list_add(&fp->node, &fix->partial);
		desc = gs_fixpage_pop(fix, fp);
		gs_heap_unlock(heap, flags);
	}
	return memset(desc, 0, fix->size);
}

/**
 * gs_fixalloc_put_locked() - give a descriptor back to its pool
 * @fix: the pool it came from
 * @desc: the descriptor
 *
 * Context: heap->lock held.
 */
void gs_fixalloc_put_locked(struct gs_fixalloc *fix, void *desc)
{
	struct gs_fixpage *fp = (void *)((unsigned long)desc & PAGE_MASK);

	lockdep_assert_held(&fix->heap->lock);
	fix->heap->pages.meta[fix->account].inuse -= fix->size;
	if (!fp->free)
		list_move(&fp->node, &fix->partial);
	fp->nused--;
	*(void **)desc = fp->free;
	fp->free = desc;
}

/**
 * gs_fixalloc_put() - give a descriptor back to its pool
 * @fix: the pool it came from
 * @desc: the descriptor
 *
 * Context: Any but NMI; heap->lock not held.
 */
void gs_fixalloc_put(struct gs_fixalloc *fix, void *desc)
{
	unsigned long flags;

	gs_heap_lock(fix->heap, &flags);
	gs_fixalloc_put_locked(fix, desc);
	gs_heap_unlock(fix->heap, flags);
}

/* Does a page know how many descriptors it has out, and is in the right list? */
static bool gs_fixpage_recount(const struct gs_fixalloc *fix,
			       const struct gs_fixpage *fp, bool full,
			       u64 *inuse, u64 *sys)
{
	unsigned int nused = gs_fixalloc_per_page(fix);
	void *desc;

	for (desc = fp->free; desc; desc = *(void **)desc)
		nused--;
	*inuse += nused * fix->size;
	*sys += PAGE_SIZE;
	return nused == fp->nused && full == !fp->free;
}

/**
 * gs_fixalloc_recount() - count a pool's descriptors again, from its free lists
 * @fix: the pool
 * @inuse: bytes handed out are added to this
 * @sys: bytes of its pages are added to this
 *
 * Context: heap->lock held, or the heap at rest.
 * Return: true if every page has counted right and is in the right list.
 */
bool gs_fixalloc_recount(const struct gs_fixalloc *fix, u64 *inuse, u64 *sys)
{
	struct gs_fixpage *fp;
	bool right = true;

	list_for_each_entry(fp, &fix->partial, node)
		right &= gs_fixpage_recount(fix, fp, false, inuse, sys);
	list_for_each_entry(fp, &fix->full, node)
		right &= gs_fixpage_recount(fix, fp, true, inuse, sys);
	return right;
}

/**
 * gs_fixalloc_destroy() - return a pool's pages
 * @fix: the pool; nobody uses it any more
 *
 * Pages with descriptors still out belong to a leak that has been reported;
 * they stay.
 *
 * Context: Process; no lock held.
 */
void gs_fixalloc_destroy(struct gs_fixalloc *fix)
{
	struct gs_heap *heap = fix->heap;
	struct gs_fixpage *fp, *next;
	unsigned long flags;

	list_for_each_entry_safe(fp, next, &fix->partial, node) {
		if (fp->nused)
			continue;
		list_del(&fp->node);
		gs_heap_lock(heap, &flags);
		gs_page_books_unuse(heap, &heap->pages.meta[fix->account].sys,
				    PAGE_SIZE);
		gs_heap_unlock(heap, flags);
		gs_source_put(heap, virt_to_page(fp), 0);
	}
}
