/* SPDX-License-Identifier: GPL-2.0 */
/*
 * team - some threads that start together, each bound to a CPU.
 */
#ifndef _GS_BENCH_TEAM_H
#define _GS_BENCH_TEAM_H

#include <linux/types.h>

#define TEAM_MAX	8

int bench_team(unsigned int n, unsigned int cpus,
	       int (*work)(void *arg, unsigned int id), void *arg, u64 *start);

#endif /* _GS_BENCH_TEAM_H */
