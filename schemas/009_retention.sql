-- Retention and an end: rows, coverage and what is wanted go together (gapless-writer retain, end).
--
-- Lock: none here. Duration: moments. Programs of the version before may run beside it; they do not know retained_from and
-- ended_at, though, and bring back what was given up, so stop them before the first `retain` or `end`.
--
-- The functions run as their owner, and are for writers: GRANT EXECUTE (docs/upgrade.md). Nobody else may give up data.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- What must not be stored, covered or fetched of a series: everything before this. -infinity if nothing is given up.
--
-- A writer asks once for all series of a batch, in the batch's transaction and after its locks, for which retain waits, so that no
-- older row comes in behind it:
--	SELECT symbol, interval, retained_from FROM market_data_series WHERE retained_from IS NOT NULL
-- leaves out the candles before it, counts them, and covers excluded.covered * tstzmultirange(tstzrange(retained_from, NULL)). A
-- producer plans from greatest(wanted_from, listed_from, retained_from) on, and nothing of a series whose ended_at is set.
CREATE FUNCTION market_data_floor(of_symbol text, of_interval text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
	SELECT coalesce((SELECT s.retained_from FROM market_data_series AS s WHERE s.symbol = of_symbol AND s.interval = of_interval),
		'-infinity')
$$;

-- How long a retention policy of TimescaleDB's keeps rows of market_data; NULL if there is none. What it drops goes for all
-- intervals.
CREATE FUNCTION market_data_policy() RETURNS interval
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	kept interval;
BEGIN
	IF market_data_hypertable_home(to_regclass('market_data')) IS NOT NULL THEN
		EXECUTE 'SELECT min((j.config ->> ''drop_after'')::interval) FROM timescaledb_information.jobs AS j
				JOIN pg_class AS c ON c.relname = j.hypertable_name
				JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = j.hypertable_schema
				WHERE j.proc_name = ''policy_retention'' AND c.oid = to_regclass(''market_data'')'
			INTO kept;
	END IF;
	RETURN kept;
END
$$;

-- From where on each series is kept, at an instant: names and seconds are those of --keep; a policy counts for every interval.
-- symbols: patterns of LIKE, or NULL for all.
CREATE FUNCTION market_data_retention(names text[], seconds bigint[], symbols text[], as_of timestamptz)
RETURNS TABLE (symbol text, "interval" text, retained_from timestamptz, was timestamptz)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
	SELECT s.symbol, s.interval, k.floor, s.retained_from
	FROM market_data_series AS s
	LEFT JOIN unnest(names, seconds) AS g(name, seconds) ON g.name = s.interval
	CROSS JOIN LATERAL (SELECT interval_floor(s.interval, as_of - least(make_interval(secs => g.seconds),
		make_interval(secs => extract(epoch FROM market_data_policy()))))) AS k(floor)
	WHERE k.floor > coalesce(s.retained_from, '-infinity') AND (symbols IS NULL OR s.symbol LIKE ANY (symbols))
$$;

-- The first step: from here on nothing older is wanted, covered, or stored. The rows go afterwards, piece by piece. Returns the
-- series that have moved.
CREATE FUNCTION market_data_retain(names text[], seconds bigint[], symbols text[], as_of timestamptz)
RETURNS TABLE (symbol text, "interval" text, retained_from timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM market_data_retention(names, seconds, symbols, as_of)) THEN
		RETURN;
	END IF;
	LOCK TABLE ONLY market_data IN ROW EXCLUSIVE MODE;
	LOCK TABLE ONLY market_data_coverage IN SHARE ROW EXCLUSIVE MODE;
	RETURN QUERY UPDATE market_data_series AS s SET retained_from = r.retained_from
		FROM market_data_retention(names, seconds, symbols, as_of) AS r
		WHERE s.symbol = r.symbol AND s.interval = r.interval RETURNING s.symbol, s.interval, s.retained_from;
	UPDATE market_data_coverage AS c SET covered = c.covered * tstzmultirange(tstzrange(s.retained_from, NULL))
		FROM market_data_series AS s WHERE s.symbol = c.symbol AND s.interval = c.interval
			AND c.covered && tstzrange(NULL, s.retained_from);
	UPDATE market_data_unobtainable AS u SET spans = u.spans * tstzmultirange(tstzrange(s.retained_from, NULL))
		FROM market_data_series AS s WHERE s.symbol = u.symbol AND s.interval = u.interval
			AND u.spans && tstzrange(NULL, s.retained_from);
END
$$;

-- Takes a retention back: what was given up is wanted again, as far as it was, and fetched as far as the exchange has it.
CREATE FUNCTION market_data_retain_all(names text[], symbols text[]) RETURNS SETOF market_data_series
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
	UPDATE market_data_series AS s SET retained_from = NULL
	WHERE s.retained_from IS NOT NULL AND s.interval = ANY (names) AND (symbols IS NULL OR s.symbol LIKE ANY (symbols))
	RETURNING s.*
$$;

-- Series that have rows which are given up. before: infinity where all of them are.
CREATE FUNCTION market_data_given_up(symbols text[]) RETURNS TABLE (symbol text, "interval" text, before timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
	SELECT s.symbol, s.interval, s.retained_from FROM market_data_series AS s
	WHERE s.retained_from IS NOT NULL AND (symbols IS NULL OR s.symbol LIKE ANY (symbols))
		AND EXISTS (SELECT FROM market_data AS m WHERE m.symbol = s.symbol AND m.interval = s.interval
			AND m.timestamp < s.retained_from)
	ORDER BY s.symbol, s.interval
$$;

-- Removes the oldest rows of a series that are given up, some n of them: those before its retained_from, or all of a series that
-- has ended (everything = true). Returns how many.
CREATE FUNCTION market_data_remove(of_symbol text, of_interval text, everything boolean, n integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	before timestamptz;
	upto timestamptz;
	removed bigint;
BEGIN
	SELECT CASE WHEN NOT everything THEN s.retained_from WHEN s.ended_at IS NOT NULL THEN 'infinity' END INTO before
		FROM market_data_series AS s WHERE s.symbol = of_symbol AND s.interval = of_interval;
	SELECT m.timestamp INTO upto FROM market_data AS m
		WHERE m.symbol = of_symbol AND m.interval = of_interval AND m.timestamp < before
		ORDER BY m.timestamp OFFSET n LIMIT 1;
	DELETE FROM market_data AS m
		WHERE m.symbol = of_symbol AND m.interval = of_interval AND m.timestamp < coalesce(upto, before);
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;

-- Drops one chunk all of whose rows are given up. Returns what it was, or nothing if there is none.
CREATE FUNCTION market_data_drop_chunk() RETURNS TABLE (dropped text, range_start timestamptz, range_end timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	home name := market_data_hypertable_home(to_regclass('market_data'));
	k record;
	kept boolean;
BEGIN
	IF home IS NULL OR NOT pg_try_advisory_xact_lock(29099052180763508) THEN -- another one is at it
		RETURN;
	END IF;
	FOR k IN SELECT c.chunk, c.range_start, c.range_end FROM market_data_chunks() AS c
		WHERE c.range_end <= (SELECT max(s.retained_from) FROM market_data_series AS s) ORDER BY c.range_start
	LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s AS m LEFT JOIN market_data_series AS s ON s.symbol = m.symbol
			AND s.interval = m.interval WHERE s.retained_from IS NULL OR m.timestamp >= s.retained_from)', k.chunk) INTO kept;
		CONTINUE WHEN kept;
		dropped := k.chunk::text;
		range_start := k.range_start;
		range_end := k.range_end;
		EXECUTE format('SELECT %I.drop_chunks(''market_data'', older_than => $1, newer_than => $2)', home)
			USING k.range_end, k.range_start;
		DELETE FROM market_data_chunk AS c WHERE c.range_start = k.range_start AND c.range_end = k.range_end;
		RETURN NEXT;
		RETURN;
	END LOOP;
END
$$;

-- Ends what is wanted of series, and with purge their coverage as well (their rows go afterwards: market_data_remove). Returns
-- the series that it was ended of, or is to be purged.
CREATE FUNCTION market_data_end(symbols text[], names text[], purge boolean) RETURNS TABLE (symbol text, "interval" text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	LOCK TABLE ONLY market_data IN ROW EXCLUSIVE MODE;
	LOCK TABLE ONLY market_data_coverage IN SHARE ROW EXCLUSIVE MODE;
	IF purge THEN
		DELETE FROM market_data_unobtainable AS u WHERE u.symbol LIKE ANY (symbols) AND (names IS NULL OR u.interval = ANY (names));
		UPDATE market_data_coverage AS c SET covered = '{}'
			WHERE c.symbol LIKE ANY (symbols) AND (names IS NULL OR c.interval = ANY (names)) AND c.covered <> '{}';
	END IF;
	RETURN QUERY UPDATE market_data_series AS s SET ended_at = coalesce(s.ended_at, now()), state = 'ended'
		WHERE s.symbol LIKE ANY (symbols) AND (names IS NULL OR s.interval = ANY (names)) AND (purge OR s.ended_at IS NULL)
		RETURNING s.symbol, s.interval;
END
$$;

REVOKE EXECUTE ON FUNCTION market_data_retain(text[], bigint[], text[], timestamptz), market_data_retain_all(text[], text[]),
	market_data_given_up(text[]), market_data_remove(text, text, boolean, integer), market_data_drop_chunk(),
	market_data_end(text[], text[], boolean) FROM PUBLIC;
