// SPDX-License-Identifier: GPL-2.0
/*
 * scavtrace - the scavenger's records, as they are read in debugfs and as a
 * tracepoint: what is in them, that they fit together, and that any number of
 * readers gets all of them.
 */
#include "gostat_test.h"

#include <poll.h>

#define DEBUGFS		"/sys/kernel/debug/gostat/"
#define TRACE		DEBUGFS "scavenger_trace"
#define PIPE		DEBUGFS "scavenger_trace_pipe"
#define TRACEFS		"/sys/kernel/tracing/"
#define EVENT		TRACEFS "events/gostat/scavenge/"
#define READERS		3
#define BYTES		(64 << 10)

/* A record, in bytes. */
struct record {
	unsigned long long number, seconds, nanoseconds, run, whole, ns;
	unsigned long long inuse, idle, sys, released, consumed;
	char cause[16];
};

FIXTURE(scavtrace) {
	int fd;
	int pipe;
	char text[1 << 20];
};

static int force(void)
{
	return write_text(SYSFS "scavenge", "1");
}

/* What there is to be read now. */
static size_t get(int fd, char *text, size_t size)
{
	size_t n = 0;
	ssize_t part;

	while (n < size - 1 && (part = read(fd, text + n, size - 1 - n)) > 0)
		n += part;
	text[n] = '\0';
	return n;
}

static size_t get_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t n = fd < 0 ? 0 : get(fd, text, size);

	close(fd);
	return n;
}

FIXTURE_SETUP(scavtrace)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	self->pipe = open(PIPE, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->pipe);
	/* From here on there are new ones only. */
	get(self->pipe, self->text, sizeof(self->text));
}

FIXTURE_TEARDOWN(scavtrace)
{
	close(self->pipe);
	close(self->fd);
}

/* Freed memory, so that the next run has something to release. */
static int leave_idle(int fd)
{
	__u32 handle[64], done;
	int err = alloc_batch(fd, 64, BYTES, NULL, handle, &done);

	return err ?: free_batch(fd, 64, handle, &done);
}

/* --- what a record is ------------------------------------------------------ */

static bool last_line(const char *line, struct record *r)
{
	int time = 0, run = 0, heap = 0;

	if (sscanf(line, "scvg%llu: time: %llu.%9llu, cause: %15[a-z], %n",
		   &r->number, &r->seconds, &r->nanoseconds, r->cause,
		   &time) != 4 || !time)
		return false;
	line += time;
	if (sscanf(line, "run: %llu, whole: %llu, ns: %llu, %n", &r->run,
		   &r->whole, &r->ns, &run) != 3 || !run)
		return false;
	line += run;
	if (sscanf(line, "inuse: %llu, idle: %llu, sys: %llu, %n", &r->inuse,
		   &r->idle, &r->sys, &heap) != 3 || !heap)
		return false;
	line += heap;
	heap = 0;
	if (sscanf(line, "released: %llu, consumed: %llu (bytes)%n",
		   &r->released, &r->consumed, &heap) != 2 || !heap)
		return false;
	return line[heap] == '\n';
}

/* The lines of a record, made from the last of them. */
static void expected_text(char *text, size_t size, const struct record *r)
{
	size_t n = 0;

	*text = '\0';
	if (r->run)
		n = snprintf(text, size, "scvg%llu: %llu MB released\n",
			     r->number, r->run >> 20);
	snprintf(text + n, size - n,
		 "scvg%llu: inuse: %llu, idle: %llu, sys: %llu, released: %llu, consumed: %llu (MB)\n",
		 r->number, r->inuse >> 20, r->idle >> 20, r->sys >> 20,
		 r->released >> 20, r->consumed >> 20);
}

static bool fits_together(const struct record *r)
{
	return r->inuse + r->idle == r->sys &&
	       r->sys - r->released == r->consumed &&
	       r->released <= r->idle && r->whole <= r->run &&
	       (!strcmp(r->cause, "background") ||
		!strcmp(r->cause, "forced") || !strcmp(r->cause, "limit") ||
		!strcmp(r->cause, "shrinker"));
}

/*
 * Take the record at the start of @text. Return where the next one is, or NULL
 * if this is none.
 */
static const char *take(const char *text, struct record *r)
{
	const char *line = text, *next;
	char expected[512];
	int lines;

	for (lines = 0; lines < 3 && *line; lines++, line = next) {
		next = strchr(line, '\n');
		if (!next++)
			return NULL;
		if (!last_line(line, r))
			continue;
		expected_text(expected, sizeof(expected), r);
		if ((size_t)(line - text) != strlen(expected) ||
		    strncmp(text, expected, line - text))
			return NULL;
		return fits_together(r) ? next : NULL;
	}
	return NULL;
}

TEST_F(scavtrace, every_record_is_whole_and_fits_together)
{
	unsigned long long number = 0;
	const char *at = self->text;
	unsigned int n = 0, some = 0, none = 0;
	struct record r;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, leave_idle(self->fd));
		ASSERT_EQ(0, force());
		ASSERT_EQ(0, force());
	}
	ASSERT_LT(0, get_file(TRACE, self->text, sizeof(self->text)));
	while (*at) {
		const char *next = take(at, &r);

		ASSERT_NE(NULL, next) TH_LOG("%.300s", at);
		if (n++)
			EXPECT_EQ(number + 1, r.number);
		number = r.number;
		some += r.run > 0;
		none += !r.run;
		at = next;
	}
	EXPECT_LE(5, some);
	EXPECT_LE(5, none);
	EXPECT_LE(10, n);
}

TEST_F(scavtrace, a_record_says_what_the_run_did)
{
	struct gostat_ioc_scavenge run = { .size = sizeof(run) };
	struct record r;

	write_text(SYSFS "scavenger/enabled", "0");
	ASSERT_EQ(0, leave_idle(self->fd));
	ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_SCAVENGE, &run));
	get(self->pipe, self->text, sizeof(self->text));
	write_text(SYSFS "scavenger/enabled", "1");
	ASSERT_NE(NULL, take(self->text, &r));
	EXPECT_EQ(0, strcmp("forced", r.cause));
	EXPECT_LT(0, run.released);
	EXPECT_EQ(run.released, r.run);
	EXPECT_EQ(r.idle, r.released);
	EXPECT_LT(0, r.ns);
}

/* --- the pipe -------------------------------------------------------------- */

TEST_F(scavtrace, without_a_record_a_read_says_so_or_waits)
{
	struct pollfd p = { .fd = self->pipe, .events = POLLIN };
	char c;

	write_text(SYSFS "scavenger/enabled", "0");
	get(self->pipe, self->text, sizeof(self->text));
	EXPECT_EQ(-1, read(self->pipe, &c, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(0, force());
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_EQ(1, read(self->pipe, &c, 1));
	EXPECT_EQ('s', c);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(0, read(self->pipe, &c, 0));
	write_text(SYSFS "scavenger/enabled", "1");
}

/* Take whole records off the start of @text; how many of them from @first on. */
static unsigned int take_all(char *text, size_t *size,
			     unsigned long long *first)
{
	const char *at = text, *next;
	unsigned int n = 0;
	struct record r;

	while ((next = take(at, &r))) {
		at = next;
		if (r.number < *first)
			continue;
		if (r.number != (*first)++)
			_exit(3);
		n++;
	}
	*size -= at - text;
	memmove(text, at, *size + 1);
	return n;
}

/* A reader of its own that wants @n records from @first on, in small pieces. */
static pid_t start_reader(unsigned long long first, unsigned int n)
{
	int fd = open(PIPE, O_RDONLY);
	char text[4096] = "";
	size_t size = 0;
	pid_t pid = fork();
	ssize_t got;

	if (pid) {
		close(fd);
		return pid;
	}
	while (n) {
		got = read(fd, text + size, 7);
		if (got <= 0 || size + got + 8 > sizeof(text))
			_exit(2);
		size += got;
		text[size] = '\0';
		n -= take_all(text, &size, &first);
	}
	_exit(0);
}

TEST_F(scavtrace, each_of_several_readers_gets_every_record)
{
	unsigned long long first = figure("scav_runs");
	pid_t reader[READERS];
	int i, status;

	for (i = 0; i < READERS; i++) {
		reader[i] = start_reader(first, 5);
		ASSERT_LT(0, reader[i]);
	}
	for (i = 0; i < 5; i++) {
		usleep(20000);
		EXPECT_EQ(0, force());
	}
	for (i = 0; i < READERS; i++) {
		ASSERT_EQ(reader[i], waitpid(reader[i], &status, 0));
		EXPECT_EQ(true, WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
}

TEST_F(scavtrace, a_reader_that_waits_can_be_killed)
{
	pid_t pid = start_reader(figure("scav_runs"), 1000);
	int status;

	ASSERT_LT(0, pid);
	usleep(100000);
	kill(pid, SIGTERM);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(true, WIFSIGNALED(status));
}

TEST_F(scavtrace, who_is_too_slow_is_told_what_is_lost)
{
	unsigned long long records, lost, i;
	__u64 value;
	char *end;

	ASSERT_EQ(0, read_number(PARAMETERS "trace_records", &value));
	records = value;
	write_text(SYSFS "scavenger/enabled", "0");
	ASSERT_EQ(0, force());
	get(self->pipe, self->text, sizeof(self->text));
	for (i = 0; i < records + 7; i++)
		ASSERT_EQ(0, force());
	get(self->pipe, self->text, sizeof(self->text));
	write_text(SYSFS "scavenger/enabled", "1");
	lost = strtoull(self->text + strlen("scvg: "), &end, 10);
	EXPECT_EQ(7, lost);
	EXPECT_EQ(0, strncmp(end, " records lost\n", 14));
}

TEST_F(scavtrace, an_open_pipe_keeps_the_module)
{
	FILE *f = fopen("/proc/modules", "r");
	char line[256];
	int refs = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "gostat %*d %d", &refs) == 1)
			break;
	if (f)
		fclose(f);
	/* This test's device and pipe. */
	EXPECT_LE(2, refs);
}

/* --- the tracepoint -------------------------------------------------------- */

TEST_F(scavtrace, the_tracepoint_tells_the_same)
{
	char expected[512], *event;
	struct record r;

	if (access(EVENT "enable", W_OK))
		SKIP(return, "no tracefs with this event");
	ASSERT_EQ(0, write_text(EVENT "enable", "1"));
	ASSERT_EQ(0, leave_idle(self->fd));
	ASSERT_EQ(0, force());
	ASSERT_EQ(0, write_text(EVENT "enable", "0"));
	get(self->pipe, self->text, sizeof(self->text));
	ASSERT_NE(NULL, take(self->text, &r));
	snprintf(expected, sizeof(expected),
		 "scavenge: scvg%llu cause=%s run=%llu whole=%llu ns=%llu inuse=%llu idle=%llu sys=%llu released=%llu consumed=%llu time=%llu%09llu\n",
		 r.number, r.cause, r.run, r.whole, r.ns, r.inuse, r.idle,
		 r.sys, r.released, r.consumed, r.seconds, r.nanoseconds);
	ASSERT_LT(0, get_file(TRACEFS "trace", self->text, sizeof(self->text)));
	write_text(TRACEFS "trace", "");
	event = strstr(self->text, expected);
	EXPECT_NE(NULL, event) TH_LOG("%s", expected);
}

TEST_HARNESS_MAIN
