// SPDX-License-Identifier: GPL-2.0
/*
 * pair - the cost of an allocation and its free, warm, on one CPU.
 *
 * A case is a loop around one allocator's calls, with the size a constant of
 * the compiler's where the case says so. A loop is run n times round and 2n
 * times round, and the difference is n rounds without what comes before and
 * after them; the same loop around nothing, measured in the same way, is
 * subtracted, which leaves the calls, their arguments and their returns.
 *
 * Interrupts are off in a loop: what is measured is the allocator's path and
 * nothing else. On a machine whose clock counts instructions the figure repeats
 * exactly; on one that counts nanoseconds all cases of a size take turns, and
 * every turn is a record.
 *
 * Modes:
 *	const		constant size
 *	var		size unknown to the compiler
 *	sized		constant size, given to the free as well where it takes it
 *	batchN-lifo	constant size, N allocations, then N frees, last one first
 *	batchN-fifo	the same, first one first
 *	stack		gostat's stack pool, beside kmalloc and vmalloc
 *
 * vmalloc() sleeps and interrupts other CPUs, so its loop runs with interrupts on;
 * beside what it takes they are nothing.
 */
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <gostat/gostat.h>
#include <gostat/stack.h>

#include "bench.h"

#define BENCH_BATCH_MAX	256

/* Which calls are in a loop; those called VAR with a size unknown to the compiler. */
enum pair_calls {
	NOTHING,
	GOSTAT,
	GOSTAT_SIZED,
	KMALLOC,
	CACHE,
	GOSTAT_VAR,
	KMALLOC_VAR,
	STACK,
	VMALLOC,
};

/* How many allocations before as many frees, and which object is freed first. */
enum pair_shape {
	PAIR,
	LIFO_16,
	FIFO_16,
	LIFO_256,
	FIFO_256,
};

/**
 * struct pair_env - what a loop works on
 * @size: bytes of an object
 * @cache: of objects of exactly this size
 * @objs: room for a batch
 */
struct pair_env {
	size_t size;
	struct kmem_cache *cache;
	void *objs[BENCH_BATCH_MAX];
};

/* --- the loop: compiled anew for each size, calls and shape --------------- */

static __always_inline void *pair_alloc(enum pair_calls calls, size_t size,
					struct kmem_cache *cache)
{
	void *obj;

	switch (calls) {
	case GOSTAT:
	case GOSTAT_SIZED:
	case GOSTAT_VAR:
		return gostat_alloc(size, GFP_KERNEL);
	case KMALLOC:
	case KMALLOC_VAR:
		return kmalloc(size, GFP_KERNEL);
	case CACHE:
		return kmem_cache_alloc(cache, GFP_KERNEL);
	case STACK:
		return gostat_stack_alloc(size, GFP_KERNEL);
	case VMALLOC:
		return vmalloc(size);
	default:
		/* Some object, from nowhere, in no instruction. */
		asm volatile("" : "=r" (obj));
		return obj;
	}
}

static __always_inline void pair_free(enum pair_calls calls, size_t size,
				      struct kmem_cache *cache, void *obj)
{
	switch (calls) {
	case GOSTAT:
	case GOSTAT_VAR:
		gostat_free(obj);
		break;
	case GOSTAT_SIZED:
		gostat_free_sized(obj, size);
		break;
	case KMALLOC:
	case KMALLOC_VAR:
		kfree(obj);
		break;
	case CACHE:
		kmem_cache_free(cache, obj);
		break;
	case STACK:
		gostat_stack_free(obj);
		break;
	case VMALLOC:
		vfree(obj);
		break;
	default:
		asm volatile("" : : "r" (obj));
		break;
	}
}

static __always_inline u64 pair_loop(struct pair_env *env, unsigned int rounds,
				     enum pair_calls calls, size_t size,
				     unsigned int batch, bool fifo)
{
	struct kmem_cache *cache = env->cache;
	void **objs = env->objs;
	unsigned int i;
	u64 start;

	if (calls == GOSTAT_VAR || calls == KMALLOC_VAR) {
		size = env->size;
		OPTIMIZER_HIDE_VAR(size);
	}
	start = bench_clock();
	if (batch == 1) {
		do {
			pair_free(calls, size, cache,
				  pair_alloc(calls, size, cache));
		} while (--rounds);
		return bench_clock() - start;
	}
	do {
		for (i = 0; i < batch; i++)
			objs[i] = pair_alloc(calls, size, cache);
		barrier();
		for (i = 0; i < batch; i++)
			pair_free(calls, size, cache,
				  objs[fifo ? i : batch - 1 - i]);
	} while (--rounds);
	return bench_clock() - start;
}

static __always_inline u64 pair_shape(struct pair_env *env, unsigned int rounds,
				      enum pair_calls calls,
				      enum pair_shape shape, size_t size)
{
	switch (shape) {
	case LIFO_16:
		return pair_loop(env, rounds, calls, size, 16, false);
	case FIFO_16:
		return pair_loop(env, rounds, calls, size, 16, true);
	case LIFO_256:
		return pair_loop(env, rounds, calls, size, 256, false);
	case FIFO_256:
		return pair_loop(env, rounds, calls, size, 256, true);
	default:
		return pair_loop(env, rounds, calls, size, 1, false);
	}
}

static __always_inline u64 pair_calls(struct pair_env *env, unsigned int rounds,
				      enum pair_calls calls,
				      enum pair_shape shape, size_t size)
{
	switch (calls) {
	case GOSTAT:
		return pair_shape(env, rounds, GOSTAT, shape, size);
	case GOSTAT_SIZED:
		return pair_shape(env, rounds, GOSTAT_SIZED, shape, size);
	case KMALLOC:
		return pair_shape(env, rounds, KMALLOC, shape, size);
	case CACHE:
		return pair_shape(env, rounds, CACHE, shape, size);
	case GOSTAT_VAR:
		return pair_shape(env, rounds, GOSTAT_VAR, shape, size);
	case KMALLOC_VAR:
		return pair_shape(env, rounds, KMALLOC_VAR, shape, size);
	case STACK:
		return pair_loop(env, rounds, STACK, size, 1, false);
	case VMALLOC:
		return pair_loop(env, rounds, VMALLOC, size, 1, false);
	default:
		return pair_shape(env, rounds, NOTHING, shape, size);
	}
}

#define PAIR_SIZE(bytes)						\
static noinline u64 pair_##bytes(struct pair_env *env,			\
				 unsigned int rounds,			\
				 enum pair_calls calls,			\
				 enum pair_shape shape)			\
{									\
	return pair_calls(env, rounds, calls, shape, bytes);		\
}

PAIR_SIZE(8)
PAIR_SIZE(64)
PAIR_SIZE(256)
PAIR_SIZE(1024)
PAIR_SIZE(4096)
PAIR_SIZE(16384)
PAIR_SIZE(32768)

/**
 * struct pair_size - the loops of one size
 * @size: bytes
 * @run: runs one
 */
struct pair_size {
	size_t size;
	u64 (*run)(struct pair_env *env, unsigned int rounds,
		   enum pair_calls calls, enum pair_shape shape);
};

static const struct pair_size pair_sizes[] = {
	{ 8, pair_8 },
	{ 64, pair_64 },
	{ 256, pair_256 },
	{ 1024, pair_1024 },
	{ 4096, pair_4096 },
	{ 16384, pair_16384 },
	{ 32768, pair_32768 },
};

/**
 * struct pair_case - a loop and what to call it
 * @backend: which allocator
 * @mode: in which way
 * @calls: the calls in it
 * @shape: their order
 * @batch: pairs in a round
 */
struct pair_case {
	const char *backend;
	const char *mode;
	enum pair_calls calls;
	enum pair_shape shape;
	unsigned int batch;
};

static const struct pair_case pair_cases[] = {
	{ "gostat", "const", GOSTAT, PAIR, 1 },
	{ "kmalloc", "const", KMALLOC, PAIR, 1 },
	{ "kmem_cache", "const", CACHE, PAIR, 1 },
	{ "gostat", "var", GOSTAT_VAR, PAIR, 1 },
	{ "kmalloc", "var", KMALLOC_VAR, PAIR, 1 },
	{ "gostat", "sized", GOSTAT_SIZED, PAIR, 1 },
	/* There is no sized free there: the constant size's, to compare with. */
	{ "kmalloc", "sized", KMALLOC, PAIR, 1 },
	{ "kmem_cache", "sized", CACHE, PAIR, 1 },
	{ "gostat", "batch16-lifo", GOSTAT, LIFO_16, 16 },
	{ "kmalloc", "batch16-lifo", KMALLOC, LIFO_16, 16 },
	{ "kmem_cache", "batch16-lifo", CACHE, LIFO_16, 16 },
	{ "gostat", "batch16-fifo", GOSTAT, FIFO_16, 16 },
	{ "kmalloc", "batch16-fifo", KMALLOC, FIFO_16, 16 },
	{ "kmem_cache", "batch16-fifo", CACHE, FIFO_16, 16 },
	{ "gostat", "batch256-lifo", GOSTAT, LIFO_256, 256 },
	{ "kmalloc", "batch256-lifo", KMALLOC, LIFO_256, 256 },
	{ "kmem_cache", "batch256-lifo", CACHE, LIFO_256, 256 },
	{ "gostat", "batch256-fifo", GOSTAT, FIFO_256, 256 },
	{ "kmalloc", "batch256-fifo", KMALLOC, FIFO_256, 256 },
	{ "kmem_cache", "batch256-fifo", CACHE, FIFO_256, 256 },
};

/* The sizes that the pool has. */
static const struct pair_case stack_cases[] = {
	{ "gostat", "stack", STACK, PAIR, 1 },
	{ "kmalloc", "stack", KMALLOC, PAIR, 1 },
	{ "vmalloc", "stack", VMALLOC, PAIR, 1 },
};

/* --- measuring ----------------------------------------------------------- */

/*
 * A loop is short, so that on a computer that does other things as well most of
 * them pass undisturbed, and the shortest of some is what the calls take. In
 * nanoseconds the cases take turns, because a computer's speed changes.
 */
#define PAIR_PAIRS	2048
#define PAIR_REPEATS	9
#define PAIR_NS_TURNS	41
#define PAIR_WARM	4096
/* Instructions are exact; two repetitions more are for what is done once. */
#define PAIR_ICOUNT_REPEATS	3

static u64 pair_time(struct pair_env *env, const struct pair_size *s,
		     enum pair_calls calls, enum pair_shape shape,
		     unsigned int rounds)
{
	unsigned long flags;
	u64 time;

	if (calls == VMALLOC)
		return s->run(env, rounds, calls, shape);
	preempt_disable();
	local_irq_save(flags);
	time = s->run(env, rounds, calls, shape);
	local_irq_restore(flags);
	preempt_enable();
	return time;
}

/* What @rounds rounds take, without what is around them. */
static u64 pair_rounds(struct pair_env *env, const struct pair_size *s,
		       enum pair_calls calls, enum pair_shape shape,
		       unsigned int rounds)
{
	int repeats = bench_icount ? PAIR_ICOUNT_REPEATS : PAIR_REPEATS;
	u64 once = U64_MAX, twice = U64_MAX;

	while (repeats--) {
		once = min(once, pair_time(env, s, calls, shape, rounds));
		twice = min(twice, pair_time(env, s, calls, shape, 2 * rounds));
	}
	return twice - min(once, twice);
}

static void pair_measure(struct bench_out *out, const char *test,
			 struct pair_env *env, const struct pair_size *s,
			 const struct pair_case *c)
{
	unsigned int rounds = PAIR_PAIRS / c->batch;
	u64 with, without;

	s->run(env, PAIR_WARM / c->batch, c->calls, c->shape);
	with = pair_rounds(env, s, c->calls, c->shape, rounds);
	without = pair_rounds(env, s, NOTHING, c->shape, rounds);
	bench_record(out, test, c->backend, env->size, c->mode,
		     bench_clock_unit(), with - min(without, with), PAIR_PAIRS);
	cond_resched();
}

static int pair_size(struct bench_out *out, struct pair_env *env,
		     const struct pair_size *s)
{
	unsigned int turns = bench_icount ? 1 : PAIR_NS_TURNS;
	bool stacks = s->size >= GOSTAT_STACK_MIN;
	unsigned int i;

	env->size = s->size;
	env->cache = kmem_cache_create("gostat_bench", env->size, 0,
				       SLAB_NO_MERGE, NULL);
	if (!env->cache)
		return -ENOMEM;
	while (turns--) {
		for (i = 0; i < ARRAY_SIZE(pair_cases); i++)
			pair_measure(out, "pair", env, s, &pair_cases[i]);
		for (i = 0; i < ARRAY_SIZE(stack_cases) && stacks; i++)
			pair_measure(out, "stack", env, s, &stack_cases[i]);
	}
	kmem_cache_destroy(env->cache);
	return 0;
}

/**
 * bench_pair() - all sizes, all cases
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_pair(struct bench_out *out)
{
	struct pair_env *env = vzalloc(sizeof(*env));
	int i, err = 0;

	if (!env)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(pair_sizes) && !err; i++)
		if (!bench_size || bench_size == pair_sizes[i].size)
			err = pair_size(out, env, &pair_sizes[i]);
	vfree(env);
	return err;
}
