#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Partitions are added while indicators are computed, and while nobody computes them: symbols move, some of them to another process,
# and what they had in their old partition must not be missing, nor what a producer that notices later sends there. The database is away for a while, and the broker. In the end the last
# message of each key equals a batch over the table. The servers are a stack of its own: name and ports of the one that the other
# scenarios share, plus 6.
export GAPLESS_STACK=${GAPLESS_STACK:-test}-growth
export GAPLESS_KAFKA_PORT=$((${GAPLESS_KAFKA_PORT:-19192} + 6))
export GAPLESS_CONTROLLER_PORT=$((${GAPLESS_CONTROLLER_PORT:-19193} + 6))
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 6))
. tests/integration/lib.sh

at_end() { compose/stack.sh down >/dev/null; }
trap at_end EXIT

compose/stack.sh up >/dev/null || bail "the stack does not start"
scenario indicators_growth
. tests/integration/indicators.sh
kinds=sma:5,ema:4,rsi:4,macd:3:6:3,vwap,cross:3:9
export GAPLESS_INDICATORS=$kinds GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_KAFKA=topic.metadata.refresh.interval.ms=1000
exchange --start 2026-03-10T12:00:00Z --seed 25 --markets 10
markets=$(echo KRW-BTC KRW-M00{1..9})
indicators_as one
indicators_as two
GAPLESS_KAFKA= producer --partitions 3 --symbols "${markets// /,}" --intervals 1m --since 2026-03-10T00:00:00Z --lookup-s 2 --lookup-gaps-s 1
await 30 "what is not stored yet is read" indicators_have_begun one two
writer
await 60 "half a day is complete" complete $markets
share() { # how many, who, and who
	local a b
	a=$(partitions_of "$2") b=$(partitions_of "$3")
	[ $((${a:-0} + ${b:-0})) = "$1" ]
}
topic_grow "$GAPLESS_TOPIC" 8
clock_advance 600
await 60 "the two share eight partitions" share 8 one two
await 60 "ten more minutes are there" complete $markets
ok "they gave the producer time to see them, too" logged one 'partitions were added; reading begins when all producers know them'
# Three minutes that nobody has published, in partitions whose markets move. Half of these move to the process that does not read
# what the old ones hold: both know their share before either reads.
for p in one two; do
	ends_with_0 $p
done
clock_advance 180
await 60 "three more, which are not published" complete $markets
server pg kill
topic_grow "$GAPLESS_TOPIC" 16
indicators_as three
indicators_as four
await 60 "two others share sixteen partitions" share 16 three four
server pg start
server kafka kill
server kafka start
clock_settle
await 120 "all of it is in the table" complete $markets
await 60 "it is stored" caught_up
await 120 "the indicators have read all of it" indicators_caught_up
for m in $markets; do
	ok "$m: the last message of each key is what the table says" equals_batch "$m" 1m "$kinds"
done
for p in three four producer writer; do
	ends_with_0 $p
done
finish
