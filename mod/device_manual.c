// SPDX-License-Identifier: GPL-2.0
/*
 * device_manual - manual spans for user space, by the name of a sink, and
 * stack-like buffers.
 *
 * A span is asked for with __GFP_ACCOUNT, so it has pages of its own from vmalloc
 * whatever its length: they were in nobody else's hands as an object before, and
 * are charged, all of them and nothing else, to the memory cgroup of whoever
 * opened the file, whoever calls. That charge goes when the work item of whole.c
 * has given the pages back. A stack-like buffer shares its page with others'; it
 * is charged to the limits of device.c alone.
 *
 * Both are cleared before they have a handle: nobody sees what was there before.
 *
 * Locking: none of its own; device_region.h.
 */
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <gostat/stack.h>

#include "device_region.h"

/* Bytes cleared between two looks at signals and the scheduler. */
#define GS_CLEAR_STEP	((u64)GS_DEVICE_CHUNK << PAGE_SHIFT)

/* Running out is an answer here and no reason to call the OOM killer. */
static struct gostat_span *gs_span_for_file(struct gs_file *file, u64 bytes,
					    struct gostat_sink *sink)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	struct mem_cgroup *old = set_active_memcg(file->memcg);
	struct gostat_span *span;

	span = gostat_alloc_manual(bytes >> PAGE_SHIFT, sink, gfp);
	set_active_memcg(old);
	return span;
}

/*
 * The last part of an allocation: the region gets a handle, and the caller is
 * told. Return 0; or -errno and the region is gone.
 */
static int gs_region_hand_out(struct gs_command *cmd, struct gs_region *region,
			      u32 *handle, size_t size)
{
	enum gs_kind kind = region->kind;
	u32 mine;
	int err;

	err = gs_region_insert(region, &mine);
	if (err)
		return err;
	*handle = mine;
	err = gs_device_respond(cmd, size);
	if (err)
		gs_region_remove(cmd->file, mine, kind);
	return err;
}

static int gs_span_clear(struct gostat_span *span, u64 bytes)
{
	u64 at, n;
	int err = 0;

	if (!gostat_span_needzero(span))
		return 0;
	for (at = 0; at < bytes && !err; at += n) {
		n = min(bytes - at, GS_CLEAR_STEP);
		memset(gostat_span_base(span) + at, 0, n);
		err = gs_device_breathe();
	}
	return err;
}

static struct gs_region *gs_manual_region(struct gs_file *file, u64 bytes,
					  struct gostat_sink *sink)
{
	struct gs_region *region = gs_region_new(file, GS_KIND_MANUAL, bytes);
	struct gostat_span *span;
	int err = -ENOMEM;

	if (IS_ERR(region))
		return region;
	span = gs_span_for_file(file, bytes, sink);
	if (span) {
		region->base = gostat_span_base(span);
		region->sink = sink;
		err = gs_span_clear(span, bytes);
	}
	if (!err)
		return region;
	gs_region_put(region);
	return ERR_PTR(err);
}

/**
 * gs_ioc_manual_alloc() - GOSTAT_IOC_MANUAL_ALLOC
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, and then nothing is allocated.
 */
int gs_ioc_manual_alloc(struct gs_command *cmd)
{
	struct gostat_ioc_manual_alloc *alloc = &cmd->manual_alloc;
	struct gs_region *region;
	struct gostat_sink *sink;

	if (alloc->flags || alloc->__reserved || !alloc->bytes ||
	    strnlen(alloc->sink, sizeof(alloc->sink)) == sizeof(alloc->sink))
		return -EINVAL;
	if (alloc->bytes > (u64)SIZE_MAX - PAGE_SIZE)
		return -EOVERFLOW;
	sink = gostat_sink_get(alloc->sink);
	if (!sink)
		return -ENOENT;
	alloc->usable = PAGE_ALIGN(alloc->bytes);
	region = gs_manual_region(cmd->file, alloc->usable, sink);
	/* The span keeps it, if there is one. */
	gostat_sink_put(sink);
	if (IS_ERR(region))
		return PTR_ERR(region);
	return gs_region_hand_out(cmd, region, &alloc->handle, sizeof(*alloc));
}

static int gs_region_free(struct gs_command *cmd, enum gs_kind kind)
{
	if (cmd->free.flags || cmd->free.__reserved)
		return -EINVAL;
	return gs_region_remove(cmd->file, cmd->free.handle, kind);
}

/**
 * gs_ioc_manual_free() - GOSTAT_IOC_MANUAL_FREE
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_manual_free(struct gs_command *cmd)
{
	return gs_region_free(cmd, GS_KIND_MANUAL);
}

static struct gs_region *gs_stack_region(struct gs_file *file, u64 bytes,
					 u32 flags)
{
	struct gs_region *region = gs_region_new(file, GS_KIND_STACK, bytes);

	if (IS_ERR(region))
		return region;
	region->base = gostat_stack_alloc(bytes, __GFP_ZERO |
					  gs_object_gfp(bytes, flags));
	if (region->base)
		return region;
	gs_region_put(region);
	return ERR_PTR(-ENOMEM);
}

/**
 * gs_ioc_stack_alloc() - GOSTAT_IOC_STACK_ALLOC
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, and then nothing is allocated.
 */
int gs_ioc_stack_alloc(struct gs_command *cmd)
{
	struct gostat_ioc_alloc *alloc = &cmd->alloc;
	struct gs_region *region;

	if (alloc->flags & ~GS_ALLOC_FLAGS || alloc->__reserved ||
	    !alloc->bytes || alloc->bytes > GOSTAT_STACK_MAX)
		return -EINVAL;
	alloc->usable = GOSTAT_STACK_MIN << gostat_stack_order(alloc->bytes);
	region = gs_stack_region(cmd->file, alloc->usable, alloc->flags);
	if (IS_ERR(region))
		return PTR_ERR(region);
	return gs_region_hand_out(cmd, region, &alloc->handle, sizeof(*alloc));
}

/**
 * gs_ioc_stack_free() - GOSTAT_IOC_STACK_FREE
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_stack_free(struct gs_command *cmd)
{
	return gs_region_free(cmd, GS_KIND_STACK);
}
