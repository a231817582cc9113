#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# peers.sh [ROWS [ROUNDS [yes|no|only]]]: the same topic into the same table by what a user would run instead, beside the writer
# and a plain COPY: Bento (bento/), Debezium's JDBC sink (debezium/), and 60 lines of Python (peer.py). Their settings are in
# those files. Then what each of them has in the table after faults (no: not that; only: nothing else). README.md says more.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
rows=${1:-500000} rounds=${2:-3} faults=${3:-yes} symbols=200 work=build/bench-peers
# shellcheck source=runs.sh
. tests/bench/runs.sh
# shellcheck source=programs.sh
. tests/bench/programs.sh
# shellcheck source=faults.sh
. tests/bench/faults.sh

# --- Python

run_python() { # figure
	local n cpu kb
	begin
	PGDATABASE=bench "$work/venv/bin/python" tests/bench/peer.py "$GAPLESS_BROKERS" bench-time bench.$RANDOM.$$ "$rows" \
		>"$work/peer.out" 2>"$work/peer.log" || die "the Python peer failed: see $work/peer.log"
	read -r seconds n cpu kb <"$work/peer.out"
	finish "$1" time "$n" "$seconds" "$(awk -v c="$cpu" 'BEGIN { printf "%d", c * 100 }')" "$kb"
	same_or_die "$1"
}

# --- Bento and Debezium

# Rows in the table, by its size until it is nearly full: counting takes the server's time.
rows_by_size() {
	ask "SELECT pg_relation_size('market_data')"
	((answer > full_bytes * 98 / 100)) && ask 'SELECT count(*) FROM market_data'
	((answer <= rows)) || answer=$((answer * rows / full_bytes))
}

# From the first row to the last; of duplicates they have no end that the table shows, so only new rows.
run_program() { # name, figure
	local first first_ms took cpu kb give_up=$(($(ms) + 1200000))
	begin
	program_start "$1" bench-time "bench.$RANDOM.$$"
	while rows_by_size && ((answer == 0)); do
		kill -0 "$program" 2>/dev/null || die "$2 ended: see $work"
		nap 0.05
	done
	first=$answer first_ms=$(ms)
	while rows_by_size && ((answer < rows)); do
		(($(ms) < give_up)) && kill -0 "$program" 2>/dev/null || die "$2 does not get there: see $work"
		nap 0.05
	done
	took=$(($(ms) - first_ms)) cpu=$(ticks "$program") kb=$(peak_kb "$program")
	finish "$2" time $((rows - first)) "$(awk -v t=$took 'BEGIN { print t / 1000 }')" "$cpu" "$kb"
	same_or_die "$2"
	program_stop
}

# --- the runs

[[ $rows =~ ^[1-9][0-9]*$ ]] || die "ROWS is '$rows': use a number"
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS is '$rounds': use a number"
[[ $faults =~ ^(yes|no|only)$ ]] || die "FAULTS is '$faults': use yes, no or only"
rows=$(((rows + symbols - 1) / symbols * symbols))
mkdir -p "$work"
python_ready || die "pip could not install the packages of the Python peer: see $work/venv.log"
bento_ready || die "Bento could not be built (Go 1.25 or newer, and its modules): see $work/bento.build"
debezium_ready || die "mvn could not fetch Kafka Connect and Debezium: see $work/debezium.log"
stack_up
run_speed() {
	messages time
	for ((round = 1; round <= rounds; round++)); do
		run_copy time
		full_bytes=$(sql "SELECT pg_relation_size('market_data')")
		run_empty time
		run_duplicates
		database_new
		run_python 'Python: new'
		run_python 'Python: duplicates'
		database_new
		run_program bento Bento
		database_new
		run_program debezium Debezium
	done
	report --argjson once '{}'
}
[ "$faults" = only ] || run_speed
[ "$faults" = no ] || { run_faults gapless python bento debezium && faults_table; }
