#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that an exchange may answer wrongly while only the live polls are left: each is rejected, whole or by its row, and
# asked for again, named in the log, and leaves nothing behind in the topic or the table. Dates that are an hour off, once and twice, close nothing.
# A ban is waited out without a single request. The same while pages are walked: 085_exchange_faults.t.
. tests/integration/lib.sh
. tests/integration/wrong_answers.sh
scenario live_faults
since=2026-04-01T09:00:00Z
exchange --start 2026-04-01T10:00:20Z --seed 3 --limit 30
writer
producer "${options[@]}" --since $since
await 60 "nothing is left but live polls" complete_all
market=(KRW-BTC KRW-ETH KRW-XRP)
n=0
for kind in truncate truncate_chunked short_length status=500 status=503 html null object off_grid duplicate_row \
	garbage_number wrong_market bad_utf8 huge bomb drip reset http_429 empty; do
	fault $kind market=${market[n % 3]} interval=1s after=$((n / 3 * 3 + 1))
	n=$((n + 1))
done
await 45 "every fault was met by the live polls" faults_done
named "live" 'bytes remaining to read' 'outstanding read data' '(cut off|malformed number|at byte)' 'status 500' 'status 503' \
	'not JSON but HTML' 'not an array' 'error in place of a page' 'is no time' 'two different rows' \
	'malformed number' 'KRW-WRONG' 'invalid UTF-8' 'larger than' 'too many requests'
await 20 "live, the log names: too slow" too_slow
ok "... and a page without any candle" logged producer 'shows no candle of a market that has candles'

# --- dates

behind_clock() { # nothing is stored or claimed that was not over
	sql_is "SELECT greatest((SELECT max(timestamp) FROM market_data),
		(SELECT max(upper(covered)) FROM market_data_coverage)) <= '$(exchange_now)'" t
}
fault nodate count=6
await 10 "six answers without a Date came" faults_done
await 15 "live goes on" live KRW-BTC KRW-ETH
for skew in 3600 -3600; do
	for times in 1 2; do
		fault date_skew=$skew count=$times
		await 10 "$times of them, $skew s off, came" faults_done
		await 15 "live goes on" live KRW-BTC KRW-ETH KRW-XRP # what came before is stored by then
		ok "nothing was closed by them" behind_clock
	done
done

# --- a ban: for the list of markets as well

stop producer
producer "${options[@]}" --markets-s 1 --since $since
await 20 "live goes on after a restart" live KRW-BTC KRW-ETH KRW-XRP
fault http_418=4
blocked() { logged producer 'blocks this address.*block_s=4'; }
await 10 "the ban and its seconds are in the log" blocked
asked_reset
lists=0 # as long as no candles were asked for
again() {
	local candles n
	read -r candles n < <(asked '"\(.candles) \(.by_path["/v1/market/all"])"')
	[ "$candles" -eq 0 ] && lists=$n
	[ "$candles" -gt 0 ]
}
await 10 "then they go on" again
is "none was sent while it lasted" "$(asked .http_418)" 0
ok "nor was the list of markets asked for, but at its end: $lists" test "$lists" -le 1
await 20 "live goes on" live KRW-BTC KRW-ETH

nothing_is_left_behind 900 60
finish
