// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the trace of the scavenger.
 *
 * What a record says in megabytes its last line says exactly; the lines before
 * it are checked for their form only.
 */
#include <string.h>

#include "scvg.h"

static const char *const scvg_numbers[] = {
	"time_ns", "run", "whole", "ns", "inuse", "idle", "sys", "released", "consumed",
};

static bool scvg_lost(struct scvg *s, const char *line)
{
	int end = 0;

	return sscanf(line, "scvg: %llu records lost%n", &s->lost, &end) == 1 && end &&
	       !line[end];
}

static bool scvg_released(const char *text)
{
	u64 mb;
	int end = 0;

	return sscanf(text, "%llu MB released%n", &mb, &end) == 1 && end && !text[end];
}

static bool scvg_summary(const char *text)
{
	u64 mb[5];
	int end = 0;

	return sscanf(text,
		      "inuse: %llu, idle: %llu, sys: %llu, released: %llu, consumed: %llu (MB)%n",
		      &mb[0], &mb[1], &mb[2], &mb[3], &mb[4], &end) == 5 && end && !text[end];
}

/* Seconds with nine digits behind the point: a real number has not so many. */
static bool scvg_time(struct json_object *record, const char *text)
{
	char digits[10];
	u64 seconds, ns;
	int end = 0;

	if (sscanf(text, "%llu.%9[0-9]%n", &seconds, digits, &end) != 2 || !end || text[end] ||
	    strlen(digits) != 9 || !tool_u64(digits, &ns))
		return false;
	js_u64(record, "time_ns", seconds * 1000000000 + ns);
	return true;
}

static bool scvg_member(struct json_object *record, char *pair)
{
	char *value = strstr(pair, ": ");

	if (!value)
		return false;
	*value = 0;
	value += 2;
	if (!strcmp(pair, "time"))
		return scvg_time(record, value);
	js_value(record, pair, value);
	return true;
}

static bool scvg_complete(const struct json_object *record)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scvg_numbers); i++)
		if (!js_has(record, scvg_numbers[i]))
			return false;
	return json_object_is_type(js_member(record, "cause"), json_type_string);
}

/* All pairs of the last line: who does not know one lets it through. */
static bool scvg_figures(struct json_object *record, char *text)
{
	char *end = strstr(text, " (bytes)"), *next;

	if (!end || end[strlen(" (bytes)")])
		return false;
	*end = 0;
	for (; text; text = next) {
		next = strstr(text, ", ");
		if (next) {
			*next = 0;
			next += 2;
		}
		if (!scvg_member(record, text))
			return false;
	}
	return scvg_complete(record);
}

static bool scvg_last(struct scvg *s, char *text)
{
	scvg_free(s);
	s->record = js_object();
	js_u64(s->record, "number", s->number);
	return scvg_figures(s->record, text) &&
	       s->released == (js_number(s->record, "run") > 0);
}

/* @text is what follows the number. */
static enum scvg_line scvg_part(struct scvg *s, u64 number, char *text)
{
	if (s->seen == SCVG_NONE) {
		s->number = number;
		s->released = scvg_released(text);
		s->seen = s->released ? SCVG_RELEASED : SCVG_SUMMARY;
		return s->released || scvg_summary(text) ? SCVG_PART : SCVG_BAD;
	}
	if (number != s->number)
		return SCVG_BAD;
	if (s->seen == SCVG_RELEASED) {
		s->seen = SCVG_SUMMARY;
		return scvg_summary(text) ? SCVG_PART : SCVG_BAD;
	}
	s->seen = SCVG_NONE;
	return scvg_last(s, text) ? SCVG_RECORD : SCVG_BAD;
}

enum scvg_line scvg_line(struct scvg *s, char *line)
{
	int end = 0;
	u64 number;

	if (s->seen == SCVG_NONE && scvg_lost(s, line))
		return SCVG_LOST;
	if (sscanf(line, "scvg%llu: %n", &number, &end) != 1 || !end)
		return SCVG_BAD;
	return scvg_part(s, number, line + end);
}

void scvg_free(struct scvg *s)
{
	json_object_put(s->record);
	s->record = NULL;
}
