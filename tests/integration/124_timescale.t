#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# TimescaleDB, as far as it can be shown without it: which calls are made, on what, and when.
. tests/integration/lib.sh
. tests/integration/adopt.sh
. tests/integration/timescale.sh
scenario_names timescale
timescale_skip
export PATH=$(realpath "$GAPLESS_BIN"):$PATH

database_fresh
timescale
gapless-writer migrate >"$work/walk.timescale" 2>&1
is "where TimescaleDB is, a fresh table becomes a hypertable" "$(sql 'SELECT said, rows FROM tsdb.made')" 'market_data timestamp 7 days f t|0'
ok "and says so" said timescale 'is a hypertable'
gapless-writer migrate >/dev/null 2>&1
is "once" "$(sql 'SELECT count(*) FROM tsdb.made')" 1
old
timescale
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
ok "an inherited table is adopted there" adopts
is "into one that is a hypertable before it has a row" "$(sql 'SELECT said, rows FROM tsdb.made')" 'market_data_adopting timestamp 7 days f t|0'
database_new
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1, 1"
timescale
gapless-writer migrate >/dev/null 2>&1
ok "and is guarded again afterwards" sql_is "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'market_data'::regclass AND tgname LIKE 'market_data_guard%'" 7
is "one that has rows already takes them along" "$(sql 'SELECT said, rows FROM tsdb.made')" 'market_data timestamp 7 days f t|1'
database_fresh
timescale
gapless-writer migrate --chunk-interval '3 days' >/dev/null 2>&1
is "chunks have the length that one asks for" "$(sql 'SELECT said FROM tsdb.made')" 'market_data timestamp 3 days f t'
database_new
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1d', '2026-01-01Z', 1, 1, 1, 1, 1, 1"
timescale
gapless-writer migrate >/dev/null 2>&1
is "those of days alone are long" "$(sql 'SELECT said FROM tsdb.made')" 'market_data timestamp 1820 days f t'
ok "rows that go are seen one by one" sql_is "SELECT pg_get_triggerdef(oid) ~ 'FOR EACH ROW' FROM pg_trigger
	WHERE tgname = 'market_data_guard_gather'" t
sql "INSERT INTO market_data_coverage VALUES ('KRW-BTC', '1d', '{[2026-01-01 00:00Z,2026-01-03 00:00Z)}');
	DELETE FROM market_data WHERE symbol = 'KRW-BTC'"
is "and are not covered" "$(sql "SELECT extract(epoch FROM lower(covered))::bigint FROM market_data_coverage")" 1767312000
sql "CREATE TRIGGER market_data_guard_deleted AFTER DELETE ON market_data REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT
	EXECUTE FUNCTION market_data_guard_deleted()"
gapless-writer migrate >/dev/null 2>&1
is "a trigger of before 015, which allows no columnstore, goes" "$(sql "SELECT count(*) FROM pg_trigger
	WHERE tgrelid = 'market_data'::regclass AND tgoldtable IS NOT NULL")" 0
old
timescale
sql "SELECT tsdb.create_hypertable('market_data', 'timestamp')" >/dev/null
ok "a hypertable of an older collector is recognised, and the way to adopt it told" refuses 'is a hypertable.*CREATE TABLE market_data AS SELECT'
database_new
timescale
gapless-writer migrate >/dev/null 2>&1
sql 'ALTER TABLE market_data DROP CONSTRAINT market_data_finite'
ok "so is one of ours that lacks a check" refuses 'ADD CONSTRAINT market_data_finite CHECK'
database_fresh
timescale 2.7.1
ok "a TimescaleDB that is too old is refused" refuses 'TimescaleDB is 2.7.1, but must be 2.8 or newer'
finish
