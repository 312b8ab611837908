/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the progress bar, on stderr.
 */
#ifndef _GOSTAT_PROGRESS_H
#define _GOSTAT_PROGRESS_H

#include "tool.h"

enum progress_mode {
	PROGRESS_AUTO,		/* only if stderr is a terminal */
	PROGRESS_ALWAYS,	/* elsewhere a line for each tenth */
	PROGRESS_NEVER,
};

void progress_start(enum progress_mode mode, const char *what, u64 total);
void progress_show(u64 done);
void progress_end(void);

/* Take the bar off the line, so that a message can be printed. */
void progress_clear(void);

#endif /* _GOSTAT_PROGRESS_H */
