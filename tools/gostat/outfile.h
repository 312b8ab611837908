/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: a file that is there whole or not at all.
 */
#ifndef _GOSTAT_OUTFILE_H
#define _GOSTAT_OUTFILE_H

#include <limits.h>
#include <stdio.h>

#include "tool.h"

/*
 * Written beside its place under a name of its own, so that two writers do not
 * meet, and renamed: a reader sees the old one or the new one.
 */
struct outfile {
	const char *path;
	char part[PATH_MAX];
	FILE *file;
};

/* Returns an exit status; what is wrong is said. */
int outfile_open(struct outfile *out, const char *path);
/* Puts it in its place; if that fails, says so, and there is no trace of it. */
int outfile_close(struct outfile *out);
/* No trace of it. */
void outfile_drop(struct outfile *out);

#endif /* _GOSTAT_OUTFILE_H */
