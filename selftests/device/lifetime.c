// SPDX-License-Identifier: GPL-2.0
/*
 * lifetime - who owns objects, and that they go when their owner goes.
 *
 * The owner is the open file: not a descriptor of it and not a process. That
 * everything was freed is read from the heap's own figures in sysfs, which at
 * rest are exact.
 */
#include "gostat_test.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#define OBJECTS	1000
#define NOBODY	65534

/* What must be again what it was: the objects that are live. */
struct figures {
	__u64 heap_objects, heap_alloc;
};

static struct figures figures_now(void)
{
	return (struct figures){
		.heap_objects = figure("heap_objects"),
		.heap_alloc = figure("heap_alloc"),
	};
}

#define EXPECT_AS_BEFORE(before) do {					\
	struct figures before_ = (before), now_ = figures_now();	\
									\
	EXPECT_EQ(before_.heap_objects, now_.heap_objects);		\
	EXPECT_EQ(before_.heap_alloc, now_.heap_alloc);			\
} while (0)

FIXTURE(lifetime) {
	int fd;
	struct figures before;
	__u32 handles[OBJECTS];
};

/* Some of every kind: small ones, large ones, and one from vmalloc. */
static int populate(int fd, __u32 *handles)
{
	__u64 sizes[OBJECTS];
	__u32 done, i;

	for (i = 0; i < OBJECTS; i++)
		sizes[i] = 1 + i * 41;
	sizes[0] = 3 << 20;
	return alloc_batch(fd, OBJECTS, 0, sizes, handles, &done);
}

FIXTURE_SETUP(lifetime)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	self->before = figures_now();
	ASSERT_NE(~0ULL, self->before.heap_objects);
}

FIXTURE_TEARDOWN(lifetime)
{
	close(self->fd);
}

TEST_F(lifetime, node_is_for_root_alone)
{
	struct stat st;

	ASSERT_EQ(0, stat(DEVICE, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(10, major(st.st_rdev));
}

TEST_F(lifetime, others_cannot_open_it)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(2);
		_exit(open(DEVICE, O_RDWR) >= 0 || errno != EACCES);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(lifetime, figures_count_the_objects)
{
	ASSERT_EQ(0, populate(self->fd, self->handles));
	EXPECT_EQ(self->before.heap_objects + OBJECTS, figure("heap_objects"));
	EXPECT_LT(self->before.heap_alloc + (3 << 20), figure("heap_alloc"));
}

TEST_F(lifetime, close_frees_everything)
{
	ASSERT_EQ(0, populate(self->fd, self->handles));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_AS_BEFORE(self->before);
}

TEST_F(lifetime, exit_frees_everything)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		int fd = open(DEVICE, O_RDWR);

		_exit(fd < 0 || populate(fd, self->handles));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_AS_BEFORE(self->before);
}

TEST_F(lifetime, exec_closes_and_frees_everything)
{
	int pipefd[2];
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipefd));
	pid = fork();
	if (!pid) {
		int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

		close(self->fd);
		if (fd < 0 || populate(fd, self->handles))
			_exit(1);
		dup2(pipefd[1], 1);
		execl("/proc/self/exe", "lifetime", "--sleep", NULL);
		_exit(1);
	}
	close(pipefd[1]);
	/* It says so when it runs anew. */
	ASSERT_EQ(1, read(pipefd[0], &c, 1));
	EXPECT_AS_BEFORE(self->before);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

TEST_F(lifetime, duplicates_share_and_the_last_one_frees)
{
	int copy;

	ASSERT_EQ(0, populate(self->fd, self->handles));
	copy = dup(self->fd);
	ASSERT_LE(0, copy);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(OBJECTS, file_objects(copy));
	EXPECT_EQ(0, free_handle(copy, self->handles[7]));
	ASSERT_EQ(0, close(copy));
	EXPECT_AS_BEFORE(self->before);
}

TEST_F(lifetime, parent_and_child_share)
{
	int status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, populate(self->fd, self->handles));
	pid = fork();
	if (!pid)
		_exit(free_handle(self->fd, self->handles[1]) ||
		      write_object(self->fd, self->handles[2], 0, 1, "c"));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	/* Its death freed nothing, its deeds remain. */
	EXPECT_EQ(OBJECTS - 1, file_objects(self->fd));
	EXPECT_EQ(-ENOENT, free_handle(self->fd, self->handles[1]));
	EXPECT_EQ(0, read_object(self->fd, self->handles[2], 0, 1, &c));
	EXPECT_EQ('c', c);
}

/* A descriptor in a message. */
static int send_descriptor(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_descriptor(int sock)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

TEST_F(lifetime, descriptor_in_a_message_keeps_the_objects)
{
	int sock[2], fd;
	char c = 0;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, populate(self->fd, self->handles));
	ASSERT_EQ(0, write_object(self->fd, self->handles[5], 0, 1, "m"));
	ASSERT_EQ(0, send_descriptor(sock[0], self->fd));
	ASSERT_EQ(0, close(self->fd));
	/* Under way, nobody can name them, and they live. */
	EXPECT_EQ(self->before.heap_objects + OBJECTS, figure("heap_objects"));
	fd = receive_descriptor(sock[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(OBJECTS, file_objects(fd));
	EXPECT_EQ(0, read_object(fd, self->handles[5], 0, 1, &c));
	EXPECT_EQ('m', c);
	ASSERT_EQ(0, close(fd));
	EXPECT_AS_BEFORE(self->before);
}

/* The rest of an unread message goes with the sockets, a moment later. */
TEST_F(lifetime, descriptor_in_a_message_never_read_is_freed)
{
	int sock[2], tries = 200;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, populate(self->fd, self->handles));
	ASSERT_EQ(0, send_descriptor(sock[0], self->fd));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, close(sock[0]));
	ASSERT_EQ(0, close(sock[1]));
	while (figure("heap_objects") != self->before.heap_objects && tries--)
		usleep(20000);
	EXPECT_AS_BEFORE(self->before);
}

/* A child that allocates and frees without end, in batches. */
static void be_busy(int ready)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	struct gostat_ioc_info i;
	__u32 *handles, done = 0;

	if (fd < 0 || info(fd, &i))
		_exit(1);
	handles = calloc(i.max_batch, sizeof(*handles));
	if (!handles || write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		alloc_batch(fd, i.max_batch, 8 + done % 512, NULL, handles,
			    &done);
		free_batch(fd, done / 2, handles, &done);
		alloc_batch(fd, i.max_batch, 8, NULL, handles, &done);
		if (file_objects(fd) > 4 * i.max_batch) {
			close(fd);
			fd = open(DEVICE, O_RDWR | O_CLOEXEC);
		}
	}
}

TEST_F_TIMEOUT(lifetime, killed_in_the_middle_of_a_batch_frees_everything, 120)
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
		EXPECT_AS_BEFORE(self->before);
	}
}

TEST_F(lifetime, open_file_keeps_the_module)
{
	EXPECT_EQ(-1, syscall(SYS_delete_module, "gostat", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_LE(0, file_objects(self->fd));
}

TEST_F_TIMEOUT(lifetime, a_thousand_opens_and_closes, 120)
{
	__u32 h;
	int i, fd;

	for (i = 0; i < 1000; i++) {
		fd = open_device();
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, alloc(fd, 1 + i * 11, &h));
		ASSERT_EQ(1, h);
		ASSERT_EQ(0, close(fd));
	}
	EXPECT_AS_BEFORE(self->before);
}

/* The program that exec_closes_and_frees_everything turns into. */
__attribute__((constructor(101)))
static void be_the_executed_program(void)
{
	char argument[64] = "";
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t n = read(fd, argument, sizeof(argument) - 1);

	close(fd);
	if (n != sizeof("lifetime\0--sleep") || strcmp(argument, "lifetime"))
		return;
	if (write(1, "x", 1) == 1)
		pause();
	_exit(0);
}

TEST_HARNESS_MAIN
