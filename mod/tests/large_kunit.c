// SPDX-License-Identifier: GPL-2.0
/*
 * Large objects: whole pages, naturally aligned, on the books as one object
 * each, from arenas up to a block's size and from vmalloc beyond.
 *
 * Freed runs of vmalloc go back from a work item; tests wait for it before they
 * look.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "kunit_heap.h"

#define VIRT	(GS_ARENA_SIZE + 3 * PAGE_SIZE)	/* bytes, backed by vmalloc */

static void *get(struct kunit *test, size_t size, gfp_t gfp)
{
	void *obj = gs_large_alloc(&kh_of(test)->heap, size, gfp);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

static void put(struct kunit *test, const void *obj)
{
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    (void *)gs_large_free(&kh_of(test)->heap, obj));
}

static void expect_refused(struct kunit *test, const void *obj, const char *why)
{
	struct gs_page_books before = kh_of(test)->heap.pages;
	const char *said = gs_large_free(&kh_of(test)->heap, obj);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, said);
	KUNIT_EXPECT_STREQ(test, said, why);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &kh_of(test)->heap.pages,
					sizeof(before)));
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static size_t usable(struct kunit *test, const void *obj)
{
	struct gostat_object o;

	KUNIT_EXPECT_TRUE(test, gs_heap_lookup(&kh_of(test)->heap, obj, &o));
	KUNIT_EXPECT_EQ(test, o.state, GOSTAT_LARGE);
	KUNIT_EXPECT_EQ(test, o.class, 0);
	KUNIT_EXPECT_EQ(test, o.span_pages * PAGE_SIZE, o.size);
	return o.size;
}

static const size_t sizes[] = {
	GOSTAT_MAX_SMALL + 1, 65536, 100000, 300001, GS_ARENA_SIZE / 2 + 1,
	VIRT,
};

static void an_object_is_whole_pages(struct kunit *test)
{
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj = get(test, sizes[i], GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj,
						   PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, usable(test, obj), PAGE_ALIGN(sizes[i]));
		memset(obj, 1, usable(test, obj));
		put(test, obj);
	}
}

static void an_object_is_one_in_the_books(struct kunit *test)
{
	struct gs_page_books *pages = &kh_of(test)->heap.pages;
	u64 bytes = 0, n = 0;
	void *obj[ARRAY_SIZE(sizes)];
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		obj[i] = get(test, sizes[i], GFP_KERNEL);
		bytes += PAGE_ALIGN(sizes[i]);
		n++;
		KUNIT_EXPECT_EQ(test, pages->large_nmalloc, n);
		KUNIT_EXPECT_EQ(test, pages->large_allocated, bytes);
		KUNIT_EXPECT_EQ(test, pages->inuse, bytes);
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		put(test, obj[i]);
		bytes -= PAGE_ALIGN(sizes[i]);
		KUNIT_EXPECT_EQ(test, pages->large_nfree, i + 1);
		KUNIT_EXPECT_EQ(test, pages->inuse, bytes);
		kh_settle(kh_of(test));
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	}
	KUNIT_EXPECT_EQ(test, pages->large_freed, pages->large_allocated);
	KUNIT_EXPECT_EQ(test, pages->large_nmalloc, n);
}

static void powers_of_two_are_naturally_aligned(struct kunit *test)
{
	void *odd[2], *obj;
	size_t size;

	for (size = 2 * GOSTAT_MAX_SMALL; size <= GS_BLOCK_MAX; size *= 2) {
		odd[0] = get(test, GOSTAT_MAX_SMALL + PAGE_SIZE, GFP_KERNEL);
		obj = get(test, size, GFP_KERNEL);
		odd[1] = get(test, size + 1, GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj, size));
		put(test, odd[0]);
		put(test, obj);
		put(test, odd[1]);
		kh_settle(kh_of(test));
	}
}

static void freed_pages_serve_other_objects(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj = get(test, 300000, GFP_KERNEL), *small;
	u64 bytes;

	put(test, obj);
	gs_heap_free(&kh->heap, gs_heap_alloc(&kh->heap, 64, GFP_KERNEL));
	bytes = kh->bytes;
	obj = get(test, 200000, GFP_KERNEL);
	small = gs_heap_alloc(&kh->heap, 64, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, kh->bytes, bytes);
	put(test, obj);
	gs_heap_free(&kh->heap, small);
}

/* --- vmalloc -------------------------------------------------------------- */

static void runs_beyond_a_block_are_of_vmalloc_and_on_the_books(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj = get(test, VIRT, GFP_KERNEL);

	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(obj));
	KUNIT_EXPECT_EQ(test, kh->heap.pages.sys, VIRT);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, VIRT);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.idle, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	put(test, obj);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, 0);
	kh_settle(kh);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.sys, 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.idle, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void a_run_of_a_block_is_in_an_arena(struct kunit *test)
{
	void *obj = get(test, GS_BLOCK_MAX, GFP_KERNEL);

	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(obj));
	put(test, obj);
}

static void who_cannot_sleep_gets_no_vmalloc(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long requests = kh->requests;

	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_large_alloc(&kh->heap, VIRT, GFP_ATOMIC));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_large_alloc(&kh->heap, VIRT, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, kh->requests, requests);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void each_address_finds_its_run_and_no_other(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_object o;
	void *obj[5];
	size_t off;
	int i;

	for (i = 0; i < 5; i++)
		obj[i] = get(test, VIRT + i * PAGE_SIZE, GFP_KERNEL);
	for (i = 0; i < 5; i++) {
		for (off = 0; off < VIRT; off += 4001) {
			KUNIT_ASSERT_TRUE(test, gs_heap_lookup(heap,
							       obj[i] + off,
							       &o));
			KUNIT_ASSERT_PTR_EQ(test, o.base, obj[i]);
			KUNIT_ASSERT_EQ(test, o.size, VIRT + i * PAGE_SIZE);
		}
		KUNIT_EXPECT_FALSE(test, gs_heap_lookup(heap, obj[i] + o.size,
							&o));
	}
	put(test, obj[2]);
	KUNIT_EXPECT_FALSE(test, gs_heap_lookup(heap, obj[2], &o));
	KUNIT_EXPECT_TRUE(test, gs_heap_lookup(heap, obj[3], &o));
	for (i = 0; i < 5; i++)
		if (i != 2)
			put(test, obj[i]);
}

static void no_memory_moves_nothing(struct kunit *test)
{
	/* The descriptor's page; the run after it; the run alone. */
	static const int fail_at[] = { 1, 2, 1 };
	struct kunit_heap *kh = kh_of(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(fail_at); i++) {
		kh_fail_at(kh, fail_at[i]);
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    gs_large_alloc(&kh->heap, VIRT, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, kh->failed, 1);
		KUNIT_EXPECT_EQ(test, kh->heap.pages.sys, 0);
		KUNIT_EXPECT_EQ(test, kh->heap.pages.meta[GS_MSPAN].inuse, 0);
		KUNIT_EXPECT_TRUE(test, kh_check(kh));
	}
}

static void sizes_that_overflow_are_refused(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long requests = kh->requests;

	KUNIT_EXPECT_PTR_EQ(test, NULL, gs_large_alloc(&kh->heap, SIZE_MAX,
						       GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, gs_large_alloc(&kh->heap,
						       SIZE_MAX - PAGE_SIZE + 2,
						       GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, gs_large_alloc(&kh->heap, SIZE_MAX / 2,
						       GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kh->requests, requests);
}

/* --- contents ------------------------------------------------------------- */

static void zeroed_if_asked_whatever_was_there(struct kunit *test)
{
	void *obj;
	int i, turn;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (turn = 0; turn < 2; turn++) {
			obj = get(test, sizes[i], GFP_KERNEL | __GFP_ZERO);
			KUNIT_EXPECT_PTR_EQ(test, NULL,
					    memchr_inv(obj, 0,
						       PAGE_ALIGN(sizes[i])));
			memset(obj, 0xff, PAGE_ALIGN(sizes[i]));
			put(test, obj);
		}
	}
}

/* --- zones ---------------------------------------------------------------- */

static void zone_memory_is_of_the_zone(struct kunit *test)
{
	void *obj;

	obj = get(test, 3 * PAGE_SIZE, GFP_KERNEL | __GFP_DMA32);
	KUNIT_EXPECT_EQ(test, virt_to_phys(obj + 3 * PAGE_SIZE - 1) >> 32, 0);
	put(test, obj);
	if (!IS_ENABLED(CONFIG_ZONE_DMA))
		return;
	obj = get(test, 100, GFP_KERNEL | __GFP_DMA);
	KUNIT_EXPECT_EQ(test, page_zonenum(virt_to_page(obj)), 0);
	put(test, obj);
}

static void idle_memory_of_another_zone_does_not_serve(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj;
	u64 bytes;

	if (!IS_ENABLED(CONFIG_ZONE_DMA))
		kunit_skip(test, "one zone only");
	obj = get(test, 300000, GFP_KERNEL);
	if (!page_zonenum(virt_to_page(obj)))
		kunit_skip(test, "memory is so short that all is of one zone");
	put(test, obj);
	bytes = kh->bytes;
	obj = get(test, PAGE_SIZE, GFP_KERNEL | __GFP_DMA);
	KUNIT_EXPECT_GT(test, kh->bytes, bytes);
	KUNIT_EXPECT_EQ(test, page_zonenum(virt_to_page(obj)), 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	put(test, obj);
}

/* A zone is small: what was freed of it must serve again. */
static void pairs_do_not_drain_a_zone(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	gfp_t gfp = GFP_KERNEL | __GFP_DMA;
	u64 bytes;
	int i;

	put(test, get(test, 300000, GFP_KERNEL));
	put(test, get(test, 100, gfp));
	bytes = kh->bytes;
	for (i = 0; i < 100; i++)
		put(test, get(test, 100, gfp));
	KUNIT_EXPECT_EQ(test, kh->bytes, bytes);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

/* --- what is refused ------------------------------------------------------ */

static void bad_frees_in_arenas_are_told_apart(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *small = gs_heap_alloc(&kh->heap, 64, GFP_KERNEL);
	void *obj = get(test, 100000, GFP_KERNEL);

	expect_refused(test, obj + 1, "interior");
	expect_refused(test, obj + PAGE_SIZE, "interior");
	expect_refused(test, small, "wrong size");
	put(test, obj);
	expect_refused(test, obj, "freed span");
	gs_heap_free(&kh->heap, small);
	kh_settle(kh);
	expect_refused(test, small, "freed span");
}

static void bad_frees_of_vmalloc_are_told_apart(struct kunit *test)
{
	void *obj = get(test, VIRT, GFP_KERNEL);

	expect_refused(test, obj + 8, "interior");
	put(test, obj);
	kh_settle(kh_of(test));
	expect_refused(test, obj, "foreign");
}

static void strangers_are_refused(struct kunit *test)
{
	void *virt = vmalloc(PAGE_SIZE), *theirs = kmalloc(64, GFP_KERNEL);
	int here;

	put(test, get(test, 100000, GFP_KERNEL));
	expect_refused(test, &here, "foreign");
	expect_refused(test, virt, "foreign");
	expect_refused(test, theirs, "foreign");
	expect_refused(test, (void *)4096, "foreign");
	expect_refused(test, (void *)ULONG_MAX, "foreign");
	vfree(virt);
	kfree(theirs);
}

static struct kunit_case gostat_large_cases[] = {
	KUNIT_CASE(an_object_is_whole_pages),
	KUNIT_CASE(an_object_is_one_in_the_books),
	KUNIT_CASE(powers_of_two_are_naturally_aligned),
	KUNIT_CASE(freed_pages_serve_other_objects),
	KUNIT_CASE(runs_beyond_a_block_are_of_vmalloc_and_on_the_books),
	KUNIT_CASE(a_run_of_a_block_is_in_an_arena),
	KUNIT_CASE(who_cannot_sleep_gets_no_vmalloc),
	KUNIT_CASE(each_address_finds_its_run_and_no_other),
	KUNIT_CASE(no_memory_moves_nothing),
	KUNIT_CASE(sizes_that_overflow_are_refused),
	KUNIT_CASE(zeroed_if_asked_whatever_was_there),
	KUNIT_CASE(zone_memory_is_of_the_zone),
	KUNIT_CASE(idle_memory_of_another_zone_does_not_serve),
	KUNIT_CASE(pairs_do_not_drain_a_zone),
	KUNIT_CASE(bad_frees_in_arenas_are_told_apart),
	KUNIT_CASE(bad_frees_of_vmalloc_are_told_apart),
	KUNIT_CASE(strangers_are_refused),
	{}
};

static struct kunit_suite gostat_large_suite = {
	.name = "gostat_large",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_large_cases,
};

kunit_test_suite(gostat_large_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's large objects");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
