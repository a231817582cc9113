#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A mistake that all rows share is not many single ones. Spellings of markets and intervals that are known are translated; a table most
# of whose rows do not fit is refused before anything moves, with the commonest reason, a row that shows it and the statement that
# mends it, and that statement does. Natively partitioned tables are refused, by migrate and by a writer. Only the database is used.
. tests/integration/lib.sh
. tests/integration/adopt.sh
scenario_names mistakes
export PATH=$(realpath "$GAPLESS_BIN"):$PATH

rows() { # symbol, interval, expression of the timestamp, n
	sql "INSERT INTO market_data SELECT '$1', '$2', $3, 1, 2, 0.5, 1.5, n FROM generate_series(0, $4 - 1) n"
}
minute="timestamptz '2026-01-01Z' + n * interval '1 minute'"
untouched() { # the table is as it was: no copy, no fence, and it takes rows
	[ "$(sql "SELECT to_regclass('market_data_adopting') IS NULL, to_regclass('market_data_inherited') IS NULL,
		(SELECT count(*) FROM pg_trigger WHERE tgrelid = 'market_data'::regclass)")" = 't|t|0' ] && sql "BEGIN; DELETE FROM market_data; ROLLBACK"
}

# --- spellings

is 'markets by other spellings' "$(database_new; sql "SELECT string_agg(market_name(s), ' ' ORDER BY n) FROM unnest('{KRW-BTC,BTC/KRW,BTC-KRW,KRW_BTC,BTC_KRW,KRW/BTC,
	ETH/BTC,ETH-BTC,BTC-ETH,ETH_USDT,BTC/USDT,USDT-BTC,BTC-USDT,BTC_USDT,KRW-USDT,USDT_KRW,BTCKRW,krw-btc,A/B,A-B}'::text[]) WITH ORDINALITY x(s, n)")" \
	'KRW-BTC KRW-BTC KRW-BTC KRW-BTC KRW-BTC KRW-BTC BTC-ETH BTC-ETH BTC-ETH USDT-ETH USDT-BTC USDT-BTC BTC-USDT BTC_USDT KRW-USDT KRW-USDT BTCKRW krw-btc B-A A-B'
is 'intervals by other spellings' "$(sql "SELECT string_agg(coalesce(interval_name(s), '?'), ' ' ORDER BY n) FROM
	unnest('{1H,4H,1D,1W,1M,1m,1h,60m,3M,2H,day,minute1}'::text[]) WITH ORDINALITY x(s, n)")" '1h 4h 1d 1w 1M 1m 1h 1h ? ? 1d 1m'
old
rows BTC/KRW 1m "$minute" 1000
rows ETH-KRW 1H "timestamptz '2026-01-01Z' + n * interval '1 hour'" 100
rows KRW_XRP 1D "timestamptz '2026-01-01Z' + n * interval '1 day'" 10
rows KRW-XRP 1W "timestamptz '2026-01-05Z' + n * interval '7 days'" 5
rows KRW-XRP 1M "timestamptz '2026-01-01Z'" 1
ok 'a table with such spellings is adopted' adopts
is '... under our names' "$(sql "SELECT string_agg(symbol || ' ' || interval || ' ' || n, ', ' ORDER BY symbol, interval) FROM (SELECT symbol, interval, count(*) AS n
	FROM market_data GROUP BY 1, 2) x")" 'KRW-BTC 1m 1000, KRW-ETH 1h 100, KRW-XRP 1M 1, KRW-XRP 1d 10, KRW-XRP 1w 5'
is '... none is set aside' "$(sql 'SELECT count(*) FROM market_data_set_aside')" 0

# --- most of it does not fit

old
rows KRW-BTC 1m "$minute + interval '59.999 s'" 1000
rows KRW-BTC 1h "timestamptz '2026-01-01Z'" 1
ok 'a table that is stamped with the end is refused' refuses '1000 of 1001 rows .*not the start of an interval, e\.g\. .*KRW-BTC.*nothing was changed'
ok '... and stays as it was' untouched
mend=$(sed -n 's/.*mend them: \(UPDATE [^;]*\);.*/\1/p' "$work/walk.refused")
ok 'the statement that it names can be run' sql "$mend"
ok '... and mends it' adopts
is '... all of it' "$(sql 'SELECT count(*), (SELECT count(*) FROM market_data_set_aside) FROM market_data')" '1001|0'
old
sql 'ALTER TABLE market_data ALTER timestamp TYPE timestamp'
rows KRW-BTC 1d "timestamp '2026-01-01 09:00' + n * interval '1 day'" 100
ok 'so is one whose days begin at nine' refuses '100 of 100 rows .*not the start of an interval'
mend=$(sed -n 's/.*mend them: \(UPDATE [^;]*\);.*/\1/p' "$work/walk.refused")
ok '... whose statement can be run, too' sql "$mend"
ok '... and mends it' adopts
old
rows BTCKRW 1m "$minute" 1000
ok 'so is one with names that nobody knows' refuses "not a symbol such as KRW-BTC.*WHERE symbol = 'BTCKRW'"
ok '... and stays as it was' untouched
ok 'unless one wants it so' bash -c "gapless-writer migrate --unfit-percent 100 2>'$work/walk.adopts'"
is '... and all is set aside' "$(sql 'SELECT count(*), (SELECT count(*) FROM market_data_set_aside) FROM market_data')" '0|1000'
old
rows KRW-BTC 2m "$minute" 1000
ok 'so is one with intervals that there are not' refuses "not the name of an interval.*WHERE interval = '2m'"
old
rows KRW-BTC 1m "$minute" 1000
rows KRW-BTC 7m "$minute" 40
ok 'one of which few do not fit is adopted' adopts
is '... these set aside' "$(sql 'SELECT count(*), (SELECT count(*) FROM market_data_set_aside) FROM market_data')" '1000|40'

# --- shapes that are not supported

database_fresh
sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8, close float8, volume float8)
	PARTITION BY RANGE (timestamp)"
ok 'a natively partitioned table is refused' refuses 'natively partitioned, which is not supported; .*CREATE TABLE market_data AS SELECT'
database_new
sql "ALTER TABLE market_data RENAME TO shape; CREATE TABLE market_data (LIKE shape INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
		CONSTRAINT uq_market_data_two UNIQUE (symbol, interval, timestamp)) PARTITION BY RANGE (timestamp);
	CREATE TABLE market_data_part PARTITION OF market_data DEFAULT"
ok '... even if it has all that ours has' refuses 'natively partitioned'
gapless-writer --brokers 127.0.0.1:1 >"$work/writer.log" 2>&1
is 'a writer refuses it, too' "$?$(grep -c 'natively partitioned, which is not supported' "$work/writer.log")" 11
old
sql 'CREATE TABLE newer () INHERITS (market_data)'
ok 'a table with child tables is not told to drop them' refuses 'child tables, whose rows would be left behind: newer; put all rows into one table'
finish
