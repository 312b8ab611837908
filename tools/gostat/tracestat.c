// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the figures of a trace, without a kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "trace.h"

void trace_figures(const struct trace *trace, struct trace_figures *figures)
{
	u16 *born_on = tool_alloc(trace->nr_objects, sizeof(*born_on));
	struct trace_load now = { 0 };
	size_t i;

	memset(figures, 0, sizeof(*figures));
	for (i = 0; i < trace->nr_events; i++) {
		const struct trace_event *event = &trace->events[i];
		const struct trace_object *object = &trace->objects[event->object];

		if (event->free) {
			figures->frees++;
			figures->cross_cpu += born_on[event->object] != event->cpu;
			now.objects--;
			now.req -= object->req;
			now.slub -= object->slub;
			continue;
		}
		figures->allocs++;
		figures->atomic += object->atomic;
		figures->kmalloc += !strcmp(trace->caches.name[object->cache], TRACE_KMALLOC);
		figures->total_req += object->req;
		figures->total_slub += object->slub;
		born_on[event->object] = event->cpu;
		now.objects++;
		now.req += object->req;
		now.slub += object->slub;
		if (now.slub > figures->peak.slub) {
			figures->peak = now;
			figures->peak_event = i;
		}
		figures->peak_req = max(figures->peak_req, now.req);
		figures->peak_objects = max(figures->peak_objects, now.objects);
	}
	figures->end = now;
	free(born_on);
}
