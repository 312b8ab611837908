// SPDX-License-Identifier: GPL-2.0
/*
 * failures - every allocation and user copy inside a command fails once.
 *
 * The kernel's fail-nth makes the n-th such call of this thread fail. Each
 * command is run with n = 1, 2, ... until it ends without having met its n-th
 * chance to fail, which shows that all were tried. Whatever fails, the answer is
 * ENOMEM, EFAULT or success, the file owns what the answer says it owns, and
 * when all is closed the heap is as it was.
 *
 * Skips where the kernel has no fault injection: this is for debug kernels.
 */
#include "gostat_test.h"

#include <sys/syscall.h>

#define DEBUGFS	"/sys/kernel/debug/"
#define FAILSLAB_SPARES	DEBUGFS "failslab/ignore-gfp-wait"
#define OBJECTS	100
#define LARGE	(100 * 1024)
#define HUGE	(3 * 1024 * 1024)
#define ENOUGH	2000	/* chances in one command, at most */

struct heap {
	__u64 objects, bytes;
};

FIXTURE(failures) {
	int fd;
	struct heap before;
	__u32 handles[OBJECTS];
	char data[8192];
};

static struct heap heap_now(void)
{
	return (struct heap){
		.objects = figure("heap_objects"),
		.bytes = figure("heap_alloc"),
	};
}

/* Also calls that may sleep, of every order, and without a word. */
static int prepare_kernel(void)
{
	static const char * const settings[][2] = {
		{ FAILSLAB_SPARES, "N" },
		{ DEBUGFS "failslab/verbose", "0" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ DEBUGFS "fail_page_alloc/min-order", "0" },
		{ DEBUGFS "fail_page_alloc/verbose", "0" },
	};
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_LEN(settings) && !err; i++)
		err = write_text(settings[i][0], settings[i][1]);
	write_text(DEBUGFS "fail_usercopy/verbose", "0");
	return err;
}

static int open_fail_nth(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/fail-nth",
		 syscall(SYS_gettid));
	return open(path, O_RDWR | O_CLOEXEC);
}

FIXTURE_SETUP(failures)
{
	int nth;

	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	nth = open_fail_nth();
	if (nth < 0)
		SKIP(return, "this kernel has no fail-nth");
	close(nth);
	if (prepare_kernel())
		SKIP(return, "this kernel has no failslab and fail_page_alloc");
	self->before = heap_now();
}

FIXTURE_TEARDOWN(failures)
{
	close(self->fd);
}

/**
 * struct sweep - a command that is run until none of its chances is left
 * @n: the chance that was to fail
 * @err: what the command said
 */
struct sweep {
	unsigned int n;
	int err;
};

/*
 * Runs it once more; false if it did not come to its n-th chance. Then asking,
 * or the end of waiting for that chance, may be what fails: both copy.
 */
static bool next_failure(struct sweep *sweep, int (*command)(void *), void *arg)
{
	char text[16] = "1";
	int fd = open_fail_nth();
	int left;

	snprintf(text, sizeof(text), "%u", ++sweep->n);
	if (pwrite(fd, text, strlen(text), 0) < 0 || sweep->n == ENOUGH) {
		sweep->err = -EIO;
		return false;
	}
	sweep->err = command(arg);
	left = pread(fd, text, sizeof(text) - 1, 0) < 0 ? 1 : atoi(text);
	if (left && pwrite(fd, "0", 1, 0) < 0 && errno != EFAULT)
		sweep->err = -EIO;
	close(fd);
	return !left;
}

static bool is_a_failure(int err)
{
	return !err || err == -ENOMEM || err == -EFAULT;
}

static int open_and_close(void *arg)
{
	int fd = open_device();

	return fd < 0 ? fd : close(fd);
}

TEST_F(failures, of_open)
{
	struct sweep s = {};

	while (next_failure(&s, open_and_close, NULL))
		EXPECT_EQ(true, is_a_failure(s.err));
	EXPECT_EQ(0, s.err);
	EXPECT_LT(1, s.n);
}

struct one {
	int fd;
	__u64 bytes;
	__u32 flags;
	__u32 handle;
};

static int alloc_one(void *arg)
{
	struct one *one = arg;

	return alloc_flags(one->fd, one->bytes, one->flags, &one->handle);
}

/*
 * vmalloc() wants a note in kmemleak's records, which says a word on the console
 * when it cannot have it. So there only pages are refused, not slab objects.
 */
static int spare_slab(bool spare)
{
	return write_text(FAILSLAB_SPARES, spare ? "Y" : "N");
}

/* Sizes whose span is not there yet, so that all layers are asked. */
TEST_F_TIMEOUT(failures, of_alloc, 120)
{
	static const __u64 sizes[] = { 1664, 3072, 32768, LARGE, HUGE };
	static const __u32 flags[] = { 0, GOSTAT_ALLOC_ZERO };
	struct one one = { .fd = self->fd };
	struct sweep s;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_LEN(sizes); i++) {
		one.bytes = sizes[i / 2];
		one.flags = flags[i % 2];
		s = (struct sweep){};
		ASSERT_EQ(0, spare_slab(one.bytes == HUGE));
		while (next_failure(&s, alloc_one, &one)) {
			ASSERT_EQ(true, is_a_failure(s.err));
			ASSERT_EQ(!s.err, file_objects(self->fd));
			if (!s.err)
				ASSERT_EQ(0, free_handle(self->fd, one.handle));
			ASSERT_EQ(0, file_bytes(self->fd));
		}
		EXPECT_EQ(0, s.err);
		EXPECT_LT(1, s.n);
		EXPECT_EQ(0, free_handle(self->fd, one.handle));
	}
	EXPECT_EQ(self->before.objects, heap_now().objects);
	EXPECT_EQ(self->before.bytes, heap_now().bytes);
}

struct many {
	int fd;
	__u64 sizes[OBJECTS];
	__u32 handles[OBJECTS];
	__u32 done;
};

static int alloc_many(void *arg)
{
	struct many *many = arg;

	return alloc_batch(many->fd, OBJECTS, 0, many->sizes, many->handles,
			   &many->done);
}

/*
 * Unless it was the last copy, that of the answer itself, "done" objects are
 * there. If it was, they are there until the file is closed.
 */
TEST_F_TIMEOUT(failures, of_alloc_batch, 300)
{
	struct many many = { .fd = self->fd };
	struct sweep s = {};
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		many.sizes[i] = 1 + i * 601;
	while (next_failure(&s, alloc_many, &many)) {
		ASSERT_EQ(true, is_a_failure(s.err));
		if (s.err != -EFAULT)
			ASSERT_EQ(many.done, file_objects(self->fd));
		ASSERT_EQ(0, close(self->fd));
		ASSERT_EQ(self->before.objects, heap_now().objects);
		ASSERT_EQ(self->before.bytes, heap_now().bytes);
		self->fd = open_device();
		ASSERT_LE(0, self->fd);
		many.fd = self->fd;
	}
	EXPECT_EQ(0, s.err);
	EXPECT_LT(1, s.n);
	EXPECT_EQ(OBJECTS, many.done);
}

static int free_many(void *arg)
{
	struct many *many = arg;

	return free_batch(many->fd, OBJECTS, many->handles, &many->done);
}

/* Freeing needs no memory; only the copies can fail. */
TEST_F_TIMEOUT(failures, of_free_batch, 120)
{
	struct many many = { .fd = self->fd };
	struct sweep s = {};

	ASSERT_EQ(0, alloc_batch(self->fd, OBJECTS, 500, NULL, many.handles,
				 &many.done));
	while (next_failure(&s, free_many, &many)) {
		ASSERT_EQ(true, !s.err || s.err == -EFAULT);
		ASSERT_EQ(0, close(self->fd));
		self->fd = open_device();
		ASSERT_LE(0, self->fd);
		many.fd = self->fd;
		ASSERT_EQ(0, alloc_batch(self->fd, OBJECTS, 500, NULL,
					 many.handles, &many.done));
	}
	EXPECT_EQ(0, s.err);
	EXPECT_EQ(OBJECTS, many.done);
	EXPECT_EQ(self->before.objects, heap_now().objects);
}

struct io {
	int fd;
	unsigned long command;
	__u32 handle;
	char *data;
};

static int transfer_all(void *arg)
{
	struct io *io = arg;

	return transfer(io->fd, io->command, io->handle, 0, 8192, io->data);
}

TEST_F(failures, of_read_and_write)
{
	struct io io = { .fd = self->fd, .data = self->data };
	struct sweep s = {};

	ASSERT_EQ(0, alloc(self->fd, 8192, &io.handle));
	memset(self->data, 'w', 8192);
	io.command = GOSTAT_IOC_WRITE;
	while (next_failure(&s, transfer_all, &io))
		EXPECT_EQ(true, is_a_failure(s.err));
	EXPECT_EQ(0, s.err);
	EXPECT_LT(1, s.n);
	s = (struct sweep){};
	memset(self->data, 0, 8192);
	io.command = GOSTAT_IOC_READ;
	while (next_failure(&s, transfer_all, &io))
		EXPECT_EQ(true, is_a_failure(s.err));
	EXPECT_EQ(0, s.err);
	EXPECT_EQ(true, all_bytes_are(self->data, 'w', 8192));
}

TEST_HARNESS_MAIN
