/* SPDX-License-Identifier: GPL-2.0 */
/*
 * held - bytes an allocator has from the page allocator, now and at the most.
 *
 * gostat says so itself: sys - heap_released, read from its statistics, which
 * contain all of its metadata. The heap must have been loaded for this one
 * measurement, so that nothing is left of another.
 *
 * For SLUB it is the growth of the kernel's count of slab pages, large kmallocs
 * included, since the measurement began. Its per-CPU parts are added, so it is
 * exact. Two things are done so that the growth is all this measurement's and
 * only its own:
 *
 *   - caches are made before it begins (what describes them is not counted);
 *   - free objects in the kmalloc caches' slabs, left by others, are all taken
 *     and held meanwhile, up to the end of a slab.
 *
 * What the rest of the kernel does at the same time is counted too. The same
 * reading around nothing tells how much that is.
 */
#ifndef _GS_BENCH_HELD_H
#define _GS_BENCH_HELD_H

#include <linux/types.h>

struct bench_out;
struct file;

enum bench_backend {
	BENCH_NONE,
	BENCH_GOSTAT,
	BENCH_SLAB,
	BENCH_NR_BACKENDS,
};

extern const char * const bench_backend_name[BENCH_NR_BACKENDS];

/* A size for each kmalloc cache: 8 to 8192, and 96 and 192. */
#define HELD_NR_PLUGS	13

/**
 * struct bench_held - a measurement
 * @backend: of which allocator
 * @sys: gostat: the statistic
 * @released: gostat: the other
 * @base: slab bytes when it began
 * @plug: the objects that fill others' slabs, linked through themselves
 * @now: bytes held when last read
 * @peak: the most ever read
 */
struct bench_held {
	enum bench_backend backend;
	struct file *sys;
	struct file *released;
	u64 base;
	void *plug[HELD_NR_PLUGS];
	u64 now;
	u64 peak;
};

/* Reading gostat's statistics is dear: once in so many events. */
#define HELD_EVERY	64

int bench_held_begin(struct bench_held *held, enum bench_backend backend,
		     unsigned int cpus);
int bench_held_read(struct bench_held *held);
void bench_held_record(const struct bench_held *held, struct bench_out *out,
		       const char *test, const char *mode, u64 asked,
		       u64 bytes);
void bench_held_parts(struct bench_held *held, struct bench_out *out,
		      const char *mode);
void bench_held_end(struct bench_held *held);

/**
 * bench_held_event() - another allocation or free has happened
 * @held: the measurement
 * @n: number of the event
 *
 * Return: 0 or an error.
 */
static inline int bench_held_event(struct bench_held *held, unsigned int n)
{
	if (held->backend == BENCH_GOSTAT && n % HELD_EVERY)
		return 0;
	return bench_held_read(held);
}

#endif /* _GS_BENCH_HELD_H */
