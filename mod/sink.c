// SPDX-License-Identifier: GPL-2.0
/*
 * sink - named in-use counters for manual spans. See sink.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "heap.h"

/* A name becomes a directory and a word of JSON: letters, digits and "_.:-". */
static bool gs_sink_name_valid(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (i == GS_SINK_NAME - 1 ||
		    (!isalnum(name[i]) && !strchr("_.:-", name[i])))
			return false;
	return i && name[0] != '.';
}

/* One line of text, or nothing. */
static bool gs_sink_text_valid(const char *text)
{
	size_t i;

	for (i = 0; text && text[i]; i++)
		if (i == GS_SINK_TEXT - 1 || !isprint(text[i]))
			return false;
	return true;
}

/* The number of a sink that is not FREE, or 0. */
static unsigned int gs_sink_find(struct gs_heap *heap, const char *name)
{
	unsigned int id;

	lockdep_assert_held(&heap->sinks.mutex);
	for (id = 1; id < GOSTAT_NR_SINKS; id++)
		if (heap->sinks.sink[id].state != GS_SINK_FREE &&
		    !strcmp(heap->sinks.sink[id].name, name))
			return id;
	return 0;
}

static unsigned int gs_sink_find_free(struct gs_heap *heap)
{
	unsigned int id;

	lockdep_assert_held(&heap->sinks.mutex);
	for (id = 1; id < GOSTAT_NR_SINKS; id++)
		if (heap->sinks.sink[id].state == GS_SINK_FREE)
			return id;
	return 0;
}

/* A sink of zeroes, or the figures it was left with. */
static int gs_sink_make(struct gs_heap *heap, unsigned int id,
			const char *name, const char *description)
{
	struct gostat_sink *sink = &heap->sinks.sink[id];
	unsigned long flags;
	int err;

	strscpy(sink->name, name, sizeof(sink->name));
	strscpy(sink->description, description ?: "",
		sizeof(sink->description));
	gs_heap_lock(heap, &flags);
	memset(&heap->pages.sink[id], 0, sizeof(heap->pages.sink[id]));
	gs_heap_unlock(heap, flags);

	err = heap->sinks.viewer ? heap->sinks.viewer->add(heap, id) : 0;
	if (err)
		return err;
	refcount_set(&sink->refs, 1);
	/* Who sees LIVE sees the reference: gs_sink_hold(). */
	smp_store_release(&sink->state, GS_SINK_LIVE);
	return 0;
}

static struct gostat_sink *gs_sink_register_locked(struct gs_heap *heap,
						   const char *name,
						   const char *description)
{
	unsigned int id = gs_sink_find(heap, name);
	struct gostat_sink *sink = &heap->sinks.sink[id];
	int err;

	if (id && sink->state == GS_SINK_LIVE)
		return ERR_PTR(-EEXIST);
	if (id) {
		WRITE_ONCE(sink->state, GS_SINK_LIVE);
		return sink;
	}
	id = gs_sink_find_free(heap);
	if (!id)
		return ERR_PTR(-ENOSPC);
	err = gs_sink_make(heap, id, name, description);
	return err ? ERR_PTR(err) : &heap->sinks.sink[id];
}

/**
 * gs_sink_register() - gostat_sink_register() in a given heap
 * @heap: the heap
 * @name: a name for it
 * @description: a line of text, or NULL
 *
 * Context: Process; sleeps.
 * Return: the sink; an ERR_PTR() of -EINVAL, -EEXIST, -ENOSPC or -ENOMEM.
 */
struct gostat_sink *gs_sink_register(struct gs_heap *heap, const char *name,
				     const char *description)
{
	struct gostat_sink *sink;

	if (!name || !gs_sink_name_valid(name) ||
	    !gs_sink_text_valid(description))
		return ERR_PTR(-EINVAL);
	mutex_lock(&heap->sinks.mutex);
	sink = gs_sink_register_locked(heap, name, description);
	mutex_unlock(&heap->sinks.mutex);
	return sink;
}

/* Spans are out: the sink stays, for them and for who asks why. */
static int gs_sink_leave(struct gs_heap *heap, unsigned int id)
{
	struct gostat_sink *sink = &heap->sinks.sink[id];
	struct gs_sink_books books;
	unsigned long flags;

	WRITE_ONCE(sink->state, GS_SINK_LEFT);
	gs_heap_lock(heap, &flags);
	books = heap->pages.sink[id];
	gs_heap_unlock(heap, flags);
	pr_err("leak: sink %s left with %llu bytes in %llu spans\n", sink->name,
	       books.inuse, books.nspans);
	return -EBUSY;
}

/**
 * gs_sink_unregister() - gostat_sink_unregister() in a given heap
 * @heap: the heap
 * @sink: the sink
 *
 * Context: Process; sleeps.
 * Return: 0; -EBUSY if spans are out; -EINVAL if this is no sink.
 */
int gs_sink_unregister(struct gs_heap *heap, struct gostat_sink *sink)
{
	unsigned int id = gs_sink_id(heap, sink);
	int err = 0;

	if (!id)
		return -EINVAL;
	mutex_lock(&heap->sinks.mutex);
	if (sink->state == GS_SINK_FREE) {
		err = -EINVAL;
	} else if (!refcount_dec_if_one(&sink->refs)) {
		err = gs_sink_leave(heap, id);
	} else {
		if (heap->sinks.viewer)
			heap->sinks.viewer->remove(heap, id);
		WRITE_ONCE(sink->state, GS_SINK_FREE);
	}
	mutex_unlock(&heap->sinks.mutex);
	return err;
}

/**
 * gs_sink_get() - a sink by its name, kept until gs_sink_drop()
 * @heap: the heap
 * @name: its name
 *
 * Context: Process; sleeps.
 * Return: the sink, or NULL if there is none by that name.
 */
struct gostat_sink *gs_sink_get(struct gs_heap *heap, const char *name)
{
	unsigned int id;

	mutex_lock(&heap->sinks.mutex);
	id = gs_sink_find(heap, name);
	if (id && !gs_sink_hold(heap, id))
		id = 0;
	mutex_unlock(&heap->sinks.mutex);
	return id ? &heap->sinks.sink[id] : NULL;
}

/**
 * gs_sink_id() - the number of a sink
 * @heap: whose
 * @sink: any pointer; it is not followed
 *
 * Return: 1..GOSTAT_NR_SINKS - 1; 0 if @sink is no sink of @heap.
 */
unsigned int gs_sink_id(struct gs_heap *heap, const struct gostat_sink *sink)
{
	size_t off = (unsigned long)sink - (unsigned long)heap->sinks.sink;

	if (off >= sizeof(heap->sinks.sink) || off % sizeof(*sink))
		return 0;
	return off / sizeof(*sink);
}

/**
 * gs_sink_hold() - keep a sink from going
 * @heap: whose
 * @id: its number
 *
 * Context: Any.
 * Return: false if it has gone, or been left.
 */
bool gs_sink_hold(struct gs_heap *heap, unsigned int id)
{
	struct gostat_sink *sink = &heap->sinks.sink[id];

	/* Pairs with gs_sink_make(). */
	if (smp_load_acquire(&sink->state) != GS_SINK_LIVE)
		return false;
	return refcount_inc_not_zero(&sink->refs);
}

/**
 * gs_sink_drop() - the mirror of gs_sink_hold()
 * @heap: whose
 * @id: its number
 *
 * The last reference is the registration's, which is given up elsewhere.
 *
 * Context: Any.
 */
void gs_sink_drop(struct gs_heap *heap, unsigned int id)
{
	refcount_dec(&heap->sinks.sink[id].refs);
}

/**
 * gs_sink_count_failure() - an allocation for a sink found no pages
 * @heap: whose
 * @id: its number
 *
 * Context: Any but NMI; no heap lock held.
 */
void gs_sink_count_failure(struct gs_heap *heap, unsigned int id)
{
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	heap->pages.sink[id].failures++;
	gs_heap_unlock(heap, flags);
}

/**
 * gs_sinks_show() - have all sinks shown, those that come later too
 * @heap: whose
 * @viewer: by whom
 *
 * Context: Process; sleeps.
 * Return: 0, or -errno and nothing is shown.
 */
int gs_sinks_show(struct gs_heap *heap, const struct gs_sink_viewer *viewer)
{
	unsigned int id;
	int err = 0;

	mutex_lock(&heap->sinks.mutex);
	for (id = 1; id < GOSTAT_NR_SINKS && !err; id++)
		if (heap->sinks.sink[id].state != GS_SINK_FREE)
			err = viewer->add(heap, id);
	if (!err)
		heap->sinks.viewer = viewer;
	mutex_unlock(&heap->sinks.mutex);
	return err;
}

/**
 * gs_sinks_hide() - the mirror of gs_sinks_show(), which may have failed
 * @heap: whose
 *
 * The viewer forgets by itself what it was shown.
 *
 * Context: Process; sleeps.
 */
void gs_sinks_hide(struct gs_heap *heap)
{
	mutex_lock(&heap->sinks.mutex);
	heap->sinks.viewer = NULL;
	mutex_unlock(&heap->sinks.mutex);
}

/**
 * gs_sinks_init() - no sinks but "stacks"
 * @heap: whose, zeroed, with its lock in place
 */
void gs_sinks_init(struct gs_heap *heap)
{
	struct gostat_sink *stacks;

	mutex_init(&heap->sinks.mutex);
	stacks = gs_sink_register(heap, "stacks", "stack-like buffers");
	WARN_ON(gs_sink_id(heap, stacks) != GS_SINK_STACKS);
}
