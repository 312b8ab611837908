#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Reading traces: the figures of the one that is carried, known from elsewhere
# (data/README), and every way in which a trace can be wrong. No module needed.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

# bad LINE TEXT: the trace on standard input is refused at LINE because of TEXT.
bad()
{
	cat >"$SCRATCH/bad.kmt"
	status 1 gostat replay --dry-run "$SCRATCH/bad.kmt"
	says "bad.kmt:$1: $2"
	silent out
}

# A header and the lines given, each an argument.
trace()
{
	echo '# kmemtrace: 1'
	printf '%s\n' "$@"
}

the_figures_of_the_boot_trace_are_known()
{
	status 0 gostat replay --dry-run --json "$TRACE"
	silent err
	json_is /trace/events 551086
	json_is /trace/allocs 312570
	json_is /trace/frees 238516
	json_is /trace/end/objects 74054
	json_is /trace/peak_objects 74297
	json_is /trace/peak/event 548672
	json_is /trace/peak/asked 16728375
	json_is /trace/peak/slub 17931408
	json_is /trace/kmalloc 54917
	json_is /trace/cross_cpu_frees 28892
	json_is /trace/atomic 16518
	json_is /trace/cpus 2
}

kmalloc_alone_can_be_chosen()
{
	status 0 gostat replay -n -j --kmalloc-only "$TRACE"
	json_is /trace/file_events 551086
	json_is /trace/allocs 54917
	json_is /trace/kmalloc 54917
	json_is /trace/peak/asked 4282804
	json_is /trace/peak/slub 5380680
	cp "$SCRATCH/out" "$SCRATCH/kmalloc"
	status 0 gostat replay -n -j --cache=- "$TRACE"
	cmp "$SCRATCH/out" "$SCRATCH/kmalloc"
}

caches_can_be_chosen_by_pattern()
{
	trace 'a 0 0 10 16 - K' 'a 0 1 20 32 dentry K' 'a 0 2 40 64 ext4_inode K' 'f 0 1' \
		'f 0 0' >"$SCRATCH/t"
	status 0 gostat replay -n -j --cache='ext4*' --cache='d?ntry' "$SCRATCH/t"
	json_is /trace/events 3
	json_is /trace/asked 60
	json_is /trace/end/objects 1
	status 1 gostat replay -n -j --cache=nosuch "$SCRATCH/t"
	says 'no allocation of those that were asked for'
}

the_end_can_be_chosen()
{
	status 0 gostat replay -n -j --stop-at=100k "$TRACE"
	json_is /trace/events 100000
	status 0 gostat replay -n -j --stop-at=peak "$TRACE"
	json_is /trace/events 548673
	json_is /trace/peak/slub 17931408
	json_is /trace/end/slub 17931408
}

plain_gzip_and_standard_input_are_the_same()
{
	gunzip -c "$TRACE" >"$SCRATCH/plain"
	gostat replay -n "$TRACE" | tail -n +2 >"$SCRATCH/a"
	gostat replay -n "$SCRATCH/plain" | tail -n +2 >"$SCRATCH/b"
	gostat replay -n - <"$TRACE" | tail -n +2 >"$SCRATCH/c"
	cmp "$SCRATCH/a" "$SCRATCH/b"
	cmp "$SCRATCH/a" "$SCRATCH/c"
	grep -q 551,086 "$SCRATCH/a"
}

ids_are_used_again()
{
	trace 'a 0 0 8 8 - K' 'f 1 0' 'a 1 0 16 16 - A' 'f 1 0' 'a 0 0 1 8 - K' >"$SCRATCH/t"
	status 0 gostat replay -n -j "$SCRATCH/t"
	json_is /trace/allocs 3
	json_is /trace/cross_cpu_frees 1
	json_is /trace/atomic 1
	json_is /trace/end/asked 1
	json_is /trace/peak/slub 16
	json_is /trace/peak/event 2
}

lines_that_are_wrong_are_told_by_number()
{
	echo 'a 0 0 8 8 - K' | bad 1 'no '
	printf '# kmemtrace: 2\n' | bad 1 'this gostat knows version 1'
	trace 'x' | bad 2 'neither an allocation'
	trace '' | bad 2 'neither an allocation'
	trace 'a' | bad 2 'neither an allocation'
	trace 'a x 0 8 8 - K' | bad 2 'bad CPU number'
	trace 'a 65536 0 8 8 - K' | bad 2 'bad CPU number'
	trace '# vcpus: 2' 'a 2 0 8 8 - K' | bad 3 'bad CPU number'
	trace 'a 0 -1 8 8 - K' | bad 2 'bad id'
	trace 'a 0 99999999999 8 8 - K' | bad 2 'bad id'
	trace '# max_id: 3' 'a 0 4 8 8 - K' | bad 3 'bad id'
	trace 'a 0 0 0 8 - K' | bad 2 'bad number of bytes asked for'
	trace 'a 0 0 4294967296 8 - K' | bad 2 'bad number of bytes asked for'
	trace 'a 0 0 9 8 - K' | bad 2 'bad number of bytes given'
	trace 'a 0 0 8' | bad 2 'bad number of bytes given'
	trace 'a 0 0 8 8' | bad 2 'no cache name'
	trace 'a 0 0 8 8 -' | bad 2 'no cache name'
	trace 'a 0 0 8 8 - X' | bad 2 'the line does not end with A or K'
	trace 'a 0 0 8 8 - K ' | bad 2 'the line does not end with A or K'
	trace 'a 0 0 8 8 - K' 'a 0 0 8 8 - K' | bad 3 'the id is of an object that is alive'
	trace 'f 0 0' | bad 2 'the id is of no object that is alive'
	trace 'a 0 0 8 8 - K' 'f 0 0 0' | bad 3 'more than a CPU and an id'
	trace 'a 0 0 8 8 - K' 'f 0 0' 'f 0 0' | bad 4 'the id is of no object that is alive'
	trace 'a 0 0 8 8 - K' | tr K '\0' | bad 2 'a NUL byte'
	printf '# kmemtrace: 1\na 0 0 8 8 - K' | bad 2 'no end of line: the file is cut off'
	head -c 600000 /dev/zero | bad 1 'no line is that long'
}

a_header_that_counts_otherwise_is_an_error()
{
	trace '# events: 3 allocs: 2 frees: 1' 'a 0 0 8 8 - K' 'f 0 0' >"$SCRATCH/t"
	status 1 gostat replay -n "$SCRATCH/t"
	says 'the header says 3 events (2 allocations, 1 frees), there are 2 (1, 1)'
}

a_gzip_file_that_was_cut_off_is_an_error()
{
	for bytes in 100 100000 1500000; do
		head -c $bytes "$TRACE" >"$SCRATCH/cut.gz"
		status 1 gostat replay -n "$SCRATCH/cut.gz"
		says 'the gzip file is cut off after line'
		silent out
	done
}

a_gzip_file_that_is_damaged_is_an_error()
{
	{
		head -c 500000 "$TRACE"
		printf 'damage damage'
		tail -c +500014 "$TRACE"
	} >"$SCRATCH/damaged.gz"
	status 1 gostat replay -n "$SCRATCH/damaged.gz"
	silent out
}

other_files_are_told_apart()
{
	status 1 gostat replay -n "$SCRATCH/nosuch"
	says 'nosuch: No such file or directory'
	status 1 gostat replay -n "$SCRATCH"
	says 'is a directory'
	: >"$SCRATCH/empty"
	status 1 gostat replay -n "$SCRATCH/empty"
	says 'empty: empty'
	printf '\050\265\057\375xxxx' >"$SCRATCH/t.zst"
	status 1 gostat replay -n "$SCRATCH/t.zst"
	says "use 'zstd -dc FILE | gostat ... -'"
	echo '# kmemtrace: 1' >"$SCRATCH/t"
	status 1 gostat replay -n "$SCRATCH/t"
	says 'no allocation'
}

run_tests the_figures_of_the_boot_trace_are_known kmalloc_alone_can_be_chosen \
	caches_can_be_chosen_by_pattern the_end_can_be_chosen \
	plain_gzip_and_standard_input_are_the_same ids_are_used_again \
	lines_that_are_wrong_are_told_by_number a_header_that_counts_otherwise_is_an_error \
	a_gzip_file_that_was_cut_off_is_an_error a_gzip_file_that_is_damaged_is_an_error \
	other_files_are_told_apart
