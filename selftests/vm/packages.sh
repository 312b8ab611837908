# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Debian packages as a source of files: looked up, downloaded and unpacked with
# apt and dpkg, never installed. Sourced by kernels.

need_apt()
{
	command -v apt-get >/dev/null ||
		die "kernels come as Debian packages, and this machine has no apt"
}

# as_root COMMAND...: refreshing apt's lists is all that needs it.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "need root or sudo for: $*"
	fi
}

update_lists()
{
	say "apt-get update"
	as_root apt-get update -qq >&2 ||
		die "apt-get update failed: is the network there? Try again when it is"
}

# candidate PACKAGE: the version apt would install, empty if it knows none.
candidate()
{
	apt-cache policy "$1" | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true
}

# known PACKAGE: candidate, asking for fresh lists once if there is none.
known()
{
	local version
	need_apt
	version=$(candidate "$1")
	if [ -z "$version" ]; then
		update_lists
		version=$(candidate "$1")
	fi
	[ -n "$version" ] ||
		die "apt knows no package $1: is this Debian 12 with its security archive?"
	echo "$version"
}

# depends PACKAGE PATTERN: its first dependency that matches.
depends()
{
	apt-cache depends --no-recommends --no-suggests "$1" |
		sed -n 's/^ *|\?Depends: //p' | grep -m1 -E -- "$2" ||
		die "package $1 depends on nothing like $2"
}

# download DIR PACKAGE...: the .deb files into DIR. Lists that are out of date
# name files that are gone: that failure is tried again with fresh ones.
download()
{
	local dir=$1
	shift
	say "downloading $*"
	fetch "$dir" "$@" && return
	if grep -qE ' 404 |Unable to locate|not found' "$dir/log"; then
		update_lists
		fetch "$dir" "$@" && return
	fi
	! is_full "$dir" || die "the download failed: the disk of $CACHE is full"
	die "the download failed, nothing was kept; run it again. apt said:" \
	    "$(grep -m1 '^E: ' "$dir/log" || tail -n1 "$dir/log")"
}

# is_full DIR: whether not even a little can be written there.
is_full() { ! head -c 65536 /dev/zero 2>/dev/null >"$1/probe"; }

# apt checks size and hash of what it fetched. Its sandbox user cannot write
# here, about which it warns.
fetch()
(
	cd "$1" || return
	shift
	apt-get download -q -o APT::Sandbox::User=root -o Acquire::Retries=3 \
		"$@" >log 2>&1
)

# unpack DEB DIR [TAR OPTION]...: its files into DIR.
unpack()
{
	local deb=$1 dir=$2
	shift 2
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --no-same-owner "$@" ||
		die "cannot unpack ${deb##*/} into $CACHE: is its disk full?"
}
