/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench - what the parts of gostat_bench.ko share: the records they write, the
 * clock they read, and the differences between the kernels they run on.
 */
#ifndef _GS_BENCH_H
#define _GS_BENCH_H

#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/types.h>
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/msr.h>
#endif

/**
 * struct bench_out - the records of one run of one test
 * @buf: lines, one JSON object each
 * @len: bytes written
 * @size: bytes there are
 *
 * A value is one repetition's: who reads them sorts and divides.
 */
struct bench_out {
	char *buf;
	size_t len;
	size_t size;
};

/**
 * struct bench_test - a test
 * @name: of the file that runs it
 * @run: runs it in the context of who opens the file
 */
struct bench_test {
	const char *name;
	int (*run)(struct bench_out *out);
};

/* Which clock is read: one that counts instructions, or nanoseconds. */
extern bool bench_icount;
/* Only this size, if not 0. */
extern unsigned int bench_size;

void bench_record(struct bench_out *out, const char *test, const char *backend,
		  size_t size, const char *mode, const char *unit, u64 total,
		  u64 n);

int bench_pair(struct bench_out *out);
int bench_replay(struct bench_out *out);
int bench_fill(struct bench_out *out);
int bench_remote(struct bench_out *out);
int bench_larson(struct bench_out *out);
int bench_load(struct bench_out *out);
int bench_background(struct bench_out *out);
int bench_scavenge(struct bench_out *out);
int bench_hold(struct bench_out *out);
int bench_which(void);

static inline const char *bench_clock_unit(void)
{
	return bench_icount ? "insns" : "ns";
}

static __always_inline u64 bench_clock(void)
{
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
	if (bench_icount)
		return rdtsc_ordered();
#endif
	return ktime_get_ns();
}

/* 6.5 and newer can keep a cache to itself. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE	0
#endif

#endif /* _GS_BENCH_H */
