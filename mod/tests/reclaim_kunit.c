// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim: limits and the shrinker; and the records that every run leaves.
 */
#include <linux/module.h>

#include "spans.h"

static atomic64_t *soft(struct kunit *test)
{
	return &kh_of(test)->heap.reclaim.soft;
}

static atomic64_t *hard(struct kunit *test)
{
	return &kh_of(test)->heap.reclaim.hard;
}

static const struct gs_page_books *books(struct kunit *test)
{
	return &kh_of(test)->heap.pages;
}

/* --- limits ---------------------------------------------------------------- */

static void limits_are_bytes_with_suffixes(struct kunit *test)
{
	static const struct {
		const char *text;
		u64 bytes;
	} good[] = {
		{ "0", 0 }, { "1", 1 }, { "4096\n", 4096 }, { "0x10", 16 },
		{ "3k", 3 << 10 }, { "3K\n", 3 << 10 }, { "5M", 5 << 20 },
		{ "7g", 7ULL << 30 }, { "2T", 2ULL << 40 },
		{ "18446744073709551615", U64_MAX },
	};
	static const char * const bad[] = {
		"", "\n", "K", "-1", "1 K", "1KB", "1.5G", "M1", "0x",
		"1\n2", "9999999999999999999999999", "18446744073709551616",
		"16777216T", "many",
	};
	unsigned int i;
	u64 bytes;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		bytes = 77;
		KUNIT_EXPECT_EQ_MSG(test, gs_limit_parse(good[i].text, &bytes),
				    0, "%s", good[i].text);
		KUNIT_EXPECT_EQ(test, bytes, good[i].bytes);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_LT_MSG(test, gs_limit_parse(bad[i], &bytes), 0,
				    "%s", bad[i]);
}

static void without_limits_nothing_is_counted(struct kunit *test)
{
	burst(test, 4);
	burst(test, 5);
	KUNIT_EXPECT_EQ(test, books(test)->scav.over_limit, 0);
	KUNIT_EXPECT_EQ(test, books(test)->scav.refused, 0);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_LIMIT)->runs, 0);
}

/* The idle pages are of the wrong shape: too short for what is wanted. */
static void idle_memory_goes_before_the_limit_is_passed(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[2], *big;
	u64 held;

	s[0] = span(test, GS_ARENA_PAGES / 2);
	s[1] = span(test, GS_ARENA_PAGES / 2);
	drop(test, s[0]);
	held = kh->bytes;
	/* A few pages for the descriptors of another arena. */
	gs_limit_set(&kh->heap, soft(test), held + GS_ARENA_SIZE / 2 +
		     8 * PAGE_SIZE);
	big = span(test, GS_ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_LIMIT)->runs, 1);
	KUNIT_EXPECT_GE(test, stats(test, GOSTAT_SCAV_LIMIT)->released,
			GS_ARENA_SIZE / 2);
	KUNIT_EXPECT_EQ(test, books(test)->scav.over_limit, 0);
	KUNIT_EXPECT_LE(test, kh->bytes, held + GS_ARENA_SIZE / 2 +
			8 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	drop(test, big);
	drop(test, s[1]);
}

static void beyond_the_soft_limit_it_grows_and_says_so(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[3];

	s[0] = span(test, GS_ARENA_PAGES);
	gs_limit_set(&kh->heap, soft(test), kh->bytes);
	s[1] = span(test, GS_ARENA_PAGES);
	s[2] = span(test, GS_ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, books(test)->scav.over_limit, 2);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_LIMIT)->runs, 0);
	drop(test, s[0]);
	drop(test, s[1]);
	drop(test, s[2]);
}

/* Blocks grow with the heap; not when that would pass a limit. */
static void near_a_limit_it_grows_by_no_more_than_it_must(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[33], *one;
	unsigned int i;

	for (i = 0; i < 33; i++)
		s[i] = span(test, GS_ARENA_PAGES);
	gs_limit_set(&kh->heap, soft(test), kh->bytes + 3 * PAGE_SIZE);
	one = span(test, 1);
	KUNIT_EXPECT_LE(test, idle(test), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, books(test)->scav.over_limit, 0);
	drop(test, one);
	for (i = 0; i < 33; i++)
		drop(test, s[i]);
}

static void beyond_the_hard_limit_it_does_not_grow(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s = span(test, GS_ARENA_PAGES);
	unsigned long requests;
	u64 held = kh->bytes;

	gs_limit_set(&kh->heap, hard(test), held + GS_ARENA_SIZE / 2);
	requests = kh->requests;
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_heap_alloc(&kh->heap, GS_ARENA_SIZE,
					  GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kh->requests, requests);
	KUNIT_EXPECT_EQ(test, kh->bytes, held);
	KUNIT_EXPECT_EQ(test, books(test)->scav.refused, 1);
	KUNIT_EXPECT_EQ(test, books(test)->scav.over_limit, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	gs_limit_set(&kh->heap, hard(test), 0);
	drop(test, span(test, GS_ARENA_PAGES));
	drop(test, s);
}

static void runs_of_vmalloc_are_limited_too(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	size_t bytes = 2 * GS_BLOCK_MAX;
	void *obj;

	gs_limit_set(&kh->heap, hard(test), bytes - 1);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_heap_alloc(&kh->heap, bytes, GFP_KERNEL));
	gs_limit_set(&kh->heap, hard(test), bytes + 64 * PAGE_SIZE);
	obj = gs_heap_alloc(&kh->heap, bytes, GFP_KERNEL);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	gs_heap_free(&kh->heap, obj);
}

static struct page *others;

/* Called by the source when it is asked: somebody else gets the last page. */
static void take_the_rest(struct kunit_heap *kh)
{
	kh->look = NULL;
	others = gs_source_get(&kh->heap, GFP_KERNEL, 0);
}

static void of_two_who_race_to_the_limit_one_is_refused(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u64 limit = kh->bytes + PAGE_SIZE;

	gs_limit_set(&kh->heap, hard(test), limit);
	kh->look = take_the_rest;
	KUNIT_EXPECT_PTR_EQ(test, NULL, gs_source_get(&kh->heap, GFP_KERNEL, 0));
	KUNIT_ASSERT_NOT_NULL(test, others);
	KUNIT_EXPECT_EQ(test, kh->bytes, limit);
	KUNIT_EXPECT_EQ(test, books(test)->scav.refused, 1);
	gs_source_put(&kh->heap, others, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void the_same_with_a_run_of_vmalloc(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	size_t bytes = 2 * GS_BLOCK_MAX;
	void *obj;
	u64 limit;

	/* So that there is a descriptor. */
	gs_heap_free(&kh->heap, gs_heap_alloc(&kh->heap, bytes, GFP_KERNEL));
	kh_settle(kh);
	limit = kh->bytes + bytes;
	gs_limit_set(&kh->heap, hard(test), limit);
	kh->look = take_the_rest;
	obj = gs_heap_alloc(&kh->heap, bytes, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, NULL, obj);
	KUNIT_ASSERT_NOT_NULL(test, others);
	KUNIT_EXPECT_LE(test, kh->bytes, limit);
	KUNIT_EXPECT_EQ(test, books(test)->scav.refused, 1);
	gs_source_put(&kh->heap, others, 0);
	gs_heap_free(&kh->heap, obj);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void what_must_not_fail_passes_the_hard_limit(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj;

	gs_limit_set(&kh->heap, hard(test), 1);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_heap_alloc(&kh->heap, 64, GFP_KERNEL));
	obj = gs_heap_alloc(&kh->heap, 64, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	gs_heap_free(&kh->heap, obj);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void who_may_not_sleep_releases_nothing(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[2], *big;

	s[0] = span(test, GS_ARENA_PAGES / 2);
	s[1] = span(test, GS_ARENA_PAGES / 2);
	drop(test, s[0]);
	gs_limit_set(&kh->heap, soft(test), kh->bytes);
	big = gs_span_new_whole(&kh->heap, GS_ARENA_PAGES, 1, 0, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, big);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_LIMIT)->runs, 0);
	KUNIT_EXPECT_EQ(test, books(test)->scav.over_limit, 1);
	drop(test, big);
	drop(test, s[1]);
}

static void a_lower_limit_takes_effect_at_once(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	burst(test, 4);
	gs_limit_set(&kh->heap, soft(test), kh->bytes - GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, idle(test), 3 * GS_ARENA_SIZE);
	gs_limit_set(&kh->heap, hard(test), 1);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_LIMIT)->released,
			4 * GS_ARENA_SIZE);
}

/* Each of many allocations at the limit: none passes it, and all are answered. */
static void at_the_limit_the_books_close(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int i, failed = 0;
	void **obj;
	u64 limit;

	obj = kunit_kcalloc(test, 256, sizeof(*obj), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	kh_pin(test);
	gs_heap_free(&kh->heap, gs_heap_alloc(&kh->heap, 64, GFP_KERNEL));
	limit = kh->bytes + 64 * PAGE_SIZE;
	gs_limit_set(&kh->heap, hard(test), limit);
	for (i = 0; i < 256; i++) {
		obj[i] = gs_heap_alloc(&kh->heap, 1 + 37 * i, GFP_KERNEL);
		failed += !obj[i];
		KUNIT_EXPECT_LE(test, kh->bytes, limit);
		if (i % 16 == 0)
			KUNIT_EXPECT_TRUE(test, kh_check(kh));
	}
	KUNIT_EXPECT_GT(test, failed, 0U);
	KUNIT_EXPECT_LT(test, failed, 256U);
	for (i = 0; i < 256; i++)
		gs_heap_free(&kh->heap, obj[i]);
}

/* --- the shrinker ---------------------------------------------------------- */

static void the_shrinker_counts_idle_pages(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s = span(test, GS_ARENA_PAGES);

	KUNIT_EXPECT_EQ(test, gs_shrink_count(&kh->heap), 0UL);
	burst(test, 2);
	KUNIT_EXPECT_EQ(test, gs_shrink_count(&kh->heap), 2 * GS_ARENA_PAGES);
	drop(test, s);
	KUNIT_EXPECT_EQ(test, gs_shrink_count(&kh->heap), 3 * GS_ARENA_PAGES);
}

static void the_shrinker_takes_as_many_as_it_is_told(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	burst(test, 4);
	KUNIT_EXPECT_EQ(test, gs_shrink_scan(&kh->heap, GS_ARENA_PAGES),
			GS_ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, idle(test), 3 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, gs_shrink_scan(&kh->heap, 100 * GS_ARENA_PAGES),
			3 * GS_ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, gs_shrink_scan(&kh->heap, 1), 0UL);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_SHRINKER)->released,
			4 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_SHRINKER)->runs, 3);
}

/* Objects in magazines are no pages yet: they are when it is asked again. */
static void the_shrinker_has_magazines_emptied(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj[32];
	int i;

	for (i = 0; i < 32; i++)
		obj[i] = gs_heap_alloc(&kh->heap, 1024, GFP_KERNEL);
	for (i = 0; i < 32; i++)
		gs_heap_free(&kh->heap, obj[i]);
	gs_shrink_scan(&kh->heap, 1000);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
	flush_work(&kh->heap.reclaim.drain);
	KUNIT_EXPECT_GT(test, gs_shrink_count(&kh->heap), 0UL);
	gs_shrink_scan(&kh->heap, 1000);
	KUNIT_EXPECT_EQ(test, books(test)->inuse, 0);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
}

static unsigned int shrunk;

/* Called by the source while the heap grows: reclaim below an allocation. */
static void shrink(struct kunit_heap *kh)
{
	kh->look = NULL;		/* pages that go are looked at, too */
	shrunk += gs_shrink_scan(&kh->heap, 1);
	kh->look = shrink;
}

static void it_may_shrink_below_an_allocation(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[64];
	unsigned int i;

	shrunk = 0;
	kh->look = shrink;
	for (i = 0; i < 64; i++) {
		s[i] = span(test, 1 + i % 9);
		if (i % 2)
			drop(test, s[i]);
	}
	kh->look = NULL;
	KUNIT_EXPECT_GT(test, shrunk, 0U);
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	for (i = 0; i < 64; i += 2)
		drop(test, s[i]);
}

/* --- records --------------------------------------------------------------- */

static void identities_of(struct kunit *test, const struct gs_scav_record *r)
{
	KUNIT_EXPECT_EQ(test, r->inuse + r->idle, r->sys);
	KUNIT_EXPECT_EQ(test, r->sys - r->released, r->consumed);
	KUNIT_EXPECT_LE(test, r->whole, r->run);
}

static void every_run_leaves_a_record(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_scav_record r;

	burst(test, 3);
	rcu_barrier();			/* maps that were replaced are gone */
	kh->put_ns = 1000;
	gs_shrink_scan(&kh->heap, 1);
	gs_scavenge_all(&kh->heap);
	KUNIT_ASSERT_TRUE(test, gs_scavtrace_get(&kh->heap, 0, &r));
	identities_of(test, &r);
	KUNIT_EXPECT_EQ(test, r.number, 0);
	KUNIT_EXPECT_EQ(test, r.cause, GOSTAT_SCAV_SHRINKER);
	KUNIT_EXPECT_EQ(test, r.run, GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, r.whole, GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, r.ns, 1000);
	KUNIT_EXPECT_EQ(test, r.sys, 3 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, r.released, GS_ARENA_SIZE);
	KUNIT_ASSERT_TRUE(test, gs_scavtrace_get(&kh->heap, 1, &r));
	identities_of(test, &r);
	KUNIT_EXPECT_EQ(test, r.number, 1);
	KUNIT_EXPECT_EQ(test, r.cause, GOSTAT_SCAV_FORCED);
	KUNIT_EXPECT_EQ(test, r.run, 2 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, r.consumed, 0);
	KUNIT_EXPECT_EQ(test, r.time, kh->ns);
	KUNIT_EXPECT_FALSE(test, gs_scavtrace_get(&kh->heap, 2, &r));
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_FORCED)->whole,
			2 * GS_ARENA_SIZE);
}

static void old_records_make_room(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int i, n = GS_SCAV_RECORDS + 10;
	struct gs_scav_record r;

	for (i = 0; i < n; i++)
		gs_shrink_scan(&kh->heap, 1);
	KUNIT_ASSERT_TRUE(test, gs_scavtrace_get(&kh->heap, 0, &r));
	KUNIT_EXPECT_EQ(test, r.number, n - GS_SCAV_RECORDS);
	KUNIT_ASSERT_TRUE(test, gs_scavtrace_get(&kh->heap, n - 1, &r));
	KUNIT_EXPECT_EQ(test, r.number, n - 1);
	KUNIT_EXPECT_FALSE(test, gs_scavtrace_get(&kh->heap, n, &r));
}

static void a_record_is_told_in_gos_words(struct kunit *test)
{
	static const struct gs_scav_record record = {
		.number = 12, .time = 123456789012ULL,
		.cause = GOSTAT_SCAV_LIMIT, .run = (5 << 20) - 1,
		.whole = 2 << 20, .ns = 133000, .inuse = 37 << 20,
		.idle = 12 << 20, .sys = 49 << 20, .released = 8 << 20,
		.consumed = 41 << 20,
	};
	struct gs_scav_record nothing = record;
	char text[GS_SCAV_TEXT];
	size_t n;

	n = gs_scav_record_print(text, &record);
	KUNIT_EXPECT_EQ(test, n, strlen(text));
	KUNIT_EXPECT_STREQ(test, text,
			   "scvg12: 4 MB released\n"
			   "scvg12: inuse: 37, idle: 12, sys: 49, released: 8, consumed: 41 (MB)\n"
			   "scvg12: time: 123.456789012, cause: limit, run: 5242879, whole: 2097152, ns: 133000, inuse: 38797312, idle: 12582912, sys: 51380224, released: 8388608, consumed: 42991616 (bytes)\n");
	nothing.run = 0;
	gs_scav_record_print(text, &nothing);
	KUNIT_EXPECT_TRUE(test, strstarts(text, "scvg12: inuse: 37"));
}

static void the_longest_record_has_room(struct kunit *test)
{
	struct gs_scav_record record;
	char *text = kunit_kzalloc(test, GS_SCAV_TEXT + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, text);
	memset(&record, 0xff, sizeof(record));
	record.cause = GOSTAT_SCAV_BACKGROUND;
	KUNIT_EXPECT_LT(test, gs_scav_record_print(text, &record),
			(size_t)GS_SCAV_TEXT - 1);
	KUNIT_EXPECT_EQ(test, text[strlen(text) - 1], '\n');
	KUNIT_EXPECT_EQ(test, text[GS_SCAV_TEXT], 0);
}

static struct kunit_case gostat_reclaim_cases[] = {
	KUNIT_CASE(limits_are_bytes_with_suffixes),
	KUNIT_CASE(without_limits_nothing_is_counted),
	KUNIT_CASE(idle_memory_goes_before_the_limit_is_passed),
	KUNIT_CASE(beyond_the_soft_limit_it_grows_and_says_so),
	KUNIT_CASE(near_a_limit_it_grows_by_no_more_than_it_must),
	KUNIT_CASE(beyond_the_hard_limit_it_does_not_grow),
	KUNIT_CASE(runs_of_vmalloc_are_limited_too),
	KUNIT_CASE(of_two_who_race_to_the_limit_one_is_refused),
	KUNIT_CASE(the_same_with_a_run_of_vmalloc),
	KUNIT_CASE(what_must_not_fail_passes_the_hard_limit),
	KUNIT_CASE(who_may_not_sleep_releases_nothing),
	KUNIT_CASE(a_lower_limit_takes_effect_at_once),
	KUNIT_CASE(at_the_limit_the_books_close),
	KUNIT_CASE(the_shrinker_counts_idle_pages),
	KUNIT_CASE(the_shrinker_takes_as_many_as_it_is_told),
	KUNIT_CASE(the_shrinker_has_magazines_emptied),
	KUNIT_CASE(it_may_shrink_below_an_allocation),
	KUNIT_CASE(every_run_leaves_a_record),
	KUNIT_CASE(old_records_make_room),
	KUNIT_CASE(a_record_is_told_in_gos_words),
	KUNIT_CASE(the_longest_record_has_room),
	{}
};

static struct kunit_suite gostat_reclaim_suite = {
	.name = "gostat_reclaim",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_reclaim_cases,
};

kunit_test_suite(gostat_reclaim_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's limits, shrinker and trace");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
