// SPDX-License-Identifier: GPL-2.0
/*
 * The descriptors: every byte on an account, every page used again, nothing
 * lost when a page cannot be had.
 *
 * The pools under test are the tests' own, on a private heap's page source and
 * accounts. A test gives its pool's pages back before the heap is recounted,
 * since the oracle does not know them.
 */
#include <linux/module.h>
#include <linux/prandom.h>

#include "kunit_heap.h"

#define DESC	96	/* bytes: 42 to a page of 4 KiB, and a rest */

static struct gs_fixalloc *pool_of(struct kunit *test, size_t size)
{
	struct gs_fixalloc *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fix);
	gs_fixalloc_init(fix, &kh_of(test)->heap, GS_MSPAN, size);
	return fix;
}

static void *get(struct kunit *test, struct gs_fixalloc *fix)
{
	void *desc = gs_fixalloc_get(fix, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
	return desc;
}

static struct gs_books *books(struct kunit *test)
{
	return &kh_of(test)->heap.pages.meta[GS_MSPAN];
}

static void sizes_are_rounded_to_16(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pool_of(test, 1)->size, 16);
	KUNIT_EXPECT_EQ(test, pool_of(test, 16)->size, 16);
	KUNIT_EXPECT_EQ(test, pool_of(test, 17)->size, 32);
}

static void descriptors_are_clear_even_if_used_before(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, DESC);
	void *desc = get(test, fix), *again;

	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(desc, 0, DESC), NULL);
	memset(desc, 0xff, DESC);
	gs_fixalloc_put(fix, desc);
	again = get(test, fix);
	KUNIT_EXPECT_PTR_EQ(test, again, desc);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(again, 0, DESC), NULL);
	gs_fixalloc_put(fix, again);
	gs_fixalloc_destroy(fix);
}

static void descriptors_do_not_overlap(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, DESC);
	unsigned int i, n = 2 * gs_fixalloc_per_page(fix) + 1;
	u8 **desc = kunit_kcalloc(test, n, sizeof(*desc), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
	for (i = 0; i < n; i++) {
		desc[i] = get(test, fix);
		memset(desc[i], i, DESC);
	}
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(desc[i], i & 0xff, DESC),
				    NULL);
		gs_fixalloc_put(fix, desc[i]);
	}
	gs_fixalloc_destroy(fix);
}

static void each_descriptor_is_charged_to_its_account(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, DESC);
	struct gs_books before = *books(test);
	void *a, *b;

	a = get(test, fix);
	KUNIT_EXPECT_EQ(test, books(test)->inuse - before.inuse, DESC);
	KUNIT_EXPECT_EQ(test, books(test)->sys - before.sys, PAGE_SIZE);
	b = get(test, fix);
	KUNIT_EXPECT_EQ(test, books(test)->inuse - before.inuse, 2 * DESC);
	KUNIT_EXPECT_EQ(test, books(test)->sys - before.sys, PAGE_SIZE);
	gs_fixalloc_put(fix, a);
	KUNIT_EXPECT_EQ(test, books(test)->inuse - before.inuse, DESC);
	gs_fixalloc_put(fix, b);
	KUNIT_EXPECT_EQ(test, books(test)->inuse, before.inuse);
	gs_fixalloc_destroy(fix);
	KUNIT_EXPECT_EQ(test, books(test)->sys, before.sys);
}

/* Takes from @fix until it asks for a second page; all go back. */
static unsigned int filled_by(struct kunit *test, struct gs_fixalloc *fix)
{
	unsigned long first = kh_of(test)->requests + 1;
	unsigned int n = 0, i;
	void *desc[PAGE_SIZE / DESC + 1];

	while (n < ARRAY_SIZE(desc)) {
		desc[n++] = get(test, fix);
		if (kh_of(test)->requests > first)
			break;
	}
	for (i = 0; i < n; i++)
		gs_fixalloc_put(fix, desc[i]);
	return n - 1;
}

static void a_page_is_filled_before_the_next_is_obtained(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, DESC);

	KUNIT_EXPECT_EQ(test, filled_by(test, fix), gs_fixalloc_per_page(fix));
	gs_fixalloc_destroy(fix);
}

static void freed_descriptors_are_used_before_new_pages(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, DESC);
	unsigned long requests;
	void *desc[3];
	int i, round;

	for (i = 0; i < 3; i++)
		desc[i] = get(test, fix);
	requests = kh_of(test)->requests;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 3; i++)
			gs_fixalloc_put(fix, desc[i]);
		for (i = 0; i < 3; i++)
			desc[i] = get(test, fix);
	}
	KUNIT_EXPECT_EQ(test, kh_of(test)->requests, requests);
	for (i = 0; i < 3; i++)
		gs_fixalloc_put(fix, desc[i]);
	gs_fixalloc_destroy(fix);
}

/* A lockless reader may still look at it: type-stable memory. */
static void an_empty_page_stays_in_its_pool(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, DESC);
	u64 bytes = kh_of(test)->bytes;

	gs_fixalloc_put(fix, get(test, fix));
	KUNIT_EXPECT_EQ(test, kh_of(test)->bytes - bytes, PAGE_SIZE);
	gs_fixalloc_destroy(fix);
	KUNIT_EXPECT_EQ(test, kh_of(test)->bytes, bytes);
}

static void one_descriptor_a_page_works_too(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, PAGE_SIZE / 2);
	u64 bytes = kh_of(test)->bytes;
	void *a, *b;

	KUNIT_EXPECT_EQ(test, gs_fixalloc_per_page(fix), 1);
	a = get(test, fix);
	b = get(test, fix);
	KUNIT_EXPECT_EQ(test, kh_of(test)->bytes - bytes, 2 * PAGE_SIZE);
	gs_fixalloc_put(fix, a);
	KUNIT_EXPECT_PTR_EQ(test, get(test, fix), a);
	gs_fixalloc_put(fix, b);
	gs_fixalloc_put(fix, a);
	gs_fixalloc_destroy(fix);
	KUNIT_EXPECT_EQ(test, kh_of(test)->bytes, bytes);
}

static void no_page_moves_no_book(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_fixalloc *fix = pool_of(test, DESC);
	struct gs_books before = *books(test);

	kh_fail_at(kh, 1);
	KUNIT_EXPECT_PTR_EQ(test, gs_fixalloc_get(fix, GFP_KERNEL), NULL);
	KUNIT_EXPECT_EQ(test, kh->failed, 1);
	KUNIT_EXPECT_EQ(test, books(test)->inuse, before.inuse);
	KUNIT_EXPECT_EQ(test, books(test)->sys, before.sys);
	gs_fixalloc_put(fix, get(test, fix));
	gs_fixalloc_destroy(fix);
}

/* They belong to all owners of the heap, not to the one that asked last. */
static void the_callers_zone_and_cgroup_do_not_apply(struct kunit *test)
{
	gfp_t not = __GFP_DMA | __GFP_DMA32 | __GFP_ZERO | __GFP_ACCOUNT |
		    __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_COMP;
	struct gs_fixalloc *fix = pool_of(test, DESC);

	gs_fixalloc_put(fix, gs_fixalloc_get(fix, GFP_NOWAIT | not));
	KUNIT_EXPECT_EQ(test, kh_of(test)->asked[0] & kh_flags(not), 0);
	KUNIT_EXPECT_EQ(test, kh_of(test)->asked[0], kh_flags(GFP_NOWAIT));
	gs_fixalloc_destroy(fix);
}

static void what_is_still_out_keeps_its_page(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, PAGE_SIZE / 4);
	u64 bytes = kh_of(test)->bytes;
	void *desc = get(test, fix);

	gs_fixalloc_destroy(fix);
	KUNIT_EXPECT_EQ(test, kh_of(test)->bytes - bytes, PAGE_SIZE);
	memset(desc, 0, PAGE_SIZE / 4);
	gs_fixalloc_put(fix, desc);
	gs_fixalloc_destroy(fix);
	KUNIT_EXPECT_EQ(test, kh_of(test)->bytes, bytes);
}

#define MODEL	200

static void random_use_keeps_the_account_exact(struct kunit *test)
{
	struct gs_fixalloc *fix = pool_of(test, DESC);
	struct gs_books before = *books(test);
	unsigned int i, step, out = 0;
	struct rnd_state rnd;
	void **desc;

	desc = kunit_kcalloc(test, MODEL, sizeof(*desc), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
	prandom_seed_state(&rnd, 1);
	for (step = 0; step < 10000; step++) {
		i = prandom_u32_state(&rnd) % MODEL;
		if (desc[i])
			gs_fixalloc_put(fix, desc[i]);
		desc[i] = desc[i] ? NULL : get(test, fix);
		out += desc[i] ? 1 : -1;
		KUNIT_ASSERT_EQ(test, books(test)->inuse - before.inuse,
				(u64)out * fix->size);
	}
	for (i = 0; i < MODEL; i++)
		if (desc[i])
			gs_fixalloc_put(fix, desc[i]);
	KUNIT_EXPECT_EQ(test, books(test)->inuse, before.inuse);
	gs_fixalloc_destroy(fix);
	KUNIT_EXPECT_EQ(test, books(test)->sys, before.sys);
}

static struct kunit_case gostat_metadata_cases[] = {
	KUNIT_CASE(sizes_are_rounded_to_16),
	KUNIT_CASE(descriptors_are_clear_even_if_used_before),
	KUNIT_CASE(descriptors_do_not_overlap),
	KUNIT_CASE(each_descriptor_is_charged_to_its_account),
	KUNIT_CASE(a_page_is_filled_before_the_next_is_obtained),
	KUNIT_CASE(freed_descriptors_are_used_before_new_pages),
	KUNIT_CASE(an_empty_page_stays_in_its_pool),
	KUNIT_CASE(one_descriptor_a_page_works_too),
	KUNIT_CASE(no_page_moves_no_book),
	KUNIT_CASE(the_callers_zone_and_cgroup_do_not_apply),
	KUNIT_CASE(what_is_still_out_keeps_its_page),
	KUNIT_CASE(random_use_keeps_the_account_exact),
	{}
};

static struct kunit_suite gostat_metadata_suite = {
	.name = "gostat_metadata",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_metadata_cases,
};

kunit_test_suite(gostat_metadata_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's descriptors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
