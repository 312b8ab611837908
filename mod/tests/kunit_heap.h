/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kunit_heap - what gostat's KUnit suites share: a private heap whose pages come
 * from a source that the test controls, and an oracle that recounts the heap.
 *
 * The source passes requests on to the page allocator and knows what is out. It
 * can refuse the n-th request, or every request above an order; it can answer
 * the next requests with pages the test has chosen; it remembers how it was
 * asked. What it gives is dirty, so that nothing is zero by luck. Its clock
 * stands still but for what the test makes pass.
 *
 * The oracle, kh_check(), is verify's recount (../verify.h), which compares all
 * figures with what is there and looks for impossible states; then a cut, which
 * must say of a heap at rest what the recount said, and in which every identity
 * holds. That the oracle sees what is wrong is tested in verify_kunit.c.
 *
 * A suite uses kh_init() and kh_exit(). After each of its tests, whatever the
 * test did, nothing may be live, the heap must go without a leak, and every page
 * must have come back in the block it went out in.
 */
#ifndef _GS_KUNIT_HEAP_H
#define _GS_KUNIT_HEAP_H

#include <kunit/test.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "../heap.h"
#include "../memstats.h"

/* Arenas' worth of pages that a test can have handed out as it likes. */
#define KH_REGIONS	4
#define KH_PLACES	16
#define KH_VIRT		16
#define KH_ORDERS	16

/**
 * struct kunit_heap - a private heap and its source
 * @test: the test that it is for
 * @heap: the heap
 * @source: its page source
 * @lock: guards what follows
 * @out: first pages of blocks that are out, through page->lru
 * @virt: runs of vmalloc that are out
 * @virt_bytes: their lengths
 * @bytes: what is out
 * @idle: pages that the kernel was told are idle; the heap's lock
 * @requests: how often pages were asked for
 * @fail_at: the request that is refused; 0 for none
 * @failed: requests refused
 * @max_order: the largest order served
 * @orders: orders asked for and not served because of @max_order, one bit each
 * @asked: flags of the last request of each order
 * @puts: blocks that came back, by order
 * @splits: blocks that were split
 * @look: called by each request and return, with pages in nobody's hands, where
 *	one may sleep; or NULL
 * @wrong_puts: pages that came back otherwise than they went out
 * @ns: the time
 * @put_ns: what passes while a block is given back
 * @waited_ns: how much of it was spent without a CPU
 * @put_waited_ns: the same of the time that passes while a block is given back
 * @region: first pages of arenas' worth of pages of the test's own
 * @place: pages that answer the next requests
 * @nplaces: how many of them there are
 * @map: the arena map when the oracle was last called
 * @snap: what the heap says, as of the last cut and of the one before
 * @rest: what it said when the oracle recounted it
 * @line: where the oracle was called
 * @wrong: what it found wrong, a number
 */
struct kunit_heap {
	struct kunit *test;
	struct gs_heap heap;
	struct gs_source source;
	raw_spinlock_t lock;
	struct list_head out;
	void *virt[KH_VIRT];
	size_t virt_bytes[KH_VIRT];
	u64 bytes;
	long idle;
	unsigned long requests;
	unsigned long fail_at;
	unsigned long failed;
	unsigned int max_order;
	unsigned long orders;
	unsigned int asked[KH_ORDERS];
	unsigned long puts[KH_ORDERS];
	unsigned long splits;
	void (*look)(struct kunit_heap *kh);
	unsigned long wrong_puts;
	u64 ns;
	u64 put_ns;
	u64 waited_ns;
	u64 put_waited_ns;
	struct page *region[KH_REGIONS];
	struct page *place[KH_PLACES];
	unsigned int nplaces;
	const void *map;
	struct gostat_snapshot snap[2];
	struct gostat_snapshot rest;
	int line;
	unsigned int wrong;
};

struct kunit_heap *kh_new(struct kunit *test, bool uncached);
void kh_delete(struct kunit_heap *kh);
void kh_free(struct kunit_heap *kh);
int kh_init(struct kunit *test);
int kh_init_uncached(struct kunit *test);
void kh_exit(struct kunit *test);

void kh_fail_at(struct kunit_heap *kh, unsigned long n);
void kh_limit_order(struct kunit_heap *kh, unsigned int order);
unsigned long kh_region(struct kunit_heap *kh, unsigned int i);
void kh_place(struct kunit_heap *kh, unsigned long addr);

void kh_pin(struct kunit *test);
void kh_settle(struct kunit_heap *kh);
bool kh_recount(struct kunit_heap *kh, int line);

/* True if every figure of the heap, at rest, is what a recount finds. */
#define kh_check(kh)	kh_recount(kh, __LINE__)

/* Let @seconds pass. */
static inline void kh_pass(struct kunit_heap *kh, u64 seconds)
{
	kh->ns += seconds * NSEC_PER_SEC;
}

static inline struct kunit_heap *kh_of(struct kunit *test)
{
	return test->priv;
}

/* The class of a size, for tests that talk to central or a magazine. */
static inline struct gs_class *kh_class(struct kunit_heap *kh, size_t size)
{
	return &kh->heap.class[gostat_class_of(size)];
}

static inline unsigned int kh_class_id(const struct gs_class *class)
{
	return class->handle >> GOSTAT_HANDLE_SHIFT;
}

/* Flags as a number, which is what an expectation can compare. */
static inline unsigned int kh_flags(gfp_t gfp)
{
	return (__force unsigned int)gfp;
}

#endif /* _GS_KUNIT_HEAP_H */
