# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Kernels built from Debian's linux-source with the .config fragments of this
# directory. Sourced by kernels.

SOURCE_PACKAGE=linux-source-6.12

# Half of the source is for machines and devices that no kernel here is for.
# Their Kconfig and Makefile stay: others include them.
UNUSED=(--exclude='*/sound/*.[ch]')
for dir in alpha arc arm arm64 csky hexagon loongarch m68k microblaze mips nios2 \
	   openrisc parisc powerpc riscv s390 sh sparc xtensa; do
	UNUSED+=(--exclude="$SOURCE_PACKAGE/arch/$dir/*.[chS]"
		 --exclude="$SOURCE_PACKAGE/arch/$dir/*.dts*")
done
for dir in gpu media net/ethernet net/wireless staging infiniband scsi; do
	UNUSED+=(--exclude="$SOURCE_PACKAGE/drivers/$dir/*.[ch]")
done

fragments()
{
	if [ "$1" = uml ]; then
		echo "$VM_DIR/uml.config"
	else
		echo "$VM_DIR/base.config" "$VM_DIR/$1.config"
	fi
}

# To be raised when a change of this file makes other kernels of the same parts.
RECIPE=1

# recipe_hash NAME: of the fragments and of the way they are built.
recipe_hash()
{
	# shellcheck disable=SC2046 # several files
	{ echo $RECIPE; cat $(fragments "$1"); } | sha256sum | cut -c1-16
}

built_stamp() { echo "$(known $SOURCE_PACKAGE) $(recipe_hash "$1")"; }

get_source()
{
	local dir=$CACHE/source version
	version=$(known $SOURCE_PACKAGE)
	[ "$(cat "$dir/stamp" 2>/dev/null)" = "$version" ] ||
		make_entry "$dir" unpack_source "$version"
	echo "$dir/$SOURCE_PACKAGE"
}

unpack_source()
{
	local version=$1 dir=$2
	download "$dir" "$SOURCE_PACKAGE=$version"
	unpack "$dir"/$SOURCE_PACKAGE*.deb "$dir" --wildcards './usr/src/*.tar.*'
	rm "$dir"/$SOURCE_PACKAGE*.deb "$dir/log"
	say "unpacking $SOURCE_PACKAGE"
	tar -xf "$dir"/usr/src/$SOURCE_PACKAGE.tar.* -C "$dir" "${UNUSED[@]}" ||
		die "cannot unpack $SOURCE_PACKAGE into $CACHE: is its disk full?"
	rm -r "${dir:?}/usr"
	echo "$version" >"$dir/stamp"
}

arch_of() { if [ "$1" = uml ]; then echo um; else echo x86_64; fi; }

# build_kernel NAME STAMP DIR: configure, build, keep what a module build needs.
build_kernel()
{
	local name=$1 dir=$3 source out tool
	local -a make
	for tool in make gcc-12 flex bison bc perl; do
		need "$tool" kernels
	done
	source=$(locked source get_source)
	out=$dir/kdir
	make=(make -s -C "$source" "O=$out" "ARCH=$(arch_of "$name")")
	mkdir "$out"
	configure "$name" "$source" "$out"
	say "building the $name kernel, once (about 4 minutes on 2 CPUs)"
	run_make "$out" -j"$(nproc)" "$([ "$name" = uml ] && echo linux || echo bzImage)" modules
	"${make[@]}" kernelrelease >"$dir/release"
	cp "$out/.config" "$dir/config"
	cp "$(if [ "$name" = uml ]; then echo "$out/linux"; else
		echo "$out/arch/x86/boot/bzImage"; fi)" "$dir/image"
	mkdir "$dir/modules"
	prune "$out"
}

run_make()
{
	local out=$1
	shift
	"${make[@]}" "$@" >"$out/build.log" 2>&1 && return
	grep -m5 -E "error|No space|can't" "$out/build.log" >&2 || tail -n5 "$out/build.log" >&2
	die "the kernel did not build; 'selftests/deps kernels' installs what it needs, or the disk of $CACHE is full"
}

# On top of nothing at all, so that what is in a kernel is in its fragment.
configure()
{
	local name=$1 source=$2 out=$3
	local -a parts
	read -ra parts <<<"$(fragments "$name")"
	run_make "$out" allnoconfig
	"$source/scripts/kconfig/merge_config.sh" -m -O "$out" "$out/.config" \
		"${parts[@]}" >"$out/merge.log"
	run_make "$out" olddefconfig
	check_config "$out/.config" "${parts[@]}"
}

# check_config CONFIG FRAGMENT...: every line asked for took.
check_config()
{
	local config=$1 line lost=''
	shift
	while read -r line; do
		case $line in
		CONFIG_*=n)	! grep -q "^${line%=n}=" "$config" || lost+=" $line" ;;
		CONFIG_*)	grep -qxF "$line" "$config" || lost+=" $line" ;;
		esac
	done < <(cat "$@")
	[ -z "$lost" ] || die "the configuration lost$lost"
}

# prune DIR: objects and intermediate files go, what external modules are built
# against stays: headers, scripts, Module.symvers, and vmlinux for addr2line.
prune()
{
	find "$1" -type f ! -path "$1/scripts/*" ! -path "$1/tools/*" \
		\( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name '*.ko' \
		-o -name '*.gcno' -o -name 'bzImage' -o -name 'vmlinux.bin*' \
		-o -name '.tmp_*' -o -name 'linux' \) -delete
}
