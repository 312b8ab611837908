/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: what a replay prints, as text and as JSON.
 */
#ifndef _GOSTAT_REPORT_H
#define _GOSTAT_REPORT_H

#include "output.h"
#include "replay.h"

void report_trace(const struct trace *trace, const struct trace_figures *figures);
void report_trace_memory(const struct trace_figures *figures);
void report_replay(const struct replay *r, bool classes);

struct json_object *report_trace_json(const struct trace *trace,
				      const struct trace_figures *figures);
struct json_object *report_replay_json(const struct replay *r);

#endif /* _GOSTAT_REPORT_H */
