/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: a set of names, numbered in the order they were first
 * seen. Traces name a cache in each line; in memory it is a small number.
 */
#ifndef _GOSTAT_NAMES_H
#define _GOSTAT_NAMES_H

#include "tool.h"

struct names {
	char **name;
	u32 nr;
	u32 *slot;		/* open addressing: number + 1, 0 is free */
	u32 nr_slots;		/* power of two, at least twice nr */
};

/* The number of the name of @len bytes at @text, a new one if needed. */
u32 names_number(struct names *n, const char *text, size_t len);
void names_free(struct names *n);

#endif /* _GOSTAT_NAMES_H */
