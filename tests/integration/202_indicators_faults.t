#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Indicators while everything dies. Two processes share the topic; each program is killed with -9, more than once: in the middle
# of a backfill, of a send, between publishing and committing; so are the broker and the database; the collector is away for twelve
# minutes; the exchange corrects candles; a gap opens in the past and fills. In the end the last message of each key equals a batch
# computation over the table.
#
# The servers are a stack of its own: name and ports of the one that the other scenarios share, plus 4.
export GAPLESS_STACK=${GAPLESS_STACK:-test}-faults
export GAPLESS_KAFKA_PORT=$((${GAPLESS_KAFKA_PORT:-19192} + 4))
export GAPLESS_CONTROLLER_PORT=$((${GAPLESS_CONTROLLER_PORT:-19193} + 4))
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 4))
. tests/integration/lib.sh

at_end() { compose/stack.sh down >/dev/null; }
trap at_end EXIT

compose/stack.sh up >/dev/null || bail "the stack does not start"
scenario indicators_faults
. tests/integration/indicators.sh
# Small windows, so that most of the backfill lies before them.
kinds=sma:5,ema:4,rsi:4,macd:3:6:3,bb:5:2,atr:4,volume:5,vwap,cross:3:9
export GAPLESS_INDICATORS=$kinds GAPLESS_SESSION_TIMEOUT_MS=2000
markets=(KRW-BTC KRW-SPARSE KRW-XRP KRW-TINY)

exchange --start 2026-03-10T12:00:00Z --seed 22 --corrections 0.2
collector() {
	producer_as "$1" --symbols "$(IFS=,; echo "${markets[*]}")" --intervals 1m --since 2026-03-08T12:00:00Z \
		--lookup-s 2 --lookup-gaps-s 1
}
published() { kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_INDICATORS_TOPIC" -e -q -f '.\n' | wc -l; }
published_more_than() { [ "$(published)" -gt "$1" ]; }

GAPLESS_FAULT=after_send:1500 indicators_as one
GAPLESS_FAULT=before_commit:1 indicators_as two
collector collector
await 30 "what is not stored yet is read" indicators_have_begun one two
writer
await 60 "a process dies in the middle of what it sends" gone one
ended one
is "by a signal" "$code" 137
await 60 "another one between publishing and committing" gone two
ended two
is "by a signal, too" "$code" 137
indicators_as three
indicators_as four
before=$(published)
await 60 "their successors are at work" published_more_than "$((before + 200))"
stop three KILL
stop writer KILL
stop collector KILL
writer
indicators_as five

# Nobody collects for twelve minutes; what comes back is killed while it fills the gap, and so are those who compute.
clock_advance 720
collector again
before=$(published)
await 60 "the gap is being filled" published_more_than "$((before + 100))"
stop again KILL
stop four KILL
stop five KILL
stop writer KILL
writer
collector last
indicators_as six
indicators_as seven
before=$(published)
await 60 "and is filled further" published_more_than "$((before + 100))"
server kafka kill
server pg kill
server kafka start
server pg start
await 120 "broker and database are back, and all of it is in the table" complete "${markets[@]}"

# Half a day of the past is not known any more; while it comes again, everything dies once more.
"$GAPLESS_BIN/gapless-writer" forget --symbols "$(IFS=,; echo "${markets[*]}")" --intervals 1m --from 2026-03-09T00:00:00Z \
	--to 2026-03-09T12:00:00Z >"$work/forget.out" 2>&1
is "half a day becomes a gap" "$?" 0
in_topic() { topic_ends | awk '{ n += $2 } END { print n + 0 }'; }
more_candles_than() { [ "$(in_topic)" -gt "$1" ]; }
before=$(in_topic)
await 60 "it is being filled" more_candles_than "$((before + 400))"
for p in six last writer seven; do
	stop $p KILL
done
server pg kill
server pg start
indicators_as six
writer
collector last
indicators_as seven
await 120 "all of it is in the table" complete "${markets[@]}"
clock_settle
await 120 "and what ended meanwhile" complete "${markets[@]}"
await 60 "it is stored" caught_up
await 120 "the indicators have read all of it" indicators_caught_up
for m in "${markets[@]}"; do
	ok "$m: the last message of each key is what the table says" equals_batch "$m" 1m "$kinds"
done
for p in six seven; do
	ends_with_0 $p
done
finish
