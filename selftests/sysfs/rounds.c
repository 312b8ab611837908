// SPDX-License-Identifier: GPL-2.0
/*
 * rounds - files of /sys/kernel/gostat that are read one after the other are as
 * of one cut, and nobody is shown a figure older than what he did himself.
 */
#include <time.h>

#include "gostat_test.h"

#define TRIES		50
/* How long the files of a round are of one cut; Documentation/ABI. */
#define ROUND_NS	100000000ULL
/* A slow machine may need longer than that for some of its readings. */
#define TRIES_MOST	(TRIES * 20)

FIXTURE(rounds) {
	int fd;
};

FIXTURE_SETUP(rounds)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(rounds)
{
	close(self->fd);
}

static bool adds_up(void)
{
	__u64 sys = figure("sys");
	__u64 parts = figure("heap_sys") + figure("stacks_sys") +
		      figure("mspan_sys") + figure("mcache_sys") +
		      figure("buckhash_sys") + figure("gc_sys") +
		      figure("other_sys");
	__u64 held = figure("obtained") + figure("heap_released");
	__u64 heap = figure("heap_inuse") + figure("heap_idle");
	__u64 nmalloc = figure("nmalloc");

	return sys == parts && sys == held && heap == figure("heap_sys") &&
	       figure("heap_objects") == nmalloc - figure("nfree");
}

/* heap_sys was read twice above, which began a new round in the middle. */
static bool adds_up_file_by_file(void)
{
	__u64 sys = figure("sys"), obtained = figure("obtained");
	__u64 nmalloc = figure("nmalloc"), nfree = figure("nfree");

	return figure("heap_objects") == nmalloc - nfree &&
	       obtained == sys - figure("heap_released");
}

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* What was not read within a round is not judged. */
TEST_F(rounds, files_read_in_a_row_add_up_while_others_work)
{
	pid_t worker = start_worker();
	__u64 before = figure("nmalloc"), start;
	int i, judged = 0;
	bool good;

	ASSERT_LT(0, worker);
	usleep(100000);
	for (i = 0; i < TRIES_MOST && judged < TRIES; i++) {
		start = now();
		good = adds_up_file_by_file();
		if (now() - start >= ROUND_NS)
			continue;
		judged++;
		EXPECT_EQ(true, good);
	}
	EXPECT_LT(before, figure("nmalloc"));
	stop_worker(worker);
	EXPECT_LT(0, judged);
	EXPECT_EQ(true, adds_up());
}

TEST_F(rounds, a_file_read_again_is_fresh)
{
	pid_t worker = start_worker();
	__u64 last = figure("cuts");
	int i;

	ASSERT_LT(0, worker);
	for (i = 0; i < 10; i++) {
		__u64 now = figure("cuts");

		EXPECT_EQ(last + 1, now);
		last = now;
	}
	stop_worker(worker);
}

TEST_F(rounds, no_figure_is_older_than_what_the_reader_did)
{
	__u64 nmalloc, nfree;
	__u32 handle;
	int i;

	for (i = 0; i < TRIES; i++) {
		nmalloc = figure("nmalloc");
		ASSERT_EQ(0, alloc(self->fd, 64, &handle));
		nfree = figure("nfree");
		EXPECT_EQ(nmalloc + 1 - nfree, figure("heap_objects"));
		ASSERT_EQ(0, free_handle(self->fd, handle));
		EXPECT_EQ(nfree + 1, figure("nfree"));
	}
}

TEST_F(rounds, no_figure_is_older_than_what_a_child_did)
{
	__u64 nmalloc;
	__u32 handle;
	pid_t pid;
	int i, fd;

	for (i = 0; i < 10; i++) {
		nmalloc = figure("nmalloc");
		pid = fork();
		if (!pid) {
			fd = open_device();
			alloc(fd, 64, &handle);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_EQ(nmalloc + 1, figure("nfree") + figure("heap_objects"));
	}
}

TEST_HARNESS_MAIN
