/* SPDX-License-Identifier: GPL-2.0 */
/*
 * background - what the scavenger gives back by itself.
 *
 * How much. The heap keeps what was needed lately, and a margin, for what will be
 * needed next:
 *
 *	used		bytes in spans, the heap's and the sinks'
 *	held		used + pages that are idle
 *	demand		the largest of: what was used at most since the last look;
 *			the demand before, less a sixteenth for each period since
 *	goal		demand + margin percent of it
 *	excess		held - goal, if that is positive
 *
 * The excess goes back, and of it only what has been idle for longer than the
 * idle limit. So a burst that comes again within a minute or so finds its pages,
 * and one that does not come again leaves none. (Go: retain 10 % over the last
 * heap goal; TCMalloc: the demand of the last minutes.)
 *
 * In which order: that of enum gs_release_unit, arena by arena, the oldest first.
 * A block of which less than 1/32 is idle is left alone.
 *
 * How fast. A look works for GS_QUANTUM_NS, then pauses for as long as makes the
 * CPU time that it worked, without what it waited for a CPU, pace per mille of
 * one CPU:
 *
 *	pause == worked * (1000 - pace) / pace
 *
 * A run is all that is done for one excess, over as many looks as that takes.
 *
 * States, in terms of when the next look is:
 *
 *	LOOKING		work is queued: after a pause, a period, or when the
 *			first page that was too young is old enough
 *	PARKED		no look is due, because none would find anything: nothing
 *			is idle; or there is no excess and demand is down to what
 *			is used; or what is left stays
 *
 *	LOOKING -> PARKED	decided under the hold of heap->lock that the
 *				figures were read under
 *	PARKED -> LOOKING	a span becomes idle: an irq_work queues the work, as
 *				that may be under any caller's locks
 *
 * so an idle heap costs no wakeups.
 *
 * Locking: heap->lock for @parked and @busy; the rest is the work's own, which
 * does not run twice at once.
 */
#ifndef _GS_BACKGROUND_H
#define _GS_BACKGROUND_H

#include <linux/irq_work.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "release.h"

struct gs_arena;
struct gs_heap;
struct gs_page_books;

/* A look works for so long: short for a CPU, long for what a look costs. */
#define GS_QUANTUM_NS	NSEC_PER_MSEC

/* Demand decays by 1/16 a period: by half in 11, to 2 % in a minute of seconds. */
#define GS_DEMAND_SHIFT	4

/* Seconds over which the CPU's share is told. */
#define GS_SHARE_SECONDS	60

/* gs_background_look(): no look is due. */
#define GS_PARKED	U64_MAX

/**
 * enum gs_knob - what can be chosen; see gs_knobs[] for the ranges
 * @GS_KNOB_ENABLED: 0 or 1
 * @GS_KNOB_IDLE_LIMIT: seconds that a page stays idle before it may go
 * @GS_KNOB_MARGIN: percent of the demand that are held beside it
 * @GS_KNOB_PACE: per mille of one CPU
 * @GS_KNOB_PERIOD: ms between looks when there is nothing to do
 * @GS_NR_KNOBS: how many
 */
enum gs_knob {
	GS_KNOB_ENABLED,
	GS_KNOB_IDLE_LIMIT,
	GS_KNOB_MARGIN,
	GS_KNOB_PACE,
	GS_KNOB_PERIOD,
	GS_NR_KNOBS,
};

/**
 * struct gs_knob_range - one knob
 * @name: as files and parameters are called
 * @min: smallest value
 * @max: largest
 * @def: default
 */
struct gs_knob_range {
	const char *name;
	u32 min;
	u32 max;
	u32 def;
};

extern const struct gs_knob_range gs_knobs[GS_NR_KNOBS];

/**
 * struct gs_busy - the time worked in the last seconds
 * @second: which second a place is for
 * @ns: worked in it
 */
struct gs_busy {
	u64 second[GS_SHARE_SECONDS];
	u64 ns[GS_SHARE_SECONDS];
};

/**
 * struct gs_background - the background scavenger of a heap
 * @heap: the heap
 * @knob: what was chosen
 * @work: looks
 * @kick: queues @work from where a span becomes idle
 * @started: the heap has one: a test's heap looks only when it is told to
 * @parked: no look is due; heap->lock
 * @busy: the time worked; heap->lock
 * @demand: as of the last look
 * @looked: when that was
 * @pause: ns that the last look has to be followed by
 * @running: a run is under way:
 * @rel: what it has released
 * @ns: how long it has worked
 * @at: the arena it was at last, NULL to begin
 */
struct gs_background {
	struct gs_heap *heap;
	u32 knob[GS_NR_KNOBS];
	struct delayed_work work;
	struct irq_work kick;
	bool started;
	bool parked;
	struct gs_busy busy;
	u64 demand;
	u64 looked;
	u64 pause;
	bool running;
	struct gs_release rel;
	u64 ns;
	struct gs_arena *at;
};

void gs_background_init(struct gs_heap *heap, const u32 *knob);
void gs_background_start(struct gs_heap *heap);
void gs_background_stop(struct gs_heap *heap);
u64 gs_background_look(struct gs_heap *heap);
u64 gs_background_delay(const struct gs_background *bg);
void gs_background_kick(struct gs_heap *heap);
u32 gs_background_share(struct gs_heap *heap);
int gs_knob_parse(enum gs_knob id, const char *text, u32 *value);
void gs_knob_set(struct gs_heap *heap, enum gs_knob id, u32 value);
u64 gs_demand_decayed(u64 demand, u64 peak, u64 periods);

#endif /* _GS_BACKGROUND_H */
