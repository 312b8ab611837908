/* SPDX-License-Identifier: GPL-2.0 */
/*
 * large - objects above GOSTAT_MAX_SMALL: whole pages, one object a span
 * (whole.h).
 *
 * Locking: heap->lock.
 */
#ifndef _GS_LARGE_H
#define _GS_LARGE_H

#include <linux/types.h>

struct gs_heap;

void *gs_large_alloc(struct gs_heap *heap, size_t size, gfp_t gfp);
const char *gs_large_free(struct gs_heap *heap, const void *obj);

#endif /* _GS_LARGE_H */
