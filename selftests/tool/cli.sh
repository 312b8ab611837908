#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The command line of gostat: help, errors, exit statuses, lost output. No
# module is needed.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

COMMANDS='stats classes arenas watch plot verify scavenge trace export replay record'

every_command_has_a_page()
{
	for command in $COMMANDS; do
		status 0 gostat "$command" --help
		silent err
		for head in NAME SYNOPSIS DESCRIPTION OPTIONS FILES EXAMPLES; do
			grep -qx "$head" "$SCRATCH/out" ||
				{ echo "gostat $command --help: no $head"; exit 1; }
		done
		cp "$SCRATCH/out" "$SCRATCH/page"
		status 0 gostat help "$command"
		cmp "$SCRATCH/out" "$SCRATCH/page"
	done
}

pages_fit_in_80_columns()
{
	for page in '' $COMMANDS; do
		# shellcheck disable=SC2086 # no word for the first page
		status 0 gostat $page --help
		if grep -nE '.{81}' "$SCRATCH/out"; then
			exit 1
		fi
	done
}

the_first_page_lists_all_commands()
{
	status 0 gostat --help
	for command in $COMMANDS; do
		grep -qE "^    $command +[a-z]" "$SCRATCH/out"
	done
	prints 'EXIT STATUS'
	prints ENVIRONMENT
}

the_version_is_told()
{
	status 0 gostat --version
	grep -qE '^gostat [0-9]+\.[0-9]+' "$SCRATCH/out"
}

no_command_is_a_usage_error()
{
	status 2 gostat
	says 'gostat --help'
	silent out
}

a_mistyped_command_is_guessed()
{
	status 2 gostat relpay
	says "did you mean 'replay'?"
	status 2 gostat help clases
	says "did you mean 'classes'?"
	status 2 gostat frobnicate
	says "'frobnicate' is not a command: see 'gostat --help'"
}

a_mistyped_option_is_guessed()
{
	status 2 gostat stats --jsno
	says "unknown option '--jsno': did you mean '--json'?"
	status 2 gostat replay --kmaloc-only=1 x
	says "did you mean '--kmalloc-only'?"
	status 2 gostat classes -x
	says "unknown option '-x': see 'gostat classes --help'"
	status 2 gostat classes --all=1
	says "takes no value"
	status 2 gostat replay --ke x
	says "ambiguous"
}

operands_are_counted()
{
	status 2 gostat replay
	says 'TRACE is missing'
	status 2 gostat replay a b
	says "unexpected 'b'"
	status 2 gostat stats x
	says "unexpected 'x'"
	status 2 gostat watch 1 x
	says "unexpected 'x'"
}

bad_values_are_named()
{
	status 2 gostat replay --speed=fast x
	says "--speed: 'fast' is not a number"
	status 2 gostat replay --speed=0 x
	status 2 gostat replay --speed=-1 x
	status 2 gostat replay --sample=99999999999999999999 x
	status 2 gostat replay --sample=99999999999999999G x
	status 2 gostat replay --window=0 x
	status 2 gostat replay --stop-at=top x
	status 2 gostat replay --keep=long x
	status 2 gostat replay --kmalloc-only --cache=dentry x
	status 2 gostat replay x --speed
	says 'needs a value'
	for seconds in 0 x 1x '' 99999999; do
		status 2 gostat watch "$seconds"
		says SECONDS
	done
	status 2 gostat watch --count=x
	for width in 59 4097 -1 wide; do
		status 2 gostat arenas --width=$width
		says '--width'
	done
	status 2 gostat export --format=xml
	says "--format: 'xml' is not openmetrics or prometheus"
	status 2 gostat record
	says '-o FILE'
	status 2 gostat record -o x --drop-site='('
	status 2 gostat record -o x --from=y true
	status 2 gostat record -o - --json true
}

without_the_module_the_way_out_is_told()
{
	export GOSTAT_SYSFS=$NOWHERE GOSTAT_DEBUGFS=$NOWHERE GOSTAT_DEVICE=$NOWHERE
	for command in stats classes arenas watch verify scavenge trace 'trace -f' export \
		"replay $TRACE"; do
		# shellcheck disable=SC2086 # words
		status 3 gostat $command --json
		says "$NOWHERE: not there: load the module"
		silent out
	done
}

without_debugfs_the_way_out_is_told()
{
	fakes
	rmdir "$GOSTAT_DEBUGFS"
	for command in arenas watch verify trace 'trace -f'; do
		# shellcheck disable=SC2086 # words
		status 1 gostat $command --json
		says "$GOSTAT_DEBUGFS: not there: as root, 'mount -t debugfs none /sys/kernel/debug'"
		silent out
	done
	mkdir "$GOSTAT_DEBUGFS"
	status 1 gostat watch
	says "$GOSTAT_DEBUGFS/memstats.json: No such file or directory"
}

without_root_the_way_out_is_told()
{
	nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
	$nobody gostat --version >/dev/null 2>&1 || skip 'there is no setpriv, or no root to drop'
	fakes
	: | fake_debugfs verify
	chmod 755 "$SCRATCH"
	chmod 000 "$GOSTAT_DEBUGFS/verify"
	# shellcheck disable=SC2086 # words
	status 1 $nobody gostat verify
	says "$GOSTAT_DEBUGFS/verify: Permission denied: run gostat as root"
	silent out
}

another_device_is_refused()
{
	export GOSTAT_DEVICE=/dev/null
	status 1 gostat replay --json "$TRACE"
	says '/dev/null: is not the gostat device'
}

a_full_disk_is_noticed()
{
	[ -c /dev/full ] || skip 'there is no /dev/full'
	status=0
	gostat --help >/dev/full 2>"$SCRATCH/err" || status=$?
	[ $status = 1 ]
	says 'standard output: No space left on device'
}

a_closed_output_is_noticed()
{
	status=0
	gostat --help >&- 2>"$SCRATCH/err" || status=$?
	[ $status = 1 ]
	says 'standard output: Bad file descriptor'
}

a_reader_that_left_is_noticed()
{
	{
		sleep 0.3
		status=0
		gostat --help 2>"$SCRATCH/err" || status=$?
		echo $status >"$SCRATCH/status"
	} | true
	[ "$(cat "$SCRATCH/status")" = 1 ]
	says 'standard output: Broken pipe'
}

run_tests every_command_has_a_page pages_fit_in_80_columns the_first_page_lists_all_commands \
	the_version_is_told no_command_is_a_usage_error a_mistyped_command_is_guessed \
	a_mistyped_option_is_guessed operands_are_counted bad_values_are_named \
	without_the_module_the_way_out_is_told without_debugfs_the_way_out_is_told \
	without_root_the_way_out_is_told another_device_is_refused \
	a_full_disk_is_noticed a_closed_output_is_noticed a_reader_that_left_is_noticed
