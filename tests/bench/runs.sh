# SPDX-License-Identifier: MIT
# runs.sh: what the benches share: their stack, topics of messages, COPY as the yardstick, and a run of the writer. Sourced,
# with `rows`, `symbols` and `work` set, from the root of the repository.
export GAPLESS_STACK=${GAPLESS_STACK:-bench} GAPLESS_KAFKA_PORT=${GAPLESS_KAFKA_PORT:-19292}
export GAPLESS_CONTROLLER_PORT=${GAPLESS_CONTROLLER_PORT:-19293} GAPLESS_PG_PORT=${GAPLESS_PG_PORT:-15632}
bin=build/release round=0
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
	finish COPY "$1" "$rows" "$seconds" "$client" 0
	[ -n "${expected:-}" ] || expected=$(contents)
}

# --- writers

writer_start() { # topic, group, arguments...
	PGDATABASE=bench GAPLESS_BROKERS=$GAPLESS_BROKERS GAPLESS_TOPIC=$1 GAPLESS_GROUP=$2 GAPLESS_DATABASE='' \
		"$bin/gapless-writer" "${@:3}" >>"$work/writer.log" 2>&1 &
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
	local first first_ms took cpu=0 kb=0 pid
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
	finish "$1" "$2" $((rows - first)) "$(awk -v t=$took 'BEGIN { print t / 1000 }')" "$cpu" "$kb"
	same_or_die "$1"
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
	awk -v n="$2" 'NR * 2654435761 % 4294967296 % n < 1' "$work/rows.time" >"$work/rows.some"
	copy "$work/rows.some"
	sql 'VACUUM ANALYZE market_data'
	run_writers "$1" time 1
}

run_two() {
	database_new
	run_writers 'two writers' time 2
}

# --- the stack, and the topics

topic_new() { # name, [--config name=value...]
	local tool="compose/stack.sh kafka-tool org.apache.kafka.tools.TopicCommand --bootstrap-server $GAPLESS_BROKERS --topic $1"
	$tool --delete --if-exists >"$work/topic.log" 2>&1
	$tool --create --partitions 12 "${@:2}" >>"$work/topic.log" 2>&1 || die "no topic: see $work/topic.log"
}

stack_up() {
	local setting
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
}

messages() { # order, [topic, file, poison]
	local topic=${2:-bench-$1}
	say "making $rows messages of $symbols markets, by $1, in $topic"
	topic_new "$topic"
	"$bin/gapless-bench-load" "$GAPLESS_BROKERS" "$topic" "$rows" "$symbols" "$1" "$work/rows.${3:-$1}" ${4:+"$4"} || die 'no messages'
}

# What is told of machine and settings, as arguments of jq.
describe() {
	about=(--arg at "$(date -u +%FT%TZ)" --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
		--argjson cores "$(nproc)" --argjson memory "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"
		--arg kernel "$(uname -sr)" --arg gapless "$("$bin/gapless-writer" --version | head -n 1)"
		--arg commit "$(git rev-parse --short HEAD 2>/dev/null)" --arg postgres "$(sql 'SHOW server_version')"
		--arg kafka "$(basename "$(find build/kafka -name 'kafka-clients-*.jar' | head -n 1)" .jar)"
		--arg librdkafka "$(pkg-config --modversion rdkafka)" --argjson rows "$rows" --argjson rounds "$rounds"
		--argjson settings "$(sql "SELECT json_object_agg(name, current_setting(name)) FROM pg_settings WHERE name IN
			('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size', 'wal_compression')")")
}

report() { # what belongs to this bench, as arguments of jq
	describe
	jq -s "${about[@]}" "$@" -f tests/bench/result.jq "$work/runs.jsonl" >"$work/result.json" &&
		jq -r --arg file "$work/result.json" -f tests/bench/table.jq "$work/result.json"
}
