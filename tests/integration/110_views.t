#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What one may ask the tables: coverage, freshness, and candles on a regular grid. Shown on hand-made rows, in three time zones:
# an interval without trades is filled, a gap stays visible, after a gap the price is not known until the next candle; weeks and
# months across the changes of daylight saving and a leap February; the grid against a naive model on random series of every
# interval; a year of 1m read through the unique index. Only the database is used.
. tests/integration/lib.sh
scenario_names views
database_new
zones='UTC Asia/Seoul America/New_York'

series() { # symbol, interval, coverage, timestamp=close...
	local symbol=$1 interval=$2 c
	sql "INSERT INTO market_data_coverage VALUES ('$symbol', '$interval', '$3')"
	shift 3
	for c; do
		sql "INSERT INTO market_data VALUES ('$symbol', '$interval', '${c%=*}', 1, 9, 0.5, ${c#*=}, 0.70, 70.0, 1, '2026-01-01Z')"
	done
}

# Each row of the grid as "time kind open high low close volume quote_volume", a "?" after the kind where it is provisional.
grid() { # symbol, interval, from, to
	sql "SELECT concat_ws(' ', to_char(\"timestamp\" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'),
			kind || CASE WHEN provisional THEN '?' ELSE '' END,
			coalesce(open::text, '-'), coalesce(high::text, '-'), coalesce(low::text, '-'), coalesce(close::text, '-'),
			coalesce(volume::text, '-'), coalesce(quote_volume::text, '-'))
		FROM market_data_grid('$1', '$2', '$3', '$4') ORDER BY \"timestamp\""
}

# The same in each time zone.
grid_is() { # what, wanted, symbol, interval, from, to
	local what=$1 wanted=$2 zone got
	shift 2
	for zone in $zones; do
		got=$(PGTZ=$zone grid "$@")
		ok "$what, in $zone" test "$got" = "$wanted"
		[ "$got" = "$wanted" ] || diff <(echo "$got") <(echo "$wanted") | sed 's/^/# /'
	done
}

# --- kinds and prices

series KRW-HAND 1m '{[2024-03-10 06:59Z,2024-03-10 07:05Z),[2024-03-10 07:08Z,2024-03-10 07:12Z)}' 2024-03-10T06:58Z=95.0 \
	2024-03-10T07:00Z=100.10 2024-03-10T07:01:30Z=666 2024-03-10T07:03Z=103 2024-03-10T07:06Z=106.0 2024-03-10T07:10Z=110
grid_is "candles, no trades and gaps" '2024-03-10 06:57 gap - - - - - -
2024-03-10 06:58 candle? 1 9 0.5 95.0 0.70 70.0
2024-03-10 06:59 no trade - - - - 0 0
2024-03-10 07:00 candle 1 9 0.5 100.10 0.70 70.0
2024-03-10 07:01 no trade 100.10 100.10 100.10 100.10 0 0
2024-03-10 07:02 no trade 100.10 100.10 100.10 100.10 0 0
2024-03-10 07:03 candle 1 9 0.5 103 0.70 70.0
2024-03-10 07:04 no trade 103 103 103 103 0 0
2024-03-10 07:05 gap - - - - - -
2024-03-10 07:06 candle? 1 9 0.5 106.0 0.70 70.0
2024-03-10 07:07 gap - - - - - -
2024-03-10 07:08 no trade - - - - 0 0
2024-03-10 07:09 no trade - - - - 0 0
2024-03-10 07:10 candle 1 9 0.5 110 0.70 70.0
2024-03-10 07:11 no trade 110 110 110 110 0 0
2024-03-10 07:12 gap - - - - - -' KRW-HAND 1m 2024-03-10T06:56:01Z 2024-03-10T07:13Z
grid_is "the candle before the first row gives its price" '2024-03-10 07:02 no trade 100.10 100.10 100.10 100.10 0 0' \
	KRW-HAND 1m 2024-03-10T07:01:00.000001Z 2024-03-10T07:03Z
grid_is "one beyond a gap does not" '2024-03-10 07:09 no trade - - - - 0 0' KRW-HAND 1m 2024-03-10T07:09Z 2024-03-10T07:10Z
grid_is "an empty span has no rows" '' KRW-HAND 1m 2024-03-10T07:09Z 2024-03-10T07:01Z

# --- long intervals

series KRW-LONG 1w '{[2024-02-26 00:00Z,2024-04-15 00:00Z)}' 2024-03-04T00:00Z=4 2024-03-25T00:00Z=25
grid_is "weeks across the changes of March" '2024-02-26 00:00 no trade - - - - 0 0
2024-03-04 00:00 candle 1 9 0.5 4 0.70 70.0
2024-03-11 00:00 no trade 4 4 4 4 0 0
2024-03-18 00:00 no trade 4 4 4 4 0 0
2024-03-25 00:00 candle 1 9 0.5 25 0.70 70.0
2024-04-01 00:00 no trade 25 25 25 25 0 0
2024-04-08 00:00 no trade 25 25 25 25 0 0
2024-04-15 00:00 gap - - - - - -' KRW-LONG 1w 2024-02-20T00:00Z 2024-04-16T00:00Z
series KRW-LONG 1M '{[2023-12-01 00:00Z,2024-06-01 00:00Z),[2024-11-01 00:00Z,2025-01-01 00:00Z)}' 2024-01-01T00:00Z=1 \
	2024-02-01T00:00Z=2 2024-11-01T00:00Z=11
grid_is "months, leap February and both changes" '2023-12-01 00:00 no trade - - - - 0 0
2024-01-01 00:00 candle 1 9 0.5 1 0.70 70.0
2024-02-01 00:00 candle 1 9 0.5 2 0.70 70.0
2024-03-01 00:00 no trade 2 2 2 2 0 0
2024-04-01 00:00 no trade 2 2 2 2 0 0
2024-05-01 00:00 no trade 2 2 2 2 0 0
2024-06-01 00:00 gap - - - - - -
2024-07-01 00:00 gap - - - - - -
2024-08-01 00:00 gap - - - - - -
2024-09-01 00:00 gap - - - - - -
2024-10-01 00:00 gap - - - - - -
2024-11-01 00:00 candle 1 9 0.5 11 0.70 70.0
2024-12-01 00:00 no trade 11 11 11 11 0 0' KRW-LONG 1M 2023-11-30T23:59Z 2025-01-01T00:00Z

# --- every interval, against a model that looks each row up

sql "CREATE FUNCTION model(s text, i text, f timestamptz, t timestamptz) RETURNS TABLE (at timestamptz, kind text, provisional boolean,
		open numeric, high numeric, low numeric, close numeric, volume numeric, quote_volume numeric) LANGUAGE sql AS '
	WITH point AS (
		SELECT a AS at, b AS upto, tstzrange(a, b) <@ ANY (SELECT unnest(c.covered) FROM market_data_coverage c WHERE c.symbol = s
			AND c.interval = i) AS final FROM (
			SELECT to_timestamp(n * len + shift), to_timestamp((n + 1) * len + shift) FROM
				(SELECT extract(epoch FROM interval_length(i))::bigint, CASE i WHEN ''1w'' THEN 4 * 86400 ELSE 0 END) l(len, shift),
				generate_series((extract(epoch FROM f)::bigint - shift) / len - 1, (extract(epoch FROM t)::bigint - shift) / len + 1) n
				WHERE i <> ''1M''
			UNION ALL
			SELECT make_timestamptz(n / 12, n % 12 + 1, 1, 0, 0, 0, ''UTC''), make_timestamptz((n + 1) / 12, (n + 1) % 12 + 1, 1, 0, 0, 0, ''UTC'')
				FROM generate_series(2019 * 12, 2026 * 12) n WHERE i = ''1M'') p(a, b)
		WHERE a >= f AND a < t)
	SELECT at, CASE WHEN m IS NOT NULL THEN ''candle'' WHEN final THEN ''no trade'' ELSE ''gap'' END, m IS NOT NULL AND NOT final,
		CASE WHEN m IS NULL THEN before ELSE (m).open END, CASE WHEN m IS NULL THEN before ELSE (m).high END,
		CASE WHEN m IS NULL THEN before ELSE (m).low END, CASE WHEN m IS NULL THEN before ELSE (m).close END,
		CASE WHEN m IS NULL AND final THEN 0 ELSE (m).volume END, CASE WHEN m IS NULL AND final THEN 0 ELSE (m).quote_volume END
	FROM (SELECT at, final, (SELECT m FROM market_data m WHERE m.symbol = s AND m.interval = i AND m.timestamp = at) AS m,
			(SELECT o.close FROM market_data o WHERE o.symbol = s AND o.interval = i AND o.timestamp < at
				AND o.timestamp = interval_floor(i, o.timestamp) AND EXISTS (SELECT FROM market_data_coverage c, unnest(c.covered) u(span)
					WHERE c.symbol = s AND c.interval = i AND tstzrange(o.timestamp, upto) <@ u.span)
				ORDER BY o.timestamp DESC LIMIT 1) AS before
		FROM point) AS x'"
# 120 intervals from 2020 on, with candles in half of them, some rows off the grid, coverage whose ends are on no grid.
for i in 1s 1m 3m 5m 10m 15m 30m 1h 4h 1d 1w; do
	lengths+=("('$i', 120)")
done
lengths+=("('1M', 70)")
intervals=$(IFS=,; echo "${lengths[*]}")
sql "SET seed = 0.25;
	INSERT INTO market_data SELECT 'KRW-RAND' || k, i, interval_add(i, interval_floor(i, '2020-02-20Z'), n)
			+ CASE WHEN random() < 0.05 THEN interval '0.5 seconds' ELSE interval '0' END, random() * 9, random() * 9, random() * 9,
			random() * 9, random(), random(), 1, 'infinity'
		FROM (VALUES $intervals) v(i, points), generate_series(1, 3) k, generate_series(1, points) n WHERE random() < 0.5;
	INSERT INTO market_data_coverage SELECT 'KRW-RAND' || k, i, range_agg(tstzrange(a, a + random() * 24 * (b - a)))
		FROM (VALUES $intervals) v(i, points), generate_series(1, 3) k, generate_series(1, points, 12) n, LATERAL (
			SELECT interval_add(i, '2020-02-01Z', n) + CASE WHEN random() < 0.5 THEN interval '0' ELSE interval '0.25 seconds' END,
				interval_add(i, '2020-02-01Z', n + 1)) AS x(a, b) GROUP BY k, i;
	UPDATE market_data_coverage SET covered = tstzmultirange(tstzrange(interval_floor(\"interval\", '2020-02-20Z'),
		interval_add(\"interval\", interval_floor(\"interval\", '2020-02-20Z'), 100))) - tstzmultirange(tstzrange(
		interval_add(\"interval\", interval_floor(\"interval\", '2020-02-20Z'), 70), interval_add(\"interval\",
		interval_floor(\"interval\", '2020-02-20Z'), 71) + interval '0.1 s')) WHERE symbol = 'KRW-RAND3'"
sql "ANALYZE market_data; ANALYZE market_data_coverage;
	CREATE TABLE asked AS SELECT 'KRW-RAND' || k AS s, i, interval_add(i, '2020-02-20Z', 3) AS f, interval_add(i, '2020-02-20Z', points) AS t
		FROM (VALUES $intervals) v(i, points), generate_series(1, 3) k;
	CREATE TABLE modelled AS SELECT a.s, a.i, m.* FROM asked a, LATERAL model(a.s, a.i, a.f, a.t) m"
compared=$(sql "SELECT count(*) FROM modelled")
ok "the model has thousands of intervals" test "$compared" -gt 3000
given="SELECT a.s, a.i, g.* FROM asked a, LATERAL market_data_grid(a.s, a.i, a.f, a.t) g"
for zone in $zones; do
	is "of $compared random intervals none differs from the model, in $zone" "$(PGTZ=$zone sql "SELECT count(*) FROM (
		($given EXCEPT ALL TABLE modelled) UNION ALL (TABLE modelled EXCEPT ALL $given)) d")" 0
done
note "$(sql "SELECT string_agg(kind || ' ' || n, ', ') FROM (SELECT CASE WHEN provisional THEN 'provisional'
	WHEN kind = 'no trade' AND close IS NULL THEN 'no price' ELSE kind END, count(*) FROM modelled GROUP BY 1) x(kind, n)")"

# --- bad questions

refused() { ! sql "$1" >"$work/refused" 2>&1 && grep -q "$2" "$work/refused"; }
ok "an interval that does not exist is refused" refused \
	"SELECT * FROM market_data_grid('KRW-HAND', '2m', '2024-01-01Z', '2024-01-02Z')" "there is no interval '2m'"
ok "an endless grid is refused" refused "SELECT * FROM market_data_grid('KRW-HAND', '1m', '2024-01-01Z', 'infinity')" 'has no end'
ok "so is a series that nobody knows" refused "SELECT * FROM market_data_grid('KRW-NOPE', '1m', '2024-01-01Z', '2024-01-02Z')" \
	'nothing is known of KRW-NOPE 1m'
ok "so is one from nowhere" refused "SELECT * FROM market_data_grid('KRW-HAND', '1m', NULL, '2024-01-01Z')" 'has no end'

# --- coverage

for zone in $zones; do
	is "the coverage's fragments, in $zone" "$(PGTZ=$zone sql "SELECT string_agg(concat_ws(' ', extract(epoch FROM covered_from)::bigint,
		extract(epoch FROM covered_to)::bigint), ',' ORDER BY covered_from) FROM market_data_coverage_span WHERE symbol = 'KRW-HAND'")" \
		'1710053940 1710054300,1710054480 1710054720'
	is "and their sum, in $zone" "$(PGTZ=$zone sql "SELECT \"interval\", extract(epoch FROM covered_from)::bigint,
		extract(epoch FROM covered_to)::bigint, fragments, intervals FROM market_data_coverage_summary
		WHERE symbol IN ('KRW-HAND', 'KRW-LONG') ORDER BY \"interval\" COLLATE \"C\"")" '1M|1701388800|1735689600|2|8
1m|1710053940|1710054720|2|10
1w|1708905600|1713139200|1|7'
done

# --- freshness, at 07:20: due is what ended by 07:13

sql "INSERT INTO market_data_series VALUES ('KRW-HAND', '1m', 'upbit', '2024-03-10 06:59Z', NULL, NULL, 'ok'),
		('KRW-ENDED', '1m', 'upbit', '2024-03-10 06:00Z', '2024-03-10 07:00Z', '2024-03-10 06:30Z', 'ok'),
		('KRW-LONG', '1M', 'upbit', '2023-12-01Z', NULL, NULL, 'ok'),
		('KRW-NONE', '1m', 'upbit', '2024-03-10 07:00Z', NULL, NULL, 'unknown market')"
series KRW-ENDED 1m '{[2024-03-10 06:30Z,2024-03-10 07:00Z)}' 2024-03-10T06:45Z=1
fresh() {
	sql "SELECT symbol, state, extract(epoch FROM newest)::bigint, extract(epoch FROM covered_to)::bigint, extract(epoch FROM lag)::bigint,
		gaps, missing, extract(epoch FROM complete_to)::bigint FROM $1 ORDER BY symbol, \"interval\""
}
for zone in $zones; do
	is "freshness of each series, in $zone" "$(PGTZ=$zone fresh "market_data_freshness_at('2024-03-10 07:20Z') WHERE \"interval\" = '1m'")" \
		'KRW-ENDED|ok|1710053100|1710054000|0|0|0|1710054000
KRW-HAND|ok|1710054600|1710054720|480|2|4|1710054300
KRW-NONE|unknown market|||1200|1|13|1710054000'
	is "of months too, in $zone" "$(PGTZ=$zone fresh "market_data_freshness_at('2025-03-02Z') WHERE \"interval\" = '1M'")" \
		'KRW-LONG|ok|1730419200|1735689600|5184000|2|7|1717200000'
done
ok "the view sees it from now" sql_is "SELECT count(*) FROM market_data_freshness WHERE lag > interval '1 day' AND gaps > 0" 3

# --- a year of 1m among others

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
ok "they took less than 10 s" test $took_ms -lt 10000

# The plans are inside of the functions: the server says what they were.
plans() { # statement
	psql -X -q -At -v ON_ERROR_STOP=1 -c "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
		SET auto_explain.log_nested_statements = on; SET client_min_messages = log; SET auto_explain.log_timing = off;
		SET jit = on; SET jit_above_cost = 0" -c "$1" 2>&1
}
# Both reads of the table, the span's candles and the one before it, are ranges of its key; nothing is compiled.
by_key() { # file of a plan
	[ "$(grep -cE 'Index.* (using|on) uq_market_data_symbol_interval_ts' "$1")" -ge 2 ] && ! grep -E 'Seq Scan on market_data( |$)' "$1" &&
		[ "$(grep -cE 'Index Cond: .*symbol = .*interval.* = .*"?timestamp"? >= .*"?timestamp"? < ' "$1")" = 2 ]
}
plans "SELECT count(*) FROM $year" >"$work/plan.grid"
ok "the grid reads ranges of the unique index" by_key "$work/plan.grid"
is "nothing of it is compiled but for the statement around it" "$(grep -c '^ *JIT:' "$work/plan.grid")" 1
plans "SELECT count(*) FROM market_data_freshness" >"$work/plan.fresh"
ok "freshness reads the end of the unique index, of each series" grep -qE 'Backward using uq_market_data_symbol_interval_ts .*rows=1 loops=44' "$work/plan.fresh"
plans "SELECT count(*) FROM market_data_unconfirmed" >"$work/plan.unconfirmed"
ok "rows that nobody has confirmed are found by their index" grep -q 'using market_data_unconfirmed_row' "$work/plan.unconfirmed"

"$GAPLESS_BIN/gapless-writer" migrate >"$work/again.log" 2>&1
is "migrating again succeeds" $? 0
ok "and has nothing to do" logged again 'applied=0 '
finish
