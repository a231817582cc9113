#!/usr/bin/env bash
# Gaps in the middle, and spans in which the exchange has nothing.
#
#  - Rows deleted together with their coverage come back with the producer's next look; published again are at most the gap's
#    candles and a neighbour on each side.
#  - A no-trade window longer than a page, and one in which a market is quiet for hours at the end, are fetched once and then
#    covered: no gap is shown, nothing is asked for again.
#  - One wrong [] of the exchange claims nothing: at the live poll, as the very first page, in the middle of a walk.
#  - A market that was listed late: its beginning is found by two empty pages a minute apart; no gap is shown before it.
#
# The exchange starts 40 s before midnight: KRW-QUIET then trades nothing for 250 minutes. What waits for the two empty
# pages runs beside everything else.
. tests/integration/lib.sh
scenario interior
since=2026-03-03T00:00:00Z
exchange --start 2026-03-05T23:59:20Z --new-listed 2026-03-05T20:10:00Z --seed 7
writer
sql "INSERT INTO market_data_series (symbol, \"interval\", source, wanted_from)
	SELECT unnest('{KRW-BTC,KRW-ETH,KRW-XRP,KRW-QUIET,KRW-HOURLY,KRW-NEW}'::text[]), '1m', 'upbit', '$since'"

# Everything of the market up to what is final by now, and nothing else.
right() { # symbol, [least]
	equals_truth "$1" 1m "$since" "$(iso $(($(exchange_ms) - 480000)))" "${2:-1}"
}

coverage_remove() { # symbol, from, to
	sql "DELETE FROM market_data WHERE symbol = '$1' AND \"timestamp\" >= '$2' AND \"timestamp\" < '$3';
		UPDATE market_data_coverage SET covered = covered - tstzmultirange(tstzrange('$2', '$3')) WHERE symbol = '$1'"
}

covers() { # symbol, from, to
	[ "$(sql "SELECT tstzrange('$2', '$3') <@ covered FROM market_data_coverage WHERE symbol = '$1'")" = t ]
}

# Of what was published since the mark, the candles that a live poll cannot have brought.
published_again() { # symbol -> their starts
	published | jq -r "select(.symbol == \"$1\" and .timestamp < $(($(exchange_ms) - 600000))) | .timestamp / 1000 | todate"
}

# --- one wrong [] at the live poll, and one as the very first page; another in the middle of a walk

fault empty market=KRW-BTC
fault empty market=KRW-XRP after=1
fault empty market=KRW-ETH after=8
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-QUIET,KRW-HOURLY,KRW-NEW --intervals 1m --look-s 2 --look-gaps-s 1 \
	--log-level debug # what is asked for
started=$SECONDS

complete_but() { complete KRW-BTC KRW-QUIET KRW-HOURLY; }
await 30 "the other markets are complete" complete_but
ok "the exchange answered [] three times" faults_done
# The gap that was answered with [] is neither filled nor claimed: it waits for a minute.
ok "what began with [] is a gap" test "$(gaps_of KRW-XRP)" -gt 0
ok "the walk with a [] in it is a gap" test "$(gaps_of KRW-ETH)" -gt 0
is "a [] at the live poll claims nothing" "$(claimed_wrongly KRW-BTC 1m $since 2026-03-06T00:10:00Z)" 0
is "a [] as the first page claims nothing" "$(claimed_wrongly KRW-XRP 1m $since 2026-03-06T00:10:00Z)" 0
is "a [] in a walk claims nothing" "$(claimed_wrongly KRW-ETH 1m $since 2026-03-06T00:10:00Z)" 0
ok "KRW-BTC is as the exchange has it" right KRW-BTC 4000
ok "KRW-QUIET is as the exchange has it" right KRW-QUIET 2900
ok "KRW-HOURLY is as the exchange has it" right KRW-HOURLY 40
is "windows without trades were asked for once" "$(pages_repeated KRW-QUIET KRW-HOURLY)" 0

# --- rows and coverage deleted in the middle

repaired() { covers "$1" "$2" "$3" && right "$1" >/dev/null; }

topic_mark
coverage_remove KRW-BTC 2026-03-04T10:00:00Z 2026-03-04T10:30:00Z
await 15 "a gap in the middle is repaired" repaired KRW-BTC 2026-03-04T10:00:00Z 2026-03-04T10:30:00Z
again=$(published_again KRW-BTC)
note "published again: $(wc -l <<<"$again"), first $(head -n 1 <<<"$again"), last $(tail -n 1 <<<"$again")"
ok "published again: the gap's 30 candles, and at most a neighbour on each side" test "$(wc -l <<<"$again")" -ge 30 -a \
	"$(wc -l <<<"$again")" -le 32 -a "$(sort <<<"$again" | head -n 1)" '>' 2026-03-04T09:58:59Z -a \
	"$(sort <<<"$again" | tail -n 1)" '<' 2026-03-04T10:30:01Z
is "they came as repairs" "$(published | jq -r 'select(.symbol == "KRW-BTC" and .origin == "repair") | .origin' | wc -l)" \
	"$(wc -l <<<"$again")"

topic_mark
coverage_remove KRW-QUIET 2026-03-04T02:00:00Z 2026-03-04T03:00:00Z # nothing traded from 00:00 to 04:10
coverage_remove KRW-HOURLY 2026-03-04T02:00:00Z 2026-03-04T08:00:00Z # longer than a page's 200 intervals
await 15 "a gap inside a no-trade window is repaired" repaired KRW-QUIET 2026-03-04T02:00:00Z 2026-03-04T03:00:00Z
await 15 "a long gap with few trades is repaired" repaired KRW-HOURLY 2026-03-04T02:00:00Z 2026-03-04T08:00:00Z
is "published again: the neighbour of the no-trade gap alone" "$(published_again KRW-QUIET)" 2026-03-03T23:59:00Z
traded=$(sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-HOURLY' AND \"timestamp\" >= '2026-03-04T02:00Z' AND
	\"timestamp\" < '2026-03-04T08:00Z'")
ok "published again: the $traded candles of the long gap, and at most a neighbour on each side" \
	test "$(published_again KRW-HOURLY | wc -l)" -le $((traded + 2)) -a "$(published_again KRW-HOURLY | wc -l)" -ge "$traded"

# --- hours without trades at the end: covered by one answer, and not asked for again

past_midnight() { [ "$(exchange_ms)" -ge "$(date -u -d 2026-03-06T00:00:00Z +%s000)" ]; }
await 60 "the exchange's day has changed" past_midnight # the next live polls are 2 s away
asked_reset
clock_advance 14400
quiet_covered() { covers KRW-QUIET 2026-03-06T00:00:00Z 2026-03-06T03:55:00Z; }
await 30 "four hours in which a market was quiet are covered" quiet_covered
await 30 "no gap is shown in any of the three" complete_but
asked_reset
quiet_from=$SECONDS

# --- the listing, and the end of what was held

is "no listing is found by one empty page" "$(sql "SELECT count(listed_from) FROM market_data_series")" 0
listed() { [ -n "$(sql "SELECT listed_from FROM market_data_series WHERE symbol = 'KRW-NEW'")" ]; }
await 75 "the beginning of the listing is found" listed
ok "not before the second empty page, a minute later" test $((SECONDS - started)) -ge 60
first=$(truth_tsv KRW-NEW 1m 2026-03-05T00:00:00Z 2026-03-06T00:00:00Z | head -n 1 | cut -f 3)
is "it is the first candle's start" "$(PGTZ=UTC sql "SELECT listed_from FROM market_data_series WHERE symbol = 'KRW-NEW'")" "$first"
await 30 "no gap is left anywhere, none before the listing" no_gaps
for m in KRW-BTC KRW-ETH KRW-XRP KRW-QUIET KRW-HOURLY KRW-NEW; do
	ok "$m is as the exchange has it" right $m
done
is "nothing was covered before the listing" "$(sql "SELECT lower(covered) >= '$first' FROM market_data_coverage
	WHERE symbol = 'KRW-NEW'")" t

# --- nothing is asked for again and again

for m in KRW-BTC KRW-QUIET KRW-HOURLY; do
	is "$m: only live polls in the $((SECONDS - quiet_from)) s since" "$(pages_asked $m)" 0
done
asked_reset
sleep 6 # three looks
is "no page of any market was asked for over the next looks" "$(pages_asked)" 0
ok "the log tells where the listing begins" logged producer 'msg="The exchange has nothing older" symbol=KRW-NEW'

for p in producer writer; do
	stop $p
	is "$p ended well" "$code" 0
done
finish
