// SPDX-License-Identifier: GPL-2.0
/*
 * Readers that wait for each other: who comes while a cut is taken shares the
 * next one, and who is killed while it waits is gone at once.
 *
 * The test holds the readers' mutex and so stands for a cut that takes as long
 * as the test likes.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "kunit_heap.h"

#define SIZE		64	/* bytes */
#define READERS		4
#define PATIENCE	20000	/* milliseconds; then somebody is stuck */

/**
 * struct reader - a thread that reads once
 * @task: the thread
 * @heap: whose figures
 * @read: how
 * @snap: a snapshot
 * @err: what @read returned
 * @done: it has
 */
struct reader {
	struct task_struct *task;
	struct gs_heap *heap;
	int (*read)(struct reader *r);
	struct gostat_snapshot snap;
	int err;
	bool done;
};

static int read_snapshot(struct reader *r)
{
	return gs_snapshot_take(r->heap, &r->snap);
}

static int read_memstats(struct reader *r)
{
	return gs_memstats_read(r->heap, &r->snap.total);
}

static int read_class(struct reader *r)
{
	return gs_class_stats_read(r->heap, 1, &r->snap.class[1]);
}

static int read_verdict(struct reader *r)
{
	struct gs_verdict *v = gs_verify(r->heap);

	if (IS_ERR(v))
		return PTR_ERR(v);
	gs_verdict_free(v);
	return 0;
}

static int reader_thread(void *data)
{
	struct reader *r = data;

	allow_signal(SIGKILL);
	r->err = r->read(r);
	/* Pairs with the acquire of who waits. */
	smp_store_release(&r->done, true);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void start(struct kunit *test, struct reader *r,
		  int (*read)(struct reader *r))
{
	memset(r, 0, sizeof(*r));
	r->heap = &kh_of(test)->heap;
	r->read = read;
	r->task = kthread_run(reader_thread, r, "gostat-reader");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r->task);
}

/* Until a reader sleeps as it does for the mutex; false if it never does. */
static bool waits(struct reader *r)
{
	unsigned int ms;

	for (ms = 0; ms < PATIENCE && !READ_ONCE(r->done); ms += 20) {
		if (READ_ONCE(r->task->__state) & TASK_WAKEKILL)
			return true;
		msleep(20);
	}
	return false;
}

static bool is_done(struct reader *r)
{
	unsigned int ms;

	/* Pairs with the release of the reader. */
	for (ms = 0; ms < PATIENCE && !smp_load_acquire(&r->done); ms += 20)
		msleep(20);
	return r->done;
}

static struct reader *readers_of(struct kunit *test, unsigned int n)
{
	struct reader *r = kunit_kcalloc(test, n, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	return r;
}

static void readers_that_wait_share_the_next_cut(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct reader *r = readers_of(test, READERS);
	unsigned int i;
	u64 before;

	mutex_lock(&heap->cut.mutex);
	before = heap->cut.started;
	for (i = 0; i < READERS; i++) {
		start(test, &r[i], read_snapshot);
		KUNIT_EXPECT_TRUE(test, waits(&r[i]));
	}
	mutex_unlock(&heap->cut.mutex);
	for (i = 0; i < READERS; i++) {
		KUNIT_EXPECT_TRUE(test, is_done(&r[i]));
		kthread_stop(r[i].task);
		KUNIT_EXPECT_EQ(test, r[i].err, 0);
		KUNIT_EXPECT_EQ(test, r[i].snap.number, before + 1);
	}
	KUNIT_EXPECT_EQ(test, heap->cut.started, before + 1);
}

/* A cut that had begun when the reader came says nothing of what was then. */
static void a_cut_that_has_begun_is_not_shared(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct reader *r = readers_of(test, 1);
	void *obj;

	mutex_lock(&heap->cut.mutex);
	gs_cut_take(heap);
	gs_snapshot_derive(heap, heap->snapshot);
	obj = gs_heap_alloc(heap, SIZE, GFP_KERNEL);
	heap->cut.finished--;		/* as before its end */
	start(test, r, read_snapshot);
	KUNIT_EXPECT_TRUE(test, waits(r));
	heap->cut.finished++;
	mutex_unlock(&heap->cut.mutex);
	KUNIT_EXPECT_TRUE(test, is_done(r));
	kthread_stop(r->task);
	KUNIT_EXPECT_EQ(test, r->err, 0);
	KUNIT_EXPECT_EQ(test, r->snap.total.heap_objects, 1);
	gs_heap_free(heap, obj);
}

static void a_reader_that_is_killed_while_it_waits_is_gone(struct kunit *test)
{
	static int (*const reads[])(struct reader *r) = {
		read_snapshot, read_memstats, read_class, read_verdict,
	};
	struct gs_heap *heap = &kh_of(test)->heap;
	struct reader *r = readers_of(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		mutex_lock(&heap->cut.mutex);
		start(test, r, reads[i]);
		KUNIT_EXPECT_TRUE(test, waits(r));
		send_sig(SIGKILL, r->task, 1);
		KUNIT_EXPECT_TRUE_MSG(test, is_done(r), "reader %u", i);
		KUNIT_EXPECT_EQ(test, r->err, -EINTR);
		mutex_unlock(&heap->cut.mutex);
		is_done(r);
		kthread_stop(r->task);
		/* It holds nothing that the next one wants. */
		KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	}
}

static struct kunit_case gostat_readers_cases[] = {
	KUNIT_CASE(readers_that_wait_share_the_next_cut),
	KUNIT_CASE(a_cut_that_has_begun_is_not_shared),
	KUNIT_CASE(a_reader_that_is_killed_while_it_waits_is_gone),
	{}
};

static struct kunit_suite gostat_readers_suite = {
	.name = "gostat_readers",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_readers_cases,
};

kunit_test_suite(gostat_readers_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's readers among themselves");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
