#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat record: the text of tracefs to a trace, line by line, and a recording of
# the running kernel where that is possible. The gostat module is not needed.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

TRACING=/sys/kernel/tracing

# event TASK CPU EVENT FIELDS: as tracefs prints it.
event()
{
	clock=$((clock + 1))
	printf '%16s [%03d] d..1. %8d: %s: %s\n' "$1" "$2" $clock "$3" "$4"
}

# alloc CPU EVENT SITE PTR REQ GIVEN FLAGS
alloc()
{
	event 'kworker/0:1-7' "$1" "$2" \
		"call_site=$3+0x1a/0x40 ptr=$4 bytes_req=$5 bytes_alloc=$6 gfp_flags=$7 node=-1 accounted=false"
}

capture()
{
	clock=0
	cat <<-'HEAD'
	# tracer: nop
	#
	# entries-in-buffer/entries-written: 20/20   #P:2
	#
	#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
	HEAD
	alloc 0 kmalloc first ffff888000001000 100 128 GFP_KERNEL
	# Traced twice, as 6.12 does with large ones.
	alloc 1 kmalloc large ffff888000020000 10000 12288 'GFP_ATOMIC|__GFP_COMP'
	alloc 1 kmalloc large ffff888000020000 10000 12288 'GFP_ATOMIC|__GFP_COMP'
	# Its name comes from a probe.
	alloc 0 kmem_cache_alloc open ffff888000003000 184 192 'GFP_KERNEL|__GFP_ZERO'
	event 'a [1] b-7' 0 kcname '(probe+0x4/0x10) ptr=0xffff888000003000 name="filp"'
	# From its free, and another one's from that one's.
	alloc 0 kmem_cache_alloc site ffff888000004000 40 40 GFP_NOWAIT
	event '<idle>-0' 1 kmem_cache_free \
		'call_site=done+0x1/0x2 ptr=ffff888000004000 name=my cache'
	alloc 1 kmem_cache_alloc site ffff888000005000 40 40 GFP_NOFS
	# From nowhere.
	alloc 1 kmem_cache_alloc alone ffff888000006000 24 24 GFP_KERNEL
	# A kernel that prints it.
	event x-1 1 kmem_cache_alloc 'call_site=n+0x1/0x2 ptr=ffff888000007000 name=dentry bytes_req=192 bytes_alloc=192 gfp_flags=GFP_KERNEL'
	event x-1 0 kfree 'call_site=f+0x1/0x2 ptr=0000000000000000'
	event x-1 0 kfree 'call_site=f+0x1/0x2 ptr=ffff888000009000'
	# Its free was missed.
	alloc 0 kmalloc again ffff888000001000 64 64 GFP_KERNEL
	event x-1 0 balloc0 '(r <- f) nr=2 name="maple_node" req=256 size=256 flags=3264 p={0xffff88800000a000,0xffff88800000b000,0x0,0x123}'
	event x-1 1 bfree0 '(f+0x4/0x20) size=2 p={0xffff88800000a000,0xffff88800000b000,0x0,0xffff888000007000}'
	# Of tracing itself.
	alloc 0 kmalloc rb_allocate_cpu_buffer ffff88800000c000 512 512 GFP_KERNEL
	event x-1 0 kfree 'call_site=f+0x1/0x2 ptr=ffff88800000c000'
	event x-1 0 sched_switch 'prev_comm=x ==> next_comm=y'
}

wanted()
{
	cat <<-'TRACE'
	# kmemtrace: 1
	# kernel: Linux
	# workload: none
	# vcpus: 2
	# events: 14 allocs: 10 frees: 4
	# max_id: 7
	# overruns=0 lost_marks=0
	# truncated=0
	# synthesised_frees=1
	# double_events=1
	# unseen_frees=1
	# null_frees=1
	# failed_allocs=0
	# hidden_allocs=1
	# hidden_frees=1
	# bulk_allocs=2
	# bulk_frees=2
	# names_from_call_site=1
	# names_unknown=1
	# line: a <cpu> <id> <bytes_req> <bytes_alloc> <cache> <A|K>
	# line: f <cpu> <id>
	a 0 0 100 128 - K
	a 1 1 10000 12288 - A
	a 0 2 184 192 filp K
	a 0 3 40 40 my_cache A
	f 1 3
	a 1 3 40 40 my_cache K
	a 1 4 24 24 c K
	a 1 5 192 192 dentry K
	f 0 0
	a 0 0 64 64 - K
	a 0 6 256 256 maple_node K
	a 0 7 256 256 maple_node K
	f 1 6
	f 1 7
	TRACE
}

every_kind_of_event_is_converted()
{
	capture >"$SCRATCH/text"
	wanted >"$SCRATCH/wanted"
	status 0 gostat record --from="$SCRATCH/text" -o "$SCRATCH/t" --kernel=Linux \
		--workload=none
	prints '14 events, 10 allocations and 4 frees'
	diff "$SCRATCH/wanted" "$SCRATCH/t"
	status 0 gostat replay --dry-run "$SCRATCH/t"
}

gzip_goes_in_and_out()
{
	capture | gzip >"$SCRATCH/text.gz"
	status 0 gostat record --from="$SCRATCH/text.gz" -o "$SCRATCH/t.kmt.gz" --json
	json_is /events 14
	json_is /caches 6
	gunzip -c "$SCRATCH/t.kmt.gz" | grep -v '^#' >"$SCRATCH/a"
	wanted | grep -v '^#' | diff - "$SCRATCH/a"
}

standard_output_takes_only_the_trace()
{
	capture >"$SCRATCH/text"
	status 0 gostat record --from="$SCRATCH/text" -o -
	says '14 events'
	[ "$(head -n1 "$SCRATCH/out")" = '# kmemtrace: 1' ]
	[ "$(grep -vc '^#' "$SCRATCH/out")" = 14 ]
}

call_sites_can_be_left_out()
{
	capture >"$SCRATCH/text"
	status 0 gostat record --from="$SCRATCH/text" -o "$SCRATCH/t" --drop-site='' --json
	json_is /events 16
	status 0 gostat record --from="$SCRATCH/text" -o "$SCRATCH/t" --json \
		--drop-site='^(large|first)\+'
	json_is /hidden_allocs 3
}

a_capture_with_lost_events_is_refused()
{
	capture | sed 's,20/20,20/23,' >"$SCRATCH/text"
	status 1 gostat record --from="$SCRATCH/text" -o "$SCRATCH/lost"
	says 'lost events (3;'
	[ ! -e "$SCRATCH/lost" ]
	{ capture; echo 'CPU:1 [LOST 5 EVENTS]'; } >"$SCRATCH/text"
	status 1 gostat record --from="$SCRATCH/text" -o "$SCRATCH/lost"
	[ ! -e "$SCRATCH/lost" ]
}

lines_that_are_wrong_are_told_by_number()
{
	for fields in 'call_site=x ptr=ffff888000001000' \
		      'call_site=x ptr=ffff888000001000 bytes_req=9 bytes_alloc=8 gfp_flags=0'; do
		{ capture; event x-1 0 kmalloc "$fields"; } >"$SCRATCH/text"
		status 1 gostat record --from="$SCRATCH/text" -o "$SCRATCH/bad"
		says "text:$(($(wc -l <"$SCRATCH/text"))): cannot read this allocation event"
		[ ! -e "$SCRATCH/bad" ]
	done
	: >"$SCRATCH/text"
	status 1 gostat record --from="$SCRATCH/text" -o "$SCRATCH/bad"
	says 'there is no allocation event'
}

a_file_that_cannot_be_written_is_an_error()
{
	capture >"$SCRATCH/text"
	status 1 gostat record --from="$SCRATCH/text" -o "$SCRATCH/no/t"
	says 'No such file or directory'
	[ -c /dev/full ] || return 0
	ln -s /dev/full "$SCRATCH/full.part"
	status 1 gostat record --from="$SCRATCH/text" -o "$SCRATCH/full"
	says 'No space left on device'
	[ ! -e "$SCRATCH/full" ]
	[ ! -L "$SCRATCH/full.part" ]
}

can_record()
{
	[ "$(id -u)" = 0 ] || skip 'only root can record'
	[ -d $TRACING/events/kmem ] || skip 'tracefs has no kmem events here'
}

nothing_is_left_of_a_recording()
{
	[ ! -e $TRACING/instances/gostat ]
	if grep gostat_record $TRACING/dynamic_events; then
		exit 1
	fi
}

a_recording_of_this_kernel_is_a_good_trace()
{
	can_record
	status 0 gostat record -o "$SCRATCH/live.kmt.gz" --buffer=16 -- \
		sh -c 'ls -l / >/dev/null'
	nothing_is_left_of_a_recording
	status 0 gostat replay --dry-run --json "$SCRATCH/live.kmt.gz"
	at_least "$(json /trace/allocs)" 50 allocations
	json_is /trace/workload 'sh -c ls -l / >/dev/null'
}

events_that_do_not_fit_leave_no_trace()
{
	can_record
	status 1 gostat record -o "$SCRATCH/small" --buffer=1 -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8; do ls -lR /sys/module >/dev/null; done'
	says 'did not fit into 1 MiB for each CPU'
	[ ! -e "$SCRATCH/small" ]
	nothing_is_left_of_a_recording
}

a_command_that_cannot_run_leaves_no_trace()
{
	can_record
	status 1 gostat record -o "$SCRATCH/none" --buffer=1 -- "$NOWHERE"
	says "$NOWHERE: No such file or directory"
	[ ! -e "$SCRATCH/none" ]
	nothing_is_left_of_a_recording
}

without_tracefs_the_way_out_is_told()
{
	export GOSTAT_TRACEFS=$NOWHERE
	status 1 gostat record -o "$SCRATCH/none" -- true
	says "$NOWHERE/instances/gostat: No such file or directory"
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS='a_recording_of_this_kernel_is_a_good_trace events_that_do_not_fit_leave_no_trace
	a_command_that_cannot_run_leaves_no_trace'
run_tests every_kind_of_event_is_converted gzip_goes_in_and_out \
	standard_output_takes_only_the_trace call_sites_can_be_left_out \
	a_capture_with_lost_events_is_refused lines_that_are_wrong_are_told_by_number \
	a_file_that_cannot_be_written_is_an_error a_recording_of_this_kernel_is_a_good_trace \
	events_that_do_not_fit_leave_no_trace a_command_that_cannot_run_leaves_no_trace \
	without_tracefs_the_way_out_is_told
