// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: numbers, tables, JSON, and output that is not lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"

#define WRAP_COLUMNS	79

char *out_count(char *text, u64 n)
{
	char digits[OUT_NUMBER];
	int len = snprintf(digits, sizeof(digits), "%llu", n);
	char *t = text;
	int i;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*t++ = ',';
		*t++ = digits[i];
	}
	*t = 0;
	return text;
}

char *out_bytes(char *text, u64 n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned int unit = 0;
	double value = n;

	while (value >= 1024 && unit < ARRAY_SIZE(units) - 1) {
		value /= 1024;
		unit++;
	}
	if (!unit)
		snprintf(text, OUT_NUMBER, "%llu B", n);
	else
		snprintf(text, OUT_NUMBER, "%.2f %s", value, units[unit]);
	return text;
}

char *out_time(char *text, u64 ns)
{
	if (ns < 1000)
		snprintf(text, OUT_NUMBER, "%llu ns", ns);
	else if (ns < 1000000)
		snprintf(text, OUT_NUMBER, "%.2f us", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, OUT_NUMBER, "%.2f ms", ns / 1e6);
	else
		snprintf(text, OUT_NUMBER, "%.2f s", ns / 1e9);
	return text;
}

char *out_ratio(char *text, double part, double whole)
{
	if (whole)
		snprintf(text, OUT_NUMBER, "%.3f", part / whole);
	else
		snprintf(text, OUT_NUMBER, "-");
	return text;
}

bool out_terminal(unsigned int *columns, unsigned int *rows)
{
	struct winsize size = { 0 };

	*columns = WRAP_COLUMNS + 1;
	*rows = 24;
	if (!isatty(STDOUT_FILENO))
		return false;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (size.ws_col)
		*columns = size.ws_col;
	if (size.ws_row)
		*rows = size.ws_row;
	return true;
}

void out_wrapped(const char *text, int indent)
{
	int column = indent;

	while (*text) {
		int len = strcspn(text, " ");

		if (column > indent && column + 1 + len > WRAP_COLUMNS) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

void out_table_init(struct out_table *t, unsigned int columns, const char *const *heads)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	t->columns = columns;
	for (i = 0; i < columns; i++)
		out_cell(t, "%s", heads[i]);
}

void out_cell_text(struct out_table *t, const char *text)
{
	if (t->cells == t->room) {
		t->room = 2 * t->room + 64;
		t->cell = tool_grow(t->cell, t->room, sizeof(*t->cell));
	}
	t->cell[t->cells++] = tool_strdup(text);
}

void out_cell(struct out_table *t, const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	out_cell_text(t, text);
}

void out_cell_count(struct out_table *t, u64 n)
{
	char text[OUT_NUMBER];

	out_cell(t, "%s", out_count(text, n));
}

void out_table_print(struct out_table *t, int indent, unsigned int totals)
{
	int *width = tool_alloc(t->columns, sizeof(*width));
	size_t i, rows = t->cells / t->columns;
	unsigned int c;
	int all = 0;

	for (i = 0; i < t->cells; i++) {
		const char *text = t->cell[i];
		int len = strlen(text) - (i < t->columns && text[0] == '<');

		c = i % t->columns;
		width[c] = max(width[c], len);
	}
	for (c = 0; c < t->columns; c++)
		all += width[c] + (c ? 2 : 0);
	for (i = 0; i < t->cells; i++) {
		const char *text = t->cell[i];
		bool left, last;

		c = i % t->columns;
		last = c == t->columns - 1;
		left = t->cell[c][0] == '<';
		if (!c && totals && i / t->columns == rows - totals) {
			printf("%*s", indent, "");
			while (all-- > 0)
				putchar('-');
			putchar('\n');
		}
		if (left && i < t->columns)
			text++;
		if (!last || *text)		/* no spaces at the end of a line */
			printf("%*s", c ? 2 : indent, "");
		if (last && left)
			printf("%s", text);
		else if (!last || *text)
			printf("%*s", left ? -width[c] : width[c], text);
		if (last)
			putchar('\n');
	}
	for (i = 0; i < t->cells; i++)
		free(t->cell[i]);
	free(t->cell);
	free(width);
	memset(t, 0, sizeof(*t));
}

static struct json_object *js_checked(struct json_object *o)
{
	if (!o)
		exit(tool_error(TOOL_FAIL, "out of memory"));
	return o;
}

struct json_object *js_object(void)
{
	return js_checked(json_object_new_object());
}

struct json_object *js_array(void)
{
	return js_checked(json_object_new_array());
}

void js_add(struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add(o, key, value))
		js_checked(NULL);
}

void js_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		js_checked(NULL);
}

struct json_object *js_count(u64 value)
{
	return js_checked(json_object_new_uint64(value));
}

struct json_object *js_text(const char *value)
{
	return js_checked(json_object_new_string(value));
}

void js_u64(struct json_object *o, const char *key, u64 value)
{
	js_add(o, key, js_count(value));
}

void js_real_text(struct json_object *o, const char *key, const char *text)
{
	js_add(o, key, js_checked(json_object_new_double_s(strtod(text, NULL), text)));
}

void js_real(struct json_object *o, const char *key, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.6g", value);
	js_real_text(o, key, text);
}

void js_bool(struct json_object *o, const char *key, bool value)
{
	js_add(o, key, js_checked(json_object_new_boolean(value)));
}

void js_string(struct json_object *o, const char *key, const char *value)
{
	js_add(o, key, js_text(value));
}

void js_value(struct json_object *o, const char *key, const char *text)
{
	u64 value;

	if (tool_u64(text, &value))
		js_u64(o, key, value);
	else
		js_string(o, key, text);
}

static void js_put(FILE *out, struct json_object *o, int layout)
{
	const char *text = json_object_to_json_string_ext(o, layout | JSON_C_TO_STRING_SPACED |
							     JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		js_checked(NULL);
	fprintf(out, "%s\n", text);
	json_object_put(o);
}

void js_write(FILE *out, struct json_object *o)
{
	js_put(out, o, JSON_C_TO_STRING_PRETTY);
}

void js_print(struct json_object *o)
{
	js_write(stdout, o);
}

void js_print_line(struct json_object *o)
{
	js_put(stdout, o, 0);
}

struct json_object *js_parse(const char *text)
{
	struct json_object *o = json_tokener_parse(text);

	if (json_object_is_type(o, json_type_object))
		return o;
	json_object_put(o);
	return NULL;
}

struct json_object *js_member(const struct json_object *o, const char *key)
{
	struct json_object *member;

	return json_object_object_get_ex(o, key, &member) ? member : NULL;
}

bool js_has(const struct json_object *o, const char *key)
{
	return json_object_is_type(js_member(o, key), json_type_int);
}

u64 js_number(const struct json_object *o, const char *key)
{
	return js_has(o, key) ? json_object_get_uint64(js_member(o, key)) : 0;
}

struct json_object *js_shared(struct json_object *o)
{
	return json_object_get(o);
}

void out_start(void)
{
	int fd;

	/*
	 * If standard output is closed, the next open() would get its number,
	 * and the report would be written into the device. A descriptor that
	 * cannot be written takes the place, so that the loss is noticed.
	 */
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	/* A reader that went away is a write error like others, and cleanup follows. */
	signal(SIGPIPE, SIG_IGN);
}

int out_finish(int status)
{
	bool failed = ferror(stdout);

	if (fflush(stdout) || failed || (close(STDOUT_FILENO) && errno != EBADF)) {
		int lost = tool_error(TOOL_FAIL, "standard output: %s: the output is not complete",
				      strerror(errno));

		return status ? status : lost;
	}
	return status;
}
