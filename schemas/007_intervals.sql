-- The functions of 002 and 003 about intervals again, for every search_path: their bodies name what they mean once and for all
-- (a body in quotes is looked up where it is used). And what is due when.
--
-- Lock: none on tables. Duration: moments. Programs of the version before may run beside it.

-- Not STRICT, so that it is inlined; NULL gives NULL.
CREATE OR REPLACE FUNCTION interval_length(name text) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE name
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
END;

CREATE OR REPLACE FUNCTION interval_floor(name text, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE name
	WHEN '1M' THEN date_trunc('month', at AT TIME ZONE 'UTC')
	WHEN '1w' THEN date_bin(interval '168 hours', at AT TIME ZONE 'UTC', timestamp '1970-01-05')
	ELSE date_bin(interval_length(name), at AT TIME ZONE 'UTC', timestamp '1970-01-01')
END AT TIME ZONE 'UTC';

CREATE OR REPLACE FUNCTION interval_add(name text, at timestamptz, n integer) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (at AT TIME ZONE 'UTC' + n * interval_length(name)) AT TIME ZONE 'UTC';

CREATE OR REPLACE FUNCTION interval_ceil(name text, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
	SELECT CASE WHEN f.at < $2 THEN interval_add(name, f.at, 1) ELSE f.at END
	FROM (SELECT interval_floor(name, $2)) AS f(at)
);

CREATE OR REPLACE FUNCTION interval_count(name text, "from" timestamptz, "to" timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
	SELECT greatest(0, CASE $1
		WHEN '1M' THEN (extract(year FROM b.at) - extract(year FROM a.at)) * 12
			+ extract(month FROM b.at) - extract(month FROM a.at)
		ELSE extract(epoch FROM b.at - a.at) / extract(epoch FROM interval_length($1))
	END)::bigint
	FROM (SELECT interval_ceil($1, $2) AT TIME ZONE 'UTC') AS a(at), (SELECT interval_floor($1, $3) AT TIME ZONE 'UTC') AS b(at)
);

-- The end of what must be there at an instant: what ended a grace ago, which is the same for every interval: 60 s until a
-- candle is final, 60 s for the poll that reads it, and 5 minutes for the tail of a quiet market.
CREATE OR REPLACE FUNCTION market_data_due(name text, as_of timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN interval_floor(name, as_of - interval '420 seconds');

-- No final read has confirmed the row: what is stored was read less than 60 s after the candle's end, or by nobody
-- (fetched_at is -infinity). Not STRICT, so that it is inlined.
CREATE FUNCTION candle_is_unconfirmed(name text, at timestamptz, fetched_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN fetched_at AT TIME ZONE 'UTC' < at AT TIME ZONE 'UTC' + interval_length(name) + interval '60 seconds';
