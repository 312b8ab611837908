# SPDX-License-Identifier: GPL-2.0
# Reads TAP or KTAP and prints one record per test: pass, fail or skip, a tab,
# the test's name; before a failure its diagnostics as records "note".
#
# -v depth=N	the level of nesting that counts: 0 for kselftest programs, 1 for
#		the cases of KUnit suites (whose parameters are level 2)
#
# A plan that was not fulfilled is a failure. Between the lines
#	# check begin PROGRAM
#	# check end PROGRAM STATUS
# the exit status has a say too, and alone decides if there was no TAP.

function record(verdict, name)
{
	seen++
	ran++
	if (verdict == "fail") {
		failures++
		printf "%s", notes
	}
	print verdict "\t" name
	notes = ""
}

function full_name(name) { return prefix == "" ? name : prefix ": " name }

function close_plan()
{
	if (plan != "" && seen != plan)
		record("fail", full_name("planned " plan " tests, ran " seen))
	plan = ""
	seen = 0
}

function end_program(status)
{
	close_plan()
	if (status == 4 && !ran)
		record("skip", prefix)
	else if (status != 0 && status != 4 && !failures)
		record("fail", full_name("exit status " status))
	else if (!ran)
		record("pass", prefix)
	prefix = ""
}

BEGIN {
	indent = ""
	for (i = 0; i < depth; i++)
		indent = indent "    "
}

/^# check begin / {
	if (prefix != "")
		record("fail", full_name("did not end"))
	prefix = $4
	ran = failures = seen = 0
	plan = notes = ""
	next
}

/^# check end / { end_program($5); next }

{ at = substr($0, 1, length(indent)) == indent ? substr($0, length(indent) + 1) : "" }

at ~ /^# Subtest: / {
	close_plan()
	if (depth)
		prefix = substr(at, 12)
}

at ~ /^1\.\.[0-9]+/ {
	# A plan may come last: then it is about what ran already.
	if (plan != "")
		close_plan()
	plan = substr(at, 4) + 0
	if (at ~ /^1\.\.0.*[Ss][Kk][Ii][Pp]/) {
		record("skip", full_name("all"))
		seen = 0	# of no tests
	}
}

at ~ /^(not )?ok [0-9]+/ {
	name = at
	verdict = name ~ /^not / ? "fail" : "pass"
	sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
	if (name ~ /# *[Ss][Kk][Ii][Pp]/)
		verdict = "skip"
	record(verdict, full_name(name))
	next
}

at ~ /^Bail out!/ { record("fail", full_name(at)) }

/^ *# / { notes = notes "note\t" $0 "\n" }

END {
	close_plan()
	if (prefix != "" && !depth)
		record("fail", full_name("did not end"))
}
