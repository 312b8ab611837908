#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat stats and gostat classes: on folders made here, with figures chosen so
# that every rule shows, and on the module's if it is loaded.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

# figure NAME VALUE
figure() { echo "$2" >"$GOSTAT_SYSFS/$1"; }

# class SIZE NMALLOC NFREE
class()
{
	mkdir -p "$GOSTAT_SYSFS/by_size/$1"
	figure "by_size/$1/size" "$1"
	figure "by_size/$1/nmalloc" "$2"
	figure "by_size/$1/nfree" "$3"
}

# Without debugfs: every figure by itself.
folder()
{
	fakes
	rmdir "$GOSTAT_DEBUGFS"
	figure sys 4194304
	figure heap_released 1048576
	figure heap_alloc 30000
	figure nmalloc 1110
	figure nfree 110
	class 1024 10 10
	class 8 1000 50
	class 64 90 48
	class 32768 0 0
}

stats_shows_bytes_for_people_and_exactly()
{
	folder
	status 0 gostat stats
	silent err
	grep -qE '^  sys +4\.00 MiB +4,194,304 ' "$SCRATCH/out"
	grep -qE '^  \(held\) +3\.00 MiB +3,145,728 ' "$SCRATCH/out"
	grep -qE '^  nmalloc +1,110 ' "$SCRATCH/out"
}

stats_shows_files_it_does_not_know()
{
	folder
	figure new_figure 12345
	figure mode background
	status 0 gostat stats
	grep -qE '^  new_figure +12,345' "$SCRATCH/out"
	grep -qE '^  mode +background$' "$SCRATCH/out"
	status 0 gostat stats --json
	json_is /figures/new_figure 12345
	json_is /figures/mode background
}

stats_json_has_every_file_exactly()
{
	folder
	figure nlookup 18446744073709551615
	status 0 gostat stats --json
	json_is /folder "$GOSTAT_SYSFS"
	json_is /figures/sys 4194304
	json_is /figures/nlookup 18446744073709551615
	json_is /held 3145728
}

stats_leaves_triggers_and_secrets_alone()
{
	folder
	figure scavenge 1
	chmod 200 "$GOSTAT_SYSFS/scavenge"
	status 0 gostat stats --json
	if json /figures/scavenge; then
		exit 1
	fi
}

stats_of_an_empty_folder_is_an_error()
{
	folder
	rm -r "${GOSTAT_SYSFS:?}"/*
	status 1 gostat stats
	says 'no figures there'
}

classes_are_in_order_with_large_objects_last()
{
	folder
	status 0 gostat classes --json
	json_is /classes/0/size 8
	json_is /classes/0/live 950
	json_is /classes/0/live_bytes 7600
	json_is /classes/1/size 64
	json_is /classes/2/size 1024
	json_is /classes/2/live 0
	json_is /classes/4/size large
	json_is /classes/4/nmalloc 10
	json_is /classes/4/nfree 2
	json_is /classes/4/live_bytes 19712
}

classes_never_used_are_shown_on_demand()
{
	folder
	status 0 gostat classes
	prints '1 of 5 classes were never used: --all shows them'
	[ "$(grep -c 32,768 "$SCRATCH/out")" = 0 ]
	grep -qE '^ +all +1,110 +110 +1,000 +30,000 +29\.30 KiB$' "$SCRATCH/out"
	status 0 gostat classes --all
	[ "$(grep -c 32,768 "$SCRATCH/out")" = 1 ]
}

figures_that_are_no_numbers_are_named()
{
	folder
	for text in '' x -1 1x 99999999999999999999; do
		figure by_size/64/nfree "$text"
		status 1 gostat classes
		says 'by_size/64/nfree: not a number'
	done
	rm "$GOSTAT_SYSFS/by_size/64/nfree"
	status 1 gostat classes
	says 'by_size/64/nfree: No such file or directory'
	rm -r "$GOSTAT_SYSFS/by_size"
	status 1 gostat classes
	says 'by_size: No such file or directory'
}

one_snapshot_is_preferred_to_many_files()
{
	folder
	mkdir -p "$GOSTAT_DEBUGFS"
	fake_snapshot 7 1 1110 110 '"nlookup": 18446744073709551615,'
	figure sys 1
	figure memory_limit 4096
	mkdir "$GOSTAT_SYSFS/memory_classes"
	figure memory_classes/heap_objects 1
	status 0 gostat stats --json
	silent err
	json_is /cut 7
	json_is /figures/sys 4194304
	json_is /figures/nlookup 18446744073709551615
	json_is /figures/memory_limit 4096
	json_is /held 3145728
	json_is /memory_classes/heap_objects 48160
	json_is /memory_classes/heap_unused 951840
	json_is /by_cpu/1/cpu 2
	if json /figures/cut || json /figures/time_ns; then
		exit 1
	fi
	status 0 gostat stats
	grep -qE '^  nlookup +18,446,744,073,709,551,615 ' "$SCRATCH/out"
	prints 'Where the bytes are'
	grep -qE '^  heap_unused +929.53 KiB +951,840 ' "$SCRATCH/out"
	grep -qE '^ +cpu +hits +nuncached +refills +flushes +no lock$' "$SCRATCH/out"
	grep -qE '^ +0 +200 +50 +20 +4 +72.00 %$' "$SCRATCH/out"
	grep -qE '^ +2 +0 +0 +0 +0 +-$' "$SCRATCH/out"
	grep -qE '^ +name +inuse +spans +peak +failures$' "$SCRATCH/out"
	grep -qE '^ +stacks +16,384 +2 +20,480 +1$' "$SCRATCH/out"
	status 0 gostat classes --json
	json_is /cut 7
	json_is /classes/0/size 8
	json_is /classes/0/live 996
	json_is /classes/0/cached 5
	json_is /classes/2/size large
	json_is /classes/2/live_bytes 40000
}

stats_has_folders_of_figures_too()
{
	folder
	mkdir -p "$GOSTAT_SYSFS/memory_classes" "$GOSTAT_SYSFS/cpu/9" \
		"$GOSTAT_SYSFS/cpu/10" "$GOSTAT_SYSFS/sinks/stacks"
	figure memory_classes/heap_free 77
	figure cpu/9/hits 10
	figure cpu/10/hits 11
	figure sinks/stacks/inuse 4096
	figure sinks/stacks/description 'stack-like buffers'
	status 0 gostat stats --json
	json_is /memory_classes/heap_free 77
	json_is /by_cpu/0/cpu 9
	json_is /by_cpu/0/hits 10
	json_is /by_cpu/1/hits 11
	json_is /sinks/0/name stacks
	json_is /sinks/0/inuse 4096
	json_is /sinks/0/description 'stack-like buffers'
	if json /cut; then
		exit 1
	fi
}

# With a snapshot and without one.
stats_shows_the_scavenger_by_cause()
{
	for with in snapshot sysfs; do
		fakes
		fake_scavenger
		fake_snapshot 7 1 1110 110 "$SCAVENGER"
		[ $with = snapshot ] || rm -r "$GOSTAT_DEBUGFS"
		status 0 gostat stats
		silent err
		grep -qE '^  scav_goal +2\.00 MiB +2,097,152 ' "$SCRATCH/out"
		grep -qE '^  scav_released +3\.00 KiB +3,072 ' "$SCRATCH/out"
		grep -qE '^  memory_limit +4\.00 MiB +4,194,304 ' "$SCRATCH/out"
		grep -qE '^  over_limit +5 ' "$SCRATCH/out"
		grep -qE '^  idle_limit +60  seconds ' "$SCRATCH/out"
		grep -qE '^ +cause +runs +released +ns$|^ +cause +ns +released +runs$' "$SCRATCH/out"
		grep -qE '^ +background .*3,072' "$SCRATCH/out"
		grep -qE '^ +forced ' "$SCRATCH/out"
		[ "$(grep -c '^Other' "$SCRATCH/out")" = 0 ]
		status 0 gostat stats --json
		json_is /figures/scav_goal 2097152
		json_is /figures/limit_refused 0
		json_is /background/cpu_share 1234
		json_is /scavenger/0/cause background
		json_is /scavenger/0/ns 1200000034
		json_is /scavenger/1/cause forced
		json_is /scavenger/1/runs 3
		if json /figures/scavenger; then
			exit 1
		fi
	done
}

classes_show_all_they_have_on_demand()
{
	fakes
	fake_snapshot 7 1 1110 110
	status 0 gostat classes
	[ "$(grep -c cached "$SCRATCH/out")" = 0 ]
	status 0 gostat classes --long
	grep -qE '^ +size +nmalloc +.* cached +refills +flushes +peak$' "$SCRATCH/out"
	grep -qE '^ +8 +1,098 +102 +996 +7,968 +7.78 KiB +5 +29 +4 +500$' "$SCRATCH/out"
	grep -qE '^ +all +1,110 +110 +1,000 +48,160 +47.03 KiB +7 +30 +4 +-$' "$SCRATCH/out"
}

a_snapshot_that_is_none_is_named()
{
	fakes
	for text in '' 7 '{' '{}' '{"cut": 1, "time_ns": 2}'; do
		echo "$text" | fake_debugfs memstats.json
		status 1 gostat classes
		says 'debugfs/memstats.json: is not a'
		silent out
	done
}

the_module_has_all_figures()
{
	module
	status 0 gostat stats --json
	silent err
	for file in /sys/kernel/gostat/* /sys/kernel/gostat/memory_classes/*; do
		[ -f "$file" ] || continue
		case $(stat -c %a "$file") in
		200)	continue ;;
		esac
		file=${file#/sys/kernel/gostat/}
		case $file in
		memory_classes/*) json "/$file" >/dev/null ;;
		*)		json "/figures/$file" >/dev/null ;;
		esac
	done
	for name in sys heap_sys heap_inuse heap_idle heap_released heap_alloc nmalloc nfree; do
		json "/figures/$name" >/dev/null
	done
	json /by_cpu/0/hits >/dev/null
	json_is /sinks/0/name stacks
	at_least "$(json /cut)" 1 cut
}

the_modules_memory_classes_add_up()
{
	module
	status 0 gostat stats --json
	sum=0
	for name in /sys/kernel/gostat/memory_classes/*; do
		sum=$((sum + $(json "/memory_classes/${name##*/}")))
	done
	is "$sum" "$(json /figures/sys)" 'sum of the memory classes'
}

the_modules_classes_are_complete()
{
	module
	status 0 gostat classes --json
	silent err
	last=$(find /sys/kernel/gostat/by_size -mindepth 1 -maxdepth 1 | wc -l)
	at_least "$last" 10 'size classes'
	json_is "/classes/$last/size" large
	status 0 gostat classes --all
	# A head, a row each, one for large objects, a rule, the sum.
	[ "$(wc -l <"$SCRATCH/out")" -eq $((last + 4)) ]
	status 0 gostat classes --long
	for figure in /sys/kernel/gostat/by_size/64/*; do
		head -n1 "$SCRATCH/out" | grep -qw "${figure##*/}"
	done
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS='the_module_has_all_figures the_modules_memory_classes_add_up
	the_modules_classes_are_complete'
run_tests stats_shows_bytes_for_people_and_exactly stats_shows_files_it_does_not_know \
	stats_json_has_every_file_exactly stats_leaves_triggers_and_secrets_alone \
	stats_of_an_empty_folder_is_an_error classes_are_in_order_with_large_objects_last \
	classes_never_used_are_shown_on_demand figures_that_are_no_numbers_are_named \
	one_snapshot_is_preferred_to_many_files stats_has_folders_of_figures_too \
	stats_shows_the_scavenger_by_cause \
	classes_show_all_they_have_on_demand a_snapshot_that_is_none_is_named \
	the_module_has_all_figures the_modules_memory_classes_add_up \
	the_modules_classes_are_complete
