-- What people ask: what is covered, how fresh each series is, and candles on a regular grid. As in 002, everything is computed
-- in UTC, whatever the session's time zone.

-- How many whole intervals there are in [from, to).
CREATE FUNCTION interval_count(name text, "from" timestamptz, "to" timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT greatest(0, CASE $1
		WHEN '1M' THEN (extract(year FROM b.at) - extract(year FROM a.at)) * 12
			+ extract(month FROM b.at) - extract(month FROM a.at)
		ELSE extract(epoch FROM b.at - a.at) / extract(epoch FROM interval_length($1))
	END)::bigint
	FROM (SELECT interval_ceil($1, $2) AT TIME ZONE 'UTC') AS a(at), (SELECT interval_floor($1, $3) AT TIME ZONE 'UTC') AS b(at)
$$;

-- One row a fragment of the coverage.
CREATE VIEW market_data_coverage_span AS
	SELECT c.symbol, c.interval, lower(f.span) AS covered_from, upper(f.span) AS covered_to
	FROM market_data_coverage AS c CROSS JOIN LATERAL unnest(c.covered) AS f(span);

-- One row a series; the intervals are those that are covered, with a candle or without.
CREATE VIEW market_data_coverage_summary AS
	SELECT s.symbol, s.interval, min(s.covered_from) AS covered_from, max(s.covered_to) AS covered_to, count(*) AS fragments,
		sum(interval_count(s.interval, s.covered_from, s.covered_to))::bigint AS intervals
	FROM market_data_coverage_span AS s
	GROUP BY s.symbol, s.interval;

-- Each wanted series as seen at an instant. newest: its newest candle, provisional or not. covered_to: the end of the newest span
-- that is final; lag: how far that is behind the instant, or behind the end of what is wanted (without coverage: all that is
-- wanted). A healthy lag is up to one interval more than the grace of market_data_due; gaps tells what is late, complete_to
-- where the first of them begins.
CREATE FUNCTION market_data_freshness_at(as_of timestamptz)
RETURNS TABLE (symbol text, "interval" text, state text, newest timestamptz, covered_to timestamptz, lag interval,
	gaps bigint, missing bigint, complete_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT s.symbol, s.interval, s.state, n.timestamp, upper(c.covered),
		greatest(interval '0', least(as_of, s.wanted_until)
			- coalesce(upper(c.covered), greatest(s.wanted_from, s.listed_from))),
		coalesce(g.gaps, 0), coalesce(g.missing, 0), coalesce(g.first, upper(c.covered))
	FROM market_data_series AS s
	LEFT JOIN market_data_coverage AS c ON c.symbol = s.symbol AND c.interval = s.interval
	LEFT JOIN (
		SELECT a.symbol, a.interval, count(*), sum(interval_count(a.interval, a.gap_from, a.gap_to))::bigint, min(a.gap_from)
		FROM market_data_gaps_at(as_of) AS a
		GROUP BY a.symbol, a.interval
	) AS g(symbol, "interval", gaps, missing, first) ON g.symbol = s.symbol AND g.interval = s.interval
	LEFT JOIN LATERAL (
		SELECT m.timestamp FROM market_data AS m WHERE m.symbol = s.symbol AND m.interval = s.interval
		ORDER BY m.timestamp DESC LIMIT 1
	) AS n ON true
$$;

CREATE VIEW market_data_freshness AS SELECT f.* FROM market_data_freshness_at(now()) AS f;

-- Length of the interval, or what is wrong with the arguments of market_data_grid.
CREATE FUNCTION market_data_grid_step(name text, "from" timestamptz, "to" timestamptz) RETURNS interval
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	IF interval_length(name) IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('there is no interval %L', name),
			HINT = 'Use 1s, 1m, 3m, 5m, 10m, 15m, 30m, 1h, 4h, 1d, 1w or 1M.';
	END IF;
	IF isfinite("from") IS NOT TRUE OR isfinite("to") IS NOT TRUE THEN
		RAISE invalid_parameter_value USING MESSAGE = format('a grid from %s to %s has no end', coalesce("from"::text, 'NULL'),
			coalesce("to"::text, 'NULL')), HINT = 'Give two finite timestamps.';
	END IF;
	RETURN interval_length(name);
END
$$;

-- One row for each interval of the regular grid that begins in [from, to); in no promised order. kind is
--   candle    as stored; provisional where it is not covered: it may still change
--   no trade  covered, and the exchange has no candle: volume 0, and all four prices are the close of the last candle before it,
--             which may lie before `from`. NULL if that is not known: since a gap there has been no covered candle
--   gap       neither stored nor covered (also before the listing, in the future, or where nothing was wanted): all NULL
--
-- The grid is cut into pieces, covered or not. Each piece has a head, before its first candle, of which at most the price is
-- known; head and candles each reach on to the next of them. So one range scan of the unique index is all that is read, nothing
-- is looked up for each row, and no estimate can mislead the planner into it. Rows that are not on the grid, as an older
-- collector may have left, are not shown.
CREATE FUNCTION market_data_grid(symbol text, "interval" text, "from" timestamptz, "to" timestamptz)
RETURNS TABLE ("timestamp" timestamptz, kind text, provisional boolean, open numeric, high numeric, low numeric, close numeric,
	volume numeric, quote_volume numeric)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT r.at AT TIME ZONE 'UTC',
		CASE WHEN r.is_candle THEN 'candle' WHEN r.is_covered THEN 'no trade' ELSE 'gap' END,
		r.is_candle AND NOT r.is_covered,
		CASE WHEN r.is_candle THEN r.open WHEN r.is_covered THEN r.close END,
		CASE WHEN r.is_candle THEN r.high WHEN r.is_covered THEN r.close END,
		CASE WHEN r.is_candle THEN r.low WHEN r.is_covered THEN r.close END,
		CASE WHEN r.is_candle OR r.is_covered THEN r.close END,
		CASE WHEN r.is_candle THEN r.volume WHEN r.is_covered THEN 0 END,
		CASE WHEN r.is_candle THEN r.quote_volume WHEN r.is_covered THEN 0 END
	FROM (
		SELECT interval_ceil($2, $3) AS first, greatest(interval_ceil($2, $3), interval_ceil($2, $4)) AS past,
			market_data_grid_step($2, $3, $4) AS step
		OFFSET 0 -- computed once, not for each row
	) AS w
	CROSS JOIN LATERAL (
		SELECT coalesce(range_agg(tstzrange(a.first, greatest(a.first, a.past))), '{}')
		FROM market_data_coverage AS c CROSS JOIN LATERAL unnest(c.covered) AS f(span) CROSS JOIN LATERAL (
			SELECT interval_ceil($2, lower(f.span)), interval_floor($2, upper(f.span))
		) AS a(first, past)
		WHERE c.symbol = $1 AND c.interval = $2 AND f.span && tstzrange(w.first, w.past)
	) AS c(covered)
	CROSS JOIN LATERAL (
		SELECT g.at, g.at = g.begins AND g.open IS NOT NULL, g.is_covered, g.open, g.high, g.low, g.close, g.volume, g.quote_volume
		FROM (
			SELECT generate_series(s.begins, s.ends - w.step, w.step) AS at, s.*
			FROM (
				SELECT e.begins, lead(e.begins, 1, w.past AT TIME ZONE 'UTC') OVER so_far AS ends,
					max(e.covered_at) OVER so_far > max(e.uncovered_at) OVER so_far AS is_covered,
					e.open, e.high, e.low, e.close, e.volume, e.quote_volume
				FROM (
					SELECT p.first - interval '1 microsecond', p.first AT TIME ZONE 'UTC',
						CASE WHEN p.is_covered THEN p.first ELSE '-infinity' END,
						CASE WHEN p.is_covered THEN '-infinity' ELSE p.first END,
						NULL::numeric, NULL::numeric, NULL::numeric, p.close, NULL::numeric, NULL::numeric
					FROM (
						SELECT true, greatest(lower(f.span), w.first), (
							SELECT m.close FROM market_data AS m
							WHERE m.symbol = $1 AND m.interval = $2 AND m.timestamp >= lower(f.span)
								AND m.timestamp < greatest(lower(f.span), w.first)
								AND m.timestamp = interval_floor($2, m.timestamp)
							ORDER BY m.timestamp DESC LIMIT 1
						)
						FROM unnest(c.covered) AS f(span) WHERE f.span && tstzrange(w.first, w.past)
						UNION ALL
						SELECT false, lower(u.span), NULL
						FROM unnest(tstzmultirange(tstzrange(w.first, w.past)) - c.covered) AS u(span)
					) AS p(is_covered, first, close)
					UNION ALL
					SELECT m.timestamp, m.timestamp AT TIME ZONE 'UTC', '-infinity', '-infinity', m.open, m.high, m.low, m.close,
						m.volume, m.quote_volume
					FROM market_data AS m
					WHERE m.symbol = $1 AND m.interval = $2 AND m.timestamp >= w.first AND m.timestamp < w.past
						AND m.timestamp AT TIME ZONE 'UTC' = CASE $2
							WHEN '1M' THEN date_trunc('month', m.timestamp AT TIME ZONE 'UTC')
							ELSE date_bin(w.step, m.timestamp AT TIME ZONE 'UTC', w.first AT TIME ZONE 'UTC')
						END
				) AS e(sorted_at, begins, covered_at, uncovered_at, open, high, low, close, volume, quote_volume)
				WINDOW so_far AS (ORDER BY e.sorted_at ROWS UNBOUNDED PRECEDING)
			) AS s
		) AS g
	) AS r(at, is_candle, is_covered, open, high, low, close, volume, quote_volume)
$$;
