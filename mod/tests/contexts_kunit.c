// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts: interrupts, softirqs, other CPUs, all at once. Whoever finds a CPU's
 * lock byte taken goes past its magazines and is counted all the same.
 *
 * The byte is raised by hand to stand for an operation that was interrupted.
 * Expectations allocate, so they are stated when preemption is on again.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>

#include "visit.h"

#define SIZE	64	/* bytes */

static u64 nmalloc_of(struct kunit *test, size_t size)
{
	struct gostat_class_stats cs;

	gs_class_stats_read(&kh_of(test)->heap, gostat_class_of(size), &cs);
	return cs.nmalloc;
}

/* One object out, one in central, a magazine with some. */
static void *prime(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *a = gs_heap_alloc(heap, SIZE, GFP_KERNEL);
	void *b = gs_heap_alloc(heap, SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	gs_heap_free(heap, b);
	return a;
}

/* --- nested --------------------------------------------------------------- */

static u64 *word_of(struct kunit *test)
{
	struct gs_cpu *cpu = raw_cpu_ptr(kh_of(test)->heap.cpu);

	return &cpu->mag[gostat_class_of(SIZE)].word;
}

static void a_nested_allocation_goes_past_the_magazine(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	void *a, *obj;
	u64 word, nmalloc, nfree;
	bool owner;

	kh_pin(test);
	a = prime(test);
	word = *word_of(test);
	nmalloc = class->books.nmalloc;
	nfree = class->books.nfree;

	preempt_disable();
	owner = gs_cpu_trylock(heap->cpu);
	obj = gs_heap_alloc(heap, SIZE, GFP_NOWAIT);
	gs_cpu_unlock(heap->cpu);
	preempt_enable();

	KUNIT_EXPECT_TRUE(test, owner);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, *word_of(test), word);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, nmalloc + 1);
	KUNIT_EXPECT_EQ(test, class->books.nfree, nfree - 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	gs_heap_free(heap, obj);
	gs_heap_free(heap, a);
}

static void a_nested_free_goes_past_the_magazine(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	u64 word, nfree;
	void *a;

	kh_pin(test);
	a = prime(test);
	word = *word_of(test);
	nfree = class->books.nfree;

	preempt_disable();
	gs_cpu_trylock(heap->cpu);
	gs_heap_free(heap, a);
	gs_cpu_unlock(heap->cpu);
	preempt_enable();

	KUNIT_EXPECT_EQ(test, *word_of(test), word);
	KUNIT_EXPECT_EQ(test, class->books.nfree, nfree + 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void a_nested_double_free_is_found_at_once(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *a, *b;

	kh_pin(test);
	a = prime(test);
	b = gs_heap_alloc(heap, SIZE, GFP_KERNEL);

	preempt_disable();
	gs_cpu_trylock(heap->cpu);
	gs_heap_free(heap, a);
	gs_heap_free(heap, a);
	gs_cpu_unlock(heap->cpu);
	preempt_enable();

	KUNIT_EXPECT_EQ(test, atomic64_read(&heap->bad_frees), 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	gs_heap_free(heap, b);
}

/* The heap must grow although the byte is held: memory comes without it. */
static void a_nested_allocation_can_make_the_heap_grow(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *obj;

	kh_pin(test);
	preempt_disable();
	gs_cpu_trylock(heap->cpu);
	obj = gs_heap_alloc(heap, SIZE, GFP_NOWAIT);
	gs_cpu_unlock(heap->cpu);
	preempt_enable();

	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		KUNIT_EXPECT_PTR_NE(test, obj, NULL);
	KUNIT_EXPECT_EQ(test, *word_of(test), 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	gs_heap_free(heap, obj);
}

/* A real one, in hard interrupt context even where interrupts are threads. */
static void an_interrupt_of_an_owner_goes_past_the_magazine(struct kunit *test)
{
	struct visit *v = visit_of(test, 3, SIZE);
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	u64 word, nmalloc;
	void *a;

	kh_pin(test);
	a = prime(test);
	word = *word_of(test);
	nmalloc = class->books.nmalloc;
	v->work = IRQ_WORK_INIT_HARD(visit_irq);

	preempt_disable();
	gs_cpu_trylock(v->heap->cpu);
	irq_work_queue(&v->work);
	/* Pairs with the release in visit(). */
	while (!smp_load_acquire(&v->done))
		cpu_relax();
	gs_cpu_unlock(v->heap->cpu);
	preempt_enable();
	irq_work_sync(&v->work);

	KUNIT_EXPECT_TRUE(test, v->hard);
	expect_all(test, v);
	KUNIT_EXPECT_EQ(test, *word_of(test), word);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, nmalloc + 3);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	visit_in_irq(v, true);
	gs_heap_free(v->heap, a);
}

/* --- interrupts and softirqs ----------------------------------------------- */

static void irq_pair(struct kunit *test, size_t size, unsigned int n)
{
	struct visit *v = visit_of(test, n, size);

	visit_in_irq(v, false);
	expect_all(test, v);
	KUNIT_EXPECT_TRUE(test, v->hard || IS_ENABLED(CONFIG_PREEMPT_RT));
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	visit_in_irq(v, true);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void interrupts_allocate_and_free_small_objects(struct kunit *test)
{
	irq_pair(test, SIZE, BATCH);
	irq_pair(test, 3000, BATCH);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), BATCH);
}

static void interrupts_allocate_and_free_large_objects(struct kunit *test)
{
	irq_pair(test, GOSTAT_MAX_SMALL + 1, 5);
	irq_pair(test, GOSTAT_MAX_SMALL * 4, 2);
}

static void an_interrupt_frees_what_vmalloc_backs(struct kunit *test)
{
	struct visit *v = visit_of(test, 1, 0);

	v->objs[0] = gs_heap_alloc(v->heap, GS_ARENA_SIZE + 1, GFP_KERNEL);
	expect_all(test, v);
	visit_in_irq(v, true);
	kh_settle(kh_of(test));
	KUNIT_EXPECT_EQ(test, kh_of(test)->heap.pages.sys, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void softirqs_allocate_and_free(struct kunit *test)
{
	struct visit *v = visit_of(test, BATCH, SIZE);

	visit_in_softirq(v, false);
	expect_all(test, v);
	KUNIT_EXPECT_FALSE(test, v->hard);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	visit_in_softirq(v, true);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), BATCH);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* --- other CPUs ----------------------------------------------------------- */

/* The one has allocations without frees, the other frees without allocations. */
static void a_free_on_another_cpu_is_exact_in_sum(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct visit *v = visit_of(test, BATCH, SIZE);
	struct gostat_class_stats cs;
	unsigned int cpu;

	kh_pin(test);
	cpu = another_cpu(test);
	v->gfp = GFP_KERNEL;
	visit_thread(v);
	expect_all(test, v);
	v->free = true;
	work_on_cpu(cpu, visit_thread, v);
	KUNIT_EXPECT_EQ(test, GS_MAG_NMALLOC(per_cpu_ptr(v->heap->cpu, cpu)->
			mag[kh_class_id(class)].word), 0);
	gs_class_stats_read(v->heap, kh_class_id(class), &cs);
	KUNIT_EXPECT_EQ(test, cs.nmalloc, BATCH);
	KUNIT_EXPECT_EQ(test, cs.nfree, BATCH);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static void a_drain_empties_the_magazines_of_all_cpus(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct visit *v = visit_of(test, BATCH, SIZE);
	struct gostat_class_stats cs;
	unsigned int cpu, n = 0;

	for_each_online_cpu(cpu) {
		v->free = false;
		work_on_cpu(cpu, visit_thread, v);
		expect_all(test, v);
		v->free = true;
		work_on_cpu(cpu, visit_thread, v);
		n += BATCH;
	}
	gs_class_stats_read(v->heap, kh_class_id(class), &cs);
	KUNIT_EXPECT_GE(test, cs.cached, num_online_cpus());
	gs_cpucache_drain(v->heap);
	gs_class_stats_read(v->heap, kh_class_id(class), &cs);
	KUNIT_EXPECT_EQ(test, cs.cached, 0);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, n);
	KUNIT_EXPECT_EQ(test, class->books.capacity, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* Nobody else uses this heap, so any CPU can play dead. */
static void a_dead_cpu_gives_its_objects_and_keeps_its_counts(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct visit *v = visit_of(test, 5, SIZE);
	unsigned int cpu = another_cpu(test);

	work_on_cpu(cpu, visit_thread, v);
	expect_all(test, v);
	v->free = true;
	work_on_cpu(cpu, visit_thread, v);
	gs_cpucache_drain_dead(v->heap, cpu);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(v->heap->cpu, cpu)->
			mag[kh_class_id(class)].word, 0);
	KUNIT_EXPECT_EQ(test, class->books.capacity, 0);
	KUNIT_EXPECT_EQ(test, nmalloc_of(test, SIZE), 5);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/* --- all at once ----------------------------------------------------------- */

#define SHELF	64
#define TURNS	4000

/**
 * struct team - threads that pass objects to each other
 * @heap: their heap
 * @shelf: objects; whoever takes one down owns it
 * @failed: allocations that failed
 * @spoilt: objects found with other contents than their last owner's
 * @made: objects made
 */
struct team {
	struct gs_heap *heap;
	u32 *shelf[SHELF];
	atomic_t failed;
	atomic_t spoilt;
	atomic_t made;
};

static size_t random_size(struct rnd_state *rnd)
{
	unsigned int bits = 3 + prandom_u32_state(rnd) % 14;

	return 4 + prandom_u32_state(rnd) % BIT(bits);
}

/* The first word is the object's own address: nobody else writes that. */
static u32 mark_of(const u32 *obj)
{
	return (unsigned long)obj ^ (unsigned long)obj >> 32;
}

static void one_turn(struct team *team, struct rnd_state *rnd)
{
	u32 *obj = NULL, *old;

	if (prandom_u32_state(rnd) % 2) {
		obj = gs_heap_alloc(team->heap, random_size(rnd), GFP_KERNEL);
		atomic_inc(obj ? &team->made : &team->failed);
	}
	if (obj)
		*obj = mark_of(obj);
	old = xchg(&team->shelf[prandom_u32_state(rnd) % SHELF], obj);
	if (old && *old != mark_of(old))
		atomic_inc(&team->spoilt);
	gs_heap_free(team->heap, old);
}

static int team_member(void *data)
{
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, (unsigned long)current);
	for (i = 0; i < TURNS; i++) {
		one_turn(data, &rnd);
		cond_resched();
	}
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

/* Reading and draining disturb nobody. */
static void disturb(struct kunit *test, struct team *team)
{
	struct gostat_memstats ms;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		gs_memstats_read(team->heap, &ms);
		gs_cpucache_drain(team->heap);
		KUNIT_EXPECT_LE(test, ms.heap_released, ms.heap_idle);
		msleep(20);
	}
}

static void threads_on_all_cpus_pass_objects_around(struct kunit *test)
{
	struct team *team = kunit_kzalloc(test, sizeof(*team), GFP_KERNEL);
	struct task_struct *thread[4];
	struct gostat_memstats ms;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, team);
	team->heap = &kh_of(test)->heap;
	for (i = 0; i < ARRAY_SIZE(thread); i++) {
		thread[i] = kthread_run(team_member, team, "gostat-team/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread[i]);
	}
	disturb(test, team);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		kthread_stop(thread[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&team->failed), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&team->spoilt), 0);
	for (i = 0; i < SHELF; i++)
		gs_heap_free(team->heap, team->shelf[i]);
	gs_memstats_read(team->heap, &ms);
	KUNIT_EXPECT_EQ(test, ms.nmalloc, atomic_read(&team->made));
	KUNIT_EXPECT_EQ(test, ms.nfree, ms.nmalloc);
	KUNIT_EXPECT_EQ(test, ms.bad_frees, 0);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

static struct kunit_case gostat_contexts_cases[] = {
	KUNIT_CASE(a_nested_allocation_goes_past_the_magazine),
	KUNIT_CASE(a_nested_free_goes_past_the_magazine),
	KUNIT_CASE(a_nested_double_free_is_found_at_once),
	KUNIT_CASE(a_nested_allocation_can_make_the_heap_grow),
	KUNIT_CASE(an_interrupt_of_an_owner_goes_past_the_magazine),
	KUNIT_CASE(interrupts_allocate_and_free_small_objects),
	KUNIT_CASE(interrupts_allocate_and_free_large_objects),
	KUNIT_CASE(an_interrupt_frees_what_vmalloc_backs),
	KUNIT_CASE(softirqs_allocate_and_free),
	KUNIT_CASE(a_free_on_another_cpu_is_exact_in_sum),
	KUNIT_CASE(a_drain_empties_the_magazines_of_all_cpus),
	KUNIT_CASE(a_dead_cpu_gives_its_objects_and_keeps_its_counts),
	KUNIT_CASE(threads_on_all_cpus_pass_objects_around),
	{}
};

static struct kunit_suite gostat_contexts_suite = {
	.name = "gostat_contexts",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_contexts_cases,
};

kunit_test_suite(gostat_contexts_suite);

MODULE_DESCRIPTION("KUnit tests of gostat in every context");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
