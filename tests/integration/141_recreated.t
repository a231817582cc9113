#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A topic that was recreated while the writer was away, and has grown beyond the stored position, is told from a longer one by the
# times of its messages: it is read from its beginning, with a warning; by indicators, too. One that has only grown
# is not. The same under a running writer, which ends well all the same.
. tests/integration/lib.sh
. tests/integration/storing.sh
scenario recreated
. tests/integration/indicators.sh
exec 2>"$work/shell.log"
export GAPLESS_BATCH_MS=200
append_time() { # the broker's time, as the producer creates it
	topic_delete
	topic_create "$GAPLESS_TOPIC" 3 message.timestamp.type=LogAppendTime
}
sees_twice() { [ "$(grep -c -- "$1" "$work/writer.log")" -ge 2 ]; }
like() { sql_is "SELECT count(*) FROM market_data WHERE symbol LIKE '$1'" "$2"; }

append_time
candles 200 A | publish "$GAPLESS_TOPIC"
writer
await 30 'candles are stored' stored_of "$GAPLESS_TOPIC" 200
ends_with_0 writer
is 'the time of the last ones is kept' "$(sql 'SELECT count(*) > 0 AND every(message_at IS NOT NULL) FROM market_data_position WHERE next_offset > 0')" t

sql "UPDATE market_data_position SET message_at = message_at + interval '1 day'" # as by a leader whose clock is ahead
candles 400 B | publish "$GAPLESS_TOPIC"
log_forget writer
writer
await 30 'a topic that has grown is read on' like 'KRW-B%' 400
ends_with_0 writer
is '... from where it was' "$(total writer messages)" 400
is '... without a warning' "$(grep -c 'level=\(warn\|error\)' "$work/writer.log")" 0
is '... and the latest time stays' "$(sql 'SELECT every(message_at > now()) FROM market_data_position WHERE next_offset > 0')" t
sql "UPDATE market_data_position SET message_at = message_at - interval '1 day'"

append_time
candles 900 C | publish "$GAPLESS_TOPIC"
log_forget writer
writer
await 30 'one that was recreated is read from its beginning' like 'KRW-C%' 900
ok '... with a warning' logged writer 'level=warn .*the topic was recreated, and has grown beyond it'
await 30 '... to its end' caught_up
ends_with_0 writer
indicators_read_to_its_end() { # until when, in ms: so says what is committed
	topic_ends | GAPLESS_GROUP=$GAPLESS_INDICATORS_GROUP "$kafka_topic" commit "$GAPLESS_TOPIC" "read_ms=$1" || bail 'not committed'
	log_forget indicators
	indicators
}
indicators_have_published() { [ "$(kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_INDICATORS_TOPIC" -e -q | wc -l)" -ge "$1" ]; }
indicators_read_to_its_end "$(date +%s%3N)"
await 30 'indicators that have read it go on' logged indicators 'reading begins.* messages_before_end=0'
ends_with_0 indicators
is '... without a warning' "$(grep -c 'level=\(warn\|error\)' "$work/indicators.log")" 0
indicators_read_to_its_end "$(date -d '1 hour ago' +%s%3N)"
await 30 'those that have read another one up to there read it from its beginning' logged indicators 'level=warn .*the topic was recreated or lost its end'
await 30 '... and publish what is in it' indicators_have_published 900
ends_with_0 indicators
log_forget writer
writer
await 30 'the next start' logged writer 'reading goes on where it stopped'
ends_with_0 writer
is '... has nothing to say' "$(grep -c 'level=\(warn\|error\)' "$work/writer.log")" 0

# --- while the writer runs

log_forget writer
writer
await 30 'a writer runs' logged writer 'reading goes on where it stopped'
topic_delete
await 30 'it sees that the topic was deleted' logged writer 'the topic was deleted, or has fewer partitions'
append_time
candles 2000 D | publish "$GAPLESS_TOPIC"
await 30 'one that was recreated, and has grown beyond the position at once, is read from its beginning' like 'KRW-D%' 2000
topic_delete
await 30 'deleted once more' sees_twice 'the topic was deleted, or has fewer partitions'
topic_create "$GAPLESS_TOPIC" 3
candles 4000 E | publish "$GAPLESS_TOPIC"
await 30 'one with the times of the producers is read from its beginning, too' like 'KRW-E%' 4000
ends_with_0 writer

# --- the times of the producers alone

topic_delete
topic_create "$GAPLESS_TOPIC" 3
candles 6000 F | publish "$GAPLESS_TOPIC"
log_forget writer
writer
await 30 'one that was recreated while the writer was away' like 'KRW-F%' 6000
ends_with_0 writer
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
