/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat - giving memory back, and how much there may be.
 *
 * Idle memory goes back by itself when it has been idle for long, when the
 * kernel is short of memory, and before the heap grows beyond its limit; these
 * functions are for who wants it now, or wants to choose the limits. What went
 * back is in the snapshot, by cause.
 */
#ifndef _GOSTAT_SCAVENGE_H
#define _GOSTAT_SCAVENGE_H

#include <linux/types.h>

/**
 * gostat_scavenge() - give all idle memory back, whatever its age
 *
 * Magazines are emptied first, on every CPU. Go: debug.FreeOSMemory().
 *
 * Context: Process; sleeps.
 * Return: bytes given back.
 */
u64 gostat_scavenge(void);

/**
 * gostat_memory_limit() - the soft limit of what gostat holds
 *
 * Context: Any.
 * Return: bytes; 0 for none.
 */
u64 gostat_memory_limit(void);

/**
 * gostat_set_memory_limit() - choose the soft limit
 * @bytes: the most that gostat should have from the page allocator; 0 for none
 *
 * What is idle beyond it goes back now, and from now on before the heap grows
 * beyond it; then it grows all the same, which is counted (over_limit).
 * Go: debug.SetMemoryLimit().
 *
 * Context: Process; sleeps.
 */
void gostat_set_memory_limit(u64 bytes);

/**
 * gostat_memory_limit_hard() - the hard limit of what gostat holds
 *
 * Context: Any.
 * Return: bytes; 0 for none.
 */
u64 gostat_memory_limit_hard(void);

/**
 * gostat_set_memory_limit_hard() - choose the hard limit
 * @bytes: the most that gostat may have from the page allocator; 0 for none
 *
 * As gostat_set_memory_limit(), but the heap does not grow beyond it:
 * allocations fail then, except with __GFP_NOFAIL, which is counted
 * (limit_refused). What is held beyond it in use stays.
 *
 * Context: Process; sleeps.
 */
void gostat_set_memory_limit_hard(u64 bytes);

#endif /* _GOSTAT_SCAVENGE_H */
