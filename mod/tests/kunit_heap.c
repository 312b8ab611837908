// SPDX-License-Identifier: GPL-2.0
/*
 * kunit_heap - a private heap, its page source, and the oracle. See kunit_heap.h.
 *
 * The source needs no memory of its own to know what is out: a block that is
 * out belongs to the heap, so its first struct page can carry the list and the
 * order. A block must come back as it went out; one that does not is counted
 * and kept.
 */
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "identities.h"
#include "kunit_heap.h"

/* In page->private of a block that is out, above its order. */
#define KH_OUT		0x6b68UL
#define KH_OUT_SHIFT	16

/* No byte of fresh memory is zero. */
#define KH_DIRT		0xa5

static struct kunit_heap *kh_of_source(struct gs_source *src)
{
	return container_of(src, struct kunit_heap, source);
}

static void kh_look(struct kunit_heap *kh)
{
	if (kh->look && preemptible())
		kh->look(kh);
}

/* Count a request; false if it is one to refuse. */
static bool kh_admit(struct kunit_heap *kh, gfp_t gfp, unsigned int order)
{
	unsigned long flags;
	bool admit = true;

	kh_look(kh);
	raw_spin_lock_irqsave(&kh->lock, flags);
	kh->asked[min_t(unsigned int, order, KH_ORDERS - 1)] = kh_flags(gfp);
	if (++kh->requests == kh->fail_at) {
		kh->failed++;
		admit = false;
	}
	if (order > kh->max_order) {
		kh->orders |= BIT(order);
		admit = false;
	}
	raw_spin_unlock_irqrestore(&kh->lock, flags);
	return admit;
}

static struct page *kh_next_place(struct kunit_heap *kh)
{
	struct page *page = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&kh->lock, flags);
	if (kh->nplaces) {
		page = kh->place[0];
		kh->nplaces--;
		memmove(kh->place, kh->place + 1,
			kh->nplaces * sizeof(kh->place[0]));
	}
	raw_spin_unlock_irqrestore(&kh->lock, flags);
	return page;
}

static struct page *kh_get(struct gs_source *src, gfp_t gfp, unsigned int order)
{
	struct kunit_heap *kh = kh_of_source(src);
	struct page *page = NULL;
	unsigned long flags;

	if (!kh_admit(kh, gfp, order))
		return NULL;
	if (order)		/* a page of descriptors goes anywhere */
		page = kh_next_place(kh);
	if (!page)
		page = alloc_pages(gfp, order);
	if (!page)
		return NULL;
	memset(page_address(page), gfp & __GFP_ZERO ? 0 : KH_DIRT,
	       PAGE_SIZE << order);
	set_page_private(page, KH_OUT << KH_OUT_SHIFT | order);

	raw_spin_lock_irqsave(&kh->lock, flags);
	list_add(&page->lru, &kh->out);
	kh->bytes += PAGE_SIZE << order;
	raw_spin_unlock_irqrestore(&kh->lock, flags);
	return page;
}

static bool kh_in_region(struct kunit_heap *kh, struct page *page)
{
	unsigned int i;

	for (i = 0; i < KH_REGIONS; i++)
		if (kh->region[i] && page >= kh->region[i] &&
		    page < kh->region[i] + GS_ARENA_PAGES)
			return true;
	return false;
}

/* Forget a block that is out. kh->lock held, or nobody else there. */
static void kh_forget(struct kunit_heap *kh, struct page *page,
		      unsigned int order)
{
	list_del(&page->lru);
	set_page_private(page, 0);
	kh->bytes -= PAGE_SIZE << order;
}

static void kh_put(struct gs_source *src, struct page *page, unsigned int order)
{
	struct kunit_heap *kh = kh_of_source(src);
	unsigned long flags;

	if (page_private(page) != (KH_OUT << KH_OUT_SHIFT | order)) {
		kh->wrong_puts++;
		return;
	}
	raw_spin_lock_irqsave(&kh->lock, flags);
	kh_forget(kh, page, order);
	kh->puts[min_t(unsigned int, order, KH_ORDERS - 1)]++;
	WRITE_ONCE(kh->ns, kh->ns + kh->put_ns);
	kh->waited_ns += kh->put_waited_ns;
	raw_spin_unlock_irqrestore(&kh->lock, flags);
	if (!kh_in_region(kh, page))
		__free_pages(page, order);
	kh_look(kh);
}

static void kh_split(struct gs_source *src, struct page *page,
		     unsigned int order)
{
	struct kunit_heap *kh = kh_of_source(src);
	unsigned long flags;
	unsigned int i;

	if (page_private(page) != (KH_OUT << KH_OUT_SHIFT | order)) {
		kh->wrong_puts++;
		return;
	}
	if (!kh_in_region(kh, page))
		split_page(page, order);
	raw_spin_lock_irqsave(&kh->lock, flags);
	kh_forget(kh, page, order);
	kh->splits++;
	for (i = 0; i < 1U << order; i++) {
		set_page_private(page + i, KH_OUT << KH_OUT_SHIFT);
		list_add(&page[i].lru, &kh->out);
		kh->bytes += PAGE_SIZE;
	}
	raw_spin_unlock_irqrestore(&kh->lock, flags);
	kh_look(kh);
}

static void kh_idle(struct gs_source *src, struct page *page, long npages)
{
	struct kunit_heap *kh = kh_of_source(src);

	/* The heap's lock is held. */
	kh->idle += npages;
}

static u64 kh_now(struct gs_source *src)
{
	return READ_ONCE(kh_of_source(src)->ns);
}

static u64 kh_seconds(struct gs_source *src)
{
	return div_u64(kh_now(src), NSEC_PER_SEC);
}

static u64 kh_waited(struct gs_source *src)
{
	return kh_of_source(src)->waited_ns;
}

/* Which of the runs is at @addr, NULL for one that is not out. */
static unsigned int kh_find_virt(struct kunit_heap *kh, const void *addr)
{
	unsigned int i = 0;

	while (i < KH_VIRT && kh->virt[i] != addr)
		i++;
	return i;
}

static bool kh_note_virt(struct kunit_heap *kh, void *addr, size_t bytes)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&kh->lock, flags);
	i = kh_find_virt(kh, NULL);
	if (i < KH_VIRT) {
		kh->virt[i] = addr;
		kh->virt_bytes[i] = bytes;
		kh->bytes += bytes;
	}
	raw_spin_unlock_irqrestore(&kh->lock, flags);
	return i < KH_VIRT;
}

static void *kh_get_virt(struct gs_source *src, size_t bytes, gfp_t gfp)
{
	struct kunit_heap *kh = kh_of_source(src);
	void *addr;

	if (!kh_admit(kh, gfp, 0))
		return NULL;
	addr = __vmalloc(bytes, gfp);
	if (!addr)
		return NULL;
	memset(addr, KH_DIRT, bytes);
	if (kh_note_virt(kh, addr, bytes))
		return addr;
	vfree(addr);
	return NULL;
}

static void kh_put_virt(struct gs_source *src, void *addr)
{
	struct kunit_heap *kh = kh_of_source(src);
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&kh->lock, flags);
	i = kh_find_virt(kh, addr);
	if (i < KH_VIRT) {
		kh->virt[i] = NULL;
		kh->bytes -= kh->virt_bytes[i];
	} else {
		kh->wrong_puts++;
	}
	raw_spin_unlock_irqrestore(&kh->lock, flags);
	if (i < KH_VIRT)
		vfree(addr);
	kh_look(kh);
}

/**
 * kh_fail_at() - refuse one request
 * @kh: the heap
 * @n: which, 1 for the next one; 0 for none
 */
void kh_fail_at(struct kunit_heap *kh, unsigned long n)
{
	kh->fail_at = n ? kh->requests + n : 0;
	kh->failed = 0;
}
EXPORT_SYMBOL_GPL(kh_fail_at);

/**
 * kh_limit_order() - refuse every request above an order
 * @kh: the heap
 * @order: the largest order that is served
 */
void kh_limit_order(struct kunit_heap *kh, unsigned int order)
{
	kh->max_order = order;
	kh->orders = 0;
}
EXPORT_SYMBOL_GPL(kh_limit_order);

/**
 * kh_region() - an arena's worth of pages for kh_place()
 * @kh: the heap
 * @i: which of KH_REGIONS
 *
 * Return: its address, aligned to an arena.
 */
unsigned long kh_region(struct kunit_heap *kh, unsigned int i)
{
	if (!kh->region[i])
		kh->region[i] = alloc_pages(GFP_KERNEL, GS_ARENA_ORDER);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(kh->test, kh->region[i]);
	return (unsigned long)page_address(kh->region[i]);
}
EXPORT_SYMBOL_GPL(kh_region);

/**
 * kh_place() - choose where the next block for the heap lies
 * @kh: the heap
 * @addr: in a region; the block must end there too
 */
void kh_place(struct kunit_heap *kh, unsigned long addr)
{
	KUNIT_ASSERT_LT(kh->test, kh->nplaces, (unsigned int)KH_PLACES);
	kh->place[kh->nplaces++] = virt_to_page((void *)addr);
}
EXPORT_SYMBOL_GPL(kh_place);

/**
 * kh_pin() - keep the test on the CPU it is on
 * @test: the test
 *
 * Each test has a thread of its own, so nobody has to undo it.
 */
void kh_pin(struct kunit *test)
{
	unsigned int cpu = raw_smp_processor_id();

	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
}
EXPORT_SYMBOL_GPL(kh_pin);

/**
 * kh_settle() - nothing cached, nothing put off
 * @kh: the heap
 */
void kh_settle(struct kunit_heap *kh)
{
	gs_cpucache_drain(&kh->heap);
	flush_work(&kh->heap.vdead_work);
	rcu_barrier();
}
EXPORT_SYMBOL_GPL(kh_settle);

/* --- the oracle ----------------------------------------------------------- */

/* More mismatches than this say no more. */
#define KH_TELL		8

static __printf(2, 3) void kh_wrong(struct kunit_heap *kh, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (kh->wrong++ >= KH_TELL)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	KUNIT_FAIL(kh->test, "line %d: %pV", kh->line, &vaf);
	va_end(args);
}

static void kh_check_verdict(struct kunit_heap *kh)
{
	struct gs_verdict *v = gs_verify_at_rest(&kh->heap);
	unsigned int i;

	if (IS_ERR(v)) {
		kh_wrong(kh, "no verdict: %ld", PTR_ERR(v));
		return;
	}
	for (i = 0; i < v->n; i++) {
		const struct gs_skew *s = &v->skew[i];

		if (s->have != s->want)
			kh_wrong(kh, "%s of %llu: counted %llu, recounted %llu",
				 s->name, s->class, s->have, s->want);
	}
	if (v->nbad)
		kh_wrong(kh, "%u impossible states; %s", v->nbad, v->bad);
	gs_verdict_free(v);
	kh->rest = *kh->heap.snapshot;
}

/* At rest a cut tells what the recount's records told; it only comes later. */
static void kh_check_cut(struct kunit_heap *kh)
{
	struct gostat_snapshot *snap = &kh->snap[0], *old = &kh->snap[1];
	const u64 *cut = (const u64 *)snap, *rest = (const u64 *)&kh->rest;
	struct identity broken;
	unsigned int i;

	*old = *snap;
	if (gs_snapshot_take(&kh->heap, snap))
		kh_wrong(kh, "no snapshot");
	kh->rest.number = snap->number;
	kh->rest.time = snap->time;
	kh->rest.total.cuts = snap->total.cuts;
	kh->rest.total.skew = snap->total.skew;
	for (i = 0; i < sizeof(*snap) / sizeof(u64); i++)
		if (cut[i] != rest[i])
			kh_wrong(kh, "figure %u: %llu by a cut, %llu at rest",
				 i, cut[i], rest[i]);
	if (!identities_hold(snap, old, &broken))
		kh_wrong(kh, "%s: %llu, %llu (class of %llu)", broken.text,
			 broken.left, broken.right, broken.class);
}

/* Every span has its class, and every page that is out its place. */
static void kh_check_pages(struct kunit_heap *kh)
{
	const struct gostat_snapshot *snap = &kh->snap[0];
	u64 bytes = snap->class[0].allocated - snap->class[0].freed;
	unsigned int id;

	for (id = 1; id < GOSTAT_NR_CLASSES; id++)
		bytes += snap->class[id].spans * gostat_class_pages[id] *
			 PAGE_SIZE;
	if (bytes != snap->total.heap_inuse)
		kh_wrong(kh, "%llu bytes in spans, %llu in use", bytes,
			 snap->total.heap_inuse);
	if (kh->bytes != snap->total.obtained)
		kh_wrong(kh, "%llu bytes out, %llu obtained", kh->bytes,
			 snap->total.obtained);
	if (kh->idle * PAGE_SIZE != snap->total.memory.heap_free)
		kh_wrong(kh, "%ld pages idle as the kernel is told, %llu bytes are",
			 kh->idle, snap->total.memory.heap_free);
	if (snap->total.other_sys)
		kh_wrong(kh, "%llu bytes in transit", snap->total.other_sys);
}

/**
 * kh_recount() - count the heap from scratch and compare all it says
 * @kh: a heap at rest
 * @line: the caller's, for reports
 *
 * Return: true if nothing differs.
 */
bool kh_recount(struct kunit_heap *kh, int line)
{
	flush_work(&kh->heap.vdead_work);	/* or it is not at rest */
	if (kh->map != rcu_access_pointer(kh->heap.map))
		rcu_barrier();		/* the one before is on its way out */
	kh->map = rcu_access_pointer(kh->heap.map);
	kh->line = line;
	kh->wrong = 0;
	kh_check_verdict(kh);
	kh_check_cut(kh);
	kh_check_pages(kh);
	return !kh->wrong;
}
EXPORT_SYMBOL_GPL(kh_recount);

/* --- heaps ---------------------------------------------------------------- */

/**
 * kh_new() - make a heap
 * @test: for this test
 * @uncached: without magazines
 *
 * Return: an empty heap.
 */
struct kunit_heap *kh_new(struct kunit *test, bool uncached)
{
	struct gs_heap_config config = { .uncached = uncached };
	struct kunit_heap *kh = kzalloc(sizeof(*kh), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, kh);
	kh->test = test;
	raw_spin_lock_init(&kh->lock);
	INIT_LIST_HEAD(&kh->out);
	kh->max_order = UINT_MAX;
	kh_pass(kh, 1000);
	kh->source.get = kh_get;
	kh->source.put = kh_put;
	kh->source.split = kh_split;
	kh->source.now = kh_now;
	kh->source.seconds = kh_seconds;
	kh->source.waited = kh_waited;
	kh->source.get_virt = kh_get_virt;
	kh->source.put_virt = kh_put_virt;
	kh->source.idle = kh_idle;
	config.source = &kh->source;
	KUNIT_ASSERT_EQ(test, 0, gs_heap_init(&kh->heap, &config));
	return kh;
}
EXPORT_SYMBOL_GPL(kh_new);

/* What a leak kept: the test is its owner, and gives it back. */
static void kh_reclaim(struct kunit_heap *kh)
{
	struct page *page, *next;
	unsigned int i, order;

	list_for_each_entry_safe(page, next, &kh->out, lru) {
		order = page_private(page) & (BIT(KH_OUT_SHIFT) - 1);
		kh_forget(kh, page, order);
		if (!kh_in_region(kh, page))
			__free_pages(page, order);
	}
	for (i = 0; i < KH_VIRT; i++)
		vfree(kh->virt[i]);
}

/**
 * kh_free() - give back what a destroyed heap kept, and the test's own pages
 * @kh: the heap, after gs_heap_destroy()
 */
void kh_free(struct kunit_heap *kh)
{
	unsigned int i;

	kh_reclaim(kh);
	for (i = 0; i < KH_REGIONS; i++)
		if (kh->region[i])
			__free_pages(kh->region[i], GS_ARENA_ORDER);
	kfree(kh);
}
EXPORT_SYMBOL_GPL(kh_free);

/**
 * kh_delete() - destroy a heap in which nothing is live
 * @kh: the heap
 *
 * Fails the test unless everything came back.
 */
void kh_delete(struct kunit_heap *kh)
{
	struct kunit *test = kh->test;

	KUNIT_EXPECT_EQ(test, gs_heap_destroy(&kh->heap), 0);
	KUNIT_EXPECT_EQ(test, kh->wrong_puts, 0);
	KUNIT_EXPECT_EQ(test, kh->heap.pages.obtained, 0);
	KUNIT_EXPECT_EQ(test, kh->bytes, 0);
	kh_free(kh);
}
EXPORT_SYMBOL_GPL(kh_delete);

/**
 * kh_init() - before each test: a heap in test->priv
 * @test: the test
 *
 * Return: 0.
 */
int kh_init(struct kunit *test)
{
	test->priv = kh_new(test, false);
	return 0;
}
EXPORT_SYMBOL_GPL(kh_init);

/**
 * kh_init_uncached() - before each test: a heap without magazines
 * @test: the test
 *
 * Return: 0.
 */
int kh_init_uncached(struct kunit *test)
{
	test->priv = kh_new(test, true);
	return 0;
}
EXPORT_SYMBOL_GPL(kh_init_uncached);

/**
 * kh_exit() - after each test: its heap goes, and nothing stays behind
 * @test: the test
 */
void kh_exit(struct kunit *test)
{
	struct kunit_heap *kh = test->priv;

	if (!kh)
		return;
	kh_fail_at(kh, 0);
	kh_settle(kh);
	KUNIT_EXPECT_TRUE(test, kh_check(kh));
	KUNIT_EXPECT_EQ(test, kh->heap.pages.inuse, 0);
	kh_delete(kh);
	test->priv = NULL;
}
EXPORT_SYMBOL_GPL(kh_exit);

MODULE_DESCRIPTION("private heaps for gostat's KUnit tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(GS_KUNIT_NS);
