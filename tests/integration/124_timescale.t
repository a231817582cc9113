#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# TimescaleDB, as far as it can be shown without it: which calls are made, on what, and when.
. tests/integration/lib.sh
. tests/integration/adopt.sh
scenario_names timescale
export PATH=$(realpath "$GAPLESS_BIN"):$PATH

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
database_fresh
timescale
gapless-writer migrate >"$work/walk.timescale" 2>&1
is "where TimescaleDB is, a fresh table becomes a hypertable" "$(sql 'SELECT said, rows FROM tsdb.made')" 'market_data timestamp 7 days f t|0'
ok "and says so" said timescale 'is a hypertable'
gapless-writer migrate >/dev/null 2>&1
is "once" "$(sql 'SELECT count(*) FROM tsdb.made')" 1
old
timescale
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
ok "an inherited table is adopted there" adopts
is "into one that is a hypertable before it has a row" "$(sql 'SELECT said, rows FROM tsdb.made')" 'market_data_adopting timestamp 7 days f t|0'
database_new
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1, 1"
timescale
gapless-writer migrate >/dev/null 2>&1
is "one that has rows already takes them along" "$(sql 'SELECT said, rows FROM tsdb.made')" 'market_data timestamp 7 days f t|1'
database_fresh
timescale 2.7.1
ok "a TimescaleDB that is too old is refused" refuses 'TimescaleDB is 2.7.1, but must be 2.8 or newer'
finish
