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
#include <stdint.h>
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

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Live objects of all the smaller sizes; they go with the file. */
static void make(uint64_t objects)
{
	static __u32 handles[BATCH];
	struct gostat_ioc_alloc_batch batch = { .size = sizeof(batch) };
	unsigned int turn = 0;

	batch.handles = (uintptr_t)handles;
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
		.classes = (uintptr_t)classes,
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

static uint64_t time_of(void (*reading)(void))
{
	uint64_t start = now();

	reading();
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void record(const char *backend, const char *objects, uint64_t *ns)
{
	qsort(ns, TURNS, sizeof(*ns), compare);
	printf("{\"test\":\"latency\",\"backend\":\"%s\",\"size\":0,\"mode\":\"%s objects median\",\"unit\":\"ns\",\"value\":%llu}\n",
	       backend, objects, (unsigned long long)ns[TURNS / 2]);
	printf("{\"test\":\"latency\",\"backend\":\"%s\",\"size\":0,\"mode\":\"%s objects p99\",\"unit\":\"ns\",\"value\":%llu}\n",
	       backend, objects, (unsigned long long)ns[TURNS * 99 / 100]);
}

int main(int argc, char **argv)
{
	static uint64_t ours[TURNS], theirs[TURNS];
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
	record("gostat", argv[1], ours);
	record("slabinfo", argv[1], theirs);
	return 0;
}
