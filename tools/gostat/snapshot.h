/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: all figures of the heap as of one cut.
 *
 * A snapshot is the JSON object that the module prints: cut, time_ns, the
 * totals, memory_classes, by_size. Members are found by name, so that a figure
 * this command does not know is shown and one the module does not have is left
 * out.
 */
#ifndef _GOSTAT_SNAPSHOT_H
#define _GOSTAT_SNAPSHOT_H

#include "output.h"

/* A snapshot. Returns an exit status; what is wrong is said. */
int snapshot_read(struct json_object **snapshot);

/* The same where debugfs can be read, NULL where not; no word about it. */
int snapshot_try(struct json_object **snapshot);

/* Bytes that gostat has from the page allocator: sys - heap_released. */
u64 snapshot_held(const struct json_object *snapshot);

#endif /* _GOSTAT_SNAPSHOT_H */
