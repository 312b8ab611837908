// SPDX-License-Identifier: GPL-2.0
/*
 * gostat_misuse - does what gostat's own checks must report, one thing a load,
 * named by a parameter. check-misuse loads it in a kernel with these checks and
 * looks for the reports.
 *
 * a0dbbeae: Go's scavenger called the reader of all figures under the heap's
 * lock, to trace them, and waited for itself for ever. Here a reader says that
 * it must not be called so before it can wait: it may sleep, and it holds no
 * lock of the heap. The heap is one of this module's own, and pretends that a
 * cut has just been finished, so that the reader comes back.
 *
 * Undo: snapshot.c, gs_snapshot_refresh(): gs_assert_reader(heap)
 *
 * Beside it, what a guarded stack-like buffer is for: who writes behind its end,
 * or below its beginning, faults there. The thread that does so ends at that.
 *
 * Undo: stack.c, gs_stack_alloc_guarded(): gs_manual_alloc(..., false)
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../heap.h"
#include "../memstats.h"
#include "../stack.h"

static char *how = "";
module_param(how, charp, 0400);
MODULE_PARM_DESC(how, "what to do wrong: one of the names in the table");

static void read_now(struct gs_heap *heap)
{
	struct gostat_memstats ms;

	heap->cut.finished = heap->cut.started + 1;
	pr_info("read: %d\n", gs_memstats_read(heap, &ms));
}

static void read_under_the_heap_lock(struct gs_heap *heap)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&heap->lock, flags);
	read_now(heap);
	raw_spin_unlock_irqrestore(&heap->lock, flags);
}

static void read_without_preemption(struct gs_heap *heap)
{
	preempt_disable();
	read_now(heap);
	preempt_enable();
}

/**
 * struct overrun - a byte to be written that is none of a buffer's
 * @buf: the buffer
 * @off: of the byte, from its beginning
 */
struct overrun {
	u8 *buf;
	ssize_t off;
};

static int overrun_thread(void *data)
{
	struct overrun *o = data;

	memset(o->buf, 0xff, GOSTAT_STACK_MAX);
	pr_info("in bounds\n");
	WRITE_ONCE(o->buf[o->off], 0xff);
	pr_info("out of bounds\n");
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* In a thread of its own, whose end this one outlives. */
static void overrun(struct gs_heap *heap, ssize_t off)
{
	struct overrun o = { .off = off };
	struct task_struct *thread;

	o.buf = gs_stack_alloc_guarded(heap, GOSTAT_STACK_MAX, GFP_KERNEL);
	if (!o.buf)
		return;
	thread = kthread_create(overrun_thread, &o, "gostat-outside");
	if (!IS_ERR(thread)) {
		get_task_struct(thread);
		wake_up_process(thread);
		msleep(1000);
		kthread_stop(thread);
		put_task_struct(thread);
	}
	gs_heap_stack_free(heap, o.buf);
}

static void write_behind_a_guarded_buffer(struct gs_heap *heap)
{
	overrun(heap, GOSTAT_STACK_MAX);
}

static void write_below_a_guarded_buffer(struct gs_heap *heap)
{
	overrun(heap, -1);
}

static const struct {
	const char *name;
	void (*fn)(struct gs_heap *heap);
} misuses[] = {
	{ "read-under-the-heap-lock", read_under_the_heap_lock },
	{ "read-without-preemption", read_without_preemption },
	{ "write-behind-a-guarded-buffer", write_behind_a_guarded_buffer },
	{ "write-below-a-guarded-buffer", write_below_a_guarded_buffer },
};

static int __init misuse_init(void)
{
	struct gs_heap *heap = kzalloc(sizeof(*heap), GFP_KERNEL);
	struct gs_heap_config config = {};
	int i, err = -ENOMEM;

	if (heap)
		err = gs_heap_init(heap, &config);
	if (err)
		goto out;
	err = -EINVAL;
	for (i = 0; i < ARRAY_SIZE(misuses); i++) {
		if (strcmp(how, misuses[i].name))
			continue;
		misuses[i].fn(heap);
		err = 0;
	}
	gs_heap_destroy(heap);
out:
	kfree(heap);
	return err;
}

static void __exit misuse_exit(void)
{
}

module_init(misuse_init);
module_exit(misuse_exit);
MODULE_DESCRIPTION("uses of gostat that its checks must report");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
