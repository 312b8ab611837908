/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cut - all figures as of one causally consistent moment, and nobody waits.
 *
 * What is recorded: each CPU (its packed words and counters), each size class
 * (its books) and the page heap (its books and the metadata's). Each has a
 * colour and a record, a copy of its figures as of the last change of colour.
 * heap->colour is the newest. The protocol is Lai and Yang's colouring of
 * messages, with objects and spans as the messages; the names are those of the
 * model in selftests/models/cut.pml:
 *
 *   D1 divert  an IPI adds GS_DIVERT to each CPU's lock byte: an operation under
 *		way finishes where it is, every later one takes the slow path;
 *   D2 flip	heap->colour changes;
 *   D3 join	an operation on the slow path reads heap->colour when it holds
 *		the locks of all it is about to change; whatever of that has an
 *		older colour copies its figures to its record and takes the new
 *		one, before anything moves. A CPU that has joined is fast again.
 *		In the middle of a move nobody joins: a flush puts the spans that
 *		it empties aside until its objects have left the magazine.
 *		And nobody takes an older colour than it has;
 *   D4 sweep	a second IPI makes the other CPUs join; the reader makes CPUs
 *		that are offline, and classes and the page heap, join;
 *   D5 sum	the records are summed.
 *
 * Why it is consistent: what happened before the flip is in the record of its
 * place, what happened after is not, and nothing is between two places when
 * either is recorded. If an object is allocated after the cut and handed to
 * another CPU, that CPU's free starts after the flip, is diverted, sees the new
 * colour and joins before it acts: its free is after the cut too. An operation
 * in flight across the flip began with an object that was allocated before it,
 * or with none: either side is right, and its one packed add decides.
 *
 * What it costs: the fast path, nothing. The slow path compares a colour under
 * each lock. A cut is two IPIs to each CPU of a few dozen instructions; nobody
 * waits for the reader, whatever becomes of it.
 *
 * Locking: heap->cut.mutex serialises readers; a record is written by whoever
 * holds its structure, and read by the reader after D4 made all of them join.
 * CPUs do not come or go during a cut (cpus_read_lock).
 */
#ifndef _GS_CUT_H
#define _GS_CUT_H

#include <linux/mutex.h>
#include <linux/types.h>

struct gs_class;
struct gs_heap;

/* Above any nesting of operations in one CPU's byte (4), within its 7 bits. */
#define GS_DIVERT	64

/**
 * struct gs_cut - the reader's side
 * @mutex: one reader at a time
 * @started: cuts begun
 * @finished: number of the last cut that was finished
 */
struct gs_cut {
	struct mutex mutex;	/* readers, one after the other */
	u64 started;
	u64 finished;
};

void gs_cut_join_cpu(struct gs_heap *heap, u32 colour);
void gs_cut_join_class(struct gs_class *class, u32 colour);
void gs_cut_join_heap(struct gs_heap *heap, u32 colour);

void gs_cut_take(struct gs_heap *heap);
void gs_cut_record_all(struct gs_heap *heap);

#endif /* _GS_CUT_H */
