// SPDX-License-Identifier: GPL-2.0
/*
 * large - objects above GOSTAT_MAX_SMALL. See large.h.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rbtree.h>

#include "heap.h"

/* --- runs backed by vmalloc ---------------------------------------------- */

static bool gs_vrun_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct gs_span, run)->base <
	       rb_entry(b, struct gs_span, run)->base;
}

static int gs_vrun_cmp(const void *key, const struct rb_node *node)
{
	const struct gs_span *span = rb_entry(node, struct gs_span, run);
	unsigned long addr = *(const unsigned long *)key;

	if (addr < span->base)
		return -1;
	return addr - span->base >= gs_span_bytes(span);
}

/**
 * gs_vrun_find() - the large span backed by vmalloc that holds an address
 * @heap: the heap
 * @addr: any address
 *
 * Context: heap->lock held.
 * Return: the span, or NULL.
 */
struct gs_span *gs_vrun_find(struct gs_heap *heap, unsigned long addr)
{
	struct rb_node *node = rb_find(&addr, &heap->vruns, gs_vrun_cmp);

	lockdep_assert_held(&heap->lock);
	return rb_entry_safe(node, struct gs_span, run);
}

static struct gs_span *gs_vrun_new(struct gs_heap *heap, size_t bytes, gfp_t gfp)
{
	struct gs_span *span;
	unsigned long flags;
	void *addr;

	if (!gfpflags_allow_blocking(gfp))
		return NULL;
	span = gs_fixalloc_get(&heap->span_pool[0], gfp);
	if (!span)
		return NULL;
	addr = gs_source_get_virt(heap, bytes, gfp & ~__GFP_ZERO);
	if (!addr) {
		gs_fixalloc_put(&heap->span_pool[0], span);
		return NULL;
	}
	span->base = (unsigned long)addr;
	span->npages = bytes >> PAGE_SHIFT;

	gs_heap_lock(heap, &flags);
	gs_page_books_use(heap, &heap->pages.sys, bytes);
	heap->pages.idle += bytes;
	gs_page_books_span_in(heap, span);
	rb_add(&span->run, &heap->vruns, gs_vrun_less);
	gs_heap_unlock(heap, flags);
	return span;
}

/*
 * A freed run waits on a list through its own first words: the link, and its
 * size. heap->lock held, so that it is on the list as soon as it is idle.
 */
static void gs_vrun_bury(struct gs_heap *heap, struct gs_span *span)
{
	struct llist_node *node = (struct llist_node *)span->base;

	rb_erase(&span->run, &heap->vruns);
	gs_page_books_span_out(heap, span);
	*(size_t *)(node + 1) = gs_span_bytes(span);
	llist_add(node, &heap->vdead);
}

/* Take one freed run off the list and off the books. */
static struct llist_node *gs_vrun_exhume(struct gs_heap *heap, size_t *bytes)
{
	struct llist_node *node;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	node = llist_del_first(&heap->vdead);
	if (node) {
		*bytes = *(size_t *)(node + 1);
		heap->pages.idle -= *bytes;
		gs_page_books_unuse(heap, &heap->pages.sys, *bytes);
	}
	gs_heap_unlock(heap, flags);
	return node;
}

static void gs_vdead_work(struct work_struct *work)
{
	struct gs_heap *heap = container_of(work, struct gs_heap, vdead_work);
	struct llist_node *node;
	size_t bytes;

	while ((node = gs_vrun_exhume(heap, &bytes)))
		gs_source_put_virt(heap, node, bytes);
}

static void gs_large_count_failure(struct gs_heap *heap)
{
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	heap->pages.large_failures++;
	gs_heap_unlock(heap, flags);
}

/* --- both kinds ---------------------------------------------------------- */

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
	unsigned int npages;
	struct gs_span *span;

	if (unlikely(bytes < size || bytes >> PAGE_SHIFT > U32_MAX || in_nmi()))
		return NULL;
	might_alloc(gfp);
	npages = bytes >> PAGE_SHIFT;
	if (bytes > GS_BLOCK_MAX)
		span = gs_vrun_new(heap, bytes, gfp);
	else
		span = gs_span_new_large(heap, npages,
					 is_power_of_2(bytes) ? npages : 1, gfp);
	if (!span) {
		gs_large_count_failure(heap);
		return NULL;
	}
	if (want_init_on_alloc(gfp))
		memset((void *)span->base, 0, bytes);
	return (void *)span->base;
}

/* Of two frees of one object exactly one gets past here. */
static const char *gs_large_claim(struct gs_heap *heap, unsigned long addr,
				  struct gs_span **spanp)
{
	struct gs_span *span = gs_heap_span(heap, addr);

	lockdep_assert_held(&heap->lock);
	if (!span)
		span = gs_vrun_find(heap, addr);
	if (!span)
		return gs_arena_present(heap, addr) ? "freed span" : "foreign";
	if (span->state == GS_SPAN_SMALL)
		return "wrong size";
	if (span->state != GS_SPAN_LARGE)
		return "double";
	if (span->base != addr)
		return "interior";
	span->state = GS_SPAN_FREEING;
	*spanp = span;
	return NULL;
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
	struct gs_span *span;
	unsigned long flags;
	const char *bad;
	bool virt;

	gs_heap_lock(heap, &flags);
	bad = gs_large_claim(heap, (unsigned long)obj, &span);
	gs_heap_unlock(heap, flags);
	if (bad)
		return bad;
	if (want_init_on_free())
		memset((void *)span->base, 0, gs_span_bytes(span));

	virt = !span->arena;
	gs_heap_lock(heap, &flags);
	if (virt)
		gs_vrun_bury(heap, span);
	else
		gs_span_free_locked(heap, span);
	gs_fixalloc_put_locked(&heap->span_pool[0], span);
	gs_heap_unlock(heap, flags);
	if (virt)
		schedule_work(&heap->vdead_work);
	return NULL;
}

/**
 * gs_large_init() - no large objects yet
 * @heap: the heap
 */
void gs_large_init(struct gs_heap *heap)
{
	heap->vruns = RB_ROOT;
	init_llist_head(&heap->vdead);
	INIT_WORK(&heap->vdead_work, gs_vdead_work);
}

/**
 * gs_large_destroy() - wait until freed runs have been given back
 * @heap: a heap that nobody uses any more
 *
 * Context: Process; sleeps.
 */
void gs_large_destroy(struct gs_heap *heap)
{
	flush_work(&heap->vdead_work);
}
