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
#include "held.h"
#include "team.h"

static unsigned long live;
module_param(live, ulong, 0644);
MODULE_PARM_DESC(live, "fill: MiB to fill to");

/**
 * struct fill - a live set
 * @obj: the objects
 * @size: bytes asked for, of each
 * @n: how many
 * @max: room for
 * @asked: bytes asked for, of all
 * @rnd: the state of the generator
 * @held_filled: the most bytes held, up to when it was full
 * @asked_filled: @asked at that time
 * @held: bytes held
 */
struct fill {
	void **obj;
	u32 *size;
	u32 n;
	u32 max;
	u64 asked;
	u64 rnd;
	u64 held_filled;
	u64 asked_filled;
	struct bench_held held;
};

/* Marsaglia's xorshift64*: the same sequence wherever it runs. */
static u32 fill_random(struct fill *f)
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
	u32 octave = fill_random(f) % 10;
	u64 x = fill_random(f) >> 16;
	u64 mantissa = 65536 + ((x * (43024 + ((22512 * x) >> 16))) >> 16);

	return (mantissa << (3 + octave)) >> 16;
}

static void *fill_alloc(struct fill *f, size_t size)
{
	if (f->held.backend == BENCH_GOSTAT)
		return gostat_alloc(size, GFP_KERNEL);
	return kmalloc(size, GFP_KERNEL);
}

static void fill_free(struct fill *f, void *obj)
{
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

static int fill_up(struct fill *f)
{
	int err = 0;

	while (f->asked < (u64)live * SZ_1M && f->n < f->max && !err) {
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
		victim = fill_random(f) % f->n;
		fill_free(f, f->obj[victim]);
		f->asked -= f->size[victim];
		err = fill_put(f, victim);
		err = err ?: bench_held_event(&f->held, i);
		cond_resched();
	}
	return err ?: bench_held_read(&f->held);
}

static int fill_work(void *arg, unsigned int id)
{
	struct fill *f = arg;
	int err;

	err = fill_up(f);
	f->held_filled = f->held.peak;
	f->asked_filled = f->asked;
	return err ?: fill_churn(f);
}

static int fill_run(struct fill *f, enum bench_backend which,
		    struct bench_out *out, const char *mode)
{
	u32 i;
	int err;

	err = bench_held_begin(&f->held, which, 1);
	if (err)
		return err;
	err = bench_team(1, 1, fill_work, f, NULL);
	if (!err)
		bench_held_parts(&f->held, out, mode);
	for (i = 0; i < f->n; i++) {
		fill_free(f, f->obj[i]);
		cond_resched();
	}
	bench_held_end(&f->held);
	return err;
}

/**
 * bench_fill() - fill to what the parameter says
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_fill(struct bench_out *out)
{
	/* The mean is 1181 bytes. */
	struct fill f = { .max = live * 2048 + 4096, .rnd = 1 };
	int which = bench_which(), err = -ENOMEM;
	char mode[16], churned[32];

	if (which < 0)
		return which;
	if (which == BENCH_NONE || !live)
		return -EINVAL;
	scnprintf(mode, sizeof(mode), "%luM", live);
	scnprintf(churned, sizeof(churned), "%s-churn", mode);
	f.obj = vcalloc(f.max, sizeof(*f.obj));
	f.size = vcalloc(f.max, sizeof(*f.size));
	if (f.obj && f.size)
		err = fill_run(&f, which, out, churned);
	vfree(f.size);
	vfree(f.obj);
	if (err)
		return err;
	bench_held_record(&f.held, out, "fill", mode, f.asked_filled,
			  f.held_filled);
	bench_held_record(&f.held, out, "fill", churned, f.asked, f.held.peak);
	return 0;
}
