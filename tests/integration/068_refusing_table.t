#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tables that somebody has made rules for. One with row level security, which COPY refuses, is stored into all the same, if it hides no
# row from the writer. A trigger
# that swallows rows is noticed whichever way they come, and nothing is committed. One that refuses rows, in Korean and at length,
# costs those rows alone, and the dead letters have its words; so does one that raises any other error, or a foreign key. What is
# refused for being many rows at once is stored in smaller pieces; what is refused for all rows is waited for.
. tests/integration/lib.sh
. tests/integration/storing.sh
scenario refusing_table
exec 2>"$work/shell.log"
topic_new "$GAPLESS_TOPIC"

# --- row level security

role=storing_limited
sql "DROP ROLE IF EXISTS $role; CREATE ROLE $role; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO $role;
	ALTER TABLE market_data ENABLE ROW LEVEL SECURITY; CREATE POLICY everything ON market_data TO $role USING (true)"
candles 2000 B | publish "$GAPLESS_TOPIC"
GAPLESS_DATABASE="options='-c role=$role'" writer_as limited --group "$GAPLESS_GROUP.0" --http 127.0.0.1:0
page() { curl -s --max-time 30 "http://$(sed -n 's/.*metrics and health are served" address=//p' "$work/limited.log")/api/coverage?to=2024-01-01"; }
page_says() { page | grep -q -- "$1"; }
await 30 'under row level security everything is stored' stored_of "$GAPLESS_TOPIC" 2000
sql "INSERT INTO market_data_series (symbol, interval, source, wanted_from, retained_from, state)
	SELECT 'KRW-A' || i, '1m', 'upbit', '2020-02-20Z', '2021-01-01Z', 'ok' FROM generate_series(0, 19) i;
	ALTER TABLE market_data_series ENABLE ROW LEVEL SECURITY; CREATE POLICY part ON market_data_series USING (symbol <> 'KRW-A1')"
candles 40 A | publish "$GAPLESS_TOPIC"
hides='row level security may hide rows of the table market_data'
await 30 'what is given up may be hidden: the writer waits, and says why' logged limited "cannot be used; waiting.*${hides}_series from the role $role, .*CREATE POLICY"
await 10 '... so does its page, which would leave out what it does not see' page_says "${hides}_series from the role $role"
sql "ALTER POLICY part ON market_data_series USING (true)"
await 10 '... and shows it again' page_says '"symbol": *"KRW-A1"'
await 30 '... mended, it goes on' stored_of "$GAPLESS_TOPIC" 2040
is '... and nothing that is given up is stored' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-A%'")" 0
sql "ALTER TABLE market_data_series DISABLE ROW LEVEL SECURITY; DROP POLICY part ON market_data_series; DELETE FROM market_data_series;
	ALTER TABLE market_data_position ENABLE ROW LEVEL SECURITY; CREATE POLICY part ON market_data_position FOR SELECT USING (true);
	CREATE POLICY rest ON market_data_position FOR UPDATE USING (partition <> 0) WITH CHECK (true)"
candles 40 A | publish "$GAPLESS_TOPIC"
await 30 'a position that an update may not see' logged limited "cannot be used; waiting.*${hides}_position from"
sql "ALTER TABLE market_data_position DISABLE ROW LEVEL SECURITY; DROP POLICY part ON market_data_position; DROP POLICY rest ON market_data_position"
await 30 '... mended, it goes on' stored_of "$GAPLESS_TOPIC" 2080
stop limited
is '... the writer ends with 0' "$code" 0
is '... having inserted them' "$(total limited inserted)" 2040
is '... none by COPY, which the server refuses then' "$(total limited copied)" 0
ok '... as it noticed' test "$(total limited stored_again)" -ge 1
sql "ALTER TABLE market_data DISABLE ROW LEVEL SECURITY; DROP POLICY everything ON market_data; DROP OWNED BY $role; DROP ROLE $role"

# --- a trigger that swallows rows

sql "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TRIGGER swallow BEFORE INSERT ON market_data FOR EACH ROW WHEN (NEW.symbol = 'KRW-C7') EXECUTE FUNCTION swallow()"
candles 2000 C | publish "$GAPLESS_TOPIC"
for rows in 5000 100; do
	writer_as swallowed$rows --group "$GAPLESS_GROUP.0" --batch-rows $rows
	await 40 "batches of $rows: a trigger that swallows rows stops the writer" gone swallowed$rows
	ended swallowed$rows
	is '... with 1' "$code" 1
	ok '... saying so' logged swallowed$rows 'the rows do not add up.*look for a trigger'
done
ok 'no batch with such a row is committed' test "$(sql "SELECT count(*) FROM market_data_coverage WHERE symbol = 'KRW-C7'")" = 0
sql 'DROP TRIGGER swallow ON market_data'
writer_as writer2 --group "$GAPLESS_GROUP.0"
await 30 'without it everything is stored' stored_of "$GAPLESS_TOPIC" 4080
is '... all rows of it' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-C%'")" 2000
stop writer2
is '... and the writer ends with 0' "$code" 0

# --- a trigger that refuses rows, in words that are cut

for cut in '' x xx; do
	letter=$(tr 012 DEF <<<${#cut})
	sql "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN RAISE check_violation USING MESSAGE = ''$cut'' || repeat(''값'', 300), DETAIL = repeat(''거래량'', 90) || ''$cut''; END';
		CREATE TRIGGER refuse BEFORE INSERT ON market_data FOR EACH ROW WHEN (NEW.symbol = 'KRW-${letter}7') EXECUTE FUNCTION refuse()"
	candles 40 $letter | publish "$GAPLESS_TOPIC"
	writer_as refused${#cut} --group "$GAPLESS_GROUP.0"
	await 30 'a trigger that refuses rows costs those alone' stored_of "$GAPLESS_TOPIC" $((4120 + 40 * ${#cut}))
	stop refused${#cut}
	is '... they are dead letters, with the reason' "$(sql "SELECT count(*) FROM candle_dead_letter
		WHERE encode(key, 'escape') = 'KRW-${letter}7' AND reason LIKE '%$cut값%값... (%거래량%...) (SQLSTATE 23514)'")" 2
	sql 'DROP TRIGGER refuse ON market_data'
done

# --- errors of other kinds, each of one series, all in one batch

sql "CREATE TABLE owners_markets (symbol text PRIMARY KEY); INSERT INTO owners_markets SELECT DISTINCT symbol FROM market_data;
	INSERT INTO owners_markets SELECT 'KRW-G' || i FROM generate_series(0, 18) i;
	ALTER TABLE market_data ADD CONSTRAINT owners FOREIGN KEY (symbol) REFERENCES owners_markets;
	CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
		RAISE EXCEPTION USING ERRCODE = ('{P0001,0A000,XX000,23505,42501,GL001}'::text[])[right(NEW.symbol, 1)::int],
			MESSAGE = E'not\nthis', HINT = repeat('한', 500); END \$\$;
	CREATE TRIGGER refuse BEFORE INSERT ON market_data FOR EACH ROW WHEN (NEW.symbol ~ '^KRW-G[1-6]$') EXECUTE FUNCTION refuse()"
candles 60 G | publish "$GAPLESS_TOPIC"
writer_as others --group "$GAPLESS_GROUP.0"
await 60 'errors of any kind cost those rows alone' stored_of "$GAPLESS_TOPIC" 4260
is '... which are dead letters, with the reason' "$(sql "SELECT count(*), string_agg(DISTINCT substring(reason FROM 'SQLSTATE (.....)'), ',')
	FROM candle_dead_letter WHERE symbol LIKE 'KRW-G%'")" '21|0A000,23503,23505,42501,GL001,P0001,XX000'
is '... all others are stored' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-G%'")" 39
sql 'DROP TRIGGER refuse ON market_data; ALTER TABLE market_data DROP CONSTRAINT owners'

# --- what is refused for all rows, or for many at once

sql "CREATE SEQUENCE tries; CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM nextval('tries');
		RAISE EXCEPTION 'closed until six'; END \$\$;
	CREATE TRIGGER closed BEFORE INSERT OR UPDATE ON market_data FOR EACH STATEMENT EXECUTE FUNCTION closed()"
candles 40 H | publish "$GAPLESS_TOPIC"
await 30 'a table that takes nothing is asked row by row' sql_is 'SELECT last_value > 20 FROM tries' t
ok '... and waited for' logged others 'nothing is lost.*closed until six'
sql "DROP TRIGGER closed ON market_data; CREATE FUNCTION single() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
		IF (SELECT count(*) FROM written) > 3 THEN RAISE EXCEPTION 'one by one, please'; END IF; RETURN NULL; END \$\$;
	CREATE TRIGGER single AFTER INSERT ON market_data REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION single()"
await 90 'what is refused for being many is stored in pieces' stored_of "$GAPLESS_TOPIC" 4300
is '... no more dead letters' "$(sql "SELECT count(*) FROM candle_dead_letter WHERE symbol LIKE 'KRW-H%'")" 0
sql 'DROP TRIGGER single ON market_data'

# --- a table that is altered under the writer

altered() { # what, what it says, candles, symbols
	log_forget others
	candles "$3" "$4" | publish "$GAPLESS_TOPIC"
	await 30 "$1: the writer stores nothing, and says why" logged others "cannot be used; waiting, nothing is lost.*$2"
	is '... nothing of it is stored' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-$4%'")" 0
}
sql 'ALTER TABLE market_data ALTER close TYPE float8'
altered 'a column that rounds' 'the column close of market_data is double precision, but must be numeric; ALTER TABLE' 40 I
sql 'ALTER TABLE market_data ALTER close TYPE numeric'
await 30 '... mended, all is stored' stored_of "$GAPLESS_TOPIC" 4340
sql 'ALTER TABLE market_data REPLICA IDENTITY DEFAULT, DROP CONSTRAINT uq_market_data_symbol_interval_ts'
altered 'no unique constraint' 'no valid unique constraint' 600 J # by COPY, which needs none
sql 'ALTER TABLE market_data ADD CONSTRAINT uq_market_data_symbol_interval_ts UNIQUE (symbol, interval, timestamp)'
await 30 '... mended, all is stored' stored_of "$GAPLESS_TOPIC" 4940
killed() { # of this database alone: others run beside it
	sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE application_name = 'gapless-writer' AND datname = current_database()" >/dev/null
}
sql "CREATE SCHEMA other; CREATE TABLE other.market_data (LIKE market_data INCLUDING ALL);
	ALTER DATABASE $PGDATABASE SET search_path = other, public"
killed
altered 'another table that is found first' 'finds another market_data in the schema other first.*SET search_path = public' 40 N
sql "ALTER DATABASE $PGDATABASE RESET search_path; DROP SCHEMA other CASCADE"
await 30 '... mended, all is stored' stored_of "$GAPLESS_TOPIC" 4980
sql "CREATE OR REPLACE FUNCTION rounds() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.close := round(NEW.close); RETURN NEW; END';
	CREATE TRIGGER rounds BEFORE INSERT ON market_data FOR EACH ROW EXECUTE FUNCTION rounds()"
candles 40 K | publish "$GAPLESS_TOPIC"
await 30 'a trigger that may change values is named' logged others 'level=warn .*a trigger of market_data may change what is stored.* trigger=rounds'
sql 'DROP TRIGGER rounds ON market_data'
hold locked 'LOCK TABLE market_data'
candles 40 L | publish "$GAPLESS_TOPIC"
await 20 'whoever locks the table is named' logged others 'hold_locked \(pid [0-9]+, user [a-z]+\) holds the table market_data \(AccessExclusiveLock\)'
release locked
hold rows 'SELECT FROM market_data_position FOR UPDATE'
candles 40 P | publish "$GAPLESS_TOPIC"
await 30 'whoever has locked a row, too' logged others \
	'hold_rows \(pid [0-9]+, user [a-z]+\) may hold rows of the table market_data_position \(RowShareLock\): its transaction, open since 20[^ ]*Z,'
release rows
sql 'CREATE PUBLICATION filtered FOR TABLE market_data WHERE (close > 1)'
jq -c '.symbol = "KRW-I1" | .timestamp = 1582197540000 | .covers_from = .timestamp | .covers_to = .timestamp + 60000 | .revision = .timestamp + 9 |
	.close = "0.7"' schemas/candle.golden.json | sed 's/^/KRW-I1 /' | publish "$GAPLESS_TOPIC"
await 30 'a publication that refuses updates is not taken for a missing constraint' logged others '42P10.*: take the row filter out of the publication'
sql 'DROP PUBLICATION filtered'
await 30 '... without it all is stored' stored_of "$GAPLESS_TOPIC" 5101
sql 'ALTER TABLE market_data_coverage RENAME TO coverage_before; CREATE TABLE market_data_coverage (LIKE coverage_before INCLUDING ALL)'
candles 40 M | publish "$GAPLESS_TOPIC"
await 30 'another table of coverage is there: all is stored' stored_of "$GAPLESS_TOPIC" 5141
is '... what is covered, in that one' "$(sql "SELECT count(*) FROM market_data_coverage WHERE symbol LIKE 'KRW-M%'")" \
	"$(sql "SELECT count(DISTINCT symbol) FROM market_data WHERE symbol LIKE 'KRW-M%'")"
ends_with_0 others
finish
