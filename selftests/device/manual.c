// SPDX-License-Identifier: GPL-2.0
/*
 * manual - manual spans and stack-like buffers by handle: what they count in, how
 * they go back, and whom they are charged to.
 */
#include "gostat_test.h"

#include <sys/stat.h>

#define MIB		(1024 * 1024ULL)
#define CGROUP		"/sys/fs/cgroup/gostat_test"

FIXTURE(manual) {
	int fd;
	__u64 page, inuse, spans, live;
};

FIXTURE_SETUP(manual)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	self->page = sysconf(_SC_PAGESIZE);
	self->inuse = manual_bytes();
	self->spans = manual_spans();
	self->live = figure("stacks_live");
	ASSERT_NE(~0ULL, self->inuse);
}

FIXTURE_TEARDOWN(manual)
{
	close(self->fd);
}

TEST_F(manual, span_counts_in_its_sink_until_it_is_freed)
{
	__u32 h;

	ASSERT_EQ(0, manual_alloc(self->fd, 5 * self->page - 1, "stacks", &h));
	EXPECT_EQ(self->inuse + 5 * self->page, manual_bytes());
	EXPECT_EQ(self->spans + 1, manual_spans());
	EXPECT_EQ(5 * self->page, file_bytes(self->fd));
	EXPECT_EQ(1, file_objects(self->fd));
	ASSERT_EQ(0, manual_free(self->fd, h));
	EXPECT_EQ(self->inuse, manual_bytes());
	EXPECT_EQ(self->spans, manual_spans());
	EXPECT_EQ(0, file_bytes(self->fd));
	EXPECT_EQ(0, file_objects(self->fd));
	EXPECT_EQ(-ENOENT, manual_free(self->fd, h));
}

TEST_F(manual, close_frees_spans_and_buffers)
{
	__u32 h;
	int i;

	for (i = 1; i <= 50; i++) {
		ASSERT_EQ(0, manual_alloc(self->fd, i * 5000, "stacks", &h));
		ASSERT_EQ(0, stack_alloc(self->fd, i * 600, &h));
		ASSERT_EQ(0, alloc(self->fd, i * 100, &h));
	}
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(self->spans, manual_spans());
	EXPECT_EQ(self->inuse, manual_bytes());
	EXPECT_EQ(self->live, figure("stacks_live"));
}

TEST_F(manual, sink_that_is_not_registered_is_enoent)
{
	__u32 h;

	EXPECT_EQ(-ENOENT, manual_alloc(self->fd, 1, "stack", &h));
	EXPECT_EQ(-ENOENT, manual_alloc(self->fd, 1, "", &h));
	EXPECT_EQ(-ENOENT, manual_alloc(self->fd, 1, "stacks/", &h));
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(manual, sink_without_an_end_is_einval)
{
	struct gostat_ioc_manual_alloc a = { .size = sizeof(a), .bytes = 1 };

	memset(a.sink, 's', sizeof(a.sink));
	EXPECT_EQ(-EINVAL, call(self->fd, GOSTAT_IOC_MANUAL_ALLOC, &a));
	a.sink[sizeof(a.sink) - 1] = '\0';
	EXPECT_EQ(-ENOENT, call(self->fd, GOSTAT_IOC_MANUAL_ALLOC, &a));
}

TEST_F(manual, sizes_that_cannot_be)
{
	struct gostat_ioc_info i;
	__u32 h;

	ASSERT_EQ(0, info(self->fd, &i));
	EXPECT_EQ(-EINVAL, manual_alloc(self->fd, 0, "stacks", &h));
	EXPECT_EQ(-EOVERFLOW, manual_alloc(self->fd, ~0ULL, "stacks", &h));
	EXPECT_EQ(-EOVERFLOW, manual_alloc(self->fd, -self->page, "stacks", &h));
	EXPECT_EQ(-EDQUOT, manual_alloc(self->fd, i.file_limit + 1, "stacks",
					&h));
	EXPECT_EQ(-EINVAL, stack_alloc(self->fd, 0, &h));
	EXPECT_EQ(-EINVAL, stack_alloc(self->fd, 32769, &h));
	EXPECT_EQ(-EINVAL, stack_alloc(self->fd, ~0ULL, &h));
	EXPECT_EQ(0, file_objects(self->fd));
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(manual, each_kind_goes_back_by_its_own_command_alone)
{
	static const unsigned long command[] = {
		GOSTAT_IOC_FREE, GOSTAT_IOC_MANUAL_FREE, GOSTAT_IOC_STACK_FREE,
	};
	__u32 h[3], done = 7;
	unsigned int i, j;

	ASSERT_EQ(0, alloc(self->fd, 1, &h[0]));
	ASSERT_EQ(0, manual_alloc(self->fd, 1, "stacks", &h[1]));
	ASSERT_EQ(0, stack_alloc(self->fd, 1, &h[2]));
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			if (i != j)
				EXPECT_EQ(-EPROTOTYPE,
					  free_as(self->fd, command[j], h[i]));
	EXPECT_EQ(-EPROTOTYPE, free_batch(self->fd, 2, &h[1], &done));
	EXPECT_EQ(0, done);
	EXPECT_EQ(3, file_objects(self->fd));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, free_as(self->fd, command[i], h[i]));
	EXPECT_EQ(0, file_objects(self->fd));
}

TEST_F(manual, batch_with_a_span_in_it_stops_there)
{
	__u32 h[3], done;

	ASSERT_EQ(0, alloc(self->fd, 1, &h[0]));
	ASSERT_EQ(0, manual_alloc(self->fd, 1, "stacks", &h[1]));
	ASSERT_EQ(0, alloc(self->fd, 1, &h[2]));
	EXPECT_EQ(-EPROTOTYPE, free_batch(self->fd, 3, h, &done));
	EXPECT_EQ(1, done);
	EXPECT_EQ(2, file_objects(self->fd));
}

TEST_F(manual, read_gives_zero_and_then_what_was_written)
{
	static unsigned char data[3 * 65536 + 5], back[sizeof(data)];
	__u32 h;

	ASSERT_EQ(0, manual_alloc(self->fd, sizeof(data), "stacks", &h));
	ASSERT_EQ(0, read_object(self->fd, h, 0, sizeof(back), back));
	EXPECT_EQ(true, all_bytes_are(back, 0, sizeof(back)));
	memset(data, 0xc3, sizeof(data));
	ASSERT_EQ(0, write_object(self->fd, h, 0, sizeof(data), data));
	ASSERT_EQ(0, read_object(self->fd, h, 0, sizeof(back), back));
	EXPECT_EQ(0, memcmp(data, back, sizeof(data)));
	EXPECT_EQ(-EINVAL, write_object(self->fd, h, sizeof(data), self->page,
					data));
	EXPECT_EQ(-EOVERFLOW, write_object(self->fd, h, ~0ULL, 2, data));
}

/* What one wrote and freed, the next must not read, in whichever kind. */
TEST_F(manual, old_bytes_are_never_shown)
{
	static unsigned char data[32768];
	__u32 h;
	int i;

	for (i = 0; i < 64; i++) {
		ASSERT_EQ(0, stack_alloc(self->fd, sizeof(data), &h));
		ASSERT_EQ(0, read_object(self->fd, h, 0, sizeof(data), data));
		ASSERT_EQ(true, all_bytes_are(data, 0, sizeof(data)));
		memset(data, 0xee, sizeof(data));
		ASSERT_EQ(0, write_object(self->fd, h, 0, sizeof(data), data));
		ASSERT_EQ(0, stack_free(self->fd, h));
		ASSERT_EQ(0, manual_alloc(self->fd, sizeof(data), "stacks",
					  &h));
		ASSERT_EQ(0, read_object(self->fd, h, 0, sizeof(data), data));
		ASSERT_EQ(true, all_bytes_are(data, 0, sizeof(data)));
		memset(data, 0xee, sizeof(data));
		ASSERT_EQ(0, write_object(self->fd, h, 0, sizeof(data), data));
		ASSERT_EQ(0, manual_free(self->fd, h));
	}
}

TEST_F(manual, lookup_knows_spans_and_buffers)
{
	struct gostat_ioc_lookup l;
	__u32 h;

	ASSERT_EQ(0, manual_alloc(self->fd, 7 * self->page, "stacks", &h));
	ASSERT_EQ(0, lookup(self->fd, h, 6 * self->page + 3, &l));
	EXPECT_EQ(0, l.base);
	EXPECT_EQ(6 * self->page + 3, l.object_offset);
	EXPECT_EQ(7 * self->page, l.usable);
	EXPECT_EQ(0, l.class_id);
	EXPECT_EQ(7, l.span_pages);
	EXPECT_EQ(-EINVAL, lookup(self->fd, h, 7 * self->page, &l));
	ASSERT_EQ(0, stack_alloc(self->fd, 5000, &h));
	ASSERT_EQ(0, lookup(self->fd, h, 8191, &l));
	EXPECT_EQ(0, l.base);
	EXPECT_EQ(8192, l.usable);
	EXPECT_EQ(0, l.class_id);
}

TEST_F(manual, buffer_counts_as_live_and_against_the_limit)
{
	__u32 h;

	ASSERT_EQ(0, stack_alloc(self->fd, 2049, &h));
	EXPECT_EQ(self->live + 4096, figure("stacks_live"));
	EXPECT_EQ(4096, file_bytes(self->fd));
	ASSERT_EQ(0, stack_free(self->fd, h));
	EXPECT_EQ(self->live, figure("stacks_live"));
	EXPECT_EQ(0, file_bytes(self->fd));
	EXPECT_EQ(-ENOENT, stack_free(self->fd, h));
}

/* A child that has everything in the air, for ever. */
static void be_busy(int ready)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	size_t page = sysconf(_SC_PAGESIZE), n;
	__u32 h, s;
	char *p;

	if (fd < 0 || write(ready, "", 1) != 1)
		_exit(1);
	for (n = 1;; n = n % 700 + 37) {
		if (manual_alloc(fd, n * page, "stacks", &h))
			continue;
		p = mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 (off_t)h * page);
		if (p != MAP_FAILED)
			memset(p, 1, n * page);
		stack_alloc(fd, 9000, &s);
		manual_free(fd, h);
		if (p != MAP_FAILED)
			munmap(p, n * page);
		stack_free(fd, s);
	}
}

TEST_F_TIMEOUT(manual, killed_in_the_middle_loses_nothing, 120)
{
	int round, pipefd[2];
	pid_t pid;
	char c;

	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, pipe(pipefd));
		pid = fork();
		if (!pid)
			be_busy(pipefd[1]);
		close(pipefd[1]);
		ASSERT_EQ(1, read(pipefd[0], &c, 1));
		close(pipefd[0]);
		usleep(7919 * round);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_EQ(self->inuse, manual_bytes());
		EXPECT_EQ(self->spans, manual_spans());
		EXPECT_EQ(self->live, figure("stacks_live"));
	}
}

/* --- charged to a memory cgroup -------------------------------------------- */

static __u64 charge(void)
{
	__u64 bytes = ~0ULL;

	read_number(CGROUP "/memory.current", &bytes);
	return bytes;
}

/*
 * Bytes of vmalloc in the group; the sum is brought up to date every two seconds.
 * memory.current is not exact: CPUs keep some charge in stock.
 */
static __u64 vmalloc_bytes(void)
{
	unsigned long long bytes = ~0ULL;
	FILE *file = fopen(CGROUP "/memory.stat", "re");
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "vmalloc %llu", &bytes) == 1)
			break;
	if (file)
		fclose(file);
	return bytes;
}

static __u64 wait_for_vmalloc_bytes(__u64 bytes)
{
	int tries = 500;

	while (vmalloc_bytes() != bytes && tries--)
		usleep(20000);
	return vmalloc_bytes();
}

/* Opens the device inside of the group; leaves the descriptor to the parent. */
static int join_and_open(void)
{
	if (write_text(CGROUP "/cgroup.procs", "0"))
		return -1;
	return open_device();
}

static bool make_group(void)
{
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		return false;
	return !write_text(CGROUP "/memory.max", "16777216");
}

TEST_F_TIMEOUT(manual, memory_is_charged_to_the_openers_group, 60)
{
	__u64 before, held = 0;
	int fd, err;
	__u32 h;

	if (!make_group())
		SKIP(return, "no cgroup2 with a memory controller");
	fd = join_and_open();
	ASSERT_EQ(0, write_text("/sys/fs/cgroup/cgroup.procs", "0"));
	ASSERT_LE(0, fd);
	/* We are elsewhere now, and the group is empty but for the file. */
	before = charge();
	ASSERT_EQ(0, manual_alloc(fd, 4 * MIB, "stacks", &h));
	EXPECT_LE(before + 4 * MIB, charge());
	ASSERT_EQ(0, manual_free(fd, h));

	while (!(err = manual_alloc(fd, MIB, "stacks", &h)) && held < 64)
		held++;
	EXPECT_EQ(-ENOMEM, err);
	EXPECT_LE(8, held);
	EXPECT_GE(16, held);
	EXPECT_EQ(held * MIB, file_bytes(fd));
	EXPECT_EQ(self->inuse + held * MIB, manual_bytes());
	EXPECT_EQ(held * MIB, wait_for_vmalloc_bytes(held * MIB));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(self->inuse, manual_bytes());
	EXPECT_EQ(0, wait_for_vmalloc_bytes(0));
	EXPECT_EQ(0, rmdir(CGROUP));
}

TEST_HARNESS_MAIN
