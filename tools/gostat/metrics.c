// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: metrics as monitoring systems want them.
 *
 *	https://prometheus.io/docs/specs/om/open_metrics_spec/
 *	https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * The two text formats differ in the name of a counter's metadata (without
 * _total in OpenMetrics, with it in Prometheus' own), in UNIT and EOF lines,
 * which the older one takes for comments, and in what an unknown type is
 * called. A metric of unknown type has no TYPE line, which both of them read as
 * that: node_exporter refuses a whole file for a type that it does not know.
 *
 * Help texts and names need no escapes: they are ours, or made of [a-z0-9_].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static const char *const type_names[] = { "unknown", "gauge", "counter" };

struct metric *metrics_add(struct metrics *m, const char *name, enum metric_type type,
			   const char *unit, const char *help)
{
	m->metric = tool_grow(m->metric, m->nr + 1, sizeof(*m->metric));
	m->metric[m->nr] = (struct metric) {
		.name = tool_format("gostat_%s", name), .type = type, .unit = unit,
		.help = tool_strdup(help),
	};
	return &m->metric[m->nr++];
}

void metric_sample(struct metric *metric, const char *label, const char *value, u64 number)
{
	metric->sample = tool_grow(metric->sample, metric->samples + 1,
				   sizeof(*metric->sample));
	metric->sample[metric->samples++] = (struct metric_sample) {
		label, label ? tool_strdup(value) : NULL, number,
	};
}

static void put_value(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else
			fprintf(out, *text == '\\' || *text == '"' ? "\\%c" : "%c", *text);
	}
}

static const char *suffix(const struct metric *metric)
{
	return metric->type == METRIC_COUNTER ? "_total" : "";
}

static void put_help(FILE *out, const struct metric *metric, const char *of)
{
	if (metric->type != METRIC_UNKNOWN)
		fprintf(out, "# TYPE %s%s %s\n", metric->name, of, type_names[metric->type]);
	if (metric->unit)
		fprintf(out, "# UNIT %s%s %s\n", metric->name, of, metric->unit);
	fprintf(out, "# HELP %s%s %s\n", metric->name, of, metric->help);
}

/* Places behind the point: the module has whole numbers of a smaller unit. */
static unsigned int decimals(const struct metric *metric)
{
	if (metric->unit && !strcmp(metric->unit, "seconds"))
		return 9;
	return metric->unit && !strcmp(metric->unit, "ratio") ? 6 : 0;
}

/* Exactly, which a floating point number would not be. */
static char *number_text(char *text, const struct metric *metric, u64 number)
{
	unsigned int places = decimals(metric), i;
	u64 unit = 1;

	for (i = 0; i < places; i++)
		unit *= 10;
	if (places)
		snprintf(text, OUT_NUMBER, "%llu.%0*llu", number / unit, places, number % unit);
	else
		snprintf(text, OUT_NUMBER, "%llu", number);
	return text;
}

static void put_samples(FILE *out, const struct metric *metric)
{
	char text[OUT_NUMBER];
	size_t i;

	for (i = 0; i < metric->samples; i++) {
		const struct metric_sample *sample = &metric->sample[i];

		fprintf(out, "%s%s", metric->name, suffix(metric));
		if (sample->label) {
			fprintf(out, "{%s=\"", sample->label);
			put_value(out, sample->value);
			fputs("\"}", out);
		}
		fprintf(out, " %s\n", number_text(text, metric, sample->number));
	}
}

static struct json_object *metric_json(const struct metric *metric)
{
	struct json_object *o = js_object(), *array = js_array();
	char text[OUT_NUMBER];
	size_t i;

	js_add(o, "name", js_text(metric->name));
	js_string(o, "type", type_names[metric->type]);
	if (metric->unit)
		js_string(o, "unit", metric->unit);
	js_string(o, "help", metric->help);
	for (i = 0; i < metric->samples; i++) {
		const struct metric_sample *sample = &metric->sample[i];
		struct json_object *row = js_object(), *labels = js_object();

		if (sample->label)
			js_string(labels, sample->label, sample->value);
		js_add(row, "labels", labels);
		if (decimals(metric))
			js_real_text(row, "value", number_text(text, metric, sample->number));
		else
			js_u64(row, "value", sample->number);
		js_append(array, row);
	}
	js_add(o, "samples", array);
	return o;
}

static void put_json(FILE *out, const struct metrics *m)
{
	struct json_object *o = js_object(), *array = js_array();
	size_t i;

	for (i = 0; i < m->nr; i++)
		js_append(array, metric_json(&m->metric[i]));
	js_add(o, "metrics", array);
	js_write(out, o);
}

void metrics_write(FILE *out, const struct metrics *m, enum metric_format format)
{
	size_t i;

	if (format == METRICS_JSON) {
		put_json(out, m);
		return;
	}
	for (i = 0; i < m->nr; i++) {
		put_help(out, &m->metric[i],
			 format == METRICS_PROMETHEUS ? suffix(&m->metric[i]) : "");
		put_samples(out, &m->metric[i]);
	}
	if (format == METRICS_OPENMETRICS)
		fputs("# EOF\n", out);
}

void metrics_free(struct metrics *m)
{
	while (m->nr) {
		struct metric *metric = &m->metric[--m->nr];

		while (metric->samples)
			free(metric->sample[--metric->samples].value);
		free(metric->sample);
		free(metric->name);
		free(metric->help);
	}
	free(m->metric);
}
