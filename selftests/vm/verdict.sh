# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Judges a console: finds the reports on it, sets aside those that were
# expected, and shows the rest. Sourced by vm.

# A report ends at its end-of-trace line; one that has none, at the next report
# or after this many lines: a KASAN report with its memory dump is about 70.
REPORT_LINES=90

# plain_console FILE: the console without carriage returns, terminal escapes
# and what the firmware printed.
plain_console()
{
	sed -e 's/\r//g' -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/\x1bc//g' "$1"
}

# report_lines FILE: the numbers of the lines that open a report.
report_lines()
{
	grep -v '^#' "$VM_DIR/splats" |
		grep -naE -f - -- "$1" | cut -d: -f1 || true
}

# split_reports FILE DIR: each report into a file of its own, 0001, 0002, ...
# A WARN prints its text between "cut here" and its headline, so a report opens
# at that line; an oops and the panic it causes are one report.
split_reports()
{
	local file=$1 dir=$2
	report_lines "$file" | awk -v limit="$REPORT_LINES" -v dir="$dir" '
		NR == FNR { opens[$1] = 1; next }
		/-+\[ cut here \]-+/ { name = ""; held = ""; fresh = 6 }
		FNR in opens {
			if (!(fresh && name) && !(reports && /Oops: |Kernel panic/))
				open_report()
			else if (!name)
				reopen_report()
			left = limit
		}
		name { print >> name; if (--left <= 0) name = "" }
		name && /---\[ end trace/ { name = "" }
		fresh { held = held $0 "\n"; fresh-- }
		function open_report() {
			close(name)
			reports++
			reopen_report()
			printf "%s", held >> name
			held = ""
		}
		function reopen_report() {
			name = sprintf("%s/%04d", dir, reports)
		}
	' - "$file"
}

# is_of_a_module FILE: a module's function is on a stack of the report. What an
# interrupt came upon stands below it and had no part in what that did.
is_of_a_module()
{
	awk '
		/ (read|write) .*by (task|interrupt)/ || /^(\[[^]]*\])? *$/ { below = 0 }
		!below && /\+0x[0-9a-f]+\/0x[0-9a-f]+ \[[a-z_0-9]+\]/ { found = 1; exit }
		/ asm_(sysvec_|common_interrupt|exc_nmi)/ { below = 1 }
		END { exit !found }' "$1"
}

# drop_foreign_races DIR: a stock kernel has data races of its own, and KCSAN finds
# them wherever it looks.
drop_foreign_races()
{
	local report
	for report in "$1"/[0-9]*; do
		[ -e "$report" ] || continue
		! grep -qa 'BUG: KCSAN: ' "$report" || is_of_a_module "$report" ||
			rm "$report"
	done
}

# judge FILE DIR EXPECT...: status 0 if every report is expected and every
# expectation met; the reports that are not stay in DIR, the expectations that
# were not met in DIR/unmet.
judge()
{
	local file=$1 dir=$2 report regex
	shift 2
	split_reports "$file" "$dir"
	drop_foreign_races "$dir"
	for regex; do
		grep -qaE -- "$regex" "$file" || printf '%s\n' "$regex" >>"$dir/unmet"
		for report in "$dir"/[0-9]*; do
			[ -e "$report" ] || continue
			! grep -qaE -- "$regex" "$report" || rm "$report"
		done
	done
	! compgen -G "$dir/*" >/dev/null
}

# headline FILE: the line of a report that names it, without the time stamp.
headline()
{
	grep -v '^#' "$VM_DIR/splats" | grep -m1 -aE -f - -- "$1" |
		sed -E 's/^(\[[^]]*\] ?)+//'
}
