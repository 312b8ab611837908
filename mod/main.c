// SPDX-License-Identifier: GPL-2.0
/*
 * main - loading and unloading: each step below has its mirror above it in
 * gs_exit() and on the error ladder.
 *
 * The module cannot be unloaded while another one is linked against it or while
 * /dev/gostat is open. What is live after that is a leak of somebody who is gone:
 * it is reported, and its memory kept.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/module.h>

#include "debugfs.h"
#include "device.h"
#include "module.h"
#include "sysfs.h"

static bool uncached;
module_param(uncached, bool, 0444);
MODULE_PARM_DESC(uncached, "no magazines: every bad free is found at once, every call takes a lock");

static int gs_hotplug_state;

static int gs_cpu_dead(unsigned int cpu)
{
	gs_cpucache_drain_dead(&gs_module_heap, cpu);
	return 0;
}

static int __init gs_init(void)
{
	struct gs_heap_config config = {
		.cpu = &gs_module_cpu,
		.uncached = uncached,
	};
	int err;

	err = gs_heap_init(&gs_module_heap, &config);
	if (err)
		return err;
	gs_hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						     "gostat:dead", NULL,
						     gs_cpu_dead);
	if (gs_hotplug_state < 0) {
		err = gs_hotplug_state;
		goto err_heap;
	}
	err = gs_sysfs_init(&gs_module_heap);
	if (err)
		goto err_hotplug;
	err = gs_device_init();
	if (err)
		goto err_sysfs;
	gs_debugfs_init(&gs_module_heap);
	return 0;

err_sysfs:
	gs_sysfs_exit();
err_hotplug:
	cpuhp_remove_state_nocalls(gs_hotplug_state);
err_heap:
	gs_heap_destroy(&gs_module_heap);
	return err;
}

static void __exit gs_exit(void)
{
	gs_debugfs_exit();
	gs_device_exit();
	gs_sysfs_exit();
	cpuhp_remove_state_nocalls(gs_hotplug_state);
	gs_heap_destroy(&gs_module_heap);
}

module_init(gs_init);
module_exit(gs_exit);
MODULE_DESCRIPTION("slab-like allocator with exact, Go-style statistics");
MODULE_AUTHOR("gostat developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
