-- How the guard (008) sees the rows that a DELETE takes from a hypertable. TimescaleDB allows no columnstore on a table that has a
-- trigger with a transition table: there the rows are gathered one by one, and judged together at the end of the statement. And
-- chunks that a policy drops while we look at them are no error; two that remove rows at once do not take each other's for the last.
--
-- Lock: none here. What migrate does at the end, on a hypertable: ACCESS EXCLUSIVE on market_data for moments
-- (market_data_protect). Programs of the version before may run beside it.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Between its rows and the end of a DELETE; empty otherwise. Whoever writes here has the guard's lock, so that all of it is of one
-- transaction. UNLOGGED: a crash takes it together with the transaction, and a publication leaves it out.
CREATE UNLOGGED TABLE market_data_deleted (
	symbol     text COLLATE "C" NOT NULL,
	interval   text COLLATE "C" NOT NULL,
	timestamp  timestamptz      NOT NULL
);
COMMENT ON TABLE market_data_deleted IS 'Rows that a DELETE is just taking from a hypertable; empty otherwise';

CREATE FUNCTION market_data_guard_gather() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO market_data_deleted VALUES (OLD.symbol, OLD.interval, OLD.timestamp);
	RETURN NULL;
END
$$;

-- As in 008. With an argument it is a hypertable's, and its rows were gathered.
CREATE OR REPLACE FUNCTION market_data_guard_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	rows_of name := coalesce(TG_ARGV[0], 'deleted');
	total bigint;
	x record;
BEGIN
	EXECUTE format('SELECT count(*) FROM %I', rows_of) INTO total;
	IF total > 1000000 THEN
		FOR x IN EXECUTE format('SELECT d.symbol, d.interval,
				tstzmultirange(tstzrange(min(d.timestamp), interval_add(d.interval, max(d.timestamp), 1))) AS gone
			FROM %I AS d WHERE interval_length(d.interval) IS NOT NULL
			GROUP BY d.symbol, d.interval ORDER BY d.symbol COLLATE "C", d.interval COLLATE "C"', rows_of)
		LOOP
			PERFORM market_data_uncover(x.symbol, x.interval, x.gone);
		END LOOP;
	ELSIF total > 0 THEN
		FOR x IN EXECUTE format('SELECT d.symbol, d.interval,
				range_agg(tstzrange(d.timestamp, (d.timestamp AT TIME ZONE ''UTC'' + s.step) AT TIME ZONE ''UTC'')) AS gone
			FROM %I AS d JOIN (SELECT n.interval, interval_length(n.interval) FROM %1$I AS n GROUP BY n.interval)
				AS s("interval", step) ON s.interval = d.interval AND s.step IS NOT NULL
			GROUP BY d.symbol, d.interval ORDER BY d.symbol COLLATE "C", d.interval COLLATE "C"', rows_of)
		LOOP
			PERFORM market_data_uncover(x.symbol, x.interval, x.gone);
		END LOOP;
	END IF;
	IF TG_NARGS > 0 AND total > 0 THEN
		EXECUTE format('DELETE FROM %I', rows_of);
	END IF;
	RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION market_data_guards(target regclass) RETURNS TABLE (name name, definition text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
	SELECT v.name, format(v.definition, target) FROM (VALUES
		(true, true, 'market_data_guard_delete'::name, 'BEFORE DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_lock()'),
		(true, true, 'market_data_guard_move', 'BEFORE UPDATE OF symbol, interval, timestamp ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_lock()'),
		(true, true, 'market_data_guard_moved', 'AFTER UPDATE OF symbol, interval, timestamp ON %s FOR EACH ROW WHEN ((old.symbol, old.interval, old.timestamp)
			IS DISTINCT FROM (new.symbol, new.interval, new.timestamp)) EXECUTE FUNCTION market_data_guard_row()'),
		(true, true, 'market_data_guard_truncate', 'BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_lock()'),
		(true, true, 'market_data_guard_truncated', 'AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_truncated()'),
		(true, false, 'market_data_guard_deleted', 'AFTER DELETE ON %s REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_deleted()'),
		(false, true, 'market_data_guard_gather', 'AFTER DELETE ON %s FOR EACH ROW EXECUTE FUNCTION market_data_guard_gather()'),
		(false, true, 'market_data_guard_gathered', 'AFTER DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION market_data_guard_deleted(''market_data_deleted'')')
	) AS v(plain, hyper, name, definition)
	WHERE CASE WHEN market_data_hypertable_home(target) IS NULL THEN v.plain ELSE v.hyper END
$$;

-- As in 008; what guards another kind of table, or guarded it before 015, goes.
CREATE OR REPLACE FUNCTION market_data_protect() RETURNS SETOF text
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
	FOR x IN SELECT t.tgname FROM pg_trigger AS t WHERE t.tgrelid = target AND t.tgname LIKE 'market\_data\_guard\_%'
		AND NOT EXISTS (SELECT FROM market_data_guards(target) AS g WHERE g.name = t.tgname)
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', x.tgname, target);
		RETURN NEXT format('the trigger %s of market_data is dropped', x.tgname);
	END LOOP;
	IF obj_description(target, 'pg_class') IS NULL THEN
		COMMENT ON TABLE market_data IS 'Candles, each once, as the exchange sent them; key (symbol, interval, timestamp)';
	END IF;
	IF NOT EXISTS (SELECT FROM market_data_guarded) THEN
		INSERT INTO market_data_guarded (relation, coverage) VALUES (target, 'market_data_coverage'::regclass);
	END IF;
END
$$;

-- As in 008; a chunk that is dropped meanwhile is none.
CREATE OR REPLACE FUNCTION market_data_chunks() RETURNS TABLE (chunk regclass, range_start timestamptz, range_end timestamptz)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF market_data_hypertable_home(to_regclass('market_data')) IS NOT NULL THEN
		RETURN QUERY EXECUTE 'SELECT * FROM (SELECT to_regclass(format(''%I.%I'', k.chunk_schema, k.chunk_name)) AS chunk, k.range_start, k.range_end
			FROM timescaledb_information.chunks AS k JOIN pg_class AS c ON c.relname = k.hypertable_name
			JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = k.hypertable_schema
			WHERE c.oid = to_regclass(''market_data'')) AS there WHERE chunk IS NOT NULL';
	END IF;
END
$$;

-- As in 009; the same.
CREATE OR REPLACE FUNCTION market_data_drop_chunk() RETURNS TABLE (dropped text, range_start timestamptz, range_end timestamptz)
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
		BEGIN
			EXECUTE format('SELECT EXISTS (SELECT FROM %s AS m LEFT JOIN market_data_series AS s ON s.symbol = m.symbol
				AND s.interval = m.interval WHERE s.retained_from IS NULL OR m.timestamp >= s.retained_from)', k.chunk) INTO kept;
		EXCEPTION WHEN undefined_table THEN -- a policy was faster
			CONTINUE;
		END;
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

-- As in 009; it takes the guard's lock before it looks for the oldest rows, which another one may just be removing.
CREATE OR REPLACE FUNCTION market_data_remove(of_symbol text, of_interval text, everything boolean, n integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	before timestamptz;
	upto timestamptz;
	removed bigint;
BEGIN
	LOCK TABLE ONLY market_data IN ROW EXCLUSIVE MODE;
	LOCK TABLE ONLY market_data_coverage IN SHARE ROW EXCLUSIVE MODE;
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
