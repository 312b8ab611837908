// SPDX-License-Identifier: GPL-2.0
/*
 * held - bytes an allocator has from the page allocator. See held.h.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bench.h"
#include "held.h"

#define HELD_DIR	"/sys/kernel/gostat/"

const char * const bench_backend_name[BENCH_NR_BACKENDS] = {
	[BENCH_NONE] = "none",
	[BENCH_GOSTAT] = "gostat",
	[BENCH_SLAB] = "slab",
};

static u64 held_slab_pages(pg_data_t *node, enum node_stat_item item)
{
	long pages = atomic_long_read(&node->vm_stat[item]);
	unsigned int cpu;

	for_each_online_cpu(cpu)
		pages += per_cpu_ptr(node->per_cpu_nodestats,
				     cpu)->vm_node_stat_diff[item];
	return pages;
}

static u64 held_slab_bytes(void)
{
	u64 pages = 0;
	int nid;

	for_each_online_node(nid) {
		pages += held_slab_pages(NODE_DATA(nid), NR_SLAB_RECLAIMABLE_B);
		pages += held_slab_pages(NODE_DATA(nid),
					 NR_SLAB_UNRECLAIMABLE_B);
	}
	return pages << PAGE_SHIFT;
}

static int held_statistic(struct file *file, u64 *value)
{
	char text[24];
	loff_t pos = 0;
	ssize_t n;

	n = kernel_read(file, text, sizeof(text) - 1, &pos);
	if (n < 0)
		return n;
	text[n] = '\0';
	return kstrtou64(text, 10, value);
}

/* --- free objects that others left --------------------------------------- */

/* Always the same caller: some kernels choose among caches by caller. */
static noinline void *held_plug_alloc(size_t size, void *next)
{
	void **obj = kmalloc(size, GFP_KERNEL);

	if (obj)
		*obj = next;
	return obj;
}

static void held_unplug(struct bench_held *held)
{
	void **obj;
	int i;

	for (i = 0; i < HELD_NR_PLUGS; i++) {
		while (held->plug[i]) {
			obj = held->plug[i];
			held->plug[i] = *obj;
			kfree(obj);
		}
	}
}

/* Allocate until a new slab comes; how many that took, or an error. */
static int held_plug_to_growth(void **plug, size_t size)
{
	u64 bytes = held_slab_bytes();
	void *obj;
	int n = 0;

	do {
		obj = held_plug_alloc(size, *plug);
		if (!obj)
			return -ENOMEM;
		*plug = obj;
		n++;
	} while (held_slab_bytes() <= bytes);
	return n;
}

/*
 * The first growth says that others' free objects are used up on this CPU, the
 * second how many objects a slab has; the rest of that slab is taken as well.
 */
static long held_plug_cpu(void *data)
{
	static const size_t sizes[HELD_NR_PLUGS] = {
		8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192,
	};
	struct bench_held *held = data;
	int i, n;

	for (i = 0; i < HELD_NR_PLUGS; i++) {
		void **plug = &held->plug[i];

		n = held_plug_to_growth(plug, sizes[i]);
		if (n > 0)
			n = held_plug_to_growth(plug, sizes[i]);
		while (--n > 0) {
			void *obj = held_plug_alloc(sizes[i], *plug);

			if (!obj)
				return -ENOMEM;
			*plug = obj;
		}
		if (n < 0)
			return n;
	}
	return 0;
}

/* --- the measurement ----------------------------------------------------- */

static int held_begin_gostat(struct bench_held *held)
{
	struct file *file = filp_open(HELD_DIR "sys", O_RDONLY, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	held->sys = file;
	file = filp_open(HELD_DIR "heap_released", O_RDONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	held->released = file;
	return 0;
}

static int held_begin_slab(struct bench_held *held, unsigned int cpus)
{
	unsigned int cpu;
	int err;

	for (cpu = 0; cpu < cpus; cpu++) {
		err = work_on_cpu(cpu, held_plug_cpu, held);
		if (err)
			return err;
	}
	/* What was freed just now, by whoever, is let go of first. */
	synchronize_rcu();
	rcu_barrier();
	msleep(200);
	held->base = held_slab_bytes();
	return 0;
}

/**
 * bench_held_begin() - begin a measurement
 * @held: filled in
 * @backend: of which allocator; of none, SLUB's figure around nothing
 * @cpus: CPUs that will allocate
 *
 * Context: Process; sleeps.
 * Return: 0, or an error with the measurement ended.
 */
int bench_held_begin(struct bench_held *held, enum bench_backend backend,
		     unsigned int cpus)
{
	int err;

	memset(held, 0, sizeof(*held));
	held->backend = backend;
	if (backend == BENCH_GOSTAT)
		err = held_begin_gostat(held);
	else
		err = held_begin_slab(held, cpus);
	if (err)
		bench_held_end(held);
	return err;
}

/**
 * bench_held_read() - read how much is held now
 * @held: the measurement
 *
 * Context: Process; sleeps.
 * Return: 0 or an error.
 */
int bench_held_read(struct bench_held *held)
{
	u64 sys, released;
	int err;

	if (held->backend == BENCH_GOSTAT) {
		err = held_statistic(held->sys, &sys);
		if (!err)
			err = held_statistic(held->released, &released);
		if (err)
			return err;
		held->now = sys - released;
	} else {
		u64 bytes = held_slab_bytes();

		held->now = bytes - min(bytes, held->base);
	}
	held->peak = max(held->peak, held->now);
	return 0;
}

/**
 * bench_held_record() - write what was held, and what was asked for
 * @held: the measurement, ended or not
 * @out: for the records
 * @test: of the records
 * @mode: of the records
 * @asked: bytes
 * @bytes: bytes held
 */
void bench_held_record(const struct bench_held *held, struct bench_out *out,
		       const char *test, const char *mode, u64 asked, u64 bytes)
{
	bench_record(out, test, "asked", 0, mode, "bytes", asked, 1);
	bench_record(out, test, bench_backend_name[held->backend], 0, mode,
		     "bytes", bytes, 1);
}

/**
 * bench_held_parts() - what gostat holds, by purpose
 * @held: the measurement
 * @out: for the records
 * @mode: of the records
 *
 * Context: Process; sleeps.
 */
void bench_held_parts(struct bench_held *held, struct bench_out *out,
		      const char *mode)
{
	static const char * const parts[] = {
		"heap_alloc", "heap_inuse", "heap_idle", "heap_released",
		"mspan_sys", "mcache_sys", "gc_sys",
	};
	struct file *file;
	char text[64];
	int i, err;
	u64 value;

	if (held->backend != BENCH_GOSTAT)
		return;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		scnprintf(text, sizeof(text), HELD_DIR "%s", parts[i]);
		file = filp_open(text, O_RDONLY, 0);
		if (IS_ERR(file))
			continue;
		err = held_statistic(file, &value);
		filp_close(file, NULL);
		scnprintf(text, sizeof(text), "%s %s", mode, parts[i]);
		if (!err)
			bench_record(out, "parts", "gostat", 0, text, "bytes",
				     value, 1);
	}
}

/**
 * bench_held_end() - end a measurement
 * @held: begun or not
 *
 * Context: Process; sleeps.
 */
void bench_held_end(struct bench_held *held)
{
	if (held->sys)
		filp_close(held->sys, NULL);
	if (held->released)
		filp_close(held->released, NULL);
	held_unplug(held);
}
