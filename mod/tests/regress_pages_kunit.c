// SPDX-License-Identifier: GPL-2.0
/*
 * Errors that Go's runtime had in its statistics, and that must not be made
 * here: in pages, and in what a reader sees meanwhile. As regress_kunit.c.
 */
#include <linux/kthread.h>
#include <linux/module.h>

#include "identities.h"
#include "kunit_heap.h"

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

/* --- growth ---------------------------------------------------------------- */

/*
 * 30ef2c7deb: growth took from inuse, and trimming from idle, what had never
 * been added: they wrapped.
 *
 * Undo: arena.c, gs_arena_add(): heap->pages.idle += GS_ARENA_SIZE
 */
static void growth_and_trimming_move_a_spans_own_pages_only(struct kunit *test)
{
	struct gs_page_books *pages = &kh_of(test)->heap.pages, before;
	static const unsigned int npages[] = { 20, 9, 40, 17, 300, 33 };
	void *obj[ARRAY_SIZE(npages)];
	unsigned int i;
	size_t bytes;

	for (i = 0; i < ARRAY_SIZE(npages); i++) {
		bytes = npages[i] * PAGE_SIZE;
		before = *pages;
		obj[i] = get(test, bytes);
		KUNIT_EXPECT_EQ(test, pages->inuse, before.inuse + bytes);
		KUNIT_EXPECT_EQ(test, pages->idle, before.idle +
				(pages->sys - before.sys) - bytes);
		KUNIT_EXPECT_LT(test, pages->idle, S64_MAX);
		KUNIT_EXPECT_LE(test, pages->released, pages->idle);
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	}
	while (i--) {
		before = *pages;
		put(test, obj[i]);
		bytes = npages[i] * PAGE_SIZE;
		KUNIT_EXPECT_EQ(test, pages->inuse, before.inuse - bytes);
		KUNIT_EXPECT_EQ(test, pages->idle, before.idle + bytes);
		KUNIT_EXPECT_EQ(test, pages->sys, before.sys);
	}
}

/*
 * 61f56e925e: growth rounded up in one place and not in another, and the pages
 * in use went below zero.
 *
 * Undo: pageheap.c, gs_pageheap_grow(): PAGE_SIZE << order; the span's length
 * is wrong
 */
static void a_block_counts_at_its_full_length(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	size_t bytes = 65 * PAGE_SIZE, block = PAGE_SIZE << get_order(bytes);
	struct gostat_memstats ms = {};
	void *obj;

	if (block > GS_BLOCK_MAX)
		kunit_skip(test, "such blocks are larger than an arena");
	obj = get(test, bytes);
	KUNIT_EXPECT_EQ(test, 0, gs_memstats_read(&kh->heap, &ms));
	KUNIT_EXPECT_EQ(test, ms.heap_inuse, bytes);
	KUNIT_EXPECT_EQ(test, ms.heap_sys - ms.heap_released, block);
	KUNIT_EXPECT_EQ(test, ms.memory.heap_free, block - bytes);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	put(test, obj);
}

/* --- accounts -------------------------------------------------------------- */

static atomic_t looks;
static struct identity broken;

static void look(struct kunit_heap *kh)
{
	struct gostat_memstats ms, none = {};

	atomic_inc(&looks);
	if (gs_memstats_read(&kh->heap, &ms))
		broken.text = "no figures";
	else
		identities_of_heap(&broken, &ms, &none);
}

/*
 * a33ef8d11b: up to a fifth of what was obtained stood in no account. Here the
 * source looks, and finds each page in one: while a heap grows a block waits
 * for its descriptors, and they for theirs; when runs of vmalloc go; and when
 * no page is to be had in the middle of it.
 *
 * Undo: snapshot.c, gs_derive_pages(): total->other_sys = rec->transit
 * Undo: arena.c, gs_map_new(): gs_page_books_use(...)
 * Undo: arena.c, gs_map_free_rcu(): gs_page_books_unuse(...)
 */
static void every_page_is_in_an_account_at_every_step(struct kunit *test)
{
	static const size_t sizes[] = {
		8, 64, 3000, 32768, 100000, GS_ARENA_SIZE, GS_ARENA_SIZE + 1,
	};
	struct kunit_heap *kh = kh_of(test);
	void *obj[ARRAY_SIZE(sizes)];
	unsigned int i, turn;

	atomic_set(&looks, 0);
	broken = (struct identity){};
	kh->look = look;
	for (turn = 0; turn < 10; turn++) {
		kh_fail_at(kh, turn);
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			obj[i] = gs_heap_alloc(&kh->heap, sizes[i], GFP_KERNEL);
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			put(test, obj[i]);
		kh_settle(kh);
		KUNIT_EXPECT_TRUE(test, kh_check(kh));
	}
	kh->look = NULL;
	KUNIT_EXPECT_GT(test, atomic_read(&looks), 20);
	KUNIT_EXPECT_NULL_MSG(test, broken.text, "%s: %llu, %llu", broken.text,
			      broken.left, broken.right);
}

/* --- readers ---------------------------------------------------------------- */

static int large_mutator(void *heap)
{
	static const size_t sizes[] = { 40000, 200000, 1 << 20 };
	unsigned int i = 0;
	size_t size;

	while (!kthread_should_stop()) {
		size = i % 64 ? sizes[i % 3] : GS_ARENA_SIZE + 1;
		gs_heap_free(heap, gs_heap_alloc(heap, size, GFP_KERNEL));
		cond_resched();
		i++;
	}
	return 0;
}

/*
 * 36d32f68f4: a large object's span left heap_inuse before the object was
 * counted as freed, and a reader between the two saw an unused part of 2^64.
 *
 * Undo: pageheap.c, gs_page_books_span_out(): that it is all under one lock;
 * count large_freed and large_nfree after gs_heap_unlock() in gs_large_free()
 */
static void large_objects_never_exceed_their_spans(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct task_struct *thread[2];
	struct gostat_memstats ms;
	u64 worst = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(thread); i++) {
		thread[i] = kthread_run(large_mutator, heap, "gostat-large/%d",
					i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread[i]);
	}
	for (i = 0; i < 1000; i++) {
		KUNIT_EXPECT_EQ(test, 0, gs_memstats_read(heap, &ms));
		worst = max(worst, ms.memory.heap_unused);
	}
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		kthread_stop(thread[i]);
	KUNIT_EXPECT_LT(test, worst, BIT_ULL(40));
	kh_settle(kh_of(test));
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/*
 * 34835df048: the recount followed pointers to parts of the map that were not
 * there. Here: no arena at all; arenas with few of their rows, far from each
 * other; runs that are in no arena.
 *
 * Undo: arena.c, gs_arena_span(): row ? ... : NULL
 */
static void a_heap_with_holes_is_recounted(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *obj[KH_REGIONS + 1];
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	if (GS_MIN_BLOCK == PAGE_SIZE)
		kunit_skip(test, "blocks of one page are not placed");
	kh_limit_order(kh, get_order(GS_MIN_BLOCK));
	for (i = 0; i < KH_REGIONS; i++) {
		kh_place(kh, kh_region(kh, i) + (i + 1) * 4 * GS_MIN_BLOCK);
		obj[i] = get(test, GS_MIN_BLOCK);
		KUNIT_EXPECT_TRUE(test, kh_check(kh));
	}
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released,
			KH_REGIONS * (GS_ARENA_SIZE - GS_MIN_BLOCK));
	obj[i] = get(test, GS_ARENA_SIZE + 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	for (i = 0; i <= KH_REGIONS; i++)
		put(test, obj[i]);
}

static struct kunit_case gostat_regress_pages_cases[] = {
	KUNIT_CASE(growth_and_trimming_move_a_spans_own_pages_only),
	KUNIT_CASE(a_block_counts_at_its_full_length),
	KUNIT_CASE(every_page_is_in_an_account_at_every_step),
	KUNIT_CASE(large_objects_never_exceed_their_spans),
	KUNIT_CASE(a_heap_with_holes_is_recounted),
	{}
};

static struct kunit_suite gostat_regress_pages_suite = {
	.name = "gostat_regress_pages",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_regress_pages_cases,
};

kunit_test_suite(gostat_regress_pages_suite);

MODULE_DESCRIPTION("KUnit tests for errors that Go's runtime had in pages");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
