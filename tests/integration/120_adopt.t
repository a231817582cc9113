#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The market_data of an older collector is adopted: the walk of schemas/ADOPT.md, whose commands are run as they stand there, on
# rows that were made from the exchange's truth and damaged: holes, half-formed candles, duplicates, nonsense, candles that the
# exchange does not have. Killed at every step, while a reader reads; nothing that was right is lost, and after the background
# pass the table equals the truth. Then other shapes of such tables, and those that are refused.
#
# ADOPT_FROM, ADOPT_MARKETS: more of it (tests/soak/adopt.t); ADOPT_KILL=now kills in the middle instead of at each fault point.
. tests/integration/lib.sh
from=${ADOPT_FROM:-2026-02-20T00:00:00Z}
markets=${ADOPT_MARKETS:-KRW-BTC KRW-QUIET}
upto=2026-03-05T11:50:00Z
page=schemas/ADOPT.md
scenario_names adopt
topic_delete
export PATH=$(realpath "$GAPLESS_BIN"):$PATH

database_fresh() { # an empty database, without migrations
	psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)" -c "CREATE DATABASE $PGDATABASE" \
		>"$work/createdb.out" 2>&1 || bail "no database: $(cat "$work/createdb.out")"
}

# The commands of a block of the page.
commands() { # name
	awk -v name="$1" '/^<!-- walk: / { mine = $3 == name } /^```/ { inside = !inside; if (!inside) mine = 0; next } inside && mine' "$page"
}

# Runs a block as it stands; its output is in $work/walk.NAME.
walk() { # name, VARIABLE=value...
	local block=$1
	shift
	walked+=("$block")
	(cd "$work" && env "$@" bash -euc "$(sed -n '1,$p' <<<"$(cd "$OLDPWD" && commands "$block")")") >"$work/walk.$block" 2>&1
}

said() { # block, pattern
	grep -qE -- "$2" "$work/walk.$1" || {
		tail -n 4 "$work/walk.$1" | cut -c1-300 | sed 's/^/# /'
		false
	}
}

refuses() { # pattern: migrating fails with this sentence
	gapless-writer migrate >"$work/walk.refused" 2>&1
	test $? = 1 && said refused "$1"
}

adopts() { gapless-writer migrate >"$work/walk.adopts" 2>&1 && said adopts 'the old table is market_data_inherited'; }

# Columns, constraints and indexes of a table, but for those that other programs have added.
shape() {
	sql "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::regcollation, pg_get_expr(f.adbin, f.adrelid)
			FROM pg_attribute a LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
			WHERE a.attrelid = 'market_data'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL ('{id,created_at,note}')
			ORDER BY a.attnum;
		SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'market_data'::regclass
			AND contype NOT IN ('p', 'n') AND conname <> 'market_data_id_key' ORDER BY conname"
}

# --- the older collector's table, out of the truth

exchange --start 2026-03-05T12:00:05Z --markets 40 --seed 5 --limit 500 --delay 0
database_new
shape >"$work/shape.fresh"
is "a fresh table is left alone" "$(sql "SELECT count(*) FROM market_data_adoption_run")" 0
database_fresh
sql "CREATE TABLE truth (symbol text, interval text, timestamp timestamptz, open numeric, high numeric, low numeric, close numeric,
	volume numeric, quote_volume numeric, revision bigint)"
for m in $markets; do
	truth_tsv "$m" 1m "$from" "$upto"
done >"$work/truth.tsv"
psql -X -q -c "\copy truth FROM '$work/truth.tsv'" || bail "no truth"

# What is done to each row of the truth, but for the first, from which all is wanted. A hole of a day, and 2 % single ones; 1 % half-formed; 3 % twice, half of those with the
# wrong values first; 5 candles where nothing had traded; rows that cannot be right.
damage() {
	sql "SET seed = 0.5; CREATE TABLE damage AS SELECT t.*, CASE WHEN timestamp < '$from'::timestamptz + interval '2 hours' THEN 'right' WHEN timestamp >= '2026-02-25Z' AND timestamp < '2026-02-26Z' OR r < 0.02 THEN 'hole'
				WHEN r < 0.03 THEN 'half' WHEN r < 0.045 THEN 'half then whole' WHEN r < 0.06 THEN 'whole then half' ELSE 'right' END AS what
			FROM (SELECT *, random() AS r FROM truth ORDER BY symbol COLLATE \"C\", timestamp) t"
}
half='open, greatest(open, (open + low) / 2), low, (open + low) / 2, volume * 0.4, quote_volume * 0.4'
whole='open, high, low, close, volume, quote_volume'
fill() { # spelling of the interval, expression of the timestamp, cast of a value, columns after it
	sql "SET timezone = 'Asia/Seoul';
		CREATE FUNCTION pg_temp.put(what text, vals text) RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN EXECUTE format(
			'INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume%2\$s) SELECT symbol, ''$1'', $2,
				%1\$s FROM damage WHERE what = ANY (\$1) ORDER BY timestamp, symbol', vals, '$3') USING what::text[]; END \$\$;
		SELECT pg_temp.put('{half,half then whole}', '$half'), pg_temp.put('{right,whole then half}', '$whole'),
			pg_temp.put('{half then whole}', '$whole'), pg_temp.put('{whole then half}', '$half')" >/dev/null
	sql "INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume) VALUES
		(NULL, '1m', '2026-03-01', 1, 1, 1, 1, 1), ('KRW-BTC', '1m', NULL, 1, 1, 1, 1, 1), ('KRW-BTC', '1m', 'infinity', 1, 1, 1, 1, 1),
		('krw_btc', '1m', '2026-03-01', 1, 1, 1, 1, 1), ('KRW-BTC', '7m', '2026-03-01', 1, 1, 1, 1, 1), ('KRW-BTC', NULL, '2026-03-01', 1, 1, 1, 1, 1),
		('KRW-BTC', '1m', '2026-03-01 00:00:30', 1, 1, 1, 1, 1), ('KRW-BTC', '1d', '2026-03-01 09:00', 1, 1, 1, 1, 1),
		('KRW-BTC', '1m', '2026-03-01', 'NaN', 1, 1, 1, 1), ('KRW-BTC', '1m', '2026-03-01', 1, NULL, 1, 1, 1), ('KRW-BTC', '1m', '2026-03-01', 1, 1, 1, 1, -1)"
}

damage
sql "CREATE TABLE market_data (id bigserial PRIMARY KEY, symbol varchar(20), interval varchar(10), timestamp timestamp, open float8, high float8,
		low float8, close float8, volume float8, created_at timestamptz DEFAULT now(), note text NOT NULL DEFAULT 'old');
	CREATE INDEX market_data_at ON market_data (timestamp); GRANT SELECT ON market_data TO PUBLIC"
halves=$half wholes=$whole
half=${half%, quote_volume \* 0.4} whole=${whole%, quote_volume}
fill minute1 "timestamp AT TIME ZONE ''UTC''" ''
# Where nothing trades, an older collector repeats the last price.
sql "INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume) SELECT 'KRW-QUIET', '1m', t, 7, 7, 7, 7, 0
	FROM generate_series(timestamp '2026-03-01 01:00', '2026-03-01 01:04', '1 minute') t"
rows=$(sql 'SELECT count(*) FROM market_data')
duplicates=$(sql "SELECT count(*) FROM damage WHERE what LIKE '%then%'")
note "$rows rows: $(sql "SELECT string_agg(n || ' ' || what, ', ') FROM (SELECT what, count(*) FROM damage GROUP BY 1) x(what, n)"), 5 made up, 11 unfit"

# --- the walk

sql 'TABLE market_data' | sort >"$work/before"
ok "the page's backup" walk backup
spawn waiting gapless-writer
await 10 "a writer waits for the migration, and says so" logged waiting 'run: gapless-writer migrate'
stop waiting

# A reader, all the time.
for ((i = 0; i < 40000; i++)); do
	echo "SELECT count(*), pg_sleep(0.004) FROM (SELECT FROM market_data LIMIT 1000) x;"
done >"$work/reads.sql"
spawn reader psql -X -At -v ON_ERROR_STOP=1 -c '\timing on' -f "$work/reads.sql"

began_ms=$(($(date +%s%N) / 1000000))
if [ "${ADOPT_KILL:-}" = now ]; then
	spawn migrate gapless-writer migrate
	await 60 "a third is copied" sql_is "SELECT next_block * 8192 > pg_relation_size('market_data') / 3 FROM market_data_adoption_run" t
	stop migrate KILL
	is "killed there" "$code" 137
else
	for at in adopt_begin:1 adopt_batch:2 adopt_batch_done:1 adopt_settled:1 adopt_swap:1; do
		walk migrate GAPLESS_FAULT=$at 2>/dev/null
		is "killed at $at" $? 137
	done
	is "what is copied is copied once" "$(sql "SELECT rows_read = $rows AND (SELECT count(*) FROM market_data_adopting) = $rows - duplicates - unfit
		FROM market_data_adoption_run")" t
fi
gapless-writer >"$work/unfit.log" 2>&1
is "a writer refuses a table that is not adopted" $? 2
ok "and says what to do" logged unfit 'run: gapless-writer migrate'
ok "the older collector cannot write any more" bash -c "! psql -Xqc \"INSERT INTO market_data (symbol) VALUES ('x')\" 2>'$work/fence'"
ok "and is told why" grep -q 'being adopted by gapless-writer migrate' "$work/fence"
ok "the inherited table is untouched" diff -q "$work/before" <(sql 'TABLE market_data' | sort)
ok "the page's migration ends it" walk migrate
took_ms=$(($(date +%s%N) / 1000000 - began_ms))
ok "it went on" said migrate 'goes on'
ok "and accounts for every row" said migrate "rows=$rows adopted=$((rows - duplicates - 11)) duplicates=$duplicates unfit=11"
ok "the reader goes on reading" running reader
stop reader
ok "it always saw rows" bash -c "! grep -vE '^1000\||^Time: |^Timing|^psql:.*terminating|^\$' '$work/reader.log'"
longest=$(sed -n 's/^Time: \([0-9]*\).*/\1/p' "$work/reader.log" | sort -n | tail -n 1)
note "adopted in $took_ms ms with all kills, the last run $(grep -o 'milliseconds=[0-9]*' "$work/walk.migrate"); $(grep -c '^Time' "$work/reader.log") reads meanwhile, the longest took $longest ms"
ok "no read took longer than 3 s" test "$longest" -lt 3000

ok "the page shows what was set aside" walk aside
for why in duplicate 'no symbol or no timestamp' 'not a symbol' 'not the name of an interval' 'not the start of an interval' \
	'a time before 2009' 'a value is missing' 'not a finite number' 'a negative volume'; do
	ok "among it: $why" said aside "$why"
done
ok "the old table is kept whole" diff -q "$work/before" <(sql 'TABLE market_data_inherited' | sort)
ok "the new one has the shape of a fresh one" diff "$work/shape.fresh" <(shape)
ok "with the other indexes, the defaults and the grants" sql_is "SELECT (SELECT count(*) FROM pg_indexes WHERE tablename = 'market_data'
	AND indexname IN ('market_data_pkey', 'market_data_at')), has_table_privilege('public', 'market_data', 'SELECT'),
	(SELECT count(*) FROM market_data WHERE note <> 'old' OR created_at IS NULL)" '2|t|0'
is "nothing that was right is lost" "$(sql "SELECT count(*) FROM damage d LEFT JOIN market_data m ON m.symbol = d.symbol AND m.interval = '1m'
	AND m.timestamp = d.timestamp WHERE d.what IN ('right', 'half then whole', 'whole then half') AND (m.open, m.high, m.low, m.close, m.volume)
	IS DISTINCT FROM (d.open::float8::text::numeric, d.high::float8::text::numeric, d.low::float8::text::numeric,
		d.close::float8::text::numeric, d.volume::float8::text::numeric)")" 0
is "no row is covered, all are old" "$(sql "SELECT count(*), count(*) FILTER (WHERE fetched_at = '-infinity' AND revision = 0),
	(SELECT count(*) FROM market_data_coverage) FROM market_data")" "$((rows - duplicates - 11))|$((rows - duplicates - 11))|0"
is "every series is wanted from its oldest row on" "$(sql "SELECT count(*) FROM market_data_series s JOIN (SELECT symbol, min(timestamp) AS at
	FROM market_data GROUP BY symbol) m ON m.symbol = s.symbol AND m.at = s.wanted_from WHERE s.source = 'upbit' AND s.state = 'ok'")" "$(wc -w <<<"$markets")"
ok "migrating again does nothing" walk migrate
ok "and says so" bash -c "! grep -q adopted '$work/walk.migrate'"

# --- the background pass

export GAPLESS_RATE_LIMIT=500 GAPLESS_RATE_PERCENT=90
mapfile -t start < <(commands start | sed "s/KRW-BTC,KRW-ETH/${markets// /,}/")
walked+=(start)
is "the page starts two programs" ${#start[@]} 2
clock_settle # everything is final for who starts now
began_s=$(date +%s)
# shellcheck disable=SC2086 # words, as a shell splits them
spawn writer ${start[0]}
# shellcheck disable=SC2086
spawn producer ${start[1]}
all_compared() { sql_is "SELECT sum(to_compare) FROM market_data_adoption" 0; }
await "${ADOPT_SECONDS:-40}" "everything is compared" all_compared
note "compared in $(($(date +%s) - began_s)) s"
await 20 "no gap is left" no_gaps
ok "the page shows the progress" walk progress
ok "with what the exchange does not have" said progress 'KRW-QUIET .* 5 +\| +0$'
ok "the page lists that" walk unmatched
ok "these are the 5 that were made up" bash -c "grep -c 'KRW-QUIET.* 2026-0[23]-.* 7 .* 7 .* 7 .* 7 ' '$work/walk.unmatched' | grep -qx 5"
is "everything else is as the exchange has it" "$(sql "SELECT count(*) FROM truth t FULL JOIN (SELECT * FROM market_data WHERE timestamp < '$upto'
	AND fetched_at > '-infinity') m USING (symbol, interval, timestamp) WHERE (t.open, t.high, t.low, t.close, t.volume, t.quote_volume)
	IS DISTINCT FROM (m.open, m.high, m.low, m.close, m.volume, m.quote_volume)")" 0
ok "and nothing else is listed" said unmatched '^\(5 rows\)$'
ok "the page deletes what the exchange does not have" walk delete
ok "and says how many" said delete '^DELETE 5$'
await 30 "the minutes in which they were are read once more" no_gaps
ok "the table equals the truth, digit for digit" complete_and_true $(($(wc -l <"$work/truth.tsv") - 10))
is "rows of the older collector keep their other columns" "$(sql "SELECT count(*) > 0 FROM market_data WHERE note = 'old' AND id < 100")" t
ok "the page cleans up" walk clean
ok "nothing was lost on the way" sql_is "SELECT count(*) FROM market_data_set_aside" $((duplicates + 11))
for p in producer writer; do
	stop $p
	is "the $p ends with 0" "$code" 0
done

[ "${ADOPT_KILL:-}" = now ] && finish # what follows is small, and needs the fault points

# --- timestamptz, numeric with a scale, quote_volume; another key of its own

half=$halves whole=$wholes
database_fresh
sql "CREATE TABLE truth (symbol text, interval text, timestamp timestamptz, open numeric, high numeric, low numeric, close numeric,
	volume numeric, quote_volume numeric, revision bigint)"
psql -X -q -c "\copy truth FROM PROGRAM 'head -n 20000 $work/truth.tsv'"
damage
sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open numeric(20,8), high numeric(20,8), low numeric(20,8),
	close numeric(20,8), volume numeric(24,8), quote_volume numeric(28,8), id int GENERATED ALWAYS AS IDENTITY UNIQUE, fetched_at date)"
fill 1m timestamp ', quote_volume'
killed() { # fault point
	is "killed at $1" "$(GAPLESS_FAULT=$1 gapless-writer migrate >/dev/null 2>&1; echo $?)" 137
} 2>/dev/null
killed adopt_batch:2
sql 'VACUUM FULL market_data' # every row has another place now
ok "a table with a scale and a key of its own is adopted" adopts
ok "from the beginning, as its rows were moved" bash -c "! grep -q 'goes on' '$work/walk.adopts'"
ok "with the shape of a fresh one" diff "$work/shape.fresh" <(shape)
is "nothing that was right is lost there" "$(sql "SELECT count(*) FROM damage d LEFT JOIN market_data m ON m.symbol = d.symbol AND m.interval = '1m'
	AND m.timestamp = d.timestamp WHERE d.what IN ('right', 'half then whole', 'whole then half') AND (m.open, m.high, m.low, m.close, m.volume, m.quote_volume)
	IS DISTINCT FROM (d.open::numeric(20,8), d.high::numeric(20,8), d.low::numeric(20,8), d.close::numeric(20,8), d.volume::numeric(24,8),
		d.quote_volume::numeric(28,8))")" 0
is "and nothing is in two places" "$(sql "SELECT (SELECT count(*) FROM market_data_inherited) - (SELECT count(*) FROM market_data)
	- (SELECT count(*) FROM market_data_set_aside)")" 0
ok "new rows get identities that are free" sql "INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume, quote_volume)
	VALUES ('KRW-NEW', '1m', '2026-01-01Z', 1, 1, 1, 1, 1, 1)"

# --- two at once

database_fresh
sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8, close float8, volume float8);
	INSERT INTO market_data SELECT 'KRW-BTC', '1m', timestamptz '2026-01-01Z' + n % 20000 * interval '1 minute', 0.1::float8 + 0.2::float8, 1, 1,
		1, n FROM generate_series(1, 40000) n;
	ALTER DATABASE $PGDATABASE SET extra_float_digits = -3"
for one in first second; do
	spawn $one gapless-writer migrate
done
for one in first second; do
	ended $one
	is "of two that adopt at once the $one ends well" "$code" 0
done
is "between them they have done it once" "$(sql "SELECT count(*), min(volume), (SELECT count(*) FROM market_data_set_aside),
	(SELECT string_agg(rows_read::text, ',') FROM market_data_adoption_run) FROM market_data")" '20000|20001|20000|40000'
is "a float keeps all its digits, whatever the database prints" "$(sql 'SELECT DISTINCT open FROM market_data')" 0.30000000000000004
sql "INSERT INTO market_data_coverage VALUES ('KRW-BTC', '1m', '{[2026-01-01 00:00Z,2026-01-01 00:02:30Z)}')"
is "what is covered in part is not listed yet" "$(sql 'SELECT count(*) FROM market_data_unmatched')" 2
is "and is yet to be compared" "$(sql 'SELECT adopted, compared, unmatched, to_compare FROM market_data_adoption')" '20000|0|2|19998'

# --- small ones

old() { # columns after volume
	database_fresh
	sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8, close float8,
		volume float8${1:-})"
}
old
killed adopt_swapped:1
ok "and what is left is done by the next run" gapless-writer migrate 2>"$work/after.log"
old
ok "an empty table is adopted" adopts
is "and wants nothing" "$(sql 'SELECT count(*) FROM market_data_series')" 0
old
sql "CREATE VIEW latest AS SELECT max(timestamp) FROM market_data"
ok "what a view uses is refused, and the view named" refuses 'view latest'
sql "DROP VIEW latest"
ok "without it it is adopted" adopts
old
sql "ALTER TABLE market_data ALTER timestamp TYPE bigint USING 0"
ok "another kind of time is refused" refuses 'the column timestamp of market_data is bigint.*ALTER COLUMN'
old
sql "ALTER TABLE market_data RENAME volume TO vol"
ok "a missing column is refused" refuses 'no column volume'
database_fresh
sql "CREATE VIEW market_data AS SELECT 1 AS symbol"
ok "a view of that name is refused" refuses 'not a plain table'
database_new
sql "DROP TABLE market_data; CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8,
	close float8, volume float8)"
ok "a table that was put there after the migrations is adopted" adopts
ok "and has the shape of a fresh one" diff "$work/shape.fresh" <(shape)
sql "INSERT INTO market_data_coverage VALUES ('KRW-BTC', '1m', '{}'); ALTER TABLE market_data DROP CONSTRAINT uq_market_data_symbol_interval_ts"
ok "our own table is not taken for an older collector's" gapless-writer migrate 2>"$work/own.log"
gapless-writer >"$work/unfit.log" 2>&1
ok "its writer says what is wrong" logged unfit 'no valid unique constraint.*ADD CONSTRAINT'

# Who is in the middle of something is waited for, and others do not stand behind us longer than 1.5 s.
old
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
busy() { # statement
	spawn busy psql -X -q -c "BEGIN; $1; SELECT pg_sleep(5); COMMIT"
	await 5 "somebody is busy: $1" sql_is "SELECT count(*) FROM pg_stat_activity WHERE datname = '$PGDATABASE' AND wait_event = 'PgSleep'" 1
}
busy "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-02Z', 1, 1, 1, 1, 1"
spawn migrate gapless-writer migrate
await 8 "a transaction that writes is waited for" logged migrate 'stop the older collector'
await 10 "and its row is adopted" sql_is "SELECT count(*) FROM market_data WHERE fetched_at = '-infinity'" 2
ended migrate
is "with exit code" "$code" 0
ended busy
old
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
busy "SELECT FROM market_data"
spawn migrate gapless-writer migrate
await 8 "a long reader is waited for, too" bash -c "tail -n 1 '$work/migrate.log' | grep -q 'long reader'"
began_ms=$(($(date +%s%N) / 1000000))
is "another one reads meanwhile" "$(sql 'SELECT count(*) FROM market_data')" 1
waited_ms=$(($(date +%s%N) / 1000000 - began_ms))
ok "after $waited_ms ms" test $waited_ms -lt 2500
ended migrate
is "and the swap comes through" "$code" 0
ended busy

old
sql "INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-01Z', 1, 1, 1, 1, 1"
killed adopt_settled:1
sql "SET session_replication_role = replica; INSERT INTO market_data SELECT 'KRW-BTC', '1m', '2026-01-02Z', 1, 1, 1, 1, 1"
ok "a row that came in behind the fence is noticed" refuses 'the rows do not add up'
ok "the next run begins anew" adopts
is "and has it" "$(sql 'SELECT count(*) FROM market_data')" 2
old
killed adopt_settled:1
ok "one can give up, as the page says" walk undo
ok "and the table takes rows again" sql "INSERT INTO market_data (symbol) VALUES ('x')"

# --- TimescaleDB, as far as it can be shown without it: which calls are made, on what, and when

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

is "every command of the page was run" "$(printf '%s\n' "${walked[@]}" | sort -u)" "$(sed -n 's/^<!-- walk: \(.*\) -->$/\1/p' "$page" | sort)"
is "and it has no other" "$(grep -c '^```sh' "$page")" "$(grep -c '^<!-- walk: ' "$page")"
finish
