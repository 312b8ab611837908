// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: write a converted trace.
 *
 * In the file an object has the id that was freed last, so ids stay small and
 * the file compresses well. zlib writes plain files too, so that one path
 * serves both.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "convert.h"

struct ids {
	u32 *of;		/* by object */
	u32 *spare;		/* a stack */
	u32 nr_spare;
	u32 next;
};

/* The same walk numbers the objects (file NULL) and writes the lines. */
static void write_events(const struct trace *trace, struct ids *ids, void *file)
{
	size_t i;

	ids->nr_spare = 0;
	ids->next = 0;
	for (i = 0; i < trace->nr_events; i++) {
		const struct trace_event *event = &trace->events[i];
		const struct trace_object *object = &trace->objects[event->object];
		u32 id;

		if (event->free) {
			id = ids->of[event->object];
			ids->spare[ids->nr_spare++] = id;
			if (file)
				gzprintf(file, "f %u %u\n", event->cpu, id);
			continue;
		}
		id = ids->nr_spare ? ids->spare[--ids->nr_spare] : ids->next++;
		ids->of[event->object] = id;
		if (file)
			gzprintf(file, "a %u %u %u %u %s %c\n", event->cpu, id, object->req,
				 object->slub, trace->caches.name[object->cache],
				 object->atomic ? 'A' : 'K');
	}
}

/* The counters that stand in the header as "# name=value". */
static const struct {
	const char *name;
	size_t offset;
} header_counts[] = {
	{ "synthesised_frees", offsetof(struct convert_counts, synthesised_frees) },
	{ "double_events", offsetof(struct convert_counts, double_events) },
	{ "unseen_frees", offsetof(struct convert_counts, unseen_frees) },
	{ "null_frees", offsetof(struct convert_counts, null_frees) },
	{ "failed_allocs", offsetof(struct convert_counts, failed_allocs) },
	{ "hidden_allocs", offsetof(struct convert_counts, hidden_allocs) },
	{ "hidden_frees", offsetof(struct convert_counts, hidden_frees) },
	{ "bulk_allocs", offsetof(struct convert_counts, bulk_allocs) },
	{ "bulk_frees", offsetof(struct convert_counts, bulk_frees) },
	{ "names_from_call_site", offsetof(struct convert_counts, names_from_call_site) },
	{ "names_unknown", offsetof(struct convert_counts, names_unknown) },
};

static void write_header(const struct convert *c, void *file, u32 nr_ids,
			 const char *kernel, const char *workload)
{
	const struct convert_counts *count = &c->count;
	u64 allocs = c->trace.nr_objects, events = c->trace.nr_events;
	size_t i;

	gzprintf(file, "# kmemtrace: %d\n", TRACE_VERSION);
	gzprintf(file, "# kernel: %s\n", kernel);
	gzprintf(file, "# workload: %s\n", workload);
	gzprintf(file, "# vcpus: %u\n", c->vcpus);
	gzprintf(file, "# events: %llu allocs: %llu frees: %llu\n", events, allocs,
		 events - allocs);
	gzprintf(file, "# max_id: %u\n", nr_ids ? nr_ids - 1 : 0);
	gzprintf(file, "# overruns=%llu lost_marks=%llu\n", count->overruns,
		 count->lost_marks);
	gzprintf(file, "# truncated=0\n");
	for (i = 0; i < ARRAY_SIZE(header_counts); i++)
		gzprintf(file, "# %s=%llu\n", header_counts[i].name,
			 *(const u64 *)((const char *)count + header_counts[i].offset));
	gzprintf(file, "# line: a <cpu> <id> <bytes_req> <bytes_alloc> <cache> <A|K>\n");
	gzprintf(file, "# line: f <cpu> <id>\n");
}

static int write_all(const struct convert *c, int fd, bool packed, const char *kernel,
		     const char *workload)
{
	void *file = gzdopen(fd, packed ? "w9" : "wT");
	struct ids ids;
	int error;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	ids.of = tool_alloc(c->trace.nr_objects, sizeof(*ids.of));
	ids.spare = tool_alloc(c->trace.nr_objects, sizeof(*ids.spare));
	gzbuffer(file, 256 * 1024);
	write_events(&c->trace, &ids, NULL);
	write_header(c, file, ids.next, kernel, workload);
	write_events(&c->trace, &ids, file);
	free(ids.of);
	free(ids.spare);
	errno = 0;
	gzerror(file, &error);
	if (gzclose(file) || error != Z_OK)
		return errno ? -errno : -EIO;
	return 0;
}

int convert_write(const struct convert *c, const char *path, const char *kernel,
		  const char *workload)
{
	size_t len = strlen(path);
	bool packed = len > 3 && !strcmp(path + len - 3, ".gz");
	char part[PATH_MAX];
	int fd, error;

	if (!strcmp(path, "-")) {
		fd = dup(STDOUT_FILENO);
		error = fd < 0 ? -errno : write_all(c, fd, false, kernel, workload);
		if (error)
			return tool_error(TOOL_FAIL, "standard output: %s", strerror(-error));
		return TOOL_OK;
	}
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return tool_error(TOOL_FAIL, "%s: %s", path, strerror(ENAMETOOLONG));
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return tool_error(TOOL_FAIL, "%s: %s", part, strerror(errno));
	error = write_all(c, fd, packed, kernel, workload);
	if (!error && rename(part, path))
		error = -errno;
	if (error) {
		unlink(part);
		return tool_error(TOOL_FAIL, "%s: %s", path, strerror(-error));
	}
	return TOOL_OK;
}
