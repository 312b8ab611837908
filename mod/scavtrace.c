// SPDX-License-Identifier: GPL-2.0
/*
 * scavtrace - what the scavenger did, run by run. See scavtrace.h.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "heap.h"

#define CREATE_TRACE_POINTS
#include "tracepoints.h"

/* As files and records call them. */
const char *const gs_scav_causes[GOSTAT_NR_SCAV_CAUSES] = {
	[GOSTAT_SCAV_BACKGROUND] = "background",
	[GOSTAT_SCAV_FORCED] = "forced",
	[GOSTAT_SCAV_LIMIT] = "limit",
	[GOSTAT_SCAV_SHRINKER] = "shrinker",
};

/**
 * gs_scavtrace_add() - a run has ended: complete its record and keep it
 * @heap: whose
 * @record: number, time and the heap's figures are filled in
 *
 * Context: heap->lock held.
 */
void gs_scavtrace_add(struct gs_heap *heap, struct gs_scav_record *record)
{
	struct gs_scavtrace *trace = &heap->scavtrace;
	const struct gs_page_books *pages = &heap->pages;

	lockdep_assert_held(&heap->lock);
	record->number = trace->next++;
	record->time = gs_heap_now(heap);
	record->inuse = pages->inuse;
	record->idle = pages->idle;
	record->sys = pages->sys;
	record->released = pages->released;
	record->consumed = pages->sys - pages->released;
	trace->ring[(u32)record->number % trace->size] = *record;
}

/**
 * gs_scavtrace_tell() - tell those who listen of a record
 * @heap: whose
 * @record: one that was added
 *
 * Context: Process; no heap lock held.
 */
void gs_scavtrace_tell(struct gs_heap *heap,
		       const struct gs_scav_record *record)
{
	trace_scavenge(record);
	wake_up_interruptible_all(&heap->scavtrace.wait);
}

/**
 * gs_scavtrace_has() - is there a record of this number or after it?
 * @heap: whose
 * @number: the number
 *
 * Context: Any but NMI; no heap lock held.
 * Return: true if there is.
 */
bool gs_scavtrace_has(struct gs_heap *heap, u64 number)
{
	unsigned long flags;
	bool has;

	gs_heap_lock(heap, &flags);
	has = number < heap->scavtrace.next;
	gs_heap_unlock(heap, flags);
	return has;
}

/**
 * gs_scavtrace_get() - copy the oldest record that is not older than so
 * @heap: whose
 * @number: the number of the record that is wanted
 * @record: filled in; its number is larger if that one is gone already
 *
 * Context: Any but NMI; no heap lock held.
 * Return: false if there is none yet.
 */
bool gs_scavtrace_get(struct gs_heap *heap, u64 number,
		      struct gs_scav_record *record)
{
	struct gs_scavtrace *trace = &heap->scavtrace;
	unsigned long flags;
	bool has;

	gs_heap_lock(heap, &flags);
	has = number < trace->next;
	if (trace->next > trace->size)
		number = max(number, trace->next - trace->size);
	if (has)
		*record = trace->ring[(u32)number % trace->size];
	gs_heap_unlock(heap, flags);
	return has;
}

static size_t gs_scav_print_released(char *text,
				     const struct gs_scav_record *r)
{
	if (!r->run)
		return 0;
	return scnprintf(text, GS_SCAV_TEXT, "scvg%llu: %llu MB released\n",
			 r->number, r->run >> 20);
}

static size_t gs_scav_print_megabytes(char *text,
				      const struct gs_scav_record *r)
{
	return scnprintf(text, GS_SCAV_TEXT,
			 "scvg%llu: inuse: %llu, idle: %llu, sys: %llu, released: %llu, consumed: %llu (MB)\n",
			 r->number, r->inuse >> 20, r->idle >> 20, r->sys >> 20,
			 r->released >> 20, r->consumed >> 20);
}

static size_t gs_scav_print_bytes(char *text, const struct gs_scav_record *r)
{
	u32 ns;
	u64 seconds = div_u64_rem(r->time, NSEC_PER_SEC, &ns);

	return scnprintf(text, GS_SCAV_TEXT,
			 "scvg%llu: time: %llu.%09u, cause: %s, run: %llu, whole: %llu, ns: %llu, inuse: %llu, idle: %llu, sys: %llu, released: %llu, consumed: %llu (bytes)\n",
			 r->number, seconds, ns, gs_scav_causes[r->cause],
			 r->run, r->whole, r->ns, r->inuse, r->idle, r->sys,
			 r->released, r->consumed);
}

/**
 * gs_scav_record_print() - put a record in words
 * @text: GS_SCAV_TEXT bytes, written to
 * @r: the record
 *
 * The first two lines are Go's, in megabytes that are cut off one by one, the
 * first of them only if something was released. The third has it all, in bytes.
 *
 * Return: the length of the text.
 */
size_t gs_scav_record_print(char *text, const struct gs_scav_record *r)
{
	size_t n = gs_scav_print_released(text, r);

	n += gs_scav_print_megabytes(text + n, r);
	return n + gs_scav_print_bytes(text + n, r);
}

/**
 * gs_scavtrace_init() - no records yet
 * @heap: whose
 * @size: how many are kept, from 1 to GS_SCAV_RECORDS_MAX; rounded up to a power
 *	of two
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int gs_scavtrace_init(struct gs_heap *heap, unsigned int size)
{
	struct gs_scavtrace *trace = &heap->scavtrace;

	init_waitqueue_head(&trace->wait);
	trace->size = roundup_pow_of_two(size);
	trace->ring = kvcalloc(trace->size, sizeof(*trace->ring), GFP_KERNEL);
	return trace->ring ? 0 : -ENOMEM;
}

/**
 * gs_scavtrace_destroy() - the mirror of gs_scavtrace_init()
 * @heap: whose; nobody reads any more
 *
 * Context: Process; sleeps.
 */
void gs_scavtrace_destroy(struct gs_heap *heap)
{
	kvfree(heap->scavtrace.ring);
}
