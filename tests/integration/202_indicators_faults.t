#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Indicators while everything dies. Two processes share the topic; each program is killed with -9, more than once: in the middle
# of a backfill, of a send, between publishing and committing; the collector is away for twelve minutes; the exchange corrects
# candles. In the end the last message of each key equals a batch computation over the table.
. tests/integration/lib.sh
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
GAPLESS_FAULT=before_commit:4 indicators_as two
writer
collector collector
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
