// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: how what goes on until it is interrupted comes to its
 * end in peace.
 *
 * The signals are let in during a wait, so that none is lost between a test and
 * a sleep, and while it writes, so that a reader that does not read keeps
 * nobody.
 */
#include <signal.h>
#include <stdatomic.h>

#include "ending.h"

static atomic_bool ending;
static sigset_t ending_signals;

static void on_signal(int signal)
{
	(void)signal;
	ending = true;
}

/* Without SA_RESTART, so that waits end. */
void ending_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	sigemptyset(&ending_signals);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaddset(&ending_signals, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
}

bool ending_wait(struct pollfd *fds, unsigned int n, const struct timespec *time)
{
	sigset_t open;
	unsigned int i;

	for (i = 0; i < n; i++)
		fds[i].revents = 0;	/* ppoll() leaves them if a signal ends it */
	sigprocmask(SIG_BLOCK, &ending_signals, &open);
	if (!ending)
		ppoll(fds, n, time, &open);
	sigprocmask(SIG_SETMASK, &open, NULL);
	return !ending;
}
