#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bench.sh [ROWS]: how fast rows come from the topic into the table, beside a plain COPY of the same rows, in one run on one
# machine. README.md says what the columns mean. Asserts nothing but that every way ends with the same table.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
export GAPLESS_STACK=${GAPLESS_STACK:-bench} GAPLESS_KAFKA_PORT=${GAPLESS_KAFKA_PORT:-19292}
export GAPLESS_CONTROLLER_PORT=${GAPLESS_CONTROLLER_PORT:-19293} GAPLESS_PG_PORT=${GAPLESS_PG_PORT:-15632}
rows=${1:-500000} symbols=200
bin=build/release work=build/bench
columns='symbol, interval, "timestamp", open, high, low, close, volume, quote_volume, revision, fetched_at'
writer_pid=

say() { printf '%s\n' "$*"; }
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }

at_end() {
	[ -z "$writer_pid" ] || kill -TERM "$writer_pid" 2>/dev/null
	wait
	compose/stack.sh down >/dev/null
}

sql() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }

# --- clocks

ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

ticks() { # pid: its CPU time, in hundredths of a second
	awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$1/stat" 2>/dev/null || echo 0
}

pid_of() { compose/stack.sh status | sed -n "s/^$1 .*pid \([0-9]*\)/\1/p"; }

# The server and all its children, those that have ended included.
pg_ticks() {
	local pid total children now
	now=$(pgrep -P "$postmaster")
	until [ "$now" = "${children:-}" ]; do # one that ends meanwhile would be counted twice, or not at all
		children=$now
		total=$(awk '{ sub(/^.*\) /, ""); print $12 + $13 + $14 + $15 }' "/proc/$postmaster/stat")
		for pid in $children; do
			total=$((total + $(ticks "$pid")))
		done
		now=$(pgrep -P "$postmaster")
	done
	echo "$total"
}

busy_ticks() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat; }

# --- one run: begun; then ended LABEL SECONDS ROWS CLIENT_TICKS PEAK_KB

begun() {
	sql CHECKPOINT
	began_ms=$(ms) began_pg=$(pg_ticks) began_busy=$(busy_ticks) began_kafka=$(ticks "$kafka")
}

ended() {
	local pg=$(($(pg_ticks) - began_pg)) kafka_used=$(($(ticks "$kafka") - began_kafka)) took=$(($(ms) - began_ms))
	local others=$(($(busy_ticks) - began_busy - pg - kafka_used - $4))
	[ "$(sql 'SELECT count(*) FROM market_data')" = "$rows" ] || die "$1: the table does not have $rows rows"
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$pg" "$5" "$(awk -v t=$took -v o=$others 'BEGIN { print o * 10 / t }')" >>"$work/runs"
	say "  $(awk -v s="$2" -v n="$3" 'BEGIN { printf "%d rows/s", n / s }')"
}

database_new() {
	export PGDATABASE=bench
	psql -q -d postgres -v ON_ERROR_STOP=1 -c 'DROP DATABASE IF EXISTS bench WITH (FORCE)' -c 'CREATE DATABASE bench' >/dev/null 2>&1 ||
		die 'no database'
	GAPLESS_DATABASE='' "$bin/gapless-writer" migrate >"$work/migrate.log" 2>&1 || die "migrate: see $work/migrate.log"
}

run_copy() { # label
	local TIMEFORMAT='%R %U %S' real user system
	say "$1"
	database_new
	begun
	{ time psql -X -q -v ON_ERROR_STOP=1 -c "\\copy market_data ($columns) FROM '$work/rows.tsv'" >&3 2>&3; } 2>"$work/time" 3>"$work/copy.log"
	read -r real user system <"$work/time"
	ended "$1" "$real" "$rows" "$(awk -v u="$user" -v s="$system" 'BEGIN { printf "%d", (u + s) * 100 }')" 0
}

stored() { sql "SELECT coalesce(sum(next_offset), 0) FROM market_data_position"; }

# From the first batch that is committed to the last.
run_writer() { # label
	local n first first_ms give_up=$(($(ms) + 1200000))
	say "$1"
	begun
	GAPLESS_BROKERS=$GAPLESS_BROKERS GAPLESS_TOPIC=bench GAPLESS_GROUP=bench.$RANDOM.$$ GAPLESS_DATABASE='' \
		"$bin/gapless-writer" >"$work/writer.log" 2>&1 &
	writer_pid=$!
	first=0
	while n=$(stored) && [ "$n" -lt "$rows" ]; do
		[ "$first" -gt 0 ] || [ "$n" = 0 ] || { first=$n first_ms=$(ms); }
		[ "$(ms)" -lt $give_up ] && kill -0 "$writer_pid" 2>/dev/null || die "the writer does not get there: see $work/writer.log"
		sleep 0.03
	done
	ended "$1" "$(awk -v t=$(($(ms) - first_ms)) 'BEGIN { print t / 1000 }')" $((rows - first)) "$(ticks $writer_pid)" \
		"$(awk '/^VmHWM/ { print $2 }' "/proc/$writer_pid/status")"
	kill -TERM "$writer_pid"
	wait "$writer_pid" || die "the writer did not end well: see $work/writer.log"
	writer_pid=
}

run_peer() { # label
	local seconds n cpu kb
	say "$1"
	begun
	"$work/venv/bin/python" tests/bench/peer.py "$GAPLESS_BROKERS" bench bench.$RANDOM.$$ "$rows" >"$work/peer.out" 2>"$work/peer.log" ||
		die "the Python peer failed: see $work/peer.log"
	read -r seconds n cpu kb <"$work/peer.out"
	ended "$1" "$seconds" "$n" "$(awk -v c="$cpu" 'BEGIN { printf "%d", c * 100 }')" "$kb"
}

peer_ready() {
	[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 || return 1
	"$work/venv/bin/python" -c 'import confluent_kafka, psycopg, orjson' 2>/dev/null ||
		"$work/venv/bin/pip" install -q confluent-kafka==2.16.1 'psycopg[binary]==3.3.9' orjson==3.13.0 >>"$work/venv.log" 2>&1
}

report() {
	awk -F '\t' -v rows="$rows" '
		{ label[NR] = $1; speed[NR] = $3 / $2; client[NR] = $4; pg[NR] = $5; kb[NR] = $6; others[NR] = $7 }
		$1 ~ /^COPY/ { copy += speed[NR]; copies++ }
		END {
			printf "\n%-34s %10s %6s %13s %9s %9s %7s\n", rows " rows", "rows/s", "ratio", "client s/M", "PG s/M", "peak MB", "others"
			for (i = 1; i <= NR; i++)
				printf "%-34s %10d %6.2f %13.2f %9.2f %9s %7.2f\n", label[i], speed[i], speed[i] / (copy / copies),
					client[i] * 10000 / rows, pg[i] * 10000 / rows, kb[i] ? sprintf("%d", kb[i] / 1024) : "-", others[i]
		}' "$work/runs"
}

# --- the runs

[[ $rows =~ ^[1-9][0-9]*$ ]] || die "ROWS is '$rows': use a number"
mkdir -p "$work"
: >"$work/runs"
trap at_end EXIT
trap 'exit 130' INT TERM
compose/stack.sh up || exit 1
eval "$(compose/stack.sh env)"
export PGTZ=UTC
for setting in "shared_buffers = '1GB'" "max_wal_size = '8GB'"; do
	psql -X -q -d postgres -v ON_ERROR_STOP=1 -c "ALTER SYSTEM SET $setting" || die 'no settings'
done
compose/stack.sh pg stop >/dev/null && compose/stack.sh pg start >/dev/null || die 'PostgreSQL does not start again'
postmaster=$(pid_of PostgreSQL) kafka=$(pid_of Kafka)

say "making $rows messages of $symbols markets"
topic() {
	compose/stack.sh kafka-tool org.apache.kafka.tools.TopicCommand --bootstrap-server "$GAPLESS_BROKERS" --topic bench "$@" >"$work/topic.log" 2>&1
}
topic --delete --if-exists && topic --create --partitions 12 || die "no topic: see $work/topic.log"
"$bin/gapless-bench-load" "$GAPLESS_BROKERS" bench "$rows" $symbols "$work/rows.tsv" || die 'no messages'

run_copy 'COPY, before'
database_new
run_writer 'gapless-writer, empty table'
sql 'DELETE FROM market_data_position'
run_writer 'gapless-writer, all duplicates'
if peer_ready; then
	database_new
	run_peer 'Python, empty table'
	run_peer 'Python, all duplicates'
else
	say "The Python peer is left out: pip could not install its packages (see $work/venv.log)."
fi
run_copy 'COPY, after'
report
