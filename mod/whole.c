// SPDX-License-Identifier: GPL-2.0
/*
 * whole - spans that are one thing to whoever has them. See whole.h.
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
 * gs_whole_new_virt() - a span backed by vmalloc
 * @heap: the heap
 * @bytes: whole pages
 * @sink: whose it is; 0 for a large object
 * @gfp: as for __vmalloc()
 *
 * Nothing is mapped in the page before it nor in the page after: each area of
 * vmalloc ends in a guard page, and so does the one below.
 *
 * Context: No heap lock held; sleeps, so without __GFP_DIRECT_RECLAIM it fails.
 * Return: the span, live; or NULL.
 */
struct gs_span *gs_whole_new_virt(struct gs_heap *heap, size_t bytes,
				  unsigned int sink, gfp_t gfp)
{
	struct gs_span *span;
	unsigned long flags;
	void *addr;

	if (!gfpflags_allow_blocking(gfp))
		return NULL;
	span = gs_fixalloc_get(&heap->span_pool[0], gfp);
	if (!span)
		return NULL;
	gs_limit_make_room(heap, bytes, gfp);
	addr = gs_source_get_virt(heap, bytes, gfp & ~__GFP_ZERO);
	if (!addr) {
		gs_fixalloc_put(&heap->span_pool[0], span);
		return NULL;
	}
	span->base = (unsigned long)addr;
	span->npages = bytes >> PAGE_SHIFT;
	span->sink = sink;

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

/* --- both kinds ---------------------------------------------------------- */

/**
 * gs_whole_new() - a span from where its size says
 * @heap: the heap
 * @bytes: whole pages
 * @sink: whose it is; 0 for a large object
 * @gfp: as for kmalloc()
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 * Return: the span, live, aligned to its size if that is a power of two up to a
 * block's; or NULL.
 */
struct gs_span *gs_whole_new(struct gs_heap *heap, size_t bytes,
			     unsigned int sink, gfp_t gfp)
{
	unsigned int npages = bytes >> PAGE_SHIFT;

	if (bytes > GS_BLOCK_MAX)
		return gs_whole_new_virt(heap, bytes, sink, gfp);
	return gs_span_new_whole(heap, npages,
				 is_power_of_2(bytes) ? npages : 1, sink, gfp);
}

/**
 * gs_whole_find() - the span of an address, wherever it is
 * @heap: the heap
 * @addr: any address
 *
 * Context: heap->lock held.
 * Return: the span, of small objects or whole; or NULL.
 */
struct gs_span *gs_whole_find(struct gs_heap *heap, unsigned long addr)
{
	struct gs_span *span = gs_heap_span(heap, addr);

	lockdep_assert_held(&heap->lock);
	if (span)
		return span;
	return rb_entry_safe(rb_find(&addr, &heap->vruns, gs_vrun_cmp),
			     struct gs_span, run);
}

/* What is wrong with freeing this span as an object, or as one of a sink's. */
static const char *gs_whole_wrong(const struct gs_span *span,
				  unsigned long addr, unsigned int sink)
{
	switch (span->state) {
	case GS_SPAN_SMALL:
		if (span->class->sink)
			return "stack buffer";
		return sink ? "heap object" : "wrong size";
	case GS_SPAN_LARGE:
		if (sink)
			return "heap object";
		break;
	case GS_SPAN_MANUAL:
		if (span->guarded)
			return "stack buffer";
		if (!sink)
			return "manual span";
		break;
	default:
		return "double";
	}
	if (span->base != addr)
		return "interior";
	return span->sink == sink ? NULL : "wrong sink";
}

static const char *gs_whole_claim(struct gs_heap *heap, unsigned long addr,
				  unsigned int sink, struct gs_span **spanp)
{
	struct gs_span *span = gs_whole_find(heap, addr);
	const char *wrong;

	if (!span)
		return gs_arena_present(heap, addr) ? "freed span" : "foreign";
	wrong = gs_whole_wrong(span, addr, sink);
	if (wrong)
		return wrong;
	span->state = GS_SPAN_FREEING;
	*spanp = span;
	return NULL;
}

/**
 * gs_whole_free() - free a span
 * @heap: the heap
 * @addr: its first byte, or anything
 * @sink: whose it should be; 0 for a large object
 *
 * Context: Any but NMI; no heap lock held.
 * Return: NULL, or a word for what is wrong with @addr; nothing is changed then.
 */
const char *gs_whole_free(struct gs_heap *heap, unsigned long addr,
			  unsigned int sink)
{
	struct gs_span *span;
	unsigned long flags;
	const char *wrong;
	bool virt;

	gs_heap_lock(heap, &flags);
	wrong = gs_whole_claim(heap, addr, sink, &span);
	gs_heap_unlock(heap, flags);
	if (wrong)
		return wrong;
	if (want_init_on_free())
		memset((void *)addr, 0, gs_span_bytes(span));

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
 * gs_whole_init() - no such spans yet
 * @heap: the heap
 */
void gs_whole_init(struct gs_heap *heap)
{
	heap->vruns = RB_ROOT;
	init_llist_head(&heap->vdead);
	INIT_WORK(&heap->vdead_work, gs_vdead_work);
}

/**
 * gs_whole_destroy() - wait until freed runs have been given back
 * @heap: a heap that nobody uses any more
 *
 * Context: Process; sleeps.
 */
void gs_whole_destroy(struct gs_heap *heap)
{
	flush_work(&heap->vdead_work);
}
