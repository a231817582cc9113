#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Wanting less. Retention gives up rows, coverage and what is wanted together: what is gone is neither a gap nor an interval without
# trades, and comes back only when one asks for it. On a hypertable (a stand-in) chunks are dropped, a policy that is there is kept
# to, and chunks that somebody else drops leave no coverage behind. What nobody collects any more ends, with its rows or without.
# What is not available is settled. Rows that the exchange does not have are listed, and discarded. Only the database is used.
. tests/integration/lib.sh
. tests/integration/said.sh
. tests/integration/timescale.sh
scenario_names retain
timescale_skip
database_new
says() { grep -qE -- "$1" "$work/out"; }
# Days of an hour's candles up to now, all final, all wanted.
fill() { # symbol, days
	sql "INSERT INTO market_data SELECT '$1', '1h', t, 1, 9, 0.5, 2, 3, 4, 5, t + interval '1 day' FROM generate_series(
			date_bin('1 hour', now(), '2000-01-01Z') - interval '$2 days', now(), '1 hour') t;
		INSERT INTO market_data_coverage SELECT '$1', '1h', tstzmultirange(tstzrange(min(timestamp), max(timestamp) + interval '1 hour'))
			FROM market_data WHERE symbol = '$1';
		INSERT INTO market_data_series (symbol, interval, source, wanted_from) SELECT '$1', '1h', 'upbit', min(timestamp)
			FROM market_data WHERE symbol = '$1'"
}
kinds() { # symbol: how many of each in the last 10 days
	sql "SELECT string_agg(n || ' ' || kind, ', ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM market_data_grid('$1', '1h',
		date_bin('1 hour', now(), '2000-01-01Z') - interval '10 days', date_bin('1 hour', now(), '2000-01-01Z')) GROUP BY kind) x"
}
all() { sql 'SELECT symbol, count(*), min(timestamp) FROM market_data GROUP BY symbol ORDER BY symbol'; }

run gapless-writer gaps
is 'where nothing is wanted yet gaps has a code of its own' "$code" 5
ok '... and says so' says '^nothing is wanted yet'
fill KRW-A 10
fill KRW-B 10
fill BTC-C 10
run gapless-writer gaps
is 'everything is there' "$code$(sed 's/ as of.*//' "$work/out")" '0no gaps: all 3 series are complete'
before=$(all)

# --- what is refused

refused 'an interval that is none' "'7m=3d' does not begin with one of" gapless-writer retain --keep 7m=3d
refused 'an interval twice' '1m is named more than once' gapless-writer retain --keep 1m=3d,1s=1d,1m=400d
refused 'no span' "'1m' is not like 1m=400d" gapless-writer retain --keep 1m
refused 'a span without a unit' "'1m=400' does not end with a span" gapless-writer retain --keep 1m=400
refused 'a span of nothing' "'1m=0d' does not end with a span" gapless-writer retain --keep 1m=0d
refused 'dead letters of no age' "'dead-letters=0d' does not end with a span" gapless-writer retain --keep dead-letters=0d
refused 'an end of nothing' '--symbols' gapless-writer end
refused 'a pattern in small letters' "'krw-\*' is not a pattern" gapless-writer end --symbols 'krw-*'

# --- retention

run gapless-writer retain --keep 1h=4d,1m=1d --symbols 'KRW-?' --dry-run
is 'a dry run' "$code$(grep -c 'would be kept from .*; 14[45] rows would be removed' "$work/out")" 02
is '... changes nothing' "$(all)" "$before"
run gapless-writer retain --keep 1h=4d,1m=1d --symbols 'KRW-?'
is 'the oldest six days are given up' "$code$(tail -n 1 "$work/out" | grep -cE '^2 series moved on, 2(88|90) rows removed')" 01
is '... and are not wanted: no gap, nor an interval without trades' "$(kinds KRW-A | grep -cE '^9[67] candle, 14[34] not wanted$')" 1
is '... another market is as it was' "$(kinds BTC-C)" '240 candle'
run gapless-writer gaps
is '... gaps is content' "$code" 0
is '... and so is the freshness' "$(sql 'SELECT sum(gaps), max(lag) < interval '"'2 hours'"' FROM market_data_freshness')" '0|t'
is 'the coverage begins where it is kept' "$(sql "SELECT count(*) FROM market_data_coverage c JOIN market_data_series s USING (symbol, interval)
	WHERE lower(covered) = retained_from")" 2
run gapless-writer retain --keep 1h=6d --symbols 'KRW-*'
is 'keeping more brings nothing back' "$code$(kinds KRW-A | grep -cE '^9[67] candle, 14[34] not wanted$')" 01
sql "INSERT INTO market_data SELECT 'KRW-A', '1h', retained_from - interval '5 hours', 1, 9, 0.5, 2, 3, 4 FROM market_data_series WHERE symbol = 'KRW-A';
	UPDATE market_data_coverage SET covered = covered + tstzmultirange(tstzrange(now() - interval '9 days', now())) WHERE symbol = 'KRW-A'"
is 'what an older program brings back is not shown' "$(kinds KRW-A | grep -cE '^9[67] candle, 14[34] not wanted$')" 1
is '... nor summed up' "$(sql "SELECT s.covered_from = r.retained_from FROM market_data_coverage_summary s JOIN market_data_series r
	USING (symbol, interval) WHERE symbol = 'KRW-A'")" t
sql "UPDATE market_data_coverage SET covered = covered * (SELECT tstzmultirange(tstzrange(retained_from, NULL)) FROM market_data_series WHERE symbol = 'KRW-A')
	WHERE symbol = 'KRW-A'"
run gapless-writer retain
is '... and removed by the next one, whatever it names' "$code$(grep 'moved on' "$work/out")" '00 series moved on, 1 row removed, 0 chunks dropped'
is 'a writer asks below what it must not store' "$(sql "SELECT count(*) FROM market_data_series s WHERE market_data_floor(symbol, interval)
	IS NOT DISTINCT FROM coalesce(retained_from, '-infinity'), market_data_floor('KRW-NOPE', '1h') = '-infinity'" 2>/dev/null ||
	sql "SELECT count(*) FROM market_data_series s WHERE market_data_floor(symbol, interval) = coalesce(retained_from, '-infinity')")" 3
run gapless-writer retain --keep 1h=all --symbols KRW-A
is 'who wants it back says so' "$code$(kinds KRW-A | grep -cE '^9[67] candle, 14[34] gap$')" 01

# --- an end

run gapless-writer end --symbols 'KRW-*' --dry-run
is 'an end, as a dry run' "$code$(sort "$work/out")" '0KRW-A 1h: would end
KRW-B 1h: would end'
run gapless-writer end --symbols 'KRW-*'
is 'an end' "$code$(sort "$work/out")" '0KRW-A 1h: ended; its rows stay
KRW-B 1h: ended; its rows stay'
run gapless-writer gaps
is '... leaves no gap' "$code$(sed 's/ as of.*//' "$work/out")" '0no gaps: all 1 series are complete'
is '... rows, but nothing that is wanted' "$(kinds KRW-A | grep -cE '^9[67] candle, 14[34] not wanted$')" 1
sql "UPDATE market_data_series SET state = 'ok'"
run gapless-writer gaps
is '... also if a producer that runs sets its state' "$code" 0
is '... in the freshness, too' "$(sql "SELECT state, lag, gaps FROM market_data_freshness WHERE symbol = 'KRW-A'")" 'ended|00:00:00|0'
run gapless-writer end --symbols KRW-B --purge
ok 'a purge removes the rows' says '^KRW-B 1h: ended, 9[67] rows removed$'
is '... and the coverage' "$(sql "SELECT (SELECT count(*) FROM market_data WHERE symbol = 'KRW-B'), covered FROM market_data_coverage WHERE symbol = 'KRW-B'")" '0|{}'
is '... of nothing else' "$(kinds BTC-C)" '240 candle'
run gapless-writer end --symbols BTC-C
run gapless-writer gaps
is 'where all has ended' "$code$(cat "$work/out")" '0nothing is wanted any more: all of it has ended'
sql 'UPDATE market_data_series SET ended_at = NULL'

# --- what is not available, and what nobody has confirmed

hour="date_bin('1 hour', now(), '2000-01-01Z')"
day=$(date -u -d '3 days ago' +%F)
sql "DELETE FROM market_data WHERE symbol = 'BTC-C' AND timestamp >= '${day}T00:00Z' AND timestamp < '${day}T12:00Z'"
run gapless-writer gaps --symbols BTC-C
is 'half a day is missing' "$code$(sed -n 's/ as of.*//p' "$work/out")" '11 gap, 12 intervals missing, in 1 of 1 series'
run gapless-writer settle --symbols BTC-C --intervals 1h --from "$day" --to "${day}T09:30" --reason 'before the relisting' --dry-run
ok 'settling, as a dry run' says '^BTC-C 1h: 10 intervals would be settled$'
run gapless-writer settle --symbols BTC-C --intervals 1h --from "$day" --to "${day}T09:30" --reason 'before the relisting'
ok 'settling' says '^BTC-C 1h: 10 intervals are settled'
run gapless-writer gaps --symbols BTC-C --format tsv
is 'the rest is a gap' "$code$(cut -f 3-5 "$work/out")" "1${day}T10:00:00Z	${day}T12:00:00Z	2"
is '... and the grid tells them apart' "$(kinds BTC-C)" '228 candle, 2 gap, 10 unobtainable'
run gapless-writer settle --symbols BTC-C --intervals 1h --from "$day" --to "${day}T12:00"
run gapless-writer gaps --symbols BTC-C
is 'with nothing but that gaps ends with 0' "$code" 0
ok '... and says it' says '^12 intervals are not available'
run gapless-writer gaps --symbols BTC-C --kind unobtainable --format tsv
is '... with the reasons' "$(cut -f 5,6 "$work/out")" '10	before the relisting
2	settled by hand'
is 'a view has it, too' "$(sql "SELECT string_agg(reason, ', ' ORDER BY reason) FROM market_data_not_available")" 'before the relisting, settled by hand'
sql "UPDATE market_data_coverage SET covered = covered + tstzmultirange(tstzrange('${day}T00:00Z', '${day}T01:00Z')) WHERE symbol = 'BTC-C'"
run gapless-writer gaps --symbols BTC-C
ok 'what came after all is no longer counted' says '^11 intervals are not available'
run gapless-writer forget --symbols BTC-C --intervals 1h --from "$day" --to "${day}T12:00"
run gapless-writer gaps --symbols BTC-C
is 'forget asks for all of it again' "$code$(sed -n 's/ as of.*//p' "$work/out")" '11 gap, 12 intervals missing, in 1 of 1 series'

fill KRW-U 2
sql "DELETE FROM market_data WHERE symbol = 'KRW-U' AND timestamp = $hour - interval '5 hours';
	UPDATE market_data_coverage SET covered = tstzmultirange(range_merge(covered)) WHERE symbol = 'KRW-U'"
is 'an interval without trades' "$(kinds KRW-U | grep -o '[0-9]* no trade')" '1 no trade'
sql "INSERT INTO market_data VALUES ('KRW-U', '1h', $hour - interval '5 hours', 1, 1, 1, 1, 1, 1);
	UPDATE market_data SET fetched_at = timestamp + interval '1 hour 59 seconds' WHERE symbol = 'KRW-U' AND timestamp = $hour - interval '7 hours'"
is 'a row in it that somebody inserted is not taken for a candle' "$(kinds KRW-U | grep -o '[0-9]* unconfirmed')" '2 unconfirmed'
run gapless-writer gaps --symbols KRW-U
is '... counted apart, and no gap' "$code$(tail -n 1 "$work/out")" '02 rows nobody has confirmed; which: gapless-writer gaps --kind unconfirmed'
run gapless-writer gaps --symbols KRW-U --kind unconfirmed --format tsv
is '... and listed' "$(wc -l <"$work/out")" 2
run gapless-writer discard --symbols KRW-U --dry-run
ok 'discarding, as a dry run' says '^KRW-U 1h: 2 rows would be removed$'
run gapless-writer discard --symbols 'KRW-*'
ok 'discarding' says '^KRW-U 1h: 2 rows removed$'
is '... leaves gaps, which are read again' "$(kinds KRW-U | grep -o '[0-9]* gap')" '2 gap'
run gapless-writer discard --symbols KRW-U
ok '... and once is enough' says '^every row there is confirmed$'

PGOPTIONS='-c default_transaction_read_only=on' run gapless-writer gaps --symbols BTC-C
is 'gaps may be asked of a server that takes no changes' "$code" 1

# --- dead letters

dead() { # topic, offset, value, days ago
	sql "INSERT INTO candle_dead_letter (topic, partition, \"offset\", key, value, reason, seen_at) VALUES ('$1', 0, $2, 'KRW-BTC', $3, 'x',
		now() - interval '$4 days') ON CONFLICT (topic, partition, \"offset\") DO NOTHING"
}
dead t 5 "'{\"v\":9}'" 100
dead t 5 "'{\"v\":9}'" 100
is 'a message that is read again is kept once' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 1
dead t 5 "'\\xff00'" 1
is 'one of a topic that was recreated is kept beside it' "$(sql "SELECT string_agg(value, ' ' ORDER BY seen_at) FROM candle_dead_letter_text")" '{"v":9} \xff00'
is '... under the name of the topic' "$(sql "SELECT value FROM candle_dead_letter_text WHERE topic = 't'")" '\xff00'
run gapless-writer retain --keep dead-letters=90d
is 'dead letters are not kept for ever' "$code$(tail -n 1 "$work/out")$(sql 'SELECT count(*) FROM candle_dead_letter')" '01 dead letter removed1'

# --- when a candle is due: a grace after its end, whatever its length

due() { sql "SELECT to_char(market_data_due('$1', '$2'), 'YYYY-MM-DD HH24:MI:SS')"; }
export PGTZ=UTC
is 'five minutes after midnight the day is not due' "$(due 1d 2026-03-10T00:05Z)" '2026-03-09 00:00:00'
is '... but seven minutes after it' "$(due 1d 2026-03-10T00:07Z)" '2026-03-10 00:00:00'
is 'so with weeks' "$(due 1w 2026-03-09T00:06:59Z) $(due 1w 2026-03-09T00:07Z)" '2026-03-02 00:00:00 2026-03-09 00:00:00'
is '... and months' "$(due 1M 2026-03-01T00:06:59Z) $(due 1M 2026-03-01T00:07Z)" '2026-02-01 00:00:00 2026-03-01 00:00:00'
is '... minutes and seconds' "$(due 1m 2026-03-10T00:07:59Z) $(due 1s 2026-03-10T00:07:59Z)" '2026-03-10 00:00:00 2026-03-10 00:00:59'
unset PGTZ
is 'the interval that forms is no gap' "$(sql "SELECT string_agg(kind, ',') FROM market_data_grid('KRW-A', '1h', now() - interval '1 hour', now())
	WHERE kind <> 'candle'"),$(sql "SELECT string_agg(DISTINCT kind, ',') FROM market_data_grid('KRW-A', '1h', now() + interval '1 hour', now() + interval '9 hours')")" \
	',not due'

# --- a hypertable: chunks of weeks from 2024-01-01 on

database_new
timescale 2.29.2
timescale_chunks 2024-01-01Z 6
"$GAPLESS_BIN/gapless-writer" migrate >"$work/migrate.out" 2>&1
weeks() { # symbol: a candle a day, for six weeks
	sql "INSERT INTO market_data SELECT '$1', '1d', t, 1, 9, 0.5, 2, 3, 4, 5, t + interval '2 days' FROM generate_series(timestamptz '2024-01-01Z',
			'2024-02-11Z', '24 hours') t;
		INSERT INTO market_data_coverage VALUES ('$1', '1d', '{[2024-01-01 00:00Z,2024-02-12 00:00Z)}');
		INSERT INTO market_data_series (symbol, interval, source, wanted_from, wanted_until) VALUES ('$1', '1d', 'upbit', '2024-01-01Z', '2024-02-12Z')"
}
weeks KRW-A
weeks KRW-B
days() { sql "SELECT string_agg(n || ' ' || kind, ', ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM market_data_grid('$1', '1d', '2024-01-01Z',
	'2024-02-12Z') GROUP BY kind) x"; }
sql 'SELECT market_data_reconcile()'
is 'the chunks are known' "$(sql 'SELECT count(*) FROM market_data_chunk')" 6
ago() { echo $((($(date +%s) - $(date -d "$1" +%s)) / 86400)); } # days
run gapless-writer retain --keep "1d=$(ago 2024-01-25T00:00:00Z)d" --symbols KRW-A
is 'a chunk of which another series keeps rows stays' "$code$(tail -n 1 "$work/out" | sed 's/, [0-9]* rows/, n rows/')" '01 series moved on, n rows removed, 0 chunks dropped'
run gapless-writer retain --keep "1d=$(ago 2024-01-25T00:00:00Z)d"
is 'those of which nobody keeps any are dropped' "$code$(tail -n 1 "$work/out" | sed 's/, [0-9]* rows/, n rows/')" '01 series moved on, n rows removed, 3 chunks dropped'
is '... with what was covered' "$(days KRW-B | grep -cE '^1[789] candle, 2[345] not wanted$')" 1
sql "SELECT tsdb.drop_chunks('market_data', newer_than => '2024-01-28Z', older_than => '2024-02-06Z')" >/dev/null
is 'a chunk that somebody drops is not covered from then on' "$(days KRW-B | grep -oE '[0-9]+ gap')" '7 gap'
is '... nor in the views' "$(sql "SELECT fragments FROM market_data_coverage_summary WHERE symbol = 'KRW-B'")" 2
is '... and the database corrects its coverage' "$(sql 'SELECT market_data_reconcile()' | grep -c 'chunks of market_data were dropped')" 1
is '... which is wanted again, as it is in the middle' "$(sql 'SELECT count(*) FROM market_data_gap')" 2
sql "INSERT INTO market_data_coverage AS c SELECT symbol, interval, '{[2024-01-29 00:00Z,2024-02-05 00:00Z)}' FROM market_data_coverage
		ON CONFLICT (symbol, interval) DO UPDATE SET covered = c.covered + excluded.covered;
	INSERT INTO tsdb.chunk VALUES ('public', 'market_data', 'tsdb', 'chunk_5', '2024-01-29Z', '2024-02-05Z');
	SELECT market_data_reconcile()"
sql "SELECT tsdb.drop_chunks('market_data', older_than => '2024-01-29Z')" >/dev/null
sql 'SELECT market_data_reconcile()' >"$work/oldest"
ok 'the oldest ones are given up' grep -q 'nothing before .* is wanted' "$work/oldest"
is '... and no gap' "$(sql "SELECT count(*) FROM market_data_gap")" 0
is '... nor an interval without trades before' "$(sql "SELECT count(*) FROM market_data_grid('KRW-B', '1d', '2024-01-01Z', '2024-01-29Z') WHERE kind <> 'not wanted'")" 0
sql "INSERT INTO timescaledb_information.jobs VALUES ('policy_retention', 'public', 'market_data', '{\"drop_after\": \"$(ago 2024-02-08T00:00:00Z) days\"}')"
run gapless-writer retain
is 'a policy that is there is kept to' "$code$(sql "SELECT count(DISTINCT retained_from), min(retained_from) BETWEEN '2024-02-06Z' AND '2024-02-09Z' FROM market_data_series")" '01|t'
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*)" ''
finish
