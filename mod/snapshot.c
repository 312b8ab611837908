// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot - a cut's records become figures. See memstats.h for the figures and
 * their identities, cut.h for the cut.
 *
 * Readers that arrive while a cut runs share the next one: each notes how many
 * had begun when it came, and whoever gets the mutex first after that takes one
 * cut for all of them. A reader that waits can be killed.
 */
#include <linux/ktime.h>
#include <linux/slab.h>

#include "heap.h"
#include "memstats.h"

/* A stack class is one to the mechanism, and no heap memory to the reader. */
static struct gostat_class_stats *gs_stats_of(struct gostat_snapshot *snap,
					      unsigned int id)
{
	return id < GS_CLASS_STACK ? &snap->class[id] :
				     &snap->stack[id - GS_CLASS_STACK];
}

static void gs_sum_cpus(struct gs_heap *heap, struct gostat_snapshot *snap)
{
	struct gostat_memstats *total = &snap->total;
	unsigned int cpu, id;

	for_each_possible_cpu(cpu) {
		const struct gs_cpu_record *rec;

		rec = per_cpu_ptr(heap->cpu_record, cpu)->figures;
		total->nlookup += rec->stats.nlookup;
		total->nuncached += rec->stats.nuncached;
		for (id = 1; id < GS_NR_CLASSES; id++) {
			struct gostat_class_stats *cs = gs_stats_of(snap, id);

			cs->nmalloc += GS_MAG_NMALLOC(rec->word[id]);
			cs->cached += GS_MAG_COUNT(rec->word[id]);
		}
	}
}

/* nmalloc and cached of the words are there already; see central.h. */
static void gs_derive_class(const struct gs_class *class,
			    struct gostat_class_stats *cs)
{
	const struct gs_class_books *rec = &class->record;

	cs->size = class->size;
	cs->nmalloc += rec->nmalloc;
	cs->capacity = rec->capacity;
	cs->central = rec->nfree;
	cs->live = cs->capacity - cs->central - cs->cached;
	cs->nfree = cs->nmalloc - cs->live;
	cs->allocated = cs->size * cs->nmalloc;
	cs->freed = cs->size * cs->nfree;
	cs->spans = rec->nspans;
	cs->refills = rec->refills;
	cs->flushes = rec->flushes;
	cs->failures = rec->failures;
	cs->peak = rec->peak;
}

static void gs_derive_large(const struct gs_page_books *rec,
			    struct gostat_class_stats *cs)
{
	cs->nmalloc = rec->large_nmalloc;
	cs->nfree = rec->large_nfree;
	cs->allocated = rec->large_allocated;
	cs->freed = rec->large_freed;
	cs->failures = rec->large_failures;
	cs->live = cs->nmalloc - cs->nfree;
	cs->capacity = cs->live;
	cs->spans = cs->live;
}

/* What the magazines did, for whomever. */
static void gs_sum_events(struct gostat_memstats *total,
			  const struct gostat_class_stats *cs)
{
	total->refills += cs->refills;
	total->flushes += cs->flushes;
	total->failures += cs->failures;
}

static void gs_sum_classes(struct gostat_snapshot *snap)
{
	struct gostat_memstats *total = &snap->total;
	unsigned int id;

	for (id = 0; id < GOSTAT_NR_CLASSES; id++) {
		const struct gostat_class_stats *cs = &snap->class[id];

		total->nmalloc += cs->nmalloc;
		total->nfree += cs->nfree;
		total->total_alloc += cs->allocated;
		total->alloc += cs->allocated - cs->freed;
		gs_sum_events(total, cs);
	}
	total->heap_alloc = total->alloc;
	total->heap_objects = total->nmalloc - total->nfree;
}

static void gs_sum_stacks(struct gostat_snapshot *snap)
{
	struct gostat_memstats *total = &snap->total;
	unsigned int i;

	total->stacks_live = total->stacks_guarded;
	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		const struct gostat_class_stats *cs = &snap->stack[i];

		total->stacks_live += cs->allocated - cs->freed;
		gs_sum_events(total, cs);
	}
}

/**
 * gs_derive_pages() - the page heap's figures from its books
 * @rec: the books, as of one moment
 * @total: its fields, of zeroes, are filled in
 */
void gs_derive_pages(const struct gs_page_books *rec,
		     struct gostat_memstats *total)
{
	unsigned int id;

	total->heap_sys = rec->sys;
	total->heap_idle = rec->idle;
	total->heap_inuse = rec->inuse;
	total->heap_released = rec->released;
	total->mspan_inuse = rec->meta[GS_MSPAN].inuse;
	total->mspan_sys = rec->meta[GS_MSPAN].sys;
	total->mcache_inuse = rec->meta[GS_MCACHE].inuse;
	total->mcache_sys = rec->meta[GS_MCACHE].sys;
	total->gc_sys = rec->meta[GS_GC].sys;
	total->stacks_inuse = rec->sink[GS_SINK_STACKS].inuse;
	total->stacks_sys = total->stacks_inuse;
	total->stacks_guarded = rec->guarded;
	for (id = GS_SINK_STACKS + 1; id < GOSTAT_NR_SINKS; id++)
		total->sinks_sys += rec->sink[id].inuse;
	total->other_sys = rec->transit;
	for (id = 0; id < GOSTAT_NR_SCAV_CAUSES; id++) {
		total->scav_runs += rec->scav.cause[id].runs;
		total->scav_released += rec->scav.cause[id].released;
	}
	total->scav_goal = rec->scav.goal;
	total->over_limit = rec->scav.over_limit;
	total->limit_refused = rec->scav.refused;
	total->obtained = rec->obtained;
	total->peak_held = rec->peak_held;
	total->sys = total->heap_sys + total->stacks_sys + total->sinks_sys +
		     total->mspan_sys + total->mcache_sys +
		     total->buckhash_sys + total->gc_sys + total->other_sys;
}

static void gs_derive_sink(const struct gs_sink_books *rec,
			   struct gostat_sink_stats *ss)
{
	ss->inuse = rec->inuse;
	ss->spans = rec->nspans;
	ss->peak = rec->peak;
	ss->failures = rec->failures;
}

static void gs_derive_memory(struct gostat_memstats *total)
{
	struct gostat_memory_classes *mem = &total->memory;

	mem->heap_objects = total->heap_alloc;
	mem->heap_unused = total->heap_inuse - total->heap_alloc;
	mem->heap_free = total->heap_idle - total->heap_released;
	mem->heap_released = total->heap_released;
	mem->heap_stacks = total->stacks_sys;
	mem->sinks = total->sinks_sys;
	mem->mspan_inuse = total->mspan_inuse;
	mem->mspan_free = total->mspan_sys - total->mspan_inuse;
	mem->mcache_inuse = total->mcache_inuse;
	mem->mcache_free = total->mcache_sys - total->mcache_inuse;
	mem->gc = total->gc_sys;
	mem->profiling = total->buckhash_sys;
	mem->other = total->other_sys;
}

/**
 * gs_snapshot_derive() - D5: figures from the records, and from nothing else
 * @heap: the heap
 * @snap: filled in
 *
 * Context: Process; heap->cut.mutex held.
 */
void gs_snapshot_derive(struct gs_heap *heap, struct gostat_snapshot *snap)
{
	unsigned int id;

	memset(snap, 0, sizeof(*snap));
	snap->number = heap->cut.finished;
	snap->time = ktime_get_ns();
	gs_sum_cpus(heap, snap);
	for (id = 1; id < GS_NR_CLASSES; id++)
		gs_derive_class(&heap->class[id], gs_stats_of(snap, id));
	gs_derive_large(&heap->record, &snap->class[0]);
	gs_derive_pages(&heap->record, &snap->total);
	gs_sum_classes(snap);
	gs_sum_stacks(snap);
	for (id = 1; id < GOSTAT_NR_SINKS; id++)
		gs_derive_sink(&heap->record.sink[id], &snap->sink[id]);
	memcpy(snap->scav, heap->record.scav.cause, sizeof(snap->scav));
	gs_derive_memory(&snap->total);
	snap->total.bad_frees = atomic64_read(&heap->bad_frees);
	snap->total.cuts = snap->number;
	snap->total.skew = atomic64_read(&heap->skew);
	snap->total.peak_live = atomic64_read(&heap->peak_out);
}

/**
 * gs_snapshot_force() - take a cut and bring heap->snapshot up to it
 * @heap: the heap
 *
 * Context: Process; sleeps; heap->cut.mutex held.
 */
void gs_snapshot_force(struct gs_heap *heap)
{
	gs_cut_take(heap);
	gs_snapshot_derive(heap, heap->snapshot);
}

static void gs_assert_reader(struct gs_heap *heap)
{
	might_sleep();
	lockdep_assert_not_held(&heap->lock);
}

/*
 * Bring heap->snapshot up to a cut that began after this call did.
 * heap->cut.mutex is held after success.
 */
static int gs_snapshot_refresh(struct gs_heap *heap)
{
	u64 begun = READ_ONCE(heap->cut.started);

	gs_assert_reader(heap);
	if (mutex_lock_killable(&heap->cut.mutex))
		return -EINTR;
	if (heap->cut.finished <= begun)
		gs_snapshot_force(heap);
	return 0;
}

/**
 * gs_snapshot_take() - read all figures as of one cut
 * @heap: the heap
 * @snap: filled in
 *
 * Context: Process; sleeps; no heap lock held.
 * Return: 0, or -EINTR if the reader was killed while it waited.
 */
int gs_snapshot_take(struct gs_heap *heap, struct gostat_snapshot *snap)
{
	int err = gs_snapshot_refresh(heap);

	if (err)
		return err;
	*snap = *heap->snapshot;
	mutex_unlock(&heap->cut.mutex);
	return 0;
}

static void gs_derive_cpu(struct gs_heap *heap, const struct gs_cpu_record *rec,
			  struct gostat_cpu_stats *cs)
{
	unsigned int id;

	*cs = (struct gostat_cpu_stats){
		.hits = rec->stats.nmalloc,
		.nuncached = rec->stats.nuncached,
		.refills = rec->stats.refills,
		.flushes = rec->stats.flushes,
		.nlookup = rec->stats.nlookup,
	};
	for (id = 1; id < GS_NR_CLASSES; id++) {
		cs->hits += GS_MAG_NMALLOC(rec->word[id]);
		cs->cached += (u64)GS_MAG_COUNT(rec->word[id]) *
			      heap->class[id].size;
	}
}

/**
 * gs_snapshot_take_cpus() - read all figures and the CPUs' as of one cut
 * @heap: the heap
 * @snap: filled in
 * @cpus: filled in by CPU number, nr_cpu_ids of them
 *
 * Context: Process; sleeps; no heap lock held.
 * Return: 0, or -EINTR if the reader was killed while it waited.
 */
int gs_snapshot_take_cpus(struct gs_heap *heap, struct gostat_snapshot *snap,
			  struct gostat_cpu_stats *cpus)
{
	int err = gs_snapshot_refresh(heap);
	unsigned int cpu;

	if (err)
		return err;
	*snap = *heap->snapshot;
	for_each_possible_cpu(cpu)
		gs_derive_cpu(heap, per_cpu_ptr(heap->cpu_record, cpu)->figures,
			      &cpus[cpu]);
	mutex_unlock(&heap->cut.mutex);
	return 0;
}

/**
 * gs_memstats_read() - read the heap's figures as of one cut
 * @heap: the heap
 * @ms: filled in
 *
 * Context: Process; sleeps; no heap lock held.
 * Return: 0, or -EINTR.
 */
int gs_memstats_read(struct gs_heap *heap, struct gostat_memstats *ms)
{
	int err = gs_snapshot_refresh(heap);

	if (err)
		return err;
	*ms = heap->snapshot->total;
	mutex_unlock(&heap->cut.mutex);
	return 0;
}

/**
 * gs_class_stats_read() - read one class's figures as of one cut
 * @heap: the heap
 * @id: the class, 0 for large objects
 * @cs: filled in
 *
 * Context: Process; sleeps; no heap lock held.
 * Return: 0, or -EINTR.
 */
int gs_class_stats_read(struct gs_heap *heap, unsigned int id,
			struct gostat_class_stats *cs)
{
	int err = gs_snapshot_refresh(heap);

	if (err)
		return err;
	*cs = heap->snapshot->class[id];
	mutex_unlock(&heap->cut.mutex);
	return 0;
}

/**
 * gs_snapshot_init() - nothing read yet
 * @heap: the heap
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int gs_snapshot_init(struct gs_heap *heap)
{
	gs_cut_init(heap);
	heap->snapshot = kzalloc(sizeof(*heap->snapshot), GFP_KERNEL);
	heap->cpu_record = alloc_percpu(struct gs_cpu_records);
	if (heap->snapshot && heap->cpu_record)
		return 0;
	gs_snapshot_destroy(heap);
	return -ENOMEM;
}

/**
 * gs_snapshot_destroy() - the mirror of gs_snapshot_init()
 * @heap: the heap
 */
void gs_snapshot_destroy(struct gs_heap *heap)
{
	free_percpu(heap->cpu_record);
	kfree(heap->snapshot);
}
