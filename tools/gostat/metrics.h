/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: metrics as monitoring systems want them.
 *
 * A metric is a name with a type, a unit and a help text, and samples that
 * differ in the value of one label. Names are without _total, which the
 * writers add to samples of counters.
 */
#ifndef _GOSTAT_METRICS_H
#define _GOSTAT_METRICS_H

#include <stdio.h>

#include "output.h"

enum metric_type { METRIC_UNKNOWN, METRIC_GAUGE, METRIC_COUNTER };

enum metric_format { METRICS_OPENMETRICS, METRICS_PROMETHEUS, METRICS_JSON };

struct metric_sample {
	const char *label;	/* NULL: the only sample */
	char *value;		/* of the label */
	u64 number;		/* of seconds: nanoseconds, of a ratio: millionths */
};

struct metric {
	char *name;
	enum metric_type type;
	const char *unit;	/* NULL: none; else @name ends with it */
	char *help;
	struct metric_sample *sample;
	size_t samples;
};

struct metrics {
	struct metric *metric;
	size_t nr;
};

/*
 * A new metric; @name gets "gostat_" before it. The pointer is good until the
 * next one is added.
 */
struct metric *metrics_add(struct metrics *m, const char *name, enum metric_type type,
			   const char *unit, const char *help);
void metric_sample(struct metric *metric, const char *label, const char *value, u64 number);

void metrics_write(FILE *out, const struct metrics *m, enum metric_format format);
void metrics_free(struct metrics *m);

#endif /* _GOSTAT_METRICS_H */
