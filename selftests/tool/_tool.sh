# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What the tests of the gostat command share. A test is a function whose name
# says what is true; it runs in a shell of its own that ends at the first
# expectation that does not hold. TAP with a plan comes out.

DIR=$(dirname -- "$0")
PATH=$DIR/../tools:$PATH
SCRATCH=$(mktemp -d) || exit 1
trap 'rm -rf "$SCRATCH"' EXIT
DATA=$DIR/data
[ -d "$DATA" ] || DATA=$DIR/../../selftests/data
# shellcheck disable=SC2034 # the tests use them
TRACE=$DATA/boot.kmt.gz
# shellcheck disable=SC2034
NOWHERE=/nonexistent/gostat

command -v gostat >/dev/null || {
	echo "1..0 # SKIP there is no gostat command"
	exit 4
}

# Kernels with KASAN, lockdep or KCSAN, on which a program starts in a tenth of a
# second, run only the tests for which the kernel matters: a script names them
# in KERNEL_TESTS, or says "all".
KERNEL_TESTS=

slow_kernel() { [ -e /sys/kernel/debug/kmemleak ] || [ -e /sys/kernel/debug/kcsan ]; }

# kernel_tests FUNCTION...: those of them that KERNEL_TESTS names.
kernel_tests()
{
	for test; do
		for named in $KERNEL_TESTS; do
			case $named in
			"$test"|all) echo "$test" ;;
			esac
		done
	done
}

# run_tests FUNCTION...: every one that is worth its time here, in this order.
run_tests()
{
	if slow_kernel; then
		# shellcheck disable=SC2046 # names
		set -- $(kernel_tests "$@")
		[ $# -gt 0 ] || {
			echo "1..0 # SKIP the kernel does not matter, and this one is slow"
			exit 4
		}
	fi
	echo "TAP version 13"
	echo "1..$#"
	number=0
	failed=0
	for test; do
		number=$((number + 1))
		name="$number $(echo "$test" | tr _ ' ')"
		(set -e; "$test") >"$SCRATCH/notes" 2>&1
		case $? in
		0)	echo "ok $name" ;;
		4)	echo "ok $name # SKIP $(tail -n1 "$SCRATCH/notes")" ;;
		*)	sed 's/^/# /' "$SCRATCH/notes"
			echo "not ok $name"
			failed=1 ;;
		esac
	done
	return $failed
}

# fakes: folders of the module, made here and empty; fake_debugfs NAME: its file
# of that name is standard input, put there in one piece.
fakes()
{
	export GOSTAT_SYSFS="$SCRATCH/sysfs" GOSTAT_DEBUGFS="$SCRATCH/debugfs"
	rm -rf "$GOSTAT_SYSFS" "$GOSTAT_DEBUGFS"
	mkdir -p "$GOSTAT_SYSFS" "$GOSTAT_DEBUGFS"
}

fake_debugfs()
{
	cat >"$SCRATCH/fake"
	mv "$SCRATCH/fake" "$GOSTAT_DEBUGFS/$1"
}

# fake_snapshot CUT TIME_NS NMALLOC NFREE [MORE]: memstats.json with classes 8 and
# 64, of the latter 10 allocations and 7 frees, and 2 large objects, 1 of 40000
# bytes live; the rest are of class 8. MORE members, with a comma at the end.
fake_snapshot()
{
	small=$(($3 - 12)) freed=$(($4 - 8))
	live=$(((small - freed) * 8 + 3 * 64 + 40000))
	fake_debugfs memstats.json <<-JSON
	{"cut": $1, "time_ns": $2, $5 "sys": 4194304, "heap_sys": 4000000,
	"heap_idle": 3000000, "heap_inuse": 1000000, "heap_released": 1048576,
	"nmalloc": $3, "nfree": $4, "heap_alloc": $live,
	"heap_objects": $(($3 - $4)), "refills": 30, "flushes": 4, "peak_held": 3145728,
	"memory_classes": {"heap_objects": $live, "heap_unused": $((1000000 - live))},
	"by_size": [
	 {"size": 0, "nmalloc": 2, "nfree": 1, "live": 1, "cached": 0, "refills": 0,
	  "flushes": 0, "peak": 2},
	 {"size": 8, "nmalloc": $small, "nfree": $freed, "live": $((small - freed)),
	  "cached": 5, "refills": 29, "flushes": 4, "peak": 500},
	 {"size": 64, "nmalloc": 10, "nfree": 7, "live": 3, "cached": 2, "refills": 1,
	  "flushes": 0, "peak": 9}
	],
	"by_cpu": [
	 {"cpu": 0, "hits": 200, "nuncached": 50, "refills": 20, "flushes": 4},
	 {"cpu": 2, "hits": 0, "nuncached": 0, "refills": 0, "flushes": 0}
	],
	"sinks": [
	 {"name": "stacks", "inuse": 16384, "spans": 2, "peak": 20480, "failures": 1},
	 {"name": "my_ring", "inuse": 0, "spans": 0, "peak": 0, "failures": 0}
	]}
	JSON
}

# What fake_snapshot's MORE is of a module with a scavenger, and its folder in sysfs.
# shellcheck disable=SC2034 # the tests use it
SCAVENGER='"scav_goal": 2097152, "scav_runs": 10, "scav_released": 3072,
"scavenger": {"background": {"runs": 7, "released": 3072, "ns": 1200000034},
 "forced": {"runs": 3, "released": 0, "ns": 5}},'

fake_scavenger()
{
	for pair in memory_limit:4194304 memory_limit_hard:0 over_limit:5 limit_refused:0 \
		scav_goal:2097152 scav_runs:10 scav_released:3072 \
		scavenger/enabled:1 scavenger/idle_limit:60 scavenger/cpu_share:1234 \
		scavenger/background/runs:7 scavenger/background/released:3072 \
		scavenger/background/ns:1200000034 scavenger/forced/runs:3 \
		scavenger/forced/released:0 scavenger/forced/ns:5; do
		mkdir -p "$GOSTAT_SYSFS/$(dirname "$pair")"
		echo "${pair#*:}" >"$GOSTAT_SYSFS/${pair%:*}"
	done
}

# The module's real files, or the test is skipped.
module()
{
	[ -d /sys/kernel/gostat ] || skip 'the module is not loaded'
	[ -r /sys/kernel/debug/gostat/verify ] || skip 'debugfs cannot be read'
}

skip()
{
	echo "$*"
	exit 4
}

# status N COMMAND...: run it; its output and errors are for the next lines.
status()
{
	wanted=$1
	shift
	got=0
	"$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null || got=$?
	[ "$got" = "$wanted" ] && return
	echo "status $got, not $wanted: $*"
	head -n 20 "$SCRATCH/err" "$SCRATCH/out"
	return 1
}

in_file()
{
	grep -qF -e "$2" "$1" && return
	echo "not there: $2"
	head -n 20 "$1"
	return 1
}

# prints TEXT, says TEXT: it is on standard output, or on standard error.
prints() { in_file "$SCRATCH/out" "$1"; }
says() { in_file "$SCRATCH/err" "$1"; }

silent()
{
	[ ! -s "$SCRATCH/$1" ] && return
	echo "unexpected:"
	head -n 20 "$SCRATCH/$1"
	return 1
}

# json POINTER: that value of the last output. json_is POINTER VALUE.
json() { "$DIR/_json" "$1" <"$SCRATCH/out"; }

json_is()
{
	value=$(json "$1")
	[ "$value" = "$2" ] && return
	echo "$1 is $value, not $2"
	return 1
}

# is VALUE WANTED WHAT
is()
{
	[ "$1" = "$2" ] && return
	echo "$3: $1, not $2"
	return 1
}

# wait_for COMMAND...: until it is true; a minute at most, machines are slow.
wait_for()
{
	for _ in $(seq 300); do
		if "$@"; then
			return
		fi
		sleep 0.2
	done
	echo "waited in vain for: $*"
	return 1
}

# at_least A B WHAT: A >= B
at_least()
{
	[ "$1" -ge "$2" ] && return
	echo "$3: $1, not at least $2"
	return 1
}
