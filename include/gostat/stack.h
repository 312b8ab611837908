/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat - the stack pool: stack-like buffers of a few fixed sizes.
 *
 * 2, 4, 8, 16 and 32 KiB, each aligned to its size, from magazines of their own
 * on each CPU. They are no heap memory: their bytes are in stacks_inuse, those
 * handed out in stacks_live, and neither is in heap_sys, heap_alloc or nmalloc.
 * What comes from here goes back here; gostat_free() refuses it, and
 * gostat_stack_free() refuses what the heap gave. Go: stackalloc(), stackfree().
 *
 * Import the symbols with MODULE_IMPORT_NS(GOSTAT).
 */
#ifndef _GOSTAT_STACK_H
#define _GOSTAT_STACK_H

#include <linux/log2.h>
#include <gostat/gostat.h>

/* The smallest and the largest buffer, in bytes: powers of two. */
#define GOSTAT_STACK_MIN	2048
#define GOSTAT_STACK_MAX	32768
/* Sizes from the one to the other. */
#define GOSTAT_NR_STACKS	5

/* Entry points behind the inlines below. */
GOSTAT_DIRECT void *__gostat_stack_alloc(unsigned long handle, gfp_t gfp) __malloc;

/**
 * gostat_stack_order() - which of the sizes holds so many bytes
 * @size: bytes, GOSTAT_STACK_MAX at the most
 *
 * A constant @size gives a constant.
 *
 * Return: 0 for GOSTAT_STACK_MIN, 1 for twice that, and so on.
 */
static __always_inline unsigned int gostat_stack_order(size_t size)
{
	if (size <= GOSTAT_STACK_MIN)
		return 0;
	return order_base_2(size) - ilog2(GOSTAT_STACK_MIN);
}

/* The stack pool's size classes stand behind those of sizeclasses.h. */
static __always_inline unsigned long gostat_stack_handle(size_t size)
{
	return (unsigned long)(GOSTAT_NR_CLASSES + gostat_stack_order(size)) <<
	       GOSTAT_HANDLE_SHIFT;
}

/**
 * gostat_stack_alloc() - allocate a stack-like buffer
 * @size: bytes wanted, 1 to GOSTAT_STACK_MAX
 * @gfp: as for kmalloc(); flags that ask for a zone are ignored
 *
 * All bytes of the next of the sizes are the caller's, and the buffer is aligned
 * to that. Memory is zeroed with __GFP_ZERO, or if the kernel is told to
 * (init_on_alloc).
 *
 * Context: As gostat_alloc().
 * Return: the buffer, or NULL, also for a @size that there is none of.
 */
static __always_inline __malloc void *gostat_stack_alloc(size_t size, gfp_t gfp)
{
	if (unlikely(!size || size > GOSTAT_STACK_MAX))
		return NULL;
	return __gostat_stack_alloc(gostat_stack_handle(size),
				    gfp & ~(GOSTAT_GFP_SPECIAL & ~__GFP_ZERO));
}

/**
 * gostat_stack_alloc_guarded() - allocate one between guard pages
 * @size: bytes wanted, 1 to GOSTAT_STACK_MAX
 * @gfp: as for kmalloc()
 *
 * Rounded up to whole pages of vmalloc space, with nothing mapped before and
 * after them: who runs over either end faults instead of writing into memory of
 * others. Some hundred times as dear as gostat_stack_alloc().
 *
 * Context: Process; sleeps, so without __GFP_DIRECT_RECLAIM it fails.
 * Return: the buffer, or NULL.
 */
void *gostat_stack_alloc_guarded(size_t size, gfp_t gfp) __malloc;

/**
 * gostat_stack_free() - free a stack-like buffer
 * @buf: what gostat_stack_alloc() or gostat_stack_alloc_guarded() returned; NULL
 *	is a no-op
 *
 * Anything else is reported and refused, when gostat_free() would do so: at once
 * if it lies in no buffer or is the one freed last, else when it is flushed.
 *
 * Context: Any; a guarded one: any but NMI.
 */
void gostat_stack_free(const void *buf);

#endif /* _GOSTAT_STACK_H */
