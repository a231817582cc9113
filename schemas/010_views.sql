-- The functions and views of 002 and 003 again: what is given up, ended, not to be had or not due is no gap and says what it is,
-- rows that nobody has confirmed are told apart, no search_path matters, and nothing is compiled (compiling a plan that touches
-- many chunks takes far longer than running it).
--
-- Lock: ACCESS EXCLUSIVE on the views, moments. Programs of the version before may run beside it.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- What is wanted of each series, and due at an instant. Nothing of one that has ended.
CREATE FUNCTION market_data_wanted_at(as_of timestamptz) RETURNS TABLE (symbol text, "interval" text, wanted tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
	SELECT w.symbol, w.interval, tstzmultirange(tstzrange(w.wanted_from, greatest(w.wanted_from, w.wanted_to)))
	FROM (
		SELECT s.symbol, s.interval,
			interval_ceil(s.interval, greatest(s.wanted_from, s.listed_from, s.retained_from)) AS wanted_from,
			least(interval_ceil(s.interval, s.wanted_until), market_data_due(s.interval, as_of)) AS wanted_to
		FROM market_data_series AS s WHERE s.ended_at IS NULL AND s.state <> 'no trades yet'
	) AS w
$$;

-- The coverage as far as it is to be believed, and nothing that is given up.
CREATE FUNCTION market_data_covered() RETURNS TABLE (symbol text, "interval" text, covered tstzmultirange)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
	SELECT c.symbol, c.interval, CASE WHEN s.retained_from IS NULL THEN c.covered - l.lost
		ELSE (c.covered - l.lost) * tstzmultirange(tstzrange(s.retained_from, NULL)) END
	FROM market_data_lost() AS l(lost) CROSS JOIN market_data_coverage AS c
	LEFT JOIN market_data_series AS s ON s.symbol = c.symbol AND s.interval = c.interval
$$;

-- Spans that are wanted and due, neither covered nor stored for good, each with its kind: gap, or unobtainable and the reason.
CREATE FUNCTION market_data_missing_at(as_of timestamptz)
RETURNS TABLE (symbol text, "interval" text, missing_from timestamptz, missing_to timestamptz, kind text, reason text)
LANGUAGE sql STABLE SET search_path FROM CURRENT SET jit = off AS $$
	WITH missing AS MATERIALIZED (
		SELECT w.symbol, w.interval, w.wanted - coalesce(c.covered, '{}') AS spans
		FROM market_data_wanted_at(as_of) AS w
		LEFT JOIN market_data_covered() AS c ON c.symbol = w.symbol AND c.interval = w.interval
	), refused AS MATERIALIZED (
		SELECT m.symbol, m.interval, u.reason, m.spans * u.spans AS spans
		FROM missing AS m JOIN market_data_unobtainable AS u ON u.symbol = m.symbol AND u.interval = m.interval AND u.spans && m.spans
	)
	SELECT m.symbol, m.interval, lower(g.span), upper(g.span), 'gap', NULL
	FROM missing AS m LEFT JOIN (SELECT r.symbol, r.interval, range_agg(r.spans) FROM refused AS r GROUP BY r.symbol, r.interval)
		AS r(symbol, "interval", spans) ON r.symbol = m.symbol AND r.interval = m.interval
	CROSS JOIN LATERAL unnest(m.spans - coalesce(r.spans, '{}')) AS g(span)
	UNION ALL
	SELECT r.symbol, r.interval, lower(g.span), upper(g.span), 'unobtainable', r.reason
	FROM refused AS r CROSS JOIN LATERAL unnest(r.spans) AS g(span)
$$;

CREATE OR REPLACE FUNCTION market_data_gaps_at(as_of timestamptz)
RETURNS TABLE (symbol text, "interval" text, gap_from timestamptz, gap_to timestamptz)
LANGUAGE sql STABLE SET search_path FROM CURRENT SET jit = off AS $$
	SELECT m.symbol, m.interval, m.missing_from, m.missing_to FROM market_data_missing_at(as_of) AS m WHERE m.kind = 'gap'
$$;

CREATE VIEW market_data_not_available AS
	SELECT m.symbol, m.interval, m.missing_from AS unobtainable_from, m.missing_to AS unobtainable_to, m.reason
	FROM market_data_missing_at(now()) AS m WHERE m.kind = 'unobtainable';
COMMENT ON VIEW market_data_gap IS 'What is wanted and due and not covered, now; market_data_gaps_at(instant) at another time';
COMMENT ON VIEW market_data_not_available IS 'What is wanted and due, and not to be had, with the reason';

CREATE OR REPLACE VIEW market_data_coverage_span AS
	SELECT c.symbol COLLATE "C" AS symbol, c.interval COLLATE "C" AS "interval", lower(f.span) AS covered_from, upper(f.span) AS covered_to
	FROM market_data_covered() AS c CROSS JOIN LATERAL unnest(c.covered) AS f(span);
COMMENT ON VIEW market_data_coverage_span IS 'One row a fragment of the coverage';
COMMENT ON VIEW market_data_coverage_summary IS 'One row a series: from when to when, in how many fragments, how many intervals';

-- Each series as seen at an instant. newest: its newest candle, provisional or not. covered_to: the end of the newest span that
-- is final; lag: how far that is behind the instant, or behind the end of what is wanted (without coverage: all that is wanted).
-- A healthy lag is up to one interval more than the grace of market_data_due; gaps tells what is late, complete_to where the
-- first of them begins.
CREATE OR REPLACE FUNCTION market_data_freshness_at(as_of timestamptz)
RETURNS TABLE (symbol text, "interval" text, state text, newest timestamptz, covered_to timestamptz, lag interval,
	gaps bigint, missing bigint, complete_to timestamptz)
LANGUAGE sql STABLE SET search_path FROM CURRENT SET jit = off AS $$
	SELECT s.symbol, s.interval, CASE WHEN s.ended_at IS NULL THEN s.state ELSE 'ended' END, n.timestamp, upper(c.covered),
		CASE WHEN s.ended_at IS NULL THEN greatest(interval '0', least(as_of, s.wanted_until)
			- coalesce(upper(c.covered), greatest(s.wanted_from, s.listed_from, s.retained_from))) ELSE interval '0' END,
		coalesce(g.gaps, 0), coalesce(g.missing, 0), coalesce(g.first, upper(c.covered))
	FROM market_data_series AS s
	LEFT JOIN market_data_covered() AS c ON c.symbol = s.symbol AND c.interval = s.interval
	LEFT JOIN (
		SELECT a.symbol, a.interval, count(*), sum(interval_count(a.interval, a.gap_from, a.gap_to))::bigint, min(a.gap_from)
		FROM market_data_gaps_at(as_of) AS a
		GROUP BY a.symbol, a.interval
	) AS g(symbol, "interval", gaps, missing, first) ON g.symbol = s.symbol AND g.interval = s.interval
	LEFT JOIN LATERAL (
		SELECT m.timestamp FROM market_data AS m WHERE m.symbol = s.symbol AND m.interval = s.interval
			AND m.timestamp >= coalesce(s.retained_from, '-infinity')
		ORDER BY m.timestamp DESC LIMIT 1
	) AS n ON true
$$;
COMMENT ON VIEW market_data_freshness IS 'Each series now: newest candle, lag, gaps; market_data_freshness_at(instant) at another time';

-- Rows in the coverage that no final read has confirmed: the exchange has no such candle (somebody inserted it; it was
-- withdrawn, or made up by an older collector), or another one that lost against it. They are listed, told apart in the grid, and
-- never deleted silently. Found by an index in which no other row lies, but for those of the last minutes.
CREATE FUNCTION market_data_unconfirmed_rows() RETURNS TABLE (symbol text, "interval" text, "timestamp" timestamptz, open numeric,
	high numeric, low numeric, close numeric, volume numeric, quote_volume numeric, revision bigint, fetched_at timestamptz)
LANGUAGE sql STABLE SET search_path FROM CURRENT SET jit = off AS $$
	SELECT m.symbol, m.interval, m.timestamp, m.open, m.high, m.low, m.close, m.volume, m.quote_volume, m.revision, m.fetched_at
	FROM market_data AS m JOIN market_data_covered() AS c ON c.symbol = m.symbol AND c.interval = m.interval
	WHERE candle_is_unconfirmed(m.interval, m.timestamp, m.fetched_at)
		AND c.covered @> tstzrange(m.timestamp, interval_add(m.interval, m.timestamp, 1))
$$;
CREATE VIEW market_data_unconfirmed AS SELECT u.* FROM market_data_unconfirmed_rows() AS u;
COMMENT ON VIEW market_data_unconfirmed IS 'Rows in the coverage that no final read has confirmed: the exchange may have no such candle';

-- What is wrong with the arguments of market_data_grid, if anything is; true otherwise.
CREATE FUNCTION market_data_grid_check(of_symbol text, name text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF interval_length(name) IS NOT NULL
			AND NOT EXISTS (SELECT FROM market_data_series AS s WHERE s.symbol = of_symbol AND s.interval = name)
			AND NOT EXISTS (SELECT FROM market_data_coverage AS c WHERE c.symbol = of_symbol AND c.interval = name)
			AND (SELECT m.timestamp FROM market_data AS m WHERE m.symbol = of_symbol AND m.interval = name
				ORDER BY m.timestamp LIMIT 1) IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('nothing is known of %s %s', coalesce(of_symbol, 'NULL'), name),
			HINT = 'SELECT symbol, interval FROM market_data_series shows what there is.';
	END IF;
	RETURN true;
END
$$;

-- One row for each interval of the regular grid that begins in [from, to); in no promised order. kind is
--   candle        as stored; provisional where it is not covered: it may still change
--   unconfirmed   as stored, but in a span in which everything was read and nobody has confirmed it: the exchange may have no
--                 such candle (view market_data_unconfirmed)
--   no trade      covered, and the exchange has no candle: volume 0, and all four prices are the close of the last candle before it,
--                 which may lie before `from`. NULL if that is not known: since a gap there has been no covered candle
--   gap           wanted, neither stored nor covered: all NULL, as in the following
--   unobtainable  wanted, and not to be had (table market_data_unobtainable has the reason)
--   not wanted    nobody asked for it, it is before the listing or after the delisting, or it was given up
--   not due       forming, in the future, or over for less than the grace of market_data_due
--
-- The grid is cut into pieces, covered or not. Each piece has a head, before its first candle, of which at most the price is
-- known; head and candles each reach on to the next of them. So one range scan of the unique index is all that is read, nothing
-- is looked up for each row, and no estimate can mislead the planner into it. The number of a piece is its start in microseconds
-- and, in three bits, its kind: the greatest so far is the piece that one is in. Rows that are not on the grid, as an older
-- collector may have left, are not shown.
CREATE OR REPLACE FUNCTION market_data_grid(symbol text, "interval" text, "from" timestamptz, "to" timestamptz)
RETURNS TABLE ("timestamp" timestamptz, kind text, provisional boolean, open numeric, high numeric, low numeric, close numeric,
	volume numeric, quote_volume numeric)
LANGUAGE sql STABLE SET search_path FROM CURRENT SET jit = off AS $$
	SELECT r.at AT TIME ZONE 'UTC',
		CASE WHEN r.is_candle AND r.piece = 1 AND r.is_unconfirmed THEN 'unconfirmed' WHEN r.is_candle THEN 'candle'
			ELSE (ARRAY['no trade', 'gap', 'unobtainable', 'not wanted', 'not due'])[r.piece] END,
		r.is_candle AND r.piece <> 1,
		CASE WHEN r.is_candle THEN r.open WHEN r.piece = 1 THEN r.close END,
		CASE WHEN r.is_candle THEN r.high WHEN r.piece = 1 THEN r.close END,
		CASE WHEN r.is_candle THEN r.low WHEN r.piece = 1 THEN r.close END,
		CASE WHEN r.is_candle OR r.piece = 1 THEN r.close END,
		CASE WHEN r.is_candle THEN r.volume WHEN r.piece = 1 THEN 0 END,
		CASE WHEN r.is_candle THEN r.quote_volume WHEN r.piece = 1 THEN 0 END
	FROM (
		SELECT interval_ceil($2, $3) AS first, greatest(interval_ceil($2, $3), interval_ceil($2, $4)) AS past,
			market_data_grid_step($2, $3, $4) AS step, market_data_floor($1, $2) AS floor, market_data_due($2, now()) AS due,
			market_data_grid_check($1, $2) AS checked
		OFFSET 0 -- computed once, not for each row
	) AS w
	CROSS JOIN LATERAL (
		SELECT coalesce(range_agg(tstzrange(a.first, greatest(a.first, a.past))), '{}')
		FROM market_data_coverage AS c CROSS JOIN market_data_lost() AS l(lost)
		CROSS JOIN LATERAL unnest((c.covered - l.lost) * tstzmultirange(tstzrange(w.floor, NULL))) AS f(span) CROSS JOIN LATERAL (
			SELECT interval_ceil($2, lower(f.span)), interval_floor($2, upper(f.span))
		) AS a(first, past)
		WHERE c.symbol = $1 AND c.interval = $2 AND f.span && tstzrange(w.first, w.past)
	) AS c(covered)
	CROSS JOIN LATERAL (
		SELECT tstzmultirange(tstzrange(w.first, w.past)) - c.covered, coalesce((
			SELECT CASE WHEN s.ended_at IS NULL THEN tstzmultirange(tstzrange(b.first, greatest(b.first, b.past))) ELSE '{}' END
			FROM market_data_series AS s
			CROSS JOIN LATERAL (
				SELECT interval_ceil($2, greatest(s.wanted_from, s.listed_from, s.retained_from)),
					coalesce(interval_ceil($2, s.wanted_until), 'infinity')
			) AS b(first, past)
			WHERE s.symbol = $1 AND s.interval = $2
		), '{(,)}'), coalesce((
			SELECT range_agg(tstzrange(interval_ceil($2, lower(f.span)), greatest(interval_ceil($2, lower(f.span)), interval_floor($2, upper(f.span)))))
			FROM market_data_unobtainable AS u CROSS JOIN LATERAL unnest(u.spans) AS f(span)
			WHERE u.symbol = $1 AND u.interval = $2 AND f.span && tstzrange(w.first, w.past)
		), '{}'), tstzmultirange(tstzrange(w.due, NULL))
	) AS o(uncovered, wanted, refused, early)
	CROSS JOIN LATERAL (
		SELECT g.at, g.at = g.begins AND g.open IS NOT NULL, g.piece, g.is_unconfirmed, g.open, g.high, g.low, g.close, g.volume,
			g.quote_volume
		FROM (
			SELECT generate_series(s.begins, s.ends - w.step, w.step) AS at, s.*
			FROM (
				SELECT e.begins, lead(e.begins, 1, w.past AT TIME ZONE 'UTC') OVER so_far AS ends,
					(max(e.piece) OVER so_far & 7)::integer AS piece, e.is_unconfirmed,
					e.open, e.high, e.low, e.close, e.volume, e.quote_volume
				FROM (
					SELECT p.first - interval '1 microsecond', p.first AT TIME ZONE 'UTC',
						(extract(epoch FROM p.first) * 1000000)::bigint * 8 + p.kind, false,
						NULL::numeric, NULL::numeric, NULL::numeric, p.close, NULL::numeric, NULL::numeric
					FROM (
						SELECT 1, greatest(lower(f.span), w.first), (
							SELECT m.close FROM market_data AS m
							WHERE m.symbol = $1 AND m.interval = $2 AND m.timestamp >= lower(f.span)
								AND m.timestamp < greatest(lower(f.span), w.first)
								AND m.timestamp = interval_floor($2, m.timestamp)
							ORDER BY m.timestamp DESC LIMIT 1
						)
						FROM unnest(c.covered) AS f(span) WHERE f.span && tstzrange(w.first, w.past)
						UNION ALL
						SELECT 2, lower(u.span), NULL FROM unnest(o.uncovered * o.wanted - o.refused - o.early) AS u(span)
						UNION ALL
						SELECT 3, lower(u.span), NULL FROM unnest(o.uncovered * o.wanted * o.refused - o.early) AS u(span)
						UNION ALL
						SELECT 4, lower(u.span), NULL FROM unnest(o.uncovered - o.wanted) AS u(span)
						UNION ALL
						SELECT 5, lower(u.span), NULL FROM unnest(o.uncovered * o.wanted * o.early) AS u(span)
					) AS p(kind, first, close)
					UNION ALL
					SELECT m.timestamp, m.timestamp AT TIME ZONE 'UTC', NULL, candle_is_unconfirmed($2, m.timestamp, m.fetched_at),
						m.open, m.high, m.low, m.close, m.volume, m.quote_volume
					FROM market_data AS m
					WHERE m.symbol = $1 AND m.interval = $2 AND m.timestamp >= greatest(w.first, w.floor) AND m.timestamp < w.past
						AND m.timestamp AT TIME ZONE 'UTC' = CASE $2
							WHEN '1M' THEN date_trunc('month', m.timestamp AT TIME ZONE 'UTC')
							ELSE date_bin(w.step, m.timestamp AT TIME ZONE 'UTC', w.first AT TIME ZONE 'UTC')
						END
				) AS e(sorted_at, begins, piece, is_unconfirmed, open, high, low, close, volume, quote_volume)
				WINDOW so_far AS (ORDER BY e.sorted_at ROWS UNBOUNDED PRECEDING)
			) AS s
		) AS g
	) AS r(at, is_candle, piece, is_unconfirmed, open, high, low, close, volume, quote_volume)
	WHERE w.checked
$$;
