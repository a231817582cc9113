-- Adopting the market_data of an older collector: what writer/adoption/adopt.c works with, and what people look at afterwards
-- (ADOPT.md). Bodies that read market_data are functions, not views: when this runs, the table may still be the old one.

-- One row an adoption. Rows of the inherited table are copied in the order of their places, some blocks in a transaction
-- that also moves next_block: killed anywhere, it goes on there.
CREATE TABLE market_data_adoption_run (
	run         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	filenode    oid         NOT NULL, -- of the inherited table; in another file its rows have other places
	next_block  bigint      NOT NULL DEFAULT 0,
	rows_read   bigint      NOT NULL DEFAULT 0,
	duplicates  bigint      NOT NULL DEFAULT 0,
	unfit       bigint      NOT NULL DEFAULT 0,
	started_at  timestamptz NOT NULL DEFAULT now(),
	finished_at timestamptz
);
CREATE UNIQUE INDEX market_data_adoption_run_open ON market_data_adoption_run ((finished_at IS NULL)) WHERE finished_at IS NULL;

-- Rows that were not adopted, whole.
CREATE TABLE market_data_set_aside (
	run       integer NOT NULL,
	reason    text    NOT NULL, -- 'duplicate', or what is wrong with it
	symbol    text COLLATE "C",
	interval  text COLLATE "C", -- our name of it, where there is one
	timestamp timestamptz,
	inherited jsonb   NOT NULL
);

-- How many rows each series had when it was adopted.
CREATE TABLE market_data_adopted (
	run      integer NOT NULL,
	symbol   text COLLATE "C" NOT NULL,
	interval text COLLATE "C" NOT NULL,
	adopted  bigint      NOT NULL,
	oldest   timestamptz NOT NULL,
	newest   timestamptz NOT NULL,
	PRIMARY KEY (run, symbol, interval)
);

-- Our name of an interval that another program spells in its own way; NULL if we know none. A bare number may be minutes
-- or seconds: not guessed.
CREATE FUNCTION interval_name(spelling text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN interval_length($1) IS NOT NULL THEN $1 ELSE CASE lower($1)
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
	END END
$$;

-- What is wrong with a row for good, or NULL: the rules of a message (common/candle.c). Not STRICT and without a FROM, so that
-- it is inlined. step: interval_length(name).
CREATE FUNCTION candle_fault(symbol text, name text, step interval, at timestamptz, open numeric, high numeric, low numeric,
	close numeric, volume numeric, quote_volume numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN $1 IS NULL OR $4 IS NULL THEN 'no symbol or no timestamp'
		WHEN $1 !~ '^[A-Z0-9]{2,10}-[A-Z0-9]{1,20}$' THEN 'not a symbol such as KRW-BTC'
		WHEN $2 IS NULL THEN 'not the name of an interval'
		WHEN $4 < to_timestamp(1230768000) OR $4 >= to_timestamp(253370764800) THEN 'a time before 2009 or after 9998'
		WHEN $4 AT TIME ZONE 'UTC' <> CASE $2
			WHEN '1M' THEN date_trunc('month', $4 AT TIME ZONE 'UTC')
			ELSE date_bin($3, $4 AT TIME ZONE 'UTC', timestamp '1970-01-05')
		END THEN 'not the start of an interval'
		WHEN num_nulls($5, $6, $7, $8, $9, $10) > 0 THEN 'a value is missing'
		WHEN NOT ($5 > '-Infinity' AND $5 < 'Infinity' AND $6 > '-Infinity' AND $6 < 'Infinity'
			AND $7 > '-Infinity' AND $7 < 'Infinity' AND $8 > '-Infinity' AND $8 < 'Infinity'
			AND $9 > '-Infinity' AND $9 < 'Infinity' AND $10 > '-Infinity' AND $10 < 'Infinity')
			THEN 'a value that is not a finite number'
		WHEN $9 < 0 OR $10 < 0 THEN 'a negative volume'
		WHEN greatest(length($5::text), length($6::text), length($7::text), length($8::text), length($9::text),
			length($10::text)) > 63 THEN 'a value of more than 63 characters'
	END
$$;

-- The table of 001, under the name that it has until it is complete; what an adoption had begun that is not to be gone on with,
-- goes. fetched_at = '-infinity' marks an adopted row that nobody
-- has compared yet; the partial index finds them, and empties as they are compared.
CREATE FUNCTION market_data_adopting_create() RETURNS void
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
	DROP INDEX IF EXISTS market_data_not_compared;
	CREATE INDEX market_data_not_compared ON market_data_adopting (symbol, interval, timestamp)
		WHERE fetched_at = '-infinity';
END
$$;

-- A hypertable where TimescaleDB is created in this database; a plain table otherwise. True where it was made now. migrate_data
-- moves what rows there are, under a lock that keeps everybody out.
CREATE FUNCTION market_data_hypertable(target regclass) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	home text;
	version text;
	there boolean;
BEGIN
	SELECT n.nspname, e.extversion INTO home, version
		FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb';
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF substring(version FROM '^(\d+)')::int * 1000 + substring(version FROM '^\d+\.(\d+)')::int < 2008 THEN
		RAISE feature_not_supported USING MESSAGE = format('TimescaleDB is %s, but must be 2.8 or newer', version),
			HINT = 'ALTER EXTENSION timescaledb UPDATE';
	END IF;
	EXECUTE 'SELECT EXISTS (SELECT FROM timescaledb_information.hypertables AS h JOIN pg_class AS c ON c.relname = h.hypertable_name
			JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = h.hypertable_schema WHERE c.oid = $1)'
		INTO there USING target;
	IF there THEN
		RETURN false;
	END IF;
	EXECUTE format('SELECT %I.create_hypertable(%L::regclass, ''timestamp''::name, chunk_time_interval => interval ''7 days'',
		create_default_indexes => false, migrate_data => true)', home, target::text);
	RETURN true;
END
$$;

-- Gives the new table the owner, the grants and the indexes of the inherited one. Returns a sentence for each thing that does
-- not come along; it stays on the inherited table.
CREATE FUNCTION market_data_adopt_carry(inherited regclass, adopting regclass) RETURNS SETOF text
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
		UNION ALL SELECT format('the policy %I does not come along', p.polname) FROM pg_policy AS p WHERE p.polrelid = inherited
		UNION ALL SELECT format('the publication %I does not publish the adopted table', p.pubname)
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

-- Nobody writes to the inherited table any more: what came after its rows are copied would be lost.
CREATE FUNCTION market_data_fence() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	RAISE object_not_in_prerequisite_state USING
		MESSAGE = format('%I is being adopted by gapless-writer migrate and takes no changes', TG_TABLE_NAME),
		HINT = 'Stop the older collector.';
END
$$;

-- Puts the new table in the place of the inherited one. A few changes of the catalogue; the caller bounds the wait for the lock.
CREATE FUNCTION market_data_adopt_swap(inherited regclass, adopting regclass) RETURNS void
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
	UPDATE market_data_adoption_run SET finished_at = now() WHERE finished_at IS NULL;
END
$$;

-- Adopted rows in spans in which everything that the exchange has was read: it has no such candle (or had one that it has no
-- more). They are listed, and never deleted by us.
CREATE FUNCTION market_data_unmatched_rows() RETURNS TABLE (symbol text, "interval" text, "timestamp" timestamptz, open numeric,
	high numeric, low numeric, close numeric, volume numeric, quote_volume numeric)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT m.symbol, m.interval, m.timestamp, m.open, m.high, m.low, m.close, m.volume, m.quote_volume
	FROM market_data AS m JOIN market_data_coverage AS c ON c.symbol = m.symbol AND c.interval = m.interval
	WHERE m.fetched_at = '-infinity' AND c.covered @> tstzrange(m.timestamp, interval_add(m.interval, m.timestamp, 1))
$$;

CREATE VIEW market_data_unmatched AS SELECT u.* FROM market_data_unmatched_rows() AS u;

-- How far the comparison is. compared: read again from the exchange since, or deleted; unmatched: listed above.
CREATE FUNCTION market_data_adoption_rows() RETURNS TABLE (symbol text, "interval" text, adopted bigint, compared bigint,
	unmatched bigint, to_compare bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT a.symbol, a.interval, a.adopted, greatest(0, a.adopted - coalesce(l.n, 0)), coalesce(l.unmatched, 0),
		coalesce(l.n - l.unmatched, 0)
	FROM (SELECT d.symbol, d.interval, sum(d.adopted)::bigint FROM market_data_adopted AS d
		JOIN market_data_adoption_run AS r ON r.run = d.run AND r.finished_at IS NOT NULL
		GROUP BY d.symbol, d.interval) AS a(symbol, "interval", adopted)
	LEFT JOIN (
		SELECT m.symbol, m.interval, count(*),
			count(*) FILTER (WHERE c.covered @> tstzrange(m.timestamp, interval_add(m.interval, m.timestamp, 1)))
		FROM market_data AS m LEFT JOIN market_data_coverage AS c ON c.symbol = m.symbol AND c.interval = m.interval
		WHERE m.fetched_at = '-infinity' GROUP BY m.symbol, m.interval
	) AS l(symbol, "interval", n, unmatched) ON l.symbol = a.symbol AND l.interval = a.interval
$$;

CREATE VIEW market_data_adoption AS SELECT a.* FROM market_data_adoption_rows() AS a;
