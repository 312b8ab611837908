// SPDX-License-Identifier: GPL-2.0
/*
 * device_snapshot - all figures as of one cut, in one call.
 *
 * The kernel's structs and the ABI's have the same figures under the same names;
 * what is written is ours, cut to or filled up with zeros to the caller's size.
 */
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>
#include <gostat/snapshot.h>

#include "device.h"

static void gs_class_figures_out(struct gostat_class_figures *out,
				 const struct gostat_class_stats *cs)
{
	*out = (struct gostat_class_figures){
		.bytes = cs->size,
		.nmalloc = cs->nmalloc,
		.nfree = cs->nfree,
		.live = cs->live,
		.cached = cs->cached,
		.central = cs->central,
		.capacity = cs->capacity,
		.spans = cs->spans,
		.refills = cs->refills,
		.flushes = cs->flushes,
		.failures = cs->failures,
		.peak = cs->peak,
	};
}

static void gs_total_figures_out(struct gostat_ioc_snapshot *out,
				 const struct gostat_memstats *ms)
{
	out->alloc = ms->alloc;
	out->total_alloc = ms->total_alloc;
	out->sys = ms->sys;
	out->nlookup = ms->nlookup;
	out->nmalloc = ms->nmalloc;
	out->nfree = ms->nfree;
	out->heap_alloc = ms->heap_alloc;
	out->heap_sys = ms->heap_sys;
	out->heap_idle = ms->heap_idle;
	out->heap_inuse = ms->heap_inuse;
	out->heap_released = ms->heap_released;
	out->heap_objects = ms->heap_objects;
	out->stacks_inuse = ms->stacks_inuse;
	out->stacks_sys = ms->stacks_sys;
	out->mspan_inuse = ms->mspan_inuse;
	out->mspan_sys = ms->mspan_sys;
	out->mcache_inuse = ms->mcache_inuse;
	out->mcache_sys = ms->mcache_sys;
	out->buckhash_sys = ms->buckhash_sys;
	out->gc_sys = ms->gc_sys;
	out->other_sys = ms->other_sys;
	out->bad_frees = ms->bad_frees;
	out->obtained = ms->obtained;
	out->peak_held = ms->peak_held;
	out->peak_live = ms->peak_live;
	out->nuncached = ms->nuncached;
	out->refills = ms->refills;
	out->flushes = ms->flushes;
	out->failures = ms->failures;
	out->cuts = ms->cuts;
	out->skew = ms->skew;
	out->sinks_sys = ms->sinks_sys;
	out->stacks_live = ms->stacks_live;
	out->stacks_guarded = ms->stacks_guarded;
	out->scav_goal = ms->scav_goal;
	out->scav_runs = ms->scav_runs;
	out->scav_released = ms->scav_released;
	out->over_limit = ms->over_limit;
	out->limit_refused = ms->limit_refused;
}

/* The first @n of some classes, to an array of structs of @size bytes. */
static int gs_classes_out(u64 array, u32 n, u32 size,
			  const struct gostat_class_stats *cs)
{
	struct gostat_class_figures out;
	u32 i, known = min_t(u32, size, sizeof(out));

	for (i = 0; i < n; i++) {
		char __user *to = u64_to_user_ptr(array) + (size_t)i * size;

		gs_class_figures_out(&out, &cs[i]);
		if (copy_to_user(to, &out, known) ||
		    clear_user(to + known, size - known))
			return -EFAULT;
	}
	return 0;
}

static int gs_snapshot_out(struct gs_command *cmd,
			   const struct gostat_snapshot *snap)
{
	struct gostat_ioc_snapshot *req = &cmd->snapshot;
	int err;

	err = gs_classes_out(req->classes,
			     min_t(u32, req->nr_classes, GOSTAT_NR_CLASSES),
			     req->class_size, snap->class) ?:
	      gs_classes_out(req->stacks,
			     min_t(u32, req->nr_stacks, GOSTAT_NR_STACKS),
			     req->class_size, snap->stack);
	if (err)
		return err;
	req->size = cmd->user_size;
	req->nr_classes = GOSTAT_NR_CLASSES;
	req->nr_stacks = GOSTAT_NR_STACKS;
	req->number = snap->number;
	req->time_ns = snap->time;
	gs_total_figures_out(req, &snap->total);
	return gs_device_respond(cmd, sizeof(*req));
}

/**
 * gs_ioc_snapshot() - GOSTAT_IOC_SNAPSHOT
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_snapshot(struct gs_command *cmd)
{
	const struct gostat_ioc_snapshot *req = &cmd->snapshot;
	struct gostat_snapshot *snap;
	int err;

	if (req->flags || req->__reserved)
		return -EINVAL;
	if ((req->nr_classes || req->nr_stacks) &&
	    req->class_size < offsetofend(struct gostat_class_figures, peak))
		return -EINVAL;
	if (req->class_size > PAGE_SIZE)
		return -E2BIG;
	snap = kmalloc(sizeof(*snap), GFP_KERNEL_ACCOUNT);
	if (!snap)
		return -ENOMEM;
	err = gostat_snapshot(snap) ?: gs_snapshot_out(cmd, snap);
	kfree(snap);
	return err;
}
