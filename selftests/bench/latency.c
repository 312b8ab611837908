// SPDX-License-Identifier: GPL-2.0
/*
 * latency OBJECTS - how long a reading of all figures takes, beside a reading of
 * all of SLUB's: from the call to the answer, with OBJECTS live.
 *
 * The two take turns. What is printed are two records of each, the median and
 * the 99th percentile of all turns.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/gostat.h>

#define TURNS	1000
#define BATCH	65536
#define CLASSES	128

static int device;

static void die(const char *what)
{
	fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
	exit(1);
}

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Live objects of all the smaller sizes; they go with the file. */
static void make(__u64 objects)
{
	static __u32 handles[BATCH];
	struct gostat_ioc_alloc_batch batch = { .size = sizeof(batch) };
	unsigned int turn = 0;

	batch.handles = (unsigned long)handles;
	for (; objects; objects -= batch.count) {
		batch.count = objects < BATCH ? objects : BATCH;
		batch.bytes = 8 << turn++ % 5;
		if (ioctl(device, GOSTAT_IOC_ALLOC_BATCH, &batch))
			die("allocating");
	}
}

static void read_gostat(void)
{
	static struct gostat_class_figures classes[CLASSES];
	struct gostat_ioc_snapshot snap = {
		.size = sizeof(snap),
		.classes = (unsigned long)classes,
		.nr_classes = CLASSES,
		.class_size = sizeof(classes[0]),
	};

	if (ioctl(device, GOSTAT_IOC_SNAPSHOT, &snap))
		die("GOSTAT_IOC_SNAPSHOT");
}

static void read_slabinfo(void)
{
	static char text[1 << 20];
	int fd = open("/proc/slabinfo", O_RDONLY);
	ssize_t n;

	if (fd < 0)
		die("/proc/slabinfo");
	while ((n = read(fd, text, sizeof(text))) > 0)
		;
	if (n < 0)
		die("/proc/slabinfo");
	close(fd);
}

static __u64 time_of(void (*reading)(void))
{
	__u64 start = now();

	reading();
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static void record(const char *backend, const char *objects,
		   const char *which, __u64 ns)
{
	printf("{\"test\":\"latency\",\"backend\":\"%s\",\"size\":0,", backend);
	printf("\"mode\":\"%s objects %s\",", objects, which);
	printf("\"unit\":\"ns\",\"value\":%llu}\n", (unsigned long long)ns);
}

static void records(const char *backend, const char *objects, __u64 *ns)
{
	qsort(ns, TURNS, sizeof(*ns), compare);
	record(backend, objects, "median", ns[TURNS / 2]);
	record(backend, objects, "p99", ns[TURNS * 99 / 100]);
}

int main(int argc, char **argv)
{
	static __u64 ours[TURNS], theirs[TURNS];
	int i;

	if (argc != 2) {
		fprintf(stderr, "usage: latency OBJECTS\n");
		return 2;
	}
	device = open("/dev/gostat", O_RDWR);
	if (device < 0)
		die("/dev/gostat");
	make(strtoull(argv[1], NULL, 0));
	for (i = 0; i < TURNS; i++) {
		ours[i] = time_of(read_gostat);
		theirs[i] = time_of(read_slabinfo);
	}
	records("gostat", argv[1], ours);
	records("slabinfo", argv[1], theirs);
	return 0;
}
