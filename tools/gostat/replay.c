// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: what both ways of replaying share.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay.h"

atomic_bool replay_interrupted;

int replay_sample(struct replay *r, size_t event)
{
	double begun = tool_now();
	u64 held;
	int status;

	status = sysfs_held_read(&r->held, &held);
	r->sampling += tool_now() - begun;
	if (status)
		return status;
	r->samples++;
	if (held > r->held_peak) {
		r->held_peak = held;
		r->held_peak_event = event;
	}
	return TOOL_OK;
}

/* What the trace has alive after the first @events events, per class. */
static void moment_of_trace(const struct replay *r, struct replay_moment *moment,
			    size_t events)
{
	const struct trace *trace = r->trace;
	size_t i;

	for (i = 0; i < events; i++) {
		const struct trace_event *event = &trace->events[i];
		const struct trace_object *object = &trace->objects[event->object];
		struct replay_class *class;
		int sign = event->free ? -1 : 1;

		class = &moment->class[size_classes_of(r->before, object->req)];
		class->objects += sign;
		class->req += sign * (s64)object->req;
		class->slub += sign * (s64)object->slub;
	}
}

int replay_moment(struct replay *r, struct replay_moment *moment, size_t event)
{
	double begun = tool_now();
	const struct size_classes *before = r->before;
	struct size_classes now;
	unsigned int i;
	int status;

	status = size_classes_read(&now);
	if (!status)
		status = sysfs_held_read(&r->held, &moment->held);
	if (!status && now.nr != before->nr)
		status = tool_error(TOOL_FAIL, "the module was reloaded during the replay");
	if (status)
		goto out;

	moment->class = tool_alloc(now.nr, sizeof(*moment->class));
	moment->taken = true;
	moment->event = event;
	moment->agrees = true;
	moment_of_trace(r, moment, event + 1);
	for (i = 0; i < now.nr; i++) {
		struct replay_class *class = &moment->class[i];
		const struct size_class *a = &before->class[i], *b = &now.class[i];

		class->module_objects = (b->nmalloc - b->nfree) - (a->nmalloc - a->nfree);
		class->module_bytes = b->live_bytes - a->live_bytes;
		class->module_allocs = b->nmalloc - a->nmalloc;
		moment->agrees &= class->module_objects == class->objects;
		moment->all.objects += class->objects;
		moment->all.req += class->req;
		moment->all.slub += class->slub;
		moment->all.module_objects += class->module_objects;
		moment->all.module_bytes += class->module_bytes;
		moment->all.module_allocs += class->module_allocs;
	}
out:
	size_classes_free(&now);
	r->sampling += tool_now() - begun;
	return status;
}

void replay_moment_free(struct replay_moment *moment)
{
	free(moment->class);
	moment->class = NULL;
}

void replay_pace(const struct replay *r, size_t event)
{
	double due, wait;

	if (!r->options->speed)
		return;
	due = r->started + r->sampling + (double)event / r->options->speed;
	while (!replay_interrupted && (wait = due - tool_now()) > 0) {
		/* An interrupt between test and sleep. */
		const struct timespec t = tool_timespec(min(wait, 0.2));

		nanosleep(&t, NULL);
	}
}

u32 replay_flags(const struct replay *r, u32 object)
{
	u32 flags = r->options->zero ? GOSTAT_ALLOC_ZERO : 0;

	if (r->options->atomic && r->trace->objects[object].atomic)
		flags |= GOSTAT_ALLOC_ATOMIC;
	return flags;
}

int replay_refused(const struct replay *r, size_t event, u32 object, int error)
{
	const char *way_out;

	switch (error) {
	case EDQUOT:
		way_out = ": raise device_*_limit in /sys/module/gostat/parameters";
		break;
	case ENOMEM:
		way_out = ": more memory is needed; --keep-going replays the rest";
		break;
	default:
		way_out = "";
	}
	return tool_error(TOOL_FAIL, "event %zu: allocating %u bytes: %s%s", event,
			  r->trace->objects[object].req, strerror(error), way_out);
}

int replay_lost(const struct replay *r, size_t event, u32 object, int error)
{
	return tool_error(TOOL_FAIL, "event %zu: freeing an object of %u bytes: %s", event,
			  r->trace->objects[object].req, strerror(error));
}
