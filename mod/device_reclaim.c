// SPDX-License-Identifier: GPL-2.0
/*
 * device_reclaim - commands that give memory back and limit what is held.
 *
 * They are about the whole heap, not about one open file: whoever was handed a
 * file may not use them unless he is the administrator himself.
 */
#include <linux/capability.h>
#include <gostat/scavenge.h>

#include "device.h"

/**
 * gs_ioc_scavenge() - GOSTAT_IOC_SCAVENGE
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_scavenge(struct gs_command *cmd)
{
	struct gostat_ioc_scavenge *req = &cmd->scavenge;

	if (req->flags)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	req->size = cmd->user_size;
	req->released = gostat_scavenge();
	return gs_device_respond(cmd, sizeof(*req));
}

/**
 * gs_ioc_limits() - GOSTAT_IOC_LIMITS
 * @cmd: the command
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno.
 */
int gs_ioc_limits(struct gs_command *cmd)
{
	struct gostat_ioc_limits *req = &cmd->limits;

	if (req->flags & ~(GOSTAT_LIMIT_SOFT | GOSTAT_LIMIT_HARD))
		return -EINVAL;
	if (req->flags && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (req->flags & GOSTAT_LIMIT_SOFT)
		gostat_set_memory_limit(req->memory_limit);
	if (req->flags & GOSTAT_LIMIT_HARD)
		gostat_set_memory_limit_hard(req->memory_limit_hard);
	req->size = cmd->user_size;
	req->memory_limit = gostat_memory_limit();
	req->memory_limit_hard = gostat_memory_limit_hard();
	return gs_device_respond(cmd, sizeof(*req));
}
