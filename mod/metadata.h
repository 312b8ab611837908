/* SPDX-License-Identifier: GPL-2.0 */
/*
 * metadata - memory for descriptors, on the books.
 *
 * What describes the heap lives outside the heap: span descriptors, magazines,
 * arena descriptors and maps come from fixed-size pools carved out of pages of
 * their own. Every byte is charged to an account, in the manner of the
 * mandatory stat argument of Go's persistentalloc() and fixalloc:
 *
 *	inuse	bytes of descriptors handed out
 *	sys	bytes of the pages obtained for them
 *
 * Invariants:	inuse <= sys		for every account
 *		sum of sys == pages obtained by this file * PAGE_SIZE
 *
 * Locking: heap->lock, so that pages and what they describe are one structure to
 * a snapshot. Pages are obtained with no lock held. A page stays in its pool
 * until the heap goes, so a descriptor's memory never changes its type: a
 * lockless lookup that races with a free reads a dead descriptor, not something
 * else.
 */
#ifndef _GS_METADATA_H
#define _GS_METADATA_H

#include <linux/list.h>
#include <linux/types.h>

struct gs_heap;

/* A descriptor is the allocator's own: the caller's zone does not apply to it. */
#define GS_METADATA_GFP(gfp)	((gfp) & ~(__GFP_ZERO | GS_GFP_ZONES))

/**
 * enum gs_account - whom metadata is charged to
 * @GS_MSPAN: span descriptors with their object bitmaps (mspan_*)
 * @GS_MCACHE: magazines (mcache_*)
 * @GS_GC: arena descriptors and page maps (gc_sys)
 * @GS_NR_ACCOUNTS: how many
 */
enum gs_account {
	GS_MSPAN,
	GS_MCACHE,
	GS_GC,
	GS_NR_ACCOUNTS,
};

/**
 * struct gs_books - one account
 * @inuse: bytes handed out; heap->lock
 * @sys: bytes obtained; heap->lock
 */
struct gs_books {
	u64 inuse;
	u64 sys;
};

/**
 * struct gs_fixalloc - a pool of descriptors of one size
 * @heap: whose
 * @account: charged for it
 * @size: bytes of one descriptor, a multiple of 16
 * @partial: pages with free descriptors; heap->lock
 * @full: pages without; heap->lock
 *
 * Go: mfixalloc.go.
 */
struct gs_fixalloc {
	struct gs_heap *heap;
	enum gs_account account;
	unsigned int size;
	struct list_head partial;
	struct list_head full;
};

/**
 * struct gs_fixpage - head of a pool's page
 * @node: in the pool's partial or full list
 * @free: first free descriptor
 * @nused: descriptors handed out
 */
struct gs_fixpage {
	struct list_head node;
	void *free;
	unsigned int nused;
} __aligned(16);

void gs_fixalloc_init(struct gs_fixalloc *fix, struct gs_heap *heap,
		      enum gs_account account, size_t size);
void gs_fixalloc_destroy(struct gs_fixalloc *fix);
void *gs_fixalloc_get(struct gs_fixalloc *fix, gfp_t gfp);
void gs_fixalloc_put(struct gs_fixalloc *fix, void *desc);
void gs_fixalloc_put_locked(struct gs_fixalloc *fix, void *desc);
bool gs_fixalloc_recount(const struct gs_fixalloc *fix, u64 *inuse, u64 *sys);
unsigned int gs_fixalloc_per_page(const struct gs_fixalloc *fix);

#endif /* _GS_METADATA_H */
