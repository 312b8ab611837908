// SPDX-License-Identifier: GPL-2.0
/*
 * stack - the stack pool. See stack.h.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "heap.h"
#include "stack.h"

/**
 * gs_stack_init() - the stack pool's classes, without spans
 * @heap: whose, with its sinks
 *
 * A span is as small as it can be, so that a buffer keeps nothing but itself, or
 * the others of its page.
 */
void gs_stack_init(struct gs_heap *heap)
{
	unsigned int i;

	BUILD_BUG_ON(GOSTAT_STACK_MIN << (GOSTAT_NR_STACKS - 1) !=
		     GOSTAT_STACK_MAX);
	for (i = 0; i < GOSTAT_NR_STACKS; i++) {
		u32 size = GOSTAT_STACK_MIN << i;
		size_t span = max_t(size_t, size, PAGE_SIZE);
		struct gs_class_config config = {
			.name = "stack-like buffers",
			.size = size,
			.magic = div_u64(1ULL << 32, size),
			.npages = span >> PAGE_SHIFT,
			.nelems = span / size,
			.align = span >> PAGE_SHIFT,
			.sink = GS_SINK_STACKS,
		};

		gs_class_init(heap, GS_CLASS_STACK + i, &config);
	}
}

/**
 * gs_stack_zeroed() - clear a buffer
 * @buf: the buffer
 * @handle: of its class; the classes of all heaps are the same
 *
 * Return: @buf.
 */
noinline void *gs_stack_zeroed(void *buf, unsigned long handle)
{
	unsigned int i = (handle >> GOSTAT_HANDLE_SHIFT) - GS_CLASS_STACK;

	return memset(buf, 0, GOSTAT_STACK_MIN << i);
}

/* --- guarded ones --------------------------------------------------------- */

/* Put the mark on a manual span of our own, and on the books. */
static void gs_stack_mark(struct gs_heap *heap, void *base)
{
	struct gs_span *span;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	span = gs_whole_find(heap, (unsigned long)base);
	span->guarded = true;
	heap->pages.guarded += gs_span_bytes(span);
	gs_heap_unlock(heap, flags);
}

/* What is wrong with freeing this as a guarded buffer. heap->lock held. */
static const char *gs_stack_wrong(struct gs_heap *heap, unsigned long addr,
				  const struct gs_span *span)
{
	if (!span)
		return gs_arena_present(heap, addr) ? "freed span" : "foreign";
	switch (span->state) {
	case GS_SPAN_SMALL:
	case GS_SPAN_LARGE:
		return "heap object";
	case GS_SPAN_MANUAL:
		break;
	default:
		return "double";
	}
	if (!span->guarded)
		return "manual span";
	return span->base == addr ? NULL : "interior";
}

/* The mirror: it is ours to free then. Or NULL was not returned. */
static const char *gs_stack_unmark(struct gs_heap *heap, const void *buf)
{
	unsigned long addr = (unsigned long)buf, flags;
	struct gs_span *span;
	const char *wrong;

	gs_heap_lock(heap, &flags);
	span = gs_whole_find(heap, addr);
	wrong = gs_stack_wrong(heap, addr, span);
	if (!wrong) {
		heap->pages.guarded -= gs_span_bytes(span);
		span->guarded = false;
	}
	gs_heap_unlock(heap, flags);
	return wrong;
}

/**
 * gs_stack_alloc_guarded() - gostat_stack_alloc_guarded() from a given heap
 * @heap: the heap
 * @size: bytes
 * @gfp: as for kmalloc()
 *
 * Context: Process; sleeps.
 * Return: the buffer, or NULL.
 */
void *gs_stack_alloc_guarded(struct gs_heap *heap, size_t size, gfp_t gfp)
{
	size_t bytes;
	void *base;

	if (!size || size > GOSTAT_STACK_MAX)
		return NULL;
	bytes = PAGE_ALIGN(GOSTAT_STACK_MIN << gostat_stack_order(size));
	base = gs_manual_alloc(heap, bytes >> PAGE_SHIFT, GS_SINK_STACKS, gfp,
			       true);
	if (base)
		gs_stack_mark(heap, base);
	return base;
}

/**
 * gs_stack_free_other() - free what the fast path knows no stack class for
 * @heap: the heap
 * @buf: a guarded buffer, or anything
 *
 * Context: Any but NMI for a guarded buffer; no heap lock held.
 */
noinline void gs_stack_free_other(struct gs_heap *heap, const void *buf)
{
	const char *wrong;

	if (ZERO_OR_NULL_PTR(buf))
		return;
	if (in_nmi())
		wrong = "guarded, in an NMI";
	else
		wrong = gs_stack_unmark(heap, buf) ?:
			gs_manual_free(heap, buf, GS_SINK_STACKS);
	if (unlikely(wrong))
		gs_report_bad_free(heap, wrong, buf, _RET_IP_);
}

/* --- for those who are no fast path --------------------------------------- */

/**
 * gs_heap_stack_alloc() - gostat_stack_alloc() from a given heap
 * @heap: the heap
 * @size: bytes
 * @gfp: as for kmalloc()
 *
 * Context: As gostat_stack_alloc().
 * Return: the buffer, or NULL.
 */
void *gs_heap_stack_alloc(struct gs_heap *heap, size_t size, gfp_t gfp)
{
	if (!size || size > GOSTAT_STACK_MAX)
		return NULL;
	return gs_stack_alloc(heap, heap->cpu, gostat_stack_handle(size), gfp);
}

/**
 * gs_heap_stack_free() - gostat_stack_free() to a given heap
 * @heap: the heap
 * @buf: the buffer
 *
 * Context: As gostat_stack_free().
 */
void gs_heap_stack_free(struct gs_heap *heap, const void *buf)
{
	gs_stack_free(heap, heap->cpu, buf);
}
