# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Debian's stock kernels: the image and the headers out of their packages.
# Sourced by kernels.

# meta_package NAME: the package that always depends on the newest such image.
meta_package()
{
	case $1 in
	6.12)	 echo linux-image-6.12-amd64 ;;
	6.12-rt) echo linux-image-6.12-rt-amd64 ;;
	6.1)	 echo linux-image-amd64 ;;
	esac
}

# Version and release, as "6.12.3-1 6.12.3-amd64".
debian_stamp()
{
	local meta version image
	meta=$(meta_package "$1")
	version=$(known "$meta")
	image=$(depends "$meta" '^linux-image-')
	echo "$version ${image#linux-image-}"
}

# fetch_debian_kernel NAME STAMP DIR. Of the image package only what is used:
# its 4000 drivers are for machines that are not QEMU's.
fetch_debian_kernel()
{
	local release=${2##* } dir=$3 headers common kbuild deb
	headers=linux-headers-$release
	common=$(depends "$headers" '^linux-headers-.*common')
	kbuild=$(depends "$headers" '^linux-kbuild-')
	mkdir "$dir/debs" "$dir/root"
	download "$dir/debs" "linux-image-$release" "$headers" "$common" "$kbuild"
	for deb in "$dir"/debs/linux-{headers,kbuild}-*.deb; do
		unpack "$deb" "$dir/root"
	done
	unpack "$dir"/debs/linux-image-*.deb "$dir/root" --wildcards ./boot \
		"./lib/modules/*/modules.*" "./lib/modules/*/kernel/lib/*" \
		"./lib/modules/*/kernel/mm/*"
	rm -r "$dir/debs"
	relocate_headers "$dir/root/usr/src/$headers" "$common"
	ln -s "root/usr/src/$headers" "$dir/kdir"
	ln -s "root/boot/vmlinuz-$release" "$dir/image"
	ln -s "root/boot/config-$release" "$dir/config"
	ln -s "root/lib/modules/$release" "$dir/modules"
	echo "$release" >"$dir/release"
	if [ ! -s "$dir/image" ] || [ ! -s "$dir/kdir/Module.symvers" ]; then
		die "the packages of $release are not what they used to be: no image or headers inside"
	fi
}

# The headers name their common half by an absolute path; all else is relative.
relocate_headers()
{
	# shellcheck disable=SC2016 # make expands it
	sed -i 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
		"$1/Makefile"
	! grep -q '/usr/src' "$1/Makefile" ||
		die "$1/Makefile: unknown form, its paths could not be made relative"
}
