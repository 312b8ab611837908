// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim - memory that goes back because somebody needs it. See reclaim.h.
 */
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "heap.h"

/* --- limits ---------------------------------------------------------------- */

/* The lower limit; 0 if there is none. */
static u64 gs_limit(const struct gs_heap *heap)
{
	u64 soft = atomic64_read(&heap->reclaim.soft);
	u64 hard = atomic64_read(&heap->reclaim.hard);

	return min_not_zero(soft, hard);
}

/* By how much @bytes more would pass @limit. */
static u64 gs_limit_over(struct gs_heap *heap, u64 limit, size_t bytes)
{
	unsigned long flags;
	u64 held;

	gs_heap_lock(heap, &flags);
	held = heap->pages.obtained + bytes;
	gs_heap_unlock(heap, flags);
	return held > limit ? held - limit : 0;
}

static bool gs_has_idle(struct gs_heap *heap)
{
	return gs_shrink_count(heap) > 0;
}

static void gs_limit_count(struct gs_heap *heap, u64 *counter)
{
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	++*counter;
	gs_heap_unlock(heap, flags);
}

/**
 * gs_limit_make_room() - the heap is about to grow
 * @heap: by how it is limited
 * @bytes: by so much
 * @gfp: the caller's
 *
 * Idle memory goes back for it if that is needed and if @gfp lets one sleep.
 *
 * Context: No heap lock held; may sleep if @gfp allows it.
 */
void gs_limit_make_room(struct gs_heap *heap, size_t bytes, gfp_t gfp)
{
	u64 limit = gs_limit(heap), soft, over;

	if (likely(!limit))
		return;
	over = gs_limit_over(heap, limit, bytes);
	if (over && gfpflags_allow_blocking(gfp) && gs_has_idle(heap))
		gs_scavenge(heap, GOSTAT_SCAV_LIMIT,
			    over + (limit >> GS_LIMIT_SLACK_SHIFT));
	soft = atomic64_read(&heap->reclaim.soft);
	if (soft && gs_limit_over(heap, soft, bytes))
		gs_limit_count(heap, &heap->pages.scav.over_limit);
}

/**
 * gs_limit_room() - how much the heap may grow before it meets a limit
 * @heap: the heap
 *
 * Context: Any; a guess by the time it returns.
 * Return: bytes; U64_MAX without a limit.
 */
u64 gs_limit_room(struct gs_heap *heap)
{
	u64 limit = gs_limit(heap), held;

	if (likely(!limit))
		return U64_MAX;
	held = READ_ONCE(heap->pages.obtained);
	return limit > held ? limit - held : 0;
}

/**
 * gs_limit_passed() - would so many bytes pass the hard limit?
 * @heap: the heap
 * @bytes: about to be obtained
 * @gfp: the caller's
 *
 * Context: heap->lock held.
 * Return: true, which is counted, if they must not be obtained.
 */
bool gs_limit_passed(struct gs_heap *heap, size_t bytes, gfp_t gfp)
{
	u64 hard = atomic64_read(&heap->reclaim.hard);

	lockdep_assert_held(&heap->lock);
	if (likely(!hard) || heap->pages.obtained + bytes <= hard ||
	    gfp & __GFP_NOFAIL)
		return false;
	heap->pages.scav.refused++;
	return true;
}

/**
 * gs_limit_parse() - bytes as text
 * @text: a number, with K, M, G or T behind it, in a line
 * @bytes: the number
 *
 * Return: 0, -EINVAL, or -ERANGE for what does not fit.
 */
int gs_limit_parse(const char *text, u64 *bytes)
{
	static const char suffixes[] = "KMGT";
	size_t line = strcspn(text, "\n"), length = line;
	unsigned int shift = 0;
	const char *suffix;
	char number[24];
	u64 n;
	int err;

	suffix = length ? strchr(suffixes, toupper(text[length - 1])) : NULL;
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		length--;
	}
	if (length >= sizeof(number) || (text[line] && text[line + 1]))
		return -EINVAL;
	memcpy(number, text, length);
	number[length] = '\0';
	err = kstrtou64(number, 0, &n);
	if (err)
		return err;
	return check_shl_overflow(n, shift, bytes) ? -ERANGE : 0;
}

/**
 * gs_limit_set() - choose a limit
 * @heap: whose
 * @limit: which: &heap->reclaim.soft or .hard
 * @bytes: the limit; 0 for none
 *
 * What is idle beyond it goes back now.
 *
 * Context: Process; sleeps; no heap lock held.
 */
void gs_limit_set(struct gs_heap *heap, atomic64_t *limit, u64 bytes)
{
	u64 over;

	atomic64_set(limit, bytes);
	over = bytes ? gs_limit_over(heap, bytes, 0) : 0;
	if (over)
		gs_scavenge(heap, GOSTAT_SCAV_LIMIT, over);
}

/* --- the shrinker ---------------------------------------------------------- */

/**
 * gs_shrink_count() - how many pages could go
 * @heap: whose
 *
 * Context: Any but NMI; no heap lock held.
 * Return: idle pages.
 */
unsigned long gs_shrink_count(struct gs_heap *heap)
{
	unsigned long flags;
	u64 idle;

	gs_heap_lock(heap, &flags);
	idle = heap->pages.idle - heap->pages.released;
	gs_heap_unlock(heap, flags);
	return idle >> PAGE_SHIFT;
}

/**
 * gs_shrink_scan() - release some pages
 * @heap: whose
 * @npages: how many
 *
 * Context: As a shrinker's: process, in the middle of somebody's reclaim.
 * Return: how many went, more than @npages by the rest of a block.
 */
unsigned long gs_shrink_scan(struct gs_heap *heap, unsigned long npages)
{
	u64 released;

	released = gs_scavenge(heap, GOSTAT_SCAV_SHRINKER,
			       (u64)npages << PAGE_SHIFT) >> PAGE_SHIFT;
	if (released < npages)
		queue_work(system_unbound_wq, &heap->reclaim.drain);
	return released;
}

static void gs_reclaim_drain(struct work_struct *work)
{
	gs_cpucache_drain(container_of(work, struct gs_heap, reclaim.drain));
}

/* The module's: shrinkers of kernels before 6.7 carry no pointer. */
static struct {
	struct gs_heap *heap;
	struct shrinker *shrinker;
} gs_shrinker;

static unsigned long gs_shrinker_count(struct shrinker *shrinker,
				       struct shrink_control *sc)
{
	return gs_shrink_count(gs_shrinker.heap) ?: SHRINK_EMPTY;
}

static unsigned long gs_shrinker_scan(struct shrinker *shrinker,
				      struct shrink_control *sc)
{
	return gs_shrink_scan(gs_shrinker.heap, sc->nr_to_scan) ?: SHRINK_STOP;
}

/**
 * gs_shrinker_register() - the kernel may ask for idle pages
 * @heap: whose; the module's
 *
 * Nobody misses an idle page: no seeks. A batch is an arena, so that blocks go
 * whole.
 *
 * Context: Process; sleeps.
 * Return: 0 or -errno.
 */
int gs_shrinker_register(struct gs_heap *heap)
{
	gs_shrinker.heap = heap;
	gs_shrinker.shrinker = gs_shrinker_new(gs_shrinker_count,
					       gs_shrinker_scan, 0,
					       GS_ARENA_PAGES);
	return PTR_ERR_OR_ZERO(gs_shrinker.shrinker);
}

/**
 * gs_shrinker_unregister() - the mirror: nobody asks any more
 *
 * Context: Process; sleeps.
 */
void gs_shrinker_unregister(void)
{
	gs_shrinker_delete(gs_shrinker.shrinker);
}

/**
 * gs_reclaim_init() - limits as chosen
 * @heap: whose
 * @soft: memory_limit, bytes; 0 for none
 * @hard: memory_limit_hard, likewise
 */
void gs_reclaim_init(struct gs_heap *heap, u64 soft, u64 hard)
{
	atomic64_set(&heap->reclaim.soft, soft);
	atomic64_set(&heap->reclaim.hard, hard);
	INIT_WORK(&heap->reclaim.drain, gs_reclaim_drain);
}

/**
 * gs_reclaim_destroy() - wait for what the shrinker asked for
 * @heap: whose; nobody shrinks it any more
 *
 * Context: Process; sleeps.
 */
void gs_reclaim_destroy(struct gs_heap *heap)
{
	cancel_work_sync(&heap->reclaim.drain);
}
