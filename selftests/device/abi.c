// SPDX-License-Identifier: GPL-2.0
/*
 * abi - what holds for every command of /dev/gostat: numbers, sizes, flags,
 * reserved members, bad addresses, and 32-bit callers.
 *
 * Each test takes input that is valid, which is_accepted proves, and spoils
 * one thing. Where a struct has members of a kind is told by the variants.
 */
#include "gostat_test.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>

#define COUNT	3	/* objects of a batch */
#define HANDLES	(COUNT + 2)	/* a span and a stack-like buffer beside them */
#define NONE	(~0U)	/* a struct without a member of this kind */

/* A struct, room to grow, and what it may point to. */
struct request {
	union {
		unsigned char bytes[2 * 4096];
		__u32 size;
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
	__u32 handles[COUNT], span, stack;
	struct gostat_class_figures classes[2], stacks[2];
	char data[64];
};

FIXTURE(command) {
	int fd;
	struct request *r;
};

FIXTURE_VARIANT(command) {
	unsigned int number;
	unsigned int size;
	unsigned int first;	/* bytes of the first version, if it has grown */
	unsigned int flags_known;
	unsigned int reserved;	/* offset of the reserved member */
	bool writes;		/* the struct, when it succeeds */
};

#define ALLOC_FLAGS	(GOSTAT_ALLOC_ZERO | GOSTAT_ALLOC_ATOMIC)

FIXTURE_VARIANT_ADD(command, info) {
	.number = GOSTAT_IOC_INFO,
	.size = sizeof(struct gostat_ioc_info),
	.reserved = NONE,
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, alloc) {
	.number = GOSTAT_IOC_ALLOC,
	.size = sizeof(struct gostat_ioc_alloc),
	.flags_known = ALLOC_FLAGS,
	.reserved = offsetof(struct gostat_ioc_alloc, __reserved),
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, free) {
	.number = GOSTAT_IOC_FREE,
	.size = sizeof(struct gostat_ioc_free),
	.reserved = offsetof(struct gostat_ioc_free, __reserved),
};

FIXTURE_VARIANT_ADD(command, alloc_batch) {
	.number = GOSTAT_IOC_ALLOC_BATCH,
	.size = sizeof(struct gostat_ioc_alloc_batch),
	.flags_known = ALLOC_FLAGS,
	.reserved = NONE,
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, free_batch) {
	.number = GOSTAT_IOC_FREE_BATCH,
	.size = sizeof(struct gostat_ioc_free_batch),
	.reserved = NONE,
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, lookup) {
	.number = GOSTAT_IOC_LOOKUP,
	.size = sizeof(struct gostat_ioc_lookup),
	.reserved = offsetof(struct gostat_ioc_lookup, __reserved),
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, read) {
	.number = GOSTAT_IOC_READ,
	.size = sizeof(struct gostat_ioc_io),
	.reserved = offsetof(struct gostat_ioc_io, __reserved),
};

FIXTURE_VARIANT_ADD(command, write) {
	.number = GOSTAT_IOC_WRITE,
	.size = sizeof(struct gostat_ioc_io),
	.reserved = offsetof(struct gostat_ioc_io, __reserved),
};

FIXTURE_VARIANT_ADD(command, snapshot) {
	.number = GOSTAT_IOC_SNAPSHOT,
	.size = sizeof(struct gostat_ioc_snapshot),
	.first = offsetof(struct gostat_ioc_snapshot, stacks_live),
	.reserved = offsetof(struct gostat_ioc_snapshot, __reserved),
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, manual_alloc) {
	.number = GOSTAT_IOC_MANUAL_ALLOC,
	.size = sizeof(struct gostat_ioc_manual_alloc),
	.reserved = offsetof(struct gostat_ioc_manual_alloc, __reserved),
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, manual_free) {
	.number = GOSTAT_IOC_MANUAL_FREE,
	.size = sizeof(struct gostat_ioc_free),
	.reserved = offsetof(struct gostat_ioc_free, __reserved),
};

FIXTURE_VARIANT_ADD(command, stack_alloc) {
	.number = GOSTAT_IOC_STACK_ALLOC,
	.size = sizeof(struct gostat_ioc_alloc),
	.flags_known = ALLOC_FLAGS,
	.reserved = offsetof(struct gostat_ioc_alloc, __reserved),
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, stack_free) {
	.number = GOSTAT_IOC_STACK_FREE,
	.size = sizeof(struct gostat_ioc_free),
	.reserved = offsetof(struct gostat_ioc_free, __reserved),
};

FIXTURE_VARIANT_ADD(command, scavenge) {
	.number = GOSTAT_IOC_SCAVENGE,
	.size = sizeof(struct gostat_ioc_scavenge),
	.reserved = NONE,
	.writes = true,
};

FIXTURE_VARIANT_ADD(command, limits) {
	.number = GOSTAT_IOC_LIMITS,
	.size = sizeof(struct gostat_ioc_limits),
	.flags_known = GOSTAT_LIMIT_SOFT | GOSTAT_LIMIT_HARD,
	.reserved = NONE,
	.writes = true,
};

static void fill_io(struct request *r)
{
	r->io.handle = r->handles[0];
	r->io.length = sizeof(r->data);
	r->io.data = (uintptr_t)r->data;
}

static void fill(struct request *r, unsigned int number, unsigned int size)
{
	memset(r->bytes, 0, sizeof(r->bytes));
	r->size = size;
	switch (number) {
	case GOSTAT_IOC_ALLOC:
	case GOSTAT_IOC_STACK_ALLOC:
		r->alloc.bytes = 100;
		break;
	case GOSTAT_IOC_MANUAL_ALLOC:
		r->manual_alloc.bytes = 100;
		memcpy(r->manual_alloc.sink, "stacks", sizeof("stacks"));
		break;
	case GOSTAT_IOC_MANUAL_FREE:
		r->free.handle = r->span;
		break;
	case GOSTAT_IOC_STACK_FREE:
		r->free.handle = r->stack;
		break;
	case GOSTAT_IOC_FREE:
		r->free.handle = r->handles[0];
		break;
	case GOSTAT_IOC_ALLOC_BATCH:
		r->alloc_batch.bytes = 100;
		r->alloc_batch.count = COUNT;
		r->alloc_batch.handles = (uintptr_t)r->handles;
		break;
	case GOSTAT_IOC_FREE_BATCH:
		r->free_batch.count = COUNT;
		r->free_batch.handles = (uintptr_t)r->handles;
		break;
	case GOSTAT_IOC_LOOKUP:
		r->lookup.handle = r->handles[0];
		break;
	case GOSTAT_IOC_READ:
	case GOSTAT_IOC_WRITE:
		fill_io(r);
		break;
	case GOSTAT_IOC_SNAPSHOT:
		r->snapshot.classes = (uintptr_t)r->classes;
		r->snapshot.nr_classes = ARRAY_LEN(r->classes);
		r->snapshot.class_size = sizeof(r->classes[0]);
		r->snapshot.stacks = (uintptr_t)r->stacks;
		r->snapshot.nr_stacks = ARRAY_LEN(r->stacks);
		break;
	}
}

/* Below 4 GiB, where a 32-bit caller's memory is. */
FIXTURE_SETUP(command)
{
	__u32 done;

	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	self->r = mmap(NULL, sizeof(*self->r), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, self->r);
	ASSERT_EQ(0, alloc_batch(self->fd, COUNT, 64, NULL, self->r->handles,
				 &done));
	ASSERT_EQ(0, manual_alloc(self->fd, 1, "stacks", &self->r->span));
	ASSERT_EQ(0, stack_alloc(self->fd, 1, &self->r->stack));
	fill(self->r, variant->number, variant->size);
}

FIXTURE_TEARDOWN(command)
{
	close(self->fd);
}

/* Whatever is spoiled, nothing happens to the objects. */
#define EXPECT_REFUSED(err) do {					\
	EXPECT_EQ(-(err), call(self->fd, variant->number, self->r));	\
	EXPECT_EQ(HANDLES, file_objects(self->fd));				\
} while (0)

TEST_F(command, is_accepted)
{
	EXPECT_EQ(0, call(self->fd, variant->number, self->r));
}

TEST_F(command, struct_shorter_than_the_first_version_is_einval)
{
	self->r->size = (variant->first ?: variant->size) - 1;
	EXPECT_REFUSED(EINVAL);
	self->r->size = sizeof(__u32);
	EXPECT_REFUSED(EINVAL);
	self->r->size = 0;
	EXPECT_REFUSED(EINVAL);
}

TEST_F(command, struct_of_the_first_version_is_accepted)
{
	if (variant->first)
		memset(self->r->bytes + variant->first, 0xa5, 64);
	self->r->size = variant->first ?: variant->size;
	EXPECT_EQ(0, call(self->fd, variant->number, self->r));
	if (variant->first)
		EXPECT_EQ(true, all_bytes_are(self->r->bytes + variant->first,
					      0xa5, 64));
}

TEST_F(command, longer_struct_is_accepted_while_it_is_zero)
{
	self->r->size = variant->size + 64;
	EXPECT_EQ(0, call(self->fd, variant->number, self->r));
	EXPECT_EQ(true, all_bytes_are(self->r->bytes + variant->size, 0, 64));
}

TEST_F(command, a_page_is_the_longest_struct)
{
	self->r->size = sysconf(_SC_PAGESIZE);
	EXPECT_EQ(0, call(self->fd, variant->number, self->r));
}

TEST_F(command, struct_longer_than_a_page_is_e2big)
{
	self->r->size = sysconf(_SC_PAGESIZE) + 1;
	EXPECT_REFUSED(E2BIG);
	self->r->size = ~0U;
	EXPECT_REFUSED(E2BIG);
}

TEST_F(command, first_unknown_byte_not_zero_is_e2big)
{
	self->r->size = variant->size + 64;
	self->r->bytes[variant->size] = 1;
	EXPECT_REFUSED(E2BIG);
}

TEST_F(command, last_unknown_byte_not_zero_is_e2big)
{
	self->r->size = variant->size + 64;
	self->r->bytes[variant->size + 63] = 1;
	EXPECT_REFUSED(E2BIG);
}

TEST_F(command, each_unknown_flag_is_einval)
{
	__u32 *flags = (__u32 *)(self->r->bytes + sizeof(__u32));
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->flags_known & 1U << bit)
			continue;
		*flags = 1U << bit;
		EXPECT_REFUSED(EINVAL);
	}
}

TEST_F(command, reserved_member_not_zero_is_einval)
{
	unsigned int i;

	if (variant->reserved == NONE)
		return;
	for (i = 0; i < sizeof(__u32); i++) {
		fill(self->r, variant->number, variant->size);
		self->r->bytes[variant->reserved + i] = 1;
		EXPECT_REFUSED(EINVAL);
	}
}

TEST_F(command, no_struct_is_efault)
{
	EXPECT_EQ(-EFAULT, call(self->fd, variant->number, NULL));
	EXPECT_EQ(HANDLES, file_objects(self->fd));
}

TEST_F(command, struct_at_a_kernel_address_is_efault)
{
	EXPECT_EQ(-EFAULT, call(self->fd, variant->number,
				(void *)0xffff888000001000UL));
	EXPECT_EQ(HANDLES, file_objects(self->fd));
}

TEST_F(command, struct_that_ends_in_a_hole_is_efault)
{
	unsigned char *p = pages_before_a_hole(1);

	ASSERT_NE(NULL, p);
	p += sysconf(_SC_PAGESIZE) - variant->size + 1;
	memcpy(p, self->r->bytes, variant->size - 1);
	EXPECT_EQ(-EFAULT, call(self->fd, variant->number, p));
	EXPECT_EQ(HANDLES, file_objects(self->fd));
}

/* FREE, READ and WRITE write no struct, so they do not mind. */
TEST_F(command, struct_that_cannot_be_written_is_efault)
{
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	memcpy(p, self->r->bytes, variant->size);
	ASSERT_EQ(0, mprotect(p, page, PROT_READ));
	if (!variant->writes) {
		EXPECT_EQ(0, call(self->fd, variant->number, p));
		return;
	}
	EXPECT_EQ(-EFAULT, call(self->fd, variant->number, p));
	EXPECT_EQ(HANDLES, file_objects(self->fd));
}

TEST_F(command, number_with_a_size_or_direction_is_enotty)
{
	unsigned int nr = _IOC_NR(variant->number);

	EXPECT_EQ(-ENOTTY, call(self->fd, _IO('g', nr), self->r));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IOW(GOSTAT_IOC_TYPE, nr, char),
				self->r));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IOR(GOSTAT_IOC_TYPE, nr, __u64),
				self->r));
	EXPECT_EQ(HANDLES, file_objects(self->fd));
}

#ifdef __x86_64__
/*
 * The system call of a 32-bit program, which a 64-bit one can make too. Where
 * the kernel does not have it, the instruction is a fault.
 */
static int compat_call(int fd, unsigned int number, void *arg)
{
	int ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54 /* ioctl */), "b" (fd), "c" (number),
		       "d" ((__u32)(uintptr_t)arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static bool have_compat(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(compat_call(-1, 0, NULL) != -EBADF);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

TEST_F(command, is_the_same_for_a_32_bit_caller)
{
	if (!have_compat())
		SKIP(return, "this kernel has no 32-bit system calls");
	EXPECT_EQ(0, compat_call(self->fd, variant->number, self->r));
	fill(self->r, variant->number, variant->size);
	self->r->size = (variant->first ?: variant->size) - 1;
	EXPECT_EQ(-EINVAL, compat_call(self->fd, variant->number, self->r));
}
#endif

/* What is true of the device as such. */

FIXTURE(device) {
	int fd;
};

FIXTURE_SETUP(device)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

TEST_F(device, unknown_commands_are_enotty)
{
	unsigned int nr;

	for (nr = _IOC_NR(GOSTAT_IOC_LIMITS) + 1; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY, call(self->fd, _IO(GOSTAT_IOC_TYPE, nr),
					NULL));
}

TEST_F(device, info_of_a_shorter_future_is_not_written_beyond_its_size)
{
	struct {
		struct gostat_ioc_info info;
		unsigned char behind[64];
	} r;

	memset(&r, 0, sizeof(r));
	r.info.size = sizeof(r.info);
	memset(r.behind, 0xa5, sizeof(r.behind));
	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_INFO, &r.info));
	EXPECT_EQ(true, all_bytes_are(r.behind, 0xa5, sizeof(r.behind)));
	EXPECT_EQ(sizeof(r.info), r.info.size);
}

TEST_F(device, info_tells_the_facts)
{
	struct gostat_ioc_info i;

	ASSERT_EQ(0, info(self->fd, &i));
	EXPECT_EQ(GOSTAT_FEATURE_BATCH | GOSTAT_FEATURE_IO |
		  GOSTAT_FEATURE_LOOKUP | GOSTAT_FEATURE_SNAPSHOT |
		  GOSTAT_FEATURE_MANUAL | GOSTAT_FEATURE_STACK |
		  GOSTAT_FEATURE_SCAVENGE, i.features);
	EXPECT_EQ(GOSTAT_ABI_VERSION, i.abi_version);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), i.page_size);
	EXPECT_LT(10, i.nr_classes);
	EXPECT_LE(i.page_size, i.max_small);
	EXPECT_LT(0, i.max_batch);
	EXPECT_LE(i.max_small, i.max_atomic);
	EXPECT_LT(0, i.file_limit);
	EXPECT_LE(i.file_limit, i.total_limit);
	EXPECT_EQ(0, i.file_bytes);
	EXPECT_EQ(0, i.file_objects);
}

TEST_F(device, failed_call_does_not_write_the_struct)
{
	struct gostat_ioc_alloc alloc, before;

	memset(&alloc, 0x5a, sizeof(alloc));
	alloc.size = sizeof(alloc);
	alloc.flags = 0;
	alloc.bytes = 0;
	alloc.__reserved = 0;
	before = alloc;
	EXPECT_EQ(-EINVAL, call(self->fd, GOSTAT_IOC_ALLOC, &alloc));
	EXPECT_EQ(0, memcmp(&before, &alloc, sizeof(alloc)));
}

TEST_F(device, cannot_be_read_or_written)
{
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
