/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the control files of tracefs.
 */
#ifndef _GOSTAT_TRACEFS_H
#define _GOSTAT_TRACEFS_H

#include <limits.h>

#include "tool.h"

/* The mounted tracefs, GOSTAT_TRACEFS in the environment first; NULL: none. */
const char *tracefs_root(void);

/* @path = root/@fmt... */
[[gnu::format(printf, 2, 3)]]
void tracefs_path(char path[PATH_MAX], const char *fmt, ...);

/* Write @text to the file; 0 or -errno. */
int tracefs_write(const char *path, const char *text);

#endif /* _GOSTAT_TRACEFS_H */
