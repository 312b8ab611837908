// SPDX-License-Identifier: GPL-2.0
/*
 * gostat_torture - everything at once, and every figure checked meanwhile.
 *
 * In the manner of rcutorture and test_vmalloc. Loading the module runs it, and
 * fails with -EIO if it found a violation; its last line is
 *
 *	gostat_torture: SUCCESS: ... or FAILURE: ..., with the seed
 *
 * Mutators, one kthread a CPU and more if asked for, take one step after another,
 * each drawn from the seed: allocate into a slot of their own (sizes as the
 * parameter says, or now and then a manual span or a stack-like buffer), free one, hand one over to
 * whoever next looks into a mailbox shared by all (so that objects are freed on
 * other CPUs), or a burst larger than a magazine. Interrupts, by hrtimer on every
 * CPU (on PREEMPT_RT its thread, where the page allocator may be called), allocate,
 * free and use the mailbox too. Every object carries a pattern
 * made of its address and size, written when it is allocated and checked before
 * it is freed.
 *
 * Readers take exact snapshots all the time and check in each what identities.h
 * says.
 *
 * and after each the bounds (gostat_bounds()): what only grows was no more than
 * their upper end in the snapshot before and is no less than the lower end in
 * the one after.
 *
 * At the end everything is freed, and live objects and stack-like buffers must be
 * what they were before.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <gostat/gostat.h>
#include <gostat/snapshot.h>
#include <gostat/stack.h>

#include "../compat.h"
#include "identities.h"

static int seconds = 10;
module_param(seconds, int, 0444);
MODULE_PARM_DESC(seconds, "how long to run");

static int mutators = -1;
module_param(mutators, int, 0444);
MODULE_PARM_DESC(mutators, "allocating threads (-1: one a CPU)");

static int readers = 1;
module_param(readers, int, 0444);
MODULE_PARM_DESC(readers, "threads that take and check snapshots");

static int reader_nice;
module_param(reader_nice, int, 0444);
MODULE_PARM_DESC(reader_nice, "their nice value: below 0 for more snapshots, and fewer operations");

static int interrupts = 200;
module_param(interrupts, int, 0444);
MODULE_PARM_DESC(interrupts, "microseconds between interrupts that allocate (0: none)");

static int remote = 20;
module_param(remote, int, 0444);
MODULE_PARM_DESC(remote, "per cent of frees that another thread makes");

static int max_size = 8192;
module_param(max_size, int, 0444);
MODULE_PARM_DESC(max_size, "largest usual size; one in a thousand is large");

static int manual = 5;
module_param(manual, int, 0444);
MODULE_PARM_DESC(manual, "per cent of allocations that are manual spans");

static int stacks = 10;
module_param(stacks, int, 0444);
MODULE_PARM_DESC(stacks, "per cent of allocations that are stack-like buffers, one in 64 of them guarded");

static int hotplug;
module_param(hotplug, int, 0444);
MODULE_PARM_DESC(hotplug, "milliseconds between CPUs going off and on (0: never)");

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "of all choices (0: draw one)");

/* Objects each mutator holds at the most: some hundred of each class. */
#define TORTURE_SLOTS	2048
/* Objects in the mailbox: enough for all to find one, few enough to turn over. */
#define TORTURE_MAILBOX	64
/* More than a magazine of any class holds. */
#define TORTURE_BURST	300

/* Sinks of manual spans. */
#define TORTURE_SINKS	2
/* Pages of a manual span at the most. */
#define TORTURE_PAGES	16

enum torture_kind {
	TORTURE_OBJECT,
	TORTURE_MANUAL,
	TORTURE_STACK,
};

/**
 * struct torture_obj - head of every object
 * @size: as it was asked for
 * @check: made of the address and the size
 * @kind: enum torture_kind
 */
struct torture_obj {
	u32 size;
	u32 check;
	u32 kind;
};

/**
 * struct torture_mutator - an allocating thread
 * @task: the thread
 * @rnd: its choices
 * @ops: allocations and frees it made
 * @slot: what it holds
 */
struct torture_mutator {
	struct task_struct *task;
	struct rnd_state rnd;
	u64 ops;
	struct torture_obj *slot[TORTURE_SLOTS];
};

static struct gostat_sink *torture_sink[TORTURE_SINKS];
static struct torture_obj *torture_mailbox[TORTURE_MAILBOX];
static struct torture_mutator **torture_mutators;
static struct task_struct **torture_readers;
static atomic64_t torture_snapshots = ATOMIC64_INIT(0);
static atomic64_t torture_irq_ops = ATOMIC64_INIT(0);
static atomic_t torture_failures = ATOMIC_INIT(0);
static atomic64_t torture_refused = ATOMIC64_INIT(0);

/* The first is told; the others are counted. */
#define torture_fail(fmt, ...)						\
do {									\
	if (atomic_inc_return(&torture_failures) == 1)			\
		pr_err("first violation: " fmt "\n", ##__VA_ARGS__);	\
} while (0)

/* --- objects ------------------------------------------------------------- */

static u32 torture_check(const struct torture_obj *obj)
{
	return (u32)((unsigned long)obj >> 3) ^ (obj->size * 0x9e3779b1);
}

static u32 *torture_last(struct torture_obj *obj)
{
	return (u32 *)((char *)obj + round_down(obj->size, 4)) - 1;
}

/* The sink of a manual span of so many bytes. */
static struct gostat_sink *torture_sink_of(u32 size)
{
	return torture_sink[(size >> PAGE_SHIFT) % TORTURE_SINKS];
}

static void *torture_get(enum torture_kind kind, u32 size, gfp_t gfp)
{
	if (kind == TORTURE_OBJECT)
		return gostat_alloc(size, gfp);
	if (kind == TORTURE_STACK && size % 64 == 0 && gfp == GFP_KERNEL)
		return gostat_stack_alloc_guarded(size, gfp);
	if (kind == TORTURE_STACK)
		return gostat_stack_alloc(size, gfp);
	return gostat_alloc_manual(size >> PAGE_SHIFT, torture_sink_of(size),
				   gfp);
}

static void torture_put(enum torture_kind kind, u32 size, void *obj)
{
	if (kind == TORTURE_OBJECT)
		gostat_free(obj);
	else if (kind == TORTURE_STACK)
		gostat_stack_free(obj);
	else
		gostat_free_manual(obj, torture_sink_of(size));
}

static struct torture_obj *torture_alloc(enum torture_kind kind, u32 size,
					 gfp_t gfp)
{
	struct torture_obj *obj = torture_get(kind, size, gfp);

	if (!obj) {
		atomic64_inc(&torture_refused);
		return NULL;
	}
	obj->kind = kind;
	obj->size = size;
	obj->check = torture_check(obj);
	*torture_last(obj) = obj->check;
	return obj;
}

static void torture_free(struct torture_obj *obj)
{
	if (!obj)
		return;
	if (obj->check != torture_check(obj) ||
	    *torture_last(obj) != obj->check)
		torture_fail("an object of %u bytes was overwritten", obj->size);
	obj->check = ~obj->check;
	torture_put(obj->kind, obj->size, obj);
}

/* Leave an object for somebody, free what somebody left. */
static void torture_exchange(u32 where, struct torture_obj *obj)
{
	torture_free(xchg(&torture_mailbox[where % TORTURE_MAILBOX], obj));
}

static u32 torture_size(struct rnd_state *rnd)
{
	u32 r = prandom_u32_state(rnd);
	u32 most = max_size;

	if (r % 1000 == 0)
		return 40000 + r % 400000;
	/* Log-uniform: as many between 64 and 128 as between 1024 and 2048. */
	while ((r >>= 1) & 1 && most > 32)
		most /= 2;
	return sizeof(struct torture_obj) * 2 + prandom_u32_state(rnd) % most;
}

/* As many of each of the pool's sizes. */
static u32 torture_stack(u32 r)
{
	u32 size = GOSTAT_STACK_MIN << r % GOSTAT_NR_STACKS;

	return size - (r >> 3) % (size / 2);
}

/* --- mutators ------------------------------------------------------------ */

static void torture_burst(struct torture_mutator *m)
{
	u32 size = 16 + prandom_u32_state(&m->rnd) % 256;
	unsigned int i;

	for (i = 0; i < TORTURE_BURST; i++) {
		torture_free(m->slot[i]);
		m->slot[i] = torture_alloc(TORTURE_OBJECT, size, GFP_KERNEL);
	}
	m->ops += 2 * TORTURE_BURST;
}

static struct torture_obj *torture_make(struct torture_mutator *m, gfp_t gfp)
{
	u32 r = prandom_u32_state(&m->rnd);

	if (r % 100 < manual)
		return torture_alloc(TORTURE_MANUAL,
				     (1 + (r >> 8) % TORTURE_PAGES) * PAGE_SIZE,
				     gfp);
	if (r % 100 < manual + stacks)
		return torture_alloc(TORTURE_STACK, torture_stack(r >> 8), gfp);
	return torture_alloc(TORTURE_OBJECT, torture_size(&m->rnd), gfp);
}

static void torture_step(struct torture_mutator *m)
{
	u32 r = prandom_u32_state(&m->rnd);
	struct torture_obj **slot = &m->slot[(r >> 8) % TORTURE_SLOTS];

	if (r % 4096 == 0) {
		torture_burst(m);
		return;
	}
	if (!*slot)
		*slot = torture_make(m, r & 128 ? GFP_KERNEL : GFP_ATOMIC);
	else if (r % 100 < remote)
		torture_exchange(r >> 16, xchg(slot, NULL));
	else
		torture_free(xchg(slot, NULL));
	m->ops++;
}

static int torture_mutator(void *data)
{
	struct torture_mutator *m = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 1000; i++)
			torture_step(m);
		cond_resched();
	}
	for (i = 0; i < TORTURE_SLOTS; i++)
		torture_free(m->slot[i]);
	return 0;
}

/* --- interrupts ---------------------------------------------------------- */

static DEFINE_PER_CPU(struct hrtimer, torture_timer);
static DEFINE_PER_CPU(u32, torture_irq_count);

static enum hrtimer_restart torture_irq(struct hrtimer *timer)
{
	u32 n = this_cpu_inc_return(torture_irq_count);
	struct torture_obj *obj;

	if (n % 16 == 8)
		obj = torture_alloc(TORTURE_STACK, torture_stack(n / 16),
				    GFP_ATOMIC);
	else if (n % 16)
		obj = torture_alloc(TORTURE_OBJECT, 16 + n * 40 % 1000,
				    GFP_ATOMIC);
	else
		obj = torture_alloc(TORTURE_MANUAL, PAGE_SIZE, GFP_ATOMIC);
	torture_exchange(n, obj);
	atomic64_inc(&torture_irq_ops);
	hrtimer_forward_now(timer, ns_to_ktime(interrupts * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static long torture_timer_start(void *unused)
{
	struct hrtimer *timer = this_cpu_ptr(&torture_timer);

	gs_hrtimer_setup(timer, torture_irq);
	hrtimer_start(timer, ns_to_ktime(interrupts * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED);
	return 0;
}

static void torture_timers_start(void)
{
	unsigned int cpu;

	if (!interrupts)
		return;
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, torture_timer_start, NULL);
}

static void torture_timers_stop(void)
{
	unsigned int cpu;

	if (!interrupts)
		return;
	for_each_possible_cpu(cpu)
		if (per_cpu(torture_timer, cpu).function)
			hrtimer_cancel(per_cpu_ptr(&torture_timer, cpu));
}

/* --- readers ------------------------------------------------------------- */

static void torture_tell(const struct identity *broken)
{
	if (broken->text)
		torture_fail("%s: %llu, %llu (class of %llu)", broken->text,
			     broken->left, broken->right, broken->class);
}

/* Nobody resets the high-water mark meanwhile. */
static void torture_check_snapshot(const struct gostat_snapshot *snap,
				   const struct gostat_snapshot *old)
{
	struct identity broken;

	identities_hold(snap, old, &broken);
	identity_at_most(&broken, old->total.peak_held, snap->total.peak_held);
	torture_tell(&broken);
}

static void torture_check_lower(const struct gostat_bounds *b,
				const struct gostat_snapshot *after)
{
	struct identity broken = {};
	unsigned int i;

	for (i = 0; i < GOSTAT_NR_CLASSES; i++) {
		identity_at_most(&broken, b->class[i].nmalloc.lo,
				 after->class[i].nmalloc);
		identity_at_most(&broken, b->class[i].nfree.lo,
				 after->class[i].nfree);
	}
	identity_at_most(&broken, b->nmalloc.lo, after->total.nmalloc);
	identity_at_most(&broken, b->nfree.lo, after->total.nfree);
	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		identity_at_most(&broken, b->stack[i].nmalloc.lo,
				 after->stack[i].nmalloc);
		identity_at_most(&broken, b->stack[i].nfree.lo,
				 after->stack[i].nfree);
	}
	identity_at_most(&broken, b->total_alloc.lo, after->total.total_alloc);
	torture_tell(&broken);
}

static void torture_check_upper(const struct gostat_bounds *b,
				const struct gostat_snapshot *before)
{
	struct identity broken = {};
	unsigned int i;

	for (i = 0; i < GOSTAT_NR_CLASSES; i++) {
		broken.class = broken.text ? broken.class : b->class[i].size;
		identity_at_most(&broken, before->class[i].nmalloc,
				 b->class[i].nmalloc.hi);
		identity_at_most(&broken, before->class[i].nfree,
				 b->class[i].nfree.hi);
		identity_at_most(&broken, b->class[i].live.lo,
				 b->class[i].live.hi);
	}
	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		identity_at_most(&broken, before->stack[i].nmalloc,
				 b->stack[i].nmalloc.hi);
		identity_at_most(&broken, before->stack[i].nfree,
				 b->stack[i].nfree.hi);
	}
	identity_at_most(&broken, b->stacks_live.lo, b->pages.stacks_inuse);
	identity_at_most(&broken, before->total.nmalloc, b->nmalloc.hi);
	identity_at_most(&broken, before->total.nfree, b->nfree.hi);
	identity_at_most(&broken, b->alloc.lo, b->pages.heap_inuse);
	identity_same(&broken, b->pages.obtained,
		      b->pages.sys - b->pages.heap_released);
	torture_tell(&broken);
}

/**
 * struct torture_seen - what a reader has read
 * @snap: this snapshot and the one before
 * @bounds: read between them
 */
struct torture_seen {
	struct gostat_snapshot snap[2];
	struct gostat_bounds bounds;
};

static int torture_reader(void *data)
{
	struct torture_seen *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	struct gostat_snapshot *snap;
	unsigned int n = 0;

	if (!seen)
		return -ENOMEM;
	set_user_nice(current, clamp(reader_nice, MIN_NICE, MAX_NICE));
	while (!kthread_should_stop()) {
		snap = &seen->snap[n & 1];
		if (gostat_snapshot(snap))
			continue;
		torture_check_snapshot(snap, &seen->snap[!(n & 1)]);
		torture_check_lower(&seen->bounds, snap);
		gostat_bounds(&seen->bounds);
		torture_check_upper(&seen->bounds, snap);
		atomic64_inc(&torture_snapshots);
		n++;
		cond_resched();
	}
	kfree(seen);
	return 0;
}

/* --- the run ------------------------------------------------------------- */

static struct torture_mutator *torture_mutator_new(unsigned int i)
{
	struct torture_mutator *m = vzalloc(sizeof(*m));

	if (!m)
		return NULL;
	prandom_seed_state(&m->rnd, seed + i);
	m->task = kthread_create(torture_mutator, m, "torture/%u", i);
	if (IS_ERR(m->task)) {
		vfree(m);
		return NULL;
	}
	/* A CPU that goes offline passes its thread on. */
	set_cpus_allowed_ptr(m->task, cpumask_of(i % num_online_cpus()));
	wake_up_process(m->task);
	return m;
}

static void torture_wait(void)
{
	unsigned long end = jiffies + seconds * HZ;
	unsigned int cpu;

	while (time_before(jiffies, end)) {
		if (!hotplug) {
			msleep(100);
			continue;
		}
		cpu = 1 + get_random_u32() % max(1U, nr_cpu_ids - 1);
		if (cpu < nr_cpu_ids && !remove_cpu(cpu)) {
			msleep(hotplug);
			add_cpu(cpu);
		}
		msleep(hotplug);
	}
}

static u64 torture_live(void)
{
	struct gostat_snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL);
	u64 live = U64_MAX;

	if (snap && !gostat_snapshot(snap))
		live = snap->total.heap_objects + snap->total.stacks_live;
	kfree(snap);
	return live;
}

static u64 torture_stop(void)
{
	u64 ops = 0;
	int i;

	torture_timers_stop();
	for (i = 0; i < readers; i++)
		if (!IS_ERR_OR_NULL(torture_readers[i]))
			kthread_stop(torture_readers[i]);
	for (i = 0; i < mutators; i++) {
		if (!torture_mutators[i])
			continue;
		kthread_stop(torture_mutators[i]->task);
		ops += torture_mutators[i]->ops;
		vfree(torture_mutators[i]);
	}
	for (i = 0; i < TORTURE_MAILBOX; i++)
		torture_exchange(i, NULL);
	return ops;
}

static int torture_sinks_make(void)
{
	char name[32];
	int i;

	for (i = 0; i < TORTURE_SINKS; i++) {
		snprintf(name, sizeof(name), "torture.%d", i);
		torture_sink[i] = gostat_sink_register(name, "of torture");
		if (IS_ERR(torture_sink[i]))
			return PTR_ERR(torture_sink[i]);
	}
	return 0;
}

/* -EINVAL is one that was not made; a busy one has lost a span. */
static void torture_sinks_remove(void)
{
	int i;

	for (i = 0; i < TORTURE_SINKS; i++)
		if (gostat_sink_unregister(torture_sink[i]) == -EBUSY)
			torture_fail("sink %d has spans that nobody has", i);
}

static int __init torture_init(void)
{
	u64 before = torture_live(), after, ops;
	int i;

	if (mutators < 0)
		mutators = num_online_cpus();
	if (!seed)
		seed = get_random_u32();
	torture_mutators = kcalloc(mutators, sizeof(*torture_mutators),
				   GFP_KERNEL);
	torture_readers = kcalloc(readers + 1, sizeof(*torture_readers),
				  GFP_KERNEL);
	if (!torture_mutators || !torture_readers || torture_sinks_make())
		goto out;
	for (i = 0; i < mutators; i++)
		torture_mutators[i] = torture_mutator_new(i);
	for (i = 0; i < readers; i++)
		torture_readers[i] = kthread_run(torture_reader, NULL,
						 "torture_reader/%d", i);
	torture_timers_start();
	torture_wait();
	ops = torture_stop();

	torture_sinks_remove();
	after = torture_live();
	if (after != before)
		torture_fail("%llu objects and bytes of stacks live before, %llu after",
			     before, after);
	pr_info("%s: %llu operations, %llu interrupts, %llu snapshots, %llu refused, %d violations, seed=%lu\n",
		atomic_read(&torture_failures) ? "FAILURE" : "SUCCESS", ops,
		(u64)atomic64_read(&torture_irq_ops),
		(u64)atomic64_read(&torture_snapshots),
		(u64)atomic64_read(&torture_refused),
		atomic_read(&torture_failures), seed);
out:
	torture_sinks_remove();
	kfree(torture_mutators);
	kfree(torture_readers);
	return atomic_read(&torture_failures) ? -EIO : 0;
}

static void __exit torture_exit(void)
{
}

module_init(torture_init);
module_exit(torture_exit);
MODULE_DESCRIPTION("torture of gostat, with its figures checked meanwhile");
MODULE_AUTHOR("gostat developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_NS);
