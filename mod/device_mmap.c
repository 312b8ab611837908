// SPDX-License-Identifier: GPL-2.0
/*
 * device_mmap - manual spans of /dev/gostat in user space's page tables.
 *
 * mmap() finds the region of a handle under the table's lock and takes a
 * reference, which is the mapping's; open() takes one for each part or copy of it,
 * close() gives one up. So the span is freed no earlier than the last page table
 * that can reach it, whatever became of the handle.
 *
 * Pages are entered one by one as they are touched, by number and not as pages
 * (VM_PFNMAP): get_user_pages() refuses them, so that no reference to a page can
 * outlive the mapping, and with it the span's place in the books.
 *
 * What a mapping can never become: longer (VM_DONTEXPAND), executable
 * (VM_MAYEXEC is taken away), private, part of a core dump (VM_DONTDUMP).
 *
 * Locking: mmap_lock is held by callers; inside it the table's xa_lock.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "compat.h"
#include "device_region.h"

static void gs_map_open(struct vm_area_struct *vma)
{
	struct gs_region *region = vma->vm_private_data;

	refcount_inc(&region->refs);
}

static void gs_map_close(struct vm_area_struct *vma)
{
	gs_region_put(vma->vm_private_data);
}

static vm_fault_t gs_map_fault(struct vm_fault *vmf)
{
	struct gs_region *region = vmf->vma->vm_private_data;
	u64 at = (u64)(vmf->pgoff - region->handle) << PAGE_SHIFT;

	/* mmap() has checked the length, and nothing makes it longer. */
	if (WARN_ON_ONCE(at >= region->bytes))
		return VM_FAULT_SIGBUS;
	/* device_manual.c has nothing but spans from vmalloc. */
	return vmf_insert_pfn(vmf->vma, vmf->address,
			      vmalloc_to_pfn(region->base + at));
}

static const struct vm_operations_struct gs_map_ops = {
	.open = gs_map_open,
	.close = gs_map_close,
	.fault = gs_map_fault,
};

static struct gs_region *gs_region_get(struct gs_file *file,
				       unsigned long handle)
{
	struct gs_region *region = ERR_PTR(-ENOENT);
	void *entry;

	xa_lock(&file->objects);
	entry = xa_load(&file->objects, handle);
	if (entry && gs_entry_kind(entry) != GS_KIND_MANUAL) {
		region = ERR_PTR(-EPROTOTYPE);
	} else if (entry) {
		region = xa_untag_pointer(entry);
		refcount_inc(&region->refs);
	}
	xa_unlock(&file->objects);
	return region;
}

/**
 * gs_device_mmap() - mmap() of /dev/gostat
 * @filp: the open file
 * @vma: the new mapping; its offset, in pages, is the handle of a manual span
 *
 * Sharing is asked of VM_MAYSHARE: a shared mapping of a file that was opened for
 * reading has no VM_SHARED, and cannot be made writable.
 *
 * Context: Process, mmap_lock held for writing.
 * Return: 0 or -errno.
 */
int gs_device_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct gs_region *region;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	region = gs_region_get(filp->private_data, vma->vm_pgoff);
	if (IS_ERR(region))
		return PTR_ERR(region);
	if (vma->vm_end - vma->vm_start > region->bytes) {
		gs_region_put(region);
		return -EINVAL;
	}
	gs_vm_flags_mod(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP,
			VM_MAYEXEC);
	vma->vm_private_data = region;
	vma->vm_ops = &gs_map_ops;
	return 0;
}
