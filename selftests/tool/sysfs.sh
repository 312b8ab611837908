#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat stats and gostat classes: on a folder made here, with figures chosen so
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

folder()
{
	export GOSTAT_SYSFS="$SCRATCH/sysfs"
	rm -rf "$GOSTAT_SYSFS"
	mkdir -p "$GOSTAT_SYSFS"
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

module()
{
	[ -d /sys/kernel/gostat ] || skip 'the module is not loaded'
	[ "$(id -u)" = 0 ] || skip 'only root may read by_size'
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
	json_is /classes/0/live_objects 950
	json_is /classes/0/live_bytes 7600
	json_is /classes/1/size 64
	json_is /classes/2/size 1024
	json_is /classes/2/live_objects 0
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

the_module_has_all_figures()
{
	module
	status 0 gostat stats --json
	silent err
	for file in /sys/kernel/gostat/*; do
		[ -f "$file" ] || continue
		case $(stat -c %a "$file") in
		200)	continue ;;
		esac
		json "/figures/${file##*/}" >/dev/null
	done
	for name in sys heap_sys heap_inuse heap_idle heap_released heap_alloc nmalloc nfree; do
		json "/figures/$name" >/dev/null
	done
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
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS='the_module_has_all_figures the_modules_classes_are_complete'
run_tests stats_shows_bytes_for_people_and_exactly stats_shows_files_it_does_not_know \
	stats_json_has_every_file_exactly stats_leaves_triggers_and_secrets_alone \
	stats_of_an_empty_folder_is_an_error classes_are_in_order_with_large_objects_last \
	classes_never_used_are_shown_on_demand figures_that_are_no_numbers_are_named \
	the_module_has_all_figures the_modules_classes_are_complete
