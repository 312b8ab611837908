// SPDX-License-Identifier: GPL-2.0
/*
 * The scavenger: which pages go back, in which blocks, and that every byte that
 * has gone is on the books as gone.
 *
 * The source of these heaps knows what is out, so that "released" is compared
 * with what really came back; its clock is the test's. Spans of whole pages are
 * what the tests make and drop, as those of pageheap_kunit.c.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "spans.h"

/* A forced run; the source must have got back what it says. */
static u64 force(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u64 bytes, was = kh->heap.pages.released, released;

	rcu_barrier();			/* maps that were replaced are gone */
	bytes = kh->bytes;
	released = gs_scavenge_all(&kh->heap);
	KUNIT_EXPECT_EQ(test, bytes - kh->bytes, released);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released - was, released);
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	return released;
}

/* A run that looks at ages. */
static u64 release_older(struct kunit *test, u32 seconds, u32 *due)
{
	struct gs_release rel = {
		.want = U64_MAX, .older = seconds, .unit = GS_RELEASE_PAGES,
		.dense = true, .due = GS_NEVER,
	};

	gs_release_walk(&kh_of(test)->heap, &rel);
	if (due)
		*due = rel.due;
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	return rel.released;
}

/* --- what goes ----------------------------------------------------------- */

static void a_forced_run_leaves_nothing_idle(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[64];
	u64 held;
	int i;

	for (i = 0; i < 64; i++)
		s[i] = span(test, 1 + i % 7);
	for (i = 0; i < 64; i++)
		if (i % 3)
			drop(test, s[(i * 37) % 64]);
	held = idle(test);
	KUNIT_EXPECT_GT(test, held, 0);
	KUNIT_EXPECT_EQ(test, force(test), held);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
	KUNIT_EXPECT_EQ(test, force(test), 0);
	for (i = 0; i < 64; i += 3)
		drop(test, s[(i * 37) % 64]);
	force(test);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released, kh->heap.pages.sys);
}

static void an_empty_heap_has_nothing_to_release(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, force(test), 0);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_FORCED)->runs,
			1);
}

/* Freed objects wait in magazines and keep their spans from being empty. */
static void a_forced_run_empties_the_magazines_first(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj[32];
	int i;

	for (i = 0; i < 32; i++)
		obj[i] = gs_heap_alloc(&kh->heap, 128, GFP_KERNEL);
	for (i = 0; i < 32; i++)
		gs_heap_free(&kh->heap, obj[i]);
	KUNIT_EXPECT_GT(test, kh->heap.pages.inuse, 0);
	force(test);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released, kh->heap.pages.sys);
}

static void a_freed_vmalloc_run_is_gone_after_a_forced_run(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj = gs_heap_alloc(&kh->heap, 3 * GS_ARENA_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	gs_heap_free(&kh->heap, obj);
	gs_scavenge_all(&kh->heap);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.sys, 0);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
}

static void a_run_stops_when_it_has_what_it_wants(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[3];
	u64 released;
	int i;

	for (i = 0; i < 3; i++)
		s[i] = span(test, GS_ARENA_PAGES);
	for (i = 0; i < 3; i++)
		drop(test, s[i]);
	released = gs_scavenge(&kh->heap, GOSTAT_SCAV_FORCED, GS_ARENA_SIZE + 1);
	KUNIT_EXPECT_EQ(test, released, 2 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, idle(test), GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, gs_scavenge(&kh->heap, GOSTAT_SCAV_FORCED, 0), 0);
}

/* --- in which blocks ------------------------------------------------------ */

static void a_block_goes_back_whole(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	drop(test, span(test, GS_ARENA_PAGES));
	force(test);
	KUNIT_EXPECT_EQ(test, kh->puts[GS_ARENA_ORDER], 1);
	KUNIT_EXPECT_EQ(test, kh->splits, 0);
}

static void a_block_in_use_in_part_is_split(struct kunit *test)
{
	struct gs_span *whole = span(test, GS_ARENA_PAGES), *s;
	struct kunit_heap *kh = kh_of(test);
	unsigned long puts;

	drop(test, whole);
	s = span(test, GS_ARENA_PAGES / 2);
	memset((void *)s->base, 0x5a, gs_span_bytes(s));
	rcu_barrier();
	puts = kh->puts[0];
	KUNIT_EXPECT_EQ(test, force(test), GS_ARENA_SIZE / 2);
	KUNIT_EXPECT_EQ(test, kh->splits, 1);
	KUNIT_EXPECT_EQ(test, kh->puts[0] - puts, GS_ARENA_PAGES / 2);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv((void *)s->base, 0x5a,
					     gs_span_bytes(s)), NULL);
	drop(test, s);
	KUNIT_EXPECT_EQ(test, force(test), GS_ARENA_SIZE / 2);
	KUNIT_EXPECT_EQ(test, kh->splits, 1);
}

static void whole_blocks_go_before_one_is_split(struct kunit *test)
{
	struct gs_span *a = span(test, GS_ARENA_PAGES), *b, *s;
	struct kunit_heap *kh = kh_of(test);

	b = span(test, GS_ARENA_PAGES);
	drop(test, a);
	s = span(test, GS_ARENA_PAGES / 2);
	drop(test, b);
	gs_scavenge(&kh->heap, GOSTAT_SCAV_FORCED, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kh->splits, 0);
	KUNIT_EXPECT_EQ(test, idle(test), GS_ARENA_SIZE / 2);
	gs_scavenge(&kh->heap, GOSTAT_SCAV_FORCED, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kh->splits, 1);
	KUNIT_EXPECT_EQ(test, idle(test), GS_ARENA_SIZE / 2 - PAGE_SIZE);
	drop(test, s);
}

/* Every second page is in use: what no larger unit than a page can release. */
static void a_checkerboard_gives_back_every_idle_page(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int n = 2 * GS_ARENA_PAGES, i;
	struct gs_span **s;

	s = kunit_kcalloc(test, n, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	for (i = 0; i < n; i++)
		s[i] = span(test, 1);
	for (i = 0; i < n; i++)
		if ((s[i]->base >> PAGE_SHIFT) & 1) {
			drop(test, s[i]);
			s[i] = NULL;
		}
	force(test);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, n / 2 * PAGE_SIZE);
	for (i = 0; i < n; i++)
		if (s[i])
			drop(test, s[i]);
	force(test);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released, kh->heap.pages.sys);
}

static void a_dense_block_is_left_alone_unless_told(struct kunit *test)
{
	unsigned int few = max_t(unsigned int, 1, GS_ARENA_PAGES / GS_DENSE - 1);
	struct gs_release rel = { .want = U64_MAX, .unit = GS_RELEASE_PAGES };
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s, *few_more;

	if (few * GS_DENSE >= GS_ARENA_PAGES)
		kunit_skip(test, "an arena has too few pages");
	drop(test, span(test, GS_ARENA_PAGES));
	s = span(test, GS_ARENA_PAGES - few - 1);
	few_more = span(test, 1);
	gs_release_walk(&kh->heap, &rel);
	KUNIT_EXPECT_EQ(test, rel.released, 0);
	drop(test, few_more);
	gs_release_walk(&kh->heap, &rel);
	KUNIT_EXPECT_EQ(test, rel.released, (few + 1) * PAGE_SIZE);
	drop(test, s);
}

/* --- reuse ---------------------------------------------------------------- */

/* Bytes of arenas and rows: the arena map is as wide as pages lie apart. */
static u64 descriptors(struct kunit_heap *kh)
{
	u64 maps = 0, sys = 0, inuse;
	unsigned long flags;

	gs_heap_lock(&kh->heap, &flags);
	gs_arena_recount_maps(&kh->heap, &maps, &sys);
	inuse = kh->heap.pages.meta[GS_GC].inuse;
	gs_heap_unlock(&kh->heap, flags);
	return inuse - maps;
}

static void a_drained_arena_serves_before_a_new_one_is_made(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[3];
	u64 sys, made;
	int i;

	for (i = 0; i < 3; i++)
		s[i] = span(test, GS_ARENA_PAGES);
	for (i = 0; i < 3; i++)
		drop(test, s[i]);
	force(test);
	sys = kh->heap.pages.sys;
	made = descriptors(kh);
	KUNIT_EXPECT_EQ(test, sys, 3 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released, sys);
	for (i = 0; i < 3; i++) {
		s[i] = span(test, GS_ARENA_PAGES);
		KUNIT_EXPECT_EQ(test, kh->heap.pages.released,
				sys - (i + 1) * GS_ARENA_SIZE);
		KUNIT_EXPECT_EQ(test, kh->heap.pages.sys, sys);
	}
	KUNIT_EXPECT_EQ(test, descriptors(kh), made);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	for (i = 0; i < 3; i++)
		drop(test, s[i]);
}

/* Slots that lost their pages get others if these lie where they are. */
static void released_slots_are_filled_by_exact_pages(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int n = max_t(size_t, 2, GS_MIN_BLOCK >> PAGE_SHIFT);
	unsigned long at = kh_region(kh, 0);
	struct gs_span *a, *b, *again;
	u64 released;

	kh_limit_order(kh, ilog2(n));
	kh_place(kh, at);
	kh_place(kh, at + n * PAGE_SIZE);
	a = span(test, n);
	b = span(test, n);
	drop(test, a);
	KUNIT_EXPECT_EQ(test, force(test), n * PAGE_SIZE);
	released = kh->heap.pages.released;
	kh_place(kh, at);
	again = span(test, n / 2);
	KUNIT_EXPECT_EQ(test, again->base, at);
	KUNIT_EXPECT_PTR_EQ(test, again->arena, b->arena);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released, released - n * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	drop(test, again);
	drop(test, b);
}

static void what_was_released_is_nobodys(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long base = kh_region(kh, 0);
	struct gostat_object obj;
	u64 bad;

	kh_place(kh, base);
	drop(test, span(test, GS_ARENA_PAGES));
	gs_heap_lookup(&kh->heap, (void *)base, &obj);
	KUNIT_EXPECT_EQ(test, obj.state, GOSTAT_IDLE);
	force(test);
	gs_heap_lookup(&kh->heap, (void *)base, &obj);
	KUNIT_EXPECT_NE(test, obj.state, GOSTAT_IDLE);
	KUNIT_EXPECT_STREQ(test, gs_large_free(&kh->heap, (void *)base),
			   "foreign");
	bad = atomic64_read(&kh->heap.bad_frees);
	gs_heap_free(&kh->heap, (void *)base);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kh->heap.bad_frees), bad + 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

/* A block is on its way into the arena: it must find the arena where it was. */
static void an_arena_that_waits_for_a_block_stays(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long base = kh_region(kh, 0);
	struct gs_arena *arena;

	kh_place(kh, base);
	drop(test, span(test, GS_ARENA_PAGES));
	arena = gs_arena_prepare(&kh->heap, base, GS_ARENA_ORDER, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	force(test);
	KUNIT_EXPECT_EQ(test, arena->base, base);
	KUNIT_EXPECT_EQ(test, arena->npresent, 0);
	kh_place(kh, base);
	drop(test, span(test, GS_ARENA_PAGES));
	KUNIT_EXPECT_EQ(test, arena->npresent, GS_ARENA_PAGES);
	arena->pins--;
	force(test);
	KUNIT_EXPECT_EQ(test, arena->base, 0);
}

static void pages_that_come_back_are_not_assumed_zero(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj;

	drop(test, span(test, GS_ARENA_PAGES));
	force(test);
	obj = gs_heap_alloc(&kh->heap, 64, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(obj, 0, 64), NULL);
	gs_heap_free(&kh->heap, obj);
	obj = gs_heap_alloc(&kh->heap, 5 * PAGE_SIZE + GOSTAT_MAX_SMALL,
			    GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(obj, 0, 5 * PAGE_SIZE), NULL);
	gs_heap_free(&kh->heap, obj);
}

/* --- ages ----------------------------------------------------------------- */

static void what_is_younger_than_the_limit_stays(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u32 due;

	drop(test, span(test, GS_ARENA_PAGES));
	KUNIT_EXPECT_EQ(test, release_older(test, 30, &due), 0);
	KUNIT_EXPECT_EQ(test, due, 31);
	kh_pass(kh, 30);
	KUNIT_EXPECT_EQ(test, release_older(test, 30, &due), 0);
	KUNIT_EXPECT_EQ(test, due, 1);
	kh_pass(kh, 1);
	KUNIT_EXPECT_EQ(test, release_older(test, 30, &due), GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, due, GS_NEVER);
}

/* In Go the run that results was as young as its youngest part. */
static void memory_freed_beside_old_memory_does_not_make_it_young(struct kunit *test)
{
	unsigned int quarter = GS_ARENA_PAGES / 4;
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s[4];
	u32 due;
	int i;

	drop(test, span(test, GS_ARENA_PAGES));
	for (i = 0; i < 4; i++)
		s[i] = span(test, quarter);
	drop(test, s[0]);
	drop(test, s[2]);
	kh_pass(kh, 100);
	drop(test, s[1]);
	KUNIT_EXPECT_EQ(test, s[0]->arena->longest, 3 * quarter);
	KUNIT_EXPECT_EQ(test, release_older(test, 60, &due),
			2 * quarter * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, due, 61);
	KUNIT_EXPECT_EQ(test, idle(test), quarter * PAGE_SIZE);
	kh_pass(kh, 61);
	KUNIT_EXPECT_EQ(test, release_older(test, 60, NULL),
			quarter * PAGE_SIZE);
	drop(test, s[3]);
}

static void use_begins_a_new_age(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	drop(test, span(test, GS_ARENA_PAGES));
	kh_pass(kh, 50);
	drop(test, span(test, GS_ARENA_PAGES));
	kh_pass(kh, 50);
	KUNIT_EXPECT_EQ(test, release_older(test, 60, NULL), 0);
	kh_pass(kh, 11);
	KUNIT_EXPECT_EQ(test, release_older(test, 60, NULL), GS_ARENA_SIZE);
}

/* Pages that came with a block and were never in a span are idle since then. */
static void pages_never_used_have_an_age_too(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s;

	if (GS_MIN_BLOCK == PAGE_SIZE)
		kunit_skip(test, "the smallest block is a page");
	kh_pass(kh, 40000);
	s = span(test, 1);
	KUNIT_EXPECT_EQ(test, release_older(test, 10, NULL), 0);
	kh_pass(kh, 11);
	KUNIT_EXPECT_EQ(test, release_older(test, 10, NULL),
			GS_MIN_BLOCK - PAGE_SIZE);
	drop(test, s);
}

/* --- at random, and all at once -------------------------------------------- */

#define LIVE	96

static void books_close_at_every_step(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct rnd_state rnd;
	struct gs_span **s;
	unsigned int step, i, r;

	s = kunit_kcalloc(test, LIVE, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	prandom_seed_state(&rnd, 6);
	for (step = 0; step < 2000; step++) {
		r = prandom_u32_state(&rnd);
		i = r % LIVE;
		if (s[i])
			drop(test, s[i]);
		s[i] = s[i] ? NULL : span(test, 1 + (r >> 8) % 64);
		kh_pass(kh, (r >> 16) % 4);
		if (step % 16 == 0)
			gs_scavenge(&kh->heap, GOSTAT_SCAV_FORCED,
				    (u64)(r >> 20) << PAGE_SHIFT);
		if (step % 32 == 0)
			release_older(test, 5, NULL);
		if (step % 64 == 0)
			force(test);
	}
	for (i = 0; i < LIVE; i++)
		if (s[i])
			drop(test, s[i]);
}

#define WORKERS	4

/* Allocates, writes all over, looks whether it is still there, frees. */
static int work(void *data)
{
	struct kunit *test = data;
	struct gs_heap *heap = &kh_of(test)->heap;
	u8 *obj[64] = {};
	struct rnd_state rnd;
	unsigned int step, r, i;

	prandom_seed_state(&rnd, (unsigned long)current);
	for (step = 0; step < 5000; step++) {
		r = prandom_u32_state(&rnd);
		i = r % 64;
		if (obj[i]) {
			size_t size = obj[i][0] * 256;

			if (memchr_inv(obj[i] + 1, obj[i][0], size - 1))
				KUNIT_FAIL(test, "an object changed");
			gs_heap_free(heap, obj[i]);
			obj[i] = NULL;
			continue;
		}
		r = 1 + (r >> 8) % 255;
		obj[i] = gs_heap_alloc(heap, r * 256, GFP_KERNEL);
		if (obj[i])
			memset(obj[i], r, r * 256);
		cond_resched();
	}
	for (i = 0; i < 64; i++)
		gs_heap_free(heap, obj[i]);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static int release(void *data)
{
	struct gs_heap *heap = &kh_of(data)->heap;
	unsigned int n = 0;

	while (!kthread_should_stop()) {
		if (n++ % 4)
			gs_scavenge(heap, GOSTAT_SCAV_FORCED, 64 * PAGE_SIZE);
		else
			gs_scavenge_all(heap);
		cond_resched();
	}
	return 0;
}

/* Two releasing threads, so that each finds arenas that the other is busy with. */
static void nothing_is_lost_while_everybody_works(struct kunit *test)
{
	struct task_struct *worker[WORKERS], *releaser[2];
	struct kunit_heap *kh = kh_of(test);
	int i;

	for (i = 0; i < 2; i++)
		releaser[i] = kthread_run(release, test, "release/%d", i);
	for (i = 0; i < WORKERS; i++)
		worker[i] = kthread_run(work, test, "work/%d", i);
	for (i = 0; i < WORKERS; i++)
		if (!IS_ERR(worker[i]))
			kthread_stop(worker[i]);
	for (i = 0; i < 2; i++)
		if (!IS_ERR(releaser[i]))
			kthread_stop(releaser[i]);
	force(test);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released, kh->heap.pages.sys);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, 0);
	KUNIT_EXPECT_GT(test, stats(test, GOSTAT_SCAV_FORCED)->released, 0);
}

static struct kunit_case gostat_scavenger_cases[] = {
	KUNIT_CASE(a_forced_run_leaves_nothing_idle),
	KUNIT_CASE(an_empty_heap_has_nothing_to_release),
	KUNIT_CASE(a_forced_run_empties_the_magazines_first),
	KUNIT_CASE(a_freed_vmalloc_run_is_gone_after_a_forced_run),
	KUNIT_CASE(a_run_stops_when_it_has_what_it_wants),
	KUNIT_CASE(a_block_goes_back_whole),
	KUNIT_CASE(a_block_in_use_in_part_is_split),
	KUNIT_CASE(whole_blocks_go_before_one_is_split),
	KUNIT_CASE(a_checkerboard_gives_back_every_idle_page),
	KUNIT_CASE(a_dense_block_is_left_alone_unless_told),
	KUNIT_CASE(a_drained_arena_serves_before_a_new_one_is_made),
	KUNIT_CASE(released_slots_are_filled_by_exact_pages),
	KUNIT_CASE(what_was_released_is_nobodys),
	KUNIT_CASE(an_arena_that_waits_for_a_block_stays),
	KUNIT_CASE(pages_that_come_back_are_not_assumed_zero),
	KUNIT_CASE(what_is_younger_than_the_limit_stays),
	KUNIT_CASE(memory_freed_beside_old_memory_does_not_make_it_young),
	KUNIT_CASE(use_begins_a_new_age),
	KUNIT_CASE(pages_never_used_have_an_age_too),
	KUNIT_CASE(books_close_at_every_step),
	KUNIT_CASE(nothing_is_lost_while_everybody_works),
	{}
};

static struct kunit_suite gostat_scavenger_suite = {
	.name = "gostat_scavenger",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_scavenger_cases,
};

kunit_test_suite(gostat_scavenger_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's scavenger");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
