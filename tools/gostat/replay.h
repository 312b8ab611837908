/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: send a trace's allocations and frees through the device
 * and watch what the module holds meanwhile.
 *
 * Two ways (replay_serial.c, replay_cpus.c):
 *
 * - serial: one thread, the order of the file. Runs of allocations, and runs of
 *   frees, go down in one batched call each; within a run nothing comes between
 *   its events in the trace either, so the order is that of the trace exactly.
 *   What is held is read from sysfs between calls, at rest.
 * - CPUs: one thread for each CPU of the trace, on a CPU of its own, each going
 *   through its own events. A free waits until the object's allocation, which
 *   may be another thread's, has happened; no thread is further ahead of the
 *   slowest than a window. Another thread reads what is held all the time.
 */
#ifndef _GOSTAT_REPLAY_H
#define _GOSTAT_REPLAY_H

#include <stdatomic.h>

#include "device.h"
#include "classes.h"
#include "sysfs.h"
#include "trace.h"

struct replay_options {
	u64 speed;		/* events per second, 0: as fast as can be */
	u64 sample;		/* events from one reading of sysfs to the next */
	bool cpus;
	u64 window;		/* events, with cpus */
	bool atomic;		/* honour the trace's A */
	bool zero;
	bool keep_going;	/* past failed allocations */
};

/* A moment at which the class table was read; live objects are of the trace. */
struct replay_class {
	u64 objects;		/* trace: alive in this class */
	u64 req;
	u64 slub;
	u64 module_objects;	/* module: alive, above what was before */
	u64 module_bytes;
	u64 module_allocs;	/* module: allocations since before */
};

struct replay_moment {
	bool taken;
	size_t event;		/* after this event */
	u64 held;
	struct replay_class *class;	/* as size_classes */
	struct replay_class all;
	bool agrees;		/* the module has what the trace has, per class */
};

struct replay {
	/* given */
	const struct trace *trace;
	const struct trace_figures *figures;
	const struct replay_options *options;
	const struct device *dev;
	const struct size_classes *before;
	struct sysfs_held held;

	/* under way; handle 0: not allocated (yet, or it failed) */
	u32 *handles;		/* by object */
	u64 *sizes;		/* one batch's worth, serial only */
	u32 *batch;
	u32 batch_max;
	double started;

	/* results */
	size_t done;		/* events */
	u64 failed;		/* allocations */
	u64 samples;
	u64 held_before;
	u64 held_peak;
	size_t held_peak_event;
	double seconds;		/* without the readings of sysfs */
	double sampling;
	struct replay_moment peak;
	struct replay_moment end;
};

/* Set by SIGINT and SIGTERM: the replay stops between two calls. */
extern atomic_bool replay_interrupted;

/* Both return an exit status, TOOL_INTERRUPTED among them. */
int replay_serial(struct replay *r);
int replay_cpus(struct replay *r);

/* For both: note what is held, after @event. */
int replay_sample(struct replay *r, size_t event);
/* Read the class table and compare it with the trace; @event was the last one. */
int replay_moment(struct replay *r, struct replay_moment *moment, size_t event);
/* Wait until event @event is due at the wanted speed. */
void replay_pace(const struct replay *r, size_t event);
/* Say why allocating @object did not work; @error is errno. */
int replay_refused(const struct replay *r, size_t event, u32 object, int error);
/* Say why freeing @object did not work. */
int replay_lost(const struct replay *r, size_t event, u32 object, int error);
u32 replay_flags(const struct replay *r, u32 object);
void replay_moment_free(struct replay_moment *moment);

#endif /* _GOSTAT_REPLAY_H */
