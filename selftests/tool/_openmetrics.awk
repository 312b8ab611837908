# SPDX-License-Identifier: GPL-2.0
# Is standard input OpenMetrics text, of the part of it that gostat writes
# (counters and gauges, no exponents, no time stamps)? Says what is not, status 1.
# With -v prometheus=1 the older text format.
#
#	TYPE once and UNIT once before HELP once before samples, family by family
#	a family comes once; its samples bear its name, a counter's with _total
#	numbers are whole ones but for seconds and ratios
#	a unit is the end of the name; no series comes twice; EOF is the last line

function bad(why)
{
	print NR ": " why ": " $0
	errors++
}

function family(name)
{
	if (name == current)
		return
	if (name in families)
		bad("family again")
	if (current != "" && !samples)
		bad("family " current " without a sample")
	families[name] = 1
	current = name
	type = unit = help = ""
	samples = 0
}

over { bad("behind the end") }

/^# EOF$/ && !prometheus { over = 1; next }

/^# (TYPE|UNIT|HELP) gostat_[a-z0-9_]+ / {
	family($3)
	if (samples)
		bad("metadata behind samples")
	if ($2 == "TYPE") {
		if (type != "" || ($4 != "counter" && $4 != "gauge") || NF != 4)
			bad("type")
		type = $4
		if (!prometheus && $3 ~ /_total$/)
			bad("a family that ends in _total")
		if (prometheus && (type == "counter") != ($3 ~ /_total$/))
			bad("_total")
	} else if ($2 == "UNIT") {
		name = $3
		if (prometheus)
			sub(/_total$/, "", name)
		if (unit != "" || NF != 4 || substr(name, length(name) - length($4)) != "_" $4)
			bad("unit")
		unit = $4
	} else {
		if (help != "" || $0 !~ /[a-z]\.$/ || /["\\]/)
			bad("help")
		help = $0
	}
	next
}

/^gostat_[a-z0-9_]+(\{[a-z]+="[a-zA-Z0-9_-]+"\})? [0-9]+(\.[0-9]+)?$/ {
	name = series = $1
	sub(/\{.*/, "", name)
	wanted = current (type == "counter" && !prometheus ? "_total" : "")
	if (name != wanted || help == "")
		bad("not of family " current)
	if (($2 ~ /\./) != (unit == "seconds" || unit == "ratio"))
		bad("not of unit " unit)
	if (series in seen)
		bad("series again")
	seen[series] = 1
	samples++
	total++
	next
}

{ bad("neither metadata nor a sample") }

END {
	if (!over && !prometheus) {
		print "no EOF"
		errors++
	}
	print total " samples"
	exit errors > 0
}
