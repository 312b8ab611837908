// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: replay in one thread, in the order of the file.
 *
 * A call takes the events from here to the end of the run: the next event of
 * the other kind, with other flags, or the next point where sysfs is read (each
 * --sample events, the peak, the end).
 */
#include <errno.h>
#include <stdlib.h>

#include "progress.h"
#include "replay.h"

static bool same_call(const struct replay *r, const struct trace_event *first,
		      const struct trace_event *event)
{
	if (event->free != first->free)
		return false;
	return event->free ||
	       replay_flags(r, event->object) == replay_flags(r, first->object);
}

/* The first event behind the run that begins at @from. */
static size_t run_end(const struct replay *r, size_t from, size_t limit)
{
	const struct trace_event *events = r->trace->events;
	size_t i = from + 1;

	limit = min(limit, from + r->batch_max);
	while (i < limit && same_call(r, &events[from], &events[i]))
		i++;
	return i;
}

static int run_of_allocs(struct replay *r, size_t from, size_t to)
{
	const struct trace_event *events = r->trace->events;
	u32 i, n, done;

	while (from < to) {
		n = to - from;
		for (i = 0; i < n; i++)
			r->sizes[i] = r->trace->objects[events[from + i].object].req;
		done = device_alloc(r->dev, n, r->sizes, r->batch,
				    replay_flags(r, events[from].object));
		for (i = 0; i < done; i++)
			r->handles[events[from + i].object] = r->batch[i];
		from += done;
		r->done += done;
		if (done == n)
			break;
		if (errno == EINTR)
			return TOOL_INTERRUPTED;
		if (!r->options->keep_going || (errno != ENOMEM && errno != EDQUOT))
			return replay_refused(r, from, events[from].object, errno);
		r->failed++;
		from++;
		r->done++;
	}
	return TOOL_OK;
}

static int run_of_frees(struct replay *r, size_t from, size_t to)
{
	const struct trace_event *events = r->trace->events;
	u32 n = 0, done;
	size_t i;

	for (i = from; i < to; i++) {
		u32 handle = r->handles[events[i].object];

		if (handle)		/* its allocation did not fail */
			r->batch[n++] = handle;
	}
	done = n ? device_free(r->dev, n, r->batch) : 0;
	if (done < n) {
		if (errno == EINTR)
			return TOOL_INTERRUPTED;
		return replay_lost(r, from + done, events[from + done].object, errno);
	}
	r->done += to - from;
	return TOOL_OK;
}

/* The next event before which the run must end, so that sysfs can be read. */
static size_t next_stop(const struct replay *r, size_t from)
{
	size_t stop = r->trace->nr_events;
	u64 sample = r->options->sample;

	if (from <= r->figures->peak_event)
		stop = min(stop, r->figures->peak_event + 1);
	if (sample)
		stop = min(stop, (from / sample + 1) * sample);
	return stop;
}

static int at_stop(struct replay *r)
{
	int status = replay_sample(r, r->done - 1);

	if (!status && r->figures->allocs && r->done == r->figures->peak_event + 1)
		status = replay_moment(r, &r->peak, r->done - 1);
	progress_show(r->done);
	return status;
}

int replay_serial(struct replay *r)
{
	size_t stop = next_stop(r, 0);
	int status = TOOL_OK;

	r->sizes = tool_alloc(r->batch_max, sizeof(*r->sizes));
	r->batch = tool_alloc(r->batch_max, sizeof(*r->batch));
	r->started = tool_now();
	while (!status && r->done < r->trace->nr_events) {
		size_t from = r->done, to = run_end(r, from, stop);

		if (replay_interrupted) {
			status = TOOL_INTERRUPTED;
			break;
		}
		replay_pace(r, from);
		if (r->trace->events[from].free)
			status = run_of_frees(r, from, to);
		else
			status = run_of_allocs(r, from, to);
		if (!status && r->done == stop) {
			status = at_stop(r);
			stop = next_stop(r, r->done);
		}
	}
	r->seconds = tool_now() - r->started - r->sampling;
	free(r->sizes);
	free(r->batch);
	return status;
}
