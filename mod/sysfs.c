// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs - one statistic per file.
 *
 *	/sys/kernel/gostat/<field>			0444
 *	/sys/kernel/gostat/memory_classes/<class>	0444	exclusive, sum to sys
 *	/sys/kernel/gostat/by_size/<size>/<field>	0400
 *	/sys/kernel/gostat/large/<field>		0400
 *	/sys/kernel/gostat/reset_peaks			0200
 *
 * Which files there are stands in the tables of figures.c. Nothing is stored
 * here but the attributes and the last reader's round.
 *
 * A round: one process that reads different files one after the other, within
 * GS_ROUND_NS, is shown figures of one cut, so that 'grep . *' adds up. A file
 * read for the second time, another process, or time begin a new round with a
 * new cut: who reads one file again and again sees it change.
 *
 * Who may read: whole-heap totals are for everybody, as those in
 * /proc/meminfo. Figures of one size class are for root, as those in
 * /proc/slabinfo: an attacker who grooms a heap wants to know exactly when a
 * span of his class is full.
 *
 * A class is a directory without a kobject of its own: a named attribute group
 * of by_size. Its attributes are allocated, because each knows its class.
 *
 * Locking: gs_sysfs.mutex guards the round. Removing a file waits for its
 * readers, so after gs_sysfs_exit() nobody reads the heap through here.
 */
#include <linux/bitmap.h>
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

/*
 * Off: a process that frees something between two reads would be shown the heap
 * before that, as 'gostat replay' was with 50 ms. Each file has its own cut.
 */
#define GS_ROUND_NS	0

/**
 * struct gs_figure_file - a file with a figure
 * @attr: what sysfs knows
 * @fig: which figure
 * @class: of which class; GS_TOTAL_FILE for one of the heap
 * @index: of the file among all
 */
struct gs_figure_file {
	struct kobj_attribute attr;
	const struct gs_figure *fig;
	unsigned int class;
	unsigned int index;
};

#define GS_TOTAL_FILE	GOSTAT_NR_CLASSES

/**
 * struct gs_dir - a directory of files with figures
 * @name: its name; empty for files of the parent itself
 * @file: its files
 * @attrs: the same for sysfs, NULL at the end
 * @group: the directory
 */
struct gs_dir {
	char name[32];
	struct gs_figure_file *file;
	struct attribute **attrs;
	struct attribute_group group;
};

/* What gs_sysfs_init() made: the heap is the module's, so there is one. */
static struct {
	struct gs_heap *heap;
	struct kobject *root;
	struct kobject *by_size;
	struct gs_dir total;
	struct gs_dir memory_classes;
	struct gs_dir class[GOSTAT_NR_CLASSES];
	unsigned int nfiles;

	struct mutex mutex;		/* guards the round below */
	struct task_struct *reader;	/* compared, never followed */
	u64 began;
	unsigned long *seen;
	struct gostat_snapshot *snap;
} gs_sysfs;

/* --- reading ------------------------------------------------------------- */

static bool gs_round_goes_on(const struct gs_figure_file *file)
{
	return gs_sysfs.reader == current &&
	       ktime_get_ns() < gs_sysfs.began + GS_ROUND_NS &&
	       !test_bit(file->index, gs_sysfs.seen);
}

static int gs_round_begin(void)
{
	int err = gs_snapshot_take(gs_sysfs.heap, gs_sysfs.snap);

	gs_sysfs.reader = err ? NULL : current;
	gs_sysfs.began = ktime_get_ns();
	bitmap_zero(gs_sysfs.seen, gs_sysfs.nfiles);
	return err;
}

static int gs_round_read(const struct gs_figure_file *file, u64 *figure)
{
	const struct gostat_snapshot *snap = gs_sysfs.snap;
	int err = 0;

	if (mutex_lock_killable(&gs_sysfs.mutex))
		return -EINTR;
	if (!gs_round_goes_on(file))
		err = gs_round_begin();
	if (!err) {
		__set_bit(file->index, gs_sysfs.seen);
		*figure = file->class == GS_TOTAL_FILE ?
			gs_figure_of(file->fig, &snap->total) :
			gs_figure_of(file->fig, &snap->class[file->class]);
	}
	mutex_unlock(&gs_sysfs.mutex);
	return err;
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

static int gs_dir_init(struct gs_dir *dir, const struct gs_figure *fig,
		       unsigned int n, unsigned int class, umode_t mode)
{
	unsigned int i;

	dir->file = kcalloc(n, sizeof(*dir->file), GFP_KERNEL);
	dir->attrs = kcalloc(n + 1, sizeof(*dir->attrs), GFP_KERNEL);
	if (!dir->file || !dir->attrs)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct gs_figure_file *file = &dir->file[i];

		sysfs_attr_init(&file->attr.attr);
		file->attr.attr.name = fig[i].name;
		file->attr.attr.mode = mode;
		file->attr.show = gs_file_show;
		file->fig = &fig[i];
		file->class = class;
		file->index = gs_sysfs.nfiles++;
		dir->attrs[i] = &file->attr.attr;
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
				  id, 0400);
	}
	return err;
}

static int gs_sysfs_add_groups(void)
{
	unsigned int id;
	int err;

	err = sysfs_create_group(gs_sysfs.root, &gs_sysfs.total.group) ?:
	      sysfs_create_group(gs_sysfs.root,
				 &gs_sysfs.memory_classes.group) ?:
	      sysfs_create_file(gs_sysfs.root, &gs_reset_peaks.attr);
	for (id = 0; id < GOSTAT_NR_CLASSES && !err; id++)
		err = sysfs_create_group(id ? gs_sysfs.by_size : gs_sysfs.root,
					 &gs_sysfs.class[id].group);
	return err;
}

static int gs_sysfs_add(void)
{
	int err;

	gs_sysfs.root = kobject_create_and_add("gostat", kernel_kobj);
	if (!gs_sysfs.root)
		return -ENOMEM;
	gs_sysfs.by_size = kobject_create_and_add("by_size", gs_sysfs.root);
	if (!gs_sysfs.by_size)
		return -ENOMEM;
	strscpy(gs_sysfs.memory_classes.name, "memory_classes",
		sizeof(gs_sysfs.memory_classes.name));
	err = gs_dir_init(&gs_sysfs.total, gs_total_figures,
			  gs_nr_total_figures, GS_TOTAL_FILE, 0444) ?:
	      gs_dir_init(&gs_sysfs.memory_classes, gs_memory_figures,
			  gs_nr_memory_figures, GS_TOTAL_FILE, 0444) ?:
	      gs_sysfs_init_classes();
	if (err)
		return err;
	gs_sysfs.seen = bitmap_zalloc(gs_sysfs.nfiles, GFP_KERNEL);
	gs_sysfs.snap = kzalloc(sizeof(*gs_sysfs.snap), GFP_KERNEL);
	if (!gs_sysfs.seen || !gs_sysfs.snap)
		return -ENOMEM;
	return gs_sysfs_add_groups();
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
	unsigned int id;

	kobject_del(gs_sysfs.by_size);
	kobject_del(gs_sysfs.root);
	kobject_put(gs_sysfs.by_size);
	kobject_put(gs_sysfs.root);
	for (id = 0; id < GOSTAT_NR_CLASSES; id++)
		gs_dir_free(&gs_sysfs.class[id]);
	gs_dir_free(&gs_sysfs.memory_classes);
	gs_dir_free(&gs_sysfs.total);
	bitmap_free(gs_sysfs.seen);
	kfree(gs_sysfs.snap);
	memset(&gs_sysfs, 0, sizeof(gs_sysfs));
}
