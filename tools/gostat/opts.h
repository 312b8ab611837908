/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: a subcommand's texts and options as one table, from
 * which both getopt_long() and the help page are fed.
 */
#ifndef _GOSTAT_OPTS_H
#define _GOSTAT_OPTS_H

#include "tool.h"

/* Ids of options without a letter start here; smaller ids are the letter. */
#define OPT_LONG_ONLY	256

/* The two options that every subcommand has; then { 0 } ends its table. */
#define OPTS_JSON { 'j', "json", NULL, "Print one JSON object instead of text." }
#define OPTS_HELP { 'h', "help", NULL, "Print this page." }

struct opt {
	int id;
	const char *name;
	const char *arg;	/* name of the argument, "[X]" if it may be left out */
	const char *help;	/* lines of at most 68 characters */
};

struct command {
	const char *name;
	const char *summary;	/* one line, no full stop */
	const char *operands;	/* as in a synopsis */
	int min_operands;
	int max_operands;	/* negative: any number */
	bool options_first;	/* the first operand ends the options */
	const char *description;
	const struct opt *opts;
	const char *more;	/* further sections: examples, files, ... */
	int (*run)(const struct command *cmd, int argc, char **argv);
};

/* Returned by opts_parse() when the subcommand should go on. */
#define OPTS_GO	(-1)

/**
 * opts_parse() - read a subcommand's command line
 * @cmd: the subcommand
 * @argc: in: main()'s; out: number of operands
 * @argv: in: main()'s, the subcommand's name first; out: the operands
 * @set: takes one option; returns OPTS_GO or an exit status
 * @ctx: for @set
 *
 * Return: OPTS_GO, or the exit status to end with; all is said already.
 */
int opts_parse(const struct command *cmd, int *argc, char ***argv,
	       int (*set)(void *ctx, int id, const char *arg), void *ctx);

/* Print the page of @cmd to stdout. */
void opts_help(const struct command *cmd);

/*
 * Parse a count: digits, with k, M or G for powers of 1000 at the end. On
 * failure says so for option --@name and returns a usage exit status.
 */
int opts_count(const char *name, const char *text, u64 *value);

/* As opts_count() for seconds, which may have a fraction; @name as it is told. */
int opts_seconds(const char *name, const char *text, double *value);

/*
 * Index of the one of @n names that @word was probably meant to be, or -1.
 * @stride is the distance in bytes from one name pointer to the next.
 */
int opts_nearest(const char *word, const void *names, size_t n, size_t stride);

#endif /* _GOSTAT_OPTS_H */
