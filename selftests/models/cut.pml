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
	bool caught;
	byte until;		/* diverted until it joins this colour; 0: it is fast */
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

byte colour = 1;	/* heap->colour */
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
bool spoken[CPUS];	/* the reader spoke for it: what it records itself is not used */

/* --- what ought to be in them ---------------------------------------------- */

bool busy[CPUS];	/* the CPU's task is in an operation */
bool nested[CPUS];	/* so is an interrupt, in the midst of that one */
byte ops = OPS;		/* that may begin yet */

/* Live objects that nobody is about to free, by the colour they were counted in. */
byte live[CUTS + 2];

/* What has been counted up to each colour. */
byte truth_nmalloc[CUTS + 2];
short truth_live[CUTS + 2];

byte number = 2;	/* colour of the snapshot being made, or else of the next */

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

/* D1's 64 was overwritten. */
#ifdef TESTSET
#define UNDIVERT(c)	cpu[c].lock = cpu[c].lock - (cpu[c].lock >= FREE + DIVERT -> DIVERT : 0)
#else
#define UNDIVERT(c)	cpu[c].lock = cpu[c].lock - DIVERT
#endif

/* A CPU that is diverted from an earlier cut is fast again before the flip. */
#ifdef UNDIVERT_EARLY
#define REACHED(c, to)	true
#else
#define REACHED(c, to)	(to >= cpu[c].until)
#endif

/* The reader speaks for a CPU whatever that is doing. */
#ifdef SPEAK_IN_FLIGHT
#define AT_REST(c)	true
#else
#define AT_REST(c)	(!cpu[c].caught && cpu[c].lock == FREE + DIVERT)
#endif

/* It does not look whether the CPU has joined meanwhile. */
#ifdef SPEAK_BLINDLY
#define STILL(c)	true
#else
#define STILL(c)	(cpu[c].colour < colour)
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
	cpu[c].lock = cpu[c].lock + DIVERT;
	cpu[c].caught = (cpu[c].lock != FREE + DIVERT);
	cpu[c].until = number
}

inline cut_join_cpu(c, to)
{
	if
	:: BEHIND(c, to) ->
		printf("CPU %d  records {%d,%d}\n", c, cpu[c].nmalloc, cpu[c].count);
		if
		:: to == number && !spoken[c] ->
			snap.nmalloc = snap.nmalloc + cpu[c].nmalloc;
			snap.cached = snap.cached + cpu[c].count
		:: else
		fi;
		cpu[c].colour = to;
		if
		:: cpu[c].until && REACHED(c, to) ->
			cpu[c].until = 0;
			cpu[c].caught = false;
			UNDIVERT(c)
		:: else
		fi
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
	(!nested[c] && (can) && number <= CUTS + 1 && (!OPS || ops) && \
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
	:: d_step { BEGIN("frees", live[1]) live[1]--; tag = 1 }; goto Free
	:: d_step { BEGIN("frees", live[2]) live[2]--; tag = 2 }; goto Free
#if CUTS > 1
	:: d_step { BEGIN("frees", live[3]) live[3]--; tag = 3 }; goto Free
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
#define INTERRUPT(handler) \
	do \
	:: IPI(0, handler) \
	:: IPI(1, handler) \
	:: IPI(2, handler) \
	:: d_step { done[0] && done[1] && done[2] -> \
		    done[0] = false; done[1] = false; done[2] = false }; break \
	od

/* A CPU that is diverted already is not interrupted; D1 comes to it after that. */
inline cut_stay_diverted(c)
{
	if
	:: cpu[c].until -> cpu[c].until = number; done[c] = true
	:: else
	fi
}

/*
 * Look at the byte and copy, look at the colour. What comes between the byte and the
 * copy joins first, and is as good as what comes after the copy: one step, but for who
 * does not look at the colour.
 */
#ifdef SPEAK_BLINDLY
#define COPY		skip }; d_step { nmalloc = cpu[c].nmalloc; count = cpu[c].count
#else
#define COPY		nmalloc = cpu[c].nmalloc; count = cpu[c].count
#endif

inline cut_speak(c)
{
	if
	:: d_step { cpu[c].colour >= colour -> done[c] = true }
	:: d_step { cpu[c].colour < colour && !AT_REST(c) -> skip }
	:: d_step { cpu[c].colour < colour && AT_REST(c) -> done[c] = true; COPY };
	   d_step {
		if
		:: STILL(c) ->
			printf("reader speaks for CPU %d: {%d,%d}\n", c, nmalloc, count);
			spoken[c] = true;
			snap.nmalloc = snap.nmalloc + nmalloc;
			snap.cached = snap.cached + count
		:: else
		fi;
		nmalloc = 0; count = 0
	   }
	fi
}

inline cut_sweep(c)
{
	cut_join_cpu(c, colour)
}

/* Diverted as long as it shall be, whatever operations are under way. */
#define KNOWN(c)	((cpu[c].lock >= FREE + DIVERT) == (cpu[c].until != 0) && \
			 (!cpu[c].until || cpu[c].colour < colour))

inline check_snapshot()
{
	/* The books close, over exactly what was counted before the cut. */
	assert(snap.capacity == truth_live[number - 1] + snap.central + snap.cached);
	assert(snap.nmalloc == truth_nmalloc[number - 1]);
	assert(truth_live[number - 1] >= 0);

	assert(snap.inuse + snap.idle == snap.sys);
	assert(snap.obtained == snap.sys + snap.transit);
	assert(snap.capacity <= snap.inuse);	/* heap_alloc <= heap_inuse */

	assert(KNOWN(0) && KNOWN(1) && KNOWN(2))
}

inline next_snapshot()
{
	snap.nmalloc = 0; snap.cached = 0; snap.capacity = 0; snap.central = 0;
	snap.sys = 0; snap.inuse = 0; snap.idle = 0; snap.transit = 0; snap.obtained = 0;
	truth_nmalloc[number] = truth_nmalloc[number] + truth_nmalloc[number - 1];
	truth_live[number] = truth_live[number] + truth_live[number - 1];
	truth_nmalloc[number - 1] = 0;
	truth_live[number - 1] = 0;
	spoken[0] = false; spoken[1] = false; spoken[2] = false;
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
	bool done[CPUS];	/* needs no interrupt, or has had it */
	byte nmalloc, count;	/* a copy of a word */

	do
	:: number <= CUTS + 1 ->
#ifndef NO_DIVERT
D1_divert:	d_step { cut_stay_diverted(0); cut_stay_diverted(1); cut_stay_diverted(2) };
		INTERRUPT(cut_divert);
#endif
		/* The last handler does it, or the reader where there is none. */
D2_flip:	atomic { colour++; printf("heap   takes colour %d\n", colour) };

		/* D3_join is in Context. */

		/* Whoever changes one of these in between joins it himself. */
D4_sweep:	d_step {
			CLASS -> cut_join_class(colour);
			cut_join_heap(colour);
			snap.nmalloc = snap.nmalloc + cpu[OFFLINE].nmalloc;
			snap.cached = snap.cached + cpu[OFFLINE].count
		};
		cut_speak(0);
		cut_speak(1);
		cut_speak(2);
		INTERRUPT(cut_sweep);

D5_sum:		atomic { check_snapshot(); next_snapshot() }
	:: else -> break
	od
}

/* --- the beginning ----------------------------------------------------------------- */

init {
	atomic {
		/* One object is live, one in the offline CPU's magazine. */
		live[1] = 1;
		truth_live[1] = 1;
		cpu[OFFLINE].count = 1;
		class.capacity = 2;
		class.colour = 1;
		class.holder = NOBODY;
		pages.colour = 1;
		cpu[0].lock = FREE; cpu[1].lock = FREE; cpu[2].lock = FREE;
		cpu[0].colour = 1; cpu[1].colour = 1; cpu[2].colour = 1;

#if CUTS == 1	/* the reader spoke for a CPU in the cut before */
		if
		:: skip
		:: cpu[0].lock = FREE + DIVERT; cpu[0].until = 1; cpu[0].colour = 0
		fi;
#endif
#if OPS
		/* Operations are few: begin wherever earlier ones may have led. */
		cpu[OFFLINE].nmalloc = 1;
		class.nmalloc = 1;
		truth_nmalloc[1] = 2;
		if
		:: skip
		:: cpu[0].count = 1; cpu[1].count = 1
		fi;
#if CUTS == 1
		if
		:: skip
		:: class.nfree = 1
		fi;
#else
		class.nfree = 1;
#endif
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
