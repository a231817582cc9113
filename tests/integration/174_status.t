#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gapless-writer status on hand-made rows: bars, order, width, --json, exit codes; 600 series at once. Only the database is used.
. tests/integration/lib.sh
. tests/integration/rows.sh
scenario_names status
database_new

status() { # arguments
	"$GAPLESS_BIN/gapless-writer" status "$@" >"$work/status.out" 2>"$work/status.err"
	code=$?
}

line_of() { grep -- "^$1 " "$work/status.out"; } # symbol

longest() { awk '{ if (length > n) n = length } END { print n }' "$work/status.out"; }

status
is 'nothing is wanted: exit code 5' "$code" 5
ok '... and that is said' grep -q '^nothing is wanted yet: a producer says what' "$work/status.out"

# An hour of five minutes a cell: candles, a quiet quarter, a gap of a minute, nothing wanted before 08:10.
at() { printf '2024-03-10 %s:00Z' "$1"; }
series KRW-HAND 1m "{[$(at 08:10),$(at 08:40)),[$(at 08:41),$(at 08:53))}" 2024-03-10T08:10Z=1 2024-03-10T08:16Z=1 2024-03-10T08:36Z=1 \
	2024-03-10T08:41Z=2 2024-03-10T08:46Z=2 2024-03-10T08:50Z=3
series KRW-FULL 1m "{[$(at 08:00),$(at 08:53))}" 2024-03-10T08:52Z=1
series KRW-WEEK 1w '{[2024-02-05 00:00Z,2024-03-04 00:00Z)}' 2024-02-26T00:00Z=1
sql "INSERT INTO market_data_series (symbol, \"interval\", source, wanted_from, state) VALUES
	('KRW-HAND', '1m', 'upbit', '$(at 08:10)', 'ok'), ('KRW-FULL', '1m', 'upbit', '$(at 08:00)', 'ok'),
	('KRW-WEEK', '1w', 'upbit', '2024-02-05Z', 'ok')"

COLUMNS=80 status --from 2024-03-10T08:00 --to 2024-03-10T09:00
note "$(cat "$work/status.out")"
is 'a gap: exit code 1' "$code" 1
ok '... said in words' grep -q '^3 series as of .*: 1 interval missing in 1 gap$' "$work/status.out"
is 'the one with the gap stands first, a week is not late' "$(sed -n '2,4s/ .*//p' "$work/status.out" | xargs)" 'KRW-HAND KRW-FULL KRW-WEEK'
ok 'its minute is seen' grep -q X <(line_of KRW-HAND)
ok 'so is where nothing was traded' grep -q '=\.\.' <(line_of KRW-HAND)
ok 'and that nothing was wanted before' grep -qE '1m   +=' <(line_of KRW-HAND)
ok 'one interval is missing, the newest is ten minutes old' grep -qE ' 10m +1 ' <(line_of KRW-HAND)
is 'a week counts as one candle' "$(COLUMNS=80 status --symbols KRW-WEEK --from 2024-02-27 --to 2024-03-03; grep -c '\.\.\.' <(line_of KRW-WEEK))" 0
COLUMNS=80 status --symbols KRW-FULL --from 2024-03-10T08:00 --to 2024-03-10T09:00
is 'no gap: exit code 0' "$code" 0
ok 'and it says so' grep -q '1 series as of 2024-03-10T09:00:00Z: no gaps' "$work/status.out"
status --symbols KRW-FULL --from 2024-03-10T09:00 --to 2024-03-10T08:00
is 'a span without an end: exit code 2' "$code" 2

status --from 2024-03-10T08:00 --to 2024-03-10T09:00 --json
is 'JSON, an object a line' "$(jq -r 'select(.missing > 0) | [.symbol, .interval, .newest, .gaps, .missing] | @tsv' "$work/status.out")" \
	$'KRW-HAND\t1m\t2024-03-10T08:50:00Z\t1\t1'
is 'with how many of the last 60 minutes have a candle' "$(jq -r 'select(.symbol == "KRW-HAND") | .rate * 60' "$work/status.out")" \
	"$(sql "SELECT count(*) FROM market_data WHERE symbol = 'KRW-HAND' AND \"timestamp\" < '2024-03-10T08:53Z'")"
is 'of every series' "$(jq -s length "$work/status.out")" 3

# What a person has said is not available.
"$GAPLESS_BIN/gapless-writer" settle --symbols KRW-HAND --intervals 1m --from 2024-03-10T08:40 --to 2024-03-10T08:41 \
	--reason 'before the "relisting"' >"$work/settle.out" 2>&1
COLUMNS=200 status --from 2024-03-10T08:00 --to 2024-03-10T09:00
is 'settled: exit code 0' "$code" 0
ok 'the bar has it, with its cause' grep -qE 'u.*before the "relisting"$' <(line_of KRW-HAND)
status --symbols KRW-HAND --to 2024-03-10T09:00 --json
is 'in JSON too' "$(jq -r '[.state, .unobtainable] | @tsv' "$work/status.out")" $'before the \'relisting\'\t1'

# --- many

sql "INSERT INTO market_data_series (symbol, \"interval\", source, wanted_from, state)
		SELECT 'KRW-M' || n, '1m', 'upbit', '$(at 00:00)', 'ok' FROM generate_series(1, 600) AS n;
	INSERT INTO market_data (symbol, \"interval\", timestamp, open, high, low, close, volume, quote_volume, revision, fetched_at)
		SELECT 'KRW-M' || n, '1m', '$(at 00:00)'::timestamptz + m * interval '1 minute', 1, 1, 1, 1, 1, 1, 0, '2024-03-11Z'
		FROM generate_series(1, 600) AS n, generate_series(0, 539) AS m;
	INSERT INTO market_data_coverage SELECT 'KRW-M' || n, '1m', tstzmultirange(tstzrange('$(at 00:00)', '$(at 09:00)'))
		FROM generate_series(1, 600) AS n; ANALYZE" || ok 'rows of 600 series' false
for columns in 80 200; do
	COLUMNS=$columns status --to 2024-03-10T09:00
	is "603 series fit $columns columns" "$(grep -c '^KRW-' "$work/status.out") $(($(longest) <= columns))" '603 1'
	note "$(sed -n '2,4p' "$work/status.out")"
done
ok 'no colours where there is no terminal' bash -c "! grep -q $'\033' '$work/status.out'"

# On a terminal: colours, its own width, and --watch until a signal, at most as many lines as it has.
on_terminal() { # columns, arguments
	TERM=xterm timeout -s INT 120 script -qec "stty cols $1 rows 24; exec '$PWD/$GAPLESS_BIN/gapless-writer' status ${*:2}" /dev/null \
		</dev/null >"$work/terminal.out" 2>&1
}
on_terminal 100 --symbols KRW-HAND --to 2024-03-10T09:00
ok 'colours on a terminal' grep -q $'\033\\[32m=' "$work/terminal.out"
plain() { sed $'s/\033\\[[0-9;]*[A-Za-z]//g; s/\r//g' "$work/terminal.out"; }
is 'its own width' "$(plain | awk '{ if (length > n) n = length } END { print (n > 80 && n <= 100) }')" 1
spawn watch script -qec "stty cols 100 rows 24; TERM=xterm exec '$PWD/$GAPLESS_BIN/gapless-writer' status --watch --to 2024-03-10T09:00" "$work/watch.out" </dev/null
touch "$work/watch.out"
again() { [ "$(grep -c 'series as of' "$work/watch.out")" -ge 2 ]; }
await 20 'it watches' again
# The last screen may be half written.
is 'no more lines than the terminal has' "$(awk '/^.?.?.?.?.?.?.?.?KRW-/ { n++ } /series as of/ { if (n > most) most = n; n = 0 } END {
	print (most > 10 && most <= 20) }' "$work/watch.out")" 1
finish
