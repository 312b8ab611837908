# SPDX-License-Identifier: GPL-2.0
# The size classes: "make -C tools -f mksizeclasses.mk" makes the header anew,
# with the target check-sizeclasses it says whether the committed one is stale.

HOSTCC ?= cc
HOSTCFLAGS ?= -O2 -Wall -Wextra

SIZECLASSES := ../include/gostat/sizeclasses.h
MKSIZECLASSES := ../build/mksizeclasses

.PHONY: sizeclasses check-sizeclasses

# By way of a second file, for a generator that fails prints nothing.
sizeclasses: $(MKSIZECLASSES)
	$< > $<.h
	mv $<.h $(SIZECLASSES)

check-sizeclasses: $(MKSIZECLASSES)
	$< | diff -u $(SIZECLASSES) -

$(MKSIZECLASSES): mksizeclasses.c
	mkdir -p $(@D)
	$(HOSTCC) $(HOSTCFLAGS) -o $@ $<
