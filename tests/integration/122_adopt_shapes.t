#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Other shapes of an older collector's table than that of 120_adopt.t are adopted, or refused with a sentence; two programs that
# adopt at once; transactions that are open meanwhile.
. tests/integration/lib.sh
. tests/integration/adopt.sh
markets=KRW-BTC
scenario_names adopt_shapes
export PATH=$(realpath "$GAPLESS_BIN"):$PATH
database_new
shape >"$work/shape.fresh"
exchange --start 2026-03-05T12:00:05Z --markets 40 --seed 5 --limit 500 --delay 0
truth_fetch

# --- timestamptz, numeric with a scale, quote_volume; another key of its own

database_fresh
truth_make
damage
sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open numeric(20,8), high numeric(20,8), low numeric(20,8),
	close numeric(20,8), volume numeric(24,8), quote_volume numeric(28,8), id int GENERATED ALWAYS AS IDENTITY UNIQUE, fetched_at date)"
fill 1m timestamp ', quote_volume'
killed adopt_batch:2
sql 'VACUUM FULL market_data' # every row has another place now
ok "a table with a scale and a key of its own is adopted" adopts
ok "from the beginning, as its rows were moved" bash -c "! grep -q 'goes on' '$work/walk.adopts'"
ok "with the shape of a fresh one" diff "$work/shape.fresh" <(shape)
is "nothing that was right is lost there" "$(sql "SELECT count(*) FROM damage d LEFT JOIN market_data m ON m.symbol = d.symbol AND m.interval = '1m'
	AND m.timestamp = d.timestamp WHERE d.what IN ('right', 'half then whole', 'whole then half') AND (m.open, m.high, m.low, m.close, m.volume, m.quote_volume)
	IS DISTINCT FROM (d.open::numeric(20,8), d.high::numeric(20,8), d.low::numeric(20,8), d.close::numeric(20,8), d.volume::numeric(24,8),
		d.quote_volume::numeric(28,8))")" 0
is "and nothing is in two places" "$(sql "SELECT (SELECT count(*) FROM market_data_inherited) - (SELECT count(*) FROM market_data)
	- (SELECT count(*) FROM market_data_set_aside)")" 0
ok "new rows get identities that are free" sql "INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume, quote_volume)
	VALUES ('KRW-NEW', '1m', '2026-01-01Z', 1, 1, 1, 1, 1, 1)"

# --- two at once

database_fresh
sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8, close float8, volume float8);
	INSERT INTO market_data SELECT 'KRW-BTC', '1m', timestamptz '2026-01-01Z' + n % 20000 * interval '1 minute', 0.1::float8 + 0.2::float8, 1, 1,
		1, n FROM generate_series(1, 40000) n;
	ALTER DATABASE $PGDATABASE SET extra_float_digits = -3;
	ALTER DATABASE $PGDATABASE SET quote_all_identifiers = on"
for one in first second; do
	spawn $one gapless-writer migrate
done
for one in first second; do
	ended $one
	is "of two that adopt at once the $one ends well" "$code" 0
done
is "between them they have done it once" "$(sql "SELECT count(*), min(volume), (SELECT count(*) FROM market_data_set_aside),
	(SELECT string_agg(rows_read::text, ',') FROM market_data_adoption_run) FROM market_data")" '20000|20001|20000|40000'
is "a float keeps all its digits, whatever the database prints" "$(sql 'SELECT DISTINCT open FROM market_data')" 0.30000000000000004
sql "INSERT INTO market_data_coverage VALUES ('KRW-BTC', '1m', '{[2026-01-01 00:00Z,2026-01-01 00:02:30Z)}')"
is "what is covered in part is not listed yet" "$(sql 'SELECT count(*) FROM market_data_unmatched')" 2
is "and is yet to be compared" "$(sql 'SELECT adopted, compared, unmatched, to_compare FROM market_data_adoption')" '20000|0|2|19998'

# --- small ones

old
killed adopt_swapped:1
ok "and what is left is done by the next run" gapless-writer migrate 2>"$work/after.log"
old
ok "an empty table is adopted" adopts
is "and wants nothing" "$(sql 'SELECT count(*) FROM market_data_series')" 0
old
sql "CREATE VIEW latest AS SELECT max(timestamp) FROM market_data"
ok "what a view uses is refused, and the view named" refuses 'view latest'
sql "DROP VIEW latest"
ok "without it it is adopted" adopts
old
sql "ALTER TABLE market_data ALTER timestamp TYPE bigint USING 0"
ok "another kind of time is refused" refuses 'the column timestamp of market_data is bigint.*ALTER COLUMN'
old
sql "ALTER TABLE market_data RENAME volume TO vol"
ok "a missing column is refused" refuses 'no column volume'
database_fresh
sql "CREATE VIEW market_data AS SELECT 1 AS symbol"
ok "a view of that name is refused" refuses 'not a plain table'
database_new
sql "DROP TABLE market_data; CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8,
	close float8, volume float8)"
ok "a table that was put there after the migrations is adopted" adopts
ok "and has the shape of a fresh one" diff "$work/shape.fresh" <(shape)
sql "INSERT INTO market_data_coverage VALUES ('KRW-BTC', '1m', '{}'); ALTER TABLE market_data DROP CONSTRAINT uq_market_data_symbol_interval_ts"
ok "our own table is not taken for an older collector's" gapless-writer migrate 2>"$work/own.log"
gapless-writer >"$work/unfit.log" 2>&1
ok "its writer says what is wrong" logged unfit 'no valid unique constraint.*ADD CONSTRAINT'

# --- who is in the middle of something is waited for, and others do not stand behind us

old
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
hold busy "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-02Z', 1, 1, 1, 1, 1"
spawn migrate gapless-writer migrate
await 8 "a transaction that writes is waited for" logged migrate 'stop the older collector'
release busy
ended migrate
is "then it ends well" "$code" 0
is "and its row is adopted" "$(sql "SELECT count(*) FROM market_data WHERE fetched_at = '-infinity'")" 2
old
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
hold busy "SELECT FROM market_data"
: >"$work/migrate.log"
spawn migrate gapless-writer migrate
await 8 "a long reader is waited for, too" logged migrate 'long reader'
is "another one reads meanwhile" "$(sql 'SELECT count(*) FROM market_data')" 1
ok "... and the long one has not ended" running busy
release busy
ended migrate
is "then the swap comes through" "$code" 0

# --- a row that should not be there

old
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
killed adopt_settled:1
sql "SET session_replication_role = replica; INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-02Z', 1, 1, 1, 1, 1"
ok "a row that came in behind the fence is noticed" refuses 'the rows do not add up'
ok "the next run begins again" adopts
is "and has it" "$(sql 'SELECT count(*) FROM market_data')" 2
finish
