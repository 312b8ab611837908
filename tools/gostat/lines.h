/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: lines of a text file, plain or gzip, with the truth
 * about files that end too early.
 */
#ifndef _GOSTAT_LINES_H
#define _GOSTAT_LINES_H

#include "tool.h"

struct lines {
	const char *path;	/* for messages */
	void *file;		/* zlib's handle */
	u64 number;		/* of the line last returned, from 1 */
	char *buf;
	size_t start;		/* unread bytes: buf[start..end) */
	size_t end;
	bool eof;
	int error;		/* exit status, 0 while all is well */
};

/* Open @path ("-": stdin). Returns an exit status. */
int lines_open(struct lines *l, const char *path);

/*
 * The next line, its newline replaced by a NUL, its length in @len. NULL at
 * the end or after an error, which is said: look at lines.error.
 */
char *lines_next(struct lines *l, size_t *len);

void lines_close(struct lines *l);

#endif /* _GOSTAT_LINES_H */
