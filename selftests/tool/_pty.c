// SPDX-License-Identifier: GPL-2.0
/*
 * _pty ROWS COLUMNS COMMAND [ARGUMENT]...: runs COMMAND on a terminal of that
 * size. What it prints comes out here, what stands on standard input is typed
 * there: a byte 3 is Ctrl-C. Ends with its status, 128 and more for a signal.
 */
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Pass on what is there; false at the end, which EIO is on a terminal. */
static int pass(int from, int to)
{
	char text[4096];
	ssize_t n = read(from, text, sizeof(text));

	return n > 0 && write(to, text, n) == n;
}

int main(int argc, char **argv)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct winsize size = { 0 };
	int status, terminal;
	pid_t child;

	if (argc < 4)
		return 2;
	size.ws_row = atoi(argv[1]);
	size.ws_col = atoi(argv[2]);
	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0) {
		perror("_pty");
		return 2;
	}
	if (!child) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	fds[0].fd = terminal;
	fds[1].fd = STDIN_FILENO;
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents && !pass(terminal, STDOUT_FILENO))
			break;
		if (fds[1].revents && !pass(STDIN_FILENO, terminal))
			fds[1].fd = -1;		/* nothing more is typed */
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
