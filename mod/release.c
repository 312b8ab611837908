// SPDX-License-Identifier: GPL-2.0
/*
 * release - idle pages leave an arena and go back to the page allocator. See
 * release.h.
 */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "heap.h"

/**
 * struct gs_blocks - some blocks of an arena
 * @slot: their slots
 * @first: of these the first one of each block
 */
struct gs_blocks {
	DECLARE_BITMAP(slot, GS_ARENA_PAGES);
	DECLARE_BITMAP(first, GS_ARENA_PAGES);
};

/**
 * struct gs_plan - what becomes of an arena's idle pages
 * @idle: slots that are idle, and for long enough
 * @out: blocks that go
 * @split: blocks to be split first
 */
struct gs_plan {
	DECLARE_BITMAP(idle, GS_ARENA_PAGES);
	struct gs_blocks out;
	struct gs_blocks split;
};

static void gs_blocks_add(struct gs_blocks *blocks, unsigned int from,
			  unsigned int to)
{
	bitmap_set(blocks->slot, from, to - from);
	__set_bit(from, blocks->first);
}

static unsigned int gs_blocks_end(const struct gs_blocks *blocks,
				  unsigned int from)
{
	unsigned int end = find_next_bit(blocks->first, GS_ARENA_PAGES, from + 1);

	return find_next_zero_bit(blocks->slot, end, from + 1);
}

/* --- what goes: heap->lock held ------------------------------------------- */

/* Seconds that a free slot has been one; wrong after 18 hours, by less. */
static u16 gs_idle_for(const struct gs_arena *arena, unsigned int slot, u16 now)
{
	const struct gs_row *row = arena->row[slot >> GS_ROW_SHIFT];

	return now - row->idle_since[slot & (GS_ROW_PAGES - 1)];
}

static void gs_plan_idle(struct gs_plan *plan, const struct gs_arena *arena,
			 struct gs_release *rel, u16 now)
{
	unsigned int slot, age;

	bitmap_copy(plan->idle, arena->free, GS_ARENA_PAGES);
	if (!rel->older)
		return;
	for_each_set_bit(slot, arena->free, GS_ARENA_PAGES) {
		age = gs_idle_for(arena, slot, now);
		if (age > rel->older)
			continue;
		__clear_bit(slot, plan->idle);
		rel->due = min(rel->due, rel->older + 1 - age);
	}
}

static unsigned int gs_plan_weight(const struct gs_plan *plan, unsigned int from,
				   unsigned int to)
{
	unsigned int slot, n = 0;

	for (slot = find_next_bit(plan->idle, to, from); slot < to;
	     slot = find_next_bit(plan->idle, to, slot + 1))
		n++;
	return n;
}

static bool gs_may_split(const struct gs_release *rel, unsigned int nidle,
			 unsigned int npages)
{
	return rel->unit == GS_RELEASE_PAGES &&
	       (rel->dense || nidle * GS_DENSE >= npages);
}

static void gs_plan_make(struct gs_plan *plan, const struct gs_arena *arena,
			 struct gs_release *rel, u16 now)
{
	u64 npages = 0, want = ((rel->want - rel->released - 1) >> PAGE_SHIFT) + 1;
	unsigned int slot, block, end = 0, nidle;

	memset(plan, 0, sizeof(*plan));
	gs_plan_idle(plan, arena, rel, now);
	while (npages < want) {
		slot = find_next_bit(plan->idle, GS_ARENA_PAGES, end);
		if (slot >= GS_ARENA_PAGES)
			break;
		block = find_last_bit(arena->block, slot + 1);
		end = gs_arena_block_end(arena, block);
		nidle = gs_plan_weight(plan, block, end);
		if (nidle == end - block)
			gs_blocks_add(&plan->out, block, end);
		else if (gs_may_split(rel, nidle, end - block))
			gs_blocks_add(&plan->split, block, end);
		else
			continue;
		npages += nidle;
	}
}

/* The slots of plan->out lose their pages. Return true if it was the last. */
static bool gs_plan_cut(struct gs_plan *plan, struct gs_heap *heap,
			struct gs_arena *arena, struct gs_release *rel)
{
	unsigned int n = bitmap_weight(plan->out.slot, GS_ARENA_PAGES);
	size_t bytes = (size_t)n << PAGE_SHIFT;

	if (!n)
		return false;
	gs_fit_remove(heap, arena);
	bitmap_andnot(arena->present, arena->present, plan->out.slot,
		      GS_ARENA_PAGES);
	bitmap_andnot(arena->free, arena->free, plan->out.slot, GS_ARENA_PAGES);
	bitmap_andnot(arena->block, arena->block, plan->out.first,
		      GS_ARENA_PAGES);
	arena->npresent -= n;
	arena->nfree -= n;
	arena->longest = gs_arena_longest(arena);
	gs_fit_insert(heap, arena);
	gs_page_books_block_out(heap, bytes);
	gs_source_idle(heap, arena, -(long)n);
	rel->released += bytes;
	if (n == GS_ARENA_PAGES)
		rel->whole += bytes;
	return gs_arena_unbind(heap, arena);
}

/* --- how it goes: no lock held -------------------------------------------- */

static struct page *gs_slot_page(unsigned long base, unsigned int slot)
{
	return virt_to_page((void *)(base + ((unsigned long)slot << PAGE_SHIFT)));
}

static void gs_plan_put(const struct gs_plan *plan, struct gs_heap *heap,
			unsigned long base)
{
	unsigned int slot, end;

	for_each_set_bit(slot, plan->out.first, GS_ARENA_PAGES) {
		end = gs_blocks_end(&plan->out, slot);
		gs_arena_put_block(heap, gs_slot_page(base, slot),
				   ilog2(end - slot));
	}
}

static void gs_plan_split(const struct gs_plan *plan, struct gs_heap *heap,
			  unsigned long base)
{
	unsigned int slot, end;

	for_each_set_bit(slot, plan->split.first, GS_ARENA_PAGES) {
		end = gs_blocks_end(&plan->split, slot);
		gs_source_split(heap, gs_slot_page(base, slot),
				ilog2(end - slot));
	}
}

/* The blocks of plan->split have been split: look at the arena again. */
static void gs_release_split(struct gs_heap *heap, struct gs_arena *arena,
			     unsigned long base, struct gs_plan *plan,
			     struct gs_release *rel)
{
	unsigned long flags;
	bool unbound;

	gs_heap_lock(heap, &flags);
	bitmap_or(arena->block, arena->block, plan->split.slot, GS_ARENA_PAGES);
	arena->busy = false;
	if (rel->released < rel->want)
		gs_plan_make(plan, arena, rel, gs_heap_seconds(heap));
	else
		memset(plan, 0, sizeof(*plan));
	unbound = gs_plan_cut(plan, heap, arena, rel);
	gs_heap_unlock(heap, flags);
	gs_plan_put(plan, heap, base);
	if (unbound)
		gs_arena_wait(arena);
}

/* Is there anything to be done in this arena? */
static bool gs_release_may(const struct gs_arena *arena,
			   const struct gs_release *rel)
{
	if (!arena->nfree || arena->busy || rel->released >= rel->want)
		return false;
	return rel->unit != GS_RELEASE_ARENAS || arena->nfree == GS_ARENA_PAGES;
}

/**
 * gs_release_arena() - release idle pages of one arena
 * @heap: whose
 * @arena: the arena, in whatever state it is
 * @rel: what is wanted; what was released is added to it
 *
 * Context: Where the page allocator may be called; no heap lock held.
 */
void gs_release_arena(struct gs_heap *heap, struct gs_arena *arena,
		      struct gs_release *rel)
{
	bool unbound, split;
	unsigned long flags, base;
	struct gs_plan plan;

	gs_heap_lock(heap, &flags);
	base = arena->base;
	if (!gs_release_may(arena, rel)) {
		gs_heap_unlock(heap, flags);
		return;
	}
	gs_plan_make(&plan, arena, rel, gs_heap_seconds(heap));
	split = !bitmap_empty(plan.split.first, GS_ARENA_PAGES);
	arena->busy = split;
	unbound = gs_plan_cut(&plan, heap, arena, rel);
	gs_heap_unlock(heap, flags);

	gs_plan_put(&plan, heap, base);
	if (unbound)
		gs_arena_wait(arena);
	if (split) {
		gs_plan_split(&plan, heap, base);
		gs_release_split(heap, arena, base, &plan, rel);
	}
}

/**
 * gs_release_next() - step from arena to arena with something idle, oldest first
 * @heap: the heap
 * @arena: the last one, NULL to begin
 *
 * Arenas that are all in use are stepped over, GS_RELEASE_SKIP of them at the most
 * under one hold of the lock; then one of these is returned.
 *
 * Context: Any but NMI; no heap lock held.
 * Return: the next one, or NULL.
 */
struct gs_arena *gs_release_next(struct gs_heap *heap, struct gs_arena *arena)
{
	unsigned int skipped = 0;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	arena = arena ? list_next_entry(arena, node) :
			list_first_entry(&heap->arenas, struct gs_arena, node);
	while (!list_entry_is_head(arena, &heap->arenas, node) &&
	       !arena->nfree && skipped++ < GS_RELEASE_SKIP)
		arena = list_next_entry(arena, node);
	if (list_entry_is_head(arena, &heap->arenas, node))
		arena = NULL;
	gs_heap_unlock(heap, flags);
	return arena;
}

/**
 * gs_release_walk() - release idle pages of all arenas, the oldest first
 * @heap: whose
 * @rel: what is wanted; what was released is added to it
 *
 * Context: Process, where the page allocator may be called; no heap lock held.
 */
void gs_release_walk(struct gs_heap *heap, struct gs_release *rel)
{
	struct gs_arena *arena = NULL;

	while (rel->released < rel->want &&
	       (arena = gs_release_next(heap, arena))) {
		gs_release_arena(heap, arena, rel);
		cond_resched();
	}
}
