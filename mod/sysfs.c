// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs - one statistic per file.
 *
 *	/sys/kernel/gostat/<field>			0444
 *	/sys/kernel/gostat/memory_classes/<class>	0444	exclusive, sum to sys
 *	/sys/kernel/gostat/cpu/<number>/<field>		0444
 *	/sys/kernel/gostat/by_size/<size>/<field>	0400
 *	/sys/kernel/gostat/large/<field>		0400
 *	/sys/kernel/gostat/stacks/<size>/<field>	0400
 *	/sys/kernel/gostat/sinks/<name>/<field>		0444
 *	/sys/kernel/gostat/sinks/<name>/description	0444	a line of text
 *	/sys/kernel/gostat/scavenger/<cause>/<field>	0444
 *	/sys/kernel/gostat/reset_peaks			0200
 *
 * and what sysfs_scavenger.c adds to them.
 *
 * Which files there are stands in the tables of figures.c. Nothing is stored
 * here but the attributes and the last reader's round.
 *
 * A round: a process that reads different files one after the other is shown
 * figures of one cut for GS_ROUND_NS, so that 'grep . *' adds up. A new round,
 * with a new cut, begins when
 *
 *	another process reads, or the same one a file that it has seen: who reads
 *		one file again and again sees it change;
 *	the process used /dev/gostat, or anybody opened or closed it: nobody is
 *		shown figures older than what he did himself, nor older than a
 *		program that he ran;
 *	the time is over.
 *
 * Who may read: whole-heap totals are for everybody, as those in
 * /proc/meminfo. Figures of one size class are for root, as those in
 * /proc/slabinfo: an attacker who grooms a heap wants to know exactly when a
 * span of his class is full.
 *
 * A class, a CPU or a sink is a directory without a kobject of its own: a named
 * attribute group. Its attributes are allocated, as each knows its figure. Those
 * for all the sinks that there can be are made at once: a sink that comes gives
 * its name to a directory that is ready.
 *
 * Locking: gs_sysfs.mutex guards the round, but for its reader, which others
 * forget without it. Sinks come and go under the heap's sinks.mutex, which no
 * file takes. Removing a file waits for its readers, so after gs_sysfs_exit()
 * nobody reads the heap through here.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "figures.h"
#include "heap.h"
#include "memstats.h"
#include "sysfs.h"

/* Some 50 files a millisecond: time for all of them, also on a slow machine. */
#define GS_ROUND_NS	(100 * NSEC_PER_MSEC)

/**
 * struct gs_figure_file - a file with a figure
 * @attr: what sysfs knows
 * @fig: which figure
 * @from: where it is in the round's figures
 * @index: of the file among all
 */
struct gs_figure_file {
	struct kobj_attribute attr;
	const struct gs_figure *fig;
	const void *from;
	unsigned int index;
};

/**
 * struct gs_text_file - a file with a line of text
 * @attr: what sysfs knows
 * @text: the line
 */
struct gs_text_file {
	struct kobj_attribute attr;
	const char *text;
};

/**
 * struct gs_dir - a directory of files with figures
 * @name: its name; empty for files of the parent itself
 * @description: a file more, if it has a text
 * @file: its files
 * @attrs: the same for sysfs, NULL at the end
 * @group: the directory
 */
struct gs_dir {
	char name[32];
	struct gs_text_file description;
	struct gs_figure_file *file;
	struct attribute **attrs;
	struct attribute_group group;
};

/* What gs_sysfs_init() made: the heap is the module's, so there is one. */
static struct {
	struct gs_heap *heap;
	struct kobject *root;
	struct kobject *by_size;
	struct kobject *stacks;
	struct kobject *cpus;
	struct kobject *sinks;
	struct kobject *scavenger;
	struct gs_dir total;
	struct gs_dir memory_classes;
	struct gs_dir class[GOSTAT_NR_CLASSES];
	struct gs_dir stack[GOSTAT_NR_STACKS];
	struct gs_dir *cpu;		/* by CPU number */
	struct gs_dir sink[GOSTAT_NR_SINKS];
	struct gs_dir scav[GOSTAT_NR_SCAV_CAUSES];
	unsigned int nfiles;

	struct mutex mutex;		/* guards the round below */
	pid_t reader;			/* 0: nobody's; see gs_sysfs_forget() */
	u64 began;
	unsigned long *seen;
	struct gostat_snapshot *snap;
	struct gostat_cpu_stats *cpu_stats;
} gs_sysfs;

/* --- reading ------------------------------------------------------------- */

static bool gs_round_goes_on(const struct gs_figure_file *file)
{
	return READ_ONCE(gs_sysfs.reader) == task_tgid_nr(current) &&
	       ktime_get_ns() < gs_sysfs.began + GS_ROUND_NS &&
	       !test_bit(file->index, gs_sysfs.seen);
}

/* Whose it is comes before the cut: what is forgotten meanwhile stays so. */
static int gs_round_begin(void)
{
	int err;

	WRITE_ONCE(gs_sysfs.reader, task_tgid_nr(current));
	gs_sysfs.began = ktime_get_ns();
	bitmap_zero(gs_sysfs.seen, gs_sysfs.nfiles);
	err = gs_snapshot_take_cpus(gs_sysfs.heap, gs_sysfs.snap,
				    gs_sysfs.cpu_stats);
	if (err)
		WRITE_ONCE(gs_sysfs.reader, 0);
	return err;
}

static int gs_round_read(const struct gs_figure_file *file, u64 *figure)
{
	int err = 0;

	if (mutex_lock_killable(&gs_sysfs.mutex))
		return -EINTR;
	if (!gs_round_goes_on(file))
		err = gs_round_begin();
	if (!err) {
		__set_bit(file->index, gs_sysfs.seen);
		*figure = gs_figure_of(file->fig, file->from);
	}
	mutex_unlock(&gs_sysfs.mutex);
	return err;
}

/**
 * gs_sysfs_forget() - the heap changed under somebody's eyes: end the round
 * @anybodys: whoever's it is, not only the calling process's
 *
 * Context: Any.
 */
void gs_sysfs_forget(bool anybodys)
{
	if (anybodys || READ_ONCE(gs_sysfs.reader) == task_tgid_nr(current))
		WRITE_ONCE(gs_sysfs.reader, 0);
}

static ssize_t gs_file_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	u64 figure;
	int err;

	err = gs_round_read(container_of(attr, struct gs_figure_file, attr),
			    &figure);
	return err ?: sysfs_emit(buf, "%llu\n", figure);
}

static ssize_t gs_text_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  container_of(attr, struct gs_text_file, attr)->text);
}

static ssize_t reset_peaks_store(struct kobject *kobj,
				 struct kobj_attribute *attr, const char *buf,
				 size_t count)
{
	bool yes;
	int err = kstrtobool(buf, &yes);

	if (err)
		return err;
	if (yes)
		gs_heap_reset_peaks(gs_sysfs.heap);
	return count;
}

static struct kobj_attribute gs_reset_peaks =
	__ATTR(reset_peaks, 0200, NULL, reset_peaks_store);

/* --- making -------------------------------------------------------------- */

static void gs_attr_init(struct kobj_attribute *attr, const char *name,
			 umode_t mode,
			 ssize_t (*show)(struct kobject *kobj,
					 struct kobj_attribute *attr, char *buf))
{
	sysfs_attr_init(&attr->attr);
	attr->attr.name = name;
	attr->attr.mode = mode;
	attr->show = show;
}

static int gs_dir_init(struct gs_dir *dir, const struct gs_figure *fig,
		       unsigned int n, const void *from, umode_t mode)
{
	unsigned int i;

	dir->file = kcalloc(n, sizeof(*dir->file), GFP_KERNEL);
	dir->attrs = kcalloc(n + 2, sizeof(*dir->attrs), GFP_KERNEL);
	if (!dir->file || !dir->attrs)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct gs_figure_file *file = &dir->file[i];

		gs_attr_init(&file->attr, fig[i].name, mode, gs_file_show);
		file->fig = &fig[i];
		file->from = from;
		file->index = gs_sysfs.nfiles++;
		dir->attrs[i] = &file->attr.attr;
	}
	if (dir->description.text) {
		gs_attr_init(&dir->description.attr, "description", mode,
			     gs_text_show);
		dir->attrs[n] = &dir->description.attr.attr;
	}
	dir->group.name = dir->name[0] ? dir->name : NULL;
	dir->group.attrs = dir->attrs;
	return 0;
}

static void gs_dir_free(struct gs_dir *dir)
{
	kfree(dir->attrs);
	kfree(dir->file);
}

static int gs_sysfs_init_totals(void)
{
	strscpy(gs_sysfs.memory_classes.name, "memory_classes",
		sizeof(gs_sysfs.memory_classes.name));
	return gs_dir_init(&gs_sysfs.total, gs_total_figures,
			   gs_nr_total_figures, &gs_sysfs.snap->total, 0444) ?:
	       gs_dir_init(&gs_sysfs.memory_classes, gs_memory_figures,
			   gs_nr_memory_figures, &gs_sysfs.snap->total, 0444);
}

static int gs_sysfs_init_classes(void)
{
	unsigned int id;
	int err = 0;

	/* Class 0, large objects, has no size but a word. */
	for (id = 0; id < GOSTAT_NR_CLASSES && !err; id++) {
		struct gs_dir *dir = &gs_sysfs.class[id];

		if (id)
			snprintf(dir->name, sizeof(dir->name), "%u",
				 gostat_class_size[id]);
		else
			strscpy(dir->name, "large", sizeof(dir->name));
		err = gs_dir_init(dir, gs_class_figures, gs_nr_class_figures,
				  &gs_sysfs.snap->class[id], 0400);
	}
	return err;
}

static int gs_sysfs_init_stacks(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < GOSTAT_NR_STACKS && !err; i++) {
		struct gs_dir *dir = &gs_sysfs.stack[i];

		snprintf(dir->name, sizeof(dir->name), "%u",
			 GOSTAT_STACK_MIN << i);
		err = gs_dir_init(dir, gs_class_figures, gs_nr_class_figures,
				  &gs_sysfs.snap->stack[i], 0400);
	}
	return err;
}

static int gs_sysfs_init_cpus(void)
{
	unsigned int cpu;
	int err = 0;

	for_each_possible_cpu(cpu) {
		struct gs_dir *dir = &gs_sysfs.cpu[cpu];

		snprintf(dir->name, sizeof(dir->name), "%u", cpu);
		err = gs_dir_init(dir, gs_cpu_figures, gs_nr_cpu_figures,
				  &gs_sysfs.cpu_stats[cpu], 0444);
		if (err)
			break;
	}
	return err;
}

static int gs_sysfs_init_sinks(void)
{
	unsigned int id;
	int err = 0;

	for (id = 1; id < GOSTAT_NR_SINKS && !err; id++) {
		struct gs_dir *dir = &gs_sysfs.sink[id];

		dir->description.text =
			gs_sysfs.heap->sinks.sink[id].description;
		err = gs_dir_init(dir, gs_sink_figures, gs_nr_sink_figures,
				  &gs_sysfs.snap->sink[id], 0444);
	}
	return err;
}

static int gs_sysfs_init_scavenger(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < GOSTAT_NR_SCAV_CAUSES && !err; i++) {
		struct gs_dir *dir = &gs_sysfs.scav[i];

		strscpy(dir->name, gs_scav_causes[i], sizeof(dir->name));
		err = gs_dir_init(dir, gs_scav_figures, gs_nr_scav_figures,
				  &gs_sysfs.snap->scav[i], 0444);
	}
	return err;
}

static int gs_sysfs_add_sink(struct gs_heap *heap, unsigned int id)
{
	struct gs_dir *dir = &gs_sysfs.sink[id];

	strscpy(dir->name, heap->sinks.sink[id].name, sizeof(dir->name));
	dir->group.name = dir->name;
	return sysfs_create_group(gs_sysfs.sinks, &dir->group);
}

static void gs_sysfs_remove_sink(struct gs_heap *heap, unsigned int id)
{
	sysfs_remove_group(gs_sysfs.sinks, &gs_sysfs.sink[id].group);
}

static const struct gs_sink_viewer gs_sysfs_viewer = {
	.add = gs_sysfs_add_sink,
	.remove = gs_sysfs_remove_sink,
};

static int gs_sysfs_init_round(void)
{
	gs_sysfs.snap = kzalloc(sizeof(*gs_sysfs.snap), GFP_KERNEL);
	gs_sysfs.cpu = kcalloc(nr_cpu_ids, sizeof(*gs_sysfs.cpu), GFP_KERNEL);
	gs_sysfs.cpu_stats = kcalloc(nr_cpu_ids, sizeof(*gs_sysfs.cpu_stats),
				     GFP_KERNEL);
	return gs_sysfs.snap && gs_sysfs.cpu && gs_sysfs.cpu_stats ? 0 :
								     -ENOMEM;
}

static int gs_sysfs_add_groups(void)
{
	unsigned int i;
	int err;

	err = sysfs_create_group(gs_sysfs.root, &gs_sysfs.total.group) ?:
	      sysfs_create_group(gs_sysfs.root,
				 &gs_sysfs.memory_classes.group) ?:
	      sysfs_create_file(gs_sysfs.root, &gs_reset_peaks.attr);
	for (i = 0; i < GOSTAT_NR_CLASSES && !err; i++)
		err = sysfs_create_group(i ? gs_sysfs.by_size : gs_sysfs.root,
					 &gs_sysfs.class[i].group);
	for (i = 0; i < GOSTAT_NR_STACKS && !err; i++)
		err = sysfs_create_group(gs_sysfs.stacks,
					 &gs_sysfs.stack[i].group);
	for_each_possible_cpu(i) {
		if (err)
			break;
		err = sysfs_create_group(gs_sysfs.cpus, &gs_sysfs.cpu[i].group);
	}
	for (i = 0; i < GOSTAT_NR_SCAV_CAUSES && !err; i++)
		err = sysfs_create_group(gs_sysfs.scavenger,
					 &gs_sysfs.scav[i].group);
	return err ?: gs_sysfs_add_scavenger(gs_sysfs.root, gs_sysfs.scavenger);
}

static int gs_sysfs_add(void)
{
	int err;

	gs_sysfs.root = kobject_create_and_add("gostat", kernel_kobj);
	if (!gs_sysfs.root)
		return -ENOMEM;
	gs_sysfs.by_size = kobject_create_and_add("by_size", gs_sysfs.root);
	gs_sysfs.stacks = kobject_create_and_add("stacks", gs_sysfs.root);
	gs_sysfs.cpus = kobject_create_and_add("cpu", gs_sysfs.root);
	gs_sysfs.sinks = kobject_create_and_add("sinks", gs_sysfs.root);
	gs_sysfs.scavenger = kobject_create_and_add("scavenger", gs_sysfs.root);
	if (!gs_sysfs.by_size || !gs_sysfs.stacks || !gs_sysfs.cpus ||
	    !gs_sysfs.sinks || !gs_sysfs.scavenger)
		return -ENOMEM;
	err = gs_sysfs_init_round() ?:
	      gs_sysfs_init_totals() ?:
	      gs_sysfs_init_classes() ?:
	      gs_sysfs_init_stacks() ?:
	      gs_sysfs_init_cpus() ?:
	      gs_sysfs_init_sinks() ?:
	      gs_sysfs_init_scavenger();
	if (err)
		return err;
	gs_sysfs.seen = bitmap_zalloc(gs_sysfs.nfiles, GFP_KERNEL);
	if (!gs_sysfs.seen)
		return -ENOMEM;
	return gs_sysfs_add_groups() ?:
	       gs_sinks_show(gs_sysfs.heap, &gs_sysfs_viewer);
}

/**
 * gs_sysfs_init() - make /sys/kernel/gostat
 * @heap: whose statistics; stays until gs_sysfs_exit()
 *
 * Context: Process, may sleep.
 * Return: 0, or -errno and nothing is left behind.
 */
int gs_sysfs_init(struct gs_heap *heap)
{
	int err;

	gs_sysfs.heap = heap;
	mutex_init(&gs_sysfs.mutex);
	err = gs_sysfs_add();
	if (err)
		gs_sysfs_exit();
	return err;
}

/**
 * gs_sysfs_exit() - remove /sys/kernel/gostat
 *
 * A directory goes with all that is in it, whole or half made, and waits for
 * those who read there; only then are the attributes freed.
 *
 * Context: Process, may sleep.
 */
void gs_sysfs_exit(void)
{
	unsigned int i;

	gs_sinks_hide(gs_sysfs.heap);
	kobject_del(gs_sysfs.scavenger);
	kobject_del(gs_sysfs.sinks);
	kobject_del(gs_sysfs.cpus);
	kobject_del(gs_sysfs.stacks);
	kobject_del(gs_sysfs.by_size);
	kobject_del(gs_sysfs.root);
	kobject_put(gs_sysfs.scavenger);
	kobject_put(gs_sysfs.sinks);
	kobject_put(gs_sysfs.cpus);
	kobject_put(gs_sysfs.stacks);
	kobject_put(gs_sysfs.by_size);
	kobject_put(gs_sysfs.root);
	for (i = 0; i < GOSTAT_NR_SCAV_CAUSES; i++)
		gs_dir_free(&gs_sysfs.scav[i]);
	for (i = 1; i < GOSTAT_NR_SINKS; i++)
		gs_dir_free(&gs_sysfs.sink[i]);
	for (i = 0; i < nr_cpu_ids && gs_sysfs.cpu; i++)
		gs_dir_free(&gs_sysfs.cpu[i]);
	for (i = 0; i < GOSTAT_NR_STACKS; i++)
		gs_dir_free(&gs_sysfs.stack[i]);
	for (i = 0; i < GOSTAT_NR_CLASSES; i++)
		gs_dir_free(&gs_sysfs.class[i]);
	gs_dir_free(&gs_sysfs.memory_classes);
	gs_dir_free(&gs_sysfs.total);
	bitmap_free(gs_sysfs.seen);
	kfree(gs_sysfs.cpu_stats);
	kfree(gs_sysfs.cpu);
	kfree(gs_sysfs.snap);
	memset(&gs_sysfs, 0, sizeof(gs_sysfs));
}
