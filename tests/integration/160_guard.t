#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The database guards its own coverage. Rows that go by DELETE, by an UPDATE that moves their key, by TRUNCATE, or because another
# table is put in the place of market_data, never turn into "no trade"; neither for a role that may do no more than DELETE, nor
# against a writer that has seen the row and is about to cover it. And publications refuse nothing: every table that is upserted
# has a replica identity, shown with a real subscriber, and on an older collector's table that is adopted beside a publication.
# Only the database is used.
. tests/integration/lib.sh
scenario_names guard
at_end() {
	psql -X -q -d postgres -c "DROP ROLE IF EXISTS guard_deleter" >/dev/null 2>&1
	subscriber_gone
}
subscriber_gone() {
	PGDATABASE=${PGDATABASE}_copy psql -X -q -c 'ALTER SUBSCRIPTION guard_copy DISABLE' -c 'ALTER SUBSCRIPTION guard_copy SET (slot_name = NONE)' \
		-c 'DROP SUBSCRIPTION guard_copy' >/dev/null 2>&1
	psql -X -q -d postgres -c "DROP DATABASE IF EXISTS ${PGDATABASE}_copy WITH (FORCE)" >/dev/null 2>&1
	psql -X -q -d postgres -c "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'guard_copy'" >/dev/null 2>&1
}
subscriber_gone
database_new

# An hour of candles from 06:00, all of them final, of each market and interval.
fill() { # symbol, [interval]
	sql "INSERT INTO market_data_coverage VALUES ('$1', '${2:-1m}', '{[2024-03-10 06:00Z,2024-03-10 07:00Z)}')
			ON CONFLICT (symbol, interval) DO UPDATE SET covered = excluded.covered;
		INSERT INTO market_data SELECT '$1', '${2:-1m}', t, 1, 9, 0.5, 2, 3, 4, 5, t + interval '1 day' FROM generate_series(
			timestamptz '2024-03-10 06:00Z', '2024-03-10 06:59Z', interval_length('${2:-1m}')) t ON CONFLICT DO NOTHING"
}
covered() { # symbol, [interval]: as minutes of the hour, 0-10,20-60
	sql "SELECT string_agg(m(lower(f)) || '-' || m(upper(f)), ',' ORDER BY f) FROM market_data_coverage, unnest(covered) f
		WHERE symbol = '$1' AND interval = '${2:-1m}'"
}
kinds() { # symbol, [interval]: how many of each
	sql "SELECT string_agg(n || ' ' || kind, ', ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM market_data_grid('$1', '${2:-1m}',
		'2024-03-10 06:00Z', '2024-03-10 07:00Z') GROUP BY kind) x"
}
minutes_sql() { sql "CREATE FUNCTION m(t timestamptz) RETURNS int LANGUAGE sql AS \$\$SELECT (extract(epoch FROM t - '2024-03-10 06:00Z') / 60)::int\$\$"; }
minutes_sql
minute="timestamptz '2024-03-10 06:00Z' + interval '1 minute'"

# --- each way in which rows go

fill KRW-DEL
fill KRW-OTHER
fill KRW-DEL 5m
sql "DELETE FROM market_data WHERE symbol = 'KRW-DEL' AND interval = '1m' AND timestamp >= $minute * 10 AND timestamp < $minute * 20"
is 'what is deleted is not covered any more' "$(covered KRW-DEL)" 0-10,20-60
is '... and is a gap, not an interval without trades' "$(kinds KRW-DEL)" '50 candle, 10 gap'
is '... nothing else is touched' "$(covered KRW-OTHER) $(covered KRW-DEL 5m)" '0-60 0-60'
sql "DELETE FROM market_data WHERE symbol = 'KRW-NOPE'"
is 'a DELETE of nothing takes nothing' "$(covered KRW-OTHER)" 0-60
sql "UPDATE market_data SET timestamp = timestamp + interval '90 minutes' WHERE symbol = 'KRW-OTHER' AND interval = '1m' AND timestamp = $minute * 30"
is 'nor is a minute covered whose row was moved' "$(covered KRW-OTHER)" 0-30,31-60
sql "UPDATE market_data SET close = close + 1, timestamp = timestamp WHERE symbol = 'KRW-OTHER'"
is 'one that stays in its place still is' "$(covered KRW-OTHER)" 0-30,31-60
sql "WITH gone AS (DELETE FROM market_data WHERE symbol = 'KRW-DEL' AND interval = '5m' AND timestamp < $minute * 10 RETURNING *)
	INSERT INTO market_data SELECT 'KRW-MOVED', interval, timestamp, open, high, low, close, volume, quote_volume FROM gone"
is 'a DELETE inside of another statement counts' "$(covered KRW-DEL 5m)" 10-60
sql "BEGIN ISOLATION LEVEL REPEATABLE READ; DELETE FROM market_data WHERE symbol = 'KRW-DEL' AND interval = '5m' AND timestamp < $minute * 20; COMMIT"
is 'so does one that repeats its reads' "$(covered KRW-DEL 5m)" 20-60
sql "BEGIN; DELETE FROM market_data WHERE symbol = 'KRW-OTHER'; ROLLBACK"
is 'one that is rolled back leaves the coverage as it was' "$(covered KRW-OTHER)" 0-30,31-60

sql "INSERT INTO market_data SELECT 'KRW-MANY', '1s', t, 1, 9, 0.5, 2, 3, 4, 5, t + interval '1 day' FROM generate_series(
		timestamptz '2024-03-10 06:00Z', '2024-03-10 06:59:59Z', '1 second') t;
	INSERT INTO market_data_coverage VALUES ('KRW-MANY', '1s', '{[2024-03-10 06:00Z,2024-03-10 07:00Z)}');
	DELETE FROM market_data WHERE symbol = 'KRW-MANY' AND extract(epoch FROM timestamp)::bigint % 2 = 1 AND timestamp < $minute * 10"
is 'some hundred fragments are kept' "$(sql "SELECT count(*) FROM market_data_coverage, unnest(covered) WHERE symbol = 'KRW-MANY'")" 301
sql "DELETE FROM market_data WHERE symbol = 'KRW-MANY' AND extract(epoch FROM timestamp)::bigint % 2 = 1 AND timestamp < $minute * 50"
is 'of more than 1,000 the hull goes' "$(sql "SELECT count(*), min(m(lower(u))), max(m(upper(u))) FROM market_data_coverage, unnest(covered) u
	WHERE symbol = 'KRW-MANY' AND lower(u) >= $minute * 11")" '1|50|60'

psql -X -q -d postgres -c 'CREATE ROLE guard_deleter LOGIN' 2>/dev/null
sql 'GRANT SELECT, DELETE, TRUNCATE ON market_data TO guard_deleter'
fill KRW-ROLE
ok 'who may do no more than DELETE may' env PGUSER=guard_deleter psql -X -q -c "SET search_path = pg_catalog" \
	-c "DELETE FROM public.market_data WHERE symbol = 'KRW-ROLE' AND timestamp < '2024-03-10 06:05Z'"
is '... and the coverage knows' "$(covered KRW-ROLE)" 5-60
ok 'but not touch the coverage' bash -c "! PGUSER=guard_deleter psql -Xqc 'DELETE FROM market_data_coverage' 2>/dev/null"

# --- against a writer that has the row, and is about to cover it: two sessions

session() { # name: a psql that takes statements from descriptor
	mkfifo "$work/$1.in"
	spawn "$1" psql -X -q -At -f "$work/$1.in"
}
waits() { sql_is "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'" "$1"; }
writer_locks='LOCK TABLE ONLY market_data, ONLY market_data_coverage, ONLY market_data_position, ONLY candle_dead_letter IN ROW EXCLUSIVE MODE'
for way in "DELETE FROM market_data WHERE symbol = 'KRW-RACE'" 'TRUNCATE market_data' \
	"UPDATE market_data SET symbol = 'KRW-ELSE' WHERE symbol = 'KRW-RACE'"; do
	rm -f "$work/w.in" "$work/d.in"
	sql "DELETE FROM market_data WHERE symbol IN ('KRW-RACE', 'KRW-ELSE'); DELETE FROM market_data_coverage WHERE symbol = 'KRW-RACE';
		INSERT INTO market_data VALUES ('KRW-RACE', '1m', '2024-03-10 06:00Z', 1, 9, 0.5, 2, 3, 4, 5, '2024-03-11Z')"
	session w
	exec 8>"$work/w.in"
	echo "BEGIN; $writer_locks; SELECT 'seen', count(*) FROM market_data WHERE symbol = 'KRW-RACE';" >&8
	await 10 'a writer has seen the row' logged w 'seen.1'
	spawn taker psql -X -q -c "$way"
	await 10 "it is waited for: ${way%% *}" waits 1
	echo "INSERT INTO market_data_coverage VALUES ('KRW-RACE', '1m', '{[2024-03-10 06:00Z,2024-03-10 06:01Z)}'); COMMIT;" >&8
	exec 8>&-
	ended w
	ended taker
	is '... then the row goes' "$code$(sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-RACE'")" 00
	is '... and with it what the writer has covered meanwhile' "$(covered KRW-RACE)" ''
	: >"$work/w.log"
done
fill KRW-RACE
rm -f "$work/d.in"
session d
exec 8>"$work/d.in"
echo "BEGIN; DELETE FROM market_data WHERE symbol = 'KRW-RACE' AND timestamp = '2024-03-10 06:00Z'; SELECT 'deleted';" >&8
await 10 'somebody has deleted, and not committed' logged d deleted
spawn writes psql -X -q -c "BEGIN; $writer_locks; INSERT INTO market_data VALUES ('KRW-RACE', '1m', '2024-03-10 06:00Z', 1, 9, 0.5, 2, 3, 4, 5,
	'2024-03-11Z') ON CONFLICT DO NOTHING; UPDATE market_data_coverage SET covered = covered + '{[2024-03-10 06:00Z,2024-03-10 06:01Z)}'
	WHERE symbol = 'KRW-RACE'; COMMIT"
await 10 'a writer that comes now waits' waits 1
echo 'COMMIT;' >&8
exec 8>&-
ended d
ended writes
is '... and covers what it stores then' "$(covered KRW-RACE) $(sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-RACE'")" '0-60 60'
rm -f "$work/d.in"
sql "INSERT INTO market_data VALUES ('KRW-FIRST', '1m', '2024-03-10 06:00Z', 1, 9, 0.5, 2, 3, 4, 5, '2024-03-11Z')"
session d
exec 8>"$work/d.in"
echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 'begun', count(*) FROM market_data;" >&8
await 10 'somebody reads repeatably' logged d begun
sql "INSERT INTO market_data_coverage VALUES ('KRW-FIRST', '1m', '{[2024-03-10 06:00Z,2024-03-10 06:01Z)}')"
echo "DELETE FROM market_data WHERE symbol = 'KRW-FIRST'; COMMIT;" >&8
exec 8>&-
ended d
ok '... and is refused what he cannot see covered' logged d 'could not serialize access'
is '... so that nothing is lost' "$(covered KRW-FIRST) $(sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-FIRST'")" '0-1 1'

# --- all of them

fill KRW-TRUNC
sql 'TRUNCATE market_data'
is 'a TRUNCATE empties the coverage' "$(sql "SELECT count(*) FROM market_data_coverage WHERE covered <> '{}'")" 0
is '... and the grid' "$(kinds KRW-TRUNC)" '60 gap'
ok 'one that repeats its reads is refused' bash -c "! psql -X -q -v ON_ERROR_STOP=1 -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'TRUNCATE market_data' -c COMMIT 2>'$work/rr'"
ok '... and told why' grep -q 'truncated in READ COMMITTED only' "$work/rr"
ok 'both tables at once' sql 'TRUNCATE market_data, market_data_coverage'

# --- another table in its place: the candles alone come back from a dump that is older than the coverage

fill KRW-DUMP
pg_dump -Fc -t market_data -f "$work/candles.dump"
pg_dump -Fc -f "$work/whole.dump"
fill KRW-NEWER
pg_restore --clean -d "$PGDATABASE" "$work/candles.dump" >"$work/restore.out" 2>&1
is 'the dump brings its rows' "$(sql "SELECT string_agg(DISTINCT symbol, ',') FROM market_data")" KRW-DUMP
is '... and the coverage of what it lacks is not believed' "$(kinds KRW-NEWER)" '60 gap'
is '... in the summary neither' "$(sql "SELECT count(*) FROM market_data_coverage_summary")" 0
spawn checks "$GAPLESS_BIN/gapless-writer" --brokers 127.0.0.1:1
await 20 'a writer that starts makes it true' sql_is "SELECT count(*) FROM market_data_coverage WHERE covered <> '{}'" 0
stop checks
ok '... and says so' logged checks 'another table than the one that the coverage was about'
fill KRW-AFTER
is 'then coverage counts again' "$(kinds KRW-AFTER)" '60 candle'
fill KRW-WHOLE
pg_restore --clean -d "$PGDATABASE" "$work/whole.dump" >"$work/restore.out" 2>&1
is 'the whole database comes back with its coverage' "$(kinds KRW-DUMP)" '60 candle'
spawn checks "$GAPLESS_BIN/gapless-writer" --brokers 127.0.0.1:1
await 20 '... which a writer keeps' sql_is "SELECT relation = 'market_data'::regclass FROM market_data_guarded" t
stop checks
is '... all of it' "$(covered KRW-DUMP)" 0-60

# --- a publication of all tables, and a subscriber

sql 'CREATE PUBLICATION guard_all FOR ALL TABLES'
for table in $(sql "SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"); do
	ok "$table can be updated" sql "DO \$\$BEGIN EXECUTE format('UPDATE $table SET %1\$I = %1\$I', (SELECT attname FROM pg_attribute
		WHERE attrelid = '$table'::regclass AND attnum > 0 AND attidentity = '' LIMIT 1)); END\$\$"
	ok "... and deleted from" sql "DELETE FROM $table WHERE false"
done
psql -X -q -d postgres -c "CREATE DATABASE ${PGDATABASE}_copy"
PGDATABASE=${PGDATABASE}_copy "$GAPLESS_BIN/gapless-writer" migrate >"$work/copy.out" 2>&1
is 'the tables of a subscriber' $? 0
sql "SELECT pg_create_logical_replication_slot('guard_copy', 'pgoutput')" >/dev/null
PGDATABASE=${PGDATABASE}_copy sql "CREATE SUBSCRIPTION guard_copy CONNECTION 'host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE'
	PUBLICATION guard_all WITH (create_slot = false, slot_name = 'guard_copy', copy_data = false)" 2>/dev/null
upsert() { # close
	sql "INSERT INTO market_data AS m SELECT 'KRW-SUB', '1m', t, 1, 9, 0.5, $1, 3, 4, $1, t + interval '1 day' FROM generate_series(
			timestamptz '2024-03-10 06:00Z', '2024-03-10 06:59Z', '1 minute') t ON CONFLICT (symbol, interval, timestamp)
			DO UPDATE SET close = excluded.close, revision = excluded.revision WHERE excluded.revision > m.revision;
		INSERT INTO market_data_coverage AS c VALUES ('KRW-SUB', '1m', '{[2024-03-10 06:00Z,2024-03-10 07:00Z)}')
			ON CONFLICT (symbol, interval) DO UPDATE SET covered = c.covered + excluded.covered"
}
ok 'an upsert that inserts' upsert 7
ok 'an upsert that updates' upsert 8
ok 'a DELETE' sql "DELETE FROM market_data WHERE symbol = 'KRW-SUB' AND timestamp < '2024-03-10 06:10Z'"
ours=$(sql "SELECT count(*), sum(close), (SELECT covered FROM market_data_coverage WHERE symbol = 'KRW-SUB') FROM market_data WHERE symbol = 'KRW-SUB'")
copied() { [ "$(PGDATABASE=${PGDATABASE}_copy sql "SELECT count(*), sum(close), (SELECT covered FROM market_data_coverage WHERE symbol = 'KRW-SUB')
	FROM market_data WHERE symbol = 'KRW-SUB'")" = "$ours" ]; }
await 30 "the subscriber has it: $ours" copied
subscriber_gone

# --- an older collector's table, beside a publication

database_fresh
sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8, close float8, volume float8);
	INSERT INTO market_data SELECT 'KRW-BTC', '1m', timestamptz '2026-01-01Z' + n % 20000 * interval '1 minute', 1, 1, 1, 1, n FROM generate_series(1, 40000) n;
	CREATE PUBLICATION guard_all FOR ALL TABLES"
GAPLESS_FAULT=adopt_batch:2 "$GAPLESS_BIN/gapless-writer" migrate >"$work/adopt.out" 2>&1
"$GAPLESS_BIN/gapless-writer" migrate >"$work/adopt.out" 2>&1
is 'an adoption beside a publication' $? 0
is '... has done its work' "$(sql "SELECT count(*), min(volume), (SELECT count(*) FROM market_data_set_aside) FROM market_data")" '20000|20001|20000'
ok '... and the adopted table takes upserts' upsert 7
minutes_sql
fill KRW-ADOPTED
sql "DELETE FROM market_data WHERE symbol = 'KRW-ADOPTED' AND timestamp < '2024-03-10 06:10Z'"
is '... and guards its coverage' "$(covered KRW-ADOPTED)" 10-60
finish
