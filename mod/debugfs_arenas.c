// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs, arenas - what is in each slot of each arena.
 *
 * A row for each arena, the oldest first. Readers find a column by its head:
 * there may be more of them one day. The last one, map, is the whole arena in
 * runs of slots, from the first to the last:
 *
 *	i120m4f4r384	120 in use, 4 in manual spans, 4 free, 384 released
 *
 * so that, in pages, in every row
 *
 *	inuse == sum of i	manual == sum of m
 *	free == sum of f	released == sum of r
 *	inuse + manual + free + released == slots of an arena
 *	longest == the longest f
 *
 * Runs and not a digit for so many slots, because nothing is lost and what is
 * alike is short: a full arena is i512, the worst one 1 KiB.
 *
 * Locking: heap->lock for one arena at a time, while its counters and two
 * bitmaps (128 bytes on 4 KiB pages) are copied and its spans looked at; each row
 * is true as of that moment. Arenas stay while the heap does, so a reader may rest on one.
 */
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "heap.h"

/**
 * struct gs_arena_view - an arena as of one moment
 * @serial: its age
 * @longest: slots of the longest free run
 * @npresent: slots with a page
 * @nfree: slots free
 * @nspans: spans
 * @present: slots with a page
 * @free: slots free
 * @manual: slots in manual spans
 */
struct gs_arena_view {
	unsigned long serial;
	unsigned int longest;
	unsigned int npresent;
	unsigned int nfree;
	unsigned int nspans;
	DECLARE_BITMAP(present, GS_ARENA_PAGES);
	DECLARE_BITMAP(free, GS_ARENA_PAGES);
	DECLARE_BITMAP(manual, GS_ARENA_PAGES);
};

/**
 * struct gs_arenas_reader - an open file
 * @heap: whose arenas
 * @arena: the next to be shown; NULL behind the last
 * @view: of the one that is shown
 */
struct gs_arenas_reader {
	struct gs_heap *heap;
	struct gs_arena *arena;
	struct gs_arena_view view;
};

/* Which slots are in manual spans. heap->lock held. */
static void gs_arena_look_manual(const struct gs_arena *arena,
				 struct gs_arena_view *view)
{
	unsigned int slot = 0;

	bitmap_zero(view->manual, GS_ARENA_PAGES);
	while (slot < GS_ARENA_PAGES) {
		unsigned long addr = arena->base +
				     ((unsigned long)slot << PAGE_SHIFT);
		const struct gs_span *span = gs_arena_span(arena, addr);

		if (span && gs_span_sink(span))
			bitmap_set(view->manual, slot, span->npages);
		slot += span ? span->npages : 1;
	}
}

static void gs_arena_look(struct gs_heap *heap, const struct gs_arena *arena,
			  struct gs_arena_view *view)
{
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	view->serial = arena->serial;
	view->longest = arena->longest;
	view->npresent = arena->npresent;
	view->nfree = arena->nfree;
	view->nspans = arena->nspans;
	bitmap_copy(view->present, arena->present, GS_ARENA_PAGES);
	bitmap_copy(view->free, arena->free, GS_ARENA_PAGES);
	gs_arena_look_manual(arena, view);
	gs_heap_unlock(heap, flags);
}

static char gs_slot_state(const struct gs_arena_view *view, unsigned int slot)
{
	if (!test_bit(slot, view->present))
		return 'r';
	if (test_bit(slot, view->free))
		return 'f';
	return test_bit(slot, view->manual) ? 'm' : 'i';
}

static void gs_arena_runs(struct seq_file *m, const struct gs_arena_view *view)
{
	unsigned int slot = 0, start;

	while (slot < GS_ARENA_PAGES) {
		char state = gs_slot_state(view, slot);

		start = slot;
		while (++slot < GS_ARENA_PAGES &&
		       gs_slot_state(view, slot) == state)
			;
		seq_printf(m, "%c%u", state, slot - start);
	}
}

static int gs_arenas_show(struct seq_file *m, void *v)
{
	struct gs_arenas_reader *reader = m->private;
	struct gs_arena_view *view = &reader->view;
	unsigned int manual;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, " arena  inuse manual   free released longest  spans map\n");
		return 0;
	}
	gs_arena_look(reader->heap, v, view);
	manual = bitmap_weight(view->manual, GS_ARENA_PAGES);
	seq_printf(m, "%6lu %6u %6u %6u %8u %7u %6u ", view->serial,
		   view->npresent - view->nfree - manual, manual, view->nfree,
		   (unsigned int)GS_ARENA_PAGES - view->npresent, view->longest,
		   view->nspans);
	gs_arena_runs(m, view);
	seq_putc(m, '\n');
	cond_resched();
	return 0;
}

/* A piece of the file starts at its head or where the last piece ended. */
static void *gs_arenas_start(struct seq_file *m, loff_t *pos)
{
	struct gs_arenas_reader *reader = m->private;

	return *pos ? reader->arena : SEQ_START_TOKEN;
}

static void *gs_arenas_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct gs_arenas_reader *reader = m->private;

	++*pos;
	reader->arena = gs_arena_after(reader->heap,
				       v == SEQ_START_TOKEN ? NULL : v);
	return reader->arena;
}

static void gs_arenas_stop(struct seq_file *m, void *v)
{
}

static const struct seq_operations gs_arenas_ops = {
	.start = gs_arenas_start,
	.next = gs_arenas_next,
	.stop = gs_arenas_stop,
	.show = gs_arenas_show,
};

static int gs_arenas_open(struct inode *inode, struct file *file)
{
	struct gs_arenas_reader *reader;

	reader = __seq_open_private(file, &gs_arenas_ops, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->heap = inode->i_private;
	return 0;
}

const struct file_operations gs_arenas_fops = {
	.owner = THIS_MODULE,
	.open = gs_arenas_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};
