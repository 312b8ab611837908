// SPDX-License-Identifier: GPL-2.0
/*
 * larson - what a server does: objects of mixed sizes and ages, freed by other
 * threads than those that allocated them.
 *
 * After Larson and Krishnan, "Memory allocation for long-running server
 * applications" (ISMM '98). Each of 8 threads on 4 CPUs has an array of objects
 * of 8 to 1000 bytes; it frees one chosen at random and puts a new one of a
 * random size in its place, many times; then it leaves the array to whoever
 * comes next and takes the one that has lain there longest. The figure is
 * replacements per second, of all threads together.
 *
 * gostat and kmalloc take turns; every turn is a record. The test "load" is the
 * same with gostat alone, every other turn with a reader that takes READS_A_SECOND
 * snapshots of all figures: what that costs those who allocate.
 */
#include <linux/cache.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <gostat/gostat.h>
#include <gostat/snapshot.h>

#include "bench.h"
#include "held.h"
#include "team.h"

#define LARSON_THREADS	8
#define LARSON_CPUS	4
#define LARSON_ARRAYS	16
#define LARSON_SLOTS	1024
#define LARSON_MIN	8
#define LARSON_MAX	1000
/* Replacements before the array is handed on. */
#define LARSON_STAY	4096
#define LARSON_ROUNDS	101
#define LARSON_NS	(20 * NSEC_PER_MSEC)
/* Some ten snapshots a turn, so that turns are alike. */
#define LOAD_NS		(100 * NSEC_PER_MSEC)
#define READS_A_SECOND	100

struct larson_array {
	void *obj[LARSON_SLOTS];
};

/**
 * struct larson_thread - a thread's own
 * @rnd: state of its generator
 * @ops: replacements
 * @ns: when it had ended
 */
struct larson_thread {
	u64 rnd;
	u64 ops;
	u64 ns;
} ____cacheline_aligned;

/**
 * struct larson - a turn
 * @backend: whose
 * @ns: how long it takes
 * @start: when it began
 * @lock: of the queue
 * @queue: arrays that nobody has, as a ring
 * @head: the one that has lain there longest
 * @array: all arrays
 * @thread: the threads
 */
struct larson {
	enum bench_backend backend;
	u64 ns;
	u64 start;
	spinlock_t lock;	/* guards queue, head */
	struct larson_array *queue[LARSON_ARRAYS - LARSON_THREADS];
	unsigned int head;
	struct larson_array array[LARSON_ARRAYS];
	struct larson_thread thread[LARSON_THREADS];
};

/* Marsaglia's xorshift64*. */
static u32 larson_random(struct larson_thread *t)
{
	t->rnd ^= t->rnd >> 12;
	t->rnd ^= t->rnd << 25;
	t->rnd ^= t->rnd >> 27;
	return (t->rnd * 0x2545f4914f6cdd1dULL) >> 32;
}

static struct larson_array *larson_swap(struct larson *l,
					struct larson_array *mine)
{
	struct larson_array *next;

	spin_lock(&l->lock);
	next = l->queue[l->head];
	l->queue[l->head] = mine;
	l->head = (l->head + 1) % ARRAY_SIZE(l->queue);
	spin_unlock(&l->lock);
	return next;
}

static __always_inline int larson_stay(struct larson_thread *t,
				       struct larson_array *a,
				       enum bench_backend backend)
{
	unsigned int i;
	size_t size;
	void **slot;
	u32 rnd;

	for (i = 0; i < LARSON_STAY; i++) {
		rnd = larson_random(t);
		slot = &a->obj[rnd % LARSON_SLOTS];
		size = LARSON_MIN + ((rnd >> 10) * (LARSON_MAX + 1UL -
						    LARSON_MIN) >> 22);
		if (backend == BENCH_GOSTAT) {
			gostat_free(*slot);
			*slot = gostat_alloc(size, GFP_KERNEL);
		} else {
			kfree(*slot);
			*slot = kmalloc(size, GFP_KERNEL);
		}
		if (!*slot)
			return -ENOMEM;
	}
	t->ops += LARSON_STAY;
	return 0;
}

static int larson_work(void *arg, unsigned int id)
{
	struct larson *l = arg;
	struct larson_thread *t = &l->thread[id];
	struct larson_array *a = &l->array[id];
	int err = 0;

	while (!err && ktime_get_ns() - l->start < l->ns) {
		if (l->backend == BENCH_GOSTAT)
			err = larson_stay(t, a, BENCH_GOSTAT);
		else
			err = larson_stay(t, a, BENCH_SLAB);
		a = larson_swap(l, a);
		cond_resched();
	}
	t->ns = ktime_get_ns() - l->start;
	return err;
}

static void larson_prepare(struct larson *l, enum bench_backend backend)
{
	unsigned int i;

	memset(l, 0, sizeof(*l));
	l->backend = backend;
	l->ns = LARSON_NS;
	spin_lock_init(&l->lock);
	for (i = 0; i < ARRAY_SIZE(l->queue); i++)
		l->queue[i] = &l->array[LARSON_THREADS + i];
	for (i = 0; i < LARSON_THREADS; i++)
		l->thread[i].rnd = 4141 + i;
}

static void larson_clear(struct larson *l)
{
	unsigned int i, j;

	for (i = 0; i < LARSON_ARRAYS; i++) {
		for (j = 0; j < LARSON_SLOTS; j++) {
			if (l->backend == BENCH_GOSTAT)
				gostat_free(l->array[i].obj[j]);
			else
				kfree(l->array[i].obj[j]);
		}
	}
}

static int larson_run(struct bench_out *out, struct larson *l, const char *test,
		      const char *backend)
{
	u64 ops = 0, ns = 1;
	unsigned int i;
	int err;

	err = bench_team(LARSON_THREADS, LARSON_CPUS, larson_work, l,
			 &l->start);
	larson_clear(l);
	if (err)
		return err;
	for (i = 0; i < LARSON_THREADS; i++) {
		ops += l->thread[i].ops;
		ns = max(ns, l->thread[i].ns);
	}
	bench_record(out, test, backend, 0, "8-threads", "ops/s",
		     ops * USEC_PER_SEC, div_u64(ns, NSEC_PER_USEC));
	return 0;
}

static int larson_turn(struct bench_out *out, struct larson *l,
		       enum bench_backend backend)
{
	larson_prepare(l, backend);
	return larson_run(out, l, "larson",
			  backend == BENCH_GOSTAT ? "gostat" : "kmalloc");
}

static int load_reader(void *data)
{
	struct gostat_snapshot *snap = data;

	/* All CPUs are busy: it is to be on time nevertheless. */
	sched_set_normal(current, MIN_NICE);
	while (!kthread_should_stop()) {
		gostat_snapshot(snap);
		usleep_range(USEC_PER_SEC / READS_A_SECOND - 100,
			     USEC_PER_SEC / READS_A_SECOND);
	}
	return 0;
}

static int load_turn(struct bench_out *out, struct larson *l,
		     struct gostat_snapshot *snap)
{
	struct task_struct *reader = NULL;
	int err;

	larson_prepare(l, BENCH_GOSTAT);
	l->ns = LOAD_NS;
	if (snap)
		reader = kthread_run(load_reader, snap, "bench_reader");
	if (IS_ERR(reader))
		return PTR_ERR(reader);
	err = larson_run(out, l, "load", snap ? "gostat" : "unread");
	if (reader)
		kthread_stop(reader);
	return err;
}

/**
 * bench_larson() - all turns
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_larson(struct bench_out *out)
{
	struct larson *l = vzalloc(sizeof(*l));
	unsigned int round;
	int err = 0;

	if (!l)
		return -ENOMEM;
	for (round = 0; round < LARSON_ROUNDS; round++) {
		err = err ?: larson_turn(out, l, BENCH_GOSTAT);
		err = err ?: larson_turn(out, l, BENCH_SLAB);
	}
	vfree(l);
	return err;
}

static int background_write(const char *knob, const char *text)
{
	struct file *file;
	char name[64];
	loff_t pos = 0;
	ssize_t n;

	scnprintf(name, sizeof(name), "/sys/kernel/gostat/scavenger/%s", knob);
	file = filp_open(name, O_WRONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return n < 0 ? n : 0;
}

static int background_turn(struct bench_out *out, struct larson *l, bool on)
{
	int err = background_write("enabled", on ? "1" : "0");

	larson_prepare(l, BENCH_GOSTAT);
	l->ns = LOAD_NS;
	return err ?: larson_run(out, l, "background", on ? "gostat" : "off");
}

/* So that it has work: what has been idle for a second goes, up to the last. */
static int background_begin(void)
{
	return background_write("idle_limit", "1") ?:
	       background_write("margin", "0") ?:
	       background_write("period", "100");
}

/**
 * bench_background() - all turns, with and without the background scavenger
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_background(struct bench_out *out)
{
	struct larson *l = vzalloc(sizeof(*l));
	int err = l ? background_begin() : -ENOMEM;
	unsigned int round;

	for (round = 0; round < LARSON_ROUNDS && !err; round++) {
		err = background_turn(out, l, false) ?:
		      background_turn(out, l, true);
		err = err ?: background_turn(out, l, true);
		err = err ?: background_turn(out, l, false);
	}
	vfree(l);
	return err;
}

/**
 * bench_load() - all turns, with and without a reader
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_load(struct bench_out *out)
{
	struct gostat_snapshot *snap = vzalloc(sizeof(*snap));
	struct larson *l = vzalloc(sizeof(*l));
	unsigned int round;
	int err = snap && l ? 0 : -ENOMEM;

	for (round = 0; round < LARSON_ROUNDS && !err; round++) {
		err = load_turn(out, l, NULL) ?: load_turn(out, l, snap);
		/* Who goes first has a warmer machine, or a colder one. */
		err = err ?: load_turn(out, l, snap);
		err = err ?: load_turn(out, l, NULL);
	}
	vfree(l);
	vfree(snap);
	return err;
}
