// SPDX-License-Identifier: GPL-2.0
/*
 * fill - what an allocator holds for a given live set of mixed sizes.
 *
 * Sizes are log-uniform from 8 to 8192: as many between 8 and 16 as between
 * 4096 and 8192. Objects are allocated until so many bytes are live (modes
 * 1M, 16M, 256M); then as many times as there are objects, one chosen at random
 * is replaced by a new one of a new size (modes *-churn). The same numbers come
 * in the same order for each allocator. Bytes held are the most until then.
 */
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include <gostat/gostat.h>

#include "bench.h"
#include "fill.h"
#include "team.h"

unsigned long bench_live;
module_param_named(live, bench_live, ulong, 0644);
MODULE_PARM_DESC(live, "fill: MiB to fill to");

/**
 * bench_fill_random() - a number
 * @f: the live set, whose generator is used
 *
 * Marsaglia's xorshift64*: the same sequence wherever it runs.
 *
 * Return: the number.
 */
u32 bench_fill_random(struct fill *f)
{
	f->rnd ^= f->rnd >> 12;
	f->rnd ^= f->rnd << 25;
	f->rnd ^= f->rnd >> 27;
	return (f->rnd * 0x2545f4914f6cdd1dULL) >> 32;
}

/*
 * 2 to a power from 3 to 13: the octave, then 2^x on 0..1 as a parabola,
 * (1 + 0.6565 x + 0.3435 x^2), which is within 0.2 %.
 */
static u32 fill_size(struct fill *f)
{
	u32 octave = bench_fill_random(f) % 10;
	u64 x = bench_fill_random(f) >> 16;
	u64 mantissa = 65536 + ((x * (43024 + ((22512 * x) >> 16))) >> 16);

	return (mantissa << (3 + octave)) >> 16;
}

static void *fill_alloc(struct fill *f, size_t size)
{
	if (f->held.backend == BENCH_GOSTAT)
		return gostat_alloc(size, GFP_KERNEL);
	return kmalloc(size, GFP_KERNEL);
}

/**
 * bench_fill_free() - free an object
 * @f: the live set
 * @i: which
 */
void bench_fill_free(struct fill *f, u32 i)
{
	void *obj = f->obj[i];

	f->obj[i] = NULL;
	f->asked -= f->size[i];
	if (f->held.backend == BENCH_GOSTAT)
		gostat_free(obj);
	else
		kfree(obj);
}

static int fill_put(struct fill *f, u32 i)
{
	f->size[i] = fill_size(f);
	f->obj[i] = fill_alloc(f, f->size[i]);
	if (!f->obj[i])
		return -ENOMEM;
	f->asked += f->size[i];
	return 0;
}

/**
 * bench_fill_up() - allocate until as much is live as the parameter says
 * @f: the live set
 *
 * Return: 0 or an error.
 */
int bench_fill_up(struct fill *f)
{
	int err = 0;

	while (f->asked < (u64)bench_live * SZ_1M && f->n < f->max && !err) {
		err = fill_put(f, f->n++);
		err = err ?: bench_held_event(&f->held, f->n);
		cond_resched();
	}
	return err ?: bench_held_read(&f->held);
}

static int fill_churn(struct fill *f)
{
	u32 i, victim;
	int err = 0;

	for (i = 0; i < f->n && !err; i++) {
		victim = bench_fill_random(f) % f->n;
		bench_fill_free(f, victim);
		err = fill_put(f, victim);
		err = err ?: bench_held_event(&f->held, i);
		cond_resched();
	}
	return err ?: bench_held_read(&f->held);
}

/**
 * bench_fill_begin() - begin a measurement, of the backend that was chosen
 * @f: filled in
 *
 * Context: Process; sleeps.
 * Return: 0, or an error and nothing was begun.
 */
int bench_fill_begin(struct fill *f)
{
	int which = bench_which(), err;

	if (which < 0)
		return which;
	if (which == BENCH_NONE || !bench_live)
		return -EINVAL;
	memset(f, 0, sizeof(*f));
	f->rnd = 1;
	/* The mean is 1181 bytes. */
	f->max = bench_live * 2048 + 4096;
	f->obj = vcalloc(f->max, sizeof(*f->obj));
	f->size = vcalloc(f->max, sizeof(*f->size));
	err = f->obj && f->size ? bench_held_begin(&f->held, which, 1) :
				  -ENOMEM;
	if (err) {
		vfree(f->size);
		vfree(f->obj);
	}
	return err;
}

/**
 * bench_fill_end() - free what is live, and end the measurement
 * @f: the live set
 *
 * Context: Process; sleeps.
 */
void bench_fill_end(struct fill *f)
{
	u32 i;

	for (i = 0; i < f->n; i++) {
		bench_fill_free(f, i);
		cond_resched();
	}
	bench_held_end(&f->held);
	vfree(f->size);
	vfree(f->obj);
}

/**
 * struct fill_work - what the thread that allocates has to do
 * @fill: the live set
 * @out: for the records
 */
struct fill_work {
	struct fill fill;
	struct bench_out *out;
};

static int fill_work(void *arg, unsigned int id)
{
	struct fill_work *work = arg;
	struct fill *f = &work->fill;
	char mode[16], churned[32];
	int err;

	scnprintf(mode, sizeof(mode), "%luM", bench_live);
	scnprintf(churned, sizeof(churned), "%s-churn", mode);
	err = bench_fill_up(f);
	if (!err)
		bench_held_record(&f->held, work->out, "fill", mode, f->asked,
				  f->held.peak);
	err = err ?: fill_churn(f);
	if (err)
		return err;
	bench_held_parts(&f->held, work->out, churned);
	bench_held_record(&f->held, work->out, "fill", churned, f->asked,
			  f->held.peak);
	return 0;
}

/**
 * bench_fill() - fill to what the parameter says, then churn
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_fill(struct bench_out *out)
{
	struct fill_work work = { .out = out };
	int err = bench_fill_begin(&work.fill);

	if (err)
		return err;
	err = bench_team(1, 1, fill_work, &work, NULL);
	bench_fill_end(&work.fill);
	return err;
}
