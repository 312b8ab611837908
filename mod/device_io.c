// SPDX-License-Identifier: GPL-2.0
/*
 * device_io - READ and WRITE: the bytes of an object of /dev/gostat.
 *
 * Copying to or from user space faults, sleeps, and can be made to take for
 * ever; the memory of an object may be touched under the table's spinlock only
 * (device_objects.c). So bytes travel in steps of at most a page through a
 * bounce buffer, and each step finds the object anew:
 *
 *	WRITE	user -> buffer, lock, buffer -> object, unlock
 *	READ	lock, object -> buffer, unlock, buffer -> user
 *
 * Nothing of the bounce buffer reaches user space but what a step has put
 * there. The end of the whole transfer is checked against the object in every
 * step, hence before the first byte.
 *
 * Raw objects (device_objects.c) are zeroed here, before they are first seen.
 */
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "device_objects.h"

/**
 * struct gs_step - one piece of a READ or WRITE
 * @handle: the object
 * @end: where the whole transfer ends in it
 * @offset: where this piece begins in it
 * @n: bytes, at most a page
 * @buffer: bounce buffer
 * @write: into the object
 */
struct gs_step {
	u32 handle;
	u64 end;
	u64 offset;
	size_t n;
	void *buffer;
	bool write;
};

/* A raw object becomes a clean one before anybody sees it. */
static void gs_clean_locked(struct xarray *xa, u32 handle, void *entry)
{
	void *object = xa_untag_pointer(entry);

	lockdep_assert_held(&xa->xa_lock);
	if (xa_pointer_tag(entry) != GS_RAW)
		return;
	memset(object, 0, gostat_usable_size(object));
	/* Replaces an entry, so it allocates nothing. */
	WARN_ON_ONCE(xa_is_err(__xa_store(xa, handle, object, 0)));
}

static int gs_step_locked(struct xarray *xa, const struct gs_step *step)
{
	void *entry = xa_load(xa, step->handle);
	void *base;
	u64 usable;

	if (!entry)
		return -ENOENT;
	base = gs_entry_base(entry, &usable);
	if (step->end > usable)
		return -EINVAL;
	gs_clean_locked(xa, step->handle, entry);
	if (step->write)
		memcpy(base + step->offset, step->buffer, step->n);
	else
		memcpy(step->buffer, base + step->offset, step->n);
	return 0;
}

static int gs_step(struct xarray *xa, const struct gs_step *step,
		   void __user *data)
{
	int err;

	if (step->write && copy_from_user(step->buffer, data, step->n))
		return -EFAULT;
	xa_lock(xa);
	err = gs_step_locked(xa, step);
	xa_unlock(xa);
	if (err)
		return err;
	if (!step->write && copy_to_user(data, step->buffer, step->n))
		return -EFAULT;
	return 0;
}

/* At least one step, so that a transfer of nothing is checked as well. */
static int gs_transfer(struct xarray *xa, struct gs_step *step, u64 data)
{
	int err;

	do {
		step->n = min_t(u64, step->end - step->offset, PAGE_SIZE);
		err = gs_step(xa, step, u64_to_user_ptr(data));
		if (err)
			return err;
		data += step->n;
		step->offset += step->n;
		if (step->offset == step->end)
			return 0;
		err = gs_device_breathe();
	} while (!err);
	return err;
}

static int gs_io(struct gs_command *cmd, bool write)
{
	const struct gostat_ioc_io *io = &cmd->io;
	struct gs_step step = {
		.handle = io->handle,
		.offset = io->offset,
		.write = write,
	};
	int err;

	if (io->flags || io->__reserved)
		return -EINVAL;
	if (check_add_overflow(io->offset, io->length, &step.end))
		return -EOVERFLOW;
	step.buffer = kmalloc(clamp_t(u64, io->length, 1, PAGE_SIZE),
			      GFP_KERNEL_ACCOUNT);
	if (!step.buffer)
		return -ENOMEM;
	err = gs_transfer(&cmd->file->objects, &step, io->data);
	kfree(step.buffer);
	return err;
}

/**
 * gs_ioc_read() - GOSTAT_IOC_READ
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_read(struct gs_command *cmd)
{
	return gs_io(cmd, false);
}

/**
 * gs_ioc_write() - GOSTAT_IOC_WRITE
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_write(struct gs_command *cmd)
{
	return gs_io(cmd, true);
}
