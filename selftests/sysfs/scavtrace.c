// SPDX-License-Identifier: GPL-2.0
/*
 * scavtrace - the scavenger's records, as they are read in debugfs and as a
 * tracepoint: what is in them, that they fit together, and that any number of
 * readers gets all of them.
 */
#include "gostat_test.h"

#include <poll.h>
#include <sys/syscall.h>
#include <time.h>

#define DEBUGFS		"/sys/kernel/debug/gostat/"
#define TRACE		DEBUGFS "scavenger_trace"
#define PIPE		DEBUGFS "scavenger_trace_pipe"
#define ENABLED		SYSFS "scavenger/enabled"
#define TRACEFS		"/sys/kernel/tracing/"
#define EVENT		TRACEFS "events/gostat/scavenge/"
#define READERS		3
#define PAUSE_MS	200	/* for somebody to get as far as waiting */
#define PATIENCE_MS	20000
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
	char other[1 << 20];
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
	/* From here on there are this test's runs only. */
	ASSERT_EQ(0, write_text(ENABLED, "0"));
	ASSERT_EQ(0, force());
	self->pipe = open(PIPE, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->pipe);
	get(self->pipe, self->text, sizeof(self->text));
}

FIXTURE_TEARDOWN(scavtrace)
{
	EXPECT_EQ(0, write_text(ENABLED, "1"));
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

	ASSERT_EQ(0, leave_idle(self->fd));
	ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_SCAVENGE, &run));
	get(self->pipe, self->text, sizeof(self->text));
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
}

/* Somebody else forces a run when the caller waits. */
static pid_t force_later(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	usleep(PAUSE_MS * 1000);
	_exit(force() != 0);
}

static unsigned int ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 +
	       (now.tv_nsec - start->tv_nsec) / 1000000;
}

TEST_F(scavtrace, who_waits_in_poll_is_woken)
{
	struct pollfd p = { .fd = self->pipe, .events = POLLIN };
	struct timespec start;
	int status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = force_later();
	ASSERT_LT(0, pid);
	EXPECT_EQ(1, poll(&p, 1, PATIENCE_MS));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_LE(PAUSE_MS / 2, ms_since(&start));
	EXPECT_GT(PATIENCE_MS / 2, ms_since(&start));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_LT(0, get(self->pipe, self->text, sizeof(self->text)));
}

TEST_F(scavtrace, who_waits_in_read_gets_the_record_at_once)
{
	struct timespec start;
	struct record r;
	int status;
	pid_t pid;
	ssize_t n;

	ASSERT_EQ(0, fcntl(self->pipe, F_SETFL, 0));
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = force_later();
	ASSERT_LT(0, pid);
	n = read(self->pipe, self->text, sizeof(self->text) - 1);
	ASSERT_LT(0, n);
	EXPECT_LE(PAUSE_MS / 2, ms_since(&start));
	self->text[n] = '\0';
	EXPECT_EQ(self->text + n, take(self->text, &r));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static void nothing(int signal)
{
}

TEST_F(scavtrace, who_waits_can_be_interrupted_and_misses_nothing)
{
	struct sigaction action = { .sa_handler = nothing };
	struct timespec start;
	struct record r;
	ssize_t n;

	ASSERT_EQ(0, fcntl(self->pipe, F_SETFL, 0));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	clock_gettime(CLOCK_MONOTONIC, &start);
	alarm(1);
	EXPECT_EQ(-1, read(self->pipe, self->text, sizeof(self->text) - 1));
	EXPECT_EQ(EINTR, errno);
	EXPECT_LE(500, ms_since(&start));
	ASSERT_EQ(0, force());
	n = read(self->pipe, self->text, sizeof(self->text) - 1);
	ASSERT_LT(0, n);
	self->text[n] = '\0';
	EXPECT_EQ(self->text + n, take(self->text, &r));
}

/* Everything that is kept, read by so many bytes. */
static size_t get_by(const char *path, size_t bytes, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	size_t n = 0;
	ssize_t part;

	while (fd >= 0 && n + bytes < size &&
	       (part = read(fd, text + n, bytes)) > 0)
		n += part;
	close(fd);
	text[n] = '\0';
	return n;
}

TEST_F(scavtrace, the_text_is_the_same_however_it_is_read)
{
	static const size_t bytes[] = { 1, 7, 4096, 100000 };
	unsigned int i;
	size_t n;

	ASSERT_EQ(0, leave_idle(self->fd));
	ASSERT_EQ(0, force());
	n = get_file(TRACE, self->text, sizeof(self->text));
	ASSERT_LT(0, n);
	for (i = 0; i < ARRAY_LEN(bytes); i++) {
		EXPECT_EQ(n, get_by(PIPE, bytes[i], self->other,
				    sizeof(self->other)));
		EXPECT_EQ(0, memcmp(self->text, self->other, n));
		EXPECT_EQ(n, get_by(TRACE, bytes[i], self->other,
				    sizeof(self->other)));
		EXPECT_EQ(0, memcmp(self->text, self->other, n));
	}
}

/* A reader of its own: what it read up to record @last, by its exit status. */
static pid_t start_reader(unsigned long long first, unsigned int n)
{
	static char text[1 << 20];	/* also all that are kept */
	int fd = open(PIPE, O_RDONLY);
	const char *at = text, *next;
	struct record r;
	size_t size = 0;
	pid_t pid = fork();

	if (pid) {
		close(fd);
		return pid;
	}
	while (n && size < sizeof(text) - 1) {
		ssize_t got = read(fd, text + size, 7);

		if (got <= 0)
			_exit(2);
		size += got;
		while (n && (next = take(at, &r))) {
			if (r.number >= first && r.number != first++)
				_exit(3);
			n -= r.number + 1 == first;
			at = next;
		}
	}
	_exit(n != 0);
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

/* How many records there are from here on, one number after the other. */
static unsigned int in_a_row(const char *at)
{
	unsigned long long number = 0;
	unsigned int n = 0;
	struct record r;

	while (*at) {
		at = take(at, &r);
		if (!at || (n && r.number != number + 1))
			return 0;
		number = r.number;
		n++;
	}
	return n;
}

/* He has read the beginning of a record: that one he gets whole. */
TEST_F(scavtrace, who_is_too_slow_is_told_what_is_lost)
{
	__u64 records, i;
	const char *lost;
	struct record r;

	ASSERT_EQ(0, read_number(PARAMETERS "trace_records", &records));
	ASSERT_EQ(0, force());
	ASSERT_EQ(10, read(self->pipe, self->text, 10));
	for (i = 0; i < records + 7; i++)
		ASSERT_EQ(0, force());
	get(self->pipe, self->text + 10, sizeof(self->text) - 10);
	lost = take(self->text, &r);
	ASSERT_NE(NULL, lost);
	EXPECT_EQ(0, strncmp(lost, "scvg: 7 records lost\n", 21))
		TH_LOG("%.80s", lost);
	lost = strchr(lost, '\n') + 1;
	EXPECT_EQ(records, in_a_row(lost));
	i = r.number;
	ASSERT_NE(NULL, take(lost, &r));
	EXPECT_EQ(i + 8, r.number);
}

/* Nothing but a pipe is open, which is enough. */
TEST_F(scavtrace, an_open_pipe_keeps_the_module)
{
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(-1, syscall(SYS_delete_module, "gostat", O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, force());
	EXPECT_LT(0, get(self->pipe, self->text, sizeof(self->text)));
}

/* --- the tracepoint -------------------------------------------------------- */

TEST_F(scavtrace, the_tracepoint_tells_the_same)
{
	char expected[512];
	struct record r;

	if (access(EVENT "enable", W_OK))
		SKIP(return, "no tracefs with this event");
	ASSERT_EQ(0, write_text(TRACEFS "tracing_on", "1"));
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
	EXPECT_NE(NULL, strstr(self->text, expected)) TH_LOG("%s", expected);
}

TEST_HARNESS_MAIN
