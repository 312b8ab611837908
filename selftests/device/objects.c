// SPDX-License-Identifier: GPL-2.0
/*
 * objects - what an object of /dev/gostat is: its handle, its size, its bytes.
 * Every error here is of a member's value.
 */
#include "gostat_test.h"

#define LARGE	(100 * 1024)		/* whole pages of one arena */
#define HUGE	(5 * 1024 * 1024)	/* more than an arena */

/* Each kind of object: ends of the table of classes, and the large ones. */
static const __u64 kinds[] = {
	1, 8, 9, 24, 100, 1024, 1025, 4096, 5000, 32768, 32769, LARGE, HUGE,
};

FIXTURE(objects) {
	int fd;
	struct gostat_ioc_info info;
	unsigned char *data;		/* HUGE and a bit */
	__u32 handles[100];
};

FIXTURE_SETUP(objects)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, info(self->fd, &self->info));
	self->data = malloc(HUGE + 65536);
	ASSERT_NE(NULL, self->data);
}

FIXTURE_TEARDOWN(objects)
{
	close(self->fd);
}

/* Handles. */

TEST_F(objects, handles_are_given_in_ascending_order_from_one)
{
	__u32 h, i;

	for (i = 1; i <= 200; i++) {
		ASSERT_EQ(0, alloc(self->fd, i, &h));
		EXPECT_EQ(i, h);
		if (i % 3)
			EXPECT_EQ(0, free_handle(self->fd, h));
	}
}

TEST_F(objects, handle_of_a_freed_object_stays_unknown)
{
	struct gostat_ioc_lookup l;
	__u32 stale, h;
	char c = 0;
	int i;

	ASSERT_EQ(0, alloc(self->fd, 64, &stale));
	ASSERT_EQ(0, free_handle(self->fd, stale));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, alloc(self->fd, 64, &h));
	EXPECT_EQ(-ENOENT, free_handle(self->fd, stale));
	EXPECT_EQ(-ENOENT, lookup(self->fd, stale, 0, &l));
	EXPECT_EQ(-ENOENT, read_object(self->fd, stale, 0, 1, &c));
	EXPECT_EQ(-ENOENT, write_object(self->fd, stale, 0, 1, &c));
	EXPECT_EQ(100, file_objects(self->fd));
}

TEST_F(objects, handles_that_cannot_be_are_enoent)
{
	static const __u32 never[] = {
		0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	struct gostat_ioc_lookup l;
	unsigned int i;
	char c = 0;

	for (i = 0; i < ARRAY_LEN(never); i++) {
		EXPECT_EQ(-ENOENT, free_handle(self->fd, never[i]));
		EXPECT_EQ(-ENOENT, lookup(self->fd, never[i], 0, &l));
		EXPECT_EQ(-ENOENT, read_object(self->fd, never[i], 0, 1, &c));
		EXPECT_EQ(-ENOENT, write_object(self->fd, never[i], 0, 1, &c));
	}
}

TEST_F(objects, handles_of_another_open_file_mean_nothing_here)
{
	struct gostat_ioc_lookup l;
	__u32 h;
	char c = 0;
	int other;

	ASSERT_EQ(0, alloc(self->fd, 64, &h));
	other = open_device();
	ASSERT_LE(0, other);
	EXPECT_EQ(-ENOENT, free_handle(other, h));
	EXPECT_EQ(-ENOENT, lookup(other, h, 0, &l));
	EXPECT_EQ(-ENOENT, read_object(other, h, 0, 1, &c));
	EXPECT_EQ(-ENOENT, write_object(other, h, 0, 1, &c));
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(0, free_handle(self->fd, h));
}

TEST_F(objects, the_same_handle_on_two_open_files_is_two_objects)
{
	__u32 here, there;
	int other;
	char c;

	other = open_device();
	ASSERT_LE(0, other);
	ASSERT_EQ(0, alloc(self->fd, 64, &here));
	ASSERT_EQ(0, alloc(other, 64, &there));
	ASSERT_EQ(here, there);
	ASSERT_EQ(0, write_object(self->fd, here, 0, 1, "h"));
	ASSERT_EQ(0, write_object(other, there, 0, 1, "t"));
	ASSERT_EQ(0, read_object(self->fd, here, 0, 1, &c));
	EXPECT_EQ('h', c);
	ASSERT_EQ(0, close(other));
	ASSERT_EQ(0, read_object(self->fd, here, 0, 1, &c));
	EXPECT_EQ('h', c);
}

/* Sizes. */

TEST_F(objects, no_bytes_is_einval)
{
	__u32 h;

	EXPECT_EQ(-EINVAL, alloc(self->fd, 0, &h));
	EXPECT_EQ(0, file_objects(self->fd));
}

TEST_F(objects, more_bytes_than_a_number_can_say_is_eoverflow)
{
	__u32 h;

	EXPECT_EQ(-EOVERFLOW, alloc(self->fd, ~0ULL, &h));
	EXPECT_EQ(-EOVERFLOW, alloc(self->fd, ~0ULL - 4095, &h));
	EXPECT_EQ(0, file_bytes(self->fd));
}

/* A page or two less: a number, but nobody may have as much. */
TEST_F(objects, more_bytes_than_there_are_is_edquot)
{
	__u32 h;

	EXPECT_EQ(-EDQUOT, alloc(self->fd, ~0ULL - 0x20000, &h));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, 1ULL << 63, &h));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, 1ULL << 50, &h));
	EXPECT_EQ(0, file_bytes(self->fd));
}

/* Every small size, and that what is charged is what there is. */
TEST_F(objects, usable_bytes_are_told_charged_and_enough)
{
	struct gostat_ioc_alloc a;
	__u64 n;

	for (n = 1; n <= self->info.max_small + 4096; n += 1 + n / 100) {
		a = (struct gostat_ioc_alloc){ .size = sizeof(a), .bytes = n };
		ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_ALLOC, &a));
		ASSERT_LE(n, a.usable);
		ASSERT_EQ(a.usable, usable_bytes(self->fd, a.handle));
		ASSERT_EQ(a.usable, file_bytes(self->fd));
		ASSERT_EQ(0, free_handle(self->fd, a.handle));
		ASSERT_EQ(0, file_bytes(self->fd));
	}
}

/* Looking up. */

TEST_F(objects, every_byte_is_found_to_be_of_its_object)
{
	struct gostat_ioc_lookup l;
	__u64 offset, n;
	unsigned int i;
	__u32 h;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		ASSERT_EQ(0, alloc(self->fd, kinds[i], &h));
		n = usable_bytes(self->fd, h);
		ASSERT_LE(kinds[i], n);
		for (offset = 0; offset < n; offset += 1 + n / 61) {
			ASSERT_EQ(0, lookup(self->fd, h, offset, &l));
			ASSERT_EQ(0, l.base);
			ASSERT_EQ(offset, l.object_offset);
			ASSERT_EQ(n, l.usable);
		}
		EXPECT_EQ(0, lookup(self->fd, h, n - 1, &l));
		EXPECT_EQ(-EINVAL, lookup(self->fd, h, n, &l));
		EXPECT_EQ(-EINVAL, lookup(self->fd, h, ~0ULL, &l));
	}
}

TEST_F(objects, class_and_span_are_of_this_size)
{
	struct gostat_ioc_lookup l;
	unsigned int i, last = 0;
	__u32 h;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		ASSERT_EQ(0, alloc(self->fd, kinds[i], &h));
		ASSERT_EQ(0, lookup(self->fd, h, 0, &l));
		EXPECT_LT(l.class_id, self->info.nr_classes);
		EXPECT_LE(l.usable, (__u64)l.span_pages *
				    self->info.page_size);
		if (kinds[i] > self->info.max_small) {
			EXPECT_EQ(0, l.class_id);
			EXPECT_EQ(l.usable, (__u64)l.span_pages *
					    self->info.page_size);
		} else {
			EXPECT_LE(last, l.class_id);
			last = l.class_id;
		}
	}
}

/* Bytes. */

TEST_F(objects, what_was_written_is_read)
{
	unsigned char *back = malloc(HUGE + 65536);
	__u64 n, b;
	unsigned int i;
	__u32 h;

	ASSERT_NE(NULL, back);
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		ASSERT_EQ(0, alloc(self->fd, kinds[i], &h));
		n = usable_bytes(self->fd, h);
		for (b = 0; b < n; b++)
			self->data[b] = b * 31 + (b >> 8) + i;
		ASSERT_EQ(0, write_object(self->fd, h, 0, n, self->data));
		memset(back, 0, n);
		ASSERT_EQ(0, read_object(self->fd, h, 0, n, back));
		EXPECT_EQ(0, memcmp(self->data, back, n));
		/* An odd piece from the middle. */
		ASSERT_EQ(0, read_object(self->fd, h, n / 3, n / 2, back));
		EXPECT_EQ(0, memcmp(self->data + n / 3, back, n / 2));
	}
}

static int fill_and_free(int fd, __u64 n, unsigned char *data, int times)
{
	__u32 h;
	int err = 0;

	memset(data, 0xee, n);
	while (times-- && !err)
		err = alloc(fd, n, &h) ?: write_object(fd, h, 0, n, data) ?:
		      free_handle(fd, h);
	return err;
}

TEST_F(objects, nobody_reads_what_the_last_owner_wrote)
{
	static const __u32 flags[] = { 0, GOSTAT_ALLOC_ZERO };
	unsigned int i, f, times;
	__u64 n;
	__u32 h;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		n = kinds[i];
		times = n > LARGE ? 1 : 20;
		ASSERT_EQ(0, fill_and_free(self->fd, n, self->data, times));
		for (f = 0; f < 2 * times; f++) {
			ASSERT_EQ(0, alloc_flags(self->fd, n, flags[f % 2],
						 &h));
			ASSERT_EQ(0, read_object(self->fd, h, 0,
						 usable_bytes(self->fd, h),
						 self->data));
			ASSERT_EQ(true, all_bytes_are(self->data, 0, n));
		}
	}
}

TEST_F(objects, bytes_beside_a_write_stay_zero)
{
	__u64 n;
	unsigned int i;
	__u32 h;

	for (i = 1; i < ARRAY_LEN(kinds); i++) {
		n = kinds[i];
		ASSERT_EQ(0, fill_and_free(self->fd, n, self->data, 3));
		ASSERT_EQ(0, alloc(self->fd, n, &h));
		ASSERT_EQ(0, write_object(self->fd, h, n / 2, 1, "x"));
		ASSERT_EQ(0, read_object(self->fd, h, 0, n, self->data));
		EXPECT_EQ('x', self->data[n / 2]);
		self->data[n / 2] = 0;
		EXPECT_EQ(true, all_bytes_are(self->data, 0, n));
	}
}

TEST_F(objects, objects_do_not_overlap)
{
	__u32 n, done, i;
	unsigned int kind;
	__u64 size;

	for (kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		n = kinds[kind] > LARGE ? 3 : 100;
		ASSERT_EQ(0, alloc_batch(self->fd, n, kinds[kind], NULL,
					 self->handles, &done));
		size = usable_bytes(self->fd, self->handles[0]);
		for (i = 0; i < n; i++) {
			memset(self->data, i + 1, size);
			ASSERT_EQ(0, write_object(self->fd, self->handles[i],
						  0, size, self->data));
		}
		for (i = 0; i < n; i++) {
			ASSERT_EQ(0, read_object(self->fd, self->handles[i],
						 0, size, self->data));
			ASSERT_EQ(true, all_bytes_are(self->data, i + 1, size));
		}
		ASSERT_EQ(0, free_batch(self->fd, n, self->handles, &done));
	}
}

TEST_F(objects, bytes_beyond_the_object_are_einval)
{
	__u64 n;
	unsigned int i;
	__u32 h;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		ASSERT_EQ(0, alloc(self->fd, kinds[i], &h));
		n = usable_bytes(self->fd, h);
		EXPECT_EQ(0, read_object(self->fd, h, n - 1, 1, self->data));
		EXPECT_EQ(-EINVAL, read_object(self->fd, h, n, 1, self->data));
		EXPECT_EQ(-EINVAL, read_object(self->fd, h, 0, n + 1,
					       self->data));
		EXPECT_EQ(-EINVAL, read_object(self->fd, h, ~0ULL, 0,
					       self->data));
		EXPECT_EQ(0, write_object(self->fd, h, n - 1, 1, self->data));
		EXPECT_EQ(-EINVAL, write_object(self->fd, h, n, 1, self->data));
		EXPECT_EQ(-EINVAL, write_object(self->fd, h, 0, n + 1,
						self->data));
	}
}

TEST_F(objects, end_that_is_no_number_is_eoverflow)
{
	__u32 h;

	ASSERT_EQ(0, alloc(self->fd, 64, &h));
	EXPECT_EQ(-EOVERFLOW, read_object(self->fd, h, 1, ~0ULL, self->data));
	EXPECT_EQ(-EOVERFLOW, write_object(self->fd, h, ~0ULL, 1, self->data));
}

TEST_F(objects, transfer_of_nothing_still_checks)
{
	__u32 h;
	__u64 n;

	ASSERT_EQ(0, alloc(self->fd, 64, &h));
	n = usable_bytes(self->fd, h);
	EXPECT_EQ(0, read_object(self->fd, h, 0, 0, NULL));
	EXPECT_EQ(0, write_object(self->fd, h, n, 0, NULL));
	EXPECT_EQ(-EINVAL, read_object(self->fd, h, n + 1, 0, NULL));
	EXPECT_EQ(-ENOENT, read_object(self->fd, h + 1, 0, 0, NULL));
}

TEST_F(objects, bad_address_of_bytes_is_efault)
{
	size_t page = self->info.page_size;
	char *p = pages_before_a_hole(1);
	__u32 h;

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, alloc(self->fd, 3 * page, &h));
	EXPECT_EQ(-EFAULT, read_object(self->fd, h, 0, 8, NULL));
	EXPECT_EQ(-EFAULT, write_object(self->fd, h, 0, 8, NULL));
	EXPECT_EQ(-EFAULT, read_object(self->fd, h, 0, 8, p + page - 7));
	EXPECT_EQ(-EFAULT, write_object(self->fd, h, 0, 8, p + page - 7));
	EXPECT_EQ(-EFAULT, read_object(self->fd, h, 0, 2 * page, p));
	EXPECT_EQ(-EFAULT, read_object(self->fd, h, 0, 8,
				       (void *)0xffff888000001000UL));
	EXPECT_EQ(-EFAULT, write_object(self->fd, h, 0, 8,
					(void *)0xffffffff81000000UL));
	EXPECT_EQ(0, read_object(self->fd, h, 0, page, p));
}

/* Flags. */

TEST_F(objects, atomic_allocates_up_to_an_arena)
{
	__u64 most = self->info.max_atomic;
	unsigned int i;
	__u32 h;
	int err;

	for (i = 0; kinds[i] <= 4096; i++)
		EXPECT_EQ(0, alloc_flags(self->fd, kinds[i],
					 GOSTAT_ALLOC_ATOMIC, &h));
	/* Without waiting it may fail, but it is not refused. */
	err = alloc_flags(self->fd, most, GOSTAT_ALLOC_ATOMIC, &h);
	EXPECT_EQ(true, !err || err == -ENOMEM);
	EXPECT_EQ(-EOPNOTSUPP, alloc_flags(self->fd, most + 1,
					   GOSTAT_ALLOC_ATOMIC, &h));
	EXPECT_EQ(0, alloc_flags(self->fd, most + 1, 0, &h));
}

/* Nothing that is written into a struct is near where the kernel lives. */
TEST_F(objects, no_answer_holds_an_address)
{
	struct gostat_ioc_alloc a = { .size = sizeof(a) };
	union {
		struct gostat_ioc_lookup l;
		__u64 word[sizeof(struct gostat_ioc_lookup) / 8];
	} u;
	unsigned int i, w;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		a.bytes = kinds[i];
		ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_ALLOC, &a));
		EXPECT_GT(1U << 30, a.usable);
		EXPECT_GT(1U << 30, a.handle);
		ASSERT_EQ(0, lookup(self->fd, a.handle, a.usable / 2, &u.l));
		for (w = 0; w < ARRAY_LEN(u.word); w++)
			EXPECT_GT(1ULL << 46, u.word[w]);
	}
}

TEST_HARNESS_MAIN
