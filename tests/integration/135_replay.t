#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gapless-writer replay, beside a live writer under live load. Shown: rows that are gone come back; of all, of some symbols, from a
# time on; complete, the same command works again; a bar on a terminal. And all the while no committed offset and no position of
# the live writer moves back. Interrupted: 136_replay_resume.t; other topics: 137_replay_topic.t.
. tests/integration/lib.sh
. tests/integration/replay.sh
scenario replay
replay_set_up

# --- beside a live writer

printf 'not a candle\n' | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -k KRW-BTC
await 20 'all of it is stored, and what is not a candle' caught_up
then=$(date -u +%FT%T.%3NZ)
producer --intervals 1s,1m
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
ends_with_0 producer

is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
