// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: /dev/gostat.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"

const char *device_path(void)
{
	const char *path = getenv("GOSTAT_DEVICE");

	return path && *path ? path : "/dev/gostat";
}

int device_open(struct device *dev)
{
	const char *path = device_path();

	memset(&dev->info, 0, sizeof(dev->info));
	dev->fd = open(path, O_RDWR | O_CLOEXEC);
	if (dev->fd < 0) {
		switch (errno) {
		case ENOENT:
		case ENXIO:
		case ENODEV:
			return tool_error(TOOL_NO_MODULE,
					  "%s: not there: load the module with 'insmod gostat.ko' or run 'make shell'",
					  path);
		case EACCES:
		case EPERM:
			return tool_error(TOOL_FAIL, "%s: %s: run gostat as root",
					  path, strerror(errno));
		default:
			return tool_error(TOOL_FAIL, "%s: %s", path, strerror(errno));
		}
	}
	dev->info.size = sizeof(dev->info);
	if (ioctl(dev->fd, GOSTAT_IOC_INFO, &dev->info)) {
		int error = errno;

		device_close(dev);
		if (error == ENOTTY)
			return tool_error(TOOL_FAIL, "%s: is not the gostat device", path);
		return tool_error(TOOL_FAIL, "%s: INFO: %s", path, strerror(error));
	}
	if (!(dev->info.features & GOSTAT_FEATURE_BATCH) || !dev->info.max_batch) {
		device_close(dev);
		return tool_error(TOOL_FAIL, "%s: this module has no batched calls", path);
	}
	return TOOL_OK;
}

u32 device_alloc(const struct device *dev, u32 count, const u64 *bytes, u32 *handles,
		 u32 flags)
{
	struct gostat_ioc_alloc_batch batch = {
		.size = sizeof(batch),
		.flags = flags,
		.sizes = (uintptr_t)bytes,
		.handles = (uintptr_t)handles,
		.count = count,
	};

	ioctl(dev->fd, GOSTAT_IOC_ALLOC_BATCH, &batch);
	return batch.done;
}

u32 device_free(const struct device *dev, u32 count, const u32 *handles)
{
	struct gostat_ioc_free_batch batch = {
		.size = sizeof(batch),
		.handles = (uintptr_t)handles,
		.count = count,
	};

	ioctl(dev->fd, GOSTAT_IOC_FREE_BATCH, &batch);
	return batch.done;
}

int device_scavenge(const struct device *dev, u64 *released)
{
	struct gostat_ioc_scavenge run = { .size = sizeof(run) };

	if (!ioctl(dev->fd, GOSTAT_IOC_SCAVENGE, &run)) {
		*released = run.released;
		return TOOL_OK;
	}
	switch (errno) {
	case ENOTTY:
		return tool_error(TOOL_FAIL,
				  "%s: this module has no scavenger: load one as new as this command",
				  device_path());
	case EPERM:
		return tool_error(TOOL_FAIL, "%s: %s: run gostat as root", device_path(),
				  strerror(errno));
	default:
		return tool_error(TOOL_FAIL, "%s: SCAVENGE: %s", device_path(),
				  strerror(errno));
	}
}

void device_close(struct device *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
}
