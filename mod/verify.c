// SPDX-License-Identifier: GPL-2.0
/*
 * verify - the recount oracle. See verify.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>

#include "heap.h"
#include "memstats.h"
#include "recount.h"
#include "verify.h"

static void gs_compare(struct gs_verdict *v, const char *name, u64 class,
		       u64 have, u64 want)
{
	v->skew[v->n++] = (struct gs_skew){ name, class, have, want };
	v->nskew += have != want;
}

/* Sizes of classes and of stacks are the same numbers. */
static const char * const gs_class_names[GS_VERIFY_PER_CLASS] = {
	"spans", "capacity", "central", "cached", "live", "nmalloc - nfree",
};

static const char * const gs_stack_names[GS_VERIFY_PER_CLASS] = {
	"spans, stacks", "capacity, stacks", "central, stacks",
	"cached, stacks", "live, stacks", "nmalloc - nfree, stacks",
};

static void gs_compare_class(struct gs_verdict *v, const char * const *name,
			     const struct gostat_class_stats *have,
			     const struct gostat_class_stats *want)
{
	gs_compare(v, name[0], want->size, have->spans, want->spans);
	gs_compare(v, name[1], want->size, have->capacity, want->capacity);
	gs_compare(v, name[2], want->size, have->central, want->central);
	gs_compare(v, name[3], want->size, have->cached, want->cached);
	gs_compare(v, name[4], want->size, have->live, want->live);
	gs_compare(v, name[5], want->size, have->nmalloc - have->nfree,
		   want->live);
}

static void gs_compare_all(struct gs_verdict *v, const struct gs_recount *rc)
{
	const struct gostat_snapshot *snap = rc->heap->snapshot;
	const struct gostat_memstats *have = &snap->total;
	struct gostat_memstats want = rc->figures->total;
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
	gs_compare(v, "stacks_inuse", 0, have->stacks_inuse, want.stacks_inuse);
	gs_compare(v, "stacks_sys", 0, have->stacks_sys, want.stacks_sys);
	gs_compare(v, "stacks_live", 0, have->stacks_live, want.stacks_live);
	gs_compare(v, "stacks_guarded", 0, have->stacks_guarded,
		   want.stacks_guarded);
	gs_compare(v, "sinks_sys", 0, have->sinks_sys, want.sinks_sys);
	gs_compare(v, "mspan_inuse", 0, have->mspan_inuse, want.mspan_inuse);
	gs_compare(v, "mspan_sys", 0, have->mspan_sys, want.mspan_sys);
	gs_compare(v, "mcache_inuse", 0, have->mcache_inuse, want.mcache_inuse);
	gs_compare(v, "mcache_sys", 0, have->mcache_sys, want.mcache_sys);
	gs_compare(v, "gc_inuse", 0, rc->heap->record.meta[GS_GC].inuse,
		   rc->gc_inuse);
	gs_compare(v, "gc_sys", 0, have->gc_sys, want.gc_sys);
	gs_compare(v, "obtained", 0, have->obtained,
		   want.sys - want.heap_released);
	for (id = 0; id < GOSTAT_NR_CLASSES; id++)
		gs_compare_class(v, gs_class_names, &snap->class[id],
				 &rc->figures->class[id]);
	for (id = 0; id < GOSTAT_NR_STACKS; id++)
		gs_compare_class(v, gs_stack_names, &snap->stack[id],
				 &rc->figures->stack[id]);
	for (id = 1; id < GOSTAT_NR_SINKS; id++) {
		gs_compare(v, "inuse, sink", id, snap->sink[id].inuse,
			   rc->figures->sink[id].inuse);
		gs_compare(v, "spans, sink", id, snap->sink[id].spans,
			   rc->figures->sink[id].spans);
	}
	v->nbad = rc->nbad;
	v->bad = rc->bad;
}

/* Each is told once, so that a log stays readable. */
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
	if (v->nbad && !test_and_set_bit(GS_VERIFY_FIGURES, heap->skew_told))
		pr_err("impossible: %s\n", v->bad);
	atomic64_add(v->nskew + v->nbad, &heap->skew);
}

/* Of a heap at rest. */
static int gs_verify_records(void *data)
{
	struct gs_recount *rc = data;

	gs_cut_record_all(rc->heap);
	gs_recount_heap(rc);
	return 0;
}

static int gs_verify_into(struct gs_verdict *v, struct gs_recount *rc,
			  bool at_rest)
{
	struct gs_heap *heap = rc->heap;

	if (mutex_lock_killable(&heap->cut.mutex))
		return -EINTR;
	/* One CPU counts while all others stand still with interrupts off. */
	if (at_rest)
		gs_verify_records(rc);
	else
		stop_machine(gs_verify_records, rc, NULL);
	gs_snapshot_derive(heap, heap->snapshot);
	gs_compare_all(v, rc);
	gs_report_skew(heap, v);
	mutex_unlock(&heap->cut.mutex);
	return 0;
}

static struct gs_verdict *gs_verdict_new(struct gs_heap *heap, bool at_rest)
{
	struct gs_verdict *v;
	struct gs_recount rc;
	int err;

	v = kzalloc(struct_size(v, skew, GS_VERIFY_FIGURES), GFP_KERNEL);
	err = gs_recount_init(&rc, heap);
	if (!v)
		err = -ENOMEM;
	if (!err)
		err = gs_verify_into(v, &rc, at_rest);
	gs_recount_destroy(&rc);
	if (!err)
		return v;
	kfree(v);
	return ERR_PTR(err);
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
	return gs_verdict_new(heap, false);
}

/**
 * gs_verify_at_rest() - gs_verify() of a heap that nobody uses meanwhile
 * @heap: the heap
 *
 * For tests, which do so after each operation: no machine is stopped.
 *
 * Context: Process; sleeps; no heap lock held.
 * Return: as gs_verify().
 */
struct gs_verdict *gs_verify_at_rest(struct gs_heap *heap)
{
	return gs_verdict_new(heap, true);
}

/**
 * gs_verdict_free() - done with a verdict
 * @verdict: what gs_verify() returned
 */
void gs_verdict_free(struct gs_verdict *verdict)
{
	kfree(verdict);
}
