/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat - every difference between kernel versions, 6.1 to 6.12, and nothing
 * else. The rest of the module is written for the newest of them.
 */
#ifndef _GS_COMPAT_H
#define _GS_COMPAT_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/version.h>

/* 6.8 renamed MAX_ORDER, which 6.4 had made inclusive, to MAX_PAGE_ORDER. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define GS_MAX_PAGE_ORDER	MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define GS_MAX_PAGE_ORDER	MAX_ORDER
#else
#define GS_MAX_PAGE_ORDER	(MAX_ORDER - 1)
#endif

/* 6.13 wants the namespace quoted. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define GS_NS	"GOSTAT"
#define GS_KUNIT_NS	"EXPORTED_FOR_KUNIT_TESTING"
#else
#define GS_NS	GOSTAT
#define GS_KUNIT_NS	EXPORTED_FOR_KUNIT_TESTING
#endif

/* 6.13 has hrtimer_setup(), 6.15 nothing else. */
static inline void gs_hrtimer_setup(struct hrtimer *timer,
				    enum hrtimer_restart (*fn)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	timer->function = fn;
#endif
}

/* 6.3 made vm_flags constant but for this. */
static inline void gs_vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set,
				   vm_flags_t clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/* Before 6.7 a shrinker was its owner's memory. */
static inline struct shrinker *
gs_shrinker_new(unsigned long (*count)(struct shrinker *,
				       struct shrink_control *),
		unsigned long (*scan)(struct shrinker *,
				      struct shrink_control *),
		int seeks, long batch)
{
	struct shrinker *shrinker;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker = shrinker_alloc(0, "gostat");
#else
	shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);
#endif
	if (!shrinker)
		return ERR_PTR(-ENOMEM);
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = seeks;
	shrinker->batch = batch;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_register(shrinker);
#else
	if (register_shrinker(shrinker, "gostat")) {
		kfree(shrinker);
		return ERR_PTR(-ENOMEM);
	}
#endif
	return shrinker;
}

static inline void gs_shrinker_delete(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_free(shrinker);
#else
	unregister_shrinker(shrinker);
	kfree(shrinker);
#endif
}

/*
 * Tell objtool that an exported function (GOSTAT_DIRECT) has no landing pad on
 * purpose: ANNOTATE_NOENDBR for a symbol.
 */
#if defined(CONFIG_OBJTOOL) && defined(CONFIG_X86_KERNEL_IBT)
#define GS_NOENDBR(sym)							\
	asm(".pushsection .discard.noendbr\n\t"				\
	    ".long " #sym "\n\t"					\
	    ".popsection")
#else
#define GS_NOENDBR(sym)		static_assert(__alignof__(typeof(sym)) > 0)
#endif

#endif /* _GS_COMPAT_H */
