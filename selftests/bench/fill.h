/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fill - a live set of mixed sizes, the same numbers for each allocator.
 */
#ifndef _GS_BENCH_FILL_H
#define _GS_BENCH_FILL_H

#include <linux/types.h>

#include "held.h"

/* MiB to fill to: a parameter. */
extern unsigned long bench_live;

/**
 * struct fill - a live set
 * @obj: the objects
 * @size: bytes asked for, of each
 * @n: how many
 * @max: room for
 * @asked: bytes asked for, of all
 * @rnd: the state of the generator
 * @held: bytes held
 */
struct fill {
	void **obj;
	u32 *size;
	u32 n;
	u32 max;
	u64 asked;
	u64 rnd;
	struct bench_held held;
};

int bench_fill_begin(struct fill *f);
u32 bench_fill_random(struct fill *f);
int bench_fill_up(struct fill *f);
void bench_fill_free(struct fill *f, u32 i);
void bench_fill_end(struct fill *f);

#endif /* _GS_BENCH_FILL_H */
