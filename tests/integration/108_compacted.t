#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A compacted topic would lose history: with the symbol as key, one candle of each market would stay. It is refused.
. tests/integration/lib.sh
. tests/integration/said.sh
scenario compacted
topic_create "$GAPLESS_TOPIC" 1 cleanup.policy=compact
run gapless-producer --symbols KRW-BTC
is 'a compacted topic needs a person' "$code" 1
ok '... and the log says why' grep -q 'cleanup.policy=compact.*compaction would destroy all history' "$work/err"
run gapless-indicators --without-database --topic "$GAPLESS_TOPIC.candles" --indicators-topic "$GAPLESS_TOPIC"
is 'so does one that is to hold indicators' "$code" 1
ok '... and the log says why' grep -q 'cleanup.policy=compact.*compaction would destroy all history' "$work/err"
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work/err")" ''
finish
