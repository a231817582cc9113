# SPDX-License-Identifier: MIT
# faults.sh: what is in the table after something went wrong, by the writer and by what a user would run instead. Sourced by
# peers.sh, after programs.sh. One line of JSON for each in $work/faults.jsonl:
#
#	kill -9     at two fifths of the topic, and started again at once
#	database    stopped at two fifths, started again after 20 s
#	not JSON, field missing, price "n/a", price "NaN"     one such message in the middle of a topic
#
# Waits until all rows are there, or until nothing has moved for as long as it may take to go on; then the table is compared with
# the rows of the topic. `other`: rows that differ from the exchange's, or that the topic does not have. The primary key excludes
# doubles.

fault_rows=200000 poison_rows=20000 away_s=20

rows_there() { ask 'SELECT count(*) FROM market_data'; }

# Until so many rows are there: 0; 1 if it ends before, or nothing moves for that long.
until_rows() { # name, rows, seconds without a move
	local last=-1 moved_ms now
	while rows_there && ((answer < $2)); do
		now=$(ms)
		((answer == last)) || last=$answer moved_ms=$now
		program_stands "$1"
		[[ $stands != ended* ]] && ((now - moved_ms < $3 * 1000)) || return 1
		nap 0.2
	done
}

# Seconds from a moment to the first row after it; empty: none came.
seconds_to_go_on() { # name, rows that were there, since, seconds without a move
	went_on=
	until_rows "$1" $(($2 + 1)) "$4" && went_on=$(awk -v t=$(($(ms) - $3)) 'BEGIN { printf "%.1f", t / 1000 }')
}

judge() { # name, fault, order of the file
	program_stands "$1"
	sql "CREATE TABLE expected (LIKE market_data)"
	psql -X -q -d bench -v ON_ERROR_STOP=1 -c "\\copy expected ($columns) FROM '$work/rows.$3'" || die 'no rows to compare with'
	sql "SELECT json_build_object('program', '$1', 'fault', '$2', 'stands', '$stands', 'went_on_s', nullif('$went_on', ''),
			'missing', count(*) FILTER (WHERE m.symbol IS NULL),
			'other', count(*) FILTER (WHERE e.symbol IS NULL OR (m.symbol IS NOT NULL AND (m.open, m.high, m.low, m.close, m.volume,
				m.quote_volume, m.revision, m.fetched_at) IS DISTINCT FROM (e.open, e.high, e.low, e.close, e.volume, e.quote_volume,
				e.revision, e.fetched_at))))
		FROM expected e FULL JOIN market_data m USING (symbol, interval, timestamp)" >>"$work/faults.jsonl"
	say "  $1, $2: $(tail -n 1 "$work/faults.jsonl" | jq -r '"\(.missing) missing, \(.other) other, \(.stands)" + if .went_on_s then ", went on after \(.went_on_s) s" else "" end')"
	program_stop
}

fault_kill() { # name
	local group=bench.$RANDOM.$$ died
	database_new
	program_start "$1" bench-fault "$group"
	until_rows "$1" $((fault_rows * 2 / 5)) 120 || die "$1 does not store: see $work"
	program_kill
	died=$(ms)
	nap 0.5 # what the server was about to commit
	rows_there
	program_start "$1" bench-fault "$group"
	seconds_to_go_on "$1" "$answer" "$died" 75
	until_rows "$1" "$fault_rows" 75
	judge "$1" 'kill -9' fault
}

fault_away() { # name
	local back
	database_new
	program_start "$1" bench-fault "bench.$RANDOM.$$"
	until_rows "$1" $((fault_rows * 2 / 5)) 120 || die "$1 does not store: see $work"
	unwatch
	compose/stack.sh pg kill >/dev/null
	nap $away_s
	compose/stack.sh pg start >/dev/null || die 'PostgreSQL does not start again'
	watch
	back=$(ms)
	rows_there
	seconds_to_go_on "$1" "$answer" "$back" 45
	until_rows "$1" "$fault_rows" 30
	judge "$1" 'database away' fault
}

fault_poison() { # name, kind, what it is called
	database_new
	program_start "$1" "bench-$2" "bench.$RANDOM.$$"
	went_on=
	until_rows "$1" 1 120
	until_rows "$1" $((poison_rows - 1)) 12
	judge "$1" "$3" "$2"
}

run_faults() { # names
	local name kind
	: >"$work/faults.jsonl"
	rows=$fault_rows messages time bench-fault fault
	for kind in text missing word nan; do
		rows=$poison_rows messages time "bench-$kind" "$kind" "$kind"
	done
	topic_new bench-refused
	for name; do
		fault_kill "$name"
		fault_away "$name"
		fault_poison "$name" text 'not JSON'
		fault_poison "$name" missing 'field missing'
		fault_poison "$name" word 'price n/a'
		fault_poison "$name" nan 'price NaN'
	done
}

faults_table() {
	jq -rs '["", "program             fault             missing     other   went on after   stands"] + map(
		def left($n): tostring + " " * ([$n - (tostring | length), 0] | max);
		def right($n): tostring | " " * ([$n - length, 0] | max) + .;
		(.program | left(20)) + (.fault | left(16)) + (.missing | right(9)) + (.other | right(10))
		+ ((if .went_on_s then "\(.went_on_s) s" else "-" end) | right(16)) + "   " + .stands) | .[]' "$work/faults.jsonl"
}
