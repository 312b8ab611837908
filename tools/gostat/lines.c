// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: lines of a text file, plain or gzip.
 *
 * zlib's gzread() takes plain files as they are. It hands out the part of a
 * cut-off gzip file that is there and reports the rest only when asked, so
 * every end of file is checked. A plain file that was cut off inside its last
 * line is known by the missing newline.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lines.h"

#define LINES_BUFFER	(256 * 1024)	/* also the longest line */

/* Compressions that people use and zlib does not know. */
static const struct {
	const char *magic;
	size_t len;
	const char *name;
	const char *tool;
} lines_foreign[] = {
	{ "\x28\xb5\x2f\xfd", 4, "zstd", "zstd -dc" },
	{ "\xfd\x37zXZ", 5, "xz", "xz -dc" },
	{ "BZh", 3, "bzip2", "bzip2 -dc" },
};

int lines_open(struct lines *l, const char *path)
{
	bool standard = !strcmp(path, "-");
	struct stat st;
	int fd;

	memset(l, 0, sizeof(*l));
	l->path = standard ? "standard input" : path;
	fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return tool_error(TOOL_FAIL, "%s: %s", l->path, strerror(errno));
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		close(fd);
		return tool_error(TOOL_FAIL, "%s: is a directory, a trace file is needed",
				  l->path);
	}
	l->file = gzdopen(fd, "r");
	if (!l->file) {
		close(fd);
		return tool_error(TOOL_FAIL, "%s: out of memory", l->path);
	}
	gzbuffer(l->file, LINES_BUFFER);
	l->buf = tool_alloc(LINES_BUFFER + 1, 1);
	return TOOL_OK;
}

static void lines_bad(struct lines *l)
{
	const char *text;
	int error;

	text = gzerror(l->file, &error);
	if (error == Z_ERRNO)
		l->error = tool_error(TOOL_FAIL, "%s: %s", l->path, strerror(errno));
	else if (error == Z_BUF_ERROR)
		l->error = tool_error(TOOL_FAIL, "%s: the gzip file is cut off after line %llu",
				      l->path, l->number);
	else
		l->error = tool_error(TOOL_FAIL, "%s: gzip damage after line %llu: %s",
				      l->path, l->number, text);
}

/* Get more bytes behind those that are left. */
static void lines_fill(struct lines *l)
{
	size_t i;
	int n, error;

	memmove(l->buf, l->buf + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	if (l->end == LINES_BUFFER) {
		l->error = tool_error(TOOL_FAIL, "%s:%llu: no line is that long: not a text file",
				      l->path, l->number + 1);
		return;
	}
	n = gzread(l->file, l->buf + l->end, LINES_BUFFER - l->end);
	gzerror(l->file, &error);
	if (n < 0 || (!n && error != Z_OK)) {
		lines_bad(l);
		return;
	}
	l->end += n;
	l->eof = !n;
	if (l->number || (size_t)n != l->end)
		return;
	for (i = 0; i < ARRAY_SIZE(lines_foreign); i++) {
		if (l->end >= lines_foreign[i].len &&
		    !memcmp(l->buf, lines_foreign[i].magic, lines_foreign[i].len))
			l->error = tool_error(TOOL_FAIL,
					      "%s: is %s, not gzip or plain text: use '%s FILE | gostat ... -'",
					      l->path, lines_foreign[i].name,
					      lines_foreign[i].tool);
	}
}

char *lines_next(struct lines *l, size_t *len)
{
	char *line, *end;

	while (!l->error) {
		line = l->buf + l->start;
		end = memchr(line, '\n', l->end - l->start);
		if (end) {
			*end = 0;
			*len = end - line;
			l->start += *len + 1;
			l->number++;
			return line;
		}
		if (!l->eof) {
			lines_fill(l);
			continue;
		}
		if (l->start != l->end)
			l->error = tool_error(TOOL_FAIL,
					      "%s:%llu: no end of line: the file is cut off",
					      l->path, l->number + 1);
		break;
	}
	return NULL;
}

void lines_close(struct lines *l)
{
	if (l->file)
		gzclose(l->file);
	free(l->buf);
	l->file = NULL;
	l->buf = NULL;
}
