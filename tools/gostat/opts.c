// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: options, help pages, "did you mean".
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts.h"

#define MAX_OPTS	32
#define MAX_WORD	32

/* Edit distance of two words, the swap of neighbours counted as one edit. */
static int opts_distance(const char *a, const char *b)
{
	int d[MAX_WORD + 1][MAX_WORD + 1];
	int i, j, la = strlen(a), lb = strlen(b);

	if (la > MAX_WORD || lb > MAX_WORD)
		return MAX_WORD;
	for (i = 0; i <= la; i++)
		d[i][0] = i;
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++) {
		for (j = 1; j <= lb; j++) {
			d[i][j] = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			d[i][j] = min(d[i][j], d[i - 1][j] + 1);
			d[i][j] = min(d[i][j], d[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[la][lb];
}

int opts_nearest(const char *word, const void *names, size_t n, size_t stride)
{
	int best = -1, best_distance = 3;	/* 3 edits make another word */
	size_t i;

	for (i = 0; i < n; i++) {
		const char *name = *(const char *const *)((const char *)names + i * stride);
		int distance = opts_distance(word, name);

		/* A word of two letters is two edits from every other one. */
		if (distance < best_distance && distance < (int)strlen(name)) {
			best = i;
			best_distance = distance;
		}
	}
	return best;
}

static size_t opts_number(const struct command *cmd)
{
	size_t n = 0;

	while (cmd->opts[n].name)
		n++;
	return n;
}

static void opts_indented(const char *text, int indent)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len)
			printf("%*s%.*s", indent, "", (int)len, text);
		putchar('\n');
		text += len + (text[len] == '\n');
	}
}

void opts_help(const struct command *cmd)
{
	const struct opt *opt;

	printf("NAME\n    gostat %s - %s\n\n", cmd->name, cmd->summary);
	printf("SYNOPSIS\n    gostat %s [OPTION]...%s%s\n\n", cmd->name,
	       *cmd->operands ? " " : "", cmd->operands);
	printf("DESCRIPTION\n");
	opts_indented(cmd->description, 4);
	printf("\nOPTIONS\n");
	for (opt = cmd->opts; opt->name; opt++) {
		if (opt->id < OPT_LONG_ONLY)
			printf("    -%c, --%s", opt->id, opt->name);
		else
			printf("    --%s", opt->name);
		if (opt->arg && opt->arg[0] == '[')
			printf("[=%s\n", opt->arg + 1);
		else if (opt->arg)
			printf("=%s\n", opt->arg);
		else
			putchar('\n');
		opts_indented(opt->help, 8);
	}
	if (cmd->more) {
		putchar('\n');
		fputs(cmd->more, stdout);
	}
	printf("\nSEE ALSO\n    gostat --help: exit statuses, environment, all commands\n");
}

/* The option word at fault as the user wrote it, without a value. */
static void opts_word(char *word, size_t size, const char *arg)
{
	size_t len = strcspn(arg, "=");

	snprintf(word, size, "%.*s", (int)min(len, size - 1), arg);
}

static int opts_unknown(const struct command *cmd, const char *arg)
{
	size_t i, matches = 0;
	char word[64];
	int nearest;

	if (strncmp(arg, "--", 2)) {
		return tool_error(TOOL_USAGE, "%s: unknown option '-%c': see 'gostat %s --help'",
				  cmd->name, optopt, cmd->name);
	}
	opts_word(word, sizeof(word), arg);
	for (i = 0; cmd->opts[i].name; i++) {
		if (!strcmp(cmd->opts[i].name, word + 2))
			return tool_error(TOOL_USAGE, "%s: option '%s' takes no value",
					  cmd->name, word);
		matches += !strncmp(cmd->opts[i].name, word + 2, strlen(word + 2));
	}
	if (matches > 1)
		return tool_error(TOOL_USAGE, "%s: option '%s' is ambiguous: write it out",
				  cmd->name, word);
	nearest = opts_nearest(word + 2, &cmd->opts[0].name, opts_number(cmd),
			       sizeof(cmd->opts[0]));
	if (nearest < 0)
		return tool_error(TOOL_USAGE, "%s: unknown option '%s': see 'gostat %s --help'",
				  cmd->name, word, cmd->name);
	return tool_error(TOOL_USAGE, "%s: unknown option '%s': did you mean '--%s'?",
			  cmd->name, word, cmd->opts[nearest].name);
}

static int opts_operands(const struct command *cmd, int n, char **operands)
{
	if (n < cmd->min_operands)
		return tool_error(TOOL_USAGE, "%s: %s is missing: see 'gostat %s --help'",
				  cmd->name, cmd->operands, cmd->name);
	if (cmd->max_operands >= 0 && n > cmd->max_operands)
		return tool_error(TOOL_USAGE, "%s: unexpected '%s': see 'gostat %s --help'",
				  cmd->name, operands[cmd->max_operands], cmd->name);
	return OPTS_GO;
}

int opts_parse(const struct command *cmd, int *argc, char ***argv,
	       int (*set)(void *ctx, int id, const char *arg), void *ctx)
{
	struct option longs[MAX_OPTS + 1] = { 0 };
	char letters[2 + 3 * MAX_OPTS + 1], *l = letters;
	size_t i, n = opts_number(cmd);
	int id, status;

	if (cmd->options_first)
		*l++ = '+';
	*l++ = ':';
	for (i = 0; i < n && i < MAX_OPTS; i++) {
		const struct opt *opt = &cmd->opts[i];

		longs[i].name = opt->name;
		longs[i].val = opt->id;
		if (!opt->arg)
			longs[i].has_arg = no_argument;
		else
			longs[i].has_arg = opt->arg[0] == '[' ? optional_argument :
								required_argument;
		if (opt->id < OPT_LONG_ONLY) {
			*l++ = opt->id;
			if (opt->arg)
				*l++ = ':';
			if (opt->arg && opt->arg[0] == '[')
				*l++ = ':';
		}
	}
	*l = 0;

	opterr = 0;
	optind = 0;
	while ((id = getopt_long(*argc, *argv, letters, longs, NULL)) != -1) {
		switch (id) {
		case 'h':
			opts_help(cmd);
			return TOOL_OK;
		case ':':
			return tool_error(TOOL_USAGE, "%s: option '%s' needs a value",
					  cmd->name, (*argv)[optind - 1]);
		case '?':
			return opts_unknown(cmd, (*argv)[optind - 1]);
		default:
			status = set(ctx, id, optarg);
			if (status != OPTS_GO)
				return status;
		}
	}
	*argc -= optind;
	*argv += optind;
	return opts_operands(cmd, *argc, *argv);
}

int opts_count(const char *name, const char *text, u64 *value)
{
	static const char units[] = "kMG";
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || errno)
		goto bad;
	if (*end) {
		unit = strchr(units, *end == 'K' ? 'k' : *end);
		if (!unit || end[1])
			goto bad;
		do {
			if (__builtin_mul_overflow(n, 1000ULL, &n))
				goto bad;
		} while (unit-- != units);
	}
	*value = n;
	return OPTS_GO;
bad:
	return tool_error(TOOL_USAGE, "--%s: '%s' is not a number (may end in k, M or G)",
			  name, text);
}

int opts_seconds(const char *name, const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (end == text || *end || !isfinite(*value) || *value < 0)
		return tool_error(TOOL_USAGE, "%s: '%s' is not a number of seconds",
				  name, text);
	return OPTS_GO;
}
