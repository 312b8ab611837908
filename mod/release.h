/* SPDX-License-Identifier: GPL-2.0 */
/*
 * release - idle pages leave an arena and go back to the page allocator.
 *
 * Pages go as they came, in blocks. What is asked is asked of each block:
 *
 *	all of its pages are idle	it goes whole
 *	some are, and it may be split	each page becomes a block, the idle ones go
 *	otherwise			it stays
 *
 * A block that has been split stays so: its pages come back one by one, and
 * slots that have lost theirs get others only if the page allocator happens to
 * give these addresses again. So whole blocks go first, and where there is no
 * hurry a dense block, one with less than 1/32 of it idle, is not split for so
 * little (Go's scavenger leaves chunks alone that are that full).
 *
 * Idle is a free page, or one that has been free for longer than so many
 * seconds. Every slot has its own second (arena.h): what is freed beside pages
 * that were idle already does not make these young again.
 *
 * An arena that has lost its last page is unbound from its addresses; it is
 * bound to others before a new one is made, so that
 *
 *	sys == the most that the arenas have held at once, in whole arenas
 *
 * until the lookups of its old addresses are certainly over (a grace period).
 *
 * The books: released rises and the pages are in transit under the same hold of
 * heap->lock that takes them out of the arena; transit and obtained fall when
 * they are really given back, by the independent count of source.h.
 *
 * Locking: heap->lock, at most twice an arena, bounded by its bitmaps. Blocks
 * are split and given back with no lock held: what was taken out is nobody
 * else's, and an arena in which blocks are being split is busy, which keeps
 * other releases away from it but not those who allocate and free.
 */
#ifndef _GS_RELEASE_H
#define _GS_RELEASE_H

#include <linux/types.h>

struct gs_arena;
struct gs_heap;

/* A block with less than this fraction of it idle is dense. */
#define GS_DENSE	32

/* Arenas stepped over under one hold of the lock: less work than one released. */
#define GS_RELEASE_SKIP	256

/* gs_release.due when nothing will become old enough by waiting. */
#define GS_NEVER	U32_MAX

/**
 * enum gs_release_unit - what goes in one piece, the best for the system first
 * @GS_RELEASE_ARENAS: arenas that are free from end to end
 * @GS_RELEASE_BLOCKS: blocks that are
 * @GS_RELEASE_PAGES: idle pages of blocks that are in use in part, too
 */
enum gs_release_unit {
	GS_RELEASE_ARENAS,
	GS_RELEASE_BLOCKS,
	GS_RELEASE_PAGES,
};

/**
 * struct gs_release - what is to be released, and what has been
 * @want: bytes; more only by the rest of a block
 * @older: seconds that a page must have been idle for, and more; 0 for any page
 * @unit: the smallest thing that goes
 * @dense: pages even of blocks of which little is idle
 * @released: bytes released, over all arenas that this was used for
 * @whole: of it in whole arenas, which the page allocator then has in one piece,
 *	however many blocks they came in
 * @due: seconds until the first page that was too young is not any more
 */
struct gs_release {
	u64 want;
	u32 older;
	enum gs_release_unit unit;
	bool dense;
	u64 released;
	u64 whole;
	u32 due;
};

void gs_release_arena(struct gs_heap *heap, struct gs_arena *arena,
		      struct gs_release *rel);
struct gs_arena *gs_release_next(struct gs_heap *heap, struct gs_arena *arena);
void gs_release_walk(struct gs_heap *heap, struct gs_release *rel);

#endif /* _GS_RELEASE_H */
