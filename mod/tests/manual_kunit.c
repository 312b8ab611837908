// SPDX-License-Identifier: GPL-2.0
/*
 * Manual spans: what an allocation and its free move in the books, to the byte,
 * wherever the pages come from; that a failure moves nothing; and that every
 * wrong free is refused.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

#include "../stack.h"
#include "kunit_heap.h"

#define VIRT_PAGES	(GS_ARENA_PAGES + 3)	/* backed by vmalloc */
#define SINKS		2

static unsigned int sinks[SINKS];

static int manual_init(struct kunit *test)
{
	static const char * const name[SINKS] = { "a", "b" };
	struct gostat_sink *sink;
	int i;

	kh_init(test);
	for (i = 0; i < SINKS; i++) {
		sink = gs_sink_register(&kh_of(test)->heap, name[i], NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sink);
		sinks[i] = gs_sink_id(&kh_of(test)->heap, sink);
	}
	return 0;
}

static void *try(struct kunit *test, unsigned long npages, unsigned int sink,
		 gfp_t gfp)
{
	return gs_manual_alloc(&kh_of(test)->heap, npages, sink, gfp, false);
}

static void *get(struct kunit *test, unsigned long npages, unsigned int sink)
{
	void *span = try(test, npages, sink, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	return span;
}

static void put(struct kunit *test, void *span, unsigned int sink)
{
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    (void *)gs_manual_free(&kh_of(test)->heap, span,
						   sink));
}

static struct gostat_memstats stats(struct kunit *test)
{
	struct gostat_memstats ms;

	rcu_barrier();	/* replaced arena maps go back whenever they like */
	gs_memstats_read(&kh_of(test)->heap, &ms);
	return ms;
}

static u64 inuse(struct kunit *test, unsigned int sink)
{
	return kh_of(test)->heap.pages.sink[sink].inuse;
}

/* Idle pages for @npages, so that nothing grows. */
static void prepare(struct kunit *test, unsigned long npages)
{
	put(test, get(test, npages, sinks[0]), sinks[0]);
	kh_settle(kh_of(test));
}

/* --- what moves ----------------------------------------------------------- */

static void idle_pages_move_from_the_heap_to_the_sink(struct kunit *test)
{
	u64 b = 5 * PAGE_SIZE;
	struct gostat_memstats before, after;
	void *span;

	prepare(test, 16);
	before = stats(test);
	span = get(test, 5, sinks[0]);
	after = stats(test);
	KUNIT_EXPECT_EQ(test, after.heap_idle, before.heap_idle - b);
	KUNIT_EXPECT_EQ(test, after.heap_sys, before.heap_sys - b);
	KUNIT_EXPECT_EQ(test, after.sinks_sys, before.sinks_sys + b);
	KUNIT_EXPECT_EQ(test, after.sys, before.sys);
	KUNIT_EXPECT_EQ(test, after.heap_inuse, before.heap_inuse);
	KUNIT_EXPECT_EQ(test, after.heap_released, before.heap_released);
	KUNIT_EXPECT_EQ(test, after.obtained, before.obtained);
	KUNIT_EXPECT_EQ(test, after.nmalloc, before.nmalloc);
	KUNIT_EXPECT_EQ(test, after.heap_alloc, before.heap_alloc);
	KUNIT_EXPECT_EQ(test, inuse(test, sinks[0]), b);
	KUNIT_EXPECT_EQ(test, inuse(test, sinks[1]), 0);
	put(test, span, sinks[0]);
}

static void a_free_is_the_mirror(struct kunit *test)
{
	struct gs_page_books *pages = &kh_of(test)->heap.pages, before;
	void *span;

	prepare(test, 16);
	before = *pages;
	span = get(test, 5, sinks[0]);
	KUNIT_EXPECT_NE(test, 0, memcmp(&before, pages, sizeof(before)));
	put(test, span, sinks[0]);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, pages, sizeof(before)));
}

/* Pages that come for the span come to the heap before they leave it. */
static void growth_is_counted_once(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gostat_memstats ms;
	void *span = get(test, 3, sinks[0]);

	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.heap_sys + ms.sinks_sys, GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, ms.heap_idle, GS_ARENA_SIZE - 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.heap_inuse, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	put(test, span, sinks[0]);
	ms = stats(test);
	KUNIT_EXPECT_EQ(test, ms.heap_sys, GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, ms.heap_idle, GS_ARENA_SIZE);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

/* Slots without a page are heap_idle and heap_released until a block comes. */
static void released_slots_get_pages_and_move_alike(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long block = GS_MIN_BLOCK >> PAGE_SHIFT;
	unsigned long at = kh_region(kh, 0);
	struct gostat_memstats before, after;
	void *a, *b;

	if (GS_MIN_BLOCK == PAGE_SIZE)
		kunit_skip(test, "blocks of one page are not placed");
	kh_limit_order(kh, ilog2(block));
	kh_place(kh, at);
	kh_place(kh, at + GS_MIN_BLOCK);
	a = get(test, block, sinks[0]);
	before = stats(test);
	KUNIT_EXPECT_EQ(test, before.heap_released,
			GS_ARENA_SIZE - GS_MIN_BLOCK);
	b = get(test, block, sinks[0]);
	after = stats(test);
	KUNIT_EXPECT_EQ(test, after.heap_released,
			before.heap_released - GS_MIN_BLOCK);
	KUNIT_EXPECT_EQ(test, after.heap_idle,
			before.heap_idle - GS_MIN_BLOCK);
	KUNIT_EXPECT_EQ(test, after.heap_sys, before.heap_sys - GS_MIN_BLOCK);
	KUNIT_EXPECT_EQ(test, inuse(test, sinks[0]), 2 * GS_MIN_BLOCK);
	KUNIT_EXPECT_EQ(test, after.heap_idle, after.heap_released);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	put(test, a, sinks[0]);
	put(test, b, sinks[0]);
}

static void runs_of_vmalloc_move_alike(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u64 b = VIRT_PAGES * PAGE_SIZE;
	struct gostat_memstats before, after;
	void *span;

	prepare(test, VIRT_PAGES);
	before = stats(test);
	span = get(test, VIRT_PAGES, sinks[1]);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(span));
	after = stats(test);
	KUNIT_EXPECT_EQ(test, after.sinks_sys, b);
	KUNIT_EXPECT_EQ(test, after.heap_sys, before.heap_sys);
	KUNIT_EXPECT_EQ(test, after.heap_idle, before.heap_idle);
	KUNIT_EXPECT_EQ(test, after.heap_inuse, before.heap_inuse);
	KUNIT_EXPECT_EQ(test, after.sys, before.sys + b);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	put(test, span, sinks[1]);
	KUNIT_EXPECT_EQ(test, inuse(test, sinks[1]), 0);
	kh_settle(kh);
	after = stats(test);
	KUNIT_EXPECT_EQ(test, after.sys, before.sys);
	KUNIT_EXPECT_EQ(test, after.heap_idle, before.heap_idle);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void stacks_are_a_sink_with_a_name_in_the_totals(struct kunit *test)
{
	void *a = get(test, 4, GS_SINK_STACKS), *b = get(test, 3, sinks[0]);
	struct gostat_memstats ms = stats(test);

	KUNIT_EXPECT_EQ(test, ms.stacks_inuse, 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.stacks_sys, 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.memory.heap_stacks, 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.sinks_sys, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ms.memory.sinks, 3 * PAGE_SIZE);
	put(test, a, GS_SINK_STACKS);
	put(test, b, sinks[0]);
}

static void a_sink_knows_its_spans_and_its_peak(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_sink_books *books = &heap->pages.sink[sinks[0]];
	void *a = get(test, 4, sinks[0]), *b = get(test, 3, sinks[0]);

	KUNIT_EXPECT_EQ(test, books->nspans, 2);
	put(test, a, sinks[0]);
	KUNIT_EXPECT_EQ(test, books->nspans, 1);
	KUNIT_EXPECT_EQ(test, books->inuse, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, books->peak, 7 * PAGE_SIZE);
	gs_heap_reset_peaks(heap);
	KUNIT_EXPECT_EQ(test, books->peak, 3 * PAGE_SIZE);
	put(test, b, sinks[0]);
}

static void pages_serve_the_heap_and_sinks_in_turn(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *span, *obj;
	u64 bytes;

	prepare(test, 100);
	gs_heap_free(&kh->heap, gs_heap_alloc(&kh->heap, 50000, GFP_KERNEL));
	bytes = kh->bytes;
	span = get(test, 60, sinks[0]);
	obj = gs_heap_alloc(&kh->heap, 40 * PAGE_SIZE, GFP_KERNEL);
	put(test, span, sinks[0]);
	span = get(test, 50, sinks[1]);
	gs_heap_free(&kh->heap, obj);
	put(test, span, sinks[1]);
	obj = gs_heap_alloc(&kh->heap, 100 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, kh->bytes, bytes);
	gs_heap_free(&kh->heap, obj);
}

/* --- failure -------------------------------------------------------------- */

static const unsigned long lengths[] = { 1, 7, GS_ARENA_PAGES, VIRT_PAGES };

/*
 * Nothing but what was got on the way and is kept: pages of descriptors, and the
 * name of an arena that has none yet.
 */
static void expect_nothing_moved(struct kunit *test,
				 const struct gs_page_books *before)
{
	const struct gs_page_books *now = &kh_of(test)->heap.pages;

	KUNIT_EXPECT_EQ(test, now->sys - now->released,
			before->sys - before->released);
	KUNIT_EXPECT_EQ(test, now->idle - now->released,
			before->idle - before->released);
	KUNIT_EXPECT_EQ(test, (now->sys - before->sys) % GS_ARENA_SIZE, 0);
	KUNIT_EXPECT_EQ(test, now->inuse, before->inuse);
	KUNIT_EXPECT_EQ(test, now->transit, before->transit);
	KUNIT_EXPECT_EQ(test, now->sink[sinks[0]].inuse,
			before->sink[sinks[0]].inuse);
	KUNIT_EXPECT_EQ(test, now->sink[sinks[0]].nspans,
			before->sink[sinks[0]].nspans);
	KUNIT_EXPECT_EQ(test, now->sink[sinks[0]].failures,
			before->sink[sinks[0]].failures + 1);
	KUNIT_EXPECT_EQ(test, now->meta[GS_MSPAN].inuse,
			before->meta[GS_MSPAN].inuse);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* Refuse the first page, then the second, until the span is had. */
static void any_page_may_fail_and_nothing_moves(struct kunit *test)
{
	struct gs_page_books before;
	struct kunit_heap *kh = kh_of(test);
	unsigned int i, n, failed = 0;
	void *span;

	/* Smaller blocks would be tried and had. */
	kh_limit_order(kh, GS_ARENA_ORDER);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (n = 1;; n++) {
			before = kh->heap.pages;
			kh_fail_at(kh, n);
			span = try(test, lengths[i], sinks[0], GFP_KERNEL);
			if (span)
				break;
			KUNIT_ASSERT_EQ(test, kh->failed, 1);
			expect_nothing_moved(test, &before);
			failed++;
		}
		KUNIT_EXPECT_EQ(test, inuse(test, sinks[0]),
				lengths[i] * PAGE_SIZE);
		put(test, span, sinks[0]);
		kh_settle(kh);
	}
	KUNIT_EXPECT_GE(test, failed, ARRAY_SIZE(lengths));
}

static void lengths_that_cannot_be_are_refused(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long requests = kh->requests;

	KUNIT_EXPECT_PTR_EQ(test, NULL, try(test, 0, sinks[0], GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    try(test, ULONG_MAX, sinks[0], GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, try(test, ULONG_MAX / PAGE_SIZE + 1,
					    sinks[0], GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, try(test, (unsigned long)U32_MAX + 1,
					    sinks[0], GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kh->requests, requests);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void no_span_without_a_sink(struct kunit *test)
{
	unsigned long requests = kh_of(test)->requests;

	KUNIT_EXPECT_PTR_EQ(test, NULL, try(test, 1, 0, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, try(test, 1, GOSTAT_NR_SINKS - 1,
					    GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kh_of(test)->requests, requests);
}

static void who_cannot_sleep_gets_pages_of_arenas_only(struct kunit *test)
{
	void *span;

	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    try(test, VIRT_PAGES, sinks[0], GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, kh_of(test)->heap.pages.sink[sinks[0]].failures,
			1);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_manual_alloc(&kh_of(test)->heap, 1, sinks[0],
					    GFP_ATOMIC, true));
	local_bh_disable();
	span = try(test, 4, sinks[0], GFP_ATOMIC);
	local_bh_enable();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	put(test, span, sinks[0]);
}

/* --- the memory ----------------------------------------------------------- */

static void powers_of_two_are_naturally_aligned(struct kunit *test)
{
	unsigned long n;
	void *odd, *span;

	for (n = 1; n <= GS_BLOCK_MAX >> PAGE_SHIFT; n *= 2) {
		odd = get(test, n + 1, sinks[1]);
		span = get(test, n, sinks[0]);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)span,
						   n * PAGE_SIZE));
		memset(span, 0xff, n * PAGE_SIZE);
		put(test, odd, sinks[1]);
		put(test, span, sinks[0]);
	}
}

static void sizes_are_known(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *span;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		span = get(test, lengths[i], sinks[0]);
		KUNIT_EXPECT_EQ(test, gs_manual_size(heap, span),
				lengths[i] * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, gs_manual_size(heap, span + 1), 0);
		put(test, span, sinks[0]);
		KUNIT_EXPECT_EQ(test, gs_manual_size(heap, span), 0);
		kh_settle(kh_of(test));
	}
	KUNIT_EXPECT_EQ(test, gs_manual_size(heap, test), 0);
	KUNIT_EXPECT_EQ(test, gs_manual_size(heap, NULL), 0);
}

/* The source's pages are dirty, and so are those that somebody had. */
static void a_span_says_whether_it_is_clear(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	bool always = want_init_on_alloc(0);
	void *span;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		span = get(test, lengths[i], sinks[0]);
		KUNIT_EXPECT_EQ(test, gs_manual_needzero(heap, span), !always);
		memset(span, 0xff, lengths[i] * PAGE_SIZE);
		put(test, span, sinks[0]);
		span = try(test, lengths[i], sinks[0], GFP_KERNEL | __GFP_ZERO);
		KUNIT_EXPECT_FALSE(test, gs_manual_needzero(heap, span));
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    memchr_inv(span, 0, lengths[i] * PAGE_SIZE));
		put(test, span, sinks[0]);
		kh_settle(kh_of(test));
	}
	KUNIT_EXPECT_TRUE(test, gs_manual_needzero(heap, test));
}

static void every_address_of_a_span_finds_it(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_object o;
	size_t off, bytes;
	void *span;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		span = get(test, lengths[i], sinks[0]);
		bytes = lengths[i] * PAGE_SIZE;
		for (off = 0; off < bytes; off += 1 + bytes / 50) {
			KUNIT_ASSERT_TRUE(test, gs_heap_lookup(heap, span + off,
							       &o));
			KUNIT_ASSERT_EQ(test, o.state, GOSTAT_MANUAL);
			KUNIT_ASSERT_PTR_EQ(test, o.base, span);
			KUNIT_ASSERT_EQ(test, o.size, bytes);
			KUNIT_ASSERT_EQ(test, o.span_pages, lengths[i]);
			KUNIT_ASSERT_EQ(test, o.class, 0);
		}
		put(test, span, sinks[0]);
		KUNIT_EXPECT_FALSE(test, gs_heap_lookup(heap, span, &o));
		kh_settle(kh_of(test));
	}
}

static void a_guard_page_is_on_both_sides(struct kunit *test)
{
	u8 *span = gs_manual_alloc(&kh_of(test)->heap, 4, sinks[0], GFP_KERNEL,
				   true), byte = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	memset(span, 1, 4 * PAGE_SIZE);
	KUNIT_EXPECT_NE(test, 0, copy_from_kernel_nofault(&byte, span - 1, 1));
	KUNIT_EXPECT_NE(test, 0,
			copy_from_kernel_nofault(&byte, span + 4 * PAGE_SIZE,
						 1));
	KUNIT_EXPECT_EQ(test, inuse(test, sinks[0]), 4 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	put(test, span, sinks[0]);
}

/* --- what is refused ------------------------------------------------------ */

static void expect_refused(struct kunit *test, const void *span,
			   unsigned int sink, const char *why)
{
	struct gs_page_books before = kh_of(test)->heap.pages;
	const char *said;

	said = gs_manual_free(&kh_of(test)->heap, span, sink);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, said);
	KUNIT_EXPECT_STREQ(test, said, why);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &kh_of(test)->heap.pages,
					sizeof(before)));
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void a_wrong_sink_is_refused(struct kunit *test)
{
	void *span = get(test, 3, sinks[0]), *virt;

	expect_refused(test, span, sinks[1], "wrong sink");
	expect_refused(test, span, GS_SINK_STACKS, "wrong sink");
	expect_refused(test, span, 0, "unknown sink");
	put(test, span, sinks[0]);
	virt = get(test, VIRT_PAGES, sinks[0]);
	expect_refused(test, virt, sinks[1], "wrong sink");
	put(test, virt, sinks[0]);
}

static void a_second_free_is_refused(struct kunit *test)
{
	void *span = get(test, 3, sinks[0]), *other = get(test, 3, sinks[0]);

	put(test, span, sinks[0]);
	expect_refused(test, span, sinks[0], "freed span");
	put(test, other, sinks[0]);
	span = get(test, VIRT_PAGES, sinks[0]);
	put(test, span, sinks[0]);
	kh_settle(kh_of(test));
	expect_refused(test, span, sinks[0], "foreign");
}

static void heap_objects_are_refused(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	static const size_t size[] = { 64, 100000, VIRT_PAGES * PAGE_SIZE };
	void *obj;
	int i;

	for (i = 0; i < ARRAY_SIZE(size); i++) {
		obj = gs_heap_alloc(heap, size[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
		memset(obj, 0x77, size[i]);
		expect_refused(test, obj, sinks[0], "heap object");
		KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj, 0x77, size[i]));
		gs_heap_free(heap, obj);
	}
}

/* Each is told once, in whichever way it is freed. */
static void the_heap_refuses_manual_spans(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	int i, bad = 0;
	u8 *span;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		span = get(test, lengths[i], sinks[0]);
		memset(span, 0x77, lengths[i] * PAGE_SIZE);
		gs_heap_free(heap, span);
		KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), ++bad);
		gs_heap_free(heap, span + 64);
		KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), ++bad);
		KUNIT_EXPECT_STREQ(test, gs_large_free(heap, span),
				   "manual span");
		KUNIT_EXPECT_EQ(test, inuse(test, sinks[0]),
				lengths[i] * PAGE_SIZE);
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    memchr_inv(span, 0x77,
					       lengths[i] * PAGE_SIZE));
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
		put(test, span, sinks[0]);
		kh_settle(kh_of(test));
	}
}

static void interior_addresses_are_refused(struct kunit *test)
{
	void *span = get(test, 3, sinks[0]);

	expect_refused(test, span + 1, sinks[0], "interior");
	expect_refused(test, span + PAGE_SIZE, sinks[0], "interior");
	put(test, span, sinks[0]);
	span = get(test, VIRT_PAGES, sinks[0]);
	expect_refused(test, span + PAGE_SIZE, sinks[0], "interior");
	put(test, span, sinks[0]);
}

static void strangers_are_refused(struct kunit *test)
{
	void *virt = vmalloc(PAGE_SIZE), *theirs = kmalloc(64, GFP_KERNEL);

	put(test, get(test, 3, sinks[0]), sinks[0]);
	expect_refused(test, virt, sinks[0], "foreign");
	expect_refused(test, theirs, sinks[0], "foreign");
	expect_refused(test, test, sinks[0], "foreign");
	expect_refused(test, (void *)4096, sinks[0], "foreign");
	expect_refused(test, (void *)ULONG_MAX, sinks[0], "foreign");
	vfree(virt);
	kfree(theirs);
}

/* --- random use ----------------------------------------------------------- */

#define LIVE	60
#define TURNS	3000
/* Instead of a sink: from the stack pool. */
#define POOL	GOSTAT_NR_SINKS

/**
 * struct thing - an object, a manual span or a stack-like buffer
 * @p: its first byte, NULL if there is none
 * @bytes: that it is filled with its own number
 * @sink: its sink; 0 for an object, POOL for a buffer
 */
struct thing {
	u8 *p;
	size_t bytes;
	unsigned int sink;
};

static void make(struct kunit *test, struct rnd_state *rnd, struct thing *t,
		 u8 fill)
{
	static const unsigned int where[] = { 0, 0, 1, 2, 2, 3, 3 };
	struct gs_heap *heap = &kh_of(test)->heap;
	u32 r = prandom_u32_state(rnd);
	unsigned long npages = 1 + (r >> 8) % (r % 16 ? 12 : 200);

	switch (where[prandom_u32_state(rnd) % ARRAY_SIZE(where)]) {
	case 0:
		t->sink = 0;
		t->bytes = 1 + prandom_u32_state(rnd) % (r % 4 ? 5000 : 90000);
		t->p = gs_heap_alloc(heap, t->bytes, GFP_KERNEL);
		break;
	case 1:
		t->sink = GS_SINK_STACKS;
		break;
	case 2:
		t->sink = POOL;
		t->bytes = 1 + prandom_u32_state(rnd) % GOSTAT_STACK_MAX;
		t->p = r % 16 ?
			gs_heap_stack_alloc(heap, t->bytes, GFP_KERNEL) :
			gs_stack_alloc_guarded(heap, t->bytes, GFP_KERNEL);
		break;
	default:
		t->sink = sinks[r % SINKS];
	}
	if (t->sink && t->sink != POOL) {
		t->bytes = npages * PAGE_SIZE;
		t->p = gs_manual_alloc(heap, npages, t->sink, GFP_KERNEL,
				       r % 32 == 0);
	}
	/* One request in some is refused, see below. */
	if (t->p)
		memset(t->p, fill, t->bytes);
	else
		KUNIT_ASSERT_EQ(test, kh_of(test)->failed, 1);
}

static void unmake(struct kunit *test, struct thing *t, u8 fill)
{
	bool virt = is_vmalloc_addr(t->p);

	KUNIT_ASSERT_PTR_EQ(test, NULL, memchr_inv(t->p, fill, t->bytes));
	if (t->sink == POOL)
		gs_heap_stack_free(&kh_of(test)->heap, t->p);
	else if (t->sink)
		put(test, t->p, t->sink);
	else
		gs_heap_free(&kh_of(test)->heap, t->p);
	if (virt)	/* the oracle wants a heap at rest */
		kh_settle(kh_of(test));
	t->p = NULL;
}

static void objects_and_spans_share_pages_and_every_figure_is_right(struct kunit *test)
{
	u32 seed = ktime_get_ns();
	struct rnd_state rnd;
	unsigned int turn, i;
	struct thing *thing;

	thing = kunit_kcalloc(test, LIVE, sizeof(*thing), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thing);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	for (turn = 0; turn < TURNS; turn++) {
		i = prandom_u32_state(&rnd) % LIVE;
		kh_fail_at(kh_of(test), prandom_u32_state(&rnd) % 8);
		if (thing[i].p)
			unmake(test, &thing[i], i);
		else
			make(test, &rnd, &thing[i], i);
		if (turn % 500 == 0)
			kh_settle(kh_of(test));
		KUNIT_ASSERT_TRUE_MSG(test, kh_check(kh_of(test)),
				      "turn %u of seed %u", turn, seed);
		cond_resched();
	}
	kh_fail_at(kh_of(test), 0);
	for (i = 0; i < LIVE; i++)
		if (thing[i].p)
			unmake(test, &thing[i], i);
}

/* --- the end -------------------------------------------------------------- */

static void what_leaks_is_counted_and_kept(struct kunit *test)
{
	struct kunit_heap *kh = kh_new(test, false);
	void *a = gs_manual_alloc(&kh->heap, 3, GS_SINK_STACKS, GFP_KERNEL,
				  false);
	void *b = gs_manual_alloc(&kh->heap, VIRT_PAGES, GS_SINK_STACKS,
				  GFP_KERNEL, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	memset(a, 0x11, 3 * PAGE_SIZE);
	memset(b, 0x22, VIRT_PAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, gs_heap_destroy(&kh->heap), 2);
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(a, 0x11, 3 * PAGE_SIZE));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    memchr_inv(b, 0x22, VIRT_PAGES * PAGE_SIZE));
	KUNIT_EXPECT_GT(test, kh->bytes, 0);
	kh_free(kh);
}

static struct kunit_case gostat_manual_cases[] = {
	KUNIT_CASE(idle_pages_move_from_the_heap_to_the_sink),
	KUNIT_CASE(a_free_is_the_mirror),
	KUNIT_CASE(growth_is_counted_once),
	KUNIT_CASE(released_slots_get_pages_and_move_alike),
	KUNIT_CASE(runs_of_vmalloc_move_alike),
	KUNIT_CASE(stacks_are_a_sink_with_a_name_in_the_totals),
	KUNIT_CASE(a_sink_knows_its_spans_and_its_peak),
	KUNIT_CASE(pages_serve_the_heap_and_sinks_in_turn),
	KUNIT_CASE(any_page_may_fail_and_nothing_moves),
	KUNIT_CASE(lengths_that_cannot_be_are_refused),
	KUNIT_CASE(no_span_without_a_sink),
	KUNIT_CASE(who_cannot_sleep_gets_pages_of_arenas_only),
	KUNIT_CASE(powers_of_two_are_naturally_aligned),
	KUNIT_CASE(sizes_are_known),
	KUNIT_CASE(a_span_says_whether_it_is_clear),
	KUNIT_CASE(every_address_of_a_span_finds_it),
	KUNIT_CASE(a_guard_page_is_on_both_sides),
	KUNIT_CASE(a_wrong_sink_is_refused),
	KUNIT_CASE(a_second_free_is_refused),
	KUNIT_CASE(heap_objects_are_refused),
	KUNIT_CASE(the_heap_refuses_manual_spans),
	KUNIT_CASE(interior_addresses_are_refused),
	KUNIT_CASE(strangers_are_refused),
	KUNIT_CASE(objects_and_spans_share_pages_and_every_figure_is_right),
	KUNIT_CASE(what_leaks_is_counted_and_kept),
	{}
};

static struct kunit_suite gostat_manual_suite = {
	.name = "gostat_manual",
	.init = manual_init,
	.exit = kh_exit,
	.test_cases = gostat_manual_cases,
};

kunit_test_suite(gostat_manual_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's manual spans");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
