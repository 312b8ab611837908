#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gostat plot: the script for gnuplot of recordings made here, what happens when
# gnuplot is not there or fails, and, where it is there, the pictures. No module
# is needed.

# shellcheck source=_tool.sh
. "$(dirname -- "$0")/_tool.sh"

GOSTAT=$(command -v gostat)
RUN=$SCRATCH/run.jsonl

# line TIME_NS HELD LIVE RELEASED: as 'gostat watch --json' has it, in part.
line() { echo "{ \"cut\": 7, \"time_ns\": $1, \"held\": $2, \"live\": $3, \"released\": $4 }"; }

recording()
{
	{
		line 5000000000 1048576 524288 0
		line 6500000000 3145728 2097152 1048576
		line 7000000000 2097152 0 2097152
	} >"$RUN"
}

# fake_gnuplot: one that runs what is on standard input.
fake_gnuplot()
{
	mkdir -p "$SCRATCH/bin"
	{ echo '#!/bin/sh'; cat; } >"$SCRATCH/bin/gnuplot"
	chmod 755 "$SCRATCH/bin/gnuplot"
	export PATH="$SCRATCH/bin:$PATH"
}

the_script_has_every_point()
{
	recording
	status 0 gostat plot --script "$RUN"
	silent err
	# shellcheck disable=SC2016 # gnuplot's
	sed -n '/^\$run << END$/,/^END$/p' "$SCRATCH/out" >"$SCRATCH/data"
	cmp - "$SCRATCH/data" <<-'DATA'
	$run << END
	0 1 0.5 0
	1.5 3 2 1
	2 2 0 2
	END
	DATA
	prints "set ylabel 'MiB'"
	prints "set terminal svg size 960,480 "
	prints "held, at most 3.00 MiB"
	prints "live, at most 2.00 MiB"
	prints "released, at most 2.00 MiB"
	gzip -c "$RUN" >"$SCRATCH/run.gz"
	cp "$SCRATCH/out" "$SCRATCH/script"
	status 0 gostat plot --script --title "$RUN" "$SCRATCH/run.gz"
	cmp "$SCRATCH/out" "$SCRATCH/script"
}

what_watch_records_is_drawn()
{
	fakes
	fake_snapshot 7 5000000000 1110 110 '"scav_released": 0,'
	status 0 gostat watch --json --count 1
	cp "$SCRATCH/out" "$RUN"
	fake_snapshot 9 7000000000 1110 110 '"scav_released": 1048576,'
	status 0 gostat watch --json --count 1
	cat "$SCRATCH/out" >>"$RUN"
	status 0 gostat plot --script "$RUN"
	silent err
	prints '0 3 0.0459289551 1'
	prints '2 3 0.0459289551 1'
	prints 'released, at most 1.00 MiB'
}

the_unit_suits_the_highest_point()
{
	for unit in 1:B 1023:B 1024:KiB 1048575:KiB 1048576:MiB 8589934592:GiB \
		11258999068426240:TiB; do
		{ line 1 0 0 0; line 2 0 0 "${unit%:*}"; } >"$RUN"
		status 0 gostat plot --script "$RUN"
		prints "set ylabel '${unit#*:}'"
	done
}

texts_cannot_leave_their_quotes()
{
	recording
	status 0 gostat plot --script --title "it's
'; system 'rm'" "$RUN"
	prints "set title 'it''s ''; system ''rm'''"
}

size_and_format_are_kept()
{
	recording
	fake_gnuplot <<-'END'
	cat
	END
	status 0 gostat plot --size=100x10000 "$RUN" -o "$SCRATCH/run.png"
	silent out
	grep -q '^set terminal pngcairo size 100,10000 ' "$SCRATCH/run.png"
	status 0 gostat plot "$RUN" -o "$SCRATCH/run.svg"
	status 0 gostat plot --script "$RUN"
	cmp "$SCRATCH/out" "$SCRATCH/run.svg"
}

a_bad_recording_is_named_with_its_line()
{
	recording
	echo 'cut off' >>"$RUN"
	status 1 gostat plot --script "$RUN"
	says "$RUN:4: is no JSON object"
	silent out
	recording
	echo '{ "time_ns": 8000000000, "held": 1, "live": 1 }' >>"$RUN"
	status 1 gostat plot --script "$RUN"
	says "$RUN:4: is no line of 'gostat watch --json'"
	recording
	line 7000000000 1 1 1 >>"$RUN"
	status 1 gostat plot --script "$RUN"
	says "$RUN:4: time goes back"
	line 1 1 1 1 >"$RUN"
	status 1 gostat plot --script "$RUN"
	says "$RUN: has 1 lines, two are needed"
	: >"$RUN"
	status 1 gostat plot --script "$RUN"
	says "$RUN: has 0 lines"
	status 1 gostat plot --script "$NOWHERE"
	says "$NOWHERE: No such file or directory"
}

options_are_checked()
{
	recording
	status 2 gostat plot "$RUN"
	says '-o FILE is missing'
	for name in run run.pdf svg run.svg.gz; do
		status 2 gostat plot "$RUN" -o "$SCRATCH/$name"
		says 'does not end in .svg or .png'
	done
	for size in 960 960x 99x960 960x10001 axb 960x480x; do
		status 2 gostat plot "$RUN" -o "$SCRATCH/x.svg" --size=$size
		says '--size'
	done
}

# What was there stays, and nothing is beside it.
unharmed()
{
	is "$(ls -A "$SCRATCH/dir")" run.svg 'what is in the folder'
	is "$(cat "$SCRATCH/dir/run.svg")" old 'the picture that was there'
}

without_gnuplot_the_way_out_is_told()
{
	recording
	mkdir "$SCRATCH/dir"
	echo old >"$SCRATCH/dir/run.svg"
	status 1 env PATH="$NOWHERE" "$GOSTAT" plot "$RUN" -o "$SCRATCH/dir/run.svg"
	says 'gnuplot: not there: install it (on Debian: gnuplot-nox), or see --script'
	unharmed
}

a_picture_that_failed_is_none()
{
	recording
	mkdir -p "$SCRATCH/dir"
	echo old >"$SCRATCH/dir/run.svg"
	fake_gnuplot <<-'END'
	echo half
	exit 3
	END
	status 1 gostat plot "$RUN" -o "$SCRATCH/dir/run.svg"
	says 'gnuplot: failed, status 3'
	unharmed
	# shellcheck disable=SC2016 # its shell's
	echo 'kill -9 $$' | fake_gnuplot
	status 1 gostat plot "$RUN" -o "$SCRATCH/dir/run.svg"
	says 'gnuplot: ended by signal 9'
	unharmed
}

gnuplot_draws_it()
{
	command -v gnuplot >/dev/null || skip 'there is no gnuplot'
	recording
	for format in svg png; do
		status 0 gostat plot --title "it's _a^ run" "$RUN" -o "$SCRATCH/run.$format"
		silent err
		silent out
	done
	grep -q '^<svg' "$SCRATCH/run.svg"
	is "$(grep -v '^$' "$SCRATCH/run.svg" | tail -n1)" '</svg>' 'last line'
	for text in "it's _a^ run" 'held, at most 3.00 MiB' 'live, at most 2.00 MiB' \
		'released, at most 2.00 MiB' MiB seconds; do
		sed "s/&apos;/'/g; s/&#39;/'/g" "$SCRATCH/run.svg" | grep -qF ">$text<" ||
			{ echo "not in the picture: $text"; exit 1; }
	done
	is "$(head -c 4 "$SCRATCH/run.png" | tail -c 3)" PNG 'what the other one is'
}

run_tests the_script_has_every_point what_watch_records_is_drawn \
	the_unit_suits_the_highest_point \
	texts_cannot_leave_their_quotes size_and_format_are_kept \
	a_bad_recording_is_named_with_its_line options_are_checked \
	without_gnuplot_the_way_out_is_told a_picture_that_failed_is_none gnuplot_draws_it
