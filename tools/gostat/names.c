// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: a set of numbered names.
 */
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* FNV-1a */
static u32 names_hash(const char *text, size_t len)
{
	u32 hash = 2166136261u;

	while (len--)
		hash = (hash ^ (unsigned char)*text++) * 16777619;
	return hash;
}

static u32 *names_slot(struct names *n, const char *text, size_t len)
{
	u32 i = names_hash(text, len);

	for (;; i++) {
		u32 *slot = &n->slot[i & (n->nr_slots - 1)];
		const char *name;

		if (!*slot)
			return slot;
		name = n->name[*slot - 1];
		if (!strncmp(name, text, len) && !name[len])
			return slot;
	}
}

static void names_double(struct names *n)
{
	u32 i;

	n->nr_slots = n->nr_slots ? 2 * n->nr_slots : 64;
	free(n->slot);
	n->slot = tool_alloc(n->nr_slots, sizeof(*n->slot));
	n->name = tool_grow(n->name, n->nr_slots, sizeof(*n->name));
	for (i = 0; i < n->nr; i++)
		*names_slot(n, n->name[i], strlen(n->name[i])) = i + 1;
}

u32 names_number(struct names *n, const char *text, size_t len)
{
	u32 *slot;

	if (2 * (n->nr + 1) > n->nr_slots)
		names_double(n);
	slot = names_slot(n, text, len);
	if (!*slot) {
		char *name = tool_alloc(len + 1, 1);

		memcpy(name, text, len);
		n->name[n->nr++] = name;
		*slot = n->nr;
	}
	return *slot - 1;
}

void names_free(struct names *n)
{
	while (n->nr)
		free(n->name[--n->nr]);
	free(n->name);
	free(n->slot);
	memset(n, 0, sizeof(*n));
}
