// SPDX-License-Identifier: GPL-2.0
/*
 * scavenger - memory that nobody needs goes back. See scavenger.h.
 */
#include <linux/workqueue.h>

#include "heap.h"

/**
 * gs_scav_finish() - count a run and leave its record
 * @heap: whose
 * @cause: why it was
 * @ns: the time it took
 * @rel: what was released
 *
 * Context: Process; no heap lock held.
 */
void gs_scav_finish(struct gs_heap *heap, enum gostat_scav_cause cause, u64 ns,
		    const struct gs_release *rel)
{
	struct gostat_scav_stats *stats = &heap->pages.scav.cause[cause];
	struct gs_scav_record record = {
		.cause = cause,
		.run = rel->released,
		.whole = rel->whole,
		.ns = ns,
	};
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	stats->runs++;
	stats->released += rel->released;
	stats->whole += rel->whole;
	stats->ns += ns;
	gs_scavtrace_add(heap, &record);
	gs_heap_unlock(heap, flags);
	gs_scavtrace_tell(heap, &record);
}

/**
 * gs_scavenge() - a run that does not look at ages
 * @heap: whose memory
 * @cause: why
 * @want: bytes to be released; more only by the rest of a block
 *
 * Context: Process, where the page allocator may be called, also for reclaim; no
 * heap lock held.
 * Return: bytes released, fewer than @want if no more were idle.
 */
u64 gs_scavenge(struct gs_heap *heap, enum gostat_scav_cause cause, u64 want)
{
	struct gs_release rel = { .want = want, .dense = true };
	u64 began = gs_heap_now(heap);

	for (rel.unit = GS_RELEASE_ARENAS; rel.unit <= GS_RELEASE_PAGES;
	     rel.unit++)
		gs_release_walk(heap, &rel);
	gs_scav_finish(heap, cause, gs_heap_now(heap) - began, &rel);
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
	return gs_scavenge(heap, GOSTAT_SCAV_FORCED, U64_MAX);
}
