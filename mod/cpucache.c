// SPDX-License-Identifier: GPL-2.0
/*
 * cpucache - one CPU's magazines: the slow paths. See cpucache.h.
 *
 * An operation arrives here with preemption off and its increment still in the
 * lock byte: as the owner, whose magazine is empty, full or not there; or
 * nested in an owner. What it does then:
 *
 *	owner	exchange half a magazine with central, under the class's lock,
 *		and finish in the magazine; where that is not possible, as below
 *	nested	undo the increment and go to central for this one object
 *
 * Memory is obtained only after the byte is given up and preemption is on
 * again: for the heap to grow, or for a first or larger magazine.
 */
#include <linux/cpu.h>
#include <linux/hardirq.h>
#include <linux/workqueue.h>

#include "heap.h"
#include "stack.h"

static bool gs_cpu_is_owner(struct gs_cpu __percpu *cpu)
{
	return (this_cpu_read(cpu->lock) & (GS_DIVERT - 1)) == 0;
}

/* For those who come by another way than the fast path. */
static bool gs_cpu_enter(struct gs_cpu __percpu *cpu)
{
	preempt_disable_notrace();
	return gs_cpu_trylock(cpu) || gs_cpu_is_owner(cpu);
}

static struct gs_mag __percpu *gs_cpu_mag(struct gs_heap *heap,
					  const struct gs_class *class)
{
	return (struct gs_mag __percpu *)((char __percpu *)heap->cpu +
					  class->handle);
}

static void gs_cpu_leave(struct gs_cpu __percpu *cpu)
{
	/* Who sees the byte given up sees what was done: gs_cut_speak(). */
	smp_wmb();
	gs_cpu_unlock(cpu);
	preempt_enable_notrace();
}

/* --- while the CPU is diverted -------------------------------------------- */

/*
 * The owner of a diverted CPU's byte has no more to do than look whether there is
 * a cut to join; if there is none it may go on as the fast path does. This is
 * short because all CPUs are here until the last of them has been diverted, and
 * on a machine that shares its cores that one may take its time. Whoever must
 * join has passed the barrier here, too.
 */
static __always_inline bool gs_cpu_need_not_join(struct gs_heap *heap)
{
	if (this_cpu_read(heap->cpu->lock) != GS_DIVERT)
		return false;
	/*
	 * The byte was raised before the colour is read: pairs with
	 * gs_cut_sweep(). And the colour is no older than the one that an object
	 * to be freed was allocated in: pairs with what handed it over.
	 */
	smp_mb();
	return this_cpu_read(heap->cpu->colour) == READ_ONCE(heap->colour);
}

/* The rest of gs_cpucache_pop(). Return NULL if it is not as simple as that. */
static __always_inline void *gs_pop_diverted(struct gs_heap *heap,
					     unsigned long handle)
{
	struct gs_cpu __percpu *cpu = heap->cpu;
	unsigned long count;
	void *obj;

	if (!gs_cpu_need_not_join(heap))
		return NULL;
	count = gs_mag_count(cpu, handle);
	if (!count)
		return NULL;
	obj = this_cpu_read(*gs_mag_slot(cpu, handle))[count - 1];
	this_cpu_add(*gs_mag_word(cpu, handle), GS_MAG_POP);
	gs_cpu_leave(cpu);
	return obj;
}

/* The rest of gs_cpucache_push(): the mirror. */
static __always_inline bool gs_push_diverted(struct gs_heap *heap,
					     unsigned long handle,
					     const void *obj)
{
	struct gs_cpu __percpu *cpu = heap->cpu;
	unsigned long count;
	void **slot;

	if (!gs_cpu_need_not_join(heap))
		return false;
	count = gs_mag_count(cpu, handle);
	if (!gs_mag_has_room(cpu, handle, count))
		return false;
	slot = this_cpu_read(*gs_mag_slot(cpu, handle));
	if (slot[count - 1] == obj)
		return false;
	slot[count] = (void *)obj;
	this_cpu_add(*gs_mag_word(cpu, handle), GS_MAG_PUSH);
	gs_cpu_leave(cpu);
	return true;
}

/* --- exchange with central ---------------------------------------------- */

/*
 * Fold the allocations in the word's upper 48 bits into the class, which does
 * not overflow, whenever central is visited anyway.
 */
static void gs_mag_fold(struct gs_class *class, struct gs_cpu *cpu,
			struct gs_mag *mag)
{
	lockdep_assert_held(&class->lock);
	class->books.nmalloc += GS_MAG_NMALLOC(mag->word);
	cpu->stats.nmalloc += GS_MAG_NMALLOC(mag->word);
	WRITE_ONCE(mag->word, GS_MAG_COUNT(mag->word));
}

/* Fill the lower half of an empty magazine. */
static unsigned int gs_mag_refill(struct gs_class *class, struct gs_cpu *cpu,
				  struct gs_mag *mag)
{
	unsigned long flags;
	unsigned int n;

	gs_class_lock(class, &flags);
	gs_mag_fold(class, cpu, mag);
	n = gs_central_take(class, mag->slot, DIV_ROUND_UP(mag->cap, 2));
	WRITE_ONCE(mag->word, mag->word + n);
	if (n) {
		class->books.refills++;
		cpu->stats.refills++;
	}
	gs_class_unlock(class, flags);
	return n;
}

/*
 * Give the @n objects that were freed longest ago back: the mirror. A pointer
 * that central refuses is dropped and reported once the lock is; its free
 * counted as one while it sat in the magazine and does not any more.
 */
static void gs_mag_flush(struct gs_heap *heap, struct gs_class *class,
			 struct gs_cpu *cpu, struct gs_mag *mag, unsigned int n)
{
	unsigned int count = GS_MAG_COUNT(mag->word), nbad;
	struct gs_bad_free bad[GS_BAD_MAX];
	unsigned long flags;

	gs_class_lock(class, &flags);
	gs_mag_fold(class, cpu, mag);
	class->books.flushes++;
	cpu->stats.flushes++;
	nbad = gs_central_give(heap, class, mag->slot, n, bad);
	memmove(mag->slot, mag->slot + n, (count - n) * sizeof(*mag->slot));
	WRITE_ONCE(mag->word, mag->word - n);
	gs_central_settle(heap, class);
	gs_class_unlock(class, flags);

	if (unlikely(nbad))
		gs_report_flushed(heap, class, bad, nbad);
}

/* --- the magazines' size ------------------------------------------------- */

static unsigned int gs_mag_next_cap(const struct gs_class *class,
				    const struct gs_mag *mag)
{
	return min_t(unsigned int, class->cap_max,
		     mag->cap ? mag->cap * 2 : class->cap_first);
}

static struct gs_fixalloc *gs_mag_pool(struct gs_heap *heap, unsigned int cap)
{
	return &heap->mag_pool[order_base_2(max(cap, GS_CAP_MIN)) -
			       ilog2(GS_CAP_MIN)];
}

/* Called by an owner that found its magazine empty or full. */
static bool gs_mag_wants_more(const struct gs_class *class, struct gs_mag *mag)
{
	if (mag->cap >= class->cap_max)
		return false;
	return ++mag->misses > (mag->cap ? GS_MISSES : class->patience);
}

/*
 * Give this CPU, whichever it is by now, a magazine of the next larger
 * capacity. Failure is no loss: the old one, or none, goes on.
 */
static void gs_mag_grow(struct gs_heap *heap, struct gs_class *class)
{
	struct gs_mag __percpu *pmag = gs_cpu_mag(heap, class);
	unsigned int cap = gs_mag_next_cap(class, raw_cpu_ptr(pmag));
	struct gs_fixalloc *pool = gs_mag_pool(heap, cap);
	unsigned int old_cap = 0;
	void **old = NULL, **slot;
	struct gs_mag *mag;

	/* Slot -1 stays NULL: the top of an empty magazine is nobody's. */
	slot = gs_fixalloc_get(pool, GFP_NOWAIT | __GFP_NOWARN);
	if (!slot)
		return;
	slot++;

	if (gs_cpu_enter(heap->cpu) && this_cpu_ptr(pmag)->cap < cap) {
		mag = this_cpu_ptr(pmag);
		old = mag->slot;
		old_cap = mag->cap;
		if (old)
			memcpy(slot, old,
			       GS_MAG_COUNT(mag->word) * sizeof(*slot));
		mag->slot = slot;
		mag->cap = cap;
		mag->misses = 0;
		slot = NULL;
	}
	gs_cpu_leave(heap->cpu);

	if (slot)
		gs_fixalloc_put(pool, slot - 1);
	if (old)
		gs_fixalloc_put(gs_mag_pool(heap, old_cap), old - 1);
}

/* --- allocation ---------------------------------------------------------- */

/* The owner's part; returns NULL if central has nothing or there is no magazine. */
static void *gs_alloc_owner(struct gs_heap *heap, struct gs_class *class,
			    bool *grow)
{
	struct gs_mag *mag = this_cpu_ptr(gs_cpu_mag(heap, class));
	unsigned int count;

	gs_cut_join(heap, NULL, false);
	count = GS_MAG_COUNT(mag->word);
	if (!count) {
		*grow = !heap->uncached && gs_mag_wants_more(class, mag);
		if (mag->cap)
			count = gs_mag_refill(class, this_cpu_ptr(heap->cpu),
					      mag);
	}
	if (!count)
		return NULL;
	WRITE_ONCE(mag->word, mag->word + GS_MAG_POP);
	return mag->slot[count - 1];
}

/* Past the magazines: one object from central, or from a new span. */
static void *gs_alloc_uncached(struct gs_heap *heap, struct gs_class *class,
			       gfp_t gfp)
{
	void *obj = gs_central_alloc(class);
	struct gs_span *span;

	if (obj)
		return obj;
	span = gs_span_new_small(heap, class, gfp);
	if (span)
		return gs_central_alloc_from(class, span);
	/* Somebody may have freed one meanwhile. */
	obj = gs_central_alloc(class);
	if (!obj)
		gs_central_count_failure(class);
	return obj;
}

static noinline void *gs_alloc_slow(unsigned long handle, gfp_t gfp,
				    struct gs_heap *heap)
{
	struct gs_class *class = gs_handle_class(heap, handle);
	bool zero = want_init_on_alloc(gfp), grow = false;
	void *obj = NULL;

	gfp &= ~__GFP_ZERO;
	if (!handle) {
		gs_cpu_leave(heap->cpu);
		return ZERO_SIZE_PTR;
	}
	if (!in_nmi() && gs_cpu_is_owner(heap->cpu))
		obj = gs_alloc_owner(heap, class, &grow);
	gs_cpu_leave(heap->cpu);
	if (in_nmi())
		return NULL;
	might_alloc(gfp);
	if (grow)
		gs_mag_grow(heap, class);
	if (!obj)
		obj = gs_alloc_uncached(heap, class, gfp);
	if (obj && zero)
		memset(obj, 0, class->size);
	return obj;
}

/**
 * gs_cpucache_alloc_slow() - allocate when the magazine could not serve
 * @handle: of the class; 0 for size 0
 * @gfp: as for kmalloc(), __GFP_ZERO included
 * @heap: the heap
 *
 * Context: Any. Entered with preemption off and this operation's increment in
 * the lock byte; both are undone.
 * Return: the object, ZERO_SIZE_PTR, or NULL.
 */
noinline void *gs_cpucache_alloc_slow(unsigned long handle, gfp_t gfp,
				      struct gs_heap *heap)
{
	void *obj = gs_pop_diverted(heap, handle);

	if (!obj)
		return gs_alloc_slow(handle, gfp, heap);
	if (want_init_on_alloc(gfp))
		return memset(obj, 0, gs_handle_class(heap, handle)->size);
	return obj;
}

/* --- free ---------------------------------------------------------------- */

/* The owner's part of a free; false if there is no magazine. */
static bool gs_free_owner(struct gs_heap *heap, struct gs_class *class,
			  const void *obj, bool *grow, const char **bad)
{
	struct gs_mag *mag = this_cpu_ptr(gs_cpu_mag(heap, class));
	unsigned int count;

	/*
	 * Not an older colour than its allocation saw: pairs with the release
	 * that handed the object over. Elsewhere the locks see to it.
	 */
	smp_rmb();
	gs_cut_join(heap, NULL, false);
	count = GS_MAG_COUNT(mag->word);
	*grow = false;
	if (!mag->cap) {
		*grow = !heap->uncached && gs_mag_wants_more(class, mag);
		return false;
	}
	if (mag->slot[(int)count - 1] == obj) {
		*bad = "double";
		return true;
	}
	if (count == mag->cap) {
		*grow = gs_mag_wants_more(class, mag);
		gs_mag_flush(heap, class, this_cpu_ptr(heap->cpu), mag,
			     DIV_ROUND_UP(count, 2));
		count = GS_MAG_COUNT(mag->word);
	}
	mag->slot[count] = (void *)obj;
	WRITE_ONCE(mag->word, mag->word + GS_MAG_PUSH);
	return true;
}

/*
 * In an NMI no lock may be taken, so the pointer waits, not looked at, until the
 * NMI is over. The object is live in the books meanwhile.
 */
static const char *gs_free_put_off(struct gs_heap *heap, const void *obj,
				   unsigned long handle)
{
	struct gs_cpu *cpu = this_cpu_ptr(heap->cpu);
	unsigned int i;

	if ((unsigned long)obj & GS_PUT_OFF_STACK)
		return "interior";
	if (handle >> GOSTAT_HANDLE_SHIFT >= GS_CLASS_STACK)
		obj += GS_PUT_OFF_STACK;
	for (i = 0; i < GS_PUT_OFF; i++) {
		if (!cmpxchg(&cpu->put_off[i], NULL, obj)) {
			irq_work_queue(&cpu->put_off_work);
			return NULL;
		}
	}
	return "too many in one NMI, leaked";
}

static void gs_free_put_off_work(struct irq_work *work)
{
	struct gs_cpu *cpu = container_of(work, struct gs_cpu, put_off_work);
	unsigned int i;

	for (i = 0; i < GS_PUT_OFF; i++) {
		const void *obj = xchg(&cpu->put_off[i], NULL);

		if ((unsigned long)obj & GS_PUT_OFF_STACK)
			gs_heap_stack_free(cpu->heap, obj - GS_PUT_OFF_STACK);
		else
			gs_heap_free(cpu->heap, obj);
	}
}

/* Past the magazines: to central, or to the page heap. */
static const char *gs_free_uncached(struct gs_heap *heap, const void *obj,
				    unsigned long handle)
{
	if (handle)
		return gs_central_free(heap, gs_handle_class(heap, handle),
				       obj);
	return gs_large_free(heap, obj);
}

/* @caller: whom a report names */
static noinline void gs_free_slow(const void *obj, unsigned long handle,
				  struct gs_heap *heap, unsigned long caller)
{
	bool done = false, grow = false;
	const char *bad = NULL;

	if (unlikely(ZERO_OR_NULL_PTR(obj))) {
		gs_cpu_leave(heap->cpu);
		return;
	}
	/* Not to be freed in this way; who it belongs to is found out below. */
	if (handle & GS_HANDLE_APART)
		handle = 0;
	if (unlikely(in_nmi())) {
		bad = gs_free_put_off(heap, obj, handle);
		done = true;
	} else if (handle && gs_cpu_is_owner(heap->cpu))
		done = gs_free_owner(heap, gs_handle_class(heap, handle), obj,
				     &grow, &bad);
	gs_cpu_leave(heap->cpu);

	if (!done)
		bad = gs_free_uncached(heap, obj, handle);
	if (unlikely(bad))
		gs_report_bad_free(heap, bad, obj, caller);
	if (grow)
		gs_mag_grow(heap, gs_handle_class(heap, handle));
}

/**
 * gs_cpucache_free_slow() - free when the magazine could not take the object
 * @obj: the object
 * @handle: of its class; 0 if the fast path knows none for it, or one with
 *	GS_HANDLE_APART
 * @heap: the heap
 *
 * The fast path ends in a jump to this function, which therefore returns to
 * whoever called free: the caller that a report names.
 *
 * Context: Any. Entered with preemption off and this operation's increment in
 * the lock byte; both are undone.
 */
noinline void gs_cpucache_free_slow(const void *obj, unsigned long handle,
				    struct gs_heap *heap)
{
	if (!gs_push_diverted(heap, handle, obj))
		gs_free_slow(obj, handle, heap, _RET_IP_);
}

/* --- drains -------------------------------------------------------------- */

/* Empty all magazines of @cpu. The caller owns them. */
static void gs_cpu_flush(struct gs_heap *heap, struct gs_cpu *cpu)
{
	unsigned int id;

	for (id = 1; id < GS_NR_CLASSES; id++) {
		struct gs_mag *mag = &cpu->mag[id];

		if (mag->cap)
			gs_mag_flush(heap, &heap->class[id], cpu, mag,
				     GS_MAG_COUNT(mag->word));
	}
}

static long gs_cpu_drain(void *data)
{
	struct gs_heap *heap = data;

	if (gs_cpu_enter(heap->cpu))
		gs_cpu_flush(heap, this_cpu_ptr(heap->cpu));
	gs_cpu_leave(heap->cpu);
	return 0;
}

/**
 * gs_cpucache_drain() - all objects of all magazines go back to central
 * @heap: the heap
 *
 * In process context nobody but an interrupt can hold the CPU's byte, so none
 * is passed over.
 *
 * Context: Process; sleeps; no heap lock held.
 */
void gs_cpucache_drain(struct gs_heap *heap)
{
	unsigned int cpu;

	might_sleep();
	cpus_read_lock();
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, gs_cpu_drain, heap);
	cpus_read_unlock();
}

/**
 * gs_cpucache_drain_dead() - a CPU is gone: its objects go back, its counts stay
 * @heap: the heap
 * @cpu: the CPU, offline
 *
 * Context: Process; the CPU cannot come back meanwhile.
 */
void gs_cpucache_drain_dead(struct gs_heap *heap, unsigned int cpu)
{
	struct gs_cpu *dead = per_cpu_ptr(heap->cpu, cpu);

	irq_work_sync(&dead->put_off_work);
	gs_cpu_flush(heap, dead);
}

/**
 * gs_cpucache_init() - empty caches on all CPUs
 * @heap: the heap, with heap->cpu in place
 *
 * Context: Process.
 */
void gs_cpucache_init(struct gs_heap *heap)
{
	unsigned int i, cpu;

	BUILD_BUG_ON(sizeof(struct gs_mag) != 1 << GOSTAT_HANDLE_SHIFT);
	BUILD_BUG_ON(offsetof(struct gs_cpu, mag) != 0);
	BUILD_BUG_ON(offsetof(struct gs_mag, no_cap) !=
		     offsetof(struct gs_mag, cap) + GS_HANDLE_APART);
	for_each_possible_cpu(cpu) {
		struct gs_cpu *pc = per_cpu_ptr(heap->cpu, cpu);

		pc->lock = GS_LOCK_FREE;
		pc->heap = heap;
		pc->record = per_cpu_ptr(heap->cpu_record, cpu);
		/* Hard, so that a CPU's are done before it goes offline. */
		pc->put_off_work = IRQ_WORK_INIT_HARD(gs_free_put_off_work);
	}
	for (i = 0; i < GS_NR_CAPS; i++)
		gs_fixalloc_init(&heap->mag_pool[i], heap, GS_MCACHE,
				 sizeof(void *) * (1 + (GS_CAP_MIN << i)));
}

/**
 * gs_cpucache_destroy() - empty and free all magazines
 * @heap: a heap that nobody uses any more
 *
 * Context: Process; sleeps.
 */
void gs_cpucache_destroy(struct gs_heap *heap)
{
	unsigned int id, cpu;

	for_each_possible_cpu(cpu) {
		struct gs_cpu *pc = per_cpu_ptr(heap->cpu, cpu);

		irq_work_sync(&pc->put_off_work);
		gs_cpu_flush(heap, pc);
		for (id = 1; id < GS_NR_CLASSES; id++) {
			struct gs_mag *mag = &pc->mag[id];

			if (!mag->cap)
				continue;
			gs_fixalloc_put(gs_mag_pool(heap, mag->cap),
					mag->slot - 1);
			mag->cap = 0;
			mag->slot = NULL;
		}
	}
}
