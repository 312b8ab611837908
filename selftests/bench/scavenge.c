// SPDX-License-Identifier: GPL-2.0
/*
 * scavenge - what goes back to the page allocator, and what that costs.
 *
 * scavenge	a live set (fill.c) is freed at random, nine objects of ten; then
 *		gostat makes a forced run, and SLUB shrinks all kmalloc caches:
 *		bytes held then (mode *-tenth). gostat: the rest is freed too, and
 *		a forced run must leave nothing: of what was idle, what was kept,
 *		and what went in parts of an arena instead of whole.
 *
 * hold		pages, every second of which is freed, so that a forced run has to
 *		split every block; meanwhile a timer is due all the time, and how
 *		late it comes at the most is how long interrupts were off, by a
 *		lock that was held (modes *M, by what was live).
 */
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <gostat/gostat.h>
#include <gostat/scavenge.h>
#include <gostat/snapshot.h>

#include "bench.h"
#include "compat.h"
#include "fill.h"
#include "team.h"

/* --- scavenge -------------------------------------------------------------- */

/**
 * struct scavenge - a measurement
 * @fill: the live set
 * @out: for the records
 */
struct scavenge {
	struct fill fill;
	struct bench_out *out;
};

static void scavenge_shrink_kmallocs(void)
{
	int type, i;

	for (type = 0; type < NR_KMALLOC_TYPES; type++)
		for (i = 0; i <= KMALLOC_SHIFT_HIGH; i++)
			if (kmalloc_caches[type][i])
				kmem_cache_shrink(kmalloc_caches[type][i]);
}

static void scavenge_give_back(struct fill *f)
{
	if (f->held.backend == BENCH_GOSTAT)
		gostat_scavenge();
	else
		scavenge_shrink_kmallocs();
}

static int scavenge_tenth(struct fill *f, struct bench_out *out)
{
	char mode[32];
	u32 i;
	int err;

	for (i = 0; i < f->n; i++) {
		if (bench_fill_random(f) % 10)
			bench_fill_free(f, i);
		cond_resched();
	}
	scavenge_give_back(f);
	err = bench_held_read(&f->held);
	scnprintf(mode, sizeof(mode), "%luM-tenth", bench_live);
	if (!err)
		bench_held_record(&f->held, out, "scavenge", mode, f->asked,
				  f->held.now);
	return err;
}

static void scavenge_record(struct bench_out *out, const char *what, u64 ours,
			    u64 of)
{
	char mode[32];

	scnprintf(mode, sizeof(mode), "%luM-%s", bench_live, what);
	bench_record(out, "scavenge", "gostat", 0, mode, "bytes", ours, 1);
	bench_record(out, "scavenge", "kmalloc", 0, mode, "bytes", of, 1);
}

/* All of a live set of this size is freed, and goes in one forced run. */
static int scavenge_all(struct fill *f, struct bench_out *out)
{
	struct gostat_snapshot *snap = vzalloc(sizeof(*snap));
	struct gostat_scav_stats before;
	u64 idle, released, whole;
	u32 i;
	int err;

	if (!snap)
		return -ENOMEM;
	for (i = 0; i < f->n; i++) {
		bench_fill_free(f, i);
		cond_resched();
	}
	err = gostat_snapshot(snap);
	before = snap->scav[GOSTAT_SCAV_FORCED];
	/* What magazines still keep is idle as well. */
	idle = snap->total.heap_inuse + snap->total.memory.heap_free;
	released = gostat_scavenge();
	err = err ?: gostat_snapshot(snap);
	whole = snap->scav[GOSTAT_SCAV_FORCED].whole - before.whole;
	if (!err) {
		scavenge_record(out, "kept", idle - min(idle, released), idle);
		scavenge_record(out, "in-parts", released - whole, released);
	}
	vfree(snap);
	return err;
}

static int scavenge_work(void *arg, unsigned int id)
{
	struct scavenge *s = arg;
	struct fill *f = &s->fill;
	int err;

	err = bench_fill_up(f);
	if (!err && f->held.backend == BENCH_GOSTAT) {
		err = scavenge_all(f, s->out);
		f->n = 0;
		f->rnd = 1;
		err = err ?: bench_fill_up(f);
	}
	return err ?: scavenge_tenth(f, s->out);
}

/**
 * bench_scavenge() - what is held after most has been freed
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_scavenge(struct bench_out *out)
{
	struct scavenge s = { .out = out };
	int err = bench_fill_begin(&s.fill);

	if (err)
		return err;
	err = bench_team(1, 1, scavenge_work, &s, NULL);
	bench_fill_end(&s.fill);
	return err;
}

/* --- hold ------------------------------------------------------------------ */

/* Far less than a lock is held for, far more than a timer costs. */
#define HOLD_PERIOD_NS	(10 * NSEC_PER_USEC)

/**
 * struct hold - a timer that is due all the time
 * @timer: the timer
 * @latest: ns by which it was late at the most
 */
struct hold {
	struct hrtimer timer;
	u64 latest;
};

static enum hrtimer_restart hold_due(struct hrtimer *timer)
{
	struct hold *hold = container_of(timer, struct hold, timer);
	ktime_t now = ktime_get();
	u64 late = ktime_to_ns(ktime_sub(now, hrtimer_get_expires(timer)));

	hold->latest = max(hold->latest, late);
	hrtimer_set_expires(timer, ktime_add_ns(ktime_get(), HOLD_PERIOD_NS));
	return HRTIMER_RESTART;
}

static u64 hold_measure(void)
{
	struct hold hold = {};

	gs_hrtimer_setup(&hold.timer, hold_due);
	hrtimer_start(&hold.timer, HOLD_PERIOD_NS, HRTIMER_MODE_REL_PINNED);
	gostat_scavenge();
	hrtimer_cancel(&hold.timer);
	return hold.latest;
}

static u64 hold_run(void **obj, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		obj[i] = gostat_alloc(PAGE_SIZE, GFP_KERNEL);
		cond_resched();
	}
	for (i = 0; i < n; i += 2) {
		gostat_free(obj[i]);
		obj[i] = NULL;
		cond_resched();
	}
	return hold_measure();
}

/**
 * bench_hold() - for how long a forced run keeps interrupts off at the most
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_hold(struct bench_out *out)
{
	unsigned long i, n = bench_live * (SZ_1M / PAGE_SIZE);
	void **obj = vcalloc(n, sizeof(*obj));
	char mode[16];
	u64 latest;

	if (!obj)
		return -ENOMEM;
	latest = hold_run(obj, n);
	scnprintf(mode, sizeof(mode), "%luM", bench_live);
	bench_record(out, "hold", "gostat", 0, mode, bench_clock_unit(), latest,
		     1);
	for (i = 0; i < n; i++)
		gostat_free(obj[i]);
	vfree(obj);
	return 0;
}
