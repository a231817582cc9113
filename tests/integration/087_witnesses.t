#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One answer is one witness. A row that is not a candle costs its own interval, at the first start and live. A row that was stored
# and is missing at its final read comes back with other values; another is corrected to a smaller revision. A market is not
# found once, another not listed once: nothing follows. Half of all answers are empty during a first backfill. A market is
# delisted in the middle of its backfill, and listed again without its old candles: what is not available is no gap; nor is anything
# of one that has never traded.
. tests/integration/lib.sh
scenario witnesses
export GAPLESS_BATCH_MS=300 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_LOOKUP_S=2 GAPLESS_RATE_LIMIT=100
since=2026-03-30T10:00:00Z
exchange --start 2026-04-01T10:00:20Z --limit 100 --markets 3
bad=2026-04-01T09:30:00Z

runs() { # symbols, since
	: >"$work/producer.log"
	producer --symbols "$1" --intervals 1m --since "$2" --markets-s 2
}

value_is() { sql_is "SELECT $1 FROM market_data WHERE symbol = '$2' AND interval = '1m' AND timestamp = '$3'" "$4"; }

stored_at() { sql_is "SELECT count(*) FROM market_data WHERE symbol = '$1' AND interval = '1m' AND timestamp = '$2'" 1; }

lacks_only() { # symbol, timestamp: that minute is the only gap
	is_wanted "$1" && sql_is "SELECT string_agg(gap_from || ' ' || (gap_to - gap_from), ',') FROM market_data_gaps_at('$(exchange_now)')
		WHERE symbol = '$1'" "$(sql "SELECT '$2'::timestamptz || ' 00:01:00'")"
}

covers_not() { ! covers "$1" 1m "$2" "$(later "$2" 60)"; }

covers_minute() { covers "$1" 1m "$2" "$(later "$2" 60)"; }

minute_now() { date -u -d "@$(($(exchange_ms) / 60000 * 60))" +%FT%TZ; }

state_is() { sql_is "SELECT state FROM market_data_series WHERE symbol = '$1' AND interval = '1m'" "$2"; }

# --- a row that is not a candle

fault 'bad_field=volume:1E-70' market=KRW-BTC row=$bad count=-1
writer
runs KRW-BTC,KRW-ETH $since
await 60 'at a first start, a row that is not a candle costs its own minute' lacks_only KRW-BTC $bad
await 30 'nothing of another market' complete KRW-ETH
await 10 'its cause is in the log' logged producer 'rows are not candles.*error=.*candle_acc_trade_volume'
await 10 'and the state says so' state_is KRW-BTC 'pages or rows rejected'
gap_says() { { "$GAPLESS_BIN/gapless-writer" gaps --at "$(exchange_now)" --symbols KRW-BTC || true; } 2>&1 | grep 'pages or rows rejected: .*candle_acc_trade_volume' >/dev/null; }
await 10 'and the command that lists gaps' gap_says
faults_clear
await 90 'it is asked for again' complete KRW-BTC
ok 'and is as the exchange has it' equals_truth KRW-BTC 1m $since 2026-04-01T09:59:00Z 2800

clock_freeze
clock_set 2026-04-01T10:10:03Z
await 20 'live stores what has closed' stored_at KRW-BTC 2026-04-01T10:09:00Z
fault 'bad_field=close:null' market=KRW-BTC row=2026-04-01T10:10:00Z count=-1
for minute in 11 12 13; do
	clock_set "2026-04-01T10:$minute:03Z"
	await 20 "live goes on beside such a row (10:$minute)" stored_at KRW-ETH "2026-04-01T10:$((minute - 1)):00Z"
	[ $minute = 11 ] || await 20 '... of that market, too' stored_at KRW-BTC "2026-04-01T10:$((minute - 1)):00Z"
done
await 20 'that minute is covered by nobody' covers_not KRW-BTC 2026-04-01T10:10:00Z
await 20 'the next one is' covers_minute KRW-BTC 2026-04-01T10:11:00Z
faults_clear

# --- a row that was stored, is missing, and comes back with other values; one that is corrected to less

control 'withdraw?market=KRW-ETH&interval=1m&timestamp=2026-04-01T10:20:00Z&at=2026-04-01T10:22:00Z&until=2026-04-01T10:25:00Z&close=3131313' >/dev/null
control 'correct?market=KRW-ETH&interval=1m&timestamp=2026-04-01T10:19:00Z&at=2026-04-01T10:21:01Z&close=2121212&revision=77' >/dev/null
clock_set 2026-04-01T10:20:03Z
await 20 'the minute before is stored' stored_at KRW-ETH 2026-04-01T10:19:00Z
clock_set 2026-04-01T10:21:03Z
await 20 'one is stored as it is at first' stored_at KRW-ETH 2026-04-01T10:20:00Z
clock_set 2026-04-01T10:22:05Z
await 20 'its final read comes' covers_minute KRW-BTC 2026-04-01T10:20:00Z
ok 'it is missing, and nothing is promised' covers_not KRW-ETH 2026-04-01T10:20:00Z
clock_set 2026-04-01T10:25:01Z
await 30 'it is back, with other values' value_is close KRW-ETH 2026-04-01T10:20:00Z 3131313
await 20 'and covered' covers_minute KRW-ETH 2026-04-01T10:20:00Z
await 20 'what is corrected to a smaller revision wins all the same' value_is close KRW-ETH 2026-04-01T10:19:00Z 2121212
await 20 'and is covered' covers_minute KRW-ETH 2026-04-01T10:19:00Z
clock_run

# --- not found once, not listed once

fault status=404 market=KRW-ETH count=1
fault list_without=KRW-BTC
clock_advance 60
await 20 'both were told' faults_done
next=$(minute_now)
clock_advance 63
await 30 'what was not found once is stored on' stored_at KRW-ETH "$next"
await 30 'what was not listed once, too' stored_at KRW-BTC "$next"
is 'nothing ends' "$(sql 'SELECT count(*) FROM market_data_series WHERE wanted_until IS NOT NULL')" 0
clock_advance 420
await 90 'both are complete' complete KRW-BTC KRW-ETH
ends_with_0 producer

# --- a third of all answers are empty

fault empty market=KRW-XRP count=-1 probability=0.33
runs KRW-XRP $since
await 120 'a first backfill comes to its end though a third of the answers are empty' complete KRW-XRP
is 'and the listing is nowhere' "$(sql "SELECT count(listed_from) FROM market_data_series")" 0
faults_clear
ok 'the table is as the exchange has it' equals_truth KRW-XRP 1m $since 2026-04-01T10:20:00Z 2800
ends_with_0 producer

gap_of_new() { [ "$(gaps_of KRW-M002)" -gt 0 ]; }

stored_more_of() { sql_is "SELECT count(*) > 100 FROM market_data WHERE symbol = '$1'" t; }

# --- delisted in the middle of its backfill, and listed again without its old candles

no_gap_of() { is_wanted "$1" && [ "$(gaps_of "$1")" = 0 ]; }
answers_take 300-400
runs KRW-M001 2025-06-01T00:00:00Z
first() { sql_is "SELECT count(*) > 300 FROM market_data WHERE symbol = 'KRW-M001'" t; }
await 60 'a long backfill has begun' first
control 'market?market=KRW-M001&delisted=1' >/dev/null
await 60 'the market is in doubt at first' state_is KRW-M001 'market not found'
ok '... and its gap is one' test "$(gaps_of KRW-M001)" -gt 0
clock_advance 65
await 60 '... and ends a minute later' state_is KRW-M001 delisted
await 30 'what was not fetched of it is no gap any more' no_gap_of KRW-M001
ok 'but unobtainable' sql_is "SELECT count(*) > 0 FROM market_data_not_available WHERE symbol = 'KRW-M001'" t
answers_take 0
clock_advance 3600
control "market?market=KRW-M001&delisted=0&served_from=$(minute_now)" >/dev/null
await 30 'it is listed again' state_is KRW-M001 'listed again'
clock_advance 600
gap_is_there() { [ "$(gaps_of KRW-M001)" -gt 0 ]; }
await 30 'what lies before is a gap again' gap_is_there
first_witness() { sql_is "SELECT (evidence #>> '{older,0}')::bigint > 0 FROM market_data_series WHERE symbol = 'KRW-M001'" t; }
await 60 'a page shows nothing older' first_witness
ok '... which is not believed yet' gap_is_there
clock_advance 605
await 90 'what is not served any more is no gap after the second witness' no_gap_of KRW-M001
await 30 '... and of an earlier life' sql_is "SELECT count(*) FROM market_data_series WHERE symbol = 'KRW-M001' AND earlier_until IS NOT NULL AND state = 'ok'" 1
ends_with_0 producer

# --- listed, and never traded

control 'market?market=KRW-M002&served_from=2027-01-01T00:00:00Z' >/dev/null
runs KRW-M002 2026-04-01T00:00:00Z
await 30 'a market without any candle has a gap at first' gap_of_new
clock_advance 65
await 60 'and has not traded yet, a minute later' state_is KRW-M002 'no trades yet'
is 'which is no gap' "$(gaps_of KRW-M002)" 0
control 'market?market=KRW-M002&served_from=0' >/dev/null
await 90 'its first candles bring all of them' stored_more_of KRW-M002
clock_advance 420
await 60 'it is complete' no_gap_of KRW-M002
ends_with_0 producer
ends_with_0 writer
finish
