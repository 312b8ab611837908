// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot - GOSTAT_IOC_SNAPSHOT: all figures as of one cut, also while
 * others allocate and free as fast as they can.
 */
#include "gostat_test.h"

#define CLASSES	128	/* more than there are */
#define STACKS	8	/* likewise */
#define WORKERS	3
#define ROUNDS	200

struct reading {
	struct gostat_ioc_snapshot s;
	struct gostat_class_figures class[CLASSES];
	struct gostat_class_figures stack[STACKS];
};

FIXTURE(snapshot) {
	int fd;
	struct reading r;
	struct reading old;
};

FIXTURE_SETUP(snapshot)
{
	self->fd = open_device();
	if (self->fd == -ENOENT)
		SKIP(return, "there is no " DEVICE);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(snapshot)
{
	close(self->fd);
}

static int take(int fd, struct reading *r)
{
	memset(r, 0, sizeof(*r));
	r->s.size = sizeof(r->s);
	r->s.classes = (uintptr_t)r->class;
	r->s.nr_classes = CLASSES;
	r->s.class_size = sizeof(r->class[0]);
	r->s.stacks = (uintptr_t)r->stack;
	r->s.nr_stacks = STACKS;
	return call(fd, GOSTAT_IOC_SNAPSHOT, &r->s);
}

static bool class_closes(const struct gostat_class_figures *c)
{
	return c->capacity == c->live + c->cached + c->central &&
	       c->live == c->nmalloc - c->nfree;
}

static bool books_close(const struct reading *r)
{
	__u64 nmalloc = 0, nfree = 0, stacks = r->s.stacks_guarded;
	bool close = true;
	__u32 i;

	for (i = 0; i < r->s.nr_classes; i++) {
		close &= class_closes(&r->class[i]);
		nmalloc += r->class[i].nmalloc;
		nfree += r->class[i].nfree;
	}
	for (i = 0; i < r->s.nr_stacks; i++) {
		close &= class_closes(&r->stack[i]);
		stacks += r->stack[i].live * r->stack[i].bytes;
	}
	return close && nmalloc == r->s.nmalloc && nfree == r->s.nfree &&
	       stacks == r->s.stacks_live;
}

static bool identities_hold(const struct gostat_ioc_snapshot *s)
{
	return s->sys == s->heap_sys + s->stacks_sys + s->sinks_sys +
			 s->mspan_sys + s->mcache_sys + s->buckhash_sys +
			 s->gc_sys + s->other_sys &&
	       s->heap_sys == s->heap_inuse + s->heap_idle &&
	       s->heap_released <= s->heap_idle &&
	       s->heap_alloc <= s->heap_inuse &&
	       s->heap_objects == s->nmalloc - s->nfree &&
	       s->obtained == s->sys - s->heap_released;
}

TEST_F(snapshot, tells_what_sysfs_tells)
{
	__u32 handle;

	ASSERT_EQ(0, alloc(self->fd, 100, &handle));
	ASSERT_EQ(0, take(self->fd, &self->r));
	EXPECT_EQ(figure("heap_alloc"), self->r.s.heap_alloc);
	EXPECT_EQ(figure("sys"), self->r.s.sys);
	EXPECT_EQ(figure("nmalloc"), self->r.s.nmalloc);
	EXPECT_EQ(figure("peak_held"), self->r.s.peak_held);
	EXPECT_EQ(class_figure(8, "nmalloc"), self->r.class[1].nmalloc);
	EXPECT_EQ(8, self->r.class[1].bytes);
	EXPECT_EQ(0, self->r.class[0].bytes);
}

TEST_F(snapshot, tells_of_stacks_what_sysfs_tells)
{
	struct reading *old = &self->old, *r = &self->r;
	__u32 handle, i, size = 2048;
	char name[64];

	ASSERT_EQ(0, take(self->fd, old));
	ASSERT_EQ(0, stack_alloc(self->fd, 16384, &handle));
	ASSERT_EQ(0, take(self->fd, r));
	EXPECT_EQ(5, r->s.nr_stacks);
	for (i = 0; i < 5; i++, size *= 2) {
		EXPECT_EQ(size, r->stack[i].bytes);
		EXPECT_EQ(old->stack[i].live + (size == 16384),
			  r->stack[i].live);
		snprintf(name, sizeof(name), "stacks/%u/nmalloc", size);
		EXPECT_EQ(figure(name), r->stack[i].nmalloc);
	}
	EXPECT_EQ(old->s.stacks_live + 16384, r->s.stacks_live);
	EXPECT_EQ(old->s.stacks_guarded, r->s.stacks_guarded);
}

TEST_F(snapshot, tells_of_the_scavenger_what_sysfs_tells)
{
	struct gostat_ioc_scavenge run = { .size = sizeof(run) };
	struct reading *old = &self->old, *r = &self->r;

	ASSERT_EQ(0, take(self->fd, old));
	ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_SCAVENGE, &run));
	ASSERT_EQ(0, take(self->fd, r));
	EXPECT_LT(old->s.scav_runs, r->s.scav_runs);
	EXPECT_LE(old->s.scav_released + run.released, r->s.scav_released);
	EXPECT_EQ(figure("over_limit"), r->s.over_limit);
	EXPECT_EQ(figure("limit_refused"), r->s.limit_refused);
}

TEST_F(snapshot, no_more_stacks_are_written_than_there_is_room_for)
{
	struct reading *r = &self->r;

	memset(r->stack, 0xa5, sizeof(r->stack));
	r->s.size = sizeof(r->s);
	r->s.stacks = (uintptr_t)r->stack;
	r->s.nr_stacks = 1;
	r->s.class_size = sizeof(r->stack[0]);
	ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_SNAPSHOT, &r->s));
	EXPECT_EQ(5, r->s.nr_stacks);
	EXPECT_EQ(2048, r->stack[0].bytes);
	EXPECT_EQ(true, all_bytes_are(&r->stack[1], 0xa5, sizeof(r->stack[1])));
}

TEST_F(snapshot, stacks_without_a_size_are_einval)
{
	struct gostat_ioc_snapshot s = { .size = sizeof(s) };

	s.stacks = (uintptr_t)self->r.stack;
	s.nr_stacks = 1;
	EXPECT_EQ(-EINVAL, call(self->fd, GOSTAT_IOC_SNAPSHOT, &s));
}

TEST_F(snapshot, stacks_in_a_hole_are_efault)
{
	struct gostat_ioc_snapshot s = { .size = sizeof(s) };

	s.nr_stacks = 1;
	s.class_size = sizeof(struct gostat_class_figures);
	s.stacks = 8;
	EXPECT_EQ(-EFAULT, call(self->fd, GOSTAT_IOC_SNAPSHOT, &s));
}

TEST_F(snapshot, books_close_while_others_work)
{
	pid_t worker[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++)
		worker[i] = start_worker();
	for (i = 0; i < ROUNDS; i++) {
		self->old = self->r;
		ASSERT_EQ(0, take(self->fd, &self->r));
		EXPECT_EQ(true, books_close(&self->r));
		EXPECT_EQ(true, identities_hold(&self->r.s));
		EXPECT_LT(self->old.s.number, self->r.s.number);
		EXPECT_LE(self->old.s.nmalloc, self->r.s.nmalloc);
		EXPECT_LE(self->old.s.nfree, self->r.s.nfree);
	}
	EXPECT_LT(0, self->r.s.nfree);
	for (i = 0; i < WORKERS; i++)
		stop_worker(worker[i]);
}

TEST_F(snapshot, classes_can_be_left_out)
{
	struct gostat_ioc_snapshot s = { .size = sizeof(s) };

	EXPECT_EQ(0, call(self->fd, GOSTAT_IOC_SNAPSHOT, &s));
	EXPECT_LT(10, s.nr_classes);
	EXPECT_LT(0, s.sys);
}

TEST_F(snapshot, no_more_classes_are_written_than_there_is_room_for)
{
	struct reading *r = &self->r;

	memset(r, 0xa5, sizeof(*r));
	memset(&r->s, 0, sizeof(r->s));
	r->s.size = sizeof(r->s);
	r->s.classes = (uintptr_t)r->class;
	r->s.nr_classes = 2;
	r->s.class_size = sizeof(r->class[0]);
	ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_SNAPSHOT, &r->s));
	EXPECT_LT(2, r->s.nr_classes);
	EXPECT_EQ(8, r->class[1].bytes);
	EXPECT_EQ(true, all_bytes_are(&r->class[2], 0xa5, sizeof(r->class[2])));
}

TEST_F(snapshot, a_longer_class_is_filled_up_with_zeros)
{
	struct gostat_ioc_snapshot s = { .size = sizeof(s) };
	unsigned char room[2][sizeof(struct gostat_class_figures) + 8];
	__u64 bytes;

	memset(room, 0xa5, sizeof(room));
	s.classes = (uintptr_t)room;
	s.nr_classes = 2;
	s.class_size = sizeof(room[0]);
	ASSERT_EQ(0, call(self->fd, GOSTAT_IOC_SNAPSHOT, &s));
	memcpy(&bytes, room[1], sizeof(bytes));
	EXPECT_EQ(8, bytes);
	EXPECT_EQ(true, all_bytes_are(room[1] + sizeof(room[1]) - 8, 0, 8));
}

TEST_F(snapshot, a_class_shorter_than_the_first_version_is_einval)
{
	struct gostat_ioc_snapshot s = { .size = sizeof(s) };

	s.classes = (uintptr_t)self->r.class;
	s.nr_classes = 1;
	s.class_size = sizeof(self->r.class[0]) - 1;
	EXPECT_EQ(-EINVAL, call(self->fd, GOSTAT_IOC_SNAPSHOT, &s));
}

TEST_F(snapshot, a_class_longer_than_a_page_is_e2big)
{
	struct gostat_ioc_snapshot s = { .size = sizeof(s) };

	s.classes = (uintptr_t)self->r.class;
	s.nr_classes = 1;
	s.class_size = sysconf(_SC_PAGESIZE) + 1;
	EXPECT_EQ(-E2BIG, call(self->fd, GOSTAT_IOC_SNAPSHOT, &s));
}

TEST_F(snapshot, classes_in_a_hole_are_efault)
{
	struct gostat_ioc_snapshot s = { .size = sizeof(s) };

	s.nr_classes = 1;
	s.class_size = sizeof(struct gostat_class_figures);
	s.classes = 8;
	EXPECT_EQ(-EFAULT, call(self->fd, GOSTAT_IOC_SNAPSHOT, &s));
}

TEST_HARNESS_MAIN
