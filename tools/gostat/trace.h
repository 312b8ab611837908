/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: an allocation trace in memory.
 *
 * A trace file is text, plain or gzip. Lines that start with '#' are the
 * header, "# key: value" or "# key=value", the first one "# kmemtrace: 1". Then
 * comes one event per line, in time order over all CPUs:
 *
 *	a <cpu> <id> <bytes_req> <bytes_alloc> <cache> <A|K>
 *	f <cpu> <id>
 *
 * <id> names an object from its 'a' line to its 'f' line and is then used
 * again. <bytes_req> was asked for, <bytes_alloc> is what SLUB gave. <cache> is
 * "-" for kmalloc, a kmem_cache's name otherwise ("c" if not known). A: the
 * caller could not wait for reclaim, K: it could.
 *
 * In memory each allocation has a number of its own, so that a replay with
 * several threads needs no order between the end of one object and the
 * beginning of the next. Events 8 bytes, objects 12: the 1.4 million events of
 * a busy system fit in 20 MiB.
 *
 * Reading checks every rule of the format; the first line that breaks one ends
 * it, with the line's number.
 */
#ifndef _GOSTAT_TRACE_H
#define _GOSTAT_TRACE_H

#include "names.h"
#include "tool.h"

#define TRACE_VERSION	1
#define TRACE_KMALLOC	"-"	/* name of kmalloc in the place of a cache's */
#define TRACE_MAX_CPU	0xffff
#define TRACE_MAX_ID	((1u << 24) - 1)

struct trace_object {
	u32 req;		/* bytes asked for */
	u32 slub;		/* bytes SLUB gave */
	u16 cache;		/* number in trace.caches */
	bool atomic;		/* could not wait */
};

struct trace_event {
	u32 object;		/* index into trace.objects */
	u16 cpu;
	bool free;
};

struct trace {
	const char *path;
	char *kernel;		/* header lines, or NULL */
	char *workload;
	struct trace_event *events;
	struct trace_object *objects;
	size_t nr_events;	/* those selected */
	size_t nr_objects;
	size_t file_events;	/* all in the file */
	unsigned int nr_cpus;	/* highest CPU number + 1 */
	struct names caches;
};

/* Which allocations to take; their frees come with them. */
struct trace_select {
	bool kmalloc_only;
	const char **caches;	/* patterns as of the shell; none: all */
	unsigned int nr_caches;
};

/* Read @path ("-": stdin). Returns an exit status; what is wrong is said. */
int trace_read(struct trace *trace, const char *path, const struct trace_select *select);
void trace_free(struct trace *trace);

/* What happens in a trace up to some event. */
struct trace_load {
	u64 objects;		/* alive */
	u64 req;		/* their bytes */
	u64 slub;
};

struct trace_figures {
	u64 allocs;
	u64 frees;
	u64 atomic;		/* of the allocations */
	u64 kmalloc;
	u64 cross_cpu;		/* frees on another CPU than the allocation's */
	u64 total_req;		/* bytes of all allocations */
	u64 total_slub;
	struct trace_load end;
	struct trace_load peak;	/* the first moment of the most live slub bytes */
	size_t peak_event;	/* after this event, counted from 0 */
	u64 peak_req;		/* the most live bytes asked for, at any time */
	u64 peak_objects;
};

void trace_figures(const struct trace *trace, struct trace_figures *figures);

#endif /* _GOSTAT_TRACE_H */
