# SPDX-License-Identifier: GPL-2.0
# The commands of this project. What they do is in selftests/ and Kbuild.

KERNEL ?= 6.12
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
MINUTES ?= 10
VM := selftests/vm/vm

# A test kernel if one is named, else the running or the given one.
ifeq ($(origin KERNEL),file)
MODULE_FOR := --kdir $(KDIR)
else
MODULE_FOR := $(KERNEL)
endif

default: module tools ## the module for the running kernel (or KDIR=, KERNEL=) and the tools

help: ## this list
	@echo 'make TARGET [KERNEL=6.12|6.1|6.12-rt|debug|kcsan] [KDIR=headers]'
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1	/p' $(MAKEFILE_LIST) | expand -t 14

module: ## the modules, into build/KERNEL, or build/host without KERNEL=
	@selftests/vm/module $(MODULE_FOR)

tools: ## the gostat command, into build/tools
	@$(MAKE) --no-print-directory -C tools

run: ## boot Debian 6.12, replay a real trace through gostat, show the figures
	@selftests/run

check: ## every test on every kernel
	@selftests/check

kunit: ## only the KUnit suites
	@selftests/check kunit

selftests: ## only the kselftest programs
	@selftests/check kselftest

torture: ## everything at once for MINUTES=10, every figure checked meanwhile
	@selftests/deps build kernels vm check
	@selftests/vm/module $(KERNEL)
	@SECONDS_OF_TORTURE=$$(($(MINUTES) * 60)) selftests/check-torture $(KERNEL) 4

style: ## only W=1, sparse, checkpatch, kernel-doc, shellcheck
	@selftests/check style

bench: ## measure beside kmalloc and kmem_cache; records in build/bench.json
	@selftests/deps build kernels vm bench
	@selftests/bench/bench

shell: ## a prompt in a machine with the module loaded
	@selftests/vm/module $(KERNEL)
	@$(VM) --kernel $(KERNEL)

install: default ## module and tools onto this machine
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/host INSTALL_MOD_DIR=updates INSTALL_MOD_PATH=$(DESTDIR) modules_install
	[ -n "$(DESTDIR)" ] || depmod "$$($(MAKE) -s -C $(KDIR) kernelrelease)"
	install -D -t $(DESTDIR)$(PREFIX)/bin build/tools/gostat

clean: ## everything that was built; the kernels' cache stays
	rm -rf build

.PHONY: default help module tools run check kunit selftests torture style bench shell install clean
