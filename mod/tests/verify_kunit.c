// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle: what is wrong is seen. All other suites believe it.
 *
 * A heap with a bit of everything is spoilt in one place after the other: each
 * counter, and each thing that an invariant is about. The verdict must name it,
 * and must be clean again when it has been put right.
 */
#include <linux/module.h>
#include <linux/rbtree.h>

#include "kunit_heap.h"

#define SMALL	64		/* bytes: some live, some in a magazine */
#define TAILED	3072		/* four to a span: bits to spare */
#define LARGE	(11 * PAGE_SIZE)
#define VIRT	(GS_ARENA_SIZE + PAGE_SIZE)

/**
 * struct scene - a heap with a bit of everything, and where it is
 * @kh: the heap
 * @objs: what is live
 * @arena: two arenas, with free slots in both
 * @map: the arena map
 * @small: a span of SMALL
 * @tailed: a span of TAILED, with free objects
 * @large: a large span
 * @virt: one that vmalloc backs
 * @manual: a manual span of stacks
 * @mag: this CPU's magazine of SMALL
 */
struct scene {
	struct kunit_heap *kh;
	void *objs[8];
	struct gs_arena *arena[2];
	struct gs_arena_map *map;
	struct gs_span *small;
	struct gs_span *tailed;
	struct gs_span *large;
	struct gs_span *virt;
	struct gs_span *manual;
	struct gs_mag *mag;
};

static struct gs_span *span_of(struct scene *sc, const void *obj)
{
	return gs_heap_span(&sc->kh->heap, (unsigned long)obj);
}

/*
 * Two arenas of one block each, with room left, of which the second cannot be in
 * the first.
 */
static void populate(struct scene *sc)
{
	static const size_t sizes[8] = {
		LARGE, SMALL, TAILED, LARGE, VIRT, SMALL, SMALL, SMALL,
	};
	struct kunit_heap *kh = sc->kh;
	unsigned int i;

	kh_limit_order(kh, get_order(LARGE));
	kh_place(kh, kh_region(kh, 0));
	kh_place(kh, kh_region(kh, 1));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		sc->objs[i] = gs_heap_alloc(&kh->heap, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(kh->test, sc->objs[i]);
	}
	for (i = 6; i < ARRAY_SIZE(sizes); i++) {
		gs_heap_free(&kh->heap, sc->objs[i]);
		sc->objs[i] = NULL;
	}
	kh_limit_order(kh, UINT_MAX);
}

static struct scene *scene_of(struct kunit *test)
{
	struct scene *sc = kunit_kzalloc(test, sizeof(*sc), GFP_KERNEL);
	struct gs_heap *heap = &kh_of(test)->heap;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sc);
	kh_pin(test);
	sc->kh = kh_of(test);
	populate(sc);
	sc->map = rcu_dereference_raw(heap->map);
	sc->small = span_of(sc, sc->objs[1]);
	sc->tailed = span_of(sc, sc->objs[2]);
	sc->large = span_of(sc, sc->objs[0]);
	sc->virt = rb_entry(rb_first(&heap->vruns), struct gs_span, run);
	sc->manual = span_of(sc, gs_manual_alloc(heap, 2, GS_SINK_STACKS,
						 GFP_KERNEL, false));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sc->manual);
	sc->mag = &raw_cpu_ptr(heap->cpu)->mag[gostat_class_of(SMALL)];
	sc->arena[0] = list_first_entry(&heap->arenas, struct gs_arena, node);
	sc->arena[1] = list_last_entry(&heap->arenas, struct gs_arena, node);
	KUNIT_ASSERT_PTR_NE(test, sc->arena[0], sc->arena[1]);
	KUNIT_ASSERT_GT(test, sc->arena[0]->nfree, 0);
	KUNIT_ASSERT_GT(test, sc->arena[1]->nfree, 0);
	KUNIT_ASSERT_GE(test, GS_MAG_COUNT(sc->mag->word), 2);
	KUNIT_ASSERT_TRUE(test, kh_check(sc->kh));
	return sc;
}

static void scene_over(struct scene *sc)
{
	unsigned int i;

	gs_manual_free(&sc->kh->heap, (void *)sc->manual->base, GS_SINK_STACKS);
	for (i = 0; i < ARRAY_SIZE(sc->objs); i++)
		gs_heap_free(&sc->kh->heap, sc->objs[i]);
}

static struct gs_verdict *verdict_of(struct kunit *test)
{
	struct gs_verdict *v = gs_verify(&kh_of(test)->heap);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, v);
	return v;
}

/* --- counters ------------------------------------------------------------- */

#define PAGES(field, figure)						\
	{ figure, 0, offsetof(struct gs_heap, pages.field) }
/* A sink that nobody has. */
#define SINK(field, figure)						\
	{ figure, 7, offsetof(struct gs_heap, pages.sink[7].field) }
/* The class of SMALL is number 6 with every page size. */
#define BOOKS(field, figure)						\
	{ figure, SMALL, offsetof(struct gs_heap, class[6].books.field) }
#define STACK(field, figure)						\
	{ figure, GOSTAT_STACK_MIN,					\
	  offsetof(struct gs_heap, class[GS_CLASS_STACK].books.field) }

static const struct {
	const char *figure;
	u64 class;
	size_t offset;
} counters[] = {
	PAGES(sys, "heap_sys"),
	PAGES(sys, "sys"),
	PAGES(idle, "heap_idle"),
	PAGES(inuse, "heap_inuse"),
	PAGES(released, "heap_released"),
	PAGES(obtained, "obtained"),
	PAGES(transit, "obtained"),
	PAGES(large_nmalloc, "live"),
	PAGES(large_nmalloc, "heap_objects"),
	PAGES(large_nfree, "nmalloc - nfree"),
	PAGES(large_allocated, "heap_alloc"),
	PAGES(large_freed, "heap_alloc"),
	PAGES(meta[GS_MSPAN].inuse, "mspan_inuse"),
	PAGES(meta[GS_MSPAN].sys, "mspan_sys"),
	PAGES(meta[GS_MCACHE].inuse, "mcache_inuse"),
	PAGES(meta[GS_MCACHE].sys, "mcache_sys"),
	PAGES(meta[GS_GC].inuse, "gc_inuse"),
	PAGES(meta[GS_GC].sys, "gc_sys"),
	PAGES(sink[GS_SINK_STACKS].inuse, "stacks_inuse"),
	PAGES(sink[GS_SINK_STACKS].inuse, "stacks_sys"),
	PAGES(guarded, "stacks_guarded"),
	PAGES(guarded, "stacks_live"),
	PAGES(sink[7].inuse, "sinks_sys"),
	SINK(inuse, "inuse, sink"),
	SINK(nspans, "spans, sink"),
	BOOKS(nspans, "spans"),
	BOOKS(capacity, "capacity"),
	BOOKS(capacity, "live"),
	BOOKS(nfree, "central"),
	BOOKS(nfree, "nmalloc - nfree"),
	STACK(nspans, "spans, stacks"),
	STACK(capacity, "capacity, stacks"),
	STACK(capacity, "live, stacks"),
	STACK(nfree, "central, stacks"),
	STACK(nfree, "nmalloc - nfree, stacks"),
};

static bool names(const struct gs_verdict *v, const char *figure, u64 class)
{
	unsigned int i;

	for (i = 0; i < v->n; i++)
		if (v->skew[i].have != v->skew[i].want &&
		    v->skew[i].class == class &&
		    !strcmp(v->skew[i].name, figure))
			return true;
	return false;
}

static void every_counter_is_recounted(struct kunit *test)
{
	struct scene *sc = scene_of(test);
	struct gs_verdict *v;
	unsigned int i;
	u64 *counter;

	KUNIT_ASSERT_EQ(test, sc->kh->heap.class[6].size, SMALL);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		counter = (void *)&sc->kh->heap + counters[i].offset;
		*counter += 8;
		v = verdict_of(test);
		*counter -= 8;
		KUNIT_EXPECT_TRUE_MSG(test, names(v, counters[i].figure,
						  counters[i].class),
				      "%s of %llu", counters[i].figure,
				      counters[i].class);
		KUNIT_EXPECT_EQ(test, v->nbad, 0);
		gs_verdict_free(v);
	}
	scene_over(sc);
}

/* In Go a reader that put its recount in their place hid the error for years. */
static void what_is_wrong_is_told_and_stays(struct kunit *test)
{
	struct scene *sc = scene_of(test);
	struct gs_heap *heap = &sc->kh->heap;
	struct gostat_memstats ms;
	struct gs_verdict *v;
	u64 idle = heap->pages.idle;
	s64 skew = 0;
	int turn;

	heap->pages.idle = idle + 8;
	for (turn = 0; turn < 3; turn++) {
		KUNIT_EXPECT_EQ(test, 0, gs_memstats_read(heap, &ms));
		KUNIT_EXPECT_EQ(test, ms.heap_idle, idle + 8);
		v = verdict_of(test);
		KUNIT_EXPECT_EQ(test, v->nskew, 1);
		KUNIT_EXPECT_EQ(test, v->skew[3].have, idle + 8);
		KUNIT_EXPECT_EQ(test, v->skew[3].want, idle);
		KUNIT_EXPECT_EQ(test, heap->pages.idle, idle + 8);
		skew += v->nskew;
		gs_verdict_free(v);
	}
	KUNIT_EXPECT_EQ(test, 0, gs_memstats_read(heap, &ms));
	KUNIT_EXPECT_EQ(test, ms.skew, skew);
	heap->pages.idle = idle;
	scene_over(sc);
}

/* --- invariants ----------------------------------------------------------- */

/* Each function spoils its thing, and a second call puts it right. */
#define FLIP(name, statement)						\
static void flip_##name(struct scene *sc)				\
{									\
	statement;							\
}

static unsigned int slot_of(const struct gs_span *span)
{
	return gs_arena_slot(span->base);
}

static struct gs_fixpage *fixpage_of(const struct gs_span *span)
{
	return (void *)((unsigned long)span & PAGE_MASK);
}

static unsigned int free_slot(struct scene *sc)
{
	return find_first_bit(sc->arena[0]->free, GS_ARENA_PAGES);
}

FLIP(present, __change_bit(free_slot(sc), sc->arena[0]->present))
FLIP(block, __change_bit(GS_ARENA_PAGES - 1, sc->arena[0]->block))
FLIP(free, __change_bit(slot_of(sc->small), sc->arena[0]->free))
FLIP(apart, sc->arena[0]->handle[slot_of(sc->small)] ^= GS_HANDLE_APART)
FLIP(handle, sc->arena[0]->handle[slot_of(sc->small)] ^= 32)
FLIP(npresent, sc->arena[1]->npresent ^= 1)
FLIP(nfree, sc->arena[1]->nfree ^= 1)
FLIP(nspans, sc->arena[1]->nspans ^= 1)
FLIP(longest, sc->arena[1]->longest ^= 1)
FLIP(span_arena, sc->small->arena = sc->small->arena == sc->arena[0] ?
	sc->arena[1] : sc->arena[0])
FLIP(span_length, sc->large->npages ^= 8)
FLIP(small_state, sc->small->state ^= 4)
FLIP(large_state, sc->large->state ^= 4)
FLIP(manual_state, sc->manual->state ^= 8)
FLIP(guarded, sc->manual->guarded ^= true)
FLIP(virt_arena, sc->virt->arena = sc->virt->arena ? NULL : sc->arena[0])
FLIP(nused, fixpage_of(sc->small)->nused ^= 1)
FLIP(span_nfree, sc->tailed->nfree ^= 4)
FLIP(bit_behind, __change_bit(sc->tailed->class->nelems, sc->tailed->free))
FLIP(prio, sc->tailed->prio ^= 1)
FLIP(cap, sc->mag->cap ^= sc->kh->heap.class[6].cap_first)
FLIP(below, sc->mag->slot[-1] = sc->mag->slot[-1] ? NULL : sc->mag)
FLIP(interior, sc->mag->slot[0] = (void *)((unsigned long)sc->mag->slot[0] ^ 1))
FLIP(mag0, raw_cpu_ptr(sc->kh->heap.cpu)->mag[0].cap ^= 1)
FLIP(no_cap, sc->mag->no_cap ^= 1)
FLIP(byte, raw_cpu_ptr(sc->kh->heap.cpu)->lock ^= 1)

static void flip_sink(struct scene *sc)
{
	refcount_t *refs = &sc->kh->heap.sinks.sink[GS_SINK_STACKS].refs;

	refcount_set(refs, refcount_read(refs) ^ 3);
}

static void flip_fit(struct scene *sc)
{
	static struct rb_root none = RB_ROOT;

	swap(sc->kh->heap.fit, none);
}

static void flip_order(struct scene *sc)
{
	struct rb_root *root = &sc->kh->heap.fit;
	struct rb_node aside;

	rb_replace_node(&sc->arena[0]->fit, &aside, root);
	rb_replace_node(&sc->arena[1]->fit, &sc->arena[0]->fit, root);
	rb_replace_node(&aside, &sc->arena[1]->fit, root);
}

static const struct gs_arena **entry_of(struct scene *sc, unsigned long base)
{
	return &sc->map->arena[(base >> GS_ARENA_SHIFT) - sc->map->first];
}

static void flip_map(struct scene *sc)
{
	const struct gs_arena **entry = entry_of(sc, sc->arena[0]->base);

	*entry = *entry == sc->arena[0] ? sc->arena[1] : sc->arena[0];
}

/* An entry that is nobody's, anywhere in the map. */
static void flip_map_more(struct scene *sc)
{
	unsigned long i = 0;

	while (sc->map->arena[i] == sc->arena[0] ||
	       sc->map->arena[i] == sc->arena[1])
		i++;
	sc->map->arena[i] = sc->map->arena[i] == &gs_no_arena ?
			    (void *)sc : &gs_no_arena;
}

static void flip_pool_list(struct scene *sc)
{
	struct gs_fixpage *fp = fixpage_of(sc->small);
	struct gs_fixalloc *pool = sc->small->class->span_pool;

	list_move(&fp->node, list_empty(&pool->full) ? &pool->full :
		  &pool->partial);
}

static void flip_list(struct scene *sc)
{
	struct gs_class *own = sc->tailed->class, *other = own + 1;
	unsigned int prio = sc->tailed->prio;

	list_move(&sc->tailed->node, list_empty(&other->spans[prio]) ?
		  &other->spans[prio] : &own->spans[prio]);
}

static void flip_leaving(struct scene *sc)
{
	struct gs_class *class = sc->tailed->class;

	list_move(&sc->tailed->node, list_empty(&class->empty) ?
		  &class->empty : &class->spans[sc->tailed->prio]);
}

/* All free, as its own bitmap says: but then it had to go. */
static void flip_empty(struct scene *sc)
{
	unsigned int n = sc->tailed->class->nelems;
	static unsigned long bits;
	static u16 nfree;

	if (sc->tailed->nfree < n) {
		bits = sc->tailed->free[0];
		nfree = sc->tailed->nfree;
		sc->tailed->free[0] = BIT(n) - 1;
		sc->tailed->nfree = n;
	} else {
		sc->tailed->free[0] = bits;
		sc->tailed->nfree = nfree;
	}
}

static void flip_twice(struct scene *sc)
{
	static void *aside;

	if (sc->mag->slot[0] != sc->mag->slot[1]) {
		aside = sc->mag->slot[0];
		sc->mag->slot[0] = sc->mag->slot[1];
	} else {
		sc->mag->slot[0] = aside;
	}
}

static const struct {
	void (*flip)(struct scene *sc);
	const char *bad;
} invariants[] = {
	{ flip_present, "a free slot has no page" },
	{ flip_block, "a block has no page" },
	{ flip_free, "a slot is free and in use, or neither" },
	{ flip_handle, "a slot has another class's handle" },
	{ flip_apart, "a slot has another class's handle" },
	{ flip_npresent, "an arena has miscounted its slots" },
	{ flip_nfree, "an arena has miscounted its slots" },
	{ flip_nspans, "an arena has miscounted its slots" },
	{ flip_longest, "an arena has another longest run" },
	{ flip_span_arena, "a span is of another arena" },
	{ flip_span_length, "a slot is outside of its span" },
	{ flip_small_state, "a small span is not one" },
	{ flip_large_state, "a large span is not one" },
	{ flip_manual_state, "a manual span is not one" },
	{ flip_guarded, "a guarded buffer is not one" },
	{ flip_sink, "a sink could go before its spans" },
	{ flip_virt_arena, "a run of vmalloc is in an arena" },
	{ flip_fit, "an arena with a free run is not found" },
	{ flip_order, "arenas are out of order" },
	{ flip_map, "an arena is not found by its address" },
	{ flip_map_more, "the map has another arena" },
	{ flip_nused, "a page has miscounted its descriptors" },
	{ flip_pool_list, "a page has miscounted its descriptors" },
	{ flip_list, "a span is in another class" },
	{ flip_leaving, "an empty span has not left its class" },
	{ flip_span_nfree, "a span has miscounted its free objects" },
	{ flip_bit_behind, "an object behind the last is free" },
	{ flip_empty, "an empty span is in central" },
	{ flip_prio, "a span is in another list" },
	{ flip_cap, "a magazine has more than it can hold" },
	{ flip_below, "something is below a magazine" },
	{ flip_interior, "a magazine holds what is no free object" },
	{ flip_twice, "an object is in magazines twice" },
	{ flip_mag0, "class 0 has a magazine" },
	{ flip_no_cap, "what is apart seems to have a magazine" },
	{ flip_byte, "a lock byte is taken" },
};

static void every_invariant_is_looked_at(struct kunit *test)
{
	struct scene *sc = scene_of(test);
	struct gs_verdict *v;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(invariants); i++) {
		invariants[i].flip(sc);
		v = verdict_of(test);
		invariants[i].flip(sc);
		KUNIT_EXPECT_GT(test, v->nbad, 0);
		KUNIT_EXPECT_STREQ(test, v->bad ?: "nothing",
				   invariants[i].bad);
		gs_verdict_free(v);
		KUNIT_ASSERT_TRUE_MSG(test, kh_check(sc->kh), "after: %s",
				      invariants[i].bad);
	}
	scene_over(sc);
}

/* What central has cannot be in a magazine too. */
static void an_object_in_central_and_in_a_magazine_is_seen(struct kunit *test)
{
	struct scene *sc = scene_of(test);
	struct gs_class *class = sc->small->class;
	void *central = (void *)sc->small->base + class->size *
			find_first_bit(sc->small->free, class->nelems);
	void *aside = sc->mag->slot[0];
	struct gs_verdict *v;

	sc->mag->slot[0] = central;
	v = verdict_of(test);
	sc->mag->slot[0] = aside;
	KUNIT_EXPECT_EQ(test, v->nbad, 1);
	KUNIT_EXPECT_EQ(test, v->nskew, 0);
	gs_verdict_free(v);
	scene_over(sc);
}

static struct kunit_case gostat_verify_cases[] = {
	KUNIT_CASE(every_counter_is_recounted),
	KUNIT_CASE(what_is_wrong_is_told_and_stays),
	KUNIT_CASE(every_invariant_is_looked_at),
	KUNIT_CASE(an_object_in_central_and_in_a_magazine_is_seen),
	{}
};

static struct kunit_suite gostat_verify_suite = {
	.name = "gostat_verify",
	.init = kh_init,
	.exit = kh_exit,
	.test_cases = gostat_verify_cases,
};

kunit_test_suite(gostat_verify_suite);

MODULE_DESCRIPTION("KUnit tests of gostat's recount");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
