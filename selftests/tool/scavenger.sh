#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat trace and gostat scavenge: records made here, good and bad ones, whole
# and in pieces; and what the module does when it is asked.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

# The last line of record NUMBER CAUSE RUN, behind the one of megabytes.
figures()
{
	cat <<-RECORD
	scvg$1: inuse: 37, idle: 12, sys: 49, released: 8, consumed: 41 (MB)
	scvg$1: time: 123.45678901$1, cause: $2, run: $3, whole: 2097152, ns: 133000, inuse: 38797312, idle: 12582912, sys: 51380224, released: 8388608, consumed: 42991616 (bytes)
	RECORD
}

forced()
{
	echo 'scvg2: 4 MB released'
	figures 2 forced 4194304
}

background() { figures 3 background 0; }

records() { forced; background; }

trace()
{
	fakes
	records | fake_debugfs scavenger_trace
}

a_record_is_a_row()
{
	trace
	status 0 gostat trace
	silent err
	is "$(wc -l <"$SCRATCH/out")" 3 lines
	grep -qE '^ +seconds +cause +released +took +in use +idle +held$' "$SCRATCH/out"
	grep -qE '^ +123\.457 +forced +4\.00 MiB +133\.00 us +37\.00 MiB +12\.00 MiB +41\.00 MiB$' \
		"$SCRATCH/out"
	grep -qE '^ +123\.457 +background +0 B +133\.00 us ' "$SCRATCH/out"
}

json_has_every_figure_a_record_a_line()
{
	trace
	status 0 gostat trace --json
	is "$(wc -l <"$SCRATCH/out")" 2 lines
	cp "$SCRATCH/out" "$SCRATCH/all"
	head -n1 "$SCRATCH/all" >"$SCRATCH/out"
	json_is /number 2
	json_is /time_ns 123456789012
	json_is /cause forced
	json_is /run 4194304
	json_is /whole 2097152
	json_is /ns 133000
	json_is /inuse 38797312
	json_is /idle 12582912
	json_is /sys 51380224
	json_is /released 8388608
	json_is /consumed 42991616
	tail -n1 "$SCRATCH/all" >"$SCRATCH/out"
	json_is /number 3
	json_is /run 0
}

figures_it_does_not_know_are_in_json()
{
	fakes
	background | sed 's/, ns: /, blocks: 7, node: any, ns: /' | fake_debugfs scavenger_trace
	status 0 gostat trace --json
	json_is /blocks 7
	json_is /node any
	json_is /ns 133000
	status 0 gostat trace
	prints background
}

one_cause_can_be_chosen()
{
	trace
	status 0 gostat trace --cause=background --json
	is "$(wc -l <"$SCRATCH/out")" 1 lines
	json_is /number 3
	status 0 gostat trace -c forced
	prints forced
	[ "$(grep -c background "$SCRATCH/out")" = 0 ]
	status 0 gostat trace -c limit
	is "$(cat "$SCRATCH/out")" 'There is no record of that cause.' output
	for cause in '' force 'forced '; do
		status 2 gostat trace --cause="$cause"
		says "--cause: '$cause' is not background, forced, limit or shrinker"
	done
}

lost_records_are_told()
{
	fakes
	{ forced; echo 'scvg: 1234 records lost'; background; } | fake_debugfs scavenger_trace
	status 0 gostat trace
	is "$(sed -n 3p "$SCRATCH/out" | sed 's/^ *//')" '1,234 records lost' 'the line between'
	status 0 gostat trace --cause=limit --json
	is "$(cat "$SCRATCH/out")" '{ "lost": 1234 }' output
}

no_record_is_told()
{
	fakes
	: | fake_debugfs scavenger_trace
	status 0 gostat trace
	is "$(cat "$SCRATCH/out")" 'There is no record: the scavenger has not run yet.' output
	status 0 gostat trace --json
	silent out
}

# refused LINE WHY: a trace of standard input is, by that line.
refused()
{
	fake_debugfs scavenger_trace
	status 1 gostat trace
	says "$GOSTAT_DEBUGFS/scavenger_trace:$1: $2: is the module of another version?"
}

a_bad_line_is_named()
{
	fakes
	# Of the records' five lines: sed's change, as it makes that line bad.
	for change in '1s/ MB//' '1s/scvg2/scvg/' '1s/scvg/svcg/' '1s/$/ /' '1d' '2d' '2s/2/3/' \
		'2s/ (MB)//' '2s/idle: 12/idle: x/' '2a scvg: 1 records lost' '3s/scvg2/scvg3/' \
		'3s/ (bytes)//' '3s/\.[0-9]*//' '3s/123\.4/123.44/' '3s/4567/-567/' '3s/run: /run /' \
		'3s/ns: [0-9]*, //' '3s/run: 4194304/run: 0/' '3s/4194304/18446744073709551616/' \
		'3s/forced/7/' '3s/cause/because/' '4d' '5s/run: 0/run: 1/' '5a all is well' '5G'; do
		records | sed "$change" >"$SCRATCH/bad"
		line=${change%%[!0-9]*}
		case $change in
		2a*|5a*|5G)	line=$((line + 1)) ;;
		1d)		line=2 ;;
		esac
		echo "$change"
		refused "$line" 'is no line of a record' <"$SCRATCH/bad"
	done
	head -c 5000 /dev/zero | tr '\0' x | refused 1 'no line is that long'
}

a_trace_that_is_cut_off_is_named()
{
	fakes
	# Not after a whole record, of which the first three lines are one.
	for bytes in 1 30 60 130 200; do
		records | head -c $bytes >"$SCRATCH/bad"
		line=$(grep -c '' "$SCRATCH/bad")
		refused "$line" 'ends inside a record' <"$SCRATCH/bad"
	done
	records | head -n3 | fake_debugfs scavenger_trace
	status 0 gostat trace
}

# A pipe that somebody has open, as the module's is: it never ends.
pipe()
{
	fakes
	mkfifo "$GOSTAT_DEBUGFS/scavenger_trace_pipe"
	exec 3<>"$GOSTAT_DEBUGFS/scavenger_trace_pipe"
}

# follow ARGUMENT...: in the background, its output in out.
follow()
{
	rm -f "$SCRATCH/out"
	gostat trace -f "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null 3>&- &
	follower=$!
}

# ended STATUS: it did, by itself or by what was done to it.
ended()
{
	status=0
	wait "$follower" || status=$?
	is "$status" "$1" status
}

shown() { grep -qs "$1" "$SCRATCH/out"; }

records_are_followed_until_a_signal()
{
	pipe
	for signal in INT TERM HUP; do
		follow
		forced >&3
		wait_for shown forced
		background >&3
		wait_for shown background
		kill -$signal "$follower"
		ended 0
		silent err
		is "$(wc -l <"$SCRATCH/out")" 3 lines
	done
	# Inside a record as well.
	follow --json
	background >&3
	wait_for shown background
	forced | head -n2 >&3
	kill -TERM "$follower"
	ended 0
	silent err
}

a_record_in_pieces_is_one()
{
	pipe
	follow --json
	forced | while read -r line; do
		printf '%s' "${line%???}" >&3
		sleep 0.05
		printf '%s\n' "${line#"${line%???}"}" >&3
	done
	wait_for shown forced
	kill -INT "$follower"
	ended 0
	json_is /number 2
	json_is /consumed 42991616
}

many_records_are_followed()
{
	pipe
	follow --json --cause=background
	for _ in $(seq 100); do
		records
	done >&3
	wait_for lines 100
	kill -INT "$follower"
	ended 0
	is "$(wc -l <"$SCRATCH/out")" 100 records
}

lines() { [ "$(wc -l <"$SCRATCH/out")" -ge "$1" ]; }

a_bad_line_ends_following()
{
	pipe
	follow
	forced >&3
	echo nonsense >&3
	ended 1
	says "$GOSTAT_DEBUGFS/scavenger_trace_pipe:4: is no line of a record"
	prints forced
}

a_pipe_that_ends_ends_it()
{
	fakes
	records | fake_debugfs scavenger_trace_pipe
	status 0 gostat trace --follow
	is "$(wc -l <"$SCRATCH/out")" 3 lines
}

a_reader_that_leaves_ends_it()
{
	pipe
	forced >&3
	{
		status=0
		timeout 60 gostat trace -f 2>"$SCRATCH/err" 3>&- || status=$?
		echo $status >"$SCRATCH/status"
	} | head -n2 >"$SCRATCH/out"
	prints forced
	is "$(cat "$SCRATCH/status")" 1 status
	says 'standard output: Broken pipe'
	[ -c /dev/full ] || skip 'there is no /dev/full'
	forced >&3
	status=0
	timeout 60 gostat trace -f >/dev/full 2>"$SCRATCH/err" 3>&- || status=$?
	is "$status" 1 status
	says 'standard output: No space left on device'
}

files_that_are_not_there_are_named()
{
	fakes
	for pair in trace:scavenger_trace 'trace -f':scavenger_trace_pipe; do
		# shellcheck disable=SC2086 # words
		status 1 gostat ${pair%:*}
		says "$GOSTAT_DEBUGFS/${pair#*:}: No such file or directory: is the module of another version?"
		silent out
	done
	export GOSTAT_DEVICE=$NOWHERE
	status 3 gostat scavenge
	says "$NOWHERE: not there: load the module"
	export GOSTAT_DEVICE=/dev/null
	status 1 gostat scavenge --json
	says '/dev/null: is not the gostat device'
	silent out
}

# What a program had, and has freed.
leave_idle() { gostat replay --brief --stop-at=20k "$TRACE" >/dev/null; }

the_module_gives_back_what_is_idle()
{
	module
	leave_idle
	status 0 gostat scavenge --json
	silent err
	released=$(json /released)
	after=$(json /held_after)
	at_least "$released" $((1 << 20)) 'bytes released'
	at_least $(($(json /held_before) - released + (1 << 20))) "$after" 'held, of 1 MiB more'
	at_least "$(json /ns)" 1 ns
	status 0 gostat trace --json --cause=forced
	tail -n1 "$SCRATCH/out" >"$SCRATCH/line"
	cp "$SCRATCH/line" "$SCRATCH/out"
	json_is /run "$released"
	is $(($(json /inuse) + $(json /idle))) "$(json /sys)" 'in use and idle'
	is $(($(json /sys) - $(json /released))) "$(json /consumed)" 'what is held'
	status 0 gostat scavenge
	grep -qE '^released +0 B +0$' "$SCRATCH/out"
	for name in 'held before' 'held after'; do
		grep -qE "^$name +[0-9.]+ [KM]?i?B +[0-9,]+\$" "$SCRATCH/out"
	done
	grep -qE '^took +[0-9.]+ [num]?s$' "$SCRATCH/out"
}

# last_number: of the newest record of a forced run.
last_number()
{
	gostat trace --json --cause=forced | tail -n1 >"$SCRATCH/last"
	"$DIR/_json" /number <"$SCRATCH/last"
}

# What was there is shown, and then what comes.
the_modules_runs_are_followed()
{
	module
	gostat scavenge >/dev/null
	follow --json --cause=forced
	wait_for shown "\"number\": $(last_number),"
	for _ in 1 2 3; do
		lines=$(wc -l <"$SCRATCH/out")
		leave_idle
		gostat scavenge --json >"$SCRATCH/run"
		wait_for lines $((lines + 1))
		is "$(wc -l <"$SCRATCH/out")" $((lines + 1)) records
		tail -n1 "$SCRATCH/out" >"$SCRATCH/last"
		is "$("$DIR/_json" /run <"$SCRATCH/last")" \
			"$("$DIR/_json" /released <"$SCRATCH/run")" 'what the run released'
	done
	kill -INT "$follower"
	ended 0
	silent err
}

without_the_capability_the_way_out_is_told()
{
	module
	# Root of a namespace may open the device, as its owner.
	unshare -r gostat --version >/dev/null 2>&1 || skip 'there are no user namespaces'
	status 1 unshare -r gostat scavenge
	says 'Operation not permitted: run gostat as root'
	silent out
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS='the_module_gives_back_what_is_idle the_modules_runs_are_followed
	without_the_capability_the_way_out_is_told'
run_tests a_record_is_a_row json_has_every_figure_a_record_a_line \
	figures_it_does_not_know_are_in_json one_cause_can_be_chosen lost_records_are_told \
	no_record_is_told a_bad_line_is_named a_trace_that_is_cut_off_is_named \
	records_are_followed_until_a_signal a_record_in_pieces_is_one \
	many_records_are_followed a_bad_line_ends_following a_pipe_that_ends_ends_it \
	a_reader_that_leaves_ends_it files_that_are_not_there_are_named \
	the_module_gives_back_what_is_idle the_modules_runs_are_followed \
	without_the_capability_the_way_out_is_told
