#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What gapless-indicators shows of itself agrees with its topic. A gap before what is in memory, filled by pages that walk
# backwards, is computed from the table once or twice, not once a candle. Messages that are not candles, and offsets that hold no
# message at all, are no lag. While the database does not take what is to be stored, it says so. A message that halts a partition is
# passed once it is skipped. While it waits for a writer that stands still, it computes nothing. Its topic is created again if
# somebody deletes it.
. tests/integration/lib.sh
scenario indicators_seen
. tests/integration/indicators.sh
kinds=sma:5,rsi:4
exchange --start 2026-03-10T12:00:00Z --seed 26
indicators --indicators "$kinds" --store --http 127.0.0.1:0
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m --since 2026-03-10T00:00:00Z --lookup-s 2 --lookup-gaps-s 1
await 30 "what is not stored yet is read" indicators_have_begun indicators
writer
await 60 "half a day is complete" complete KRW-BTC KRW-SPARSE
clock_settle
await 90 "and what ended meanwhile" complete KRW-BTC KRW-SPARSE
await 60 "the indicators have read all of it" indicators_caught_up

# --- numbers

in_topic() { kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_INDICATORS_TOPIC" -e -q -f '%s\n'; }
as_in_topic() {
	local state
	for state in final provisional unavailable; do
		[ "$(metric_sum indicators gapless_indicators_values_total "state=\"$state\"")" = \
			"$(in_topic | grep -c "\"state\":\"$state\"")" ] || return 1
	done
}
candles() { topic_dump "$work/topic" && wc -l <"$work/topic"; }
await 20 "it is ready" readyz_says indicators ok
await 20 "no message waits" metric_sum_is indicators gapless_indicators_lag_messages 0
await 20 "nor does it for any time" metric_sum_is indicators gapless_indicators_lag_seconds 0
await 20 "values by state are those of the topic" as_in_topic
is "candles are those of the topic" "$(metric_sum indicators gapless_indicators_messages_total)" "$(candles)"
is "they are of two series" "$(metric_sum indicators gapless_indicators_series)" 2
is "whose windows came from the table" "$(metric_sum indicators gapless_indicators_snapshots_total)" 2
ok "which take memory" test "$(metric_sum indicators gapless_indicators_window_bytes)" -gt 10000
is "it has all partitions" "$(metric_sum indicators gapless_indicators_partitions_assigned)" 12
ok "promtool finds nothing to say" promtool check metrics < <(shown indicators /metrics)

places() { kcat -b "$GAPLESS_BROKERS" -C -t "$1" -e -q -f '%k %p\n' | sort -u; }
is "a market's indicators are in the partition that its candles are in" "$(places "$GAPLESS_INDICATORS_TOPIC")" "$(places "$GAPLESS_TOPIC")"

# --- a gap that fills late, backwards

before=$(metric_sum indicators gapless_indicators_recomputations_total) read_before=$(candles) written_before=$(in_topic | wc -l)
"$GAPLESS_BIN/gapless-writer" forget --symbols KRW-BTC --intervals 1m --from 2026-03-10T01:00:00Z --to 2026-03-10T10:00:00Z \
	>"$work/forget.out" 2>&1
is "nine hours are a gap" "$?" 0
await 60 "they are filled again" complete KRW-BTC
await 60 "and computed" indicators_caught_up
ok "nine hours of candles came again" test "$(candles)" -ge $((read_before + 540))
in_parts() { computed=$(($(metric_sum indicators gapless_indicators_recomputations_total) - before)) && [ "$computed" -ge 1 ]; }
await 10 "as a whole, or in parts" in_parts
ok "... in a few" test "$computed" -le 6
note "$(($(candles) - read_before)) candles, $computed times computed, $(($(in_topic | wc -l) - written_before)) values published"
is "nothing waits to be computed" "$(metric_sum indicators gapless_indicators_series_waiting)" 0

# --- what is not a candle, and offsets without a message

echo '{}' | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 10 -k KRW-BAD
await 20 "a message that is not a candle is counted" metric_sum_is indicators gapless_indicators_unreadable_messages_total 1
printf 'put KRW-HOLE {}\nabort\n' | build/asan/gapless-transactions "$GAPLESS_TOPIC" 9 >"$work/transaction.out" 2>&1
is "a transaction is aborted" "$(grep -c ok "$work/transaction.out")" 2
await 30 "offsets are committed beyond both" indicators_caught_up
await 20 "neither is a lag" metric_sum_is indicators gapless_indicators_lag_messages 0

# --- a message that nobody may pass, and somebody skips

at=$(topic_ends | awk '$1 == 10 { print $2 }')
echo '{"v":2}' | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 10 -k KRW-BAD
await 20 "a message of a newer version halts its partition" metric_sum_is indicators gapless_indicators_partition_halted 1
"$GAPLESS_BIN/gapless-writer" skip --partition 10 --offset "$at" >"$work/skip.out" 2>&1
is "it is skipped" "$?" 0
await 20 "reading goes on behind it" metric_sum_is indicators gapless_indicators_partition_halted 0
await 30 "to the end" indicators_caught_up

# --- the database

sql 'ALTER TABLE market_data_indicator RENAME TO away'
clock_run
clock_advance 120
await 60 "it waits for the database, and says so" readyz_says indicators 'waiting for the database'
await 10 "in a number, too" metric_sum_is indicators gapless_indicators_database_up 0
is "and lives" "$(shown indicators /livez)" ok
await 20 "an error, since waiting does not mend it" logged indicators 'level=error .*cannot store indicators now.*market_data_indicator'
sql 'ALTER TABLE away RENAME TO market_data_indicator'
await 60 "it is ready again" readyz_says indicators ok
clock_settle
await 90 "everything is complete" complete KRW-BTC KRW-SPARSE
await 60 "the indicators have read all of it" indicators_caught_up
for m in KRW-BTC KRW-SPARSE; do
	ok "$m: the last message of each key is what the table says" equals_batch "$m" 1m "$kinds"
done

# --- a writer that stands still

first=$(sql "SELECT extract(epoch FROM min(\"timestamp\"))::bigint * 1000 FROM market_data WHERE symbol = 'KRW-BTC'")
again() { # in jq: what is other in KRW-BTC's first candle
	kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_TOPIC" -e -q -f '%s\n' | grep -m 1 "KRW-BTC.*\"timestamp\":$first," |
		jq -r "$1 | \"\(.symbol) \(tojson)\"" | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 10 -K ' '
}
table_reads() { metric_sum indicators gapless_indicators_table_reads_total; }
read_more() { [ "$(table_reads)" -gt $((reads + 5)) ]; }
kill -STOP "${pid_of[writer]}"
reads=$(table_reads)
again '.revision += 1'
await 30 "a change before what is in memory waits until it is stored" read_more
again '.symbol = "KRW-NEW"'
ok "a market that is new waits behind it, and takes no CPU" rests indicators
kill -CONT "${pid_of[writer]}"
await 30 "the writer goes on: all of it is computed" indicators_caught_up

# --- the topic of the indicators

"$kafka_topic" delete "$GAPLESS_INDICATORS_TOPIC"
is "the topic of the indicators is deleted" "$?" 0
clock_run
clock_advance 120
has_values() { [ "$(in_topic 2>/dev/null | wc -l)" -gt 0 ]; }
await 60 "it is created again, and what comes is published" has_values
for p in producer writer indicators; do
	ends_with_0 $p
done
finish
