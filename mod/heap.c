// SPDX-License-Identifier: GPL-2.0
/*
 * heap - the allocator as one thing. See heap.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/percpu.h>
#include <linux/printk.h>

#include "alloc.h"
#include "memstats.h"
#include "stack.h"

/* The generated size classes; a power-of-two size is naturally aligned. */
static void gs_classes_init(struct gs_heap *heap)
{
	unsigned int id;

	for (id = 1; id < GOSTAT_NR_CLASSES; id++) {
		struct gs_class_config config = {
			.name = "objects",
			.size = gostat_class_size[id],
			.magic = gostat_class_magic[id],
			.npages = gostat_class_pages[id],
			.nelems = gostat_class_objects[id],
			.align = 1,
		};

		if (is_power_of_2(config.size) && config.size > PAGE_SIZE)
			config.align = config.size >> PAGE_SHIFT;
		gs_class_init(heap, id, &config);
	}
}

/**
 * gs_heap_init() - make an empty heap
 * @heap: zeroed memory for it
 * @config: what it is made with
 *
 * Context: Process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int gs_heap_init(struct gs_heap *heap, const struct gs_heap_config *config)
{
	bool own_cpu = !config->cpu;
	unsigned int i;
	int err;

	heap->source = config->source ?: &gs_page_allocator;
	/* Memory must be clear when it is freed: no waiting in a magazine. */
	heap->uncached = config->uncached || want_init_on_free();
	raw_spin_lock_init(&heap->lock);
	heap->fit = RB_ROOT;
	gs_whole_init(heap);
	gs_background_init(heap, config->knob);
	gs_reclaim_init(heap, config->limit, config->limit_hard);

	err = gs_scavtrace_init(heap, config->records ?: GS_SCAV_RECORDS);
	if (err)
		return err;
	err = gs_snapshot_init(heap);
	if (err)
		goto err_scavtrace;
	heap->own_cpu = own_cpu;
	heap->cpu = config->cpu ?: alloc_percpu(struct gs_cpu);
	if (!heap->cpu) {
		err = -ENOMEM;
		goto err_snapshot;
	}
	gs_cpucache_init(heap);
	gs_sinks_init(heap);
	for (i = 0; i < GS_SPAN_POOLS; i++)
		gs_fixalloc_init(&heap->span_pool[i], heap, GS_MSPAN,
				 struct_size((struct gs_span *)NULL, free,
					     1UL << i));
	gs_classes_init(heap);
	gs_stack_init(heap);
	err = gs_arena_init(heap);
	if (err)
		goto err_cpu;
	return 0;

err_cpu:
	if (own_cpu)
		free_percpu(heap->cpu);
err_snapshot:
	gs_snapshot_destroy(heap);
err_scavtrace:
	gs_scavtrace_destroy(heap);
	return err;
}

/* Tell what is still live of a class. Return how many things are. */
static u64 gs_report_class(const struct gs_class *class,
			   const struct gostat_class_stats *cs)
{
	if (cs->live)
		pr_err("leak: %llu %s of %llu bytes\n", cs->live, class->name,
		       cs->size);
	return cs->live;
}

/* Tell what is still out, sink by sink. Return the number of spans. */
static u64 gs_heap_report_sinks(struct gs_heap *heap)
{
	const struct gostat_sink_stats *ss = heap->snapshot->sink;
	unsigned int id;
	u64 spans = 0;

	for (id = 1; id < GOSTAT_NR_SINKS; id++) {
		if (ss[id].spans)
			pr_err("leak: %llu bytes in %llu spans of sink %s\n",
			       ss[id].inuse, ss[id].spans,
			       heap->sinks.sink[id].name);
		spans += ss[id].spans;
	}
	return spans;
}

/* The same of all. A buffer's span is in its sink, where it counts. */
static u64 gs_heap_report_leaks(struct gs_heap *heap)
{
	const struct gostat_snapshot *snap = heap->snapshot;
	unsigned int i;
	u64 live;

	mutex_lock(&heap->cut.mutex);
	gs_snapshot_force(heap);
	live = snap->class[0].live;
	if (live)
		pr_err("leak: %llu large objects\n", live);
	for (i = 1; i < GOSTAT_NR_CLASSES; i++)
		live += gs_report_class(&heap->class[i], &snap->class[i]);
	for (i = 0; i < GOSTAT_NR_STACKS; i++)
		gs_report_class(&heap->class[GS_CLASS_STACK + i],
				&snap->stack[i]);
	live += gs_heap_report_sinks(heap);
	mutex_unlock(&heap->cut.mutex);
	return live;
}

/**
 * gs_heap_destroy() - return everything
 * @heap: a heap that nobody uses any more
 *
 * Live objects, stack-like buffers and manual spans are a leak of their owners:
 * they are reported, and their pages and all descriptors are kept rather than
 * freed under them.
 *
 * Context: Process; sleeps.
 * Return: the number of objects, and of spans in sinks, that were live.
 */
u64 gs_heap_destroy(struct gs_heap *heap)
{
	struct gs_release all = { .want = U64_MAX, .unit = GS_RELEASE_PAGES,
				  .dense = true };
	unsigned int i;
	u64 live;

	gs_background_stop(heap);
	gs_reclaim_destroy(heap);
	gs_cpucache_destroy(heap);
	gs_whole_destroy(heap);
	gs_release_walk(heap, &all);
	/*
	 * Replaced maps and unbound arenas: their callbacks must not outlive the
	 * heap or the module.
	 */
	rcu_barrier();
	live = gs_heap_report_leaks(heap);
	if (!live) {
		for (i = 0; i < GS_NR_CAPS; i++)
			gs_fixalloc_destroy(&heap->mag_pool[i]);
		for (i = 0; i < GS_SPAN_POOLS; i++)
			gs_fixalloc_destroy(&heap->span_pool[i]);
		gs_arena_destroy(heap);
	}
	if (heap->own_cpu)
		free_percpu(heap->cpu);
	gs_snapshot_destroy(heap);
	gs_scavtrace_destroy(heap);
	return live;
}

/**
 * gs_heap_alloc() - gostat_alloc() from a given heap
 * @heap: the heap
 * @size: bytes
 * @gfp: as for kmalloc()
 *
 * Context: As gostat_alloc().
 * Return: the object, ZERO_SIZE_PTR, or NULL.
 */
void *gs_heap_alloc(struct gs_heap *heap, size_t size, gfp_t gfp)
{
	return gs_alloc(heap, heap->cpu, size, gfp);
}

/**
 * gs_heap_free() - gostat_free() to a given heap
 * @heap: the heap
 * @obj: the object
 *
 * Context: Any.
 */
void gs_heap_free(struct gs_heap *heap, const void *obj)
{
	gs_free(heap, heap->cpu, obj);
}

/**
 * gs_zeroed() - clear an object
 * @obj: the object
 * @handle: of its class; the classes of all heaps are the same
 *
 * Return: @obj.
 */
noinline void *gs_zeroed(void *obj, unsigned long handle)
{
	return memset(obj, 0, gostat_class_size[handle >> GOSTAT_HANDLE_SHIFT]);
}

/**
 * gs_alloc_special() - allocate what is not a pop from a magazine
 * @heap: the heap
 * @size: bytes; 0 and large ones too
 * @gfp: any flags
 *
 * Memory of a certain zone comes in whole pages, never from a shared span.
 *
 * Context: As gostat_alloc().
 * Return: the object, ZERO_SIZE_PTR, or NULL.
 */
noinline void *gs_alloc_special(struct gs_heap *heap, size_t size, gfp_t gfp)
{
	unsigned int class = gostat_class_of(size);

	if (!size)
		return ZERO_SIZE_PTR;
	if (!class || (gfp & (__GFP_DMA | __GFP_DMA32)))
		return gs_large_alloc(heap, size, gfp & ~__GFP_HIGHMEM);
	return gs_alloc_handle(heap, heap->cpu, class << GOSTAT_HANDLE_SHIFT,
			       gfp & ~__GFP_HIGHMEM, gfp & __GFP_ZERO);
}

/* The object of a SMALL span that holds @addr; false if it is in the tail. */
static bool gs_lookup_small(const struct gs_class *class, unsigned long base,
			    unsigned long addr, struct gostat_object *obj)
{
	unsigned int i = gs_class_index(class->magic, addr - base);

	if (i >= class->nelems)
		return false;
	obj->base = (void *)(base + (unsigned long)i * class->size);
	obj->size = class->size;
	if (!class->sink)
		obj->class = class->handle >> GOSTAT_HANDLE_SHIFT;
	return true;
}

static enum gostat_state gs_lookup_whole(const struct gs_span *span)
{
	if (!gs_span_sink(span))
		return GOSTAT_LARGE;
	return span->guarded ? GOSTAT_STACK : GOSTAT_MANUAL;
}

/**
 * gs_heap_lookup() - gostat_lookup() in a given heap
 * @heap: the heap
 * @addr: any address
 * @obj: filled in
 *
 * heap->lock keeps the span's state, class, base and length together.
 *
 * Context: Any but NMI.
 * Return: true if @addr lies in an object's memory, in a stack-like buffer or in
 * a manual span.
 */
bool gs_heap_lookup(struct gs_heap *heap, const void *addr,
		    struct gostat_object *obj)
{
	unsigned long a = (unsigned long)addr, flags;
	struct gs_span *span;
	bool found = false;

	memset(obj, 0, sizeof(*obj));
	gs_heap_lock(heap, &flags);
	span = gs_whole_find(heap, a);
	if (span && span->state == GS_SPAN_SMALL) {
		obj->state = span->class->sink ? GOSTAT_STACK : GOSTAT_SMALL;
		found = gs_lookup_small(span->class, span->base, a, obj);
	} else if (span && (span->state == GS_SPAN_LARGE ||
			    span->state == GS_SPAN_MANUAL)) {
		obj->state = gs_lookup_whole(span);
		obj->base = (void *)span->base;
		obj->size = gs_span_bytes(span);
		found = true;
	} else if (span || gs_arena_present(heap, a)) {
		obj->state = GOSTAT_IDLE;
	}
	if (found)
		obj->span_pages = span->npages;
	gs_heap_unlock(heap, flags);
	return found;
}

/**
 * gs_heap_reset_peaks() - high-water marks start from where things are
 * @heap: the heap
 *
 * Context: Any but NMI.
 */
void gs_heap_reset_peaks(struct gs_heap *heap)
{
	unsigned long flags;
	unsigned int id;

	for (id = 1; id < GS_NR_CLASSES; id++) {
		struct gs_class *class = &heap->class[id];

		gs_class_lock(class, &flags);
		class->books.peak = gs_class_out(class);
		gs_class_unlock(class, flags);
	}
	gs_heap_lock(heap, &flags);
	heap->pages.peak_held = heap->pages.obtained;
	for (id = 1; id < GOSTAT_NR_SINKS; id++)
		heap->pages.sink[id].peak = heap->pages.sink[id].inuse;
	gs_heap_unlock(heap, flags);
	atomic64_set(&heap->peak_out, atomic64_read(&heap->out));
}
