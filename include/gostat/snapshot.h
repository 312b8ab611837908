/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat - the figures, under the names of Go's MemStats, and how to read them.
 *
 * Identities, true in every snapshot, whatever runs meanwhile:
 *
 *	sys == heap_sys + stacks_sys + sinks_sys + mspan_sys + mcache_sys +
 *	       buckhash_sys + gc_sys + other_sys
 *	stacks_sys + sinks_sys == sum of inuse over the sinks
 *	stacks_live == sum over the stack pool's sizes of size * live +
 *		       stacks_guarded		stacks_live <= stacks_inuse
 *	heap_sys == heap_inuse + heap_idle	heap_released <= heap_idle
 *	heap_alloc == alloc == sum of size * (nmalloc - nfree) + large bytes
 *	heap_alloc <= heap_inuse
 *	heap_objects == nmalloc - nfree
 *	nmalloc == sum of nmalloc over the classes, large objects included
 *	obtained == sys - heap_released
 *	scav_runs == sum of runs, scav_released == sum of released, over the causes
 *	capacity == live + cached + central	nfree <= nmalloc	for every class
 *							and size of stacks
 *
 * Cumulative figures never decrease from one snapshot to the next.
 */
#ifndef _GOSTAT_SNAPSHOT_H
#define _GOSTAT_SNAPSHOT_H

#include <linux/types.h>
#include <gostat/sizeclasses.h>
#include <gostat/stack.h>

/* Sinks of manual spans that there can be at once; number 0 is none. */
#define GOSTAT_NR_SINKS	32

/**
 * enum gostat_scav_cause - why memory went back to the page allocator
 * @GOSTAT_SCAV_BACKGROUND: idle for long, and more than was needed lately
 * @GOSTAT_SCAV_FORCED: somebody asked for it: gostat_scavenge()
 * @GOSTAT_SCAV_LIMIT: the heap was about to grow beyond its limit
 * @GOSTAT_SCAV_SHRINKER: the kernel was short of memory
 * @GOSTAT_NR_SCAV_CAUSES: how many
 */
enum gostat_scav_cause {
	GOSTAT_SCAV_BACKGROUND,
	GOSTAT_SCAV_FORCED,
	GOSTAT_SCAV_LIMIT,
	GOSTAT_SCAV_SHRINKER,
	GOSTAT_NR_SCAV_CAUSES,
};

/**
 * struct gostat_memory_classes - where the bytes are: exclusive classes
 * @heap_objects: live objects
 * @heap_unused: spans' memory that holds no live object: free objects in central
 *	and in magazines, and the spans' tails
 * @heap_free: pages in no span
 * @heap_released: slots without a page
 * @heap_stacks: the sink "stacks": the stack pool's spans, and manual ones
 * @sinks: manual spans of all other sinks
 * @mspan_inuse: span descriptors
 * @mspan_free: the rest of the pages for them
 * @mcache_inuse: magazines
 * @mcache_free: the rest of the pages for them
 * @gc: arena descriptors and page maps
 * @profiling: the profile's table
 * @other: everything else
 *
 * Their sum is sys. Go: the classes of runtime/metrics.
 */
struct gostat_memory_classes {
	u64 heap_objects;
	u64 heap_unused;
	u64 heap_free;
	u64 heap_released;
	u64 heap_stacks;
	u64 sinks;
	u64 mspan_inuse;
	u64 mspan_free;
	u64 mcache_inuse;
	u64 mcache_free;
	u64 gc;
	u64 profiling;
	u64 other;
};

/**
 * struct gostat_memstats - the figures; bytes unless said otherwise
 * @alloc: live objects, counted at their class's size (as @heap_alloc)
 * @total_alloc: cumulative bytes of objects ever allocated
 * @sys: everything obtained or reserved: the sum of the *_sys below
 * @nlookup: number of lookups
 * @nmalloc: number of objects ever allocated
 * @nfree: number of objects ever freed
 * @heap_alloc: live objects
 * @heap_sys: slots of arenas and vmalloc runs, with or without a page
 * @heap_idle: of it in no span
 * @heap_inuse: of it in spans; a manual span is no part of it
 * @heap_released: of @heap_idle without a page
 * @heap_objects: number of live objects
 * @stacks_inuse: the sink "stacks": reserved for stack-like buffers
 * @stacks_sys: the same
 * @stacks_live: stack-like buffers handed out
 * @stacks_guarded: of them those with guard pages
 * @sinks_sys: manual spans of all other sinks
 * @mspan_inuse: span descriptors
 * @mspan_sys: pages for them
 * @mcache_inuse: magazines
 * @mcache_sys: pages for them
 * @buckhash_sys: the profile's table
 * @gc_sys: arena descriptors and page maps
 * @other_sys: the rest
 * @bad_frees: number of frees refused
 * @obtained: from the page allocator, by a count of its own
 * @peak_held: the most @obtained has been
 * @peak_live: the most bytes of objects that have been out of central at once:
 *	live ones and, as an upper bound, those in magazines
 * @nuncached: number of allocations that no magazine served
 * @refills: number of magazines filled
 * @flushes: number of magazines emptied
 * @failures: number of allocations that found no pages
 *	(these four with those of stack-like buffers)
 * @cuts: number of snapshots taken
 * @skew: number of differences that verifications found
 * @scav_goal: what the background brings held memory down to
 * @scav_runs: number of the scavenger's runs
 * @scav_released: cumulative bytes that it gave back
 * @over_limit: number of growths beyond memory_limit
 * @limit_refused: number of growths that memory_limit_hard refused
 * @memory: the same bytes in exclusive classes
 */
struct gostat_memstats {
	u64 alloc;
	u64 total_alloc;
	u64 sys;
	u64 nlookup;
	u64 nmalloc;
	u64 nfree;
	u64 heap_alloc;
	u64 heap_sys;
	u64 heap_idle;
	u64 heap_inuse;
	u64 heap_released;
	u64 heap_objects;
	u64 stacks_inuse;
	u64 stacks_sys;
	u64 stacks_live;
	u64 stacks_guarded;
	u64 sinks_sys;
	u64 mspan_inuse;
	u64 mspan_sys;
	u64 mcache_inuse;
	u64 mcache_sys;
	u64 buckhash_sys;
	u64 gc_sys;
	u64 other_sys;
	u64 bad_frees;
	u64 obtained;
	u64 peak_held;
	u64 peak_live;
	u64 nuncached;
	u64 refills;
	u64 flushes;
	u64 failures;
	u64 cuts;
	u64 skew;
	u64 scav_goal;
	u64 scav_runs;
	u64 scav_released;
	u64 over_limit;
	u64 limit_refused;
	struct gostat_memory_classes memory;
};

/**
 * struct gostat_class_stats - one class's figures, or one size of stacks'
 * @size: bytes of an object; for class 0, the large objects, 0
 * @nmalloc: objects ever allocated
 * @nfree: objects ever freed
 * @allocated: bytes ever allocated
 * @freed: bytes ever freed
 * @live: objects live
 * @cached: of those that are not, those in magazines
 * @central: and those in central
 * @capacity: objects of all spans
 * @spans: spans
 * @refills: magazines filled
 * @flushes: magazines emptied
 * @failures: allocations that found no pages
 * @peak: the most objects that have been out of central at once
 */
struct gostat_class_stats {
	u64 size;
	u64 nmalloc;
	u64 nfree;
	u64 allocated;
	u64 freed;
	u64 live;
	u64 cached;
	u64 central;
	u64 capacity;
	u64 spans;
	u64 refills;
	u64 flushes;
	u64 failures;
	u64 peak;
};

/**
 * struct gostat_cpu_stats - how well one CPU's magazines serve
 * @hits: allocations that a magazine served
 * @nuncached: allocations on this CPU that none served
 * @refills: magazines filled; of the @hits so many had to wait for it
 * @flushes: magazines emptied
 * @nlookup: lookups on this CPU
 * @cached: bytes of free objects in its magazines
 *
 * The part of all allocations that saw no lock is
 * (hits - refills) / (hits + nuncached).
 */
struct gostat_cpu_stats {
	u64 hits;
	u64 nuncached;
	u64 refills;
	u64 flushes;
	u64 nlookup;
	u64 cached;
};

/**
 * struct gostat_sink_stats - one sink's figures
 * @inuse: bytes of its spans
 * @spans: its spans
 * @peak: the most that @inuse has been
 * @failures: allocations that found no pages
 */
struct gostat_sink_stats {
	u64 inuse;
	u64 spans;
	u64 peak;
	u64 failures;
};

/**
 * struct gostat_scav_stats - the scavenger's runs of one cause
 * @runs: their number
 * @released: bytes given back by those that have ended
 * @whole: of these in whole arenas, of 2 MiB
 * @ns: the time that they took
 */
struct gostat_scav_stats {
	u64 runs;
	u64 released;
	u64 whole;
	u64 ns;
};

/**
 * struct gostat_snapshot - all figures as of one cut
 * @number: of the cut
 * @time: when it was taken, ns of CLOCK_MONOTONIC
 * @total: the heap's
 * @class: the classes', [0] the large objects
 * @stack: the stack pool's, by gostat_stack_order(); no part of @class's sums
 * @sink: the sinks', by gostat_sink_id(); [0] stays 0
 * @scav: the scavenger's, by cause
 */
struct gostat_snapshot {
	u64 number;
	u64 time;
	struct gostat_memstats total;
	struct gostat_class_stats class[GOSTAT_NR_CLASSES];
	struct gostat_class_stats stack[GOSTAT_NR_STACKS];
	struct gostat_sink_stats sink[GOSTAT_NR_SINKS];
	struct gostat_scav_stats scav[GOSTAT_NR_SCAV_CAUSES];
};

/**
 * struct gostat_range - a figure and how far off it may be
 * @lo: it was this at the least
 * @hi: and this at the most
 */
struct gostat_range {
	u64 lo;
	u64 hi;
};

/**
 * struct gostat_class_bounds - one class's figures, without a cut
 * @size: bytes of an object; 0 for the large ones
 * @nmalloc: objects ever allocated
 * @nfree: objects ever freed
 * @live: objects live
 */
struct gostat_class_bounds {
	u64 size;
	struct gostat_range nmalloc;
	struct gostat_range nfree;
	struct gostat_range live;
};

/**
 * struct gostat_bounds - the figures, without a cut
 * @time: the moment that all of them are of, ns of CLOCK_MONOTONIC
 * @alloc: bytes of live objects
 * @total_alloc: bytes of objects ever allocated
 * @nmalloc: number of objects ever allocated
 * @nfree: number of objects ever freed
 * @heap_objects: number of live objects
 * @nlookup: number of lookups
 * @stacks_live: bytes of stack-like buffers handed out
 * @pages: the figures of the page heap, which are exact: sys, heap_sys,
 *	heap_inuse, heap_idle, heap_released, stacks_inuse, stacks_sys,
 *	stacks_guarded, sinks_sys, mspan_*, mcache_*, buckhash_sys, gc_sys,
 *	other_sys, obtained, peak_held, scav_*, over_limit, limit_refused; others
 *	are 0
 * @class: the classes', [0] the large objects, which are exact
 * @stack: the stack pool's, by gostat_stack_order()
 *
 * Each figure was within its range at @time. At rest lo == hi.
 */
struct gostat_bounds {
	u64 time;
	struct gostat_range alloc;
	struct gostat_range total_alloc;
	struct gostat_range nmalloc;
	struct gostat_range nfree;
	struct gostat_range heap_objects;
	struct gostat_range nlookup;
	struct gostat_range stacks_live;
	struct gostat_memstats pages;
	struct gostat_class_bounds class[GOSTAT_NR_CLASSES];
	struct gostat_class_bounds stack[GOSTAT_NR_STACKS];
};

/**
 * gostat_bounds() - read the figures without disturbing any CPU
 * @bounds: filled in; several KiB, so not on the stack
 *
 * For machines with isolated CPUs, which no interrupt may reach, and for who
 * reads so often that the cuts would be felt. What runs meanwhile makes the
 * ranges wide; the identities hold of some values in them, not of all.
 *
 * Context: Any but NMI and hard interrupts; does not sleep.
 */
void gostat_bounds(struct gostat_bounds *bounds);

/**
 * gostat_snapshot() - read all figures as of one causally consistent cut
 * @snap: filled in; several KiB, so not on the stack
 *
 * Nobody waits for the reader: the cut interrupts each CPU twice for a moment.
 * Readers that arrive while a cut runs share the next one.
 *
 * Context: Process; sleeps.
 * Return: 0, or -EINTR if the caller was killed while it waited.
 */
int gostat_snapshot(struct gostat_snapshot *snap);

#endif /* _GOSTAT_SNAPSHOT_H */
