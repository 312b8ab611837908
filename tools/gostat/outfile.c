// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: a file that is there whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"

/* mkstemp() makes files for their owner alone; this one is as any other. */
static mode_t outfile_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

int outfile_open(struct outfile *out, const char *path)
{
	struct stat st;
	int fd;

	out->path = path;
	out->file = NULL;
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return tool_error(TOOL_FAIL, "%s: is no file that could be replaced", path);
	if (snprintf(out->part, sizeof(out->part), "%s.XXXXXX", path) >= PATH_MAX)
		return tool_error(TOOL_FAIL, "%s: %s", path, strerror(ENAMETOOLONG));
	fd = mkostemp(out->part, O_CLOEXEC);
	if (fd < 0)
		return tool_error(TOOL_FAIL, "%s: %s", path, strerror(errno));
	fchmod(fd, outfile_mode());
	out->file = fdopen(fd, "w");
	if (out->file)
		return TOOL_OK;
	close(fd);
	unlink(out->part);
	return tool_error(TOOL_FAIL, "%s: out of memory", path);
}

int outfile_close(struct outfile *out)
{
	bool lost = ferror(out->file);

	if (!fclose(out->file) && !lost && !rename(out->part, out->path)) {
		out->file = NULL;
		return TOOL_OK;
	}
	tool_error(TOOL_FAIL, "%s: %s", out->path, strerror(errno));
	unlink(out->part);
	out->file = NULL;
	return TOOL_FAIL;
}

void outfile_drop(struct outfile *out)
{
	if (!out->file)
		return;
	fclose(out->file);
	unlink(out->part);
	out->file = NULL;
}
