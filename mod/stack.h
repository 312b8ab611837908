/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stack - the stack pool: buffers of 2 to 32 KiB that are no heap memory.
 *
 * A size is a size class behind the generated ones (sizeclass.h), whose spans
 * count in the sink "stacks": magazines, central, cut and recount do not tell
 * them from others. A span is one buffer, or a page of them. What is different:
 *
 *	their slots' handles have GS_HANDLE_APART (cpucache.h), so that the fast
 *	path of gostat_free() finds no room for a buffer, and that of a buffer's
 *	own free sees by it that this is one;
 *	they are in no sum over the heap's objects, but in these:
 *
 *	stacks_inuse == sum over spans of the sink	reserved
 *	stacks_live  == sum over stack classes of size * live + stacks_guarded
 *	stacks_live  <= stacks_inuse			handed out
 *
 * A guarded buffer is a manual span of the sink (manual.h), backed by vmalloc and
 * marked, so that only its own free takes it:
 *
 *	manual -> guarded -> manual -> freed	guarded += b ... guarded -= b
 *
 * Of two frees that race one takes the mark off; that one frees.
 *
 * Locking: the class's lock, as for all classes; heap->lock for the mark.
 */
#ifndef _GS_STACK_H
#define _GS_STACK_H

#include <gostat/stack.h>

#include "alloc.h"

void gs_stack_init(struct gs_heap *heap);
void *gs_stack_zeroed(void *buf, unsigned long handle);
void gs_stack_free_other(struct gs_heap *heap, const void *buf);
void *gs_stack_alloc_guarded(struct gs_heap *heap, size_t size, gfp_t gfp);
void *gs_heap_stack_alloc(struct gs_heap *heap, size_t size, gfp_t gfp);
void gs_heap_stack_free(struct gs_heap *heap, const void *buf);

/**
 * gs_stack_alloc() - allocate a buffer
 * @heap: the heap
 * @cpu: its per-CPU part
 * @handle: of its class
 * @gfp: as for kmalloc(), nothing of GOSTAT_GFP_SPECIAL but __GFP_ZERO
 *
 * Return: the buffer, or NULL.
 */
static __always_inline void *gs_stack_alloc(struct gs_heap *heap,
					    struct gs_cpu __percpu *cpu,
					    unsigned long handle, gfp_t gfp)
{
	void *buf;

	gs_check_gfp(gfp);
	if (unlikely(!gs_cpucache_pop(cpu, handle, &buf)))
		return gs_cpucache_alloc_slow(handle, gfp, heap);
	if (unlikely(want_init_on_alloc(gfp)))
		return gs_stack_zeroed(buf, handle);
	return buf;
}

/**
 * gs_stack_free() - free a buffer
 * @heap: the heap
 * @cpu: its per-CPU part
 * @buf: the buffer, or anything
 */
static __always_inline void gs_stack_free(struct gs_heap *heap,
					  struct gs_cpu __percpu *cpu,
					  const void *buf)
{
	unsigned long handle;

	preempt_disable_notrace();
	handle = gs_heap_handle(heap, (unsigned long)buf);
	if (unlikely(!(handle & GS_HANDLE_APART))) {
		preempt_enable_notrace();
		gs_stack_free_other(heap, buf);
		return;
	}
	handle -= GS_HANDLE_APART;
	if (unlikely(!gs_cpucache_push(cpu, handle, buf, true)))
		gs_cpucache_free_slow(buf, handle, heap);
}

#endif /* _GS_STACK_H */
