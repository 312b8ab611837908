/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: a map from pointers to numbers.
 */
#ifndef _GOSTAT_MAP_H
#define _GOSTAT_MAP_H

#include "tool.h"

struct map_entry {
	u64 key;		/* 0: free */
	u32 value;
};

struct map {
	struct map_entry *entry;
	u32 nr;
	u32 nr_entries;		/* power of two, at least twice nr */
};

/* The value of @key, NULL if it is not there; valid until the next change. */
u32 *map_find(const struct map *m, u64 key);
/* @key, not 0, must not be there. */
void map_add(struct map *m, u64 key, u32 value);
/* @key must be there. */
void map_remove(struct map *m, u64 key);
void map_free(struct map *m);

#endif /* _GOSTAT_MAP_H */
