// SPDX-License-Identifier: GPL-2.0
/*
 * device_region - manual spans and stack-like buffers in the table of handles.
 * See device_region.h.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <gostat/stack.h>

#include "device_region.h"
#include "sysfs.h"

/**
 * gs_region_new() - may this file have so many bytes? A region for them
 * @file: who asks
 * @kind: of what
 * @bytes: how many
 *
 * Context: Process, may sleep.
 * Return: the region, without memory, charged; or an ERR_PTR() of -EDQUOT or
 * -ENOMEM.
 */
struct gs_region *gs_region_new(struct gs_file *file, enum gs_kind kind,
				u64 bytes)
{
	struct gs_region *region;
	int err = gs_device_charge(file, bytes);

	if (err)
		return ERR_PTR(err);
	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!region) {
		gs_device_uncharge(file, bytes);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&region->refs, 1);
	region->kind = kind;
	region->bytes = bytes;
	region->file = file;
	return region;
}

/**
 * gs_region_put() - one reference less
 * @region: the region; with the last one it goes, whether it got memory or not
 *
 * Context: Process.
 */
void gs_region_put(struct gs_region *region)
{
	if (!refcount_dec_and_test(&region->refs))
		return;
	if (region->kind == GS_KIND_STACK)
		gostat_stack_free(region->base);
	else
		gostat_free_manual(region->base, region->sink);
	gs_device_uncharge(region->file, region->bytes);
	kfree(region);
	gs_sysfs_forget(true);
}

/**
 * gs_region_insert() - give a region a handle
 * @region: mine; from here on any thread may take it out again
 * @handle: set to the handle
 *
 * Context: Process, may sleep.
 * Return: 0; or -errno and it is gone.
 */
int gs_region_insert(struct gs_region *region, u32 *handle)
{
	int err;

	/* One for the table, one to read the handle with. */
	refcount_inc(&region->refs);
	err = gs_table_insert(region->file, xa_tag_pointer(region, GS_REGION),
			      &region->handle);
	if (err)
		gs_region_put(region);
	*handle = region->handle;
	gs_region_put(region);
	return err;
}

/**
 * gs_region_remove() - make a handle unknown
 * @file: whose
 * @handle: the handle
 * @kind: of what it should be
 *
 * Context: Process.
 * Return: 0, and the table's reference is dropped; -ENOENT; or -EPROTOTYPE if it
 * is of another kind.
 */
int gs_region_remove(struct gs_file *file, u32 handle, enum gs_kind kind)
{
	void *entry;
	int err = gs_table_remove(file, handle, kind, &entry);

	if (!err)
		gs_region_put(xa_untag_pointer(entry));
	return err;
}

/**
 * gs_entry_kind() - what an entry of the table is
 * @entry: the entry
 *
 * Context: The table's lock held, or the entry out of the table.
 * Return: its kind.
 */
enum gs_kind gs_entry_kind(void *entry)
{
	struct gs_region *region = xa_untag_pointer(entry);

	return xa_pointer_tag(entry) == GS_REGION ? region->kind :
						    GS_KIND_OBJECT;
}

/**
 * gs_entry_base() - its first byte
 * @entry: the entry
 * @usable: set to its length
 *
 * Context: The table's lock held.
 * Return: the address.
 */
void *gs_entry_base(void *entry, u64 *usable)
{
	void *base = xa_untag_pointer(entry);
	struct gs_region *region = base;

	if (xa_pointer_tag(entry) != GS_REGION) {
		*usable = gostat_usable_size(base);
		return base;
	}
	*usable = region->bytes;
	return region->base;
}
