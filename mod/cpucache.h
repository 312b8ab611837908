/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpucache - one CPU's magazines: the fast path, on one screen.
 *
 * A magazine is an array of free objects of one class. Its header packs the
 * number of allocations and the number of objects into one 64-bit word
 *
 *	word == nmalloc << 16 | count
 *
 * so that a pop adds 0xffff (one object fewer, one allocation more) and a push
 * adds 1: the exact cumulative count costs no instruction. nfree follows from
 * what central gave out (central.h).
 *
 * The lock byte. Each CPU has one for all of its magazines: -1 is free; taking
 * it is one increment whose zero flag says "acquired", releasing it one
 * decrement. Preemption is off while it is held, so only an interrupt or NMI
 * can find it held; that operation undoes its increment and goes past the
 * magazines, to central. An NMI cannot do that either: its allocation fails and
 * its free is put off. Values after an operation's own increment:
 *
 *	0	owner			1..3	nested in an owner
 *	64	owner, diverted		65..67	nested, diverted	(cut.h)
 *
 * between two operations -1, or 63 on a CPU that is diverted.
 *
 * What is rejected: disabling interrupts (a third slower, and no protection
 * from NMIs); cmpxchg16b on the free list (SLUB; not exported to modules, and
 * the dearest instruction of its path); a test-and-set byte, into which nobody
 * else could add (the statistics cut will).
 *
 * Invariants:	count <= cap <= class->cap_max		cap == 0: no magazine
 *		slot[0..count-1] are distinct free objects of the class
 *		slot[-1] == NULL
 *
 * Locking: a magazine belongs to whoever holds its CPU's byte; a dead CPU's, to
 * the hotplug callback. Words are read by other CPUs for statistics.
 */
#ifndef _GS_CPUCACHE_H
#define _GS_CPUCACHE_H

#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <gostat/gostat.h>

#include "arena.h"
#include "sizeclass.h"

struct gs_class;
struct gs_heap;

/**
 * struct gs_mag - header of one CPU's magazine of one class
 * @word: nmalloc:48 | count:16; the CPU's own, by single instructions
 * @slot: the objects; not there while @cap is 0
 * @cap: how many it can hold
 * @misses: refills and flushes since the capacity last changed
 * @reserved: unused
 * @no_cap: always 0: what is @cap to the fast path of gostat_free() where a slot's
 *	handle has GS_HANDLE_APART
 */
struct gs_mag {
	u64 word;
	void **slot;
	u16 cap;
	u16 misses;
	u16 reserved[2];
	u16 no_cap;
} __aligned(1 << GOSTAT_HANDLE_SHIFT);

#ifdef GS_WITHOUT_STATISTICS	/* 'make bench' shows that they cost nothing */
#define GS_MAG_POP	0xffffffffffffffffULL
#else
#define GS_MAG_POP	0xffff
#endif
#define GS_MAG_PUSH	1
#define GS_MAG_COUNT(word)	((u16)(word))
#define GS_MAG_NMALLOC(word)	((word) >> 16)

/*
 * In the handle of a slot: the class is none of gostat_free()'s. That takes the
 * handle as it is, so that the magazine seems to hold nothing and to be full, and
 * comes to the slow path without a test for it.
 */
#define GS_HANDLE_APART	8

#define GS_LOCK_FREE	(-1)

/* Frees that the NMIs of one moment can put off; more are told and leaked. */
#define GS_PUT_OFF	16
/* On such a pointer: it is a stack-like buffer's, and those are aligned. */
#define GS_PUT_OFF_STACK	1UL

/**
 * struct gs_cpu_stats - what a CPU counts outside of its words
 * @nmalloc: allocations served by its magazines and folded out of the words
 * @nuncached: allocations that went past them
 * @refills: magazines filled from central
 * @flushes: magazines emptied to central
 * @nlookup: lookups
 */
struct gs_cpu_stats {
	u64 nmalloc;
	u64 nuncached;
	u64 refills;
	u64 flushes;
	u64 nlookup;
};

/**
 * struct gs_cpu_record - a CPU's figures as of a cut
 * @stats: its counters
 * @word: its words, by class
 */
struct gs_cpu_record {
	struct gs_cpu_stats stats;
	u64 word[GS_NR_CLASSES];
};

/**
 * struct gs_cpu_records - the same by who made it
 * @joined: by the CPU, when it joined
 * @spoken: by the reader, who spoke for it
 * @figures: which of them the newest cut goes by; the reader's
 */
struct gs_cpu_records {
	struct gs_cpu_record joined;
	struct gs_cpu_record spoken;
	const struct gs_cpu_record *figures;
};

/**
 * struct gs_cpu - one CPU's share of a heap
 * @mag: magazine headers by class; mag[0] stays empty and full, so that handle
 *	0 always takes the slow path
 * @lock: the lock byte
 * @caught: it was in an operation when it was diverted
 * @until: diverted until it joins this colour; 0 while it is fast
 * @colour: the newest that it has joined
 * @stats: its counters
 * @record: its figures as of cuts
 * @put_off: pointers freed in an NMI that found the byte held, with
 *	GS_PUT_OFF_STACK; NULL if free
 * @put_off_work: frees them
 * @heap: whose
 *
 * Go: mcache.
 */
struct gs_cpu {
	struct gs_mag mag[GS_NR_CLASSES];
	s8 lock;
	bool caught;
	u32 until;
	u32 colour;
	struct gs_cpu_stats stats;
	struct gs_cpu_records *record;
	const void *put_off[GS_PUT_OFF];
	struct irq_work put_off_work;
	struct gs_heap *heap;
};

/*
 * The fields of a magazine's header, as constant + handle: with the module's own
 * per-CPU area each is one addressing mode.
 */
static __always_inline u64 __percpu *gs_mag_word(struct gs_cpu __percpu *cpu,
						 unsigned long handle)
{
	return (u64 __percpu *)((char __percpu *)&cpu->mag[0].word + handle);
}

static __always_inline void ** __percpu *
gs_mag_slot(struct gs_cpu __percpu *cpu, unsigned long handle)
{
	return (void ** __percpu *)((char __percpu *)&cpu->mag[0].slot + handle);
}

static __always_inline u16 __percpu *gs_mag_cap(struct gs_cpu __percpu *cpu,
						unsigned long handle)
{
	return (u16 __percpu *)((char __percpu *)&cpu->mag[0].cap + handle);
}

/* User-mode Linux is compiled for x86 but has no per-CPU segment. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include "cpucache_x86.h"
#else
#include "cpucache_generic.h"
#endif

void *gs_cpucache_alloc_slow(unsigned long handle, gfp_t gfp,
			     struct gs_heap *heap);
void gs_cpucache_free_slow(const void *obj, unsigned long handle,
			   struct gs_heap *heap);

/**
 * gs_cpucache_pop() - take an object from this CPU's magazine
 * @cpu: the heap's per-CPU part; a constant where the heap is the module's
 * @handle: of the class
 * @obj: set to the object
 *
 * Return: true; or false with preemption off and the lock byte raised, for
 * gs_cpucache_alloc_slow() to go on from.
 */
static __always_inline bool gs_cpucache_pop(struct gs_cpu __percpu *cpu,
					    unsigned long handle, void **obj)
{
	unsigned long count;

	preempt_disable_notrace();
	if (unlikely(!gs_cpu_trylock(cpu)))
		return false;
	count = gs_mag_count(cpu, handle);
	if (unlikely(!count))
		return false;
	*obj = this_cpu_read(*gs_mag_slot(cpu, handle))[count - 1];
	this_cpu_add(*gs_mag_word(cpu, handle), GS_MAG_POP);
	gs_cpu_unlock(cpu);
	preempt_enable_notrace();
	return true;
}

/**
 * gs_cpucache_push() - put an object into this CPU's magazine
 * @cpu: the heap's per-CPU part
 * @handle: of the object's class
 * @obj: the object
 * @check: compare the object with the one on top, which finds the commonest
 *	double free at once
 *
 * Context: preemption off by the caller.
 * Return: true, preemption on again; or false with it off and the lock byte
 * raised, for gs_cpucache_free_slow() to go on from.
 */
static __always_inline bool gs_cpucache_push(struct gs_cpu __percpu *cpu,
					     unsigned long handle,
					     const void *obj, bool check)
{
	unsigned long count;
	void **slot;

	if (unlikely(!gs_cpu_trylock(cpu)))
		return false;
	count = gs_mag_count(cpu, handle);
	if (unlikely(!gs_mag_has_room(cpu, handle, count)))
		return false;
	slot = this_cpu_read(*gs_mag_slot(cpu, handle));
	if (check && unlikely(slot[count - 1] == obj))
		return false;
	slot[count] = (void *)obj;
	this_cpu_add(*gs_mag_word(cpu, handle), GS_MAG_PUSH);
	gs_cpu_unlock(cpu);
	preempt_enable_notrace();
	return true;
}

void gs_cpucache_init(struct gs_heap *heap);
void gs_cpucache_destroy(struct gs_heap *heap);
void gs_cpucache_drain(struct gs_heap *heap);
void gs_cpucache_drain_dead(struct gs_heap *heap, unsigned int cpu);

/*
 * Capacities. A magazine starts with a page's worth of objects at the most and
 * doubles while it is missed often, up to a byte budget: a heap with few objects
 * keeps few of them idle, and an idle 8 KiB costs what a thousand idle 8 bytes
 * do. TCMalloc's per-class limits have this shape.
 */
#define GS_CAP_MIN	8
#define GS_CAP_MAX	128
#define GS_CAP_BYTES	(16 << 10)
#define GS_NR_CAPS	5	/* 8, 16, 32, 64, 128 */
/* Misses at one capacity before it doubles: a burst once is no habit. */
#define GS_MISSES	4

static inline unsigned int gs_magazine_cap_first(unsigned int size)
{
	return clamp_t(unsigned int, PAGE_SIZE / size, 2, GS_CAP_MIN);
}

static inline unsigned int gs_magazine_cap_max(unsigned int size)
{
	return clamp_t(unsigned int, GS_CAP_BYTES / size, 2, GS_CAP_MAX);
}

/*
 * A class that a CPU has used a few times only has no idle objects there: one of
 * 16 KiB, kept for a second use that does not come, is a span that stays. The
 * more it would keep, the longer it waits.
 */
static inline unsigned int gs_magazine_patience(unsigned int size)
{
	return size >> 8;
}

#endif /* _GS_CPUCACHE_H */
