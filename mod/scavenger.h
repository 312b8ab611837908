/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scavenger - memory that nobody needs goes back to the page allocator: when,
 * how much and why. How is release.h's.
 *
 * A run has a cause:
 *
 *	forced		somebody asked: all idle memory, whatever its age, and
 *			before that all that the magazines hold. Go: k == -1
 *
 * and is counted under it. In any run pages go in this order: arenas that are
 * free from end to end, then blocks that are, then idle pages of other blocks.
 *
 * Locking: heap->lock for the counts. Runs may overlap; each page is released
 * by one of them (release.h).
 */
#ifndef _GS_SCAVENGER_H
#define _GS_SCAVENGER_H

#include <linux/types.h>

struct gs_heap;

/**
 * enum gs_scav_cause - why memory is released
 * @GS_SCAV_FORCED: somebody asked for it
 * @GS_NR_SCAV_CAUSES: how many
 */
enum gs_scav_cause {
	GS_SCAV_FORCED,
	GS_NR_SCAV_CAUSES,
};

/**
 * struct gs_scav_books - what runs of one cause did; heap->lock
 * @runs: their number
 * @bytes: released by them
 * @ns: the time they took
 */
struct gs_scav_books {
	u64 runs;
	u64 bytes;
	u64 ns;
};

u64 gs_scavenge(struct gs_heap *heap, enum gs_scav_cause cause, u64 want);
u64 gs_scavenge_all(struct gs_heap *heap);

#endif /* _GS_SCAVENGER_H */
