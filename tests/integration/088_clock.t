#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The exchange's clock stops, is set forward by an hour, and set back by ten minutes, while everything runs. A
# candle is stored only when it was closed by that clock, and claimed only when it was final by it, whatever the
# clock did before and will do; live goes on after each; in the end the table is right.
. tests/integration/lib.sh
scenario clock
exchange --start 2026-05-05T12:00:30Z --seed 5
writer
producer --symbols KRW-BTC,KRW-ETH --intervals 1s,1m --lookup-s 2 --lookup-gaps-s 1
since=2026-05-05T11:57:30Z # within the last 200 s of 1s
highest=0                  # where the exchange's clock has been

clock_note() {
	local now
	now=$(exchange_ms)
	[ "$now" -le "$highest" ] || highest=$now
}

# Everything in the table was closed, and everything claimed was final, at some time that the clock has shown.
honest() {
	local rows claims
	rows=$(sql "SELECT coalesce(max(extract(epoch FROM timestamp + interval_length(interval)) * 1000), 0)::bigint
		FROM market_data")
	claims=$(sql "SELECT coalesce(max(extract(epoch FROM upper(covered)) * 1000), 0)::bigint
		FROM market_data_coverage")
	clock_note
	[ "$rows" -le $((highest - 2000)) ] && [ "$claims" -le $((highest - 60000)) ] && return
	note "the clock was at most $(iso "$highest"); stored to $(iso "$rows"), claimed to $(iso "$claims")"
	return 1
}

dishonest=0
samples=0
sample() {
	honest || dishonest=$((dishonest + 1))
	samples=$((samples + 1))
}

live_honestly() {
	sample
	live KRW-BTC KRW-ETH
}

# So many requests later: what was asked before is answered, and published.
asked_more() { # n
	local until=$(($(asked .candles) + $1))
	enough() {
		sample
		[ "$(asked .candles)" -ge $until ]
	}
	await "$1" "the exchange was asked $1 times more" enough
}

newest() {
	sql "SELECT (SELECT max(timestamp) FROM market_data), (SELECT max(upper(covered)) FROM market_data_coverage)"
}

complete_both() { complete KRW-BTC KRW-ETH; }

await 20 "live runs" live_honestly
asked_more 6

clock_freeze
asked_more 12
await 10 "what was closed when it stopped is stored" caught_up
before=$(newest)
asked_more 30
await 10 "what came then is stored, too" caught_up
is "nothing is stored or claimed while the clock stands" "$(newest)" "$before"
clock_run
await 15 "live goes on after the clock stood" live_honestly

clock_note
clock_advance 3600
await 20 "live goes on an hour later" live_honestly
await 30 "the hour is filled" complete_both
asked_more 4

highest=$(($(control 'clock?advance=-600' | jq .sandbox_ms) + 600000))
asked_more 8
await 10 "what was read before is stored" caught_up
before=$(newest)
asked_more 20
await 10 "what was read then is stored, too" caught_up
is "nothing is stored or claimed that the clock has not reached again" "$(newest)" "$before"
clock_advance 605
await 20 "live goes on when the ten minutes have passed" live_honestly
asked_more 6

seen=$(exchange_now)
clock_advance 480
await 30 "no gap is left" complete_both
for m in KRW-BTC KRW-ETH; do
	ok "$m 1s is as the exchange has it" equals_truth $m 1s $since "$seen" 3000
	ok "$m 1m is as the exchange has it" equals_truth $m 1m $since "$seen" 60
done
is "in $samples samples nothing was stored that was not closed, or claimed that was not final" "$dishonest" 0
for p in producer writer exchange; do
	stop $p
	is "the $p ended well" "$code" 0
done
finish
