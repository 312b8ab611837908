/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verify - the recount oracle: every figure counted again from scratch.
 *
 * Running counters are never corrected from a recount, so that a missed update
 * cannot hide: in Go a reader that overwrote heap_alloc with a recount hid for
 * years that one free path forgot its decrement. A difference is reported, once
 * a figure, with both values, and counted in heap->skew; it is never fatal.
 *
 * The recount (recount.h) needs the heap at rest. For that the machine is stopped
 * for a moment: every CPU stands outside of all operations on magazines and of
 * all locks. What cannot be counted again: cumulative figures (only nmalloc -
 * nfree can), pages in transit, and high-water marks.
 */
#ifndef _GS_VERIFY_H
#define _GS_VERIFY_H

#include <linux/types.h>
#include <gostat/snapshot.h>

#include "sizeclass.h"

struct gs_heap;

/*
 * Figures that are compared of the heap, of each class, the stack pool's
 * included, and of each sink.
 */
#define GS_VERIFY_TOTALS	20
#define GS_VERIFY_PER_CLASS	6
#define GS_VERIFY_PER_SINK	2
#define GS_VERIFY_FIGURES	(GS_VERIFY_TOTALS +			\
				 GS_VERIFY_PER_CLASS * GS_NR_CLASSES +	\
				 GS_VERIFY_PER_SINK * (GOSTAT_NR_SINKS - 1))

/**
 * struct gs_skew - one figure, compared
 * @name: the figure's
 * @class: its class's size, or its sink's number; 0 for a figure of the whole
 *	heap or of large objects
 * @have: by the running counters
 * @want: counted again
 */
struct gs_skew {
	const char *name;
	u64 class;
	u64 have;
	u64 want;
};

/**
 * struct gs_verdict - the result of a verification
 * @n: figures compared
 * @nskew: those that differ
 * @nbad: impossible states: invariants that do not hold, in descriptors,
 *	bitmaps, lists and magazines
 * @bad: the first of them, in words; NULL if there is none
 * @skew: all of the figures
 */
struct gs_verdict {
	unsigned int n;
	unsigned int nskew;
	unsigned int nbad;
	const char *bad;
	struct gs_skew skew[];
};

struct gs_verdict *gs_verify(struct gs_heap *heap);
struct gs_verdict *gs_verify_at_rest(struct gs_heap *heap);
void gs_verdict_free(struct gs_verdict *verdict);

#endif /* _GS_VERIFY_H */
