// SPDX-License-Identifier: GPL-2.0
/*
 * Bad frees: each is counted once, at the latest when a magazine is flushed, and
 * nobody's memory is the worse for it.
 *
 * These tests make gostat print errors, on purpose. After each bad free the
 * victim's contents, all figures and its one good free are checked.
 */
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "../alloc.h"
#include "kunit_heap.h"

#define SIZE	64	/* bytes */

static void *get(struct kunit *test, size_t size)
{
	void *obj = gs_heap_alloc(&kh_of(test)->heap, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	memset(obj, 0x77, size);
	return obj;
}

static void put(struct kunit *test, const void *obj)
{
	gs_heap_free(&kh_of(test)->heap, obj);
}

/* Free @obj as an object of @size, as gostat_free_sized() does. */
static void put_sized(struct kunit *test, const void *obj, size_t size)
{
	struct gs_heap *heap = &kh_of(test)->heap;

	gs_free_handle(heap, heap->cpu, obj, gostat_handle(size));
}

static void expect_bad(struct kunit *test, s64 n)
{
	KUNIT_EXPECT_EQ(test, atomic64_read(&kh_of(test)->heap.bad_frees), n);
}

/* @n bad frees were found by now or are found by a flush; all is well again. */
static void expect_bad_after_flush(struct kunit *test, s64 n)
{
	kh_settle(kh_of(test));
	expect_bad(test, n);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void expect_unspoilt(struct kunit *test, const void *obj, size_t size)
{
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj, 0x77, size));
}

static int pinned_heap(struct kunit *test)
{
	kh_pin(test);
	return kh_init(test);
}

static void a_good_free_is_not_counted(struct kunit *test)
{
	put(test, get(test, SIZE));
	put(test, get(test, GOSTAT_MAX_SMALL + 1));
	put(test, get(test, GS_ARENA_SIZE + 1));
	put(test, NULL);
	put(test, ZERO_SIZE_PTR);
	expect_bad_after_flush(test, 0);
}

static void a_double_free_in_a_row_is_found_at_once(struct kunit *test)
{
	void *a = get(test, SIZE), *b = get(test, SIZE);

	put(test, b);
	put(test, b);
	expect_bad(test, 1);
	put(test, b);
	expect_bad(test, 2);
	expect_unspoilt(test, a, SIZE);
	put(test, a);
	expect_bad_after_flush(test, 2);
}

static void a_double_free_with_others_between_is_found_at_the_flush(struct kunit *test)
{
	void *a = get(test, SIZE), *b = get(test, SIZE), *c = get(test, SIZE);

	put(test, a);
	put(test, b);
	put(test, a);
	expect_bad_after_flush(test, 1);
	expect_unspoilt(test, c, SIZE);
	put(test, c);
	expect_bad_after_flush(test, 1);
}

/* One in the magazine, the other in central already. */
static void a_double_free_across_a_flush_is_found(struct kunit *test)
{
	void *a = get(test, SIZE), *b = get(test, SIZE);

	put(test, a);
	kh_settle(kh_of(test));
	put(test, a);
	expect_bad_after_flush(test, 1);
	put(test, b);
}

static void an_interior_pointer_is_found(struct kunit *test)
{
	void *obj = get(test, SIZE);

	put(test, obj + 8);
	put(test, obj + 1);
	expect_bad_after_flush(test, 2);
	expect_unspoilt(test, obj, SIZE);
	put(test, obj);
	expect_bad_after_flush(test, 2);
}

static void a_wrong_size_is_found(struct kunit *test)
{
	void *obj = get(test, SIZE), *other = get(test, 128);

	put_sized(test, other, 128);
	put_sized(test, obj, 128);
	expect_bad_after_flush(test, 1);
	expect_unspoilt(test, obj, SIZE);
	put_sized(test, obj, SIZE);
	expect_bad_after_flush(test, 1);
}

static void a_large_object_freed_as_small_is_found(struct kunit *test)
{
	void *large = get(test, 100000);

	put(test, get(test, SIZE));
	put_sized(test, large, SIZE);
	expect_bad_after_flush(test, 1);
	expect_unspoilt(test, large, 100000);
	put(test, large);
}

static void a_small_object_freed_as_large_is_found(struct kunit *test)
{
	void *obj = get(test, SIZE);

	put_sized(test, obj, 100000);
	expect_bad(test, 1);
	put(test, obj);
	expect_bad_after_flush(test, 1);
}

static void an_object_of_a_freed_span_is_found_at_once(struct kunit *test)
{
	void *obj = get(test, SIZE), *large = get(test, 100000);

	put(test, obj);
	put(test, large);
	expect_bad_after_flush(test, 0);
	put(test, obj);
	expect_bad(test, 1);
	put(test, large);
	expect_bad_after_flush(test, 2);
}

static void a_run_of_vmalloc_freed_twice_is_found_at_once(struct kunit *test)
{
	void *obj = get(test, GS_ARENA_SIZE + 1);

	put(test, obj + PAGE_SIZE);
	expect_bad(test, 1);
	put(test, obj);
	kh_settle(kh_of(test));
	put(test, obj);
	expect_bad_after_flush(test, 2);
}

static void strangers_are_found_at_once_and_not_touched(struct kunit *test)
{
	u8 *virt = vmalloc(PAGE_SIZE), *theirs = kmalloc(SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, virt);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, theirs);
	memset(virt, 0x77, PAGE_SIZE);
	memset(theirs, 0x77, SIZE);
	put(test, get(test, SIZE));
	put(test, virt);
	put(test, theirs);
	put(test, (void *)4096);
	put(test, (void *)ULONG_MAX);
	put(test, (void *)PAGE_OFFSET);
	expect_bad(test, 5);
	expect_unspoilt(test, virt, PAGE_SIZE);
	expect_unspoilt(test, theirs, SIZE);
	expect_bad_after_flush(test, 5);
	vfree(virt);
	kfree(theirs);
}

static void a_stranger_with_a_size_is_found_at_the_flush(struct kunit *test)
{
	void *theirs = kmalloc(SIZE, GFP_KERNEL);

	put(test, get(test, SIZE));
	put_sized(test, theirs, SIZE);
	expect_bad_after_flush(test, 1);
	kfree(theirs);
}

static void another_heaps_object_is_a_stranger(struct kunit *test)
{
	struct kunit_heap *other = kh_new(test, false);
	void *theirs = gs_heap_alloc(&other->heap, SIZE, GFP_KERNEL);

	put(test, get(test, SIZE));
	put(test, theirs);
	expect_bad_after_flush(test, 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&other->heap.bad_frees), 0);
	KUNIT_EXPECT_TRUE(test, kh_check(other));
	gs_heap_free(&other->heap, theirs);
	kh_settle(other);
	kh_delete(other);
}

static void all_bad_frees_of_one_flush_are_counted(struct kunit *test)
{
	unsigned int n = GS_BAD_MAX + 3, i;
	void *obj = get(test, 1024);

	for (i = 1; i <= n; i++)
		put(test, obj + 8 * i);
	expect_bad_after_flush(test, n);
	expect_unspoilt(test, obj, 1024);
	put(test, obj);
	expect_bad_after_flush(test, n);
}

/* Bad ones among good ones: each good one must still go back. */
static void good_frees_of_the_same_flush_are_done(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	void *obj[100];
	int i;

	for (i = 0; i < 100; i++)
		obj[i] = get(test, SIZE);
	for (i = 0; i < 100; i++) {
		put(test, obj[i]);
		if (i % 10 == 0)
			put(test, obj[i] + 16);
	}
	expect_bad_after_flush(test, 10);
	KUNIT_EXPECT_EQ(test, class->books.capacity, 0);
	KUNIT_EXPECT_EQ(test, kh_of(test)->heap.pages.inuse, 0);
}

static void without_magazines_each_is_found_at_once(struct kunit *test)
{
	struct kunit_heap *kh = kh_new(test, true);
	void *a = gs_heap_alloc(&kh->heap, SIZE, GFP_KERNEL);
	void *b = gs_heap_alloc(&kh->heap, SIZE, GFP_KERNEL);
	void *c = gs_heap_alloc(&kh->heap, SIZE, GFP_KERNEL);

	gs_heap_free(&kh->heap, a);
	gs_heap_free(&kh->heap, b);
	gs_heap_free(&kh->heap, a);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kh->heap.bad_frees), 1);
	gs_heap_free(&kh->heap, c + 8);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kh->heap.bad_frees), 2);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	gs_heap_free(&kh->heap, c);
	gs_heap_free(&kh->heap, c);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kh->heap.bad_frees), 3);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.meta[GS_MCACHE].sys, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	kh_delete(kh);
}

static struct kunit_case gostat_badfree_cases[] = {
	KUNIT_CASE(a_good_free_is_not_counted),
	KUNIT_CASE(a_double_free_in_a_row_is_found_at_once),
	KUNIT_CASE(a_double_free_with_others_between_is_found_at_the_flush),
	KUNIT_CASE(a_double_free_across_a_flush_is_found),
	KUNIT_CASE(an_interior_pointer_is_found),
	KUNIT_CASE(a_wrong_size_is_found),
	KUNIT_CASE(a_large_object_freed_as_small_is_found),
	KUNIT_CASE(a_small_object_freed_as_large_is_found),
	KUNIT_CASE(an_object_of_a_freed_span_is_found_at_once),
	KUNIT_CASE(a_run_of_vmalloc_freed_twice_is_found_at_once),
	KUNIT_CASE(strangers_are_found_at_once_and_not_touched),
	KUNIT_CASE(a_stranger_with_a_size_is_found_at_the_flush),
	KUNIT_CASE(another_heaps_object_is_a_stranger),
	KUNIT_CASE(all_bad_frees_of_one_flush_are_counted),
	KUNIT_CASE(good_frees_of_the_same_flush_are_done),
	KUNIT_CASE(without_magazines_each_is_found_at_once),
	{}
};

static struct kunit_suite gostat_badfree_suite = {
	.name = "gostat_badfree",
	.init = pinned_heap,
	.exit = kh_exit,
	.test_cases = gostat_badfree_cases,
};

kunit_test_suite(gostat_badfree_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's bad frees");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
