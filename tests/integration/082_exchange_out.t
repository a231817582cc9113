#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Something in front of the exchange answers in its place, in several ways, in the middle of a backfill: all wait together, a few
# requests go out, the log has a line or two; when it is over, the whole budget is used at once. A fetch waits as a producer does.
# A block that does not say how long it lasts is waited out, by the list of markets too.
. tests/integration/lib.sh
scenario exchange_out
export GAPLESS_LOOKUP_S=3 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_BATCH_MS=200
exchange --start 2026-03-05T12:00:30Z --limit 30
day=2026-03-04T00:00:00Z next=2026-03-05T00:00:00Z

has_asked() { [ "$(asked .candles)" -ge "$1" ]; }
asked_in_all() { echo $(($(asked .candles) + $(asked '.by_path["/v1/market/all"] // 0'))); }
loud() { grep -cE 'level=(warn|error)' "$work/producer.log"; }

writer
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-DIGITS --since 2025-01-01 --rate-limit 30 --markets-s 1
await 30 'a backfill is under way' has_asked 20
for kind in forbidden status=400 html no_body reset; do
	log_forget producer
	fault $kind path=any count=-1
	await 10 "$kind: it is named" logged producer '(no usable answer|refuses a request)'
	if [ $kind = html ]; then
		producer_as fetch fetch --symbols KRW-QUIET --from $day --to $next
	fi
	asked_reset
	await 10 '8 s pass' exchange_is_at "$(later "$(exchange_now)" 8)"
	n=$(asked_in_all)
	ok "$kind: few requests meanwhile ($n)" test "$n" -le 25
	ok "$kind: few lines ($(loud))" test "$(loud)" -le 3
	[ $kind != html ] || ok 'a fetch waits' running fetch
	faults_clear
	await 30 "$kind: it is said when it is over" logged producer 'answers again'
	asked_reset
	await 15 "$kind: the budget is used again" has_asked 60
done
await 30 'the fetch ends' gone fetch
ended fetch
is 'the fetch ends with 0' "$code" 0
ok 'with all that was to be fetched' equals_truth KRW-QUIET 1m $day $next 800

fault no_length path=any count=-1
fault http_418=3
await 10 'a block of unknown length is said' logged producer 'does not say for how long.* block_s=[1-9]'
asked_reset
await 10 '6 s pass' exchange_is_at "$(later "$(exchange_now)" 6)"
is 'nothing is asked, lists of markets neither' "$(asked_in_all)" 0
ends_with_0 producer
ends_with_0 writer
finish
