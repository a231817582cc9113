#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Indicators of what the topic carries, compared key by key with a batch computation over the final table.
. tests/integration/lib.sh
scenario indicators
. tests/integration/indicators.sh
kinds=sma:20,ema:20,rsi:14,macd:12:26:9,bb:20:2,atr:14,volume:20,vwap,cross:5:20
exchange --start 2026-03-10T12:00:00Z --seed 21
indicators --indicators "$kinds"
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m --since 2026-03-10T02:00:00Z --lookup-s 2 --lookup-gaps-s 1
await 30 "what is not stored yet is read" indicators_have_begun indicators
writer
await 60 "ten hours are complete" complete KRW-BTC KRW-SPARSE
clock_settle
await 90 "and what ended meanwhile" complete KRW-BTC KRW-SPARSE
await 30 "the indicators have read all of it" indicators_caught_up
ok "KRW-BTC: the last message of each key is what the table says" equals_batch KRW-BTC 1m "$kinds"
ok "KRW-SPARSE: with intervals without trades, too" equals_batch KRW-SPARSE 1m "$kinds"
for p in producer writer indicators; do
	ends_with_0 $p
done
finish
