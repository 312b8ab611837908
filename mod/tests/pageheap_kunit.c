// SPDX-License-Identifier: GPL-2.0
/*
 * The page heap: which run is taken, when and by how much the heap grows, and
 * that every step is on the books.
 *
 * Arenas are built to order: spans of a whole arena make arenas, freed they are
 * empty ones, and spans cut from those shape them. The order of choice is tried
 * on shapes where one rule alone decides, and then against a naive search on
 * random ones.
 */
#include <linux/module.h>
#include <linux/prandom.h>

#include "spans.h"

/* @n empty arenas, oldest first. */
static void arenas(struct kunit *test, struct gs_arena **arena, unsigned int n)
{
	struct gs_span *s[4];
	unsigned int i;

	for (i = 0; i < n; i++) {
		s[i] = span(test, GS_ARENA_PAGES);
		arena[i] = s[i]->arena;
	}
	for (i = 0; i < n; i++)
		drop(test, s[i]);
}

/* Pages in 512ths of an arena, so that the shapes suit every page size. */
static unsigned int part(unsigned int n)
{
	return max_t(unsigned int, 1, n * GS_ARENA_PAGES / 512);
}

#define EXPECT_IN(test, s, a)	KUNIT_EXPECT_PTR_EQ(test, (s)->arena, a)

static void the_tightest_arena_is_chosen(struct kunit *test)
{
	struct gs_span *s[6];
	struct gs_arena *a[3];
	int i;

	arenas(test, a, 3);
	s[0] = span(test, part(384));		/* leaves 128 of a[0] */
	s[1] = span(test, part(448));		/* leaves 64 of a[1] */
	EXPECT_IN(test, s[0], a[0]);
	EXPECT_IN(test, s[1], a[1]);
	s[2] = span(test, part(48));
	EXPECT_IN(test, s[2], a[1]);
	s[3] = span(test, part(96));
	EXPECT_IN(test, s[3], a[0]);
	s[4] = span(test, part(192));
	EXPECT_IN(test, s[4], a[2]);
	s[5] = span(test, part(16));
	EXPECT_IN(test, s[5], a[1]);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	for (i = 0; i < 6; i++)
		drop(test, s[i]);
}

/* The younger of two arenas with equal runs has more spans, and is chosen. */
static void then_the_one_with_more_spans(struct kunit *test)
{
	struct gs_span *s[5];
	struct gs_arena *a[2];
	int i;

	arenas(test, a, 2);
	s[0] = span(test, part(448));		/* a[0]: 64 left, 1 span */
	s[1] = span(test, part(320));		/* a[1]: 192 left */
	s[2] = span(test, part(128));		/* a[1]: 64 left, 2 spans */
	EXPECT_IN(test, s[0], a[0]);
	EXPECT_IN(test, s[1], a[1]);
	EXPECT_IN(test, s[2], a[1]);
	KUNIT_EXPECT_EQ(test, a[0]->longest, a[1]->longest);
	s[3] = span(test, part(32));
	EXPECT_IN(test, s[3], a[1]);
	s[4] = span(test, part(64));		/* fits in a[0] alone now */
	EXPECT_IN(test, s[4], a[0]);
	for (i = 0; i < 5; i++)
		drop(test, s[i]);
}

static void then_the_oldest(struct kunit *test)
{
	struct gs_span *s[4];
	struct gs_arena *a[3];
	int i;

	arenas(test, a, 3);
	for (i = 0; i < 3; i++) {
		s[i] = span(test, part(384));
		EXPECT_IN(test, s[i], a[i]);
	}
	s[3] = span(test, part(64));
	EXPECT_IN(test, s[3], a[0]);
	for (i = 0; i < 4; i++)
		drop(test, s[i]);
}

static void the_heap_grows_only_if_no_run_fits(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[3];
	struct gs_arena *a[2];
	u64 bytes;

	arenas(test, a, 2);
	s[0] = span(test, part(384));
	bytes = kh->bytes;
	s[1] = span(test, part(128));
	s[2] = span(test, part(512));
	KUNIT_EXPECT_EQ(test, kh->bytes, bytes);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.idle, 0);
	drop(test, span(test, 1));
	KUNIT_EXPECT_GT(test, kh->bytes, bytes);
	drop(test, s[0]);
	drop(test, s[1]);
	drop(test, s[2]);
}

/* --- against a naive search ---------------------------------------------- */

static unsigned int naive_longest(const struct gs_arena *arena)
{
	unsigned int i, run = 0, longest = 0;

	for (i = 0; i < GS_ARENA_PAGES; i++) {
		run = test_bit(i, arena->free) ? run + 1 : 0;
		longest = max(longest, run);
	}
	return longest;
}

static struct gs_arena *naive_choice(struct kunit_heap *kh, unsigned int npages)
{
	struct gs_arena *arena, *best = NULL;
	unsigned int longest, best_longest = 0;

	/* Oldest first, so that age needs no comparison. */
	list_for_each_entry(arena, &kh->heap.arenas, node) {
		longest = naive_longest(arena);
		if (longest < npages)
			continue;
		if (best && longest > best_longest)
			continue;
		if (best && longest == best_longest &&
		    arena->nspans <= best->nspans)
			continue;
		best = arena;
		best_longest = longest;
	}
	return best;
}

#define LIVE	96

static void the_choice_equals_a_naive_search(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_arena *want;
	struct gs_span **s;
	struct rnd_state rnd;
	unsigned int step, i, n;

	s = kunit_kcalloc(test, LIVE, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	prandom_seed_state(&rnd, 4);
	for (step = 0; step < 5000; step++) {
		i = prandom_u32_state(&rnd) % LIVE;
		n = 1 + prandom_u32_state(&rnd) % part(100);
		if (s[i]) {
			drop(test, s[i]);
			s[i] = NULL;
			continue;
		}
		want = naive_choice(kh, n);
		s[i] = span(test, n);
		if (want)
			KUNIT_ASSERT_PTR_EQ(test, s[i]->arena, want);
		if (step % 64 == 0)
			KUNIT_ASSERT_TRUE(test, kh_check(kh));
	}
	for (i = 0; i < LIVE; i++)
		if (s[i])
			drop(test, s[i]);
}

/* --- alignment ----------------------------------------------------------- */

static void runs_are_aligned_as_asked(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_span *odd[12], *s[12];
	unsigned int i = 0, align;

	for (align = 1; align <= GS_ARENA_PAGES; align *= 2, i++) {
		odd[i] = span(test, 1);		/* so that no run starts even */
		s[i] = gs_span_new_whole(heap, align, align, 0, GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s[i]);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(s[i]->base,
						   align * PAGE_SIZE));
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	}
	while (i--) {
		drop(test, odd[i]);
		drop(test, s[i]);
	}
}

static void an_aligned_run_is_found_inside_a_longer_one(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int align = part(64);
	struct gs_span *first, *s;
	struct gs_arena *a[1];
	u64 bytes;

	if (align < 4)
		kunit_skip(test, "an arena has too few pages");
	arenas(test, a, 1);
	bytes = kh->bytes;
	first = span(test, 1);
	s = gs_span_new_whole(&kh->heap, align, align, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_EQ(test, kh->bytes, bytes);
	KUNIT_EXPECT_EQ(test, s->base, a[0]->base + align * PAGE_SIZE);
	drop(test, first);
	drop(test, s);
}

/*
 * Arenas whose longest run is long enough and lies wrong: all but the first page
 * and the last quarter is free. More of them than the page heap looks at.
 */
#define WRONG	10

static void make_wrong_arenas(struct kunit *test, struct gs_span *keep[][2])
{
	unsigned int tail = GS_ARENA_PAGES / 4 + 1, i;
	struct gs_span *middle[WRONG];

	for (i = 0; i < WRONG; i++) {
		drop(test, span(test, GS_ARENA_PAGES));
		keep[i][0] = span(test, 1);
		middle[i] = span(test, GS_ARENA_PAGES - 1 - tail);
		keep[i][1] = span(test, tail);
		EXPECT_IN(test, keep[i][0], keep[i][1]->arena);
	}
	for (i = 0; i < WRONG; i++)
		drop(test, middle[i]);
}

static void an_aligned_run_is_had_if_no_arena_has_one(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int half = GS_ARENA_PAGES / 2, i;
	struct gs_span *keep[WRONG][2], *s[2], *whole;

	make_wrong_arenas(test, keep);
	s[0] = gs_span_new_whole(&kh->heap, half, half, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s[0]);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(s[0]->base, half * PAGE_SIZE));
	whole = span(test, GS_ARENA_PAGES);
	drop(test, s[0]);
	s[0] = gs_span_new_whole(&kh->heap, half, half, 0, GFP_KERNEL);
	s[1] = gs_span_new_whole(&kh->heap, half, half, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s[0]);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s[1]);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(s[0]->base, half * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(s[1]->base, half * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	drop(test, whole);
	for (i = 0; i < 2; i++)
		drop(test, s[i]);
	for (i = 0; i < WRONG; i++) {
		drop(test, keep[i][0]);
		drop(test, keep[i][1]);
	}
}

/* It stands behind all the wrong ones in the order of choice. */
static void an_empty_arena_serves_before_the_heap_grows(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int half = GS_ARENA_PAGES / 2, i;
	struct gs_span *keep[WRONG][2], *s;
	u64 bytes;

	make_wrong_arenas(test, keep);
	drop(test, span(test, GS_ARENA_PAGES));
	bytes = kh->bytes;
	s = gs_span_new_whole(&kh->heap, half, half, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(s->base, half * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, kh->bytes, bytes);
	drop(test, s);
	for (i = 0; i < WRONG; i++) {
		drop(test, keep[i][0]);
		drop(test, keep[i][1]);
	}
}

/* --- growth -------------------------------------------------------------- */

static void growth_falls_down_the_orders(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int order = ilog2(GS_MIN_BLOCK >> PAGE_SHIFT);
	struct gs_span *s;

	kh_limit_order(kh, 0);
	s = span(test, 1);
	KUNIT_EXPECT_EQ(test, kh->orders, GENMASK(order, 0) & ~BIT(0));
	KUNIT_EXPECT_EQ(test, (u64)kh->heap.pages.sys - kh->heap.pages.released,
			PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	drop(test, s);
}

/* A larger block than needed is taken only if that costs nobody anything. */
static void a_larger_block_is_asked_for_softly(struct kunit *test)
{
	gfp_t hard = __GFP_RECLAIM | __GFP_HIGH | __GFP_NOFAIL | __GFP_ZERO;
	gfp_t soft = __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC;
	unsigned int order = ilog2(GS_MIN_BLOCK >> PAGE_SHIFT);
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s;

	if (!order)
		kunit_skip(test, "the smallest block is a page");
	s = gs_span_new_whole(&kh->heap, 1, 1, 0, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_EQ(test, kh->asked[order] & kh_flags(hard), 0);
	KUNIT_EXPECT_EQ(test, kh->asked[order] & kh_flags(soft),
			kh_flags(soft));
	drop(test, s);
}

static void the_block_that_is_needed_is_asked_for_as_the_caller_asks(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;

	kh_limit_order(kh, 1);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_span_new_whole(&kh->heap, 4, 1, 0,
					      gfp | __GFP_ZERO));
	KUNIT_EXPECT_EQ(test, kh->asked[2], kh_flags(gfp));
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

/* The block that one more page makes the heap grow by, while it holds @held. */
static u64 growth_at(struct kunit *test, u64 held)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int n = 0, npages = GS_ARENA_PAGES;
	struct gs_span *s[33], *one;
	u64 bytes;

	while (kh->heap.pages.inuse < held) {
		npages = min_t(u64, (held - kh->heap.pages.inuse) >> PAGE_SHIFT,
			       GS_ARENA_PAGES);
		s[n++] = span(test, npages);
	}
	KUNIT_EXPECT_EQ(test, kh->heap.pages.idle - kh->heap.pages.released, 0);
	bytes = kh->heap.pages.sys - kh->heap.pages.released;
	one = span(test, 1);
	bytes = kh->heap.pages.sys - kh->heap.pages.released - bytes;
	drop(test, one);
	while (n--)
		drop(test, s[n]);
	return bytes;
}

static void a_small_heap_grows_by_small_blocks(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, growth_at(test, 0), GS_MIN_BLOCK);
}

static void a_block_is_a_fraction_of_what_is_held(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, growth_at(test, 4 << 20),
			(4 << 20) / GS_GROWTH);
}

static void a_block_is_an_arena_at_most(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, growth_at(test, GS_GROWTH * GS_ARENA_SIZE),
			GS_ARENA_SIZE);
}

static void blocks_that_meet_serve_runs_across_them(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int n = GS_MIN_BLOCK >> PAGE_SHIFT;
	unsigned long at = kh_region(kh, 0);
	struct gs_span *a, *b, *both;

	if (n == 1)
		kunit_skip(test, "blocks of one page are not placed");
	kh_limit_order(kh, ilog2(n));
	kh_place(kh, at + GS_MIN_BLOCK);
	kh_place(kh, at);
	a = span(test, n);
	b = span(test, n);
	KUNIT_EXPECT_EQ(test, a->base, at + GS_MIN_BLOCK);
	KUNIT_EXPECT_EQ(test, b->base, at);
	drop(test, a);
	drop(test, b);
	both = span(test, 2 * n);
	KUNIT_EXPECT_EQ(test, both->base, at);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	drop(test, both);
}

/* --- books --------------------------------------------------------------- */

static void a_span_moves_bytes_from_idle_to_inuse_and_back(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_page_books before, *now = &kh->heap.pages;
	struct gs_span *s;
	struct gs_arena *a[1];

	arenas(test, a, 1);
	before = *now;
	s = span(test, 3);
	KUNIT_EXPECT_EQ(test, now->sys, before.sys);
	KUNIT_EXPECT_EQ(test, now->released, before.released);
	KUNIT_EXPECT_EQ(test, now->inuse - before.inuse, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, before.idle - now->idle, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, now->large_nmalloc - before.large_nmalloc, 1);
	KUNIT_EXPECT_EQ(test, now->large_nfree, before.large_nfree);
	drop(test, s);
	KUNIT_EXPECT_EQ(test, now->inuse, before.inuse);
	KUNIT_EXPECT_EQ(test, now->idle, before.idle);
	KUNIT_EXPECT_EQ(test, now->large_nfree - before.large_nfree, 1);
	KUNIT_EXPECT_EQ(test, now->large_freed, now->large_allocated);
}

/* Each span wants an arena of its own, and so all that comes with one. */
static void failure_moves_nothing(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int n = 0, had = 0;
	struct gs_span *s[24];
	u64 inuse;

	do {
		inuse = kh->heap.pages.inuse;
		kh_fail_at(kh, ++n);
		s[had] = gs_span_new_whole(&kh->heap, GS_ARENA_PAGES, 1, 0,
					   GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, kh_check(kh));
		KUNIT_ASSERT_EQ(test, !s[had], kh->failed);
		KUNIT_ASSERT_EQ(test, kh->heap.pages.inuse - inuse,
				s[had] ? GS_ARENA_SIZE : 0);
		had += !!s[had];
	} while (n < ARRAY_SIZE(s));
	KUNIT_EXPECT_LT(test, had, n);
	while (had--)
		drop(test, s[had]);
}

static void a_drained_heap_is_all_idle(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[64];
	int i;

	for (i = 0; i < 64; i++)
		s[i] = span(test, 1 + i % 7);
	for (i = 0; i < 64; i++)
		drop(test, s[(i * 37) % 64]);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.idle, kh->heap.pages.sys);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.meta[GS_MSPAN].inuse, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static struct kunit_case gostat_pageheap_cases[] = {
	KUNIT_CASE(the_tightest_arena_is_chosen),
	KUNIT_CASE(then_the_one_with_more_spans),
	KUNIT_CASE(then_the_oldest),
	KUNIT_CASE(the_heap_grows_only_if_no_run_fits),
	KUNIT_CASE(the_choice_equals_a_naive_search),
	KUNIT_CASE(runs_are_aligned_as_asked),
	KUNIT_CASE(an_aligned_run_is_found_inside_a_longer_one),
	KUNIT_CASE(an_aligned_run_is_had_if_no_arena_has_one),
	KUNIT_CASE(an_empty_arena_serves_before_the_heap_grows),
	KUNIT_CASE(growth_falls_down_the_orders),
	KUNIT_CASE(a_larger_block_is_asked_for_softly),
	KUNIT_CASE(the_block_that_is_needed_is_asked_for_as_the_caller_asks),
	KUNIT_CASE(a_small_heap_grows_by_small_blocks),
	KUNIT_CASE(a_block_is_a_fraction_of_what_is_held),
	KUNIT_CASE(a_block_is_an_arena_at_most),
	KUNIT_CASE(blocks_that_meet_serve_runs_across_them),
	KUNIT_CASE(a_span_moves_bytes_from_idle_to_inuse_and_back),
	KUNIT_CASE(failure_moves_nothing),
	KUNIT_CASE(a_drained_heap_is_all_idle),
	{}
};

static struct kunit_suite gostat_pageheap_suite = {
	.name = "gostat_pageheap",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_pageheap_cases,
};

kunit_test_suite(gostat_pageheap_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's page heap");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
