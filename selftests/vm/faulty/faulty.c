// SPDX-License-Identifier: GPL-2.0
/*
 * A module that goes wrong on purpose, in the way its parameter names. The
 * rig's own tests load it to see that no such thing passes unnoticed.
 */
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *how = "";
module_param(how, charp, 0400);
MODULE_PARM_DESC(how, "what to do wrong: one of the names in the table");

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);
static DEFINE_SPINLOCK(spin);

static void do_warn(void)
{
	WARN(1, "a warning as ordered\n");
}

static void do_oops(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	*nowhere = 1;
}

static void do_panic(void)
{
	panic("a panic as ordered");
}

static void do_hang(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

/* The only pointer to this memory is forgotten at once. */
static void do_leak(void)
{
	void *leaked = kmalloc(123, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(leaked);
}

static void do_use_after_free(void)
{
	char *object = kmalloc(64, GFP_KERNEL);
	char *freed = object;

	if (!object)
		return;
	OPTIMIZER_HIDE_VAR(freed);
	kfree(object);
	freed[8] = 1;
}

static void do_sleep_in_atomic(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

static void do_lock_inversion(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);
	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

static void do_shift(void)
{
	int value = 1;
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	value <<= by;
	OPTIMIZER_HIDE_VAR(value);
}

static void do_refuse(void)
{
}

static const struct {
	const char *name;
	void (*fn)(void);
} faults[] = {
	{ "warn", do_warn },
	{ "oops", do_oops },
	{ "panic", do_panic },
	{ "hang", do_hang },
	{ "leak", do_leak },
	{ "use-after-free", do_use_after_free },
	{ "sleep-in-atomic", do_sleep_in_atomic },
	{ "lock-inversion", do_lock_inversion },
	{ "shift", do_shift },
	{ "refuse", do_refuse },
};

static int __init faulty_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(how, faults[i].name))
			continue;
		faults[i].fn();
		return strcmp(how, "refuse") ? 0 : -ENODEV;
	}
	pr_err("faulty: no such fault: '%s'\n", how);
	return -EINVAL;
}

static void __exit faulty_exit(void)
{
}

module_init(faulty_init);
module_exit(faulty_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Goes wrong on purpose, to test the test rig");
