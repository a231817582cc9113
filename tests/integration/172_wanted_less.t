#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the database says is not wanted is left alone by the producers: what retention gave up is not fetched again, also by a
# producer with an older --since, and `fetch` refuses it; what has ended is hands off for those that run, until one that wants it
# starts; what is settled is not asked for. A producer does not begin on a database that is not fit, nor on one of another source.
. tests/integration/lib.sh
. tests/integration/said.sh
scenario wanted_less
exchange --start 2026-04-01T10:00:20Z --seed 5
export GAPLESS_MARKETS_S=2 # so that a clock that jumps is noticed before the next minute is over
writer
since=2026-04-01T07:00:00Z
options=(--symbols KRW-BTC,KRW-ETH --since $since --lookup-s 2 --lookup-gaps-s 1)

# --- settled by hand before anybody asked

sql "INSERT INTO market_data_unobtainable (symbol, interval, reason, spans) VALUES ('KRW-ETH', '1m', 'by hand',
	'{[2026-04-01 08:00Z,2026-04-01 08:30Z)}')"
producer "${options[@]}"
both() { complete KRW-BTC KRW-ETH; }
await 30 'both markets are complete' both
ok '... the log names database and user' logged producer "the database is connected.* database=$PGDATABASE host=.* user="
is 'what is settled was not fetched' "$(sql "SELECT count(*) FROM market_data_coverage WHERE symbol = 'KRW-ETH' AND
	covered && tstzrange('2026-04-01 08:01Z', '2026-04-01 08:29Z')")" 0
covers_tail() { covers KRW-ETH 1m 2026-04-01T08:30:00Z 2026-04-01T09:50:00Z; }
ok '... but what is around it' covers_tail
is 'the database knows whose candles it holds' "$(sql 'SELECT source, topic FROM market_data_origin')" "upbit|$GAPLESS_TOPIC"

# --- given up

kept=2026-04-01T09:00:00Z
sql "UPDATE market_data_series SET retained_from = '$kept' WHERE symbol = 'KRW-BTC';
	DELETE FROM market_data WHERE symbol = 'KRW-BTC' AND timestamp < '$kept'"
# A gap of the other market, and one of this: filled by lookups that began later.
"$GAPLESS_BIN/gapless-writer" forget --symbols 'KRW-*' --intervals 1m --from 2026-04-01T09:10:00Z --to 2026-04-01T09:20:00Z >"$work/forget.log" 2>&1
refilled() { covers KRW-BTC 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z && covers KRW-ETH 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z; }
await 20 'what is kept is fetched again' refilled
older() { sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-BTC' AND timestamp < '$kept'"; }
is '... what was given up is not' "$(older)" 0
ends_with_0 producer
log_forget producer
asked_reset
producer "${options[@]}"
await 20 'a producer with an older --since' logged producer 'the exchange answers'
"$GAPLESS_BIN/gapless-writer" forget --symbols KRW-BTC --intervals 1m --from 2026-04-01T09:10:00Z --to 2026-04-01T09:20:00Z >"$work/forget.log" 2>&1
await 20 '... has looked up' covers KRW-BTC 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z
is '... leaves that alone as well' "$(older)" 0
refused 'fetch does not bring it back' 'KRW-BTC 1m nothing before 2026-04-01T09:00:00Z is kept .*gapless-writer retain --keep 1m=all' \
	gapless-producer fetch --symbols KRW-BTC --from 2026-04-01T08:00:00Z --to 2026-04-01T08:10:00Z
is '... nor did it' "$(older)" 0

# --- ended

"$GAPLESS_BIN/gapless-writer" end --symbols KRW-ETH >"$work/end.log" 2>&1
ended_is() { sql_is "SELECT ended_at IS NOT NULL, state FROM market_data_series WHERE symbol = 'KRW-ETH'" "$1"; }
ok 'a market has ended' ended_is 't|ended'
sql "UPDATE market_data_coverage SET covered = covered - '{[2026-04-01 09:10Z,2026-04-01 09:20Z)}'" # a gap in both
await 20 'the producer goes on with the other one' covers KRW-BTC 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z
ok '... it stays ended' ended_is 't|ended'
pages_and_polls() {
	control 'repeats?min=1&by=asked&live=1&max=1000000' | jq --arg m "$1" '[.repeats[] | select(.market == $m) | .asked] | add // 0'
}
stored_beyond() { sql_is "SELECT max(timestamp) > '$1'::timestamptz - interval '90 s' FROM market_data WHERE symbol = 'KRW-BTC'" t; }
clock_advance 120 # two candles more
asked_reset
await 20 'live goes on with the other one' stored_beyond "$(exchange_now)"
is '... and keeps away from what has ended' "$(pages_and_polls KRW-ETH)" 0
ends_with_0 producer
log_forget producer
producer --symbols KRW-BTC --since $since --lookup-s 2 --lookup-gaps-s 1
await 20 'one that does not want it starts' logged producer 'the exchange answers'
await 20 '... and looks up' complete KRW-BTC
ok '... it stays ended' ended_is 't|ended'
ends_with_0 producer
log_forget producer
producer "${options[@]}"
await 20 'one that wants it starts: it has not ended' ended_is 'f|ok'
await 20 '... and is fetched again' covers KRW-ETH 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z
ok '... which is said' logged producer 'what had ended is wanted again.* symbol=KRW-ETH interval=1m'
ends_with_0 producer

# --- a database that does not fit

run gapless-producer "${options[@]}" --source upbit-sg
is 'a table of another source is refused' "$code" 2
ok '... with both' grep -qE "holds candles of the source 'upbit', this program is set to 'upbit-sg'" "$work/err"
run gapless-producer "${options[@]}" --topic "$GAPLESS_TOPIC.other"
is 'and that of another topic' "$code" 2
ok '... with the way out' grep -q "UPDATE market_data_origin SET topic = '$GAPLESS_TOPIC.other'" "$work/err"
GAPLESS_TOPIC=$GAPLESS_TOPIC.other topic_delete
sql "UPDATE gapless_migration SET number = 1000 + number WHERE number > 9;
	UPDATE gapless_migration SET number = -number WHERE number > 1000"
run gapless-producer "${options[@]}"
is 'an outdated database is refused' "$code" 2
ok '... with the command' grep -q 'has migration 009, but this program needs 0[0-9]*; run: gapless-writer migrate' "$work/err"
topic_mark
psql -q -d postgres -c "CREATE DATABASE ${PGDATABASE}_empty" >"$work/createdb.out" 2>&1
PGDATABASE=${PGDATABASE}_empty run gapless-producer "${options[@]}"
is 'one without tables is refused' "$code" 2
ok '... with the command' grep -q 'has no tables of Gapless; run: gapless-writer migrate' "$work/err"
PGDATABASE=${PGDATABASE}_empty "$GAPLESS_BIN/gapless-writer" migrate >"$work/migrate.out" 2>&1
PGDATABASE=${PGDATABASE}_empty run gapless-producer "${options[@]}" --source upbit-sg --producer-group "$GAPLESS_PRODUCER_GROUP.another"
is 'a topic that carries another source is refused, whatever the database and the group' "$code" 2
ok '... with both' grep -qE "carries candles of the source 'upbit', this program is set to 'upbit-sg'" "$work/err"
PGPORT=1 run gapless-producer "${options[@]}" --source upbit-sg
is '... without a database as well' "$code" 2
is 'nothing was published by them' "$(published | wc -l)" 0
psql -q -d postgres -c "DROP DATABASE ${PGDATABASE}_empty" >"$work/createdb.out" 2>&1
for p in writer exchange; do
	stop $p
done
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
