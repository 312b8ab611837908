/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tracepoints - what ftrace, perf and bpftrace see of gostat: the system "gostat"
 * in /sys/kernel/tracing/events/.
 *
 *	gostat:scavenge		the record of a run of the scavenger (scavtrace.h)
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gostat

#if !defined(_GS_TRACEPOINTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GS_TRACEPOINTS_H

#include <linux/tracepoint.h>

#include "scavtrace.h"

TRACE_EVENT(scavenge,
	TP_PROTO(const struct gs_scav_record *record),
	TP_ARGS(record),
	TP_STRUCT__entry(
		__field(u64, number)
		__field(u64, time)
		__field(u32, cause)
		__field(u64, run)
		__field(u64, whole)
		__field(u64, ns)
		__field(u64, inuse)
		__field(u64, idle)
		__field(u64, sys)
		__field(u64, released)
		__field(u64, consumed)
	),
	TP_fast_assign(
		__entry->number = record->number;
		__entry->time = record->time;
		__entry->cause = record->cause;
		__entry->run = record->run;
		__entry->whole = record->whole;
		__entry->ns = record->ns;
		__entry->inuse = record->inuse;
		__entry->idle = record->idle;
		__entry->sys = record->sys;
		__entry->released = record->released;
		__entry->consumed = record->consumed;
	),
	TP_printk("scvg%llu cause=%s run=%llu whole=%llu ns=%llu inuse=%llu idle=%llu sys=%llu released=%llu consumed=%llu time=%llu",
		  __entry->number,
		  __print_symbolic(__entry->cause,
				   { 0, "background" },
				   { 1, "forced" },
				   { 2, "limit" },
				   { 3, "shrinker" }),
		  __entry->run, __entry->whole, __entry->ns, __entry->inuse,
		  __entry->idle, __entry->sys, __entry->released,
		  __entry->consumed, __entry->time)
);

#endif /* _GS_TRACEPOINTS_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tracepoints
#include <trace/define_trace.h>
