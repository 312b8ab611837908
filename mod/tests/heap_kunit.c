// SPDX-License-Identifier: GPL-2.0
/*
 * The heap as one thing: any size in, any address asked about, any page refused,
 * anything forgotten - and every figure right after each step.
 *
 * The random test prints its seed, which the clock chooses; the sweep refuses
 * each page allocation of a scenario in turn, until one run needs no more.
 */
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

#include "kunit_heap.h"

static void *get(struct kunit *test, size_t size, gfp_t gfp)
{
	void *obj = gs_heap_alloc(&kh_of(test)->heap, size, gfp);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

static void put(struct kunit *test, const void *obj)
{
	gs_heap_free(&kh_of(test)->heap, obj);
}

static enum gostat_state state_of(struct kunit *test, const void *addr)
{
	struct gostat_object o;
	bool found = gs_heap_lookup(&kh_of(test)->heap, addr, &o);

	KUNIT_EXPECT_EQ(test, found, !!o.base);
	if (!found)
		KUNIT_EXPECT_EQ(test, o.size + o.span_pages + o.class, 0);
	return o.state;
}

static void nothing_is_free_and_freed(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	KUNIT_EXPECT_PTR_EQ(test, ZERO_SIZE_PTR,
			    gs_heap_alloc(&kh->heap, 0, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, ZERO_SIZE_PTR,
			    gs_heap_alloc(&kh->heap, 0, GFP_DMA | __GFP_ZERO));
	put(test, ZERO_SIZE_PTR);
	put(test, NULL);
	KUNIT_EXPECT_EQ(test, atomic64_read(&kh->heap.bad_frees), 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.sys, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void every_size_is_served_in_full(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_object o;
	size_t size;
	void *obj;

	for (size = 1; size <= GOSTAT_MAX_SMALL + PAGE_SIZE; size += 1 + size / 64) {
		obj = get(test, size, GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, gs_heap_lookup(heap, obj, &o));
		KUNIT_ASSERT_PTR_EQ(test, o.base, obj);
		KUNIT_ASSERT_GE(test, o.size, size);
		memset(obj, 0x5a, o.size);
		put(test, obj);
	}
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void powers_of_two_are_naturally_aligned(struct kunit *test)
{
	void *obj[40];
	size_t size;
	int i;

	for (size = 8; size <= GS_BLOCK_MAX; size *= 2) {
		for (i = 0; i < ARRAY_SIZE(obj) && i * size < GS_ARENA_SIZE; i++) {
			obj[i] = get(test, size, GFP_KERNEL);
			KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)obj[i],
							   size));
		}
		while (i--)
			put(test, obj[i]);
	}
}

static void zeroed_if_asked_whatever_was_there(struct kunit *test)
{
	unsigned int id, turn;
	size_t size;
	void *obj;

	for (id = 1; id < GOSTAT_NR_CLASSES; id++) {
		size = gostat_class_size[id];
		for (turn = 0; turn < 3; turn++) {
			obj = get(test, size - 1, GFP_KERNEL | __GFP_ZERO);
			KUNIT_ASSERT_PTR_EQ(test, NULL, memchr_inv(obj, 0, size));
			memset(obj, 0xff, size);
			put(test, obj);
		}
	}
}

static void a_zone_gets_whole_pages_of_its_own(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_object o;
	void *obj;

	obj = get(test, 64, GFP_KERNEL | __GFP_DMA32 | __GFP_ZERO);
	KUNIT_EXPECT_EQ(test, virt_to_phys(obj) >> 32, 0);
	KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(obj, 0, PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, gs_heap_lookup(heap, obj, &o));
	KUNIT_EXPECT_EQ(test, o.size, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, o.class, 0);
	put(test, obj);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), 0);
}

/* --- lookup --------------------------------------------------------------- */

static void every_interior_address_finds_its_object(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_object o;
	unsigned int id;
	size_t size, off;
	void *obj;

	for (id = 1; id < GOSTAT_NR_CLASSES; id++) {
		size = gostat_class_size[id];
		put(test, get(test, size, GFP_KERNEL));
		obj = get(test, size, GFP_KERNEL);
		for (off = 0; off < size; off += size > 1024 ? 97 : 1) {
			KUNIT_ASSERT_TRUE(test, gs_heap_lookup(heap, obj + off,
							       &o));
			KUNIT_ASSERT_PTR_EQ(test, o.base, obj);
		}
		KUNIT_ASSERT_TRUE(test, gs_heap_lookup(heap, obj + size - 1, &o));
		KUNIT_EXPECT_PTR_EQ(test, o.base, obj);
		KUNIT_EXPECT_EQ(test, o.size, size);
		KUNIT_EXPECT_EQ(test, o.class, id);
		KUNIT_EXPECT_EQ(test, o.state, GOSTAT_SMALL);
		KUNIT_EXPECT_EQ(test, o.span_pages, gostat_class_pages[id]);
		put(test, obj);
	}
}

static void the_tail_of_a_span_is_no_object(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 48);
	void *obj = get(test, 48, GFP_KERNEL);
	unsigned long span = (unsigned long)obj & PAGE_MASK, end;

	end = span + class->nelems * class->size;
	if (end < span + class->npages * PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, state_of(test, (void *)end), GOSTAT_SMALL);
	put(test, obj);
}

static void pages_between_spans_are_idle(struct kunit *test)
{
	void *obj = get(test, 100000, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, state_of(test, obj), GOSTAT_LARGE);
	put(test, obj);
	KUNIT_EXPECT_EQ(test, state_of(test, obj), GOSTAT_IDLE);
	KUNIT_EXPECT_EQ(test, state_of(test, obj + 5), GOSTAT_IDLE);
}

/* The rest of an arena that has one block belongs to somebody else. */
static void slots_without_a_page_are_foreign(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long at = kh_region(kh, 0);
	void *obj;

	if (GS_MIN_BLOCK == PAGE_SIZE)
		kunit_skip(test, "blocks of one page are not placed");
	kh_limit_order(kh, ilog2(GS_MIN_BLOCK >> PAGE_SHIFT));
	kh_place(kh, at + GS_MIN_BLOCK);
	obj = get(test, 64, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, (unsigned long)obj & ~(GS_ARENA_SIZE - 1), at);
	KUNIT_EXPECT_EQ(test, state_of(test, (void *)at), GOSTAT_FOREIGN);
	KUNIT_EXPECT_EQ(test, state_of(test, (void *)at + 2 * GS_MIN_BLOCK),
			GOSTAT_FOREIGN);
	KUNIT_EXPECT_EQ(test, state_of(test, (void *)at + 2 * GS_MIN_BLOCK - 1),
			GOSTAT_IDLE);
	put(test, obj);
}

static void strangers_are_foreign(struct kunit *test)
{
	void *virt = vmalloc(PAGE_SIZE), *theirs = kmalloc(64, GFP_KERNEL);
	void *obj = get(test, 64, GFP_KERNEL);
	const void *stranger[] = {
		NULL, ZERO_SIZE_PTR, (void *)4096, (void *)TASK_SIZE - 1,
		(void *)ULONG_MAX, virt, theirs, test, state_of,
		(void *)PAGE_OFFSET, (void *)PAGE_OFFSET - 1,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(stranger); i++)
		KUNIT_EXPECT_EQ(test, state_of(test, stranger[i]),
				GOSTAT_FOREIGN);
	vfree(virt);
	kfree(theirs);
	put(test, obj);
}

/* --- random use ----------------------------------------------------------- */

#define LIVE	150
#define TURNS	10000

static size_t random_size(struct rnd_state *rnd)
{
	unsigned int dice = prandom_u32_state(rnd) % 100;

	if (dice < 80)
		return 1 + prandom_u32_state(rnd) % 1024;
	if (dice < 97)
		return 1 + prandom_u32_state(rnd) % GOSTAT_MAX_SMALL;
	return 1 + prandom_u32_state(rnd) % (256 << 10);
}

/* One allocation or free; each object is full of its own number. */
static void random_turn(struct kunit *test, struct rnd_state *rnd, u8 **obj,
			size_t *size)
{
	unsigned int i = prandom_u32_state(rnd) % LIVE;
	gfp_t zero = prandom_u32_state(rnd) % 4 ? 0 : __GFP_ZERO;

	if (obj[i]) {
		KUNIT_ASSERT_PTR_EQ(test, NULL, memchr_inv(obj[i], i, size[i]));
		put(test, obj[i]);
		obj[i] = NULL;
		return;
	}
	size[i] = random_size(rnd);
	obj[i] = get(test, size[i], GFP_KERNEL | zero);
	if (zero)
		KUNIT_ASSERT_PTR_EQ(test, NULL, memchr_inv(obj[i], 0, size[i]));
	memset(obj[i], i, size[i]);
}

static void all_figures_are_right_after_each_of_10000_operations(struct kunit *test)
{
	u32 seed = ktime_get_ns();
	struct rnd_state rnd;
	unsigned int turn, i;
	size_t *size;
	u8 **obj;

	obj = kunit_kcalloc(test, LIVE, sizeof(*obj), GFP_KERNEL);
	size = kunit_kcalloc(test, LIVE, sizeof(*size), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, size);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	for (turn = 0; turn < TURNS; turn++) {
		random_turn(test, &rnd, obj, size);
		if (prandom_u32_state(&rnd) % 500 == 0)
			gs_cpucache_drain(&kh_of(test)->heap);
		KUNIT_ASSERT_TRUE_MSG(test, kh_check(kh_of(test)),
				      "turn %u of seed %u", turn, seed);
		cond_resched();
	}
	for (i = 0; i < LIVE; i++)
		put(test, obj[i]);
}

/* --- failure -------------------------------------------------------------- */

/* Small, of many classes; large; of vmalloc; more than one span and arena. */
static const size_t scenario[] = {
	64, 64, 8, 3000, 32768, 24576, 50000, 8, 700, 700, 1 << 20, 3 << 20,
	1 << 21, 16384, 128, 500000, 32, 4096, 4096, 12288,
};

/* Return the number of allocations that failed; each works when tried again. */
static unsigned int play(struct kunit *test, struct kunit_heap *kh,
			 unsigned long fail_at)
{
	void *obj[ARRAY_SIZE(scenario)];
	unsigned int i, failed = 0;

	kh_fail_at(kh, fail_at);
	for (i = 0; i < ARRAY_SIZE(scenario); i++) {
		obj[i] = gs_heap_alloc(&kh->heap, scenario[i], GFP_KERNEL);
		if (obj[i])
			continue;
		failed++;
		KUNIT_EXPECT_TRUE(test, kh_check(kh));
		obj[i] = gs_heap_alloc(&kh->heap, scenario[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj[i]);
	}
	KUNIT_ASSERT_TRUE(test, kh_check(kh));
	for (i = 0; i < ARRAY_SIZE(scenario); i++)
		gs_heap_free(&kh->heap, obj[i]);
	kh_settle(kh);
	KUNIT_ASSERT_TRUE(test, kh_check(kh));
	KUNIT_ASSERT_EQ(test, kh->heap.pages.inuse, 0);
	return failed;
}

/* Refuse the first page of one run, the second of the next, and so on. */
static void sweep(struct kunit *test, bool uncached)
{
	unsigned int null = 0, now;
	struct kunit_heap *kh;
	unsigned long n = 0;
	bool reached;

	do {
		kh = kh_new(test, uncached);
		now = play(test, kh, ++n);
		reached = kh->failed;
		KUNIT_EXPECT_LE(test, now, reached);
		null += now;
		kh_delete(kh);
	} while (reached);
	kunit_info(test, "%lu page allocations refused, %u calls failed", n - 1,
		   null);
	KUNIT_EXPECT_GT(test, n, 10);
	KUNIT_EXPECT_GT(test, null, 5);
}

static void any_page_may_fail(struct kunit *test)
{
	sweep(test, false);
	sweep(test, true);
}

static void no_page_at_all_fails_every_call_and_breaks_nothing(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(scenario); i++) {
		kh_fail_at(kh, 1);
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    gs_large_alloc(&kh->heap, scenario[i],
						   GFP_NOWAIT));
	}
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

/* --- the end -------------------------------------------------------------- */

static void a_drained_heap_has_nothing_in_use(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gostat_memstats ms;

	play(test, kh, 0);
	gs_memstats_read(&kh->heap, &ms);
	KUNIT_EXPECT_EQ(test, ms.heap_inuse, 0);
	KUNIT_EXPECT_EQ(test, ms.heap_alloc, 0);
	KUNIT_EXPECT_EQ(test, ms.heap_objects, 0);
	KUNIT_EXPECT_EQ(test, ms.mspan_inuse, 0);
	KUNIT_EXPECT_EQ(test, ms.nfree, ms.nmalloc);
	KUNIT_EXPECT_EQ(test, ms.nmalloc, ARRAY_SIZE(scenario));
}

/* The owner may still use it: reported, and kept. */
static void what_leaks_is_counted_and_kept(struct kunit *test)
{
	struct kunit_heap *kh = kh_new(test, false);
	static const size_t leak[] = { 64, 64, 3000, 100000, 3 << 20 };
	u8 *obj[ARRAY_SIZE(leak)];
	int i;

	for (i = 0; i < ARRAY_SIZE(leak); i++) {
		obj[i] = gs_heap_alloc(&kh->heap, leak[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj[i]);
		memset(obj[i], i, leak[i]);
	}
	gs_heap_free(&kh->heap, gs_heap_alloc(&kh->heap, 512, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, gs_heap_destroy(&kh->heap), ARRAY_SIZE(leak));
	for (i = 0; i < ARRAY_SIZE(leak); i++)
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    memchr_inv(obj[i], i, leak[i]));
	KUNIT_EXPECT_GT(test, kh->bytes, 0);
	KUNIT_EXPECT_EQ(test, kh->wrong_puts, 0);
	kh_free(kh);
}

/* The map that a wider one replaced goes after a grace period: in time. */
static void a_leak_leaves_no_callback_behind(struct kunit *test)
{
	struct kunit_heap *kh = kh_new(test, false);
	u64 bytes;
	int i;

	KUNIT_EXPECT_PTR_NE(test, NULL,
			    gs_heap_alloc(&kh->heap, 64, GFP_KERNEL));
	for (i = 1; i < 4; i++)
		gs_arena_prepare(&kh->heap,
				 PAGE_OFFSET + ((unsigned long)i << 36), 0,
				 GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, gs_heap_destroy(&kh->heap), 1);
	bytes = kh->bytes;
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, kh->bytes, bytes);
	kh_free(kh);
}

static struct kunit_case gostat_heap_cases[] = {
	KUNIT_CASE(nothing_is_free_and_freed),
	KUNIT_CASE(every_size_is_served_in_full),
	KUNIT_CASE(powers_of_two_are_naturally_aligned),
	KUNIT_CASE(zeroed_if_asked_whatever_was_there),
	KUNIT_CASE(a_zone_gets_whole_pages_of_its_own),
	KUNIT_CASE(every_interior_address_finds_its_object),
	KUNIT_CASE(the_tail_of_a_span_is_no_object),
	KUNIT_CASE(pages_between_spans_are_idle),
	KUNIT_CASE(slots_without_a_page_are_foreign),
	KUNIT_CASE(strangers_are_foreign),
	KUNIT_CASE(all_figures_are_right_after_each_of_10000_operations),
	KUNIT_CASE(any_page_may_fail),
	KUNIT_CASE(no_page_at_all_fails_every_call_and_breaks_nothing),
	KUNIT_CASE(a_drained_heap_has_nothing_in_use),
	KUNIT_CASE(what_leaks_is_counted_and_kept),
	KUNIT_CASE(a_leak_leaves_no_callback_behind),
	{}
};

static struct kunit_suite gostat_heap_suite = {
	.name = "gostat_heap",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_heap_cases,
};

kunit_test_suite(gostat_heap_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's heap as a whole");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
