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

static void divert(void *data)
{
	struct gs_heap *heap = data;

	this_cpu_add(heap->cpu->lock, GS_DIVERT);
}

static void join(void *data)
{
	gs_cut_join(data, NULL, false);
}

static void flip(struct gs_heap *heap)
{
	WRITE_ONCE(heap->colour, heap->colour + 1);
}

static void sweep(struct gs_heap *heap)
{
	unsigned long flags;
	unsigned int id;

	on_each_cpu(join, heap, 1);
	for (id = 1; id < GOSTAT_NR_CLASSES; id++) {
		gs_class_lock(&heap->class[id], &flags);
		gs_class_unlock(&heap->class[id], flags);
	}
	gs_heap_lock(heap, &flags);
	gs_heap_unlock(heap, flags);
}

/* Live objects of a class by the records alone. */
static u64 recorded_live(struct gs_heap *heap, const struct gs_class *class)
{
	u64 cached = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		const struct gs_cpu *pc = per_cpu_ptr(heap->cpu, cpu);

		cached += GS_MAG_COUNT(pc->record->word[kh_class_id(class)]);
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
	on_each_cpu(divert, heap, 1);
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE + GS_DIVERT);
	flip(heap);
	put(test, get(test));
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
	KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
	sweep(heap);
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
	on_each_cpu(divert, heap, 1);
	flip(heap);
	sweep(heap);
	cpus_read_unlock();

	preempt_disable();
	gs_cut_join_cpu(heap, seen);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, cpu->lock, GS_LOCK_FREE);
	KUNIT_EXPECT_EQ(test, cpu->colour, heap->colour);
}

/* Colours may wrap; newer is what is ahead by less than half of them. */
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
	KUNIT_EXPECT_EQ(test, heap->colour, 2);
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

static unsigned int other_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	return cpu;
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

	cpus_read_lock();
	on_each_cpu(divert, heap, 1);
	INIT_WORK_ONSTACK(&f.work, flip_during_flush);
	schedule_work_on(there, &f.work);
	while (!READ_ONCE(f.ready))
		cpu_relax();
	put(test, objs[--live]);
	WRITE_ONCE(f.over, true);
	flush_work(&f.work);
	destroy_work_on_stack(&f.work);
	sweep(heap);
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
