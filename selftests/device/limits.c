// SPDX-License-Identifier: GPL-2.0
/*
 * limits - the byte limits of one open file and of all of them.
 *
 * Limits are module parameters; each test sets its own and puts back what was
 * there. Everything is counted in usable bytes.
 */
#include "gostat_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define FILE_LIMIT	PARAMETERS "device_file_limit"
#define TOTAL_LIMIT	PARAMETERS "device_total_limit"

#define UNIT	1024	/* a size class of its own: usable is 1024 */

FIXTURE(limits) {
	int fd, other;
	__u64 file_limit, total_limit;	/* as found */
	__u32 handles[1024];
};

static int set_limit(const char *path, __u64 bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return write_text(path, text);
}

FIXTURE_SETUP(limits)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	self->other = open_device();
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, read_number(FILE_LIMIT, &self->file_limit));
	ASSERT_EQ(0, read_number(TOTAL_LIMIT, &self->total_limit));
}

FIXTURE_TEARDOWN(limits)
{
	set_limit(FILE_LIMIT, self->file_limit);
	set_limit(TOTAL_LIMIT, self->total_limit);
	close(self->other);
	close(self->fd);
}

static __u64 total_bytes(int fd)
{
	struct gostat_ioc_info i;

	return info(fd, &i) ? ~0ULL : i.total_bytes;
}

TEST_F(limits, are_reported)
{
	struct gostat_ioc_info i;

	ASSERT_EQ(0, set_limit(FILE_LIMIT, 123456));
	ASSERT_EQ(0, set_limit(TOTAL_LIMIT, 7654321));
	ASSERT_EQ(0, info(self->fd, &i));
	EXPECT_EQ(123456, i.file_limit);
	EXPECT_EQ(7654321, i.total_limit);
}

TEST_F(limits, zero_is_a_share_of_memory)
{
	__u64 memory = (__u64)sysconf(_SC_PHYS_PAGES) *
			  sysconf(_SC_PAGESIZE);
	struct gostat_ioc_info i;

	ASSERT_EQ(0, set_limit(FILE_LIMIT, 0));
	ASSERT_EQ(0, set_limit(TOTAL_LIMIT, 0));
	ASSERT_EQ(0, info(self->fd, &i));
	EXPECT_EQ(memory / 4, i.file_limit);
	EXPECT_EQ(memory / 2, i.total_limit);
}

TEST_F(limits, that_are_no_numbers_are_refused)
{
	EXPECT_EQ(-EINVAL, write_text(FILE_LIMIT, "much"));
	EXPECT_EQ(-EINVAL, write_text(TOTAL_LIMIT, "-1"));
	EXPECT_EQ(-ERANGE, write_text(TOTAL_LIMIT, "99999999999999999999999"));
}

TEST_F(limits, one_file_gets_its_limit_to_the_byte)
{
	__u32 done, h;

	ASSERT_EQ(0, set_limit(FILE_LIMIT, 100 * UNIT));
	EXPECT_EQ(0, alloc_batch(self->fd, 100, UNIT, NULL, self->handles,
				 &done));
	EXPECT_EQ(100 * UNIT, file_bytes(self->fd));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, 1, &h));
	EXPECT_EQ(100 * UNIT, file_bytes(self->fd));
	/* The other file has a limit of its own. */
	EXPECT_EQ(0, alloc(self->other, UNIT, &h));
}

TEST_F(limits, what_is_freed_can_be_had_again)
{
	__u32 done, h;

	ASSERT_EQ(0, set_limit(FILE_LIMIT, 10 * UNIT));
	ASSERT_EQ(0, alloc_batch(self->fd, 10, UNIT, NULL, self->handles,
				 &done));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, UNIT, &h));
	ASSERT_EQ(0, free_handle(self->fd, self->handles[3]));
	EXPECT_EQ(0, alloc(self->fd, UNIT, &h));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, UNIT, &h));
}

TEST_F(limits, usable_bytes_count_and_not_those_asked_for)
{
	struct gostat_ioc_lookup l;
	__u64 usable;
	__u32 h;

	ASSERT_EQ(0, alloc(self->fd, UNIT + 1, &h));
	ASSERT_EQ(0, lookup(self->fd, h, 0, &l));
	usable = l.usable;
	ASSERT_LT(UNIT + 1, usable);
	ASSERT_EQ(0, free_handle(self->fd, h));
	ASSERT_EQ(0, set_limit(FILE_LIMIT, usable - 1));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, UNIT + 1, &h));
	ASSERT_EQ(0, set_limit(FILE_LIMIT, usable));
	EXPECT_EQ(0, alloc(self->fd, UNIT + 1, &h));
}

TEST_F(limits, all_files_share_the_total)
{
	__u64 before = total_bytes(self->fd);
	__u32 done, h;

	ASSERT_EQ(0, set_limit(TOTAL_LIMIT, before + 100 * UNIT));
	ASSERT_EQ(0, alloc_batch(self->fd, 60, UNIT, NULL, self->handles,
				 &done));
	EXPECT_EQ(-EDQUOT, alloc_batch(self->other, 60, UNIT, NULL,
				       self->handles, &done));
	EXPECT_EQ(40, done);
	EXPECT_EQ(before + 100 * UNIT, total_bytes(self->fd));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, 1, &h));
	/* What the total refused was not charged to the file either. */
	EXPECT_EQ(60 * UNIT, file_bytes(self->fd));
	EXPECT_EQ(40 * UNIT, file_bytes(self->other));
}

TEST_F(limits, closing_a_file_gives_back_its_part_of_the_total)
{
	__u64 before = total_bytes(self->fd);
	__u32 done;
	int fd;

	fd = open_device();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, alloc_batch(fd, 100, UNIT, NULL, self->handles, &done));
	EXPECT_EQ(before + 100 * UNIT, total_bytes(self->fd));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(before, total_bytes(self->fd));
}

TEST_F(limits, lowering_a_limit_takes_nothing_away)
{
	__u32 done, h;

	ASSERT_EQ(0, alloc_batch(self->fd, 10, UNIT, NULL, self->handles,
				 &done));
	ASSERT_EQ(0, set_limit(FILE_LIMIT, 5 * UNIT));
	EXPECT_EQ(10 * UNIT, file_bytes(self->fd));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, 1, &h));
	EXPECT_EQ(0, free_batch(self->fd, 6, self->handles, &done));
	EXPECT_EQ(0, alloc(self->fd, UNIT, &h));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, UNIT, &h));
}

TEST_F(limits, batch_stops_where_the_limit_is)
{
	__u32 done;

	ASSERT_EQ(0, set_limit(FILE_LIMIT, 77 * UNIT));
	EXPECT_EQ(-EDQUOT, alloc_batch(self->fd, 1000, UNIT, NULL,
				       self->handles, &done));
	EXPECT_EQ(77, done);
	EXPECT_EQ(77 * UNIT, file_bytes(self->fd));
	EXPECT_EQ(0, free_batch(self->fd, done, self->handles, &done));
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(limits, large_objects_count_too)
{
	__u32 h, g;

	ASSERT_EQ(0, set_limit(FILE_LIMIT, 8 << 20));
	EXPECT_EQ(0, alloc(self->fd, 5 << 20, &h));
	EXPECT_EQ(-EDQUOT, alloc(self->fd, 5 << 20, &g));
	EXPECT_EQ(5 << 20, file_bytes(self->fd));
	EXPECT_EQ(0, free_handle(self->fd, h));
	EXPECT_EQ(0, alloc(self->fd, 5 << 20, &h));
}

/* Threads that take all they get while one looks whether it is too much. */

static atomic_bool stop;

static void *take(void *arg)
{
	int fd = *(int *)arg;
	__u32 handles[64], done;

	while (!stop) {
		alloc_batch(fd, 64, UNIT, NULL, handles, &done);
		if (done)
			free_batch(fd, done, handles, &done);
	}
	return NULL;
}

TEST_F_TIMEOUT(limits, racing_threads_do_not_pass_them, 120)
{
	pthread_t thread[4];
	unsigned int i, looks;
	__u64 most = 0, now;

	ASSERT_EQ(0, set_limit(FILE_LIMIT, 100 * UNIT));
	for (i = 0; i < ARRAY_LEN(thread); i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, take, &self->fd));
	for (looks = 0; looks < 20000; looks++) {
		now = file_bytes(self->fd);
		if (now > most)
			most = now;
	}
	stop = true;
	for (i = 0; i < ARRAY_LEN(thread); i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
	EXPECT_LT(0, most);
	EXPECT_GE(100 * UNIT, most);
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_HARNESS_MAIN
