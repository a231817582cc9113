#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bench.sh [ROWS [ROUNDS [PEERS]]]: how fast rows come from the topic into the table, beside a plain COPY of the same rows, in one run
# on one machine. README.md says what is measured and how to read it. Asserts nothing but that every way ends with the same
# table.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
export GAPLESS_STACK=${GAPLESS_STACK:-bench} GAPLESS_KAFKA_PORT=${GAPLESS_KAFKA_PORT:-19292}
export GAPLESS_CONTROLLER_PORT=${GAPLESS_CONTROLLER_PORT:-19293} GAPLESS_PG_PORT=${GAPLESS_PG_PORT:-15632}
rows=${1:-500000} rounds=${2:-5} peers=${3:-0} symbols=200 live_seconds=30
bin=build/release work=build/bench round=0
columns='symbol, interval, "timestamp", open, high, low, close, volume, quote_volume, revision, fetched_at'
writer_pids=()
# shellcheck source=measure.sh
. tests/bench/measure.sh

at_end() {
	((${#writer_pids[@]} == 0)) || kill -TERM "${writer_pids[@]}" 2>/dev/null
	unwatch
	wait
	compose/stack.sh down >/dev/null
}

# --- COPY: the yardstick

# Sets `seconds` and `client`.
copy() { # file
	local TIMEFORMAT='%R %U %S' user system
	{ time psql -X -q -d bench -v ON_ERROR_STOP=1 -c "\\copy market_data ($columns) FROM '$1'" >&3 2>&3; } 2>"$work/time" 3>"$work/copy.log" ||
		die "COPY: see $work/copy.log"
	read -r seconds user system <"$work/time"
	client=$(awk -v u="$user" -v s="$system" 'BEGIN { printf "%d", (u + s) * 100 }')
}

run_copy() { # order
	database_new
	begin
	copy "$work/rows.$1"
	finish COPY "$1" "$rows" "$seconds" "$client" 0 true
	[ -n "${expected:-}" ] || expected=$(contents)
}

# --- writers

writer_start() { # topic, group
	PGDATABASE=bench GAPLESS_BROKERS=$GAPLESS_BROKERS GAPLESS_TOPIC=$1 GAPLESS_GROUP=$2 GAPLESS_DATABASE='' \
		"$bin/gapless-writer" >>"$work/writer.log" 2>&1 &
	writer_pids+=($!)
}

writers_stop() {
	local pid
	kill -TERM "${writer_pids[@]}" 2>/dev/null
	for pid in "${writer_pids[@]}"; do
		wait "$pid" || die "the writer did not end well: see $work/writer.log"
	done
	writer_pids=()
}

stored() { ask "SELECT coalesce(sum(next_offset), 0) FROM market_data_position"; }

wait_stored() { # until so many offsets are stored
	local give_up=$(($(ms) + 1200000))
	while stored && ((answer < $1)); do
		(($(ms) < give_up)) && kill -0 "${writer_pids[@]}" 2>/dev/null || die "the writer does not get there: see $work/writer.log"
		nap 0.03
	done
}

# The whole topic, from the first batch that is committed to the last.
run_writers() { # figure, order, writers
	local first first_ms took cpu=0 kb=0 same=false pid
	: >"$work/writer.log"
	begin
	group=bench.$RANDOM.$$
	for ((n = 0; n < $3; n++)); do
		writer_start "bench-$2" "$group"
	done
	wait_stored 1
	first=$answer first_ms=$(ms)
	wait_stored "$rows"
	took=$(($(ms) - first_ms))
	for pid in "${writer_pids[@]}"; do
		cpu=$((cpu + $(ticks "$pid"))) kb=$((kb + $(peak_kb "$pid")))
	done
	[ "$(contents)" = "$expected" ] || die "$1: the table is not what COPY made: see $work/writer.log"
	finish "$1" "$2" $((rows - first)) "$(awk -v t=$took 'BEGIN { print t / 1000 }')" "$cpu" "$kb" true
	writers_stop
}

run_empty() { # order
	database_new
	run_writers 'new rows' "$1" 1
}

# As autovacuum would have left it by then.
run_duplicates() { # the table is full
	sql 'DELETE FROM market_data_position'
	sql 'VACUUM ANALYZE market_data'
	run_writers 'all duplicates' time 1
}

run_some() { # figure, every so many rows is there
	database_new
	awk -v n="$2" 'NR * 7919 % n == 0' "$work/rows.time" >"$work/rows.some"
	copy "$work/rows.some"
	sql 'VACUUM ANALYZE market_data'
	run_writers "$1" time 1
}

run_two() {
	database_new
	run_writers 'two writers' time 2
}

# --- a live stream: a minute of all markets each second

live_start() {
	database_new
	topic_new bench-live
	: >"$work/writer.log"
	"$bin/gapless-bench-load" "$GAPLESS_BROKERS" bench-live $((symbols * $1)) $symbols live /dev/null & # seconds
	live_pid=$!
	group=bench.$RANDOM.$$
	writer_start bench-live "$group"
	wait_stored $((symbols * 3))
}

run_live() {
	local from cpu
	live_start $((live_seconds + 10))
	begin
	from=$(ticks "${writer_pids[0]}")
	nap "$live_seconds"
	cpu=$(($(ticks "${writer_pids[0]}") - from))
	live_percent=$(awk -v c="$cpu" -v s="$live_seconds" 'BEGIN { printf "%.2f", c / s }')
	say "  live: $live_percent % of a core"
	kill "$live_pid" 2>/dev/null
	wait "$live_pid"
	writers_stop
}

# From the death of the only writer to the first row of the one that is started at that moment.
run_takeover() {
	local died
	live_start 60
	kill -KILL "${writer_pids[0]}"
	died=$(ms)
	wait "${writer_pids[0]}" 2>/dev/null
	writer_pids=()
	nap 0.2 # what the server was about to commit
	stored
	writer_start bench-live "$group"
	wait_stored $((answer + 1))
	takeover_s=$(awk -v t=$(($(ms) - died)) 'BEGIN { printf "%.1f", t / 1000 }')
	say "  kill -9 to the first new row: $takeover_s s"
	kill "$live_pid" 2>/dev/null
	wait "$live_pid"
	writers_stop
}

# --- what one would write instead: peer.py

peer_ready() {
	[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 || return 1
	"$work/venv/bin/python" -c 'import confluent_kafka, psycopg, orjson' 2>/dev/null ||
		"$work/venv/bin/pip" install -q confluent-kafka==2.16.1 'psycopg[binary]==3.3.9' orjson==3.13.0 >>"$work/venv.log" 2>&1
}

run_peer() { # figure
	local n cpu kb
	begin
	PGDATABASE=bench "$work/venv/bin/python" tests/bench/peer.py "$GAPLESS_BROKERS" bench-time bench.$RANDOM.$$ "$rows" \
		>"$work/peer.out" 2>"$work/peer.log" || die "the Python peer failed: see $work/peer.log"
	read -r seconds n cpu kb <"$work/peer.out"
	[ "$(contents)" = "$expected" ] || die "$1: the table is not what COPY made: see $work/peer.log"
	finish "$1" time "$n" "$seconds" "$(awk -v c="$cpu" 'BEGIN { printf "%d", c * 100 }')" "$kb" true
}

run_peers() {
	database_new
	run_peer 'Python: new'
	run_peer 'Python: duplicates'
}

# --- the producer's way of a candle, from a page in memory to a delivered message

run_pages() {
	topic_new bench-pages
	for ((n = 0; n < rounds; n++)); do
		"$bin/gapless-bench-pages" "$GAPLESS_BROKERS" bench-pages 2000 2>"$work/pages.log" || die "pages: see $work/pages.log"
	done | sort -g -k 2 >"$work/pages"
	read -r bare_us whole_us < <(sed -n "$(((rounds + 1) / 2))p" "$work/pages")
	say "  a candle from page to message: $whole_us us of CPU, $bare_us us of them for bare parsing"
}

# --- what came of it

topic_new() { # name
	local tool="compose/stack.sh kafka-tool org.apache.kafka.tools.TopicCommand --bootstrap-server $GAPLESS_BROKERS --topic $1"
	$tool --delete --if-exists >"$work/topic.log" 2>&1
	$tool --create --partitions 12 >>"$work/topic.log" 2>&1 || die "no topic: see $work/topic.log"
}

result() {
	jq -s --arg at "$(date -u +%FT%TZ)" --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
		--argjson cores "$(nproc)" --argjson memory "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" \
		--arg kernel "$(uname -sr)" --arg gapless "$("$bin/gapless-writer" --version | head -n 1)" \
		--arg commit "$(git rev-parse --short HEAD 2>/dev/null)" --arg postgres "$(sql 'SHOW server_version')" \
		--arg kafka "$(basename "$(find build/kafka -name 'kafka-clients-*.jar' | head -n 1)" .jar)" \
		--arg librdkafka "$(pkg-config --modversion rdkafka)" --argjson rows "$rows" --argjson rounds "$rounds" \
		--argjson live "${live_percent:-null}" --argjson takeover "${takeover_s:-null}" \
		--argjson bare "${bare_us:-null}" --argjson whole "${whole_us:-null}" \
		--argjson settings "$(sql "SELECT json_object_agg(name, current_setting(name)) FROM pg_settings WHERE name IN
			('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size', 'wal_compression')")" \
		-f tests/bench/result.jq "$work/runs.jsonl" >"$work/result.json" && jq -r -f tests/bench/table.jq "$work/result.json"
}

# --- the runs

[[ $rows =~ ^[1-9][0-9]*$ ]] || die "ROWS is '$rows': use a number"
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS is '$rounds': use a number"
rows=$(((rows + symbols - 1) / symbols * symbols))
mkdir -p "$work"
: >"$work/runs.jsonl"
trap at_end EXIT
trap 'exit 130' INT TERM
compose/stack.sh up || exit 1
eval "$(compose/stack.sh env)"
unset PGDATABASE
export PGTZ=UTC
for setting in "shared_buffers = '1GB'" "max_wal_size = '8GB'"; do
	sql "ALTER SYSTEM SET $setting" postgres || die 'no settings'
done
compose/stack.sh pg stop >/dev/null && compose/stack.sh pg start >/dev/null || die 'PostgreSQL does not start again'
postmaster=$(pid_of PostgreSQL) kafka=$(pid_of Kafka)

[ "$peers" = 0 ] || peer_ready || die "pip could not install the Python peer's packages: see $work/venv.log"
say "making $rows messages of $symbols markets, twice"
for order in time symbol; do
	topic_new bench-$order
	"$bin/gapless-bench-load" "$GAPLESS_BROKERS" bench-$order "$rows" $symbols $order "$work/rows.$order" || die 'no messages'
done
for ((round = 1; round <= rounds; round++)); do
	run_copy symbol
	run_empty symbol
	run_copy time
	run_empty time
	run_duplicates
	run_some '1 in 10 there' 10
	run_some '1 in 10,000 there' 10000
	run_two
	[ "$peers" = 0 ] || run_peers
done
run_live
run_takeover
run_pages
result
