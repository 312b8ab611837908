#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat arenas: pictures of tables made here, and that the module's table adds up.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

DEBUGFS=/sys/kernel/debug/gostat

# Columns in another order, one that is not known, and one that is to come.
table()
{
	fakes
	fake_debugfs arenas <<-'TABLE'
	 arena  free manual inuse  age released longest  spans map
	     0     0      0   512    9        0       0      3 i512
	    12     8     40    64   10      400       8     50 r400i1f8i63m40
	TABLE
}

row() { grep -E "^ +$1 +\\|" "$SCRATCH/out"; }

# picture ARENA: what is between the bars.
picture() { row "$1" | sed 's/^[^|]*|//; s/|[^|]*$//'; }

a_character_shows_what_its_pages_are()
{
	table
	status 0 gostat arenas --width 73
	silent err
	prints 'a character is 16 pages'
	is "$(picture 0)" '################################' 'arena 0'
	# 25 groups released; 8 of 16 in use; 48; 8 and 8 manual; 32 manual.
	is "$(picture 12)" '                         +####MM' 'arena 12'
	grep -qE '^ +12 .*\| +64 +40 +8 +400$' "$SCRATCH/out"
}

a_single_page_is_seen()
{
	fakes
	fake_debugfs arenas <<-'TABLE'
	 arena  inuse   free released longest  spans map
	     3      1    511        0     500      1 f500i1f11
	     4      0      1      511       1      0 r500f1r11
	TABLE
	status 0 gostat arenas --width 60
	is "$(picture 3 | tr -d .)" - 'arena 3'
	is "$(picture 4 | tr -d ' ')" . 'arena 4'
	[ "$(grep -c manual "$SCRATCH/out")" = 0 ]
}

lines_fit_in_any_width()
{
	table
	for width in 60 61 67 80 99 100 133 200 600 4096; do
		status 0 gostat arenas --width $width
		at_least $width "$(awk '/\|/ && length > n { n = length } END { print n }' \
			"$SCRATCH/out")" width
	done
	prints 'a character is 1 page of'
	is "$(picture 12 | wc -c)" 513 'a character a page'
	is "$(picture 12 | tr -d ' #M')" ........ 'free pages'
}

a_wide_terminal_has_all_figures()
{
	table
	status 0 "$DIR/_pty" 24 120 gostat arenas
	grep -qE 'longest free +spans' "$SCRATCH/out"
	status 0 "$DIR/_pty" 24 80 gostat arenas
	[ "$(grep -c spans "$SCRATCH/out")" = 0 ]
}

json_has_every_page_and_column()
{
	table
	status 0 gostat arenas --json
	json_is /page_size "$(getconf PAGESIZE 2>/dev/null || echo 4096)"
	json_is /pages/inuse 576
	json_is /pages/manual 40
	json_is /pages/free 8
	json_is /pages/released 400
	json_is /arenas/1/arena 12
	json_is /arenas/1/age 10
	json_is /arenas/0/map/0/0 inuse
	json_is /arenas/0/map/0/1 512
	json_is /arenas/1/map/4/0 manual
	json_is /arenas/1/map/4/1 40
}

an_empty_heap_is_told()
{
	fakes
	echo ' arena  inuse   free released longest  spans map' | fake_debugfs arenas
	status 0 gostat arenas
	prints 'There is no arena'
	status 0 gostat arenas --json
	json_is /arenas '[ ]'
}

a_row_that_is_none_is_refused()
{
	fakes
	for row in '0 1 1 1 1 1' '0 1 0 0 0 1 i1x2' '0 1 0 0 0 1 i' '0 1 0 0 0 1 i0' \
		'0 1 0 0 0 1 i-1' '0 2 0 0 0 1 i1' '0 1 0 0 0 1 i99999999' \
		'0 1 0 0 0 1 i1 i1' '0 0 0 0 0 0 i'; do
		printf ' arena inuse free released longest spans map\n%s\n' "$row" |
			fake_debugfs arenas
		status 1 gostat arenas
		says 'arenas: has a row that is no arena'
		silent out
	done
}

# What a program has of the module that wants it: some objects that stay.
hold()
{
	gostat replay --brief --stop-at=20k --keep "$TRACE" >"$SCRATCH/hold" 2>&1 &
	holder=$!
	wait_for grep -q holding "$SCRATCH/hold"
}

let_go()
{
	kill -INT "$holder"
	wait "$holder"
}

the_modules_arenas_add_up()
{
	module
	hold
	status 0 gostat arenas --json
	silent err
	size=$(json /page_size)
	at_least "$(json /pages/inuse)" 100 'pages in use'
	cp "$SCRATCH/out" "$SCRATCH/arenas"
	status 0 gostat stats --json
	cp "$SCRATCH/out" "$SCRATCH/stats"
	let_go
	for pair in inuse:heap_inuse released:heap_released; do
		pages=$("$DIR/_json" "/pages/${pair%:*}" <"$SCRATCH/arenas")
		is $((pages * size)) "$("$DIR/_json" "/figures/${pair#*:}" <"$SCRATCH/stats")" "$pair"
	done
	pages=$(($("$DIR/_json" /pages/released <"$SCRATCH/arenas") +
		 $("$DIR/_json" /pages/free <"$SCRATCH/arenas")))
	is $((pages * size)) "$("$DIR/_json" /figures/heap_idle <"$SCRATCH/stats")" idle
}

# Pieces of any size, and all of it again after a step back, are the same.
the_modules_table_is_the_same_in_pieces()
{
	module
	hold
	cat $DEBUGFS/arenas >"$SCRATCH/whole"
	for bytes in 1 7 100 4095; do
		dd if=$DEBUGFS/arenas bs=$bytes of="$SCRATCH/pieces" 2>/dev/null
		cmp "$SCRATCH/whole" "$SCRATCH/pieces"
	done
	dd if=$DEBUGFS/arenas bs=1 skip=60 of="$SCRATCH/pieces" 2>/dev/null
	tail -c +61 "$SCRATCH/whole" | cmp - "$SCRATCH/pieces"
	let_go
	at_least "$(wc -l <"$SCRATCH/whole")" 3 rows
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS='the_modules_arenas_add_up the_modules_table_is_the_same_in_pieces'
run_tests a_character_shows_what_its_pages_are a_single_page_is_seen \
	lines_fit_in_any_width a_wide_terminal_has_all_figures \
	json_has_every_page_and_column an_empty_heap_is_told \
	a_row_that_is_none_is_refused the_modules_arenas_add_up \
	the_modules_table_is_the_same_in_pieces
