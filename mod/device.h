/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device - /dev/gostat: the heap in the hands of user space.
 *
 * device.c		the open file, limits, dispatch of commands
 * device_objects.c	the objects of an open file; commands for one of them
 * device_batch.c	commands for many
 * device_region.c	manual spans and stack-like buffers of an open file
 * device_manual.c	commands for them
 * device_mmap.c	manual spans in user space's page tables
 * device_io.c		commands for their bytes
 * device_snapshot.c	the command for all figures
 * device_reclaim.c	commands to give memory back and to limit it
 *
 * The ABI is <uapi/linux/gostat.h>; below, the device uses nothing but the
 * kernel API of <gostat/gostat.h>, as any other module would.
 */
#ifndef _GS_DEVICE_H
#define _GS_DEVICE_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <uapi/linux/gostat.h>

struct file;
struct mem_cgroup;
struct vm_area_struct;

/* Objects of one batched call; their handles are 256 KiB of user memory. */
#define GS_DEVICE_MAX_BATCH	65536U

/* Objects handled between two looks at signals and the scheduler. */
#define GS_DEVICE_CHUNK		32U

/**
 * struct gs_file - an open file of /dev/gostat
 * @objects: handle -> object; its lock, the xa_lock, also guards @next and
 *	@nobjects
 * @next: where the search for a free handle starts
 * @nobjects: objects in @objects
 * @bytes: usable bytes charged: those of @objects, and of objects on their
 *	way in or out
 * @memcg: the opener's memory cgroup, which manual spans are charged to
 */
struct gs_file {
	struct xarray objects;
	u32 next;
	u64 nobjects;
	atomic64_t bytes;
	struct mem_cgroup *memcg;
};

/**
 * struct gs_command - one ioctl() call
 * @file: the open file
 * @user: the caller's struct
 * @user_size: its size as the caller knows it
 * @info: the struct, as long as the kernel knows it
 * @alloc: likewise
 * @free: likewise
 * @alloc_batch: likewise
 * @free_batch: likewise
 * @lookup: likewise
 * @io: likewise
 * @snapshot: likewise
 * @manual_alloc: likewise
 * @scavenge: likewise
 * @limits: likewise
 */
struct gs_command {
	struct gs_file *file;
	void __user *user;
	u32 user_size;
	union {
		struct gostat_ioc_info info;
		struct gostat_ioc_alloc alloc;
		struct gostat_ioc_free free;
		struct gostat_ioc_alloc_batch alloc_batch;
		struct gostat_ioc_free_batch free_batch;
		struct gostat_ioc_lookup lookup;
		struct gostat_ioc_io io;
		struct gostat_ioc_snapshot snapshot;
		struct gostat_ioc_manual_alloc manual_alloc;
		struct gostat_ioc_scavenge scavenge;
		struct gostat_ioc_limits limits;
	};
};

int gs_device_init(void);
void gs_device_exit(void);

int gs_device_charge(struct gs_file *file, u64 bytes);
void gs_device_uncharge(struct gs_file *file, u64 bytes);
int gs_device_respond(struct gs_command *cmd, size_t size);

void gs_objects_init(struct gs_file *file);
void gs_objects_destroy(struct gs_file *file);
u64 gs_objects_count(struct gs_file *file);

int gs_ioc_alloc(struct gs_command *cmd);
int gs_ioc_free(struct gs_command *cmd);
int gs_ioc_alloc_batch(struct gs_command *cmd);
int gs_ioc_free_batch(struct gs_command *cmd);
int gs_ioc_lookup(struct gs_command *cmd);
int gs_ioc_read(struct gs_command *cmd);
int gs_ioc_write(struct gs_command *cmd);
int gs_ioc_snapshot(struct gs_command *cmd);
int gs_ioc_manual_alloc(struct gs_command *cmd);
int gs_ioc_manual_free(struct gs_command *cmd);
int gs_ioc_stack_alloc(struct gs_command *cmd);
int gs_ioc_stack_free(struct gs_command *cmd);
int gs_ioc_scavenge(struct gs_command *cmd);
int gs_ioc_limits(struct gs_command *cmd);
int gs_device_mmap(struct file *filp, struct vm_area_struct *vma);

/**
 * gs_device_breathe() - between parts of a long command
 *
 * Others want the CPU, and the killed want to die.
 *
 * Context: Process, may sleep.
 * Return: 0, or -EINTR after a fatal signal.
 */
static inline int gs_device_breathe(void)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

#endif /* _GS_DEVICE_H */
