/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the module's files in debugfs, each of one moment.
 */
#ifndef _GOSTAT_DEBUGFS_H
#define _GOSTAT_DEBUGFS_H

#include "tool.h"

/* The folder; GOSTAT_DEBUGFS in the environment puts it elsewhere. */
const char *debugfs_root(void);

/* All of file @name, to be freed. Returns 0 or -errno, says nothing. */
int debugfs_try(const char *name, char **text);

/* The same; what is wrong is said, with the way out. Returns an exit status. */
int debugfs_read(const char *name, char **text);

/* Open file @name, for reads that do not wait. Returns an exit status. */
int debugfs_open(const char *name, int *fd);

/* Say why file @name failed with @error (-errno); returns an exit status. */
int debugfs_error(const char *name, int error);

/* The file @name is not what it should be; returns an exit status. */
int debugfs_bad(const char *name, const char *why);

#endif /* _GOSTAT_DEBUGFS_H */
