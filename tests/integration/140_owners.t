#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Several producers share the markets by a consumer group that consumes nothing. Two producers and two writers start at the same
# moment on an empty database; one of each is killed in the middle; one is frozen for longer than its session and thawed; one
# with other settings wants to join.
# Shown: no page is asked for twice but what was in flight when partitions moved; nobody provokes a ban; a newcomer
# that differs says so and ends with exit code 1 before it joins; the table ends equal to the truth.
. tests/integration/lib.sh
scenario owners
exec 2>"$work/shell.log" # bash has a line for everybody who was killed
export GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_BATCH_MS=300
export GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_LOOKUP_S=5 GAPLESS_RATE_LIMIT=20
# Dense ones, each of about 15 pages.
symbols=KRW-BTC,KRW-ETH,KRW-DIGITS,KRW-M001,KRW-M004,KRW-M006,KRW-M010,KRW-M011,KRW-M014,KRW-M016,KRW-M020,KRW-M021,KRW-M024,KRW-M026
series=14 hours=60
exchange --limit 20 --corrections 0.02 --markets 30 --delay 1500-2000 # so that it takes a while, on a slow machine too
since=$(iso $(($(exchange_ms) - hours * 3600000)))

starts() { # who
	case $1 in
	writer*) writer_as "$1" ;;
	*) producer_as "$1" --symbols $symbols --since "$since" ;;
	esac
}

share() { has "$1" 6 && has "$2" 6; }

repeated() { asked_again=$(control 'repeats?min=2&max=1000000' | jq .count); }

stored_more_than() { [ "$(sql 'SELECT count(*) FROM market_data' 2>/dev/null)" -gt "$1" ]; }

complete_from_since() {
	sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$since'" $series && no_gaps
}

# --- at the same moment, on nothing

for who in writer1 writer2 producer1 producer2; do starts $who; done
await 30 'two producers share the partitions' share producer1 producer2
await 30 'two writers share the partitions' share writer1 writer2
await 60 'something is stored' stored_more_than 6000
ok '... before all of it is' test "$(gaps_now)" -gt 0
answers_take 0-30
ok 'both producers fetch' test "$(grep -c 'Backfill' "$work/producer1.log")" -gt 0 -a "$(grep -c 'Backfill' "$work/producer2.log")" -gt 0
repeated
ok "no page was fetched twice but what was in flight at the join ($asked_again)" test "$asked_again" -le 4

# As Java's default partitioner has it: tools find a symbol where they look for it, and its owner waits for the right partition.
kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_TOPIC" -e -q -f '%k %p\n' | sort -u >"$work/placed"
is 'each symbol is in the partition of its murmur2 hash' "$(grep -E 'KRW-(BTC|DIGITS|ETH) ' "$work/placed" | xargs)" \
	'KRW-BTC 4 KRW-DIGITS 7 KRW-ETH 11'

# --- one of each dies

stop producer1 KILL
stop writer2 KILL
await 30 'the other producer takes over' has producer2 12
await 30 'the other writer takes over' has writer1 12
await 90 'they fetch and store the rest' complete_from_since
repeated
ok "no page was fetched twice but what was in flight then ($asked_again)" test "$asked_again" -le 8

# --- frozen for longer than its session

starts producer1
await 30 'a new producer takes half' share producer1 producer2
kill -STOP "${pid_of[producer2]}"
await 30 'the new one takes over from one that is frozen' has producer1 12
kill -CONT "${pid_of[producer2]}"
await 30 'thawed, it comes back' share producer1 producer2
ok '... having lost its partitions' logged producer2 'partitions lost to the group'

# --- one that wants something else

rebalances() { cat "$work"/producer[12].log | grep -c 'assigns its partitions again'; }
before=$(rebalances)
producer_as stranger --symbols $symbols --intervals 5m --since "$since"
await 30 'one that wants something else ends by itself' gone stranger
ended stranger
is '... with exit code 1' "$code" 1
ok '... and says what is wrong' logged stranger 'cannot go on by itself.*wants other symbols, intervals or another --since'
is '... before it asked for any candle' "$(control 'repeats?min=1&by=asked&live=1&max=1000000' | jq '[.repeats[] | select(.interval == "5m")] | length')" 0
is '... and without having joined the group' "$(rebalances)" "$before"
ok 'the others have kept their partitions' share producer1 producer2

# --- the end

is 'nobody was blocked' "$(asked .http_418)" 0
ok "hardly any request was refused ($(asked .http_429) of $(asked .candles))" test $(($(asked .http_429) * 20)) -le "$(asked .candles)"
for who in producer1 producer2; do
	stop $who
	is "$who ends with 0" "$code" 0
done
clock_settle
starts producer1
await 60 'everything is final and complete' complete_from_since
await 30 '... and stored' caught_up
ok 'the table equals the truth' complete_and_true $((series * hours * 50))
is 'nothing went to the dead letters' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
for who in producer1 writer1; do
	stop $who
	is "$who ends with 0" "$code" 0
done
finish
