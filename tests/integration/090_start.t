#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Nothing is there yet. Writer and producer are started first of all; then come, one by one, the broker, the exchange, the
# database's server (the database is empty), and last the tables. Each absence is said in the log in words, asked for again
# without hurry, and ends nobody. Then everything is complete.
#
# The servers are a stack of its own, beside the one that the other scenarios share: name and ports of that one, plus 20.
export GAPLESS_STACK=${GAPLESS_STACK:-test}-start
export GAPLESS_KAFKA_PORT=$((${GAPLESS_KAFKA_PORT:-19192} + 20))
export GAPLESS_CONTROLLER_PORT=$((${GAPLESS_CONTROLLER_PORT:-19193} + 20))
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 20))
exchange_port=$((GAPLESS_KAFKA_PORT + 5))
. tests/integration/lib.sh
scenario_names start

at_end() { compose/stack.sh clean >>"$work/stack.log" 2>&1; }
server() { compose/stack.sh "$@" >>"$work/stack.log" 2>&1 || bail "stack.sh $*: $(tail -n 3 "$work/stack.log")"; }

# A database without tables, on a server that does not run, and a broker that has never run.
at_end
server pg start
psql -X -q -d postgres -c "CREATE DATABASE $PGDATABASE" || bail "no database"
server pg stop
: >"$work/writer.log"
: >"$work/producer.log"

both_run() { running writer && running producer; }
says() { # who, what, pattern
	await 30 "$2" logged "$1" "$3"
	ok "both run" both_run
}

# --- nothing at all

export GAPLESS_EXCHANGE_URL=http://127.0.0.1:$exchange_port
writer
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m --since 2026-03-05T09:00:00Z --lookup-s 2 --lookup-gaps-s 1
started=$(date +%s)
says writer "the writer waits for the database" 'msg="waiting for the database" error="the database cannot be reached: .*port '"$PGPORT"
says producer "the producer waits for the broker" "msg=\"waiting for Kafka\" brokers=$GAPLESS_BROKERS error="

# --- the broker: the producer makes the topic and misses the exchange

server kafka start
says producer "the producer makes the topic" "msg=\"topic made\" topic=$GAPLESS_TOPIC partitions=12"
says producer "the producer waits for the exchange" "trying again.*Failed to connect to 127.0.0.1 port $exchange_port"

# --- the exchange: live begins, what is missing nobody knows yet

exchange --port "$exchange_port" --start 2026-03-05T12:00:20Z
says producer "the producer finds the exchange" 'msg="the exchange answers"'
says producer "the producer waits for the database" \
	'msg="what is covered cannot be read yet; trying again \(live goes on\)" error="the database cannot be reached'
published_live() { topic_ends | awk '{ n += $2 } END { exit n < 1 }'; }
await 20 "live candles are published meanwhile" published_live
ok "no backfill has begun" test "$(grep -c 'missing candles' "$work/producer.log")" = 0

# --- the server, with an empty database

server pg start
says writer "the writer says that tables are missing, and what to do" 'msg="waiting for the database" error=".*gapless-writer migrate'
says producer "the producer too" 'msg="what is covered cannot be read yet.*gapless-writer migrate'

# --- the tables

"$GAPLESS_BIN/gapless-writer" migrate >"$work/migrate.out" 2>&1
is "migrate ends with 0" "$?" 0
says writer "the writer begins" 'msg="partitions assigned"'
covered() {
	sql_is "SELECT count(*) FROM market_data_coverage
		WHERE tstzrange('2026-03-05T09:00:00Z', '2026-03-05T11:52:00Z') <@ covered" 2
}
await 40 "both series are covered" covered
ok "both run" both_run
ok "KRW-BTC is as the exchange has it" equals_truth KRW-BTC 1m 2026-03-05T09:00:00Z 2026-03-05T11:52:00Z 172
ok "KRW-SPARSE is as the exchange has it" equals_truth KRW-SPARSE 1m 2026-03-05T09:00:00Z 2026-03-05T11:52:00Z 5
is "no gap" "$(gaps_now)" 0

# --- said, and asked for again, without hurry

took=$(($(date +%s) - started))
for who in writer producer; do
	lines=$(grep -cE 'level=(warn|error)' "$work/$who.log")
	ok "the $who warned $lines times in $took s, not more often" test "$lines" -le $((6 + took / 2))
	is "the $who called nothing an error" "$(grep -c level=error "$work/$who.log")" 0
	note "the $who used $(awk '{ print ($14 + $15) / '"$(getconf CLK_TCK)"' }' "/proc/${pid_of[$who]}/stat") s of CPU"
done
for who in producer writer; do
	stop $who
	is "the $who ends with 0" "$code" 0
done
finish
