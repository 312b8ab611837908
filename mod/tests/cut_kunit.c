// SPDX-License-Identifier: GPL-2.0
/*
 * The cut, step by step: what torture meets once in a million cuts is made to
 * happen. The test is the reader and does D1 to D4 by hand, so that a flip comes
 * exactly where it hurts; selftests/models/cut.pml is where to look for such
 * places.
 *
 * Expectations allocate, so they are stated with preemption on.
 */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "kunit_heap.h"

/* A span of one object, but for pages larger than that. */
#define SIZE	min_t(size_t, PAGE_SIZE, GOSTAT_MAX_SMALL)
#define OBJECTS	16		/* more than the magazine has at first */

static int pinned_heap(struct kunit *test)
{
	kh_pin(test);
	return kh_init(test);
}

static struct gs_cpu *this_cpu_of(struct kunit *test)
{
	return per_cpu_ptr(kh_of(test)->heap.cpu, raw_smp_processor_id());
}

static void *get(struct kunit *test)
{
	void *obj = gs_heap_alloc(&kh_of(test)->heap, SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

static void put(struct kunit *test, void *obj)
{
	gs_heap_free(&kh_of(test)->heap, obj);
}

/* --- the steps ------------------------------------------------------------- */

static void divert(struct gs_heap *heap)
{
	gs_cut_divert(heap);
	while (atomic_read(&heap->cut.pending) > 1)
		cpu_relax();
}

static void flip(struct gs_heap *heap)
{
	gs_cut_diverted(heap);
}

/* Live objects of a class by the records alone. */
static u64 recorded_live(struct gs_heap *heap, const struct gs_class *class)
{
	u64 cached = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		const struct gs_cpu *pc = per_cpu_ptr(heap->cpu, cpu);

		cached += GS_MAG_COUNT(pc->record->figures->word[kh_class_id(class)]);
	}
	return class->record.capacity - class->record.nfree - cached;
}

/* --- joins ------------------------------------------------------------------ */

static void a_cpu_joins_once_and_is_fast_again(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_cpu *cpu = this_cpu_of(test);

	put(test, get(test));
	cpus_read_lock();
	divert(heap);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + GS_DIVERT);
	flip(heap);
	put(test, get(test));
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
	KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
	gs_cut_sweep(heap);
	cpus_read_unlock();
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
}

/*
 * JOIN_BACK of the model: an owner has read the colour, interrupts on; then come
 * the flip and the sweep; then it joins with what it has read. In
 * gs_cut_join_cpu(), compare with != and see.
 */
static void a_cpu_never_joins_back(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_cpu *cpu = this_cpu_of(test);
	u32 seen = heap->colour;

	cpus_read_lock();
	divert(heap);
	flip(heap);
	put(test, get(test));
	gs_cut_sweep(heap);
	cpus_read_unlock();

	preempt_disable();
	gs_cut_join_cpu(heap, seen);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
	KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
}

/* Colours may wrap; newer is what is ahead by less than half of them; 0 is none. */
static void colours_wrap(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_cpu *cpu = this_cpu_of(test);
	struct gostat_memstats ms;
	unsigned int i;

	heap->colour = -2;
	for_each_possible_cpu(i)
		per_cpu_ptr(heap->cpu, i)->colour = -2;
	for (i = 0; i < 4; i++) {
		gs_memstats_read(heap, &ms);
		KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
		KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
	}
	KUNIT_EXPECT_EQ(test, heap->colour, 3);
}

/* --- the reader speaks for CPUs ------------------------------------------------ */

static unsigned int other_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	return cpu;
}

static long a_pair(void *data)
{
	gs_heap_free(data, gs_heap_alloc(data, SIZE, GFP_KERNEL));
	return 0;
}

static long raise_byte(void *data)
{
	struct gs_heap *heap = data;

	gs_cpu_trylock(heap->cpu);
	return 0;
}

static long drop_byte(void *data)
{
	struct gs_heap *heap = data;

	gs_cpu_unlock(heap->cpu);
	return 0;
}

static void expect_nmalloc(struct kunit *test, u64 want)
{
	struct gostat_memstats ms = {};

	KUNIT_EXPECT_EQ(test, 0, gs_memstats_read(&kh_of(test)->heap, &ms));
	KUNIT_EXPECT_EQ(test, ms.nmalloc, want);
	KUNIT_EXPECT_EQ(test, ms.nfree, want);
}

/*
 * A CPU that is not used between cuts is interrupted for none of them, and is in
 * each. In gs_cut_stay_diverted(), return false: it is diverted twice.
 */
static void a_cpu_at_rest_is_left_alone(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned int there = other_cpu(test);
	struct gs_cpu *cpu = per_cpu_ptr(heap->cpu, there);
	u32 colour;

	work_on_cpu(there, a_pair, heap);
	expect_nmalloc(test, 1);
	colour = cpu->colour;
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + GS_DIVERT);
	expect_nmalloc(test, 1);
	expect_nmalloc(test, 1);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + GS_DIVERT);
	KUNIT_EXPECT_EQ(test, cpu->colour, colour);
	work_on_cpu(there, a_pair, heap);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
	KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
	expect_nmalloc(test, 2);
}

/*
 * UNDIVERT_EARLY of the model: the CPU is diverted from the cut before, and is
 * used before the flip. It must not be fast when that comes. In
 * gs_cut_undivert(), do not compare colours, and see.
 */
static void a_cpu_stays_diverted_until_the_flip(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned int there = other_cpu(test);
	struct gs_cpu *cpu = per_cpu_ptr(heap->cpu, there);

	expect_nmalloc(test, 0);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + GS_DIVERT);
	cpus_read_lock();
	divert(heap);
	work_on_cpu(there, a_pair, heap);
	KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + GS_DIVERT);
	flip(heap);
	work_on_cpu(there, a_pair, heap);
	KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
	gs_cut_sweep(heap);
	cpus_read_unlock();
	expect_nmalloc(test, 2);
}

static void expect_joined(struct kunit *test, const struct gs_cpu *cpu)
{
	KUNIT_EXPECT_EQ(test, cpu->colour, kh_of(test)->heap.colour);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + 1);
	KUNIT_EXPECT_TRUE(test, cpu->record->figures == &cpu->record->joined);
}

/*
 * SPEAK_IN_FLIGHT of the model: nobody but the CPU itself can tell how far an
 * operation under way has come. The byte is raised before D1, which sees it, and
 * then on a CPU that D1 leaves alone. In gs_cut_speak(), do not look, and see.
 */
static void nobody_speaks_in_the_midst_of_an_operation(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	unsigned int there = other_cpu(test);
	struct gs_cpu *cpu = per_cpu_ptr(heap->cpu, there);

	work_on_cpu(there, raise_byte, heap);
	expect_nmalloc(test, 0);
	expect_joined(test, cpu);
	work_on_cpu(there, drop_byte, heap);

	expect_nmalloc(test, 0);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + GS_DIVERT);
	work_on_cpu(there, raise_byte, heap);
	expect_nmalloc(test, 0);
	expect_joined(test, cpu);
	work_on_cpu(there, drop_byte, heap);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
}

/* --- one move ---------------------------------------------------------------- */

/**
 * struct flipper - flips while a flush waits for the page heap's lock
 * @work: on another CPU
 * @heap: whose
 * @class: of the magazine that is flushed
 * @ready: the lock is held
 * @over: the free has returned; it did not flush
 * @flipped: the colour was changed while the flush was under way
 */
struct flipper {
	struct work_struct work;
	struct gs_heap *heap;
	struct gs_class *class;
	bool ready;
	bool over;
	bool flipped;
};

static void flip_during_flush(struct work_struct *work)
{
	struct flipper *f = container_of(work, struct flipper, work);
	u64 flushes = READ_ONCE(f->class->books.flushes);
	unsigned long flags;

	gs_heap_lock(f->heap, &flags);
	WRITE_ONCE(f->ready, true);
	/* Counted under the class's lock, when its colour has been read. */
	while (READ_ONCE(f->class->books.flushes) == flushes &&
	       !READ_ONCE(f->over))
		cpu_relax();
	f->flipped = READ_ONCE(f->class->books.flushes) != flushes;
	flip(f->heap);
	gs_heap_unlock(f->heap, flags);
}

/* Live objects and a full magazine of the same class. Return: how many live. */
static unsigned int fill_magazine(struct kunit *test, void **objs)
{
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct gs_mag *mag = &this_cpu_of(test)->mag[kh_class_id(class)];
	unsigned int n, tries;

	for (tries = 0; !mag->cap && tries < 1000; tries++)
		put(test, get(test));
	KUNIT_ASSERT_GT(test, mag->cap, 0);
	for (n = 0; n < OBJECTS; n++)
		objs[n] = get(test);
	while (GS_MAG_COUNT(mag->word) < mag->cap) {
		KUNIT_ASSERT_GT(test, n, 1);
		put(test, objs[--n]);
	}
	return n;
}

/*
 * WORD_AFTER_SPAN of the model: a flush gives an object to central, which empties
 * a span; the flip comes; the span's release reads the new colour and records the
 * CPU's word again. If the word still had the object, one more would be cached in
 * the snapshot than there is, and one fewer live. In gs_mag_flush(), settle before
 * the word moves and see.
 */
static void a_flush_that_empties_a_span_adds_up(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gs_class *class = kh_class(kh_of(test), SIZE);
	struct flipper f = { .heap = heap, .class = class };
	unsigned int there = other_cpu(test), live;
	void *objs[OBJECTS];

	if (class->nelems > 1)
		kunit_skip(test, "no class has spans of one object");
	live = fill_magazine(test, objs);
	/* Replaced maps take the heap's lock, in an interrupt of this CPU. */
	rcu_barrier();

	cpus_read_lock();
	divert(heap);
	INIT_WORK_ONSTACK(&f.work, flip_during_flush);
	schedule_work_on(there, &f.work);
	while (!READ_ONCE(f.ready))
		cpu_relax();
	put(test, objs[--live]);
	WRITE_ONCE(f.over, true);
	flush_work(&f.work);
	destroy_work_on_stack(&f.work);
	gs_cut_sweep(heap);
	cpus_read_unlock();

	KUNIT_EXPECT_TRUE(test, f.flipped);
	/* The object freed is pushed after the flip: it is live in the cut. */
	KUNIT_EXPECT_EQ(test, recorded_live(heap, class), live + 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	while (live)
		put(test, objs[--live]);
}

static struct kunit_case gostat_cut_cases[] = {
	KUNIT_CASE(a_cpu_joins_once_and_is_fast_again),
	KUNIT_CASE(a_cpu_never_joins_back),
	KUNIT_CASE(colours_wrap),
	KUNIT_CASE(a_cpu_at_rest_is_left_alone),
	KUNIT_CASE(a_cpu_stays_diverted_until_the_flip),
	KUNIT_CASE(nobody_speaks_in_the_midst_of_an_operation),
	KUNIT_CASE(a_flush_that_empties_a_span_adds_up),
	{}
};

static struct kunit_suite gostat_cut_suite = {
	.name = "gostat_cut",
	.init = pinned_heap,
	.exit = kh_exit,
	.test_cases = gostat_cut_cases,
};

kunit_test_suite(gostat_cut_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's statistics cut");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
