#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# TimescaleDB itself, where it is installed: a hypertable that is guarded, rows that go in each way that a hypertable knows,
# retention by chunks, columnstore, corrections in it. Skipped where this PostgreSQL does not have the extension.
#
# The server is one of its own, since the extension wants to be loaded at its start: name and port of the stack that the other
# scenarios share, plus 40.
export GAPLESS_STACK=${GAPLESS_STACK:-test}-timescale
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 40)) GAPLESS_PG_PRELOAD=timescaledb
. tests/integration/lib.sh
. tests/integration/said.sh
scenario_names timescale_real
[ -e "${pg_bin:-}/../lib/timescaledb.so" ] || {
	echo '1..0 # SKIP TimescaleDB is not installed here'
	exit 0
}
at_end() { compose/stack.sh clean >>"$work/stack.log" 2>&1; }
server pg start || bail "no server with TimescaleDB: $(tail -n 3 "$work/stack.log")"
psql -X -q -d postgres -c "CREATE DATABASE $PGDATABASE" || bail "no database"
sql 'CREATE EXTENSION timescaledb' 2>"$work/extension.err"
run gapless-writer migrate
is 'a fresh database gets a hypertable' "$code$(sql 'SELECT count(*) FROM timescaledb_information.hypertables')" 01
is '... which is guarded' "$(sql "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'market_data'::regclass AND tgname LIKE 'market_data_guard%'")" 7
run gapless-writer migrate
is '... once' "$code$(grep -c 'applied=0 ' "$work/err")" 01

# Forty weeks of hours up to now, all final, all wanted.
weeks=40
sql "INSERT INTO market_data SELECT 'KRW-' || c, '1h', t, 1, 9, 0.5, 2, 3, 4, 5, t + interval '1 day' FROM unnest('{A,B}'::text[]) c, generate_series(
		date_bin('1 hour', now(), '2000-01-01Z') - $weeks * interval '168 hours', now(), '1 hour') t;
	INSERT INTO market_data_coverage SELECT symbol, interval, tstzmultirange(tstzrange(min(timestamp), max(timestamp) + interval '1 hour')) FROM market_data
		GROUP BY symbol, interval;
	INSERT INTO market_data_series (symbol, interval, source, wanted_from) SELECT symbol, interval, 'upbit', min(timestamp) FROM market_data GROUP BY 1, 2;
	SELECT market_data_reconcile()" >/dev/null
kinds() { # symbol
	sql "SELECT string_agg(DISTINCT kind, ',' ORDER BY kind) FROM market_data_grid('$1', '1h', date_bin('1 hour', now(), '2000-01-01Z')
		- $weeks * interval '168 hours', date_bin('1 hour', now(), '2000-01-01Z'))"
}
is 'everything is there' "$(kinds KRW-A)" candle
chunks=$(sql "SELECT count(*) FROM timescaledb_information.chunks")
ok "in $chunks chunks, which are known" sql_is 'SELECT count(*) FROM market_data_chunk' "$chunks"

sql "DELETE FROM market_data WHERE symbol = 'KRW-A' AND timestamp > now() - interval '30 days' AND timestamp < now() - interval '29 days'"
is 'rows that are deleted are gaps' "$(kinds KRW-A) $(kinds KRW-B)" 'candle,gap candle'
ok 'a columnstore, as docs/timescaledb.md has it' sql "$(sed -n '/^    ALTER TABLE market_data SET (timescaledb.compress/,/;/p' docs/timescaledb.md)"
is '... of the older chunks' "$(sql "SELECT count(compress_chunk(c)) > 30 FROM show_chunks('market_data', older_than => now() - interval '60 days') c")" t
ok 'a correction in a compressed chunk' sql "INSERT INTO market_data AS m SELECT symbol, interval, timestamp, 1, 9, 0.5, 3, 3, 4, 6, now() FROM market_data WHERE symbol = 'KRW-A'
	AND timestamp < now() - interval '200 days' ON CONFLICT (symbol, interval, timestamp) DO UPDATE SET close = excluded.close, revision = excluded.revision"
sql "DELETE FROM market_data WHERE symbol = 'KRW-B' AND timestamp > now() - interval '100 days' AND timestamp < now() - interval '99 days'"
is 'rows that are deleted from a compressed chunk are gaps' "$(kinds KRW-B)" 'candle,gap'
is '... no others' "$(sql "SELECT count(*), count(*) FILTER (WHERE upper(u) - lower(u) >= '24 hours') FROM market_data_coverage, unnest(covered) u
	WHERE symbol = 'KRW-B'"),$(sql 'SELECT count(*) FROM market_data_deleted')" '2|2,0'
sql "SELECT drop_chunks('market_data', older_than => now() - interval '180 days')" >/dev/null
is 'chunks that somebody drops are no intervals without trades' "$(kinds KRW-B | grep -c 'no trade')" 0
ok '... and the database corrects its coverage' test "$(sql 'SELECT market_data_reconcile()' | grep -c 'chunks of market_data were dropped')" = 1
is '... and wants them no more' "$(kinds KRW-B)" 'candle,gap,not wanted'
run gapless-writer retain --keep 1h=120d
ok 'retention drops chunks' grep -qE '[1-9][0-9]* chunks? dropped' "$work/out"
is '... of both' "$(kinds KRW-A)" 'candle,gap,not wanted'
sql "SELECT add_retention_policy('market_data', INTERVAL '90 days')" >/dev/null
run gapless-writer retain
is 'a policy is kept to' "$code$(sql "SELECT bool_and(retained_from > now() - interval '91 days') FROM market_data_series")" 0t
ok 'a replica identity' sql_is "SELECT count(*) FROM pg_index WHERE indrelid = 'market_data'::regclass AND indisreplident" 1
sql 'TRUNCATE market_data'
is 'a TRUNCATE empties the coverage' "$(sql "SELECT count(*) FROM market_data_coverage WHERE covered <> '{}'")" 0
finish
