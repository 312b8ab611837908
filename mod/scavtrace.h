/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scavtrace - what the scavenger did, run by run.
 *
 * The last runs' records stay in a ring; each has a number, one more than the
 * one before. Whoever reads keeps the number of the record that he wants next
 * and copies one record at a time, so that no reader keeps a run waiting for
 * longer than a copy takes, and any number of them read independently. A slow
 * reader is told how many records he missed.
 *
 * A record's figures are copied under one hold of heap->lock, in bytes, so that
 * in each
 *
 *	inuse + idle == sys		sys - released == consumed
 *
 * It is told in the words of Go's scvg lines (gs_scav_record_print()), and by the
 * tracepoint gostat:scavenge.
 *
 * Invariants:	next - (number of records in the ring) == the oldest one's number
 *		ring[n % size] is record n, for next - size <= n < next
 *
 * Locking: heap->lock for all of it; the wait queue has its own.
 */
#ifndef _GS_SCAVTRACE_H
#define _GS_SCAVTRACE_H

#include <linux/types.h>
#include <linux/wait.h>
#include <gostat/snapshot.h>

struct gs_heap;

/* Records that are kept: by default, and at most. */
#define GS_SCAV_RECORDS		256U
#define GS_SCAV_RECORDS_MAX	65536U

/* Room for a record in words: three lines of at most 20 digits a figure. */
#define GS_SCAV_TEXT		768

/**
 * struct gs_scav_record - a run; bytes unless said otherwise
 * @number: of the run, from 0
 * @time: when it ended, ns of CLOCK_MONOTONIC
 * @cause: enum gostat_scav_cause
 * @run: released by it
 * @whole: of these in whole arenas
 * @ns: the time it took
 * @inuse: heap_inuse when it ended
 * @idle: heap_idle
 * @sys: heap_sys
 * @released: heap_released
 * @consumed: @sys - @released
 */
struct gs_scav_record {
	u64 number;
	u64 time;
	u64 cause;
	u64 run;
	u64 whole;
	u64 ns;
	u64 inuse;
	u64 idle;
	u64 sys;
	u64 released;
	u64 consumed;
};

/**
 * struct gs_scavtrace - a heap's records
 * @ring: the last ones
 * @size: for how many there is room, a power of two
 * @next: number of the next one
 * @wait: who waits for it
 */
struct gs_scavtrace {
	struct gs_scav_record *ring;
	unsigned int size;
	u64 next;
	wait_queue_head_t wait;
};

extern const char *const gs_scav_causes[GOSTAT_NR_SCAV_CAUSES];

int gs_scavtrace_init(struct gs_heap *heap, unsigned int size);
void gs_scavtrace_destroy(struct gs_heap *heap);
void gs_scavtrace_add(struct gs_heap *heap, struct gs_scav_record *record);
void gs_scavtrace_tell(struct gs_heap *heap,
		       const struct gs_scav_record *record);
bool gs_scavtrace_get(struct gs_heap *heap, u64 number,
		      struct gs_scav_record *record);
bool gs_scavtrace_has(struct gs_heap *heap, u64 number);
size_t gs_scav_record_print(char *text, const struct gs_scav_record *record);

#endif /* _GS_SCAVTRACE_H */
