# SPDX-License-Identifier: MIT
# A stand-in for TimescaleDB, which is in no Debian release: what of it is called, on what and when. Sourced after lib.sh.

# A scenario that sources this has the server's address by scenario_names; so it is asked there.
timescale_skip() {
	PGDATABASE=postgres sql 'SHOW shared_preload_libraries' | grep -q timescaledb || return 0
	echo '1..0 # SKIP this server has loaded TimescaleDB itself, with which the stand-in collides'
	exit 0
}

timescale() {
	sql "CREATE SCHEMA tsdb; CREATE SCHEMA timescaledb_information;
		CREATE TABLE tsdb.made (hypertable_schema name, hypertable_name name, rel regclass, rows bigint, said text);
		CREATE VIEW timescaledb_information.hypertables AS SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name FROM tsdb.made m
			JOIN pg_class c ON c.oid = m.rel JOIN pg_namespace n ON n.oid = c.relnamespace;
		CREATE FUNCTION tsdb.create_hypertable(relation regclass, time_column_name name, partitioning_column name = NULL,
			number_partitions integer = NULL, associated_schema_name name = NULL, associated_table_prefix name = NULL,
			chunk_time_interval anyelement = NULL::bigint, create_default_indexes boolean = TRUE, if_not_exists boolean = FALSE,
			partitioning_func regproc = NULL, migrate_data boolean = FALSE, time_partitioning_func regproc = NULL)
			RETURNS TABLE (hypertable_id int, schema_name name, table_name name, created bool) LANGUAGE plpgsql AS \$\$
			DECLARE n bigint; BEGIN EXECUTE format('SELECT count(*) FROM %s', relation) INTO n;
				INSERT INTO tsdb.made VALUES (NULL, NULL, relation, n, concat_ws(' ', relation, time_column_name, chunk_time_interval,
					create_default_indexes, migrate_data)); RETURN QUERY SELECT 1, 'public'::name, 'x'::name, true; END \$\$;
		INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
			VALUES (99999, 'timescaledb', 10, 'tsdb'::regnamespace, false, '${1:-2.17.2}')"
}

# Chunks of a week of market_data, from this one on, n of them: views of their rows. drop_chunks() takes the rows where no trigger
# sees it.
timescale_chunks() { # first Monday, n
	sql "CREATE TABLE tsdb.chunk (hypertable_schema name, hypertable_name name, chunk_schema name, chunk_name name, range_start timestamptz, range_end timestamptz);
		CREATE VIEW timescaledb_information.chunks AS TABLE tsdb.chunk;
		CREATE TABLE timescaledb_information.jobs (proc_name name, hypertable_schema name, hypertable_name name, config jsonb);
		DO \$\$BEGIN FOR i IN 0 .. $2 - 1 LOOP
			INSERT INTO tsdb.chunk SELECT 'public', 'market_data', 'tsdb', 'chunk_' || i, a, a + interval '168 hours'
				FROM (SELECT timestamptz '$1' + i * interval '168 hours') x(a);
			EXECUTE format('CREATE VIEW tsdb.chunk_%s AS SELECT * FROM market_data WHERE timestamp >= %L AND timestamp < %L', i,
				timestamptz '$1' + i * interval '168 hours', timestamptz '$1' + (i + 1) * interval '168 hours');
		END LOOP; END\$\$;
		CREATE FUNCTION tsdb.drop_chunks(relation regclass, older_than timestamptz = 'infinity', newer_than timestamptz = '-infinity') RETURNS SETOF text
			LANGUAGE plpgsql SECURITY DEFINER SET session_replication_role = replica AS \$\$DECLARE k record; BEGIN
			FOR k IN DELETE FROM tsdb.chunk WHERE range_start >= newer_than AND range_end <= older_than RETURNING * LOOP
				DELETE FROM public.market_data WHERE timestamp >= k.range_start AND timestamp < k.range_end;
				EXECUTE format('DROP VIEW tsdb.%I', k.chunk_name); RETURN NEXT k.chunk_name; END LOOP; END\$\$"
}
