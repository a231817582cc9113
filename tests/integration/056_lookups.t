#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lookups read what has changed, and all of it every tenth time; of what is stored in gaps no more than their budget. Shown: with nothing new a lookup reads nothing; one that was
# changed, by hand or by a restore of older tables, is noticed by the next one; what no version tells is noticed within ten; a
# connection that was closed does no harm; and each time the table ends equal to the truth.
. tests/integration/lib.sh
scenario lookups
export GAPLESS_LOG_LEVEL=debug GAPLESS_LOOKUP_S=1 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_BATCH_MS=200
markets='KRW-BTC KRW-ETH KRW-XRP KRW-SPARSE'
since=2026-03-04T00:00:00Z
exchange --start 2026-03-05T11:58:20Z --seed 7
writer
producer --symbols "$markets" --intervals 1m --since $since
all_complete() { complete $markets; }
await 60 'a day and a half of four markets is complete' all_complete
clock_freeze # no candle comes any more

reads() { sed -n 's/.*msg="coverage is read".* series=\([0-9]*\) changed=\([0-9]*\).*/\1 \2/p' "$work/producer.log"; } # series, changed
reads_nothing() { [ "$(reads | tail -n 1)" = '4 0' ]; }
await 30 'a lookup reads nothing where nothing is new' reads_nothing
# (Each series has its own tenth time: those that were known later come with another lookup.)
read_all() { reads | tail -n +"$1" | head -n 12 | awk '{ n += $2 } END { exit n < 4 }'; }
from=$(reads | wc -l)
await 30 '... and all of it in between' read_all $((from + 1))

lookups() { grep -c 'msg="coverage is read"' "$work/producer.log"; }
# How many lookups until it says that so many candles are missing; some of them were over before it was so.
missing_said() { grep -qE "msg=\"Backfilling $1 missing candles\".*symbol=$2" "$work/producer.log"; } # n, symbol
lookups_until() { # n, symbol
	awk -v n="$1" -v symbol="$2" '/msg="coverage is read"/ { lookups++ }
		index($0, "msg=\"Backfilling " n " missing candles\"") && index($0, "symbol=" symbol) { print lookups; exit }' "$work/producer.log"
}
right() { equals_truth "$1" 1m $since 2026-03-05T11:50:00Z 50; } # symbol

# --- a change of one

log_forget producer
sql "DELETE FROM market_data WHERE symbol = 'KRW-ETH' AND timestamp >= '2026-03-05T02:00:00Z' AND timestamp < '2026-03-05T02:40:00Z'"
await 20 'rows that are deleted are missing' missing_said 40 KRW-ETH
ok 'one series was read' grep -q 'msg="coverage is read".* series=4 changed=1' "$work/producer.log"
await 30 '... and come back' all_complete
ok 'KRW-ETH is as the exchange has it' right KRW-ETH

# --- older tables

sql "CREATE TABLE older_coverage AS SELECT symbol, interval, covered - '{[2026-03-05 03:00Z,2026-03-05 04:00Z)}' AS covered
		FROM market_data_coverage WHERE symbol = 'KRW-BTC';
	CREATE TABLE older AS SELECT * FROM market_data WHERE symbol = 'KRW-BTC'
		AND (timestamp < '2026-03-05 03:00Z' OR timestamp >= '2026-03-05 04:00Z')"
log_forget producer
sql "BEGIN; SET LOCAL session_replication_role = replica;
	DELETE FROM market_data WHERE symbol = 'KRW-BTC'; DELETE FROM market_data_coverage WHERE symbol = 'KRW-BTC';
	INSERT INTO market_data SELECT * FROM older; INSERT INTO market_data_coverage SELECT * FROM older_coverage; COMMIT"
before=$(lookups)
await 20 'an hour that a restored table does not have is missing' missing_said 60 KRW-BTC
ok 'the next lookup but one has noticed it' test "$(lookups_until 60 KRW-BTC)" -le $((before + 2))
await 30 '... and comes back' all_complete
ok 'KRW-BTC is as the exchange has it' right KRW-BTC

# --- what no version tells: another answer of the same rows

definition=$(sql "SELECT pg_get_functiondef('market_data_covered'::regproc)")
await 20 'a lookup reads nothing' reads_nothing
log_forget producer
sql "CREATE OR REPLACE FUNCTION market_data_covered() RETURNS TABLE (symbol text, \"interval\" text, covered tstzmultirange)
	LANGUAGE sql STABLE AS \$\$ SELECT c.symbol, c.interval, CASE WHEN c.symbol = 'KRW-XRP' THEN
	c.covered - '{[2026-03-05 05:00Z,2026-03-05 05:30Z)}' ELSE c.covered END FROM market_data_coverage c \$\$"
before=$(lookups)
await 40 'it is noticed' missing_said 30 KRW-XRP
ok 'within ten lookups' test "$(lookups_until 30 KRW-XRP)" -le $((before + 10))
sql "$definition"
await 30 '... and when it is as before again, nothing is missing' all_complete

# --- what is stored where nothing is covered any more: one budget for all series and gaps, twice what ten requests a second
# bring until the next lookup, and the gap with which it ends

clock_advance 2 # later than what is stored was read
log_forget producer
sql "UPDATE market_data_coverage SET covered = covered * '{[2026-03-04 11:00Z,2026-03-04 12:00Z),[2026-03-05 00:00Z,2026-03-05 01:00Z)}'"
stored_read() { sed -n 's/.*msg="coverage is read".* stored=\([0-9]*\).*/\1/p' "$work/producer.log"; }
await 20 'it is missing' missing_said '[0-9]{4}' KRW-BTC
await 60 '... and comes back' all_complete
most=$(stored_read | sort -n | tail -n 1)
note "6,000 rows and more are stored there; lookups have read $(stored_read | tr '\n' ' ')"
ok 'no lookup reads more than its budget' test "$most" -le 5000
ok '... and the first one uses it' test "$most" -ge 4000
for m in KRW-BTC KRW-ETH KRW-SPARSE; do
	ok "$m is as the exchange has it" right "$m"
done

# --- another connection

log_forget producer
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gapless-producer' AND datname = current_database()"
await 30 'a new connection reads all of it' grep -q 'msg="coverage is read".* series=4 changed=4' "$work/producer.log"
# Not KRW-XRP: with a clock that stands still each repair counts its revision on.
for m in KRW-BTC KRW-ETH KRW-SPARSE; do
	ok "$m is as the exchange has it" right "$m"
done
ends_with_0 producer
ends_with_0 writer
finish
