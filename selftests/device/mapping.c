// SPDX-License-Identifier: GPL-2.0
/*
 * mapping - manual spans in a process's memory, and that they stay what they are
 * for as long as a page table can reach them.
 */
#include "gostat_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define PAGES	8
#define SECONDS	2	/* of the storm */

FIXTURE(mapping) {
	int fd;
	size_t page, bytes;
	__u32 handle;
	__u64 inuse;
	char *p;
};

static void *map(int fd, __u32 handle, size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)handle * sysconf(_SC_PAGESIZE));
}

FIXTURE_SETUP(mapping)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	self->page = sysconf(_SC_PAGESIZE);
	self->bytes = PAGES * self->page;
	self->inuse = manual_bytes();
	ASSERT_EQ(0, manual_alloc(self->fd, self->bytes, "stacks",
				  &self->handle));
	self->p = map(self->fd, self->handle, self->bytes);
	ASSERT_NE(MAP_FAILED, self->p);
}

/* Whatever a test has done: in the end nothing is counted. */
FIXTURE_TEARDOWN(mapping)
{
	munmap(self->p, self->bytes);
	close(self->fd);
	EXPECT_EQ(self->inuse, manual_bytes());
}

#define EXPECT_MAP_FAILS(err, fd, prot, flags, bytes, offset) do {	\
	EXPECT_EQ(MAP_FAILED, mmap(NULL, bytes, prot, flags, fd, offset)); \
	EXPECT_EQ(err, errno);						\
} while (0)

#define EXPECT_HELD(bytes)						\
	EXPECT_EQ(self->inuse + (bytes), manual_bytes())

/* Somebody else's use of whatever memory is free now. */
static void scribble(int fd)
{
	static unsigned char data[65536];
	__u32 h[64];
	int i;

	memset(data, 0xdb, sizeof(data));
	for (i = 0; i < 64; i++)
		if (!manual_alloc(fd, sizeof(data), "stacks", &h[i]))
			write_object(fd, h[i], 0, sizeof(data), data);
	for (i = 0; i < 64; i++)
		manual_free(fd, h[i]);
}

TEST_F(mapping, is_zero_and_the_same_bytes_as_read_and_write)
{
	char c = 0;

	EXPECT_EQ(true, all_bytes_are(self->p, 0, self->bytes));
	self->p[5 * self->page + 7] = 'x';
	ASSERT_EQ(0, read_object(self->fd, self->handle, 5 * self->page + 7, 1,
				 &c));
	EXPECT_EQ('x', c);
	ASSERT_EQ(0, write_object(self->fd, self->handle, 2, 1, "y"));
	EXPECT_EQ('y', self->p[2]);
}

TEST_F(mapping, large_one_has_every_page_in_its_place)
{
	size_t bytes = 5 << 20, at;
	__u32 h, value;
	char *p;

	ASSERT_EQ(0, manual_alloc(self->fd, bytes, "stacks", &h));
	p = map(self->fd, h, bytes);
	ASSERT_NE(MAP_FAILED, p);
	for (at = 0; at < bytes; at += self->page)
		*(__u32 *)(p + at) = at;
	for (at = 0; at < bytes; at += 37 * self->page) {
		ASSERT_EQ(0, read_object(self->fd, h, at, 4, &value));
		EXPECT_EQ(at, value);
	}
	ASSERT_EQ(0, munmap(p, bytes));
	ASSERT_EQ(0, manual_free(self->fd, h));
}

TEST_F(mapping, private_is_einval)
{
	EXPECT_MAP_FAILS(EINVAL, self->fd, PROT_READ, MAP_PRIVATE, self->page,
			 (off_t)self->handle * self->page);
}

TEST_F(mapping, executable_is_refused_and_cannot_become_it)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->page, PROT_READ | PROT_EXEC,
				   MAP_SHARED, self->fd,
				   (off_t)self->handle * self->page));
	/* The second if /dev is mounted noexec. */
	EXPECT_EQ(true, errno == EACCES || errno == EPERM);
	EXPECT_EQ(-1, mprotect(self->p, self->page, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(mapping, longer_than_the_span_is_einval)
{
	off_t at = (off_t)self->handle * self->page;

	EXPECT_MAP_FAILS(EINVAL, self->fd, PROT_READ, MAP_SHARED,
			 self->bytes + 1, at);
	EXPECT_MAP_FAILS(EINVAL, self->fd, PROT_READ, MAP_SHARED,
			 self->bytes + self->page, at);
}

TEST_F(mapping, offset_of_nobody_is_enoent)
{
	EXPECT_MAP_FAILS(ENOENT, self->fd, PROT_READ, MAP_SHARED, self->page, 0);
	EXPECT_MAP_FAILS(ENOENT, self->fd, PROT_READ, MAP_SHARED, self->page,
			 (off_t)(self->handle + 1) * self->page);
	/* The handle again, if 32 bits of it were looked at. */
	if (sizeof(long) == 8)
		EXPECT_MAP_FAILS(ENOENT, self->fd, PROT_READ, MAP_SHARED,
				 self->page,
				 (off_t)((1ULL << 32) + self->handle) *
				 self->page);
}

TEST_F(mapping, offset_that_overflows_is_refused)
{
	off_t last = sizeof(long) == 8 ? ~0ULL << 12 : 0xffffffffULL << 12;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * self->page, PROT_READ, MAP_SHARED,
				   self->fd, last));
	EXPECT_EQ(true, errno == EOVERFLOW || errno == ENOENT ||
		  errno == EINVAL);
}

TEST_F(mapping, objects_and_buffers_cannot_be_mapped)
{
	__u32 h;

	ASSERT_EQ(0, alloc(self->fd, self->page, &h));
	EXPECT_MAP_FAILS(EPROTOTYPE, self->fd, PROT_READ, MAP_SHARED,
			 self->page, (off_t)h * self->page);
	ASSERT_EQ(0, stack_alloc(self->fd, 32768, &h));
	EXPECT_MAP_FAILS(EPROTOTYPE, self->fd, PROT_READ, MAP_SHARED,
			 self->page, (off_t)h * self->page);
}

TEST_F(mapping, handle_of_another_file_is_enoent)
{
	int fd = open_device();

	ASSERT_LE(0, fd);
	EXPECT_MAP_FAILS(ENOENT, fd, PROT_READ, MAP_SHARED, self->page,
			 (off_t)self->handle * self->page);
	close(fd);
}

TEST_F(mapping, file_opened_for_reading_maps_for_reading)
{
	int fd = open(DEVICE, O_RDONLY | O_CLOEXEC);
	off_t at;
	__u32 h;
	char *p;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, manual_alloc(fd, self->page, "stacks", &h));
	at = (off_t)h * self->page;
	EXPECT_MAP_FAILS(EACCES, fd, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->page, at);
	p = mmap(NULL, self->page, PROT_READ, MAP_SHARED, fd, at);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, *p);
	EXPECT_EQ(-1, mprotect(p, self->page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, munmap(p, self->page));
	close(fd);
}

TEST_F(mapping, kernel_takes_no_reference_to_its_pages)
{
	int pipefd[2];
	struct iovec iov = { .iov_base = self->p, .iov_len = self->page };

	self->p[0] = 1;
	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_EQ(-1, vmsplice(pipefd[1], &iov, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST_F(mapping, freed_handle_leaves_it_as_it_is)
{
	memset(self->p, 0x77, self->bytes);
	ASSERT_EQ(0, manual_free(self->fd, self->handle));
	EXPECT_HELD(self->bytes);
	EXPECT_EQ(self->bytes, file_bytes(self->fd));
	EXPECT_EQ(-ENOENT, manual_free(self->fd, self->handle));
	EXPECT_MAP_FAILS(ENOENT, self->fd, PROT_READ, MAP_SHARED, self->page,
			 (off_t)self->handle * self->page);
	scribble(self->fd);
	EXPECT_EQ(true, all_bytes_are(self->p, 0x77, self->bytes));
	ASSERT_EQ(0, munmap(self->p, self->bytes));
	EXPECT_HELD(0);
	EXPECT_EQ(0, file_bytes(self->fd));
}

TEST_F(mapping, freed_handle_leaves_pages_that_were_not_touched)
{
	ASSERT_EQ(0, write_object(self->fd, self->handle, self->page, 1, "z"));
	ASSERT_EQ(0, manual_free(self->fd, self->handle));
	scribble(self->fd);
	EXPECT_EQ('z', self->p[self->page]);
	EXPECT_EQ(true, all_bytes_are(self->p, 0, self->page));
}

TEST_F(mapping, closed_descriptor_leaves_it_as_it_is)
{
	int fd;

	memset(self->p, 0x66, self->bytes);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_HELD(self->bytes);
	fd = open_device();
	ASSERT_LE(0, fd);
	scribble(fd);
	close(fd);
	EXPECT_EQ(true, all_bytes_are(self->p, 0x66, self->bytes));
	ASSERT_EQ(0, munmap(self->p, self->bytes));
	EXPECT_HELD(0);
}

TEST_F(mapping, part_that_is_left_keeps_the_span)
{
	memset(self->p, 0x55, self->bytes);
	ASSERT_EQ(0, manual_free(self->fd, self->handle));
	/* A hole in the middle makes two, then the first goes. */
	ASSERT_EQ(0, munmap(self->p + 3 * self->page, 2 * self->page));
	ASSERT_EQ(0, munmap(self->p, 3 * self->page));
	EXPECT_HELD(self->bytes);
	scribble(self->fd);
	EXPECT_EQ(true, all_bytes_are(self->p + 5 * self->page, 0x55,
				      3 * self->page));
	ASSERT_EQ(0, munmap(self->p + 5 * self->page, 3 * self->page));
	EXPECT_HELD(0);
}

TEST_F(mapping, moved_one_keeps_the_span_and_its_pages)
{
	char *to;

	self->p[6 * self->page] = 'm';
	ASSERT_EQ(0, write_object(self->fd, self->handle, 7 * self->page, 1,
				  "n"));
	to = mmap(NULL, self->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	ASSERT_NE(MAP_FAILED, to);
	/* The second half alone, so that it has to know where it began. */
	ASSERT_EQ(to, mremap(self->p + 4 * self->page, 4 * self->page,
			     4 * self->page, MREMAP_MAYMOVE | MREMAP_FIXED,
			     to));
	ASSERT_EQ(0, manual_free(self->fd, self->handle));
	ASSERT_EQ(0, munmap(self->p, 4 * self->page));
	EXPECT_HELD(self->bytes);
	scribble(self->fd);
	EXPECT_EQ('m', to[2 * self->page]);
	EXPECT_EQ('n', to[3 * self->page]);
	ASSERT_EQ(0, munmap(to, self->bytes));
	EXPECT_HELD(0);
}

TEST_F(mapping, does_not_grow)
{
	ASSERT_EQ(0, munmap(self->p + 4 * self->page, 4 * self->page));
	EXPECT_EQ(MAP_FAILED, mremap(self->p, 4 * self->page, self->bytes,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(self->p, 0, self->page, MREMAP_MAYMOVE));
	EXPECT_HELD(self->bytes);
}

TEST_F(mapping, childs_copy_keeps_the_span)
{
	int to[2], from[2], status;
	char c = 0;
	pid_t pid;

	ASSERT_EQ(0, pipe(to));
	ASSERT_EQ(0, pipe(from));
	memset(self->p, 0x44, self->bytes);
	pid = fork();
	if (!pid) {
		if (read(to[0], &c, 1) != 1 ||
		    !all_bytes_are(self->p, 0x44, self->bytes))
			_exit(1);
		if (write(from[1], "", 1) != 1 || read(to[0], &c, 1) != 1)
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, munmap(self->p, self->bytes));
	ASSERT_EQ(0, manual_free(self->fd, self->handle));
	scribble(self->fd);
	EXPECT_HELD(self->bytes);
	ASSERT_EQ(1, write(to[1], "", 1));
	EXPECT_EQ(1, read(from[0], &c, 1));
	ASSERT_EQ(1, write(to[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_HELD(0);
}

TEST_F(mapping, duplicate_descriptor_maps_and_frees_the_same_span)
{
	int fd = dup(self->fd);
	char *p;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(self->fd));
	self->p[0] = 'd';
	p = map(fd, self->handle, self->page);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ('d', *p);
	ASSERT_EQ(0, munmap(p, self->page));
	EXPECT_EQ(0, manual_free(fd, self->handle));
	close(fd);
}

TEST_F(mapping, descriptor_in_a_message_keeps_the_span)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int sock[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &self->fd, sizeof(int));
	self->p[9] = 's';
	ASSERT_EQ(1, sendmsg(sock[0], &msg, 0));
	ASSERT_EQ(0, munmap(self->p, self->bytes));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_HELD(self->bytes);
	ASSERT_EQ(1, recvmsg(sock[1], &msg, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	self->p = map(fd, self->handle, self->bytes);
	ASSERT_NE(MAP_FAILED, self->p);
	EXPECT_EQ('s', self->p[9]);
	close(fd);
	close(sock[0]);
	close(sock[1]);
}

/* --- FREE, READ, LOOKUP and mmap() of one handle -------------------------- */

static struct {
	int fd;
	size_t page;
	atomic_uint handle, wrong, frees, maps;
	atomic_bool stop;
} shared;

static void *renew(void *arg)
{
	__u32 h;

	while (!shared.stop) {
		if (manual_alloc(shared.fd, PAGES * shared.page, "stacks", &h)) {
			shared.wrong++;
			break;
		}
		shared.handle = h;
		usleep(100);
		if (manual_free(shared.fd, h))
			shared.wrong++;
		else
			shared.frees++;
	}
	return NULL;
}

/* Every answer is a whole one, or ENOENT. */
static void *look(void *arg)
{
	struct gostat_ioc_lookup l;
	char data[64];
	int err;

	while (!shared.stop) {
		err = read_object(shared.fd, shared.handle, shared.page, 64,
				  data);
		if (err && err != -ENOENT)
			shared.wrong++;
		err = lookup(shared.fd, shared.handle, 1, &l);
		if (err ? err != -ENOENT :
			  l.base || l.usable != PAGES * shared.page)
			shared.wrong++;
	}
	return NULL;
}

static void *map_and_touch(void *arg)
{
	size_t bytes = PAGES * shared.page;
	char *p;

	while (!shared.stop) {
		p = map(shared.fd, shared.handle, bytes);
		if (p == MAP_FAILED) {
			if (errno != ENOENT)
				shared.wrong++;
			continue;
		}
		shared.maps++;
		/* Ours while it is mapped: this byte is no one else's. */
		p[shared.page * 3 + 100] = 1;
		if (p[shared.page * 3 + 100] != 1 || p[0])
			shared.wrong++;
		munmap(p, bytes);
	}
	return NULL;
}

TEST_F_TIMEOUT(mapping, threads_that_race_on_one_handle_see_it_whole_or_not, 60)
{
	__u32 word = 0;
	pthread_t thread[4];
	unsigned int i;

	/* Without CONFIG_COMPAT_32BIT_TIME, and the C library aborts. */
	if (syscall(SYS_futex, &word, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0))
		SKIP(return, "this kernel has no futex() for 32-bit threads");
	shared.fd = self->fd;
	shared.page = self->page;
	ASSERT_EQ(0, pthread_create(&thread[0], NULL, renew, NULL));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, look, NULL));
	ASSERT_EQ(0, pthread_create(&thread[2], NULL, map_and_touch, NULL));
	ASSERT_EQ(0, pthread_create(&thread[3], NULL, map_and_touch, NULL));
	sleep(SECONDS);
	shared.stop = true;
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(0, shared.wrong);
	EXPECT_LT(0, shared.frees);
	EXPECT_LT(0, shared.maps);
	EXPECT_HELD(self->bytes);
	EXPECT_EQ(1, file_objects(self->fd));
}

TEST_HARNESS_MAIN
