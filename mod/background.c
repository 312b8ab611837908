// SPDX-License-Identifier: GPL-2.0
/*
 * background - what the scavenger gives back by itself. See background.h.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sched.h>

#include "heap.h"

const struct gs_knob_range gs_knobs[GS_NR_KNOBS] = {
	[GS_KNOB_ENABLED] = { "enabled", 0, 1, 1 },
	/* An hour, far below the 18 after which an idle page's age wraps. */
	[GS_KNOB_IDLE_LIMIT] = { "idle_limit", 0, 3600, 30 },
	[GS_KNOB_MARGIN] = { "margin", 0, 1000, 10 },
	[GS_KNOB_PACE] = { "pace", 1, 1000, 10 },
	[GS_KNOB_PERIOD] = { "period", 10, 3600 * MSEC_PER_SEC, MSEC_PER_SEC },
};

static u32 gs_knob(const struct gs_heap *heap, enum gs_knob id)
{
	return READ_ONCE(heap->background.knob[id]);
}

static u64 gs_period_ns(const struct gs_heap *heap)
{
	return (u64)gs_knob(heap, GS_KNOB_PERIOD) * NSEC_PER_MSEC;
}

/* --- how much -------------------------------------------------------------- */

/**
 * gs_demand_decayed() - what will be needed, going by what was
 * @demand: bytes, by the last look
 * @peak: the most bytes used since then
 * @periods: since then
 *
 * Return: bytes, @peak at least.
 */
u64 gs_demand_decayed(u64 demand, u64 peak, u64 periods)
{
	while (demand > peak && periods--)
		demand -= max(demand >> GS_DEMAND_SHIFT, 1ULL);
	return max(demand, peak);
}

static u64 gs_idle(const struct gs_page_books *pages)
{
	return pages->idle - pages->released;
}

/* What is held beyond the goal. heap->lock held. */
static u64 gs_excess(const struct gs_page_books *pages)
{
	u64 held = gs_page_books_used(pages) + gs_idle(pages);

	return held > pages->scav.goal ? held - pages->scav.goal : 0;
}

/* Demand and goal as of now. Return the excess. */
static u64 gs_background_measure(struct gs_heap *heap, u64 now)
{
	struct gs_background *bg = &heap->background;
	struct gs_page_books *pages = &heap->pages;
	u64 periods = div64_u64(now - bg->looked, gs_period_ns(heap));
	unsigned long flags;
	u64 excess;

	gs_heap_lock(heap, &flags);
	bg->demand = gs_demand_decayed(bg->demand, pages->used_peak, periods);
	pages->used_peak = gs_page_books_used(pages);
	pages->scav.goal = bg->demand + div_u64(bg->demand *
						gs_knob(heap, GS_KNOB_MARGIN),
						100);
	excess = gs_excess(pages);
	gs_heap_unlock(heap, flags);
	/* Parts of a period count with the next look. */
	bg->looked += periods * gs_period_ns(heap);
	return excess;
}

/* --- a run, look by look --------------------------------------------------- */

static void gs_background_begin(struct gs_heap *heap)
{
	struct gs_background *bg = &heap->background;

	bg->rel = (struct gs_release){
		.older = gs_knob(heap, GS_KNOB_IDLE_LIMIT),
		.due = GS_NEVER,
	};
	bg->ns = 0;
	bg->at = NULL;
	bg->running = true;
}

/* One arena more. Return false if it was the last, of the last unit. */
static bool gs_background_step(struct gs_heap *heap)
{
	struct gs_background *bg = &heap->background;

	bg->at = gs_release_next(heap, bg->at);
	if (bg->at)
		gs_release_arena(heap, bg->at, &bg->rel);
	else
		bg->rel.unit++;
	return bg->rel.unit <= GS_RELEASE_PAGES;
}

/* Work for a quantum at the most. Return false when the run is over. */
static bool gs_background_work(struct gs_heap *heap, u64 excess, u64 began)
{
	struct gs_background *bg = &heap->background;

	bg->rel.want = bg->rel.released + excess;
	while (bg->rel.released < bg->rel.want) {
		if (!gs_background_step(heap))
			return false;
		cond_resched();
		if (gs_heap_now(heap) - began >= GS_QUANTUM_NS)
			return true;
	}
	return false;
}

/* A run that released nothing is none, but for the time that it took. */
static void gs_background_finish(struct gs_heap *heap)
{
	struct gs_background *bg = &heap->background;
	unsigned long flags;

	bg->running = false;
	if (bg->rel.released) {
		gs_scav_finish(heap, GOSTAT_SCAV_BACKGROUND, bg->ns, &bg->rel);
		return;
	}
	gs_heap_lock(heap, &flags);
	heap->pages.scav.cause[GOSTAT_SCAV_BACKGROUND].ns += bg->ns;
	gs_heap_unlock(heap, flags);
}

/* --- how fast -------------------------------------------------------------- */

static void gs_busy_add(struct gs_heap *heap, u64 ns)
{
	struct gs_busy *busy = &heap->background.busy;
	unsigned long flags;
	unsigned int i;
	u64 second;
	u32 rest;

	gs_heap_lock(heap, &flags);
	second = gs_heap_seconds(heap);
	div_u64_rem(second, GS_SHARE_SECONDS, &rest);
	i = rest;
	if (busy->second[i] != second)
		busy->ns[i] = 0;
	busy->second[i] = second;
	busy->ns[i] += ns;
	gs_heap_unlock(heap, flags);
}

/**
 * gs_background_share() - what the background cost lately
 * @heap: whose
 *
 * Context: Any but NMI; no heap lock held.
 * Return: parts per million of one CPU, over the last GS_SHARE_SECONDS.
 */
u32 gs_background_share(struct gs_heap *heap)
{
	const struct gs_busy *busy = &heap->background.busy;
	u64 second, sum = 0;
	unsigned long flags;
	unsigned int i;

	gs_heap_lock(heap, &flags);
	second = gs_heap_seconds(heap);
	for (i = 0; i < GS_SHARE_SECONDS; i++)
		if (second - busy->second[i] < GS_SHARE_SECONDS)
			sum += busy->ns[i];
	gs_heap_unlock(heap, flags);
	return div_u64(sum, GS_SHARE_SECONDS * (NSEC_PER_SEC / USEC_PER_SEC));
}

static u64 gs_pause_ns(const struct gs_heap *heap, u64 worked)
{
	u32 pace = gs_knob(heap, GS_KNOB_PACE);

	return div_u64(worked * (1000 - pace), pace);
}

/* When a look may find something, if the run that ended left it so. */
static u64 gs_background_due(struct gs_heap *heap)
{
	struct gs_background *bg = &heap->background;
	bool exhausted = bg->rel.unit > GS_RELEASE_PAGES;
	u64 excess, due = gs_period_ns(heap);
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	excess = gs_excess(&heap->pages);
	if (!gs_idle(&heap->pages))
		due = GS_PARKED;
	else if (!excess && bg->demand <= gs_page_books_used(&heap->pages))
		due = GS_PARKED;
	else if (excess && exhausted && bg->rel.due == GS_NEVER)
		due = GS_PARKED;
	else if (excess && exhausted)
		due = max(due, bg->rel.due * (u64)NSEC_PER_SEC);
	bg->parked = due == GS_PARKED;
	gs_heap_unlock(heap, flags);
	return due;
}

/**
 * gs_background_look() - look once, and work for a quantum if there is work
 * @heap: whose
 *
 * Context: Process, sleeps; no heap lock held; not twice at once.
 * Return: ns until the next look, or GS_PARKED.
 */
u64 gs_background_look(struct gs_heap *heap)
{
	struct gs_background *bg = &heap->background;
	u64 began = gs_heap_now(heap), waited = gs_heap_waited(heap);
	u64 excess, worked;

	if (!gs_knob(heap, GS_KNOB_ENABLED))
		return GS_PARKED;
	excess = gs_background_measure(heap, began);
	if (!bg->running)
		gs_background_begin(heap);
	if (!gs_background_work(heap, excess, began))
		bg->running = false;
	worked = gs_heap_now(heap) - began;
	worked -= min(worked, gs_heap_waited(heap) - waited);
	bg->ns += worked;
	gs_busy_add(heap, worked);
	WRITE_ONCE(bg->pause, gs_pause_ns(heap, worked));
	if (bg->running)
		return bg->pause;
	gs_background_finish(heap);
	return max(bg->pause, gs_background_due(heap));
}

/* --- by itself ------------------------------------------------------------- */

/* A jiffy at the least, or a look at full pace would never let go. */
static void gs_background_queue(struct gs_background *bg, u64 ns)
{
	unsigned long delay = nsecs_to_jiffies(ns) + 1;

	queue_delayed_work(system_unbound_wq, &bg->work, delay);
}

static void gs_background_run(struct work_struct *work)
{
	struct gs_background *bg = container_of(to_delayed_work(work),
						struct gs_background, work);
	u64 ns = gs_background_look(bg->heap);

	if (ns != GS_PARKED)
		gs_background_queue(bg, ns);
}

/**
 * gs_background_delay() - when to look after something became idle
 * @bg: whose; no look is due
 *
 * Not before the pause of the last look is over, counted from now to be simple.
 *
 * Context: Any.
 * Return: ns.
 */
u64 gs_background_delay(const struct gs_background *bg)
{
	return max(gs_period_ns(bg->heap), READ_ONCE(bg->pause));
}

static void gs_background_kicked(struct irq_work *kick)
{
	struct gs_background *bg = container_of(kick, struct gs_background,
						kick);

	gs_background_queue(bg, gs_background_delay(bg));
}

/**
 * gs_background_kick() - something became idle while no look was due
 * @heap: whose
 *
 * Context: heap->lock held.
 */
void gs_background_kick(struct gs_heap *heap)
{
	struct gs_background *bg = &heap->background;

	lockdep_assert_held(&heap->lock);
	bg->parked = false;
	if (bg->started)
		irq_work_queue(&bg->kick);
}

/**
 * gs_knob_parse() - a knob's value as text
 * @id: which knob
 * @text: a number
 * @value: the value
 *
 * Return: 0, or -EINVAL for what is no number or not in the range.
 */
int gs_knob_parse(enum gs_knob id, const char *text, u32 *value)
{
	u32 v;

	if (kstrtou32(text, 0, &v) || v < gs_knobs[id].min ||
	    v > gs_knobs[id].max)
		return -EINVAL;
	*value = v;
	return 0;
}

/**
 * gs_knob_set() - choose
 * @heap: whose
 * @id: which knob
 * @value: in its range
 *
 * The next look is now: the last one went by what was chosen before.
 *
 * Context: Process.
 */
void gs_knob_set(struct gs_heap *heap, enum gs_knob id, u32 value)
{
	struct gs_background *bg = &heap->background;

	WRITE_ONCE(bg->knob[id], value);
	if (bg->started)
		mod_delayed_work(system_unbound_wq, &bg->work, 0);
}

/**
 * gs_background_init() - no look yet
 * @heap: whose
 * @knob: what was chosen, or NULL for the defaults
 */
void gs_background_init(struct gs_heap *heap, const u32 *knob)
{
	struct gs_background *bg = &heap->background;
	unsigned int i;

	bg->heap = heap;
	for (i = 0; i < GS_NR_KNOBS; i++)
		bg->knob[i] = knob ? knob[i] : gs_knobs[i].def;
	bg->looked = gs_heap_now(heap);
	INIT_DELAYED_WORK(&bg->work, gs_background_run);
	init_irq_work(&bg->kick, gs_background_kicked);
}

/**
 * gs_background_start() - from now on the heap is looked after
 * @heap: whose
 *
 * Context: Process; nothing has been allocated.
 */
void gs_background_start(struct gs_heap *heap)
{
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	heap->background.started = true;
	heap->background.parked = true;
	gs_heap_unlock(heap, flags);
}

/**
 * gs_background_stop() - the mirror; a run that is under way ends after its look
 * @heap: whose
 *
 * Context: Process, sleeps.
 */
void gs_background_stop(struct gs_heap *heap)
{
	struct gs_background *bg = &heap->background;
	unsigned long flags;

	gs_heap_lock(heap, &flags);
	bg->started = false;
	bg->parked = false;
	gs_heap_unlock(heap, flags);
	irq_work_sync(&bg->kick);
	cancel_delayed_work_sync(&bg->work);
	if (bg->running)
		gs_background_finish(heap);
}
