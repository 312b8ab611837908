// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs_scavenger - what can be chosen and asked of the scavenger.
 *
 *	/sys/kernel/gostat/scavenge		0200	1: a forced run, now
 *	/sys/kernel/gostat/memory_limit		0644	bytes, K, M, G, T; 0: none
 *	/sys/kernel/gostat/memory_limit_hard	0644	the same
 *	/sys/kernel/gostat/scavenger/<knob>	0644	background.h
 *	/sys/kernel/gostat/scavenger/cpu_share	0444	the background's, in parts
 *							per million of one CPU
 *
 * Unlike the figures of sysfs.c these are not of a cut.
 */
#include <linux/kobject.h>
#include <linux/sysfs.h>
#include <gostat/scavenge.h>

#include "heap.h"
#include "module.h"
#include "sysfs.h"

static ssize_t scavenge_store(struct kobject *kobj, struct kobj_attribute *attr,
			      const char *buf, size_t count)
{
	bool yes;
	int err = kstrtobool(buf, &yes);

	if (err)
		return err;
	if (yes)
		gostat_scavenge();
	gs_sysfs_forget(true);
	return count;
}

static struct kobj_attribute scavenge_attr =
	__ATTR(scavenge, 0200, NULL, scavenge_store);

static ssize_t gs_limit_store(const char *buf, size_t count,
			      void (*set)(u64 bytes))
{
	u64 bytes;
	int err = gs_limit_parse(buf, &bytes);

	if (err)
		return err;
	set(bytes);
	gs_sysfs_forget(true);
	return count;
}

static ssize_t memory_limit_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", gostat_memory_limit());
}

static ssize_t memory_limit_store(struct kobject *kobj,
				  struct kobj_attribute *attr, const char *buf,
				  size_t count)
{
	return gs_limit_store(buf, count, gostat_set_memory_limit);
}

static struct kobj_attribute memory_limit_attr = __ATTR_RW(memory_limit);

static ssize_t memory_limit_hard_show(struct kobject *kobj,
				      struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", gostat_memory_limit_hard());
}

static ssize_t memory_limit_hard_store(struct kobject *kobj,
				       struct kobj_attribute *attr,
				       const char *buf, size_t count)
{
	return gs_limit_store(buf, count, gostat_set_memory_limit_hard);
}

static struct kobj_attribute memory_limit_hard_attr =
	__ATTR_RW(memory_limit_hard);

static const struct attribute *const gs_control_attrs[] = {
	&scavenge_attr.attr,
	&memory_limit_attr.attr,
	&memory_limit_hard_attr.attr,
	NULL
};

static ssize_t cpu_share_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", gs_background_share(&gs_module_heap));
}

static struct kobj_attribute cpu_share_attr = __ATTR_RO(cpu_share);

/* --- knobs ----------------------------------------------------------------- */

/* One attribute a knob, in the order of enum gs_knob. */
static struct kobj_attribute gs_knob_attr[GS_NR_KNOBS];

static ssize_t gs_knob_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	unsigned int id = attr - gs_knob_attr;

	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(gs_module_heap.background.knob[id]));
}

static ssize_t gs_knob_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	unsigned int id = attr - gs_knob_attr;
	u32 value;
	int err = gs_knob_parse(id, buf, &value);

	if (err)
		return err;
	gs_knob_set(&gs_module_heap, id, value);
	return count;
}

static int gs_knobs_add(struct kobject *scavenger)
{
	unsigned int id;
	int err = 0;

	for (id = 0; id < GS_NR_KNOBS && !err; id++) {
		struct kobj_attribute *attr = &gs_knob_attr[id];

		sysfs_attr_init(&attr->attr);
		attr->attr.name = gs_knobs[id].name;
		attr->attr.mode = 0644;
		attr->show = gs_knob_show;
		attr->store = gs_knob_store;
		err = sysfs_create_file(scavenger, &attr->attr);
	}
	return err;
}

/**
 * gs_sysfs_add_scavenger() - make the files; they go with their directories
 * @root: /sys/kernel/gostat
 * @scavenger: /sys/kernel/gostat/scavenger
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_sysfs_add_scavenger(struct kobject *root, struct kobject *scavenger)
{
	return sysfs_create_files(root, (const struct attribute **)
				  gs_control_attrs) ?:
	       sysfs_create_file(scavenger, &cpu_share_attr.attr) ?:
	       gs_knobs_add(scavenger);
}
