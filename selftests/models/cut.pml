/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cut - the diverted colour cut: how a reader takes one exact, consistent
 * snapshot of all statistics while every CPU goes on allocating and freeing.
 *
 * The steps, by the names that the kernel code uses:
 *
 *	D1 divert	An IPI to every CPU, waited for, adds 64 to its lock byte. An
 *			operation that begins later there finds the byte raised and
 *			takes the slow path; one that has begun ends on its own path.
 *	D2 flip		heap.colour changes.
 *	D3 join		Every move of the slow path first reads heap.colour, once,
 *			with interrupts off and all locks of the move held. Each
 *			structure of the move that is older than that (this CPU's
 *			words, the class, the page heap) records itself: copies
 *			its figures to its slot and takes the colour. A CPU that
 *			has recorded itself subtracts its 64: it is fast again.
 *	D4 sweep	A second IPI to every CPU, waited for, does the same on
 *			those that have had no reason to; the reader does it for
 *			offline CPUs, and for class and page heap under their locks.
 *	D5 sum		The slots make the snapshot.
 *
 * A "move" is what happens to the books under one set of locks. An operation is
 * one move or several: a magazine's refill, then its pop; the page heap's growth,
 * then the class's. What a move changes, it changes in structures of one colour:
 * nothing is ever between two structures, so recorded figures add up. A move that
 * needs one more lock midway is two moves: when a flush has emptied a span, the
 * word and the class agree *before* the page heap's lock is taken and the colour
 * read again for the span's release (TWO_READS is what happens otherwise).
 *
 * Why nothing is freed in the snapshot that was not allocated in it: say X was
 * allocated in the new colour. Then the flip was before that, and X was handed on
 * after it. Whoever frees X begins after its CPU was diverted, so it is slow and
 * reads the new colour, or its CPU has recorded itself already. A free that began
 * before its CPU's divert has an object from before the flip: either side of the
 * cut is right for it, and for an allocation in flight too, since its object is not
 * anybody's yet; the one add to the packed word decides.
 *
 * Nobody waits for the reader: no step of Context looks at anything that only the
 * reader will change, but for the time a lock is held to copy one record. Checked
 * by READER_STOPS: wherever the reader stops for good, all operations end.
 *
 * What is one indivisible step here (d_step), and why it may be:
 *
 *  - one instruction on a CPU's own byte or word. The byte's owner is alone in
 *    changing the word, so the test of the count belongs to the add after it;
 *  - an IPI's handler, and the part of a slow operation that has interrupts off and
 *    uses this CPU's words only: others on this CPU cannot run and other CPUs do
 *    not look, so the one thing shared is the one read of heap.colour;
 *  - a section under a lock with interrupts off: as before; what the lock protects
 *    is nobody else's meanwhile. All of it acts as if at the moment of the read. (To
 *    take a lock commutes to the right with what others do, to release it to the
 *    left: Lipton's reduction.) Where a section has two reads, it is two steps
 *    with the lock held and interrupts off between them.
 *
 * To take an object for freeing goes with the first instruction of the free, and
 * handing it out with the last of the allocation: that is as late, and as early, as
 * can be. Objects are interchangeable; a live one is known by the colour it was
 * allocated in. A span is one object and one page; a magazine holds one.
 *
 * What is not modelled:
 *
 *  - Weak memory. Spin interleaves whole steps. The code needs: (a) what a CPU did
 *    before its handler of D1 is before D2, and slots are written before the reader
 *    sums them: the release and acquire in waiting for an IPI, and the locks; (b) the
 *    colour read in D3 is not satisfied before the read that obtained the object. If
 *    objects are handed over by release and acquire, that follows (the litmus test
 *    WRC). For a receiver with an address dependency only, the slow path needs an
 *    smp_rmb() before it reads the colour; that costs nothing on x86.
 *  - NMIs. One that finds the byte raised touches no word, so it is enough that the
 *    64 is subtracted *last*, when the words have been copied and the colour taken.
 *  - Migration between the moves of one operation: one more point at which some CPU
 *    records itself. Hotplug: cpus_read_lock() is held, one CPU is offline all the
 *    time. A second class: it would be recorded as this one is.
 *
 * Built with:
 *
 *	OPS		operations that begin, in all contexts together; 0: any number,
 *			on two objects (nmalloc, which would grow for ever, stays 0)
 *	CUTS		snapshots, one after another
 *	IRQ		how many CPUs have interrupts that allocate and free (0, 1, 3)
 *	GROWTH		spans come and go, blocks come
 *	LARGE		large objects
 *	READER_STOPS	the reader may stop anywhere
 *	ONE_READ	a span's release goes by the colour its flush has read
 *
 * and, each of which must fail:
 *
 *	TESTSET		the byte is tested, then set
 *	NO_DIVERT	no D1
 *	NO_SELF_RECORD	D3 without the CPU's words
 *	NO_CENTRAL_COLOUR	D3 without the class
 *	NO_HEAP_COLOUR	D3 without the page heap
 *	COLOUR_READ_BEFORE_LOCK	the lock may come much later
 *	TWO_READS	a flush and the release of its span as one move
 *	MUTATOR_WAITS	a diverted operation waits for the sweep (READER_STOPS)
 */

#define CPUS	3	/* online */
#define OFFLINE	CPUS	/* one more */

#ifndef OPS
#define OPS	2
#endif
#ifndef CUTS
#define CUTS	1
#endif
#ifndef IRQ
#define IRQ	0
#endif

/* --- the structures that record themselves -------------------------------- */

#define CAP	1	/* of a magazine */
#define FREE	(-1)	/* the lock byte */
#define DIVERT	64

/* A CPU; nmalloc and count are one packed word in the code. */
typedef gs_cpu {
	short lock;
	byte nmalloc;
	byte count;
	byte colour
};

typedef gs_class {
	bool lock;	/* held from one step to another */
	byte nmalloc;
	byte capacity;
	byte nfree;
	byte colour
};

typedef gs_pages {
	byte inuse;
	byte large;	/* live large objects */
	byte obtained;
	byte transit;
	byte held;
	byte colour
};

byte colour;		/* the heap's */
gs_cpu cpu[CPUS + 1];
gs_class class;
gs_pages pages;

/* The slots; those that D5 adds up are added up as they are written. */
typedef gs_cut {
	byte nmalloc;
	byte count;
	byte capacity;
	byte nfree;
	byte inuse;
	byte large;
	byte obtained;
	byte transit;
	byte held
};

gs_cut cut;

/* --- the world around them -------------------------------------------------- */

bool irqs_off[CPUS];
bool busy[CPUS];	/* in an operation, which an interrupt may nest in */
bool nested[CPUS];	/* the interrupt has the CPU */
byte ops = OPS;		/* that may begin yet */
byte available;		/* blocks that the page allocator has */

/* Live objects that nobody is about to free, by the colour they were counted in. */
byte live[CUTS + 1];
byte live_large[CUTS + 1];

/* --- what ought to be in the snapshot --------------------------------------- */

/*
 * Which snapshot is being made, or else will be the next: the first one's colour is
 * 1, and it must contain what is counted in colour 0.
 */
byte cuts = 1;

typedef gs_truth {
	short nmalloc;
	short live;
	short large
};

gs_truth truth;		/* by what was counted before the cut */
gs_truth later;		/* the change by what was counted after it */
byte last_nmalloc, last_nfree;

#if OPS
#define COUNT(figure)	figure++
#else
#define COUNT(figure)	skip
#endif

inline alloc_counts(in_colour)
{
	tag = in_colour;
	if
	:: in_colour < cuts -> COUNT(truth.nmalloc); truth.live++
	:: else -> COUNT(later.nmalloc); later.live++
	fi
}

inline free_counts(in_colour)
{
	assert(tag <= in_colour);	/* not freed before it was allocated */
	tag = 0;
	if
	:: in_colour < cuts -> truth.live--
	:: else -> later.live--
	fi
}

inline large_alloc_counts(in_colour)
{
	tag = in_colour;
	if
	:: in_colour < cuts -> truth.large++
	:: else -> later.large++
	fi
}

inline large_free_counts(in_colour)
{
	assert(tag <= in_colour);
	tag = 0;
	if
	:: in_colour < cuts -> truth.large--
	:: else -> later.large--
	fi
}

/* --- D1, D3, D4: divert and record ------------------------------------------ */

inline divert(c)
{
	cpu[c].lock = cpu[c].lock + DIVERT;
	printf("CPU %d  is diverted\n", c)
}

inline undivert(c)
{
#if defined(NO_DIVERT)
	skip
#elif defined(TESTSET)
	if	/* the fault that counts is in the figures */
	:: cpu[c].lock >= FREE + DIVERT -> cpu[c].lock = cpu[c].lock - DIVERT
	:: else
	fi
#else
	cpu[c].lock = cpu[c].lock - DIVERT
#endif
}

inline record_cpu(c)
{
	printf("CPU %d  records {%d,%d}\n", c, cpu[c].nmalloc, cpu[c].count);
	cut.nmalloc = cut.nmalloc + cpu[c].nmalloc;
	cut.count = cut.count + cpu[c].count;
	cpu[c].colour = colour
}

inline record_class()
{
	printf("class  records %d of %d free, nmalloc %d\n", class.nfree, class.capacity,
	       class.nmalloc);
	cut.nmalloc = cut.nmalloc + class.nmalloc;
	cut.capacity = class.capacity;
	cut.nfree = class.nfree;
	class.colour = colour
}

inline record_pages()
{
	printf("pages  record %d in use, %d large\n", pages.inuse, pages.large);
	cut.inuse = pages.inuse;
	cut.large = pages.large;
	cut.obtained = pages.obtained;
	cut.transit = pages.transit;
	cut.held = pages.held;
	pages.colour = colour
}

/* D3, for each structure of a move; "seen" is the one read of heap.colour. */
inline join_cpu()
{
#ifndef NO_SELF_RECORD
	if
	:: cpu[c].colour < seen -> record_cpu(c); undivert(c)
	:: else
	fi
#else
	skip
#endif
}

inline join_class()
{
#ifndef NO_CENTRAL_COLOUR
	if
	:: class.colour < seen -> record_class()
	:: else
	fi
#else
	skip
#endif
}

inline join_pages()
{
#ifndef NO_HEAP_COLOUR
	if
	:: pages.colour < seen -> record_pages()
	:: else
	fi
#else
	skip
#endif
}

/* D4, in the IPI's handler. */
inline sweep(c)
{
	if
	:: cpu[c].colour < colour -> record_cpu(c); undivert(c)
	:: else
	fi
}

/*
 * Before a move that takes a lock: the end of the step before it, and the
 * beginning of its own.
 */
#ifdef COLOUR_READ_BEFORE_LOCK
#define BEFORE_LOCK	seen = colour
#define UNDER_LOCK	skip
#else
#define BEFORE_LOCK	skip
#define UNDER_LOCK	seen = colour
#endif

/* --- operations --------------------------------------------------------------- */

/* Where an operation is: what it does next. */
mtype = {
	IDLE,
	TAKE,		/* TESTSET only: set the byte that was tested */
	FAST,		/* the byte is raised: use the magazine, or turn slow */
	LEAVE,		/* lower the byte */
	REFILL, POP,	/* as owner, of an empty magazine */
	FLUSH, PUSH,	/* as owner, of a full one */
	RELEASE,	/* a span that a free has emptied */
	CENTRAL,	/* past the magazines */
	PAGES,		/* the page heap: a span, or a large object's free */
	BLOCK,		/* a block is obtained, not yet held */
	NEW_SPAN	/* a span is in use, not yet in its class */
};

#define OWNER	(cpu[c].lock == 0 || cpu[c].lock == DIVERT)
#define PUT	cpu[c].lock--

/* One increment, whose zero flag says "acquired". */
inline take()
{
#ifdef TESTSET
	owner = (cpu[c].lock == FREE);
	at = TAKE
#else
	cpu[c].lock++;
	owner = (cpu[c].lock == 0);
	at = FAST
#endif
}

inline begin(is_free, is_large)
{
#if OPS
	ops--;
#endif
	freeing = is_free;
	large = is_large;
	if
	:: irq -> nested[c] = true
	:: else -> busy[c] = true
	fi;
	take()
}

inline end()
{
	if
	:: irq -> nested[c] = false
	:: else -> busy[c] = false
	fi;
	at = IDLE; tag = 0; seen = 0; owner = false; freeing = false; large = false
}

inline end_with_object()
{
	if
	:: freeing
	:: !freeing && !large -> live[tag]++
	:: !freeing && large -> live_large[tag]++
	fi;
	end()
}

/* One add to the packed word. */
inline pop()
{
	cpu[c].count--;
	COUNT(cpu[c].nmalloc);
	alloc_counts(cpu[c].colour)
}

inline push()
{
	cpu[c].count++;
	free_counts(cpu[c].colour)
}

inline fold()
{
	class.nmalloc = class.nmalloc + cpu[c].nmalloc;
	cpu[c].nmalloc = 0
}

/* A span has its page: it is a large object, or goes on to its class. */
inline place_span()
{
	pages.inuse++;
	if
	:: large -> pages.large++; large_alloc_counts(pages.colour); end_with_object()
	:: else -> at = NEW_SPAN; BEFORE_LOCK
	fi
}

/* The magazine can serve the operation. */
#define SERVES	(!large && (freeing -> cpu[c].count < CAP : cpu[c].count > 0))

#ifdef MUTATOR_WAITS
#define ALLOWED	(cpu[c].lock < FREE + DIVERT)
#else
#define ALLOWED	true
#endif

/*
 * What a step begins with: it is this context's turn on its CPU, the operation is
 * there, and the step can be taken. Then it says so where a trail is replayed.
 */
#define SAY(what) \
	printf("CPU %d%c %e  byte %d, colour %d, word {%d,%d}\n", c, (irq -> '!' : ' '), \
	       what, cpu[c].lock, cpu[c].colour, cpu[c].nmalloc, cpu[c].count)
#define STEP(here, can) \
	(at == here && nested[c] == irq && (can)) -> SAY(here);

/*
 * An interrupt between two operations is like an operation of the task, so it is
 * let in only where it nests. What begins after the last cut does not matter.
 */
#define BEGIN(can) \
	(at == IDLE && !nested[c] && (can) && cuts <= CUTS && (!OPS || ops > 0) && \
	 (!irq || (busy[c] && !irqs_off[c]))) -> SAY(IDLE);

proctype Context(byte c; bool irq)
{
	mtype at = IDLE;
	byte tag;		/* colour the object in hand was allocated in */
	byte seen;		/* heap.colour when it was read */
	bool owner;		/* of the magazines: it has taken the byte */
	bool freeing, large;

end_idle:
	do
	:: d_step { BEGIN(true) begin(false, false) }
	:: d_step { BEGIN(live[0]) live[0]--; tag = 0; begin(true, false) }
	:: d_step { BEGIN(live[1]) live[1]--; tag = 1; begin(true, false) }
#if CUTS > 1
	:: d_step { BEGIN(live[2]) live[2]--; tag = 2; begin(true, false) }
#endif
#ifdef LARGE
	:: d_step { BEGIN(true) begin(false, true) }
	:: d_step { BEGIN(live_large[0]) live_large[0]--; tag = 0; begin(true, true) }
	:: d_step { BEGIN(live_large[1]) live_large[1]--; tag = 1; begin(true, true) }
#if CUTS > 1
	:: d_step { BEGIN(live_large[2]) live_large[2]--; tag = 2; begin(true, true) }
#endif
#endif

#ifdef TESTSET
	:: d_step { STEP(TAKE, true)
		if
		:: owner -> cpu[c].lock = 0
		:: else -> cpu[c].lock++
		fi;
		at = FAST }
#endif

	/* The fast path: between FAST's and LEAVE's steps anything may come. */
	:: d_step { STEP(FAST, owner && SERVES)
		if
		:: freeing -> push()
		:: else -> pop()
		fi;
		at = LEAVE }
	:: d_step { STEP(LEAVE, true) PUT; end_with_object() }

	/* The slow path, interrupts off; D3 with this CPU's words alone. */
	:: d_step { STEP(FAST, !(owner && SERVES) && ALLOWED)
		seen = colour; join_cpu();
		owner = OWNER && !large;
		if
		:: !owner && large -> PUT; at = PAGES
		:: !owner && !large -> PUT; at = CENTRAL
		:: owner && SERVES && freeing -> push(); at = LEAVE
		:: owner && SERVES && !freeing -> pop(); at = LEAVE
		:: owner && !SERVES && freeing -> irqs_off[c] = true; at = FLUSH
		:: owner && !SERVES && !freeing -> irqs_off[c] = true; at = REFILL
		fi;
		BEFORE_LOCK }

	/* Exchange with central: D3 with words and class. */
	:: d_step { STEP(REFILL, !class.lock)
		UNDER_LOCK; join_cpu(); join_class();
		fold();
		irqs_off[c] = false;
		if
		:: class.nfree > 0 -> class.nfree--; cpu[c].count++; at = POP
		:: else -> PUT; owner = false; at = CENTRAL
		fi;
		BEFORE_LOCK }
	:: d_step { STEP(POP, true) pop(); at = LEAVE }
	:: d_step { STEP(FLUSH, !class.lock)
		UNDER_LOCK; join_cpu(); join_class();
		fold();
		class.nfree++;
		cpu[c].count--;
		irqs_off[c] = false;
		at = PUSH }
	:: d_step { STEP(PUSH, true) push(); at = LEAVE }

	/* Past the magazines: D3 with the class, and with this CPU while at it. */
	:: d_step { STEP(CENTRAL, freeing && !class.lock)
		UNDER_LOCK; join_cpu(); join_class();
		class.nfree++;
		free_counts(class.colour);
		end_with_object() }
	:: d_step { STEP(CENTRAL, !freeing && !class.lock)
		UNDER_LOCK; join_cpu(); join_class();
		if
		:: class.nfree > 0 ->
			class.nfree--;
			COUNT(class.nmalloc);
			alloc_counts(class.colour);
			end_with_object()
		:: else ->
#ifdef GROWTH
			at = PAGES; BEFORE_LOCK
#else
			end()
#endif
		fi }

#ifdef GROWTH
	/* The same two ways to give an object back, when that empties a span. */
	:: d_step { STEP(FLUSH, !class.lock)
		class.lock = true;
		UNDER_LOCK; join_cpu(); join_class();
		fold();
		class.nfree++;
#ifndef TWO_READS
		cpu[c].count--;
#endif
		at = RELEASE }
	:: d_step { STEP(CENTRAL, freeing && !class.lock)
		irqs_off[c] = true;
		class.lock = true;
		UNDER_LOCK; join_cpu(); join_class();
		class.nfree++;
		free_counts(class.colour);
		at = RELEASE }
	/* Class and page heap, in one move with both locks. */
	:: d_step { STEP(RELEASE, true)
#ifndef ONE_READ
		seen = colour;
#endif
		join_cpu(); join_class(); join_pages();
		class.capacity--;
		class.nfree--;
		pages.inuse--;
		class.lock = false;
		irqs_off[c] = false;
		if
		:: owner ->
#ifdef TWO_READS
			cpu[c].count--;
#endif
			at = PUSH
		:: else -> end_with_object()
		fi }

	/*
	 * A span: from idle pages, or from a new block. It is in use, in the page
	 * heap's books, before it is in the class's; maybe on another side of a cut.
	 */
	:: d_step { STEP(PAGES, !freeing && pages.held > pages.inuse)
		UNDER_LOCK; join_cpu(); join_pages();
		place_span() }
	:: d_step { STEP(PAGES, !freeing && pages.held == pages.inuse && available)
		available--;
		UNDER_LOCK; join_cpu(); join_pages();
		pages.obtained++;
		pages.transit++;
		at = BLOCK; BEFORE_LOCK }
	:: d_step { STEP(PAGES, !freeing && pages.held == pages.inuse && !available)
		end() }
	:: d_step { STEP(BLOCK, true)
		UNDER_LOCK; join_cpu(); join_pages();
		pages.transit--;
		pages.held++;
		place_span() }
	:: d_step { STEP(NEW_SPAN, !class.lock)
		UNDER_LOCK; join_cpu(); join_class();
		class.capacity++;
		COUNT(class.nmalloc);
		alloc_counts(class.colour);
		end_with_object() }

	/* A large object's free. */
	:: d_step { STEP(PAGES, freeing)
		UNDER_LOCK; join_cpu(); join_pages();
		pages.large--;
		pages.inuse--;
		large_free_counts(pages.colour);
		end_with_object() }
#endif
	od
}

/* --- the reader ----------------------------------------------------------------- */

/* The handlers run in any order, each wherever its CPU has interrupts on. */
#define ON_EACH_CPU(handler) \
	pending = 7; \
	do \
	:: d_step { (pending & 1) && !irqs_off[0] -> pending = pending & ~1; handler(0) } \
	:: d_step { (pending & 2) && !irqs_off[1] -> pending = pending & ~2; handler(1) } \
	:: d_step { (pending & 4) && !irqs_off[2] -> pending = pending & ~4; handler(2) } \
	:: atomic { pending == 0 -> break } \
	od

/* Whatever operations are in flight there, the 64 is gone. */
#define FAST_AGAIN(c)	(cpu[c].lock >= FREE && cpu[c].lock <= 1)

inline check_snapshot()
{
	assert(cut.capacity >= cut.count + cut.nfree);
	alive = cut.capacity - cut.nfree - cut.count;

	/* Exact: the books close, and over what was counted before the cut. */
	assert(alive == truth.live);
	assert(cut.nmalloc == truth.nmalloc);
	assert(cut.large == truth.large);

	/* nfree == nmalloc - live. Neither ever decreases. */
#if OPS
	assert(alive <= cut.nmalloc);
	assert(cut.nmalloc >= last_nmalloc && cut.nmalloc - alive >= last_nfree);
#endif

	/* All spans are in heap_inuse, so heap_alloc <= heap_inuse. */
	assert(cut.capacity + cut.large <= cut.inuse);
	assert(cut.inuse <= cut.held);
	assert(cut.obtained == cut.transit + cut.held);

	assert(FAST_AGAIN(0) && FAST_AGAIN(1) && FAST_AGAIN(2))
}

inline next_snapshot()
{
#if OPS && CUTS > 1
	last_nmalloc = cut.nmalloc;
	last_nfree = cut.nmalloc - alive;
#endif
	cut.nmalloc = 0; cut.count = 0; cut.capacity = 0; cut.nfree = 0;
	cut.inuse = 0; cut.large = 0;
	cut.obtained = 0; cut.transit = 0; cut.held = 0;
	alive = 0;
	truth.nmalloc = truth.nmalloc + later.nmalloc;
	truth.live = truth.live + later.live;
	truth.large = truth.large + later.large;
	later.nmalloc = 0; later.live = 0; later.large = 0;
	cuts++
}

#ifdef READER_STOPS
bool stopped;

/* When nothing else can move, no operation may be under way. Then go on. */
proctype Stopper()
{
	stopped = true;
	atomic {
		timeout ->
		assert(!busy[0] && !busy[1] && !busy[2]);
		assert(!nested[0] && !nested[1] && !nested[2]);
		stopped = false
	}
}
#define STOPPABLE	provided (!stopped)
#else
#define STOPPABLE
#endif

proctype Reader() STOPPABLE
{
	byte pending, alive;

	do
	:: cuts <= CUTS ->
#ifndef NO_DIVERT
D1_divert:	ON_EACH_CPU(divert);
#endif
D2_flip:	atomic { colour++; printf("heap   takes colour %d\n", colour) };

		/* D3 is in Context. */

D4_sweep:	ON_EACH_CPU(sweep);
		atomic { record_cpu(OFFLINE) };
		do
		:: d_step { class.colour < colour && !class.lock -> record_class() }
		:: d_step { pages.colour < colour -> record_pages() }
		:: atomic { class.colour == colour && pages.colour == colour -> break }
		od;

D5_sum:		atomic { check_snapshot(); next_snapshot() }
	:: else -> break
	od
}

/* --- the beginning ---------------------------------------------------------------- */

init {
	atomic {
		/* One object is live, one in the offline CPU's magazine. */
		live[0] = 1;
		cpu[OFFLINE].count = 1;
		class.capacity = 2;
		cpu[0].lock = FREE; cpu[1].lock = FREE; cpu[2].lock = FREE;

#if OPS
		/* Operations are few: begin wherever earlier ones may have led. */
		cpu[OFFLINE].nmalloc = 1;
		class.nmalloc = 1;
		truth.nmalloc = 2;
		if
		:: skip
		:: cpu[0].count = 1
		:: cpu[0].count = 1; cpu[1].count = 1
		:: cpu[0].count = 1; cpu[1].count = 1; cpu[2].count = 1
		fi;
		if
		:: class.nfree = 0
		:: class.nfree = 1
		fi;
#else
		class.nfree = 1;
#endif
		class.capacity = class.capacity + class.nfree +
				 cpu[0].count + cpu[1].count + cpu[2].count;
		truth.live = live[0];
#ifdef LARGE
		live_large[0] = 1;
		pages.large = 1;
		truth.large = 1;
#endif
		pages.inuse = class.capacity + pages.large;
		pages.held = pages.inuse;
		pages.obtained = pages.held;
		available = 1;

		run Context(0, false);
		run Context(1, false);
		run Context(2, false);
#if IRQ
		run Context(0, true);
#endif
#if IRQ > 1
		run Context(1, true);
		run Context(2, true);
#endif
		run Reader();
#ifdef READER_STOPS
		run Stopper()
#endif
	}
}
