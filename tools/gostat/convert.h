/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the text of tracefs' trace file as an allocation trace.
 */
#ifndef _GOSTAT_CONVERT_H
#define _GOSTAT_CONVERT_H

#include <regex.h>

#include "map.h"
#include "trace.h"

/* What was seen and does not stand in the trace as it was; for the header. */
struct convert_counts {
	u64 synthesised_frees;	/* an address came back without a free */
	u64 double_events;	/* large kmallocs traced twice */
	u64 unseen_frees;	/* of objects from before */
	u64 null_frees;		/* NULL and the zero-size pointer */
	u64 failed_allocs;
	u64 hidden_allocs;	/* made at a site that is left out */
	u64 hidden_frees;
	u64 bulk_allocs;
	u64 bulk_frees;
	u64 names_from_call_site;
	u64 names_unknown;
	u64 overruns;		/* events the kernel lost, by the text's head */
	u64 lost_marks;
};

struct convert {
	/* given */
	const regex_t *drop_site;	/* or NULL */
	/* results */
	struct trace trace;
	struct convert_counts count;
	unsigned int vcpus;
	/* under way */
	size_t room_events;
	size_t room_objects;
	struct map live;		/* pointer -> object, or HIDDEN */
	struct names sites;		/* "call site, sizes" of objects without a name */
	u32 *site_cache;		/* by site: the cache its objects are from */
	u32 *object_site;		/* by object: site + 1 while without a name */
	u32 unknown_cache;		/* the number of "c" */
	u64 line;
	const char *path;
};

/* Read all of @path ("-": stdin). Returns an exit status; what is wrong is said. */
int convert_read(struct convert *c, const char *path);
void convert_free(struct convert *c);

/*
 * Write the trace to @path ("-": stdout), as gzip if the name ends in .gz. The
 * file appears under its name when it is complete. Returns an exit status.
 */
int convert_write(const struct convert *c, const char *path, const char *kernel,
		  const char *workload);

#endif /* _GOSTAT_CONVERT_H */
