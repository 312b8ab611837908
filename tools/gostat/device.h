/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: /dev/gostat.
 */
#ifndef _GOSTAT_DEVICE_H
#define _GOSTAT_DEVICE_H

#include <linux/gostat.h>

#include "tool.h"

struct device {
	int fd;
	struct gostat_ioc_info info;
};

/* GOSTAT_DEVICE in the environment puts it elsewhere. */
const char *device_path(void);

/* Open and ask INFO. Returns an exit status; what is wrong is said. */
int device_open(struct device *dev);

/*
 * Allocate @count objects of @bytes[] each, or free those of @handles[].
 * Returns how many were done, in order; fewer than @count: errno says why.
 */
u32 device_alloc(const struct device *dev, u32 count, const u64 *bytes, u32 *handles,
		 u32 flags);
u32 device_free(const struct device *dev, u32 count, const u32 *handles);

/* A forced run of the scavenger. Returns an exit status; what is wrong is said. */
int device_scavenge(const struct device *dev, u64 *released);

/* Frees every object that is left. */
void device_close(struct device *dev);

#endif /* _GOSTAT_DEVICE_H */
