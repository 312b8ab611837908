// SPDX-License-Identifier: GPL-2.0
/*
 * pageheap - all arenas and their page runs, under one lock. See pageheap.h.
 */
#include <linux/log2.h>
#include <linux/rbtree.h>

#include "heap.h"

/* --- the order of choice ------------------------------------------------- */

static bool gs_fit_less(struct rb_node *a, const struct rb_node *b)
{
	const struct gs_arena *x = rb_entry(a, struct gs_arena, fit);
	const struct gs_arena *y = rb_entry(b, struct gs_arena, fit);

	if (x->longest != y->longest)
		return x->longest < y->longest;
	if (x->nspans != y->nspans)
		return x->nspans > y->nspans;
	return x->serial < y->serial;
}

/**
 * gs_fit_insert() - put an arena where the order of choice has it
 * @heap: whose
 * @arena: not in heap->fit
 *
 * Context: heap->lock held.
 */
void gs_fit_insert(struct gs_heap *heap, struct gs_arena *arena)
{
	if (arena->longest)
		rb_add(&arena->fit, &heap->fit, gs_fit_less);
	else
		RB_CLEAR_NODE(&arena->fit);
}

/**
 * gs_fit_remove() - take an arena out before it changes: the mirror
 * @heap: whose
 * @arena: the arena
 *
 * Context: heap->lock held.
 */
void gs_fit_remove(struct gs_heap *heap, struct gs_arena *arena)
{
	if (arena->longest)
		rb_erase(&arena->fit, &heap->fit);
}

/* The preferred one of the arenas with a free run of @npages or more. */
static struct gs_arena *gs_fit_first(struct gs_heap *heap, unsigned int npages)
{
	struct rb_node *rb = heap->fit.rb_node;
	struct gs_arena *arena, *first = NULL;

	while (rb) {
		arena = rb_entry(rb, struct gs_arena, fit);
		if (arena->longest >= npages) {
			first = arena;
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	return first;
}

static struct gs_arena *gs_fit_next(struct gs_arena *arena)
{
	return rb_entry_safe(rb_next(&arena->fit), struct gs_arena, fit);
}

/*
 * Arenas looked at for an aligned run before one is taken whose longest run
 * fits whatever its alignment: bounds the time under the lock.
 */
#define GS_FIT_TRIES	8

static struct gs_arena *gs_pageheap_find(struct gs_heap *heap,
					 unsigned int npages,
					 unsigned int align, unsigned int *slot)
{
	struct gs_arena *arena;
	int tries;

	arena = gs_fit_first(heap, npages);
	for (tries = 0; arena && tries < GS_FIT_TRIES; tries++) {
		*slot = gs_arena_best_run(arena, npages, align);
		if (*slot < GS_ARENA_PAGES)
			return arena;
		arena = gs_fit_next(arena);
	}
	if (!arena)
		return NULL;
	arena = gs_fit_first(heap, npages + align - 1);
	if (arena)
		*slot = gs_arena_best_run(arena, npages, align);
	return arena;
}

static bool gs_run_in_zone(const struct gs_arena *arena, unsigned int slot,
			   unsigned int npages, gfp_t gfp)
{
	unsigned long last = slot + npages - 1;
	struct page *page;

	/* Zones ascend with addresses, so the last page speaks for all. */
	page = virt_to_page((void *)(arena->base + (last << PAGE_SHIFT)));
	return page_zonenum(page) <= gfp_zone(gfp);
}

/*
 * Arenas looked at for a zone: few ask for one, and what they freed last is a
 * tight fit for what they ask next, which is where the search starts.
 */
#define GS_ZONE_TRIES	64

static struct gs_arena *gs_pageheap_find_zone(struct gs_heap *heap,
					      unsigned int npages,
					      unsigned int align, gfp_t gfp,
					      unsigned int *slot)
{
	struct gs_arena *arena = gs_fit_first(heap, npages);
	int tries;

	for (tries = 0; arena && tries < GS_ZONE_TRIES; tries++) {
		*slot = gs_arena_best_run(arena, npages, align);
		if (*slot < GS_ARENA_PAGES &&
		    gs_run_in_zone(arena, *slot, npages, gfp))
			return arena;
		arena = gs_fit_next(arena);
	}
	return NULL;
}

/* --- the books: every change and its mirror ------------------------------ */

/**
 * gs_page_books_use() - pages that were in transit get a use
 * @heap: whose
 * @sys: the account they go to
 * @bytes: how many
 *
 * Context: heap->lock held.
 */
void gs_page_books_use(struct gs_heap *heap, u64 *sys, size_t bytes)
{
	lockdep_assert_held(&heap->lock);
	heap->pages.transit -= bytes;
	*sys += bytes;
}

/**
 * gs_page_books_unuse() - pages are about to go back: the mirror
 * @heap: whose
 * @sys: the account they leave
 * @bytes: how many
 *
 * Context: heap->lock held.
 */
void gs_page_books_unuse(struct gs_heap *heap, u64 *sys, size_t bytes)
{
	lockdep_assert_held(&heap->lock);
	*sys -= bytes;
	heap->pages.transit += bytes;
}

/**
 * gs_page_books_block_in() - slots that were released get the pages of a block
 * @heap: whose
 * @bytes: the block's size
 *
 * Context: heap->lock held.
 */
void gs_page_books_block_in(struct gs_heap *heap, size_t bytes)
{
	lockdep_assert_held(&heap->lock);
	heap->pages.transit -= bytes;
	heap->pages.released -= bytes;
}

/**
 * gs_page_books_block_out() - slots lose their pages: the mirror
 * @heap: whose
 * @bytes: the block's size
 *
 * Context: heap->lock held.
 */
void gs_page_books_block_out(struct gs_heap *heap, size_t bytes)
{
	lockdep_assert_held(&heap->lock);
	heap->pages.released += bytes;
	heap->pages.transit += bytes;
}

/* Idle memory of the heap becomes a sink's, and is the heap's no longer. */
static void gs_page_books_sink_in(struct gs_heap *heap, unsigned int sink,
				  size_t bytes)
{
	struct gs_sink_books *books = &heap->pages.sink[sink];

	heap->pages.idle -= bytes;
	heap->pages.sys -= bytes;
	books->inuse += bytes;
	books->nspans++;
	books->peak = max(books->peak, books->inuse);
}

/* The mirror. */
static void gs_page_books_sink_out(struct gs_heap *heap, unsigned int sink,
				   size_t bytes)
{
	struct gs_sink_books *books = &heap->pages.sink[sink];

	books->nspans--;
	books->inuse -= bytes;
	heap->pages.sys += bytes;
	heap->pages.idle += bytes;
}

static void gs_page_books_heap_in(struct gs_heap *heap, struct gs_span *span,
				  size_t bytes)
{
	heap->pages.idle -= bytes;
	heap->pages.inuse += bytes;
	if (span->class) {
		span->state = GS_SPAN_SMALL;
	} else {
		span->state = GS_SPAN_LARGE;
		heap->pages.large_nmalloc++;
		heap->pages.large_allocated += bytes;
		gs_heap_out(heap, bytes);
	}
}

/**
 * gs_page_books_span_in() - a span comes: its pages were idle, now in use
 * @heap: whose
 * @span: complete but for its state
 *
 * Context: heap->lock held.
 */
void gs_page_books_span_in(struct gs_heap *heap, struct gs_span *span)
{
	unsigned int sink = gs_span_sink(span);
	size_t bytes = gs_span_bytes(span);

	lockdep_assert_held(&heap->lock);
	if (sink) {
		gs_page_books_sink_in(heap, sink, bytes);
		span->state = span->class ? GS_SPAN_SMALL : GS_SPAN_MANUAL;
	} else {
		gs_page_books_heap_in(heap, span, bytes);
	}
	heap->pages.used_peak = max(heap->pages.used_peak,
				    gs_page_books_used(&heap->pages));
}

/**
 * gs_page_books_span_out() - a span goes: the mirror
 * @heap: whose
 * @span: nothing in it is live
 *
 * The object is counted as freed before the pages leave heap_inuse, so that
 * heap_alloc <= heap_inuse at every step.
 *
 * Context: heap->lock held.
 */
void gs_page_books_span_out(struct gs_heap *heap, struct gs_span *span)
{
	unsigned int sink = gs_span_sink(span);
	size_t bytes = gs_span_bytes(span);

	lockdep_assert_held(&heap->lock);
	if (unlikely(heap->background.parked))
		gs_background_kick(heap);
	if (sink) {
		span->state = GS_SPAN_DEAD;
		gs_page_books_sink_out(heap, sink, bytes);
		return;
	}
	if (!span->class) {
		heap->pages.large_nfree++;
		heap->pages.large_freed += bytes;
		gs_heap_out(heap, -(s64)bytes);
	}
	span->state = GS_SPAN_DEAD;
	heap->pages.inuse -= bytes;
	heap->pages.idle += bytes;
}

static void gs_span_place(struct gs_heap *heap, struct gs_span *span,
			  struct gs_arena *arena, unsigned int slot)
{
	span->arena = arena;
	span->base = arena->base + ((unsigned long)slot << PAGE_SHIFT);
	gs_page_books_span_in(heap, span);
	gs_fit_remove(heap, arena);
	gs_arena_take(arena, slot, span->npages, span, gs_span_handle(span));
	gs_fit_insert(heap, arena);
	gs_source_idle(heap, arena, -(long)span->npages);
}

/**
 * gs_span_free_locked() - free a span's run
 * @heap: whose
 * @span: a span in an arena; its descriptor stays
 *
 * Context: heap->lock held.
 */
void gs_span_free_locked(struct gs_heap *heap, struct gs_span *span)
{
	struct gs_arena *arena = span->arena;

	gs_page_books_span_out(heap, span);
	gs_fit_remove(heap, arena);
	gs_arena_give(arena, gs_arena_slot(span->base), span->npages);
	gs_arena_stamp(arena, gs_arena_slot(span->base), span->npages,
		       gs_heap_seconds(heap));
	gs_fit_insert(heap, arena);
	gs_source_idle(heap, arena, span->npages);
}

/**
 * gs_span_free() - an empty span of small objects leaves its class
 * @heap: whose
 * @span: unlinked from its class's lists; gone after this
 *
 * It leaves the class's books and enters the page heap's in one move, with both
 * locks held.
 *
 * Context: The class's lock held.
 */
void gs_span_free(struct gs_heap *heap, struct gs_span *span)
{
	struct gs_class *class = span->class;

	raw_spin_lock(&heap->lock);
	gs_cut_join(heap, class, true);
	class->books.capacity -= class->nelems;
	class->books.nfree -= class->nelems;
	class->books.nspans--;
	gs_span_free_locked(heap, span);
	gs_fixalloc_put_locked(class->span_pool, span);
	if (class->sink)
		gs_sink_drop(heap, class->sink);
	raw_spin_unlock(&heap->lock);
}

/* --- growth -------------------------------------------------------------- */

static unsigned int gs_growth_order(struct gs_heap *heap, unsigned int min_order)
{
	u64 held = READ_ONCE(heap->pages.obtained);
	u64 want = clamp_t(u64, div_u64(held, GS_GROWTH), GS_MIN_BLOCK,
			   GS_BLOCK_MAX);

	want = clamp_t(u64, gs_limit_room(heap), PAGE_SIZE, want);
	return max(min_order, (unsigned int)ilog2(want) - PAGE_SHIFT);
}

/*
 * Larger blocks than needed are taken if they are to be had at once: no
 * reclaim, no reserves, no warning for them (SLUB's allocate_slab()).
 */
static gfp_t gs_optional_gfp(gfp_t gfp)
{
	return (gfp | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC) &
	       ~(__GFP_RECLAIM | __GFP_NOFAIL | __GFP_HIGH);
}

static struct page *gs_grow_get(struct gs_heap *heap, unsigned int min_order,
				gfp_t gfp, unsigned int *order)
{
	struct page *page;

	*order = min_order;
	if (!(gfp & GS_GFP_ZONES))
		*order = gs_growth_order(heap, min_order);
	for (; *order > min_order; --*order) {
		page = gs_arena_get_block(heap, gs_optional_gfp(gfp), *order);
		if (page)
			return page;
	}
	return gs_arena_get_block(heap, gfp, min_order);
}

/* Grow by a block and give its first pages to @span. No lock held. */
static bool gs_pageheap_grow(struct gs_heap *heap, struct gs_span *span,
			     gfp_t gfp)
{
	unsigned int min_order = get_order(gs_span_bytes(span)), order;
	struct gs_arena *arena;
	unsigned long addr, flags;
	struct page *page;

	gs_limit_make_room(heap, PAGE_SIZE << min_order, gfp);
	page = gs_grow_get(heap, min_order, gfp, &order);
	if (!page)
		return false;
	addr = (unsigned long)page_address(page);
	arena = gs_arena_prepare(heap, addr, order, gfp);
	if (!arena) {
		gs_arena_put_block(heap, page, order);
		return false;
	}
	gs_heap_lock(heap, &flags);
	gs_fit_remove(heap, arena);
	gs_arena_insert_block(arena, addr, order);
	gs_arena_stamp(arena, gs_arena_slot(addr), 1U << order,
		       gs_heap_seconds(heap));
	arena->pins--;
	gs_page_books_block_in(heap, PAGE_SIZE << order);
	gs_fit_insert(heap, arena);
	gs_source_idle(heap, arena, 1L << order);
	gs_span_place(heap, span, arena, gs_arena_slot(addr));
	gs_heap_unlock(heap, flags);
	return true;
}

/* Find pages for @span: a free run, or growth. No lock held. */
static bool gs_pageheap_get(struct gs_heap *heap, struct gs_span *span,
			    unsigned int align, gfp_t gfp)
{
	unsigned int npages = span->npages, slot;
	struct gs_arena *arena;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	if (gfp & GS_GFP_ZONES)
		arena = gs_pageheap_find_zone(heap, npages, align, gfp, &slot);
	else
		arena = gs_pageheap_find(heap, npages, align, &slot);
	if (arena)
		gs_span_place(heap, span, arena, slot);
	gs_heap_unlock(heap, flags);
	return arena || gs_pageheap_grow(heap, span, gfp);
}

/* Put pages under a descriptor; without any it goes back to its pool. */
static struct gs_span *gs_span_fill(struct gs_heap *heap,
				    struct gs_fixalloc *pool,
				    struct gs_span *span, unsigned int align,
				    gfp_t gfp)
{
	while (!gs_pageheap_get(heap, span, align, gfp)) {
		if (!(gfp & __GFP_NOFAIL)) {
			gs_fixalloc_put(pool, span);
			return NULL;
		}
		cond_resched();
	}
	return span;
}

static struct gs_span *gs_span_new_of(struct gs_heap *heap,
				      struct gs_class *class, gfp_t gfp)
{
	struct gs_span *span = gs_fixalloc_get(class->span_pool, gfp);

	if (!span)
		return NULL;
	span->class = class;
	span->npages = class->npages;
	span->nfree = class->nelems;
	bitmap_set(span->free, 0, class->nelems);
	return gs_span_fill(heap, class->span_pool, span, class->align, gfp);
}

/**
 * gs_span_new_small() - a span for objects of a class
 * @heap: whose
 * @class: theirs
 * @gfp: as for kmalloc()
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 * Return: a span with all objects free, in no list yet; or NULL.
 */
struct gs_span *gs_span_new_small(struct gs_heap *heap, struct gs_class *class,
				  gfp_t gfp)
{
	struct gs_span *span;

	if (class->sink && !gs_sink_hold(heap, class->sink))
		return NULL;
	span = gs_span_new_of(heap, class, gfp);
	if (!span && class->sink)
		gs_sink_drop(heap, class->sink);
	return span;
}

/**
 * gs_span_new_whole() - a span that is one object, or its caller's
 * @heap: whose
 * @npages: length, an arena's at most
 * @align: alignment, a power of two of pages, at most roundup_pow_of_two(npages)
 * @sink: the number of the sink it counts in; 0 for a large object
 * @gfp: as for kmalloc()
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 * Return: the span, live; or NULL.
 */
struct gs_span *gs_span_new_whole(struct gs_heap *heap, unsigned int npages,
				  unsigned int align, unsigned int sink,
				  gfp_t gfp)
{
	struct gs_span *span = gs_fixalloc_get(&heap->span_pool[0], gfp);

	if (!span)
		return NULL;
	span->npages = npages;
	span->sink = sink;
	return gs_span_fill(heap, &heap->span_pool[0], span, align, gfp);
}
