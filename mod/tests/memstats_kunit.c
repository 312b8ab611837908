// SPDX-License-Identifier: GPL-2.0
/*
 * The figures: what a known scenario must give, to the byte, with magazines full
 * and without anybody flushing them.
 *
 * That the figures agree with a recount is tested everywhere; here they are
 * compared with numbers that follow from the scenario alone.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "kunit_heap.h"

static struct gostat_memstats stats(struct kunit *test)
{
	struct gostat_memstats ms;

	rcu_barrier();	/* replaced arena maps go back whenever they like */
	gs_memstats_read(&kh_of(test)->heap, &ms);
	ms.cuts = 0;	/* counts the readings */
	return ms;
}

static struct gostat_class_stats class_stats(struct kunit *test, size_t size)
{
	struct gostat_class_stats cs;

	gs_class_stats_read(&kh_of(test)->heap, gostat_class_of(size), &cs);
	return cs;
}

static void *get(struct kunit *test, size_t size)
{
	void *obj = gs_heap_alloc(&kh_of(test)->heap, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

static void put(struct kunit *test, void *obj)
{
	gs_heap_free(&kh_of(test)->heap, obj);
}

static void an_empty_heap_is_its_arena_map(struct kunit *test)
{
	struct gostat_memstats ms = stats(test), zero = {};

	KUNIT_EXPECT_EQ(test, ms.sys, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.gc_sys, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.memory.gc, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.obtained, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.peak_held, PAGE_SIZE);
	ms.sys = 0;
	ms.gc_sys = 0;
	ms.memory.gc = 0;
	ms.obtained = 0;
	ms.peak_held = 0;
	KUNIT_EXPECT_EQ(test, 0, memcmp(&ms, &zero, sizeof(ms)));
}

static void an_object_counts_at_its_classs_size(struct kunit *test)
{
	size_t size = gostat_class_size[gostat_class_of(100)];
	void *a = get(test, 100), *b = get(test, size);
	struct gostat_memstats ms = stats(test);

	KUNIT_EXPECT_EQ(test, ms.heap_alloc, 2 * size);
	KUNIT_EXPECT_EQ(test, ms.alloc, 2 * size);
	KUNIT_EXPECT_EQ(test, ms.total_alloc, 2 * size);
	KUNIT_EXPECT_EQ(test, ms.heap_objects, 2);
	KUNIT_EXPECT_EQ(test, ms.nmalloc, 2);
	KUNIT_EXPECT_EQ(test, ms.nfree, 0);
	put(test, a);
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.heap_alloc, size);
	KUNIT_EXPECT_EQ(test, ms.total_alloc, 2 * size);
	KUNIT_EXPECT_EQ(test, ms.nfree, 1);
	put(test, b);
}

static void a_large_object_counts_at_its_pages(struct kunit *test)
{
	size_t bytes = PAGE_ALIGN(GOSTAT_MAX_SMALL + 1);
	void *obj = get(test, GOSTAT_MAX_SMALL + 1);
	struct gostat_class_stats cs = class_stats(test, 0);
	struct gostat_memstats ms = stats(test);

	KUNIT_EXPECT_EQ(test, ms.heap_alloc, bytes);
	KUNIT_EXPECT_EQ(test, ms.heap_inuse, bytes);
	KUNIT_EXPECT_EQ(test, ms.heap_objects, 1);
	KUNIT_EXPECT_EQ(test, cs.nmalloc, 1);
	KUNIT_EXPECT_EQ(test, cs.allocated, bytes);
	put(test, obj);
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.heap_alloc, 0);
	KUNIT_EXPECT_EQ(test, ms.total_alloc, bytes);
	KUNIT_EXPECT_EQ(test, ms.nfree, 1);
}

static void slots_without_a_page_are_released(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gostat_memstats ms;
	void *obj;

	kh_limit_order(kh, ilog2(GS_MIN_BLOCK >> PAGE_SHIFT));
	obj = get(test, 64);
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.heap_sys, GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, ms.heap_released, GS_ARENA_SIZE - GS_MIN_BLOCK);
	KUNIT_EXPECT_EQ(test, ms.heap_inuse,
			kh_class(kh, 64)->npages * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.heap_idle, ms.heap_sys - ms.heap_inuse);
	put(test, obj);
}

static void pages_obtained_are_sys_less_released(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gostat_memstats ms;
	void *obj[10];
	int i;

	for (i = 0; i < 10; i++) {
		obj[i] = get(test, 100 << i);
		ms = stats(test);
		KUNIT_EXPECT_EQ(test, ms.sys - ms.heap_released, kh->bytes);
		KUNIT_EXPECT_EQ(test, ms.sys, ms.heap_sys + ms.mspan_sys +
				ms.mcache_sys + ms.gc_sys);
	}
	for (i = 0; i < 10; i++)
		put(test, obj[i]);
}

static void live_cached_and_central_make_the_capacity(struct kunit *test)
{
	struct gostat_class_stats cs;
	void *obj[40];
	int i;

	for (i = 0; i < 40; i++)
		obj[i] = get(test, 256);
	for (i = 0; i < 30; i++)
		put(test, obj[i]);
	cs = class_stats(test, 256);
	KUNIT_EXPECT_EQ(test, cs.size, 256);
	KUNIT_EXPECT_EQ(test, cs.nmalloc, 40);
	KUNIT_EXPECT_EQ(test, cs.nfree, 30);
	KUNIT_EXPECT_EQ(test, cs.allocated, 40 * 256);
	KUNIT_EXPECT_EQ(test, cs.freed, 30 * 256);
	KUNIT_EXPECT_GT(test, cs.cached, 0);
	KUNIT_EXPECT_EQ(test, cs.cached + cs.central + 10, cs.capacity);
	kh_settle(kh_of(test));
	cs = class_stats(test, 256);
	KUNIT_EXPECT_EQ(test, cs.cached, 0);
	KUNIT_EXPECT_EQ(test, cs.central + 10, cs.capacity);
	for (i = 30; i < 40; i++)
		put(test, obj[i]);
}

static void a_drain_changes_no_cumulative_figure(struct kunit *test)
{
	struct gostat_memstats before, after;
	static void *obj[100];
	int i;

	for (i = 0; i < 100; i++)
		obj[i] = get(test, 8 + 16 * i);
	for (i = 0; i < 100; i++)
		put(test, obj[i]);
	before = stats(test);
	kh_settle(kh_of(test));
	after = stats(test);
	KUNIT_EXPECT_EQ(test, before.nmalloc, 100);
	KUNIT_EXPECT_EQ(test, after.nmalloc, before.nmalloc);
	KUNIT_EXPECT_EQ(test, after.nfree, before.nfree);
	KUNIT_EXPECT_EQ(test, after.total_alloc, before.total_alloc);
	KUNIT_EXPECT_EQ(test, after.heap_alloc, 0);
	KUNIT_EXPECT_LT(test, after.heap_inuse, before.heap_inuse);
}

static void classes_sum_to_the_totals(struct kunit *test)
{
	u64 nmalloc = 0, nfree = 0, alloc = 0;
	struct gostat_memstats ms;
	struct gostat_class_stats cs;
	unsigned int id;
	static void *obj[100];
	int i;

	for (i = 0; i < 100; i++)
		obj[i] = get(test, 1 + 517 * i);
	for (i = 0; i < 100; i += 3)
		put(test, obj[i]);
	for (id = 0; id < GOSTAT_NR_CLASSES; id++) {
		gs_class_stats_read(&kh_of(test)->heap, id, &cs);
		nmalloc += cs.nmalloc;
		nfree += cs.nfree;
		alloc += cs.allocated - cs.freed;
	}
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, nmalloc, 100);
	KUNIT_EXPECT_EQ(test, nfree, 34);
	KUNIT_EXPECT_EQ(test, ms.nmalloc, nmalloc);
	KUNIT_EXPECT_EQ(test, ms.nfree, nfree);
	KUNIT_EXPECT_EQ(test, ms.heap_alloc, alloc);
	for (i = 0; i < 100; i++)
		if (i % 3)
			put(test, obj[i]);
}

static void reading_changes_nothing(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj = get(test, 64);
	struct gostat_memstats a, b;
	unsigned long requests = kh->requests;

	a = stats(test);
	b = stats(test);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&a, &b, sizeof(a)));
	KUNIT_EXPECT_EQ(test, kh->requests, requests);
	put(test, obj);
}

static void expect_range(struct kunit *test, struct gostat_range range, u64 is)
{
	KUNIT_EXPECT_EQ(test, range.lo, is);
	KUNIT_EXPECT_EQ(test, range.hi, is);
}

static void bounds_meet_at_rest(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_bounds *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct gostat_memstats ms;
	static void *obj[100];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < 100; i++)
		obj[i] = get(test, 1 + 517 * i);
	for (i = 0; i < 100; i += 3)
		put(test, obj[i]);
	ms = stats(test);
	gs_bounds_read(heap, b);
	expect_range(test, b->nmalloc, 100);
	expect_range(test, b->nfree, 34);
	expect_range(test, b->heap_objects, 66);
	expect_range(test, b->alloc, ms.alloc);
	expect_range(test, b->total_alloc, ms.total_alloc);
	expect_range(test, b->nlookup, ms.nlookup);
	KUNIT_EXPECT_EQ(test, b->pages.sys, ms.sys);
	KUNIT_EXPECT_EQ(test, b->pages.heap_inuse, ms.heap_inuse);
	KUNIT_EXPECT_EQ(test, b->pages.obtained, ms.obtained);
	for (i = 0; i < GOSTAT_NR_CLASSES; i++) {
		struct gostat_class_stats cs;

		gs_class_stats_read(heap, i, &cs);
		KUNIT_EXPECT_EQ(test, b->class[i].size, cs.size);
		expect_range(test, b->class[i].nmalloc, cs.nmalloc);
		expect_range(test, b->class[i].nfree, cs.nfree);
		expect_range(test, b->class[i].live, cs.live);
	}
	for (i = 0; i < 100; i++)
		if (i % 3)
			put(test, obj[i]);
}

static void cpus_hits_and_misses_are_all_small_allocations(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_snapshot *snap;
	struct gostat_cpu_stats *cs;
	u64 served = 0, cached = 0;
	unsigned int cpu, i;

	snap = kunit_kzalloc(test, sizeof(*snap), GFP_KERNEL);
	cs = kunit_kcalloc(test, nr_cpu_ids, sizeof(*cs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, snap);
	KUNIT_ASSERT_NOT_NULL(test, cs);
	for (i = 0; i < 100; i++)
		put(test, get(test, 64));
	put(test, get(test, GOSTAT_MAX_SMALL + 1));
	KUNIT_ASSERT_EQ(test, 0, gs_snapshot_take_cpus(heap, snap, cs));
	for_each_possible_cpu(cpu) {
		served += cs[cpu].hits + cs[cpu].nuncached;
		cached += cs[cpu].cached;
	}
	KUNIT_EXPECT_EQ(test, served, 100);
	KUNIT_EXPECT_EQ(test, served, snap->total.nmalloc - 1);
	KUNIT_EXPECT_EQ(test, cached,
			64 * snap->class[gostat_class_of(64)].cached);
}

struct remote {
	struct gs_heap *heap;
	struct gostat_memstats ms;
};

static long read_there(void *data)
{
	struct remote *remote = data;

	gs_memstats_read(remote->heap, &remote->ms);
	remote->ms.cuts = 0;
	return 0;
}

static void every_cpu_reads_the_same(struct kunit *test)
{
	struct remote *remote = kunit_kzalloc(test, sizeof(*remote), GFP_KERNEL);
	void *obj = get(test, 64);
	struct gostat_memstats here;
	unsigned int cpu;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, remote);
	remote->heap = &kh_of(test)->heap;
	put(test, get(test, 64));
	here = stats(test);
	for_each_online_cpu(cpu) {
		work_on_cpu(cpu, read_there, remote);
		KUNIT_EXPECT_EQ(test, 0, memcmp(&here, &remote->ms,
						sizeof(here)));
	}
	put(test, obj);
}

static void lookups_are_summed_over_cpus(struct kunit *test)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu) {
		per_cpu_ptr(kh_of(test)->heap.cpu, cpu)->stats.nlookup = cpu + 3;
		sum += cpu + 3;
	}
	KUNIT_EXPECT_EQ(test, stats(test).nlookup, sum);
}

static struct kunit_case gostat_memstats_cases[] = {
	KUNIT_CASE(an_empty_heap_is_its_arena_map),
	KUNIT_CASE(an_object_counts_at_its_classs_size),
	KUNIT_CASE(a_large_object_counts_at_its_pages),
	KUNIT_CASE(slots_without_a_page_are_released),
	KUNIT_CASE(pages_obtained_are_sys_less_released),
	KUNIT_CASE(live_cached_and_central_make_the_capacity),
	KUNIT_CASE(a_drain_changes_no_cumulative_figure),
	KUNIT_CASE(classes_sum_to_the_totals),
	KUNIT_CASE(reading_changes_nothing),
	KUNIT_CASE(bounds_meet_at_rest),
	KUNIT_CASE(cpus_hits_and_misses_are_all_small_allocations),
	KUNIT_CASE(every_cpu_reads_the_same),
	KUNIT_CASE(lookups_are_summed_over_cpus),
	{}
};

static struct kunit_suite gostat_memstats_suite = {
	.name = "gostat_memstats",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_memstats_cases,
};

kunit_test_suite(gostat_memstats_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's figures");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
