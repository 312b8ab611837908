/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the arenas and what is in their pages.
 */
#ifndef _GOSTAT_ARENAS_H
#define _GOSTAT_ARENAS_H

#include "output.h"

/* States of a page, by which the pictures of a group of pages is chosen. */
enum page_state { PAGE_INUSE, PAGE_MANUAL, PAGE_FREE, PAGE_RELEASED, PAGE_STATES };

/* Names as in the module's table and in JSON. */
extern const char *const page_state_names[PAGE_STATES];

struct arena {
	struct json_object *columns;	/* all the module tells, by the column's head */
	u8 *page;			/* enum page_state of each */
	unsigned int pages;
	unsigned int in[PAGE_STATES];	/* pages in each state */
};

struct arenas {
	struct arena *arena;		/* the oldest first */
	size_t nr;
};

/* Returns an exit status; what is wrong is said. */
int arenas_read(struct arenas *arenas);
void arenas_free(struct arenas *arenas);

/* A character for each @group pages of @arena; to be freed. */
char *arena_picture(const struct arena *arena, unsigned int group);

/* @arena as JSON: the columns, and map as a list of [state, pages]. */
struct json_object *arena_json(const struct arena *arena);

#endif /* _GOSTAT_ARENAS_H */
