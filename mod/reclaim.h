/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reclaim - memory that goes back because somebody needs it: limits, and the
 * kernel's shrinkers.
 *
 * Limits are on what the heap has from the page allocator (pages.obtained),
 * descriptors too; 0 is none.
 *
 *	memory_limit		soft: before the heap grows beyond it, idle memory
 *				goes back, and a little more, so that not each
 *				growth pays (Go: GOMEMLIMIT); then it grows all
 *				the same, by no more than it must, and that is
 *				counted (over_limit)
 *	memory_limit_hard	the same; but then it does not grow, and that is
 *				counted (refused): the allocation fails, except one
 *				with __GFP_NOFAIL
 *
 *	obtained <= memory_limit_hard	at every moment since it was set, but for
 *					__GFP_NOFAIL and what was held before
 *
 * Who may not sleep does not release: atomic allocations go by the limits, and
 * leave the work to others, as they do in the page allocator.
 *
 * The shrinker counts idle pages and releases as many as it is told to. It takes
 * no lock but heap->lock, under which nothing is allocated, so that it is safe
 * wherever somebody reclaims, also below an allocation of this heap. Objects in
 * magazines keep spans from being idle; but to empty them takes other CPUs'
 * time, and reclaim must not wait for them. So when idle pages do not suffice
 * the shrinker asks for that, and what comes of it is counted the next time.
 *
 * Locking: heap->lock for the counts.
 */
#ifndef _GS_RECLAIM_H
#define _GS_RECLAIM_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct gs_heap;

/* Beyond what is needed so much is released: 1/32 of the limit. */
#define GS_LIMIT_SLACK_SHIFT	5

/**
 * struct gs_reclaim - limits and shrinker of a heap
 * @soft: memory_limit, bytes; 0 for none
 * @hard: memory_limit_hard, likewise
 * @drain: empties the magazines
 */
struct gs_reclaim {
	atomic64_t soft;
	atomic64_t hard;
	struct work_struct drain;
};

void gs_reclaim_init(struct gs_heap *heap, u64 soft, u64 hard);
void gs_reclaim_destroy(struct gs_heap *heap);
void gs_limit_make_room(struct gs_heap *heap, size_t bytes, gfp_t gfp);
u64 gs_limit_room(struct gs_heap *heap);
int gs_limit_parse(const char *text, u64 *bytes);
void gs_limit_set(struct gs_heap *heap, atomic64_t *limit, u64 bytes);
bool gs_limit_passed(struct gs_heap *heap, size_t bytes, gfp_t gfp);

unsigned long gs_shrink_count(struct gs_heap *heap);
unsigned long gs_shrink_scan(struct gs_heap *heap, unsigned long npages);
int gs_shrinker_register(struct gs_heap *heap);
void gs_shrinker_unregister(void);

#endif /* _GS_RECLAIM_H */
