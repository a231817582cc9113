#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Gaps in the middle, and spans in which the exchange has nothing.
#
#  - Rows deleted together with their coverage come back with the producer's next lookup; published again are at
#    most the gap's candles and a neighbour on each side.
#  - A no-trade window longer than a page, and one in which a market is quiet for hours at the end, are fetched
#    once and then covered: no gap is shown, nothing is asked for again.
#  - One wrong [] of the exchange claims nothing: at the live poll, as the very first page, in a walk's middle.
#  - A market that was listed late, and is wanted from years before: its beginning is believed when a page that shows
#    its first row shows nothing older twice, ten minutes of the exchange's time apart; the years are not walked, and no
#    gap is shown before it.
#
# The exchange starts 40 s before midnight: KRW-QUIET then trades nothing for 250 minutes. What has to wait for
# a minute runs beside everything else.
. tests/integration/lib.sh
scenario interior
since=2026-03-03T00:00:00Z
markets='KRW-BTC KRW-ETH KRW-XRP KRW-QUIET KRW-HOURLY KRW-NEW'
export GAPLESS_MARKETS_S=2 # so that a clock that jumps is noticed before the next minute is over
exchange --log "$work/requests" --start 2026-03-05T23:59:20Z --new-listed 2026-03-05T20:10:00Z --seed 7
writer
sql "INSERT INTO market_data_series (symbol, interval, source, wanted_from)
	VALUES ('KRW-NEW', '1m', 'upbit', '2021-01-01T00:00:00Z')"

# Everything of the market up to what is final by now, and nothing else.
right() { # symbol, [least]
	equals_truth "$1" 1m "$since" "$(later "$(exchange_now)" -480)" "${2:-1}"
}

coverage_remove() { # symbol, from, to
	sql "DELETE FROM market_data WHERE symbol = '$1' AND timestamp >= '$2' AND timestamp < '$3';
		UPDATE market_data_coverage SET covered = covered - tstzmultirange(tstzrange('$2', '$3'))
			WHERE symbol = '$1'"
}

# Of what was published since the mark, the starts of the candles that a live poll cannot have brought.
published_again() { # symbol
	local before=$(($(exchange_ms) - 600000))
	published | jq -r "select(.symbol == \"$1\" and .timestamp < $before) | .timestamp / 1000 | todate" | sort
}

# --- one wrong [] at the live poll, and one as the very first page; another in the middle of a walk

fault empty market=KRW-BTC
fault empty market=KRW-XRP after=1
fault empty market=KRW-ETH after=8
producer --symbols "$markets" --intervals 1m --since $since --lookup-s 2 --lookup-gaps-s 1

complete_three() { complete KRW-BTC KRW-QUIET KRW-HOURLY; }
await 30 "the exchange answered [] three times" faults_done
# Neither filled nor claimed: it waits for a minute.
ok "what began with [] is a gap" test "$(gaps_of KRW-XRP)" -gt 0
await 30 "the other markets are complete" complete_three
for m in KRW-BTC KRW-XRP KRW-ETH; do
	is "$m: [] claimed nothing" "$(claimed_wrongly $m 1m $since 2026-03-06T00:10:00Z)" 0
done
ok "KRW-BTC is as the exchange has it" right KRW-BTC 4000
ok "KRW-QUIET is as the exchange has it" right KRW-QUIET 2900
ok "KRW-HOURLY is as the exchange has it" right KRW-HOURLY 40
is "windows without trades were asked for once" "$(pages_repeated KRW-QUIET KRW-HOURLY)" 0
pages=$(pages_asked KRW-NEW)
ok "the years before the listing were not walked: $pages pages" test "$pages" -le 8

# --- rows and coverage deleted in the middle

repaired() { # symbol, from, to
	covers "$1" 1m "$2" "$3" && right "$1" >/dev/null
}

from=2026-03-04T10:00:00Z
to=2026-03-04T10:30:00Z
topic_mark
coverage_remove KRW-BTC $from $to
await 15 "a gap in the middle is repaired" repaired KRW-BTC $from $to
published_again KRW-BTC >"$work/again"
note "published again: $(wc -l <"$work/again"), from $(head -n 1 "$work/again") to $(tail -n 1 "$work/again")"
is "its 30 candles were published again" "$(comm -12 "$work/again" <(minutes $from 30) | wc -l)" 30
is "and at most a neighbour on each side" "$(comm -23 "$work/again" <(minutes "$(later $from -60)" 32))" ''
is "as repairs" "$(published | jq -r 'select(.symbol == "KRW-BTC" and .origin == "repair") | .origin' | wc -l)" \
	"$(wc -l <"$work/again")"

quiet_from=2026-03-04T02:00:00Z # nothing traded from 00:00 to 04:10
quiet_to=2026-03-04T03:00:00Z
long_from=$quiet_from # longer than a page's 200 intervals
long_to=2026-03-04T08:00:00Z
topic_mark
coverage_remove KRW-QUIET $quiet_from $quiet_to
coverage_remove KRW-HOURLY $long_from $long_to
await 15 "a gap inside a no-trade window is repaired" repaired KRW-QUIET $quiet_from $quiet_to
await 15 "a long gap with few trades is repaired" repaired KRW-HOURLY $long_from $long_to
# A page that ends before it proves little: one that shows the next row does.
is "published again: the first one's neighbour alone" "$(published_again KRW-QUIET)" 2026-03-04T04:10:00Z
again=$(published_again KRW-HOURLY | wc -l)
traded=$(table_tsv KRW-HOURLY 1m $long_from $long_to | wc -l)
ok "published again: $again for the $traded candles of the second" test "$again" -ge "$traded" -a \
	"$again" -le $((traded + 2))

# --- hours without trades at the end: covered by one answer, and not asked for again

await 30 "a page shows nothing before the listing" sql_is "SELECT (evidence #>> '{older,0}')::bigint > 0 FROM market_data_series
	WHERE symbol = 'KRW-NEW'" t # the second one comes ten minutes later
await 60 "the exchange's day has changed" exchange_is_at 2026-03-06T00:00:00Z # the next live polls are 2 s away
asked_reset
clock_advance 14400
await 30 "four hours in which a market was quiet are covered" \
	covers KRW-QUIET 1m 2026-03-06T00:00:00Z 2026-03-06T03:55:00Z
await 30 "no gap is shown in any of the three" complete_three
is "the quiet market needed no page for it" "$(pages_asked KRW-QUIET)" 0
is "nothing was asked for twice" "$(pages_repeated KRW-BTC KRW-QUIET KRW-HOURLY)" 0
asked_reset
quiet_since=$SECONDS

# --- the listing, and the end of what was held

listed() { sql_is "SELECT listed_from IS NOT NULL FROM market_data_series WHERE symbol = 'KRW-NEW'" t; }
await 75 "the beginning of the listing is found" listed
# The page that was asked for again (live polls are all alike): when it was answered, by the exchange's clock and by ours, and when the producer was sure.
grep 'v1/candles.*market=KRW-NEW.*[?&]to=' "$work/requests" >"$work/pages"
grep -F "$(sed 's/.* //' "$work/pages" | sort | uniq -d)" "$work/pages" >"$work/witnesses"
at() { sed -n "$1s/.*sandbox=\([^ ]*\) .*/\1/p" "$work/witnesses" | xargs date +%s -d; }
sure=$(date +%s%3N -d "$(sed -n 's/^ts=\([^ ]*\) .*msg="the exchange has nothing older" symbol=KRW-NEW.*/\1/p' "$work/producer.log" | head -n 1)")
note "$(cut -d ' ' -f 1-4 "$work/witnesses" | xargs), sure at $sure"
is "by two pages that show the first row" "$(grep -cv ' rows=0 ' "$work/witnesses")" 2
ok "ten minutes of the exchange's time apart" test $(($(at 2) - $(at 1))) -ge 600
ok "not before the second one" test "$sure" -ge "$(date +%s%3N -d "$(sed -n '2s/ .*//p' "$work/witnesses")")"
first=$(truth_tsv KRW-NEW 1m 2026-03-05T00:00:00Z 2026-03-06T00:00:00Z | sed -n 1p | cut -f 3)
is "it is where the first candle begins" "$first" \
	"$(PGTZ=UTC sql "SELECT listed_from FROM market_data_series WHERE symbol = 'KRW-NEW'")"
await 30 "no gap is left anywhere, none before the listing" no_gaps
for m in $markets; do
	ok "$m is as the exchange has it" right "$m"
done
pages=$(pages_asked KRW-NEW)
ok "the second witness was the last: $pages" test "$pages" -le 4
is "nothing was covered before the listing" \
	"$(sql "SELECT lower(covered) >= '$first' FROM market_data_coverage WHERE symbol = 'KRW-NEW'")" t

# --- nothing is asked for again and again

for m in KRW-BTC KRW-QUIET KRW-HOURLY; do
	is "$m: only live polls in the $((SECONDS - quiet_since)) s since" "$(pages_asked $m)" 0
done
asked_reset
# Three lookups: each of them has seen what was taken away just before.
for n in 1 2 3; do
	coverage_remove KRW-ETH 2026-03-04T0$n:00:00Z 2026-03-04T0$n:01:00Z
	await 15 "lookup $n" repaired KRW-ETH 2026-03-04T0$n:00:00Z 2026-03-04T0$n:01:00Z
done
is "no page was asked for over these lookups but for what they found" "$(pages_asked) $(pages_asked KRW-ETH)" '3 3'

for p in producer writer exchange; do
	stop $p
	is "the $p ended well" "$code" 0
done
finish
