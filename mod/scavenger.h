/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scavenger - memory that nobody needs goes back to the page allocator: when,
 * how much and why. How is release.h's.
 *
 * A run has a cause, is counted under it, and leaves a record (scavtrace.h):
 *
 *	background	idle for long, and more than what was needed lately
 *			(background.h)
 *	forced		somebody asked: all idle memory, whatever its age, and
 *			before that all that the magazines hold. Go: k == -1
 *	limit		the heap is about to grow beyond its limit (reclaim.h)
 *	shrinker	the kernel is short of memory (reclaim.h)
 *
 * In any run pages go in the order of enum gs_release_unit: whole arenas first.
 * Runs may overlap; each page is released by one of them.
 *
 * The books: released and ns of a run are added when it ends, so that
 *
 *	sum over causes of released == sum over records of released
 *
 * Go printed its trace while it held the heap's lock, through a reader that
 * wanted it too (a0dbbeae), and later from plain loads that did not fit together
 * (dc0f0ab7). Here a record is copied under one hold of heap->lock and told when
 * no lock is held.
 *
 * Locking: heap->lock for the books and the records.
 */
#ifndef _GS_SCAVENGER_H
#define _GS_SCAVENGER_H

#include <linux/types.h>
#include <gostat/snapshot.h>

struct gs_heap;
struct gs_release;

/**
 * struct gs_scav_books - runs; heap->lock
 * @cause: by cause
 * @goal: what the background brings held memory down to
 * @over_limit: times that the heap grew beyond the limit all the same
 * @refused: times that it did not, because of the hard limit
 */
struct gs_scav_books {
	struct gostat_scav_stats cause[GOSTAT_NR_SCAV_CAUSES];
	u64 goal;
	u64 over_limit;
	u64 refused;
};

u64 gs_scavenge(struct gs_heap *heap, enum gostat_scav_cause cause, u64 want);
u64 gs_scavenge_all(struct gs_heap *heap);
void gs_scav_finish(struct gs_heap *heap, enum gostat_scav_cause cause, u64 ns,
		    const struct gs_release *rel);

#endif /* _GS_SCAVENGER_H */
