// SPDX-License-Identifier: GPL-2.0
/*
 * arena - where heap memory comes from, and whose an address is. See arena.h.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/mm.h>

#include "heap.h"

const struct gs_arena gs_no_arena;

/**
 * gs_arena_span() - the span of an address
 * @arena: the arena gs_map_arena() gave for it
 * @addr: the address
 *
 * Context: Any, under RCU. Unless the caller owns a part of the span the
 * answer may be stale: check under the span's lock.
 * Return: the span, or NULL.
 */
struct gs_span *gs_arena_span(const struct gs_arena *arena, unsigned long addr)
{
	unsigned int slot = gs_arena_slot(addr);
	struct gs_row *row = READ_ONCE(arena->row[slot >> GS_ROW_SHIFT]);

	return row ? READ_ONCE(row->span[slot & (GS_ROW_PAGES - 1)]) : NULL;
}

/*
 * Step to the next run of free slots, *from to *to (exclusive), in address
 * order: two word-wise bit searches. Start with *to == 0.
 */
static bool gs_next_free_run(const struct gs_arena *arena, unsigned int *from,
			     unsigned int *to)
{
	*from = find_next_bit(arena->free, GS_ARENA_PAGES, *to);
	if (*from >= GS_ARENA_PAGES)
		return false;
	*to = find_next_zero_bit(arena->free, GS_ARENA_PAGES, *from + 1);
	return true;
}

/**
 * gs_arena_longest() - the longest run of free slots
 * @arena: where to look
 *
 * Context: heap->lock held.
 * Return: its length.
 */
unsigned int gs_arena_longest(const struct gs_arena *arena)
{
	unsigned int from, to = 0, longest = 0;

	while (gs_next_free_run(arena, &from, &to))
		longest = max(longest, to - from);
	return longest;
}

/**
 * gs_arena_best_run() - the tightest free run that suffices
 * @arena: where to look
 * @npages: length wanted
 * @align: alignment wanted, a power of two of pages
 *
 * Best fit, the lowest address among equals: a long run is kept for the span
 * that needs it.
 *
 * Context: heap->lock held.
 * Return: the run's first slot, or GS_ARENA_PAGES if there is none.
 */
unsigned int gs_arena_best_run(const struct gs_arena *arena,
			       unsigned int npages, unsigned int align)
{
	unsigned int best = GS_ARENA_PAGES, best_len = GS_ARENA_PAGES + 1;
	unsigned int from, to = 0, at;

	while (gs_next_free_run(arena, &from, &to)) {
		at = ALIGN(from, align);
		if (at + npages > to || to - from >= best_len)
			continue;
		best = at;
		best_len = to - from;
		if (best_len == npages)
			break;
	}
	return best;
}

static void gs_arena_set_spans(struct gs_arena *arena, unsigned int slot,
			       unsigned int npages, struct gs_span *span,
			       u16 handle)
{
	unsigned int i;

	for (i = slot; i < slot + npages; i++) {
		struct gs_row *row = arena->row[i >> GS_ROW_SHIFT];

		WRITE_ONCE(row->span[i & (GS_ROW_PAGES - 1)], span);
		WRITE_ONCE(arena->handle[i], handle);
	}
}

/**
 * gs_arena_take() - put a free run in use
 * @arena: whose slots
 * @slot: the first
 * @npages: how many
 * @span: theirs from now on
 * @handle: of its size class; 0 for a large object
 *
 * Context: heap->lock held; the arena is not in heap->fit.
 */
void gs_arena_take(struct gs_arena *arena, unsigned int slot,
		   unsigned int npages, struct gs_span *span, u16 handle)
{
	bitmap_clear(arena->free, slot, npages);
	arena->nfree -= npages;
	arena->nspans++;
	arena->longest = gs_arena_longest(arena);
	gs_arena_set_spans(arena, slot, npages, span, handle);
}

/**
 * gs_arena_give() - free a run that was in use: the mirror of gs_arena_take()
 * @arena: whose slots
 * @slot: the first
 * @npages: how many
 *
 * Context: heap->lock held; the arena is not in heap->fit.
 */
void gs_arena_give(struct gs_arena *arena, unsigned int slot,
		   unsigned int npages)
{
	gs_arena_set_spans(arena, slot, npages, NULL, 0);
	bitmap_set(arena->free, slot, npages);
	arena->nfree += npages;
	arena->nspans--;
	arena->longest = gs_arena_longest(arena);
}

/**
 * gs_arena_stamp() - slots became free now
 * @arena: whose slots
 * @slot: the first
 * @npages: how many; their rows are there
 * @seconds: the time
 *
 * Context: heap->lock held.
 */
void gs_arena_stamp(struct gs_arena *arena, unsigned int slot,
		    unsigned int npages, u64 seconds)
{
	unsigned int i;

	for (i = slot; i < slot + npages; i++)
		arena->row[i >> GS_ROW_SHIFT]->idle_since[i & (GS_ROW_PAGES - 1)] =
			seconds;
}

/**
 * gs_arena_get_block() - obtain a block
 * @heap: for which heap
 * @gfp: the caller's
 * @order: power of two of pages
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 * Return: the block's first page, or NULL.
 */
struct page *gs_arena_get_block(struct gs_heap *heap, gfp_t gfp,
				unsigned int order)
{
	return gs_source_get(heap, gfp & ~__GFP_ZERO, order);
}

/**
 * gs_arena_put_block() - return a block that is in no arena
 * @heap: whose
 * @page: its first page
 * @order: power of two of pages
 *
 * Context: Where the page allocator may be called; no heap lock held.
 */
void gs_arena_put_block(struct gs_heap *heap, struct page *page,
			unsigned int order)
{
	gs_source_put(heap, page, order);
}

/* --- the arena map ------------------------------------------------------ */

static size_t gs_map_bytes(unsigned long n)
{
	return struct_size((struct gs_arena_map *)NULL, arena, n);
}

static size_t gs_map_sys(unsigned long n)
{
	return PAGE_SIZE << get_order(gs_map_bytes(n));
}

/* Maps are too large for a pool: each is pages of its own. */
static struct gs_arena_map *gs_map_new(struct gs_heap *heap,
				       unsigned long first, unsigned long n,
				       gfp_t gfp)
{
	struct gs_books *books = &heap->pages.meta[GS_GC];
	struct gs_arena_map *map;
	unsigned long i, flags;
	struct page *page;

	if (get_order(gs_map_bytes(n)) > GS_MAX_PAGE_ORDER)
		return NULL;
	page = gs_source_get(heap, GS_METADATA_GFP(gfp),
			     get_order(gs_map_bytes(n)));
	if (!page)
		return NULL;
	map = page_address(page);
	map->heap = heap;
	map->first = first;
	map->n = n;
	for (i = 0; i < n; i++)
		map->arena[i] = &gs_no_arena;
	gs_heap_lock(heap, &flags);
	gs_page_books_use(heap, &books->sys, gs_map_sys(n));
	books->inuse += gs_map_bytes(n);
	list_add(&map->node, &heap->maps);
	gs_heap_unlock(heap, flags);
	return map;
}

static void gs_map_free_rcu(struct rcu_head *rcu)
{
	struct gs_arena_map *map = container_of(rcu, struct gs_arena_map, rcu);
	struct gs_books *books = &map->heap->pages.meta[GS_GC];
	struct gs_heap *heap = map->heap;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	list_del(&map->node);
	books->inuse -= gs_map_bytes(map->n);
	gs_page_books_unuse(heap, &books->sys, gs_map_sys(map->n));
	gs_heap_unlock(heap, flags);
	gs_source_put(heap, virt_to_page(map), get_order(gs_map_bytes(map->n)));
}

static bool gs_map_covers(const struct gs_arena_map *map, unsigned long number)
{
	return number - map->first < map->n;
}

/*
 * A map that covers @number too. The pages that it takes anyway are filled on
 * the side that was short: a page holds a GiB's arenas, so that a heap that
 * spreads over memory replaces its map a few times only.
 */
static struct gs_arena_map *gs_map_wider(struct gs_heap *heap,
					 unsigned long number, gfp_t gfp)
{
	unsigned long first, last, fit;
	struct gs_arena_map *map;
	bool downwards;

	rcu_read_lock();
	map = rcu_dereference(heap->map);
	downwards = map->n && number < map->first;
	first = min(map->n ? map->first : number, number);
	last = max(map->n ? map->first + map->n - 1 : number, number);
	rcu_read_unlock();

	fit = (gs_map_sys(last - first + 1) - gs_map_bytes(0)) /
	      sizeof(map->arena[0]);
	if (downwards)
		first = last + 1 - min(fit, last + 1);
	return gs_map_new(heap, first, fit, gfp);
}

/* Publish a map that covers more than the present one. heap->lock held. */
static struct gs_arena_map *gs_map_replace(struct gs_heap *heap,
					   struct gs_arena_map *new)
{
	struct gs_arena_map *old;
	unsigned long i;

	old = rcu_dereference_protected(heap->map,
					lockdep_is_held(&heap->lock));
	for (i = 0; i < old->n; i++)
		if (!gs_map_covers(new, old->first + i))
			return new;	/* somebody else widened it elsewhere */
	for (i = 0; i < old->n; i++)
		new->arena[old->first + i - new->first] = old->arena[i];
	rcu_assign_pointer(heap->map, new);
	return old;
}

/* Make sure that the map has an entry for the arena @number. */
static int gs_map_reserve(struct gs_heap *heap, unsigned long number, gfp_t gfp)
{
	struct gs_arena_map *map, *spare;
	unsigned long flags;
	bool covered;

	for (;;) {
		rcu_read_lock();
		covered = gs_map_covers(rcu_dereference(heap->map), number);
		rcu_read_unlock();
		if (covered)
			return 0;
		map = gs_map_wider(heap, number, gfp);
		if (!map)
			return -ENOMEM;
		gs_heap_lock(heap, &flags);
		spare = gs_map_replace(heap, map);
		gs_heap_unlock(heap, flags);
		call_rcu(&spare->rcu, gs_map_free_rcu);
	}
}

/* --- arenas ------------------------------------------------------------- */

static struct gs_arena *gs_arena_find(struct gs_heap *heap, unsigned long addr)
{
	const struct gs_arena_map *map;
	const struct gs_arena *arena;

	map = rcu_dereference_protected(heap->map,
					lockdep_is_held(&heap->lock));
	arena = gs_map_arena(map, addr);
	return arena == &gs_no_arena ? NULL : (struct gs_arena *)arena;
}

/**
 * gs_arena_present() - has this address a page of the heap's?
 * @heap: the heap
 * @addr: any address
 *
 * Context: heap->lock held.
 * Return: true if its slot is free or in use.
 */
bool gs_arena_present(struct gs_heap *heap, unsigned long addr)
{
	struct gs_arena *arena = gs_arena_find(heap, addr);

	return arena && test_bit(gs_arena_slot(addr), arena->present);
}

static const struct gs_arena **gs_map_entry(struct gs_heap *heap,
					    unsigned long addr)
{
	struct gs_arena_map *map;

	map = rcu_dereference_protected(heap->map,
					lockdep_is_held(&heap->lock));
	return &map->arena[(addr >> GS_ARENA_SHIFT) - map->first];
}

/* From now on these addresses lead to @arena. heap->lock held. */
static void gs_arena_bind(struct gs_heap *heap, struct gs_arena *arena,
			  unsigned long addr)
{
	arena->base = addr & ~(GS_ARENA_SIZE - 1);
	arena->longest = 0;
	/* Pairs with the address dependency of gs_map_arena()'s readers. */
	smp_store_release(gs_map_entry(heap, addr), arena);
}

/* A new arena: all of its slots are released. heap->lock held. */
static void gs_arena_add(struct gs_heap *heap, struct gs_arena *arena,
			 unsigned long addr)
{
	arena->serial = heap->next_serial++;
	list_add_tail(&arena->node, &heap->arenas);
	heap->pages.sys += GS_ARENA_SIZE;
	heap->pages.idle += GS_ARENA_SIZE;
	heap->pages.released += GS_ARENA_SIZE;
	gs_arena_bind(heap, arena, addr);
}

/* A spare arena serves before a new one is made. heap->lock held. */
static struct gs_arena *gs_arena_bind_spare(struct gs_heap *heap,
					    unsigned long addr)
{
	struct gs_arena *arena;

	arena = list_first_entry_or_null(&heap->spare, struct gs_arena, spare);
	if (!arena)
		return NULL;
	list_del(&arena->spare);
	gs_arena_bind(heap, arena, addr);
	return arena;
}

/**
 * gs_arena_unbind() - an arena that has drained leaves its addresses
 * @heap: whose
 * @arena: an arena that may
 *
 * It does so if no slot has a page and no block is on its way; gs_arena_wait()
 * must follow then.
 *
 * Context: heap->lock held; the arena is not in heap->fit.
 * Return: true if the arena is not bound any more.
 */
bool gs_arena_unbind(struct gs_heap *heap, struct gs_arena *arena)
{
	lockdep_assert_held(&heap->lock);
	if (arena->npresent || arena->pins || arena->busy || !arena->base)
		return false;
	WRITE_ONCE(*gs_map_entry(heap, arena->base), &gs_no_arena);
	arena->base = 0;
	arena->heap = heap;
	return true;
}

static void gs_arena_unbound(struct rcu_head *rcu)
{
	struct gs_arena *arena = container_of(rcu, struct gs_arena, rcu);
	struct gs_heap *heap = arena->heap;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	list_add(&arena->spare, &heap->spare);
	gs_heap_unlock(heap, flags);
}

/**
 * gs_arena_wait() - the arena becomes spare when nobody can be looking at it
 * @arena: what gs_arena_unbind() was told of
 *
 * The fast path looks a handle up without a lock. It must not find one by an
 * address that the arena had before.
 *
 * Context: Any but NMI; no heap lock held.
 */
void gs_arena_wait(struct gs_arena *arena)
{
	call_rcu(&arena->rcu, gs_arena_unbound);
}

/* Descriptors could not be made: an arena that nothing came of is spare. */
static void gs_arena_abandon(struct gs_heap *heap, unsigned long addr)
{
	struct gs_arena *arena;
	unsigned long flags;
	bool unbound;

	gs_heap_lock(heap, &flags);
	arena = gs_arena_find(heap, addr);
	unbound = arena && gs_arena_unbind(heap, arena);
	gs_heap_unlock(heap, flags);
	if (unbound)
		gs_arena_wait(arena);
}

static bool gs_arena_needs_row(const struct gs_arena *arena, unsigned long addr,
			       unsigned int order, unsigned int *row)
{
	unsigned int slot = gs_arena_slot(addr);
	unsigned int last = slot + (1U << order) - 1;
	unsigned int i;

	for (i = slot >> GS_ROW_SHIFT; i <= last >> GS_ROW_SHIFT; i++) {
		if (!arena->row[i]) {
			*row = i;
			return true;
		}
	}
	return false;
}

/**
 * gs_arena_prepare() - make all descriptors that a new block needs
 * @heap: for which heap
 * @addr: the block's address
 * @order: its size
 * @gfp: how hard to try
 *
 * Descriptors are made with no lock held and put in place under it, one at a
 * time, until none is missing; what another CPU put there first is kept.
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 * Return: the arena that the block belongs to, with a pin that keeps it there
 * until the block is inserted; or NULL.
 */
struct gs_arena *gs_arena_prepare(struct gs_heap *heap, unsigned long addr,
				  unsigned int order, gfp_t gfp)
{
	struct gs_arena *arena, *new_arena = NULL;
	struct gs_row *new_row = NULL;
	unsigned int row = 0;
	unsigned long flags;
	bool done;

	if (gs_map_reserve(heap, addr >> GS_ARENA_SHIFT, gfp))
		return NULL;
	for (;;) {
		gs_heap_lock(heap, &flags);
		arena = gs_arena_find(heap, addr) ?:
			gs_arena_bind_spare(heap, addr);
		if (!arena && new_arena) {
			arena = new_arena;
			new_arena = NULL;
			gs_arena_add(heap, arena, addr);
		}
		if (arena && new_row &&
		    gs_arena_needs_row(arena, addr, order, &row)) {
			/* Pairs with the dependency in gs_arena_span(). */
			smp_store_release(&arena->row[row], new_row);
			new_row = NULL;
		}
		done = arena && !gs_arena_needs_row(arena, addr, order, &row);
		if (done)
			arena->pins++;
		gs_heap_unlock(heap, flags);

		if (done)
			break;
		if (!arena && !new_arena)
			new_arena = gs_fixalloc_get(&heap->arena_pool, gfp);
		if (!new_row)
			new_row = gs_fixalloc_get(&heap->row_pool, gfp);
		if ((!arena && !new_arena) || !new_row) {
			gs_arena_abandon(heap, addr);
			arena = NULL;
			break;
		}
	}
	if (new_arena)
		gs_fixalloc_put(&heap->arena_pool, new_arena);
	if (new_row)
		gs_fixalloc_put(&heap->row_pool, new_row);
	return arena;
}

/**
 * gs_arena_insert_block() - released slots get pages
 * @arena: what gs_arena_prepare() gave for the block
 * @addr: the block's address
 * @order: its size
 *
 * Context: heap->lock held; the arena is not in heap->fit.
 */
void gs_arena_insert_block(struct gs_arena *arena, unsigned long addr,
			   unsigned int order)
{
	unsigned int slot = gs_arena_slot(addr);
	unsigned int npages = 1U << order;

	bitmap_set(arena->present, slot, npages);
	bitmap_set(arena->free, slot, npages);
	__set_bit(slot, arena->block);
	arena->npresent += npages;
	arena->nfree += npages;
	arena->longest = gs_arena_longest(arena);
}

/**
 * gs_arena_block_end() - where a block ends
 * @arena: whose
 * @slot: where it starts
 *
 * Context: heap->lock held.
 * Return: the first slot behind it.
 */
unsigned int gs_arena_block_end(const struct gs_arena *arena,
				unsigned int slot)
{
	unsigned int end = find_next_bit(arena->block, GS_ARENA_PAGES, slot + 1);

	return find_next_zero_bit(arena->present, end, slot + 1);
}

/**
 * gs_arena_recount_maps() - count all maps again
 * @heap: the heap
 * @inuse: bytes of the maps are added to this
 * @sys: bytes of their pages are added to this
 *
 * Context: heap->lock held, or the heap at rest.
 */
void gs_arena_recount_maps(const struct gs_heap *heap, u64 *inuse, u64 *sys)
{
	const struct gs_arena_map *map;

	list_for_each_entry(map, &heap->maps, node) {
		*inuse += gs_map_bytes(map->n);
		*sys += gs_map_sys(map->n);
	}
}

/**
 * gs_arena_after() - step from arena to arena, oldest first
 * @heap: the heap
 * @arena: the last one, NULL to begin
 *
 * Descriptors stay while the heap does, so that one may rest on one of them.
 *
 * Context: Any but NMI; no heap lock held.
 * Return: the next one, or NULL.
 */
struct gs_arena *gs_arena_after(struct gs_heap *heap, struct gs_arena *arena)
{
	struct list_head *node;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	node = arena ? arena->node.next : heap->arenas.next;
	arena = node == &heap->arenas ?
		NULL : list_entry(node, struct gs_arena, node);
	gs_heap_unlock(heap, flags);
	return arena;
}

/**
 * gs_arena_init() - a heap without arenas
 * @heap: the heap
 *
 * Context: Process; may sleep.
 * Return: 0 or -ENOMEM.
 */
int gs_arena_init(struct gs_heap *heap)
{
	struct gs_arena_map *map;

	INIT_LIST_HEAD(&heap->arenas);
	INIT_LIST_HEAD(&heap->spare);
	INIT_LIST_HEAD(&heap->maps);
	gs_fixalloc_init(&heap->arena_pool, heap, GS_GC,
			 sizeof(struct gs_arena));
	gs_fixalloc_init(&heap->row_pool, heap, GS_GC, sizeof(struct gs_row));
	map = gs_map_new(heap, 0, 0, GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	RCU_INIT_POINTER(heap->map, map);
	return 0;
}

/**
 * gs_arena_destroy() - return all descriptors
 * @heap: a heap that has no pages any more and that nobody uses; replaced maps
 *	are gone, and no arena waits to be spare
 *
 * Context: Process; may sleep.
 */
void gs_arena_destroy(struct gs_heap *heap)
{
	struct gs_arena_map *map = rcu_dereference_raw(heap->map);
	struct gs_arena *arena, *next;
	unsigned int i;

	list_for_each_entry_safe(arena, next, &heap->arenas, node) {
		for (i = 0; i < GS_ARENA_ROWS; i++)
			if (arena->row[i])
				gs_fixalloc_put(&heap->row_pool, arena->row[i]);
		gs_fixalloc_put(&heap->arena_pool, arena);
	}
	gs_fixalloc_destroy(&heap->row_pool);
	gs_fixalloc_destroy(&heap->arena_pool);
	if (map)
		gs_map_free_rcu(&map->rcu);
}
