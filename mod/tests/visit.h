/* SPDX-License-Identifier: GPL-2.0 */
/*
 * visit - a visit to a heap from some context: an interrupt, a softirq, another
 * CPU. What is allocated and freed there, the visitor says.
 */
#ifndef _GS_TEST_VISIT_H
#define _GS_TEST_VISIT_H

#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/smp.h>

#include "kunit_heap.h"

#define BATCH	100	/* objects: more than a magazine has at first */

/**
 * struct visit - a visit
 * @work: of an interrupt
 * @tasklet: of a softirq
 * @heap: which heap
 * @get: allocates there
 * @put: frees
 * @objs: objects made, or to free
 * @n: how many
 * @size: of each
 * @gfp: for each
 * @free: they are to be freed
 * @hard: the visit was in an interrupt
 * @done: the visit is over
 */
struct visit {
	struct irq_work work;
	struct tasklet_struct tasklet;
	struct gs_heap *heap;
	void *(*get)(struct gs_heap *heap, size_t size, gfp_t gfp);
	void (*put)(struct gs_heap *heap, const void *obj);
	void *objs[BATCH];
	unsigned int n;
	size_t size;
	gfp_t gfp;
	bool free;
	bool hard;
	bool done;
};

/* One for objects. */
static inline struct visit *visit_of(struct kunit *test, unsigned int n,
				     size_t size)
{
	struct visit *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, v);
	v->heap = &kh_of(test)->heap;
	v->get = gs_heap_alloc;
	v->put = gs_heap_free;
	v->n = n;
	v->size = size;
	v->gfp = GFP_ATOMIC;
	return v;
}

static inline void visit(struct visit *v)
{
	unsigned int i;

	v->hard = in_hardirq();
	for (i = 0; i < v->n; i++) {
		if (v->free)
			v->put(v->heap, v->objs[i]);
		else
			v->objs[i] = v->get(v->heap, v->size, v->gfp);
	}
	/* Pairs with the acquire of whoever waits for @done. */
	smp_store_release(&v->done, true);
}

static inline void visit_irq(struct irq_work *work)
{
	visit(container_of(work, struct visit, work));
}

static inline void visit_softirq(struct tasklet_struct *tasklet)
{
	visit(container_of(tasklet, struct visit, tasklet));
}

static inline long visit_thread(void *data)
{
	visit(data);
	return 0;
}

static inline void expect_all(struct kunit *test, const struct visit *v)
{
	unsigned int i;

	for (i = 0; i < v->n; i++)
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, v->objs[i]);
}

static inline void visit_in_irq(struct visit *v, bool free)
{
	v->free = free;
	v->done = false;
	init_irq_work(&v->work, visit_irq);
	irq_work_queue(&v->work);
	irq_work_sync(&v->work);
}

static inline void visit_in_softirq(struct visit *v, bool free)
{
	v->free = free;
	tasklet_setup(&v->tasklet, visit_softirq);
	tasklet_schedule(&v->tasklet);
	tasklet_kill(&v->tasklet);
}

static inline unsigned int another_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "one CPU only");
	return cpu;
}

#endif /* _GS_TEST_VISIT_H */
