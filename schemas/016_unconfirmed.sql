-- What no final read has confirmed, asked without the name of a time zone, which the server looks up in a list each time: the
-- predicate of an index asks it of every row that comes.
--
-- Lock: none. Duration: moments. The answer is the same, so the index stays as it is. Programs of the version before may run
-- beside it.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- As 007 has it. UTC is no offset at all; infinity stays what it is.
CREATE OR REPLACE FUNCTION candle_is_unconfirmed(name text, at timestamptz, fetched_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN fetched_at AT TIME ZONE interval '0' < at AT TIME ZONE interval '0' + interval_length(name) + interval '60 seconds';
