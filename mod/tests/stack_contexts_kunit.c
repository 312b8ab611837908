// SPDX-License-Identifier: GPL-2.0
/*
 * The stack pool in every context: interrupts, softirqs, NMIs, other CPUs, all at
 * once. As with objects (contexts_kunit.c), whoever finds a CPU's byte taken goes
 * past its magazines and is counted all the same.
 *
 * The byte is raised by hand to stand for an operation that was interrupted, and
 * so is the count of NMIs: with interrupts off until it is lowered again.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>

#include "../stack.h"
#include "visit.h"

#define SIZE	4096	/* bytes */

static struct visit *stack_visit_of(struct kunit *test, unsigned int n)
{
	struct visit *v = visit_of(test, n, SIZE);

	v->get = gs_heap_stack_alloc;
	v->put = gs_heap_stack_free;
	return v;
}

static void expect_live(struct kunit *test, const struct visit *v)
{
	expect_all(test, v);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].total.stacks_live,
			v->n * SIZE);
}

static void expect_none(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].total.stacks_live, 0);
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].total.bad_frees, 0);
}

static struct gs_mag *mag_of(struct kunit *test, unsigned int cpu)
{
	return &per_cpu_ptr(kh_of(test)->heap.cpu, cpu)->
		mag[gostat_stack_handle(SIZE) >> GOSTAT_HANDLE_SHIFT];
}

/* This CPU gets a magazine, with something in it. */
static void get_used_to(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned int i;

	kh_pin(test);
	for (i = 0; i < 40; i++)
		gs_heap_stack_free(heap, gs_heap_stack_alloc(heap, SIZE,
							     GFP_KERNEL));
	KUNIT_ASSERT_GT(test, mag_of(test, raw_smp_processor_id())->word, 0);
}

/* --- one CPU -------------------------------------------------------------- */

static void a_nested_pair_goes_past_the_magazine(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	bool owner;
	void *buf;
	u64 word;

	get_used_to(test);
	word = mag_of(test, raw_smp_processor_id())->word;
	preempt_disable();
	owner = gs_cpu_trylock(heap->cpu);
	buf = gs_heap_stack_alloc(heap, SIZE, GFP_NOWAIT);
	gs_cpu_unlock(heap->cpu);
	preempt_enable();
	KUNIT_EXPECT_TRUE(test, owner);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));

	preempt_disable();
	gs_cpu_trylock(heap->cpu);
	gs_heap_stack_free(heap, buf);
	gs_cpu_unlock(heap->cpu);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, mag_of(test, raw_smp_processor_id())->word, word);
	expect_none(test);
}

static void interrupts_allocate_and_free(struct kunit *test)
{
	struct visit *v = stack_visit_of(test, BATCH);

	visit_in_irq(v, false);
	expect_live(test, v);
	visit_in_irq(v, true);
	expect_none(test);
}

static void softirqs_allocate_and_free(struct kunit *test)
{
	struct visit *v = stack_visit_of(test, BATCH);

	visit_in_softirq(v, false);
	expect_live(test, v);
	visit_in_softirq(v, true);
	expect_none(test);
}

static void an_interrupt_frees_a_guarded_buffer(struct kunit *test)
{
	struct visit *v = stack_visit_of(test, 1);

	v->objs[0] = gs_stack_alloc_guarded(v->heap, SIZE, GFP_KERNEL);
	expect_live(test, v);
	visit_in_irq(v, true);
	kh_settle(kh_of(test));
	expect_none(test);
}

/* --- NMIs ----------------------------------------------------------------- */

/* Of an owner that an NMI interrupts, which calls @fn. */
static void in_an_nmi(struct kunit *test,
		      void (*fn)(struct gs_heap *heap, const void *p),
		      const void *p)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned long flags;

	local_irq_save(flags);
	gs_cpu_trylock(heap->cpu);
	__preempt_count_add(NMI_OFFSET);
	fn(heap, p);
	__preempt_count_sub(NMI_OFFSET);
	gs_cpu_unlock(heap->cpu);
	local_irq_restore(flags);
	irq_work_sync(&raw_cpu_ptr(heap->cpu)->put_off_work);
}

static void a_free_in_an_nmi_is_put_off(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *buf, *obj;

	get_used_to(test);
	buf = gs_heap_stack_alloc(heap, SIZE, GFP_KERNEL);
	obj = gs_heap_alloc(heap, SIZE, GFP_KERNEL);
	in_an_nmi(test, gs_heap_stack_free, buf);
	in_an_nmi(test, gs_heap_free, obj);
	expect_none(test);
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].total.heap_objects, 0);
}

/* What is put off stays what it was called: the tag is no way in. */
static void an_nmi_frees_nothing_to_the_wrong_side(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *buf, *obj, *guarded;

	get_used_to(test);
	buf = gs_heap_stack_alloc(heap, SIZE, GFP_KERNEL);
	obj = gs_heap_alloc(heap, SIZE, GFP_KERNEL);
	guarded = gs_stack_alloc_guarded(heap, SIZE, GFP_KERNEL);
	in_an_nmi(test, gs_heap_free, buf);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), 1);
	in_an_nmi(test, gs_heap_free, buf + GS_PUT_OFF_STACK);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), 2);
	in_an_nmi(test, gs_heap_stack_free, obj);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), 3);
	in_an_nmi(test, gs_heap_stack_free, guarded);
	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), 4);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].total.stacks_live,
			SIZE + PAGE_ALIGN(SIZE));
	gs_heap_stack_free(heap, buf);
	gs_heap_free(heap, obj);
	gs_heap_stack_free(heap, guarded);
}

/* --- other CPUs ----------------------------------------------------------- */

static void a_free_on_another_cpu_is_exact_in_sum(struct kunit *test)
{
	struct visit *v = stack_visit_of(test, BATCH);
	unsigned int cpu;

	kh_pin(test);
	cpu = another_cpu(test);
	v->gfp = GFP_KERNEL;
	visit(v);
	expect_live(test, v);
	v->free = true;
	work_on_cpu(cpu, visit_thread, v);
	expect_none(test);
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].stack[1].nmalloc, BATCH);
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].stack[1].nfree, BATCH);
}

/* Nobody else uses this heap, so any CPU can play dead. */
static void a_dead_cpu_gives_its_buffers_back(struct kunit *test)
{
	struct visit *v = stack_visit_of(test, BATCH);
	unsigned int cpu = another_cpu(test);

	work_on_cpu(cpu, visit_thread, v);
	v->free = true;
	work_on_cpu(cpu, visit_thread, v);
	KUNIT_EXPECT_GT(test, mag_of(test, cpu)->word, 0);
	gs_cpucache_drain_dead(v->heap, cpu);
	KUNIT_EXPECT_EQ(test, mag_of(test, cpu)->word, 0);
	expect_none(test);
	KUNIT_EXPECT_EQ(test, kh_of(test)->snap[0].total.stacks_inuse, 0);
}

/* --- all at once ----------------------------------------------------------- */

#define SHELF	24
#define TURNS	3000

/**
 * struct team - threads that pass buffers and objects to each other
 * @heap: their heap
 * @shelf: what they have made; whoever takes one down owns it
 * @failed: allocations that failed
 * @spoilt: things found with other contents than their last owner's
 */
struct team {
	struct gs_heap *heap;
	struct thing *shelf[SHELF];
	atomic_t failed;
	atomic_t spoilt;
};

/**
 * struct thing - the head of a buffer or an object
 * @self: its address: nobody else writes that
 * @stack: it is a buffer
 */
struct thing {
	const void *self;
	bool stack;
};

static struct thing *make(struct team *team, struct rnd_state *rnd)
{
	u32 r = prandom_u32_state(rnd);
	bool stack = r & 1;
	struct thing *t;

	r = 1 + (r >> 1) % GOSTAT_STACK_MAX;
	if (stack)
		t = gs_heap_stack_alloc(team->heap, r, GFP_KERNEL);
	else
		t = gs_heap_alloc(team->heap, sizeof(*t) + r, GFP_KERNEL);
	if (!t) {
		atomic_inc(&team->failed);
		return NULL;
	}
	t->self = t;
	t->stack = stack;
	return t;
}

static void unmake(struct team *team, struct thing *t)
{
	if (!t)
		return;
	if (t->self != t)
		atomic_inc(&team->spoilt);
	t->self = NULL;
	if (t->stack)
		gs_heap_stack_free(team->heap, t);
	else
		gs_heap_free(team->heap, t);
}

static int team_member(void *data)
{
	struct team *team = data;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, (unsigned long)current);
	for (i = 0; i < TURNS; i++) {
		u32 r = prandom_u32_state(&rnd);
		struct thing *t = r & 1 ? make(team, &rnd) : NULL;

		unmake(team, xchg(&team->shelf[(r >> 1) % SHELF], t));
		cond_resched();
	}
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

/* A snapshot now and then, whose books must close. */
static void read_meanwhile(struct kunit *test, struct team *team)
{
	struct gostat_snapshot *snap = &kh_of(test)->snap[0];
	unsigned int i, j;
	u64 live;

	for (i = 0; i < 20; i++) {
		KUNIT_EXPECT_EQ(test, 0, gs_snapshot_take(team->heap, snap));
		for (j = 0, live = 0; j < GOSTAT_NR_STACKS; j++) {
			const struct gostat_class_stats *cs = &snap->stack[j];

			live += cs->size * cs->live;
			KUNIT_EXPECT_EQ(test, cs->capacity, cs->live +
					cs->cached + cs->central);
		}
		KUNIT_EXPECT_EQ(test, snap->total.stacks_live, live);
		KUNIT_EXPECT_LE(test, live, snap->total.stacks_inuse);
		gs_cpucache_drain(team->heap);
		msleep(20);
	}
}

static void threads_on_all_cpus_pass_buffers_around(struct kunit *test)
{
	struct team *team = kunit_kzalloc(test, sizeof(*team), GFP_KERNEL);
	struct task_struct *thread[4];
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, team);
	team->heap = &kh_of(test)->heap;
	for (i = 0; i < ARRAY_SIZE(thread); i++) {
		thread[i] = kthread_run(team_member, team, "gostat-team/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread[i]);
	}
	read_meanwhile(test, team);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		kthread_stop(thread[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&team->failed), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&team->spoilt), 0);
	for (i = 0; i < SHELF; i++)
		unmake(team, team->shelf[i]);
	expect_none(test);
}

static struct kunit_case gostat_stack_contexts_cases[] = {
	KUNIT_CASE(a_nested_pair_goes_past_the_magazine),
	KUNIT_CASE(interrupts_allocate_and_free),
	KUNIT_CASE(softirqs_allocate_and_free),
	KUNIT_CASE(an_interrupt_frees_a_guarded_buffer),
	KUNIT_CASE(a_free_in_an_nmi_is_put_off),
	KUNIT_CASE(an_nmi_frees_nothing_to_the_wrong_side),
	KUNIT_CASE(a_free_on_another_cpu_is_exact_in_sum),
	KUNIT_CASE(a_dead_cpu_gives_its_buffers_back),
	KUNIT_CASE(threads_on_all_cpus_pass_buffers_around),
	{}
};

static struct kunit_suite gostat_stack_contexts_suite = {
	.name = "gostat_stack_contexts",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_stack_contexts_cases,
};

kunit_test_suite(gostat_stack_contexts_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's stack pool in every context");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
