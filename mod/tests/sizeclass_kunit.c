// SPDX-License-Identifier: GPL-2.0
/*
 * The size classes of this kernel's page size.
 *
 * tools/mksizeclasses has tried the same properties for every page size before
 * it printed the tables. What is tried here is what the compiler made of them,
 * with the functions that the allocator calls.
 */
#include <kunit/test.h>
#include <linux/build_bug.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "../sizeclass.h"

/*
 * What rounding and tail together may cost from 128 bytes up, in 1/1000 of a
 * span. The worst classes are 4096 bytes in a 4 KiB page, 8192 in 16 KiB and
 * 18688 in 128 KiB; below 128 bytes the steps of 8 and 16 cost more.
 */
#define MAX_WASTE (PAGE_SHIFT == 12 ? 188 : PAGE_SHIFT == 14 ? 157 : 126)

static u32 span_bytes(unsigned int class)
{
	return (u32)gostat_class_pages[class] << PAGE_SHIFT;
}

static u32 object_bytes(unsigned int class)
{
	return (u32)gostat_class_objects[class] * gostat_class_size[class];
}

static void class_zero_is_empty(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gostat_class_size[0], 0);
	KUNIT_EXPECT_EQ(test, gostat_class_pages[0], 0);
	KUNIT_EXPECT_EQ(test, gostat_class_objects[0], 0);
	KUNIT_EXPECT_EQ(test, gostat_class_magic[0], 0);
}

static void sizes_strictly_increase(struct kunit *test)
{
	unsigned int c;

	for (c = 1; c < GOSTAT_NR_CLASSES; c++)
		KUNIT_EXPECT_GT(test, gostat_class_size[c],
				gostat_class_size[c - 1]);
}

static void sizes_are_multiples_of_8(struct kunit *test)
{
	unsigned int c;

	for (c = 1; c < GOSTAT_NR_CLASSES; c++)
		KUNIT_EXPECT_EQ(test, gostat_class_size[c] % 8, 0);
}

static void every_size_gets_the_smallest_class_that_fits(struct kunit *test)
{
	unsigned int smallest = 0;
	size_t size;

	for (size = 0; size <= GOSTAT_MAX_SMALL; size++) {
		while (gostat_class_size[smallest] < size)
			smallest++;
		KUNIT_ASSERT_LT(test, smallest, GOSTAT_NR_CLASSES);
		KUNIT_ASSERT_EQ_MSG(test, gostat_class_of(size), smallest,
				    "size %zu", size);
	}
	KUNIT_EXPECT_EQ(test, smallest, GOSTAT_NR_CLASSES - 1);
}

static void larger_sizes_have_no_class(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gostat_class_of(GOSTAT_MAX_SMALL + 1), 0);
	KUNIT_EXPECT_EQ(test, gostat_class_of(2 * GOSTAT_MAX_SMALL), 0);
	KUNIT_EXPECT_EQ(test, gostat_class_of(SIZE_MAX), 0);
}

/* That this file compiles is the test; the two sizes are of the two tables. */
static void constant_sizes_need_no_lookup(struct kunit *test)
{
	BUILD_BUG_ON(gostat_class_of(8) != 1);
	BUILD_BUG_ON(gostat_class_of(GOSTAT_MAX_SMALL) !=
		     GOSTAT_NR_CLASSES - 1);
	KUNIT_SUCCEED(test);
}

static void powers_of_two_have_their_own_class(struct kunit *test)
{
	size_t size;

	for (size = 8; size <= GOSTAT_MAX_SMALL; size *= 2)
		KUNIT_EXPECT_EQ(test, gostat_class_size[gostat_class_of(size)],
				size);
}

static void spans_hold_their_objects_and_not_one_more(struct kunit *test)
{
	unsigned int c;

	for (c = 1; c < GOSTAT_NR_CLASSES; c++) {
		KUNIT_EXPECT_GE(test, gostat_class_objects[c], 1);
		KUNIT_EXPECT_LE(test, object_bytes(c), span_bytes(c));
		KUNIT_EXPECT_GT(test, object_bytes(c) + gostat_class_size[c],
				span_bytes(c));
	}
}

static void tails_are_at_most_an_eighth_of_the_span(struct kunit *test)
{
	unsigned int c;

	for (c = 1; c < GOSTAT_NR_CLASSES; c++)
		KUNIT_EXPECT_LE(test, span_bytes(c) - object_bytes(c),
				span_bytes(c) / 8);
}

static void waste_stays_within_its_bound(struct kunit *test)
{
	unsigned int c;

	for (c = 1; c < GOSTAT_NR_CLASSES; c++) {
		u32 smallest = gostat_class_size[c - 1] + 1;
		u32 used = gostat_class_objects[c] * smallest;

		if (gostat_class_size[c] < 128)
			continue;
		KUNIT_EXPECT_LE_MSG(test, (span_bytes(c) - used) * 1000,
				    span_bytes(c) * MAX_WASTE, "class %u", c);
	}
}

/* The first offset that is divided wrongly, or the length of the span. */
static u32 exact_up_to(unsigned int class)
{
	u32 magic = gostat_class_magic[class];
	u32 size = gostat_class_size[class];
	u32 off;

	for (off = 0; off < span_bytes(class); off++)
		if (gs_class_index(magic, off) != off / size)
			break;
	return off;
}

static void every_offset_gets_the_index_of_its_object(struct kunit *test)
{
	unsigned int c;

	for (c = 1; c < GOSTAT_NR_CLASSES; c++) {
		KUNIT_EXPECT_EQ_MSG(test, exact_up_to(c), span_bytes(c),
				    "class %u", c);
		cond_resched();
	}
}

static struct kunit_case gostat_sizeclass_cases[] = {
	KUNIT_CASE(class_zero_is_empty),
	KUNIT_CASE(sizes_strictly_increase),
	KUNIT_CASE(sizes_are_multiples_of_8),
	KUNIT_CASE(every_size_gets_the_smallest_class_that_fits),
	KUNIT_CASE(larger_sizes_have_no_class),
	KUNIT_CASE(constant_sizes_need_no_lookup),
	KUNIT_CASE(powers_of_two_have_their_own_class),
	KUNIT_CASE(spans_hold_their_objects_and_not_one_more),
	KUNIT_CASE(tails_are_at_most_an_eighth_of_the_span),
	KUNIT_CASE(waste_stays_within_its_bound),
	KUNIT_CASE(every_offset_gets_the_index_of_its_object),
	{}
};

static struct kunit_suite gostat_sizeclass_suite = {
	.name = "gostat_sizeclass",
	.test_cases = gostat_sizeclass_cases,
};

kunit_test_suite(gostat_sizeclass_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's size classes");
MODULE_LICENSE("GPL");
