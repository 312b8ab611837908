/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arena - where heap memory comes from, and whose an address is.
 *
 * An arena is an aligned 2 MiB stretch of the direct map, divided into page
 * slots. It is filled block by block: a block is what one call to the page
 * allocator gave, a naturally aligned power of two of pages, one order-9 block
 * for the whole arena once the heap is large enough to want that much. A slot
 * is in one of three states:
 *
 *	released	it has no page: not obtained yet, or given back
 *	free		it has a page that is in no span
 *	in use		its page belongs to a span
 *
 * Invariants, with |x| the number of set bits:
 *
 *	free is a subset of present		block is a subset of present
 *	nfree == |free|		npresent == |present|
 *	longest == length of the longest run of free slots
 *	handle[i] != 0 only if slot i is in use by a span of a size class
 *	row[i / 64]->span[i % 64] != NULL exactly if slot i is in use
 *	row[i / 64]->idle_since[i % 64] is when slot i became free, while it is
 *
 * An arena is bound to its stretch of addresses while it has pages or is about
 * to get some (pins). One that has drained is unbound (release.h), is spare
 * after a grace period, and serves the next stretch before a new arena is made:
 *
 *	bound	-> waits for lookups of its last addresses -> spare -> bound
 *
 * Whose an address is: the arena map is an array of arenas indexed by
 * address >> GS_ARENA_SHIFT. Entries without an arena point to gs_no_arena, all
 * of whose handles are 0, so the fast path needs no test. The map is replaced
 * under RCU when a block lies outside of it; descriptors stay until the heap goes.
 *
 * Locking: everything is written under heap->lock; handle[], row[] and span[]
 * are read without it, under RCU (preemption off is enough).
 */
#ifndef _GS_ARENA_H
#define _GS_ARENA_H

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "source.h"

struct gs_heap;
struct gs_span;

/* 2 MiB: one pageblock, the unit of huge pages and compaction on 4 KiB pages. */
#define GS_ARENA_SHIFT	21
#define GS_ARENA_SIZE	BIT(GS_ARENA_SHIFT)
#define GS_ARENA_PAGES	BIT(GS_ARENA_SHIFT - PAGE_SHIFT)
#define GS_ARENA_ORDER	(GS_ARENA_SHIFT - PAGE_SHIFT)

/* What is known of 64 slots: the part of an arena that is made as blocks come. */
#define GS_ROW_SHIFT	(GS_ARENA_ORDER < 6 ? GS_ARENA_ORDER : 6)
#define GS_ROW_PAGES	BIT(GS_ROW_SHIFT)
#define GS_ARENA_ROWS	(GS_ARENA_PAGES >> GS_ROW_SHIFT)

/**
 * struct gs_row - whose the slots are
 * @span: the span of each slot, NULL if the slot is not in use
 * @idle_since: of a free slot, the second it became that, modulo 2^16; each
 *	slot has its own, so that a run that grows is as old as its parts
 */
struct gs_row {
	struct gs_span *span[GS_ROW_PAGES];
	u16 idle_since[GS_ROW_PAGES];
};

/**
 * struct gs_arena - descriptor of an arena
 * @handle: fast path: the size class's handle of each slot, 0 for "look closer"
 * @base: address of slot 0; 0 while it is not bound
 * @fit: in heap->fit, ordered by what the page heap prefers, while @longest
 * @rcu: not bound: for gs_arena_unbind()'s grace period
 * @heap: not bound: whose it is
 * @spare: not bound, after that: in heap->spare
 * @node: in heap->arenas, oldest first
 * @serial: age; lower is older
 * @pins: blocks that were prepared for and are not inserted yet
 * @busy: somebody splits blocks of it, with no lock held
 * @longest: slots of the longest free run
 * @npresent: slots with a page
 * @nfree: slots free
 * @nspans: spans: how many things must end before the arena can drain
 * @present: slots with a page
 * @free: slots free
 * @block: first slots of blocks
 * @row: span pointers; made before the first block of the row is inserted
 */
struct gs_arena {
	u16 handle[GS_ARENA_PAGES];
	unsigned long base;
	union {
		struct rb_node fit;
		struct {
			struct rcu_head rcu;
			struct gs_heap *heap;
		};
		struct list_head spare;
	};
	struct list_head node;
	u32 serial;
	u16 pins;
	bool busy;
	u16 longest;
	u16 npresent;
	u16 nfree;
	u16 nspans;
	DECLARE_BITMAP(present, GS_ARENA_PAGES);
	DECLARE_BITMAP(free, GS_ARENA_PAGES);
	DECLARE_BITMAP(block, GS_ARENA_PAGES);
	struct gs_row *row[GS_ARENA_ROWS];
};

/**
 * struct gs_arena_map - arenas by address
 * @rcu: for the replaced one
 * @heap: whose
 * @node: in heap->maps: the present one and those whose readers may not be gone
 * @first: arena number (address >> GS_ARENA_SHIFT) of arena[0]
 * @n: entries
 * @arena: the arenas; &gs_no_arena where there is none
 */
struct gs_arena_map {
	unsigned long first;
	unsigned long n;
	struct rcu_head rcu;
	struct gs_heap *heap;
	struct list_head node;
	const struct gs_arena *arena[];
};

extern const struct gs_arena gs_no_arena;

/**
 * gs_arena_slot() - slot of an address in its arena
 * @addr: any address
 *
 * Return: the slot's number.
 */
static inline unsigned int gs_arena_slot(unsigned long addr)
{
	return (addr >> PAGE_SHIFT) & (GS_ARENA_PAGES - 1);
}

/**
 * gs_map_arena() - the arena of an address
 * @map: the map
 * @addr: any address at all
 *
 * Context: Any, under RCU.
 * Return: the arena, or &gs_no_arena.
 */
static __always_inline const struct gs_arena *
gs_map_arena(const struct gs_arena_map *map, unsigned long addr)
{
	unsigned long i = (addr >> GS_ARENA_SHIFT) - map->first;

	if (unlikely(i >= map->n))
		return &gs_no_arena;
	return READ_ONCE(map->arena[i]);
}

bool gs_arena_present(struct gs_heap *heap, unsigned long addr);
struct gs_span *gs_arena_span(const struct gs_arena *arena, unsigned long addr);
unsigned int gs_arena_best_run(const struct gs_arena *arena,
			       unsigned int npages, unsigned int align);
void gs_arena_take(struct gs_arena *arena, unsigned int slot,
		   unsigned int npages, struct gs_span *span, u16 handle);
void gs_arena_give(struct gs_arena *arena, unsigned int slot,
		   unsigned int npages);
void gs_arena_stamp(struct gs_arena *arena, unsigned int slot,
		    unsigned int npages, u64 seconds);
unsigned int gs_arena_longest(const struct gs_arena *arena);
unsigned int gs_arena_block_end(const struct gs_arena *arena,
				unsigned int slot);

void gs_arena_recount_maps(const struct gs_heap *heap, u64 *inuse, u64 *sys);
int gs_arena_init(struct gs_heap *heap);
void gs_arena_destroy(struct gs_heap *heap);
struct page *gs_arena_get_block(struct gs_heap *heap, gfp_t gfp,
				unsigned int order);
void gs_arena_put_block(struct gs_heap *heap, struct page *page,
			unsigned int order);
struct gs_arena *gs_arena_prepare(struct gs_heap *heap, unsigned long addr,
				  unsigned int order, gfp_t gfp);
void gs_arena_insert_block(struct gs_arena *arena, unsigned long addr,
			   unsigned int order);
struct gs_arena *gs_arena_after(struct gs_heap *heap, struct gs_arena *arena);
bool gs_arena_unbind(struct gs_heap *heap, struct gs_arena *arena);
void gs_arena_wait(struct gs_arena *arena);

#endif /* _GS_ARENA_H */
