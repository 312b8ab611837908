/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the trace of the scavenger.
 *
 * Each of its runs is a record of two or three lines,
 *
 *	scvg12: 4 MB released
 *	scvg12: inuse: 37, idle: 12, sys: 49, released: 8, consumed: 41 (MB)
 *	scvg12: time: 123.456789012, cause: forced, run: 4194304, ... (bytes)
 *
 * the first one only if memory was released. Where a reader was too slow there
 * is, between records, a line
 *
 *	scvg: 7 records lost
 */
#ifndef _GOSTAT_SCVG_H
#define _GOSTAT_SCVG_H

#include "output.h"

enum scvg_line {
	SCVG_PART,		/* there is more of the record to come */
	SCVG_RECORD,		/* its last line */
	SCVG_LOST,
	SCVG_BAD,		/* no line of a trace, or not in this place */
};

struct scvg {
	enum { SCVG_NONE, SCVG_RELEASED, SCVG_SUMMARY } seen;	/* of a record */
	u64 number;		/* of that record */
	bool released;		/* it has the first line */
	u64 lost;
	struct json_object *record;	/* NULL while none is complete */
};

/*
 * Take the next line. A record is its number, its time as time_ns, and the
 * figures of its last line by their names there.
 */
enum scvg_line scvg_line(struct scvg *s, char *line);
void scvg_free(struct scvg *s);

#endif /* _GOSTAT_SCVG_H */
