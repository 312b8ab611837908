/* SPDX-License-Identifier: GPL-2.0 */
/*
 * identities - what is true in every snapshot, whatever runs meanwhile, written
 * once for all tests: the equations of <gostat/snapshot.h>; that figures which
 * only grow have not shrunk since the snapshot before; that no figure has its
 * top bit set, which is what a difference below zero looks like.
 */
#ifndef _GS_TEST_IDENTITIES_H
#define _GS_TEST_IDENTITIES_H

#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <gostat/snapshot.h>

/**
 * struct identity - one that does not hold
 * @text: the equation; NULL as long as all hold
 * @class: size of the class that it is about; 0 for the whole heap or large
 *	objects
 * @left: its left side
 * @right: its right side
 */
struct identity {
	const char *text;
	u64 class;
	u64 left;
	u64 right;
};

/* The first that does not hold is kept. */
static inline void identity_check(struct identity *broken, bool holds,
				  const char *text, u64 left, u64 right)
{
	if (!holds && !broken->text) {
		broken->text = text;
		broken->left = left;
		broken->right = right;
	}
}

#define identity_same(broken, a, b) do {				\
	u64 _a = (a), _b = (b);						\
									\
	identity_check(broken, _a == _b, #a " == " #b, _a, _b);		\
} while (0)

#define identity_at_most(broken, a, b) do {				\
	u64 _a = (a), _b = (b);						\
									\
	identity_check(broken, _a <= _b, #a " <= " #b, _a, _b);		\
} while (0)

static inline void identities_of_class(struct identity *broken,
				       const struct gostat_class_stats *cs,
				       const struct gostat_class_stats *old)
{
	broken->class = cs->size;
	identity_same(broken, cs->capacity, cs->live + cs->cached + cs->central);
	identity_same(broken, cs->live, cs->nmalloc - cs->nfree);
	identity_at_most(broken, cs->nfree, cs->nmalloc);
	identity_at_most(broken, cs->live, cs->capacity);
	identity_at_most(broken, cs->cached, cs->capacity);
	identity_at_most(broken, cs->central, cs->capacity);
	identity_at_most(broken, old->nmalloc, cs->nmalloc);
	identity_at_most(broken, old->nfree, cs->nfree);
	identity_at_most(broken, old->allocated, cs->allocated);
	identity_at_most(broken, old->freed, cs->freed);
	identity_at_most(broken, old->refills, cs->refills);
	identity_at_most(broken, old->flushes, cs->flushes);
	identity_at_most(broken, old->failures, cs->failures);
	if (cs->size) {
		identity_same(broken, cs->allocated, cs->size * cs->nmalloc);
		identity_same(broken, cs->freed, cs->size * cs->nfree);
		identity_at_most(broken, cs->live + cs->cached, cs->peak);
	}
}

static inline void identities_of_sinks(struct identity *broken,
				       const struct gostat_snapshot *snap,
				       const struct gostat_snapshot *old)
{
	const struct gostat_memstats *ms = &snap->total;
	u64 inuse = 0;
	unsigned int i;

	broken->class = 0;
	for (i = 0; i < GOSTAT_NR_SINKS; i++) {
		const struct gostat_sink_stats *ss = &snap->sink[i];

		inuse += ss->inuse;
		identity_at_most(broken, ss->inuse, ss->peak);
		identity_at_most(broken, ss->spans * PAGE_SIZE, ss->inuse);
		identity_same(broken, !!ss->spans, !!ss->inuse);
		identity_at_most(broken, old->sink[i].failures, ss->failures);
	}
	identity_same(broken, ms->stacks_sys + ms->sinks_sys, inuse);
}

/* The stack pool's sizes are classes whose spans are in a sink. */
static inline void identities_of_stacks(struct identity *broken,
					const struct gostat_snapshot *snap)
{
	const struct gostat_memstats *ms = &snap->total;
	u64 live = ms->stacks_guarded, reserved = ms->stacks_guarded;
	unsigned int i;

	broken->class = 0;
	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		const struct gostat_class_stats *cs = &snap->stack[i];

		live += cs->allocated - cs->freed;
		reserved += cs->size * cs->capacity;
	}
	identity_same(broken, ms->stacks_live, live);
	identity_at_most(broken, ms->stacks_live, ms->stacks_inuse);
	identity_at_most(broken, reserved, ms->stacks_inuse);
}

static inline void identities_of_memory(struct identity *broken,
					const struct gostat_memstats *ms)
{
	const struct gostat_memory_classes *mem = &ms->memory;

	identity_same(broken, ms->sys, mem->heap_objects + mem->heap_unused +
		      mem->heap_free + mem->heap_released + mem->heap_stacks +
		      mem->sinks + mem->mspan_inuse + mem->mspan_free + mem->mcache_inuse +
		      mem->mcache_free + mem->gc + mem->profiling + mem->other);
	identity_same(broken, ms->heap_inuse,
		      mem->heap_objects + mem->heap_unused);
	identity_same(broken, ms->heap_idle,
		      mem->heap_free + mem->heap_released);
}

static inline void identities_of_heap(struct identity *broken,
				      const struct gostat_memstats *ms,
				      const struct gostat_memstats *old)
{
	broken->class = 0;
	identity_same(broken, ms->sys, ms->heap_sys + ms->stacks_sys +
		      ms->sinks_sys + ms->mspan_sys + ms->mcache_sys +
		      ms->buckhash_sys + ms->gc_sys + ms->other_sys);
	identity_same(broken, ms->heap_sys, ms->heap_inuse + ms->heap_idle);
	identity_same(broken, ms->obtained, ms->sys - ms->heap_released);
	identity_same(broken, ms->alloc, ms->heap_alloc);
	identity_same(broken, ms->heap_objects, ms->nmalloc - ms->nfree);
	identity_at_most(broken, ms->heap_released, ms->heap_idle);
	identity_at_most(broken, ms->heap_alloc, ms->heap_inuse);
	identity_at_most(broken, ms->heap_alloc, ms->total_alloc);
	identity_at_most(broken, ms->heap_alloc, ms->peak_live);
	identity_at_most(broken, ms->obtained, ms->peak_held);
	identity_at_most(broken, ms->stacks_inuse, ms->stacks_sys);
	identity_at_most(broken, ms->mspan_inuse, ms->mspan_sys);
	identity_at_most(broken, ms->mcache_inuse, ms->mcache_sys);
	identity_at_most(broken, old->nmalloc, ms->nmalloc);
	identity_at_most(broken, old->nfree, ms->nfree);
	identity_at_most(broken, old->total_alloc, ms->total_alloc);
	identity_at_most(broken, old->nlookup, ms->nlookup);
	identity_at_most(broken, old->nuncached, ms->nuncached);
	identity_at_most(broken, old->bad_frees, ms->bad_frees);
	identity_at_most(broken, old->cuts, ms->cuts);
	identities_of_memory(broken, ms);
}

static inline void identities_of_scavenger(struct identity *broken,
					   const struct gostat_snapshot *snap,
					   const struct gostat_snapshot *old)
{
	u64 runs = 0, released = 0;
	unsigned int i;

	for (i = 0; i < GOSTAT_NR_SCAV_CAUSES; i++) {
		const struct gostat_scav_stats *cause = &snap->scav[i];

		runs += cause->runs;
		released += cause->released;
		identity_at_most(broken, old->scav[i].runs, cause->runs);
		identity_at_most(broken, old->scav[i].released,
				 cause->released);
		identity_at_most(broken, old->scav[i].ns, cause->ns);
		identity_at_most(broken, cause->whole, cause->released);
	}
	identity_same(broken, snap->total.scav_runs, runs);
	identity_same(broken, snap->total.scav_released, released);
	identity_at_most(broken, old->total.over_limit, snap->total.over_limit);
	identity_at_most(broken, old->total.limit_refused,
			 snap->total.limit_refused);
}

static inline void identities_of_sums(struct identity *broken,
				      const struct gostat_snapshot *snap)
{
	u64 nmalloc = 0, nfree = 0, allocated = 0, freed = 0;
	unsigned int i;

	broken->class = 0;
	for (i = 0; i < GOSTAT_NR_CLASSES; i++) {
		nmalloc += snap->class[i].nmalloc;
		nfree += snap->class[i].nfree;
		allocated += snap->class[i].allocated;
		freed += snap->class[i].freed;
	}
	identity_same(broken, nmalloc, snap->total.nmalloc);
	identity_same(broken, nfree, snap->total.nfree);
	identity_same(broken, allocated, snap->total.total_alloc);
	identity_same(broken, allocated - freed, snap->total.heap_alloc);
}

/**
 * identities_hold() - check a snapshot
 * @snap: the snapshot
 * @old: one taken before it, or one of zeroes
 * @broken: the first identity that does not hold
 *
 * Return: true if all do.
 */
static inline bool identities_hold(const struct gostat_snapshot *snap,
				   const struct gostat_snapshot *old,
				   struct identity *broken)
{
	const u64 *figure = (const u64 *)snap;
	unsigned int i;

	memset(broken, 0, sizeof(*broken));
	for (i = 0; i < GOSTAT_NR_CLASSES && !broken->text; i++)
		identities_of_class(broken, &snap->class[i], &old->class[i]);
	for (i = 0; i < GOSTAT_NR_STACKS && !broken->text; i++)
		identities_of_class(broken, &snap->stack[i], &old->stack[i]);
	if (broken->text)
		return false;
	identities_of_stacks(broken, snap);
	identities_of_sums(broken, snap);
	identities_of_heap(broken, &snap->total, &old->total);
	identities_of_sinks(broken, snap, old);
	identities_of_scavenger(broken, snap, old);
	identity_at_most(broken, old->number, snap->number);
	identity_at_most(broken, old->time, snap->time);
	for (i = 0; i < sizeof(*snap) / sizeof(*figure); i++)
		identity_at_most(broken, figure[i], S64_MAX);
	return !broken->text;
}

#endif /* _GS_TEST_IDENTITIES_H */
