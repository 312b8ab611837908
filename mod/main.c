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

/* --- parameters of the scavenger, at the time of loading ------------------- */

static u32 gs_knob_param[GS_NR_KNOBS];
static DECLARE_BITMAP(gs_knob_given, GS_NR_KNOBS);

static int gs_knob_param_set(const char *text, const struct kernel_param *kp)
{
	unsigned int id = (u32 *)kp->arg - gs_knob_param;
	int err = gs_knob_parse(id, text, &gs_knob_param[id]);

	if (!err)
		__set_bit(id, gs_knob_given);
	return err;
}

static const struct kernel_param_ops gs_knob_ops = {
	.set = gs_knob_param_set,
	.get = param_get_uint,
};

module_param_cb(scav_enabled, &gs_knob_ops, &gs_knob_param[GS_KNOB_ENABLED],
		0444);
MODULE_PARM_DESC(scav_enabled, "1: idle memory goes back by itself; 0: only when asked for");
module_param_cb(scav_idle_limit, &gs_knob_ops,
		&gs_knob_param[GS_KNOB_IDLE_LIMIT], 0444);
MODULE_PARM_DESC(scav_idle_limit, "seconds that a page stays idle before it goes, 0 to 3600");
module_param_cb(scav_margin, &gs_knob_ops, &gs_knob_param[GS_KNOB_MARGIN],
		0444);
MODULE_PARM_DESC(scav_margin, "percent of recent demand that are kept beside it, 0 to 1000");
module_param_cb(scav_pace, &gs_knob_ops, &gs_knob_param[GS_KNOB_PACE], 0444);
MODULE_PARM_DESC(scav_pace, "per mille of one CPU that it may cost, 1 to 1000");
module_param_cb(scav_period, &gs_knob_ops, &gs_knob_param[GS_KNOB_PERIOD],
		0444);
MODULE_PARM_DESC(scav_period, "ms between two looks, 10 to 3600000");

static int gs_limit_param_set(const char *text, const struct kernel_param *kp)
{
	return gs_limit_parse(text, kp->arg);
}

static const struct kernel_param_ops gs_limit_ops = {
	.set = gs_limit_param_set,
	.get = param_get_ullong,
};

static unsigned long long memory_limit;
module_param_cb(memory_limit, &gs_limit_ops, &memory_limit, 0444);
MODULE_PARM_DESC(memory_limit, "bytes (K, M, G, T) beyond which idle memory goes back before the heap grows; 0: none");

static unsigned long long memory_limit_hard;
module_param_cb(memory_limit_hard, &gs_limit_ops, &memory_limit_hard, 0444);
MODULE_PARM_DESC(memory_limit_hard, "bytes (K, M, G, T) beyond which the heap does not grow; 0: none");

static int gs_records_param_set(const char *text,
				const struct kernel_param *kp)
{
	return param_set_uint_minmax(text, kp, 1, GS_SCAV_RECORDS_MAX);
}

static const struct kernel_param_ops gs_records_ops = {
	.set = gs_records_param_set,
	.get = param_get_uint,
};

static unsigned int trace_records = GS_SCAV_RECORDS;
module_param_cb(trace_records, &gs_records_ops, &trace_records, 0444);
MODULE_PARM_DESC(trace_records, "runs that scavenger_trace remembers, 1 to 65536");

static void gs_knobs_complete(void)
{
	unsigned int id;

	for_each_clear_bit(id, gs_knob_given, GS_NR_KNOBS)
		gs_knob_param[id] = gs_knobs[id].def;
}

/* --- loading and unloading ------------------------------------------------- */

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
		.knob = gs_knob_param,
		.limit = memory_limit,
		.limit_hard = memory_limit_hard,
		.records = trace_records,
	};
	int err;

	gs_knobs_complete();
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
	err = gs_shrinker_register(&gs_module_heap);
	if (err)
		goto err_hotplug;
	gs_background_start(&gs_module_heap);
	err = gs_sysfs_init(&gs_module_heap);
	if (err)
		goto err_shrinker;
	err = gs_device_init();
	if (err)
		goto err_sysfs;
	gs_debugfs_init(&gs_module_heap);
	return 0;

err_sysfs:
	gs_sysfs_exit();
err_shrinker:
	gs_background_stop(&gs_module_heap);
	gs_shrinker_unregister();
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
	gs_background_stop(&gs_module_heap);
	gs_shrinker_unregister();
	cpuhp_remove_state_nocalls(gs_hotplug_state);
	gs_heap_destroy(&gs_module_heap);
}

module_init(gs_init);
module_exit(gs_exit);
MODULE_DESCRIPTION("slab-like allocator with exact, Go-style statistics");
MODULE_AUTHOR("gostat developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
