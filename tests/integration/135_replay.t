#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gapless-writer replay, beside a live writer under live load. Shown: rows that are gone come back; of all, of some symbols, from a
# time on; killed (-9) in the middle and started again it goes on where it was; two of the same and one of another kind at once;
# complete, the same command works again; a signal, a newer version, a topic whose beginning is gone. Exit codes. And all the
# while no committed offset and no position of the live writer moves back, nor, without a live writer, at all.
. tests/integration/lib.sh
scenario replay
exec 2>"$work/shell.log" # bash has a line for everybody who was killed
export GAPLESS_SESSION_TIMEOUT_MS=2000 GAPLESS_BATCH_MS=200 GAPLESS_LOOKUP_S=2 GAPLESS_LOOKUP_GAPS_S=2
exchange --limit 50
since=$(iso $(($(exchange_ms) - 12 * 3600000)))
old="\"timestamp\" < '$(exchange_now)'::timestamptz - interval '20 minutes'"

replay() { # who, argument...
	local who=$1
	shift
	cat "$work/$who.log" >>"$work/$who.earlier" 2>/dev/null
	: >"$work/$who.log"
	spawn "$who" timeout -k 5 40 "$GAPLESS_BIN/gapless-writer" replay "$@"
}

replayed() { # exit code, who, argument...
	replay "${@:2}"
	ended "$2"
	is "replay ${*:3}: exit code" "$code" "$1"
	[ "$code" = "$1" ] || tail -n 5 "$work/$2.log" | cut -c1-400 | sed 's/^/# /'
}

total() { # who, key: of its last line of counts
	grep -E 'msg="stored in all"' "$work/$1.log" | tail -n 1 | grep -oE " $2=[0-9]+" | cut -d= -f2
}

begun() { # who, key: of the line that says where it begins
	grep -E 'msg="the replay (begins|goes on where it was)"' "$work/$1.log" | tail -n 1 | grep -oE " $2=[0-9]+" | cut -d= -f2
}

rows() { # file: the old ones, which nothing but a replay touches
	PGTZ=UTC psql -X -q -At -v ON_ERROR_STOP=1 -c "SELECT symbol, \"interval\", \"timestamp\", open, high, low, close, volume,
		quote_volume, revision FROM market_data WHERE \"interval\" = '1m' AND $old ORDER BY symbol, \"timestamp\"" >"$work/$1"
}

as_before() {
	rows now && cmp -s "$work/rows" "$work/now" && return
	note "$(wc -l <"$work/rows") rows before, $(wc -l <"$work/now") now"
	return 1
}

old_of() { sql "SELECT count(*) FROM market_data WHERE symbol = '$1' AND \"interval\" = '1m' AND $old"; } # symbol

lose() { sql "DELETE FROM market_data WHERE \"interval\" = '1m' AND $old AND $1"; } # condition

stored_beyond() { [ "$(sql 'SELECT sum(next_offset) FROM market_data_position' 2>/dev/null)" -gt "$1" ]; }

# --- enough to replay, and more all the time

writer
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-DIGITS --intervals 1m --since "$since"
await 30 'twelve hours are wanted' sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$since'" 4
await 40 '... and complete' no_gaps
rows rows
candles=$(wc -l <"$work/rows")
ok "there is enough to replay ($candles candles)" test "$candles" -gt 2500
stop producer
printf 'not a candle\n' | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -k KRW-BTC
await 20 'all of it is stored, and what is not a candle' caught_up
then=$(date -u +%FT%T.%3NZ)
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-DIGITS --intervals 1s,1m
await 20 'live candles are stored' live KRW-BTC

# Samples of where the live writer stands, all the time.
sample() { # positions or committed
	while [ ! -e "$work/enough" ]; do
		$1
	done >>"$work/samples.$1"
}
spawn positions sample positions
spawn committed sample committed

# --- all of it

lose "symbol IN ('KRW-BTC', 'KRW-ETH')"
is 'the rows of two markets are gone' "$(old_of KRW-BTC)$(old_of KRW-ETH)" 00
replayed 0 one --batch-rows 500
ok '... and come back' as_before
ok '... inserted' test "$(total one inserted)" -ge $((candles / 2))
ok '... the others identical' test "$(total one identical)" -ge $((candles / 2 - 100))
is '... nothing corrected, nothing lost' "$(total one corrected) $(total one lost_offsets)" '0 0'
ok '... it says that it is complete, and how far it is' logged one 'msg="the replay is complete"'
ok '... with a line of progress' logged one 'msg="replay" done=[0-9]+ total=[0-9]+ percent=[0-9]+ per_second='
is 'what is not a candle is there once' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 1

# --- again, with a wrong row

sql "UPDATE market_data SET close = 1, revision = 0 WHERE symbol = 'KRW-BTC' AND \"interval\" = '1m' AND \"timestamp\" =
	(SELECT min(\"timestamp\") FROM market_data WHERE symbol = 'KRW-BTC' AND \"interval\" = '1m')"
first=$(begun one messages)
replayed 0 one
ok 'the same command works again' as_before
is '... from the beginning' "$(begun one done)" 0
ok '... to an end that has moved on' test "$(begun one messages)" -gt "$first"
is '... having corrected one row' "$(total one corrected)" 1

# --- some symbols

lose "symbol IN ('KRW-BTC', 'KRW-ETH')"
replayed 0 one --symbols KRW-XRP,KRW-BTC
is 'of some symbols: those come back' "$(old_of KRW-BTC)" "$(grep -c '^KRW-BTC' "$work/rows")"
is '... the others do not' "$(old_of KRW-ETH)" 0

# --- from a time on

lose "symbol = 'KRW-BTC'"
lost=$(sql "CREATE TABLE gone (\"timestamp\" timestamptz);
	WITH d AS (DELETE FROM market_data WHERE \"interval\" = '1s' AND symbol = 'KRW-BTC' RETURNING \"timestamp\")
		INSERT INTO gone SELECT \"timestamp\" FROM d;
	SELECT count(*) FROM gone")
replayed 0 one --from "$then"
is 'from a time on: what the topic got since comes back' "$(sql "SELECT count(*) FROM gone WHERE NOT EXISTS (SELECT FROM market_data m
	WHERE m.\"interval\" = '1s' AND m.symbol = 'KRW-BTC' AND m.\"timestamp\" = gone.\"timestamp\")")" 0
ok '... which is something' test "$lost" -gt 3
is '... what it had before does not' "$(old_of KRW-BTC) $(old_of KRW-ETH)" '0 0'

# --- killed in the middle

GAPLESS_FAULT=after_db_before_commit:12 replayed 137 one --batch-rows 100
sum() { sql "SELECT sum($1) FROM market_data_replay WHERE name = '$GAPLESS_TOPIC'"; }
stood=$(sum 'next_offset - start_offset') until=$(sum 'end_offset - start_offset')
note "killed at $stood of $until"
ok 'killed in the middle' test "$stood" -ge 1000 -a "$stood" -lt "$until"
ok '... with rows still gone' test "$(old_of KRW-BTC)$(old_of KRW-ETH)" != "$(grep -c ^KRW-BTC "$work/rows")$(grep -c ^KRW-ETH "$work/rows")"
replayed 1 one --symbols KRW-BTC --name "$GAPLESS_TOPIC"
ok '... another command of its name is refused' logged one 'is not complete and reads something else'
replayed 0 one
is 'started again it goes on' "$(begun one done)" "$stood"
is '... to the end that it had' "$(begun one messages)" "$until"
is '... reading only the rest' "$(total one messages)" $((until - stood))
ok '... and everything is back' as_before

# --- stopped by a signal

lose "symbol = 'KRW-ETH'"
replay one --batch-rows 20
under_way() { [ "$(sum 'next_offset - start_offset' 2>/dev/null)" -gt "$1" ]; }
await 20 'a replay is under way' sql_is "SELECT sum(next_offset - start_offset) BETWEEN 1 AND sum(end_offset - start_offset) - 1
	FROM market_data_replay WHERE name = '$GAPLESS_TOPIC'" t
stop one
is 'stopped by a signal: exit code' "$code" 1
ok '... and how to go on' logged one 'stopped before its end; run the same command to go on'
replayed 0 one
ok '... which it does' test "$(begun one done)" -gt 0
ok '... to the end' as_before

# --- several at once

lose "symbol IN ('KRW-BTC', 'KRW-XRP')"
replay one --batch-rows 50
replay two --batch-rows 70
replay three --symbols KRW-XRP
for who in one two three; do
	ended $who
	is "several at once: the $who's exit code" "$code" 0
done
ok '... and everything is back' as_before
is 'every replay is complete' "$(sql 'SELECT count(*) FROM market_data_replay WHERE next_offset < end_offset')" 0

# --- the bar, on a terminal

TERM=xterm script -qec "stty cols 100; exec $GAPLESS_BIN/gapless-writer replay --batch-rows 500" /dev/null >"$work/terminal" </dev/null
is 'on a terminal: exit code' $? 0
ok '... a bar is drawn in place' grep -aqE $'\rreplay \\[#*-+\\] +[0-9]+%  [0-9]+/[0-9]+ messages  [0-9]+/s  ([0-9:]+|--:--) left' \
	<(sed 's/\x1b\[K//g' "$work/terminal")
ok '... to its end' grep -aqE '100%  ([0-9]+)/\1 messages' "$work/terminal"

# --- the live writer all the while

end=$(sql 'SELECT sum(next_offset) FROM market_data_position')
await 20 'the live writer goes on' stored_beyond "$end"
touch "$work/enough"
for what in positions committed; do
	ended $what
	awk '$1 in at && $2 < at[$1] { print $0 " after " at[$1] } { at[$1] = $2 }' "$work/samples.$what" >"$work/backwards"
	ok "its $what were sampled ($(wc -l <"$work/samples.$what"))" test "$(wc -l <"$work/samples.$what")" -gt 8
	ok '... and never went back' test ! -s "$work/backwards"
done
stop writer
is '... it ends with 0' "$code" 0
is '... with both where they agree' "$(committed_against_positions)" '0 0'

# --- without it: what a replay reads beyond the position is stored, and the position stays

before=$(positions) at=$(committed)
n=$(sql 'SELECT count(*) FROM market_data')
await 20 'the topic grows' eval '[ "$(topic_ends | awk "{ n += \$2 } END { print n }")" -gt $(($(sum end_offset) + 20)) ]'
stop producer
replayed 0 one
ok 'a replay stores what no writer has stored' test "$(sql 'SELECT count(*) FROM market_data')" -gt "$n"
is '... the position stays' "$(positions)" "$before"
is '... and the offsets' "$(committed)" "$at"
is '... nor does a replay have any of its own' "$(GAPLESS_GROUP=gapless-replay committed)" ''
writer
await 20 'a writer starts where it was' caught_up
stop writer
ok '... and reads all that again' logged writer 'stored in all.* inserted=0 '

# --- a topic whose beginning is gone; a newer version; another topic

GAPLESS_FAULT=after_db_before_commit:2 replayed 137 one --batch-rows 50
topic_ends | jq -Rn --arg t "$GAPLESS_TOPIC" '{version: 1, partitions: [inputs | split(" ") | {topic: $t, partition: (.[0] | tonumber),
	offset: (((.[1] | tonumber) * 3 / 4) | floor)}]}' >"$work/delete.json"
compose/stack.sh kafka-tool org.apache.kafka.tools.DeleteRecordsCommand --bootstrap-server "$GAPLESS_BROKERS" \
	--offset-json-file "$work/delete.json" >"$work/delete.out" 2>&1
is 'the beginning is deleted' $? 0
replayed 0 one
ok 'it goes on behind the hole, and says so' logged one 'messages were deleted from the topic before they were replayed.*messages=[1-9]'
ok '... counting what is lost' test "$(total one lost_offsets)" -gt 0
replayed 0 one
is 'the next one starts at what is left' "$(total one lost_offsets)" 0

jq -c '.v = 2 | .symbol = "KRW-NEW"' schemas/candle.golden.json | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 3 -k KRW-NEW
replayed 1 one
ok 'a newer version: said' logged one 'the replay cannot pass a message.*version 2.*upgrade'
replayed 1 one
ok '... and again' logged one 'goes on where it was'
replayed 0 one --symbols KRW-BTC
GAPLESS_TOPIC=nosuch replayed 2 one
ok 'no such topic: said' logged one 'there is no such topic'
sql 'DROP TABLE market_data_replay'
replayed 2 one
ok 'without its table: said' logged one 'no table market_data_replay; run: gapless-writer migrate'
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
