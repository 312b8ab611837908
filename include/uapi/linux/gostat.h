/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * gostat - the ABI of /dev/gostat.
 *
 * An open file of /dev/gostat owns objects of the gostat heap. User space
 * names an object by a handle, an id that means something on that open file
 * only: kernel addresses neither enter nor leave. Descriptors made by dup(),
 * fork() and SCM_RIGHTS are the same open file and share its handles; when the
 * last of them is closed, also by the death of a process, everything that is
 * still allocated is freed. A mapping made by mmap() counts as a descriptor.
 *
 * A handle names an object (ALLOC, ALLOC_BATCH), a manual span (MANUAL_ALLOC) or a
 * stack-like buffer (STACK_ALLOC). READ, WRITE and LOOKUP take all of them; each
 * goes back by the command of its kind, and no other (EPROTOTYPE).
 *
 * mmap(). The offset of a manual span is its handle times the page size, so a
 * mapping begins with the span's first page; it may be shorter than the span, not
 * longer (EINVAL), and must be MAP_SHARED (EINVAL). It is never executable (EACCES,
 * or EPERM where /dev is mounted noexec), does not grow (mremap(): EFAULT), is in
 * no core dump, and the kernel does no direct I/O to it (EFAULT). A writable one
 * needs a file that was opened for writing (EACCES). An offset that is nobody's is
 * ENOENT, that of something else EPROTOTYPE. The memory stays, and counted in its
 * sink and against the limits, until the last part of the last mapping is gone,
 * also when its handle was freed or its descriptors are closed before that.
 *
 * Handles are 1..2^31-1, given out in ascending order (starting again at 1
 * after the last), so that the handle of a freed object stays unknown (ENOENT)
 * for two thousand million allocations instead of naming a stranger. Any
 * number of threads may use one handle at the same time: each operation finds
 * the object whole or does not find it.
 *
 * What an object's bytes are: READ returns what WRITE wrote into that object
 * and zero for every other byte, whether or not GOSTAT_ALLOC_ZERO was given;
 * what was in the memory before is never shown. The flag says who pays: with
 * it the allocation zeroes the object, without it the allocation does no more
 * than it must (zeroing is done by the first READ or WRITE, and large objects
 * are always zeroed when they are allocated).
 *
 * Limits are counted in usable bytes, what the heap really hands out, per open
 * file and for all of them together; GOSTAT_IOC_INFO reports both. An
 * allocation that would pass a limit fails with EDQUOT: memory is there, this
 * user may not have it. ENOMEM says that the kernel had none to give.
 *
 * Structs. The first member of each is its size as the caller compiled it. A
 * kernel that knows a longer struct takes the missing members for zero and
 * does not write them; one that knows a shorter struct accepts the longer one
 * while what it does not know is zero. A struct therefore grows only at its
 * end, and only with members for which zero means what was meant before they
 * existed. Members named "__reserved" must be zero. Members that are only
 * written by the kernel may hold anything on the way in.
 *
 * Errors of every command (ioctl() returns -1 and errno is):
 *
 *	ENOTTY		the command is not known to this kernel
 *	EINVAL		size is smaller than the first version of the struct;
 *			an unknown flag is set, a reserved member is not zero,
 *			or a member has a value it can never have (see each)
 *	E2BIG		the struct is longer than the kernel knows, and not
 *			zero there, or longer than a page
 *	EOPNOTSUPP	everything is understood, but this kernel cannot do
 *			it: a value that another version may well accept
 *	ENOENT		nothing with this handle on this open file, or no sink
 *			is registered by this name
 *	EPROTOTYPE	the handle is of something of another kind
 *	EOVERFLOW	a sum or product of members does not fit in 64 bits,
 *			or a size is more than the kernel's size_t can say
 *	EDQUOT		a byte limit would be passed
 *	ENOMEM		the kernel has no memory
 *	EFAULT		a user address is bad
 *	EINTR		a fatal signal arrived in the middle of a long call
 *
 * When a call fails the struct is not written, except for the member "done" of
 * the batched commands.
 *
 * The ioctl type is 0xBD, which Documentation/userspace-api/ioctl/
 * ioctl-number.rst lists as free (0xBB..0xBF). Numbers carry no size, so that
 * a struct that has grown keeps its number.
 */
#ifndef _UAPI_LINUX_GOSTAT_H
#define _UAPI_LINUX_GOSTAT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define GOSTAT_IOC_TYPE		0xBD

#define GOSTAT_IOC_INFO		_IO(GOSTAT_IOC_TYPE, 0x00)
#define GOSTAT_IOC_ALLOC	_IO(GOSTAT_IOC_TYPE, 0x01)
#define GOSTAT_IOC_FREE		_IO(GOSTAT_IOC_TYPE, 0x02)
#define GOSTAT_IOC_ALLOC_BATCH	_IO(GOSTAT_IOC_TYPE, 0x03)
#define GOSTAT_IOC_FREE_BATCH	_IO(GOSTAT_IOC_TYPE, 0x04)
#define GOSTAT_IOC_LOOKUP	_IO(GOSTAT_IOC_TYPE, 0x05)
#define GOSTAT_IOC_READ		_IO(GOSTAT_IOC_TYPE, 0x06)
#define GOSTAT_IOC_WRITE	_IO(GOSTAT_IOC_TYPE, 0x07)
#define GOSTAT_IOC_SNAPSHOT	_IO(GOSTAT_IOC_TYPE, 0x08)
#define GOSTAT_IOC_MANUAL_ALLOC	_IO(GOSTAT_IOC_TYPE, 0x09)
#define GOSTAT_IOC_MANUAL_FREE	_IO(GOSTAT_IOC_TYPE, 0x0a)
#define GOSTAT_IOC_STACK_ALLOC	_IO(GOSTAT_IOC_TYPE, 0x0b)
#define GOSTAT_IOC_STACK_FREE	_IO(GOSTAT_IOC_TYPE, 0x0c)
#define GOSTAT_IOC_SCAVENGE	_IO(GOSTAT_IOC_TYPE, 0x0d)
#define GOSTAT_IOC_LIMITS	_IO(GOSTAT_IOC_TYPE, 0x0e)

/*
 * The version of this ABI. It only ever grows, and only by additions; to learn
 * whether something is there, ask for its feature bit.
 */
#define GOSTAT_ABI_VERSION	1

/* Feature bits of struct gostat_ioc_info. */
#define GOSTAT_FEATURE_BATCH	(1 << 0) /* ALLOC_BATCH, FREE_BATCH */
#define GOSTAT_FEATURE_IO	(1 << 1) /* READ, WRITE */
#define GOSTAT_FEATURE_LOOKUP	(1 << 2) /* LOOKUP */
#define GOSTAT_FEATURE_SNAPSHOT	(1 << 3) /* SNAPSHOT */
#define GOSTAT_FEATURE_MANUAL	(1 << 4) /* MANUAL_ALLOC, MANUAL_FREE, mmap() */
#define GOSTAT_FEATURE_STACK	(1 << 5) /* STACK_ALLOC, STACK_FREE */
#define GOSTAT_FEATURE_SCAVENGE	(1 << 6) /* SCAVENGE, LIMITS */

/**
 * struct gostat_ioc_info - ioctl(GOSTAT_IOC_INFO)
 * @size: sizeof(struct gostat_ioc_info)
 * @flags: must be 0
 * @features: out: GOSTAT_FEATURE_* bits
 * @abi_version: out: GOSTAT_ABI_VERSION of the module
 * @page_size: out: bytes of a page, the unit of spans
 * @nr_classes: out: size classes, class 0 (large objects) counted;
 *	class numbers are 0..nr_classes-1
 * @max_small: out: bytes of the largest small object; bigger ones are large
 * @max_batch: out: objects one batched call can take
 * @max_atomic: out: bytes of the largest object that GOSTAT_ALLOC_ATOMIC can
 *	ask for; more is EOPNOTSUPP
 * @file_limit: out: usable bytes this open file may hold
 * @file_bytes: out: usable bytes it holds
 * @file_objects: out: handles it has
 * @total_limit: out: usable bytes all open files together may hold
 * @total_bytes: out: usable bytes they hold
 *
 * Limits can be changed by the administrator at any time (module parameters
 * device_file_limit and device_total_limit); a limit below what is held takes
 * nothing away.
 */
struct gostat_ioc_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 features;
	__u32 abi_version;
	__u32 page_size;
	__u32 nr_classes;
	__u32 max_small;
	__u32 max_batch;
	__u32 max_atomic;
	__aligned_u64 file_limit;
	__aligned_u64 file_bytes;
	__aligned_u64 file_objects;
	__aligned_u64 total_limit;
	__aligned_u64 total_bytes;
};

/* Flags of GOSTAT_IOC_ALLOC and GOSTAT_IOC_ALLOC_BATCH. */

/* Zero the whole object now (see the top: READ shows zeros either way). */
#define GOSTAT_ALLOC_ZERO	(1 << 0)
/*
 * Allocate as code that cannot sleep does, without waiting for reclaim
 * (GFP_NOWAIT: the emergency reserves stay untouched). Only the object is
 * allocated so; what the handle needs may sleep.
 */
#define GOSTAT_ALLOC_ATOMIC	(1 << 1)

/**
 * struct gostat_ioc_alloc - ioctl(GOSTAT_IOC_ALLOC), ioctl(GOSTAT_IOC_STACK_ALLOC)
 * @size: sizeof(struct gostat_ioc_alloc)
 * @flags: GOSTAT_ALLOC_*
 * @bytes: bytes wanted, at least 1, of a stack-like buffer 32768 at the most
 *	(EINVAL)
 * @usable: out: bytes the object really has, all of them readable and
 *	writable, and what is counted against the limits
 * @handle: out: the object's handle
 * @__reserved: must be 0
 *
 * Other threads can use the handle from the moment the object exists. If the
 * struct cannot be written (EFAULT) the object is freed again.
 */
struct gostat_ioc_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__aligned_u64 usable;
	__u32 handle;
	__u32 __reserved;
};

/**
 * struct gostat_ioc_free - ioctl(GOSTAT_IOC_FREE), ioctl(GOSTAT_IOC_MANUAL_FREE),
 *	ioctl(GOSTAT_IOC_STACK_FREE)
 * @size: sizeof(struct gostat_ioc_free)
 * @flags: must be 0
 * @handle: the object; of several threads that free one handle, one succeeds
 *	and the others get ENOENT
 * @__reserved: must be 0
 */
struct gostat_ioc_free {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 __reserved;
};

/**
 * struct gostat_ioc_alloc_batch - ioctl(GOSTAT_IOC_ALLOC_BATCH)
 * @size: sizeof(struct gostat_ioc_alloc_batch)
 * @flags: GOSTAT_ALLOC_*, for every object
 * @bytes: bytes of each object, or 0 when @sizes is given (EINVAL when both
 *	are zero or both are not)
 * @sizes: address of an array of @count __u64, the bytes of each object
 * @handles: address of an array of @count __u32 that receives the handles
 * @count: objects wanted, 1..max_batch (EINVAL)
 * @done: out, also when the call fails: how many objects were allocated, in
 *	the order of the array; their handles are in handles[0..done-1] and
 *	they stay allocated
 *
 * Stops at the first object that cannot be allocated, with the error that
 * GOSTAT_IOC_ALLOC has for it. Of @handles beyond @done nothing is known.
 */
struct gostat_ioc_alloc_batch {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__aligned_u64 sizes;
	__aligned_u64 handles;
	__u32 count;
	__u32 done;
};

/**
 * struct gostat_ioc_free_batch - ioctl(GOSTAT_IOC_FREE_BATCH)
 * @size: sizeof(struct gostat_ioc_free_batch)
 * @flags: must be 0
 * @handles: address of an array of @count __u32
 * @count: objects to free, 1..max_batch (EINVAL)
 * @done: out, also when the call fails: how many were freed, in the order of
 *	the array
 *
 * Stops at the first handle that is not known (ENOENT): handles[done] is the
 * culprit.
 */
struct gostat_ioc_free_batch {
	__u32 size;
	__u32 flags;
	__aligned_u64 handles;
	__u32 count;
	__u32 done;
};

/**
 * struct gostat_ioc_lookup - ioctl(GOSTAT_IOC_LOOKUP)
 * @size: sizeof(struct gostat_ioc_lookup)
 * @flags: must be 0
 * @handle: the object
 * @__reserved: must be 0
 * @offset: a byte of it, less than its usable size (EINVAL)
 * @base: out: where the allocator, asked about the address of that byte, says
 *	the object begins, in bytes from where it did begin: 0
 * @object_offset: out: @offset as counted from that base: @offset
 * @usable: out: bytes of the object
 * @class_id: out: size class, 0 for a large object
 * @span_pages: out: pages of the span it lies in
 *
 * The allocator is asked with nothing but the interior address, so @base and
 * @object_offset are its answer, not an echo.
 */
struct gostat_ioc_lookup {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 __reserved;
	__aligned_u64 offset;
	__s64 base;
	__aligned_u64 object_offset;
	__aligned_u64 usable;
	__u32 class_id;
	__u32 span_pages;
};

/**
 * struct gostat_ioc_io - ioctl(GOSTAT_IOC_READ), ioctl(GOSTAT_IOC_WRITE)
 * @size: sizeof(struct gostat_ioc_io)
 * @flags: must be 0
 * @handle: the object
 * @__reserved: must be 0
 * @offset: first byte
 * @length: bytes; @offset + @length at most the usable size (EINVAL), 0 bytes
 *	are allowed
 * @data: address of the bytes in user space
 *
 * Up to a page is read or written at once, more in steps of at most a page
 * between which other threads can write the object or free it (ENOENT, with
 * part of the bytes copied).
 */
struct gostat_ioc_io {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 __reserved;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 data;
};

/**
 * struct gostat_class_figures - one size class, or size of stacks, in a snapshot
 * @bytes: of an object; for the large ones, 0
 * @nmalloc: objects ever allocated
 * @nfree: objects ever freed
 * @live: objects live
 * @cached: of those that are not, those in magazines
 * @central: and those in central
 * @capacity: objects of all spans
 * @spans: spans
 * @refills: magazines filled
 * @flushes: magazines emptied
 * @failures: allocations that found no pages
 * @peak: the most objects that have been out of central at once
 *
 * Each is the figure of that name in /sys/kernel/gostat/by_size/<size>/, and of a
 * size of stack-like buffers in stacks/<size>/.
 */
struct gostat_class_figures {
	__aligned_u64 bytes;
	__aligned_u64 nmalloc;
	__aligned_u64 nfree;
	__aligned_u64 live;
	__aligned_u64 cached;
	__aligned_u64 central;
	__aligned_u64 capacity;
	__aligned_u64 spans;
	__aligned_u64 refills;
	__aligned_u64 flushes;
	__aligned_u64 failures;
	__aligned_u64 peak;
};

/**
 * struct gostat_ioc_snapshot - ioctl(GOSTAT_IOC_SNAPSHOT)
 * @size: sizeof(struct gostat_ioc_snapshot)
 * @flags: must be 0
 * @classes: address of an array of @nr_classes structs of @class_size bytes
 *	for the classes' figures by class number, the large objects first
 * @nr_classes: in: room in @classes, 0 if they are not wanted; out: classes
 *	there are, of which as many were written as there was room for
 * @class_size: sizeof(struct gostat_class_figures); may be 0 if @nr_classes and
 *	@nr_stacks are (EINVAL if it is less than the first version's). What the kernel does
 *	not know of a longer struct becomes zero
 * @number: out: of the snapshot, ascending
 * @time_ns: out: when it was taken, CLOCK_MONOTONIC
 * @alloc: out: live objects, counted at their class's size (as @heap_alloc)
 * @total_alloc: out: cumulative bytes of objects ever allocated
 * @sys: out: everything obtained or reserved: the sum of the *_sys below
 * @nlookup: out: number of lookups
 * @nmalloc: out: number of objects ever allocated
 * @nfree: out: number of objects ever freed
 * @heap_alloc: out: live objects
 * @heap_sys: out: slots of arenas and vmalloc runs, with or without a page
 * @heap_idle: out: of it in no span
 * @heap_inuse: out: of it in spans
 * @heap_released: out: of @heap_idle without a page
 * @heap_objects: out: number of live objects
 * @stacks_inuse: out: manual spans of the sink "stacks"
 * @stacks_sys: out: the same
 * @mspan_inuse: out: span descriptors
 * @mspan_sys: out: pages for them
 * @mcache_inuse: out: magazines
 * @mcache_sys: out: pages for them
 * @buckhash_sys: out: the profile's table
 * @gc_sys: out: arena descriptors and page maps
 * @other_sys: out: the rest
 * @bad_frees: out: number of frees refused
 * @obtained: out: from the page allocator, by a count of its own
 * @peak_held: out: the most @obtained has been
 * @peak_live: out: the most bytes of objects that have been out of central at once:
 *	live ones and, as an upper bound, those in magazines
 * @nuncached: out: number of allocations that no magazine served
 * @refills: out: number of magazines filled
 * @flushes: out: number of magazines emptied
 * @failures: out: number of allocations that found no pages
 * @cuts: out: number of snapshots taken
 * @skew: out: number of differences that verifications found
 * @sinks_sys: out: manual spans of all sinks but "stacks"
 * @stacks_live: out: stack-like buffers handed out
 * @stacks_guarded: out: of them those with guard pages
 * @scav_goal: out: what the background scavenger brings held memory down to
 * @scav_runs: out: number of the scavenger's runs
 * @scav_released: out: bytes that it ever gave back
 * @over_limit: out: number of growths beyond memory_limit
 * @limit_refused: out: number of growths that memory_limit_hard refused
 * @stacks: address of an array of @nr_stacks structs of @class_size bytes for
 *	the figures of the sizes of stack-like buffers, the smallest first
 * @nr_stacks: in: room in @stacks, 0 if they are not wanted; out: sizes there
 *	are, of which as many were written as there was room for
 * @__reserved: must be 0
 *
 * The figures are those of the same names in /sys/kernel/gostat/, bytes unless
 * said otherwise. All are as of one causally consistent cut. EINTR if the caller is killed while it
 * waits for its turn.
 */
struct gostat_ioc_snapshot {
	__u32 size;
	__u32 flags;
	__aligned_u64 classes;
	__u32 nr_classes;
	__u32 class_size;
	__aligned_u64 number;
	__aligned_u64 time_ns;
	__aligned_u64 alloc;
	__aligned_u64 total_alloc;
	__aligned_u64 sys;
	__aligned_u64 nlookup;
	__aligned_u64 nmalloc;
	__aligned_u64 nfree;
	__aligned_u64 heap_alloc;
	__aligned_u64 heap_sys;
	__aligned_u64 heap_idle;
	__aligned_u64 heap_inuse;
	__aligned_u64 heap_released;
	__aligned_u64 heap_objects;
	__aligned_u64 stacks_inuse;
	__aligned_u64 stacks_sys;
	__aligned_u64 mspan_inuse;
	__aligned_u64 mspan_sys;
	__aligned_u64 mcache_inuse;
	__aligned_u64 mcache_sys;
	__aligned_u64 buckhash_sys;
	__aligned_u64 gc_sys;
	__aligned_u64 other_sys;
	__aligned_u64 bad_frees;
	__aligned_u64 obtained;
	__aligned_u64 peak_held;
	__aligned_u64 peak_live;
	__aligned_u64 nuncached;
	__aligned_u64 refills;
	__aligned_u64 flushes;
	__aligned_u64 failures;
	__aligned_u64 cuts;
	__aligned_u64 skew;
	__aligned_u64 sinks_sys;
	__aligned_u64 stacks_live;
	__aligned_u64 stacks_guarded;
	__aligned_u64 scav_goal;
	__aligned_u64 scav_runs;
	__aligned_u64 scav_released;
	__aligned_u64 over_limit;
	__aligned_u64 limit_refused;
	__aligned_u64 stacks;
	__u32 nr_stacks;
	__u32 __reserved;
};

#define GOSTAT_SINK_NAME	32

/**
 * struct gostat_ioc_manual_alloc - ioctl(GOSTAT_IOC_MANUAL_ALLOC)
 * @size: sizeof(struct gostat_ioc_manual_alloc)
 * @flags: must be 0
 * @bytes: bytes wanted, at least 1 (EINVAL); rounded up to pages
 * @usable: out: bytes it has, which are counted against the limits and in the sink
 * @handle: out: the span's handle
 * @__reserved: must be 0
 * @sink: name of a registered sink (ENOENT), NUL-terminated (EINVAL)
 *
 * The memory is zero. It is charged to the memory cgroup of the process that
 * opened the file, in which it was then; at its limit the answer is ENOMEM. The
 * charge goes a moment after the span.
 */
struct gostat_ioc_manual_alloc {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__aligned_u64 usable;
	__u32 handle;
	__u32 __reserved;
	char sink[GOSTAT_SINK_NAME];
};

/**
 * struct gostat_ioc_scavenge - ioctl(GOSTAT_IOC_SCAVENGE)
 * @size: sizeof(struct gostat_ioc_scavenge)
 * @flags: must be 0
 * @released: out: bytes that went back to the page allocator
 *
 * All idle memory goes back, whatever its age; magazines are emptied first.
 * The whole heap is meant, so CAP_SYS_ADMIN is needed (EPERM).
 */
struct gostat_ioc_scavenge {
	__u32 size;
	__u32 flags;
	__aligned_u64 released;
};

/* Flags of GOSTAT_IOC_LIMITS: which limit to set. */
#define GOSTAT_LIMIT_SOFT	(1 << 0) /* memory_limit */
#define GOSTAT_LIMIT_HARD	(1 << 1) /* memory_limit_hard */

/**
 * struct gostat_ioc_limits - ioctl(GOSTAT_IOC_LIMITS)
 * @size: sizeof(struct gostat_ioc_limits)
 * @flags: GOSTAT_LIMIT_*; 0 only reads, and anything else needs CAP_SYS_ADMIN
 *	(EPERM)
 * @memory_limit: bytes that gostat should have from the page allocator, 0 for
 *	no limit; in: with GOSTAT_LIMIT_SOFT; out: what is in force
 * @memory_limit_hard: bytes that it may have at the most; likewise with
 *	GOSTAT_LIMIT_HARD
 *
 * What is idle beyond a limit goes back before the call returns, and from then on
 * before the heap grows beyond it. Beyond the first it grows all the same; beyond
 * the second it does not, and allocations fail (ENOMEM).
 */
struct gostat_ioc_limits {
	__u32 size;
	__u32 flags;
	__aligned_u64 memory_limit;
	__aligned_u64 memory_limit_hard;
};

#endif /* _UAPI_LINUX_GOSTAT_H */
