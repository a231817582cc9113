#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a hypertable of many chunks costs: 50,000 corrections spread over 521 chunks take no more than 1.5 times what they take on a
# plain table, in the same run, on the same server. Skipped where TimescaleDB is not installed.
#
# The server is one of its own, with the extension: name and port of the stack that the other scenarios share, plus 40.
topic_stack=${GAPLESS_STACK:-test}
export GAPLESS_STACK=$topic_stack-timescale
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 40)) GAPLESS_PG_PRELOAD=timescaledb
. tests/integration/lib.sh
. tests/integration/storing.sh
GAPLESS_BIN=build/release
rows=50000 rounds=3
scenario_names chunks
[ -e "${pg_bin:-}/../lib/timescaledb.so" ] || {
	echo '1..0 # SKIP TimescaleDB is not installed here'
	exit 0
}
at_end() { compose/stack.sh clean >>"$work/stack.log" 2>&1; }
server pg start || bail "no server with TimescaleDB: $(tail -n 3 "$work/stack.log")"
psql -X -q -d postgres -c 'ALTER SYSTEM SET checkpoint_timeout = 3600' -c 'ALTER SYSTEM SET max_wal_size = 20000' -c 'SELECT pg_reload_conf()' >/dev/null

corrections() { # round: every quarter of an hour of 521 days
	awk -v n=$rows -v round="$1" 'BEGIN { for (i = 0; i < n; i++) { t = 1704067200000 + i * 900000
		printf "KRW-A {\"v\":1,\"symbol\":\"KRW-A\",\"interval\":\"15m\",\"timestamp\":%.0f,\"open\":\"2.0\",\"high\":\"900.0\",\"low\":\"0.5\",", t
		printf "\"close\":\"%d.%d\",\"volume\":\"2.63\",\"quote_volume\":\"30.5\",\"revision\":%.0f,\"covers_from\":%.0f,", i % 500 + 1, round, t + round, t
		printf "\"covers_to\":%.0f,\"source\":\"upbit\",\"origin\":\"backfill\",\"fetched_at\":%.0f}\n", t + 900000, t + 2000000 + round } }'
}

of() { # kind: the database and the topic
	export PGDATABASE=t_chunks_$1 GAPLESS_TOPIC=t.chunks.$1 GAPLESS_GROUP=writer.chunks.$1
}
# By the processors' time of the server's processes that the writer is connected to, which a busy machine changes little.
spent() {
	local pid
	for pid in $(sql "SELECT pid FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND application_name = 'gapless-writer'"); do
		cut -d ' ' -f 14,15 "/proc/$pid/stat"
	done | awk -v hz="$(getconf CLK_TCK)" '{ n += $1 + $2 } END { printf "%d", n * 1000 / hz }'
}

for kind in plain chunks; do
	of $kind
	psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c "CREATE DATABASE $PGDATABASE" 2>>"$work/sql.log"
	[ $kind = plain ] || sql 'CREATE EXTENSION timescaledb' 2>>"$work/sql.log"
	"$GAPLESS_BIN/gapless-writer" migrate --chunk-interval '1 day' >"$work/migrate.out" 2>&1 || bail "migrate: $(tail -n 1 "$work/migrate.out")"
	GAPLESS_STACK=$topic_stack topic_new "$GAPLESS_TOPIC"
	corrections 0 | publish "$GAPLESS_TOPIC"
	writer_as $kind --batch-rows $rows --batch-bytes 67108864
	await 120 "$kind: $rows rows are stored" stored_of "$GAPLESS_TOPIC" $rows
done
is 'in 521 chunks' "$(sql 'SELECT count(*) FROM timescaledb_information.chunks')" 521
declare -A best
for ((round = 1; round <= rounds; round++)); do
	for kind in plain chunks; do
		of $kind
		before=$(spent)
		corrections $round | publish "$GAPLESS_TOPIC"
		await 120 "$kind: every row is corrected" stored_of "$GAPLESS_TOPIC" $((rows * (round + 1)))
		took=$(($(spent) - before))
		note "$kind: $took ms"
		[ "${best[$kind]:-$took}" -lt "$took" ] || best[$kind]=$took
	done
done
for kind in plain chunks; do
	of $kind
	is "$kind: the values are the last ones" "$(sql "SELECT count(*) FROM market_data WHERE close - floor(close) = 0.$rounds")" $rows
	stop $kind
done
note "plain ${best[plain]} ms, 521 chunks ${best[chunks]} ms"
ok 'the chunks cost no more than 1.5 times as much' test $((best[chunks] * 2)) -le $((best[plain] * 3))
finish
