// SPDX-License-Identifier: GPL-2.0
/*
 * cut - all figures as of one causally consistent moment. See cut.h.
 */
#include <linux/cpu.h>
#include <linux/smp.h>

#include "heap.h"

/* A CPU's words and counters, by whoever may speak for it. */
static void gs_cut_record_cpu(const struct gs_cpu *cpu,
			      struct gs_cpu_record *rec)
{
	unsigned int id;

	for (id = 1; id < GS_NR_CLASSES; id++)
		rec->word[id] = READ_ONCE(cpu->mag[id].word);
	/* The reader drops what it copied while the CPU joined. */
	rec->stats = data_race(cpu->stats);
}

/* --- D3 join -------------------------------------------------------------- */

/* Unless the reader has said meanwhile that it shall stay for the next cut. */
static void gs_cut_undivert(struct gs_heap *heap, struct gs_cpu *cpu, u32 colour)
{
	u32 until = READ_ONCE(cpu->until);

	if (until && (s32)(colour - until) >= 0 &&
	    try_cmpxchg(&cpu->until, &until, 0))
		this_cpu_sub(heap->cpu->lock, GS_DIVERT);
}

/**
 * gs_cut_join_cpu() - D3: this CPU records itself and is fast again
 * @heap: the heap
 * @colour: the newest
 *
 * An owner reads the colour with interrupts on, so that the sweep or an
 * interrupt may have joined since, perhaps a newer colour than @colour: forward
 * only, or the CPU would be recorded twice.
 *
 * Context: preemption off.
 */
noinline void gs_cut_join_cpu(struct gs_heap *heap, u32 colour)
{
	struct gs_cpu *cpu = this_cpu_ptr(heap->cpu);
	unsigned long flags;

	local_irq_save(flags);
	if ((s32)(colour - cpu->colour) > 0) {
		gs_cut_record_cpu(cpu, &cpu->record->joined);
		/* After the record: pairs with gs_cut_has_joined(). */
		smp_store_release(&cpu->colour, colour);
		/* Before what is about to change: pairs with gs_cut_speak(). */
		smp_wmb();
		gs_cut_undivert(heap, cpu, colour);
	}
	local_irq_restore(flags);
}

/**
 * gs_cut_join_class() - D3: a class records itself
 * @class: the class
 * @colour: the newest
 *
 * Context: class->lock held.
 */
noinline void gs_cut_join_class(struct gs_class *class, u32 colour)
{
	lockdep_assert_held(&class->lock);
	class->record = class->books;
	class->colour = colour;
}

/**
 * gs_cut_join_heap() - D3: the page heap records itself
 * @heap: the heap
 * @colour: the newest
 *
 * Context: heap->lock held.
 */
noinline void gs_cut_join_heap(struct gs_heap *heap, u32 colour)
{
	lockdep_assert_held(&heap->lock);
	heap->record = heap->pages;
	heap->page_colour = colour;
}

/* --- the reader's interrupts ------------------------------------------------ */

/*
 * Interrupt the CPUs of cut->cpus and wait for none of them: the last to be through
 * with it, one of these or the reader, is told so by gs_cut_is_last().
 */
static void gs_cut_interrupt(struct gs_heap *heap, smp_call_func_t handler)
{
	struct gs_cut *cut = &heap->cut;

	reinit_completion(&cut->done);
	atomic_set(&cut->pending, cpumask_weight(&cut->cpus) + 1);
	on_each_cpu_mask(&cut->cpus, handler, heap, false);
}

static bool gs_cut_is_last(struct gs_cut *cut)
{
	return atomic_dec_and_test(&cut->pending);
}

/* --- D1 divert, D2 flip ----------------------------------------------------- */

/**
 * gs_cut_diverted() - D2: one of those that D1 waits for is through
 * @heap: the heap
 *
 * The last one flips: until then all CPUs are slow, and the reader may have to
 * wait for one to run on.
 *
 * Context: Any but NMI, once for each CPU that is interrupted and for the reader.
 */
void gs_cut_diverted(struct gs_heap *heap)
{
	if (!gs_cut_is_last(&heap->cut))
		return;
	WRITE_ONCE(heap->colour, gs_cut_next(heap->colour));
	complete(&heap->cut.done);
}

/* D1, on each CPU that is fast: operations from now on take the slow path. */
static void gs_cut_divert_this(void *data)
{
	struct gs_heap *heap = data;
	struct gs_cpu *cpu = this_cpu_ptr(heap->cpu);

	this_cpu_add(heap->cpu->lock, GS_DIVERT);
	cpu->caught = this_cpu_read(heap->cpu->lock) != GS_LOCK_FREE + GS_DIVERT;
	WRITE_ONCE(cpu->until, gs_cut_next(heap->colour));
	gs_cut_diverted(heap);
}

/* A CPU that is diverted stays so until it joins @colour; false if it is fast. */
static bool gs_cut_stay_diverted(struct gs_cpu *cpu, u32 colour)
{
	u32 until = READ_ONCE(cpu->until);

	return until && try_cmpxchg(&cpu->until, &until, colour);
}

/**
 * gs_cut_divert() - D1: all operations take the slow path, or are about to
 * @heap: the heap
 *
 * The flip comes when all CPUs that are interrupted and the caller have called
 * gs_cut_diverted().
 *
 * Context: Process; heap->cut.mutex held; no CPU comes or goes.
 */
void gs_cut_divert(struct gs_heap *heap)
{
	u32 colour = gs_cut_next(heap->colour);
	struct gs_cut *cut = &heap->cut;
	unsigned int cpu;

	cpumask_clear(&cut->cpus);
	for_each_online_cpu(cpu)
		if (!gs_cut_stay_diverted(per_cpu_ptr(heap->cpu, cpu), colour))
			cpumask_set_cpu(cpu, &cut->cpus);
	gs_cut_interrupt(heap, gs_cut_divert_this);
}

/* --- D4 sweep --------------------------------------------------------------- */

/* What no CPU does by itself: joins that nothing moved for. */
static void gs_cut_sweep_books(struct gs_heap *heap)
{
	unsigned long flags;
	unsigned int id;

	for (id = 1; id < GS_NR_CLASSES; id++) {
		gs_class_lock(&heap->class[id], &flags);
		gs_class_unlock(&heap->class[id], flags);
	}
	gs_heap_lock(heap, &flags);
	gs_heap_unlock(heap, flags);
}

static void gs_cut_swept(struct gs_heap *heap)
{
	if (gs_cut_is_last(&heap->cut))
		complete(&heap->cut.done);
}

/* D4, on each CPU that the reader could not speak for. */
static void gs_cut_sweep_this(void *data)
{
	gs_cut_join(data, NULL, false);
	gs_cut_swept(data);
}

static bool gs_cut_has_joined(const struct gs_heap *heap,
			      const struct gs_cpu *cpu)
{
	/* Pairs with the release in gs_cut_join_cpu(): its record is there. */
	return smp_load_acquire(&cpu->colour) == heap->colour;
}

/*
 * Choose the record that the cut goes by. Return false if an operation is under
 * way, or was when D1 came.
 */
static bool gs_cut_speak(struct gs_heap *heap, struct gs_cpu *cpu)
{
	struct gs_cpu_records *rec = cpu->record;

	rec->figures = &rec->joined;
	if (gs_cut_has_joined(heap, cpu))
		return true;
	if (cpu->caught || READ_ONCE(cpu->lock) != GS_LOCK_FREE + GS_DIVERT)
		return false;
	smp_rmb();	/* pairs with gs_cpu_leave() */
	gs_cut_record_cpu(cpu, &rec->spoken);
	smp_rmb();	/* pairs with gs_cut_join_cpu() */
	if (!gs_cut_has_joined(heap, cpu))
		rec->figures = &rec->spoken;
	return true;
}

static void gs_cut_speak_at_rest(struct gs_cpu *cpu)
{
	gs_cut_record_cpu(cpu, &cpu->record->spoken);
	cpu->record->figures = &cpu->record->spoken;
}

static void gs_cut_sweep_cpus(struct gs_heap *heap)
{
	struct gs_cut *cut = &heap->cut;
	unsigned int id;

	cpumask_clear(&cut->cpus);
	for_each_possible_cpu(id) {
		struct gs_cpu *cpu = per_cpu_ptr(heap->cpu, id);

		if (!cpu_online(id))
			gs_cut_speak_at_rest(cpu);
		else if (!gs_cut_speak(heap, cpu))
			cpumask_set_cpu(id, &cut->cpus);
	}
	gs_cut_interrupt(heap, gs_cut_sweep_this);
	gs_cut_swept(heap);
	wait_for_completion(&cut->done);
}

/**
 * gs_cut_sweep() - D4: nothing is left that has not been recorded
 * @heap: the heap
 *
 * Context: Process; sleeps; heap->cut.mutex held; no CPU comes or goes.
 */
void gs_cut_sweep(struct gs_heap *heap)
{
	gs_cut_sweep_books(heap);
	/*
	 * The colour was changed before bytes are looked at: pairs with the
	 * barrier in gs_cpu_need_not_join().
	 */
	smp_mb();
	gs_cut_sweep_cpus(heap);
}

/**
 * gs_cut_take() - bring all records to a new cut
 * @heap: the heap
 *
 * Context: Process; sleeps; no heap lock held; heap->cut.mutex held, which keeps
 * the records as they are until it is dropped.
 */
void gs_cut_take(struct gs_heap *heap)
{
	lockdep_assert_held(&heap->cut.mutex);
	cpus_read_lock();
	heap->cut.started++;
	gs_cut_divert(heap);
	gs_cut_diverted(heap);
	/* Asleep: a CPU that shares its core with others may take long. */
	wait_for_completion(&heap->cut.done);
	gs_cut_sweep(heap);
	heap->cut.finished = heap->cut.started;
	cpus_read_unlock();
}

/**
 * gs_cut_record_all() - everything is recorded where it stands
 * @heap: the heap
 *
 * Context: the machine stopped, heap->cut.mutex held: no cut is under way, and
 * all that is recorded is at rest.
 */
void gs_cut_record_all(struct gs_heap *heap)
{
	unsigned int cpu, id;

	for_each_possible_cpu(cpu)
		gs_cut_speak_at_rest(per_cpu_ptr(heap->cpu, cpu));
	for (id = 1; id < GS_NR_CLASSES; id++)
		heap->class[id].record = heap->class[id].books;
	heap->record = heap->pages;
}

/**
 * gs_cut_init() - no cut yet
 * @heap: the heap
 */
void gs_cut_init(struct gs_heap *heap)
{
	mutex_init(&heap->cut.mutex);
	init_completion(&heap->cut.done);
}
