/* SPDX-License-Identifier: GPL-2.0 */
/*
 * layout - the ABI, as it was in its first version, for every compiler.
 *
 * Compiled and never run: as C90 and C++98, for 64 and for 32 bits, with
 * -Wpadded. A struct that has holes, or is laid out differently for a 32-bit
 * program, does not compile.
 */
#ifndef _LAYOUT_H
#define _LAYOUT_H

#include <linux/gostat.h>

#include <stddef.h>

#define CONCAT(a, b)	a##b
#define NAME(a, b)	CONCAT(a, b)
#define ASSERT(what)	typedef char NAME(assert_, __LINE__)[(what) ? 1 : -1]
#define AT(type, member, offset)					\
	ASSERT(offsetof(struct gostat_ioc_##type, member) == (offset))
#define SIZE(type, bytes)	ASSERT(sizeof(struct gostat_ioc_##type) == (bytes))

SIZE(info, 80);
AT(info, size, 0);
AT(info, flags, 4);
AT(info, features, 8);
AT(info, abi_version, 16);
AT(info, page_size, 20);
AT(info, nr_classes, 24);
AT(info, max_small, 28);
AT(info, max_batch, 32);
AT(info, max_atomic, 36);
AT(info, file_limit, 40);
AT(info, file_bytes, 48);
AT(info, file_objects, 56);
AT(info, total_limit, 64);
AT(info, total_bytes, 72);

SIZE(alloc, 32);
AT(alloc, size, 0);
AT(alloc, flags, 4);
AT(alloc, bytes, 8);
AT(alloc, usable, 16);
AT(alloc, handle, 24);
AT(alloc, __reserved, 28);

SIZE(free, 16);
AT(free, size, 0);
AT(free, flags, 4);
AT(free, handle, 8);
AT(free, __reserved, 12);

SIZE(alloc_batch, 40);
AT(alloc_batch, size, 0);
AT(alloc_batch, flags, 4);
AT(alloc_batch, bytes, 8);
AT(alloc_batch, sizes, 16);
AT(alloc_batch, handles, 24);
AT(alloc_batch, count, 32);
AT(alloc_batch, done, 36);

SIZE(free_batch, 24);
AT(free_batch, size, 0);
AT(free_batch, flags, 4);
AT(free_batch, handles, 8);
AT(free_batch, count, 16);
AT(free_batch, done, 20);

SIZE(lookup, 56);
AT(lookup, size, 0);
AT(lookup, flags, 4);
AT(lookup, handle, 8);
AT(lookup, __reserved, 12);
AT(lookup, offset, 16);
AT(lookup, base, 24);
AT(lookup, object_offset, 32);
AT(lookup, usable, 40);
AT(lookup, class_id, 48);
AT(lookup, span_pages, 52);

SIZE(io, 40);
AT(io, size, 0);
AT(io, flags, 4);
AT(io, handle, 8);
AT(io, __reserved, 12);
AT(io, offset, 16);
AT(io, length, 24);
AT(io, data, 32);

ASSERT(GOSTAT_IOC_INFO == 0xbd00);
ASSERT(GOSTAT_IOC_ALLOC == 0xbd01);
ASSERT(GOSTAT_IOC_FREE == 0xbd02);
ASSERT(GOSTAT_IOC_ALLOC_BATCH == 0xbd03);
ASSERT(GOSTAT_IOC_FREE_BATCH == 0xbd04);
ASSERT(GOSTAT_IOC_LOOKUP == 0xbd05);
ASSERT(GOSTAT_IOC_READ == 0xbd06);
ASSERT(GOSTAT_IOC_WRITE == 0xbd07);

SIZE(snapshot, 368);
AT(snapshot, size, 0);
AT(snapshot, flags, 4);
AT(snapshot, classes, 8);
AT(snapshot, nr_classes, 16);
AT(snapshot, class_size, 20);
AT(snapshot, number, 24);
AT(snapshot, time_ns, 32);
AT(snapshot, alloc, 40);
AT(snapshot, total_alloc, 48);
AT(snapshot, sys, 56);
AT(snapshot, nlookup, 64);
AT(snapshot, nmalloc, 72);
AT(snapshot, nfree, 80);
AT(snapshot, heap_alloc, 88);
AT(snapshot, heap_sys, 96);
AT(snapshot, heap_idle, 104);
AT(snapshot, heap_inuse, 112);
AT(snapshot, heap_released, 120);
AT(snapshot, heap_objects, 128);
AT(snapshot, stacks_inuse, 136);
AT(snapshot, stacks_sys, 144);
AT(snapshot, mspan_inuse, 152);
AT(snapshot, mspan_sys, 160);
AT(snapshot, mcache_inuse, 168);
AT(snapshot, mcache_sys, 176);
AT(snapshot, buckhash_sys, 184);
AT(snapshot, gc_sys, 192);
AT(snapshot, other_sys, 200);
AT(snapshot, bad_frees, 208);
AT(snapshot, obtained, 216);
AT(snapshot, peak_held, 224);
AT(snapshot, peak_live, 232);
AT(snapshot, nuncached, 240);
AT(snapshot, refills, 248);
AT(snapshot, flushes, 256);
AT(snapshot, failures, 264);
AT(snapshot, cuts, 272);
AT(snapshot, skew, 280);
AT(snapshot, sinks_sys, 288);
AT(snapshot, stacks_live, 296);
AT(snapshot, stacks_guarded, 304);
AT(snapshot, scav_goal, 312);
AT(snapshot, scav_runs, 320);
AT(snapshot, scav_released, 328);
AT(snapshot, over_limit, 336);
AT(snapshot, limit_refused, 344);
AT(snapshot, stacks, 352);
AT(snapshot, nr_stacks, 360);
AT(snapshot, __reserved, 364);

ASSERT(sizeof(struct gostat_class_figures) == 96);
ASSERT(offsetof(struct gostat_class_figures, bytes) == 0);
ASSERT(offsetof(struct gostat_class_figures, nmalloc) == 8);
ASSERT(offsetof(struct gostat_class_figures, nfree) == 16);
ASSERT(offsetof(struct gostat_class_figures, live) == 24);
ASSERT(offsetof(struct gostat_class_figures, cached) == 32);
ASSERT(offsetof(struct gostat_class_figures, central) == 40);
ASSERT(offsetof(struct gostat_class_figures, capacity) == 48);
ASSERT(offsetof(struct gostat_class_figures, spans) == 56);
ASSERT(offsetof(struct gostat_class_figures, refills) == 64);
ASSERT(offsetof(struct gostat_class_figures, flushes) == 72);
ASSERT(offsetof(struct gostat_class_figures, failures) == 80);
ASSERT(offsetof(struct gostat_class_figures, peak) == 88);

SIZE(manual_alloc, 64);
AT(manual_alloc, size, 0);
AT(manual_alloc, flags, 4);
AT(manual_alloc, bytes, 8);
AT(manual_alloc, usable, 16);
AT(manual_alloc, handle, 24);
AT(manual_alloc, __reserved, 28);
AT(manual_alloc, sink, 32);

SIZE(scavenge, 16);
AT(scavenge, size, 0);
AT(scavenge, flags, 4);
AT(scavenge, released, 8);

SIZE(limits, 24);
AT(limits, size, 0);
AT(limits, flags, 4);
AT(limits, memory_limit, 8);
AT(limits, memory_limit_hard, 16);

ASSERT(GOSTAT_IOC_MANUAL_ALLOC == 0xbd09);
ASSERT(GOSTAT_IOC_MANUAL_FREE == 0xbd0a);
ASSERT(GOSTAT_IOC_STACK_ALLOC == 0xbd0b);
ASSERT(GOSTAT_IOC_STACK_FREE == 0xbd0c);
ASSERT(GOSTAT_IOC_SCAVENGE == 0xbd0d);
ASSERT(GOSTAT_IOC_LIMITS == 0xbd0e);

#endif /* _LAYOUT_H */
