// SPDX-License-Identifier: GPL-2.0
/*
 * Errors that Go's runtime had in its statistics, and that must not be made
 * here: in what is counted. Each test names Go's commit, what was wrong, and the
 * line to undo here to see the test fail.
 *
 * Elsewhere: errors of pages, and of readers meanwhile, in regress_pages_kunit.c;
 * that a reader may not hold the heap's lock (a0dbbeae) in misuse.c; that a
 * recount hides nothing (aea99eda) in verify_kunit.c; that the cut comes before
 * all figures (0ddde4ad) in cut_open_kunit.c, too.
 */
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "../alloc.h"
#include "../module.h"
#include "identities.h"
#include "kunit_heap.h"

#define SIZE	64	/* bytes */
#define MANY	100	/* objects: more than any magazine has at first */

static void *get(struct kunit *test, size_t size)
{
	void *obj = gs_heap_alloc(&kh_of(test)->heap, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

static void put(struct kunit *test, const void *obj)
{
	gs_heap_free(&kh_of(test)->heap, obj);
}

static struct gostat_memstats stats(struct kunit *test)
{
	struct gostat_memstats ms = {};

	KUNIT_EXPECT_EQ(test, 0, gs_memstats_read(&kh_of(test)->heap, &ms));
	return ms;
}

static struct gostat_class_stats class_stats(struct kunit *test, size_t size)
{
	unsigned int id = gostat_class_of(size);
	struct gostat_class_stats cs = {};

	KUNIT_EXPECT_EQ(test, 0, gs_class_stats_read(&kh_of(test)->heap, id,
						     &cs));
	return cs;
}

/* Objects, and how to free them. */
struct batch {
	struct gs_heap *heap;
	struct irq_work work;
	size_t size;
	unsigned int n;
	void *objs[MANY];
};

static struct batch *batch_of(struct kunit *test, struct gs_heap *heap,
			      size_t size, unsigned int n)
{
	struct batch *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	b->heap = heap;
	b->size = size;
	b->n = n;
	for (i = 0; i < n; i++) {
		b->objs[i] = gs_heap_alloc(heap, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b->objs[i]);
	}
	return b;
}

static void free_here(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		gs_heap_free(b->heap, b->objs[i]);
}

static void free_sized(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		gs_free_handle(b->heap, b->heap->cpu, b->objs[i],
			       gostat_handle(b->size));
}

static long free_on(void *batch)
{
	free_here(batch);
	return 0;
}

static void free_on_another_cpu(struct batch *b)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	work_on_cpu(cpu < nr_cpu_ids ? cpu : 0, free_on, b);
}

static void free_irq_work(struct irq_work *work)
{
	free_here(container_of(work, struct batch, work));
}

static void free_in_an_interrupt(struct batch *b)
{
	b->work = IRQ_WORK_INIT_HARD(free_irq_work);
	irq_work_queue(&b->work);
	irq_work_sync(&b->work);
}

/* As in an interrupt that finds the byte taken: past the magazines. */
static void free_nested(struct batch *b)
{
	preempt_disable();
	gs_cpu_trylock(b->heap->cpu);
	free_here(b);
	gs_cpu_unlock(b->heap->cpu);
	preempt_enable();
}

static int pinned_heap(struct kunit *test)
{
	kh_pin(test);
	return kh_init(test);
}

/* --- 66d5c9b1: figures live where the event is ----------------------------- */

/*
 * The counts of allocations stood in per-thread caches, and whoever read the
 * totals without a flush read old ones: tests had to collect garbage first.
 *
 * Undo: snapshot.c, gs_sum_cpus(): snap->class[id].nmalloc += ...
 */
static void figures_are_exact_without_a_flush(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gostat_class_stats cs;
	struct gostat_memstats ms;
	void *obj = get(test, SIZE);
	int i;

	for (i = 1; i < 1000; i++)
		put(test, get(test, SIZE));
	KUNIT_EXPECT_LT(test, class->books.nmalloc, 1000);
	cs = class_stats(test, SIZE);
	KUNIT_EXPECT_EQ(test, cs.nmalloc, 1000);
	KUNIT_EXPECT_EQ(test, cs.nfree, 999);
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.nmalloc, 1000);
	KUNIT_EXPECT_EQ(test, ms.nfree, 999);
	KUNIT_EXPECT_EQ(test, ms.total_alloc, 1000 * SIZE);
	KUNIT_EXPECT_EQ(test, ms.heap_alloc, SIZE);
	put(test, obj);
}

/*
 * One CPU's share alone can be below zero: it frees what others allocated.
 *
 * Undo: snapshot.c, gs_sum_cpus(): snap->class[id].cached += ...
 */
static void a_cpu_that_only_frees_is_part_of_an_exact_sum(struct kunit *test)
{
	struct batch *b = batch_of(test, &kh_of(test)->heap, SIZE, MANY);
	struct gostat_class_stats cs;
	struct gostat_memstats ms;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU only");
	free_on_another_cpu(b);
	cs = class_stats(test, SIZE);
	KUNIT_EXPECT_EQ(test, cs.nmalloc, MANY);
	KUNIT_EXPECT_EQ(test, cs.nfree, MANY);
	KUNIT_EXPECT_GT(test, cs.cached, 0);
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.nfree, MANY);
	KUNIT_EXPECT_EQ(test, ms.heap_alloc, 0);
	KUNIT_EXPECT_EQ(test, ms.heap_objects, 0);
}

static long pairs_on(void *heap)
{
	int i;

	for (i = 0; i < MANY; i++)
		gs_heap_free(heap, gs_heap_alloc(heap, SIZE, GFP_KERNEL));
	return 0;
}

/*
 * c075d82cca: what a thread's cache had counted per class went with the cache.
 *
 * Undo: cpucache.c, gs_mag_fold(): class->books.nmalloc += ...
 */
static void a_cpu_that_dies_takes_no_count_with_it(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());
	struct gs_mag *mag;

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "one CPU only");
	work_on_cpu(cpu, pairs_on, heap);
	mag = &per_cpu_ptr(heap->cpu, cpu)->mag[gostat_class_of(SIZE)];
	KUNIT_EXPECT_GT(test, GS_MAG_NMALLOC(mag->word), 0);
	gs_cpucache_drain_dead(heap, cpu);
	KUNIT_EXPECT_EQ(test, mag->word, 0);
	KUNIT_EXPECT_EQ(test, class_stats(test, SIZE).nmalloc, MANY);
	KUNIT_EXPECT_EQ(test, class_stats(test, SIZE).nfree, MANY);
	KUNIT_EXPECT_EQ(test, stats(test).nmalloc, MANY);
}

/*
 * The same, by the module's own heap and a CPU that really goes offline: its
 * magazines are empty then.
 *
 * Undo: main.c, gs_cpu_dead(): gs_cpucache_drain_dead(...)
 */
static void a_cpu_that_goes_offline_gives_its_objects_back(struct kunit *test)
{
	unsigned int cpu = nr_cpu_ids - 1, id;
	struct gostat_class_stats before, after;
	struct gs_cpu *pc;
	u64 left = 0;

	if (cpu == raw_smp_processor_id())
		cpu--;
	if (!cpu || !cpu_online(cpu))
		kunit_skip(test, "no CPU can go offline");
	work_on_cpu(cpu, pairs_on, &gs_module_heap);
	gs_class_stats_read(&gs_module_heap, gostat_class_of(SIZE), &before);
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	pc = per_cpu_ptr(gs_module_heap.cpu, cpu);
	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		left += pc->mag[id].word;
	gs_class_stats_read(&gs_module_heap, gostat_class_of(SIZE), &after);
	KUNIT_EXPECT_EQ(test, 0, add_cpu(cpu));
	KUNIT_EXPECT_EQ(test, left, 0);
	KUNIT_EXPECT_GE(test, before.nmalloc, MANY);
	KUNIT_EXPECT_EQ(test, after.nmalloc, before.nmalloc);
	KUNIT_EXPECT_EQ(test, after.nfree, before.nfree);
}

/* --- aea99eda: every way to free counts ------------------------------------ */

static const struct {
	void (*free)(struct batch *b);
	size_t size;
	unsigned int n;
} ways[] = {
	{ free_here, SIZE, 1 },			/* into the magazine */
	{ free_here, SIZE, MANY },		/* and out of it, flushed */
	{ free_here, 3000, MANY },
	{ free_sized, SIZE, MANY },
	{ free_on_another_cpu, SIZE, MANY },
	{ free_in_an_interrupt, SIZE, MANY },
	{ free_nested, SIZE, MANY },		/* to central */
	{ free_here, GOSTAT_MAX_SMALL + 1, 10 },	/* to the page heap */
	{ free_in_an_interrupt, 1 << 20, 3 },
	{ free_here, GS_ARENA_SIZE + 1, 3 },	/* to vmalloc */
};

static void expect_frees_to_count(struct kunit *test, struct gs_heap *heap,
				  unsigned int way, size_t size, unsigned int n)
{
	struct gostat_memstats before, live, after;
	struct batch *b;

	KUNIT_ASSERT_EQ(test, 0, gs_memstats_read(heap, &before));
	b = batch_of(test, heap, size, n);
	KUNIT_ASSERT_EQ(test, 0, gs_memstats_read(heap, &live));
	ways[way].free(b);
	flush_work(&heap->vdead_work);
	KUNIT_ASSERT_EQ(test, 0, gs_memstats_read(heap, &after));
	KUNIT_EXPECT_EQ_MSG(test, after.heap_alloc, before.heap_alloc,
			    "way %u", way);
	KUNIT_EXPECT_EQ(test, after.alloc, before.alloc);
	KUNIT_EXPECT_EQ(test, after.heap_objects, before.heap_objects);
	KUNIT_EXPECT_EQ(test, live.nmalloc, before.nmalloc + n);
	KUNIT_EXPECT_EQ(test, after.nfree, before.nfree + n);
	KUNIT_EXPECT_EQ(test, after.nmalloc, live.nmalloc);
	KUNIT_EXPECT_EQ(test, after.total_alloc, live.total_alloc);
}

/*
 * One of two ways to free a small object forgot its decrement: heap_alloc
 * drifted upwards, the collector's goal with it, and memory ran away. Every
 * reader put a recount in its place, so that nobody saw.
 *
 * 773685b4a3: explicit frees counted in their class and not in the total.
 *
 * Undo: central.c, gs_central_give(): class->books.nfree += n - nbad
 * Undo: pageheap.c, gs_page_books_span_out(): heap->pages.large_freed += bytes
 * Undo: pageheap.c, gs_page_books_span_out(): heap->pages.large_nfree++
 * Undo: snapshot.c, gs_sum_classes(): total->nfree += cs->nfree
 */
static void every_way_to_free_takes_off_what_was_put_on(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int way, turn;

	for (turn = 0; turn < 3; turn++) {
		for (way = 0; way < ARRAY_SIZE(ways); way++) {
			expect_frees_to_count(test, &kh->heap, way,
					      ways[way].size, ways[way].n);
			KUNIT_EXPECT_TRUE(test, kh_check(kh));
		}
	}
}

/* The same without magazines: every free is one of central's. */
static void every_way_to_free_counts_without_magazines(struct kunit *test)
{
	struct kunit_heap *kh = kh_new(test, true);
	unsigned int way;

	for (way = 0; way < ARRAY_SIZE(ways); way++) {
		expect_frees_to_count(test, &kh->heap, way, ways[way].size,
				      ways[way].n);
		KUNIT_EXPECT_TRUE(test, kh_check(kh));
	}
	kh_settle(kh);
	kh_delete(kh);
}

/* A thousandth of a per cent a turn would show after these. */
static void heap_alloc_does_not_drift(struct kunit *test)
{
	u64 before = stats(test).heap_alloc;
	int i;

	for (i = 0; i < 100000; i++)
		put(test, get(test, SIZE));
	KUNIT_EXPECT_EQ(test, stats(test).heap_alloc, before);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* --- 0ddde4ad: the cut comes first ----------------------------------------- */

/*
 * sys was added up, then the caches were flushed, and that took metadata from
 * the system: sys was short by just that. Here work of every kind is done
 * between the cut and the sum, and is in no figure.
 *
 * Undo: snapshot.c, gs_snapshot_derive(): &heap->record; &heap->pages is wrong
 */
static void what_follows_the_cut_is_in_no_figure(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_snapshot *snap;
	struct identity broken;
	void *obj = get(test, SIZE), *more[4];
	u64 mspan_sys;

	snap = kunit_kcalloc(test, 2, sizeof(*snap), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, snap);
	rcu_barrier();		/* the first map is on its way out */
	gs_snapshot_take(heap, &snap[0]);
	mutex_lock(&heap->cut.mutex);
	gs_cut_take(heap);
	mspan_sys = heap->pages.meta[GS_MSPAN].sys;
	put(test, obj);
	gs_cpucache_drain(heap);
	more[0] = get(test, 8);
	more[1] = get(test, 3000);
	more[2] = get(test, GS_ARENA_SIZE / 2);
	more[3] = get(test, 2 * GS_ARENA_SIZE);
	gs_snapshot_derive(heap, &snap[1]);
	mutex_unlock(&heap->cut.mutex);

	KUNIT_EXPECT_GT(test, heap->pages.meta[GS_MSPAN].sys, mspan_sys);
	KUNIT_EXPECT_TRUE_MSG(test, identities_hold(&snap[1], &snap[0], &broken),
			      "%s: %llu, %llu", broken.text, broken.left,
			      broken.right);
	snap[1].total.cuts = snap[0].total.cuts;
	snap[1].total.peak_live = snap[0].total.peak_live;
	KUNIT_EXPECT_EQ(test, 0, memcmp(&snap[0].total, &snap[1].total,
					sizeof(snap->total)));
	put(test, more[0]);
	put(test, more[1]);
	put(test, more[2]);
	put(test, more[3]);
}

/* --- their neighbours ------------------------------------------------------ */

/*
 * 7c7cd69591: a figure with two sources was set to the second, not added to.
 *
 * Undo: snapshot.c, gs_derive_class(): cs->nmalloc += rec->nmalloc; = is wrong
 * Undo: pageheap.c, gs_page_books_use(): *sys += bytes; = is wrong
 */
static void a_figure_with_two_sources_is_their_sum(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	u64 pools = 0, maps = 0, unused = 0;
	void *obj[3];
	int i;

	for (i = 0; i < MANY; i++)
		put(test, get(test, SIZE));
	kh_settle(kh_of(test));		/* these are in the class's books */
	for (i = 0; i < 3; i++)
		obj[i] = get(test, SIZE);	/* and some in a CPU's word */
	KUNIT_EXPECT_EQ(test, class_stats(test, SIZE).nmalloc, MANY + 3);
	KUNIT_EXPECT_EQ(test, stats(test).nmalloc, MANY + 3);

	gs_fixalloc_recount(&heap->arena_pool, &unused, &pools);
	gs_fixalloc_recount(&heap->row_pool, &unused, &pools);
	gs_arena_recount_maps(heap, &unused, &maps);
	KUNIT_EXPECT_GT(test, pools, 0);
	KUNIT_EXPECT_GT(test, maps, 0);
	KUNIT_EXPECT_EQ(test, stats(test).gc_sys, pools + maps);
	for (i = 0; i < 3; i++)
		put(test, obj[i]);
}

/*
 * 266d350f5e, 7c404d59db: sums in 32 bits. Every counter is put before the edge
 * and crosses it.
 *
 * Undo: cpucache.h, GS_MAG_NMALLOC(): (u32)((word) >> 16)
 * Undo: span.h, gs_span_bytes(): the cast to size_t
 */
static void no_figure_wraps_at_32_bits(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_class *class = kh_class(kh, SIZE);
	struct gs_mag *mag = &raw_cpu_ptr(kh->heap.cpu)->mag[kh_class_id(class)];
	struct gs_span span = { .npages = 1 + (U32_MAX >> PAGE_SHIFT) };
	u64 edge = U32_MAX - 5, n;
	struct gostat_memstats ms;
	void *obj;

	KUNIT_EXPECT_EQ(test, (u64)gs_span_bytes(&span), BIT_ULL(32));
	put(test, get(test, SIZE));
	n = class_stats(test, SIZE).nmalloc;
	mag->word += edge << 16;
	for (n += edge; n < edge + 20; n++) {
		KUNIT_EXPECT_EQ(test, class_stats(test, SIZE).nmalloc, n);
		KUNIT_EXPECT_EQ(test, stats(test).total_alloc, n * SIZE);
		put(test, get(test, SIZE));
	}
	kh_settle(kh);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, n);
	KUNIT_EXPECT_EQ(test, class_stats(test, SIZE).nfree, n);

	kh->heap.pages.large_nmalloc = edge;
	kh->heap.pages.large_nfree = edge;
	kh->heap.pages.large_allocated = U32_MAX;
	kh->heap.pages.large_freed = U32_MAX;
	obj = get(test, 100 * PAGE_SIZE);
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.nmalloc, n + edge + 1);
	KUNIT_EXPECT_EQ(test, ms.total_alloc, n * SIZE + U32_MAX +
			100 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.heap_alloc, 100 * PAGE_SIZE);
	put(test, obj);
	KUNIT_EXPECT_EQ(test, stats(test).heap_alloc, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

/*
 * 39a5ee52b9: where there was no cache to count in, nothing was counted.
 *
 * Undo: central.c, gs_central_count(): class->books.nmalloc += n
 */
static void who_goes_past_the_caches_is_counted(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_memstats before, after;
	void *obj;

	put(test, get(test, SIZE));
	before = stats(test);
	preempt_disable();
	gs_cpu_trylock(heap->cpu);
	obj = gs_heap_alloc(heap, SIZE, GFP_NOWAIT);
	gs_cpu_unlock(heap->cpu);
	preempt_enable();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	after = stats(test);
	KUNIT_EXPECT_EQ(test, after.nmalloc, before.nmalloc + 1);
	KUNIT_EXPECT_EQ(test, after.nuncached, before.nuncached + 1);
	KUNIT_EXPECT_EQ(test, after.heap_alloc, before.heap_alloc + SIZE);
	KUNIT_EXPECT_EQ(test, after.total_alloc, before.total_alloc + SIZE);
	put(test, obj);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/*
 * 87d939dee8: the counter that policy reads lagged by all that was cached. Here
 * it is ahead, by what is in magazines and no more.
 *
 * Undo: central.c, gs_central_took(): gs_class_moved_out(class, n)
 * Undo: central.c, gs_central_give(): gs_class_moved_out(...)
 */
static void what_policy_reads_is_ahead_by_the_magazines(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct batch *b[3];
	u64 cached = 0;
	int i;

	b[0] = batch_of(test, heap, SIZE, MANY);
	b[1] = batch_of(test, heap, 3000, MANY);
	b[2] = batch_of(test, heap, 100000, 3);
	for (i = 0; i < 3; i++) {
		cached = class_stats(test, SIZE).cached * SIZE +
			 class_stats(test, 3000).cached * 3072;
		KUNIT_EXPECT_EQ(test, atomic64_read(&heap->out),
				stats(test).heap_alloc + cached);
		free_here(b[i]);
	}
	KUNIT_EXPECT_GE(test, atomic64_read(&heap->peak_out),
			MANY * (SIZE + 3072) + 3 * 100000);
	kh_settle(kh_of(test));
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->out), 0);
}

static struct kunit_case gostat_regress_cases[] = {
	KUNIT_CASE(figures_are_exact_without_a_flush),
	KUNIT_CASE(a_cpu_that_only_frees_is_part_of_an_exact_sum),
	KUNIT_CASE(a_cpu_that_dies_takes_no_count_with_it),
	KUNIT_CASE(a_cpu_that_goes_offline_gives_its_objects_back),
	KUNIT_CASE(every_way_to_free_takes_off_what_was_put_on),
	KUNIT_CASE(every_way_to_free_counts_without_magazines),
	KUNIT_CASE(heap_alloc_does_not_drift),
	KUNIT_CASE(what_follows_the_cut_is_in_no_figure),
	KUNIT_CASE(a_figure_with_two_sources_is_their_sum),
	KUNIT_CASE(no_figure_wraps_at_32_bits),
	KUNIT_CASE(who_goes_past_the_caches_is_counted),
	KUNIT_CASE(what_policy_reads_is_ahead_by_the_magazines),
	{}
};

static struct kunit_suite gostat_regress_suite = {
	.name = "gostat_regress",
	.init = pinned_heap,
	.exit = kh_exit,
	.test_cases = gostat_regress_cases,
};

kunit_test_suite(gostat_regress_suite);

MODULE_DESCRIPTION("KUnit tests for errors that Go's runtime had in counts");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
