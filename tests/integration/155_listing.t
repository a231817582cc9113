#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Markets as a pattern, and an exchange whose list of them changes. Two producers want KRW-* but two of them, and one by name
# that does not exist: what is excluded is never asked for; the unknown one is said once and asked for once, the others go on.
# A market that gets listed is picked up and filled from its listing on. One that is delisted ends: what is wanted of it is
# bounded, nothing of it counts as a gap any more, its candles stay; also where it happened while no producer ran, so that
# only the database knows that it was wanted. Listed again, it is wanted as before, and filled.
. tests/integration/lib.sh
scenario listing
export GAPLESS_WAIT_FOR_LISTING=1 GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_BATCH_MS=300 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_LOOKUP_S=2 GAPLESS_RATE_LIMIT=50
since=2026-03-05T09:00:00Z listing=2026-03-05T12:05:00Z
exchange --start 2026-03-05T12:00:20Z --new-listed $listing --markets 5 --limit 50
symbols='KRW-*,!KRW-DIGITS,!KRW-*5,KRW-NONE'
listed='KRW-BTC KRW-ETH KRW-XRP KRW-SPARSE KRW-HOURLY KRW-QUIET KRW-TINY KRW-M001 KRW-M002 KRW-M003 KRW-M004'
intervals='1m 5m'

starts() {
	local who
	for who in producer1 producer2; do
		: >"$work/$who.log"
		producer_as $who --symbols "$symbols" --intervals 1m,5m --since $since --markets-s 2
	done
}

stops() {
	ends_with_0 producer1
	ends_with_0 producer2
}

# What either producer said, so many times.
said() { # pattern
	cat "$work"/producer?.log | grep -cE -- "$1"
}

asked_for() { # symbol: requests of any kind
	control 'repeats?min=1&by=asked&live=1&max=1000000' | jq --arg m "$1" '[.repeats[] | select(.market == $m) | .asked] | add // 0'
}

series_are() { # symbol, condition: of both its intervals
	sql_is "SELECT count(*) FROM market_data_series WHERE symbol = '$1' AND ($2)" 2
}

ended() { series_are "$1" "state = 'delisted' AND wanted_until IS NOT NULL"; }

open_again() { series_are "$1" "state = 'ok' AND wanted_until IS NULL"; }

# List and candles say twice, a minute apart, that it is not there.
is_found_to_end() { # symbol, what
	await 30 "$2 is in doubt at first" in_doubt "$1"
	clock_advance 65
	await 30 '... and ends when it is not there a minute later' ended "$1"
}

in_doubt() { series_are "$1" "state = 'market not found' AND wanted_until IS NULL"; }

newest() { sql "SELECT max(timestamp) FROM market_data WHERE symbol = '$1' AND interval = '1m'"; }

newer_than() { sql_is "SELECT max(timestamp) > '$2' FROM market_data WHERE symbol = '$1' AND interval = '1m'" t; }

# Each of a series' candles up to there is as the exchange has it.
true_until() { # symbol, to
	local i
	for i in $intervals; do equals_truth "$1" "$i" "${3:-$since}" "$2" 0 || return; done
}

writer
starts
await 60 'what the exchange lists is complete' complete $listed
is 'each of them is wanted, and the one that was named' "$(sql 'SELECT string_agg(DISTINCT symbol, '"' '"' ORDER BY symbol) FROM market_data_series')" \
	"$(printf '%s\n' $listed KRW-NONE | sort | tr '\n' ' ' | sed 's/ $//')"
is 'none of what is excluded was asked for' "$(asked_for KRW-DIGITS) $(asked_for KRW-M005)" '0 0'

# --- an unknown one

known_unknown() { series_are KRW-NONE "state = 'unknown market'"; }
await 10 'the database says that one is unknown' known_unknown
# Any process that had it says so: at the start that may be the one who came first, too; and what it had asked for already.
times=$(said 'level=error .*(does not list|does not know) this market.* symbol=KRW-NONE')
ok "the log says so once for each interval and owner ($times)" test "$times" -ge 2 -a "$times" -le 6
ok "it was asked for $(asked_for KRW-NONE) times" test "$(asked_for KRW-NONE)" -le 2

# --- a pattern that nothing matches

producer_as producer3 --producer-group "$GAPLESS_PRODUCER_GROUP-3" --symbols 'BTC-*' --intervals 1m
await 20 'a pattern that nothing matches is warned of' logged producer3 'level=warn .*msg="no market of the exchange.s list matches --symbols'
ends_with_0 producer3

# --- a new one

is 'a market that is not listed yet is not wanted' "$(sql "SELECT count(*) FROM market_data_series WHERE symbol = 'KRW-NEW'")" 0
clock_set 2026-03-05T12:09:30Z
await 20 'it is picked up when it is listed' series_are KRW-NEW true
await 20 '... live' newer_than KRW-NEW 2026-03-05T12:07:30Z

# --- one is delisted while it is followed

last=$(newest KRW-M002)
control 'market?market=KRW-M002&delisted=1' >/dev/null
is_found_to_end KRW-M002 'a market that is delisted'
is '... which is said for each interval' "$(said 'level=warn .*does not list this market any more.* symbol=KRW-M002')" 2
is '... where our knowledge ends' "$(sql "SELECT count(*) FROM market_data_series s JOIN market_data_coverage c USING (symbol, interval)
	WHERE symbol = 'KRW-M002' AND wanted_until = upper(covered)")" 2
clock_advance 900
now=$(exchange_now)
await 30 'the others go on' newer_than KRW-M001 "$(later "$now" -180)"
await 60 '... and are complete' complete KRW-BTC KRW-M001 KRW-M003
ok 'nothing of it counts as a gap' complete KRW-M002
ok 'its candles stay' test "$(newest KRW-M002)" = "$last" -o "$(newest KRW-M002)" \> "$last"
# Where a listing begins is believed when two pages show nothing older, ten minutes apart.
first_witness() { series_are "$1" "(evidence #>> '{older,0}')::bigint > 0 OR listed_from IS NOT NULL"; }
await 60 'pages of the new market show nothing older' first_witness KRW-NEW
clock_advance 610
await 120 'the new market is complete from its listing on' complete KRW-NEW
is '... which is known' "$(sql "SELECT count(*) FROM market_data_series WHERE symbol = 'KRW-NEW' AND interval = '1m' AND listed_from = '$listing'")" 1

# --- one is delisted while nobody follows it

stops
control 'market?market=KRW-M003&delisted=1' >/dev/null
clock_advance 600
starts
is_found_to_end KRW-M003 'a market that was delisted meanwhile'
await 60 'the others are complete' complete KRW-BTC KRW-M001 KRW-NEW
ok 'nothing of it counts as a gap' complete KRW-M003
note "$(sql "SELECT interval, state, wanted_until, evidence FROM market_data_series WHERE symbol = 'KRW-M002'")"
await 30 'the one before stays ended' ended KRW-M002
asked_reset
clock_advance 120
now=$(exchange_now)
await 30 'the others go on' newer_than KRW-M001 "$(later "$now" -120)"
is 'what is delisted is not asked for' "$(asked_for KRW-M002) $(asked_for KRW-M003)" '0 0'

# --- listed again: one while it is looked for, one while nobody does

control 'market?market=KRW-M002&delisted=0' >/dev/null
await 20 'a market that is listed again is wanted again' open_again KRW-M002
is '... which is said for each interval' "$(said 'level=info .*lists this market again.* symbol=KRW-M002')" 2
await 60 '... and complete' complete KRW-M002
stops
control 'market?market=KRW-M003&delisted=0' >/dev/null
starts
await 30 'so is one that was listed again meanwhile' open_again KRW-M003
clock_settle
await 90 '... and everything is complete' complete $listed KRW-NEW
to=2026-03-05T12:25:00Z
for m in $listed; do
	ok "$m is as the exchange has it" true_until "$m" $to
done
ok 'KRW-NEW is as the exchange has it' true_until KRW-NEW $to $listing
ok 'with more than 1,400 candles in all' test "$(stored)" -gt 1400
is 'none of what is excluded was ever asked for' "$(asked_for KRW-DIGITS) $(asked_for KRW-M005)" '0 0'

# --- listed again with another history: M004 without its old candles, M001 with other ones of five minutes

is 'the same market again is covered as before' "$(sql 'SELECT count(*) FROM market_data_series WHERE earlier_until IS NOT NULL')" 0
fives="FROM market_data WHERE symbol = 'KRW-M001' AND interval = '5m' AND timestamp <= '2026-03-05T12:20:00Z'"
for m in KRW-M001 KRW-M004; do control "market?market=$m&delisted=1" >/dev/null; done
clock_run
clock_advance 300
noticed() { series_are "$1" "state IN ('market not found', 'delisted')"; }
for m in KRW-M001 KRW-M004; do await 30 "$m is missed" noticed $m; done
clock_advance 65
for m in KRW-M001 KRW-M004; do await 30 "$m ends" ended $m; done
olds=$(sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-M004'")
clock_advance 120
for at in $(sql "SELECT to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SSZ') $fives AND timestamp > '2026-03-05T09:30:00Z'"); do
	control "correct?market=KRW-M001&interval=5m&timestamp=$at" >/dev/null
done
control "withdraw?market=KRW-M001&interval=5m&timestamp=2026-03-05T12:10:00Z&at=2026-03-05T12:20:00Z" >/dev/null
control 'market?market=KRW-M001&delisted=0' >/dev/null
control "market?market=KRW-M004&delisted=0&served_from=2026-03-05T13:00:00Z" >/dev/null
await 30 'they are listed again' sql_is "SELECT count(*) FROM market_data_series WHERE symbol IN ('KRW-M001', 'KRW-M004') AND wanted_until IS NULL" 4
earlier() { sql_is "SELECT count(*) FROM market_data_series WHERE symbol = '$1' AND earlier_until IS NOT NULL" "$2"; }
await 30 'other candles are noticed' earlier KRW-M001 1
ok '... and said' test "$(said 'level=warn .*shows another history.* symbol=KRW-M001 interval=5m')" -ge 1
clock_advance 60
await 60 'the others are complete again' complete KRW-M001
is 'what is not served is listed as such' "$(sql "SELECT string_agg(interval || ' ' || (timestamp AT TIME ZONE 'UTC'), ',') FROM market_data_unconfirmed WHERE symbol = 'KRW-M001'")" \
	'5m 2026-03-05 12:10:00'
control "truth?market=KRW-M001&interval=5m&from=$since&to=2026-03-05T12:20:00Z" | cut -f 3-9 >"$work/truth.5m"
sql "SELECT (timestamp AT TIME ZONE 'UTC') || '+00', open, high, low, close, volume, quote_volume $fives AND timestamp < '2026-03-05T12:20:00Z' AND timestamp <> '2026-03-05T12:10:00Z'
	ORDER BY timestamp" | tr '|' '\t' >"$work/stored.5m"
ok 'the rest is as the exchange has it' cmp -s "$work/truth.5m" "$work/stored.5m"
await 60 'pages show nothing older' first_witness KRW-M004
clock_advance 610
await 60 'an earlier life that is not served is not covered' earlier KRW-M004 2
await 60 'it is no gap' complete KRW-M004
ok '... but unobtainable' sql_is "SELECT count(*) > 0 FROM market_data_not_available WHERE symbol = 'KRW-M004' AND unobtainable_from = '$since'" t
ok 'its rows stay' test "$(sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-M004'")" -ge "$olds"
stops
ends_with_0 writer
finish
