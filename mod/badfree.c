// SPDX-License-Identifier: GPL-2.0
/*
 * badfree - frees that cannot be. See badfree.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "heap.h"

/* Ten in a burst tell as much as a thousand. */
static DEFINE_RATELIMIT_STATE(gs_bad_free_ratelimit, 5 * HZ, 10);

static const char *gs_address_class(struct gs_heap *heap, const void *addr)
{
	struct gostat_object obj;

	if (in_nmi())
		return "in an NMI";
	gs_heap_lookup(heap, addr, &obj);
	switch (obj.state) {
	case GOSTAT_SMALL:
		return "in a span of small objects";
	case GOSTAT_LARGE:
		return "in a large object";
	case GOSTAT_MANUAL:
		return "in a manual span";
	case GOSTAT_STACK:
		return "in a stack-like buffer";
	case GOSTAT_IDLE:
		return "in an idle page";
	case GOSTAT_FOREIGN:
		break;
	}
	return is_vmalloc_addr(addr) ? "in vmalloc space" :
	       virt_addr_valid(addr) ? "in the direct map" : "nowhere";
}

/**
 * gs_report_bad_free() - a free was refused
 * @heap: whose free it was
 * @kind: a word for what is wrong
 * @obj: the pointer
 * @caller: return address of the call
 *
 * Context: Any; no heap lock held.
 */
void gs_report_bad_free(struct gs_heap *heap, const char *kind, const void *obj,
			unsigned long caller)
{
	atomic64_inc(&heap->bad_frees);
	if (__ratelimit(&gs_bad_free_ratelimit))
		pr_err("bad free (%s) of %p, %s, by %pS\n", kind, obj,
		       gs_address_class(heap, obj), (void *)caller);
}

/**
 * gs_report_flushed() - a flush found pointers that should not have been freed
 * @heap: whose magazine
 * @class: its class
 * @bad: up to GS_BAD_MAX of them
 * @n: how many there were
 *
 * Who freed them is not known any more; the module parameter "uncached" finds
 * such frees when they happen.
 *
 * Context: Any; no heap lock held.
 */
void gs_report_flushed(struct gs_heap *heap, const struct gs_class *class,
		       const struct gs_bad_free *bad, unsigned int n)
{
	unsigned int i;

	atomic64_add(n, &heap->bad_frees);
	for (i = 0; i < min_t(unsigned int, n, GS_BAD_MAX); i++)
		if (__ratelimit(&gs_bad_free_ratelimit))
			pr_err("bad free (%s) of %p, %s, found when %s of %u bytes were flushed\n",
			       bad[i].kind, bad[i].obj,
			       gs_address_class(heap, bad[i].obj), class->name,
			       class->size);
}
