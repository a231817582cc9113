-- Adoption again (004, ADOPT.md): more spellings of markets and intervals, tables that are published or guarded, and the length of
-- a hypertable's chunks.
--
-- Lock: none on tables. Duration: moments (the adoption itself is done by migrate, beside its readers). Programs of the version
-- before may run beside it.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

ALTER FUNCTION market_data_grid_step(text, timestamptz, timestamptz) SET search_path FROM CURRENT;
-- As in 004, by the index of 008.
CREATE OR REPLACE FUNCTION market_data_unmatched_rows() RETURNS TABLE (symbol text, "interval" text, "timestamp" timestamptz, open numeric,
	high numeric, low numeric, close numeric, volume numeric, quote_volume numeric)
LANGUAGE sql STABLE SET search_path FROM CURRENT SET jit = off AS $$
	SELECT m.symbol, m.interval, m.timestamp, m.open, m.high, m.low, m.close, m.volume, m.quote_volume
	FROM market_data AS m JOIN market_data_covered() AS c ON c.symbol = m.symbol AND c.interval = m.interval
	WHERE m.fetched_at = '-infinity' AND candle_is_unconfirmed(m.interval, m.timestamp, m.fetched_at)
		AND c.covered @> tstzrange(m.timestamp, interval_add(m.interval, m.timestamp, 1))
$$;

CREATE OR REPLACE FUNCTION market_data_adoption_rows() RETURNS TABLE (symbol text, "interval" text, adopted bigint, compared bigint,
	unmatched bigint, to_compare bigint)
LANGUAGE sql STABLE SET search_path FROM CURRENT SET jit = off AS $$
	SELECT a.symbol, a.interval, a.adopted, greatest(0, a.adopted - coalesce(l.n, 0)), coalesce(l.unmatched, 0),
		coalesce(l.n - l.unmatched, 0)
	FROM (SELECT d.symbol, d.interval, sum(d.adopted)::bigint FROM market_data_adopted AS d
		JOIN market_data_adoption_run AS r ON r.run = d.run AND r.finished_at IS NOT NULL
		GROUP BY d.symbol, d.interval) AS a(symbol, "interval", adopted)
	LEFT JOIN (
		SELECT m.symbol, m.interval, count(*),
			count(*) FILTER (WHERE c.covered @> tstzrange(m.timestamp, interval_add(m.interval, m.timestamp, 1)))
		FROM market_data AS m LEFT JOIN market_data_covered() AS c ON c.symbol = m.symbol AND c.interval = m.interval
		WHERE m.fetched_at = '-infinity' AND candle_is_unconfirmed(m.interval, m.timestamp, m.fetched_at)
		GROUP BY m.symbol, m.interval
	) AS l(symbol, "interval", n, unmatched) ON l.symbol = a.symbol AND l.interval = a.interval
$$;

COMMENT ON VIEW market_data_unmatched IS 'Adopted rows that the exchange does not have';
COMMENT ON VIEW market_data_adoption IS 'How far the comparison of adopted rows with the exchange is';

-- Our name of a market that another program spells in its own way: BTC/KRW, BTC-KRW, KRW_BTC are KRW-BTC. What prices are quoted in
-- comes first with us; where that cannot be told (BTC_USDT), or there is nothing to tell, the spelling itself.
CREATE FUNCTION market_name(spelling text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
	SELECT CASE
		WHEN p.a IS NULL THEN spelling
		WHEN p.a = ANY (f.fiat) AND p.b <> ALL (f.fiat) THEN p.a || '-' || p.b
		WHEN p.b = ANY (f.fiat) AND p.a <> ALL (f.fiat) OR p.mark = '/' THEN p.b || '-' || p.a
		WHEN p.a = ANY (f.coins) AND p.b <> ALL (f.coins) THEN p.a || '-' || p.b
		WHEN p.b = ANY (f.coins) AND p.a <> ALL (f.coins) THEN p.b || '-' || p.a
		ELSE spelling
	END
	FROM (SELECT substring(spelling FROM '^([A-Z0-9]+)[-/_][A-Z0-9]+$'), substring(spelling FROM '^[A-Z0-9]+[-/_]([A-Z0-9]+)$'),
		substring(spelling FROM '[-/_]')) AS p(a, b, mark),
		(SELECT '{KRW,SGD,IDR,THB}'::text[], '{BTC,USDT}'::text[]) AS f(fiat, coins)
);

-- As in 004, with 1H, 4H, 1D and 1W. 1M is a month, and 1m a minute.
CREATE OR REPLACE FUNCTION interval_name(spelling text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN interval_length($1) IS NOT NULL THEN $1 ELSE CASE lower($1)
	WHEN '1h' THEN '1h' WHEN '4h' THEN '4h' WHEN '1d' THEN '1d' WHEN '1w' THEN '1w'
	WHEN 'second' THEN '1s' WHEN 'seconds' THEN '1s' WHEN '1sec' THEN '1s'
	WHEN 'minute1' THEN '1m' WHEN 'minutes/1' THEN '1m' WHEN '1min' THEN '1m'
	WHEN 'minute3' THEN '3m' WHEN 'minutes/3' THEN '3m' WHEN '3min' THEN '3m'
	WHEN 'minute5' THEN '5m' WHEN 'minutes/5' THEN '5m' WHEN '5min' THEN '5m'
	WHEN 'minute10' THEN '10m' WHEN 'minutes/10' THEN '10m' WHEN '10min' THEN '10m'
	WHEN 'minute15' THEN '15m' WHEN 'minutes/15' THEN '15m' WHEN '15min' THEN '15m'
	WHEN 'minute30' THEN '30m' WHEN 'minutes/30' THEN '30m' WHEN '30min' THEN '30m'
	WHEN 'minute60' THEN '1h' WHEN 'minutes/60' THEN '1h' WHEN '60min' THEN '1h' WHEN '60m' THEN '1h'
	WHEN 'minute240' THEN '4h' WHEN 'minutes/240' THEN '4h' WHEN '240min' THEN '4h' WHEN '240m' THEN '4h'
	WHEN 'day' THEN '1d' WHEN 'days' THEN '1d' WHEN '1day' THEN '1d'
	WHEN 'week' THEN '1w' WHEN 'weeks' THEN '1w' WHEN '1week' THEN '1w'
	WHEN 'month' THEN '1M' WHEN 'months' THEN '1M' WHEN '1month' THEN '1M'
END END;

-- As in 004, with a replica identity from the first row on, and the index of 008: an adopted row that nobody has compared yet is one
-- that nobody has confirmed.
CREATE OR REPLACE FUNCTION market_data_adopting_create() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	begun integer;
BEGIN
	DELETE FROM market_data_adoption_run WHERE finished_at IS NULL RETURNING run INTO begun;
	IF FOUND THEN -- otherwise it would be somebody else's
		DROP TABLE IF EXISTS market_data_adopting;
		DELETE FROM market_data_set_aside WHERE run = begun;
		DELETE FROM market_data_adopted WHERE run = begun;
	END IF;
	CREATE TABLE market_data_adopting (
		symbol        text COLLATE "C" NOT NULL,
		interval      text COLLATE "C" NOT NULL,
		timestamp     timestamptz      NOT NULL,
		open          numeric          NOT NULL,
		high          numeric          NOT NULL,
		low           numeric          NOT NULL,
		close         numeric          NOT NULL,
		volume        numeric          NOT NULL,
		quote_volume  numeric          NOT NULL,
		revision      bigint           NOT NULL DEFAULT 0,
		fetched_at    timestamptz      NOT NULL DEFAULT '-infinity',
		CONSTRAINT uq_market_data_adopting UNIQUE (symbol, interval, timestamp),
		CONSTRAINT market_data_finite CHECK (
			open > '-Infinity' AND open < 'Infinity' AND high > '-Infinity' AND high < 'Infinity'
			AND low > '-Infinity' AND low < 'Infinity' AND close > '-Infinity' AND close < 'Infinity'
			AND volume >= 0 AND volume < 'Infinity' AND quote_volume >= 0 AND quote_volume < 'Infinity')
	);
	PERFORM market_data_identify('market_data_adopting');
	DROP INDEX IF EXISTS market_data_not_compared;
	ALTER INDEX IF EXISTS market_data_unconfirmed_row RENAME TO market_data_inherited_unconfirmed_row;
	CREATE INDEX market_data_unconfirmed_row ON market_data_adopting (symbol, interval, timestamp)
		WHERE candle_is_unconfirmed(interval, timestamp, fetched_at);
END
$$;

-- As in 004; the guards of 008 are no news.
CREATE OR REPLACE FUNCTION market_data_adopt_carry(inherited regclass, adopting regclass) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	x record;
BEGIN
	FOR x IN SELECT i.indexrelid AS oid, c.relname AS name, i.indisunique, pg_get_indexdef(i.indexrelid) AS def, con.conname,
			pg_get_constraintdef(con.oid) AS condef, (
				SELECT bool_or(a.attname IN ('symbol', 'interval', 'timestamp', 'open', 'high', 'low', 'close', 'volume',
					'quote_volume', 'revision', 'fetched_at'))
				FROM pg_attribute AS a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
			) AS ours, (
				SELECT array_agg(a.attname::text ORDER BY k.ord)
				FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
				JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
			) IS NOT DISTINCT FROM ARRAY['symbol', 'interval', 'timestamp'] AND i.indpred IS NULL AS replaced,
			format('CREATE %sINDEX %I ON %s ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname,
				format('%I.%I', n.nspname, t.relname)) AS head
		FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid
		JOIN pg_namespace AS n ON n.oid = t.relnamespace
		LEFT JOIN pg_constraint AS con ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.contype IN ('p', 'u', 'x')
		WHERE i.indrelid = inherited ORDER BY i.indexrelid
	LOOP
		CONTINUE WHEN x.replaced;
		IF x.indisunique AND x.ours IS NOT FALSE THEN
			RETURN NEXT format('the unique index %I does not come along: it could refuse what the exchange has', x.name);
			CONTINUE;
		END IF;
		BEGIN
			IF x.conname IS NOT NULL THEN
				EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', adopting, 'market_data_adopting_' || x.oid, x.condef);
			ELSE
				EXECUTE format('CREATE %sINDEX %I ON %s ', CASE WHEN x.indisunique THEN 'UNIQUE ' END,
					'market_data_adopting_' || x.oid, adopting) || substr(x.def, length(x.head) + 1);
			END IF;
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT format('the index %I does not come along: %s', x.name, SQLERRM);
		END;
	END LOOP;
	FOR x IN SELECT format('the %s %I does not come along', CASE c.contype WHEN 'c' THEN 'check' ELSE 'foreign key' END,
			c.conname) AS said
		FROM pg_constraint AS c WHERE c.conrelid = inherited AND c.contype IN ('c', 'f') AND c.conname <> 'market_data_finite'
		UNION ALL SELECT format('the trigger %I does not come along', t.tgname) FROM pg_trigger AS t
		WHERE t.tgrelid = inherited AND NOT t.tgisinternal AND t.tgname <> 'market_data_fence'
			AND t.tgname NOT IN (SELECT g.name FROM market_data_guards(inherited) AS g)
		UNION ALL SELECT format('the policy %I does not come along', p.polname) FROM pg_policy AS p WHERE p.polrelid = inherited
		UNION ALL SELECT format('the publication %I does not publish the adopted table: ALTER PUBLICATION %1$I ADD TABLE market_data, when '
			|| 'the subscriber is to have it', p.pubname)
		FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid WHERE r.prrelid = inherited
		ORDER BY 1
	LOOP
		RETURN NEXT x.said;
	END LOOP;
	FOR x IN SELECT format('GRANT %s%s ON %s TO %s%s', a.privilege_type, g.cols, adopting,
			CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
			CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END) AS sql
		FROM (
			SELECT c.relacl, '' FROM pg_class AS c WHERE c.oid = inherited
			UNION ALL SELECT o.attacl, format(' (%I)', o.attname) FROM pg_attribute AS o JOIN pg_attribute AS n
				ON n.attrelid = adopting AND n.attname = o.attname AND NOT n.attisdropped
			WHERE o.attrelid = inherited AND o.attacl IS NOT NULL
		) AS g(acl, cols) CROSS JOIN LATERAL aclexplode(g.acl) AS a
	LOOP
		EXECUTE x.sql;
	END LOOP;
	FOR x IN SELECT format('ALTER TABLE %s OWNER TO %I', adopting, pg_get_userbyid(o.relowner)) AS sql
		FROM pg_class AS o, pg_class AS n WHERE o.oid = inherited AND n.oid = adopting AND o.relowner <> n.relowner
	LOOP
		EXECUTE x.sql;
	END LOOP;
END
$$;

-- As in 004, and the new table is guarded as soon as it has the name.
CREATE OR REPLACE FUNCTION market_data_adopt_swap(inherited regclass, adopting regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	x record;
BEGIN
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', inherited);
	FOR x IN SELECT c.relname AS name, i.indexrelid AS oid, n.relname AS twin
		FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
		LEFT JOIN pg_class AS n ON n.relname = 'market_data_adopting_' || i.indexrelid AND n.relnamespace = c.relnamespace
		WHERE i.indrelid = inherited AND (n.oid IS NOT NULL OR c.relname = 'uq_market_data_symbol_interval_ts')
	LOOP
		EXECUTE format('ALTER INDEX %s RENAME TO %I', x.oid::regclass, 'market_data_inherited_' || x.oid);
		IF x.twin IS NOT NULL THEN
			EXECUTE format('ALTER INDEX %I RENAME TO %I', x.twin, x.name);
		END IF;
	END LOOP;
	-- A sequence goes with the column that it fills.
	FOR x IN SELECT d.objid::regclass AS seq, a.attname AS name FROM pg_depend AS d
		JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
		JOIN pg_attribute AS a ON a.attrelid = inherited AND a.attnum = d.refobjsubid
		WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = inherited AND d.deptype = 'a'
	LOOP
		EXECUTE format('ALTER SEQUENCE %s OWNED BY %s.%I', x.seq, adopting, x.name);
	END LOOP;
	EXECUTE format('ALTER TABLE %s RENAME TO market_data_inherited', inherited);
	EXECUTE format('ALTER TABLE %s RENAME TO market_data', adopting);
	ALTER TABLE market_data RENAME CONSTRAINT uq_market_data_adopting TO uq_market_data_symbol_interval_ts;
	PERFORM market_data_guards_drop('market_data_inherited');
	UPDATE market_data_coverage SET covered = '{}' WHERE covered <> '{}'; -- it was about another table
	INSERT INTO market_data_guarded AS g (relation, coverage) VALUES ('market_data'::regclass, 'market_data_coverage'::regclass)
		ON CONFLICT (only_row) DO UPDATE SET relation = excluded.relation, coverage = excluded.coverage;
	PERFORM market_data_protect();
	UPDATE market_data_adoption_run SET finished_at = now() WHERE finished_at IS NULL;
END
$$;

-- A hypertable where TimescaleDB is created in this database; a plain table otherwise. True where it was made now. migrate_data
-- moves what rows there are, under a lock that keeps everybody out. chunks: their length; NULL: what suits the shortest interval
-- that is there, so that a scan of a series of days does not touch hundreds of chunks. rows: the table whose intervals these are.
DROP FUNCTION market_data_hypertable(regclass);
CREATE FUNCTION market_data_hypertable(target regclass, chunks interval, rows_of regclass) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	home name := (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
		WHERE e.extname = 'timescaledb');
	shortest interval;
BEGIN
	IF home IS NULL THEN
		RETURN false;
	END IF;
	IF timescaledb_release() < 2008 THEN
		RAISE feature_not_supported USING MESSAGE = format('TimescaleDB is %s, but must be 2.8 or newer',
			(SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'timescaledb')), HINT = 'ALTER EXTENSION timescaledb UPDATE';
	END IF;
	IF market_data_hypertable_home(target) IS NOT NULL THEN
		RETURN false;
	END IF;
	IF chunks IS NULL THEN
		SELECT min(interval_length(s.interval)) INTO shortest FROM market_data_series AS s WHERE s.ended_at IS NULL;
		EXECUTE format('SELECT CASE WHEN EXISTS (SELECT FROM %s AS m WHERE interval_length(interval_name(m.interval::text)) < interval ''1 hour'')
				THEN interval ''1 minute'' WHEN EXISTS (SELECT FROM %1$s AS m WHERE interval_length(interval_name(m.interval::text)) < interval ''1 day'')
				THEN interval ''1 hour'' WHEN EXISTS (SELECT FROM %1$s) THEN interval ''1 day'' END', rows_of)
			INTO chunks;
		shortest := least(shortest, chunks);
		chunks := CASE WHEN shortest >= interval '1 day' THEN interval '1820 days' WHEN shortest >= interval '1 hour' THEN interval '182 days'
			ELSE interval '7 days' END;
	END IF;
	PERFORM market_data_guards_drop(target);
	EXECUTE format('SELECT %I.create_hypertable(%L::regclass, ''timestamp''::name, chunk_time_interval => %L::interval,
		create_default_indexes => false, migrate_data => true)', home, target::text, chunks);
	RETURN true;
END
$$;
