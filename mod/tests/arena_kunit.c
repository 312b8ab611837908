// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas: slots change state in pairs, the longest run is what a naive scan
 * says, and every address in the machine has an answer.
 *
 * Bookkeeping inside one arena is tried on descriptors that no heap knows. The
 * arena map is tried with addresses at which nothing need be: descriptors for a
 * block are made before the block is touched.
 */
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

#include "kunit_heap.h"

#define GIB	BIT(30)

/* Where the fake blocks lie: somewhere in the middle of the direct map. */
#define FAR	(PAGE_OFFSET + 1024 * GIB)

/* --- one arena, no heap -------------------------------------------------- */

static struct gs_arena *bare_arena(struct kunit *test)
{
	struct gs_arena *arena = kunit_kzalloc(test, sizeof(*arena), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	for (i = 0; i < GS_ARENA_ROWS; i++) {
		arena->row[i] = kunit_kzalloc(test, sizeof(struct gs_row),
					      GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena->row[i]);
	}
	return arena;
}

static struct gs_arena *whole_arena(struct kunit *test)
{
	struct gs_arena *arena = bare_arena(test);

	gs_arena_insert_block(arena, 0, GS_ARENA_ORDER);
	return arena;
}

static struct gs_span *span_at(const struct gs_arena *arena, unsigned int slot)
{
	return gs_arena_span(arena, (unsigned long)slot << PAGE_SHIFT);
}

static unsigned int naive_longest(const struct gs_arena *arena)
{
	unsigned int i, run = 0, longest = 0;

	for (i = 0; i < GS_ARENA_PAGES; i++) {
		run = test_bit(i, arena->free) ? run + 1 : 0;
		longest = max(longest, run);
	}
	return longest;
}

static bool naive_fits(const struct gs_arena *arena, unsigned int slot,
		       unsigned int npages)
{
	unsigned int i;

	for (i = slot; i < slot + npages; i++)
		if (i >= GS_ARENA_PAGES || !test_bit(i, arena->free))
			return false;
	return true;
}

/* Length of the free run around @slot. */
static unsigned int naive_run(const struct gs_arena *arena, unsigned int slot)
{
	unsigned int from = slot, to = slot;

	while (from && test_bit(from - 1, arena->free))
		from--;
	while (to < GS_ARENA_PAGES && test_bit(to, arena->free))
		to++;
	return to - from;
}

/* The lowest aligned place in the shortest run that has one. */
static unsigned int naive_best(const struct gs_arena *arena,
			       unsigned int npages, unsigned int align)
{
	unsigned int slot, best = GS_ARENA_PAGES, len = GS_ARENA_PAGES + 1;

	for (slot = 0; slot < GS_ARENA_PAGES; slot += align) {
		if (!naive_fits(arena, slot, npages) ||
		    naive_run(arena, slot) >= len)
			continue;
		best = slot;
		len = naive_run(arena, slot);
	}
	return best;
}

static void an_empty_arena_is_all_released(struct kunit *test)
{
	struct gs_arena *arena = bare_arena(test);

	KUNIT_EXPECT_EQ(test, gs_arena_best_run(arena, 1, 1), GS_ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, arena->longest, 0);
	KUNIT_EXPECT_EQ(test, arena->npresent, 0);
}

static void a_block_is_a_free_run(struct kunit *test)
{
	struct gs_arena *arena = bare_arena(test);

	gs_arena_insert_block(arena, 4 << PAGE_SHIFT, 2);
	KUNIT_EXPECT_EQ(test, arena->npresent, 4);
	KUNIT_EXPECT_EQ(test, arena->nfree, 4);
	KUNIT_EXPECT_EQ(test, arena->longest, 4);
	KUNIT_EXPECT_EQ(test, gs_arena_best_run(arena, 4, 1), 4);
	KUNIT_EXPECT_EQ(test, gs_arena_best_run(arena, 5, 1), GS_ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, bitmap_weight(arena->block, GS_ARENA_PAGES), 1);
	KUNIT_EXPECT_TRUE(test, test_bit(4, arena->block));
}

static void adjacent_blocks_are_one_run_of_two_blocks(struct kunit *test)
{
	struct gs_arena *arena = bare_arena(test);

	gs_arena_insert_block(arena, 4 << PAGE_SHIFT, 2);
	gs_arena_insert_block(arena, 0, 2);
	gs_arena_insert_block(arena, 16 << PAGE_SHIFT, 3);
	KUNIT_EXPECT_EQ(test, arena->longest, 8);
	KUNIT_EXPECT_EQ(test, arena->npresent, 16);
	KUNIT_EXPECT_EQ(test, bitmap_weight(arena->block, GS_ARENA_PAGES), 3);
	KUNIT_EXPECT_EQ(test, gs_arena_best_run(arena, 8, 1), 0);
}

static void taken_slots_lead_to_their_span_and_no_others(struct kunit *test)
{
	struct gs_arena *arena = whole_arena(test);
	struct gs_span *span = kunit_kzalloc(test, sizeof(*span), GFP_KERNEL);
	unsigned int from = GS_ROW_PAGES / 2, n = GS_ARENA_PAGES / 2, i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	gs_arena_take(arena, from, n, span, 32);
	for (i = 0; i < GS_ARENA_PAGES; i++) {
		bool mine = i >= from && i < from + n;

		KUNIT_EXPECT_PTR_EQ(test, span_at(arena, i), mine ? span : NULL);
		KUNIT_EXPECT_EQ(test, arena->handle[i], mine ? 32 : 0);
		KUNIT_EXPECT_EQ(test, test_bit(i, arena->free), !mine);
		KUNIT_EXPECT_TRUE(test, test_bit(i, arena->present));
	}
	KUNIT_EXPECT_EQ(test, arena->nspans, 1);
	KUNIT_EXPECT_EQ(test, arena->nfree, GS_ARENA_PAGES - n);
}

static void take_and_give_are_mirrors(struct kunit *test)
{
	struct gs_arena *arena = whole_arena(test);
	struct gs_arena *before = kunit_kzalloc(test, sizeof(*arena), GFP_KERNEL);
	struct gs_span *span = kunit_kzalloc(test, sizeof(*span), GFP_KERNEL);
	unsigned int from, n;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, before);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	gs_arena_take(arena, GS_ARENA_PAGES / 2, 1, span, 0);
	*before = *arena;
	for (n = 1; n <= GS_ARENA_PAGES / 2; n = 2 * n + 1) {
		for (from = 0; from + n <= GS_ARENA_PAGES / 2; from += n) {
			gs_arena_take(arena, from, n, span, 64);
			KUNIT_EXPECT_NE(test, 0,
					memcmp(arena, before, sizeof(*arena)));
			gs_arena_give(arena, from, n);
			KUNIT_ASSERT_EQ(test, 0,
					memcmp(arena, before, sizeof(*arena)));
			KUNIT_ASSERT_PTR_EQ(test, span_at(arena, from), NULL);
		}
	}
}

/*
 * One step of the random walk: take the best run for a random request, or give
 * back whatever span a random slot is in. Lengths are kept in @len.
 */
static void random_step(struct gs_arena *arena, struct rnd_state *rnd,
			struct gs_span *span, u16 *len)
{
	unsigned int slot = prandom_u32_state(rnd) % GS_ARENA_PAGES;
	unsigned int n = 1 + prandom_u32_state(rnd) % 24;

	while (slot && span_at(arena, slot) && !len[slot])
		slot--;
	if (len[slot]) {
		gs_arena_give(arena, slot, len[slot]);
		len[slot] = 0;
		return;
	}
	slot = gs_arena_best_run(arena, n, 1);
	if (slot == GS_ARENA_PAGES)
		return;
	gs_arena_take(arena, slot, n, span, 96);
	len[slot] = n;
}

static void the_longest_run_equals_a_naive_recount(struct kunit *test)
{
	struct gs_span *span = kunit_kzalloc(test, sizeof(*span), GFP_KERNEL);
	u16 *len = kunit_kcalloc(test, GS_ARENA_PAGES, sizeof(*len), GFP_KERNEL);
	struct gs_arena *arena = whole_arena(test);
	struct rnd_state rnd;
	unsigned int step;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, len);
	prandom_seed_state(&rnd, 2);
	for (step = 0; step < 10000; step++) {
		random_step(arena, &rnd, span, len);
		KUNIT_ASSERT_EQ(test, arena->longest, naive_longest(arena));
		KUNIT_ASSERT_EQ(test, arena->nfree,
				bitmap_weight(arena->free, GS_ARENA_PAGES));
	}
}

static void the_best_run_equals_a_naive_search(struct kunit *test)
{
	struct gs_span *span = kunit_kzalloc(test, sizeof(*span), GFP_KERNEL);
	u16 *len = kunit_kcalloc(test, GS_ARENA_PAGES, sizeof(*len), GFP_KERNEL);
	struct gs_arena *arena = whole_arena(test);
	unsigned int step, n, align;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, len);
	prandom_seed_state(&rnd, 3);
	for (step = 0; step < 1000; step++) {
		random_step(arena, &rnd, span, len);
		n = 1 + prandom_u32_state(&rnd) % 20;
		align = 1 << prandom_u32_state(&rnd) % 5;
		KUNIT_ASSERT_EQ_MSG(test, gs_arena_best_run(arena, n, align),
				    naive_best(arena, n, align),
				    "step %u: %u pages aligned to %u", step, n,
				    align);
	}
}

/* --- the arena map ------------------------------------------------------- */

static const struct gs_arena *arena_of(struct kunit_heap *kh, unsigned long addr)
{
	const struct gs_arena *arena;

	rcu_read_lock();
	arena = gs_map_arena(rcu_dereference(kh->heap.map), addr);
	rcu_read_unlock();
	return arena;
}

static struct gs_arena *fake_arena(struct kunit *test, unsigned long addr)
{
	struct gs_arena *arena;

	arena = gs_arena_prepare(&kh_of(test)->heap, addr, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	return arena;
}

static void strangers_have_no_arena(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *virt = vmalloc(PAGE_SIZE);
	int here;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, virt);
	fake_arena(test, FAR);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, 0), &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, 4096), &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, TASK_SIZE - 1), &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, ULONG_MAX), &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, (unsigned long)virt),
			    &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, (unsigned long)&here),
			    &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, (unsigned long)kh_init),
			    &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, FAR - 1), &gs_no_arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, FAR + GS_ARENA_SIZE),
			    &gs_no_arena);
	vfree(virt);
}

static void every_address_of_an_arena_finds_it(struct kunit *test)
{
	struct gs_arena *arena = fake_arena(test, FAR + 5 * PAGE_SIZE);
	struct kunit_heap *kh = kh_of(test);

	KUNIT_EXPECT_EQ(test, arena->base, FAR);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, FAR), arena);
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, FAR + GS_ARENA_SIZE - 1), arena);
	KUNIT_EXPECT_EQ(test, gs_arena_slot(FAR), 0);
	KUNIT_EXPECT_EQ(test, gs_arena_slot(FAR + GS_ARENA_SIZE - 1),
			GS_ARENA_PAGES - 1);
}

static void a_new_arena_is_on_the_books_as_released(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	fake_arena(test, FAR);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.sys, GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.idle, GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.released, GS_ARENA_SIZE);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void descriptors_are_made_once(struct kunit *test)
{
	struct gs_arena *arena = fake_arena(test, FAR);
	struct kunit_heap *kh = kh_of(test);
	unsigned long requests = kh->requests;
	u64 inuse = kh->heap.pages.meta[GS_GC].inuse;

	KUNIT_EXPECT_PTR_EQ(test, fake_arena(test, FAR), arena);
	KUNIT_EXPECT_PTR_EQ(test, fake_arena(test, FAR + PAGE_SIZE), arena);
	KUNIT_EXPECT_EQ(test, kh->requests, requests);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.meta[GS_GC].inuse, inuse);
}

/* Rows are made for the blocks that come, not for the arena. */
static void a_block_gets_the_rows_it_needs(struct kunit *test)
{
	struct gs_arena *arena = fake_arena(test, FAR);
	struct gs_heap *heap = &kh_of(test)->heap;

	KUNIT_EXPECT_TRUE(test, arena->row[0]);
	if (GS_ARENA_ROWS == 1)
		return;
	KUNIT_EXPECT_FALSE(test, arena->row[1]);
	gs_arena_prepare(heap, FAR + GS_ARENA_SIZE / 2, GS_ARENA_ORDER - 1,
			 GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, arena->row[1]);
	KUNIT_EXPECT_TRUE(test, arena->row[GS_ARENA_ROWS / 2]);
	KUNIT_EXPECT_TRUE(test, arena->row[GS_ARENA_ROWS - 1]);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* Arenas at FAR + step[i] GiB must all be found after each of them came. */
static void widen(struct kunit *test, const int *step, unsigned int n)
{
	const struct gs_arena *arena[8];
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		arena[i] = fake_arena(test, FAR + step[i] * GIB);
		rcu_barrier();
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
		for (j = 0; j < n; j++)
			KUNIT_EXPECT_PTR_EQ(test,
					    arena_of(kh_of(test),
						     FAR + step[j] * GIB),
					    j <= i ? arena[j] : &gs_no_arena);
	}
}

static void the_map_widens_upwards(struct kunit *test)
{
	static const int up[] = { 0, 1, 2, 3, 5, 9, 16, 40 };

	widen(test, up, ARRAY_SIZE(up));
}

static void the_map_widens_downwards(struct kunit *test)
{
	static const int down[] = { 0, -1, -2, -3, -5, -9, -16, -40 };

	widen(test, down, ARRAY_SIZE(down));
}

static void the_map_widens_both_ways_over_gaps(struct kunit *test)
{
	static const int both[] = { 0, 100, -100, 50, -50, 200, -120, 1 };

	widen(test, both, ARRAY_SIZE(both));
}

/* The map is one block of pages. What it cannot reach is not an arena. */
static void what_is_too_far_away_is_refused_quietly(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long far = FAR + 8192 * GIB;

	fake_arena(test, FAR);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_arena_prepare(&kh->heap, far, 0, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	KUNIT_EXPECT_PTR_EQ(test, arena_of(kh, far), &gs_no_arena);
}

/* A page of map holds a GiB's arenas: most arenas come without a new map. */
static void neighbours_share_a_map_on_either_side(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long i, n = PAGE_SIZE / sizeof(void *) - 16;
	const void *map;

	fake_arena(test, FAR);
	map = rcu_access_pointer(kh->heap.map);
	for (i = 1; i < n; i++)
		fake_arena(test, FAR + i * GS_ARENA_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, map, rcu_access_pointer(kh->heap.map));
	fake_arena(test, FAR - GS_ARENA_SIZE);
	map = rcu_access_pointer(kh->heap.map);
	for (i = 2; i < n / 2; i++)
		fake_arena(test, FAR - i * GS_ARENA_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, map, rcu_access_pointer(kh->heap.map));
}

static void failure_at_any_descriptor_closes_the_books(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned long n, base = FAR;
	bool failed = true;

	for (n = 1; failed; n++) {
		base += 3 * GIB;	/* needs a map, an arena and rows */
		kh_fail_at(kh, n);
		failed = !gs_arena_prepare(&kh->heap, base, GS_ARENA_ORDER,
					   GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, kh->failed, failed);
		rcu_barrier();
		KUNIT_ASSERT_TRUE(test, kh_check(kh));
		kh_fail_at(kh, 0);
		fake_arena(test, base);
	}
	KUNIT_EXPECT_GT(test, n, 2);
}

static void pages_obtained_are_counted_and_uncounted(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u64 before = kh->bytes;
	struct page *page;

	page = gs_source_get(&kh->heap, GFP_KERNEL | __GFP_ACCOUNT, 3);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	KUNIT_EXPECT_EQ(test, kh->asked[3] & kh_flags(__GFP_ACCOUNT), 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.obtained,
			before + 8 * PAGE_SIZE);
	gs_source_put(&kh->heap, page, 3);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.obtained, before);
	kh_fail_at(kh, 1);
	KUNIT_EXPECT_PTR_EQ(test, gs_source_get(&kh->heap, GFP_KERNEL, 0), NULL);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.obtained, before);
}

static struct kunit_case gostat_arena_cases[] = {
	KUNIT_CASE(an_empty_arena_is_all_released),
	KUNIT_CASE(a_block_is_a_free_run),
	KUNIT_CASE(adjacent_blocks_are_one_run_of_two_blocks),
	KUNIT_CASE(taken_slots_lead_to_their_span_and_no_others),
	KUNIT_CASE(take_and_give_are_mirrors),
	KUNIT_CASE(the_longest_run_equals_a_naive_recount),
	KUNIT_CASE(the_best_run_equals_a_naive_search),
	KUNIT_CASE(strangers_have_no_arena),
	KUNIT_CASE(every_address_of_an_arena_finds_it),
	KUNIT_CASE(a_new_arena_is_on_the_books_as_released),
	KUNIT_CASE(descriptors_are_made_once),
	KUNIT_CASE(a_block_gets_the_rows_it_needs),
	KUNIT_CASE(the_map_widens_upwards),
	KUNIT_CASE(the_map_widens_downwards),
	KUNIT_CASE(the_map_widens_both_ways_over_gaps),
	KUNIT_CASE(what_is_too_far_away_is_refused_quietly),
	KUNIT_CASE(neighbours_share_a_map_on_either_side),
	KUNIT_CASE(failure_at_any_descriptor_closes_the_books),
	KUNIT_CASE(pages_obtained_are_counted_and_uncounted),
	{}
};

static struct kunit_suite gostat_arena_suite = {
	.name = "gostat_arena",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_arena_cases,
};

kunit_test_suite(gostat_arena_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's arenas");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
