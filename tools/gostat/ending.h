/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: how what goes on until it is interrupted comes to its
 * end in peace.
 */
#ifndef _GOSTAT_ENDING_H
#define _GOSTAT_ENDING_H

#include <poll.h>

#include "tool.h"

/* From here on SIGINT, SIGTERM and SIGHUP end waits and writes, nothing else. */
void ending_catch(void);

/*
 * Wait until something is to be done for @fds, at most @time (NULL: as long as it
 * takes). False: one of the signals has come, at any time since ending_catch().
 */
bool ending_wait(struct pollfd *fds, unsigned int n, const struct timespec *time);

#endif /* _GOSTAT_ENDING_H */
