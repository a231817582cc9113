#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# peers.sh [ROWS [ROUNDS]]: the same topic into the same table by what a user would run instead, beside the writer and a plain
# COPY: Bento (bento/), and 60 lines of Python (peer.py). Their settings are in those files. README.md says more.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
rows=${1:-500000} rounds=${2:-3} symbols=200 work=build/bench-peers
# shellcheck source=runs.sh
. tests/bench/runs.sh

# --- Python

python_ready() {
	[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 || return 1
	"$work/venv/bin/python" -c 'import confluent_kafka, psycopg, orjson' 2>/dev/null ||
		"$work/venv/bin/pip" install -q confluent-kafka==2.16.1 'psycopg[binary]==3.3.9' orjson==3.13.0 >>"$work/venv.log" 2>&1
}

run_python() { # figure
	local n cpu kb
	begin
	PGDATABASE=bench "$work/venv/bin/python" tests/bench/peer.py "$GAPLESS_BROKERS" bench-time bench.$RANDOM.$$ "$rows" \
		>"$work/peer.out" 2>"$work/peer.log" || die "the Python peer failed: see $work/peer.log"
	read -r seconds n cpu kb <"$work/peer.out"
	finish "$1" time "$n" "$seconds" "$(awk -v c="$cpu" 'BEGIN { printf "%d", c * 100 }')" "$kb"
	same_or_die "$1"
}

# --- Bento

bento_ready() {
	(cd tests/bench/bento && go build -o "$OLDPWD/$work/bento" .) >"$work/bento.build" 2>&1
}

# Rows in the table, by its size until it is nearly full: counting takes the server's time.
bento_rows() {
	ask "SELECT pg_relation_size('market_data')"
	((answer > full_bytes * 98 / 100)) && ask 'SELECT count(*) FROM market_data'
	((answer <= rows)) || answer=$((answer * rows / full_bytes))
}

# From the first row to the last; of duplicates it has no end that the table shows, so only new rows.
run_bento() {
	local pid first first_ms took cpu kb give_up=$(($(ms) + 1200000))
	rm -f "$work/refused"
	begin
	TOPIC=bench-time GROUP=bench.$RANDOM.$$ REFUSED=$work/refused DSN="postgres://$PGUSER@$PGHOST:$PGPORT/bench?sslmode=disable" \
		"$work/bento" -c tests/bench/bento/bento.yaml >"$work/bento.log" 2>&1 &
	pid=$!
	writer_pids=("$pid")
	while bento_rows && ((answer == 0)); do
		kill -0 "$pid" 2>/dev/null || die "Bento ended: see $work/bento.log"
		nap 0.05
	done
	first=$answer first_ms=$(ms)
	while bento_rows && ((answer < rows)); do
		(($(ms) < give_up)) && kill -0 "$pid" 2>/dev/null || die "Bento does not get there: see $work/bento.log"
		nap 0.05
	done
	took=$(($(ms) - first_ms)) cpu=$(ticks "$pid") kb=$(peak_kb "$pid")
	finish Bento time $((rows - first)) "$(awk -v t=$took 'BEGIN { print t / 1000 }')" "$cpu" "$kb"
	same_or_die Bento
	kill -TERM "$pid"
	wait "$pid"
	writer_pids=()
}

# --- the runs

[[ $rows =~ ^[1-9][0-9]*$ ]] || die "ROWS is '$rows': use a number"
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS is '$rounds': use a number"
rows=$(((rows + symbols - 1) / symbols * symbols))
mkdir -p "$work"
python_ready || die "pip could not install the packages of the Python peer: see $work/venv.log"
bento_ready || die "Bento could not be built (Go 1.25 or newer, and its modules): see $work/bento.build"
stack_up
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
	run_bento
done
report --argjson once '{}'
