#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The market_data of an older collector is adopted: the walk of schemas/ADOPT.md, whose commands are run as they stand there, on
# rows that were made from the exchange's truth and damaged: holes, half-formed candles, duplicates, nonsense, candles that the
# exchange does not have. Killed at every step, while a reader reads; nothing that was right is lost, and after the background
# pass the table equals the truth. Other shapes of such tables: 122_adopt_shapes.t.
#
# ADOPT_FROM, ADOPT_MARKETS: more of it (tests/soak/adopt.t); ADOPT_KILL=now kills in the middle instead of at each fault point;
# ADOPT_READ_MS: no read may take longer.
. tests/integration/lib.sh
. tests/integration/adopt.sh
scenario_names adopt
topic_delete
export PATH=$(realpath "$GAPLESS_BIN"):$PATH

# --- the older collector's table, out of the truth

exchange --start 2026-03-05T12:00:05Z --markets 40 --seed 5 --limit 500 --delay 0
database_new
shape >"$work/shape.fresh"
is "a fresh table is left alone" "$(sql "SELECT count(*) FROM market_data_adoption_run")" 0
database_fresh
truth_fetch
truth_make

damage
sql "CREATE TABLE market_data (id bigserial PRIMARY KEY, symbol varchar(20), interval varchar(10), timestamp timestamp, open float8, high float8,
		low float8, close float8, volume float8, created_at timestamptz DEFAULT now(), note text NOT NULL DEFAULT 'old');
	CREATE INDEX market_data_at ON market_data (timestamp); GRANT SELECT ON market_data TO PUBLIC"
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
[ -z "${ADOPT_READ_MS:-}" ] || ok "no read took longer than $ADOPT_READ_MS ms" test "$longest" -lt "$ADOPT_READ_MS"

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

[ "${ADOPT_KILL:-}" = now ] && finish # what follows needs the fault points

# --- given up

old
killed adopt_settled:1
ok "one can give up, as the page says" walk undo
ok "and the table takes rows again" sql "INSERT INTO market_data (symbol) VALUES ('x')"

is "every command of the page was run" "$(printf '%s\n' "${walked[@]}" | sort -u)" "$(sed -n 's/^<!-- walk: \(.*\) -->$/\1/p' "$page" | sort)"
is "and it has no other" "$(grep -c '^```sh' "$page")" "$(grep -c '^<!-- walk: ' "$page")"
finish
