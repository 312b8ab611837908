// SPDX-License-Identifier: GPL-2.0
/*
 * device - open files, byte limits, and the way of a command to its function.
 *
 * An open file is born by open(), shared by every descriptor and mapping of it,
 * and dies with the last of them; release() runs when no call can be under way, so what
 * it frees nobody uses. The module cannot go while a file is open (.owner).
 *
 * A command is looked up by number in gs_operations[], which knows how long
 * its struct was in the first version and how long it is now. Everything about
 * sizes is decided before the operation runs:
 *
 *	user size < first version	EINVAL
 *	user size < ours		the rest is zero, and not written back
 *	user size > ours		the rest must be zero, else E2BIG
 *
 * Limits. Two counters, of this file and of all files, hold usable bytes. An
 * allocation is charged before it is attempted and given back when it fails,
 * so that no number of racing threads passes a limit even for a moment:
 *
 *	0 <= file->bytes <= the file limit when it was last charged
 *	sum of file->bytes over open files == gs_device.bytes, at rest
 *
 * Both are atomics because they are charged outside of every lock; a system
 * call costs a hundred times what they do.
 */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>
#include <gostat/gostat.h>

#include "device.h"
#include "heap.h"
#include "sysfs.h"

/* The one thing of the device that is not of one file. */
static struct {
	atomic64_t bytes;	/* charged, over all open files */
} gs_device = {
	.bytes = ATOMIC64_INIT(0),
};

static unsigned long long device_file_limit;
module_param(device_file_limit, ullong, 0644);
MODULE_PARM_DESC(device_file_limit,
		 "Usable bytes one open file of /dev/gostat may hold; 0: a quarter of memory");

static unsigned long long device_total_limit;
module_param(device_total_limit, ullong, 0644);
MODULE_PARM_DESC(device_total_limit,
		 "Usable bytes all open files of /dev/gostat may hold; 0: half of memory");

static u64 gs_limit(const unsigned long long *param, unsigned int share)
{
	u64 limit = READ_ONCE(*param);

	return limit ?: ((u64)totalram_pages() << PAGE_SHIFT) / share;
}

static u64 gs_file_limit(void)
{
	return gs_limit(&device_file_limit, 4);
}

static u64 gs_total_limit(void)
{
	return gs_limit(&device_total_limit, 2);
}

/* Adds n to what is held, unless that would be more than the limit. */
static bool gs_add_within(atomic64_t *held, u64 n, u64 limit)
{
	s64 old = atomic64_read(held);

	do {
		if (n > limit || (u64)old > limit - n)
			return false;
	} while (!atomic64_try_cmpxchg(held, &old, old + n));
	return true;
}

/**
 * gs_device_charge() - count bytes against both limits
 * @file: who wants them
 * @bytes: usable bytes
 *
 * Context: Any.
 * Return: 0, or -EDQUOT and nothing is charged.
 */
int gs_device_charge(struct gs_file *file, u64 bytes)
{
	if (!gs_add_within(&file->bytes, bytes, gs_file_limit()))
		return -EDQUOT;
	if (!gs_add_within(&gs_device.bytes, bytes, gs_total_limit())) {
		atomic64_sub(bytes, &file->bytes);
		return -EDQUOT;
	}
	return 0;
}

/**
 * gs_device_uncharge() - take back what gs_device_charge() counted
 * @file: who had them
 * @bytes: usable bytes
 *
 * Context: Any.
 */
void gs_device_uncharge(struct gs_file *file, u64 bytes)
{
	atomic64_sub(bytes, &gs_device.bytes);
	atomic64_sub(bytes, &file->bytes);
}

/**
 * gs_device_respond() - write the answer into the caller's struct
 * @cmd: the command
 * @size: bytes of the struct as this kernel knows it
 *
 * A caller with a shorter struct gets what it has room for.
 *
 * Context: Process, may sleep.
 * Return: 0 or -EFAULT.
 */
int gs_device_respond(struct gs_command *cmd, size_t size)
{
	if (copy_to_user(cmd->user, &cmd->info,
			 min_t(size_t, cmd->user_size, size)))
		return -EFAULT;
	return 0;
}

static int gs_ioc_info(struct gs_command *cmd)
{
	struct gostat_ioc_info *info = &cmd->info;
	struct gs_file *file = cmd->file;

	if (info->flags)
		return -EINVAL;
	*info = (struct gostat_ioc_info){
		.size = cmd->user_size,
		.features = GOSTAT_FEATURE_BATCH | GOSTAT_FEATURE_IO |
			    GOSTAT_FEATURE_LOOKUP |
			    GOSTAT_FEATURE_SNAPSHOT |
			    GOSTAT_FEATURE_MANUAL | GOSTAT_FEATURE_STACK |
			    GOSTAT_FEATURE_SCAVENGE,
		.abi_version = GOSTAT_ABI_VERSION,
		.page_size = PAGE_SIZE,
		.nr_classes = GOSTAT_NR_CLASSES,
		.max_small = GOSTAT_MAX_SMALL,
		.max_batch = GS_DEVICE_MAX_BATCH,
		.max_atomic = GS_BLOCK_MAX,
		.file_limit = gs_file_limit(),
		.file_bytes = atomic64_read(&file->bytes),
		.file_objects = gs_objects_count(file),
		.total_limit = gs_total_limit(),
		.total_bytes = atomic64_read(&gs_device.bytes),
	};
	return gs_device_respond(cmd, sizeof(*info));
}

/**
 * struct gs_operation - what the dispatcher knows of a command
 * @size: bytes of its struct today
 * @min_size: bytes of its struct in the first version, named by the last
 *	member that it had
 * @run: does it; returns 0 or -errno, having written the answer
 */
struct gs_operation {
	u32 size;
	u32 min_size;
	int (*run)(struct gs_command *cmd);
};

static const struct gs_operation gs_operations[] = {
	[_IOC_NR(GOSTAT_IOC_INFO)] = {
		.size = sizeof(struct gostat_ioc_info),
		.min_size = offsetofend(struct gostat_ioc_info, total_bytes),
		.run = gs_ioc_info,
	},
	[_IOC_NR(GOSTAT_IOC_ALLOC)] = {
		.size = sizeof(struct gostat_ioc_alloc),
		.min_size = offsetofend(struct gostat_ioc_alloc, __reserved),
		.run = gs_ioc_alloc,
	},
	[_IOC_NR(GOSTAT_IOC_FREE)] = {
		.size = sizeof(struct gostat_ioc_free),
		.min_size = offsetofend(struct gostat_ioc_free, __reserved),
		.run = gs_ioc_free,
	},
	[_IOC_NR(GOSTAT_IOC_ALLOC_BATCH)] = {
		.size = sizeof(struct gostat_ioc_alloc_batch),
		.min_size = offsetofend(struct gostat_ioc_alloc_batch, done),
		.run = gs_ioc_alloc_batch,
	},
	[_IOC_NR(GOSTAT_IOC_FREE_BATCH)] = {
		.size = sizeof(struct gostat_ioc_free_batch),
		.min_size = offsetofend(struct gostat_ioc_free_batch, done),
		.run = gs_ioc_free_batch,
	},
	[_IOC_NR(GOSTAT_IOC_LOOKUP)] = {
		.size = sizeof(struct gostat_ioc_lookup),
		.min_size = offsetofend(struct gostat_ioc_lookup, span_pages),
		.run = gs_ioc_lookup,
	},
	[_IOC_NR(GOSTAT_IOC_READ)] = {
		.size = sizeof(struct gostat_ioc_io),
		.min_size = offsetofend(struct gostat_ioc_io, data),
		.run = gs_ioc_read,
	},
	[_IOC_NR(GOSTAT_IOC_WRITE)] = {
		.size = sizeof(struct gostat_ioc_io),
		.min_size = offsetofend(struct gostat_ioc_io, data),
		.run = gs_ioc_write,
	},
	[_IOC_NR(GOSTAT_IOC_SNAPSHOT)] = {
		.size = sizeof(struct gostat_ioc_snapshot),
		.min_size = offsetofend(struct gostat_ioc_snapshot, sinks_sys),
		.run = gs_ioc_snapshot,
	},
	[_IOC_NR(GOSTAT_IOC_MANUAL_ALLOC)] = {
		.size = sizeof(struct gostat_ioc_manual_alloc),
		.min_size = offsetofend(struct gostat_ioc_manual_alloc, sink),
		.run = gs_ioc_manual_alloc,
	},
	[_IOC_NR(GOSTAT_IOC_MANUAL_FREE)] = {
		.size = sizeof(struct gostat_ioc_free),
		.min_size = offsetofend(struct gostat_ioc_free, __reserved),
		.run = gs_ioc_manual_free,
	},
	[_IOC_NR(GOSTAT_IOC_STACK_ALLOC)] = {
		.size = sizeof(struct gostat_ioc_alloc),
		.min_size = offsetofend(struct gostat_ioc_alloc, __reserved),
		.run = gs_ioc_stack_alloc,
	},
	[_IOC_NR(GOSTAT_IOC_STACK_FREE)] = {
		.size = sizeof(struct gostat_ioc_free),
		.min_size = offsetofend(struct gostat_ioc_free, __reserved),
		.run = gs_ioc_stack_free,
	},
	[_IOC_NR(GOSTAT_IOC_SCAVENGE)] = {
		.size = sizeof(struct gostat_ioc_scavenge),
		.min_size = offsetofend(struct gostat_ioc_scavenge, released),
		.run = gs_ioc_scavenge,
	},
	[_IOC_NR(GOSTAT_IOC_LIMITS)] = {
		.size = sizeof(struct gostat_ioc_limits),
		.min_size = offsetofend(struct gostat_ioc_limits,
					memory_limit_hard),
		.run = gs_ioc_limits,
	},
};

/* What the first version was, it must stay for ever. */
#define GS_ASSERT_ABI(type, last, bytes)				\
	static_assert(offsetofend(type, last) == (bytes) &&		\
		      offsetofend(type, size) == sizeof(u32) &&		\
		      sizeof(type) % sizeof(u64) == 0)

GS_ASSERT_ABI(struct gostat_ioc_info, total_bytes, 80);
GS_ASSERT_ABI(struct gostat_ioc_alloc, __reserved, 32);
GS_ASSERT_ABI(struct gostat_ioc_free, __reserved, 16);
GS_ASSERT_ABI(struct gostat_ioc_alloc_batch, done, 40);
GS_ASSERT_ABI(struct gostat_ioc_free_batch, done, 24);
GS_ASSERT_ABI(struct gostat_ioc_lookup, span_pages, 56);
GS_ASSERT_ABI(struct gostat_ioc_io, data, 40);
GS_ASSERT_ABI(struct gostat_ioc_snapshot, sinks_sys, 296);
GS_ASSERT_ABI(struct gostat_ioc_manual_alloc, sink, 64);
GS_ASSERT_ABI(struct gostat_ioc_scavenge, released, 16);
GS_ASSERT_ABI(struct gostat_ioc_limits, memory_limit_hard, 24);

static const struct gs_operation *gs_operation_of(unsigned int number)
{
	unsigned int nr = _IOC_NR(number);

	if (number != _IO(GOSTAT_IOC_TYPE, nr) ||
	    nr >= ARRAY_SIZE(gs_operations))
		return NULL;
	return &gs_operations[array_index_nospec(nr, ARRAY_SIZE(gs_operations))];
}

static long gs_device_ioctl(struct file *filp, unsigned int number,
			    unsigned long arg)
{
	const struct gs_operation *op = gs_operation_of(number);
	struct gs_command cmd;
	int err;

	if (!op)
		return -ENOTTY;
	cmd.file = filp->private_data;
	cmd.user = (void __user *)arg;
	if (get_user(cmd.user_size, (u32 __user *)cmd.user))
		return -EFAULT;
	if (cmd.user_size < op->min_size)
		return -EINVAL;
	/* A longer tail than a page is not a struct: bound the check for zero. */
	if (cmd.user_size > PAGE_SIZE)
		return -E2BIG;
	/* Whichever member of the union it is: the compiler checks the room. */
	err = copy_struct_from_user((void *)&cmd +
				    offsetof(struct gs_command, info),
				    op->size, cmd.user, cmd.user_size);
	err = err ?: op->run(&cmd);
	gs_sysfs_forget(false);
	return err;
}

static int gs_device_open(struct inode *inode, struct file *filp)
{
	struct gs_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	gs_objects_init(file);
	atomic64_set(&file->bytes, 0);
	file->memcg = get_mem_cgroup_from_mm(current->mm);
	filp->private_data = file;
	gs_sysfs_forget(true);
	return nonseekable_open(inode, filp);
}

static int gs_device_release(struct inode *inode, struct file *filp)
{
	struct gs_file *file = filp->private_data;

	gs_objects_destroy(file);
	/* Charged and not in the table: an object was lost on its way. */
	WARN_ON_ONCE(atomic64_read(&file->bytes));
	mem_cgroup_put(file->memcg);
	kfree(file);
	gs_sysfs_forget(true);
	return 0;
}

static const struct file_operations gs_device_fops = {
	.owner = THIS_MODULE,
	.open = gs_device_open,
	.release = gs_device_release,
	.unlocked_ioctl = gs_device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = gs_device_mmap,
	.llseek = noop_llseek,
};

static struct miscdevice gs_miscdevice = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gostat",
	.mode = 0600,
	.fops = &gs_device_fops,
};

/**
 * gs_device_init() - make /dev/gostat
 *
 * Context: Process; the module's heap is ready.
 * Return: 0 or -errno.
 */
int gs_device_init(void)
{
	return misc_register(&gs_miscdevice);
}

/**
 * gs_device_exit() - remove /dev/gostat
 *
 * Context: Process; no file is open, as each would hold the module.
 */
void gs_device_exit(void)
{
	misc_deregister(&gs_miscdevice);
}
