// SPDX-License-Identifier: GPL-2.0
/*
 * identities - the figures of a heap at rest: the equations between them, and
 * that a known piece of work changes each by what it must.
 *
 * The work is done through /dev/gostat; nothing else uses the heap meanwhile.
 */
#include "gostat_test.h"

#include <dirent.h>
#include <stddef.h>

#define N	1000
#define LARGE	(100 * 1024)	/* whole pages of an arena */
#define HUGE	(5 * 1024 * 1024) /* more than an arena */

struct figures {
	__u64 alloc, total_alloc, sys, nlookup, nmalloc, nfree, heap_alloc,
		 heap_sys, heap_idle, heap_inuse, heap_released, heap_objects,
		 stacks_inuse, stacks_sys, stacks_live, stacks_guarded,
		 sinks_sys, mspan_inuse, mspan_sys, mcache_inuse, mcache_sys,
		 buckhash_sys, gc_sys, other_sys;
};

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "alloc", offsetof(struct figures, alloc) },
	{ "total_alloc", offsetof(struct figures, total_alloc) },
	{ "sys", offsetof(struct figures, sys) },
	{ "nlookup", offsetof(struct figures, nlookup) },
	{ "nmalloc", offsetof(struct figures, nmalloc) },
	{ "nfree", offsetof(struct figures, nfree) },
	{ "heap_alloc", offsetof(struct figures, heap_alloc) },
	{ "heap_sys", offsetof(struct figures, heap_sys) },
	{ "heap_idle", offsetof(struct figures, heap_idle) },
	{ "heap_inuse", offsetof(struct figures, heap_inuse) },
	{ "heap_released", offsetof(struct figures, heap_released) },
	{ "heap_objects", offsetof(struct figures, heap_objects) },
	{ "stacks_inuse", offsetof(struct figures, stacks_inuse) },
	{ "stacks_sys", offsetof(struct figures, stacks_sys) },
	{ "stacks_live", offsetof(struct figures, stacks_live) },
	{ "stacks_guarded", offsetof(struct figures, stacks_guarded) },
	{ "sinks_sys", offsetof(struct figures, sinks_sys) },
	{ "mspan_inuse", offsetof(struct figures, mspan_inuse) },
	{ "mspan_sys", offsetof(struct figures, mspan_sys) },
	{ "mcache_inuse", offsetof(struct figures, mcache_inuse) },
	{ "mcache_sys", offsetof(struct figures, mcache_sys) },
	{ "buckhash_sys", offsetof(struct figures, buckhash_sys) },
	{ "gc_sys", offsetof(struct figures, gc_sys) },
	{ "other_sys", offsetof(struct figures, other_sys) },
};

static struct figures now(void)
{
	struct figures f;
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(fields); i++)
		*(__u64 *)((char *)&f + fields[i].offset) =
			figure(fields[i].name);
	return f;
}

#define EXPECT_IDENTITIES(read) do {					\
	const struct figures *f_ = (read);				\
									\
	EXPECT_EQ(f_->sys, f_->heap_sys + f_->stacks_sys +		\
		  f_->sinks_sys + f_->mspan_sys + f_->mcache_sys +	\
		  f_->buckhash_sys + f_->gc_sys + f_->other_sys);	\
	EXPECT_EQ(f_->heap_sys, f_->heap_inuse + f_->heap_idle);	\
	EXPECT_LE(f_->heap_released, f_->heap_idle);			\
	EXPECT_EQ(f_->heap_alloc, f_->alloc);				\
	EXPECT_LE(f_->heap_alloc, f_->heap_inuse);			\
	EXPECT_EQ(f_->heap_objects, f_->nmalloc - f_->nfree);		\
	EXPECT_LE(f_->mspan_inuse, f_->mspan_sys);			\
	EXPECT_LE(f_->mcache_inuse, f_->mcache_sys);			\
	EXPECT_LE(f_->stacks_inuse, f_->stacks_sys);			\
	EXPECT_LE(f_->stacks_live, f_->stacks_inuse);			\
	EXPECT_LE(f_->stacks_guarded, f_->stacks_live);			\
	EXPECT_LE(f_->heap_alloc, f_->total_alloc);			\
} while (0)

FIXTURE(identities) {
	int fd;
	struct figures before;
	__u32 handles[N];
};

FIXTURE_SETUP(identities)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
	self->before = now();
}

FIXTURE_TEARDOWN(identities)
{
	close(self->fd);
}

TEST_F(identities, hold_before_and_after_work)
{
	struct figures f = self->before;
	__u64 sizes[N];
	__u32 done, i;

	EXPECT_IDENTITIES(&f);
	for (i = 0; i < N; i++)
		sizes[i] = 1 + i * i % 50000;
	ASSERT_EQ(0, alloc_batch(self->fd, N, 0, sizes, self->handles, &done));
	f = now();
	EXPECT_IDENTITIES(&f);
	ASSERT_EQ(0, free_batch(self->fd, N / 2, self->handles, &done));
	f = now();
	EXPECT_IDENTITIES(&f);
	ASSERT_EQ(0, free_batch(self->fd, N / 2, self->handles + N / 2, &done));
	f = now();
	EXPECT_IDENTITIES(&f);
	EXPECT_EQ(self->before.heap_objects, f.heap_objects);
	EXPECT_EQ(self->before.heap_alloc, f.heap_alloc);
}

TEST_F(identities, small_objects_are_counted_one_by_one)
{
	__u64 nmalloc = class_figure(64, "nmalloc");
	__u64 nfree = class_figure(64, "nfree");
	struct figures f, *b = &self->before;
	__u32 i;

	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, alloc(self->fd, 64, &self->handles[i]));
		ASSERT_EQ(nmalloc + i + 1, class_figure(64, "nmalloc"));
	}
	f = now();
	EXPECT_EQ(b->nmalloc + N, f.nmalloc);
	EXPECT_EQ(b->nfree, f.nfree);
	EXPECT_EQ(b->heap_objects + N, f.heap_objects);
	EXPECT_EQ(b->heap_alloc + N * 64, f.heap_alloc);
	EXPECT_EQ(b->total_alloc + N * 64, f.total_alloc);
	EXPECT_EQ(nfree, class_figure(64, "nfree"));
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, free_handle(self->fd, self->handles[i]));
		ASSERT_EQ(nfree + i + 1, class_figure(64, "nfree"));
	}
	f = now();
	EXPECT_EQ(b->nmalloc + N, f.nmalloc);
	EXPECT_EQ(b->nfree + N, f.nfree);
	EXPECT_EQ(b->heap_alloc, f.heap_alloc);
	EXPECT_EQ(b->total_alloc + N * 64, f.total_alloc);
}

/* What the directories of by_size tell, added up. */
struct classes {
	__u64 nmalloc, nfree, live_bytes;
};

static struct classes all_classes(void)
{
	DIR *dir = opendir(SYSFS "by_size");
	struct classes sum = {};
	__u64 nmalloc, nfree;
	struct dirent *entry;
	unsigned int size;

	while (dir && (entry = readdir(dir))) {
		size = strtoul(entry->d_name, NULL, 10);
		if (!size)
			continue;
		nmalloc = class_figure(size, "nmalloc");
		nfree = class_figure(size, "nfree");
		sum.nmalloc += nmalloc;
		sum.nfree += nfree;
		sum.live_bytes += size * (nmalloc - nfree);
	}
	if (dir)
		closedir(dir);
	return sum;
}

TEST_F(identities, classes_and_large_objects_add_up)
{
	struct classes before = all_classes(), after;
	__u64 sizes[N], small = 0;
	struct figures f;
	__u32 done, i;

	for (i = 0; i < N; i++) {
		sizes[i] = 1 + i * 67;
		small += sizes[i] <= 32768;
	}
	ASSERT_EQ(0, alloc_batch(self->fd, N, 0, sizes, self->handles, &done));
	after = all_classes();
	f = now();
	EXPECT_EQ(before.nmalloc + small, after.nmalloc);
	EXPECT_EQ(before.nfree, after.nfree);
	EXPECT_EQ(f.nmalloc - after.nmalloc,
		  self->before.nmalloc - before.nmalloc + N - small);
	EXPECT_LT(after.live_bytes, f.heap_alloc);

	/* Without large objects the classes are all there is. */
	for (i = 0; i < N; i++) {
		if (sizes[i] > 32768)
			ASSERT_EQ(0, free_handle(self->fd, self->handles[i]));
	}
	EXPECT_EQ(all_classes().live_bytes, figure("heap_alloc"));
}

static const __u64 large_sizes[] = { 32769, LARGE, HUGE };

TEST_F(identities, large_objects_are_counted_in_whole_pages)
{
	__u64 page = sysconf(_SC_PAGESIZE), bytes;
	struct figures f, b;
	unsigned int i;
	__u32 h;

	for (i = 0; i < ARRAY_LEN(large_sizes); i++) {
		bytes = (large_sizes[i] + page - 1) / page * page;
		b = now();
		ASSERT_EQ(0, alloc(self->fd, large_sizes[i], &h));
		f = now();
		EXPECT_IDENTITIES(&f);
		EXPECT_EQ(b.nmalloc + 1, f.nmalloc);
		EXPECT_EQ(b.heap_alloc + bytes, f.heap_alloc);
		EXPECT_EQ(b.heap_inuse + bytes, f.heap_inuse);
		ASSERT_EQ(0, free_handle(self->fd, h));
		f = now();
		EXPECT_IDENTITIES(&f);
		EXPECT_EQ(b.nfree + 1, f.nfree);
		EXPECT_EQ(b.heap_alloc, f.heap_alloc);
		EXPECT_EQ(b.heap_inuse, f.heap_inuse);
		EXPECT_EQ(b.total_alloc + bytes, f.total_alloc);
	}
}

TEST_F(identities, lookups_are_counted)
{
	struct gostat_ioc_lookup l;
	__u64 before;
	__u32 h;
	int i;

	ASSERT_EQ(0, alloc(self->fd, 64, &h));
	before = figure("nlookup");
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, lookup(self->fd, h, i % 64, &l));
	EXPECT_EQ(before + N, figure("nlookup"));
}

TEST_F(identities, cumulative_figures_never_decrease)
{
	struct figures f, last = self->before;
	__u32 done, i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, alloc_batch(self->fd, 100, 1 + i * 331, NULL,
					 self->handles, &done));
		ASSERT_EQ(0, free_batch(self->fd, 100, self->handles, &done));
		f = now();
		EXPECT_LT(last.nmalloc, f.nmalloc);
		EXPECT_LT(last.nfree, f.nfree);
		EXPECT_LT(last.total_alloc, f.total_alloc);
		EXPECT_LE(last.nlookup, f.nlookup);
		last = f;
	}
}

TEST_F(identities, reading_changes_nothing)
{
	struct figures a = now(), b = now();

	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
}

TEST_HARNESS_MAIN
