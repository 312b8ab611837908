/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pageheap - all arenas and their page runs, under one lock.
 *
 * Order of choice for a run of n pages (TCMalloc's huge page filler):
 *
 *   1. the arena whose longest free run is the shortest that suffices, so that
 *      long runs are kept for those who need them;
 *   2. among those, the one with more spans: each span must end on its own, so
 *      the arena with few of them is the likelier to drain;
 *   3. then the oldest.
 *
 * Arenas with a free run stand in heap->fit in exactly this order. Only when
 * none fits does the heap grow, by a block of about a thirty-second of what it
 * holds: small heaps stay small, and from 64 MiB on a block is a whole arena.
 *
 * The lock-protected global counters (struct gs_page_books), in bytes:
 *
 *	sys == inuse + idle		released <= idle
 *	sys + sum of sink[].inuse == GS_ARENA_SIZE * arenas +
 *				     bytes backed by vmalloc
 *	inuse == sum of npages << PAGE_SHIFT over spans of the heap
 *	sink[s].inuse == the same over spans of the sink s (sink.h)
 *	guarded == the same over guarded stack-like buffers (stack.h)
 *	obtained == sys + sum of sink[].inuse - released + sum of meta[].sys +
 *		    transit
 *
 * They move in five ways only, each written once below beside its mirror:
 * arenas come (sys, released), blocks come and go (released), spans come and go
 * (inuse, idle), those of a sink (sink[], sys, idle), objects of large spans
 * come and go (large_*).
 *
 * Locking: heap->lock, raw, interrupts off; taken inside a class's lock,
 * innermost. Every hold is bounded by one arena's bitmap,
 * but for the few that replace the arena map: 8 bytes copied per 2 MiB of the
 * addresses between the lowest arena and the highest. Pages are
 * obtained and given back with no lock held.
 */
#ifndef _GS_PAGEHEAP_H
#define _GS_PAGEHEAP_H

#include <linux/types.h>

#include "metadata.h"
#include "scavenger.h"
#include "sink.h"

struct gs_arena;
struct gs_class;
struct gs_heap;
struct gs_span;

/**
 * struct gs_page_books - the page heap's counters, in bytes; heap->lock
 * @sys: slots of all arenas, and vmalloc runs, but for those in sinks
 * @idle: in no span, released or not
 * @inuse: in spans of the heap
 * @released: slots without a page
 * @large_nmalloc: large objects ever allocated
 * @large_nfree: large objects ever freed
 * @large_allocated: bytes of large objects ever allocated
 * @large_freed: bytes of large objects ever freed
 * @large_failures: large allocations that found no pages
 * @scav: what the scavenger has done
 * @sink: spans of the sinks; [0] stays 0
 * @guarded: guarded stack-like buffers, which are also in their sink
 * @meta: descriptors, by account
 * @obtained: from the page allocator, counted by gs_source_get() and _put() alone
 * @transit: obtained and not in use for anything yet, or not any more
 * @peak_held: the most @obtained has been
 * @used_peak: the most that was in spans since the background looked
 *
 * Go: heap_sys, heap_idle, heap_inuse, heap_released, largealloc, largefree.
 */
struct gs_page_books {
	u64 sys;
	u64 idle;
	u64 inuse;
	u64 released;
	u64 large_nmalloc;
	u64 large_nfree;
	u64 large_allocated;
	u64 large_freed;
	u64 large_failures;
	struct gs_scav_books scav;
	struct gs_sink_books sink[GOSTAT_NR_SINKS];
	u64 guarded;
	struct gs_books meta[GS_NR_ACCOUNTS];
	u64 obtained;
	u64 transit;
	u64 peak_held;
	u64 used_peak;
};

/* Smallest block: 16 KiB, a few spans of the smaller classes. */
#define GS_MIN_BLOCK	max_t(size_t, 16 << 10, PAGE_SIZE)
/* Largest block: an arena, where the page allocator has so much in one piece. */
#define GS_BLOCK_MAX	min_t(size_t, GS_ARENA_SIZE, \
			      PAGE_SIZE << GS_MAX_PAGE_ORDER)
/* A block is this fraction of what the heap holds: what it may have idle. */
#define GS_GROWTH	32

struct gs_span *gs_span_new_small(struct gs_heap *heap, struct gs_class *class,
				  gfp_t gfp);
struct gs_span *gs_span_new_whole(struct gs_heap *heap, unsigned int npages,
				  unsigned int align, unsigned int sink,
				  gfp_t gfp);
void gs_span_free(struct gs_heap *heap, struct gs_span *span);
void gs_span_free_locked(struct gs_heap *heap, struct gs_span *span);

void gs_fit_insert(struct gs_heap *heap, struct gs_arena *arena);
void gs_fit_remove(struct gs_heap *heap, struct gs_arena *arena);

/**
 * gs_page_books_used() - what is in spans, whosever
 * @books: the books
 *
 * That is sys + sum of sink[].inuse - idle, from fewer counters.
 *
 * Context: heap->lock held.
 * Return: bytes.
 */
static inline u64 gs_page_books_used(const struct gs_page_books *books)
{
	u64 used = books->obtained - books->transit - books->idle +
		   books->released;
	unsigned int i;

	for (i = 0; i < GS_NR_ACCOUNTS; i++)
		used -= books->meta[i].sys;
	return used;
}

void gs_page_books_use(struct gs_heap *heap, u64 *sys, size_t bytes);
void gs_page_books_unuse(struct gs_heap *heap, u64 *sys, size_t bytes);
void gs_page_books_block_in(struct gs_heap *heap, size_t bytes);
void gs_page_books_block_out(struct gs_heap *heap, size_t bytes);
void gs_page_books_span_in(struct gs_heap *heap, struct gs_span *span);
void gs_page_books_span_out(struct gs_heap *heap, struct gs_span *span);

#endif /* _GS_PAGEHEAP_H */
