#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Indicators from the topic alone. One process leaves intervals without trades out, one carries the price on; each is killed in the
# middle of its work, and goes on. What they hold in memory is the whole history, so the last message of each key equals a batch over
# the table. A third one has small windows: what comes for older candles changes nothing there, and is counted.
. tests/integration/lib.sh
scenario indicators_topic
. tests/integration/indicators.sh
kinds=sma:20,ema:20,rsi:14,macd:12:26:9,atr:14,cross:5:20
exchange --start 2026-03-10T12:00:00Z --seed 27 --corrections 0.2
of() { # who: its topic and group
	export GAPLESS_INDICATORS_TOPIC=i.$1.$name GAPLESS_INDICATORS_GROUP=indicators.$1.$name
}
alone() { # who, name, arguments
	of "$1"
	indicators_as "$2" --without-database "${@:3}"
}
for who in skip carry small; do
	of "$who"
	topic_delete "$GAPLESS_INDICATORS_TOPIC"
done
GAPLESS_FAULT=after_send:400 alone skip one --indicators "$kinds"
GAPLESS_FAULT=before_commit:1 alone carry two --indicators "$kinds" --no-trade carry
alone small three --indicators sma:5,cross:2:3 --http 127.0.0.1:0
writer
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m --since 2026-03-10T02:00:00Z --lookup-s 2 --lookup-gaps-s 1
await 60 "one dies in the middle of what it sends" gone one
ended one
is "by a signal" "$code" 137
await 60 "the other one between publishing and committing" gone two
ended two
is "by a signal, too" "$code" 137
alone skip four --indicators "$kinds"
alone carry five --indicators "$kinds" --no-trade carry
await 60 "ten hours are complete" complete KRW-BTC KRW-SPARSE
clock_settle
await 90 "and what ended meanwhile" complete KRW-BTC KRW-SPARSE
for who in skip carry small; do
	of $who
	await 60 "$who has read all of it" indicators_caught_up
done
for m in KRW-BTC KRW-SPARSE; do
	of skip
	ok "$m: the last message of each key is what the table says" equals_batch $m 1m "$kinds"
	of carry
	ok "$m: with carried prices, too" equals_batch $m 1m "$kinds" carry
done
# Two hours of the past come again.
"$GAPLESS_BIN/gapless-writer" forget --symbols KRW-BTC --intervals 1m --from 2026-03-10T03:00:00Z --to 2026-03-10T05:00:00Z \
	>"$work/forget.out" 2>&1
counted() { [ "$(metric_sum three gapless_indicators_too_old_candles_total)" -gt "$1" ]; }
await 60 "small windows leave what is older than they are" counted 100
ok "and say so" logged three 'a candle is older than what is in memory, and there is no database'
for p in producer writer three four five; do
	ends_with_0 $p
done
finish
