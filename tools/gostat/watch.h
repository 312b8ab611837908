/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: what 'watch' shows of one snapshot, and of what has
 * changed since the one before.
 */
#ifndef _GOSTAT_WATCH_H
#define _GOSTAT_WATCH_H

#include "output.h"

/* Figures whose rates are shown; they are in the totals and in each class. */
enum watch_event { WATCH_MALLOCS, WATCH_FREES, WATCH_REFILLS, WATCH_FLUSHES, WATCH_EVENTS };

struct watch_class {
	struct json_object *figures;
	u64 size;		/* 0: large */
	double rate[WATCH_EVENTS];
};

struct watch {
	struct json_object *now;
	struct json_object *before;	/* NULL: nothing to compare with */
	double interval;		/* seconds between their cuts; 0: no rates */
	u64 started;			/* time_ns of the first one */
	double seconds;			/* since then */
	double rate[WATCH_EVENTS];
	bool scavenged;			/* the module has the figure for the next one */
	double scav_rate;		/* bytes a second that the scavenger released */
	struct watch_class *class;	/* the busiest first */
	u64 nr;
	u64 busy;			/* of them with a rate above 0 */
};

/* Take @snapshot as the next one; it belongs to @w from here on. */
void watch_next(struct watch *w, struct json_object *snapshot);
void watch_free(struct watch *w);

/* A screen of at most @rows lines; returns how many it has. */
unsigned int watch_screen(const struct watch *w, unsigned int rows, u64 top);
/* One line, with the heads before the first one. */
void watch_line(const struct watch *w);
struct json_object *watch_json(const struct watch *w, u64 top);

#endif /* _GOSTAT_WATCH_H */
