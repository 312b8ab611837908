// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: read an allocation trace, checking every rule.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "trace.h"

/* Values of the table from ids to live objects; others are index + 1. */
#define ID_FREE		0
#define ID_LEFT_OUT	(~0u)

struct reader {
	struct lines lines;
	struct trace *trace;
	const struct trace_select *select;
	u32 *live;		/* by id */
	u32 nr_ids;
	u32 max_id;
	unsigned int vcpus;	/* of the header, 0: it does not say */
	u64 head_events;	/* of the header */
	u64 head_allocs;
	u64 head_frees;
	bool head_counts;
	bool *wanted;		/* by cache number */
	u32 nr_wanted;
	size_t room_events;
	size_t room_objects;
	u64 allocs;		/* in the file */
	u64 frees;
};

static int reader_bad(const struct reader *r, const char *why)
{
	return tool_error(TOOL_FAIL, "%s:%llu: %s", r->lines.path, r->lines.number, why);
}

/* A number up to @most and the space or end after it. */
static bool take_number(char **text, u64 most, u64 *value)
{
	char *t = *text;
	u64 n = 0;

	if (*t < '0' || *t > '9')
		return false;
	while (*t >= '0' && *t <= '9') {
		n = 10 * n + (*t++ - '0');
		if (n > most)
			return false;
	}
	if (*t && *t != ' ')
		return false;
	*text = t + (*t == ' ');
	*value = n;
	return true;
}

static int read_header(struct reader *r, char *line)
{
	struct trace *trace = r->trace;
	unsigned long long a, b, c;
	unsigned int n;

	if (r->lines.number == 1) {
		if (sscanf(line, "# kmemtrace: %u", &n) != 1)
			return reader_bad(r, "no '# kmemtrace: 1': not an allocation trace");
		if (n != TRACE_VERSION)
			return reader_bad(r, "this gostat knows version 1 of the format only");
	}
	if (!strncmp(line, "# kernel: ", 10) && !trace->kernel) {
		trace->kernel = tool_strdup(line + 10);
	} else if (!strncmp(line, "# workload: ", 12) && !trace->workload) {
		trace->workload = tool_strdup(line + 12);
	} else if (sscanf(line, "# vcpus: %u", &n) == 1) {
		r->vcpus = n;
	} else if (sscanf(line, "# max_id: %u", &n) == 1) {
		r->max_id = min(n, TRACE_MAX_ID);
	} else if (sscanf(line, "# events: %llu allocs: %llu frees: %llu", &a, &b, &c) == 3) {
		r->head_counts = true;
		r->head_events = a;
		r->head_allocs = b;
		r->head_frees = c;
	}
	return TOOL_OK;
}

static bool cache_wanted(const struct reader *r, const char *name)
{
	const struct trace_select *select = r->select;
	unsigned int i;

	if (select->kmalloc_only)
		return !strcmp(name, TRACE_KMALLOC);
	for (i = 0; i < select->nr_caches; i++)
		if (!fnmatch(select->caches[i], name, 0))
			return true;
	return !select->nr_caches;
}

static struct trace_event *new_event(struct reader *r, u16 cpu)
{
	struct trace *trace = r->trace;
	struct trace_event *event;

	if (trace->nr_events == r->room_events) {
		r->room_events = 2 * r->room_events + 4096;
		trace->events = tool_grow(trace->events, r->room_events,
					  sizeof(*trace->events));
	}
	event = &trace->events[trace->nr_events++];
	event->cpu = cpu;
	trace->nr_cpus = max(trace->nr_cpus, cpu + 1u);
	return event;
}

static u32 new_object(struct reader *r, u32 req, u32 slub, u16 cache, bool atomic)
{
	struct trace *trace = r->trace;

	if (trace->nr_objects == r->room_objects) {
		r->room_objects = 2 * r->room_objects + 4096;
		trace->objects = tool_grow(trace->objects, r->room_objects,
					   sizeof(*trace->objects));
	}
	trace->objects[trace->nr_objects] = (struct trace_object){
		.req = req, .slub = slub, .cache = cache, .atomic = atomic,
	};
	return trace->nr_objects++;
}

static u32 *id_slot(struct reader *r, u32 id)
{
	if (id >= r->nr_ids) {
		u32 old = r->nr_ids;

		r->nr_ids = max(2 * old, id + 1024);
		r->live = tool_grow(r->live, r->nr_ids, sizeof(*r->live));
		memset(r->live + old, 0, (r->nr_ids - old) * sizeof(*r->live));
	}
	return &r->live[id];
}

static int read_alloc(struct reader *r, char *text, u16 cpu, u32 id)
{
	u32 *slot = id_slot(r, id);
	u64 req, slub;
	size_t len;
	u32 cache;

	if (*slot != ID_FREE)
		return reader_bad(r, "the id is of an object that is alive");
	if (!take_number(&text, ~0u, &req) || !req)
		return reader_bad(r, "bad number of bytes asked for");
	if (!take_number(&text, ~0u, &slub) || slub < req)
		return reader_bad(r, "bad number of bytes given");
	len = strcspn(text, " ");
	if (!len || text[len] != ' ')
		return reader_bad(r, "no cache name, or nothing after it");
	if ((text[len + 1] != 'A' && text[len + 1] != 'K') || text[len + 2])
		return reader_bad(r, "the line does not end with A or K");

	cache = names_number(&r->trace->caches, text, len);
	if (cache == r->nr_wanted) {		/* a new one */
		if (cache > 0xffff)
			return reader_bad(r, "more than 65536 caches");
		r->wanted = tool_grow(r->wanted, cache + 1, sizeof(*r->wanted));
		r->wanted[cache] = cache_wanted(r, r->trace->caches.name[cache]);
		r->nr_wanted++;
	}
	r->allocs++;
	if (!r->wanted[cache]) {
		*slot = ID_LEFT_OUT;
		return TOOL_OK;
	}
	*slot = new_object(r, req, slub, cache, text[len + 1] == 'A') + 1;
	*new_event(r, cpu) = (struct trace_event){ .cpu = cpu, .object = *slot - 1 };
	return TOOL_OK;
}

static int read_free(struct reader *r, const char *text, u16 cpu, u32 id)
{
	u32 *slot = id_slot(r, id);

	if (*slot == ID_FREE)
		return reader_bad(r, "the id is of no object that is alive");
	if (*text)
		return reader_bad(r, "more than a CPU and an id");
	r->frees++;
	if (*slot != ID_LEFT_OUT)
		*new_event(r, cpu) = (struct trace_event){
			.cpu = cpu, .object = *slot - 1, .free = true,
		};
	*slot = ID_FREE;
	return TOOL_OK;
}

static int read_line(struct reader *r, char *line, size_t len)
{
	char *text = line + 2;
	u64 cpu, id;

	if (strlen(line) != len)
		return reader_bad(r, "a NUL byte in the line");
	if (*line == '#' || r->lines.number == 1)
		return read_header(r, line);
	if (len < 2 || (*line != 'a' && *line != 'f') || line[1] != ' ')
		return reader_bad(r, "neither an allocation ('a ') nor a free ('f ')");
	if (!take_number(&text, TRACE_MAX_CPU, &cpu) || (r->vcpus && cpu >= r->vcpus))
		return reader_bad(r, "bad CPU number");
	if (!take_number(&text, r->max_id, &id))
		return reader_bad(r, "bad id");
	if (*line == 'a')
		return read_alloc(r, text, cpu, id);
	return read_free(r, text, cpu, id);
}

static int check_counts(const struct reader *r)
{
	if (!r->lines.number)
		return tool_error(TOOL_FAIL, "%s: empty", r->lines.path);
	if (r->head_counts && (r->head_allocs != r->allocs || r->head_frees != r->frees ||
			       r->head_events != r->allocs + r->frees))
		return tool_error(TOOL_FAIL,
				  "%s: the header says %llu events (%llu allocations, %llu frees), there are %llu (%llu, %llu)",
				  r->lines.path, r->head_events, r->head_allocs,
				  r->head_frees, r->allocs + r->frees, r->allocs, r->frees);
	return TOOL_OK;
}

int trace_read(struct trace *trace, const char *path, const struct trace_select *select)
{
	struct reader r = { .trace = trace, .select = select, .max_id = TRACE_MAX_ID };
	size_t len;
	char *line;
	int status;

	memset(trace, 0, sizeof(*trace));
	status = lines_open(&r.lines, path);
	trace->path = r.lines.path;
	while (!status) {
		line = lines_next(&r.lines, &len);
		if (!line)
			break;
		status = read_line(&r, line, len);
	}
	if (!status)
		status = r.lines.error;
	if (!status)
		status = check_counts(&r);
	trace->file_events = r.allocs + r.frees;
	lines_close(&r.lines);
	free(r.live);
	free(r.wanted);
	return status;
}

void trace_free(struct trace *trace)
{
	free(trace->kernel);
	free(trace->workload);
	free(trace->events);
	free(trace->objects);
	names_free(&trace->caches);
	memset(trace, 0, sizeof(*trace));
}
