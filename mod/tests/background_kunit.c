// SPDX-License-Identifier: GPL-2.0
/*
 * The background scavenger: how much goes, when, and what that costs.
 *
 * These heaps do not look by themselves (but for the last tests): a test looks,
 * and lets time pass; the source says how long it takes to give a block back.
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "spans.h"

static struct gs_background *bg_of(struct kunit *test)
{
	return &kh_of(test)->heap.background;
}

static u64 look(struct kunit *test)
{
	return gs_background_look(&kh_of(test)->heap);
}

/* Look until there is no more to do just now; return the bytes that went. */
static u64 look_all(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u64 was = kh->heap.pages.released;

	do {
		look(test);
	} while (bg_of(test)->running);
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	return kh->heap.pages.released - was;
}

static void choose(struct kunit *test, enum gs_knob id, u32 value)
{
	gs_knob_set(&kh_of(test)->heap, id, value);
}

/* Giving a block back takes so long from now on; nothing is on its way back. */
static void cost(struct kunit *test, u64 ns)
{
	rcu_barrier();
	kh_of(test)->put_ns = ns;
}

/* Time passes, and with it the memory of what was used at most. */
static void forget_demand(struct kunit *test)
{
	look_all(test);
	kh_pass(kh_of(test), 1000);
	look_all(test);
	KUNIT_EXPECT_EQ(test, bg_of(test)->demand,
			gs_page_books_used(&kh_of(test)->heap.pages));
}

/* --- how much -------------------------------------------------------------- */

static void demand_decays_by_a_sixteenth_a_period(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(1600, 0, 0), 1600);
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(1600, 0, 1), 1500);
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(1600, 0, 2), 1500 - 1500 / 16);
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(15, 0, 4), 11);
}

static void demand_is_not_less_than_what_was_used(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(1600, 1590, 10), 1590);
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(1600, 1700, 0), 1700);
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(0, 0, U64_MAX), 0);
}

static void the_largest_demand_is_forgotten_in_time(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(S64_MAX, 0, 1000), 0);
	KUNIT_EXPECT_EQ(test, gs_demand_decayed(S64_MAX, 0, U64_MAX), 0);
}

static void the_margin_over_demand_is_kept(struct kunit *test)
{
	struct gs_page_books *pages = &kh_of(test)->heap.pages;
	struct gs_span *s[10];
	unsigned int i;

	choose(test, GS_KNOB_MARGIN, 25);
	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	for (i = 0; i < 10; i++)
		s[i] = span(test, GS_ARENA_PAGES);
	for (i = 4; i < 10; i++)
		drop(test, s[i]);
	KUNIT_EXPECT_EQ(test, look_all(test), 0);
	KUNIT_EXPECT_EQ(test, pages->scav.goal,
			10 * GS_ARENA_SIZE * 125 / 100);
	forget_demand(test);
	KUNIT_EXPECT_EQ(test, pages->scav.goal, 5 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, idle(test), GS_ARENA_SIZE);
	for (i = 0; i < 4; i++)
		drop(test, s[i]);
}

static void a_burst_that_comes_again_finds_its_pages(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u64 held = 0;
	unsigned int i;

	choose(test, GS_KNOB_IDLE_LIMIT, 5);
	choose(test, GS_KNOB_MARGIN, 100);
	for (i = 0; i < 20; i++) {
		burst(test, 8);
		kh_pass(kh, 10);
		look_all(test);
		if (i)
			KUNIT_EXPECT_EQ(test, kh->bytes, held);
		held = kh->bytes;
	}
	forget_demand(test);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
}

static void memory_in_sinks_is_in_use(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	void *buffer;

	choose(test, GS_KNOB_MARGIN, 0);
	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	buffer = gs_manual_alloc(&kh->heap, GS_ARENA_PAGES, GS_SINK_STACKS,
				 GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buffer);
	look(test);
	KUNIT_EXPECT_EQ(test, bg_of(test)->demand, GS_ARENA_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, NULL, gs_manual_free(&kh->heap, buffer,
						       GS_SINK_STACKS));
	forget_demand(test);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
}

/* --- when ------------------------------------------------------------------ */

static void what_is_idle_below_the_limit_stays(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	forget_demand(test);
	choose(test, GS_KNOB_IDLE_LIMIT, 3000);
	burst(test, 3);
	forget_demand(test);
	KUNIT_EXPECT_EQ(test, idle(test), 3 * GS_ARENA_SIZE);
	kh_pass(kh, 2001);
	KUNIT_EXPECT_EQ(test, look_all(test), 3 * GS_ARENA_SIZE);
}

static void the_next_look_is_when_the_oldest_page_may_go(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	choose(test, GS_KNOB_IDLE_LIMIT, 2000);
	burst(test, 2);
	forget_demand(test);
	look_all(test);
	KUNIT_EXPECT_EQ(test, look(test), 1001 * NSEC_PER_SEC);
	kh_pass(kh, 1001);
	KUNIT_EXPECT_EQ(test, look_all(test), 2 * GS_ARENA_SIZE);
}

static void whole_arenas_go_before_a_block_is_split(struct kunit *test)
{
	struct gs_span *a = span(test, GS_ARENA_PAGES), *b, *s;
	struct kunit_heap *kh = kh_of(test);

	b = span(test, GS_ARENA_PAGES);
	drop(test, a);
	s = span(test, GS_ARENA_PAGES / 2);	/* in the older arena */
	drop(test, b);
	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	choose(test, GS_KNOB_MARGIN, 100);
	forget_demand(test);
	KUNIT_EXPECT_EQ(test, kh->splits, 0);
	KUNIT_EXPECT_EQ(test, idle(test), GS_ARENA_SIZE / 2);
	choose(test, GS_KNOB_MARGIN, 0);
	look_all(test);
	KUNIT_EXPECT_EQ(test, kh->splits, 1);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
	drop(test, s);
}

static void when_it_is_off_nothing_goes(struct kunit *test)
{
	choose(test, GS_KNOB_ENABLED, 0);
	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	burst(test, 3);
	kh_pass(kh_of(test), 1000);
	KUNIT_EXPECT_EQ(test, look(test), GS_PARKED);
	kh_pass(kh_of(test), 1000);
	KUNIT_EXPECT_EQ(test, look(test), GS_PARKED);
	KUNIT_EXPECT_EQ(test, idle(test), 3 * GS_ARENA_SIZE);
	choose(test, GS_KNOB_ENABLED, 1);
	forget_demand(test);
	KUNIT_EXPECT_EQ(test, idle(test), 0);
}

/* --- how fast -------------------------------------------------------------- */

#define HOURS	3

/* A block costs 20 ms here, and there is always another one. */
static void it_costs_one_percent_of_a_cpu(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	u64 began = kh->ns, until = began + HOURS * 3600ULL * NSEC_PER_SEC;
	u64 ns, elapsed, pause;

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	choose(test, GS_KNOB_MARGIN, 0);
	cost(test, 20 * NSEC_PER_MSEC);
	while (kh->ns < until) {
		burst(test, 1);
		kh->heap.pages.used_peak = 0;
		bg_of(test)->demand = 0;
		pause = look(test);
		kh->ns += pause == GS_PARKED ? NSEC_PER_SEC : pause;
	}
	kh->put_ns = 0;
	ns = stats(test, GOSTAT_SCAV_BACKGROUND)->ns;
	elapsed = kh->ns - began;
	KUNIT_EXPECT_GE(test, ns * 1000, elapsed * 5);
	KUNIT_EXPECT_LE(test, ns * 1000, elapsed * 15);
	KUNIT_EXPECT_GE(test, gs_background_share(&kh->heap), 5000U);
	KUNIT_EXPECT_LE(test, gs_background_share(&kh->heap), 15000U);
}

static void the_pause_follows_the_pace(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	static const u32 pace[] = { 1, 10, 100, 500, 1000 };
	unsigned int i;

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	choose(test, GS_KNOB_MARGIN, 0);
	choose(test, GS_KNOB_PERIOD, 10);
	cost(test, 100 * NSEC_PER_MSEC);
	for (i = 0; i < ARRAY_SIZE(pace); i++) {
		choose(test, GS_KNOB_PACE, pace[i]);
		burst(test, 2);
		kh_pass(kh, 1000);
		look(test);		/* demand is forgotten after this one */
		kh_pass(kh, 1000);
		KUNIT_EXPECT_EQ(test, look(test),
				pace[i] == 1000 && !bg_of(test)->running ?
				10 * NSEC_PER_MSEC :
				100 * NSEC_PER_MSEC * (1000 - pace[i]) /
				pace[i]);
		look_all(test);
	}
	kh->put_ns = 0;
	forget_demand(test);
}

/* On a machine that is busy with others most of the time is theirs. */
static void time_without_a_cpu_is_not_work(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	choose(test, GS_KNOB_MARGIN, 0);
	burst(test, 1);
	look(test);
	kh_pass(kh, 1000);
	cost(test, 50 * NSEC_PER_MSEC);
	kh->put_waited_ns = 48 * NSEC_PER_MSEC;
	while (bg_of(test)->rel.released < GS_ARENA_SIZE)
		look(test);
	KUNIT_EXPECT_EQ(test, bg_of(test)->pause, 198 * NSEC_PER_MSEC);
}

/* Memory that becomes idle right after a look must not shorten its pause. */
static void the_pause_is_kept_while_parked(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	choose(test, GS_KNOB_MARGIN, 0);
	burst(test, 1);
	look(test);
	kh_pass(kh, 1000);
	cost(test, 50 * NSEC_PER_MSEC);
	while (bg_of(test)->rel.released < GS_ARENA_SIZE)
		look(test);
	kh->put_ns = 0;
	KUNIT_EXPECT_EQ(test, bg_of(test)->pause, 4950 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, gs_background_delay(bg_of(test)),
			4950 * NSEC_PER_MSEC);
	look(test);
	KUNIT_EXPECT_EQ(test, gs_background_delay(bg_of(test)), NSEC_PER_SEC);
}

/* A look stops when its time is over, and the run goes on with the next. */
static void a_run_takes_as_many_looks_as_it_needs(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_scav_record record;

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	look(test);
	kh_pass(kh, 1000);
	burst(test, 5);
	kh->heap.pages.used_peak = 0;
	cost(test, GS_QUANTUM_NS);
	look(test);
	KUNIT_EXPECT_EQ(test, idle(test), 4 * GS_ARENA_SIZE);
	KUNIT_EXPECT_FALSE(test, gs_scavtrace_get(&kh->heap, 0, &record));
	look_all(test);
	kh->put_ns = 0;
	KUNIT_EXPECT_EQ(test, idle(test), 0);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_BACKGROUND)->runs, 1);
	KUNIT_ASSERT_TRUE(test, gs_scavtrace_get(&kh->heap, 0, &record));
	KUNIT_EXPECT_EQ(test, record.cause, GOSTAT_SCAV_BACKGROUND);
	KUNIT_EXPECT_EQ(test, record.run, 5 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, record.whole, 5 * GS_ARENA_SIZE);
	KUNIT_EXPECT_EQ(test, record.ns, 5 * GS_QUANTUM_NS);
	KUNIT_EXPECT_FALSE(test, gs_scavtrace_get(&kh->heap, 1, &record));
}

/* What the heap's end finds unfinished it finishes. */
static void a_heap_may_go_in_the_middle_of_a_run(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	look(test);
	burst(test, 5);
	kh->heap.pages.used_peak = 0;
	cost(test, GS_QUANTUM_NS);
	look(test);
	KUNIT_EXPECT_TRUE(test, bg_of(test)->running);
	gs_background_stop(&kh->heap);
	KUNIT_EXPECT_FALSE(test, bg_of(test)->running);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_BACKGROUND)->runs, 1);
}

/* --- parking --------------------------------------------------------------- */

static void nothing_idle_means_no_look(struct kunit *test)
{
	struct gs_span *s;

	KUNIT_EXPECT_EQ(test, look(test), GS_PARKED);
	s = span(test, GS_ARENA_PAGES);
	KUNIT_EXPECT_EQ(test, look(test), GS_PARKED);
	KUNIT_EXPECT_TRUE(test, bg_of(test)->parked);
	drop(test, s);
	KUNIT_EXPECT_FALSE(test, bg_of(test)->parked);
}

static void what_is_kept_as_a_margin_needs_no_look(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s = span(test, GS_ARENA_PAGES);

	choose(test, GS_KNOB_MARGIN, 100);
	burst(test, 1);
	KUNIT_EXPECT_EQ(test, look(test), NSEC_PER_SEC);
	kh_pass(kh, 1000);
	KUNIT_EXPECT_EQ(test, look(test), GS_PARKED);
	KUNIT_EXPECT_EQ(test, idle(test), GS_ARENA_SIZE);
	drop(test, s);
}

/* A block in use nearly all of it is left alone, and waiting does not help. */
static void what_stays_whatever_its_age_needs_no_look(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_span *s;

	if (GS_DENSE >= GS_ARENA_PAGES)
		kunit_skip(test, "an arena has too few pages");
	choose(test, GS_KNOB_MARGIN, 0);
	burst(test, 1);
	s = span(test, GS_ARENA_PAGES - GS_ARENA_PAGES / GS_DENSE + 1);
	look(test);
	kh_pass(kh, 1000);
	KUNIT_EXPECT_EQ(test, look(test), GS_PARKED);
	KUNIT_EXPECT_GT(test, idle(test), 0);
	drop(test, s);
}

/* --- by itself ------------------------------------------------------------- */

/*
 * Wait until nothing is idle, for which the heap's time passes faster; false if
 * it takes more than 10 s.
 */
static bool goes(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 500 && gs_shrink_count(&kh_of(test)->heap); i++) {
		kh_pass(kh_of(test), 100);
		msleep(20);
	}
	return i < 500;
}

static void what_is_idle_goes_by_itself(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int i;

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	choose(test, GS_KNOB_PERIOD, 10);
	choose(test, GS_KNOB_PACE, 1000);
	gs_background_start(&kh->heap);
	for (i = 0; i < 3; i++) {
		burst(test, 3);
		KUNIT_EXPECT_TRUE(test, goes(test));
	}
	gs_background_stop(&kh->heap);
	KUNIT_EXPECT_EQ(test, stats(test, GOSTAT_SCAV_BACKGROUND)->released,
			9 * GS_ARENA_SIZE);
}

/* Stopped at any moment: before, while and after it looks. */
static void it_can_be_stopped_at_any_moment(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	unsigned int i;

	choose(test, GS_KNOB_IDLE_LIMIT, 0);
	choose(test, GS_KNOB_PERIOD, 10);
	choose(test, GS_KNOB_PACE, 1000);
	for (i = 0; i < 30; i++) {
		gs_background_start(&kh->heap);
		burst(test, 2);
		kh_pass(kh, 1000);
		usleep_range(i * 700, i * 700 + 100);
		gs_background_stop(&kh->heap);
		rcu_barrier();
		KUNIT_EXPECT_TRUE(test, kh_check(kh));
	}
}

/* --- knobs ----------------------------------------------------------------- */

static bool parses(enum gs_knob id, u64 value)
{
	char text[24];
	u32 v = ~value;

	snprintf(text, sizeof(text), "%llu\n", value);
	return !gs_knob_parse(id, text, &v) && v == value;
}

static void knobs_have_ranges(struct kunit *test)
{
	const struct gs_knob_range *range;
	unsigned int id;
	u32 v = 77;

	for (id = 0; id < GS_NR_KNOBS; id++) {
		range = &gs_knobs[id];
		KUNIT_EXPECT_TRUE(test, parses(id, range->min));
		KUNIT_EXPECT_TRUE(test, parses(id, range->def));
		KUNIT_EXPECT_TRUE(test, parses(id, range->max));
		KUNIT_EXPECT_FALSE(test, parses(id, range->max + 1ULL));
		KUNIT_EXPECT_FALSE(test, parses(id, range->min - 1ULL));
		KUNIT_EXPECT_EQ(test, gs_knob_parse(id, "", &v), -EINVAL);
		KUNIT_EXPECT_EQ(test, gs_knob_parse(id, "1x", &v), -EINVAL);
		KUNIT_EXPECT_EQ(test, gs_knob_parse(id, "-1", &v), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, v, 77U);
}

static struct kunit_case gostat_background_cases[] = {
	KUNIT_CASE(demand_decays_by_a_sixteenth_a_period),
	KUNIT_CASE(demand_is_not_less_than_what_was_used),
	KUNIT_CASE(the_largest_demand_is_forgotten_in_time),
	KUNIT_CASE(the_margin_over_demand_is_kept),
	KUNIT_CASE(a_burst_that_comes_again_finds_its_pages),
	KUNIT_CASE(memory_in_sinks_is_in_use),
	KUNIT_CASE(what_is_idle_below_the_limit_stays),
	KUNIT_CASE(the_next_look_is_when_the_oldest_page_may_go),
	KUNIT_CASE(whole_arenas_go_before_a_block_is_split),
	KUNIT_CASE(when_it_is_off_nothing_goes),
	KUNIT_CASE(it_costs_one_percent_of_a_cpu),
	KUNIT_CASE(the_pause_follows_the_pace),
	KUNIT_CASE(time_without_a_cpu_is_not_work),
	KUNIT_CASE(the_pause_is_kept_while_parked),
	KUNIT_CASE(a_run_takes_as_many_looks_as_it_needs),
	KUNIT_CASE(a_heap_may_go_in_the_middle_of_a_run),
	KUNIT_CASE(nothing_idle_means_no_look),
	KUNIT_CASE(what_is_kept_as_a_margin_needs_no_look),
	KUNIT_CASE(what_stays_whatever_its_age_needs_no_look),
	KUNIT_CASE(what_is_idle_goes_by_itself),
	KUNIT_CASE(it_can_be_stopped_at_any_moment),
	KUNIT_CASE(knobs_have_ranges),
	{}
};

static struct kunit_suite gostat_background_suite = {
	.name = "gostat_background",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_background_cases,
};

kunit_test_suite(gostat_background_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's background scavenger");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
