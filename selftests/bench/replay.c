// SPDX-License-Identifier: GPL-2.0
/*
 * replay - a recorded trace of allocations and frees, once more, through gostat
 * or through the kernel's own allocator: what each holds for the same requests.
 *
 * The trace is a file made by the script "trace" beside this one. For SLUB each
 * cache of the trace is a cache of objects of exactly its size, never merged,
 * and the rest are kmallocs; gostat gets all requests by their size alone. The
 * objects are not touched.
 *
 * Events happen in the order of the trace, on one CPU or, with cpus=2, each on
 * the CPU it was recorded on, which waits for its turn. Held memory is read
 * after every event (gostat: see held.h), asked memory is counted.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <gostat/gostat.h>

#include "bench.h"
#include "held.h"
#include "team.h"

static char *trace = "";
module_param(trace, charp, 0644);
MODULE_PARM_DESC(trace, "replay: path of the trace");

static char *backend = "gostat";
module_param(backend, charp, 0644);
MODULE_PARM_DESC(backend, "replay, fill: gostat, slab, or none for the error of slab's figure");

static bool kmallocs;
module_param(kmallocs, bool, 0644);
MODULE_PARM_DESC(kmallocs, "replay: only the requests that were kmallocs");

static unsigned int cpus = 1;
module_param(cpus, uint, 0644);
MODULE_PARM_DESC(cpus, "replay: 1, or 2 to allocate and free where the trace did");

#define REPLAY_MAGIC	0x6b6d7462
#define REPLAY_FREE	1
#define REPLAY_ATOMIC	2

/**
 * struct replay_header - what a trace begins with
 * @magic: REPLAY_MAGIC
 * @nevents: events
 * @nids: objects alive at the same time, at most
 * @ncaches: caches; their object sizes, u32, follow, then the events
 */
struct replay_header {
	u32 magic;
	u32 nevents;
	u32 nids;
	u32 ncaches;
};

/**
 * struct replay_event - an event
 * @id: which object
 * @size: bytes asked for
 * @cache: 0 for kmalloc, else the cache's number from 1
 * @cpu: where
 * @flags: REPLAY_*
 */
struct replay_event {
	u32 id;
	u32 size;
	u16 cache;
	u8 cpu;
	u8 flags;
};

/**
 * struct replay_object - a live object
 * @obj: the object
 * @size: bytes asked for
 * @cache: as in the event
 */
struct replay_object {
	void *obj;
	u32 size;
	u16 cache;
};

/**
 * struct replay - a replay
 * @header: of the trace
 * @cache_size: object sizes of its caches
 * @event: its events
 * @cache: the caches
 * @live: objects by id
 * @next: number of the event whose turn it is
 * @turn: woken when the other CPU's turn is over
 * @err: an error, after which nothing more happens
 * @asked: bytes asked for by live objects
 * @peak_asked: the most of it
 * @held: bytes held
 */
struct replay {
	const struct replay_header *header;
	const u32 *cache_size;
	const struct replay_event *event;
	struct kmem_cache **cache;
	struct replay_object *live;
	u32 next;
	struct completion turn[2];
	int err;
	u64 asked;
	u64 peak_asked;
	struct bench_held held;
};

/* --- one event ----------------------------------------------------------- */

static void *replay_alloc(struct replay *r, const struct replay_event *e)
{
	gfp_t gfp = e->flags & REPLAY_ATOMIC ? GFP_ATOMIC : GFP_KERNEL;

	switch (r->held.backend) {
	case BENCH_GOSTAT:
		return gostat_alloc(e->size, gfp);
	case BENCH_SLAB:
		if (e->cache)
			return kmem_cache_alloc(r->cache[e->cache - 1], gfp);
		return kmalloc(e->size, gfp);
	default:
		return ZERO_SIZE_PTR;
	}
}

static void replay_free(struct replay *r, struct replay_object *o)
{
	switch (r->held.backend) {
	case BENCH_GOSTAT:
		gostat_free(o->obj);
		break;
	case BENCH_SLAB:
		if (o->cache && o->obj)
			kmem_cache_free(r->cache[o->cache - 1], o->obj);
		else
			kfree(o->obj);
		break;
	default:
		break;
	}
	r->asked -= o->size;
	*o = (struct replay_object){};
}

static int replay_event(struct replay *r, u32 n)
{
	const struct replay_event *e = &r->event[n];
	struct replay_object *o = &r->live[e->id];

	if (kmallocs && (e->flags & REPLAY_FREE ? !o->obj : e->cache))
		return 0;
	if (e->flags & REPLAY_FREE) {
		replay_free(r, o);
		return bench_held_event(&r->held, n);
	}
	o->obj = replay_alloc(r, e);
	if (!o->obj)
		return -ENOMEM;
	o->size = e->size;
	o->cache = e->cache;
	r->asked += e->size;
	r->peak_asked = max(r->peak_asked, r->asked);
	return bench_held_event(&r->held, n);
}

static bool replay_is_mine(const struct replay *r, u32 n, unsigned int id)
{
	return cpus == 1 || r->event[n].cpu % 2 == id;
}

/* Event @n and all others up to the next one that is not this CPU's. */
static void replay_turn(struct replay *r, u32 n, unsigned int id)
{
	while (n < r->header->nevents && !r->err && replay_is_mine(r, n, id)) {
		r->err = replay_event(r, n++);
		if (!(n % 256))
			cond_resched();
	}
	/* All of the turn is over first; replay_work(). */
	smp_store_release(&r->next, r->err ? r->header->nevents : n);
	complete(&r->turn[!id]);
}

static int replay_work(void *arg, unsigned int id)
{
	struct replay *r = arg;
	u32 n;

	for (;;) {
		/* The other CPU's turn is over whole; replay_turn(). */
		n = smp_load_acquire(&r->next);
		if (n >= r->header->nevents)
			return 0;
		if (replay_is_mine(r, n, id))
			replay_turn(r, n, id);
		else
			wait_for_completion(&r->turn[id]);
	}
}

/* --- the whole ----------------------------------------------------------- */

static int replay_check(struct replay *r, size_t size)
{
	const struct replay_header *h = r->header;
	u32 i;

	if (size < sizeof(*h) || h->magic != REPLAY_MAGIC ||
	    size != sizeof(*h) + h->ncaches * sizeof(u32) +
		    (u64)h->nevents * sizeof(struct replay_event))
		return -EINVAL;
	r->cache_size = (const u32 *)(h + 1);
	r->event = (const struct replay_event *)(r->cache_size + h->ncaches);
	for (i = 0; i < h->nevents; i++)
		if (r->event[i].id >= h->nids || r->event[i].cache > h->ncaches)
			return -EINVAL;
	return 0;
}

static void *replay_read(const char *path, size_t *size)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	loff_t pos = 0;
	void *data;
	ssize_t n;

	if (IS_ERR(file))
		return ERR_CAST(file);
	*size = i_size_read(file_inode(file));
	data = vmalloc(*size);
	if (data) {
		n = kernel_read(file, data, *size, &pos);
		if (n != *size) {
			vfree(data);
			data = ERR_PTR(n < 0 ? n : -EIO);
		}
	}
	filp_close(file, NULL);
	return data ?: ERR_PTR(-ENOMEM);
}

static void replay_destroy_caches(struct replay *r)
{
	u32 i;

	for (i = 0; i < r->header->ncaches; i++)
		kmem_cache_destroy(r->cache[i]);
}

static int replay_create_caches(struct replay *r)
{
	char name[32];
	u32 i;

	for (i = 0; i < r->header->ncaches; i++) {
		snprintf(name, sizeof(name), "gostat_bench-%u", i);
		r->cache[i] = kmem_cache_create(name, r->cache_size[i], 0,
						SLAB_NO_MERGE, NULL);
		if (!r->cache[i])
			return -ENOMEM;
	}
	return 0;
}

static void replay_free_all(struct replay *r)
{
	u32 i;

	for (i = 0; i < r->header->nids; i++) {
		if (r->live[i].obj)
			replay_free(r, &r->live[i]);
		cond_resched();
	}
}

static int replay_run(struct replay *r, enum bench_backend which,
		      struct bench_out *out, const char *mode)
{
	int err;

	init_completion(&r->turn[0]);
	init_completion(&r->turn[1]);
	err = which == BENCH_SLAB ? replay_create_caches(r) : 0;
	if (!err)
		err = bench_held_begin(&r->held, which, cpus);
	if (!err) {
		err = bench_team(cpus, cpus, replay_work, r, NULL);
		err = err ?: r->err ?: bench_held_read(&r->held);
		if (!err)
			bench_held_parts(&r->held, out, mode);
		replay_free_all(r);
		bench_held_end(&r->held);
	}
	if (which == BENCH_SLAB)
		replay_destroy_caches(r);
	return err;
}

/**
 * bench_which() - the backend that the parameter names
 *
 * Return: enum bench_backend, or an error.
 */
int bench_which(void)
{
	int i;

	for (i = 0; i < BENCH_NR_BACKENDS; i++)
		if (sysfs_streq(backend, bench_backend_name[i]))
			return i;
	return -EINVAL;
}

/**
 * bench_replay() - replay the trace the parameters say, in the way they say
 * @out: for the records
 *
 * Return: 0 or an error.
 */
int bench_replay(struct bench_out *out)
{
	struct replay r = {};
	int which, err;
	char mode[32];
	size_t size;
	void *data;

	which = bench_which();
	if (which < 0)
		return which;
	if (cpus != 1 && cpus != 2)
		return -EINVAL;
	data = replay_read(trace, &size);
	if (IS_ERR(data))
		return PTR_ERR(data);
	r.header = data;
	err = replay_check(&r, size);
	if (err)
		goto out_data;
	err = -ENOMEM;
	r.live = vcalloc(r.header->nids, sizeof(*r.live));
	r.cache = vcalloc(r.header->ncaches + 1, sizeof(struct kmem_cache *));
	scnprintf(mode, sizeof(mode), "%s-%ucpu",
		  kmallocs ? "kmallocs" : "whole", cpus);
	if (r.live && r.cache)
		err = replay_run(&r, which, out, mode);
	vfree(r.cache);
	vfree(r.live);
	if (err)
		goto out_data;

	bench_held_record(&r.held, out, "replay", mode, r.peak_asked,
			  r.held.peak);
out_data:
	vfree(data);
	return err;
}
