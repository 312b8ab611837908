// SPDX-License-Identifier: GPL-2.0
/*
 * scavenger - memory that nobody needs goes back. See scavenger.h.
 */
#include <linux/sched.h>

#include "heap.h"

/* An arena that is free from end to end, or NULL. */
static struct gs_arena *gs_scav_free_arena(struct gs_heap *heap)
{
	struct gs_arena *arena;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	arena = gs_fit_last(heap);
	if (arena && arena->longest < GS_ARENA_PAGES)
		arena = NULL;
	gs_heap_unlock(heap, flags);
	return arena;
}

/* Whole arenas first. One that somebody else is busy with is left to him. */
static void gs_scav_arenas(struct gs_heap *heap, struct gs_release *rel)
{
	struct gs_arena *arena;
	u64 before;

	do {
		before = rel->released;
		arena = gs_scav_free_arena(heap);
		if (arena)
			gs_release_arena(heap, arena, rel);
		cond_resched();
	} while (rel->released > before && rel->released < rel->want);
}

static void gs_scav_finish(struct gs_heap *heap, enum gs_scav_cause cause,
			   u64 began, const struct gs_release *rel)
{
	struct gs_scav_books *books = &heap->pages.scav[cause];
	u64 ns = gs_heap_now(heap) - began;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	books->runs++;
	books->bytes += rel->released;
	books->ns += ns;
	gs_heap_unlock(heap, flags);
}

/**
 * gs_scavenge() - a run that does not look at ages
 * @heap: whose memory
 * @cause: why
 * @want: bytes to be released; more only by the rest of a block
 *
 * Context: Process, where the page allocator may be called; no heap lock held.
 * Return: bytes released, fewer than @want if no more were idle.
 */
u64 gs_scavenge(struct gs_heap *heap, enum gs_scav_cause cause, u64 want)
{
	struct gs_release rel = { .want = want, .dense = true };
	u64 began = gs_heap_now(heap);

	gs_scav_arenas(heap, &rel);
	gs_release_walk(heap, &rel);
	rel.split = true;
	gs_release_walk(heap, &rel);
	gs_scav_finish(heap, cause, began, &rel);
	return rel.released;
}

/**
 * gs_scavenge_all() - a forced run: nothing that is idle stays
 * @heap: whose memory
 *
 * The magazines' objects go first: they keep spans from being empty. Whatever
 * is freed meanwhile may or may not be among what is released.
 *
 * Context: Process; sleeps; no heap lock held.
 * Return: bytes released.
 */
u64 gs_scavenge_all(struct gs_heap *heap)
{
	gs_cpucache_drain(heap);
	flush_work(&heap->vdead_work);
	return gs_scavenge(heap, GS_SCAV_FORCED, U64_MAX);
}
