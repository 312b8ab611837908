# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is used by the sourcing script
# What the suites share: where things are, and how to report a test in TAP.

SELFTESTS=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
TOP=$(dirname -- "$SELFTESTS")
BUILD=$TOP/build
LOGS=$BUILD/logs
VM=$SELFTESTS/vm/vm
ME=${0##*/}
TESTS=0

die() { printf '%s: %s\n' "$ME" "$*" >&2; exit 1; }

# result STATUS NAME [FILE]: one TAP line; FILE says why, if it failed.
result()
{
	local status=$1 name=$2 why=${3-}
	TESTS=$((TESTS + 1))
	if [ "$status" = 0 ]; then
		echo "ok $TESTS $name"
		return
	fi
	[ -z "$why" ] || sed 's/^/# /' "$why"
	echo "not ok $TESTS $name"
}

skip() { TESTS=$((TESTS + 1)); echo "ok $TESTS $1 # SKIP $2"; }

# check NAME COMMAND...: COMMAND's exit status is the test's result.
check()
{
	local name=$1 status=0
	shift
	"$@" >"$SCRATCH/why" 2>&1 || status=$?
	result $status "$name" "$SCRATCH/why"
}

scratch()
{
	mkdir -p "$LOGS" || die "cannot make $LOGS"
	SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/gostat-check.XXXXXX") ||
		die "cannot make a directory in ${TMPDIR:-/tmp}"
	trap 'rm -rf "$SCRATCH"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
