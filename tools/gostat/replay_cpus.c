// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: replay with one thread for each CPU of the trace.
 *
 * Each thread takes its own events in the order of the file, in batches as the
 * serial replay does. Thread t announces in position[t] the number of its next
 * event; all its earlier ones have happened. Two rules join the threads:
 *
 *	a free happens after its allocation		(handle != 0)
 *	position[t] <= min over all threads + window
 *
 * They cannot wait for each other for ever. A batch spans at most the window,
 * so whoever is first in the file's order waits for nobody: not for the window,
 * it is the minimum; and not for an allocation, because a batch of frees waits
 * only for events less than a window ahead of it, and the threads that own
 * these may go there, their own waits being for events still earlier.
 *
 * Waiting is sched_yield(): there may be more threads than CPUs.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "replay.h"

#define FAILED_HANDLE	(~0u)	/* the allocation has been tried */
#define SAMPLE_SECONDS	0.001

struct shared;

struct worker {
	struct shared *shared;
	pthread_t thread;
	unsigned int index;
	int cpu;			/* to run on */
	size_t *events;			/* its own, indices into the trace */
	size_t nr_events;
	atomic_size_t position;	/* index in the trace of its next event */
	u64 done;
	u64 failed;
	int status;
};

struct shared {
	struct replay *r;
	struct worker *workers;
	unsigned int nr_workers;
	atomic_uint *handles;		/* by object */
	atomic_bool stop;
	atomic_uint running;
	atomic_size_t done;
};

static size_t slowest(const struct shared *s)
{
	size_t least = SIZE_MAX;
	unsigned int i;

	for (i = 0; i < s->nr_workers; i++)
		least = min(least, atomic_load_explicit(&s->workers[i].position,
							memory_order_relaxed));
	return least;
}

static bool stopped(const struct shared *s)
{
	return replay_interrupted || atomic_load_explicit(&s->stop, memory_order_relaxed);
}

/* The end of the batch of own events that begins at number @from. */
static size_t batch_end(const struct worker *w, size_t from)
{
	const struct replay *r = w->shared->r;
	const struct trace_event *events = r->trace->events;
	const struct trace_event *first = &events[w->events[from]];
	size_t limit = min(w->nr_events, from + r->batch_max), i;

	for (i = from + 1; i < limit; i++) {
		const struct trace_event *event = &events[w->events[i]];

		if (event->free != first->free ||
		    w->events[i] - w->events[from] >= r->options->window)
			break;
		if (!event->free &&
		    replay_flags(r, event->object) != replay_flags(r, first->object))
			break;
	}
	return i;
}

/* The object of own event number @i. */
static u32 worker_object(const struct worker *w, size_t i)
{
	return w->shared->r->trace->events[w->events[i]].object;
}

static int worker_allocs(struct worker *w, size_t from, size_t to, u64 *sizes, u32 *batch)
{
	struct shared *s = w->shared;
	const struct replay *r = s->r;
	u32 i, n, done;

	while (from < to) {
		n = to - from;
		for (i = 0; i < n; i++)
			sizes[i] = r->trace->objects[worker_object(w, from + i)].req;
		done = device_alloc(r->dev, n, sizes, batch,
				    replay_flags(r, worker_object(w, from)));
		for (i = 0; i < done; i++)
			atomic_store_explicit(&s->handles[worker_object(w, from + i)],
					      batch[i], memory_order_release);
		from += done;
		if (done == n)
			break;
		if (errno == EINTR)
			return TOOL_INTERRUPTED;
		if (!r->options->keep_going || (errno != ENOMEM && errno != EDQUOT))
			return replay_refused(r, w->events[from], worker_object(w, from), errno);
		atomic_store_explicit(&s->handles[worker_object(w, from)], FAILED_HANDLE,
				      memory_order_release);
		w->failed++;
		from++;
	}
	return TOOL_OK;
}

static int worker_frees(struct worker *w, size_t from, size_t to, u32 *batch)
{
	struct shared *s = w->shared;
	u32 n = 0, done;
	size_t i;

	for (i = from; i < to; i++) {
		atomic_uint *slot = &s->handles[worker_object(w, i)];
		u32 handle;

		while (!(handle = atomic_load_explicit(slot, memory_order_acquire))) {
			if (stopped(s))
				return TOOL_OK;
			sched_yield();
		}
		if (handle != FAILED_HANDLE)
			batch[n++] = handle;
	}
	done = n ? device_free(s->r->dev, n, batch) : 0;
	if (done == n)
		return TOOL_OK;
	if (errno == EINTR)
		return TOOL_INTERRUPTED;
	return replay_lost(s->r, w->events[from + done], worker_object(w, from + done), errno);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	struct shared *s = w->shared;
	const struct replay *r = s->r;
	u64 *sizes = tool_alloc(r->batch_max, sizeof(*sizes));
	u32 *batch = tool_alloc(r->batch_max, sizeof(*batch));
	size_t from = 0;

	while (from < w->nr_events && !w->status) {
		size_t first = w->events[from], to = batch_end(w, from);

		atomic_store(&w->position, first);
		while (first > slowest(s) + r->options->window && !stopped(s))
			sched_yield();
		replay_pace(r, first);
		if (stopped(s))
			break;
		if (r->trace->events[first].free)
			w->status = worker_frees(w, from, to, batch);
		else
			w->status = worker_allocs(w, from, to, sizes, batch);
		w->done += to - from;
		atomic_fetch_add_explicit(&s->done, to - from, memory_order_relaxed);
		from = to;
	}
	atomic_store(&w->position, SIZE_MAX - r->options->window);
	if (w->status)
		atomic_store(&s->stop, true);
	free(sizes);
	free(batch);
	atomic_fetch_sub(&s->running, 1);
	return NULL;
}

/* The n-th CPU, of those that this process may use, going round. */
static int nth_cpu(unsigned int n)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	n %= CPU_COUNT(&set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !n--)
			return cpu;
	return 0;
}

static int workers_start(struct shared *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_workers; i++) {
		struct worker *w = &s->workers[i];
		pthread_attr_t attr;
		cpu_set_t set;
		int error;

		CPU_ZERO(&set);
		CPU_SET(w->cpu, &set);
		pthread_attr_init(&attr);
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
		atomic_fetch_add(&s->running, 1);
		error = pthread_create(&w->thread, &attr, worker_run, w);
		pthread_attr_destroy(&attr);
		if (error) {
			atomic_fetch_sub(&s->running, 1);
			atomic_store(&s->stop, true);
			s->nr_workers = i;
			return tool_error(TOOL_FAIL, "thread for CPU %u: %s", i,
					  strerror(error));
		}
	}
	return TOOL_OK;
}

static void workers_prepare(struct shared *s)
{
	const struct trace *trace = s->r->trace;
	size_t i;

	for (i = 0; i < trace->nr_events; i++)
		s->workers[trace->events[i].cpu].nr_events++;
	for (i = 0; i < s->nr_workers; i++) {
		struct worker *w = &s->workers[i];

		w->shared = s;
		w->index = i;
		w->cpu = nth_cpu(i);
		w->events = tool_alloc(w->nr_events, sizeof(*w->events));
		w->nr_events = 0;
	}
	for (i = 0; i < trace->nr_events; i++) {
		struct worker *w = &s->workers[trace->events[i].cpu];

		w->events[w->nr_events++] = i;
	}
}

int replay_cpus(struct replay *r)
{
	const struct timespec pause = { .tv_nsec = SAMPLE_SECONDS * 1e9 };
	struct shared s = { .r = r, .nr_workers = r->trace->nr_cpus };
	struct worker *workers;
	unsigned int i, nr_workers = s.nr_workers;
	int status;

	workers = tool_alloc(nr_workers, sizeof(*workers));
	s.workers = workers;
	s.handles = tool_alloc(r->trace->nr_objects, sizeof(*s.handles));
	workers_prepare(&s);
	r->started = tool_now();
	status = workers_start(&s);
	while (!status && atomic_load(&s.running)) {
		size_t done = atomic_load_explicit(&s.done, memory_order_relaxed);

		status = replay_sample(r, done);
		progress_show(done);
		nanosleep(&pause, NULL);
	}
	if (status)
		atomic_store(&s.stop, true);
	for (i = 0; i < s.nr_workers; i++)
		pthread_join(workers[i].thread, NULL);
	r->seconds = tool_now() - r->started;
	for (i = 0; i < nr_workers; i++) {
		r->done += workers[i].done;
		r->failed += workers[i].failed;
		status = max(status, workers[i].status);
		free(workers[i].events);
	}
	if (!status && replay_interrupted)
		status = TOOL_INTERRUPTED;
	if (!status && r->done)
		status = replay_sample(r, r->done - 1);
	progress_show(r->done);
	free(workers);
	free(s.handles);
	return status;
}
