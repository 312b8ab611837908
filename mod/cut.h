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
 *   D1 divert	GS_DIVERT is added to the lock byte of each CPU that is fast, by an
 *		interrupt: an operation under way finishes where it is, every
 *		later one takes the slow path. A CPU that has not been used since
 *		an earlier cut is diverted still; it is told to stay so until it
 *		joins this one, and gets no interrupt;
 *   D2 flip	heap->colour changes, at once when the last CPU is diverted;
 *   D3 join	an operation on the slow path reads heap->colour when it holds
 *		the locks of all it is about to change; whatever of that has an
 *		older colour copies its figures to its record and takes the new
 *		one, before anything moves. A CPU that has joined the cut it is
 *		diverted for is fast again.
 *		In the middle of a move nobody joins: a flush puts the spans that
 *		it empties aside until its objects have left the magazine.
 *		And nobody takes an older colour than it has;
 *   D4 sweep	the reader makes classes and the page heap join. It speaks for
 *		CPUs that have not: copies their figures itself, offline or
 *		between two operations. A CPU in the midst of one is interrupted
 *		once more, to join;
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
 * Why the reader may speak for a CPU. Once D4 has had all the locks, what was
 * begun under them in the old colour is over. An owner without a lock raises its
 * byte first and reads the colour then; the reader has changed the colour first
 * and reads the byte then. So if the byte is down (and was when D1 came, or
 * an operation of the fast path might still be unseen), any operation to come
 * joins before it changes a word; and one that joined while the reader copied
 * shows in the CPU's colour, which is looked at once more.
 *
 * Whether a CPU is diverted, between any two steps of its own:
 *
 *	lock == FREE + DIVERT + nesting  exactly if until != 0
 *	until != 0 and no cut under way  only if colour is older than heap->colour
 *
 * What it costs: the fast path, nothing. The slow path compares a colour under
 * each lock. A cut is one interrupt to each CPU that has been used since the
 * last one, and none to the others; nobody waits for the reader, whatever
 * becomes of it, and the reader sleeps while it waits for interrupts.
 *
 * Locking: heap->cut.mutex serialises readers; a record is written by whoever
 * holds its structure, and read by the reader after D4 made all of them join.
 * gs_cpu.until is set by the reader or its interrupt, cleared by its CPU.
 * CPUs do not come or go during a cut (cpus_read_lock).
 */
#ifndef _GS_CUT_H
#define _GS_CUT_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
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
 * @cpus: those that D1, or D4, interrupts
 * @pending: how many of them and of the reader are not through with it
 * @done: completed by the last
 */
struct gs_cut {
	struct mutex mutex;	/* readers, one after the other */
	u64 started;
	u64 finished;
	struct cpumask cpus;
	atomic_t pending;
	struct completion done;
};

/**
 * gs_cut_next() - the colour after a colour
 * @colour: the colour
 *
 * Return: the next one; 0 is none, for gs_cpu.until.
 */
static inline u32 gs_cut_next(u32 colour)
{
	return colour + 1 ?: 1;
}

void gs_cut_join_cpu(struct gs_heap *heap, u32 colour);
void gs_cut_join_class(struct gs_class *class, u32 colour);
void gs_cut_join_heap(struct gs_heap *heap, u32 colour);

void gs_cut_init(struct gs_heap *heap);
void gs_cut_divert(struct gs_heap *heap);
void gs_cut_diverted(struct gs_heap *heap);
void gs_cut_sweep(struct gs_heap *heap);
void gs_cut_take(struct gs_heap *heap);
void gs_cut_record_all(struct gs_heap *heap);

#endif /* _GS_CUT_H */
