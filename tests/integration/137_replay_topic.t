#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gapless-writer replay and what the topic may be. Without a live writer: what is read beyond the position is stored, and position
# and offsets stay. A topic whose beginning is gone; one with a message of a newer version; none; no table. Exit codes.
. tests/integration/lib.sh
. tests/integration/replay.sh
scenario replay_topic
replay_set_up

# --- without a live writer: what a replay reads beyond the position is stored, and the position stays

ends_with_0 writer
producer --intervals 1s,1m
before=$(positions) at=$(committed)
n=$(sql 'SELECT count(*) FROM market_data')
size() { topic_ends | awk '{ n += $2 } END { print n + 0 }'; }
grows() { [ "$(size)" -gt $((at_first + 20)) ]; }
at_first=$(size)
await 20 'the topic grows' grows
stop producer
replayed 0 one
ok 'a replay stores what no writer has stored' test "$(sql 'SELECT count(*) FROM market_data')" -gt "$n"
is '... the position stays' "$(positions)" "$before"
is '... and the offsets' "$(committed)" "$at"
is '... nor does a replay have any of its own' "$(GAPLESS_GROUP=gapless-replay committed)" ''
writer
await 20 'a writer starts where it was' caught_up
stop writer
ok '... and reads all that again' logged writer 'stored in all.* inserted=0 '

# --- a topic whose beginning is gone; a newer version; another topic

GAPLESS_FAULT=after_db_before_commit:2 replayed 137 one --batch-rows 50
topic_ends | awk '{ print $1, int($2 * 3 / 4) }' | topic_trim
is 'the beginning is deleted' $? 0
replayed 0 one
ok 'it goes on behind the hole, and says so' logged one 'messages were deleted from the topic before they were replayed.*messages=[1-9]'
ok '... counting what is lost' test "$(total one lost_offsets)" -gt 0
ok '... and does not say just "complete" in the end' logged one 'level=warn .*the replay is complete, but for what was deleted.* lost_offsets=[1-9]'
replayed 0 one
is 'the next one starts at what is left' "$(total one lost_offsets)" 0

jq -c '.v = 2 | .symbol = "KRW-NEW"' schemas/candle.golden.json | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 3 -k KRW-NEW
replayed 1 one
ok 'a newer version: said' logged one 'the replay cannot pass a message.*version 2.*upgrade'
replayed 1 one
ok '... and again' logged one 'goes on where it was'
replayed 0 one --symbols KRW-BTC
GAPLESS_TOPIC=nosuch replayed 2 one
ok 'no such topic: said' logged one 'there is no such topic'
sql 'DROP TABLE market_data_replay'
replayed 2 one
ok 'without its table: said' logged one 'no table market_data_replay; run: gapless-writer migrate'
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
