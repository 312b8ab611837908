// SPDX-License-Identifier: GPL-2.0
/*
 * killed - readers that are killed, while they read or while they wait for each
 * other, are gone at once and hold nothing that the next reader wants.
 */
#include "gostat_test.h"

#include <signal.h>
#include <sys/wait.h>

#define DEBUGFS	"/sys/kernel/debug/gostat/"
#define READERS	8	/* more than can read at once: most of them wait */
#define ROUNDS	30
#define SECONDS	120	/* a reader that cannot go on ends the test by time */

static const char *const paths[] = {
	SYSFS "sys",
	SYSFS "nmalloc",
	SYSFS "memory_classes/heap_objects",
	DEBUGFS "memstats",
	DEBUGFS "by_size",
	DEBUGFS "verify",
};

FIXTURE(killed) {
	int fd;
};

FIXTURE_SETUP(killed)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(killed)
{
	close(self->fd);
}

static bool read_all(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	do
		n = read(fd, text, sizeof(text));
	while (n > 0);
	close(fd);
	return !n;
}

static pid_t start_reader(unsigned int first)
{
	pid_t pid = fork();
	unsigned int i;

	if (pid)
		return pid;
	for (i = first;; i++)
		if (!read_all(paths[i % ARRAY_LEN(paths)]))
			_exit(1);
}

/* The signal that ended it; 0 if it ended by itself. */
static int end_reader(pid_t pid)
{
	int status = 0;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST_F_TIMEOUT(killed, readers_killed_at_any_time_hold_nothing, SECONDS)
{
	pid_t reader[READERS];
	unsigned int i, round;

	for (i = 0; i < ARRAY_LEN(paths); i++)
		ASSERT_EQ(true, read_all(paths[i]));
	srandom(1);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < READERS; i++) {
			reader[i] = start_reader(random());
			ASSERT_LT(0, reader[i]);
		}
		usleep(random() % 20000);
		for (i = 0; i < READERS; i++)
			EXPECT_EQ(SIGKILL, end_reader(reader[i]));
		for (i = 0; i < ARRAY_LEN(paths); i++)
			ASSERT_EQ(true, read_all(paths[i]));
	}
	EXPECT_EQ(0, figure("skew"));
}

TEST_HARNESS_MAIN
