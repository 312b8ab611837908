/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: capture the slab events of the running kernel.
 */
#ifndef _GOSTAT_CAPTURE_H
#define _GOSTAT_CAPTURE_H

#include <limits.h>

#include "tool.h"

/* The folder of the capture below tracefs' instances, one at a time. */
#define CAPTURE_INSTANCE	"gostat"

struct capture {
	bool made;		/* the instance is ours to remove */
	bool bulk_frees;	/* what the kernel let us probe */
	bool bulk_allocs;
	bool names;
};

/* Set all up, not started. Returns an exit status; what is wrong is said. */
int capture_open(struct capture *c, u64 buffer_mib);
int capture_start(const struct capture *c);
int capture_stop(const struct capture *c);
/* Events that did not fit into the buffers. */
int capture_lost(const struct capture *c, u64 *lost);
/* The file to read when the capture is stopped. */
void capture_file(char path[PATH_MAX]);
/* Remove all that was set up. */
void capture_close(struct capture *c);

#endif /* _GOSTAT_CAPTURE_H */
