/* SPDX-License-Identifier: GPL-2.0 */
/*
 * span - a run of pages in one state, described outside of the pages.
 *
 * States:	DEAD -> SMALL -> DEAD			objects of one size class, whose
 *							sink may have the bytes
 *		DEAD -> LARGE -> FREEING -> DEAD	one object, whole pages
 *		DEAD -> MANUAL -> FREEING -> DEAD	its caller's, counted in a sink
 *
 * A span of small objects knows in a bitmap which of them central has. An
 * object whose bit is clear is live or in some CPU's magazine; telling these
 * apart is the magazines' business.
 *
 * Invariants of a SMALL span:	nfree == number of bits set in free
 *				nfree <= class->nelems
 *				span is in class->spans[prio(nfree)]
 *
 * Locking: @class and @state change under heap->lock; a SMALL span that is in
 * its class's lists leaves them, and that state, under the class's lock too;
 * @free and @nfree belong to the class's lock.
 * Descriptors are type-stable (metadata.h), so a lockless lookup may look at
 * any span it finds and must check under the lock.
 */
#ifndef _GS_SPAN_H
#define _GS_SPAN_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "central.h"
#include "cpucache.h"

struct gs_arena;

enum gs_span_state {
	GS_SPAN_DEAD,
	GS_SPAN_SMALL,
	GS_SPAN_LARGE,
	GS_SPAN_MANUAL,
	GS_SPAN_FREEING,
};

/**
 * struct gs_span - descriptor of a span
 * @node: SMALL: in one of its class's lists
 * @run: LARGE or MANUAL, backed by vmalloc: in heap->vruns
 * @base: address of the first page
 * @arena: whose pages; NULL if backed by vmalloc
 * @class: SMALL: class of the objects
 * @npages: length
 * @nfree: SMALL: objects in central
 * @needzero: MANUAL: it was not all zero when it was allocated
 * @guarded: MANUAL: it is a guarded stack-like buffer (stack.h)
 * @state: enum gs_span_state
 * @prio: SMALL: which list @node is in
 * @sink: MANUAL: number of the sink it counts in; LARGE: 0
 * @free: SMALL: one bit an object, set while central has it
 *
 * Go: mspan.
 */
struct gs_span {
	union {
		struct list_head node;
		struct rb_node run;
	};
	unsigned long base;
	struct gs_arena *arena;
	struct gs_class *class;
	u32 npages;
	union {
		u16 nfree;
		struct {
			bool needzero;
			bool guarded;
		};
	};
	u8 state;
	union {
		u8 prio;
		u8 sink;
	};
	unsigned long free[];
};

static inline size_t gs_span_bytes(const struct gs_span *span)
{
	return (size_t)span->npages << PAGE_SHIFT;
}

/**
 * gs_span_sink() - where a span's bytes count
 * @span: not DEAD
 *
 * Return: the number of its sink; 0 for heap memory.
 */
static inline unsigned int gs_span_sink(const struct gs_span *span)
{
	return span->class ? span->class->sink : span->sink;
}

/**
 * gs_span_handle() - what its slots tell the fast path
 * @span: not DEAD
 *
 * Return: the handle of its class, with GS_HANDLE_APART if that is none of
 * gostat_free()'s; 0 without a class.
 */
static inline u16 gs_span_handle(const struct gs_span *span)
{
	if (!span->class)
		return 0;
	return span->class->handle | (span->class->sink ? GS_HANDLE_APART : 0);
}

#endif /* _GS_SPAN_H */
