/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat - the kernel API.
 *
 * A slab-like allocator that always knows exactly where its memory is. The
 * calls mean what their kmalloc() namesakes mean: GFP flags, zero size
 * (ZERO_SIZE_PTR), natural alignment of power-of-two sizes, kfree(NULL). An
 * object may be freed on any CPU and in any context that could have allocated
 * it; it must never be passed to kfree(), nor a kmalloc() object to
 * gostat_free() (which reports it and leaves both heaps intact).
 *
 * Contexts: process, softirq and hardirq. On PREEMPT_RT the rules are those
 * of kmalloc() there: not under a raw spinlock, not with interrupts off. In
 * NMI an allocation is served from this CPU's magazine or fails, and a free
 * that finds the magazine unavailable is finished later from an irq_work.
 *
 * Import the symbols with MODULE_IMPORT_NS(GOSTAT).
 */
#ifndef _GOSTAT_GOSTAT_H
#define _GOSTAT_GOSTAT_H

#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <gostat/sizeclasses.h>

/**
 * enum gostat_state - what an address is to gostat
 * @GOSTAT_FOREIGN: not gostat's memory
 * @GOSTAT_IDLE: a page of an arena that is in no span
 * @GOSTAT_SMALL: inside a span of small objects
 * @GOSTAT_LARGE: inside a large object
 * @GOSTAT_MANUAL: inside a manual span
 * @GOSTAT_STACK: inside a stack-like buffer (<gostat/stack.h>)
 */
enum gostat_state {
	GOSTAT_FOREIGN,
	GOSTAT_IDLE,
	GOSTAT_SMALL,
	GOSTAT_LARGE,
	GOSTAT_MANUAL,
	GOSTAT_STACK,
};

/**
 * struct gostat_object - the answer of gostat_lookup()
 * @base: first byte of the object, buffer or manual span that contains the
 *	address
 * @size: usable bytes of it (class size, or whole pages)
 * @span_pages: pages of the span it lies in
 * @class: size class; 0 for what is no small object
 * @state: what the address is; the other fields are 0 if foreign or idle
 *
 * Go: the results of mlookup()/findObject().
 */
struct gostat_object {
	void *base;
	size_t size;
	unsigned int span_pages;
	unsigned int class;
	enum gostat_state state;
};

/*
 * Entry points behind the inlines below; handles are gostat_handle() values.
 * Those that are only ever called by name need no landing pad for indirect
 * branches, which on x86 saves each an instruction.
 */
#ifdef __noendbr
#define GOSTAT_DIRECT	__noendbr
#else
#define GOSTAT_DIRECT
#endif

GOSTAT_DIRECT void *__gostat_alloc_kernel(unsigned long handle) __malloc;
GOSTAT_DIRECT void *__gostat_alloc_handle(unsigned long handle, gfp_t gfp) __malloc;
GOSTAT_DIRECT void *__gostat_alloc_zero(unsigned long handle, gfp_t gfp) __malloc;
void *__gostat_alloc(size_t size, gfp_t gfp) __malloc __alloc_size(1);
GOSTAT_DIRECT void __gostat_free_handle(const void *obj, unsigned long handle);
void __gostat_free_sized(const void *obj, size_t size);

/* Flags for which an allocation is more than a pop from a magazine. */
#define GOSTAT_GFP_SPECIAL	(__GFP_ZERO | __GFP_DMA | __GFP_DMA32 | \
				 __GFP_HIGHMEM)

/*
 * A handle is a size class as the fast path wants it: the offset of the class's
 * magazine header from the start of the per-CPU area. Class 0 has handle 0.
 */
#define GOSTAT_HANDLE_SHIFT	5

static __always_inline unsigned long gostat_handle(size_t size)
{
	return (unsigned long)gostat_class_of(size) << GOSTAT_HANDLE_SHIFT;
}

/**
 * gostat_alloc() - allocate memory
 * @size: bytes wanted; 0 gives ZERO_SIZE_PTR
 * @gfp: as for kmalloc()
 *
 * A constant size finds its size class at compile time if the flags are constant
 * too. The object is aligned
 * to at least 8 bytes, and to its size when that is a power of two.
 *
 * Context: Any but NMI; may sleep if @gfp allows it. In NMI served from the
 * magazine alone.
 * Return: the object, or NULL.
 */
static __always_inline __malloc __alloc_size(1)
void *gostat_alloc(size_t size, gfp_t gfp)
{
	if (__builtin_constant_p(size) && size && size <= GOSTAT_MAX_SMALL &&
	    __builtin_constant_p(gfp)) {
		if (gfp == GFP_KERNEL)
			return __gostat_alloc_kernel(gostat_handle(size));
		if (!(gfp & GOSTAT_GFP_SPECIAL))
			return __gostat_alloc_handle(gostat_handle(size), gfp);
		if ((gfp & GOSTAT_GFP_SPECIAL) == __GFP_ZERO)
			return __gostat_alloc_zero(gostat_handle(size), gfp);
	}
	return __gostat_alloc(size, gfp);
}

/**
 * gostat_zalloc() - allocate zeroed memory
 * @size: bytes wanted
 * @gfp: as for kmalloc()
 *
 * Context: As gostat_alloc().
 * Return: the object, all of its usable bytes zero, or NULL.
 */
static __always_inline __malloc __alloc_size(1)
void *gostat_zalloc(size_t size, gfp_t gfp)
{
	return gostat_alloc(size, gfp | __GFP_ZERO);
}

/**
 * gostat_alloc_array() - allocate an array
 * @n: number of elements
 * @size: bytes of one element
 * @gfp: as for kmalloc()
 *
 * Context: As gostat_alloc().
 * Return: the array, or NULL, also when @n * @size overflows.
 */
static __always_inline __malloc __alloc_size(1, 2)
void *gostat_alloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return gostat_alloc(bytes, gfp);
}

/**
 * gostat_free() - free an object
 * @obj: what an allocation returned; NULL and ZERO_SIZE_PTR are no-ops
 *
 * A pointer that is not a live gostat object is reported, once per flood, and
 * otherwise ignored: at once if it lies in no span of small objects, or is the
 * object freed last; else when the magazine that took it is flushed. Until then
 * an allocation may get it. The module parameter "uncached" finds all at once.
 *
 * Context: Any.
 */
void gostat_free(const void *obj);

/**
 * gostat_free_sized() - free an object whose size the caller knows
 * @obj: what an allocation returned; NULL and ZERO_SIZE_PTR are no-ops
 * @size: the size it was allocated with
 *
 * Saves the lookup of gostat_free(). A wrong @size is found when the magazine
 * is flushed. The idea is C++14's sized deallocation.
 *
 * Context: Any.
 */
static __always_inline void gostat_free_sized(const void *obj, size_t size)
{
	if (!__builtin_constant_p(size) || !size || size > GOSTAT_MAX_SMALL)
		__gostat_free_sized(obj, size);
	else if (likely(!ZERO_OR_NULL_PTR(obj)))
		__gostat_free_handle(obj, gostat_handle(size));
}

/**
 * gostat_alloc_bulk() - allocate many objects of one size
 * @size: bytes of each object
 * @gfp: as for kmalloc()
 * @n: how many
 * @objs: where the pointers go
 *
 * Context: As gostat_alloc().
 * Return: how many were allocated; fewer than @n when memory ran out.
 */
unsigned int gostat_alloc_bulk(size_t size, gfp_t gfp, unsigned int n,
			       void **objs);

/**
 * gostat_free_bulk() - free many objects
 * @n: how many
 * @objs: the objects, of any sizes; NULL entries are skipped
 *
 * Context: Any.
 */
void gostat_free_bulk(unsigned int n, void **objs);

/**
 * gostat_realloc() - change the size of an object
 * @obj: the object, NULL to allocate
 * @size: bytes wanted; 0 frees and gives ZERO_SIZE_PTR
 * @gfp: as for krealloc(); with __GFP_ZERO the bytes beyond the old usable
 *	size are zero
 *
 * Context: As gostat_alloc().
 * Return: the object, moved or not, or NULL with the old one untouched.
 */
void *gostat_realloc(const void *obj, size_t size, gfp_t gfp);

/**
 * gostat_usable_size() - bytes the owner of an object may use
 * @obj: a live object
 *
 * Context: Any but NMI.
 * Return: the size, 0 for NULL, ZERO_SIZE_PTR and foreign pointers.
 */
size_t gostat_usable_size(const void *obj);

/**
 * gostat_lookup() - find the object an address lies in
 * @addr: any kernel address
 * @obj: filled in
 *
 * Safe for every address. The answer is a snapshot: only an object that its
 * owner keeps alive stays what it says. Counted in nlookup.
 *
 * Context: Any but NMI.
 * Return: true if the address lies in an object's memory, in a stack-like buffer
 * or in a manual span.
 */
bool gostat_lookup(const void *addr, struct gostat_object *obj);

/**
 * gostat_owns() - is this address gostat's?
 * @addr: any kernel address
 *
 * Context: Any but NMI.
 * Return: true if @addr lies in a span.
 */
bool gostat_owns(const void *addr);

/* --- manual spans -------------------------------------------------------- */

struct gostat_sink;

/*
 * There is no such struct: a manual span is named by its first byte, and the type
 * is for the compiler to tell it from an object. See gostat_span_base().
 */
struct gostat_span;

/**
 * gostat_sink_register() - make a counter for manual spans
 * @name: 1 to 31 letters, digits and "_.:-", not beginning with a dot
 * @description: a line of up to 95 printable characters on what is counted, or
 *	NULL
 *
 * The figures stand in /sys/kernel/gostat/sinks/<name>/ and in every snapshot.
 * The name of a sink that was left with spans out gives that sink again, with
 * its figures.
 *
 * Context: Process; sleeps.
 * Return: the sink; an ERR_PTR() of -EINVAL (a bad name or description), -EEXIST
 * (the name is taken), -ENOSPC (there are GOSTAT_NR_SINKS - 1) or -ENOMEM.
 */
struct gostat_sink *gostat_sink_register(const char *name,
					 const char *description);

/**
 * gostat_sink_unregister() - done with a sink
 * @sink: what gostat_sink_register() returned
 *
 * If spans are out that is reported, the sink stays with its figures until it is
 * unregistered again or registered anew, its spans can be freed, and no new ones
 * come.
 *
 * Context: Process; sleeps.
 * Return: 0; -EBUSY if spans are out; -EINVAL if @sink is none.
 */
int gostat_sink_unregister(struct gostat_sink *sink);

/**
 * gostat_sink_get() - use a sink that somebody else registered
 * @name: its name
 *
 * Context: Process; sleeps.
 * Return: the sink, which does not go before gostat_sink_put() nor before the last
 * of its spans; NULL if none is registered by that name.
 */
struct gostat_sink *gostat_sink_get(const char *name);

/**
 * gostat_sink_put() - no new spans for it from here
 * @sink: what gostat_sink_get() returned
 *
 * Context: Any.
 */
void gostat_sink_put(struct gostat_sink *sink);

/**
 * gostat_sink_id() - which sink this is in a snapshot
 * @sink: a sink
 *
 * Context: Any.
 * Return: the index of its figures in struct gostat_snapshot.
 */
unsigned int gostat_sink_id(const struct gostat_sink *sink);

/**
 * gostat_alloc_manual() - allocate whole pages that their caller manages
 * @npages: how many, at least 1
 * @sink: what they are counted in
 * @gfp: as for kmalloc()
 *
 * The bytes leave heap_idle and heap_sys and enter the sink. Above an arena's
 * size (2 MiB) they are contiguous in vmalloc space only, and the caller must be
 * able to sleep. Memory is zeroed with __GFP_ZERO, or if the kernel is told to
 * (init_on_alloc).
 *
 * With __GFP_ACCOUNT they come from vmalloc whatever the size, because pages of
 * the heap are handed on from owner to owner and these are one's alone: charged to
 * the current memory cgroup until they have been given back, which a work item
 * does soon after the free.
 *
 * Context: Any but NMI; may sleep if @gfp allows it.
 * Return: the span, aligned to its size if that is a power of two up to an
 * arena's and not __GFP_ACCOUNT; or NULL.
 */
struct gostat_span *gostat_alloc_manual(unsigned long npages,
					struct gostat_sink *sink, gfp_t gfp);

/**
 * gostat_free_manual() - free a manual span
 * @span: what gostat_alloc_manual() returned; NULL is a no-op
 * @sink: the sink it was allocated with
 *
 * Anything else than a live manual span of this sink is reported and refused,
 * and nothing moves.
 *
 * Context: Any but NMI.
 */
void gostat_free_manual(struct gostat_span *span, struct gostat_sink *sink);

/**
 * gostat_span_base() - a manual span's memory
 * @span: a live one
 *
 * Context: Any.
 * Return: its first byte.
 */
static inline void *gostat_span_base(const struct gostat_span *span)
{
	return (void *)span;
}

/**
 * gostat_span_size() - a manual span's length
 * @span: a live one
 *
 * Context: Any but NMI.
 * Return: bytes; 0 if this is no manual span.
 */
size_t gostat_span_size(const struct gostat_span *span);

/**
 * gostat_span_needzero() - must its memory be cleared before somebody sees it?
 * @span: a live one
 *
 * Context: Any but NMI.
 * Return: false if all of it was zero when it was allocated.
 */
bool gostat_span_needzero(const struct gostat_span *span);

#endif /* _GOSTAT_GOSTAT_H */
