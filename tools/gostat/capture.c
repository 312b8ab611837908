// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: capture the slab events of the running kernel.
 *
 * An instance of its own below tracefs' instances, so that other users of
 * tracing see nothing of it:
 *
 * - trace_clock counter: one order over all CPUs
 * - nohash-ptr: hashed pointers may be equal for different objects
 * - nooverwrite: a full buffer keeps the beginning; loss is an error anyway
 *
 * The bulk calls have no tracepoint. Where the kernel can (x86-64, kprobes; for
 * allocations arguments at function exit and types from BTF, 6.9), probes copy
 * their arrays of pointers, 64 in each event; where it cannot, the converter
 * sees the addresses come back. The cache's name of an allocation comes from
 * a probe on the tracepoint (6.5), else from the object's free.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "tracefs.h"

#define PROBES		"gostat_record"		/* group of our probes */
#define BULK_PARTS	8			/* kfree_rcu() frees up to 509 at once */

static const char *const events[] = {
	"kmem/kmalloc", "kmem/kfree", "kmem/kmem_cache_alloc", "kmem/kmem_cache_free",
	/* until 6.0 */
	"kmem/kmalloc_node", "kmem/kmem_cache_alloc_node",
};

#define EVENTS_NEEDED	4

static int control(const char *name, const char *text)
{
	char path[PATH_MAX];

	tracefs_path(path, "instances/" CAPTURE_INSTANCE "/%s", name);
	return tracefs_write(path, text);
}

static int control_needed(const char *name, const char *text)
{
	int error = control(name, text);

	if (error)
		return tool_error(TOOL_FAIL, "tracefs: cannot write '%s' to %s: %s", text,
				  name, strerror(-error));
	return TOOL_OK;
}

/* Define @probe and enable it here, with @filter if not NULL. */
static bool probe_one(const char *name, const char *probe, const char *filter)
{
	char path[PATH_MAX], event[PATH_MAX];

	tracefs_path(path, "dynamic_events");
	if (tracefs_write(path, probe))
		return false;
	if (filter) {
		snprintf(event, sizeof(event), "events/" PROBES "/%s/filter", name);
		if (control(event, filter))
			return false;
	}
	snprintf(event, sizeof(event), "events/" PROBES "/%s/enable", name);
	return !control(event, "1");
}

#ifdef __x86_64__
static bool probe_bulk_frees(void)
{
	char name[32], probe[256], filter[32];
	int i;

	for (i = 0; i < BULK_PARTS; i++) {
		snprintf(name, sizeof(name), "bfree%d", i);
		snprintf(probe, sizeof(probe),
			 "p:" PROBES "/%s kmem_cache_free_bulk size=%%si:u64 p=+%d(%%dx):x64[64]",
			 name, 512 * i);
		snprintf(filter, sizeof(filter), "size > %d", 64 * i);
		if (!probe_one(name, probe, filter))
			return false;
	}
	return true;
}
#else
static bool probe_bulk_frees(void)
{
	return false;
}
#endif

static bool probe_bulk_allocs(void)
{
	static const char *const functions[] = {
		"kmem_cache_alloc_bulk_noprof", "kmem_cache_alloc_bulk",
	};
	static const char fields[] =
		"nr=$retval:s32 name=s->name:string req=s->object_size size=s->size flags=flags";
	char name[32], probe[256], filter[32];
	const char *function = NULL;
	unsigned int i, f;

	for (i = 0; i < BULK_PARTS; i++) {
		snprintf(name, sizeof(name), "balloc%u", i);
		snprintf(filter, sizeof(filter), "nr > %u", 64 * i);
		for (f = 0; f < ARRAY_SIZE(functions); f++) {
			if (i && functions[f] != function)
				continue;
			snprintf(probe, sizeof(probe), "r:" PROBES "/%s %s %s p=+%u($arg4):x64[64]",
				 name, functions[f], fields, 512 * i);
			if (probe_one(name, probe, filter))
				break;
		}
		if (f == ARRAY_SIZE(functions))
			return false;
		function = functions[f];
	}
	return true;
}

static bool probe_names(void)
{
	return probe_one("kcname",
			 "t:" PROBES "/kcname kmem_cache_alloc ptr=ptr:x64 name=s->name:string",
			 NULL);
}

/* Take back the probes @prefix, of which some may not be there. */
static void unprobe(const char *prefix, unsigned int parts)
{
	char path[PATH_MAX], event[PATH_MAX];
	unsigned int i;

	for (i = 0; i < parts; i++) {
		char name[32], text[64];

		if (parts == 1)
			snprintf(name, sizeof(name), "%s", prefix);
		else
			snprintf(name, sizeof(name), "%s%u", prefix, i);
		snprintf(event, sizeof(event), "events/" PROBES "/%s/enable", name);
		control(event, "0");
		snprintf(text, sizeof(text), "-:" PROBES "/%s", name);
		tracefs_path(path, "dynamic_events");
		tracefs_write(path, text);
	}
}

static int make_instance(struct capture *c)
{
	char path[PATH_MAX];

	tracefs_path(path, "instances/" CAPTURE_INSTANCE);
	if (!mkdir(path, 0700)) {
		c->made = true;
		return TOOL_OK;
	}
	switch (errno) {
	case EEXIST:
		return tool_error(TOOL_FAIL,
				  "%s: is there: another recording runs, or one was killed and left it; then 'rmdir %s'",
				  path, path);
	case EACCES:
	case EPERM:
		return tool_error(TOOL_FAIL, "%s: %s: run gostat as root", path,
				  strerror(errno));
	default:
		return tool_error(TOOL_FAIL, "%s: %s", path, strerror(errno));
	}
}

static int enable_events(void)
{
	char path[PATH_MAX];
	size_t i;
	int error;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), "events/%s/enable", events[i]);
		error = control(path, "1");
		if (error && i < EVENTS_NEEDED)
			return tool_error(TOOL_FAIL, "tracefs: this kernel cannot trace %s: %s",
					  events[i], strerror(-error));
	}
	return TOOL_OK;
}

int capture_open(struct capture *c, u64 buffer_mib)
{
	char kib[32];
	int status, error;

	memset(c, 0, sizeof(*c));
	if (!tracefs_root())
		return tool_error(TOOL_FAIL,
				  "tracefs is not there: 'mount -t tracefs none /sys/kernel/tracing' as root");
	status = make_instance(c);
	if (!status)
		status = control_needed("tracing_on", "0");
	if (!status)
		status = control_needed("trace_clock", "counter");
	if (!status)
		status = control_needed("trace_options", "nohash-ptr");
	if (!status)
		status = control_needed("trace_options", "nooverwrite");
	if (status)
		return status;
	snprintf(kib, sizeof(kib), "%llu", buffer_mib * 1024);
	error = control("buffer_size_kb", kib);
	if (error)
		return tool_error(TOOL_FAIL, "%llu MiB of buffer for each CPU: %s: lower --buffer",
				  buffer_mib, strerror(-error));
	c->bulk_frees = probe_bulk_frees();
	if (!c->bulk_frees)
		unprobe("bfree", BULK_PARTS);
	c->bulk_allocs = probe_bulk_allocs();
	if (!c->bulk_allocs)
		unprobe("balloc", BULK_PARTS);
	c->names = probe_names();
	if (!c->names)
		unprobe("kcname", 1);
	return enable_events();
}

int capture_start(const struct capture *c)
{
	(void)c;
	return control_needed("tracing_on", "1");
}

int capture_stop(const struct capture *c)
{
	(void)c;
	return control_needed("tracing_on", "0");
}

int capture_lost(const struct capture *c, u64 *lost)
{
	static const char *const keys[] = {
		"overrun: %llu", "commit overrun: %llu", "dropped events: %llu",
	};
	long cpu, cpus = sysconf(_SC_NPROCESSORS_CONF);
	char path[PATH_MAX], line[128];
	u64 n;

	(void)c;
	*lost = 0;
	for (cpu = 0; cpu < cpus; cpu++) {
		FILE *file;
		size_t i;

		tracefs_path(path, "instances/" CAPTURE_INSTANCE "/per_cpu/cpu%ld/stats", cpu);
		file = fopen(path, "re");
		if (!file && errno == ENOENT)		/* no such CPU after all */
			continue;
		if (!file)
			return tool_error(TOOL_FAIL, "%s: %s", path, strerror(errno));
		while (fgets(line, sizeof(line), file))
			for (i = 0; i < ARRAY_SIZE(keys); i++)
				if (sscanf(line, keys[i], &n) == 1)
					*lost += n;
		fclose(file);
	}
	return TOOL_OK;
}

void capture_file(char path[PATH_MAX])
{
	tracefs_path(path, "instances/" CAPTURE_INSTANCE "/trace");
}

void capture_close(struct capture *c)
{
	char path[PATH_MAX];

	if (!c->made)
		return;
	control("tracing_on", "0");
	unprobe("bfree", BULK_PARTS);
	unprobe("balloc", BULK_PARTS);
	unprobe("kcname", 1);
	tracefs_path(path, "instances/" CAPTURE_INSTANCE);
	if (rmdir(path))
		tool_warn("%s: cannot be removed: %s", path, strerror(errno));
	c->made = false;
}
