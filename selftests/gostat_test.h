/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat_test - what the tests of the device and of sysfs share.
 *
 * Calls of the device return 0 or -errno, so that a test compares one value.
 * A test that needs /dev/gostat skips where there is none, and fails where
 * there is one that it cannot open.
 */
#ifndef _GOSTAT_TEST_H
#define _GOSTAT_TEST_H

#include <kselftest_harness.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/gostat.h>

#define DEVICE		"/dev/gostat"
#define SYSFS		"/sys/kernel/gostat/"
#define PARAMETERS	"/sys/module/gostat/parameters/"

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

/* An open file of the device, or -errno. */
static inline int open_device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int call(int fd, unsigned long command, void *arg)
{
	return ioctl(fd, command, arg) ? -errno : 0;
}

static inline int info(int fd, struct gostat_ioc_info *info)
{
	*info = (struct gostat_ioc_info){ .size = sizeof(*info) };
	return call(fd, GOSTAT_IOC_INFO, info);
}

/* What an open file holds; ~0 if it does not say, which no test expects. */
static inline __u64 file_objects(int fd)
{
	struct gostat_ioc_info i;

	return info(fd, &i) ? ~0ULL : i.file_objects;
}

static inline __u64 file_bytes(int fd)
{
	struct gostat_ioc_info i;

	return info(fd, &i) ? ~0ULL : i.file_bytes;
}

/* Bytes an object has; 0 if there is none. */
static inline __u64 usable_bytes(int fd, __u32 handle)
{
	struct gostat_ioc_lookup l = {
		.size = sizeof(l),
		.handle = handle,
	};

	return call(fd, GOSTAT_IOC_LOOKUP, &l) ? 0 : l.usable;
}

static inline int alloc_flags(int fd, __u64 bytes, __u32 flags,
			      __u32 *handle)
{
	struct gostat_ioc_alloc alloc = {
		.size = sizeof(alloc),
		.flags = flags,
		.bytes = bytes,
	};
	int err = call(fd, GOSTAT_IOC_ALLOC, &alloc);

	*handle = alloc.handle;
	return err;
}

static inline int alloc(int fd, __u64 bytes, __u32 *handle)
{
	return alloc_flags(fd, bytes, 0, handle);
}

/* Back by any of the three commands. */
static inline int free_as(int fd, unsigned long command, __u32 handle)
{
	struct gostat_ioc_free free = {
		.size = sizeof(free),
		.handle = handle,
	};

	return call(fd, command, &free);
}

static inline int free_handle(int fd, __u32 handle)
{
	return free_as(fd, GOSTAT_IOC_FREE, handle);
}

static inline int manual_alloc(int fd, __u64 bytes, const char *sink,
			       __u32 *handle)
{
	struct gostat_ioc_manual_alloc alloc = {
		.size = sizeof(alloc),
		.bytes = bytes,
	};
	int err;

	snprintf(alloc.sink, sizeof(alloc.sink), "%s", sink);
	err = call(fd, GOSTAT_IOC_MANUAL_ALLOC, &alloc);
	*handle = alloc.handle;
	return err;
}

static inline int stack_alloc(int fd, __u64 bytes, __u32 *handle)
{
	struct gostat_ioc_alloc alloc = {
		.size = sizeof(alloc),
		.bytes = bytes,
	};
	int err = call(fd, GOSTAT_IOC_STACK_ALLOC, &alloc);

	*handle = alloc.handle;
	return err;
}

static inline int manual_free(int fd, __u32 handle)
{
	return free_as(fd, GOSTAT_IOC_MANUAL_FREE, handle);
}

static inline int stack_free(int fd, __u32 handle)
{
	return free_as(fd, GOSTAT_IOC_STACK_FREE, handle);
}

/* n objects of one size, or of sizes[] when that is not NULL. */
static inline int alloc_batch(int fd, __u32 n, __u64 bytes,
			      const __u64 *sizes, __u32 *handles,
			      __u32 *done)
{
	struct gostat_ioc_alloc_batch batch = {
		.size = sizeof(batch),
		.bytes = bytes,
		.sizes = (uintptr_t)sizes,
		.handles = (uintptr_t)handles,
		.count = n,
		.done = ~0U,
	};
	int err = call(fd, GOSTAT_IOC_ALLOC_BATCH, &batch);

	*done = batch.done;
	return err;
}

static inline int free_batch(int fd, __u32 n, const __u32 *handles,
			     __u32 *done)
{
	struct gostat_ioc_free_batch batch = {
		.size = sizeof(batch),
		.handles = (uintptr_t)handles,
		.count = n,
		.done = ~0U,
	};
	int err = call(fd, GOSTAT_IOC_FREE_BATCH, &batch);

	*done = batch.done;
	return err;
}

static inline int lookup(int fd, __u32 handle, __u64 offset,
			 struct gostat_ioc_lookup *lookup)
{
	*lookup = (struct gostat_ioc_lookup){
		.size = sizeof(*lookup),
		.handle = handle,
		.offset = offset,
		.base = -1,
		.object_offset = ~0ULL,
	};
	return call(fd, GOSTAT_IOC_LOOKUP, lookup);
}

static inline int transfer(int fd, unsigned long command, __u32 handle,
			   __u64 offset, __u64 length, const void *data)
{
	struct gostat_ioc_io io = {
		.size = sizeof(io),
		.handle = handle,
		.offset = offset,
		.length = length,
		.data = (uintptr_t)data,
	};

	return call(fd, command, &io);
}

static inline int read_object(int fd, __u32 handle, __u64 offset,
			      __u64 length, void *data)
{
	return transfer(fd, GOSTAT_IOC_READ, handle, offset, length, data);
}

static inline int write_object(int fd, __u32 handle, __u64 offset,
			       __u64 length, const void *data)
{
	return transfer(fd, GOSTAT_IOC_WRITE, handle, offset, length, data);
}

/* A number from a file; -errno if there is none. */
static inline int read_number(const char *path, __u64 *value)
{
	unsigned long long number;
	char text[32], *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return n ? -errno : -ENODATA;
	text[n] = '\0';
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || strcmp(end, "\n"))
		return -EILSEQ;
	*value = number;
	return 0;
}

static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* A figure of the heap; ~0 if it cannot be read, which no test expects. */
static inline __u64 figure(const char *name)
{
	char path[128];
	__u64 value = ~0ULL;

	snprintf(path, sizeof(path), SYSFS "%s", name);
	read_number(path, &value);
	return value;
}

static inline __u64 class_figure(unsigned int size, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "by_size/%u/%s", size, name);
	return figure(path);
}

/*
 * What of the sink "stacks" is of manual spans: in it are also the stack pool's
 * spans, some of which stay reserved after the last buffer was freed.
 */
static inline __u64 manual_figure(const char *of_sink, const char *of_class,
				  bool bytes)
{
	__u64 value;
	char path[64];
	unsigned int size;

	snprintf(path, sizeof(path), "sinks/stacks/%s", of_sink);
	value = figure(path);
	for (size = 2048; size <= 32768; size *= 2) {
		snprintf(path, sizeof(path), "stacks/%u/%s", size, of_class);
		value -= figure(path) * (bytes ? size : 1);
	}
	return value;
}

static inline __u64 manual_bytes(void)
{
	return manual_figure("inuse", "capacity", true);
}

static inline __u64 manual_spans(void)
{
	return manual_figure("spans", "spans", false);
}

/* Somebody else, who allocates and frees as fast as he can until he is killed. */
static inline pid_t start_worker(void)
{
	__u32 handles[64], done;
	unsigned int i;
	int fd, opened[2];
	pid_t pid;
	char c;

	if (pipe(opened))
		return -1;
	pid = fork();
	close(opened[pid ? 1 : 0]);
	if (pid) {
		/* To its end: an open of the device ends everybody's round. */
		if (read(opened[0], &c, 1))
			pid = -1;
		close(opened[0]);
		return pid;
	}
	fd = open_device();
	close(opened[1]);
	for (i = 0; fd >= 0; i++) {
		alloc_batch(fd, 64, 1 + i * 97 % 9000, NULL, handles, &done);
		free_batch(fd, done, handles, &done);
	}
	_exit(1);
}

static inline void stop_worker(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* n pages, with a page behind them that cannot be touched. */
static inline void *pages_before_a_hole(size_t n)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, (n + 1) * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + n * page, page, PROT_NONE))
		return NULL;
	return p;
}

static inline bool all_bytes_are(const void *data, unsigned char value,
				 size_t n)
{
	const unsigned char *p = data;

	while (n--)
		if (*p++ != value)
			return false;
	return true;
}

#endif /* _GOSTAT_TEST_H */
