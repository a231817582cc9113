-- Dead letters: to be read by people, and not kept for ever.
--
-- Lock: SHARE on candle_dead_letter for an index. Duration: under a second, as it is small. Programs of the version before may run
-- beside it.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Bytes as text, if they are text; as \x and hexadecimal digits otherwise.
CREATE FUNCTION bytes_as_text(bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN convert_from(bytes, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
	RETURN bytes::text;
END
$$;

CREATE VIEW candle_dead_letter_text AS
	SELECT d.topic, d.partition, d."offset", bytes_as_text(d.key) AS key, bytes_as_text(d.value) AS value, d.reason, d.seen_at
	FROM candle_dead_letter AS d;
COMMENT ON VIEW candle_dead_letter_text IS 'candle_dead_letter with key and value as text';

CREATE INDEX candle_dead_letter_seen_at ON candle_dead_letter (seen_at);

-- Removes at most n dead letters that are older than so many seconds, the oldest first. Returns how many.
CREATE FUNCTION candle_dead_letter_remove(seconds bigint, n integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
	WITH removed AS (
		DELETE FROM candle_dead_letter AS d WHERE (d.topic, d.partition, d."offset") IN (
			SELECT o.topic, o.partition, o."offset" FROM candle_dead_letter AS o
			WHERE o.seen_at < now() - make_interval(secs => $1) ORDER BY o.seen_at LIMIT $2)
		RETURNING true)
	SELECT count(*) FROM removed
$$;
REVOKE EXECUTE ON FUNCTION candle_dead_letter_remove(bigint, integer) FROM PUBLIC;
