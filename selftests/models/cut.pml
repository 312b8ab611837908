/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cut - a model of the statistics cut (mod/cut.h), for spin: one reader takes a
 * snapshot while three CPUs allocate and free. README.rst says what is checked, what
 * is left out, and why it may be.
 *
 * A step is a d_step: one instruction on a CPU's own byte or word, or what the code
 * does under a lock or in an IPI's handler, interrupts off. Between two steps anything
 * may come: other CPUs, interrupts, IPIs. Steps and structures have the names of the
 * code, without gs_.
 *
 * Built with:
 *
 *	OPS	operations that begin, in all contexts together; 0 for any number, and
 *		then nmalloc, which would grow for ever, is not counted
 *	CUTS	snapshots, one after the other
 *	IRQ	operations are interrupted by others
 *	GROWTH	spans come and go, blocks come
 *	READER_STOPS	the reader may stop anywhere, until nobody else can move
 *
 * or with one of the mistakes below, which then must be found.
 */

#define CPUS	3	/* online */
#define OFFLINE	CPUS	/* one more, with an object in its magazine */

#define FREE	(-1)	/* the lock byte */
#define DIVERT	64
#define CAP	1	/* of a magazine */
#define NOBODY	255

/* --- the structures that record themselves -------------------------------- */

typedef gs_cpu {
	short lock;
	byte nmalloc, count;	/* one packed word */
	byte colour
};

typedef gs_class {
	byte holder;		/* of the lock, between two steps */
	byte nmalloc, capacity, nfree;
	byte colour
};

typedef gs_pages {		/* a span is one object and one page */
	byte sys, inuse, idle, transit, obtained;
	byte colour
};

byte colour;		/* heap->colour */
gs_cpu cpu[CPUS + 1];
gs_class class;
gs_pages pages;
byte available;		/* pages that the page allocator has */

/* The records; those that D5 adds up are added up as they are written. */
typedef gs_snapshot {
	byte nmalloc, cached, capacity, central;
	byte sys, inuse, idle, transit, obtained
};

gs_snapshot snap;

/* --- what ought to be in them ---------------------------------------------- */

bool busy[CPUS];	/* the CPU's task is in an operation */
bool nested[CPUS];	/* so is an interrupt, in the midst of that one */
byte ops = OPS;		/* that may begin yet */

/* Live objects that nobody is about to free, by the colour they were counted in. */
byte live[CUTS + 1];

/* What has been counted up to each colour. */
byte truth_nmalloc[CUTS + 1];
short truth_live[CUTS + 1];

byte number = 1;	/* colour of the snapshot being made, or else of the next */

#if OPS
#define COUNT(figure)	figure++
#else
#define COUNT(figure)	skip
#endif

inline allocation_counts(in_colour)
{
	tag = in_colour;
	COUNT(truth_nmalloc[tag]);
	truth_live[tag]++
}

inline free_counts(in_colour)
{
	assert(tag <= in_colour);	/* not freed before it was allocated */
	truth_live[in_colour]--;
	tag = 0
}

/* --- the mistakes ------------------------------------------------------------ */

/* The byte is tested, then set. */
#ifdef TESTSET
#define TAKE	fast = (cpu[c].lock == FREE)
#define SET \
	if \
	:: d_step { STEP("sets the byte", fast) cpu[c].lock = 0 } \
	:: d_step { STEP("is nested", !fast) cpu[c].lock++ } \
	fi;
#else
#define TAKE	cpu[c].lock++; fast = (cpu[c].lock == 0)
#define SET
#endif

/* The reader does without D1; or D1's 64 was overwritten. */
#if defined(NO_DIVERT)
#define UNDIVERT(c)	skip
#elif defined(TESTSET)
#define UNDIVERT(c)	cpu[c].lock = cpu[c].lock - (cpu[c].lock >= FREE + DIVERT -> DIVERT : 0)
#else
#define UNDIVERT(c)	cpu[c].lock = cpu[c].lock - DIVERT
#endif

/* A structure does not record itself; the sweep does it. */
#ifdef NO_SELF_RECORD
#define JOIN_CPU	skip
#else
#define JOIN_CPU	cut_join_cpu(c, seen)
#endif
#ifdef NO_CENTRAL_COLOUR
#define JOIN_CLASS	skip
#else
#define JOIN_CLASS	cut_join_class(seen)
#endif
#ifdef NO_HEAP_COLOUR
#define JOIN_HEAP	skip
#else
#define JOIN_HEAP	cut_join_heap(seen)
#endif

/* A CPU goes back to a colour that was read before an interrupt joined. */
#ifdef JOIN_BACK
#define BEHIND(c, to)	(cpu[c].colour != to)
#else
#define BEHIND(c, to)	(cpu[c].colour < to)
#endif

/* The colour is read when the operation begins, not with the locks held. */
#ifdef COLOUR_BEFORE_LOCK
#define READ_FIRST	seen = colour
#define READ_LOCKED	skip
#else
#define READ_FIRST	skip
#define READ_LOCKED	seen = colour
#endif

/* A flush gives the span that it emptied back before its word is settled. */
#ifdef WORD_AFTER_SPAN
#define WORD_BEFORE	skip
#define WORD_AFTER	cpu[c].count--
#else
#define WORD_BEFORE	cpu[c].count--
#define WORD_AFTER	skip
#endif

/* A diverted operation waits for the sweep. */
#ifdef MUTATOR_WAITS
#define GO_ON		(cpu[c].lock < FREE + DIVERT)
#else
#define GO_ON		true
#endif

/* --- D1, D3, D4: divert, join ------------------------------------------------ */

inline cut_divert(c)
{
	printf("CPU %d  is diverted\n", c);
	cpu[c].lock = cpu[c].lock + DIVERT
}

inline cut_record_cpu(c, to)
{
	printf("CPU %d  records {%d,%d}\n", c, cpu[c].nmalloc, cpu[c].count);
	snap.nmalloc = snap.nmalloc + cpu[c].nmalloc;
	snap.cached = snap.cached + cpu[c].count;
	cpu[c].colour = to
}

inline cut_join_cpu(c, to)
{
	if
	:: BEHIND(c, to) -> cut_record_cpu(c, to); UNDIVERT(c)
	:: else
	fi
}

inline cut_join_class(to)
{
	if
	:: class.colour != to ->
		printf("class  records %d of %d free, nmalloc %d\n", class.nfree,
		       class.capacity, class.nmalloc);
		snap.nmalloc = snap.nmalloc + class.nmalloc;
		snap.capacity = class.capacity;
		snap.central = class.nfree;
		class.colour = to
	:: else
	fi
}

inline cut_join_heap(to)
{
	if
	:: pages.colour != to ->
		printf("pages  record %d in use, %d idle\n", pages.inuse, pages.idle);
		snap.sys = pages.sys;
		snap.inuse = pages.inuse;
		snap.idle = pages.idle;
		snap.transit = pages.transit;
		snap.obtained = pages.obtained;
		pages.colour = to
	:: else
	fi
}

inline class_lock()
{
	READ_LOCKED; JOIN_CPU; JOIN_CLASS
}

inline heap_lock()
{
	READ_LOCKED; JOIN_CPU; JOIN_HEAP
}

/* --- what moves: magazines, central, page heap ------------------------------- */

/* Nobody else changes a CPU's word while one is the owner of its byte. */
#define UNLOCK		cpu[c].lock--
#define OWNER		((cpu[c].lock & (DIVERT - 1)) == 0)
#define CAN_POP		(cpu[c].count > 0)
#define CAN_PUSH	(cpu[c].count < CAP)
#define CLASS		(class.holder == NOBODY)

inline end()
{
	if
	:: irq -> nested[c] = false
	:: else -> busy[c] = false
	fi;
	tag = 0; seen = 0; fast = false
}

/*
 * One add to the packed word; the byte and the object go with it, as early as can be.
 * An interrupt between the add and the byte's release would go past the magazines, as
 * an operation that finds none does.
 */
inline mag_pop()
{
	cpu[c].count--;
	COUNT(cpu[c].nmalloc);
	allocation_counts(cpu[c].colour);
	UNLOCK; live[tag]++; end()
}

inline mag_push()
{
	cpu[c].count++;
	free_counts(cpu[c].colour);
	UNLOCK; end()
}

inline mag_fold()
{
	class.nmalloc = class.nmalloc + cpu[c].nmalloc;
	cpu[c].nmalloc = 0
}

inline mag_refill()
{
	class_lock();
	mag_fold();
	if
	:: class.nfree > 0 -> class.nfree--; cpu[c].count++
	:: else
	fi
}

inline mag_flush()
{
	class_lock();
	mag_fold();
	class.nfree++
}

inline central_alloc()
{
	class_lock();
	class.nfree--;
	COUNT(class.nmalloc);
	allocation_counts(class.colour)
}

inline central_free()
{
	class_lock();
	class.nfree++;
	free_counts(class.colour)
}

inline source_get()
{
	available--;
	heap_lock();
	pages.obtained++;
	pages.transit++
}

inline block_in()
{
	heap_lock();
	pages.transit--;
	pages.sys++;
	pages.idle++
}

/* In the page heap's books first, then in the class's. */
inline span_place()
{
	pages.idle--;
	pages.inuse++
}

inline central_alloc_from()
{
	class_lock();
	class.capacity++;
	COUNT(class.nmalloc);
	allocation_counts(class.colour)
}

/* Out of both at once: both locks, one read of the colour. */
inline span_free()
{
	READ_LOCKED; JOIN_CPU; JOIN_CLASS; JOIN_HEAP;
	class.capacity--;
	class.nfree--;
	pages.inuse--;
	pages.idle++
}

/* --- operations ---------------------------------------------------------------- */

/*
 * How a step begins: it is this context's turn on its CPU, and the step can be taken.
 * It says so where a run is replayed.
 */
#define SAY(what) \
	printf("CPU %d%c {%d,%d} byte %d colour %d: ", c, (irq -> '!' : ' '), cpu[c].nmalloc, \
	       cpu[c].count, cpu[c].lock, cpu[c].colour); \
	printf(what); \
	printf("\n")
#define STEP(what, can) \
	(nested[c] == irq && (can)) -> SAY(what);

/*
 * An interrupt between two operations is like an operation of the task, so it is let
 * in only where it nests. What begins after the last snapshot does not matter.
 */
#define BEGIN(what, can) \
	(!nested[c] && (can) && number <= CUTS && (!OPS || ops) && \
	 (!irq || (busy[c] && class.holder != c))) -> SAY(what); begin();

inline begin()
{
	if
	:: irq -> nested[c] = true
	:: else -> busy[c] = true
	fi;
#if OPS
	ops--;
#endif
	READ_FIRST;
	TAKE
}

/*
 * "is slow": here interrupts are on, and may join, before the owner does with what it
 * has seen. After its read, to join and to go on are one step: if the sweep or an
 * interrupt still finds something to join, the owner's own join was none, and might
 * as well come after.
 */
proctype Context(byte c; bool irq)
{
	byte tag;	/* the colour that the object in hand was allocated in */
	byte seen;	/* heap->colour, as read */
	bool fast;	/* the increment's zero flag */

end_idle:
	if
	:: d_step { BEGIN("allocates", true) }; goto Alloc
	:: d_step { BEGIN("frees", live[0]) live[0]--; tag = 0 }; goto Free
	:: d_step { BEGIN("frees", live[1]) live[1]--; tag = 1 }; goto Free
#if CUTS > 1
	:: d_step { BEGIN("frees", live[2]) live[2]--; tag = 2 }; goto Free
#endif
	fi;

Alloc:	/* gs_cpucache_pop(), gs_alloc_owner() */
	SET
	if
	:: d_step { STEP("pops", fast && CAN_POP) mag_pop() }
	:: d_step { STEP("goes past", !OWNER && GO_ON) UNLOCK }; goto Central_alloc
	:: d_step { STEP("is slow", OWNER && !(fast && CAN_POP) && GO_ON) seen = colour };
	   if
	   :: d_step { STEP("pops", CAN_POP) JOIN_CPU; mag_pop() }
	   :: d_step { STEP("has no magazine", !CAN_POP) JOIN_CPU; UNLOCK }; goto Central_alloc
	   :: d_step { STEP("refills", !CAN_POP && CLASS) JOIN_CPU; mag_refill() };
	      if
	      :: d_step { STEP("pops", CAN_POP) mag_pop() }
	      :: d_step { STEP("goes past", !CAN_POP) UNLOCK }; goto Central_alloc
	      fi
	   fi
	fi;
	goto end_idle;
Central_alloc:	/* gs_alloc_uncached() */
	if
	:: d_step { STEP("takes one of central's", CLASS && class.nfree)
		    central_alloc(); live[tag]++; end() }; goto end_idle
	:: d_step { STEP("finds none in central", CLASS && !class.nfree) class_lock() }
	fi;
	if
	:: d_step { STEP("places a span", pages.idle) heap_lock(); span_place() }
	:: d_step { STEP("obtains a block", !pages.idle && available) source_get() };
	   d_step { STEP("places a span in it", true) block_in(); span_place() }
	:: d_step { STEP("fails", !pages.idle && !available) end() }; goto end_idle
	fi;
	d_step { STEP("takes one of the span's", CLASS) central_alloc_from(); live[tag]++; end() };
	goto end_idle;

Free:	/* gs_cpucache_push(), gs_free_owner() */
	SET
	if
	:: d_step { STEP("pushes", fast && CAN_PUSH) mag_push() }
	:: d_step { STEP("goes past", !OWNER && GO_ON) UNLOCK }; goto Central_free
	:: d_step { STEP("is slow", OWNER && !(fast && CAN_PUSH) && GO_ON) seen = colour };
	   if
	   :: d_step { STEP("pushes", CAN_PUSH) JOIN_CPU; mag_push() }
	   :: d_step { STEP("has no magazine", true) JOIN_CPU; UNLOCK }; goto Central_free
	   :: d_step { STEP("flushes", !CAN_PUSH && CLASS) JOIN_CPU; mag_flush(); cpu[c].count-- };
	      d_step { STEP("pushes", true) mag_push() }
#ifdef GROWTH	/* a flush that empties a span */
	   :: d_step { STEP("flushes", !CAN_PUSH && CLASS)
		       class.holder = c; JOIN_CPU; mag_flush(); WORD_BEFORE };
	      d_step { STEP("frees the span", true)
		       span_free(); WORD_AFTER; class.holder = NOBODY };
	      d_step { STEP("pushes", true) mag_push() }
#endif
	   fi
	fi;
	goto end_idle;
Central_free:	/* gs_free_uncached() */
	if
	:: d_step { STEP("gives it to central", CLASS) central_free(); end() }
#ifdef GROWTH
	:: d_step { STEP("gives it to central", CLASS) class.holder = c; central_free() };
	   d_step { STEP("frees the span", true) span_free(); class.holder = NOBODY; end() }
#endif
	fi;
	goto end_idle
}

/* --- the reader ------------------------------------------------------------------ */

/* The handlers run in any order, each where its CPU has interrupts on. */
#define IPI(c, handler) \
	d_step { !done[c] && class.holder != c -> done[c] = true; handler(c) }
#define ON_EACH_CPU(handler) \
	do \
	:: IPI(0, handler) \
	:: IPI(1, handler) \
	:: IPI(2, handler) \
	:: d_step { done[0] && done[1] && done[2] -> \
		    done[0] = false; done[1] = false; done[2] = false }; break \
	od

inline cut_sweep(c)
{
	cut_join_cpu(c, colour)
}

/* Whatever operations are under way on a CPU, the 64 is gone. */
#define FAST_AGAIN(c)	(cpu[c].lock >= FREE && cpu[c].lock <= 1)

inline check_snapshot()
{
	/* The books close, over exactly what was counted before the cut. */
	assert(snap.capacity == truth_live[number - 1] + snap.central + snap.cached);
	assert(snap.nmalloc == truth_nmalloc[number - 1]);
	assert(truth_live[number - 1] >= 0);

	assert(snap.inuse + snap.idle == snap.sys);
	assert(snap.obtained == snap.sys + snap.transit);
	assert(snap.capacity <= snap.inuse);	/* heap_alloc <= heap_inuse */

	assert(FAST_AGAIN(0) && FAST_AGAIN(1) && FAST_AGAIN(2))
}

inline next_snapshot()
{
	snap.nmalloc = 0; snap.cached = 0; snap.capacity = 0; snap.central = 0;
	snap.sys = 0; snap.inuse = 0; snap.idle = 0; snap.transit = 0; snap.obtained = 0;
	truth_nmalloc[number] = truth_nmalloc[number] + truth_nmalloc[number - 1];
	truth_live[number] = truth_live[number] + truth_live[number - 1];
	truth_nmalloc[number - 1] = 0;
	truth_live[number - 1] = 0;
	number++
}

#ifdef READER_STOPS
bool stopped;

/* When nothing else can move, no operation may be under way. Then the reader goes on. */
active proctype Stopper()
{
	stopped = true;
	atomic {
		timeout ->
		assert(!busy[0] && !busy[1] && !busy[2]);
		stopped = false
	}
}
#define STOPPABLE	provided (!stopped)
#else
#define STOPPABLE
#endif

proctype Reader() STOPPABLE
{
	bool done[CPUS];	/* the IPI's handler */

	do
	:: number <= CUTS ->
#ifndef NO_DIVERT
D1_divert:	ON_EACH_CPU(cut_divert);
#endif
D2_flip:	atomic { colour++; printf("heap   takes colour %d\n", colour) };

		/* D3_join is in Context. */

D4_sweep:	ON_EACH_CPU(cut_sweep);
		atomic { cut_record_cpu(OFFLINE, colour) };
		d_step { CLASS -> cut_join_class(colour) };
		d_step { cut_join_heap(colour) };

D5_sum:		d_step { check_snapshot(); next_snapshot() }
	:: else -> break
	od
}

/* --- the beginning ----------------------------------------------------------------- */

init {
	atomic {
		/* One object is live, one in the offline CPU's magazine. */
		live[0] = 1;
		truth_live[0] = 1;
		cpu[OFFLINE].count = 1;
		class.capacity = 2;
		class.holder = NOBODY;
		cpu[0].lock = FREE; cpu[1].lock = FREE; cpu[2].lock = FREE;
#if OPS
		/* Operations are few: begin wherever earlier ones may have led. */
		cpu[OFFLINE].nmalloc = 1;
		class.nmalloc = 1;
		truth_nmalloc[0] = 2;
		if
		:: skip
		:: cpu[0].count = 1
		:: cpu[0].count = 1; cpu[1].count = 1
		:: cpu[0].count = 1; cpu[1].count = 1; cpu[2].count = 1
		fi;
		if
		:: skip
		:: class.nfree = 1
		fi;
#else
		class.nfree = 1;
#endif
		class.capacity = class.capacity + class.nfree +
				 cpu[0].count + cpu[1].count + cpu[2].count;
		pages.inuse = class.capacity;
		pages.sys = pages.inuse;
		pages.obtained = pages.sys;
#ifdef GROWTH
		available = 1;
#endif
		run Context(0, false);
		run Context(1, false);
		run Context(2, false);
#ifdef IRQ
		run Context(0, true);
		run Context(1, true);
		run Context(2, true);
#endif
		run Reader()
	}
}
