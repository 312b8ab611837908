// SPDX-License-Identifier: GPL-2.0
/*
 * scavenger - what is asked of the scavenger through sysfs: a forced run, limits,
 * and how it works by itself.
 *
 * What is chosen here is as it was before when a test ends, whatever it did.
 */
#include "gostat_test.h"

/* 64 MiB: far more than what else changes in the kernel's figures meanwhile. */
#define OBJECTS		4096
#define BYTES		16384
#define SMALL		64	/* an object of which magazines keep some */
#define VERIFY		"/sys/kernel/debug/gostat/verify"
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

static const char * const junk[] = {
	"\n", " ", "x", "1x", "1 2", "0.5", "99999999999999999999", "on",
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

/* Does the recount of everything agree with the books? */
static bool books_close(void)
{
	char text[4096];
	int fd = open(VERIFY, O_RDONLY);
	size_t n = 0;
	ssize_t part;

	while (fd >= 0 && n < sizeof(text) - 1 &&
	       (part = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += part;
	close(fd);
	text[n] = '\0';
	return strstr(text, " compared, 0 differ, 0 impossible");
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
	EXPECT_EQ(figure("heap_sys"), figure("heap_inuse") + figure("heap_idle"));
	EXPECT_EQ(true, books_close());
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

TEST_F(scavenger, a_forced_run_empties_the_magazines)
{
	__u32 handle[OBJECTS], done;

	put("scavenger/enabled", "0");
	ASSERT_EQ(0, alloc_batch(self->fd, OBJECTS, SMALL, NULL, handle, &done));
	ASSERT_EQ(0, free_batch(self->fd, OBJECTS, handle, &done));
	EXPECT_LT(0, class_figure(SMALL, "cached"));
	EXPECT_EQ(0, put("scavenge", "1"));
	EXPECT_EQ(0, class_figure(SMALL, "cached"));
	EXPECT_EQ(0, class_figure(SMALL, "spans"));
	EXPECT_EQ(figure("heap_idle"), figure("heap_released"));
}

TEST_F(scavenger, only_a_yes_makes_a_forced_run)
{
	__u64 runs = figure("scavenger/forced/runs");

	EXPECT_EQ(0, put("scavenge", "0"));
	EXPECT_EQ(0, put("scavenge", "no\n"));
	EXPECT_EQ(-EINVAL, put("scavenge", "perhaps"));
	EXPECT_EQ(-EINVAL, put("scavenge", "2"));
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
	EXPECT_LE(OBJECTS * BYTES, run.released);
	EXPECT_EQ(released + run.released,
		  figure("scavenger/forced/released"));
	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_SCAVENGE, &run));
	EXPECT_EQ(0, run.released);
}

/* Run by somebody else than root, who was handed the open file. */
static int command_as_nobody(int fd)
{
	struct gostat_ioc_scavenge run = { .size = sizeof(run) };
	struct gostat_ioc_limits limits = {
		.size = sizeof(limits),
		.memory_limit = 1ULL << 40,
		.memory_limit_hard = 1ULL << 40,
	};

	if (setgid(NOBODY) || setuid(NOBODY))
		return 2;
	if (call(fd, GOSTAT_IOC_SCAVENGE, &run) != -EPERM)
		return 3;
	if (call(fd, GOSTAT_IOC_LIMITS, &limits) || limits.memory_limit ||
	    limits.memory_limit_hard)
		return 4;
	limits.memory_limit = 1ULL << 40;
	limits.memory_limit_hard = 1ULL << 40;
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
	__u64 runs = figure("scavenger/forced/runs");
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(command_as_nobody(self->fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(true, WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(runs, figure("scavenger/forced/runs"));
	EXPECT_EQ(0, figure("memory_limit"));
	EXPECT_EQ(0, figure("memory_limit_hard"));
}

/* --- limits ---------------------------------------------------------------- */

/* Far beyond what is held, so that nothing goes. */
TEST_F(scavenger, limits_are_bytes_or_have_a_suffix)
{
	static const struct {
		const char *text;
		__u64 bytes;
	} good[] = {
		{ "123456789012", 123456789012 }, { "8589934592\n", 1ULL << 33 },
		{ "12345678K", 12345678ULL << 10 },
		{ "12345678k\n", 12345678ULL << 10 },
		{ "98765M", 98765ULL << 20 }, { "98765m", 98765ULL << 20 },
		{ "77G", 77ULL << 30 }, { "77g", 77ULL << 30 },
		{ "3T", 3ULL << 40 }, { "3t", 3ULL << 40 },
		{ "16777215T", 16777215ULL << 40 }, { "0", 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(good); i++) {
		EXPECT_EQ(0, put("memory_limit", good[i].text));
		EXPECT_EQ(good[i].bytes, figure("memory_limit"));
		EXPECT_EQ(0, put("memory_limit_hard", good[i].text));
		EXPECT_EQ(good[i].bytes, figure("memory_limit_hard"));
	}
}

TEST_F(scavenger, what_is_no_limit_changes_none)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "\n", EINVAL }, { "x", EINVAL }, { "K", EINVAL },
		{ "1KB", EINVAL }, { "1 K", EINVAL }, { "-1", EINVAL },
		{ "1.5G", EINVAL }, { "1\n2", EINVAL }, { "1P", EINVAL },
		{ "00000000000000000000000001", EINVAL },
		{ "18446744073709551616", ERANGE }, { "16777216T", ERANGE },
		{ "18014398509481984K", ERANGE },
	};
	struct gostat_ioc_limits limits = { .size = sizeof(limits) };
	unsigned int i;

	EXPECT_EQ(0, put("memory_limit", "1g"));
	EXPECT_EQ(0, put("memory_limit_hard", "2T"));
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		EXPECT_EQ(-bad[i].err, put("memory_limit", bad[i].text))
			TH_LOG("%s", bad[i].text);
		EXPECT_EQ(-bad[i].err, put("memory_limit_hard", bad[i].text))
			TH_LOG("%s", bad[i].text);
	}
	EXPECT_EQ(1ULL << 30, figure("memory_limit"));
	EXPECT_EQ(2ULL << 40, figure("memory_limit_hard"));
	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_LIMITS, &limits));
	EXPECT_EQ(1ULL << 30, limits.memory_limit);
	EXPECT_EQ(2ULL << 40, limits.memory_limit_hard);
	limits.flags = GOSTAT_LIMIT_SOFT | GOSTAT_LIMIT_HARD << 1;
	limits.memory_limit = 1;
	EXPECT_EQ(-EINVAL, call(self->fd, GOSTAT_IOC_LIMITS, &limits));
	EXPECT_EQ(1ULL << 30, figure("memory_limit"));
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
	__u64 released = figure("scavenger/limit/released"), limit;

	put("scavenger/enabled", "0");
	ASSERT_EQ(0, use(self->fd, self->handle));
	limit = figure("obtained") - idle() / 2;
	EXPECT_EQ(0, put_number("memory_limit", limit));
	EXPECT_GE(limit, figure("obtained"));
	/* No more than that. */
	EXPECT_LE(OBJECTS * BYTES / 4, idle());
	EXPECT_EQ(0, put("memory_limit_hard", "1"));
	EXPECT_EQ(0, idle());
	EXPECT_LE(released + OBJECTS * BYTES,
		  figure("scavenger/limit/released"));
}

TEST_F(scavenger, beyond_the_soft_limit_the_heap_grows_and_says_so)
{
	__u64 over = figure("over_limit"), refused = figure("limit_refused");

	EXPECT_EQ(0, put("memory_limit", "1"));
	EXPECT_EQ(0, use(self->fd, self->handle));
	EXPECT_LT(over, figure("over_limit"));
	EXPECT_EQ(refused, figure("limit_refused"));
}

TEST_F(scavenger, beyond_the_hard_limit_allocations_fail)
{
	__u64 refused = figure("limit_refused"), limit;
	__u32 done = 0, one;

	EXPECT_EQ(0, put("scavenge", "1"));
	limit = figure("obtained") + OBJECTS * BYTES / 2;
	EXPECT_EQ(0, put_number("memory_limit_hard", limit));
	EXPECT_EQ(-ENOMEM, alloc_batch(self->fd, OBJECTS, BYTES, NULL,
				       self->handle, &done));
	EXPECT_LT(0, done);
	EXPECT_GE(limit, figure("obtained"));
	EXPECT_LT(refused, figure("limit_refused"));
	refused = figure("limit_refused");
	EXPECT_EQ(-ENOMEM, alloc(self->fd, OBJECTS / 2 * BYTES, &one));
	EXPECT_GE(limit, figure("obtained"));
	EXPECT_LT(refused, figure("limit_refused"));
	EXPECT_EQ(true, books_close());
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
		/* Nothing at all never gets as far as the module. */
		EXPECT_EQ(0, put(k->name, ""));
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
	/* But it is not dead. */
	ASSERT_EQ(0, use(self->fd, self->handle));
	EXPECT_EQ(true, all_goes());
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
	EXPECT_LE(OBJECTS * BYTES, idle());
	EXPECT_LE(none + idle() / 8 * 7, some);
	EXPECT_GE(none + idle() / 8 * 9, some);
	EXPECT_EQ(0, put("scavenge", "1"));
	EXPECT_LE(reclaimable(), some - OBJECTS * BYTES / 8 * 7);
}

TEST_HARNESS_MAIN
