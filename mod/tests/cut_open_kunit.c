// SPDX-License-Identifier: GPL-2.0
/*
 * The cut, held open: what happens while it is taken is on its right side.
 *
 * Torture meets the moments between divert, flip and sweep by chance. Here they
 * are made, with the real reader, on three CPUs:
 *
 *	late	this test's: diverted, and has not joined yet
 *	joined	has kept the reader in D1 until late was diverted, by having its
 *		interrupts off, and then sees the flip
 *	reader	waits in D4, before it looks at CPUs, for the lock of a class
 *		that late holds and nobody uses; or, in some tests, does not
 *		wait and speaks for late
 *
 * What late or joined do once the flip was seen is after the cut. Nothing of it
 * may be in the snapshot, whatever layer it moves. The names D1 to D5 are those
 * of ../cut.h.
 */
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>

#include "kunit_heap.h"

#define SIZE	64		/* bytes */
#define MANY	100		/* objects: more than any magazine has at first */
#define LARGE	(GOSTAT_MAX_SMALL + PAGE_SIZE)
#define PATIENCE	(20 * NSEC_PER_SEC)	/* then something is stuck */

/**
 * struct stage - a cut held open
 * @heap: whose
 * @ready: on the CPU to be late, before the cut; may leave preemption off
 * @diverted: on the same, between D1 and D2, interrupts off
 * @joined: on the CPU that has joined
 * @late: on the late one, after @joined, interrupts off
 * @objs: for these to pass to each other
 * @kept: the CPU that keeps the reader in D1 does so
 * @go: it shall not any more
 * @passed: it has called @joined
 * @read: the reader has its snapshot
 * @stuck: somebody lost patience
 * @spoken: the reader does not wait for late
 * @colour: of the cut before
 * @err: the reader's
 * @snap: its snapshot
 */
struct stage {
	struct gs_heap *heap;
	void (*ready)(struct stage *st);
	void (*diverted)(struct stage *st);
	void (*joined)(struct stage *st);
	void (*late)(struct stage *st);
	void *objs[MANY];
	bool kept;
	bool go;
	bool passed;
	bool read;
	bool stuck;
	bool spoken;
	u32 colour;
	int err;
	struct gostat_snapshot snap;
};

static bool lost_patience(struct stage *st, u64 since)
{
	if (ktime_get_mono_fast_ns() - since > PATIENCE)
		WRITE_ONCE(st->stuck, true);
	return READ_ONCE(st->stuck);
}

/* What was done before is seen by who spins for @flag. */
static void set_flag(bool *flag)
{
	/* Pairs with the acquire in spin_for() and hold_a_cut_open(). */
	smp_store_release(flag, true);
}

/* Spin until somebody sets @flag. Interrupts as they are. */
static void spin_for(struct stage *st, const bool *flag)
{
	u64 since = ktime_get_mono_fast_ns();

	/* Pairs with the release in set_flag(). */
	while (!smp_load_acquire(flag) && !lost_patience(st, since))
		cpu_relax();
}

static int until_stopped(void)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int joined_thread(void *data)
{
	u64 since = ktime_get_mono_fast_ns();
	struct stage *st = data;

	local_irq_disable();
	set_flag(&st->kept);
	spin_for(st, &st->go);
	local_irq_enable();
	while (READ_ONCE(st->heap->colour) == st->colour &&
	       !lost_patience(st, since))
		cpu_relax();
	if (st->joined)
		st->joined(st);
	set_flag(&st->passed);
	return until_stopped();
}

static int reader_thread(void *data)
{
	struct stage *st = data;

	st->err = gs_snapshot_take(st->heap, &st->snap);
	set_flag(&st->read);
	return until_stopped();
}

static struct task_struct *thread_on(struct kunit *test, int (*fn)(void *),
				     void *data, unsigned int cpu)
{
	struct task_struct *task = kthread_create(fn, data, "gostat-cut/%u",
						  cpu);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kthread_bind(task, cpu);
	return task;
}

/* Wait with interrupts on until D1 reaches this CPU; come back with them off. */
static void until_diverted(struct stage *st)
{
	s8 owned = raw_cpu_read(st->heap->cpu->lock);
	u64 since = ktime_get_mono_fast_ns();

	for (;;) {
		local_irq_disable();
		if (raw_cpu_read(st->heap->cpu->lock) == owned + GS_DIVERT ||
		    lost_patience(st, since))
			return;
		local_irq_enable();
		cpu_relax();
	}
}

/* The part of the late CPU. */
static void play(struct stage *st, struct task_struct *reader)
{
	/* The last to be swept; nothing of its size is allocated here. */
	raw_spinlock_t *lock = &st->heap->class[GS_NR_CLASSES - 1].lock;

	if (st->ready)
		st->ready(st);
	wake_up_process(reader);
	until_diverted(st);
	if (st->diverted)
		st->diverted(st);
	if (!st->spoken)
		raw_spin_lock_nested(lock, SINGLE_DEPTH_NESTING);
	set_flag(&st->go);
	spin_for(st, &st->passed);
	if (st->spoken)
		spin_for(st, &st->read);
	if (st->late)
		st->late(st);
	if (!st->spoken)
		raw_spin_unlock(lock);
	local_irq_enable();
	spin_for(st, &st->read);
}

static void join(void *data)
{
	gs_cut_join(data, NULL, false);
}

static unsigned int cpu_after(unsigned int cpu)
{
	cpu = cpumask_next(cpu, cpu_online_mask);
	return cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask);
}

static void hold_a_cut_open(struct kunit *test, struct stage *st)
{
	unsigned int joined = cpu_after(raw_smp_processor_id());
	unsigned int reader = cpu_after(joined);
	struct task_struct *thread[2];

	st->heap = &kh_of(test)->heap;
	on_each_cpu(join, st->heap, 1);		/* all are fast */
	st->colour = st->heap->colour;
	thread[0] = thread_on(test, joined_thread, st, joined);
	thread[1] = thread_on(test, reader_thread, st, reader);
	wake_up_process(thread[0]);
	while (!smp_load_acquire(&st->kept))	/* pairs with set_flag() */
		cond_resched();
	play(st, thread[1]);
	kthread_stop(thread[0]);
	kthread_stop(thread[1]);
	KUNIT_ASSERT_FALSE(test, st->stuck);
	KUNIT_ASSERT_EQ(test, st->err, 0);
}

static struct stage *stage_of(struct kunit *test)
{
	struct stage *st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);

	if (num_online_cpus() < 3)
		kunit_skip(test, "a cut is held open by three CPUs");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, st);
	return st;
}

/* The snapshot is what it was @before; a few figures are as of the reading. */
static void expect_nothing_of_it(struct kunit *test,
				 const struct gostat_snapshot *before,
				 struct stage *st)
{
	const u64 *want = (const u64 *)before, *have = (const u64 *)&st->snap;
	unsigned int i;

	st->snap.number = before->number;
	st->snap.time = before->time;
	st->snap.total.cuts = before->total.cuts;
	st->snap.total.peak_live = before->total.peak_live;
	for (i = 0; i < sizeof(*before) / sizeof(u64); i++)
		KUNIT_EXPECT_EQ_MSG(test, have[i], want[i], "figure %u", i);
}

/* Hold a cut open, and expect in it what a cut before it said. */
static void expect_all_of_it_after(struct kunit *test, struct stage *st)
{
	struct gostat_snapshot *before;

	before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, before);
	KUNIT_ASSERT_TRUE(test, kh_check(kh_of(test)));
	KUNIT_ASSERT_EQ(test, 0, gs_snapshot_take(&kh_of(test)->heap, before));
	hold_a_cut_open(test, st);
	expect_nothing_of_it(test, before, st);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static int pinned_heap(struct kunit *test)
{
	kh_pin(test);
	return kh_init(test);
}

static void get_on(struct kunit *test, struct stage *st, unsigned int n,
		   size_t size)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		st->objs[i] = gs_heap_alloc(&kh_of(test)->heap, size,
					    GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, st->objs[i]);
	}
}

static void put_all(struct kunit *test, struct stage *st)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		gs_heap_free(&kh_of(test)->heap, st->objs[i]);
		st->objs[i] = NULL;
	}
}

/* A magazine with some, central with some, pages with neither. */
static void prime(struct kunit *test, struct stage *st)
{
	get_on(test, st, MANY, SIZE);
	put_all(test, st);
	get_on(test, st, 1, 8 * LARGE);
	put_all(test, st);
}

/* --- operations after the cut --------------------------------------------- */

static void alloc_one(struct stage *st)
{
	st->objs[0] = gs_heap_alloc(st->heap, SIZE, GFP_NOWAIT);
}

static void free_one(struct stage *st)
{
	gs_heap_free(st->heap, st->objs[0]);
	st->objs[0] = NULL;
}

static void alloc_many(struct stage *st)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		st->objs[i] = gs_heap_alloc(st->heap, SIZE, GFP_NOWAIT);
}

static void free_many(struct stage *st)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		gs_heap_free(st->heap, st->objs[i]);
		st->objs[i] = NULL;
	}
}

static void alloc_large(struct stage *st)
{
	st->objs[0] = gs_heap_alloc(st->heap, LARGE, GFP_NOWAIT);
}

/* As an interrupt that finds the byte taken. */
static void free_one_nested(struct stage *st)
{
	gs_cpu_trylock(st->heap->cpu);
	free_one(st);
	gs_cpu_unlock(st->heap->cpu);
}

static void alloc_one_nested(struct stage *st)
{
	gs_cpu_trylock(st->heap->cpu);
	alloc_one(st);
	gs_cpu_unlock(st->heap->cpu);
}

/*
 * The one that a plain sum gets wrong: the allocation is not in it, for its CPU
 * had been read, and the free is.
 */
static void what_is_allocated_after_the_cut_is_freed_after_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->joined = alloc_one;
	st->late = free_one;
	prime(test, st);
	expect_all_of_it_after(test, st);
}

static void what_is_freed_after_the_cut_is_allocated_again_after_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->joined = free_one;
	st->late = alloc_one;
	prime(test, st);
	get_on(test, st, 1, SIZE);
	expect_all_of_it_after(test, st);
	put_all(test, st);
}

static void refills_after_the_cut_are_not_in_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->late = alloc_many;
	prime(test, st);
	expect_all_of_it_after(test, st);
	put_all(test, st);
}

static void flushes_after_the_cut_are_not_in_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->late = free_many;
	prime(test, st);
	get_on(test, st, MANY, SIZE);
	expect_all_of_it_after(test, st);
}

/*
 * The late CPU does not answer, its interrupts are off until the reader has its
 * snapshot: the reader speaks for it, before late acts.
 */
static void a_cpu_that_does_not_answer_is_spoken_for(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->joined = alloc_one;
	st->late = free_one;
	st->spoken = true;
	prime(test, st);
	expect_all_of_it_after(test, st);
	st = stage_of(test);
	st->late = alloc_many;
	st->spoken = true;
	expect_all_of_it_after(test, st);
	put_all(test, st);
}

/* The class comes out of nothing: descriptors, pages, a magazine. */
static void growth_after_the_cut_is_not_in_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "no pages with interrupts off");
	st->late = alloc_many;
	expect_all_of_it_after(test, st);
	put_all(test, st);
}

static void large_objects_after_the_cut_are_not_in_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->joined = alloc_large;
	st->late = free_one;
	prime(test, st);
	expect_all_of_it_after(test, st);
	st = stage_of(test);
	st->late = alloc_large;
	expect_all_of_it_after(test, st);
	put_all(test, st);
}

/* Past the magazines: nobody but the class's lock makes the CPU join. */
static void interrupts_after_the_cut_are_not_in_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->late = alloc_one_nested;
	prime(test, st);
	expect_all_of_it_after(test, st);
	put_all(test, st);
}

/* The span leaves its class and comes back to the page heap in one move. */
static void a_span_that_empties_after_the_cut_is_not_in_it(struct kunit *test)
{
	struct stage *st = stage_of(test);

	st->late = free_one_nested;
	get_on(test, st, 1, SIZE);
	kh_settle(kh_of(test));
	KUNIT_ASSERT_EQ(test, kh_class(kh_of(test), SIZE)->books.nspans, 1);
	expect_all_of_it_after(test, st);
	KUNIT_EXPECT_EQ(test, kh_class(kh_of(test), SIZE)->books.nspans, 0);
}

/* --- operations before the flip, and across it ----------------------------- */

/* Diverted is not cut: before the flip all is as ever, only slower. */
static void what_happens_between_divert_and_flip_is_in_the_cut(struct kunit *test)
{
	struct stage *st = stage_of(test);
	struct gostat_class_stats *cs = &st->snap.class[gostat_class_of(SIZE)];

	st->diverted = alloc_one;
	prime(test, st);
	hold_a_cut_open(test, st);
	KUNIT_EXPECT_EQ(test, cs->nmalloc, MANY + 1);
	KUNIT_EXPECT_EQ(test, cs->live, 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	put_all(test, st);
}

static void take_the_byte(struct stage *st)
{
	preempt_disable();
	gs_cpu_trylock(st->heap->cpu);
}

/* The rest of gs_cpucache_pop(). */
static void finish_the_allocation(struct stage *st)
{
	unsigned long handle = gostat_handle(SIZE);
	unsigned long count = gs_mag_count(st->heap->cpu, handle);

	st->objs[0] = this_cpu_read(*gs_mag_slot(st->heap->cpu,
						 handle))[count - 1];
	this_cpu_add(*gs_mag_word(st->heap->cpu, handle), GS_MAG_POP);
	gs_cpu_unlock(st->heap->cpu);
	preempt_enable();
}

/* Its one addition decides: here it comes before its CPU is swept. */
static void an_operation_in_flight_across_the_flip_is_whole(struct kunit *test)
{
	struct stage *st = stage_of(test);
	struct gostat_class_stats *cs = &st->snap.class[gostat_class_of(SIZE)];

	st->ready = take_the_byte;
	st->late = finish_the_allocation;
	prime(test, st);
	hold_a_cut_open(test, st);
	KUNIT_EXPECT_EQ(test, cs->nmalloc, MANY + 1);
	KUNIT_EXPECT_EQ(test, cs->live, 1);
	KUNIT_EXPECT_EQ(test, cs->capacity, cs->live + cs->cached + cs->central);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	put_all(test, st);
}

/* --- CPUs that are not there ----------------------------------------------- */

static long pairs(void *data)
{
	struct gs_heap *heap = data;
	int i;

	for (i = 0; i < MANY; i++)
		gs_heap_free(heap, gs_heap_alloc(heap, SIZE, GFP_KERNEL));
	return 0;
}

static u64 nmalloc_of(struct kunit *test)
{
	struct gostat_class_stats cs = {};

	KUNIT_EXPECT_EQ(test, 0, gs_class_stats_read(&kh_of(test)->heap,
						     gostat_class_of(SIZE),
						     &cs));
	return cs.nmalloc;
}

/* Nobody speaks for a CPU that is offline but the reader. */
static void a_cpu_that_is_offline_is_in_every_cut(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned int cpu = nr_cpu_ids - 1;

	if (cpu == raw_smp_processor_id())
		cpu--;
	if (!cpu || !cpu_online(cpu))
		kunit_skip(test, "no CPU can go offline");
	KUNIT_EXPECT_EQ(test, nmalloc_of(test), 0);
	work_on_cpu(cpu, pairs, heap);
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_EXPECT_EQ(test, nmalloc_of(test), MANY);
	pairs(heap);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test), 2 * MANY);
	KUNIT_ASSERT_EQ(test, 0, add_cpu(cpu));
	KUNIT_EXPECT_EQ(test, nmalloc_of(test), 2 * MANY);
	work_on_cpu(cpu, pairs, heap);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test), 3 * MANY);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static struct kunit_case gostat_cut_open_cases[] = {
	KUNIT_CASE(what_is_allocated_after_the_cut_is_freed_after_it),
	KUNIT_CASE(what_is_freed_after_the_cut_is_allocated_again_after_it),
	KUNIT_CASE(refills_after_the_cut_are_not_in_it),
	KUNIT_CASE(flushes_after_the_cut_are_not_in_it),
	KUNIT_CASE(a_cpu_that_does_not_answer_is_spoken_for),
	KUNIT_CASE(growth_after_the_cut_is_not_in_it),
	KUNIT_CASE(large_objects_after_the_cut_are_not_in_it),
	KUNIT_CASE(interrupts_after_the_cut_are_not_in_it),
	KUNIT_CASE(a_span_that_empties_after_the_cut_is_not_in_it),
	KUNIT_CASE(what_happens_between_divert_and_flip_is_in_the_cut),
	KUNIT_CASE(an_operation_in_flight_across_the_flip_is_whole),
	KUNIT_CASE(a_cpu_that_is_offline_is_in_every_cut),
	{}
};

/* With KCSAN's delays, waiting with interrupts off is a lockup. */
static int cut_open_init(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_KCSAN))
		kunit_skip(test, "waits for long with interrupts off");
	return pinned_heap(test);
}

static void cut_open_exit(struct kunit *test)
{
	if (test->priv)
		kh_exit(test);
}

static struct kunit_suite gostat_cut_open_suite = {
	.name = "gostat_cut_open",
	.init = cut_open_init,
	.exit = cut_open_exit,
	.test_cases = gostat_cut_open_cases,
};

kunit_test_suite(gostat_cut_open_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's cut, held open");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
