// SPDX-License-Identifier: GPL-2.0
/*
 * gostat, the command: the arenas and what is in their pages.
 *
 * The module's file is a table: heads of columns, then a row an arena. A column
 * is found by its head. One of them is map, runs of pages as "i120f8r384".
 */
#include <stdlib.h>
#include <string.h>

#include "arenas.h"
#include "debugfs.h"

#define ARENAS_FILE	"arenas"
#define MAX_COLUMNS	32
#define MAX_PAGES	65536	/* more than any arena has: a number gone wrong */

const char *const page_state_names[PAGE_STATES] = { "inuse", "manual", "free", "released" };

static const char page_state_letters[PAGE_STATES] = { 'i', 'm', 'f', 'r' };

static unsigned int split(char *line, char **word)
{
	unsigned int n = 0;
	char *next;

	while (n < MAX_COLUMNS && (next = strsep(&line, " ")))
		if (*next)
			word[n++] = next;
	return n;
}

static bool map_run(struct arena *arena, const char **map)
{
	const char *letter = memchr(page_state_letters, **map, PAGE_STATES);
	unsigned long n;
	char *end;

	if (!letter || (*map)[1] < '1' || (*map)[1] > '9')
		return false;
	n = strtoul(*map + 1, &end, 10);
	if (n > MAX_PAGES - arena->pages)
		return false;
	arena->page = tool_grow(arena->page, arena->pages + n, 1);
	memset(arena->page + arena->pages, letter - page_state_letters, n);
	arena->pages += n;
	arena->in[letter - page_state_letters] += n;
	*map = end;
	return true;
}

/* The columns are read by the module at one moment with the map: they agree. */
static bool map_parse(struct arena *arena, const char *map)
{
	unsigned int state;

	while (*map)
		if (!map_run(arena, &map))
			return false;
	for (state = 0; state < PAGE_STATES; state++)
		if (js_number(arena->columns, page_state_names[state]) != arena->in[state])
			return false;
	return arena->pages;
}

static bool arena_parse(struct arena *arena, char **head, char **word, unsigned int n)
{
	const char *map = NULL;
	unsigned int i;

	memset(arena, 0, sizeof(*arena));
	arena->columns = js_object();
	for (i = 0; i < n; i++) {
		if (!strcmp(head[i], "map"))
			map = word[i];
		else
			js_u64(arena->columns, head[i], strtoull(word[i], NULL, 10));
	}
	return map && js_has(arena->columns, "arena") && map_parse(arena, map);
}

static int arenas_parse(struct arenas *arenas, char *text)
{
	char *head[MAX_COLUMNS], *word[MAX_COLUMNS], *line, *rest = text;
	unsigned int columns = split(strsep(&rest, "\n"), head);

	while ((line = strsep(&rest, "\n"))) {
		unsigned int n = split(line, word);

		if (!n)
			continue;
		arenas->arena = tool_grow(arenas->arena, arenas->nr + 1,
					  sizeof(*arenas->arena));
		if (n != columns ||
		    !arena_parse(&arenas->arena[arenas->nr++], head, word, n))
			return debugfs_bad(ARENAS_FILE, "has a row that is no arena");
	}
	return TOOL_OK;
}

int arenas_read(struct arenas *arenas)
{
	char *text;
	int status = debugfs_read(ARENAS_FILE, &text);

	memset(arenas, 0, sizeof(*arenas));
	if (status)
		return status;
	status = arenas_parse(arenas, text);
	free(text);
	return status;
}

void arenas_free(struct arenas *arenas)
{
	while (arenas->nr--) {
		json_object_put(arenas->arena[arenas->nr].columns);
		free(arenas->arena[arenas->nr].page);
	}
	free(arenas->arena);
	memset(arenas, 0, sizeof(*arenas));
}

/*
 * What is used outshines what is not: nothing that is there may be missing from
 * the picture because its group is of many pages.
 */
static char group_picture(const u8 *page, unsigned int n)
{
	unsigned int in[PAGE_STATES] = { 0 }, i, used;

	for (i = 0; i < n; i++)
		in[page[i]]++;
	used = in[PAGE_INUSE] + in[PAGE_MANUAL];
	if (!used)
		return in[PAGE_FREE] ? '.' : ' ';
	if (in[PAGE_MANUAL] > in[PAGE_INUSE])
		return used == n ? 'M' : 'm';
	if (used == n)
		return '#';
	return 2 * used >= n ? '+' : '-';
}

char *arena_picture(const struct arena *arena, unsigned int group)
{
	char *picture = tool_alloc(arena->pages / group + 2, 1), *p = picture;
	unsigned int i;

	for (i = 0; i < arena->pages; i += group)
		*p++ = group_picture(arena->page + i, min(group, arena->pages - i));
	return picture;
}

struct json_object *arena_json(const struct arena *arena)
{
	struct json_object *o = js_object(), *runs = js_array();
	unsigned int i, start;

	json_object_object_foreach(arena->columns, name, value)
		js_add(o, name, js_shared(value));
	for (i = 0; i < arena->pages;) {
		struct json_object *run = js_array();

		start = i;
		while (++i < arena->pages && arena->page[i] == arena->page[start])
			;
		js_append(run, js_text(page_state_names[arena->page[start]]));
		js_append(run, js_count(i - start));
		js_append(runs, run);
	}
	js_add(o, "map", runs);
	return o;
}
