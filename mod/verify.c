// SPDX-License-Identifier: GPL-2.0
/*
 * verify - the recount oracle. See verify.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>

#include "heap.h"
#include "memstats.h"
#include "verify.h"

/**
 * struct gs_recount - a recount under way
 * @heap: whose
 * @want: what is counted
 * @nbad: what cannot be
 */
struct gs_recount {
	struct gs_heap *heap;
	struct gostat_snapshot *want;
	unsigned int nbad;
};

/* --- the page heap ------------------------------------------------------- */

/* A span is counted at its first slot. */
static void gs_recount_span(struct gs_recount *rc, const struct gs_span *span)
{
	struct gostat_class_stats *large = &rc->want->class[0];

	rc->want->total.heap_inuse += gs_span_bytes(span);
	if (span->class)
		return;
	large->live++;
	large->capacity++;
	large->spans++;
	large->allocated += gs_span_bytes(span);
}

static void gs_recount_arena(struct gs_recount *rc, struct gs_arena *arena)
{
	unsigned long addr = arena->base;
	unsigned int slot;

	for (slot = 0; slot < GS_ARENA_PAGES; slot++, addr += PAGE_SIZE) {
		struct gs_span *span = gs_arena_span(arena, addr);

		rc->want->total.heap_sys += PAGE_SIZE;
		if (span) {
			if (span->base == addr)
				gs_recount_span(rc, span);
			rc->nbad += test_bit(slot, arena->free) ||
				    !test_bit(slot, arena->present);
			continue;
		}
		rc->want->total.heap_idle += PAGE_SIZE;
		if (!test_bit(slot, arena->present))
			rc->want->total.heap_released += PAGE_SIZE;
		else
			rc->nbad += !test_bit(slot, arena->free);
		rc->nbad += arena->handle[slot] != 0;
	}
}

static void gs_recount_vruns(struct gs_recount *rc)
{
	struct gs_heap *heap = rc->heap;
	struct llist_node *dead;
	struct rb_node *node;

	for (node = rb_first(&heap->vruns); node; node = rb_next(node)) {
		struct gs_span *span = rb_entry(node, struct gs_span, run);

		rc->want->total.heap_sys += gs_span_bytes(span);
		gs_recount_span(rc, span);
	}
	for (dead = heap->vdead.first; dead; dead = dead->next) {
		rc->want->total.heap_sys += *(size_t *)(dead + 1);
		rc->want->total.heap_idle += *(size_t *)(dead + 1);
	}
}

/* --- metadata ------------------------------------------------------------ */

static void gs_recount_pool(struct gs_fixalloc *fix, u64 *inuse, u64 *sys)
{
	u64 bytes;

	gs_fixalloc_recount(fix, &bytes, sys);
	if (inuse)
		*inuse += bytes;
}

static void gs_recount_metadata(struct gs_recount *rc)
{
	struct gostat_memstats *want = &rc->want->total;
	struct gs_heap *heap = rc->heap;
	unsigned int i;

	for (i = 0; i < GS_SPAN_POOLS; i++)
		gs_recount_pool(&heap->span_pool[i], &want->mspan_inuse,
				&want->mspan_sys);
	for (i = 0; i < GS_NR_CAPS; i++)
		gs_recount_pool(&heap->mag_pool[i], &want->mcache_inuse,
				&want->mcache_sys);
	gs_recount_pool(&heap->arena_pool, NULL, &want->gc_sys);
	gs_recount_pool(&heap->row_pool, NULL, &want->gc_sys);
	want->gc_sys += gs_arena_map_sys(heap);
}

/* --- classes and magazines ----------------------------------------------- */

static void gs_recount_class(struct gs_recount *rc, struct gs_class *class,
			     struct gostat_class_stats *want)
{
	struct gs_span *span;
	unsigned int i;

	want->size = class->size;
	for (i = 0; i < ARRAY_SIZE(class->spans); i++) {
		list_for_each_entry(span, &class->spans[i], node) {
			unsigned int nfree = bitmap_weight(span->free,
							   class->nelems);

			want->spans++;
			want->capacity += class->nelems;
			want->central += nfree;
			rc->nbad += nfree != span->nfree ||
				    span->class != class || span->prio != i;
		}
	}
}

/* Is this an object of the class that central does not have? */
static bool gs_recount_object(struct gs_heap *heap, struct gs_class *class,
			      unsigned long obj)
{
	struct gs_span *span = gs_heap_span(heap, obj);
	unsigned int i;

	if (!span || span->class != class)
		return false;
	i = gs_class_index(class->magic, obj - span->base);
	return i < class->nelems &&
	       span->base + (unsigned long)i * class->size == obj &&
	       !test_bit(i, span->free);
}

static void gs_recount_magazine(struct gs_recount *rc, struct gs_class *class,
				const struct gs_mag *mag,
				struct gostat_class_stats *want)
{
	unsigned int i;

	rc->nbad += GS_MAG_COUNT(mag->word) > mag->cap;
	if (!mag->cap)
		return;
	rc->nbad += !!mag->slot[-1];
	for (i = 0; i < GS_MAG_COUNT(mag->word); i++) {
		if (gs_recount_object(rc->heap, class,
				      (unsigned long)mag->slot[i]))
			want->cached++;
		else
			rc->nbad++;
	}
}

static void gs_recount_classes(struct gs_recount *rc)
{
	struct gs_heap *heap = rc->heap;
	unsigned int id, cpu;

	for (id = 1; id < GOSTAT_NR_CLASSES; id++) {
		struct gostat_class_stats *want = &rc->want->class[id];
		struct gs_class *class = &heap->class[id];

		gs_recount_class(rc, class, want);
		for_each_possible_cpu(cpu)
			gs_recount_magazine(rc, class,
					    &per_cpu_ptr(heap->cpu, cpu)->mag[id],
					    want);
		want->live = want->capacity - want->central - want->cached;
		want->allocated = want->live * want->size;
	}
}

/* --- all of it ----------------------------------------------------------- */

static void gs_recount_totals(struct gostat_snapshot *want)
{
	struct gostat_memstats *total = &want->total;
	unsigned int id;

	for (id = 0; id < GOSTAT_NR_CLASSES; id++) {
		total->heap_objects += want->class[id].live;
		total->heap_alloc += want->class[id].allocated;
	}
	total->sys = total->heap_sys + total->mspan_sys + total->mcache_sys +
		     total->gc_sys;
}

/* On one CPU, while all others stand still with interrupts off. */
static int gs_recount_stopped(void *data)
{
	struct gs_recount *rc = data;
	struct gs_arena *arena;

	gs_cut_record_all(rc->heap);
	list_for_each_entry(arena, &rc->heap->arenas, node)
		gs_recount_arena(rc, arena);
	gs_recount_vruns(rc);
	gs_recount_metadata(rc);
	gs_recount_classes(rc);
	gs_recount_totals(rc->want);
	return 0;
}

static void gs_compare(struct gs_verdict *v, const char *name, u64 class,
		       u64 have, u64 want)
{
	v->skew[v->n++] = (struct gs_skew){ name, class, have, want };
	v->nskew += have != want;
}

static void gs_compare_class(struct gs_verdict *v,
			     const struct gostat_class_stats *have,
			     const struct gostat_class_stats *want)
{
	gs_compare(v, "spans", want->size, have->spans, want->spans);
	gs_compare(v, "capacity", want->size, have->capacity, want->capacity);
	gs_compare(v, "central", want->size, have->central, want->central);
	gs_compare(v, "cached", want->size, have->cached, want->cached);
	gs_compare(v, "live", want->size, have->live, want->live);
	gs_compare(v, "nmalloc - nfree", want->size,
		   have->nmalloc - have->nfree, want->live);
}

static void gs_compare_all(struct gs_verdict *v,
			   const struct gostat_snapshot *snap,
			   const struct gostat_snapshot *recount)
{
	const struct gostat_memstats *have = &snap->total;
	struct gostat_memstats want = recount->total;
	unsigned int id;

	/* Pages between the page allocator and their use belong to no place. */
	want.other_sys = have->other_sys;
	want.sys += want.other_sys;
	gs_compare(v, "sys", 0, have->sys, want.sys);
	gs_compare(v, "heap_sys", 0, have->heap_sys, want.heap_sys);
	gs_compare(v, "heap_inuse", 0, have->heap_inuse, want.heap_inuse);
	gs_compare(v, "heap_idle", 0, have->heap_idle, want.heap_idle);
	gs_compare(v, "heap_released", 0, have->heap_released, want.heap_released);
	gs_compare(v, "heap_alloc", 0, have->heap_alloc, want.heap_alloc);
	gs_compare(v, "heap_objects", 0, have->heap_objects, want.heap_objects);
	gs_compare(v, "nmalloc - nfree", 0, have->nmalloc - have->nfree,
		   want.heap_objects);
	gs_compare(v, "mspan_inuse", 0, have->mspan_inuse, want.mspan_inuse);
	gs_compare(v, "mspan_sys", 0, have->mspan_sys, want.mspan_sys);
	gs_compare(v, "mcache_inuse", 0, have->mcache_inuse, want.mcache_inuse);
	gs_compare(v, "mcache_sys", 0, have->mcache_sys, want.mcache_sys);
	gs_compare(v, "gc_sys", 0, have->gc_sys, want.gc_sys);
	gs_compare(v, "obtained", 0, have->obtained,
		   want.sys - want.heap_released);
	for (id = 0; id < GOSTAT_NR_CLASSES; id++)
		gs_compare_class(v, &snap->class[id], &recount->class[id]);
}

/* Each figure that differs is told once, so that a log stays readable. */
static void gs_report_skew(struct gs_heap *heap, const struct gs_verdict *v)
{
	unsigned int i;

	for (i = 0; i < v->n; i++) {
		const struct gs_skew *s = &v->skew[i];

		if (s->have == s->want || test_and_set_bit(i, heap->skew_told))
			continue;
		pr_err("skew: %s of %llu: counted %llu, recounted %llu\n",
		       s->name, s->class, s->have, s->want);
	}
	atomic64_add(v->nskew + v->nbad, &heap->skew);
}

/**
 * gs_verify() - count everything again and compare
 * @heap: the heap
 *
 * Stops the machine for about a microsecond per span.
 *
 * Context: Process; sleeps; no heap lock held.
 * Return: the verdict, for gs_verdict_free(); an ERR_PTR() of -ENOMEM, or of
 * -EINTR if the reader was killed while it waited.
 */
struct gs_verdict *gs_verify(struct gs_heap *heap)
{
	struct gs_recount rc = { .heap = heap };
	struct gs_verdict *v;

	v = kzalloc(struct_size(v, skew, GS_VERIFY_FIGURES), GFP_KERNEL);
	rc.want = kzalloc(sizeof(*rc.want), GFP_KERNEL);
	if (!v || !rc.want) {
		kfree(v);
		v = ERR_PTR(-ENOMEM);
	} else if (mutex_lock_killable(&heap->cut.mutex)) {
		kfree(v);
		v = ERR_PTR(-EINTR);
	} else {
		stop_machine(gs_recount_stopped, &rc, NULL);
		gs_snapshot_derive(heap, heap->snapshot);
		gs_compare_all(v, heap->snapshot, rc.want);
		v->nbad = rc.nbad;
		gs_report_skew(heap, v);
		mutex_unlock(&heap->cut.mutex);
	}
	kfree(rc.want);
	return v;
}

/**
 * gs_verdict_free() - done with a verdict
 * @verdict: what gs_verify() returned
 */
void gs_verdict_free(struct gs_verdict *verdict)
{
	kfree(verdict);
}
