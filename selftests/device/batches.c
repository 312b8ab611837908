// SPDX-License-Identifier: GPL-2.0
/*
 * batches - many objects of /dev/gostat with one command: that "done" is true
 * wherever a batch stops, and that a stop is where it must be. Commands work in
 * chunks of 32; the places tried are on both sides of their ends.
 */
#include "gostat_test.h"

#define LARGE	(100 * 1024)	/* whole pages of one arena */

FIXTURE(batches) {
	int fd;
	struct gostat_ioc_info info;
	__u32 *handles;		/* max_batch + 1 */
	__u64 *sizes;		/* max_batch + 1 */
	char data[512];
};

FIXTURE_SETUP(batches)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, info(self->fd, &self->info));
	self->handles = calloc(self->info.max_batch + 1, sizeof(__u32));
	self->sizes = calloc(self->info.max_batch + 1, sizeof(__u64));
	ASSERT_NE(NULL, self->handles);
	ASSERT_NE(NULL, self->sizes);
}

FIXTURE_TEARDOWN(batches)
{
	close(self->fd);
}

TEST_F(batches, of_any_length_is_done_whole)
{
	const __u32 lengths[] = {
		1, 2, 31, 32, 33, 63, 64, 65, 1000, self->info.max_batch,
	};
	__u32 n, done, i;
	unsigned int l;

	for (l = 0; l < ARRAY_LEN(lengths); l++) {
		n = lengths[l];
		ASSERT_EQ(0, alloc_batch(self->fd, n, 40, NULL, self->handles,
					 &done));
		EXPECT_EQ(n, done);
		EXPECT_EQ(n, file_objects(self->fd));
		for (i = 1; i < n; i++)
			ASSERT_EQ(self->handles[i - 1] + 1, self->handles[i]);
		EXPECT_EQ(0, self->handles[n]);
		ASSERT_EQ(0, free_batch(self->fd, n, self->handles, &done));
		EXPECT_EQ(n, done);
		EXPECT_EQ(0, file_objects(self->fd));
		EXPECT_EQ(0, file_bytes(self->fd));
		memset(self->handles, 0, n * sizeof(__u32));
	}
}

TEST_F(batches, of_sizes_gives_each_its_size)
{
	__u32 n = 500, done, i;

	for (i = 0; i < n; i++)
		self->sizes[i] = 1 + i * 97 % 40000;
	ASSERT_EQ(0, alloc_batch(self->fd, n, 0, self->sizes, self->handles,
				 &done));
	EXPECT_EQ(n, done);
	for (i = 0; i < n; i++)
		ASSERT_LE(self->sizes[i], usable_bytes(self->fd, self->handles[i]));
	/* In another order than they came. */
	for (i = 0; i < n / 2; i++) {
		__u32 h = self->handles[i];

		self->handles[i] = self->handles[n - 1 - i];
		self->handles[n - 1 - i] = h;
	}
	EXPECT_EQ(0, free_batch(self->fd, n, self->handles, &done));
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(batches, with_flags_reads_zero)
{
	__u32 n = 100, h, i;
	struct gostat_ioc_alloc_batch b = {
		.size = sizeof(b),
		.flags = GOSTAT_ALLOC_ZERO | GOSTAT_ALLOC_ATOMIC,
		.bytes = 512,
		.handles = (uintptr_t)self->handles,
		.count = n,
	};

	memset(self->data, 0xee, sizeof(self->data));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, alloc(self->fd, 512, &h));
		ASSERT_EQ(0, write_object(self->fd, h, 0, 512, self->data));
		ASSERT_EQ(0, free_handle(self->fd, h));
	}
	ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_ALLOC_BATCH, &b));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, read_object(self->fd, self->handles[i], 0, 512,
					 self->data));
		ASSERT_EQ(true, all_bytes_are(self->data, 0, 512));
	}
}

TEST_F(batches, of_large_objects)
{
	__u32 done;

	ASSERT_EQ(0, alloc_batch(self->fd, 40, LARGE, NULL, self->handles,
				 &done));
	EXPECT_EQ(40, done);
	EXPECT_EQ(0, free_batch(self->fd, 40, self->handles, &done));
	EXPECT_EQ(40, done);
}

TEST_F(batches, length_out_of_range_is_einval)
{
	__u32 most = self->info.max_batch, done;

	EXPECT_EQ(-EINVAL, alloc_batch(self->fd, 0, 8, NULL, self->handles,
				       &done));
	EXPECT_EQ(-EINVAL, alloc_batch(self->fd, most + 1, 8, NULL,
				       self->handles, &done));
	EXPECT_EQ(-EINVAL, alloc_batch(self->fd, ~0U, 8, NULL, self->handles,
				       &done));
	EXPECT_EQ(-EINVAL, free_batch(self->fd, 0, self->handles, &done));
	EXPECT_EQ(-EINVAL, free_batch(self->fd, most + 1, self->handles,
				      &done));
	EXPECT_EQ(0, file_objects(self->fd));
}

TEST_F(batches, wants_one_size_or_an_array_of_them)
{
	__u32 done;

	self->sizes[0] = 8;
	EXPECT_EQ(-EINVAL, alloc_batch(self->fd, 1, 8, self->sizes,
				       self->handles, &done));
	EXPECT_EQ(-EINVAL, alloc_batch(self->fd, 1, 0, NULL, self->handles,
				       &done));
	EXPECT_EQ(0, file_objects(self->fd));
}

/* Sizes that are refused, at both ends of a chunk and inside. */
TEST_F(batches, stops_at_the_first_size_it_cannot_have)
{
	static const __u32 places[] = { 0, 1, 30, 31, 32, 33, 70, 99 };
	static const struct { __u64 size; int err; } bad[] = {
		{ 0, EINVAL }, { ~0ULL, EOVERFLOW }, { 1ULL << 50, EDQUOT },
	};
	__u32 n = 100, done, i;
	unsigned int p, b;

	for (i = 0; i < n; i++)
		self->sizes[i] = 100;
	for (p = 0; p < ARRAY_LEN(places); p++) {
		for (b = 0; b < ARRAY_LEN(bad); b++) {
			self->sizes[places[p]] = bad[b].size;
			ASSERT_EQ(-bad[b].err,
				  alloc_batch(self->fd, n, 0, self->sizes,
					      self->handles, &done));
			ASSERT_EQ(places[p], done);
			ASSERT_EQ(done, file_objects(self->fd));
			if (done)
				ASSERT_EQ(0, free_batch(self->fd, done,
							self->handles, &done));
			ASSERT_EQ(0, file_bytes(self->fd));
		}
		self->sizes[places[p]] = 100;
	}
}

TEST_F(batches, keeps_what_it_could_report)
{
	size_t page = self->info.page_size;
	__u32 room = 40, done;
	char *p = pages_before_a_hole(1);
	__u32 *handles = (void *)(p + page - room * sizeof(__u32));

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EFAULT, alloc_batch(self->fd, 100, 8, NULL, handles, &done));
	EXPECT_GE(room, done);
	EXPECT_EQ(done, file_objects(self->fd));
	if (done)
		EXPECT_EQ(0, free_batch(self->fd, done, handles, &done));
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(batches, with_sizes_that_end_in_a_hole_is_efault)
{
	size_t page = self->info.page_size;
	__u32 room = 40, done, i;
	char *p = pages_before_a_hole(1);
	__u64 *sizes = (void *)(p + page - room * sizeof(__u64));

	ASSERT_NE(NULL, p);
	for (i = 0; i < room; i++)
		sizes[i] = 8;
	EXPECT_EQ(-EFAULT, alloc_batch(self->fd, 100, 0, sizes, self->handles,
				       &done));
	EXPECT_GE(room, done);
	EXPECT_EQ(done, file_objects(self->fd));
}

TEST_F(batches, free_batch_stops_at_the_first_unknown_handle)
{
	static const __u32 places[] = { 0, 1, 31, 32, 99 };
	__u32 n = 100, done, saved, left;
	unsigned int p;

	for (p = 0; p < ARRAY_LEN(places); p++) {
		ASSERT_EQ(0, alloc_batch(self->fd, n, 48, NULL, self->handles,
					 &done));
		saved = self->handles[places[p]];
		self->handles[places[p]] = 0;
		ASSERT_EQ(-ENOENT, free_batch(self->fd, n, self->handles,
					      &done));
		ASSERT_EQ(places[p], done);
		ASSERT_EQ(n - done, file_objects(self->fd));
		self->handles[places[p]] = saved;
		left = n - done;
		ASSERT_EQ(0, free_batch(self->fd, left, self->handles + done,
					&done));
		ASSERT_EQ(left, done);
	}
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(batches, free_batch_finds_a_handle_given_twice)
{
	__u32 done;

	ASSERT_EQ(0, alloc_batch(self->fd, 50, 48, NULL, self->handles, &done));
	self->handles[45] = self->handles[44];
	EXPECT_EQ(-ENOENT, free_batch(self->fd, 50, self->handles, &done));
	EXPECT_EQ(45, done);
	EXPECT_EQ(5, file_objects(self->fd));
}

TEST_F(batches, free_batch_that_ends_in_a_hole_is_efault)
{
	size_t page = self->info.page_size;
	__u32 room = 40, done, freed;
	char *p = pages_before_a_hole(1);
	__u32 *handles = (void *)(p + page - room * sizeof(__u32));

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, alloc_batch(self->fd, room, 8, NULL, handles, &done));
	EXPECT_EQ(-EFAULT, free_batch(self->fd, 100, handles, &freed));
	EXPECT_GE(room, freed);
	EXPECT_EQ(room - freed, file_objects(self->fd));
}

TEST_HARNESS_MAIN
