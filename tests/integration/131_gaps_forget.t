#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gaps tells what is missing, as a table and as lines for other programs, by its exit code too; forget takes a span back, on the
# grid and while everything runs, and the producer fetches exactly that again: rows that somebody deleted or changed are as the
# exchange has them.
. tests/integration/lib.sh
. tests/integration/said.sh
scenario gaps_forget
export GAPLESS_BATCH_MS=200 GAPLESS_LOOKUP_S=2 GAPLESS_LOOKUP_GAPS_S=2
exchange --start 2026-03-10T12:00:00Z
from=2026-03-10T06:00:00Z

run gapless-writer gaps
is 'where nothing is wanted yet gaps has a code of its own' "$code" 5
ok '... and that is said' says '^nothing is wanted yet'

# --- gaps

gaps() { run gapless-writer gaps --at "$(exchange_now)" "$@"; } # argument...

writer
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m,5m --since $from
await 30 'all of it is wanted' sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$from'" 4
await 30 '... and complete' no_gaps
gaps
is 'no gaps: exit code' "$code" 0
ok 'no gaps: said, with the number of series' says '^no gaps: all 4 series are complete as of 2026-03-10T12:'
gaps --format tsv
is 'no gaps as tsv: exit code, and no line' "$code$(cat "$work/out")" 0
refused 'gaps of what nobody wants' 'nothing is wanted of KRW-ETH, 1h;' gapless-writer gaps --symbols KRW-BTC,KRW-ETH --intervals 1m,1h
stop producer
is 'the producer ends' "$code" 0

# --- forget

covered_before=$(sql 'SELECT symbol, "interval", covered FROM market_data_coverage ORDER BY 1, 2')
forgotten=(forget --symbols KRW-SPARSE,KRW-BTC --intervals 5m,1m --from 2026-03-10T08:03:30Z --to 2026-03-10T17:12:00+09:00)
run gapless-writer "${forgotten[@]}" --dry-run
is 'a dry run: exit code' "$code" 0
ok '... says what it would do' says '^KRW-BTC 1m: 9 intervals of 2026-03-10T08:03:00Z to 2026-03-10T08:12:00Z would be forgotten$'
is '... and changes nothing' "$(sql 'SELECT symbol, "interval", covered FROM market_data_coverage ORDER BY 1, 2')" "$covered_before"

refused 'forget of what is not known' 'nothing is known of KRW-ETH, 1h;' \
	gapless-writer forget --symbols KRW-BTC,KRW-ETH --intervals 1m,1h --from 2026-03-10 --to 2026-03-11
is '... changes nothing either' "$(sql 'SELECT symbol, "interval", covered FROM market_data_coverage ORDER BY 1, 2')" "$covered_before"

# Somebody has been at the rows: one is gone, one is changed without a newer revision.
sql "DELETE FROM market_data WHERE symbol = 'KRW-BTC' AND \"interval\" = '1m' AND \"timestamp\" = '2026-03-10T08:05:00Z'"
sql "UPDATE market_data SET close = close + 1 WHERE symbol = 'KRW-BTC' AND \"interval\" = '1m' AND \"timestamp\" = '2026-03-10T08:07:00Z'"
rows=$(sql 'SELECT count(*) FROM market_data')
run gapless-writer "${forgotten[@]}"
is 'forget: exit code' "$code" 0
is '... says of each series how much; what was deleted is not covered any more' "$(cat "$work/out")" "KRW-BTC 1m: 8 intervals of 2026-03-10T08:03:00Z to 2026-03-10T08:12:00Z forgotten
KRW-BTC 5m: 3 intervals of 2026-03-10T08:00:00Z to 2026-03-10T08:15:00Z forgotten
KRW-SPARSE 1m: 9 intervals of 2026-03-10T08:03:00Z to 2026-03-10T08:12:00Z forgotten
KRW-SPARSE 5m: 3 intervals of 2026-03-10T08:00:00Z to 2026-03-10T08:15:00Z forgotten
23 intervals in all; the producer fetches them again after its next lookup"
is '... and the rows stay' "$(sql 'SELECT count(*) FROM market_data')" "$rows"
gaps --format tsv
is 'gaps has exactly that: exit code' "$code" 1
is '... and lines' "$(cat "$work/out")" "$(printf '%s\t%s\t%s\t%s\t%s\t\n' \
	KRW-BTC 1m 2026-03-10T08:03:00Z 2026-03-10T08:12:00Z 9 KRW-BTC 5m 2026-03-10T08:00:00Z 2026-03-10T08:15:00Z 3 \
	KRW-SPARSE 1m 2026-03-10T08:03:00Z 2026-03-10T08:12:00Z 9 KRW-SPARSE 5m 2026-03-10T08:00:00Z 2026-03-10T08:15:00Z 3)"
sql "UPDATE market_data_series SET state = 'delisted' WHERE symbol = 'KRW-SPARSE'"
gaps --intervals 1m
is 'as a table: exit code' "$code" 1
is '... aligned, with what is notable, and a summary' "$(sed 's/ as of .*//' "$work/out")" \
"symbol      interval  from                  to                    missing  state
KRW-BTC     1m        2026-03-10T08:03:00Z  2026-03-10T08:12:00Z        9
KRW-SPARSE  1m        2026-03-10T08:03:00Z  2026-03-10T08:12:00Z        9  delisted

2 gaps, 18 intervals missing, in 2 of 2 series"
sql "UPDATE market_data_series SET state = 'active' WHERE symbol = 'KRW-SPARSE'"
run gapless-writer "${forgotten[@]}"
ok 'there is nothing to forget twice' says '^nothing was covered there'

# --- ... and the producer fetches it again, and nothing else

clock_freeze
topic_mark
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m,5m --since $from
await 30 'the producer repairs it' no_gaps
stop producer
await 20 '... and it is stored' caught_up
for symbol in KRW-BTC KRW-SPARSE; do
	ok "$symbol is as the exchange has it" equals_truth $symbol 1m $from 2026-03-10T11:30:00Z 1
done
published >"$work/repairs"
needed() { # what was published of the past is what was forgotten; a promise may begin at the candle before it
	jq -r 'select(.timestamp < 1773143100000) | [.symbol, .interval, .timestamp] | @tsv' "$work/repairs" | sort -u >"$work/past"
	note "$(wc -l <"$work/past") candles of the past were published, $(wc -l <"$work/repairs") in all"
	[ "$(grep -c 'KRW-BTC.1m' "$work/past")" = 9 ] && [ "$(grep -c 'KRW-BTC.5m' "$work/past")" = 3 ] &&
		[ "$(wc -l <"$work/past")" -le 24 ] && [ "$(jq -s 'map(select(.timestamp < 1773143100000)) | length' "$work/repairs")" -le 24 ]
}
ok 'only what was forgotten was published again' needed
gaps
is 'and gaps is content' "$code" 0

# A standby cancels a question about what the primary removes, in these words.
sql 'ALTER FUNCTION market_data_unconfirmed_rows() RENAME TO unconfirmed_rows; CREATE FUNCTION market_data_unconfirmed_rows()
	RETURNS SETOF market_data LANGUAGE plpgsql AS $$BEGIN
	RAISE $r$canceling statement due to conflict with recovery$r$ USING ERRCODE = $c$40001$c$; END$$'
spawn again "$GAPLESS_BIN/gapless-writer" gaps --at "$(exchange_now)"
await 20 'gaps, cancelled on a standby, asks again' logged again 'does not say; trying again.*conflict with recovery'
sql 'DROP FUNCTION market_data_unconfirmed_rows(); ALTER FUNCTION unconfirmed_rows() RENAME TO market_data_unconfirmed_rows'
ended again
is '... until it is answered' "$code" 0
stop writer
is 'the writer ends with 0' "$code" 0
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log)" ''
finish
