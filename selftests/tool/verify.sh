#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat verify: verdicts made here, good and bad ones, and the module's own.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

nothing_differs_and_the_status_says_so()
{
	fakes
	echo '380 figures compared, 0 differ, 0 impossible states' | fake_debugfs verify
	status 0 gostat verify
	silent err
	is "$(cat "$SCRATCH/out")" '380 figures compared, 0 differ, 0 impossible states' output
	status 0 gostat verify --json
	json_is /compared 380
	json_is /differ 0
	json_is /impossible_states 0
	json_is /differences '[ ]'
}

bad()
{
	fakes
	fake_debugfs verify <<-'VERDICT'
	skew: sys: counted 18446744073709551615, recounted 4096
	skew: nmalloc - nfree of 64: counted 7, recounted 9
	skew: live of 0: counted 1, recounted 0
	380 figures compared, 3 differ, 2 impossible states
	VERDICT
}

a_difference_is_a_row_and_a_status()
{
	bad
	status 1 gostat verify
	says 'the running figures are not those of the recount'
	grep -qE '^figure +class +counted +recounted +difference$' "$SCRATCH/out"
	grep -qE '^sys +18,446,744,073,709,551,615 +4,096 +-4097$' "$SCRATCH/out"
	grep -qE '^nmalloc - nfree +64 +7 +9 +-2$' "$SCRATCH/out"
	grep -qE '^live +large +1 +0 +\+1$' "$SCRATCH/out"
	prints '380 figures compared, 3 differ, 2 impossible states'
}

json_has_the_same()
{
	bad
	status 1 gostat verify --json
	json_is /differ 3
	json_is /impossible_states 2
	json_is /differences/0/figure sys
	json_is /differences/0/counted 18446744073709551615
	if json /differences/0/class; then
		exit 1
	fi
	json_is /differences/1/figure 'nmalloc - nfree'
	json_is /differences/1/class 64
	json_is /differences/2/class large
	json_is /differences/2/recounted 0
}

an_impossible_state_alone_is_a_difference()
{
	fakes
	echo '380 figures compared, 0 differ, 1 impossible states' | fake_debugfs verify
	status 1 gostat verify
	says 'are not those of the recount'
}

what_is_no_verdict_is_refused()
{
	fakes
	for text in '' 'all is well' 'skew: sys: counted 1, recounted 2' \
		'skew: sys: counted x, recounted 2'; do
		echo "$text" | fake_debugfs verify
		status 1 gostat verify
		says "$GOSTAT_DEBUGFS/verify: has "
		silent out
	done
	printf '1 figures compared, 0 differ, 0 impossible states\nand more\n' |
		fake_debugfs verify
	status 1 gostat verify
	says 'none of a verdict'
}

the_modules_figures_are_those_of_its_recount()
{
	module
	status 0 gostat verify --json
	silent err
	at_least "$(json /compared)" 300 'figures compared'
	json_is /differ 0
	json_is /impossible_states 0
}

# shellcheck disable=SC2034 # _tool.sh reads it
KERNEL_TESTS=the_modules_figures_are_those_of_its_recount
run_tests nothing_differs_and_the_status_says_so a_difference_is_a_row_and_a_status \
	json_has_the_same an_impossible_state_alone_is_a_difference \
	what_is_no_verdict_is_refused the_modules_figures_are_those_of_its_recount
