// SPDX-License-Identifier: GPL-2.0
/*
 * recount - a heap counted from scratch. See recount.h.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "heap.h"
#include "memstats.h"
#include "recount.h"

static void gs_impossible(struct gs_recount *rc, bool is, const char *what)
{
	if (likely(!is))
		return;
	if (!rc->nbad++)
		rc->bad = what;
}

/* --- spans --------------------------------------------------------------- */

/* Bytes of a span: its sink's, or the heap's. */
static void gs_recount_bytes(struct gs_recount *rc, const struct gs_span *span,
			     size_t bytes)
{
	struct gostat_memstats *total = &rc->figures->total;
	unsigned int sink = gs_span_sink(span) % GOSTAT_NR_SINKS;

	if (sink) {
		rc->figures->sink[sink].inuse += bytes;
		return;
	}
	total->heap_sys += bytes;
	total->heap_inuse += bytes;
}

static void gs_recount_manual(struct gs_recount *rc, const struct gs_span *span)
{
	gs_impossible(rc, span->state != GS_SPAN_MANUAL &&
		      span->state != GS_SPAN_FREEING,
		      "a manual span is not one");
	if (!span->guarded)
		return;
	gs_impossible(rc, span->arena || gs_span_sink(span) != GS_SINK_STACKS,
		      "a guarded buffer is not one");
	rc->figures->total.stacks_guarded += gs_span_bytes(span);
}

/* Whether small or whole, a span is seen once, at its first slot. */
static void gs_recount_span(struct gs_recount *rc, const struct gs_span *span)
{
	struct gostat_class_stats *large = &rc->figures->class[0];
	unsigned int sink = gs_span_sink(span) % GOSTAT_NR_SINKS;

	if (sink)
		rc->figures->sink[sink].spans++;
	if (span->class) {
		gs_impossible(rc, span->state != GS_SPAN_SMALL ||
			      span->npages != span->class->npages,
			      "a small span is not one");
		return;
	}
	if (sink) {
		gs_recount_manual(rc, span);
		return;
	}
	gs_impossible(rc, span->state != GS_SPAN_LARGE &&
		      span->state != GS_SPAN_FREEING,
		      "a large span is not one");
	large->live++;
	large->capacity++;
	large->spans++;
	large->allocated += gs_span_bytes(span);
}

/* A freed run knows its length itself: its descriptor is gone. */
static void gs_recount_vruns(struct gs_recount *rc)
{
	struct gostat_memstats *total = &rc->figures->total;
	struct gs_heap *heap = rc->heap;
	struct llist_node *dead;
	struct rb_node *node;

	for (node = rb_first(&heap->vruns); node; node = rb_next(node)) {
		struct gs_span *span = rb_entry(node, struct gs_span, run);

		gs_recount_bytes(rc, span, gs_span_bytes(span));
		gs_impossible(rc, span->arena || span->class,
			      "a run of vmalloc is in an arena");
		gs_recount_span(rc, span);
	}
	for (dead = heap->vdead.first; dead; dead = dead->next) {
		total->heap_sys += *(size_t *)(dead + 1);
		total->heap_idle += *(size_t *)(dead + 1);
	}
}

/* --- arenas -------------------------------------------------------------- */

/* What an arena's descriptor says of its slots, counted. */
struct gs_slots {
	unsigned int npresent;
	unsigned int nfree;
	unsigned int nspans;
	unsigned int run;
	unsigned int longest;
};

static void gs_recount_slot_span(struct gs_recount *rc,
				 const struct gs_arena *arena,
				 const struct gs_span *span, unsigned long addr)
{
	gs_impossible(rc, span->arena != arena, "a span is of another arena");
	gs_impossible(rc, addr - span->base >= gs_span_bytes(span),
		      "a slot is outside of its span");
	if (addr == span->base)
		gs_recount_span(rc, span);
}

static void gs_recount_slot(struct gs_recount *rc, const struct gs_arena *arena,
			    unsigned int slot, struct gs_slots *slots)
{
	unsigned long addr = arena->base + ((unsigned long)slot << PAGE_SHIFT);
	const struct gs_span *span = gs_arena_span(arena, addr);
	struct gostat_memstats *total = &rc->figures->total;
	bool present = test_bit(slot, arena->present);
	bool free = test_bit(slot, arena->free);

	if (span) {
		gs_recount_bytes(rc, span, PAGE_SIZE);
	} else {
		total->heap_sys += PAGE_SIZE;
		total->heap_idle += PAGE_SIZE;
	}
	if (!present)
		total->heap_released += PAGE_SIZE;

	slots->npresent += present;
	slots->nfree += free;
	slots->nspans += span && span->base == addr;
	slots->run = free ? slots->run + 1 : 0;
	slots->longest = max(slots->longest, slots->run);

	gs_impossible(rc, free && !present, "a free slot has no page");
	gs_impossible(rc, test_bit(slot, arena->block) && !present,
		      "a block has no page");
	gs_impossible(rc, !!span != (present && !free),
		      "a slot is free and in use, or neither");
	gs_impossible(rc, arena->handle[slot] !=
		      (span ? gs_span_handle(span) : 0),
		      "a slot has another class's handle");
	if (span)
		gs_recount_slot_span(rc, arena, span, addr);
}

static void gs_recount_arena(struct gs_recount *rc, const struct gs_arena *arena)
{
	struct gs_slots slots = {};
	unsigned int slot;

	for (slot = 0; slot < GS_ARENA_PAGES; slot++)
		gs_recount_slot(rc, arena, slot, &slots);
	gs_impossible(rc, slots.npresent != arena->npresent ||
		      slots.nfree != arena->nfree ||
		      slots.nspans != arena->nspans,
		      "an arena has miscounted its slots");
	gs_impossible(rc, slots.longest != arena->longest,
		      "an arena has another longest run");
	gs_impossible(rc, !arena->base && (slots.npresent || arena->pins ||
					   arena->busy),
		      "an arena without addresses has pages");
}

/* Every arena that is bound is found by its address, and nothing else is. */
static void gs_recount_map(struct gs_recount *rc)
{
	const struct gs_arena_map *map = rcu_dereference_raw(rc->heap->map);
	unsigned int found = 0, narenas = 0;
	const struct gs_arena *arena;
	unsigned long i;

	list_for_each_entry(arena, &rc->heap->arenas, node) {
		if (!arena->base)
			continue;
		narenas++;
		gs_impossible(rc, gs_map_arena(map, arena->base) != arena,
			      "an arena is not found by its address");
	}
	for (i = 0; i < map->n; i++)
		found += map->arena[i] != &gs_no_arena;
	gs_impossible(rc, found != narenas, "the map has another arena");
}

/* Arenas with a free run, all of them, in the order of choice. */
static void gs_recount_fit(struct gs_recount *rc, unsigned int want)
{
	const struct gs_arena *arena, *last = NULL;
	unsigned int fit = 0;
	struct rb_node *node;

	for (node = rb_first(&rc->heap->fit); node; node = rb_next(node)) {
		arena = rb_entry(node, struct gs_arena, fit);
		fit++;
		gs_impossible(rc, last && (last->longest > arena->longest ||
					   (last->longest == arena->longest &&
					    last->nspans < arena->nspans)),
			      "arenas are out of order");
		last = arena;
	}
	gs_impossible(rc, fit != want, "an arena with a free run is not found");
}

static void gs_recount_arenas(struct gs_recount *rc)
{
	const struct gs_arena *arena;
	unsigned int fit = 0;

	list_for_each_entry(arena, &rc->heap->arenas, node) {
		gs_recount_arena(rc, arena);
		fit += !!arena->longest;
	}
	gs_recount_map(rc);
	gs_recount_fit(rc, fit);
}

/* --- metadata ------------------------------------------------------------ */

static void gs_recount_pool(struct gs_recount *rc, const struct gs_fixalloc *fix,
			    u64 *inuse, u64 *sys)
{
	gs_impossible(rc, !gs_fixalloc_recount(fix, inuse, sys),
		      "a page has miscounted its descriptors");
}

static void gs_recount_metadata(struct gs_recount *rc)
{
	struct gostat_memstats *total = &rc->figures->total;
	struct gs_heap *heap = rc->heap;
	unsigned int i;

	for (i = 0; i < GS_SPAN_POOLS; i++)
		gs_recount_pool(rc, &heap->span_pool[i], &total->mspan_inuse,
				&total->mspan_sys);
	for (i = 0; i < GS_NR_CAPS; i++)
		gs_recount_pool(rc, &heap->mag_pool[i], &total->mcache_inuse,
				&total->mcache_sys);
	gs_recount_pool(rc, &heap->arena_pool, &rc->gc_inuse, &total->gc_sys);
	gs_recount_pool(rc, &heap->row_pool, &rc->gc_inuse, &total->gc_sys);
	gs_arena_recount_maps(heap, &rc->gc_inuse, &total->gc_sys);
}

/* --- central ------------------------------------------------------------- */

static void gs_recount_class_span(struct gs_recount *rc,
				  const struct gs_class *class,
				  const struct gs_span *span, unsigned int prio)
{
	unsigned int nbits = BITS_TO_LONGS(class->nelems) * BITS_PER_LONG;

	gs_impossible(rc, span->class != class, "a span is in another class");
	gs_impossible(rc, bitmap_weight(span->free, class->nelems) !=
		      span->nfree, "a span has miscounted its free objects");
	gs_impossible(rc, find_next_bit(span->free, nbits, class->nelems) <
		      nbits, "an object behind the last is free");
	gs_impossible(rc, span->nfree >= class->nelems,
		      "an empty span is in central");
	gs_impossible(rc, span->prio != prio ||
		      prio != DIV_ROUND_UP(span->nfree * GS_NR_PRIOS,
					   class->nelems),
		      "a span is in another list");
}

static void gs_recount_class(struct gs_recount *rc, const struct gs_class *class,
			     struct gostat_class_stats *cs)
{
	struct gs_span *span;
	unsigned int prio;

	cs->size = class->size;
	gs_impossible(rc, !list_empty(&class->empty),
		      "an empty span has not left its class");
	for (prio = 0; prio < ARRAY_SIZE(class->spans); prio++) {
		list_for_each_entry(span, &class->spans[prio], node) {
			gs_recount_class_span(rc, class, span, prio);
			cs->spans++;
			cs->capacity += class->nelems;
			cs->central += bitmap_weight(span->free, class->nelems);
		}
	}
}

/* --- magazines ----------------------------------------------------------- */

/* Note a magazine's objects behind those of other CPUs; return how many. */
static unsigned int gs_recount_magazine(struct gs_recount *rc,
					const struct gs_class *class,
					const struct gs_mag *mag, unsigned int n)
{
	unsigned int i, count = GS_MAG_COUNT(mag->word);

	gs_impossible(rc, count > mag->cap || mag->cap > class->cap_max,
		      "a magazine has more than it can hold");
	if (!mag->cap)
		return n;
	gs_impossible(rc, mag->slot[-1], "something is below a magazine");
	count = min3(count, (unsigned int)mag->cap, (unsigned int)GS_CAP_MAX);
	for (i = 0; i < count; i++)
		rc->objs[n++] = (unsigned long)mag->slot[i];
	return n;
}

/* Is this an object of the class that central does not have? */
static bool gs_recount_is_out(struct gs_heap *heap, const struct gs_class *class,
			      unsigned long obj)
{
	struct gs_span *span = gs_heap_span(heap, obj);
	unsigned long i;

	if (!span || span->class != class || (obj - span->base) % class->size)
		return false;
	i = (obj - span->base) / class->size;
	return i < class->nelems && !test_bit(i, span->free);
}

static int gs_recount_cmp(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static void gs_recount_cached(struct gs_recount *rc, const struct gs_class *class,
			      struct gostat_class_stats *cs)
{
	unsigned int id = class - rc->heap->class;
	unsigned int cpu, i, n = 0;

	for_each_possible_cpu(cpu) {
		const struct gs_cpu *pc = per_cpu_ptr(rc->heap->cpu, cpu);

		n = gs_recount_magazine(rc, class, &pc->mag[id], n);
	}
	sort(rc->objs, n, sizeof(*rc->objs), gs_recount_cmp, NULL);
	for (i = 0; i < n; i++) {
		gs_impossible(rc, !gs_recount_is_out(rc->heap, class,
						     rc->objs[i]),
			      "a magazine holds what is no free object");
		gs_impossible(rc, i && rc->objs[i] == rc->objs[i - 1],
			      "an object is in magazines twice");
	}
	cs->cached += n;
}

/* Class 0's magazine is empty and full at once; all bytes are given up. */
static void gs_recount_cpus(struct gs_recount *rc)
{
	unsigned int id, class;

	for_each_possible_cpu(id) {
		const struct gs_cpu *cpu = per_cpu_ptr(rc->heap->cpu, id);

		gs_impossible(rc, cpu->mag[0].word || cpu->mag[0].cap,
			      "class 0 has a magazine");
		for (class = 0; class < GS_NR_CLASSES; class++)
			gs_impossible(rc, cpu->mag[class].no_cap,
				      "what is apart seems to have a magazine");
		gs_impossible(rc, cpu->lock != GS_LOCK_FREE +
			      (cpu->until ? GS_DIVERT : 0),
			      "a lock byte is taken");
	}
}

/* A class that is no large objects'. */
static void gs_recount_small(struct gs_recount *rc, const struct gs_class *class,
			     struct gostat_class_stats *cs)
{
	gs_recount_class(rc, class, cs);
	gs_recount_cached(rc, class, cs);
	cs->live = cs->capacity - cs->central - cs->cached;
	cs->allocated = cs->live * cs->size;
}

static void gs_recount_classes(struct gs_recount *rc)
{
	struct gostat_memstats *total = &rc->figures->total;
	unsigned int id;

	for (id = 0; id < GOSTAT_NR_CLASSES; id++) {
		struct gostat_class_stats *cs = &rc->figures->class[id];

		if (id)
			gs_recount_small(rc, &rc->heap->class[id], cs);
		total->heap_objects += cs->live;
		total->heap_alloc += cs->allocated;
	}
	total->stacks_live = total->stacks_guarded;
	for (id = 0; id < GOSTAT_NR_STACKS; id++) {
		struct gostat_class_stats *cs = &rc->figures->stack[id];

		gs_recount_small(rc, &rc->heap->class[GS_CLASS_STACK + id], cs);
		total->stacks_live += cs->allocated;
	}
}

/* --- sinks --------------------------------------------------------------- */

static void gs_recount_sinks(struct gs_recount *rc)
{
	struct gostat_memstats *total = &rc->figures->total;
	unsigned int id;

	for (id = 1; id < GOSTAT_NR_SINKS; id++) {
		const struct gostat_sink_stats *ss = &rc->figures->sink[id];
		const struct gostat_sink *sink = &rc->heap->sinks.sink[id];

		gs_impossible(rc, refcount_read(&sink->refs) < ss->spans +
			      (sink->state != GS_SINK_FREE),
			      "a sink could go before its spans");
		if (id != GS_SINK_STACKS)
			total->sinks_sys += ss->inuse;
	}
	total->stacks_inuse = rc->figures->sink[GS_SINK_STACKS].inuse;
	total->stacks_sys = total->stacks_inuse;
}

/* --- all of it ----------------------------------------------------------- */

/**
 * gs_recount_heap() - count a heap
 * @rc: fresh from gs_recount_init(); filled in
 *
 * Context: the heap is at rest.
 */
void gs_recount_heap(struct gs_recount *rc)
{
	struct gostat_memstats *total = &rc->figures->total;

	gs_recount_arenas(rc);
	gs_recount_vruns(rc);
	gs_recount_metadata(rc);
	gs_recount_classes(rc);
	gs_recount_cpus(rc);
	gs_recount_sinks(rc);
	total->sys = total->heap_sys + total->stacks_sys + total->sinks_sys +
		     total->mspan_sys + total->mcache_sys + total->gc_sys;
}

/**
 * gs_recount_init() - what a recount needs
 * @rc: the recount
 * @heap: whose
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM; gs_recount_destroy() is due in both cases.
 */
int gs_recount_init(struct gs_recount *rc, struct gs_heap *heap)
{
	memset(rc, 0, sizeof(*rc));
	rc->heap = heap;
	rc->figures = kzalloc(sizeof(*rc->figures), GFP_KERNEL);
	rc->objs = kvmalloc_array(num_possible_cpus() * GS_CAP_MAX,
				  sizeof(*rc->objs), GFP_KERNEL);
	return rc->figures && rc->objs ? 0 : -ENOMEM;
}

/**
 * gs_recount_destroy() - the mirror of gs_recount_init()
 * @rc: the recount
 */
void gs_recount_destroy(struct gs_recount *rc)
{
	kvfree(rc->objs);
	kfree(rc->figures);
}
