/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memstats - the heap's figures, under the names of Go's MemStats.
 *
 * Nothing is counted here: a reader takes a cut (cut.h), which makes every layer
 * record its own figures, and derives the others from the records. The cut comes
 * first: in Go a flush in the middle of the reading moved what had been read.
 * The identities that hold in every snapshot stand in <gostat/snapshot.h>.
 *
 * Context of all readers: process; sleeps; no heap lock held, which they assert:
 * a reader called under the heap's lock is how Go's scavenger trace deadlocked.
 */
#ifndef _GS_MEMSTATS_H
#define _GS_MEMSTATS_H

#include <linux/types.h>
#include <gostat/snapshot.h>

struct gs_heap;
struct gs_page_books;

int gs_snapshot_init(struct gs_heap *heap);
void gs_snapshot_destroy(struct gs_heap *heap);
void gs_snapshot_derive(struct gs_heap *heap, struct gostat_snapshot *snap);
void gs_derive_pages(const struct gs_page_books *rec,
		     struct gostat_memstats *total);
void gs_bounds_read(struct gs_heap *heap, struct gostat_bounds *b);
void gs_snapshot_force(struct gs_heap *heap);
int gs_snapshot_take(struct gs_heap *heap, struct gostat_snapshot *snap);
int gs_snapshot_take_cpus(struct gs_heap *heap, struct gostat_snapshot *snap,
			  struct gostat_cpu_stats *cpus);
int gs_memstats_read(struct gs_heap *heap, struct gostat_memstats *ms);
int gs_class_stats_read(struct gs_heap *heap, unsigned int id,
			struct gostat_class_stats *cs);

#endif /* _GS_MEMSTATS_H */
