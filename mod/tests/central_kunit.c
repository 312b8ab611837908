// SPDX-License-Identifier: GPL-2.0
/*
 * Central: the bitmaps say which objects it has, objects leave the fullest span
 * first, an empty span leaves at once, and what is not an object is refused
 * without a trace.
 *
 * There are no magazines here: objects go to and fro one at a time, as for an
 * interrupt that found its CPU's magazines taken.
 */
#include <linux/module.h>
#include <linux/prandom.h>

#include "kunit_heap.h"

static void *take(struct kunit *test, struct gs_class *class)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	void *obj = gs_central_alloc(class);
	struct gs_span *span;

	if (!obj) {
		span = gs_span_new_small(heap, class, GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
		obj = gs_central_alloc_from(class, span);
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	return obj;
}

static void give(struct kunit *test, struct gs_class *class, void *obj)
{
	KUNIT_ASSERT_PTR_EQ(test, NULL,
			    (void *)gs_central_free(&kh_of(test)->heap, class,
						    obj));
}

static void expect_refused(struct kunit *test, struct gs_class *class,
			   const void *obj, const char *why)
{
	struct kunit_heap *kh = kh_of(test);
	u64 nfree = class->books.nfree, capacity = class->books.capacity;
	const char *said = gs_central_free(&kh->heap, class, obj);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, said);
	KUNIT_EXPECT_STREQ(test, said, why);
	KUNIT_EXPECT_EQ(test, class->books.nfree, nfree);
	KUNIT_EXPECT_EQ(test, class->books.capacity, capacity);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static struct gs_span *span_of(struct kunit *test, const void *obj)
{
	return gs_heap_span(&kh_of(test)->heap, (unsigned long)obj);
}

/* The objects of @n spans, all out, in the order they came. */
static void **take_spans(struct kunit *test, struct gs_class *class,
			 unsigned int n)
{
	unsigned int i;
	void **objs;

	objs = kunit_kcalloc(test, n * class->nelems, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, objs);
	for (i = 0; i < n * class->nelems; i++)
		objs[i] = take(test, class);
	KUNIT_EXPECT_EQ(test, class->books.capacity, n * class->nelems);
	KUNIT_EXPECT_EQ(test, class->books.nfree, 0);
	return objs;
}

static void give_all(struct kunit *test, struct gs_class *class, void **objs,
		     unsigned int n)
{
	while (n--)
		if (objs[n])
			give(test, class, objs[n]);
}

static void a_new_span_comes_with_all_its_objects(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 64);
	void *obj = take(test, class);

	KUNIT_EXPECT_EQ(test, class->books.capacity, class->nelems);
	KUNIT_EXPECT_EQ(test, class->books.nfree, class->nelems - 1);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 1);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	give(test, class, obj);
}

static void an_empty_span_leaves_at_once(struct kunit *test)
{
	struct kunit_heap *kh = kh_of(test);
	struct gs_class *class = kh_class(kh, 1024);
	void *obj = take(test, class);

	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, class->npages * PAGE_SIZE);
	give(test, class, obj);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, 0);
	KUNIT_EXPECT_EQ(test, class->books.capacity, 0);
	KUNIT_EXPECT_EQ(test, class->books.nfree, 0);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 1);
	KUNIT_EXPECT_PTR_EQ(test, span_of(test, obj), NULL);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
}

static void objects_leave_a_span_lowest_address_first(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 48);
	void **objs = take_spans(test, class, 1);
	unsigned int i;

	for (i = 1; i < class->nelems; i++)
		KUNIT_EXPECT_EQ(test, objs[i] - objs[i - 1], class->size);
	give(test, class, objs[70]);
	give(test, class, objs[3]);
	KUNIT_EXPECT_PTR_EQ(test, take(test, class), objs[3]);
	KUNIT_EXPECT_PTR_EQ(test, take(test, class), objs[70]);
	give_all(test, class, objs, class->nelems);
}

/* 1, 3 and 2 quarters of three spans are free: the first must serve. */
static void the_fullest_span_serves_first(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 64);
	unsigned int n = class->nelems, i;
	void **objs = take_spans(test, class, 3), *obj[3];
	struct gs_span *full = span_of(test, objs[0]);

	for (i = 0; i < n / 4; i++)
		give(test, class, objs[i]);
	for (i = 0; i < 3 * n / 4; i++)
		give(test, class, objs[n + i]);
	for (i = 0; i < n / 2; i++)
		give(test, class, objs[2 * n + i]);
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	for (i = 0; i < 3; i++) {
		obj[i] = take(test, class);
		KUNIT_EXPECT_PTR_EQ(test, span_of(test, obj[i]), full);
		objs[i] = NULL;
	}
	for (i = 0; i < 3; i++)
		give(test, class, obj[i]);
	give_all(test, class, objs + 3 * n / 4 + n, n / 4);
	give_all(test, class, objs + n / 2 + 2 * n, n / 2);
	give_all(test, class, objs + n / 4, n - n / 4);
}

static void a_magazine_gets_what_there_is(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 4096);
	unsigned int n = class->nelems, got;
	void **objs = take_spans(test, class, 3);
	unsigned long flags;
	void *out[8];

	give(test, class, objs[0]);
	give(test, class, objs[n]);
	if (n == 1)
		KUNIT_EXPECT_EQ(test, class->books.capacity, 1);
	raw_spin_lock_irqsave(&class->lock, flags);
	got = gs_central_take(class, out, 8);
	raw_spin_unlock_irqrestore(&class->lock, flags);
	KUNIT_EXPECT_EQ(test, got, n == 1 ? 0 : 2);
	if (got == 2) {
		KUNIT_EXPECT_EQ(test, class->books.nfree, 0);
		KUNIT_EXPECT_TRUE(test, (out[0] == objs[0] && out[1] == objs[n]) ||
				  (out[0] == objs[n] && out[1] == objs[0]));
	} else {
		objs[0] = NULL;
		objs[n] = NULL;
	}
	give_all(test, class, objs, 3 * n);
}

/* Taken under the lock for a magazine, nothing counts as allocated yet. */
static void taking_is_not_allocating(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 256);
	void *obj = take(test, class), *out[4];
	struct gs_bad_free bad[GS_BAD_MAX];
	unsigned long flags;
	unsigned int got;

	raw_spin_lock_irqsave(&class->lock, flags);
	got = gs_central_take(class, out, 4);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 1);
	raw_spin_unlock_irqrestore(&class->lock, flags);
	KUNIT_EXPECT_EQ(test, got, 4);
	raw_spin_lock_irqsave(&class->lock, flags);
	KUNIT_EXPECT_EQ(test, 0, gs_central_give(&kh_of(test)->heap, class,
						 out, got, bad));
	gs_central_settle(&kh_of(test)->heap, class);
	raw_spin_unlock_irqrestore(&class->lock, flags);
	KUNIT_EXPECT_EQ(test, class->books.nmalloc, 1);
	KUNIT_EXPECT_EQ(test, class->books.nfree, class->nelems - 1);
	give(test, class, obj);
}

/* --- what is refused ------------------------------------------------------ */

static void a_double_free_is_refused(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 64);
	void *a = take(test, class), *b = take(test, class);

	give(test, class, a);
	expect_refused(test, class, a, "double");
	give(test, class, b);
}

static void an_interior_pointer_is_refused(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 48);
	void *obj = take(test, class);
	unsigned int off;

	for (off = 1; off < class->size; off++)
		expect_refused(test, class, obj + off, "interior");
	give(test, class, obj);
}

static void the_tail_of_a_span_is_refused(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 48);
	void *obj = take(test, class);
	unsigned int used = class->nelems * class->size;

	if (used == class->npages * PAGE_SIZE)
		kunit_skip(test, "no tail");
	expect_refused(test, class, obj + used, "interior");
	give(test, class, obj);
}

static void an_object_of_another_class_is_refused(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 64);
	struct gs_class *other = kh_class(kh_of(test), 128);
	void *obj = take(test, class), *theirs = take(test, other);

	expect_refused(test, class, theirs, "wrong size");
	expect_refused(test, other, obj, "wrong size");
	give(test, class, obj);
	give(test, other, theirs);
}

static void a_large_object_is_refused(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 64);
	struct gs_heap *heap = &kh_of(test)->heap;
	void *large = gs_large_alloc(heap, GOSTAT_MAX_SMALL + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, large);
	expect_refused(test, class, large, "wrong size");
	KUNIT_EXPECT_PTR_EQ(test, NULL, (void *)gs_large_free(heap, large));
}

static void an_object_of_a_freed_span_is_refused(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 64);
	void *obj = take(test, class);

	give(test, class, obj);
	expect_refused(test, class, obj, "freed span");
}

/* --- all classes ---------------------------------------------------------- */

/* One word an object, so that overlapping objects spoil each other's. */
static void fill_and_empty(struct kunit *test, struct gs_class *class)
{
	unsigned int n = 2 * class->nelems, i;
	void **objs = take_spans(test, class, 2);

	for (i = 0; i < n; i++) {
		memset(objs[i], i, class->size);
		if (is_power_of_2(class->size))
			KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)objs[i],
							   class->size));
	}
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_PTR_EQ(test, NULL,
				    memchr_inv(objs[i], i & 0xff, class->size));
	KUNIT_ASSERT_TRUE(test, kh_check(kh_of(test)));
	give_all(test, class, objs, n);
	KUNIT_ASSERT_EQ(test, class->books.capacity, 0);
	kunit_kfree(test, objs);
}

static void every_class_serves_aligned_objects_that_do_not_overlap(struct kunit *test)
{
	unsigned int id;

	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		fill_and_empty(test, &kh_of(test)->heap.class[id]);
	KUNIT_EXPECT_EQ(test, kh_of(test)->heap.pages.inuse, 0);
}

#define MODEL	700

/* The naive model is the array of what is out: no object may be there twice. */
static void random_use_equals_a_naive_model(struct kunit *test)
{
	struct gs_class *class = kh_class(kh_of(test), 96);
	struct kunit_heap *kh = kh_of(test);
	void **objs = kunit_kcalloc(test, MODEL, sizeof(*objs), GFP_KERNEL);
	unsigned int step, i, out = 0;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, objs);
	prandom_seed_state(&rnd, 5);
	for (step = 0; step < 10000; step++) {
		i = prandom_u32_state(&rnd) % MODEL;
		if (objs[i]) {
			KUNIT_ASSERT_EQ(test, *(unsigned int *)objs[i], i);
			give(test, class, objs[i]);
			objs[i] = NULL;
			out--;
		} else {
			objs[i] = take(test, class);
			*(unsigned int *)objs[i] = i;
			out++;
		}
		KUNIT_ASSERT_EQ(test, class->books.capacity - class->books.nfree, out);
		if (step % 100 == 0)
			KUNIT_ASSERT_TRUE(test, kh_check(kh));
	}
	give_all(test, class, objs, MODEL);
}

static struct kunit_case gostat_central_cases[] = {
	KUNIT_CASE(a_new_span_comes_with_all_its_objects),
	KUNIT_CASE(an_empty_span_leaves_at_once),
	KUNIT_CASE(objects_leave_a_span_lowest_address_first),
	KUNIT_CASE(the_fullest_span_serves_first),
	KUNIT_CASE(a_magazine_gets_what_there_is),
	KUNIT_CASE(taking_is_not_allocating),
	KUNIT_CASE(a_double_free_is_refused),
	KUNIT_CASE(an_interior_pointer_is_refused),
	KUNIT_CASE(the_tail_of_a_span_is_refused),
	KUNIT_CASE(an_object_of_another_class_is_refused),
	KUNIT_CASE(a_large_object_is_refused),
	KUNIT_CASE(an_object_of_a_freed_span_is_refused),
	KUNIT_CASE(every_class_serves_aligned_objects_that_do_not_overlap),
	KUNIT_CASE(random_use_equals_a_naive_model),
	{}
};

static struct kunit_suite gostat_central_suite = {
	.name = "gostat_central",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_central_cases,
};

kunit_test_suite(gostat_central_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's central");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
