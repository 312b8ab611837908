# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The machine: which accelerator, which command line. Sourced by vm.

QEMU=qemu-system-x86_64

# Boots to a report or panics; watchdogs that would only say so do panic.
KERNEL_ARGS='console=ttyS0 loglevel=5 rdinit=/init panic=-1 oops=panic
	softlockup_panic=1 hung_task_panic=1 printk.devkmsg=on
	rcupdate.rcu_cpu_stall_timeout=60 8250.nr_uarts=4 no_timer_check'

# image_release IMAGE: the release string in a bzImage's header.
image_release()
{
	local magic offset
	magic=$(dd if="$1" bs=1 skip=514 count=4 status=none | tr -d '\0')
	[ "$magic" = HdrS ] || return 1
	offset=$(od -An -tu2 -j526 -N2 "$1")
	dd if="$1" bs=1 skip=$((offset + 512)) count=128 status=none |
		tr '\0' '\n' | head -n1 | cut -d' ' -f1
}

# QEMU 7.2, emulating on a loaded host, has come out of a CMPXCHG16B of the kernel's
# kmalloc() with half of RAX in EFLAGS, which is a double fault (once in some
# hundreds of boots). Without the feature SLUB takes a lock instead, so benchmarks that
# time it ask for "max".
TCG_CPU=max,-cx16

# run_qemu DIR ACCEL TIMEOUT SECONDS ARGS...: boot with the four serial lines in
# DIR: console, report and errors as files (errors may be a pipe), ttyS1 on
# standard input and output. A timeout of 0 is none.
run_qemu()
{
	local dir=$1 accel=$2 timeout=$3
	shift 3
	local -a machine
	case $accel in
	kvm)	machine=(-accel kvm -cpu host) ;;
	icount)	machine=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -cpu max) ;;
	*)	machine=(-accel "tcg,thread=multi" -cpu "${GOSTAT_VM_CPU:-$TCG_CPU}") ;;
	esac
	# Each line needs an interrupt of its own: ISA cannot share them.
	setpriv --pdeathsig TERM timeout --foreground -k 5 "$timeout" \
		setpriv --pdeathsig KILL "$QEMU" \
		-nodefaults -no-user-config -display none -no-reboot -M pc \
		"${machine[@]}" \
		-chardev file,id=console,path="$dir/console" \
		-chardev stdio,id=command,signal=off \
		-chardev file,id=report,path="$dir/report" \
		-chardev file,id=errors,path="$dir/errors" \
		-device isa-serial,chardev=console,index=0,irq=4 \
		-device isa-serial,chardev=command,index=1,irq=3 \
		-device isa-serial,chardev=report,index=2,irq=5 \
		-device isa-serial,chardev=errors,index=3,irq=7 \
		"$@"
}

# pick_accel IMAGE: kvm if this very kernel has booted to user space under it on
# this host, tcg if it has not. Asked once per image, QEMU and host kernel.
pick_accel()
{
	local image=$1 key
	if [ ! -w /dev/kvm ]; then
		echo tcg
		return
	fi
	key=$({ sha256sum <"$image"; "$QEMU" --version; uname -r; } |
	      sha256sum | cut -c1-16)
	key=$CACHE/kvm/$key
	if [ ! -e "$key/accel" ]; then
		say "trying whether this kernel boots under KVM (once)"
		make_entry "$key" probe_kvm "$image"
	fi
	cat "$key/accel"
}

# A boot of nothing but the base layer and an empty command.
probe_kvm()
{
	local image=$1 dir=$2 accel=tcg
	mkdir "$dir/vm" "$dir/vm/vm"
	echo 'NONCE=probe LOAD=0 MODE=command TTY=0 MERGE=1 SIZE= TERM=dumb GET=' \
		>"$dir/vm/vm/config"
	: >"$dir/vm/vm/command"
	{ cat "$BASE_LAYER"; pack "$dir/vm"; } >"$dir/initrd"
	: >"$dir/report"
	run_qemu "$dir" kvm 20 -m 1G -smp 2 -kernel "$image" -initrd "$dir/initrd" \
		-append "${KERNEL_ARGS//[$'\n\t']/ }" </dev/null >"$dir/output" 2>&1 || true
	! grep -q '^probe status 0$' "$dir/report" || accel=kvm
	find "$dir" -mindepth 1 -delete
	echo $accel >"$dir/accel"
}
