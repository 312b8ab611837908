/* SPDX-License-Identifier: GPL-2.0 */
/*
 * alloc - size to class to magazine, pointer to class to magazine.
 *
 * Written as inlines over the per-CPU part, so that the module's own heap, whose
 * per-CPU part is a link-time constant, and a test's heap run the same source.
 */
#ifndef _GS_ALLOC_H
#define _GS_ALLOC_H

#include "heap.h"

/* kmalloc() warns of flags that no slab can honour; so do debug builds here. */
static __always_inline void gs_check_gfp(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))
		if (!in_nmi())
			might_alloc(gfp);
}

void *gs_zeroed(void *obj, unsigned long handle);

/**
 * gs_alloc_handle() - allocate a small object
 * @heap: the heap
 * @cpu: its per-CPU part
 * @handle: of the class
 * @gfp: as for kmalloc(), nothing of GOSTAT_GFP_SPECIAL but __GFP_ZERO
 * @zero: clear it; set if @gfp has __GFP_ZERO
 *
 * Return: the object, or NULL.
 */
static __always_inline void *gs_alloc_handle(struct gs_heap *heap,
					     struct gs_cpu __percpu *cpu,
					     unsigned long handle, gfp_t gfp,
					     bool zero)
{
	void *obj;

	gs_check_gfp(gfp);
	if (unlikely(!gs_cpucache_pop(cpu, handle, &obj)))
		return gs_cpucache_alloc_slow(handle, gfp, heap);
	if (zero || want_init_on_alloc(0))
		return gs_zeroed(obj, handle);
	return obj;
}

/* What is not a pop from a magazine: large, zero-sized, of a certain zone. */
void *gs_alloc_special(struct gs_heap *heap, size_t size, gfp_t gfp);

/**
 * gs_alloc() - allocate any size
 * @heap: the heap
 * @cpu: its per-CPU part
 * @size: bytes
 * @gfp: as for kmalloc()
 *
 * Return: the object, ZERO_SIZE_PTR, or NULL.
 */
static __always_inline void *gs_alloc(struct gs_heap *heap,
				      struct gs_cpu __percpu *cpu, size_t size,
				      gfp_t gfp)
{
	unsigned long handle = gostat_handle(size);

	/* Size 0 has handle 0, whose empty magazine the slow path explains. */
	if (unlikely(size > GOSTAT_MAX_SMALL || (gfp & GOSTAT_GFP_SPECIAL)))
		return gs_alloc_special(heap, size, gfp);
	return gs_alloc_handle(heap, cpu, handle, gfp, false);
}

/**
 * gs_free() - free any object
 * @heap: the heap
 * @cpu: its per-CPU part
 * @obj: the object, or anything
 */
static __always_inline void gs_free(struct gs_heap *heap,
				    struct gs_cpu __percpu *cpu,
				    const void *obj)
{
	unsigned long handle;

	preempt_disable_notrace();
	handle = gs_heap_handle(heap, (unsigned long)obj);
	if (unlikely(!gs_cpucache_push(cpu, handle, obj, true)))
		gs_cpucache_free_slow(obj, handle, heap);
}

/**
 * gs_free_handle() - free a small object whose class the caller knows
 * @heap: the heap
 * @cpu: its per-CPU part
 * @obj: the object, not NULL
 * @handle: of its class
 */
static __always_inline void gs_free_handle(struct gs_heap *heap,
					   struct gs_cpu __percpu *cpu,
					   const void *obj,
					   unsigned long handle)
{
	preempt_disable_notrace();
	if (unlikely(!gs_cpucache_push(cpu, handle, obj, false)))
		gs_cpucache_free_slow(obj, handle, heap);
}

#endif /* _GS_ALLOC_H */
