#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Indicators in the database, and of candles that were there before: a process that starts on a full table publishes what is new;
# `compute` does the rest, killed on its way and started again. Table and topic say the same, and what a batch says. With carried
# prices, which another group computes into a topic of its own, too.
. tests/integration/lib.sh
scenario indicators_store
. tests/integration/indicators.sh
kinds=sma:5,ema:4,rsi:4,macd:3:6:3,bb:5:2,atr:4,volume:5,vwap,cross:3:9
export GAPLESS_INDICATORS=$kinds
exchange --start 2026-03-10T12:00:00Z --seed 23
writer
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m --since 2026-03-09T12:00:00Z --lookup-s 2 --lookup-gaps-s 1
await 60 "a day is complete" complete KRW-BTC KRW-SPARSE
await 30 "and stored" caught_up
indicators --store
rows() { sql 'SELECT count(*) FROM market_data_indicator'; }
rows_more_than() { [ "$(rows)" -gt "$1" ]; }
await 30 "it reads" indicators_have_begun indicators
clock_advance 60 # the next live poll
await 60 "new candles have rows" rows_more_than 0
ok "old ones have not" test "$(rows)" -lt 5000
clock_settle
await 120 "everything is complete" complete KRW-BTC KRW-SPARSE
await 60 "the indicators have read all of it" indicators_caught_up

compute() { GAPLESS_FAULT=$1 "$GAPLESS_BIN/gapless-indicators" compute --store >>"$work/compute.log" 2>&1; }
compute compute_chunk:2
is "compute is killed with its second piece" "$?" 137
# What is left, on a terminal: it is fewer candles than there are.
TERM=xterm script -qec "stty cols 100; GAPLESS_LOG_FORMAT=logfmt exec $GAPLESS_BIN/gapless-indicators compute --store" /dev/null >"$work/terminal" </dev/null
is "and goes on to its end" "$?" 0
ok "a bar is drawn in place" grep -aqE $'\rcompute \\[#*-*\\] +[0-9]+%  [0-9]+/[0-9]+ candles  [0-9]+/s  ([0-9:]+|--:--) left' \
	<(sed 's/\x1b\[K//g' "$work/terminal")
ok "to its end" grep -aqE '100%  ([0-9]+)/\1 candles' "$work/terminal"
left=$(sed -n 's/.*msg="computed" candles=\([0-9]*\).*/\1/p' "$work/terminal")
note "$left of $(stored) candles were left"
ok "with what was left" test "${left:-0}" -gt 0 -a "${left:-0}" -lt "$(stored)"
is "it is noted as done" "$(sql 'SELECT bool_and(is_done), count(*) FROM market_data_indicator_compute')" 't|2'

# The rows as messages.
rows_dump() {
	sql "SELECT '0 ' || jsonb_build_object('indicator', indicator, 'params', params, 'timestamp',
		(extract(epoch FROM \"timestamp\") * 1000)::bigint, 'state', state, 'reason', reason, 'value', value, 'as_of', 0)::text
		FROM market_data_indicator WHERE symbol = '$1'"
}
table_equals_batch() {
	local at="$work/batch.$1.1m"
	rows_dump "$1" >"$at.rows"
	python3 tests/integration/indicators_batch.py "$kinds" 60000 "$at.candles" "$at.covered" "$at.rows"
}
for m in KRW-BTC KRW-SPARSE; do
	ok "$m: the topic says what a batch says" equals_batch "$m" 1m "$kinds"
	ok "$m: so does the table" table_equals_batch "$m"
done
is "the position is that of the topic" "$(sql "SELECT sum(next_offset) FROM market_data_indicator_position")" \
	"$(topic_ends | awk '{ n += $2 } END { print n }')"
ok "the chart has a candle's values beside it" sql_is "SELECT count(*) > 1000 FROM market_data_chart
	WHERE symbol = 'KRW-BTC' AND indicator = 'bb' AND name = 'upper' AND value >= close" t

# Two messages that only confirm what is known are newer than all others, so what comes of a change after them is, too. A restart must
# not forget that: the table keeps the row that it has.
send() { # from the newest but $1-th candle that is final: what jq makes of it
	kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_TOPIC" -e -q | grep '"symbol":"KRW-BTC"' |
		jq -cs "[.[] | select(.covers_to > .covers_from)] | sort_by(.timestamp) | unique_by(.timestamp) | .[-$1] | $2" |
		kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -k KRW-BTC -X partitioner=murmur2_random
}
corrected='.close = (if .close == .high then .low else .high end) | .revision +='
settled() {
	await 30 "$1" caught_up
	await 30 "... and the indicators have it" indicators_caught_up
}
send 3 '.fetched_at += 7200000'
send 20 ".fetched_at += 3600000 | $corrected 1"
settled "a confirmation, and a correction that was fetched before it, are stored"
sql 'CREATE TABLE backup_rows AS TABLE market_data_indicator; CREATE TABLE backup_position AS TABLE market_data_indicator_position' >/dev/null
send 40 ".fetched_at += 3600000 | $corrected 1"
settled "another correction"
ends_with_0 indicators
# The tables of the indicators come from a backup, and the writer is faster: what was stored since then is stored again.
sql 'TRUNCATE market_data_indicator, market_data_indicator_position; INSERT INTO market_data_indicator TABLE backup_rows;
	INSERT INTO market_data_indicator_position TABLE backup_position' >/dev/null
indicators_as again --store
await 30 "it begins again" indicators_have_begun again
send 10 ".fetched_at += 3600000 | $corrected 2"
settled "a third one"
for m in KRW-BTC KRW-SPARSE; do
	ok "$m: of each key the topic's last message still holds" equals_batch "$m" 1m "$kinds"
	ok "$m: and the table's row" table_equals_batch "$m"
done
ends_with_0 again
GAPLESS_INDICATORS_GROUP=indicators.expired.$name indicators_as expired --store
await 30 "a group whose offsets are gone goes on where the stored indicators end" logged expired \
	'has no committed offset; reading goes on where the stored indicators end'
ok "... and is not taken for a new one" eval '! logged expired "the group is new"'
ends_with_0 expired

refused() { # what it says, arguments
	"$GAPLESS_BIN/gapless-indicators" compute "${@:2}" >"$work/refused" 2>&1
	is "compute ${*:2}: refused" "$?" 2
	ok "... with a sentence" grep -q -- "$1" "$work/refused"
}
refused 'there is nothing to compute: no series' --symbols KRW-NOPE
refused "'krw-btc' is not a market's name" --symbols krw-btc
refused "'7m' is not one of 1s, 1m" --intervals 7m
refused 'is not before --to' --from 2026-03-10 --to 2026-03-09
"$GAPLESS_BIN/gapless-indicators" compute --symbols 'KRW-NOPE, KRW-BTC' --intervals 1h,1m --from 2026-03-10T11:00:00Z >>"$work/listed.log" 2>&1
is "compute of some series" "$?" 0
is "... is of those alone" "$(sql "SELECT string_agg(symbol || ' ' || interval, ',') FROM market_data_indicator_compute WHERE arguments LIKE '%NOPE%'")" \
	'KRW-BTC 1m'

export GAPLESS_INDICATORS_TOPIC=i2.$name
topic_delete "$GAPLESS_INDICATORS_TOPIC"
"$GAPLESS_BIN/gapless-indicators" compute --no-trade carry >>"$work/carry.log" 2>&1
is "compute with carried prices" "$?" 0
ok "KRW-SPARSE: each interval without trades has a value" equals_batch KRW-SPARSE 1m "$kinds" carry
for p in producer writer; do
	ends_with_0 $p
done
finish
