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
