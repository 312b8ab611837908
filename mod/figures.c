// SPDX-License-Identifier: GPL-2.0
/*
 * figures - the names of the statistics. See figures.h.
 */
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/stringify.h>

#include "figures.h"
#include "memstats.h"

#define GS_TOTAL(field)							\
	{ __stringify(field), offsetof(struct gostat_memstats, field) }

#define GS_PAGES(field)							\
	{ __stringify(field), offsetof(struct gostat_memstats, field), true }

const struct gs_figure gs_total_figures[] = {
	GS_TOTAL(alloc),
	GS_TOTAL(total_alloc),
	GS_PAGES(sys),
	GS_TOTAL(nlookup),
	GS_TOTAL(nmalloc),
	GS_TOTAL(nfree),
	GS_TOTAL(heap_alloc),
	GS_PAGES(heap_sys),
	GS_PAGES(heap_idle),
	GS_PAGES(heap_inuse),
	GS_PAGES(heap_released),
	GS_TOTAL(heap_objects),
	GS_PAGES(stacks_inuse),
	GS_PAGES(stacks_sys),
	GS_TOTAL(stacks_live),
	GS_PAGES(stacks_guarded),
	GS_PAGES(sinks_sys),
	GS_PAGES(mspan_inuse),
	GS_PAGES(mspan_sys),
	GS_PAGES(mcache_inuse),
	GS_PAGES(mcache_sys),
	GS_PAGES(buckhash_sys),
	GS_PAGES(gc_sys),
	GS_PAGES(other_sys),
	GS_TOTAL(bad_frees),
	GS_PAGES(obtained),
	GS_PAGES(peak_held),
	GS_TOTAL(peak_live),
	GS_TOTAL(nuncached),
	GS_TOTAL(refills),
	GS_TOTAL(flushes),
	GS_TOTAL(failures),
	GS_TOTAL(cuts),
	GS_TOTAL(skew),
	GS_PAGES(scav_goal),
	GS_PAGES(scav_runs),
	GS_PAGES(scav_released),
	GS_PAGES(over_limit),
	GS_PAGES(limit_refused),
};

const unsigned int gs_nr_total_figures = ARRAY_SIZE(gs_total_figures);

/* Go's runtime/metrics classes: exclusive, their sum is sys. */
#define GS_MEMORY(field)						\
	{ __stringify(field), offsetof(struct gostat_memstats, memory.field) }

const struct gs_figure gs_memory_figures[] = {
	GS_MEMORY(heap_objects),
	GS_MEMORY(heap_unused),
	GS_MEMORY(heap_free),
	GS_MEMORY(heap_released),
	GS_MEMORY(heap_stacks),
	GS_MEMORY(sinks),
	GS_MEMORY(mspan_inuse),
	GS_MEMORY(mspan_free),
	GS_MEMORY(mcache_inuse),
	GS_MEMORY(mcache_free),
	GS_MEMORY(gc),
	GS_MEMORY(profiling),
	GS_MEMORY(other),
};

const unsigned int gs_nr_memory_figures = ARRAY_SIZE(gs_memory_figures);

#define GS_CLASS(field)							\
	{ __stringify(field), offsetof(struct gostat_class_stats, field) }

const struct gs_figure gs_class_figures[] = {
	GS_CLASS(size),
	GS_CLASS(nmalloc),
	GS_CLASS(nfree),
	GS_CLASS(live),
	GS_CLASS(cached),
	GS_CLASS(central),
	GS_CLASS(capacity),
	GS_CLASS(spans),
	GS_CLASS(refills),
	GS_CLASS(flushes),
	GS_CLASS(failures),
	GS_CLASS(peak),
};

const unsigned int gs_nr_class_figures = ARRAY_SIZE(gs_class_figures);

#define GS_CPU(field)							\
	{ __stringify(field), offsetof(struct gostat_cpu_stats, field) }

const struct gs_figure gs_cpu_figures[] = {
	GS_CPU(hits),
	GS_CPU(nuncached),
	GS_CPU(refills),
	GS_CPU(flushes),
	GS_CPU(nlookup),
	GS_CPU(cached),
};

const unsigned int gs_nr_cpu_figures = ARRAY_SIZE(gs_cpu_figures);

#define GS_SINK_FIGURE(field)						\
	{ __stringify(field), offsetof(struct gostat_sink_stats, field) }

const struct gs_figure gs_sink_figures[] = {
	GS_SINK_FIGURE(inuse),
	GS_SINK_FIGURE(spans),
	GS_SINK_FIGURE(peak),
	GS_SINK_FIGURE(failures),
};

const unsigned int gs_nr_sink_figures = ARRAY_SIZE(gs_sink_figures);

#define GS_SCAV_FIGURE(field)						\
	{ __stringify(field), offsetof(struct gostat_scav_stats, field) }

const struct gs_figure gs_scav_figures[] = {
	GS_SCAV_FIGURE(runs),
	GS_SCAV_FIGURE(released),
	GS_SCAV_FIGURE(whole),
	GS_SCAV_FIGURE(ns),
};

const unsigned int gs_nr_scav_figures = ARRAY_SIZE(gs_scav_figures);
