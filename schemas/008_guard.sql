-- The database guards its own coverage: rows that go by DELETE, by an UPDATE that moves their key, by TRUNCATE, by a drop of
-- chunks, or because another table is put in the place of market_data, never turn into "no trade".
--
-- Lock: none here on tables. What migrate does at the end: SHARE on market_data (others read, but do not write) while it builds an
-- index in which next to no row lies, one scan of the table, a minute or so for 100 million rows; then ACCESS EXCLUSIVE for
-- moments (market_data_protect). Programs of the version before may run beside it.
--
-- How it is safe: a writer locks market_data and market_data_coverage (ROW EXCLUSIVE) before it reads or writes a row. Before
-- a statement that takes rows away does anything, its trigger locks the coverage against that, as `forget` does. So a
-- transaction that has seen a row has covered it by then, which the trigger sees, or it begins after the row is gone. The
-- trigger functions run as their owner: whoever may DELETE need not have any right on the coverage.
--
-- Not seen: what is deleted with session_replication_role = replica, or from a chunk directly.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Takes spans of a series out of its coverage. Of more than 1,000 fragments the hull goes: it is fetched again at once, while
-- many fragments would make each update of the coverage slow for good. In a snapshot that is older than the lock (REPEATABLE
-- READ) a coverage that is not visible must fail, not be overlooked: hence the upsert there.
CREATE FUNCTION market_data_uncover(of_symbol text, of_interval text, gone tstzmultirange) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	IF (SELECT count(*) FROM unnest(gone)) > 1000 THEN
		gone := tstzmultirange(range_merge(gone));
	END IF;
	IF current_setting('transaction_isolation') = 'read committed' THEN
		UPDATE market_data_coverage AS c SET covered = c.covered - gone
			WHERE c.symbol = of_symbol AND c.interval = of_interval AND c.covered && gone;
	ELSE
		INSERT INTO market_data_coverage AS c (symbol, interval) VALUES (of_symbol, of_interval)
			ON CONFLICT (symbol, interval) DO UPDATE SET covered = c.covered - gone WHERE c.covered && gone;
	END IF;
END
$$;

CREATE FUNCTION market_data_guard_lock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	LOCK TABLE ONLY market_data_coverage IN SHARE ROW EXCLUSIVE MODE;
	RETURN NULL;
END
$$;

-- Of more than a million rows the hull of each series goes: their spans would have to be held in memory.
CREATE FUNCTION market_data_guard_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	total bigint := (SELECT count(*) FROM deleted);
	x record;
BEGIN
	IF total > 1000000 THEN
		FOR x IN SELECT d.symbol, d.interval, tstzmultirange(tstzrange(min(d.timestamp), interval_add(d.interval, max(d.timestamp), 1)))
				AS gone
			FROM deleted AS d WHERE interval_length(d.interval) IS NOT NULL
			GROUP BY d.symbol, d.interval ORDER BY d.symbol COLLATE "C", d.interval COLLATE "C"
		LOOP
			PERFORM market_data_uncover(x.symbol, x.interval, x.gone);
		END LOOP;
	ELSIF total > 0 THEN
		FOR x IN SELECT d.symbol, d.interval, range_agg(tstzrange(d.timestamp, (d.timestamp AT TIME ZONE 'UTC' + s.step) AT TIME ZONE 'UTC'))
				AS gone
			FROM deleted AS d JOIN (SELECT n.interval, interval_length(n.interval) FROM deleted AS n GROUP BY n.interval)
				AS s("interval", step) ON s.interval = d.interval AND s.step IS NOT NULL
			GROUP BY d.symbol, d.interval ORDER BY d.symbol COLLATE "C", d.interval COLLATE "C"
		LOOP
			PERFORM market_data_uncover(x.symbol, x.interval, x.gone);
		END LOOP;
	END IF;
	RETURN NULL;
END
$$;

-- A row at a time: where a key moves, and on hypertables before TimescaleDB 2.18, which have no transition tables.
CREATE FUNCTION market_data_guard_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF interval_length(OLD.interval) IS NOT NULL THEN
		PERFORM market_data_uncover(OLD.symbol, OLD.interval,
			tstzmultirange(tstzrange(OLD.timestamp, interval_add(OLD.interval, OLD.timestamp, 1))));
	END IF;
	IF TG_OP = 'UPDATE' AND interval_length(NEW.interval) IS NOT NULL THEN
		PERFORM market_data_uncover(NEW.symbol, NEW.interval,
			tstzmultirange(tstzrange(NEW.timestamp, interval_add(NEW.interval, NEW.timestamp, 1))));
	END IF;
	RETURN NULL;
END
$$;

CREATE FUNCTION market_data_guard_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE feature_not_supported USING MESSAGE = 'market_data is truncated in READ COMMITTED only: its coverage must go with it',
			HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED';
	END IF;
	UPDATE market_data_coverage SET covered = '{}' WHERE covered <> '{}';
	RETURN NULL;
END
$$;

-- ---- hypertables

-- Where TimescaleDB's functions are, if the table is one of its hypertables; NULL otherwise.
CREATE FUNCTION market_data_hypertable_home(target regclass) RETURNS name
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	home name := (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
		WHERE e.extname = 'timescaledb');
	there boolean := false;
BEGIN
	IF home IS NOT NULL THEN
		EXECUTE 'SELECT EXISTS (SELECT FROM timescaledb_information.hypertables AS h JOIN pg_class AS c ON c.relname = h.hypertable_name
				JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = h.hypertable_schema WHERE c.oid = $1)'
			INTO there USING target;
	END IF;
	RETURN CASE WHEN there THEN home END;
END
$$;

-- 2018 for 2.18; NULL without TimescaleDB.
CREATE FUNCTION timescaledb_release() RETURNS integer
LANGUAGE sql STABLE
RETURN (
	SELECT substring(e.extversion FROM '^(\d+)')::int * 1000 + substring(e.extversion FROM '^\d+\.(\d+)')::int
	FROM pg_extension AS e WHERE e.extname = 'timescaledb'
);

-- The chunks of market_data; none if it is a plain table.
CREATE FUNCTION market_data_chunks() RETURNS TABLE (chunk regclass, range_start timestamptz, range_end timestamptz)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF market_data_hypertable_home(to_regclass('market_data')) IS NOT NULL THEN
		RETURN QUERY EXECUTE 'SELECT format(''%I.%I'', k.chunk_schema, k.chunk_name)::regclass, k.range_start, k.range_end
			FROM timescaledb_information.chunks AS k JOIN pg_class AS c ON c.relname = k.hypertable_name
			JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = k.hypertable_schema
			WHERE c.oid = to_regclass(''market_data'')';
	END IF;
END
$$;

-- ---- what triggers cannot see

-- Where the coverage is not to be believed: everywhere if market_data is another table than it was about, and where chunks were
-- dropped. What reads the coverage subtracts it, until market_data_reconcile() has.
CREATE FUNCTION market_data_lost() RETURNS tstzmultirange
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF EXISTS (SELECT FROM market_data_guarded AS g WHERE g.relation IS DISTINCT FROM to_regclass('market_data')::oid
			AND g.coverage = 'market_data_coverage'::regclass::oid) THEN
		RETURN '{(,)}';
	END IF;
	IF NOT EXISTS (SELECT FROM market_data_chunk) THEN
		RETURN '{}';
	END IF;
	RETURN (SELECT coalesce(range_agg(tstzrange(s.range_start, s.range_end)), '{}') FROM market_data_chunk AS s)
		- (SELECT coalesce(range_agg(tstzrange(k.range_start, k.range_end)), '{}') FROM market_data_chunks() AS k);
END
$$;

-- Makes the coverage true again after what triggers cannot see, and remembers the chunks that there are. Where the oldest chunks
-- were dropped, as a retention policy does, that is retention: nobody fetches it again. A chunk dropped from the middle is
-- fetched again. Returns a sentence for each thing that it found. Writers call it when they
-- start, and every few minutes; anybody may, for it does nothing but that.
CREATE FUNCTION market_data_reconcile() RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	lost tstzmultirange;
	floor timestamptz;
	home_oid oid := to_regclass('market_data')::oid;
BEGIN
	IF home_oid IS NULL THEN
		RETURN;
	END IF;
	IF NOT EXISTS (SELECT FROM market_data_guarded AS g WHERE g.relation = home_oid
			AND g.coverage = 'market_data_coverage'::regclass::oid) OR market_data_lost() <> '{}' THEN
		LOCK TABLE ONLY market_data IN ROW EXCLUSIVE MODE; -- in the order in which writers take them
		LOCK TABLE ONLY market_data_coverage IN SHARE ROW EXCLUSIVE MODE;
		lost := market_data_lost();
		IF upper_inf(lost) THEN
			UPDATE market_data_coverage SET covered = '{}' WHERE covered <> '{}';
			DELETE FROM market_data_chunk;
			RETURN NEXT 'market_data is another table than the one that the coverage was about; the coverage is empty now, and everything is fetched again';
		ELSIF lost <> '{}' THEN
			UPDATE market_data_coverage AS c SET covered = c.covered - lost WHERE c.covered && lost;
			floor := (SELECT min(k.range_start) FROM market_data_chunks() AS k);
			floor := (SELECT max(upper(l.span)) FROM unnest(lost) AS l(span) WHERE floor IS NULL OR upper(l.span) <= floor);
			UPDATE market_data_series AS s SET retained_from = interval_ceil(s.interval, floor)
				WHERE floor IS NOT NULL AND (s.retained_from IS NULL OR s.retained_from < interval_ceil(s.interval, floor));
			DELETE FROM market_data_chunk AS k WHERE tstzrange(k.range_start, k.range_end) <@ lost;
			RETURN NEXT format('chunks of market_data were dropped (%s); they are not covered any more%s', lost,
				CASE WHEN floor IS NOT NULL THEN format(', and nothing before %s is wanted', floor) ELSE '' END);
		END IF;
		INSERT INTO market_data_guarded AS g (relation, coverage) VALUES (home_oid, 'market_data_coverage'::regclass::oid)
			ON CONFLICT (only_row) DO UPDATE SET relation = excluded.relation, coverage = excluded.coverage;
	END IF;
	INSERT INTO market_data_chunk SELECT DISTINCT k.range_start, k.range_end FROM market_data_chunks() AS k
		ON CONFLICT DO NOTHING;
END
$$;

-- ---- what market_data must have

-- Which triggers guard it, as CREATE TRIGGER has them after the name.
CREATE FUNCTION market_data_guards(target regclass) RETURNS TABLE (name name, definition text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
	SELECT v.name, format(v.definition, target) FROM (VALUES
		('market_data_guard_delete'::name, 'BEFORE DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_lock()'),
		('market_data_guard_move', 'BEFORE UPDATE OF symbol, interval, timestamp ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_lock()'),
		('market_data_guard_moved', 'AFTER UPDATE OF symbol, interval, timestamp ON %s FOR EACH ROW WHEN ((old.symbol, old.interval, old.timestamp)
			IS DISTINCT FROM (new.symbol, new.interval, new.timestamp)) EXECUTE FUNCTION market_data_guard_row()'),
		('market_data_guard_truncate', 'BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_lock()'),
		('market_data_guard_truncated', 'AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_truncated()'),
		('market_data_guard_deleted', CASE WHEN timescaledb_release() < 2018 AND market_data_hypertable_home(target) IS NOT NULL
			THEN 'AFTER DELETE ON %s FOR EACH ROW EXECUTE FUNCTION market_data_guard_row()'
			ELSE 'AFTER DELETE ON %s REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_deleted()' END)
	) AS v(name, definition)
$$;

-- TimescaleDB makes no hypertable of a table that has them.
CREATE FUNCTION market_data_guards_drop(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	x record;
BEGIN
	FOR x IN SELECT t.tgname FROM pg_trigger AS t JOIN market_data_guards(target) AS g ON g.name = t.tgname WHERE t.tgrelid = target LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', x.tgname, target);
	END LOOP;
END
$$;

-- A replica identity, without which a publication refuses every upsert: the index of the key. A table that has one keeps it.
-- Returns what does not work, or NULL.
CREATE FUNCTION market_data_identify(target regclass) RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	key_index name;
BEGIN
	IF (SELECT c.relreplident = 'f' FROM pg_class AS c WHERE c.oid = target) OR EXISTS (
			SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
			WHERE i.indrelid = target AND (i.indisreplident OR c.relreplident = 'd' AND i.indisprimary)) THEN
		RETURN NULL;
	END IF;
	SELECT c.relname INTO key_index FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
		WHERE i.indrelid = target AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
			AND i.indnkeyatts = 3 AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = target AND NOT a.attnotnull
				AND a.attnum = ANY ((i.indkey::int2[])[0:2]))
			AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute AS a WHERE a.attrelid = target
				AND a.attnum = ANY ((i.indkey::int2[])[0:2])) = '{interval,symbol,timestamp}';
	IF FOUND THEN
		EXECUTE format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', target, key_index);
	END IF;
	RETURN NULL;
EXCEPTION WHEN feature_not_supported THEN
	RETURN format('%s has no replica identity, so that it cannot be published: %s', target, SQLERRM);
END
$$;

-- The rows that no final read has confirmed, next to none: what finds them. True if it was made now. Apart from the rest, since
-- it takes a scan, during which others read, but do not write.
CREATE FUNCTION market_data_index_unconfirmed() RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
			WHERE i.indrelid = to_regclass('market_data') AND c.relname = 'market_data_unconfirmed_row') THEN
		RETURN false;
	END IF;
	CREATE INDEX market_data_unconfirmed_row ON market_data (symbol, interval, timestamp)
		WHERE candle_is_unconfirmed(interval, timestamp, fetched_at);
	RETURN true;
END
$$;

-- Gives market_data what it lacks of that. Does nothing, and needs no privilege, where nothing is missing. Returns a sentence for
-- each thing that was made.
CREATE FUNCTION market_data_protect() RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	target regclass := to_regclass('market_data');
	problem text;
	x record;
BEGIN
	problem := market_data_identify(target);
	IF problem IS NOT NULL THEN
		RETURN NEXT problem;
	END IF;
	FOR x IN SELECT g.name, g.definition FROM market_data_guards(target) AS g
		WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = target AND t.tgname = g.name AND t.tgenabled <> 'D')
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %I %s', x.name, x.definition);
		RETURN NEXT format('the trigger %s of market_data is made', x.name);
	END LOOP;
	IF obj_description(target, 'pg_class') IS NULL THEN
		COMMENT ON TABLE market_data IS 'Candles, each once, as the exchange sent them; key (symbol, interval, timestamp)';
	END IF;
	IF NOT EXISTS (SELECT FROM market_data_guarded) THEN
		INSERT INTO market_data_guarded (relation, coverage) VALUES (target, 'market_data_coverage'::regclass);
	END IF;
END
$$;
