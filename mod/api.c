// SPDX-License-Identifier: GPL-2.0
/*
 * api - what <gostat/gostat.h> and its companions export, on the one heap of the
 * module.
 *
 * Entry points of the fast path are notrace: a tracer may allocate with them.
 */
#include <linux/export.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <gostat/scavenge.h>

#include "alloc.h"
#include "memstats.h"
#include "module.h"
#include "stack.h"

DEFINE_PER_CPU(struct gs_cpu, gs_module_cpu);
struct gs_heap gs_module_heap;

/* Flags that nearly everybody passes need no register. */
notrace GOSTAT_DIRECT
void *__gostat_alloc_kernel(unsigned long handle)
{
	return gs_alloc_handle(&gs_module_heap, &gs_module_cpu, handle,
			       GFP_KERNEL, false);
}
EXPORT_SYMBOL_NS_GPL(__gostat_alloc_kernel, GS_NS);
GS_NOENDBR(__gostat_alloc_kernel);

notrace GOSTAT_DIRECT
void *__gostat_alloc_handle(unsigned long handle, gfp_t gfp)
{
	return gs_alloc_handle(&gs_module_heap, &gs_module_cpu, handle, gfp,
			       false);
}
EXPORT_SYMBOL_NS_GPL(__gostat_alloc_handle, GS_NS);
GS_NOENDBR(__gostat_alloc_handle);

notrace GOSTAT_DIRECT
void *__gostat_alloc_zero(unsigned long handle, gfp_t gfp)
{
	return gs_alloc_handle(&gs_module_heap, &gs_module_cpu, handle, gfp,
			       true);
}
EXPORT_SYMBOL_NS_GPL(__gostat_alloc_zero, GS_NS);
GS_NOENDBR(__gostat_alloc_zero);

notrace void *__gostat_alloc(size_t size, gfp_t gfp)
{
	return gs_alloc(&gs_module_heap, &gs_module_cpu, size, gfp);
}
EXPORT_SYMBOL_NS_GPL(__gostat_alloc, GS_NS);

notrace void gostat_free(const void *obj)
{
	gs_free(&gs_module_heap, &gs_module_cpu, obj);
}
EXPORT_SYMBOL_NS_GPL(gostat_free, GS_NS);

notrace GOSTAT_DIRECT
void __gostat_free_handle(const void *obj, unsigned long handle)
{
	gs_free_handle(&gs_module_heap, &gs_module_cpu, obj, handle);
}
EXPORT_SYMBOL_NS_GPL(__gostat_free_handle, GS_NS);
GS_NOENDBR(__gostat_free_handle);

notrace void __gostat_free_sized(const void *obj, size_t size)
{
	if (unlikely(ZERO_OR_NULL_PTR(obj)))
		return;
	__gostat_free_handle(obj, gostat_handle(size));
}
EXPORT_SYMBOL_NS_GPL(__gostat_free_sized, GS_NS);

notrace GOSTAT_DIRECT
void *__gostat_stack_alloc(unsigned long handle, gfp_t gfp)
{
	return gs_stack_alloc(&gs_module_heap, &gs_module_cpu, handle, gfp);
}
EXPORT_SYMBOL_NS_GPL(__gostat_stack_alloc, GS_NS);
GS_NOENDBR(__gostat_stack_alloc);

notrace void gostat_stack_free(const void *buf)
{
	gs_stack_free(&gs_module_heap, &gs_module_cpu, buf);
}
EXPORT_SYMBOL_NS_GPL(gostat_stack_free, GS_NS);

void *gostat_stack_alloc_guarded(size_t size, gfp_t gfp)
{
	return gs_stack_alloc_guarded(&gs_module_heap, size, gfp);
}
EXPORT_SYMBOL_NS_GPL(gostat_stack_alloc_guarded, GS_NS);

unsigned int gostat_alloc_bulk(size_t size, gfp_t gfp, unsigned int n,
			       void **objs)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		objs[i] = __gostat_alloc(size, gfp);
		if (unlikely(!objs[i]))
			break;
	}
	return i;
}
EXPORT_SYMBOL_NS_GPL(gostat_alloc_bulk, GS_NS);

void gostat_free_bulk(unsigned int n, void **objs)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		gs_free(&gs_module_heap, &gs_module_cpu, objs[i]);
}
EXPORT_SYMBOL_NS_GPL(gostat_free_bulk, GS_NS);

/* What is wrong with changing the size of this. */
static const char *gs_realloc_wrong(const void *obj, struct gostat_object *old)
{
	if (!gs_heap_lookup(&gs_module_heap, obj, old))
		return "foreign realloc";
	if (old->state == GOSTAT_STACK)
		return "stack buffer realloc";
	if (old->state == GOSTAT_MANUAL)
		return "manual span realloc";
	return old->base == obj ? NULL : "interior realloc";
}

void *gostat_realloc(const void *obj, size_t size, gfp_t gfp)
{
	struct gostat_object old = {};
	void *new;

	if (!size) {
		gostat_free(obj);
		return ZERO_SIZE_PTR;
	}
	if (!ZERO_OR_NULL_PTR(obj)) {
		const char *bad = gs_realloc_wrong(obj, &old);

		if (unlikely(bad)) {
			gs_report_bad_free(&gs_module_heap, bad, obj, _RET_IP_);
			return NULL;
		}
	}
	/* The class the size would get anyway: nothing to gain by moving. */
	if (old.size && size <= old.size && size > old.size / 2)
		return (void *)obj;
	new = __gostat_alloc(size, gfp);
	if (!new || !old.size)
		return new;
	memcpy(new, obj, min(old.size, size));
	gostat_free(obj);
	return new;
}
EXPORT_SYMBOL_NS_GPL(gostat_realloc, GS_NS);

size_t gostat_usable_size(const void *obj)
{
	struct gostat_object o;

	unsigned long handle;

	if (ZERO_OR_NULL_PTR(obj))
		return 0;
	preempt_disable();
	handle = gs_heap_handle(&gs_module_heap, (unsigned long)obj);
	preempt_enable();
	if (handle)
		return gs_handle_class(&gs_module_heap, handle)->size;
	gs_heap_lookup(&gs_module_heap, obj, &o);
	return o.size;
}
EXPORT_SYMBOL_NS_GPL(gostat_usable_size, GS_NS);

bool gostat_lookup(const void *addr, struct gostat_object *obj)
{
	this_cpu_inc(gs_module_cpu.stats.nlookup);
	return gs_heap_lookup(&gs_module_heap, addr, obj);
}
EXPORT_SYMBOL_NS_GPL(gostat_lookup, GS_NS);

bool gostat_owns(const void *addr)
{
	struct gostat_object obj;

	gs_heap_lookup(&gs_module_heap, addr, &obj);
	return obj.state != GOSTAT_FOREIGN && obj.state != GOSTAT_IDLE;
}
EXPORT_SYMBOL_NS_GPL(gostat_owns, GS_NS);

struct gostat_sink *gostat_sink_register(const char *name,
					 const char *description)
{
	return gs_sink_register(&gs_module_heap, name, description);
}
EXPORT_SYMBOL_NS_GPL(gostat_sink_register, GS_NS);

int gostat_sink_unregister(struct gostat_sink *sink)
{
	return gs_sink_unregister(&gs_module_heap, sink);
}
EXPORT_SYMBOL_NS_GPL(gostat_sink_unregister, GS_NS);

struct gostat_sink *gostat_sink_get(const char *name)
{
	return gs_sink_get(&gs_module_heap, name);
}
EXPORT_SYMBOL_NS_GPL(gostat_sink_get, GS_NS);

void gostat_sink_put(struct gostat_sink *sink)
{
	gs_sink_drop(&gs_module_heap, gs_sink_id(&gs_module_heap, sink));
}
EXPORT_SYMBOL_NS_GPL(gostat_sink_put, GS_NS);

unsigned int gostat_sink_id(const struct gostat_sink *sink)
{
	return gs_sink_id(&gs_module_heap, sink);
}
EXPORT_SYMBOL_NS_GPL(gostat_sink_id, GS_NS);

struct gostat_span *gostat_alloc_manual(unsigned long npages,
					struct gostat_sink *sink, gfp_t gfp)
{
	return gs_manual_alloc(&gs_module_heap, npages,
			       gs_sink_id(&gs_module_heap, sink), gfp,
			       !!(gfp & __GFP_ACCOUNT));
}
EXPORT_SYMBOL_NS_GPL(gostat_alloc_manual, GS_NS);

void gostat_free_manual(struct gostat_span *span, struct gostat_sink *sink)
{
	const char *bad;

	if (!span)
		return;
	bad = gs_manual_free(&gs_module_heap, span,
			     gs_sink_id(&gs_module_heap, sink));
	if (unlikely(bad))
		gs_report_bad_free(&gs_module_heap, bad, span, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(gostat_free_manual, GS_NS);

size_t gostat_span_size(const struct gostat_span *span)
{
	return gs_manual_size(&gs_module_heap, span);
}
EXPORT_SYMBOL_NS_GPL(gostat_span_size, GS_NS);

bool gostat_span_needzero(const struct gostat_span *span)
{
	return gs_manual_needzero(&gs_module_heap, span);
}
EXPORT_SYMBOL_NS_GPL(gostat_span_needzero, GS_NS);

int gostat_snapshot(struct gostat_snapshot *snap)
{
	return gs_snapshot_take(&gs_module_heap, snap);
}
EXPORT_SYMBOL_NS_GPL(gostat_snapshot, GS_NS);

void gostat_bounds(struct gostat_bounds *bounds)
{
	gs_bounds_read(&gs_module_heap, bounds);
}
EXPORT_SYMBOL_NS_GPL(gostat_bounds, GS_NS);

u64 gostat_scavenge(void)
{
	return gs_scavenge_all(&gs_module_heap);
}
EXPORT_SYMBOL_NS_GPL(gostat_scavenge, GS_NS);

u64 gostat_memory_limit(void)
{
	return atomic64_read(&gs_module_heap.reclaim.soft);
}
EXPORT_SYMBOL_NS_GPL(gostat_memory_limit, GS_NS);

void gostat_set_memory_limit(u64 bytes)
{
	gs_limit_set(&gs_module_heap, &gs_module_heap.reclaim.soft, bytes);
}
EXPORT_SYMBOL_NS_GPL(gostat_set_memory_limit, GS_NS);

u64 gostat_memory_limit_hard(void)
{
	return atomic64_read(&gs_module_heap.reclaim.hard);
}
EXPORT_SYMBOL_NS_GPL(gostat_memory_limit_hard, GS_NS);

void gostat_set_memory_limit_hard(u64 bytes)
{
	gs_limit_set(&gs_module_heap, &gs_module_heap.reclaim.hard, bytes);
}
EXPORT_SYMBOL_NS_GPL(gostat_set_memory_limit_hard, GS_NS);
