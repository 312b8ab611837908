/* SPDX-License-Identifier: GPL-2.0 */
/*
 * central - one size class's spans, shared by all CPUs.
 *
 * Objects leave central for a magazine or, one at a time, straight for their
 * owner, and come back the same ways. An object that is out is live or in a
 * magazine; central knows only that it is out:
 *
 *	capacity == nelems * number of spans
 *	nfree    == sum of nfree over the spans
 *	out      == capacity - nfree == live + objects in magazines
 *
 * and so, with the packed words of the CPUs (cpucache.h):
 *
 *	nmalloc(class) == class->nmalloc + sum over CPUs of word.nmalloc
 *	live(class)    == out - sum over CPUs of word.count
 *	nfree(class)   == nmalloc(class) - live(class)
 *
 * Spans stand in lists by how many of their objects are free: spans[0] those
 * with none, spans[1..GS_NR_PRIOS] the others, fullest first. Objects are taken
 * from the fullest span that has one, so that sparse spans empty (TCMalloc's
 * span prioritisation, ASPLOS'24). An empty span goes back to the page heap before
 * the lock is dropped.
 *
 * Locking: class->lock, raw, interrupts off, outermost of the heap's locks:
 * class > heap > meta. A hold is bounded by a magazine's capacity.
 */
#ifndef _GS_CENTRAL_H
#define _GS_CENTRAL_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct gs_fixalloc;
struct gs_heap;
struct gs_span;

/* Lists of spans with free objects. TCMalloc measured no gain beyond 8. */
#define GS_NR_PRIOS	8

/**
 * struct gs_class_books - one class's counters; class->lock
 * @capacity: objects of all spans
 * @nfree: objects in central
 * @nmalloc: allocations folded in from the CPUs' words, and those that bypassed
 *	the magazines; never decreases
 * @nspans: spans
 * @refills: magazines filled, ever
 * @flushes: magazines emptied, ever
 * @failures: allocations that failed for want of pages, ever
 * @peak: the most objects that have been out of central at once
 */
struct gs_class_books {
	u64 capacity;
	u64 nfree;
	u64 nmalloc;
	u64 nspans;
	u64 refills;
	u64 flushes;
	u64 failures;
	u64 peak;
};

/**
 * struct gs_class_config - what a class is made with
 * @name: what its objects are called, for reports
 * @size: bytes of an object
 * @magic: to divide by @size: 2^32 / @size, rounded up
 * @npages: length of a span
 * @nelems: objects of a span
 * @align: alignment of a span, in pages
 * @sink: the number of the sink that its spans count in; 0 for heap memory
 */
struct gs_class_config {
	const char *name;
	u32 size;
	u32 magic;
	u16 npages;
	u16 nelems;
	u16 align;
	u8 sink;
};

/**
 * struct gs_class - a size class of one heap
 * @lock: guards all that changes
 * @heap: whose
 * @name: what its objects are called, for reports
 * @spans: by number of free objects
 * @empty: with nothing out, on their way to the page heap; only under @lock
 * @books: counters
 * @record: @books as of the change to @colour
 * @colour: of the last cut it took part in
 * @size: bytes of an object
 * @magic: to divide by @size
 * @npages: length of a span
 * @align: alignment of a span, in pages: a power-of-two size is naturally aligned
 * @nelems: objects of a span
 * @handle: offset of its magazine header in struct gs_cpu
 * @cap_first: capacity of a first magazine
 * @cap_max: capacity of a magazine at the most
 * @patience: misses of a CPU before it gets a first magazine
 * @sink: the number of the sink that its spans count in; 0 for heap memory. What
 *	is in a sink is no object of the heap: gostat_free() refuses it, and no
 *	figure of heap_* or of objects has it
 * @span_pool: where its span descriptors come from
 *
 * Go: mcentral.
 */
struct gs_class {
	raw_spinlock_t lock;
	struct gs_heap *heap;
	const char *name;
	struct list_head spans[1 + GS_NR_PRIOS];
	struct list_head empty;
	struct gs_class_books books;
	struct gs_class_books record;
	u32 colour;
	u32 size;
	u32 magic;
	u16 npages;
	u16 align;
	u16 nelems;
	u16 handle;
	u16 cap_first;
	u16 cap_max;
	u16 patience;
	u8 sink;
	struct gs_fixalloc *span_pool;
} ____cacheline_aligned_in_smp;

/**
 * struct gs_bad_free - what was wrong with a free
 * @obj: the pointer
 * @kind: a word for it
 */
struct gs_bad_free {
	const void *obj;
	const char *kind;
};

/* Objects out of central: live or in magazines. */
static inline u64 gs_class_out(const struct gs_class *class)
{
	return class->books.capacity - class->books.nfree;
}

void gs_class_init(struct gs_heap *heap, unsigned int id,
		   const struct gs_class_config *config);
unsigned int gs_central_take(struct gs_class *class, void **objs,
			     unsigned int n);
unsigned int gs_central_give(struct gs_heap *heap, struct gs_class *class,
			     void *const *objs, unsigned int n,
			     struct gs_bad_free *bad);
void gs_central_settle(struct gs_heap *heap, struct gs_class *class);
void gs_central_count_failure(struct gs_class *class);
void *gs_central_alloc(struct gs_class *class);
void *gs_central_alloc_from(struct gs_class *class, struct gs_span *span);
const char *gs_central_free(struct gs_heap *heap, struct gs_class *class,
			    const void *obj);

#endif /* _GS_CENTRAL_H */
