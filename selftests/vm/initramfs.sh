# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The guest's file system: cpio archives laid one over the other, so that only
# what changed since the last boot is packed again. Sourced by vm.

# pack DIR: DIR as a cpio archive on standard output, owned by root.
pack() { (cd "$1" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet); }

# The layer that never changes: busybox under all its names, and /init.
base_layer()
{
	local busybox key
	busybox=$(command -v busybox) ||
		die "busybox is missing; 'selftests/deps vm' installs it"
	! ldd "$busybox" >/dev/null 2>&1 ||
		die "$busybox is not static; 'selftests/deps vm' installs busybox-static"
	key=$(cat "$busybox" "$VM_DIR/init" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-16)
	BASE_LAYER=$CACHE/initramfs/$key/base.cpio
	[ -e "$BASE_LAYER" ] ||
		make_entry "${BASE_LAYER%/*}" make_base_layer "$busybox"
}

make_base_layer()
{
	local busybox=$1 dir=$2 root name
	root=$dir/root
	mkdir -p "$root"/{bin,dev,etc,gostat,lib/modules,proc,root,run,sys,tmp,usr/bin,vm}
	cp "$busybox" "$root/bin/busybox"
	cp "$VM_DIR/init" "$root/init"
	chmod 755 "$root/init"
	for name in $("$busybox" --list); do
		[ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	echo "PS1='gostat-vm:\\w# '" >"$root/etc/profile"
	pack "$root" >"$dir/base.cpio"
	rm -rf "$root"
}

# add_libraries ROOT FILE: what the dynamic linker will want for FILE.
add_libraries()
{
	local root=$1 lib
	# ldd and so grep fail on static programs and scripts: they want nothing.
	while read -r lib; do
		[ -e "$root$lib" ] || install -D "$lib" "$root$lib"
	done < <(ldd "$2" 2>/dev/null | grep -o '/[^ ]*')
}

# add_tree ROOT SOURCE DEST: a file or directory, with the libraries of the
# programs in it.
add_tree()
{
	local root=$1 source=$2 dest=$3 file
	mkdir -p "$root${dest%/*}"
	cp -RL -T --preserve=mode "$source" "$root$dest" ||
		die "cannot copy $source into the guest"
	while read -rd '' file; do
		add_libraries "$root" "$file"
	done < <(find "$root$dest" -type f -perm /111 -size +4k -print0)
}

# add_modules ROOT BUILD_DIR RELEASE: every module built for this kernel, so
# that modprobe finds them by name.
add_modules()
{
	local root=$1 from=$2 release=$3 dir
	dir=$root/lib/modules/$release/updates
	mkdir -p "$dir"
	find "$from" -maxdepth 1 -name '*.ko' -exec cp -L -t "$dir" {} +
	touch "${dir%/*}"/modules.{order,builtin,builtin.modinfo}
	PATH=$PATH:/usr/sbin depmod -b "$root" "$release"
}

# The project's own programs: the tools in PATH, the tests under /selftests.
add_project()
{
	local root=$1 file
	while read -rd '' file; do
		add_tree "$root" "$file" "/gostat/${file##*/}"
	done < <(find "$BUILD/tools" -maxdepth 1 -type f -perm /111 -print0 2>/dev/null)
	[ ! -d "$BUILD/selftests" ] || add_tree "$root" "$BUILD/selftests" /selftests
	[ ! -d "$TOP/selftests/data" ] ||
		add_tree "$root" "$TOP/selftests/data" /selftests/data
}
