/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sink - named in-use counters for manual spans.
 *
 * A manual span is its caller's business, so it is no part of heap_sys or
 * heap_inuse: its bytes are counted in the sink that the caller names, and sys
 * adds all sinks once (Go: the stat argument of allocManual(), dc0f0ab7).
 * "stacks" exists in every heap; any module can register more.
 *
 * States:	FREE -> LIVE	registered
 *		LIVE -> FREE	unregistered with nothing out
 *		LIVE -> LEFT	unregistered with spans out: name and figures stay, as
 *				the evidence, and no new span comes
 *		LEFT -> LIVE	registered again by its name
 *		LEFT -> FREE	unregistered again, when all has come back
 *
 * Invariants, unless FREE:
 *	refs == 1 + spans out + allocations under way
 *	inuse == sum of npages << PAGE_SHIFT over the sink's spans, of which there
 *	are nspans; peak is the most that inuse has been
 *
 * Sinks stand in a table of each heap. Their number is bounded because their
 * figures are a part of the page heap's books, copied whole at a cut under
 * heap->lock: that makes them exact, to the byte, with heap_sys and heap_idle.
 * Number 0 is never given out: in a span it says "none, this is heap memory".
 *
 * Locking: sinks.mutex for registration, names and states; heap->lock for the
 * books. refs by itself keeps a sink from going FREE under an allocation.
 */
#ifndef _GS_SINK_H
#define _GS_SINK_H

#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <gostat/gostat.h>
#include <gostat/snapshot.h>

struct gs_heap;

/* The sink that every heap has: stack-like buffers. */
#define GS_SINK_STACKS	1

/* Longest name and description, with the final NUL. */
#define GS_SINK_NAME	32
#define GS_SINK_TEXT	96

/**
 * struct gs_sink_books - one sink's counters; heap->lock
 * @inuse: bytes of its spans
 * @nspans: its spans
 * @peak: the most that @inuse has been
 * @failures: allocations that found no pages, ever
 *
 * Go: a sysMemStat given to allocManual().
 */
struct gs_sink_books {
	u64 inuse;
	u64 nspans;
	u64 peak;
	u64 failures;
};

enum gs_sink_state {
	GS_SINK_FREE,
	GS_SINK_LIVE,
	GS_SINK_LEFT,
};

/**
 * struct gostat_sink - a sink
 * @refs: one for its registration, one for each span and each allocation
 * @state: enum gs_sink_state
 * @name: what it is called, unique in its heap
 * @description: a line on what it counts
 */
struct gostat_sink {
	refcount_t refs;
	u8 state;
	char name[GS_SINK_NAME];
	char description[GS_SINK_TEXT];
};

/**
 * struct gs_sink_viewer - who shows the sinks of a heap
 * @add: a sink comes; may fail
 * @remove: it goes; nobody looks at it there after this
 *
 * Context of both: process; sinks.mutex held.
 */
struct gs_sink_viewer {
	int (*add)(struct gs_heap *heap, unsigned int id);
	void (*remove)(struct gs_heap *heap, unsigned int id);
};

/**
 * struct gs_sinks - the sinks of a heap
 * @mutex: registration, names, states, @viewer
 * @viewer: shows them; NULL if nobody does
 * @sink: by number; [0] stays free
 */
struct gs_sinks {
	struct mutex mutex;	/* see above */
	const struct gs_sink_viewer *viewer;
	struct gostat_sink sink[GOSTAT_NR_SINKS];
};

void gs_sinks_init(struct gs_heap *heap);
int gs_sinks_show(struct gs_heap *heap, const struct gs_sink_viewer *viewer);
void gs_sinks_hide(struct gs_heap *heap);

struct gostat_sink *gs_sink_register(struct gs_heap *heap, const char *name,
				     const char *description);
int gs_sink_unregister(struct gs_heap *heap, struct gostat_sink *sink);
struct gostat_sink *gs_sink_get(struct gs_heap *heap, const char *name);

unsigned int gs_sink_id(struct gs_heap *heap, const struct gostat_sink *sink);
bool gs_sink_hold(struct gs_heap *heap, unsigned int id);
void gs_sink_drop(struct gs_heap *heap, unsigned int id);
void gs_sink_count_failure(struct gs_heap *heap, unsigned int id);

#endif /* _GS_SINK_H */
