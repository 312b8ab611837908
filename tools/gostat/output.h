/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gostat, the command: numbers as people read them, tables, JSON, and the care
 * that what was printed has arrived.
 */
#ifndef _GOSTAT_OUTPUT_H
#define _GOSTAT_OUTPUT_H

#include <json-c/json.h>
#include <stdio.h>

#include "tool.h"

/* Room for any number as text. */
#define OUT_NUMBER	32

/* 1234567 as "1,234,567"; returns @text. */
char *out_count(char *text, u64 n);
/* 1234567 as "1.18 MiB". */
char *out_bytes(char *text, u64 n);
/* 1234567 as "1.23 ms". */
char *out_time(char *text, u64 ns);
/* @part / @whole as "1.234", "-" if @whole is 0. */
char *out_ratio(char *text, double part, double whole);

/* Is standard output a terminal, and of what size? 80 x 24 if it does not say. */
bool out_terminal(unsigned int *columns, unsigned int *rows);

/*
 * Print @text, which has spaces only, wrapped and indented behind a label of
 * @indent columns that is printed already.
 */
void out_wrapped(const char *text, int indent);

/*
 * A table in memory, so that columns fit their contents. Cells are given row
 * by row, left to right; a column whose head starts with '<' is left-aligned.
 */
struct out_table {
	unsigned int columns;
	size_t cells;
	size_t room;
	char **cell;
};

void out_table_init(struct out_table *t, unsigned int columns, const char *const *heads);
[[gnu::format(printf, 2, 3)]]
void out_cell(struct out_table *t, const char *fmt, ...);
void out_cell_text(struct out_table *t, const char *text);	/* of any length */
void out_cell_count(struct out_table *t, u64 n);
/* Print with @indent spaces before each line, a rule before the last @totals rows; frees. */
void out_table_print(struct out_table *t, int indent, unsigned int totals);

/* JSON objects whose members cannot fail to be added. */
struct json_object *js_object(void);
struct json_object *js_array(void);
void js_add(struct json_object *o, const char *key, struct json_object *value);
void js_append(struct json_object *array, struct json_object *value);
void js_u64(struct json_object *o, const char *key, u64 value);
void js_real(struct json_object *o, const char *key, double value);
/* A number that is to be printed as @text, which is one. */
void js_real_text(struct json_object *o, const char *key, const char *text);
void js_bool(struct json_object *o, const char *key, bool value);
void js_string(struct json_object *o, const char *key, const char *value);
/* A number if @text is one: then it is not quoted. */
void js_value(struct json_object *o, const char *key, const char *text);
/* Values by themselves, for arrays. */
struct json_object *js_count(u64 value);
struct json_object *js_text(const char *value);
/* Write, or print to stdout, or on one line of it; and free. */
void js_write(FILE *out, struct json_object *o);
void js_print(struct json_object *o);
void js_print_line(struct json_object *o);
/* The JSON object that @text is; NULL if it is none. */
struct json_object *js_parse(const char *text);
/* Member @key if it is a number (0 if not), or of any kind (NULL if not there). */
bool js_has(const struct json_object *o, const char *key);
u64 js_number(const struct json_object *o, const char *key);
struct json_object *js_member(const struct json_object *o, const char *key);
/* @o, counted once more, so that it can be a member of two objects. */
struct json_object *js_shared(struct json_object *o);

/* At the start: see that descriptors 0 to 2 are taken. */
void out_start(void);
/* At the end: the exit status, @status unless output was lost. */
int out_finish(int status);

#endif /* _GOSTAT_OUTPUT_H */
