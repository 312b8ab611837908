// SPDX-License-Identifier: GPL-2.0
/*
 * remote - objects allocated on one CPU and freed on another.
 *
 * A pair of threads, each on a CPU of its own: one allocates and puts objects
 * into a ring, the other takes them out and frees them, until the time is over.
 * Who finds the ring full or empty sleeps until it is half of that: the ring
 * costs little beside the allocator, and a CPU that waits takes no time from
 * another where CPUs are virtual. The figure is objects freed per second, of
 * all pairs together.
 *
 * gostat and kmalloc take turns; every turn is a record.
 */
#include <linux/cache.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <gostat/gostat.h>

#include "bench.h"
#include "held.h"
#include "team.h"

#define REMOTE_PAIRS_MAX	(TEAM_MAX / 2)
#define REMOTE_RING		8192
#define REMOTE_BUNDLE		128
#define REMOTE_ROUNDS		101
#define REMOTE_NS		(20 * NSEC_PER_MSEC)

/**
 * struct remote_pair - two threads and the ring between them
 * @ring: the objects
 * @room: where the allocating thread sleeps
 * @work: where the freeing thread sleeps
 * @head: how many were ever put in; the allocating thread's
 * @over: it puts in no more; the allocating thread's
 * @tail: how many were ever taken out; the freeing thread's
 * @ns: when the freeing thread had ended
 */
struct remote_pair {
	void *ring[REMOTE_RING];
	wait_queue_head_t room;
	wait_queue_head_t work;
	u64 head ____cacheline_aligned;
	bool over;
	u64 tail ____cacheline_aligned;
	u64 ns;
};

/**
 * struct remote - a turn
 * @backend: whose
 * @size: bytes of an object
 * @start: when it began
 * @pair: the pairs
 */
struct remote {
	enum bench_backend backend;
	size_t size;
	u64 start;
	struct remote_pair pair[REMOTE_PAIRS_MAX];
};

static u64 remote_filled(struct remote_pair *p)
{
	/* What was put in before is in, and what was taken out is out. */
	return smp_load_acquire(&p->head) - smp_load_acquire(&p->tail);
}

static bool remote_is_over(struct remote_pair *p)
{
	/* Then all that was put in is seen as well; remote_work(). */
	return smp_load_acquire(&p->over);
}

static __always_inline int remote_alloc(struct remote *r, struct remote_pair *p,
					enum bench_backend backend)
{
	size_t size = r->size;
	unsigned int i;
	void *obj;

	do {
		if (remote_filled(p) > REMOTE_RING - REMOTE_BUNDLE)
			wait_event(p->room, remote_filled(p) <= REMOTE_RING / 2);
		for (i = 0; i < REMOTE_BUNDLE; i++) {
			if (backend == BENCH_GOSTAT)
				obj = gostat_alloc(size, GFP_KERNEL);
			else
				obj = kmalloc(size, GFP_KERNEL);
			if (!obj)
				return -ENOMEM;
			p->ring[(p->head + i) % REMOTE_RING] = obj;
		}
		/* The objects are in the ring first; remote_filled(). */
		smp_store_release(&p->head, p->head + REMOTE_BUNDLE);
		if (wq_has_sleeper(&p->work) &&
		    remote_filled(p) >= REMOTE_RING / 2)
			wake_up(&p->work);
		cond_resched();
	} while (ktime_get_ns() - r->start < REMOTE_NS);
	return 0;
}

static __always_inline void remote_free(struct remote *r, struct remote_pair *p,
					enum bench_backend backend)
{
	unsigned int i;

	for (;;) {
		if (!remote_filled(p)) {
			wait_event(p->work, remote_is_over(p) ||
				   remote_filled(p) >= REMOTE_RING / 2);
			if (!remote_filled(p))
				break;
		}
		for (i = 0; i < REMOTE_BUNDLE; i++) {
			void *obj = p->ring[(p->tail + i) % REMOTE_RING];

			if (backend == BENCH_GOSTAT)
				gostat_free(obj);
			else
				kfree(obj);
		}
		/* The objects are out of the ring first; remote_filled(). */
		smp_store_release(&p->tail, p->tail + REMOTE_BUNDLE);
		if (wq_has_sleeper(&p->room) &&
		    remote_filled(p) <= REMOTE_RING / 2)
			wake_up(&p->room);
		cond_resched();
	}
	p->ns = ktime_get_ns() - r->start;
}

static int remote_work(void *arg, unsigned int id)
{
	struct remote *r = arg;
	struct remote_pair *p = &r->pair[id / 2];
	int err = 0;

	if (id % 2) {
		if (r->backend == BENCH_GOSTAT)
			remote_free(r, p, BENCH_GOSTAT);
		else
			remote_free(r, p, BENCH_SLAB);
		return 0;
	}
	if (r->backend == BENCH_GOSTAT)
		err = remote_alloc(r, p, BENCH_GOSTAT);
	else
		err = remote_alloc(r, p, BENCH_SLAB);
	/* Everything is in the ring first; remote_is_over(). */
	smp_store_release(&p->over, true);
	wake_up(&p->work);
	return err;
}

static int remote_turn(struct bench_out *out, struct remote *r,
		       enum bench_backend backend, size_t size,
		       unsigned int pairs)
{
	u64 freed = 0, ns = 1;
	unsigned int i;
	char mode[16];
	int err;

	memset(r, 0, sizeof(*r));
	r->backend = backend;
	r->size = size;
	for (i = 0; i < pairs; i++) {
		init_waitqueue_head(&r->pair[i].room);
		init_waitqueue_head(&r->pair[i].work);
	}
	err = bench_team(2 * pairs, 2 * pairs, remote_work, r, &r->start);
	if (err)
		return err;
	for (i = 0; i < pairs; i++) {
		freed += r->pair[i].tail;
		ns = max(ns, r->pair[i].ns);
	}
	scnprintf(mode, sizeof(mode), "%u-to-%u", pairs, pairs);
	bench_record(out, "remote",
		     backend == BENCH_GOSTAT ? "gostat" : "kmalloc", size, mode,
		     "ops/s", freed * USEC_PER_SEC, div_u64(ns, NSEC_PER_USEC));
	return 0;
}

/**
 * bench_remote() - one pair, and two pairs at the same time
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_remote(struct bench_out *out)
{
	static const size_t sizes[] = { 64, 256, 1024 };
	struct remote *r = vzalloc(sizeof(*r));
	unsigned int pairs, i, round;
	int err = 0;

	if (!r)
		return -ENOMEM;
	for (pairs = 1; pairs <= 2; pairs++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			for (round = 0; round < REMOTE_ROUNDS; round++) {
				err = err ?: remote_turn(out, r, BENCH_GOSTAT,
							 sizes[i], pairs);
				err = err ?: remote_turn(out, r, BENCH_SLAB,
							 sizes[i], pairs);
			}
		}
	}
	vfree(r);
	return err;
}
