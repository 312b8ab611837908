/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recount - a heap counted from scratch: verify's one half (verify.h).
 *
 * Read are span descriptors, bitmaps, arena maps, descriptor pages and
 * magazines, and none of the counters that are compared with the result. On the
 * way every invariant that can be seen at rest is checked: those of arena.h,
 * span.h, central.h, cpucache.h, metadata.h and sink.h. What breaks one is an
 * impossible state.
 *
 * At rest means: nobody is inside an operation on the heap, nor can begin one.
 * Between two operations a descriptor may be out of its pool and in no place
 * yet, and a span in its arena and not yet in its class; no figure says that
 * these are the same.
 */
#ifndef _GS_RECOUNT_H
#define _GS_RECOUNT_H

#include <linux/types.h>

struct gostat_snapshot;
struct gs_heap;

/**
 * struct gs_recount - a recount
 * @heap: whose
 * @figures: what is counted; zero at first
 * @gc_inuse: bytes of arena descriptors, rows and maps, which no figure shows
 * @objs: room for the objects of one class in all magazines
 * @nbad: impossible states
 * @bad: the first of them, in words
 */
struct gs_recount {
	struct gs_heap *heap;
	struct gostat_snapshot *figures;
	u64 gc_inuse;
	unsigned long *objs;
	unsigned int nbad;
	const char *bad;
};

int gs_recount_init(struct gs_recount *rc, struct gs_heap *heap);
void gs_recount_destroy(struct gs_recount *rc);
void gs_recount_heap(struct gs_recount *rc);

#endif /* _GS_RECOUNT_H */
