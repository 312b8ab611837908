/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: the subcommands, one file each (cmd_*.c). A new one is
 * declared here and listed in main.c.
 */
#ifndef _GOSTAT_COMMANDS_H
#define _GOSTAT_COMMANDS_H

#include "opts.h"

extern const struct command cmd_stats;
extern const struct command cmd_classes;
extern const struct command cmd_arenas;
extern const struct command cmd_watch;
extern const struct command cmd_verify;
extern const struct command cmd_scavenge;
extern const struct command cmd_trace;
extern const struct command cmd_export;
extern const struct command cmd_plot;
extern const struct command cmd_replay;
extern const struct command cmd_record;

#endif /* _GOSTAT_COMMANDS_H */
