/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heap - the allocator as one thing, and its layers from the top:
 *
 *	api		gostat_*(): what <gostat/gostat.h> exports
 *	cpucache	per-CPU magazines; the fast path
 *	central		per-class spans; object bitmaps
 *	scavenger	idle pages go back (background, reclaim)
 *	pageheap	page runs inside arenas; lock-protected counters
 *	arena		blocks of pages; address -> arena -> span
 *	source		pages from the page allocator
 *	metadata	descriptors and their accounts
 *
 * Each knows only what is below it. Every function takes the heap it works on:
 * the module owns one, a test makes its own with a page source it controls.
 *
 * Locks, outermost first; all raw, taken with interrupts off, each hold bounded
 * by one magazine or one arena:
 *
 *	the CPU's lock byte > class->lock > heap->lock
 *
 * Nothing is obtained from or returned to the page allocator under any of them.
 */
#ifndef _GS_HEAP_H
#define _GS_HEAP_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <gostat/gostat.h>

#include "arena.h"
#include "background.h"
#include "badfree.h"
#include "central.h"
#include "compat.h"
#include "cpucache.h"
#include "cut.h"
#include "large.h"
#include "manual.h"
#include "metadata.h"
#include "pageheap.h"
#include "reclaim.h"
#include "release.h"
#include "scavtrace.h"
#include "sink.h"
#include "sizeclass.h"
#include "span.h"
#include "verify.h"
#include "whole.h"

/* Descriptor sizes for bitmaps of 1, 2, 4 ... 128 words: 8192 objects. */
#define GS_SPAN_POOLS	8

/**
 * struct gs_heap - a heap
 * @map: arenas by address; written under @lock
 * @cpu: magazines
 * @cpu_record: what the CPUs record at a cut
 * @own_cpu: @cpu was allocated for this heap
 * @class: the size classes (sizeclass.h); [0] is unused
 * @uncached: no magazines: each free is checked at once, at the price of a lock
 * @source: where pages come from
 * @colour: of the newest cut; changed by its reader alone
 * @cut: the reader's side
 * @snapshot: the figures of the newest cut; @cut.mutex
 * @sinks: what manual spans are counted in
 * @lock: the page heap's
 * @pages: its books; @lock
 * @record: @pages as of the change to @page_colour
 * @page_colour: the page heap's; @lock
 * @fit: arenas with free runs in the order of choice; @lock
 * @arenas: all arenas, oldest first; @lock
 * @spare: of them those that have drained and can be bound again; @lock
 * @maps: the arena map and its predecessors; @lock
 * @next_serial: of the next arena; @lock
 * @vruns: whole spans backed by vmalloc, by address; @lock
 * @vdead: those freed, waiting for process context
 * @vdead_work: returns them
 * @background: what the scavenger does by itself
 * @reclaim: limits and shrinker
 * @scavtrace: the scavenger's records
 * @arena_pool: struct gs_arena
 * @row_pool: struct gs_row
 * @span_pool: struct gs_span by words of bitmap
 * @mag_pool: magazines by capacity
 * @out: bytes of small objects out of central, and of large ones
 * @peak_out: the most that @out has been
 * @bad_frees: frees refused, ever
 * @skew: differences that verifications found, ever
 * @skew_told: which of them have been reported; the last, an impossible state
 */
struct gs_heap {
	struct gs_arena_map __rcu *map;
	struct gs_cpu __percpu *cpu;
	struct gs_cpu_records __percpu *cpu_record;
	bool own_cpu;
	bool uncached;
	struct gs_source *source;
	u32 colour;
	struct gs_cut cut;
	struct gostat_snapshot *snapshot;
	struct gs_sinks sinks;

	raw_spinlock_t lock ____cacheline_aligned_in_smp;
	struct gs_page_books pages;
	struct gs_page_books record;
	u32 page_colour;
	struct rb_root fit;
	struct list_head arenas;
	struct list_head spare;
	struct list_head maps;
	unsigned long next_serial;
	struct rb_root vruns;
	struct llist_head vdead;
	struct work_struct vdead_work;
	struct gs_background background;
	struct gs_reclaim reclaim;
	struct gs_scavtrace scavtrace;
	struct gs_fixalloc arena_pool;
	struct gs_fixalloc row_pool;
	struct gs_fixalloc span_pool[GS_SPAN_POOLS];
	struct gs_fixalloc mag_pool[GS_NR_CAPS];

	atomic64_t out;
	atomic64_t peak_out;
	atomic64_t bad_frees;
	atomic64_t skew;
	DECLARE_BITMAP(skew_told, GS_VERIFY_FIGURES + 1);
	struct gs_class class[GS_NR_CLASSES];
};

/**
 * struct gs_heap_config - what a heap is made with
 * @source: page source; NULL for the page allocator
 * @cpu: per-CPU part; NULL to allocate one
 * @uncached: without magazines
 * @knob: of the background scavenger (enum gs_knob); NULL for the defaults
 * @limit: memory_limit, bytes; 0 for none
 * @limit_hard: memory_limit_hard, likewise
 * @records: of the scavenger that are kept; 0 for the default
 */
struct gs_heap_config {
	struct gs_source *source;
	struct gs_cpu __percpu *cpu;
	bool uncached;
	const u32 *knob;
	u64 limit;
	u64 limit_hard;
	unsigned int records;
};

int gs_heap_init(struct gs_heap *heap, const struct gs_heap_config *config);
u64 gs_heap_destroy(struct gs_heap *heap);

void *gs_heap_alloc(struct gs_heap *heap, size_t size, gfp_t gfp);
void gs_heap_free(struct gs_heap *heap, const void *obj);
void gs_heap_reset_peaks(struct gs_heap *heap);
bool gs_heap_lookup(struct gs_heap *heap, const void *addr,
		    struct gostat_object *obj);

/**
 * gs_handle_class() - the class behind a handle
 * @heap: the heap
 * @handle: not 0
 *
 * Return: the class.
 */
static inline struct gs_class *gs_handle_class(struct gs_heap *heap,
					       unsigned long handle)
{
	return &heap->class[handle >> GOSTAT_HANDLE_SHIFT];
}

/**
 * gs_span_pool_index() - which pool holds descriptors for so many objects
 * @nelems: objects of a span
 *
 * Return: index into heap->span_pool.
 */
static inline unsigned int gs_span_pool_index(unsigned int nelems)
{
	return order_base_2(BITS_TO_LONGS(nelems));
}

/**
 * gs_heap_now() - the time, as the heap's source has it
 * @heap: the heap
 *
 * Return: ns.
 */
static inline u64 gs_heap_now(struct gs_heap *heap)
{
	return heap->source->now(heap->source);
}

/**
 * gs_heap_seconds() - the same in whole seconds, for a few instructions
 * @heap: the heap
 *
 * Return: seconds.
 */
static inline u64 gs_heap_seconds(struct gs_heap *heap)
{
	return heap->source->seconds(heap->source);
}

/**
 * gs_heap_waited() - how long the calling thread has waited for a CPU
 * @heap: the heap
 *
 * Return: ns, since it began.
 */
static inline u64 gs_heap_waited(struct gs_heap *heap)
{
	return heap->source->waited(heap->source);
}

/**
 * gs_heap_out() - objects leave central, or large ones come; slow paths only
 * @heap: the heap
 * @bytes: theirs
 */
static inline void gs_heap_out(struct gs_heap *heap, s64 bytes)
{
	s64 out = atomic64_add_return(bytes, &heap->out);
	s64 peak = atomic64_read(&heap->peak_out);

	while (out > peak && !atomic64_try_cmpxchg(&heap->peak_out, &peak, out))
		;
}

/**
 * gs_heap_handle() - what the fast path knows about an address
 * @heap: the heap
 * @addr: any address
 *
 * Context: preemption off.
 * Return: the handle of the class whose span holds @addr, with GS_HANDLE_APART if
 * that is no small object's; or 0.
 */
static __always_inline unsigned long gs_heap_handle(struct gs_heap *heap,
						    unsigned long addr)
{
	const struct gs_arena_map *map = rcu_dereference_sched(heap->map);

	return READ_ONCE(gs_map_arena(map, addr)->handle[gs_arena_slot(addr)]);
}

/**
 * gs_heap_span_sched() - gs_heap_span() where preemption is off already
 * @heap: the heap
 * @addr: any address
 *
 * Context: preemption off. Stale unless the caller keeps the span from going.
 * Return: the span, or NULL.
 */
static inline struct gs_span *gs_heap_span_sched(struct gs_heap *heap,
						 unsigned long addr)
{
	return gs_arena_span(gs_map_arena(rcu_dereference_sched(heap->map),
					  addr), addr);
}

/**
 * gs_heap_span() - the span of an address, backed by an arena
 * @heap: the heap
 * @addr: any address
 *
 * Context: Any. Stale unless the caller keeps the span from going.
 * Return: the span, or NULL.
 */
static inline struct gs_span *gs_heap_span(struct gs_heap *heap,
					   unsigned long addr)
{
	struct gs_span *span;

	rcu_read_lock();
	span = gs_arena_span(gs_map_arena(rcu_dereference(heap->map), addr),
			     addr);
	rcu_read_unlock();
	return span;
}

/**
 * gs_cut_join() - D3: whatever is about to change takes the newest colour
 * @heap: the heap
 * @class: a class whose lock is held and that will change, or NULL
 * @pages: the page heap's lock is held and it will change
 *
 * The colour is read once, with all locks of the move held: a flip before is
 * seen, a flip after finds all of them changed alike.
 *
 * Context: Locks held, interrupts off. Or neither, by the owner of this CPU's
 * byte on its slow path, for its words alone: then somebody may join between the
 * two reads, and gs_cpu_need_not_join() was called after the byte was raised.
 */
static __always_inline void gs_cut_join(struct gs_heap *heap,
					struct gs_class *class, bool pages)
{
	u32 colour = READ_ONCE(heap->colour);

	if (unlikely(this_cpu_read(heap->cpu->colour) != colour))
		gs_cut_join_cpu(heap, colour);
	if (class && unlikely(class->colour != colour))
		gs_cut_join_class(class, colour);
	if (pages && unlikely(heap->page_colour != colour))
		gs_cut_join_heap(heap, colour);
}

static inline void gs_class_lock(struct gs_class *class, unsigned long *flags)
	__acquires(&class->lock)
{
	raw_spin_lock_irqsave(&class->lock, *flags);
	gs_cut_join(class->heap, class, false);
}

static inline void gs_class_unlock(struct gs_class *class, unsigned long flags)
	__releases(&class->lock)
{
	raw_spin_unlock_irqrestore(&class->lock, flags);
}

static inline void gs_heap_lock(struct gs_heap *heap, unsigned long *flags)
	__acquires(&heap->lock)
{
	raw_spin_lock_irqsave(&heap->lock, *flags);
	gs_cut_join(heap, NULL, true);
}

static inline void gs_heap_unlock(struct gs_heap *heap, unsigned long flags)
	__releases(&heap->lock)
{
	raw_spin_unlock_irqrestore(&heap->lock, flags);
}

#endif /* _GS_HEAP_H */
