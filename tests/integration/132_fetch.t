#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gapless-producer fetch: a span of some markets, once. Beside running producers it uses only what they leave of the limit, alone
# all of it; what is there is not fetched again; what is not available is said and makes exit code 1; interrupted, the same command
# goes on. What is wanted does not change.
. tests/integration/lib.sh
scenario fetch
exec 2>"$work/shell.log"
export GAPLESS_LOOKUP_S=3 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_BATCH_MS=200
exchange --start 2026-03-05T12:00:30Z
day=2026-03-04T00:00:00Z noon=2026-03-04T12:00:00Z next=2026-03-05T00:00:00Z

fetch() { # name, arguments...: sets $code
	spawn "$1" "$GAPLESS_BIN/gapless-producer" fetch "${@:2}"
	await 60 "$1 ends by itself" gone "$1"
	ended "$1"
}

requests() { control 'repeats?min=1&by=asked&max=1000000' | jq '[.repeats[].asked] | add // 0'; }

wanted() { sql "SELECT count(*) FROM market_data_series"; }

# --- alone: all of the limit, everything stored at the end

writer
fetch first --symbols KRW-BTC,KRW-SPARSE --intervals 1m,1h --from $day --to $next
is 'exit code 0' "$code" 0
for s in KRW-BTC KRW-SPARSE; do
	for i in 1m 1h; do
		ok "$s $i is stored when it ends, digit for digit" equals_truth $s $i $day $next 20
		ok "... and covered" covers $s $i $day $next
	done
done
ok 'it says how far it is' logged first 'msg="?fetch.* requests=[0-9]+ candles=[0-9]+ missing=[0-9]+'
is 'nothing is wanted because of it' "$(wanted)" 0

# --- what is there is not fetched; what was forgotten is

asked=$(requests)
fetch again --symbols KRW-BTC,KRW-SPARSE --intervals 1m,1h --from $day --to $next
is 'the same again: exit code 0' "$code" 0
is '... without a request' "$(requests)" "$asked"
"$GAPLESS_BIN/gapless-writer" forget --symbols KRW-BTC --intervals 1m --from $day --to $noon >"$work/forget.out" 2>&1
sql "DELETE FROM market_data WHERE symbol = 'KRW-BTC' AND \"interval\" = '1m' AND \"timestamp\" < '$noon'"
fetch forgotten --symbols KRW-BTC --from $day --to $next
is 'forgotten, it is fetched again: exit code 0' "$code" 0
ok '... and is whole again' equals_truth KRW-BTC 1m $day $next 1440

# --- a pattern, and up to now

fetch pattern --symbols 'KRW-*,!KRW-HOURLY,!KRW-NEW' --intervals 1h --from $noon
is 'a pattern, up to now: exit code 0' "$code" 0
is '... of all that match' "$(sql "SELECT count(*) FROM market_data_coverage WHERE \"interval\" = '1h' AND covered @> tstzrange('$noon', '2026-03-05T11:00:00Z')")" \
	"$(control markets | jq '[.. | .market? // empty | select(. != "KRW-HOURLY" and . != "KRW-NEW")] | unique | length')"

# --- beside a producer that is at work

producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-DIGITS,KRW-TINY --since 2026-02-01
backfilling() { logged producer 'Backfilling [0-9]+ missing'; }
await 30 'a producer has work' backfilling
spawn guest "$GAPLESS_BIN/gapless-producer" fetch --symbols KRW-QUIET --from 2026-02-01 --to $next
await 20 'a fetch beside it says that it takes only what is left' logged guest 'uses only what they leave'
asked_reset
seconds_have() { [ "$(requests_each_second "$from" "$(date +%s)" | wc -l)" -ge 15 ]; }
from=$(date +%s)
await 40 "fifteen seconds of both" seconds_have
stop guest
is 'a signal: exit code 1' "$code" 1
ok '... and what to do' logged guest 'run the same command to go on'
is 'nobody was blocked' "$(asked .http_418)" 0
ok "hardly any request was refused ($(asked .http_429) of $(asked .candles))" test $(($(asked .http_429) * 20)) -le "$(asked .candles)"
stop producer
is 'the producer ends with 0' "$code" 0
fetch goes_on --symbols KRW-QUIET --from 2026-02-01 --to $next
is 'the same command goes on: exit code 0' "$code" 0
ok '... and all is there' equals_truth KRW-QUIET 1m 2026-02-01T00:00:00Z $next 30000

# --- what is not available

fetch unknown --symbols KRW-BTC,KRW-NOPE --from $day --to $next
is 'an unknown market: exit code 1' "$code" 1
ok '... and why' logged unknown 'does not list this market.*KRW-NOPE'
ok '... and how much' logged unknown 'intervals are not available, of KRW-NOPE 1m'
for wrong in '--symbols KRW-BTC' "--symbols KRW-BTC --from $next --to $day" "--symbols KRW-BTC --from $day --since $day" "--from $day"; do
	# shellcheck disable=SC2086 # words
	"$GAPLESS_BIN/gapless-producer" fetch $wrong >"$work/wrong.out" 2>&1
	is "fetch $wrong: exit code 2" $? 2
	ok '... and one sentence' grep -q 'level=error' "$work/wrong.out"
done
fetch nothing --symbols 'NOPE-*' --from $day --to $next
is 'a pattern that matches nothing: exit code 2' "$code" 2
ok '... and why' logged nothing 'matches no market'
fetch swapped --symbols BTC-KRW --from $day --to $next
is 'a market the wrong way round: exit code 2' "$code" 2
ok '... and what was meant' logged swapped 'does not list BTC-KRW; did you mean KRW-BTC'
fetch future --symbols KRW-BTC --from 2099-01-01
is 'from the future on: exit code 2' "$code" 2
ok '... and why' logged future '--from 2099-01-01.* is in the future'
producer_as late --symbols KRW-BTC --since 2099-01-01
await 20 'a producer that wants what is in the future ends' gone late
ended late
is '... with exit code 2' "$code" 2
producer_as named --symbols KRW-BTC,KRW-NOPE
await 20 'a producer of a market that does not exist ends' gone named
ended named
is '... with exit code 2' "$code" 2
ok '... and why' logged named 'does not list KRW-NOPE, and has no candles of it'
is '... which is not wanted' "$(sql "SELECT count(*) FROM market_data_series WHERE symbol = 'KRW-NOPE'")" 0
stop writer
is 'the writer ends with 0' "$code" 0
fetch unstored --symbols KRW-BTC --intervals 5m --from $day --to $next --deadline-s 4
is 'no writer, and a deadline: exit code 1' "$code" 1
ok '... and why' logged unstored 'within --deadline-s'
finish
