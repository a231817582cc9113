#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# More producers than partitions: the one that is left over says so and stands by. The topic gets more partitions, and it has
# work. All but one leave, one after the other, and each time the rest takes over.
. tests/integration/lib.sh
scenario standby
export GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_LOOKUP_S=3
export GAPLESS_KAFKA='topic.metadata.refresh.interval.ms=1000'
symbols=KRW-BTC,KRW-ETH,KRW-XRP,KRW-DIGITS,KRW-QUIET,KRW-TINY,KRW-SPARSE,KRW-HOURLY
series=8
exchange --corrections 0.02
since=$(iso $(($(exchange_ms) - 6 * 3600000)))

complete_from_since() {
	sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$since'" $series && no_gaps
}

# The last assignment of each, and how many partitions that makes.
assignments() {
	local who
	for who in a b c; do
		running $who && grep -oE 'partitions assigned" partitions=[0-9]+|no partition for this' "$work/$who.log" | tail -n 1 |
			sed 's/^no.*/0/; s/.*=//'
	done | sort | xargs
}

are() { [ "$(assignments)" = "$1" ]; }

says_standing_by() { grep -q 'no partition for this producer.*standing by' "$work"/[abc].log; }

writer
for who in a b c; do producer_as $who --symbols $symbols --since "$since" --partitions 2; done
await 40 'two of three producers have the two partitions' are '0 1 1'
ok 'the third says that it stands by' says_standing_by
await 40 'the two fetch everything' complete_from_since
topic_grow "$GAPLESS_TOPIC" 6
await 40 'the topic has six partitions, two for each' are '2 2 2'
sql 'DELETE FROM market_data; DELETE FROM market_data_coverage'
await 60 'every series has an owner who fetches it again' complete_from_since
stop c
is 'one leaves with 0' "$code" 0
await 40 'the others take over' are '3 3'
stop b
is 'another one leaves with 0' "$code" 0
await 40 'the last one has all' are '6'
stop a
is 'the last one ends with 0' "$code" 0
clock_settle
producer_as a --symbols $symbols --since "$since"
await 60 'everything is final and complete' complete_from_since
await 30 '... and stored' caught_up
ok 'the table equals the truth' complete_and_true 1000
for who in a writer; do
	stop $who
	is "$who ends with 0" "$code" 0
done
finish
