// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs - whole tables at once, each as of one cut.
 *
 *	/sys/kernel/debug/gostat/memstats	every figure of the heap
 *	/sys/kernel/debug/gostat/memstats.json	the same, classes, CPUs, as JSON
 *	/sys/kernel/debug/gostat/bounds		at least and at most, without a cut
 *	/sys/kernel/debug/gostat/by_size	one row a size class, or size of stacks
 *	/sys/kernel/debug/gostat/arenas		one row an arena (debugfs_arenas.c)
 *	/sys/kernel/debug/gostat/verify		the recount (verify.h)
 *	/sys/kernel/debug/gostat/scavenger_trace, scavenger_trace_pipe
 *						records (debugfs_scavtrace.c)
 *
 * All are read only and for root, so that they can be read under lockdown too.
 * No address is shown: an arena is known by its age.
 *
 * Locking: sinks.mutex where sinks are named, so that a name and its figures
 * belong together; see debugfs_arenas.c for its own.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "debugfs.h"
#include "figures.h"
#include "heap.h"
#include "memstats.h"

static struct dentry *gs_debugfs_dir;

/* A snapshot for the reader to print and free; @cpus may be NULL. */
static struct gostat_snapshot *gs_snapshot_get(struct gs_heap *heap,
					       struct gostat_cpu_stats *cpus)
{
	struct gostat_snapshot *snap = kmalloc(sizeof(*snap), GFP_KERNEL);
	int err;

	if (!snap)
		return ERR_PTR(-ENOMEM);
	err = cpus ? gs_snapshot_take_cpus(heap, snap, cpus) :
		     gs_snapshot_take(heap, snap);
	if (!err)
		return snap;
	kfree(snap);
	return ERR_PTR(err);
}

/* A snapshot with the sinks' names as of then: sinks.mutex is held after it. */
static struct gostat_snapshot *
gs_snapshot_get_sinks(struct gs_heap *heap, struct gostat_cpu_stats *cpus)
{
	struct gostat_snapshot *snap;

	if (mutex_lock_killable(&heap->sinks.mutex))
		return ERR_PTR(-EINTR);
	snap = gs_snapshot_get(heap, cpus);
	if (IS_ERR(snap))
		mutex_unlock(&heap->sinks.mutex);
	return snap;
}

static void gs_snapshot_put_sinks(struct gs_heap *heap,
				  struct gostat_snapshot *snap)
{
	mutex_unlock(&heap->sinks.mutex);
	kfree(snap);
}

static void gs_memstats_scav(struct seq_file *m,
			     const struct gostat_snapshot *snap)
{
	unsigned int cause, i;

	for (cause = 0; cause < GOSTAT_NR_SCAV_CAUSES; cause++)
		for (i = 0; i < gs_nr_scav_figures; i++)
			seq_printf(m, "scavenger/%s/%s %llu\n",
				   gs_scav_causes[cause],
				   gs_scav_figures[i].name,
				   gs_figure_of(&gs_scav_figures[i],
						&snap->scav[cause]));
}

static void gs_memstats_sink(struct seq_file *m, const char *name,
			     const struct gostat_sink_stats *ss)
{
	unsigned int i;

	for (i = 0; i < gs_nr_sink_figures; i++)
		seq_printf(m, "sinks/%s/%s %llu\n", name,
			   gs_sink_figures[i].name,
			   gs_figure_of(&gs_sink_figures[i], ss));
}

static int memstats_show(struct seq_file *m, void *v)
{
	struct gs_heap *heap = m->private;
	struct gostat_snapshot *snap = gs_snapshot_get_sinks(heap, NULL);
	unsigned int i;

	if (IS_ERR(snap))
		return PTR_ERR(snap);
	for (i = 0; i < gs_nr_total_figures; i++)
		seq_printf(m, "%-29s %llu\n", gs_total_figures[i].name,
			   gs_figure_of(&gs_total_figures[i], &snap->total));
	for (i = 0; i < gs_nr_memory_figures; i++)
		seq_printf(m, "memory_classes/%-14s %llu\n",
			   gs_memory_figures[i].name,
			   gs_figure_of(&gs_memory_figures[i], &snap->total));
	for (i = 1; i < GOSTAT_NR_SINKS; i++)
		if (heap->sinks.sink[i].state != GS_SINK_FREE)
			gs_memstats_sink(m, heap->sinks.sink[i].name,
					 &snap->sink[i]);
	gs_memstats_scav(m, snap);
	gs_snapshot_put_sinks(heap, snap);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memstats);

static void gs_json_figures(struct seq_file *m, const struct gs_figure *fig,
			    unsigned int n, const void *figures)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		seq_printf(m, "%s\"%s\": %llu", i ? ", " : "", fig[i].name,
			   gs_figure_of(&fig[i], figures));
}

static void gs_json_classes(struct seq_file *m, const char *name,
			    const struct gostat_class_stats *cs, unsigned int n)
{
	unsigned int i;

	seq_printf(m, ",\n\"%s\": [", name);
	for (i = 0; i < n; i++) {
		seq_puts(m, i ? ",\n {" : "\n {");
		gs_json_figures(m, gs_class_figures, gs_nr_class_figures,
				&cs[i]);
		seq_puts(m, "}");
	}
	seq_puts(m, "\n]");
}

static void gs_json_cpus(struct seq_file *m,
			 const struct gostat_cpu_stats *cpus)
{
	const char *before = "";
	unsigned int cpu;

	seq_puts(m, ",\n\"by_cpu\": [");
	for_each_possible_cpu(cpu) {
		seq_printf(m, "%s\n {\"cpu\": %u, ", before, cpu);
		gs_json_figures(m, gs_cpu_figures, gs_nr_cpu_figures,
				&cpus[cpu]);
		seq_puts(m, "}");
		before = ",";
	}
	seq_puts(m, "\n]");
}

static void gs_json_sinks(struct seq_file *m, struct gs_heap *heap,
			  const struct gostat_snapshot *snap)
{
	const char *before = "";
	unsigned int id;

	seq_puts(m, ",\n\"sinks\": [");
	for (id = 1; id < GOSTAT_NR_SINKS; id++) {
		if (heap->sinks.sink[id].state == GS_SINK_FREE)
			continue;
		seq_printf(m, "%s\n {\"name\": \"%s\", ", before,
			   heap->sinks.sink[id].name);
		gs_json_figures(m, gs_sink_figures, gs_nr_sink_figures,
				&snap->sink[id]);
		seq_puts(m, "}");
		before = ",";
	}
	seq_puts(m, "\n]");
}

static void gs_json_scav(struct seq_file *m, const struct gostat_snapshot *snap)
{
	unsigned int i;

	seq_puts(m, ",\n\"scavenger\": {");
	for (i = 0; i < GOSTAT_NR_SCAV_CAUSES; i++) {
		seq_printf(m, "%s\n \"%s\": {", i ? "," : "",
			   gs_scav_causes[i]);
		gs_json_figures(m, gs_scav_figures, gs_nr_scav_figures,
				&snap->scav[i]);
		seq_puts(m, "}");
	}
	seq_puts(m, "\n}");
}

static int memstats_json_show(struct seq_file *m, void *v)
{
	struct gs_heap *heap = m->private;
	struct gostat_cpu_stats *cpus;
	struct gostat_snapshot *snap;

	cpus = kcalloc(nr_cpu_ids, sizeof(*cpus), GFP_KERNEL);
	snap = cpus ? gs_snapshot_get_sinks(heap, cpus) : ERR_PTR(-ENOMEM);
	if (IS_ERR(snap)) {
		kfree(cpus);
		return PTR_ERR(snap);
	}
	seq_printf(m, "{\"cut\": %llu, \"time_ns\": %llu, ", snap->number,
		   snap->time);
	gs_json_figures(m, gs_total_figures, gs_nr_total_figures, &snap->total);
	seq_puts(m, ",\n\"memory_classes\": {");
	gs_json_figures(m, gs_memory_figures, gs_nr_memory_figures,
			&snap->total);
	seq_puts(m, "}");
	gs_json_classes(m, "by_size", snap->class, GOSTAT_NR_CLASSES);
	gs_json_classes(m, "stacks", snap->stack, GOSTAT_NR_STACKS);
	gs_json_cpus(m, cpus);
	gs_json_sinks(m, heap, snap);
	gs_json_scav(m, snap);
	seq_puts(m, "\n}\n");
	gs_snapshot_put_sinks(heap, snap);
	kfree(cpus);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memstats_json);

static void gs_show_range(struct seq_file *m, const char *name,
			  struct gostat_range r)
{
	seq_printf(m, "%-14s %llu %llu\n", name, r.lo, r.hi);
}

static void gs_show_class_bounds(struct seq_file *m,
				 const struct gostat_class_bounds *cb)
{
	if (cb->size)
		seq_printf(m, "%-14llu", cb->size);
	else
		seq_printf(m, "%-14s", "large");
	seq_printf(m, " %llu %llu %llu %llu %llu %llu\n", cb->nmalloc.lo,
		   cb->nmalloc.hi, cb->nfree.lo, cb->nfree.hi, cb->live.lo,
		   cb->live.hi);
}

/* The figures of the page heap are one value; 0 of them are other layers'. */
static void gs_show_exact(struct seq_file *m, const struct gostat_memstats *ms)
{
	unsigned int i;

	for (i = 0; i < gs_nr_total_figures; i++) {
		u64 v = gs_figure_of(&gs_total_figures[i], ms);

		if (gs_total_figures[i].of_pages)
			gs_show_range(m, gs_total_figures[i].name,
				      (struct gostat_range){ v, v });
	}
}

static int bounds_show(struct seq_file *m, void *v)
{
	struct gostat_bounds *b = kmalloc(sizeof(*b), GFP_KERNEL);
	unsigned int id;

	if (!b)
		return -ENOMEM;
	gs_bounds_read(m->private, b);
	gs_show_range(m, "alloc", b->alloc);
	gs_show_range(m, "total_alloc", b->total_alloc);
	gs_show_range(m, "nlookup", b->nlookup);
	gs_show_range(m, "nmalloc", b->nmalloc);
	gs_show_range(m, "nfree", b->nfree);
	gs_show_range(m, "heap_objects", b->heap_objects);
	gs_show_range(m, "stacks_live", b->stacks_live);
	gs_show_exact(m, &b->pages);
	seq_puts(m, "\nsize           nmalloc nfree live\n");
	for (id = 1; id <= GOSTAT_NR_CLASSES; id++)
		gs_show_class_bounds(m, &b->class[id % GOSTAT_NR_CLASSES]);
	seq_puts(m, "\nstack          nmalloc nfree live\n");
	for (id = 0; id < GOSTAT_NR_STACKS; id++)
		gs_show_class_bounds(m, &b->stack[id]);
	kfree(b);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bounds);

/* The first column's head is what its numbers are sizes of. */
static void gs_show_class_head(struct seq_file *m, const char *sizes)
{
	unsigned int i;

	seq_printf(m, "%6s", sizes);
	for (i = 1; i < gs_nr_class_figures; i++)
		seq_printf(m, "%12s", gs_class_figures[i].name);
	seq_puts(m, "\n");
}

static void gs_show_class(struct seq_file *m,
			  const struct gostat_class_stats *cs)
{
	unsigned int i;

	if (cs->size)
		seq_printf(m, "%6llu", cs->size);
	else
		seq_puts(m, " large");
	for (i = 1; i < gs_nr_class_figures; i++)
		seq_printf(m, "%12llu", gs_figure_of(&gs_class_figures[i], cs));
	seq_puts(m, "\n");
}

static int by_size_show(struct seq_file *m, void *v)
{
	struct gostat_snapshot *snap = gs_snapshot_get(m->private, NULL);
	unsigned int id;

	if (IS_ERR(snap))
		return PTR_ERR(snap);
	gs_show_class_head(m, "size");
	for (id = 1; id <= GOSTAT_NR_CLASSES; id++)
		gs_show_class(m, &snap->class[id % GOSTAT_NR_CLASSES]);
	seq_puts(m, "\n");
	gs_show_class_head(m, "stack");
	for (id = 0; id < GOSTAT_NR_STACKS; id++)
		gs_show_class(m, &snap->stack[id]);
	kfree(snap);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(by_size);

static int verify_show(struct seq_file *m, void *v)
{
	struct gs_verdict *verdict = gs_verify(m->private);
	unsigned int i;

	if (IS_ERR(verdict))
		return PTR_ERR(verdict);
	for (i = 0; i < verdict->n; i++) {
		const struct gs_skew *s = &verdict->skew[i];

		if (s->have == s->want)
			continue;
		seq_printf(m, "skew: %s", s->name);
		if (i >= GS_VERIFY_TOTALS)
			seq_printf(m, " of %llu", s->class);
		seq_printf(m, ": counted %llu, recounted %llu\n", s->have,
			   s->want);
	}
	if (verdict->bad)
		seq_printf(m, "impossible: %s\n", verdict->bad);
	seq_printf(m, "%u figures compared, %u differ, %u impossible states\n",
		   verdict->n, verdict->nskew, verdict->nbad);
	gs_verdict_free(verdict);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(verify);

/**
 * gs_debugfs_init() - make the files
 * @heap: whose figures they show
 *
 * Debugfs is a convenience: no error of it matters.
 */
void gs_debugfs_init(struct gs_heap *heap)
{
	struct dentry *dir = debugfs_create_dir("gostat", NULL);

	debugfs_create_file("memstats", 0400, dir, heap, &memstats_fops);
	debugfs_create_file("memstats.json", 0400, dir, heap,
			    &memstats_json_fops);
	debugfs_create_file("bounds", 0400, dir, heap, &bounds_fops);
	debugfs_create_file("by_size", 0400, dir, heap, &by_size_fops);
	debugfs_create_file("arenas", 0400, dir, heap, &gs_arenas_fops);
	debugfs_create_file("verify", 0400, dir, heap, &verify_fops);
	debugfs_create_file("scavenger_trace", 0400, dir, heap,
			    &gs_scavtrace_fops);
	debugfs_create_file("scavenger_trace_pipe", 0400, dir, heap,
			    &gs_scavpipe_fops);
	gs_debugfs_dir = dir;
}

/**
 * gs_debugfs_exit() - remove the files; their readers are done after this
 */
void gs_debugfs_exit(void)
{
	debugfs_remove(gs_debugfs_dir);
}
