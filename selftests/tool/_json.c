// SPDX-License-Identifier: GPL-2.0
/*
 * _json POINTER: reads one JSON value on standard input, with nothing behind
 * it, and prints what the JSON pointer (RFC 6901, '' for all) names. Status 1 if
 * it is not valid JSON, 2 if there is nothing of that name.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

static char *read_all(size_t *len)
{
	size_t room = 0, n;
	char *text = NULL;

	*len = 0;
	do {
		if (*len == room) {
			room = 2 * room + 65536;
			text = realloc(text, room);
			if (!text)
				exit(1);
		}
		n = fread(text + *len, 1, room - *len, stdin);
		*len += n;
	} while (n);
	return text;
}

int main(int argc, char **argv)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *all, *part;
	size_t len, end;
	char *text;

	if (argc != 2 || !tokener)
		return 1;
	text = read_all(&len);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	all = json_tokener_parse_ex(tokener, text, len);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		fprintf(stderr, "_json: %s at byte %zu\n",
			json_tokener_error_desc(json_tokener_get_error(tokener)),
			json_tokener_get_parse_end(tokener));
		return 1;
	}
	for (end = json_tokener_get_parse_end(tokener); end < len; end++)
		if (text[end] != '\n' && text[end] != ' ')
			return 1;
	if (json_pointer_get(all, argv[1], &part)) {
		fprintf(stderr, "_json: no %s\n", argv[1]);
		return 2;
	}
	puts(json_object_get_string(part));
	json_object_put(all);
	free(text);
	json_tokener_free(tokener);
	return 0;
}
