// SPDX-License-Identifier: GPL-2.0
/*
 * pressure - a process eats memory while gostat holds much of it idle: pages go
 * back through the shrinker, and nobody is killed for want of memory.
 */
#include "gostat_test.h"

#include <sys/mman.h>

#define BYTES	32768
#define SECONDS	120
#define CHUNK	1048576

FIXTURE(pressure) {
	int fd;
};

FIXTURE_SETUP(pressure)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(0, write_text(SYSFS "scavenger/enabled", "0"));
}

FIXTURE_TEARDOWN(pressure)
{
	EXPECT_EQ(0, write_text(SYSFS "scavenger/enabled", "1"));
	EXPECT_EQ(0, write_text(SYSFS "scavenge", "1"));
	close(self->fd);
}

static __u64 idle(void)
{
	return figure("memory_classes/heap_free");
}

/* A line of /proc/meminfo, in bytes. */
static __u64 memory_line(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) &&
		    sscanf(line + strlen(name), ": %llu kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

/* As much as one open file may have. */
static void leave_idle(int fd)
{
	struct gostat_ioc_info i;
	__u32 handle, first = 0;

	if (info(fd, &i))
		return;
	while (i.file_bytes + BYTES <= i.file_limit &&
	       !alloc(fd, BYTES, &handle)) {
		first = first ?: handle;
		i.file_bytes += BYTES;
	}
	while (first && first <= handle)
		free_handle(fd, first++);
}

static __u64 kills(void)
{
	FILE *f = fopen("/proc/vmstat", "r");
	unsigned long long kills = ~0ULL;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "oom_kill %llu", &kills) == 1)
			break;
	if (f)
		fclose(f);
	return kills;
}

/*
 * Use memory, for good, until so much has come from the heap. Who gets @most
 * without that has taken all that there was, and is about to be killed.
 */
static int eat(__u64 most, __u64 until)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, most, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	__u64 i;

	if (p == MAP_FAILED)
		return 1;
	for (i = 0; i < most; i += page) {
		p[i] = 1;
		if (!(i % CHUNK) && figure("scavenger/shrinker/released") >= until)
			return 0;
	}
	return 2;
}

TEST_F_TIMEOUT(pressure, idle_memory_goes_before_anybody_is_killed, SECONDS)
{
	__u64 released = figure("scavenger/shrinker/released");
	__u64 killed = kills(), before, until;
	int status;
	pid_t pid;

	leave_idle(self->fd);
	before = idle();
	ASSERT_LT(memory_line("MemTotal") / 8, before);
	/* It is known to be available. */
	EXPECT_LT(before / 2 + memory_line("MemFree") / 2,
		  memory_line("MemAvailable"));
	until = released + before / 8 * 7;
	pid = fork();
	if (!pid)
		_exit(eat(memory_line("MemTotal"), until));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(true, WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_LE(until, figure("scavenger/shrinker/released"));
	EXPECT_GE(before / 8, idle());
	EXPECT_EQ(killed, kills());
}

TEST_HARNESS_MAIN
