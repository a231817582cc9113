#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Candles on a regular grid. Shown on hand-made rows, in three time zones: an interval without trades is filled, a gap stays
# visible, after a gap the price is not known until the next candle; weeks and months across the changes of daylight saving and a
# leap February; the grid against a naive model on random series of every interval. Only the database is used.
. tests/integration/lib.sh
. tests/integration/rows.sh
scenario_names grid
database_new

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
finish
