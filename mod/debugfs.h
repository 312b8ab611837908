/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _GS_DEBUGFS_H
#define _GS_DEBUGFS_H

struct gs_heap;

/* arenas, of debugfs_arenas.c; i_private is the heap. */
extern const struct file_operations gs_arenas_fops;

/* The scavenger's records, of debugfs_scavtrace.c; the same. */
extern const struct file_operations gs_scavtrace_fops;
extern const struct file_operations gs_scavpipe_fops;

void gs_debugfs_init(struct gs_heap *heap);
void gs_debugfs_exit(void);

#endif /* _GS_DEBUGFS_H */
