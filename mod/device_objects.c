// SPDX-License-Identifier: GPL-2.0
/*
 * device_objects - the objects of an open file, and the commands for one.
 *
 * The table file->objects maps a handle to the address of an object. There is
 * no descriptor of an object beside it; what else is to know, the allocator
 * knows (gostat_usable_size()). Manual spans and stack-like buffers do have one,
 * device_region.h, known by another tag of the entry. An object goes through these states:
 *
 *	charged		its usable bytes are counted against the limits
 *	mine		allocated; this thread alone knows the address
 *	in the table	known to every thread that knows the handle
 *	mine		taken out of the table again
 *	freed, uncharged
 *
 * and everything rests on two rules:
 *
 *	The memory of an object in the table is touched only under the table's
 *	lock, after the handle was found under that same hold of it.
 *
 *	Who takes an object out of the table, under the lock, owns it.
 *
 * So FREE needs neither a reference count nor to wait for anybody, of two FREEs
 * one finds nothing, and READ, WRITE and LOOKUP cannot meet freed memory. The
 * lock is a spinlock; bytes therefore travel through a bounce buffer of at most
 * a page, copied to or from user space (which may fault, and may be made to
 * take for ever) without the lock.
 *
 * What READ may show. An object of a size class that was allocated without
 * GOSTAT_ALLOC_ZERO holds what its last owner left there: it is *raw*, said by
 * a tag in the low bits of its entry in the table. The first READ or WRITE
 * zeroes a raw object, at most 32 KiB, under the lock, and removes the tag.
 * Large objects are too large for that and are zeroed when allocated.
 *
 * What is counted. The limits of device.c bound the objects. The table itself,
 * 576 bytes for each 64 handles in a row that are not all free, is charged to
 * the caller's memory cgroup and to no limit of ours. Objects are not: a page
 * of the heap has objects of many owners. (Manual spans are: device_manual.c.)
 *
 * Locking: the table's xa_lock. Outside: nothing. Inside: the heap's locks.
 *
 * Invariants, whenever no call is under way:
 *
 *	file->nobjects == entries in file->objects
 *	file->bytes == sum of gostat_usable_size(o) over o in file->objects +
 *		       sum of bytes over regions, mapped ones without handle too
 *	gs_object_usable(n) == gostat_usable_size(gostat_alloc(n)) for n >= 1
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/xarray.h>

#include "device_region.h"
#include "heap.h"

/**
 * gs_object_admit() - can this request be met, and may this file make it?
 * @file: who asks
 * @bytes: what for
 * @flags: GOSTAT_ALLOC_*
 *
 * Context: Any.
 * Return: 0 with the usable bytes charged, or -errno.
 */
int gs_object_admit(struct gs_file *file, u64 bytes, u32 flags)
{
	if (!bytes)
		return -EINVAL;
	if (bytes > (u64)SIZE_MAX - PAGE_SIZE)
		return -EOVERFLOW;
	/* Above an arena memory comes from vmalloc, which sleeps. */
	if ((flags & GOSTAT_ALLOC_ATOMIC) && bytes > GS_BLOCK_MAX)
		return -EOPNOTSUPP;
	return gs_device_charge(file, gs_object_usable(bytes));
}

static bool gs_object_is_raw(u64 bytes, u32 flags)
{
	return !(flags & GOSTAT_ALLOC_ZERO) && bytes <= GOSTAT_MAX_SMALL;
}

/**
 * gs_object_gfp() - how to allocate
 * @bytes: what is asked for
 * @flags: GOSTAT_ALLOC_*
 *
 * Running out is an answer here and no reason to call the OOM killer. ATOMIC
 * is NOWAIT and not GFP_ATOMIC: the reserves are for those who have no choice.
 *
 * Return: GFP flags.
 */
gfp_t gs_object_gfp(u64 bytes, u32 flags)
{
	gfp_t gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL;

	if (flags & GOSTAT_ALLOC_ATOMIC)
		gfp = GFP_NOWAIT;
	if (!gs_object_is_raw(bytes, flags))
		gfp |= __GFP_ZERO;
	return gfp | __GFP_NOWARN;
}

/**
 * gs_table_insert() - give something a handle
 * @file: the owner
 * @entry: what the table is to have
 * @handle: set to the handle
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_table_insert(struct gs_file *file, void *entry, u32 *handle)
{
	struct xarray *xa = &file->objects;
	int err;

	xa_lock(xa);
	err = __xa_alloc_cyclic(xa, handle, entry, xa_limit_31b, &file->next,
				GFP_KERNEL);
	if (err >= 0)
		file->nobjects++;
	xa_unlock(xa);
	/* 1 says that the search began again at the first handle. */
	return min(err, 0);
}

/**
 * gs_table_remove() - take something out of the table
 * @file: the owner
 * @handle: its handle
 * @kind: what it should be
 * @entry: set to what the table had, now the caller's
 *
 * Context: Process.
 * Return: 0; -ENOENT if the handle is not known, or somebody else was quicker;
 * -EPROTOTYPE if it is of another kind, and stays.
 */
int gs_table_remove(struct gs_file *file, u32 handle, enum gs_kind kind,
		    void **entry)
{
	struct xarray *xa = &file->objects;
	int err = 0;

	xa_lock(xa);
	*entry = xa_load(xa, handle);
	if (!*entry) {
		err = -ENOENT;
	} else if (gs_entry_kind(*entry) != kind) {
		err = -EPROTOTYPE;
	} else {
		__xa_erase(xa, handle);
		file->nobjects--;
	}
	xa_unlock(xa);
	return err;
}

/**
 * gs_object_insert() - give an object a handle
 * @file: the owner
 * @object: allocated with the flags of gs_object_gfp()
 * @bytes: what was asked for
 * @flags: GOSTAT_ALLOC_*
 * @handle: set to the handle
 *
 * From here on any thread may take it out again.
 *
 * Context: Process, may sleep.
 * Return: 0, or -errno and the object is still the caller's.
 */
int gs_object_insert(struct gs_file *file, void *object, u64 bytes, u32 flags,
		     u32 *handle)
{
	unsigned long tag = gs_object_is_raw(bytes, flags) ? GS_RAW : 0;

	return gs_table_insert(file, xa_tag_pointer(object, tag), handle);
}

/**
 * gs_object_remove() - take an object out of the table
 * @file: the owner
 * @handle: its handle
 * @object: set to the object, now the caller's
 *
 * Context: Process.
 * Return: as gs_table_remove().
 */
int gs_object_remove(struct gs_file *file, u32 handle, void **object)
{
	void *entry;
	int err = gs_table_remove(file, handle, GS_KIND_OBJECT, &entry);

	if (!err)
		*object = xa_untag_pointer(entry);
	return err;
}

/**
 * gs_objects_discard() - free objects that are in no table
 * @file: who is charged for them
 * @n: how many
 * @objects: the objects
 *
 * Context: Any.
 */
void gs_objects_discard(struct gs_file *file, unsigned int n, void **objects)
{
	u64 usable = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		usable += gostat_usable_size(objects[i]);
	if (n == 1)
		gostat_free(objects[0]);
	else
		gostat_free_bulk(n, objects);
	gs_device_uncharge(file, usable);
}

/**
 * gs_object_free() - free the object of a handle
 * @file: the owner
 * @handle: its handle
 *
 * Context: Process.
 * Return: as gs_table_remove().
 */
int gs_object_free(struct gs_file *file, u32 handle)
{
	void *object;
	int err = gs_object_remove(file, handle, &object);

	if (!err)
		gs_objects_discard(file, 1, &object);
	return err;
}

static int gs_object_alloc(struct gs_file *file, u64 bytes, u32 flags,
			   u32 *handle)
{
	void *object;
	int err;

	err = gs_object_admit(file, bytes, flags);
	if (err)
		return err;
	object = gostat_alloc(bytes, gs_object_gfp(bytes, flags));
	if (!object) {
		gs_device_uncharge(file, gs_object_usable(bytes));
		return -ENOMEM;
	}
	err = gs_object_insert(file, object, bytes, flags, handle);
	if (err)
		gs_objects_discard(file, 1, &object);
	return err;
}

/**
 * gs_ioc_alloc() - GOSTAT_IOC_ALLOC
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, and then nothing is allocated.
 */
int gs_ioc_alloc(struct gs_command *cmd)
{
	struct gostat_ioc_alloc *alloc = &cmd->alloc;
	struct gs_file *file = cmd->file;
	int err;

	if (alloc->flags & ~GS_ALLOC_FLAGS || alloc->__reserved)
		return -EINVAL;
	err = gs_object_alloc(file, alloc->bytes, alloc->flags, &alloc->handle);
	if (err)
		return err;
	alloc->usable = gs_object_usable(alloc->bytes);
	err = gs_device_respond(cmd, sizeof(*alloc));
	if (err)
		gs_object_free(file, alloc->handle);
	return err;
}

/**
 * gs_ioc_free() - GOSTAT_IOC_FREE
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_free(struct gs_command *cmd)
{
	if (cmd->free.flags || cmd->free.__reserved)
		return -EINVAL;
	return gs_object_free(cmd->file, cmd->free.handle);
}

/* What the allocator says of a byte of what is in the table. */
static int gs_lookup_locked(void *entry, struct gostat_ioc_lookup *lookup)
{
	struct gostat_object found;
	const void *base, *addr;
	u64 usable;

	base = gs_entry_base(entry, &usable);
	if (lookup->offset >= usable)
		return -EINVAL;
	addr = base + lookup->offset;
	/* A live object that the allocator does not know: its bug. */
	if (WARN_ON_ONCE(!gostat_lookup(addr, &found)))
		return -EIO;
	lookup->base = found.base - base;
	lookup->object_offset = addr - found.base;
	lookup->usable = found.size;
	lookup->class_id = found.class;
	lookup->span_pages = found.span_pages;
	return 0;
}

/**
 * gs_ioc_lookup() - GOSTAT_IOC_LOOKUP
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_lookup(struct gs_command *cmd)
{
	struct gostat_ioc_lookup *lookup = &cmd->lookup;
	struct xarray *xa = &cmd->file->objects;
	int err = -ENOENT;
	void *entry;

	if (lookup->flags || lookup->__reserved)
		return -EINVAL;
	xa_lock(xa);
	entry = xa_load(xa, lookup->handle);
	if (entry)
		err = gs_lookup_locked(entry, lookup);
	xa_unlock(xa);
	return err ?: gs_device_respond(cmd, sizeof(*lookup));
}

/**
 * gs_objects_init() - an empty table
 * @file: the new open file
 */
void gs_objects_init(struct gs_file *file)
{
	xa_init_flags(&file->objects, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	file->next = 0;
	file->nobjects = 0;
}

/**
 * gs_objects_destroy() - free everything that is in the table of a file
 * @file: an open file that nobody can use any more
 *
 * Entries stay in the table until the end: nobody looks.
 *
 * Context: Process, may sleep.
 */
void gs_objects_destroy(struct gs_file *file)
{
	void *objects[GS_DEVICE_CHUNK];
	unsigned long handle;
	unsigned int n = 0;
	void *entry;

	xa_for_each(&file->objects, handle, entry) {
		if (gs_entry_kind(entry) != GS_KIND_OBJECT) {
			gs_region_put(xa_untag_pointer(entry));
			cond_resched();
			continue;
		}
		objects[n++] = xa_untag_pointer(entry);
		if (n == GS_DEVICE_CHUNK) {
			gs_objects_discard(file, n, objects);
			cond_resched();
			n = 0;
		}
	}
	gs_objects_discard(file, n, objects);
	xa_destroy(&file->objects);
}

/**
 * gs_objects_count() - objects a file holds
 * @file: the open file
 *
 * Context: Process.
 * Return: their number.
 */
u64 gs_objects_count(struct gs_file *file)
{
	u64 n;

	xa_lock(&file->objects);
	n = file->nobjects;
	xa_unlock(&file->objects);
	return n;
}
