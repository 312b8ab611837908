#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat watch: rates of snapshots made here, which are exact; on a terminal and
# off it; and that it tells what the module did.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

# watch ARGUMENT...: in the background, its output in out. What was there is of
# another test, and would be found.
watch()
{
	rm -f "$SCRATCH/out"
	gostat watch "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null &
	watcher=$!
}

# end SIGNAL: it ends by that, in peace.
end()
{
	kill "-$1" "$watcher"
	status=0
	wait "$watcher" || status=$?
	is "$status" 0 status
	silent err
}

shown() { grep -qs "$1" "$SCRATCH/out"; }

# What json looks at: the first line that has TEXT.
line()
{
	grep -m1 "$1" "$SCRATCH/out" >"$SCRATCH/line"
	cp "$SCRATCH/line" "$SCRATCH/out"
}

# Two snapshots, two seconds of their clock apart.
first() { fake_snapshot 7 5000000000 1110 110; }
second() { fake_snapshot 9 7000000000 1170 1110; }

# The same of a module with a scavenger, which has released 3 MiB between them.
first_scavenged() { fake_snapshot 7 5000000000 1110 110 '"scav_released": 1048576,'; }
second_scavenged() { fake_snapshot 9 7000000000 1170 1110 '"scav_released": 4194304,'; }

rates_are_of_the_time_between_two_cuts()
{
	fakes
	first
	watch 0.05 --json
	wait_for shown '"cut": 7'
	second
	wait_for shown '"cut": 9'
	end INT
	cp "$SCRATCH/out" "$SCRATCH/all"
	line '"cut": 7'
	json_is /seconds 0
	json_is /held 3145728
	json_is /live 48160
	json_is /idle 3000000
	json_is /released 1048576
	json_is /objects 1000
	json_is /mallocs 1110
	if json /rates || json /interval || json /classes; then
		exit 1
	fi
	cp "$SCRATCH/all" "$SCRATCH/out"
	line '"cut": 9'
	json_is /seconds 2
	json_is /time_ns 7000000000
	json_is /interval 2
	json_is /rates/mallocs 30
	json_is /rates/frees 500
	json_is /rates/refills 0
	json_is /classes/0/size 8
	json_is /classes/0/rates/frees 500
	json_is /classes/0/cached 5
	if json /classes/1 || json /scavenged || json /rates/scavenged; then
		exit 1
	fi
}

what_the_scavenger_releases_has_a_rate()
{
	fakes
	first_scavenged
	watch 0.05 --json
	wait_for shown '"cut": 7'
	second_scavenged
	wait_for shown '"cut": 9'
	end INT
	cp "$SCRATCH/out" "$SCRATCH/all"
	line '"cut": 7'
	json_is /scavenged 1048576
	cp "$SCRATCH/all" "$SCRATCH/out"
	line '"cut": 9'
	json_is /scavenged 4194304
	json_is /rates/scavenged 1.57286e+06
	json_is /rates/mallocs 30
	first_scavenged
	watch 0.05
	wait_for shown ' 0.0 '
	second_scavenged
	wait_for shown ' 2.0 '
	end INT
	grep -qE '^ +0\.0 .* - +-$' "$SCRATCH/out"
	grep -qE '^ +2\.0 .* 30 +500 +0 +0 +1\.50 MiB  8$' "$SCRATCH/out"
}

a_scavenger_that_begins_anew_has_no_rate()
{
	fakes
	second_scavenged
	watch 0.05 --json
	wait_for shown '"cut": 9'
	fake_snapshot 10 8000000000 1170 1110 '"scav_released": 4096,'
	wait_for shown '"cut": 10'
	end INT
	line '"cut": 10'
	json_is /scavenged 4096
	if json /rates; then
		exit 1
	fi
}

lines_are_appended_where_there_is_no_terminal()
{
	fakes
	first
	watch 0.05
	wait_for shown ' 0.0 '
	second
	wait_for shown ' 2.0 '
	end TERM
	is "$(grep -c seconds "$SCRATCH/out")" 1 heads
	grep -qE '^ +0\.0 +3\.00 MiB +47\.03 KiB +2\.86 MiB +1\.00 MiB +- +- +- +- +-$' "$SCRATCH/out"
	grep -qE '^ +2\.0 +3\.00 MiB +.* 30 +500 +0 +0 +-  8$' "$SCRATCH/out"
	[ "$(tr -d '\n -~' <"$SCRATCH/out" | wc -c)" = 0 ]
}

a_module_loaded_afresh_begins_anew()
{
	fakes
	second
	watch 0.05 --json
	wait_for shown '"cut": 9'
	first
	wait_for shown '"cut": 7'
	end INT
	line '"cut": 7'
	if json /rates; then
		exit 1
	fi
}

the_count_is_kept()
{
	fakes
	first
	status 0 gostat watch --json --count 3 0.01
	is "$(wc -l <"$SCRATCH/out")" 3 lines
	status 0 gostat watch --count=1 3600
	is "$(wc -l <"$SCRATCH/out")" 2 lines
}

each_line_is_there_at_once()
{
	fakes
	first
	watch 3600
	wait_for shown ' 0.0 '
	end HUP
}

# terminal ROWS COLUMNS ARGUMENT...: until Ctrl-C is typed, when file
# enough is there; screens in out.
terminal()
{
	rows=$1 columns=$2
	shift 2
	rm -f "$SCRATCH/out"
	(wait_for [ -e "$SCRATCH/enough" ] >&2; printf '\003') |
		TERM=vt100 "$DIR/_pty" "$rows" "$columns" gostat watch "$@" \
		>"$SCRATCH/out" 2>"$SCRATCH/err" &
	watcher=$!
}

a_terminal_is_redrawn_in_place()
{
	fakes
	rm -f "$SCRATCH/enough"
	first
	terminal 24 80 0.05
	wait_for shown 'cut 7'
	second
	wait_for shown 'cut 9, 2.0 s'
	wait_for shown '500 '
	touch "$SCRATCH/enough"
	status=0
	wait "$watcher" || status=$?
	is "$status" 0 'status after Ctrl-C'
	escape=$(printf '\033')
	# 10 lines, and 2 more with a class: up as many as there were, and clear.
	shown "$escape\[10A.*$escape\[J"
	shown "$escape\[12A"
	[ "$(grep -cE "$escape\[(11|13|9)A" "$SCRATCH/out")" = 0 ]
	# Lines are cut, not wrapped, and that is undone as often as it is done.
	is "$(grep -o "$escape\[?7l" "$SCRATCH/out" | wc -l)" \
		"$(grep -o "$escape\[?7h" "$SCRATCH/out" | wc -l)" 'wrapping on and off'
}

a_terminal_has_what_was_scavenged()
{
	fakes
	rm -f "$SCRATCH/enough"
	first_scavenged
	terminal 24 80 0.05
	wait_for shown 'cut 7'
	second_scavenged
	wait_for shown 'cut 9, 2.0 s'
	wait_for shown '^ *ever .* 4\.00 MiB'
	touch "$SCRATCH/enough"
	wait "$watcher"
	shown ' flushes  scavenged'
	shown '^ *ever .* 1\.00 MiB'
	shown '^a second .* 1\.50 MiB'
}

a_dumb_terminal_gets_lines()
{
	fakes
	first
	status 0 env TERM=dumb "$DIR/_pty" 24 80 gostat watch --count 2 0.01
	prints busiest
	[ "$(tr -d '\n\r -~' <"$SCRATCH/out" | wc -c)" = 0 ]
}

classes_are_as_many_as_fit()
{
	fakes
	first
	for rows in 5 12 13 14; do
		rm -f "$SCRATCH/enough"
		first
		terminal "$rows" 80 0.05
		wait_for shown 'cut 7'
		(GOSTAT_DEBUGFS=$SCRATCH second)
		sed -i 's/"nmalloc": 10,/"nmalloc": 20,/' "$SCRATCH/memstats.json"
		mv "$SCRATCH/memstats.json" "$GOSTAT_DEBUGFS"
		wait_for shown 'cut 9, 2.0 s'
		touch "$SCRATCH/enough"
		wait "$watcher"
		seen=$(grep -cE '^ +(8|64) +[0-9]+ +[0-9]+ ' "$SCRATCH/out" || true)
		case $rows in
		13)	[ "$(grep -cE '^ +64 ' "$SCRATCH/out")" = 0 ]
			at_least "$seen" 1 'rows of classes' ;;
		14)	[ "$(grep -cE '^ +64 ' "$SCRATCH/out")" -ge 1 ] ;;
		*)	is "$seen" 0 'rows of classes' ;;
		esac
	done
}

a_lost_output_ends_it()
{
	fakes
	first
	[ -c /dev/full ] || skip 'there is no /dev/full'
	status=0
	timeout 60 gostat watch 0.01 --json >/dev/full 2>"$SCRATCH/err" || status=$?
	is "$status" 1 status
	says 'standard output: No space left on device'
}

a_snapshot_that_goes_away_ends_it()
{
	fakes
	first
	watch 0.01
	wait_for shown ' 0.0 '
	rm -r "$GOSTAT_SYSFS" "$GOSTAT_DEBUGFS"
	status=0
	wait "$watcher" || status=$?
	is "$status" 3 status
	says 'not there: load the module'
}

the_module_is_watched_at_work()
{
	module
	watch 0.2 --json
	wait_for shown '"cut"'
	gostat replay --brief --stop-at=10k "$TRACE" >/dev/null 2>&1
	lines=$(wc -l <"$SCRATCH/out")
	wait_for more_lines_than $((lines + 1))
	end INT
	cp "$SCRATCH/out" "$SCRATCH/all"
	head -n1 "$SCRATCH/all" >"$SCRATCH/out"
	before=$(json /mallocs)
	tail -n1 "$SCRATCH/all" >"$SCRATCH/out"
	after=$(json /mallocs)
	json_is /objects "$(cat /sys/kernel/gostat/heap_objects)"
	at_least $((after - before)) 5000 'allocations seen'
	# Each line's rates, times its interval, are all that happened.
	sed -n 's/.*"mallocs": \([0-9]*\), "frees".*"interval": \([0-9.e+-]*\), "rates": { "mallocs": \([0-9.e+-]*\),.*/\1 \2 \3/p' \
		"$SCRATCH/all" >"$SCRATCH/rates"
	awk -v all=$((after - before)) '
		{ sum += $2 * $3 }
		END { print sum " by rates, " all " in all"; exit !(sum > all * 0.999 && sum < all * 1.001) }
	' "$SCRATCH/rates"
}

more_lines_than() { [ "$(wc -l <"$SCRATCH/out")" -gt "$1" ]; }

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS=the_module_is_watched_at_work
run_tests rates_are_of_the_time_between_two_cuts what_the_scavenger_releases_has_a_rate \
	a_scavenger_that_begins_anew_has_no_rate \
	lines_are_appended_where_there_is_no_terminal a_module_loaded_afresh_begins_anew \
	the_count_is_kept each_line_is_there_at_once a_terminal_is_redrawn_in_place \
	a_terminal_has_what_was_scavenged a_dumb_terminal_gets_lines \
	classes_are_as_many_as_fit a_lost_output_ends_it a_snapshot_that_goes_away_ends_it \
	the_module_is_watched_at_work
