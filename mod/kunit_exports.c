// SPDX-License-Identifier: GPL-2.0
/*
 * kunit_exports - the layers' functions, for the KUnit suites.
 *
 * The suites are modules of their own and call the layers from outside, on heaps
 * of their own. What they need is exported here, and only in a kernel with
 * KUnit, into the namespace that the kernel keeps for this purpose: a module
 * that imports it says that it is a test.
 */
#include <linux/export.h>

#include "heap.h"
#include "memstats.h"
#include "stack.h"
#include "verify.h"
#include "module.h"

#define GS_EXPORT		EXPORT_SYMBOL_NS_GPL
#define GS_EXPORT_KUNIT(sym)	GS_EXPORT(sym, GS_KUNIT_NS)

/* heap */
GS_EXPORT_KUNIT(gs_heap_init);
GS_EXPORT_KUNIT(gs_heap_destroy);
GS_EXPORT_KUNIT(gs_heap_alloc);
GS_EXPORT_KUNIT(gs_heap_free);
GS_EXPORT_KUNIT(gs_heap_lookup);
GS_EXPORT_KUNIT(gs_heap_reset_peaks);
GS_EXPORT_KUNIT(gs_module_heap);

/* memstats */
GS_EXPORT_KUNIT(gs_memstats_read);
GS_EXPORT_KUNIT(gs_class_stats_read);
GS_EXPORT_KUNIT(gs_snapshot_take);
GS_EXPORT_KUNIT(gs_snapshot_derive);
GS_EXPORT_KUNIT(gs_cut_take);
GS_EXPORT_KUNIT(gs_snapshot_take_cpus);
GS_EXPORT_KUNIT(gs_bounds_read);
GS_EXPORT_KUNIT(gs_verify);
GS_EXPORT_KUNIT(gs_verify_at_rest);
GS_EXPORT_KUNIT(gs_verdict_free);

/* sinks, manual spans */
GS_EXPORT_KUNIT(gs_sink_register);
GS_EXPORT_KUNIT(gs_sink_unregister);
GS_EXPORT_KUNIT(gs_sink_get);
GS_EXPORT_KUNIT(gs_sink_id);
GS_EXPORT_KUNIT(gs_sink_drop);
GS_EXPORT_KUNIT(gs_sinks_show);
GS_EXPORT_KUNIT(gs_sinks_hide);
GS_EXPORT_KUNIT(gs_manual_alloc);
GS_EXPORT_KUNIT(gs_manual_free);
GS_EXPORT_KUNIT(gs_manual_size);
GS_EXPORT_KUNIT(gs_manual_needzero);

/* stack pool */
GS_EXPORT_KUNIT(gs_heap_stack_alloc);
GS_EXPORT_KUNIT(gs_heap_stack_free);
GS_EXPORT_KUNIT(gs_stack_alloc_guarded);

/* large */
GS_EXPORT_KUNIT(gs_large_alloc);
GS_EXPORT_KUNIT(gs_large_free);

/* cpucache */
GS_EXPORT_KUNIT(gs_cpucache_alloc_slow);
GS_EXPORT_KUNIT(gs_cpucache_free_slow);
GS_EXPORT_KUNIT(gs_cpucache_drain);
GS_EXPORT_KUNIT(gs_cpucache_drain_dead);

/* central */
GS_EXPORT_KUNIT(gs_central_take);
GS_EXPORT_KUNIT(gs_central_give);
GS_EXPORT_KUNIT(gs_central_settle);
GS_EXPORT_KUNIT(gs_central_alloc);
GS_EXPORT_KUNIT(gs_central_alloc_from);
GS_EXPORT_KUNIT(gs_central_free);

/* pageheap */
GS_EXPORT_KUNIT(gs_span_new_small);
GS_EXPORT_KUNIT(gs_span_new_whole);
GS_EXPORT_KUNIT(gs_span_free_locked);

/* scavenger */
GS_EXPORT_KUNIT(gs_release_arena);
GS_EXPORT_KUNIT(gs_release_walk);
GS_EXPORT_KUNIT(gs_scavenge);
GS_EXPORT_KUNIT(gs_scavenge_all);
GS_EXPORT_KUNIT(gs_background_look);
GS_EXPORT_KUNIT(gs_background_delay);
GS_EXPORT_KUNIT(gs_background_start);
GS_EXPORT_KUNIT(gs_background_stop);
GS_EXPORT_KUNIT(gs_background_share);
GS_EXPORT_KUNIT(gs_demand_decayed);
GS_EXPORT_KUNIT(gs_knobs);
GS_EXPORT_KUNIT(gs_knob_parse);
GS_EXPORT_KUNIT(gs_knob_set);
GS_EXPORT_KUNIT(gs_limit_parse);
GS_EXPORT_KUNIT(gs_limit_set);
GS_EXPORT_KUNIT(gs_shrink_count);
GS_EXPORT_KUNIT(gs_shrink_scan);
GS_EXPORT_KUNIT(gs_scavtrace_get);
GS_EXPORT_KUNIT(gs_scav_record_print);

/* cut */
GS_EXPORT_KUNIT(gs_cut_divert);
GS_EXPORT_KUNIT(gs_cut_diverted);
GS_EXPORT_KUNIT(gs_cut_sweep);
GS_EXPORT_KUNIT(gs_cut_join_cpu);
GS_EXPORT_KUNIT(gs_cut_join_class);
GS_EXPORT_KUNIT(gs_cut_join_heap);

/* arena */
GS_EXPORT_KUNIT(gs_no_arena);
GS_EXPORT_KUNIT(gs_source_get);
GS_EXPORT_KUNIT(gs_source_put);
GS_EXPORT_KUNIT(gs_arena_present);
GS_EXPORT_KUNIT(gs_arena_span);
GS_EXPORT_KUNIT(gs_arena_best_run);
GS_EXPORT_KUNIT(gs_arena_take);
GS_EXPORT_KUNIT(gs_arena_give);
GS_EXPORT_KUNIT(gs_arena_prepare);
GS_EXPORT_KUNIT(gs_arena_insert_block);
GS_EXPORT_KUNIT(gs_arena_recount_maps);

/* metadata */
GS_EXPORT_KUNIT(gs_fixalloc_init);
GS_EXPORT_KUNIT(gs_fixalloc_destroy);
GS_EXPORT_KUNIT(gs_fixalloc_get);
GS_EXPORT_KUNIT(gs_fixalloc_put);
GS_EXPORT_KUNIT(gs_fixalloc_per_page);
GS_EXPORT_KUNIT(gs_fixalloc_recount);
