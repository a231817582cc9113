#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An installation of release 0.1.0 (migrations 001 to 005) with rows is brought up to date while people read: killed in the middle, by
# two at once. Rows, coverage, positions and what is wanted stay as they are; what the release before stores goes on working beside
# the new tables; what is new is there afterwards. Only the database is used.
. tests/integration/lib.sh
scenario_names upgrade
export PATH=$(realpath "$GAPLESS_BIN"):$PATH

release_0_1_0() {
	database_fresh
	sql 'CREATE TABLE gapless_migration (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())'
	local file number
	for file in schemas/00[1-5]_*.sql; do
		psql -X -q -1 -v ON_ERROR_STOP=1 -f "$file" >>"$work/createdb.out" 2>&1 || bail "$file: $(tail -n 1 "$work/createdb.out")"
		number=$(basename "$file" | cut -c 3)
		sql "INSERT INTO gapless_migration (number, name) VALUES ($number, 'x')"
	done
	sql "INSERT INTO market_data SELECT 'KRW-' || c, '1m', t, 1, 9, 0.5, 2, 3, 4, 5, t + interval '2 minutes' FROM unnest('{A,B,C}'::text[]) c,
			generate_series(timestamptz '2024-01-01Z', '2024-01-31 23:59Z', '1 minute') t WHERE t < '2024-01-20Z' OR t >= '2024-01-21Z';
		INSERT INTO market_data_coverage SELECT 'KRW-' || c, '1m', '{[2024-01-01 00:00Z,2024-01-31 00:00Z)}' FROM unnest('{A,B,C}'::text[]) c;
		INSERT INTO market_data_series (symbol, interval, source, wanted_from, wanted_until) SELECT 'KRW-' || c, '1m', 'upbit', '2024-01-01Z',
			'2024-02-01Z' FROM unnest('{A,B,C}'::text[]) c;
		INSERT INTO market_data_position VALUES ('candles.v1', 0, 1234);
		INSERT INTO candle_dead_letter VALUES ('candles.v1', 0, 7, NULL, 'x', 'why')"
}
state() {
	sql "SELECT md5(string_agg(m::text, ',' ORDER BY symbol, timestamp)) FROM market_data m;
		SELECT symbol, interval, covered FROM market_data_coverage ORDER BY 1, 2;
		SELECT symbol, interval, source, wanted_from, wanted_until, state FROM market_data_series ORDER BY 1, 2;
		SELECT topic, partition, next_offset FROM market_data_position; SELECT topic, partition, \"offset\", key, value, reason FROM candle_dead_letter"
}
# What the release before does in a transaction, in its own words: columns without names are those that it knew.
older_writer() { # minute of 2024-02-01
	sql "BEGIN; LOCK TABLE ONLY market_data, ONLY market_data_coverage, ONLY market_data_position, ONLY candle_dead_letter IN ROW EXCLUSIVE MODE;
		INSERT INTO market_data AS m (symbol, interval, timestamp, open, high, low, close, volume, quote_volume, revision, fetched_at)
			SELECT 'KRW-A', '1m', timestamptz '2024-02-01Z' + $1 * interval '1 minute', 1, 9, 0.5, 2, 3, 4, 5, '2025-01-01Z'
			ON CONFLICT (symbol, interval, timestamp) DO UPDATE SET close = excluded.close, fetched_at = excluded.fetched_at
			WHERE (excluded.revision, excluded.fetched_at) > (m.revision, m.fetched_at);
		INSERT INTO market_data_coverage AS c (symbol, interval, covered) VALUES ('KRW-A', '1m', '{[2024-02-01 00:00Z,2024-02-01 00:01Z)}')
			ON CONFLICT (symbol, interval) DO UPDATE SET covered = c.covered + excluded.covered WHERE NOT c.covered @> excluded.covered;
		UPDATE market_data_position SET next_offset = next_offset + 1 WHERE topic = 'candles.v1';
		INSERT INTO candle_dead_letter (topic, partition, \"offset\", key, value, reason) VALUES ('candles.v1', 0, 8 + $1, NULL, 'y', 'why')
			ON CONFLICT (topic, partition, \"offset\") DO NOTHING; COMMIT"
}
older_producer() {
	sql "INSERT INTO market_data_series (symbol, interval, source, wanted_from, wanted_until, state) VALUES ('KRW-A', '1m', 'upbit', '2024-01-01Z', NULL, 'ok')
			ON CONFLICT (symbol, interval) DO NOTHING; UPDATE market_data_series SET state = 'ok' WHERE symbol = 'KRW-A'"
}

release_0_1_0
before=$(state)
note "$(stored) rows"
for ((i = 0; i < 20000; i++)); do
	echo "SELECT count(*), pg_sleep(0.005) FROM (SELECT FROM market_data LIMIT 100) x;"
done >"$work/reads.sql"
spawn reader psql -X -q -At -v ON_ERROR_STOP=1 -f "$work/reads.sql"
for one in first second; do
	spawn $one gapless-writer migrate
done
for one in first second; do
	ended $one
	is "of two that migrate at once the $one ends well" "$code" 0
done
ok 'a reader reads all the time' running reader
stop reader
is '... and always saw rows' "$(grep -vcE '^100\|$' "$work/reader.log")" 0
is 'rows, coverage, positions and what is wanted are as they were' "$(state)" "$before"
is 'the rows are guarded' "$(sql "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'market_data'::regclass AND tgname LIKE 'market_data_guard%'")" 6
is '... and can be published' "$(sql "SELECT count(*) FROM pg_index WHERE indrelid = 'market_data'::regclass AND indisreplident")" 1
is '... and those that nobody has confirmed can be found' "$(sql 'SELECT count(*) FROM market_data_unconfirmed')" 0
ok 'a writer of the release before stores beside it' older_writer 0
ok '... again' older_writer 0
ok '... and a producer of it says what it wants' older_producer
is '... all of it is there' "$(sql "SELECT kind FROM market_data_grid('KRW-A', '1m', '2024-02-01Z', '2024-02-01 00:01Z')")|$(sql "SELECT next_offset FROM
	market_data_position")" 'candle|1236'
gapless-writer migrate >"$work/again.log" 2>&1
is 'migrating again does nothing' "$?$(grep -c 'applied=0 ' "$work/again.log")" 01
ok 'every table and view has a comment' sql_is "SELECT count(*) FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
	AND obj_description(oid, 'pg_class') IS NULL" 0

# --- killed anywhere

release_0_1_0
for ms in 20 60 110 170 240 320 410; do
	spawn killed gapless-writer migrate
	pause_ms $ms
	stop killed KILL
	note "killed after $ms ms with $(sql 'SELECT max(number) FROM gapless_migration') migrations"
done 2>/dev/null
await 10 'the locks of those that were killed are gone' sql_is "SELECT count(*) FROM pg_stat_activity WHERE
	datname = current_database() AND application_name = 'gapless-writer'" 0
gapless-writer migrate >"$work/last.log" 2>&1
is 'killed anywhere, the next one ends it' $? 0
is '... with everything as it was' "$(state)" "$before"
is '... and guarded' "$(sql "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'market_data'::regclass AND tgname LIKE 'market_data_guard%'")" 6

# --- one that has adopted a table, and one that publishes it

release_0_1_0
sql "CREATE INDEX market_data_not_compared ON market_data (symbol, interval, timestamp) WHERE fetched_at = '-infinity';
	UPDATE market_data SET fetched_at = '-infinity', revision = 0 WHERE symbol = 'KRW-B' AND timestamp < '2024-01-01 00:05Z';
	INSERT INTO market_data_adoption_run (filenode, finished_at) VALUES (1, now());
	INSERT INTO market_data_adopted VALUES (1, 'KRW-B', '1m', 100, '2024-01-01Z', '2024-01-02Z'); CREATE PUBLICATION everything FOR ALL TABLES"
gapless-writer migrate >"$work/adopted.log" 2>&1
is 'one that has adopted a table, and publishes it' $? 0
is '... still knows what is to be compared' "$(sql 'SELECT adopted, compared, unmatched, to_compare FROM market_data_adoption')" '100|95|5|0'
is '... and lists what the exchange does not have' "$(sql 'SELECT count(*) FROM market_data_unmatched')|$(sql 'SELECT count(*) FROM market_data_unconfirmed')" '5|5'
ok '... and takes upserts' older_writer 1
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log)" ''
finish
