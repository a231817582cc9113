#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Messages that halt their partition, and the way past them: gapless-writer skip puts one of them into the dead letters, and that
# one alone is passed, by a running writer within seconds, by a replay, after a restart; whatever halts nobody is refused. The other
# partitions go on all the time. A topic recreated with another message at the same offset halts again. Indicators pass several of
# them, and read nothing again for that.
. tests/integration/lib.sh
. tests/integration/storing.sh
. tests/integration/said.sh
scenario skip
exec 2>"$work/shell.log"
export GAPLESS_BATCH_MS=200
topic_new "$GAPLESS_TOPIC"

put() { kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p "$1" -K ' ' || bail 'kcat cannot publish'; } # partition
stored_like() { sql_is "SELECT count(*) FROM market_data WHERE symbol LIKE '$1'" "$2"; }
fill() {
	{
		candles 5 A
		candles 1 B | jq -Rr 'sub("\"v\":1"; "\"v\":2")' # a newer version, at offset 5
		candles 5 C
		candles 1 D | jq -Rr 'sub("\"source\":\"upbit\""; "\"source\":\"binance\"")' # another source, at offset 11
		candles 5 E
	} | put 1
}

fill
candles 20 F | put 2
writer
await 30 'a partition is halted' logged writer 'a partition is halted; the others go on" error="[^"]*version 2.* partition=1 offset=5 '
ok '... with the command' logged writer 'to_skip_it="gapless-writer skip --partition 1 --offset 5"'
await 30 '... the others go on' stored_like 'KRW-F%' 20

refused 'nothing is named' 'name the message: --partition and --offset' gapless-writer skip
refused 'a candle' 'offset 4 of partition 1 halts nobody.*a candle that the writer stores' gapless-writer skip --partition 1 --offset 4
refused 'nothing there' 'no message at offset 17 of partition 1' gapless-writer skip --partition 1 --offset 17
refused 'no such partition' 'has no partition 3; its last one is 2' gapless-writer skip --partition 3 --offset 0
refused 'no such topic' 'there is no topic nosuch' gapless-writer skip --partition 0 --offset 0 --topic nosuch
is 'nothing of that is a dead letter' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0

run gapless-writer skip --partition 1 --offset 5 --reason 'sent by mistake'
is 'the message is skipped' "$code" 0
await 30 'the writer goes on behind it, by itself' stored_like 'KRW-C%' 5
ok '... and says so' logged writer 'a message that was skipped by hand is passed" partition=1 offset=5'
await 30 'the next one that must not be passed halts it again' logged writer 'a partition is halted.*binance.* partition=1 offset=11 '
is '... nothing after it is stored' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-E%'")" 0
run gapless-writer skip --partition 1 --offset 11
await 30 'skipped as well' stored_like 'KRW-E%' 5
await 30 'all is read' caught_up
is 'both are dead letters, as they came, with their reasons' "$(sql "SELECT string_agg(format('%s %s %s', \"offset\", convert_from(key, 'UTF8'),
	substring(reason from '^skipped by hand(, sent by mistake)?: ') || (convert_from(value, 'UTF8')::jsonb ->> 'source')), ';' ORDER BY \"offset\")
	FROM candle_dead_letter")" '5 KRW-B0 , sent by mistakeupbit;11 KRW-D0 '
ok 'they say what they are' test "$(sql "SELECT count(*) FROM candle_dead_letter WHERE reason ~ 'version 2' OR reason ~ 'binance'")" = 2
ends_with_0 writer
log_forget writer
GAPLESS_GROUP=$GAPLESS_GROUP.another writer
await 30 'a writer that reads all of it again stops at neither' logged writer 'partitions assigned'
candles 1 G | put 1
await 30 '... and stores what comes behind' stored_like 'KRW-G%' 1
ends_with_0 writer

sql 'DELETE FROM market_data'
run gapless-writer replay
is 'a replay passes them' "$code" 0
is '... and stores the others' "$(sql 'SELECT count(*) FROM market_data')" 36

# --- another message at the same offset

topic_new "$GAPLESS_TOPIC"
fill
run gapless-writer replay --name anew
is 'the same messages in a topic recreated: passed' "$code" 0
topic_new "$GAPLESS_TOPIC"
{
	candles 5 H
	candles 1 J | jq -Rr 'sub("\"v\":1"; "\"v\":2")'
} | put 1
run gapless-writer replay --name others
is 'another one at the same offset: not passed' "$code" 1
ok '... as it says, with the command' grep -q 'the replay cannot pass a message.*offset=5 to_skip_it=' "$work/err"

# --- retention takes the message that halts

. tests/integration/indicators.sh
log_forget writer
indicators
await 30 'it halts the indicators, too, which do not take it for the one that was skipped there' logged indicators 'a partition is halted.* partition=1'
indicators_committed() { GAPLESS_GROUP=$GAPLESS_INDICATORS_GROUP committed | grep -qx "$1"; } # partition and offset
await 30 '... whose group has committed what is before it' indicators_committed '1 5'
never_logged() { ! logged "$@"; }
ok '... and goes no further' never_logged indicators 'a message was skipped'
writer
await 30 '... and a writer' logged writer 'a partition is halted.* partition=1 offset=5 '
topic_trim <<<'1 6'
candles 3 K | put 1
await 30 'when it is gone from the topic, the writer goes on by itself' stored_like 'KRW-K%' 3
ok '... and says so' logged writer 'the message that halts a partition is not in the topic any more.* partition=1 offset=5'
ok '... and what is lost' logged writer 'level=error .*messages were deleted from the topic before they were stored.* lost_offsets=1'
await 30 'so do the indicators' indicators_caught_up
ok '... and say so' logged indicators 'the message that halts a partition is not in the topic any more.* partition=1 offset=5'
ok '... and what is lost' logged indicators 'level=error .*messages were deleted from the topic before they were read.* lost_offsets=1'

# --- the topic is recreated under both

topic_new "$GAPLESS_TOPIC"
candles 3 L | put 1
await 30 'the writer reads it from its beginning' stored_like 'KRW-L%' 3
await 30 'so do the indicators' indicators_caught_up
ok '... and say so' logged indicators 'the topic does not go on where it should'

# --- two of them at once

log_forget indicators
for p in 0 2; do echo 'KRW-BAD {"v":2}' | put $p; done
both() { logged indicators "$1.* partition=0" && logged indicators "$1.* partition=2"; }
await 30 'two partitions halt the indicators' both 'a partition is halted'
for p in 0 2; do
	run gapless-writer skip --partition $p --offset 0
	is "the one in partition $p is skipped" "$code" 0
	candles 3 M$p | put $p
done
await 30 'they go on behind both' both 'reading goes on behind it'
await 30 '... to the end' indicators_caught_up
ok '... without reading the third one again' never_logged indicators 'reading begins'

# --- many messages before the one that halts

ends_with_0 indicators
log_forget writer
{
	candles 2100 P
	candles 1 Q | jq -Rr 'sub("\"v\":1"; "\"v\":2")'
} | put 1
await 30 'a message behind many others halts the writer' logged writer 'a partition is halted.* partition=1 offset=2103 '
log_forget indicators
indicators
await 30 'indicators that start then come to it, without waiting for it' logged indicators 'a partition is halted.* partition=1'
for p in writer indicators; do ends_with_0 $p; done
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier "$work/err")" ''
finish
