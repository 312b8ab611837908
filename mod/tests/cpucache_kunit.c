// SPDX-License-Identifier: GPL-2.0
/*
 * Magazines: one word counts, half a magazine moves at a time, capacity follows
 * demand. What other contexts and CPUs do is in contexts_kunit.c.
 *
 * A test is pinned to its CPU, so that the magazine it looks at is the one it
 * used.
 */
#include <linux/module.h>

#include "kunit_heap.h"

#define SIZE	64	/* bytes: magazines of 8 at first, 128 at the most */

static struct gs_mag *mag_on(struct kunit *test, unsigned int cpu, size_t size)
{
	return &per_cpu_ptr(kh_of(test)->heap.cpu, cpu)->mag[gostat_class_of(size)];
}

static struct gs_mag *mag_of(struct kunit *test, size_t size)
{
	return mag_on(test, raw_smp_processor_id(), size);
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

static void get_many(struct kunit *test, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		objs[i] = get(test, SIZE);
}

static void put_many(struct kunit *test, void **objs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put(test, objs[i]);
}

static u64 nmalloc_of(struct kunit *test, size_t size)
{
	struct gostat_class_stats cs;

	gs_class_stats_read(&kh_of(test)->heap, gostat_class_of(size), &cs);
	return cs.nmalloc;
}

static int pinned_heap(struct kunit *test)
{
	kh_pin(test);
	return kh_init(test);
}

/* --- one CPU -------------------------------------------------------------- */

static void the_first_allocation_makes_a_magazine(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = mag_of(test, SIZE);
	void *obj;

	KUNIT_EXPECT_EQ(test, mag->cap, 0);
	obj = get(test, SIZE);
	KUNIT_EXPECT_EQ(test, mag->cap, class->cap_first);
	KUNIT_EXPECT_PTR_EQ(test, mag->slot[-1], NULL);
	KUNIT_EXPECT_EQ(test, mag->word, 0);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	put(test, obj);
	KUNIT_EXPECT_EQ(test, mag->word, 1);
}

static void one_word_counts_pops_and_pushes(struct kunit *test)
{
	struct gs_mag *mag = mag_of(test, SIZE);
	u64 i;

	put(test, get(test, SIZE));
	for (i = 1; i < 1000; i++) {
		void *obj = get(test, SIZE);

		KUNIT_ASSERT_EQ(test, mag->word, i << 16);
		put(test, obj);
		KUNIT_ASSERT_EQ(test, mag->word, i << 16 | 1);
	}
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), 1000);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void the_object_freed_last_is_allocated_first(struct kunit *test)
{
	void *objs[5];
	int i;

	get_many(test, objs, 5);
	put_many(test, objs, 5);
	for (i = 4; i >= 0; i--)
		KUNIT_EXPECT_PTR_EQ(test, get(test, SIZE), objs[i]);
	put_many(test, objs, 5);
}

static void a_refill_takes_half_the_capacity(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = mag_of(test, SIZE);
	void *objs[2];
	u64 nfree;

	objs[0] = get(test, SIZE);
	KUNIT_EXPECT_EQ(test, GS_MAG_COUNT(mag->word), 0);
	nfree = class->books.nfree;
	objs[1] = get(test, SIZE);
	KUNIT_EXPECT_EQ(test, nfree - class->books.nfree, mag->cap / 2);
	KUNIT_EXPECT_EQ(test, GS_MAG_COUNT(mag->word), mag->cap / 2 - 1);
	KUNIT_EXPECT_EQ(test, GS_MAG_NMALLOC(mag->word), 1);
	put_many(test, objs, 2);
}

static void a_flush_gives_the_older_half(struct kunit *test)
{
	struct gs_mag *mag = mag_of(test, SIZE);
	void *objs[16], *first;
	unsigned int cap, i;
	u64 nfree;

	get_many(test, objs, 16);
	kh_settle(kh_of(test));
	cap = mag->cap;
	KUNIT_ASSERT_LT(test, cap, 16);
	put_many(test, objs, cap);
	KUNIT_EXPECT_EQ(test, GS_MAG_COUNT(mag->word), cap);
	first = mag->slot[cap / 2];
	nfree = kh_class(kh_of(test), SIZE)->books.nfree;
	put(test, objs[cap]);
	KUNIT_EXPECT_EQ(test, GS_MAG_COUNT(mag->word), cap / 2 + 1);
	KUNIT_EXPECT_EQ(test, kh_class(kh_of(test), SIZE)->books.nfree - nfree,
			cap / 2);
	KUNIT_EXPECT_PTR_EQ(test, mag->slot[0], first);
	KUNIT_EXPECT_PTR_EQ(test, mag->slot[cap / 2], objs[cap]);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	for (i = cap + 1; i < 16; i++)
		put(test, objs[i]);
}

/* --- capacity ------------------------------------------------------------- */

static void capacities_suit_every_class(struct kunit *test)
{
	struct gs_class *class = &kh_of(test)->heap.class[1];

	for (; class < &kh_of(test)->heap.class[GOSTAT_NR_CLASSES]; class++) {
		KUNIT_EXPECT_GE(test, class->cap_first, 2);
		KUNIT_EXPECT_LE(test, class->cap_first, class->cap_max);
		KUNIT_EXPECT_LE(test, class->cap_max, GS_CAP_MAX);
		if (class->cap_max > 2)
			KUNIT_EXPECT_LE(test, class->cap_max * class->size,
					GS_CAP_BYTES);
	}
}

/* Misses until the magazine grows or, at its most, for a while. */
static unsigned int misses_at_this_capacity(struct kunit *test, void **objs)
{
	struct gs_mag *mag = mag_of(test, SIZE);
	unsigned int cap = mag->cap, misses = 0;

	while (mag->cap == cap && misses < 4 * GS_MISSES) {
		get_many(test, objs, 2 * cap);	/* more than it can serve */
		put_many(test, objs, 2 * cap);
		misses++;
	}
	return misses;
}

static void capacity_doubles_with_demand_up_to_its_most(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = mag_of(test, SIZE);
	unsigned int cap;
	void **objs;

	objs = kunit_kcalloc(test, 2 * GS_CAP_MAX, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, objs);
	put(test, get(test, SIZE));
	while (mag->cap < class->cap_max) {
		cap = mag->cap;
		misses_at_this_capacity(test, objs);
		KUNIT_ASSERT_EQ(test, mag->cap,
				min_t(unsigned int, 2 * cap, class->cap_max));
		KUNIT_ASSERT_TRUE(test, kh_check(kh_of(test)));
	}
	KUNIT_EXPECT_EQ(test, misses_at_this_capacity(test, objs),
			4 * GS_MISSES);
	KUNIT_EXPECT_EQ(test, mag->cap, class->cap_max);
}

/* Demand that the magazine can serve is no reason for a larger one. */
static void pairs_never_enlarge_a_magazine(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	unsigned int i;

	for (i = 0; i < 1000; i++)
		put(test, get(test, SIZE));
	KUNIT_EXPECT_EQ(test, mag_of(test, SIZE)->cap, class->cap_first);
}

static void no_memory_for_a_magazine_is_no_failure(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_class *class = kh_class(kh, SIZE);
	void *obj;

	kh_fail_at(kh, 1);
	obj = get(test, SIZE);
	KUNIT_EXPECT_EQ(test, kh->failed, 1);
	KUNIT_EXPECT_EQ(test, mag_of(test, SIZE)->cap, 0);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 1);
	kh_fail_at(kh, 1);
	put(test, obj);
	KUNIT_EXPECT_EQ(test, kh->failed, 1);
	KUNIT_EXPECT_EQ(test, class->books.capacity, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void a_drained_magazine_keeps_its_capacity(struct kunit *test)
{
	struct gs_mag *mag = mag_of(test, SIZE);
	unsigned int cap;

	put(test, get(test, SIZE));
	cap = mag->cap;
	kh_settle(kh_of(test));
	KUNIT_EXPECT_EQ(test, mag->cap, cap);
	KUNIT_EXPECT_EQ(test, GS_MAG_COUNT(mag->word), 0);
}

/* --- counting ------------------------------------------------------------- */

static void the_count_moves_to_the_class_at_a_visit(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = mag_of(test, SIZE);
	unsigned int i;

	for (i = 0; i < 10; i++)
		put(test, get(test, SIZE));
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 1);
	KUNIT_EXPECT_EQ(test, GS_MAG_NMALLOC(mag->word), 9);
	kh_settle(kh_of(test));
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 10);
	KUNIT_EXPECT_EQ(test, mag->word, 0);
}

/* The word has just room for what was popped since central was visited. */
static void the_count_is_exact_to_the_last_of_48_bits(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = mag_of(test, SIZE);
	u64 most = BIT_ULL(48) - 1;
	unsigned int n = 0;
	void *objs[8];

	get_many(test, objs, 2);
	put_many(test, objs, 2);
	kh_settle(kh_of(test));
	get_many(test, objs, 2);
	put_many(test, objs, 2);
	class->books.nmalloc = 0;
	mag->word = (most - GS_MAG_COUNT(mag->word)) << 16 |
		    GS_MAG_COUNT(mag->word);
	while (GS_MAG_COUNT(mag->word) && n < 7)
		objs[n++] = get(test, SIZE);
	KUNIT_EXPECT_EQ(test, mag->word, most << 16);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), most);
	objs[n++] = get(test, SIZE);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), most + 1);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, most);
	put_many(test, objs, n);
}

/* Neither the objects of a full magazine nor a flush of it touch the count. */
static void pushes_leave_a_full_count_alone(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = mag_of(test, SIZE);
	u64 most = BIT_ULL(48) - 1, n;
	unsigned int i, cap;
	void *objs[20];

	get_many(test, objs, ARRAY_SIZE(objs));
	kh_settle(kh_of(test));
	n = class->books.nmalloc + most;
	cap = mag->cap;
	KUNIT_ASSERT_LT(test, cap, ARRAY_SIZE(objs));
	mag->word = most << 16;
	for (i = 0; i < cap; i++) {
		put(test, objs[i]);
		KUNIT_EXPECT_EQ(test, mag->word, most << 16 | (i + 1));
		KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), n);
	}
	put(test, objs[i++]);
	KUNIT_EXPECT_EQ(test, GS_MAG_NMALLOC(mag->word), 0);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, n);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), n);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	while (i < ARRAY_SIZE(objs))
		put(test, objs[i++]);
}

/* All of its bits, however it is folded; the class's own count has 64. */
static void a_full_count_is_folded_whole(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = mag_of(test, SIZE);
	u64 most = BIT_ULL(48) - 1, n;

	put(test, get(test, SIZE));
	put(test, get(test, SIZE));
	mag->word = most << 16 | GS_MAG_COUNT(mag->word);
	n = class->books.nmalloc + most;
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), n);
	kh_settle(kh_of(test));
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, n);

	mag->word = most << 16;
	n += most;
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), n);
	gs_cpucache_drain_dead(&kh_of(test)->heap, raw_smp_processor_id());
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, n);
	KUNIT_EXPECT_GT(test, n, BIT_ULL(48));
	put(test, get(test, SIZE));
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), n + 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void ten_thousand_pairs_leave_heap_alloc_where_it_was(struct kunit *test)
{
	struct gostat_memstats before, after;
	unsigned int i;

	put(test, get(test, SIZE));
	gs_memstats_read(&kh_of(test)->heap, &before);
	for (i = 0; i < 10000; i++)
		put(test, get(test, SIZE));
	gs_memstats_read(&kh_of(test)->heap, &after);
	KUNIT_EXPECT_EQ(test, after.heap_alloc, before.heap_alloc);
	KUNIT_EXPECT_EQ(test, after.nmalloc - before.nmalloc, 10000);
	KUNIT_EXPECT_EQ(test, after.nfree - before.nfree, 10000);
	KUNIT_EXPECT_EQ(test, after.total_alloc - before.total_alloc,
			10000 * SIZE);
}

static struct kunit_case gostat_cpucache_cases[] = {
	KUNIT_CASE(the_first_allocation_makes_a_magazine),
	KUNIT_CASE(one_word_counts_pops_and_pushes),
	KUNIT_CASE(the_object_freed_last_is_allocated_first),
	KUNIT_CASE(a_refill_takes_half_the_capacity),
	KUNIT_CASE(a_flush_gives_the_older_half),
	KUNIT_CASE(capacities_suit_every_class),
	KUNIT_CASE(capacity_doubles_with_demand_up_to_its_most),
	KUNIT_CASE(pairs_never_enlarge_a_magazine),
	KUNIT_CASE(no_memory_for_a_magazine_is_no_failure),
	KUNIT_CASE(a_drained_magazine_keeps_its_capacity),
	KUNIT_CASE(the_count_moves_to_the_class_at_a_visit),
	KUNIT_CASE(the_count_is_exact_to_the_last_of_48_bits),
	KUNIT_CASE(pushes_leave_a_full_count_alone),
	KUNIT_CASE(a_full_count_is_folded_whole),
	KUNIT_CASE(ten_thousand_pairs_leave_heap_alloc_where_it_was),
	{}
};

static struct kunit_suite gostat_cpucache_suite = {
	.name = "gostat_cpucache",
	.init = pinned_heap,
	.exit = kh_exit,
	.test_cases = gostat_cpucache_cases,
};

kunit_test_suite(gostat_cpucache_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's magazines");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
