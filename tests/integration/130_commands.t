#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The commands beside the writer. gaps tells what is missing, as a table and as lines for other programs, by its exit code too;
# forget takes a span back, on the grid and while everything runs, and the producer fetches exactly that again: rows that
# somebody deleted or changed are as the exchange has them. What either one refuses, and in which words. The help of each.
. tests/integration/lib.sh
scenario commands
export GAPLESS_BATCH_MS=200 GAPLESS_LOOK_S=2 GAPLESS_LOOK_GAPS_S=2
exchange --start 2026-03-10T12:00:00Z
from=2026-03-10T06:00:00Z

run() { # argument... -> $code, $work/out, $work/err
	timeout 20 "$GAPLESS_BIN/gapless-writer" "$@" >"$work/out" 2>"$work/err" </dev/null
	code=$?
}

says() { # pattern: standard output has it
	grep -qE -- "$1" "$work/out"
}

refused() { # what, pattern, argument...
	local problem=''
	run "${@:3}"
	[ $code = 2 ] || problem="exit code $code"
	[ ! -s "$work/out" ] || problem="$problem, something on stdout"
	[ "$(grep -cE -- "$2" "$work/err")" = 1 ] || problem="$problem, not said once: $2"
	[ "$(grep -cE 'Sanitizer|runtime error' "$work/err")" = 0 ] || problem="$problem, a sanitizer's report"
	ok "refused: $1" test -z "$problem"
	[ -z "$problem" ] || note "$problem; said: $(head -n 3 "$work/err" | cut -c1-300)"
}

# --- help, and what is refused before anything happens

for command in migrate replay gaps forget; do
	run $command --help
	is "$command --help: exit code" "$code" 0
	ok "$command --help is its own" grep -q "^Usage: gapless-writer $command" "$work/out"
	ok "$command --help has examples and exit codes" says "^Exit codes: 0 "
	is "$command --help fits 100 columns" "$(awk 'length > 100' "$work/out")" ''
	run --help
	ok "the program's help names $command" says "^  $command  "
done
ok 'its help does not name what only a command has' test -z "$(grep -e --dry-run "$work/out")"
refused 'no such command' 'gasp.* is not a command of gapless-writer: see gapless-writer --help' gasp
refused 'a word too many' 'now.* is one word too many: see gapless-writer gaps --help' gaps now
refused "the writer's setting" '--batch-rows does not belong to gapless-writer gaps: see gapless-writer gaps --help' \
	gaps --batch-rows 5
refused "a command's setting" '--dry-run does not belong to gapless-writer: see gapless-writer --help' --dry-run
refused 'a format that is none' "'csv' is neither table nor tsv" gaps --format csv
refused 'a market in small letters' "'krw-btc' is not a market's name" gaps --symbols krw-btc
refused 'an interval that is none' "'7m' is not one of" gaps --intervals 7m
span=(--symbols KRW-BTC --intervals 1m)
refused 'forget without a series' '--symbols and --intervals' forget --from 2026-03-10 --to 2026-03-11
refused 'forget without a beginning' '--from and --to' forget "${span[@]}" --to 2026-03-11
refused 'forget without an end' '--from and --to' forget "${span[@]}" --from 2026-03-10
refused 'forget of nothing' '--from must be before --to' forget "${span[@]}" --from 2026-03-10 --to 2026-03-10
refused 'forget from the end to the beginning' '--from must be before --to' forget "${span[@]}" --from 2026-03-11 --to 2026-03-10
refused 'a database that is not there' 'does not exist' gaps --database 'dbname=nosuch connect_timeout=5'

run gaps
is 'where nothing is wanted there is no gap' "$code" 0
ok '... and that is said' says '^no gaps: nothing is wanted yet'

# --- gaps

gaps() { run gaps --at "$(exchange_now)" "$@"; } # argument...

writer
producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m,5m --since $from
await 30 'all of it is wanted' sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$from'" 4
await 30 '... and complete' no_gaps
gaps
is 'no gaps: exit code' "$code" 0
ok 'no gaps: said, with the number of series' says '^no gaps: all 4 series are complete as of 2026-03-10T12:'
gaps --format tsv
is 'no gaps as tsv: exit code, and no line' "$code$(cat "$work/out")" 0
refused 'gaps of what nobody wants' 'nothing is wanted of KRW-ETH, 1h;' gaps --symbols KRW-BTC,KRW-ETH --intervals 1m,1h
stop producer
is 'the producer ends' "$code" 0

# --- forget

covered_before=$(sql 'SELECT symbol, "interval", covered FROM market_data_coverage ORDER BY 1, 2')
forgotten=(forget --symbols KRW-SPARSE,KRW-BTC --intervals 5m,1m --from 2026-03-10T08:03:30Z --to 2026-03-10T17:12:00+09:00)
run "${forgotten[@]}" --dry-run
is 'a dry run: exit code' "$code" 0
ok '... says what it would do' says '^KRW-BTC 1m: 9 intervals of 2026-03-10T08:03:00Z to 2026-03-10T08:12:00Z would be forgotten$'
is '... and changes nothing' "$(sql 'SELECT symbol, "interval", covered FROM market_data_coverage ORDER BY 1, 2')" "$covered_before"

refused 'forget of what is not known' 'nothing is known of KRW-ETH, 1h;' \
	forget --symbols KRW-BTC,KRW-ETH --intervals 1m,1h --from 2026-03-10 --to 2026-03-11
is '... changes nothing either' "$(sql 'SELECT symbol, "interval", covered FROM market_data_coverage ORDER BY 1, 2')" "$covered_before"

# Somebody has been at the rows: one is gone, one is changed without a newer revision.
sql "DELETE FROM market_data WHERE symbol = 'KRW-BTC' AND \"interval\" = '1m' AND \"timestamp\" = '2026-03-10T08:05:00Z'"
sql "UPDATE market_data SET close = close + 1 WHERE symbol = 'KRW-BTC' AND \"interval\" = '1m' AND \"timestamp\" = '2026-03-10T08:07:00Z'"
rows=$(sql 'SELECT count(*) FROM market_data')
run "${forgotten[@]}"
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
run "${forgotten[@]}"
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

# --- against writers at work: a union and a difference under the same lock

sql "BEGIN; INSERT INTO market_data_coverage VALUES ('KRW-LOCK', '1m', '{[2026-03-10 00:00Z,2026-03-10 01:00Z)}'); COMMIT"
spawn holder psql -X -q -c "BEGIN; UPDATE market_data_coverage SET covered = covered + '{[2026-03-10 01:00Z,2026-03-10 02:00Z)}'
	WHERE symbol = 'KRW-LOCK'; SELECT pg_sleep(60)" -c COMMIT
waits() { sql_is "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = '$1'" "$2"; }
await 10 'a writer holds the row' waits Timeout 1
spawn forgets "$GAPLESS_BIN/gapless-writer" forget --symbols KRW-LOCK --intervals 1m --from 2026-03-10T00:30Z --to 2026-03-10T01:30Z
await 10 'forget waits for it' waits Lock 1
sql "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'" >"$work/cancel.out"
ended holder
ended forgets
is 'forget ends with 0' "$code" 0
is 'rolled back, it had nothing to add' "$(PGTZ=UTC sql "SELECT covered FROM market_data_coverage WHERE symbol = 'KRW-LOCK'")" \
	'{["2026-03-10 00:00:00+00","2026-03-10 00:30:00+00")}'
sql "UPDATE market_data_coverage SET covered = '{[2026-03-10 00:00Z,2026-03-10 01:00Z)}' WHERE symbol = 'KRW-LOCK'"
mkfifo "$work/hold"
spawn holder psql -X -q -f "$work/hold"
exec 9>"$work/hold"
echo "BEGIN; UPDATE market_data_coverage SET covered = covered + '{[2026-03-10 01:00Z,2026-03-10 02:00Z)}' WHERE symbol = 'KRW-LOCK';" >&9
await 10 'a writer holds the row again' sql_is "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'" 1
spawn forgets "$GAPLESS_BIN/gapless-writer" forget --symbols KRW-LOCK --intervals 1m --from 2026-03-10T00:30Z --to 2026-03-10T01:30Z
await 10 'forget waits for it' waits Lock 1
echo 'COMMIT;' >&9
exec 9>&-
ended holder
ended forgets
is 'forget ends with 0' "$code" 0
ok '... counting what was added meanwhile' logged forgets '^KRW-LOCK 1m: 60 intervals of .* forgotten$'
is 'what was added meanwhile is kept, or forgotten with the rest' \
	"$(PGTZ=UTC sql "SELECT covered FROM market_data_coverage WHERE symbol = 'KRW-LOCK'")" \
	'{["2026-03-10 00:00:00+00","2026-03-10 00:30:00+00"),["2026-03-10 01:30:00+00","2026-03-10 02:00:00+00")}'
stop writer
is 'the writer ends with 0' "$code" 0
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log)" ''
finish
