// SPDX-License-Identifier: GPL-2.0
/*
 * cut - all figures as of one causally consistent moment. See cut.h.
 */
#include <linux/cpu.h>
#include <linux/smp.h>

#include "heap.h"

/* A CPU's words and counters, by whoever may speak for it. */
static void gs_cut_record_cpu(struct gs_cpu *cpu, u32 colour)
{
	unsigned int id;

	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		cpu->record->word[id] = READ_ONCE(cpu->mag[id].word);
	cpu->record->stats = cpu->stats;
	cpu->colour = colour;
}

/**
 * gs_cut_join_cpu() - D3: this CPU records itself and is fast again
 * @heap: the heap
 * @colour: the newest
 *
 * An owner reads the colour with interrupts on, so that the sweep or an
 * interrupt may have joined since, perhaps a newer colour than @colour: forward
 * only, or the CPU would be recorded and taken off its divert twice.
 *
 * Context: preemption off.
 */
noinline void gs_cut_join_cpu(struct gs_heap *heap, u32 colour)
{
	struct gs_cpu *cpu = this_cpu_ptr(heap->cpu);
	unsigned long flags;

	local_irq_save(flags);
	if ((s32)(colour - cpu->colour) > 0) {
		gs_cut_record_cpu(cpu, colour);
		this_cpu_sub(heap->cpu->lock, GS_DIVERT);
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

/* D1, on each CPU: operations from now on take the slow path. */
static void gs_cut_divert(void *data)
{
	struct gs_heap *heap = data;

	this_cpu_add(heap->cpu->lock, GS_DIVERT);
}

/* D4, on each CPU. */
static void gs_cut_sweep(void *data)
{
	gs_cut_join(data, NULL, false);
}

/* D4, what no CPU does by itself: joins that nothing moved for. */
static void gs_cut_sweep_rest(struct gs_heap *heap)
{
	unsigned int cpu, id;
	unsigned long flags;

	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			gs_cut_record_cpu(per_cpu_ptr(heap->cpu, cpu),
					  heap->colour);
	for (id = 1; id < GOSTAT_NR_CLASSES; id++) {
		gs_class_lock(&heap->class[id], &flags);
		gs_class_unlock(&heap->class[id], flags);
	}
	gs_heap_lock(heap, &flags);
	gs_heap_unlock(heap, flags);
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
	on_each_cpu(gs_cut_divert, heap, 1);
	WRITE_ONCE(heap->colour, heap->colour + 1);	/* D2 flip */
	on_each_cpu(gs_cut_sweep, heap, 1);
	gs_cut_sweep_rest(heap);
	heap->cut.finished = heap->cut.started;
	cpus_read_unlock();
}

/**
 * gs_cut_record_all() - everything records itself where it stands
 * @heap: the heap
 *
 * Context: the machine stopped, heap->cut.mutex held: no cut is under way, and
 * all that is recorded is at rest.
 */
void gs_cut_record_all(struct gs_heap *heap)
{
	unsigned int cpu, id;

	for_each_possible_cpu(cpu)
		gs_cut_record_cpu(per_cpu_ptr(heap->cpu, cpu), heap->colour);
	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		heap->class[id].record = heap->class[id].books;
	heap->record = heap->pages;
}
