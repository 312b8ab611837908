// SPDX-License-Identifier: GPL-2.0
/*
 * The stack pool: buffers are not heap, and are counted to the byte while they
 * are handed out, kept and given back; a failure moves nothing; what is freed to
 * the wrong side is refused; any context may do what it may with objects.
 *
 * A buffer is filled with a byte of its own, so that two that overlap are seen.
 */
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "../stack.h"
#include "kunit_heap.h"

#define BATCH	40	/* buffers: more than a magazine holds */
/* Pairs until a CPU has a magazine of any size: patience for 32 KiB, and some. */
#define HABIT	((GOSTAT_STACK_MAX >> 8) + 8)

static size_t size_of(unsigned int i)
{
	return GOSTAT_STACK_MIN << i;
}

static struct gs_class *class_of(struct kunit *test, size_t size)
{
	return gs_handle_class(&kh_of(test)->heap, gostat_stack_handle(size));
}

static void *try(struct kunit *test, size_t size, gfp_t gfp)
{
	return gs_heap_stack_alloc(&kh_of(test)->heap, size, gfp);
}

static void *get(struct kunit *test, size_t size)
{
	void *buf = try(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	return buf;
}

static void *get_guarded(struct kunit *test, size_t size)
{
	void *buf = gs_stack_alloc_guarded(&kh_of(test)->heap, size,
					   GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	return buf;
}

static void put(struct kunit *test, void *buf)
{
	gs_heap_stack_free(&kh_of(test)->heap, buf);
}

static u64 bad_frees(struct kunit *test)
{
	return atomic64_read(&kh_of(test)->heap.bad_frees);
}

static struct gostat_memstats stats(struct kunit *test)
{
	struct gostat_memstats ms;

	rcu_barrier();	/* replaced arena maps go back whenever they like */
	gs_memstats_read(&kh_of(test)->heap, &ms);
	return ms;
}

/* Nobody holds the sink but its registration. */
static void expect_sink_free(struct kunit *test, struct gs_heap *heap)
{
	const struct gostat_sink *sink = &heap->sinks.sink[GS_SINK_STACKS];

	KUNIT_EXPECT_EQ(test, refcount_read(&sink->refs), 1);
}

/* This CPU gets a magazine, as one that uses the size all the time has. */
static void get_used_to(struct kunit *test, size_t size)
{
	unsigned int i;

	kh_pin(test);
	for (i = 0; i < HABIT; i++)
		put(test, get(test, size));
	KUNIT_ASSERT_GT(test, raw_cpu_ptr(kh_of(test)->heap.cpu)->
			mag[kh_class_id(class_of(test, size))].cap, 0);
}

/* --- sizes ---------------------------------------------------------------- */

static void a_size_gives_the_next_buffer_aligned_to_itself(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_object o;
	size_t size, last = 0;
	unsigned int i;
	void *a, *b;

	for (i = 0; i < GOSTAT_NR_STACKS; last = size, i++) {
		size = size_of(i);
		a = get(test, last + 1);
		b = get(test, size);
		memset(a, 0x11, size);
		memset(b, 0x22, size);
		KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(a, 0x11, size));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)a, size));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)b, size));
		KUNIT_EXPECT_TRUE(test, gs_heap_lookup(heap, b + size - 1, &o));
		KUNIT_EXPECT_EQ(test, o.state, GOSTAT_STACK);
		KUNIT_EXPECT_PTR_EQ(test, o.base, b);
		KUNIT_EXPECT_EQ(test, o.size, size);
		KUNIT_EXPECT_EQ(test, o.class, 0);
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
		put(test, a);
		put(test, b);
	}
	KUNIT_EXPECT_EQ(test, last, GOSTAT_STACK_MAX);
}

static void sizes_that_there_are_not_are_refused(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	static const size_t none[] = { 0, GOSTAT_STACK_MAX + 1, SIZE_MAX };
	unsigned long requests = kh_of(test)->requests;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		KUNIT_EXPECT_PTR_EQ(test, NULL, try(test, none[i], GFP_KERNEL));
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    gs_stack_alloc_guarded(heap, none[i],
							   GFP_KERNEL));
	}
	KUNIT_EXPECT_EQ(test, kh_of(test)->requests, requests);
}

static void spans_are_filled_and_as_short_as_can_be(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		struct gs_class *class = class_of(test, size_of(i));

		KUNIT_EXPECT_EQ(test, class->nelems * size_of(i),
				class->npages * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, class->npages,
				DIV_ROUND_UP(size_of(i), PAGE_SIZE));
	}
}

static void memory_is_clear_if_that_is_asked_for(struct kunit *test)
{
	unsigned int i, turn;
	u8 *buf;

	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		for (turn = 0; turn < HABIT; turn++) {
			buf = try(test, size_of(i), GFP_KERNEL | __GFP_ZERO);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
			KUNIT_ASSERT_PTR_EQ(test, NULL,
					    memchr_inv(buf, 0, size_of(i)));
			memset(buf, 0xff, size_of(i));
			put(test, buf);
		}
	}
}

/* --- what is counted ------------------------------------------------------ */

static void a_buffer_is_in_the_sink_and_not_in_the_heap(struct kunit *test)
{
	struct gostat_memstats before, after;
	unsigned int i;
	size_t bytes;
	void *buf;

	put(test, get(test, GOSTAT_STACK_MAX));
	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		bytes = class_of(test, size_of(i))->npages * PAGE_SIZE;
		before = stats(test);
		buf = get(test, size_of(i));
		after = stats(test);
		KUNIT_EXPECT_EQ(test, after.stacks_live, size_of(i));
		KUNIT_EXPECT_EQ(test, after.stacks_inuse, bytes);
		KUNIT_EXPECT_EQ(test, after.stacks_sys, bytes);
		KUNIT_EXPECT_EQ(test, after.memory.heap_stacks, bytes);
		KUNIT_EXPECT_EQ(test, after.heap_sys, before.heap_sys - bytes);
		KUNIT_EXPECT_EQ(test, after.heap_idle,
				before.heap_idle - bytes);
		KUNIT_EXPECT_EQ(test, after.heap_inuse, 0);
		KUNIT_EXPECT_EQ(test, after.heap_alloc, 0);
		KUNIT_EXPECT_EQ(test, after.total_alloc, 0);
		KUNIT_EXPECT_EQ(test, after.nmalloc, 0);
		KUNIT_EXPECT_EQ(test, after.peak_live, 0);
		put(test, buf);
	}
	after = stats(test);
	KUNIT_EXPECT_EQ(test, after.nfree, 0);
	KUNIT_EXPECT_EQ(test, after.stacks_live, 0);
	KUNIT_EXPECT_EQ(test, after.nuncached, GOSTAT_NR_STACKS + 1);
}

/* An empty span goes at once. */
static void a_free_past_the_magazines_is_the_mirror(struct kunit *test)
{
	struct gs_page_books *pages = &kh_of(test)->heap.pages, before;
	unsigned int i;
	void *buf;

	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		put(test, get(test, size_of(i)));
		before = *pages;
		buf = get(test, size_of(i));
		KUNIT_EXPECT_NE(test, 0,
				memcmp(&before, pages, sizeof(before)));
		put(test, buf);
		KUNIT_EXPECT_EQ(test, 0,
				memcmp(&before, pages, sizeof(before)));
	}
	expect_sink_free(test, &kh_of(test)->heap);
}

static void what_a_magazine_keeps_is_reserved_and_not_live(struct kunit *test)
{
	struct gostat_snapshot *snap = &kh_of(test)->snap[0];
	unsigned int i;
	void *buf;

	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		get_used_to(test, size_of(i));
		buf = get(test, size_of(i));
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
		KUNIT_EXPECT_EQ(test, snap->stack[i].live, 1);
		KUNIT_EXPECT_EQ(test, snap->total.stacks_live, size_of(i));
		put(test, buf);
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
		KUNIT_EXPECT_EQ(test, snap->stack[i].live, 0);
		KUNIT_EXPECT_GE(test, snap->stack[i].cached, 1);
		KUNIT_EXPECT_EQ(test, snap->total.stacks_live, 0);
		KUNIT_EXPECT_GE(test, snap->total.stacks_inuse, size_of(i));
		KUNIT_EXPECT_EQ(test, snap->total.heap_inuse, 0);
		gs_cpucache_drain(&kh_of(test)->heap);
		KUNIT_EXPECT_EQ(test, stats(test).stacks_inuse, 0);
	}
}

static void every_step_of_many_closes_the_books(struct kunit *test)
{
	unsigned int i, n;
	void *buf[BATCH];

	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		get_used_to(test, size_of(i));
		for (n = 0; n < BATCH; n++) {
			buf[n] = get(test, size_of(i));
			memset(buf[n], n, size_of(i));
			KUNIT_ASSERT_TRUE(test, kh_check(kh_of(test)));
		}
		for (n = 0; n < BATCH; n++) {
			KUNIT_ASSERT_PTR_EQ(test, NULL, memchr_inv(buf[n], n,
								   size_of(i)));
			put(test, buf[n]);
			KUNIT_ASSERT_TRUE(test, kh_check(kh_of(test)));
		}
	}
}

static void bounds_hold_what_is_live(struct kunit *test)
{
	struct gostat_bounds *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	void *buf = get(test, 3000), *guarded = get_guarded(test, 16384);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	gs_bounds_read(&kh_of(test)->heap, b);
	KUNIT_EXPECT_EQ(test, b->stack[1].live.lo, 1);
	KUNIT_EXPECT_EQ(test, b->stack[1].live.hi, 1);
	KUNIT_EXPECT_EQ(test, b->stacks_live.lo, 4096 + PAGE_ALIGN(16384));
	KUNIT_EXPECT_EQ(test, b->stacks_live.hi, 4096 + PAGE_ALIGN(16384));
	KUNIT_EXPECT_EQ(test, b->alloc.hi, 0);
	KUNIT_EXPECT_EQ(test, b->nmalloc.hi, 0);
	put(test, buf);
	put(test, guarded);
}

/* --- failure -------------------------------------------------------------- */

static void *make(struct kunit_heap *kh, size_t size, bool guarded)
{
	if (guarded)
		return gs_stack_alloc_guarded(&kh->heap, size, GFP_KERNEL);
	return gs_heap_stack_alloc(&kh->heap, size, GFP_KERNEL);
}

static void expect_nothing_moved(struct kunit *test, struct kunit_heap *kh)
{
	const struct gostat_snapshot *snap = &kh->snap[0];

	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	KUNIT_EXPECT_EQ(test, snap->total.stacks_inuse, 0);
	KUNIT_EXPECT_EQ(test, snap->total.stacks_live, 0);
	KUNIT_EXPECT_EQ(test, snap->total.heap_inuse, 0);
	KUNIT_EXPECT_EQ(test, snap->sink[GS_SINK_STACKS].spans, 0);
	KUNIT_EXPECT_EQ(test, snap->sink[GS_SINK_STACKS].failures, 1);
}

/* In a new heap, where all is still to be asked for; false if nothing was. */
static bool refuse(struct kunit *test, size_t size, bool guarded,
		   unsigned long n, unsigned int *failures)
{
	struct kunit_heap *kh = kh_new(test, false);
	bool refused;
	void *buf;

	kh_fail_at(kh, n);
	buf = make(kh, size, guarded);
	refused = kh->failed;
	if (!buf) {
		KUNIT_EXPECT_TRUE(test, refused);
		expect_nothing_moved(test, kh);
		++*failures;
	}
	gs_heap_stack_free(&kh->heap, buf);
	kh_settle(kh);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	expect_sink_free(test, &kh->heap);
	kh_delete(kh);
	return refused;
}

static void any_page_may_fail_and_nothing_moves(struct kunit *test)
{
	unsigned int i, n, failures;

	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		failures = 0;
		for (n = 1; refuse(test, size_of(i), false, n, &failures); n++)
			;
		/* A descriptor's page at the least; blocks can be smaller. */
		KUNIT_EXPECT_GT(test, failures, 0);
		KUNIT_EXPECT_GT(test, n, 2);
	}
}

static void any_page_of_a_guarded_one_may_fail(struct kunit *test)
{
	unsigned int n, failures = 0;

	for (n = 1; refuse(test, 16384, true, n, &failures); n++)
		;
	KUNIT_EXPECT_EQ(test, failures, 2);
}

/* --- what is refused ------------------------------------------------------ */

/* @free(@p) is told once and leaves all as it is, the @bytes at @p included. */
static void expect_refused(struct kunit *test,
			   void (*free)(struct gs_heap *heap, const void *p),
			   void *p, size_t bytes)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_page_books before = heap->pages;
	u64 bad = bad_frees(test);

	memset(p, 0x77, bytes);
	free(heap, p);
	KUNIT_EXPECT_EQ(test, bad_frees(test), bad + 1);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &heap->pages,
					sizeof(before)));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(p, 0x77, bytes));
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* Whether the magazine of objects of that size has room, or there is none. */
static void the_heap_refuses_buffers(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned int i, turn;
	void *buf;

	kh_pin(test);
	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		buf = get(test, size_of(i));
		expect_refused(test, gs_heap_free, buf, size_of(i));
		for (turn = 0; turn < HABIT; turn++)
			gs_heap_free(heap, gs_heap_alloc(heap, size_of(i),
							 GFP_KERNEL));
		expect_refused(test, gs_heap_free, buf, size_of(i));
		KUNIT_EXPECT_STREQ(test, gs_large_free(heap, buf),
				   "stack buffer");
		KUNIT_EXPECT_STREQ(test, gs_manual_free(heap, buf,
							GS_SINK_STACKS),
				   "stack buffer");
		put(test, buf);
		get_used_to(test, size_of(i));
		buf = get(test, size_of(i));
		expect_refused(test, gs_heap_free, buf, size_of(i));
		put(test, buf);
	}
}

static void the_pool_refuses_objects(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	static const size_t size[] = {
		8, 2048, 16384, 32768, 100000, GS_ARENA_SIZE + 1,
	};
	unsigned int i, turn;
	void *obj;

	for (i = 0; i < ARRAY_SIZE(size); i++) {
		if (size[i] <= GOSTAT_STACK_MAX)
			get_used_to(test, size[i]);
		for (turn = 0; turn < 2; turn++) {
			obj = gs_heap_alloc(heap, size[i], GFP_KERNEL);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
			expect_refused(test, gs_heap_stack_free, obj, size[i]);
			gs_heap_free(heap, obj);
		}
		kh_settle(kh_of(test));
	}
}

static void the_pool_refuses_manual_spans(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	static const unsigned long npages[] = { 1, 4, GS_ARENA_PAGES + 1 };
	unsigned int i;
	void *span;

	for (i = 0; i < ARRAY_SIZE(npages); i++) {
		span = gs_manual_alloc(heap, npages[i], GS_SINK_STACKS,
				       GFP_KERNEL, false);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
		expect_refused(test, gs_heap_stack_free, span,
			       npages[i] * PAGE_SIZE);
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    (void *)gs_manual_free(heap, span,
							   GS_SINK_STACKS));
		kh_settle(kh_of(test));
	}
}

static void the_pool_refuses_strangers_and_ignores_null(struct kunit *test)
{
	void *virt = vmalloc(PAGE_SIZE), *theirs = kmalloc(64, GFP_KERNEL);

	put(test, NULL);
	KUNIT_EXPECT_EQ(test, bad_frees(test), 0);
	expect_refused(test, gs_heap_stack_free, virt, PAGE_SIZE);
	expect_refused(test, gs_heap_stack_free, theirs, 64);
	expect_refused(test, gs_heap_stack_free, (void *)4096, 0);
	expect_refused(test, gs_heap_stack_free, (void *)ULONG_MAX, 0);
	vfree(virt);
	kfree(theirs);
}

static void a_second_free_is_refused_at_once_or_when_flushed(struct kunit *test)
{
	void *a, *b;

	get_used_to(test, 4096);
	a = get(test, 4096);
	b = get(test, 4096);
	put(test, a);
	put(test, a);
	KUNIT_EXPECT_EQ(test, bad_frees(test), 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	put(test, b);
	put(test, a);
	gs_cpucache_drain(&kh_of(test)->heap);
	KUNIT_EXPECT_EQ(test, bad_frees(test), 2);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	put(test, a);
	KUNIT_EXPECT_EQ(test, bad_frees(test), 3);
}

static void an_address_inside_is_refused_when_flushed(struct kunit *test)
{
	void *buf = get(test, 8192);

	put(test, buf + 8);
	gs_cpucache_drain(&kh_of(test)->heap);
	KUNIT_EXPECT_EQ(test, bad_frees(test), 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	put(test, buf);
}

/* --- guarded -------------------------------------------------------------- */

static void guard_pages_are_on_both_sides(struct kunit *test)
{
	unsigned int i;
	size_t bytes;
	u8 *buf, byte;

	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		bytes = PAGE_ALIGN(size_of(i));
		buf = get_guarded(test, size_of(i));
		memset(buf, 1, bytes);
		KUNIT_EXPECT_NE(test, 0, copy_from_kernel_nofault(&byte,
								  buf - 1, 1));
		KUNIT_EXPECT_NE(test, 0, copy_from_kernel_nofault(&byte,
								  buf + bytes,
								  1));
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
		put(test, buf);
		kh_settle(kh_of(test));
	}
}

static void a_guarded_buffer_is_counted_as_live(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *a = get_guarded(test, 16384), *b = get_guarded(test, 1);
	u64 bytes = PAGE_ALIGN(16384) + PAGE_ALIGN(GOSTAT_STACK_MIN);

	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	KUNIT_EXPECT_EQ(test, kh->snap[0].total.stacks_guarded, bytes);
	KUNIT_EXPECT_EQ(test, kh->snap[0].total.stacks_live, bytes);
	KUNIT_EXPECT_EQ(test, kh->snap[0].total.stacks_inuse, bytes);
	KUNIT_EXPECT_EQ(test, kh->snap[0].total.heap_inuse, 0);
	put(test, a);
	put(test, b);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.guarded, 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.sink[GS_SINK_STACKS].inuse, 0);
	kh_settle(kh);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	KUNIT_EXPECT_EQ(test, kh->snap[0].total.heap_sys, 0);
}

static void nobody_else_frees_a_guarded_buffer(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_object o;
	void *buf = get_guarded(test, 8192);

	KUNIT_EXPECT_TRUE(test, gs_heap_lookup(heap, buf + 1, &o));
	KUNIT_EXPECT_EQ(test, o.state, GOSTAT_STACK);
	KUNIT_EXPECT_EQ(test, o.size, PAGE_ALIGN(8192));
	KUNIT_EXPECT_EQ(test, gs_manual_size(heap, buf), 0);
	expect_refused(test, gs_heap_free, buf, 8192);
	KUNIT_EXPECT_STREQ(test, gs_manual_free(heap, buf, GS_SINK_STACKS),
			   "stack buffer");
	put(test, buf + 1);
	KUNIT_EXPECT_EQ(test, bad_frees(test), 2);
	put(test, buf);
	kh_settle(kh_of(test));
	put(test, buf);
	KUNIT_EXPECT_EQ(test, bad_frees(test), 3);
}

static void who_cannot_sleep_gets_no_guard(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *buf = gs_stack_alloc_guarded(heap, 16384, GFP_ATOMIC);

	KUNIT_EXPECT_PTR_EQ(test, NULL, buf);
	KUNIT_EXPECT_EQ(test, heap->pages.sink[GS_SINK_STACKS].failures, 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* --- the end -------------------------------------------------------------- */

static void what_leaks_is_counted_and_kept(struct kunit *test)
{
	struct kunit_heap *kh = kh_new(test, false);
	void *a = make(kh, 16384, false), *b = make(kh, 16384, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	memset(a, 0x11, 16384);
	memset(b, 0x22, 16384);
	KUNIT_EXPECT_EQ(test, gs_heap_destroy(&kh->heap), 2);
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(a, 0x11, 16384));
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(b, 0x22, 16384));
	kh_free(kh);
}

static struct kunit_case gostat_stack_cases[] = {
	KUNIT_CASE(a_size_gives_the_next_buffer_aligned_to_itself),
	KUNIT_CASE(sizes_that_there_are_not_are_refused),
	KUNIT_CASE(spans_are_filled_and_as_short_as_can_be),
	KUNIT_CASE(memory_is_clear_if_that_is_asked_for),
	KUNIT_CASE(a_buffer_is_in_the_sink_and_not_in_the_heap),
	KUNIT_CASE(a_free_past_the_magazines_is_the_mirror),
	KUNIT_CASE(what_a_magazine_keeps_is_reserved_and_not_live),
	KUNIT_CASE(every_step_of_many_closes_the_books),
	KUNIT_CASE(bounds_hold_what_is_live),
	KUNIT_CASE(any_page_may_fail_and_nothing_moves),
	KUNIT_CASE(any_page_of_a_guarded_one_may_fail),
	KUNIT_CASE(the_heap_refuses_buffers),
	KUNIT_CASE(the_pool_refuses_objects),
	KUNIT_CASE(the_pool_refuses_manual_spans),
	KUNIT_CASE(the_pool_refuses_strangers_and_ignores_null),
	KUNIT_CASE(a_second_free_is_refused_at_once_or_when_flushed),
	KUNIT_CASE(an_address_inside_is_refused_when_flushed),
	KUNIT_CASE(guard_pages_are_on_both_sides),
	KUNIT_CASE(a_guarded_buffer_is_counted_as_live),
	KUNIT_CASE(nobody_else_frees_a_guarded_buffer),
	KUNIT_CASE(who_cannot_sleep_gets_no_guard),
	KUNIT_CASE(what_leaks_is_counted_and_kept),
	{}
};

static struct kunit_suite gostat_stack_suite = {
	.name = "gostat_stack",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_stack_cases,
};

kunit_test_suite(gostat_stack_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's stack pool");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
