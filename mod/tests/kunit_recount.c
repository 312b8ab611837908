// SPDX-License-Identifier: GPL-2.0
/*
 * kunit_recount - the oracle: counts a heap from scratch and compares. See
 * kunit_heap.h.
 *
 * Nothing that the heap counts is used to count: bits are visited one by one,
 * addresses are looked up by walking all arenas, free descriptors by walking
 * their lists. The heap must be at rest.
 */
#include <linux/module.h>
#include <linux/rbtree.h>

#include "kunit_heap.h"

/* More mismatches than this say no more. */
#define KH_TELL	8

static __printf(2, 3) void kh_wrong(struct kunit_heap *kh, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (kh->wrong++ >= KH_TELL)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	KUNIT_FAIL(kh->test, "line %d: %pV", kh->line, &vaf);
	va_end(args);
}

static void kh_same(struct kunit_heap *kh, const char *what, u64 counted,
		    u64 kept)
{
	if (counted != kept)
		kh_wrong(kh, "%s: %llu counted, %llu kept", what, counted,
			 kept);
}

static void kh_same_class(struct kunit_heap *kh, const char *what,
			  unsigned int id, u64 counted, u64 kept)
{
	if (counted != kept)
		kh_wrong(kh, "%s of class %u: %llu counted, %llu kept", what,
			 gostat_class_size[id], counted, kept);
}

/* --- spans --------------------------------------------------------------- */

static void kh_count_small(struct kunit_heap *kh, const struct gs_span *span)
{
	const struct gs_class *class = span->class;
	unsigned int id = kh_class_id(class), i, nfree = 0;

	for (i = 0; i < class->nelems; i++)
		nfree += test_bit(i, span->free);
	kh_same_class(kh, "objects of a span free", id, nfree, span->nfree);
	kh_same_class(kh, "state of a span", id, GS_SPAN_SMALL, span->state);
	kh_same_class(kh, "pages of a span", id, gostat_class_pages[id],
		      span->npages);
	if (nfree == class->nelems)
		kh_wrong(kh, "an empty span of class %u", class->size);
	kh->count.spans[id]++;
	kh->count.capacity[id] += class->nelems;
	kh->count.free[id] += nfree;
	kh->count.descs[gs_span_pool_index(class->nelems)]++;
}

static void kh_count_large(struct kunit_heap *kh, const struct gs_span *span)
{
	kh_same(kh, "state of a large span", GS_SPAN_LARGE, span->state);
	kh->count.large++;
	kh->count.large_bytes += gs_span_bytes(span);
	kh->count.descs[0]++;
}

static void kh_count_span(struct kunit_heap *kh, const struct gs_span *span)
{
	if (span->class)
		kh_count_small(kh, span);
	else
		kh_count_large(kh, span);
}

/* --- arenas -------------------------------------------------------------- */

static struct gs_span *kh_slot_span(const struct gs_arena *arena,
				    unsigned int slot)
{
	const struct gs_row *row = arena->row[slot / GS_ROW_PAGES];

	return row ? row->span[slot % GS_ROW_PAGES] : NULL;
}

/* One slot is released, free, or in use by a span that covers it. */
static void kh_count_slot(struct kunit_heap *kh, const struct gs_arena *arena,
			  unsigned int slot)
{
	const struct gs_span *span = kh_slot_span(arena, slot);
	unsigned long addr = arena->base + slot * PAGE_SIZE;
	bool present = test_bit(slot, arena->present);
	bool free = test_bit(slot, arena->free);
	unsigned int handle = span && span->class ? span->class->handle : 0;

	kh->count.sys += PAGE_SIZE;
	if (!present)
		kh->count.released += PAGE_SIZE;
	if (span)
		kh->count.inuse += PAGE_SIZE;
	else
		kh->count.idle += PAGE_SIZE;
	if (free && !present)
		kh_wrong(kh, "slot %u is free and has no page", slot);
	if (test_bit(slot, arena->block) && !present)
		kh_wrong(kh, "a block starts at slot %u, which has no page",
			 slot);
	if (!!span != (present && !free))
		kh_wrong(kh, "slot %u: present %d, free %d, in a span %d", slot,
			 present, free, !!span);
	kh_same(kh, "handle of a slot", handle, arena->handle[slot]);
	if (span && (addr < span->base ||
		     addr - span->base >= span->npages * PAGE_SIZE))
		kh_wrong(kh, "slot %u is not in its span", slot);
}

static void kh_count_arena(struct kunit_heap *kh, const struct gs_arena *arena)
{
	unsigned int slot, run = 0, longest = 0, npresent = 0, nfree = 0;
	unsigned int nspans = 0;

	for (slot = 0; slot < GS_ARENA_PAGES; slot++) {
		const struct gs_span *span = kh_slot_span(arena, slot);

		kh_count_slot(kh, arena, slot);
		npresent += test_bit(slot, arena->present);
		nfree += test_bit(slot, arena->free);
		run = test_bit(slot, arena->free) ? run + 1 : 0;
		longest = max(longest, run);
		if (!span || span->base != arena->base + slot * PAGE_SIZE)
			continue;
		nspans++;
		if (span->arena != arena)
			kh_wrong(kh, "a span is not of its arena");
		kh_count_span(kh, span);
	}
	kh_same(kh, "longest run", longest, arena->longest);
	kh_same(kh, "slots present", npresent, arena->npresent);
	kh_same(kh, "slots free", nfree, arena->nfree);
	kh_same(kh, "spans", nspans, arena->nspans);
	for (slot = 0; slot < GS_ARENA_ROWS; slot++)
		kh->count.rows += !!arena->row[slot];
	kh->count.arenas++;
}

/* Arenas with a free run, all of them, in the order of choice. */
static void kh_check_fit(struct kunit_heap *kh)
{
	const struct gs_arena *arena, *last = NULL;
	unsigned int fit = 0, want = 0;
	struct rb_node *node;

	list_for_each_entry(arena, &kh->heap.arenas, node)
		want += !!arena->longest;
	for (node = rb_first(&kh->heap.fit); node; node = rb_next(node)) {
		arena = rb_entry(node, struct gs_arena, fit);
		fit++;
		if (last && (last->longest > arena->longest ||
			     (last->longest == arena->longest &&
			      last->nspans < arena->nspans)))
			kh_wrong(kh, "arenas out of order");
		last = arena;
	}
	kh_same(kh, "arenas with a free run", want, fit);
}

static void kh_count_vruns(struct kunit_heap *kh)
{
	const struct gs_span *span;
	struct rb_node *node;

	for (node = rb_first(&kh->heap.vruns); node; node = rb_next(node)) {
		span = rb_entry(node, struct gs_span, run);
		kh_count_large(kh, span);
		kh->count.sys += gs_span_bytes(span);
		kh->count.inuse += gs_span_bytes(span);
	}
}

/* --- central ------------------------------------------------------------- */

static void kh_check_lists(struct kunit_heap *kh, struct gs_class *class)
{
	unsigned int id = kh_class_id(class), prio;
	struct gs_span *span;
	u64 spans = 0;

	for (prio = 0; prio <= GS_NR_PRIOS; prio++) {
		list_for_each_entry(span, &class->spans[prio], node) {
			unsigned int want = DIV_ROUND_UP(span->nfree *
							 GS_NR_PRIOS,
							 class->nelems);

			spans++;
			kh_same_class(kh, "list of a span", id, want, prio);
			kh_same_class(kh, "prio of a span", id, want,
				      span->prio);
		}
	}
	kh_same_class(kh, "spans", id, kh->count.spans[id], spans);
	kh_same_class(kh, "capacity", id, kh->count.capacity[id],
		      class->books.capacity);
	kh_same_class(kh, "objects in central", id, kh->count.free[id],
		      class->books.nfree);
}

/* --- magazines ----------------------------------------------------------- */

static struct gs_span *kh_span_at(struct kunit_heap *kh, unsigned long addr)
{
	const struct gs_arena *arena;

	list_for_each_entry(arena, &kh->heap.arenas, node)
		if (addr >= arena->base && addr - arena->base < GS_ARENA_SIZE)
			return kh_slot_span(arena,
					    (addr - arena->base) / PAGE_SIZE);
	return NULL;
}

static void kh_check_cached(struct kunit_heap *kh, const struct gs_class *class,
			    const struct gs_mag *mag, unsigned int at)
{
	unsigned long addr = (unsigned long)mag->slot[at], off;
	const struct gs_span *span = kh_span_at(kh, addr);
	unsigned int i;

	if (!span || span->class != class) {
		kh_wrong(kh, "a magazine of class %u holds a stranger",
			 class->size);
		return;
	}
	off = addr - span->base;
	if (off % class->size || test_bit(off / class->size, span->free))
		kh_wrong(kh, "a magazine of class %u holds no free object",
			 class->size);
	for (i = 0; i < at; i++)
		if (mag->slot[i] == mag->slot[at])
			kh_wrong(kh, "a magazine of class %u holds an object twice",
				 class->size);
}

static void kh_count_mag(struct kunit_heap *kh, const struct gs_class *class,
			 const struct gs_mag *mag)
{
	unsigned int count = GS_MAG_COUNT(mag->word), cap = GS_CAP_MIN, i = 0;

	if (!mag->cap) {
		kh_same(kh, "objects in no magazine", 0, count);
		return;
	}
	if (count > mag->cap || mag->cap > class->cap_max)
		kh_wrong(kh, "%u objects in a magazine for %u of class %u",
			 count, mag->cap, class->size);
	if (mag->slot[-1])
		kh_wrong(kh, "something below a magazine");
	while (cap < mag->cap) {
		cap *= 2;
		i++;
	}
	kh->count.mags[i]++;
	kh->count.cached[kh_class_id(class)] += count;
	for (i = 0; i < count; i++)
		kh_check_cached(kh, class, mag, i);
}

static void kh_count_cpu(struct kunit_heap *kh, const struct gs_cpu *cpu)
{
	unsigned int id;

	if (cpu->lock != GS_LOCK_FREE)
		kh_wrong(kh, "a lock byte is %d", cpu->lock);
	kh_same(kh, "magazine of class 0", 0, cpu->mag[0].word | cpu->mag[0].cap);
	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		kh_count_mag(kh, &kh->heap.class[id], &cpu->mag[id]);
}

/* --- descriptors --------------------------------------------------------- */

static void kh_count_fixpage(struct kunit_heap *kh,
			     const struct gs_fixalloc *fix,
			     const struct gs_fixpage *fp, u64 *used)
{
	unsigned int n = gs_fixalloc_per_page(fix);
	void *desc;

	for (desc = fp->free; desc; desc = *(void **)desc)
		n--;
	kh_same(kh, "descriptors out of a page", n, fp->nused);
	*used += n;
}

static void kh_check_pool(struct kunit_heap *kh, const struct gs_fixalloc *fix,
			  u64 want, struct gs_books *sum)
{
	const struct gs_fixpage *fp;
	u64 used = 0;

	list_for_each_entry(fp, &fix->partial, node) {
		kh_count_fixpage(kh, fix, fp, &used);
		if (!fp->free)
			kh_wrong(kh, "a full page among the partial ones");
		sum[fix->account].sys += PAGE_SIZE;
	}
	list_for_each_entry(fp, &fix->full, node) {
		kh_count_fixpage(kh, fix, fp, &used);
		if (fp->free)
			kh_wrong(kh, "a partial page among the full ones");
		sum[fix->account].sys += PAGE_SIZE;
	}
	sum[fix->account].inuse += used * fix->size;
	kh_same(kh, "descriptors out of a pool", want, used);
}

static void kh_check_metadata(struct kunit_heap *kh, struct gs_books *sum)
{
	const struct gs_arena_map *map = rcu_dereference_raw(kh->heap.map);
	size_t bytes = struct_size(map, arena, map->n);
	unsigned int i;

	sum[GS_GC].inuse = bytes;
	sum[GS_GC].sys = PAGE_SIZE << get_order(bytes);
	kh_check_pool(kh, &kh->heap.arena_pool, kh->count.arenas, sum);
	kh_check_pool(kh, &kh->heap.row_pool, kh->count.rows, sum);
	for (i = 0; i < GS_SPAN_POOLS; i++)
		kh_check_pool(kh, &kh->heap.span_pool[i], kh->count.descs[i],
			      sum);
	for (i = 0; i < GS_NR_CAPS; i++)
		kh_check_pool(kh, &kh->heap.mag_pool[i], kh->count.mags[i],
			      sum);
	for (i = 0; i < GS_NR_ACCOUNTS; i++) {
		kh_same(kh, "metadata in use", sum[i].inuse,
			kh->heap.pages.meta[i].inuse);
		kh_same(kh, "metadata sys", sum[i].sys, kh->heap.pages.meta[i].sys);
	}
}

/* --- the figures --------------------------------------------------------- */

static void kh_check_pages(struct kunit_heap *kh)
{
	const struct gs_page_books *pages = &kh->heap.pages;

	kh_same(kh, "heap_sys", kh->count.sys, pages->sys);
	kh_same(kh, "heap_idle", kh->count.idle, pages->idle);
	kh_same(kh, "heap_inuse", kh->count.inuse, pages->inuse);
	kh_same(kh, "heap_released", kh->count.released, pages->released);
	kh_same(kh, "large objects", kh->count.large,
		pages->large_nmalloc - pages->large_nfree);
	kh_same(kh, "bytes of large objects", kh->count.large_bytes,
		pages->large_allocated - pages->large_freed);
}

/* Return the bytes of the class's live objects. */
static u64 kh_check_class_stats(struct kunit_heap *kh, unsigned int id)
{
	u64 out = kh->count.capacity[id] - kh->count.free[id];
	u64 live = out - kh->count.cached[id];
	struct gostat_class_stats cs = kh->snap.class[id];

	kh_same_class(kh, "live objects", id, live, cs.nmalloc - cs.nfree);
	kh_same_class(kh, "objects in magazines", id, kh->count.cached[id],
		      cs.cached);
	kh_same_class(kh, "books", id, cs.capacity,
		      live + cs.cached + cs.central);
	if (cs.nfree > cs.nmalloc || kh->count.cached[id] > out)
		kh_wrong(kh, "more of class %u freed than allocated",
			 gostat_class_size[id]);
	return live * gostat_class_size[id];
}

static void kh_check_identities(struct kunit_heap *kh,
				const struct gostat_memstats *ms)
{
	kh_same(kh, "sys", ms->heap_sys + ms->stacks_sys + ms->mspan_sys +
		ms->mcache_sys + ms->buckhash_sys + ms->gc_sys + ms->other_sys,
		ms->sys);
	kh_same(kh, "heap_sys", ms->heap_inuse + ms->heap_idle, ms->heap_sys);
	kh_same(kh, "heap_objects", ms->nmalloc - ms->nfree, ms->heap_objects);
	kh_same(kh, "alloc", ms->heap_alloc, ms->alloc);
	kh_same(kh, "pages out", kh->bytes, ms->sys - ms->heap_released);
	kh_same(kh, "obtained", kh->bytes, kh->heap.pages.obtained);
	if (ms->heap_released > ms->heap_idle ||
	    ms->heap_alloc > ms->heap_inuse || ms->nfree > ms->nmalloc ||
	    ms->mspan_inuse > ms->mspan_sys ||
	    ms->mcache_inuse > ms->mcache_sys ||
	    ms->alloc > ms->total_alloc)
		kh_wrong(kh, "a part exceeds its whole");
}

static void kh_check_stats(struct kunit_heap *kh, const struct gs_books *sum)
{
	u64 live = kh->count.large_bytes;
	const struct gostat_memstats *ms = &kh->snap.total;
	unsigned int id;

	if (gs_snapshot_take(&kh->heap, &kh->snap))
		kh_wrong(kh, "no snapshot");
	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		live += kh_check_class_stats(kh, id);
	kh_check_identities(kh, ms);
	kh_same(kh, "heap_alloc", live, ms->heap_alloc);
	kh_same(kh, "mspan_sys", sum[GS_MSPAN].sys, ms->mspan_sys);
	kh_same(kh, "mspan_inuse", sum[GS_MSPAN].inuse, ms->mspan_inuse);
	kh_same(kh, "mcache_sys", sum[GS_MCACHE].sys, ms->mcache_sys);
	kh_same(kh, "mcache_inuse", sum[GS_MCACHE].inuse, ms->mcache_inuse);
	kh_same(kh, "gc_sys", sum[GS_GC].sys, ms->gc_sys);
}

/**
 * kh_recount() - count the heap from scratch and compare all it says
 * @kh: a heap at rest
 * @line: the caller's, for reports
 *
 * Return: true if nothing differs.
 */
bool kh_recount(struct kunit_heap *kh, int line)
{
	struct gs_books sum[GS_NR_ACCOUNTS] = {};
	const struct gs_arena *arena;
	unsigned int id, cpu;

	if (kh->map != rcu_access_pointer(kh->heap.map))
		rcu_barrier();		/* the one before is on its way out */
	kh->map = rcu_access_pointer(kh->heap.map);
	memset(&kh->count, 0, sizeof(kh->count));
	kh->line = line;
	kh->wrong = 0;
	list_for_each_entry(arena, &kh->heap.arenas, node)
		kh_count_arena(kh, arena);
	kh_count_vruns(kh);
	kh_check_fit(kh);
	for_each_possible_cpu(cpu)
		kh_count_cpu(kh, per_cpu_ptr(kh->heap.cpu, cpu));
	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		kh_check_lists(kh, &kh->heap.class[id]);
	kh_check_pages(kh);
	kh_check_metadata(kh, sum);
	kh_check_stats(kh, sum);
	return !kh->wrong;
}
EXPORT_SYMBOL_GPL(kh_recount);
