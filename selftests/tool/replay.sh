#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat replay through the module: the figures agree with the trace's, and
# nothing is left behind however it ends.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

SYSFS=/sys/kernel/gostat
PARAMETERS=/sys/module/gostat/parameters

live() { cat $SYSFS/heap_objects; }

# Live objects are those of before once a replay has ended.
at_rest()
{
	[ "$(live)" = "$rest" ] && return
	echo "$(live) live objects, $rest before"
	return 1
}

rest=$(live 2>/dev/null)
# The beginning of the trace, for tests that are about something else.
SHORT=$SCRATCH/short.kmt
gunzip -c "$TRACE" | grep -v '^# events:' | head -n 20020 >"$SHORT"

# replayed EVENTS: the JSON of the last run is of a replay that was complete.
replayed()
{
	silent err
	json_is /replay/events "$1"
	json_is /replay/failed_allocs 0
	json_is /replay/interrupted false
	json_is /replay/at_rest true
	json_is /replay/end/agrees true
	at_rest
}

the_whole_trace_agrees_at_the_peak_and_the_end()
{
	before=$(cat $SYSFS/nmalloc)
	status 0 gostat replay --json "$TRACE"
	replayed 551086
	json_is /replay/order file
	json_is /replay/peak/agrees true
	json_is /replay/peak/event 548672
	json_is /replay/peak/objects 74171
	json_is /replay/peak/gostat_objects 74171
	json_is /replay/end/gostat_objects 74054
	json_is /replay/end/gostat_allocs 312570
	at_least "$(json /replay/peak/gostat)" "$(json /trace/peak/asked)" "gostat's objects"
	at_least "$(json /replay/held_peak)" "$(json /replay/peak/gostat)" held
	[ "$(cat $SYSFS/nmalloc)" = $((before + 312570)) ]
}

one_thread_for_each_cpu_agrees_at_the_end()
{
	status 0 gostat replay --json --cpus "$SHORT"
	replayed 20000
	json_is /replay/order cpus
	status 0 gostat replay --json --cpus --window=1 --stop-at=2000 "$SHORT"
	replayed 2000
}

kmalloc_alone_agrees()
{
	status 0 gostat replay --json --kmalloc-only "$SHORT"
	replayed "$(json /trace/events)"
	json_is /trace/allocs "$(json /trace/kmalloc)"
	json_is /replay/peak/agrees true
}

zeroed_and_atomic_objects_agree()
{
	status 0 gostat replay --json --zero --atomic --stop-at=10k "$SHORT"
	replayed 10000
}

the_report_shows_what_a_user_wants()
{
	status 0 gostat replay --stop-at=10k "$SHORT"
	silent err
	prints 'replayed       10,000 of 10,000 events'
	prints 'asked for'
	prints "SLUB's objects"
	prints "gostat's objects"
	prints 'gostat held'
	grep -qE '^ *class +objects +asked +SLUB gave +gostat gave' "$SCRATCH/out"
	at_rest
}

progress_is_shown_on_demand_only()
{
	status 0 gostat replay --brief --stop-at=10k "$SHORT"
	silent err
	status 0 gostat replay --brief --stop-at=10k --progress "$SHORT"
	[ "$(grep -c '^replay \[' "$SCRATCH/err")" = 10 ]
	says '100 %'
}

the_speed_is_kept()
{
	status 0 gostat replay --json --speed=2k --stop-at=3000 "$SHORT"
	replayed 3000
	seconds=$(json /replay/seconds)
	echo "$seconds s for 3000 events at 2000 a second"
	at_least "${seconds%%.*}" 1 seconds
}

live_is_not() { [ "$(live)" != "$1" ]; }

an_interrupt_frees_everything()
{
	for way in '' --cpus; do
		# shellcheck disable=SC2086 # no word, or one
		gostat replay --json --speed=500 $way "$SHORT" >"$SCRATCH/out" 2>"$SCRATCH/err" &
		wait_for live_is_not "$rest"
		kill -INT $!
		status=0
		wait $! || status=$?
		is $status 130 status
		says 'everything was freed'
		json_is /replay/interrupted true
		json_is /replay/at_rest true
		at_rest
	done
}

kept_objects_stay_until_the_time_is_over()
{
	gostat replay --json --keep=600 --stop-at=1000 "$SHORT" >"$SCRATCH/out" 2>"$SCRATCH/err" &
	wait_for grep -q holding "$SCRATCH/err"
	at_least "$(live)" $((rest + 100)) 'live objects'
	kill -INT $!
	wait $!
	json_is /replay/at_rest true
	at_rest
}

a_limit_is_told_with_the_way_out()
{
	[ -w $PARAMETERS/device_file_limit ] || skip 'the limit cannot be set'
	limit=$(cat $PARAMETERS/device_file_limit)
	# shellcheck disable=SC2064 # the value of now
	trap "echo $limit >$PARAMETERS/device_file_limit" EXIT
	echo 1000000 >$PARAMETERS/device_file_limit
	status 1 gostat replay --json "$SHORT"
	says 'raise device_*_limit in /sys/module/gostat/parameters'
	silent out
	status 0 gostat replay --json --keep-going --stop-at=10k "$SHORT"
	at_least "$(json /replay/failed_allocs)" 1 'failed allocations'
	json_is /replay/at_rest true
	at_rest
}

# One leaves while the other is under way, so their figures mix.
another_user_is_noticed()
{
	gostat replay --no-check --keep=600 --stop-at=1000 "$SHORT" >/dev/null 2>"$SCRATCH/first" &
	first=$!
	wait_for grep -q holding "$SCRATCH/first"
	held=$(live)
	gostat replay --speed=500 --stop-at=3000 "$SHORT" >/dev/null 2>"$SCRATCH/err" &
	second=$!
	wait_for live_is_not "$held"
	kill -INT $first
	wait $first
	status=0
	wait $second || status=$?
	is $status 4 status
	says 'Does someone else use gostat?'
	at_rest
}

[ -c /dev/gostat ] || {
	echo "1..0 # SKIP the module is not loaded"
	exit 4
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS=all
run_tests the_whole_trace_agrees_at_the_peak_and_the_end \
	one_thread_for_each_cpu_agrees_at_the_end kmalloc_alone_agrees \
	zeroed_and_atomic_objects_agree the_report_shows_what_a_user_wants \
	progress_is_shown_on_demand_only the_speed_is_kept an_interrupt_frees_everything \
	kept_objects_stay_until_the_time_is_over a_limit_is_told_with_the_way_out \
	another_user_is_noticed
