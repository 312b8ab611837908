/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: a recorded run, and how gnuplot is to draw it.
 */
#ifndef _GOSTAT_PLOT_H
#define _GOSTAT_PLOT_H

#include <stdio.h>

#include "tool.h"

/* What is drawn, all in bytes. */
enum plot_curve { PLOT_HELD, PLOT_LIVE, PLOT_RELEASED, PLOT_CURVES };

struct plot_point {
	double seconds;		/* since the first one */
	u64 bytes[PLOT_CURVES];
};

struct plot_run {
	struct plot_point *point;
	size_t nr;
};

/* The lines of 'gostat watch --json' in file @path. Returns an exit status. */
int plot_read(struct plot_run *run, const char *path);
void plot_free(struct plot_run *run);

enum plot_format { PLOT_SVG, PLOT_PNG };

struct plot_look {
	enum plot_format format;
	unsigned int width;	/* pixels */
	unsigned int height;
	const char *title;
};

/* A script for gnuplot that writes the picture to its standard output. */
void plot_script(FILE *out, const struct plot_run *run, const struct plot_look *look);

#endif /* _GOSTAT_PLOT_H */
