# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is used by the sourcing script
# What every script here shares: where things are, how to say that something
# went wrong, and how to make a cache entry that is either whole or not there.

VM_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd -- "$VM_DIR/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/gostat
BUILD=$TOP/build
ME=${0##*/}

# Names accepted wherever a kernel is named.
DEBIAN_KERNELS=(6.12 6.1 6.12-rt)
BUILT_KERNELS=(debug kcsan uml)

say() { printf '%s: %s\n' "$ME" "$*" >&2; }
die() { say "$*"; exit 1; }

# A command line that cannot be understood: name the word, point to the help.
usage_error()
{
	say "$*"
	say "see $ME --help"
	exit 2
}

# need COMMAND PURPOSE: fail with the way out when COMMAND is not installed.
need()
{
	command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ||
		die "$1 is missing; 'selftests/deps $2' installs it"
}

is_in()
{
	local word=$1 other
	shift
	for other; do
		[ "$word" != "$other" ] || return 0
	done
	return 1
}

# With these traps a shell that is told to stop first waits for its child, which
# was told as well and cleans up after itself.
end_by_signal()
{
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# make_entry DIR COMMAND...: run COMMAND with a fresh directory beside DIR as
# its last argument and move that into DIR's place only if COMMAND succeeded.
# Whatever interrupts it, DIR is the old entry or the new one, never a half.
make_entry()
(
	local dir=$1 tmp
	shift
	mkdir -p "${dir%/*}" 2>/dev/null ||
		die "cannot make ${dir%/*}: is its disk full or read-only?"
	tmp=$(mktemp -d "$dir.new.XXXXXX") ||
		die "cannot write to ${dir%/*}: is its disk full or read-only?"
	# shellcheck disable=SC2064 # the name of now is what must be removed
	trap "rm -rf '$tmp'" EXIT
	end_by_signal
	"$@" "$tmp"
	chmod 755 "$tmp"
	rm -rf "$dir.old"
	[ ! -e "$dir" ] || mv -T "$dir" "$dir.old"
	mv -T "$tmp" "$dir"
	rm -rf "$dir.old"
)

# locked NAME COMMAND...: run COMMAND while no other caller runs under NAME.
locked()
(
	local lock=$CACHE/$1.lock
	shift
	end_by_signal
	if ! mkdir -p "$CACHE" 2>/dev/null || ! : 2>/dev/null >>"$lock"; then
		die "cannot write to $CACHE: is its disk full or read-only?"
	fi
	exec 9>>"$lock"
	if ! flock -n 9; then
		say "waiting for another process that makes ${lock##*/}"
		flock 9
	fi
	"$@"
)
