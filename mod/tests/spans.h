/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spans - whole pages that a test of the page heap or of the scavenger makes and
 * drops, and what is idle after that.
 */
#ifndef _GS_TEST_SPANS_H
#define _GS_TEST_SPANS_H

#include "kunit_heap.h"

static inline struct gs_span *span(struct kunit *test, unsigned int npages)
{
	struct gs_span *s;

	s = gs_span_new_whole(&kh_of(test)->heap, npages, 1, 0, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	return s;
}

static inline void drop(struct kunit *test, struct gs_span *s)
{
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    gs_large_free(&kh_of(test)->heap, (void *)s->base));
}

/* Use so many whole arenas at once, and then none of them. */
static inline void burst(struct kunit *test, unsigned int narenas)
{
	struct gs_span *s[16];
	unsigned int i;

	KUNIT_ASSERT_LE(test, narenas, (unsigned int)ARRAY_SIZE(s));
	for (i = 0; i < narenas; i++)
		s[i] = span(test, GS_ARENA_PAGES);
	for (i = 0; i < narenas; i++)
		drop(test, s[i]);
}

/* Bytes of pages that are in no span. */
static inline u64 idle(struct kunit *test)
{
	const struct gs_page_books *pages = &kh_of(test)->heap.pages;

	return pages->idle - pages->released;
}

static inline const struct gostat_scav_stats *
stats(struct kunit *test, enum gostat_scav_cause cause)
{
	return &kh_of(test)->heap.pages.scav.cause[cause];
}

#endif /* _GS_TEST_SPANS_H */
