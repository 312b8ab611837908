// SPDX-License-Identifier: GPL-2.0
/*
 * scavenger - what is asked of the scavenger through sysfs: a forced run, limits,
 * and how it works by itself.
 *
 * What is chosen here is as it was before when a test ends, whatever it did.
 */
#include "gostat_test.h"

#define OBJECTS		4096
#define BYTES		4096
/* Demand of tests before this one is forgotten in far less. */
#define PATIENCE_MS	60000
#define STEP_MS		20
#define NOBODY		65534

static const struct knob {
	const char *name;
	const char *min, *max, *below, *above;
} knobs[] = {
	{ "scavenger/enabled", "0", "1", "-1", "2" },
	{ "scavenger/idle_limit", "0", "3600", "-1", "3601" },
	{ "scavenger/margin", "0", "1000", "-1", "1001" },
	{ "scavenger/pace", "1", "1000", "0", "1001" },
	{ "scavenger/period", "10", "3600000", "9", "3600001" },
};

/* An empty write never gets as far as the module. */
static const char * const junk[] = {
	"\n", "x", "1x", "1 2", "0.5", "99999999999999999999", "on",
};

FIXTURE(scavenger) {
	int fd;
	__u64 old[ARRAY_LEN(knobs)];
	__u32 handle[OBJECTS];
};

static int put(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), SYSFS "%s", name);
	return write_text(path, text);
}

static int put_number(const char *name, __u64 number)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return put(name, text);
}

static __u64 idle(void)
{
	return figure("memory_classes/heap_free");
}

FIXTURE_SETUP(scavenger)
{
	unsigned int i;

	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < ARRAY_LEN(knobs); i++)
		self->old[i] = figure(knobs[i].name);
}

FIXTURE_TEARDOWN(scavenger)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(knobs); i++)
		EXPECT_EQ(0, put_number(knobs[i].name, self->old[i]));
	EXPECT_EQ(0, put("memory_limit", "0"));
	EXPECT_EQ(0, put("memory_limit_hard", "0"));
	close(self->fd);
}

/* Use much memory and leave it idle. */
static int use(int fd, __u32 *handle)
{
	__u32 done;
	int err = alloc_batch(fd, OBJECTS, BYTES, NULL, handle, &done);

	return err ?: free_batch(fd, OBJECTS, handle, &done);
}

/* Wait until nothing is idle; false if that takes too long. */
static bool all_goes(void)
{
	int ms;

	for (ms = 0; idle() && ms < PATIENCE_MS; ms += STEP_MS)
		usleep(STEP_MS * 1000);
	return ms < PATIENCE_MS;
}

static void by_itself(int enabled)
{
	put_number("scavenger/enabled", enabled);
	put("scavenger/idle_limit", "0");
	put("scavenger/margin", "0");
	put("scavenger/period", "10");
	put("scavenger/pace", "1000");
}

/* --- a forced run ---------------------------------------------------------- */

TEST_F(scavenger, a_forced_run_leaves_nothing_idle)
{
	__u64 runs = figure("scavenger/forced/runs");
	__u64 released = figure("scavenger/forced/released");

	put("scavenger/enabled", "0");
	ASSERT_EQ(0, use(self->fd, self->handle));
	EXPECT_EQ(0, put("scavenge", "1"));
	EXPECT_EQ(0, idle());
	EXPECT_EQ(figure("heap_idle"), figure("heap_released"));
	EXPECT_EQ(runs + 1, figure("scavenger/forced/runs"));
	EXPECT_LE(released + OBJECTS * BYTES / 2,
		  figure("scavenger/forced/released"));
	released = figure("scavenger/forced/released");
	EXPECT_EQ(0, put("scavenge", "1\n"));
	EXPECT_EQ(runs + 2, figure("scavenger/forced/runs"));
	EXPECT_EQ(released, figure("scavenger/forced/released"));
}

TEST_F(scavenger, only_a_yes_makes_a_forced_run)
{
	__u64 runs = figure("scavenger/forced/runs");

	EXPECT_EQ(0, put("scavenge", "0"));
	EXPECT_EQ(-EINVAL, put("scavenge", "perhaps"));
	EXPECT_EQ(-EINVAL, put("scavenge", "\n"));
	EXPECT_EQ(runs, figure("scavenger/forced/runs"));
}

TEST_F(scavenger, the_command_says_how_much_went)
{
	struct gostat_ioc_scavenge run = { .size = sizeof(run) };
	__u64 released = figure("scavenger/forced/released");

	put("scavenger/enabled", "0");
	ASSERT_EQ(0, use(self->fd, self->handle));
	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_SCAVENGE, &run));
	EXPECT_LT(0, run.released);
	EXPECT_EQ(released + run.released,
		  figure("scavenger/forced/released"));
}

/* Run by somebody else than root, who was handed the open file. */
static int command_as_nobody(int fd)
{
	struct gostat_ioc_scavenge run = { .size = sizeof(run) };
	struct gostat_ioc_limits limits = { .size = sizeof(limits) };

	if (setgid(NOBODY) || setuid(NOBODY))
		return 2;
	if (call(fd, GOSTAT_IOC_SCAVENGE, &run) != -EPERM)
		return 3;
	if (call(fd, GOSTAT_IOC_LIMITS, &limits))
		return 4;
	limits.flags = GOSTAT_LIMIT_SOFT;
	if (call(fd, GOSTAT_IOC_LIMITS, &limits) != -EPERM)
		return 5;
	limits.flags = GOSTAT_LIMIT_HARD;
	if (call(fd, GOSTAT_IOC_LIMITS, &limits) != -EPERM)
		return 6;
	return 0;
}

TEST_F(scavenger, the_commands_are_the_administrators)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(command_as_nobody(self->fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* --- limits ---------------------------------------------------------------- */

TEST_F(scavenger, limits_are_read_back_in_bytes)
{
	static const char * const bad[] = {
		"\n", "x", "1KB", "-1", "1.5G", "99999999999999999999",
		"99999999T",
	};
	struct gostat_ioc_limits limits = { .size = sizeof(limits) };
	unsigned int i;

	EXPECT_EQ(0, put("memory_limit", "1g\n"));
	EXPECT_EQ(0, put("memory_limit_hard", "2T"));
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		EXPECT_GT(0, put("memory_limit", bad[i]));
		EXPECT_GT(0, put("memory_limit_hard", bad[i]));
	}
	EXPECT_EQ(1ULL << 30, figure("memory_limit"));
	EXPECT_EQ(2ULL << 40, figure("memory_limit_hard"));
	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_LIMITS, &limits));
	EXPECT_EQ(1ULL << 30, limits.memory_limit);
	EXPECT_EQ(2ULL << 40, limits.memory_limit_hard);
}

TEST_F(scavenger, the_command_sets_what_its_flags_say)
{
	struct gostat_ioc_limits limits = {
		.size = sizeof(limits), .flags = GOSTAT_LIMIT_SOFT,
		.memory_limit = 1ULL << 32, .memory_limit_hard = 1,
	};

	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_LIMITS, &limits));
	EXPECT_EQ(1ULL << 32, figure("memory_limit"));
	EXPECT_EQ(0, figure("memory_limit_hard"));
	EXPECT_EQ(0, limits.memory_limit_hard);
	limits.flags = GOSTAT_LIMIT_HARD;
	limits.memory_limit = 1;
	limits.memory_limit_hard = 1ULL << 33;
	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_LIMITS, &limits));
	EXPECT_EQ(1ULL << 32, figure("memory_limit"));
	EXPECT_EQ(1ULL << 33, figure("memory_limit_hard"));
}

TEST_F(scavenger, what_is_idle_beyond_a_new_limit_goes_at_once)
{
	put("scavenger/enabled", "0");
	ASSERT_EQ(0, use(self->fd, self->handle));
	EXPECT_LT(0, idle());
	EXPECT_EQ(0, put("memory_limit", "1"));
	EXPECT_EQ(0, idle());
	EXPECT_LT(0, figure("scavenger/limit/released"));
}

TEST_F(scavenger, beyond_the_soft_limit_the_heap_grows_and_says_so)
{
	__u64 over = figure("over_limit");

	EXPECT_EQ(0, put("memory_limit", "1"));
	EXPECT_EQ(0, use(self->fd, self->handle));
	EXPECT_LT(over, figure("over_limit"));
}

TEST_F(scavenger, beyond_the_hard_limit_allocations_fail)
{
	__u64 refused = figure("limit_refused"), limit;
	__u32 done = 0;

	EXPECT_EQ(0, put("scavenge", "1"));
	limit = figure("obtained") + OBJECTS * BYTES / 2;
	EXPECT_EQ(0, put_number("memory_limit_hard", limit));
	EXPECT_EQ(-ENOMEM, alloc_batch(self->fd, OBJECTS, BYTES, NULL,
				       self->handle, &done));
	EXPECT_LT(0, done);
	EXPECT_GE(limit, figure("obtained"));
	EXPECT_LT(refused, figure("limit_refused"));
	EXPECT_EQ(0, free_batch(self->fd, done, self->handle, &done));
	EXPECT_EQ(0, put("memory_limit_hard", "0"));
	EXPECT_EQ(0, use(self->fd, self->handle));
}

/* --- by itself ------------------------------------------------------------- */

TEST_F(scavenger, knobs_refuse_what_is_out_of_range)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_LEN(knobs); i++) {
		const struct knob *k = &knobs[i];

		EXPECT_EQ(0, put(k->name, k->min));
		EXPECT_EQ(strtoull(k->min, NULL, 10), figure(k->name));
		EXPECT_EQ(0, put(k->name, k->max));
		EXPECT_EQ(-EINVAL, put(k->name, k->below));
		EXPECT_EQ(-EINVAL, put(k->name, k->above));
		for (j = 0; j < ARRAY_LEN(junk); j++)
			EXPECT_EQ(-EINVAL, put(k->name, junk[j]));
		EXPECT_EQ(strtoull(k->max, NULL, 10), figure(k->name));
	}
}

TEST_F_TIMEOUT(scavenger, idle_memory_goes_by_itself, 2 * PATIENCE_MS / 1000)
{
	__u64 released = figure("scavenger/background/released");

	by_itself(1);
	ASSERT_EQ(0, use(self->fd, self->handle));
	EXPECT_EQ(true, all_goes());
	EXPECT_LT(released, figure("scavenger/background/released"));
}

TEST_F(scavenger, when_it_is_off_idle_memory_stays)
{
	__u64 before;

	by_itself(0);
	ASSERT_EQ(0, use(self->fd, self->handle));
	before = idle();
	EXPECT_LT(0, before);
	usleep(500000);
	EXPECT_EQ(before, idle());
}

/* A look costs time, which is counted: where there is none, there was no look. */
TEST_F_TIMEOUT(scavenger, an_idle_heap_costs_no_wakeups, 2 * PATIENCE_MS / 1000)
{
	__u64 ns;

	by_itself(1);
	ASSERT_EQ(0, use(self->fd, self->handle));
	ASSERT_EQ(true, all_goes());
	usleep(500000);
	ns = figure("scavenger/background/ns");
	sleep(3);
	EXPECT_EQ(ns, figure("scavenger/background/ns"));
}

/* --- the kernel is told ---------------------------------------------------- */

/* KReclaimable of /proc/meminfo, in bytes. */
static __u64 reclaimable(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "KReclaimable: %llu kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

TEST_F(scavenger, idle_memory_counts_as_reclaimable)
{
	__u64 none, some;

	put("scavenger/enabled", "0");
	EXPECT_EQ(0, put("scavenge", "1"));
	none = reclaimable();
	ASSERT_EQ(0, use(self->fd, self->handle));
	some = reclaimable();
	EXPECT_LE(none + idle() / 2, some);
	EXPECT_EQ(0, put("scavenge", "1"));
	EXPECT_GE(some - OBJECTS * BYTES / 4, reclaimable());
}

TEST_HARNESS_MAIN
