// SPDX-License-Identifier: GPL-2.0
/*
 * races - threads that use the same handles of the same open file at the same
 * time. What must not happen shows in the answers here, and in the reports of
 * KASAN and lockdep on a kernel that has them.
 */
#include "gostat_test.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#define THREADS	4
#define SLOTS	64
#define SIZE	2048
#define SECONDS	2	/* of the storms; more finds little more */

FIXTURE(races) {
	int fd;
};

FIXTURE_SETUP(races)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(races)
{
	close(self->fd);
}

/* What the threads of one test share. */
static struct {
	int fd;
	atomic_uint handle[SLOTS];
	atomic_uint wins, losses, wrong, other;
	atomic_bool stop;
	pthread_barrier_t barrier;
} shared;

static int run(void *(*body)(void *), unsigned int seconds)
{
	pthread_t thread[THREADS];
	uintptr_t i;

	shared.stop = false;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, body, (void *)i))
			return -1;
	if (seconds) {
		sleep(seconds);
		shared.stop = true;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	return 0;
}

static void count(int err)
{
	if (!err)
		shared.wins++;
	else if (err == -ENOENT)
		shared.losses++;
	else
		shared.other++;
}

/* New objects for all threads to know of; 0 or -errno. */
static int share_objects(void)
{
	__u32 h[SLOTS], done, i;
	int err = alloc_batch(shared.fd, SLOTS, SIZE, NULL, h, &done);

	for (i = 0; i < SLOTS && !err; i++)
		shared.handle[i] = h[i];
	return err;
}

/* All free the same handles in the same order. */
static void *free_all(void *arg)
{
	unsigned int i;

	pthread_barrier_wait(&shared.barrier);
	for (i = 0; i < SLOTS; i++)
		count(free_handle(shared.fd, shared.handle[i]));
	return NULL;
}

TEST_F_TIMEOUT(races, of_many_frees_of_one_object_one_succeeds, 120)
{
	unsigned int round;

	shared.fd = self->fd;
	ASSERT_EQ(0, pthread_barrier_init(&shared.barrier, NULL, THREADS));
	for (round = 0; round < 50; round++) {
		ASSERT_EQ(0, share_objects());
		ASSERT_EQ(0, run(free_all, 0));
	}
	EXPECT_EQ(50 * SLOTS, shared.wins);
	EXPECT_EQ(50 * SLOTS * (THREADS - 1), shared.losses);
	EXPECT_EQ(0, shared.other);
	EXPECT_EQ(0, file_objects(self->fd));
	EXPECT_EQ(0, file_bytes(self->fd));
}

/* A batch and single frees, on the same handles. */
static void *free_batch_or_single(void *arg)
{
	__u32 h[SLOTS], done, i;
	int err;

	for (i = 0; i < SLOTS; i++)
		h[i] = shared.handle[i];
	pthread_barrier_wait(&shared.barrier);
	for (i = 0; i < SLOTS;) {
		if ((uintptr_t)arg % 2) {
			count(free_handle(shared.fd, h[i++]));
			continue;
		}
		err = free_batch(shared.fd, SLOTS - i, h + i, &done);
		shared.wins += done;
		i += done;
		if (err) {
			count(err);
			i++;
		}
	}
	return NULL;
}

TEST_F_TIMEOUT(races, batched_and_single_frees_free_each_object_once, 120)
{
	unsigned int round;

	shared.fd = self->fd;
	ASSERT_EQ(0, pthread_barrier_init(&shared.barrier, NULL, THREADS));
	for (round = 0; round < 50; round++) {
		ASSERT_EQ(0, share_objects());
		ASSERT_EQ(0, run(free_batch_or_single, 0));
		ASSERT_EQ(0, file_objects(self->fd));
	}
	EXPECT_EQ(50 * SLOTS, shared.wins);
	EXPECT_EQ(0, shared.other);
	EXPECT_EQ(0, file_bytes(self->fd));
}

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* A byte that belongs to a handle; never 0, which is "not written yet". */
static unsigned char mark(__u32 handle)
{
	return 1 + handle % 255;
}

static void renew(unsigned int slot)
{
	unsigned char data[SIZE];
	__u32 h, old;

	if (alloc(shared.fd, SIZE, &h)) {
		shared.other++;
		return;
	}
	memset(data, mark(h), sizeof(data));
	old = atomic_exchange(&shared.handle[slot], h);
	if (old)
		count(free_handle(shared.fd, old));
	/* Somebody may have renewed the slot already. */
	count(write_object(shared.fd, h, 0, sizeof(data), data));
}

/* Whole, all zero, or not there. */
static void look(unsigned int slot)
{
	__u32 h = atomic_load(&shared.handle[slot]);
	struct gostat_ioc_lookup l;
	unsigned char data[SIZE];
	int err = read_object(shared.fd, h, 0, sizeof(data), data);

	count(err);
	if (!err && !all_bytes_are(data, mark(h), sizeof(data)) &&
	    !all_bytes_are(data, 0, sizeof(data)))
		shared.wrong++;
	err = lookup(shared.fd, h, SIZE / 2, &l);
	count(err);
	if (!err && (l.base || l.object_offset != SIZE / 2 || l.usable < SIZE))
		shared.wrong++;
}

static void *use(void *arg)
{
	unsigned int seed = (uintptr_t)arg + 1;

	while (!shared.stop) {
		unsigned int slot = next(&seed) % SLOTS;

		if (next(&seed) % 4)
			look(slot);
		else
			renew(slot);
	}
	return NULL;
}

TEST_F_TIMEOUT(races, nobody_reads_the_bytes_of_another_object, 120)
{
	unsigned int i;
	__u32 h;

	shared.fd = self->fd;
	ASSERT_EQ(0, run(use, SECONDS));
	EXPECT_LT(0, shared.wins);
	EXPECT_EQ(0, shared.wrong);
	EXPECT_EQ(0, shared.other);
	for (i = 0; i < SLOTS; i++) {
		h = shared.handle[i];
		if (h)
			EXPECT_EQ(0, free_handle(self->fd, h));
	}
	EXPECT_EQ(0, file_objects(self->fd));
	EXPECT_EQ(0, file_bytes(self->fd));
}

/* Handles are guessed, also those that are being given out this moment. */
static void *guess(void *arg)
{
	unsigned int seed = (uintptr_t)arg + 1;
	__u32 h[SLOTS], done, i;

	while (!shared.stop) {
		if ((uintptr_t)arg % 2) {
			for (i = 0; i < SLOTS; i++)
				count(free_handle(shared.fd, shared.handle[0] +
						  next(&seed) % 256));
			continue;
		}
		count(alloc_batch(shared.fd, SLOTS, 1 + next(&seed) % 9000,
				  NULL, h, &done));
		shared.handle[0] = h[0];
		for (i = 0; i < done; i++)
			count(free_handle(shared.fd, h[i]));
	}
	return NULL;
}

TEST_F_TIMEOUT(races, guessed_handles_break_nothing, 120)
{
	__u32 last, h, first = 1;

	shared.fd = self->fd;
	ASSERT_EQ(0, run(guess, SECONDS));
	EXPECT_EQ(0, shared.other);
	ASSERT_EQ(0, alloc(self->fd, 1, &last));
	for (h = first; h <= last; h++)
		free_handle(self->fd, h);
	EXPECT_EQ(0, file_objects(self->fd));
	EXPECT_EQ(0, file_bytes(self->fd));
}

/*
 * A READ into memory that somebody else decides when to provide. It must hold
 * nothing that a FREE needs.
 */
struct reader {
	int fd;
	__u32 handle;
	char *data;
	int err;
};

static void *read_slowly(void *arg)
{
	struct reader *r = arg;

	r->err = read_object(r->fd, r->handle, 0, 64, r->data);
	return NULL;
}

static int fault_handler(void *page, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)page, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && (ioctl(fd, UFFDIO_API, &api) ||
			ioctl(fd, UFFDIO_REGISTER, &reg))) {
		close(fd);
		return -1;
	}
	return fd;
}

TEST_F(races, free_does_not_wait_for_a_read_that_does_not_end)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct reader r = { .fd = self->fd };
	struct uffdio_zeropage zero;
	struct pollfd event;
	pthread_t thread;

	r.data = mmap(NULL, page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, r.data);
	event.fd = fault_handler(r.data, page);
	event.events = POLLIN;
	if (event.fd < 0)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_EQ(0, alloc(self->fd, 64, &r.handle));
	ASSERT_EQ(0, write_object(self->fd, r.handle, 0, 5, "hello"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_slowly, &r));
	ASSERT_EQ(1, poll(&event, 1, 20000));
	ASSERT_EQ(POLLIN, event.revents);

	EXPECT_EQ(0, free_handle(self->fd, r.handle));
	EXPECT_EQ(0, file_objects(self->fd));

	zero = (struct uffdio_zeropage){
		.range = { .start = (uintptr_t)r.data, .len = page },
	};
	ASSERT_EQ(0, ioctl(event.fd, UFFDIO_ZEROPAGE, &zero));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	/* It had the bytes before they were freed. */
	EXPECT_EQ(0, r.err);
	EXPECT_EQ(0, memcmp(r.data, "hello", 6));
	close(event.fd);
}

TEST_HARNESS_MAIN
