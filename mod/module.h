/* SPDX-License-Identifier: GPL-2.0 */
/*
 * module - the one heap that the module owns. Only api.c and main.c know it;
 * everything else is given the heap it works on.
 */
#ifndef _GS_MODULE_H
#define _GS_MODULE_H

#include <linux/percpu.h>

#include "heap.h"

extern struct gs_heap gs_module_heap;
DECLARE_PER_CPU(struct gs_cpu, gs_module_cpu);

#endif /* _GS_MODULE_H */
