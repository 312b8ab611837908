// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: a map from pointers to numbers.
 *
 * Open addressing with linear probing. Removal moves later entries of the same
 * cluster back, so that there are no tombstones: the map of live objects sees
 * as many removals as additions.
 */
#include <stdlib.h>
#include <string.h>

#include "map.h"

static u32 map_home(const struct map *m, u64 key)
{
	/* Fibonacci hashing: the low bits of pointers are alike. */
	return (key * 0x9e3779b97f4a7c15ull) >> 32 & (m->nr_entries - 1);
}

static u32 map_index(const struct map *m, u64 key)
{
	u32 i = map_home(m, key);

	while (m->entry[i].key && m->entry[i].key != key)
		i = (i + 1) & (m->nr_entries - 1);
	return i;
}

u32 *map_find(const struct map *m, u64 key)
{
	struct map_entry *entry;

	if (!m->nr)
		return NULL;
	entry = &m->entry[map_index(m, key)];
	return entry->key ? &entry->value : NULL;
}

static void map_double(struct map *m)
{
	struct map_entry *old = m->entry;
	u32 i, n = m->nr_entries;

	m->nr_entries = n ? 2 * n : 1024;
	m->entry = tool_alloc(m->nr_entries, sizeof(*m->entry));
	for (i = 0; i < n; i++)
		if (old[i].key)
			m->entry[map_index(m, old[i].key)] = old[i];
	free(old);
}

void map_add(struct map *m, u64 key, u32 value)
{
	if (2 * (m->nr + 1) > m->nr_entries)
		map_double(m);
	m->entry[map_index(m, key)] = (struct map_entry){ .key = key, .value = value };
	m->nr++;
}

void map_remove(struct map *m, u64 key)
{
	u32 mask = m->nr_entries - 1, hole = map_index(m, key), i = hole;

	m->nr--;
	for (;;) {
		m->entry[hole].key = 0;
		do {
			i = (i + 1) & mask;
			if (!m->entry[i].key)
				return;
			/* Entries between their home and here may move to the hole. */
		} while (((i - map_home(m, m->entry[i].key)) & mask) < ((i - hole) & mask));
		m->entry[hole] = m->entry[i];
		hole = i;
	}
}

void map_free(struct map *m)
{
	free(m->entry);
	memset(m, 0, sizeof(*m));
}
