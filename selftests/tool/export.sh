#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat export: metrics of a snapshot made here, by a grammar and, where there
# is Python with prometheus_client, by real parsers; and the module's.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

# Debian's: its packages are not another one's.
PYTHON=/usr/bin/python3

snapshot()
{
	fakes
	fake_snapshot 7 1 1110 110 '"obtained": 3145728, "total_alloc": 18446744073709551615,'
}

has() { grep -qxF -e "$1" "$SCRATCH/out" || { echo "no line: $1"; exit 1; }; }
has_no() { ! grep "$1" "$SCRATCH/out"; }

grammar() { awk -v prometheus="$1" -f "$DIR/_openmetrics.awk" <"$SCRATCH/out"; }

every_metric_has_its_lines()
{
	snapshot
	status 0 gostat export
	silent err
	has '# TYPE gostat_heap_inuse_bytes gauge'
	has '# UNIT gostat_heap_inuse_bytes bytes'
	has '# HELP gostat_heap_inuse_bytes Spans that hold objects.'
	has 'gostat_heap_inuse_bytes 1000000'
	has 'gostat_held_bytes 3145728'
	has '# TYPE gostat_alloc_bytes counter'
	has 'gostat_alloc_bytes_total 18446744073709551615'
	has '# TYPE gostat_mallocs counter'
	has 'gostat_mallocs_total{class="8"} 1098'
	has 'gostat_mallocs_total{class="64"} 10'
	has 'gostat_mallocs_total{class="large"} 2'
	has 'gostat_live_objects{class="8"} 996'
	has 'gostat_live_bytes{class="64"} 192'
	has 'gostat_live_bytes{class="large"} 40000'
	has 'gostat_memory_bytes{kind="heap_unused"} 951840'
	has 'gostat_cpu_hits_total{cpu="2"} 0'
	has 'gostat_sink_inuse_bytes{sink="stacks"} 16384'
	has 'gostat_sink_failures_total{sink="my_ring"} 0'
	is "$(tail -n1 "$SCRATCH/out")" '# EOF' 'last line'
	# Not there, not 0: the fake has no spans.
	has_no gostat_spans
}

# With a snapshot and without one.
the_scavenger_is_exported_by_cause()
{
	for with in snapshot sysfs; do
		fakes
		fake_scavenger
		fake_snapshot 7 1 1110 110 "$SCAVENGER"
		[ $with = snapshot ] || rm -r "$GOSTAT_DEBUGFS"
		status 0 gostat export --totals
		silent err
		grammar 0
		has '# UNIT gostat_scavenger_released_bytes bytes'
		has '# TYPE gostat_scavenger_runs counter'
		has 'gostat_scavenger_runs_total{cause="background"} 7'
		has 'gostat_scavenger_runs_total{cause="forced"} 3'
		has 'gostat_scavenger_released_bytes_total{cause="background"} 3072'
		has '# UNIT gostat_scavenger_seconds seconds'
		has 'gostat_scavenger_seconds_total{cause="background"} 1.200000034'
		has 'gostat_scavenger_seconds_total{cause="forced"} 0.000000005'
		has 'gostat_scavenger_goal_bytes 2097152'
		has 'gostat_scavenger_cpu_ratio 0.001234'
		has 'gostat_memory_limit_bytes 4194304'
		has 'gostat_memory_limit_hard_bytes 0'
		has 'gostat_over_limit_total 5'
		has '# TYPE gostat_limit_refused counter'
		has_no '^gostat_scav_'
		has_no idle_limit
		status 0 gostat export --totals --json
		prints '"value": 1.200000034'
	done
}

the_grammar_holds()
{
	snapshot
	for figures in '' "$SCAVENGER" '"new_figure": 1,' '"x\"y": 1, "Zz": 2, "a b": 3,'; do
		fake_snapshot 7 1 1110 110 "$figures"
		status 0 gostat export
		grammar 0
		status 0 gostat export --totals
		grammar 0
		status 0 gostat export --format=prometheus
		grammar 1
		has '# TYPE gostat_mallocs_total counter'
		has_no '# EOF'
	done
	# And it is one that refuses things.
	# shellcheck disable=SC2016 # sed's last line
	for change in '/# EOF/d' '/^# HELP gostat_frees/d' 's/_total{/{/' '$p' \
		's/\(gostat_frees_total.* [0-9]*\)$/\1.5/' 's/^# TYPE gostat_mallocs /&x/' 's/"8"}/"64"}/' 's/UNIT \(.*\) bytes/UNIT \1 seconds/'; do
		status 0 gostat export
		sed -i "$change" "$SCRATCH/out"
		! grammar 0 || { echo "let through: $change"; exit 1; }
	done
}

figures_that_are_not_known_have_no_type()
{
	snapshot
	echo 5 >"$GOSTAT_SYSFS/new_figure"
	echo background >"$GOSTAT_SYSFS/mode"
	status 0 gostat export
	has 'gostat_new_figure 5'
	has '# HELP gostat_new_figure new_figure of /sys/kernel/gostat.'
	has_no 'TYPE gostat_new_figure'
	has_no gostat_mode
	has_no gostat_cut
}

totals_have_no_classes()
{
	snapshot
	status 0 gostat export --totals
	has 'gostat_mallocs_total 1110'
	has 'gostat_frees_total 110'
	has 'gostat_live_objects 1000'
	has_no 'class='
	has_no 'cpu='
}

without_debugfs_sysfs_is_read()
{
	snapshot
	rm -r "$GOSTAT_DEBUGFS"
	mkdir -p "$GOSTAT_SYSFS/by_size/8"
	for pair in nmalloc:9 nfree:4 heap_alloc:40040 heap_inuse:50000; do
		echo "${pair#*:}" >"$GOSTAT_SYSFS/${pair%:*}"
	done
	for pair in size:8 nmalloc:7 nfree:2 cached:3; do
		echo "${pair#*:}" >"$GOSTAT_SYSFS/by_size/8/${pair%:*}"
	done
	status 0 gostat export
	grammar 0
	has 'gostat_heap_inuse_bytes 50000'
	has 'gostat_mallocs_total{class="8"} 7'
	has 'gostat_mallocs_total{class="large"} 2'
	has 'gostat_cached_objects{class="8"} 3'
	has_no 'gostat_cached_objects{class="large"}'
	has 'gostat_live_bytes{class="large"} 40000'
	rm "$GOSTAT_SYSFS/by_size/8/nfree"
	status 1 gostat export
	says -- '--totals exports what everybody may read'
	silent out
	status 0 gostat export --totals
	has 'gostat_mallocs_total 9'
}

json_has_the_same()
{
	snapshot
	status 0 gostat export
	samples=$(grep -vc '^#' "$SCRATCH/out")
	status 0 gostat export --json
	json_is /metrics/0/name gostat_alloc_bytes
	json_is /metrics/0/type counter
	json_is /metrics/0/unit bytes
	json_is /metrics/0/samples/0/value 18446744073709551615
	is "$(grep -c '"value"' "$SCRATCH/out")" "$samples" samples
}

a_file_is_replaced_in_one_piece()
{
	snapshot
	mkdir "$SCRATCH/dir"
	file=$SCRATCH/dir/gostat.prom
	echo old >"$file"
	chmod 600 "$file"
	ln "$file" "$SCRATCH/old"
	umask 022
	status 0 gostat export --output "$file"
	silent out
	status 0 gostat export
	cmp "$SCRATCH/out" "$file"
	is "$(cat "$SCRATCH/old")" old 'the file that was there'
	is "$(stat -c %a "$file")" 644 'mode: node_exporter is not root'
	is "$(ls -A "$SCRATCH/dir")" gostat.prom 'what is in the folder'
	status 0 gostat export -o -
	cmp "$SCRATCH/out" "$file"
}

a_file_that_cannot_be_written_stays_as_it_was()
{
	snapshot
	status 1 gostat export -o "$NOWHERE/gostat.prom"
	says "$NOWHERE/gostat.prom: No such file or directory"
	status 1 gostat export -o /dev/null
	says '/dev/null: is no file that could be replaced'
	[ -c /dev/null ]
	mkdir "$SCRATCH/full"
	mount -t tmpfs -o size=4k none "$SCRATCH/full" 2>/dev/null ||
		skip 'only root can make a small disk'
	failed=
	status 1 gostat export -o "$SCRATCH/full/x" || failed=1
	left=$(ls -A "$SCRATCH/full")
	umount "$SCRATCH/full"
	[ -z "$failed" ] && says 'full/x: No space left on device'
	is "$left" '' 'what is left'
}

real_parsers_read_it()
{
	$PYTHON -c 'import prometheus_client' 2>/dev/null ||
		skip 'there is no Python with prometheus_client'
	snapshot
	echo 5 >"$GOSTAT_SYSFS/new_figure"
	for format in openmetrics prometheus; do
		status 0 gostat export --format=$format
		samples=$(grep -vc '^#' "$SCRATCH/out")
		$PYTHON "$DIR/_openmetrics.py" $format <"$SCRATCH/out" >"$SCRATCH/families"
		cp "$SCRATCH/families" "$SCRATCH/out"
		is "$(awk '{ n += $4 } END { print n }' "$SCRATCH/out")" "$samples" samples
		has 'gostat_mallocs counter - 3'
		has 'gostat_new_figure unknown - 1'
		[ $format = prometheus ] || has 'gostat_heap_inuse_bytes gauge bytes 1'
	done
	status 0 gostat export
	sed -i 's/_total{/{/' "$SCRATCH/out"
	! $PYTHON "$DIR/_openmetrics.py" openmetrics <"$SCRATCH/out"
}

the_modules_metrics_are_complete()
{
	module
	status 0 gostat export
	silent err
	grammar 0
	at_least "$(grep -vc '^#' "$SCRATCH/out")" 500 series
	mallocs=$(awk '/^gostat_mallocs_total\{/ { n += $2 } END { print n }' "$SCRATCH/out")
	is "$mallocs" "$(cat /sys/kernel/gostat/nmalloc)" 'sum over the classes'
	sys=$(awk '/^gostat_memory_bytes\{/ { n += $2 } END { printf "%d", n }' "$SCRATCH/out")
	has "gostat_sys_bytes $sys"
	status 0 gostat export --format=prometheus
	grammar 1
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS=the_modules_metrics_are_complete
run_tests every_metric_has_its_lines the_scavenger_is_exported_by_cause the_grammar_holds \
	figures_that_are_not_known_have_no_type totals_have_no_classes \
	without_debugfs_sysfs_is_read json_has_the_same a_file_is_replaced_in_one_piece \
	a_file_that_cannot_be_written_stays_as_it_was real_parsers_read_it \
	the_modules_metrics_are_complete
