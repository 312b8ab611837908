// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel API, as a module that links against gostat sees it, on the heap
 * that all share: constant and variable sizes, bulk, arrays, realloc, lookups.
 *
 * After each test nothing of its own may be live. Others might use the heap
 * meanwhile, so figures are compared only where the test machine has nobody
 * else.
 */
#include <linux/module.h>

#include "../memstats.h"
#include "../module.h"
#include <gostat/gostat.h>
#include <kunit/test.h>

static u64 live(void)
{
	struct gostat_memstats ms;

	gs_memstats_read(&gs_module_heap, &ms);
	return ms.heap_objects;
}

static u64 bad_frees(void)
{
	return atomic64_read(&gs_module_heap.bad_frees);
}

static int api_init(struct kunit *test)
{
	test->priv = (void *)(unsigned long)live();
	return 0;
}

static void api_exit(struct kunit *test)
{
	gs_cpucache_drain(&gs_module_heap);
	KUNIT_EXPECT_EQ(test, live(), (u64)(unsigned long)test->priv);
}

static void *made(struct kunit *test, void *obj)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

/* Hides a constant from the compiler. */
static size_t variable(size_t size)
{
	OPTIMIZER_HIDE_VAR(size);
	return size;
}

static void constant_and_variable_sizes_agree(struct kunit *test)
{
	void *a = made(test, gostat_alloc(100, GFP_KERNEL));
	void *b = made(test, gostat_alloc(variable(100), GFP_KERNEL));
	gfp_t gfp = GFP_KERNEL;
	void *c;

	OPTIMIZER_HIDE_VAR(gfp);
	c = made(test, gostat_alloc(100, gfp));
	KUNIT_EXPECT_EQ(test, gostat_usable_size(a), gostat_usable_size(b));
	KUNIT_EXPECT_EQ(test, gostat_usable_size(a), gostat_usable_size(c));
	gostat_free(a);
	gostat_free_sized(b, 100);
	gostat_free_sized(c, variable(100));
}

static void freeing_nothing_is_nothing(struct kunit *test)
{
	u64 bad = bad_frees();
	void *obj[4];
	int i;

	gostat_free_sized(made(test, gostat_alloc(64, GFP_KERNEL)), 64);
	for (i = 0; i < 4; i++) {
		gostat_free(NULL);
		gostat_free(ZERO_SIZE_PTR);
		gostat_free_sized(NULL, 64);
		gostat_free_sized(NULL, variable(64));
		gostat_free_sized(ZERO_SIZE_PTR, variable(0));
		gostat_free_sized(ZERO_SIZE_PTR, 0);
	}
	for (i = 0; i < 4; i++)
		obj[i] = made(test, gostat_alloc(64, GFP_KERNEL));
	for (i = 0; i < 4; i++)
		gostat_free(obj[i]);
	gs_cpucache_drain(&gs_module_heap);
	KUNIT_EXPECT_EQ(test, bad_frees(), bad);
}

static void zero_size_is_no_object(struct kunit *test)
{
	u64 before = live();

	KUNIT_EXPECT_PTR_EQ(test, gostat_alloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, gostat_alloc(variable(0), GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, gostat_zalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, gostat_usable_size(ZERO_SIZE_PTR), 0);
	KUNIT_EXPECT_EQ(test, live(), before);
}

static void zalloc_clears_all_usable_bytes(struct kunit *test)
{
	size_t size, usable;
	int turn;
	void *obj;

	for (size = 1; size < 100000; size = size * 3 + 1) {
		for (turn = 0; turn < 2; turn++) {
			obj = made(test, gostat_zalloc(size, GFP_KERNEL));
			usable = gostat_usable_size(obj);
			KUNIT_EXPECT_GE(test, usable, size);
			KUNIT_EXPECT_PTR_EQ(test, NULL,
					    memchr_inv(obj, 0, usable));
			memset(obj, 0xff, usable);
			gostat_free(obj);
		}
	}
	obj = made(test, gostat_zalloc(64, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj, 0, 64));
	gostat_free(obj);
}

static void an_array_too_large_to_count_is_refused(struct kunit *test)
{
	void *obj = made(test, gostat_alloc_array(7, 9, GFP_KERNEL));

	KUNIT_EXPECT_GE(test, gostat_usable_size(obj), 63);
	gostat_free(obj);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gostat_alloc_array(variable(SIZE_MAX / 2), 3,
					       GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gostat_alloc_array(variable(1UL << 33), 1UL << 33,
					       GFP_KERNEL));
}

static void bulk_gives_and_takes_as_many_as_asked(struct kunit *test)
{
	u64 before = live();
	void *obj[100];

	KUNIT_ASSERT_EQ(test, gostat_alloc_bulk(200, GFP_KERNEL, 100, obj), 100);
	KUNIT_EXPECT_EQ(test, live(), before + 100);
	gostat_free(obj[50]);
	obj[50] = NULL;
	gostat_free_bulk(100, obj);
	KUNIT_EXPECT_EQ(test, live(), before);
	KUNIT_EXPECT_EQ(test, gostat_alloc_bulk(200, GFP_KERNEL, 0, obj), 0);
	KUNIT_EXPECT_EQ(test, 0,
			gostat_alloc_bulk(variable(SIZE_MAX), GFP_KERNEL, 5, obj));
}

/* --- realloc -------------------------------------------------------------- */

static void realloc_keeps_contents_up_and_down(struct kunit *test)
{
	static const size_t sizes[] = { 10, 100, 1000, 50000, 200000, 70000,
					3000, 300, 30, 3 };
	u8 *obj = made(test, gostat_realloc(NULL, 5, GFP_KERNEL));
	size_t had = 5;
	int i;

	memset(obj, 0x42, had);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = made(test, gostat_realloc(obj, sizes[i], GFP_KERNEL));
		KUNIT_EXPECT_GE(test, gostat_usable_size(obj), sizes[i]);
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    memchr_inv(obj, 0x42, min(had, sizes[i])));
		had = sizes[i];
		memset(obj, 0x42, had);
	}
	gostat_free(obj);
}

static void realloc_within_the_class_moves_nothing(struct kunit *test)
{
	void *obj = made(test, gostat_alloc(100, GFP_KERNEL));
	size_t usable = gostat_usable_size(obj);

	KUNIT_EXPECT_PTR_EQ(test, gostat_realloc(obj, usable, GFP_KERNEL), obj);
	KUNIT_EXPECT_PTR_EQ(test, gostat_realloc(obj, 99, GFP_KERNEL), obj);
	gostat_free(obj);
}

static void realloc_to_nothing_frees(struct kunit *test)
{
	u64 before = live();

	KUNIT_EXPECT_PTR_EQ(test, ZERO_SIZE_PTR,
			    gostat_realloc(made(test, gostat_alloc(100,
								   GFP_KERNEL)),
					   0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, live(), before);
	KUNIT_EXPECT_PTR_EQ(test, ZERO_SIZE_PTR,
			    gostat_realloc(NULL, 0, GFP_KERNEL));
}

static void realloc_clears_what_is_new(struct kunit *test)
{
	u8 *obj = made(test, gostat_alloc(64, GFP_KERNEL));

	memset(obj, 0x42, 64);
	obj = made(test, gostat_realloc(obj, 1000, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj, 0x42, 64));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj + 64, 0, 1000 - 64));
	gostat_free(obj);
}

static void realloc_that_fails_leaves_the_object(struct kunit *test)
{
	u8 *obj = made(test, gostat_alloc(64, GFP_KERNEL));

	memset(obj, 0x42, 64);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gostat_realloc(obj, variable(SIZE_MAX), GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj, 0x42, 64));
	gostat_free(obj);
}

static void realloc_of_what_is_no_object_is_refused(struct kunit *test)
{
	u8 *obj = made(test, gostat_alloc(64, GFP_KERNEL));
	u64 bad = bad_frees(), before = live();
	void *theirs = made(test, kmalloc(64, GFP_KERNEL));

	memset(obj, 0x42, 64);
	KUNIT_EXPECT_PTR_EQ(test, NULL, gostat_realloc(theirs, 100, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, bad_frees(), bad + 1);
	KUNIT_EXPECT_PTR_EQ(test, NULL, gostat_realloc(obj + 8, 50, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, bad_frees(), bad + 2);
	KUNIT_EXPECT_PTR_EQ(test, NULL, gostat_realloc(obj + 8, 500, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, bad_frees(), bad + 3);
	KUNIT_EXPECT_EQ(test, live(), before);
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj, 0x42, 64));
	gostat_free(obj);
	kfree(theirs);
}

/* --- questions ------------------------------------------------------------ */

static void lookups_answer_and_are_counted(struct kunit *test)
{
	void *obj = made(test, gostat_alloc(64, GFP_KERNEL));
	struct gostat_memstats before, after;
	struct gostat_object o;

	gs_memstats_read(&gs_module_heap, &before);
	KUNIT_EXPECT_TRUE(test, gostat_lookup(obj + 63, &o));
	KUNIT_EXPECT_PTR_EQ(test, o.base, obj);
	KUNIT_EXPECT_FALSE(test, gostat_lookup(test, &o));
	KUNIT_EXPECT_EQ(test, o.state, GOSTAT_FOREIGN);
	gs_memstats_read(&gs_module_heap, &after);
	KUNIT_EXPECT_EQ(test, after.nlookup - before.nlookup, 2);
	gostat_free(obj);
}

static void gostat_owns_what_it_gave_and_nothing_else(struct kunit *test)
{
	void *small = made(test, gostat_alloc(64, GFP_KERNEL));
	void *large = made(test, gostat_alloc(100000, GFP_KERNEL));

	KUNIT_EXPECT_TRUE(test, gostat_owns(small));
	KUNIT_EXPECT_TRUE(test, gostat_owns(large + 99999));
	KUNIT_EXPECT_FALSE(test, gostat_owns(test));
	KUNIT_EXPECT_FALSE(test, gostat_owns(NULL));
	KUNIT_EXPECT_EQ(test, gostat_usable_size(test), 0);
	gostat_free(small);
	gostat_free(large);
	KUNIT_EXPECT_FALSE(test, gostat_owns(large));
}

static struct kunit_case gostat_api_cases[] = {
	KUNIT_CASE(constant_and_variable_sizes_agree),
	KUNIT_CASE(freeing_nothing_is_nothing),
	KUNIT_CASE(zero_size_is_no_object),
	KUNIT_CASE(zalloc_clears_all_usable_bytes),
	KUNIT_CASE(an_array_too_large_to_count_is_refused),
	KUNIT_CASE(bulk_gives_and_takes_as_many_as_asked),
	KUNIT_CASE(realloc_keeps_contents_up_and_down),
	KUNIT_CASE(realloc_within_the_class_moves_nothing),
	KUNIT_CASE(realloc_to_nothing_frees),
	KUNIT_CASE(realloc_clears_what_is_new),
	KUNIT_CASE(realloc_that_fails_leaves_the_object),
	KUNIT_CASE(realloc_of_what_is_no_object_is_refused),
	KUNIT_CASE(lookups_answer_and_are_counted),
	KUNIT_CASE(gostat_owns_what_it_gave_and_nothing_else),
	{}
};

static struct kunit_suite gostat_api_suite = {
	.name = "gostat_api",
	.init = api_init,
	.exit = api_exit,
	.test_cases = gostat_api_cases,
};

kunit_test_suite(gostat_api_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's kernel API");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_NS);
MODULE_IMPORT_NS(GS_KUNIT_NS);
