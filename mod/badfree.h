/* SPDX-License-Identifier: GPL-2.0 */
/*
 * badfree - frees that cannot be: reported, counted, and otherwise ignored.
 *
 * Kinds: double (central or the magazine's top has the object already), interior
 * (not the start of an object), wrong size (gostat_free_sized() with another
 * class's size), freed span (the object's span is gone), foreign (not gostat's);
 * and where objects and manual spans (manual.h) are mistaken for one another or
 * for somebody else's: manual span, heap object, wrong sink, unknown sink; the
 * same with the stack pool (stack.h): stack buffer, heap object, manual span.
 *
 * No address is printed but as %p prints it. Reports are rate-limited; the
 * count, heap->bad_frees, is not.
 */
#ifndef _GS_BADFREE_H
#define _GS_BADFREE_H

struct gs_bad_free;
struct gs_class;
struct gs_heap;

/* Bad frees of one flush that are told one by one; more of them are counted. */
#define GS_BAD_MAX	4

void gs_report_bad_free(struct gs_heap *heap, const char *kind, const void *obj,
			unsigned long caller);
void gs_report_flushed(struct gs_heap *heap, const struct gs_class *class,
		       const struct gs_bad_free *bad, unsigned int n);

#endif /* _GS_BADFREE_H */
