// SPDX-License-Identifier: GPL-2.0
/*
 * Sinks: names, the table, and what becomes of a sink that is given up with
 * spans out.
 */
#include <linux/err.h>
#include <linux/module.h>

#include "kunit_heap.h"

static struct gostat_sink *new(struct kunit *test, const char *name)
{
	struct gostat_sink *sink;

	sink = gs_sink_register(&kh_of(test)->heap, name, "of a test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sink);
	return sink;
}

static unsigned int id_of(struct kunit *test, const struct gostat_sink *sink)
{
	return gs_sink_id(&kh_of(test)->heap, sink);
}

static void expect_refused(struct kunit *test, const char *name,
			   const char *text, long err)
{
	struct gostat_sink *sink;

	sink = gs_sink_register(&kh_of(test)->heap, name, text);
	KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(sink), err, "name '%s'",
			    name ?: "(none)");
}

static void stacks_are_there_from_the_start(struct kunit *test)
{
	struct gostat_sink *sink = gs_sink_get(&kh_of(test)->heap, "stacks");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sink);
	KUNIT_EXPECT_EQ(test, id_of(test, sink), GS_SINK_STACKS);
	gs_sink_drop(&kh_of(test)->heap, GS_SINK_STACKS);
	expect_refused(test, "stacks", NULL, -EEXIST);
}

static void names_that_are_no_file_names_are_refused(struct kunit *test)
{
	static const char * const bad[] = {
		"", ".", "..", ".hidden", "a/b", "a b", "a\n", "a\"b", "\xc3\xa9",
		"this-name-is-of-thirty-two-chars",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refused(test, bad[i], NULL, -EINVAL);
	expect_refused(test, NULL, NULL, -EINVAL);
	new(test, "this-name-is-of-thirty-one-char");
	new(test, "a.b:c_d-2");
}

static void descriptions_are_a_line(struct kunit *test)
{
	char text[GS_SINK_TEXT + 1];

	memset(text, 'x', GS_SINK_TEXT);
	text[GS_SINK_TEXT] = 0;
	expect_refused(test, "a", text, -EINVAL);
	expect_refused(test, "a", "two\nlines", -EINVAL);
	text[GS_SINK_TEXT - 1] = 0;
	expect_refused(test, "a", text, 0);
	expect_refused(test, "b", NULL, 0);
	expect_refused(test, "c", "", 0);
}

static void a_name_is_taken_once(struct kunit *test)
{
	struct gostat_sink *sink = new(test, "a");

	expect_refused(test, "a", "another", -EEXIST);
	KUNIT_EXPECT_STREQ(test, sink->description, "of a test");
	KUNIT_EXPECT_EQ(test, 0, gs_sink_unregister(&kh_of(test)->heap, sink));
	new(test, "a");
}

static void the_table_is_full_and_has_room_again(struct kunit *test)
{
	struct gostat_sink *sink[GOSTAT_NR_SINKS];
	char name[8];
	int i;

	for (i = GS_SINK_STACKS + 1; i < GOSTAT_NR_SINKS; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		sink[i] = new(test, name);
	}
	expect_refused(test, "more", NULL, -ENOSPC);
	KUNIT_EXPECT_EQ(test, 0,
			gs_sink_unregister(&kh_of(test)->heap, sink[7]));
	KUNIT_EXPECT_PTR_EQ(test, new(test, "more"), sink[7]);
	expect_refused(test, "yet-more", NULL, -ENOSPC);
}

static void what_is_no_sink_has_no_number(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct kunit_heap *other = kh_new(test, false);
	struct gostat_sink *sink = new(test, "a");

	KUNIT_EXPECT_NE(test, id_of(test, sink), 0);
	KUNIT_EXPECT_EQ(test, id_of(test, NULL), 0);
	KUNIT_EXPECT_EQ(test, id_of(test, (void *)test), 0);
	KUNIT_EXPECT_EQ(test, id_of(test, (void *)sink + 1), 0);
	KUNIT_EXPECT_EQ(test, id_of(test, heap->sinks.sink - 1), 0);
	KUNIT_EXPECT_EQ(test, id_of(test, heap->sinks.sink), 0);
	KUNIT_EXPECT_EQ(test, id_of(test, heap->sinks.sink + GOSTAT_NR_SINKS),
			0);
	KUNIT_EXPECT_EQ(test, id_of(test, other->heap.sinks.sink + 1), 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, gs_sink_unregister(heap, (void *)test));
	KUNIT_EXPECT_EQ(test, 0, gs_sink_unregister(heap, sink));
	KUNIT_EXPECT_EQ(test, -EINVAL, gs_sink_unregister(heap, sink));
	kh_delete(other);
}

/* --- spans out ------------------------------------------------------------ */

static void a_sink_with_spans_out_stays_until_they_are_back(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_sink *sink = new(test, "a");
	unsigned int id = id_of(test, sink);
	void *span = gs_manual_alloc(heap, 3, id, GFP_KERNEL, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	KUNIT_EXPECT_EQ(test, -EBUSY, gs_sink_unregister(heap, sink));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_manual_alloc(heap, 1, id, GFP_KERNEL, false));
	KUNIT_EXPECT_EQ(test, heap->pages.sink[id].inuse, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -EBUSY, gs_sink_unregister(heap, sink));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    (void *)gs_manual_free(heap, span, id));
	KUNIT_EXPECT_TRUE(test, kh_check(kh_of(test)));
	KUNIT_EXPECT_EQ(test, 0, gs_sink_unregister(heap, sink));
	KUNIT_EXPECT_EQ(test, sink->state, GS_SINK_FREE);
}

static void a_sink_that_was_left_is_found_again_by_its_name(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_sink *sink = new(test, "a");
	unsigned int id = id_of(test, sink);
	void *span = gs_manual_alloc(heap, 3, id, GFP_KERNEL, false), *more;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	KUNIT_EXPECT_EQ(test, -EBUSY, gs_sink_unregister(heap, sink));
	KUNIT_EXPECT_PTR_EQ(test, new(test, "a"), sink);
	KUNIT_EXPECT_EQ(test, heap->pages.sink[id].inuse, 3 * PAGE_SIZE);
	more = gs_manual_alloc(heap, 1, id, GFP_KERNEL, false);
	KUNIT_EXPECT_PTR_EQ(test, NULL, (void *)gs_manual_free(heap, more, id));
	KUNIT_EXPECT_PTR_EQ(test, NULL, (void *)gs_manual_free(heap, span, id));
	KUNIT_EXPECT_EQ(test, 0, gs_sink_unregister(heap, sink));
}

static void a_new_sink_starts_from_nothing(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_sink *sink = new(test, "a");
	unsigned int id = id_of(test, sink);
	struct gs_sink_books none = {};
	void *span = gs_manual_alloc(heap, 3, id, GFP_KERNEL, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, span);
	gs_manual_free(heap, span, id);
	KUNIT_EXPECT_EQ(test, heap->pages.sink[id].peak, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, gs_sink_unregister(heap, sink));
	KUNIT_ASSERT_PTR_EQ(test, new(test, "b"), sink);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&heap->pages.sink[id], &none,
					sizeof(none)));
}

/* --- viewers -------------------------------------------------------------- */

static unsigned long shown;	/* by number */
static int refuse;		/* the number that cannot be shown */

static int show(struct gs_heap *heap, unsigned int id)
{
	if (id == refuse)
		return -ENOMEM;
	shown |= BIT(id);
	return 0;
}

static void unshow(struct gs_heap *heap, unsigned int id)
{
	shown &= ~BIT(id);
}

static const struct gs_sink_viewer viewer = { .add = show, .remove = unshow };

static void a_viewer_sees_all_sinks_come_and_go(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;
	struct gostat_sink *a = new(test, "a"), *b;

	shown = 0;
	refuse = 0;
	KUNIT_EXPECT_EQ(test, 0, gs_sinks_show(heap, &viewer));
	KUNIT_EXPECT_EQ(test, shown,
			BIT(GS_SINK_STACKS) | BIT(id_of(test, a)));
	b = new(test, "b");
	KUNIT_EXPECT_TRUE(test, shown & BIT(id_of(test, b)));
	gs_sink_unregister(heap, a);
	KUNIT_EXPECT_FALSE(test, shown & BIT(id_of(test, a)));
	gs_sinks_hide(heap);
	gs_sink_unregister(heap, b);
	KUNIT_EXPECT_TRUE(test, shown & BIT(id_of(test, b)));
}

static void a_sink_that_cannot_be_shown_is_none(struct kunit *test)
{
	struct gs_heap *heap = &kh_of(test)->heap;

	shown = 0;
	refuse = GS_SINK_STACKS + 1;
	KUNIT_EXPECT_EQ(test, 0, gs_sinks_show(heap, &viewer));
	expect_refused(test, "a", NULL, -ENOMEM);
	KUNIT_EXPECT_PTR_EQ(test, NULL, gs_sink_get(heap, "a"));
	gs_sinks_hide(heap);
	refuse = GS_SINK_STACKS;
	KUNIT_EXPECT_EQ(test, -ENOMEM, gs_sinks_show(heap, &viewer));
	expect_refused(test, "a", NULL, 0);
}

static struct kunit_case gostat_sink_cases[] = {
	KUNIT_CASE(stacks_are_there_from_the_start),
	KUNIT_CASE(names_that_are_no_file_names_are_refused),
	KUNIT_CASE(descriptions_are_a_line),
	KUNIT_CASE(a_name_is_taken_once),
	KUNIT_CASE(the_table_is_full_and_has_room_again),
	KUNIT_CASE(what_is_no_sink_has_no_number),
	KUNIT_CASE(a_sink_with_spans_out_stays_until_they_are_back),
	KUNIT_CASE(a_sink_that_was_left_is_found_again_by_its_name),
	KUNIT_CASE(a_new_sink_starts_from_nothing),
	KUNIT_CASE(a_viewer_sees_all_sinks_come_and_go),
	KUNIT_CASE(a_sink_that_cannot_be_shown_is_none),
	{}
};

static struct kunit_suite gostat_sink_suite = {
	.name = "gostat_sink",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_sink_cases,
};

kunit_test_suite(gostat_sink_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's sinks");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
