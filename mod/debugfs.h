/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _GS_DEBUGFS_H
#define _GS_DEBUGFS_H

struct gs_heap;

void gs_debugfs_init(struct gs_heap *heap);
void gs_debugfs_exit(void);

#endif /* _GS_DEBUGFS_H */
