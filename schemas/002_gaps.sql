-- Gaps: wanted and not covered. Everything here computes in UTC, whatever the session's time zone: absolute
-- lengths in hours (a "day" would be 23 or 25 of them under daylight saving), months by the UTC calendar.

-- Length of an interval; NULL if there is no such interval.
CREATE FUNCTION interval_length(name text) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT CASE name
		WHEN '1s' THEN interval '1 second'
		WHEN '1m' THEN interval '1 minute'
		WHEN '3m' THEN interval '3 minutes'
		WHEN '5m' THEN interval '5 minutes'
		WHEN '10m' THEN interval '10 minutes'
		WHEN '15m' THEN interval '15 minutes'
		WHEN '30m' THEN interval '30 minutes'
		WHEN '1h' THEN interval '1 hour'
		WHEN '4h' THEN interval '4 hours'
		WHEN '1d' THEN interval '24 hours'
		WHEN '1w' THEN interval '168 hours'
		WHEN '1M' THEN interval '1 month'
	END
$$;

-- Start of the interval that contains the instant: weeks begin on Mondays, months on the first, everything
-- else counts from 1970-01-01T00:00Z.
CREATE FUNCTION interval_floor(name text, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT CASE name
		WHEN '1M' THEN date_trunc('month', u.at)
		WHEN '1w' THEN date_bin(interval '168 hours', u.at, timestamp '1970-01-05')
		ELSE date_bin(interval_length(name), u.at, timestamp '1970-01-01')
	END AT TIME ZONE 'UTC'
	FROM (SELECT $2 AT TIME ZONE 'UTC') AS u(at)
$$;

-- The instant n intervals after the grid point.
CREATE FUNCTION interval_add(name text, at timestamptz, n integer) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT (at AT TIME ZONE 'UTC' + n * interval_length(name)) AT TIME ZONE 'UTC'
$$;

-- First grid point that is not before the instant.
CREATE FUNCTION interval_ceil(name text, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT CASE WHEN f.at < $2 THEN interval_add(name, f.at, 1) ELSE f.at END
	FROM (SELECT interval_floor(name, $2)) AS f(at)
$$;

-- Up to where everything must be there at an instant: what ended a grace ago. The grace is the 60 s until a
-- candle is final, one interval for the poll that reads it, and 5 minutes for the tail of a quiet market.
CREATE FUNCTION market_data_due(name text, as_of timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT interval_floor(name, interval_add(name, as_of, -1) - interval '360 seconds')
$$;

-- Gaps of all series as seen at an instant; the exchange's clock need not be the server's.
CREATE FUNCTION market_data_gaps_at(as_of timestamptz)
RETURNS TABLE (symbol text, "interval" text, gap_from timestamptz, gap_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT w.symbol, w.interval, lower(g.span), upper(g.span)
	FROM (
		SELECT s.symbol, s.interval,
			interval_ceil(s.interval, greatest(s.wanted_from, s.listed_from)) AS wanted_from,
			least(interval_ceil(s.interval, s.wanted_until),
				market_data_due(s.interval, as_of)) AS wanted_to
		FROM market_data_series AS s
	) AS w
	LEFT JOIN market_data_coverage AS c ON c.symbol = w.symbol AND c.interval = w.interval
	CROSS JOIN LATERAL unnest(
		tstzmultirange(tstzrange(w.wanted_from, greatest(w.wanted_from, w.wanted_to)))
		- coalesce(c.covered, '{}')
	) AS g(span)
$$;

CREATE VIEW market_data_gap AS
	SELECT g.symbol, g.interval, g.gap_from, g.gap_to FROM market_data_gaps_at(now()) AS g;
