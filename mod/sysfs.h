/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sysfs - the statistics of the module's heap in /sys/kernel/gostat/.
 *
 * What each file means is in Documentation/ABI/testing/sysfs-kernel-gostat.
 */
#ifndef _GS_SYSFS_H
#define _GS_SYSFS_H

#include <linux/types.h>

struct gs_heap;
struct kobject;

int gs_sysfs_init(struct gs_heap *heap);
void gs_sysfs_exit(void);
void gs_sysfs_forget(bool anybodys);
int gs_sysfs_add_scavenger(struct kobject *root, struct kobject *scavenger);

#endif /* _GS_SYSFS_H */
