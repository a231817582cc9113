#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A year of 1m, and 40 other markets: the grid and the freshness read the table through its unique index. How long the year takes
# is shown; GRID_YEAR_MS makes it a test (tests/soak/year.t). And migrations that are repeated do nothing.
. tests/integration/lib.sh
scenario_names year
database_new
sql "INSERT INTO market_data SELECT s, '1m', t, 1, 2, 0.5, 1.25, 3, 4.125, 7, t + interval '1 day' FROM (SELECT 'KRW-YEAR', t FROM
			generate_series('2023-01-01Z', '2023-12-31 23:59Z'::timestamptz, '1 minute') t WHERE extract(epoch FROM t)::bigint / 60 % 50 <> 0
		UNION ALL SELECT 'KRW-S' || n, t FROM generate_series(1, 40) n,
			generate_series('2023-12-30Z', '2023-12-31 23:59Z'::timestamptz, '1 minute') t) x(s, t);
	INSERT INTO market_data_series SELECT 'KRW-S' || n, '1m', 'upbit', '2023-12-30Z' FROM generate_series(1, 40) n;
	INSERT INTO market_data_coverage VALUES ('KRW-YEAR', '1m',
		'{[2023-01-01 00:00Z,2023-05-01 00:00Z),[2023-05-02 00:00Z,2024-01-01 00:00Z)}');
	DELETE FROM market_data WHERE symbol = 'KRW-YEAR' AND \"timestamp\" >= '2023-05-01Z' AND \"timestamp\" < '2023-05-02Z'"
sql "VACUUM ANALYZE market_data"
year="market_data_grid('KRW-YEAR', '1m', '2023-01-01Z', '2024-01-01Z')"
began=$(date +%s%N)
is "a year has 525,600 rows of 1m" "$(sql "SELECT count(*), count(*) FILTER (WHERE kind = 'candle'),
	count(*) FILTER (WHERE kind = 'no trade'), count(*) FILTER (WHERE kind = 'gap'), count(close) FROM $year")" '525600|513677|10483|1440|524160'
took_ms=$((($(date +%s%N) - began) / 1000000))
note "the year took $took_ms ms"
[ -z "${GRID_YEAR_MS:-}" ] || ok "they took less than $GRID_YEAR_MS ms" test $took_ms -lt "$GRID_YEAR_MS"

# The plans are inside of the functions: the server says what they were. Compiling is made cheap.
plans() { # statement
	psql -X -q -At -v ON_ERROR_STOP=1 -c "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
		SET auto_explain.log_nested_statements = on; SET client_min_messages = log; SET auto_explain.log_timing = off;
		SET jit = on; SET jit_above_cost = 0" -c "$1" 2>&1
}
# Both reads of the table, the span's candles and the one before it, are ranges of its key.
by_key() { # file of a plan
	[ "$(grep -cE 'Index.* (using|on) "?[0-9_]*uq_market_data_symbol_interval_ts' "$1")" -ge 2 ] && ! grep -E 'Seq Scan on market_data( |$)' "$1" &&
		[ "$(grep -cE 'Index Cond: .*symbol = .*interval.* = .*"?timestamp"? >= .*"?timestamp"? < ' "$1")" = 2 ]
}
plans "SELECT count(*) FROM $year" >"$work/plan.grid"
ok "the grid reads ranges of the unique index" by_key "$work/plan.grid"
is "nothing of it is compiled, but for the statement around it" "$(grep -c '^ *JIT:' "$work/plan.grid")" 1
plans "SELECT count(*) FROM market_data_freshness" >"$work/plan.fresh"
ok "freshness reads the end of the unique index, of each series" grep -qE 'Backward using "?[0-9_]*uq_market_data_symbol_interval_ts .*rows=1 loops=40' "$work/plan.fresh"
plans "SELECT count(*) FROM market_data_unconfirmed" >"$work/plan.unconfirmed"
ok "rows that nobody has confirmed are found by their index" grep -qE 'using [^ ]*market_data_unconfirmed_row' "$work/plan.unconfirmed"

"$GAPLESS_BIN/gapless-writer" migrate >"$work/again.log" 2>&1
is "migrating again succeeds" $? 0
ok "and has nothing to do" logged again 'applied=0 '
finish
