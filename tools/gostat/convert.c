// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the text of tracefs' trace file as an allocation trace.
 *
 * Lines of interest, "task-pid [cpu] flags time: event: fields":
 *
 *	kmalloc, kmalloc_node, kmem_cache_alloc, kmem_cache_alloc_node
 *		call_site=S ptr=P [name=N] bytes_req=R bytes_alloc=A gfp_flags=G
 *	kfree, kmem_cache_free
 *		ptr=P [name=N]
 *
 * and of the probes that capture.c sets, because the bulk calls have no
 * tracepoint and kmem_cache_alloc does not always print the cache (N counts the
 * 64-pointer parts of the array of one call):
 *
 *	bfreeN		size=S p={P,P,...}
 *	ballocN		nr=N name="N" req=R size=A flags=F p={P,P,...}
 *	kcname		ptr=P name="N"
 *
 * An object whose cache is still unknown in the end is given the cache of the
 * other objects of its call site and size, if they agree.
 *
 * Invariant: live maps a pointer to an object without an event 'f', or to
 * HIDDEN.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "lines.h"

#define HIDDEN		(~0u)		/* value in live: left out by drop_site */
#define SITE_NONE	(~0u)		/* no object of the site had a name */
#define SITE_MANY	(~1u)		/* they were of several caches */
#define LARGE_KMALLOC	8192		/* larger ones are whole pages */
#define ZERO_SIZE_PTR	16
#define BULK_PART	64

/* Names the kernel prints for masks that allow direct reclaim. */
static const char *const can_reclaim[] = {
	"GFP_KERNEL", "GFP_KERNEL_ACCOUNT", "GFP_USER", "GFP_HIGHUSER",
	"GFP_HIGHUSER_MOVABLE", "GFP_TRANSHUGE", "GFP_NOFS", "GFP_NOIO",
	"__GFP_RECLAIM", "__GFP_DIRECT_RECLAIM",
};

#define DIRECT_RECLAIM	0x400	/* in raw masks, Linux 6.10 to 6.12 */

/* One allocation as a line tells it. */
struct seen {
	u16 cpu;
	u64 ptr;
	u64 req;
	u64 slub;
	u32 cache;
	bool atomic;
};

static int bad_line(const struct convert *c, const char *what)
{
	return tool_error(TOOL_FAIL, "%s:%llu: cannot read this %s event", c->path,
			  c->line, what);
}

/* -- objects and events */

static void add_event(struct convert *c, u16 cpu, u32 object, bool free)
{
	struct trace *trace = &c->trace;

	if (trace->nr_events == c->room_events) {
		c->room_events = 2 * c->room_events + 4096;
		trace->events = tool_grow(trace->events, c->room_events,
					  sizeof(*trace->events));
	}
	trace->events[trace->nr_events++] = (struct trace_event){
		.object = object, .cpu = cpu, .free = free,
	};
	trace->nr_cpus = max(trace->nr_cpus, cpu + 1u);
}

/* The cache of a site's objects is told by one that has a name. */
static void name_object(struct convert *c, u32 object, u32 cache)
{
	u32 *site;

	if (!c->object_site[object])
		return;
	site = &c->site_cache[c->object_site[object] - 1];
	if (*site == SITE_NONE)
		*site = cache;
	else if (*site != cache)
		*site = SITE_MANY;
	c->trace.objects[object].cache = cache;
	c->object_site[object] = 0;
}

static u32 cache_number(struct convert *c, const char *text, size_t len)
{
	char name[128];
	size_t i;

	len = min(len, sizeof(name));
	for (i = 0; i < len; i++)		/* fields are separated by spaces */
		name[i] = text[i] == ' ' ? '_' : text[i];
	return names_number(&c->trace.caches, name, len);
}

static void see_free(struct convert *c, u16 cpu, u64 ptr, const char *name, size_t len)
{
	u32 *found, object;

	if (ptr <= ZERO_SIZE_PTR) {
		c->count.null_frees++;
		return;
	}
	found = map_find(&c->live, ptr);
	if (!found) {
		c->count.unseen_frees++;
		return;
	}
	object = *found;
	map_remove(&c->live, ptr);
	if (object == HIDDEN) {
		c->count.hidden_frees++;
		return;
	}
	if (len)
		name_object(c, object, cache_number(c, name, len));
	add_event(c, cpu, object, true);
}

static bool same_again(const struct convert *c, const struct seen *seen, u32 object)
{
	const struct trace_object *old = &c->trace.objects[object];

	return seen->slub > LARGE_KMALLOC &&
	       !strcmp(c->trace.caches.name[seen->cache], TRACE_KMALLOC) &&
	       old->req == seen->req && old->slub == seen->slub &&
	       old->cache == seen->cache && old->atomic == seen->atomic;
}

/* @site: number + 1 of the call site if the cache is not known, else 0. */
static void see_alloc(struct convert *c, const struct seen *seen, u32 site)
{
	struct trace *trace = &c->trace;
	u32 *found, object;

	if (seen->ptr <= ZERO_SIZE_PTR) {
		c->count.failed_allocs++;
		return;
	}
	found = map_find(&c->live, seen->ptr);
	if (found && *found == HIDDEN) {
		map_remove(&c->live, seen->ptr);
	} else if (found) {
		if (same_again(c, seen, *found)) {
			c->count.double_events++;
			return;
		}
		c->count.synthesised_frees++;
		see_free(c, seen->cpu, seen->ptr, "", 0);
	}
	if (trace->nr_objects == c->room_objects) {
		c->room_objects = 2 * c->room_objects + 4096;
		trace->objects = tool_grow(trace->objects, c->room_objects,
					   sizeof(*trace->objects));
		c->object_site = tool_grow(c->object_site, c->room_objects,
					   sizeof(*c->object_site));
	}
	object = trace->nr_objects++;
	trace->objects[object] = (struct trace_object){
		.req = seen->req, .slub = seen->slub,
		.cache = seen->cache, .atomic = seen->atomic,
	};
	c->object_site[object] = site;
	map_add(&c->live, seen->ptr, object);
	add_event(c, seen->cpu, object, false);
}

/* -- lines */

/* The text behind " @key=" or at the start, NULL if there is none. */
static const char *field(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *t = text;

	while ((t = strstr(t, key))) {
		if ((t == text || t[-1] == ' ') && t[len] == '=')
			return t + len + 1;
		t += len;
	}
	return NULL;
}

static bool field_number(const char *text, const char *key, u64 *value)
{
	const char *t = field(text, key);
	char *end;

	if (!t)
		return false;
	*value = strtoull(t, &end, 0);
	return end != t;
}

/* Pointers are printed in hexadecimal, by %p without 0x. */
static bool field_pointer(const char *text, const char *key, u64 *value)
{
	const char *t = field(text, key);
	char *end;

	if (!t)
		return false;
	if (!strncmp(t, "(null)", 6) || !strncmp(t, "(____ptrval____)", 16)) {
		*value = 0;
		return t[1] == 'n';
	}
	*value = strtoull(t, &end, 16);
	return end != t;
}

/* A value in quotes. */
static const char *field_quoted(const char *text, const char *key, size_t *len)
{
	const char *t = field(text, key), *end;

	if (!t || *t != '"')
		return NULL;
	end = strchr(++t, '"');
	*len = end ? end - t : 0;
	return end ? t : NULL;
}

static bool flags_can_wait(const char *flags)
{
	size_t i, len, end = strcspn(flags, " ");

	while (end) {
		len = min(strcspn(flags, "| "), end);
		for (i = 0; i < ARRAY_SIZE(can_reclaim); i++)
			if (strlen(can_reclaim[i]) == len &&
			    !strncmp(flags, can_reclaim[i], len))
				return true;
		if (len == end)
			break;
		flags += len + 1;
		end -= len + 1;
	}
	return false;
}

static u32 site_number(struct convert *c, const char *site, u64 req, u64 slub)
{
	u32 n, known = c->sites.nr;
	char key[256];
	int len;

	len = snprintf(key, sizeof(key), "%.*s %llu %llu", (int)strcspn(site, " "), site,
		       req, slub);
	n = names_number(&c->sites, key, min((size_t)len, sizeof(key) - 1));
	if (n == known) {
		c->site_cache = tool_grow(c->site_cache, c->sites.nr, sizeof(*c->site_cache));
		c->site_cache[n] = SITE_NONE;
	}
	return n + 1;
}

static bool dropped_site(struct convert *c, const char *site)
{
	char name[256];

	if (!c->drop_site)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(site, " "), site);
	return !regexec(c->drop_site, name, 0, NULL, 0);
}

static void hide(struct convert *c, const struct seen *seen)
{
	u32 *found = map_find(&c->live, seen->ptr);

	if (found && *found != HIDDEN) {
		c->count.synthesised_frees++;
		see_free(c, seen->cpu, seen->ptr, "", 0);
		found = NULL;
	}
	c->count.hidden_allocs++;
	if (!found && seen->ptr > ZERO_SIZE_PTR)
		map_add(&c->live, seen->ptr, HIDDEN);
}

static int line_alloc(struct convert *c, u16 cpu, bool kmalloc, const char *text)
{
	const char *site = field(text, "call_site"), *flags = field(text, "gfp_flags");
	const char *name = field(text, "name"), *end;
	struct seen seen = { .cpu = cpu };
	u32 site_nr = 0;

	if (!site || !flags || !field_pointer(text, "ptr", &seen.ptr) ||
	    !field_number(text, "bytes_req", &seen.req) ||
	    !field_number(text, "bytes_alloc", &seen.slub))
		return bad_line(c, "allocation");
	if (dropped_site(c, site)) {
		hide(c, &seen);
		return TOOL_OK;
	}
	if (seen.ptr > ZERO_SIZE_PTR && (!seen.req || seen.slub < seen.req || seen.slub > ~0u))
		return bad_line(c, "allocation");
	seen.atomic = !flags_can_wait(flags);
	if (kmalloc) {
		seen.cache = names_number(&c->trace.caches, TRACE_KMALLOC, 1);
	} else if (name) {
		end = strstr(name, " bytes_req=");
		seen.cache = cache_number(c, name, end ? (size_t)(end - name) : strlen(name));
	} else {
		seen.cache = c->unknown_cache;
		site_nr = site_number(c, site, seen.req, seen.slub);
	}
	see_alloc(c, &seen, site_nr);
	return TOOL_OK;
}

static int line_free(struct convert *c, u16 cpu, const char *text)
{
	const char *name = field(text, "name");
	u64 ptr;

	if (!field_pointer(text, "ptr", &ptr))
		return bad_line(c, "free");
	see_free(c, cpu, ptr, name, name ? strlen(name) : 0);
	return TOOL_OK;
}

static int line_name(struct convert *c, const char *text)
{
	const char *name;
	u32 *found;
	size_t len;
	u64 ptr;

	name = field_quoted(text, "name", &len);
	if (!name || !field_pointer(text, "ptr", &ptr))
		return bad_line(c, "cache name");
	found = map_find(&c->live, ptr);
	if (found && *found != HIDDEN)
		name_object(c, *found, cache_number(c, name, len));
	return TOOL_OK;
}

/* The next pointer of a list "{P,P,...}", *@list behind it. */
static bool next_pointer(const char **list, u64 *ptr)
{
	char *end;

	if (**list != '{' && **list != ',')
		return false;
	*ptr = strtoull(*list + 1, &end, 0);
	if (end == *list + 1)
		return false;
	*list = end;
	return true;
}

/* How many of a call's @total pointers are in part @part of its array. */
static u64 part_size(u64 total, unsigned int part)
{
	u64 before = (u64)BULK_PART * part;

	return total <= before ? 0 : min(total - before, (u64)BULK_PART);
}

static int line_bulk_free(struct convert *c, u16 cpu, unsigned int part, const char *text)
{
	const char *list = field(text, "p");
	u64 total, ptr, n;

	if (!list || !field_number(text, "size", &total))
		return bad_line(c, "bulk free");
	for (n = part_size(total, part); n; n--) {
		if (!next_pointer(&list, &ptr))
			return bad_line(c, "bulk free");
		c->count.bulk_frees++;
		see_free(c, cpu, ptr, "", 0);
	}
	return TOOL_OK;
}

static int line_bulk_alloc(struct convert *c, u16 cpu, unsigned int part, const char *text)
{
	const char *list = field(text, "p"), *name, *nr = field(text, "nr");
	struct seen seen = { .cpu = cpu };
	u64 flags, n;
	size_t len;

	name = field_quoted(text, "name", &len);
	if (!list || !nr || !name || !field_number(text, "req", &seen.req) ||
	    !field_number(text, "size", &seen.slub) || !field_number(text, "flags", &flags))
		return bad_line(c, "bulk allocation");
	seen.cache = cache_number(c, name, len);
	seen.atomic = !(flags & DIRECT_RECLAIM);
	for (n = part_size(max(atoll(nr), 0LL), part); n; n--) {
		if (!next_pointer(&list, &seen.ptr))
			return bad_line(c, "bulk allocation");
		c->count.bulk_allocs++;
		see_alloc(c, &seen, 0);
	}
	return TOOL_OK;
}

/* Behind a time and its colon, NULL if @t is something else. */
static const char *after_time(const char *t)
{
	size_t len = strspn(t, "0123456789.");

	return len && t[len] == ':' && t[len + 1] == ' ' ? t + len + 2 : NULL;
}

/*
 * Find "[cpu] flags time: event: " in @line; flags may be missing. Task names
 * can have brackets too. Returns the fields, NULL if this is no event.
 */
static const char *event_of(const char *line, u16 *cpu, char event[32])
{
	const char *t = line, *time;
	size_t len;
	char *end;

	while ((t = strchr(t, '['))) {
		unsigned long n = strtoul(++t, &end, 10);

		if (end == t || *end != ']' || n > TRACE_MAX_CPU)
			continue;
		*cpu = n;
		end += 1 + strspn(end + 1, " ");
		time = after_time(end);
		if (!time) {		/* then flags */
			end += strcspn(end, " ");
			time = after_time(end + strspn(end, " "));
		}
		if (!time)
			continue;
		len = strcspn(time, ":");
		if (!time[len] || len >= 32)
			continue;
		memcpy(event, time, len);
		event[len] = 0;
		return time + len + 1 + (time[len + 1] == ' ');
	}
	return NULL;
}

static int convert_line(struct convert *c, const char *line)
{
	u64 kept, written;
	char event[32];
	unsigned int part;
	const char *text;
	u16 cpu;

	if (*line == '#') {
		if (sscanf(line, "# entries-in-buffer/entries-written: %llu/%llu #P:%u", &kept,
			   &written, &part) == 3) {
			c->count.overruns = written - kept;
			c->vcpus = part;
		}
		return TOOL_OK;
	}
	text = event_of(line, &cpu, event);
	if (!text) {
		c->count.lost_marks += !!strstr(line, "[LOST");
		return TOOL_OK;
	}
	if (!strcmp(event, "kfree") || !strcmp(event, "kmem_cache_free"))
		return line_free(c, cpu, text);
	if (!strcmp(event, "kmalloc") || !strcmp(event, "kmalloc_node"))
		return line_alloc(c, cpu, true, text);
	if (!strcmp(event, "kmem_cache_alloc") || !strcmp(event, "kmem_cache_alloc_node"))
		return line_alloc(c, cpu, false, text);
	if (!strcmp(event, "kcname"))
		return line_name(c, text);
	if (sscanf(event, "bfree%u", &part) == 1)
		return line_bulk_free(c, cpu, part, text);
	if (sscanf(event, "balloc%u", &part) == 1)
		return line_bulk_alloc(c, cpu, part, text);
	return TOOL_OK;
}

static void name_the_rest(struct convert *c)
{
	size_t i;

	for (i = 0; i < c->trace.nr_objects; i++) {
		u32 cache;

		if (!c->object_site[i])
			continue;
		cache = c->site_cache[c->object_site[i] - 1];
		if (cache == SITE_NONE || cache == SITE_MANY) {
			c->count.names_unknown++;
		} else {
			c->trace.objects[i].cache = cache;
			c->count.names_from_call_site++;
		}
	}
}

int convert_read(struct convert *c, const char *path)
{
	struct lines lines;
	int status;
	size_t len;
	char *line;

	c->unknown_cache = names_number(&c->trace.caches, "c", 1);
	status = lines_open(&lines, path);
	c->path = lines.path;
	while (!status && (line = lines_next(&lines, &len))) {
		c->line = lines.number;
		status = convert_line(c, line);
	}
	if (!status)
		status = lines.error;
	lines_close(&lines);
	name_the_rest(c);
	c->vcpus = max(c->vcpus, c->trace.nr_cpus);
	return status;
}

void convert_free(struct convert *c)
{
	trace_free(&c->trace);
	map_free(&c->live);
	names_free(&c->sites);
	free(c->site_cache);
	free(c->object_site);
	memset(c, 0, sizeof(*c));
}
