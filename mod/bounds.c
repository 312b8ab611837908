// SPDX-License-Identifier: GPL-2.0
/*
 * bounds - figures within ranges, without an interrupt to any CPU.
 *
 * Two sweeps over the classes with the moment of the answer, T, between them.
 * What only grows was at T no less than the first sweep found and no more than
 * the second. Allocations grow, and so do frees:
 *
 *	nmalloc == books.nmalloc + sum over CPUs of word.nmalloc
 *	nfree   == nmalloc - out + sum over CPUs of word.count
 *
 * The class's lock is held while its words are summed up, so nothing moves
 * between magazines and central: of the terms only word.nmalloc and
 * word.nmalloc + word.count change, and both grow. What is made of these:
 *
 *	nmalloc.lo - nfree.hi <= live <= nmalloc.hi - nfree.lo
 *
 * The page heap's figures are read at T, under its lock, and are exact.
 *
 * Locking: class->lock and heap->lock, one at a time, each for as long as it
 * takes to look at one word of each CPU.
 */
#include <linux/cpumask.h>
#include <linux/ktime.h>

#include "heap.h"
#include "memstats.h"

/* Another CPU's word. Where it is two registers, a half may be stale: look again. */
static u64 gs_word_read(const u64 *word)
{
	u64 seen = READ_ONCE(*word), again;

	if (IS_ENABLED(CONFIG_64BIT))
		return seen;
	while ((again = READ_ONCE(*word)) != seen)
		seen = again;
	return seen;
}

static struct gostat_class_bounds *gs_bounds_of(struct gostat_bounds *b,
						unsigned int id)
{
	return id < GS_CLASS_STACK ? &b->class[id] :
				     &b->stack[id - GS_CLASS_STACK];
}

/* One class, as of the end of this call or a little before. */
static void gs_sweep_class(struct gs_heap *heap, unsigned int id, u64 *nmalloc,
			   u64 *nfree)
{
	struct gs_class *class = &heap->class[id];
	unsigned long flags;
	unsigned int cpu;
	u64 cached = 0;

	gs_class_lock(class, &flags);
	*nmalloc = class->books.nmalloc;
	for_each_possible_cpu(cpu) {
		u64 word = gs_word_read(&per_cpu_ptr(heap->cpu,
						     cpu)->mag[id].word);

		*nmalloc += GS_MAG_NMALLOC(word);
		cached += GS_MAG_COUNT(word);
	}
	*nfree = *nmalloc + cached - gs_class_out(class);
	gs_class_unlock(class, flags);
}

static u64 gs_sweep_lookups(struct gs_heap *heap)
{
	unsigned int cpu;
	u64 n = 0;

	for_each_possible_cpu(cpu)
		n += gs_word_read(&per_cpu_ptr(heap->cpu, cpu)->stats.nlookup);
	return n;
}

static void gs_sweep_first(struct gs_heap *heap, struct gostat_bounds *b)
{
	unsigned int id;

	for (id = 1; id < GS_NR_CLASSES; id++) {
		struct gostat_class_bounds *cb = gs_bounds_of(b, id);

		gs_sweep_class(heap, id, &cb->nmalloc.lo, &cb->nfree.lo);
	}
	b->nlookup.lo = gs_sweep_lookups(heap);
}

static void gs_sweep_second(struct gs_heap *heap, struct gostat_bounds *b)
{
	unsigned int id;

	b->nlookup.hi = gs_sweep_lookups(heap);
	for (id = 1; id < GS_NR_CLASSES; id++) {
		struct gostat_class_bounds *cb = gs_bounds_of(b, id);

		gs_sweep_class(heap, id, &cb->nmalloc.hi, &cb->nfree.hi);
	}
}

static struct gostat_range gs_range_less(struct gostat_range a,
					 struct gostat_range b)
{
	return (struct gostat_range){
		.lo = a.lo > b.hi ? a.lo - b.hi : 0,
		.hi = a.hi - b.lo,
	};
}

static void gs_range_add(struct gostat_range *sum, struct gostat_range r,
			 u64 size)
{
	sum->lo += size * r.lo;
	sum->hi += size * r.hi;
}

/* T: large objects, guarded buffers and pages, all under one hold of the lock. */
static void gs_bounds_pages(struct gs_heap *heap, struct gostat_bounds *b)
{
	struct gostat_class_bounds *large = &b->class[0];
	struct gs_page_books books;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	books = heap->pages;
	b->time = ktime_get_ns();
	gs_heap_unlock(heap, flags);

	gs_derive_pages(&books, &b->pages);
	large->nmalloc = (struct gostat_range){
		.lo = books.large_nmalloc, .hi = books.large_nmalloc,
	};
	large->nfree = (struct gostat_range){
		.lo = books.large_nfree, .hi = books.large_nfree,
	};
	b->total_alloc.lo = books.large_allocated;
	b->total_alloc.hi = books.large_allocated;
	b->alloc.lo = books.large_allocated - books.large_freed;
	b->alloc.hi = b->alloc.lo;
	b->stacks_live.lo = books.guarded;
	b->stacks_live.hi = books.guarded;
}

/**
 * gs_bounds_read() - read the figures without a cut
 * @heap: the heap
 * @b: filled in
 *
 * Context: Any but NMI; no heap lock held; does not sleep.
 */
void gs_bounds_read(struct gs_heap *heap, struct gostat_bounds *b)
{
	unsigned int id;

	memset(b, 0, sizeof(*b));
	gs_sweep_first(heap, b);
	gs_bounds_pages(heap, b);
	gs_sweep_second(heap, b);
	for (id = 0; id < GS_NR_CLASSES; id++) {
		struct gostat_class_bounds *cb = gs_bounds_of(b, id);

		cb->size = id ? heap->class[id].size : 0;
		cb->live = gs_range_less(cb->nmalloc, cb->nfree);
		if (id >= GS_CLASS_STACK) {
			gs_range_add(&b->stacks_live, cb->live, cb->size);
			continue;
		}
		gs_range_add(&b->nmalloc, cb->nmalloc, 1);
		gs_range_add(&b->nfree, cb->nfree, 1);
		gs_range_add(&b->heap_objects, cb->live, 1);
		gs_range_add(&b->total_alloc, cb->nmalloc, cb->size);
		gs_range_add(&b->alloc, cb->live, cb->size);
	}
}
