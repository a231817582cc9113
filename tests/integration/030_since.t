#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --since over one day of 1m for 20 markets, dense to rare: the table equals the truth in all of them, no page is fetched
# twice, no 418, at most 4 connections. All of it as the exchange counted it.
#
# How well the budget (9 requests a second) is used is shown. SINCE_MEASURE=1 makes it a test, for a machine that has nothing else
# to do: at least 95 % of it while there is work, 85 % in every whole 10 s, at most one 429 in 1,000 requests. `make soak` does that.
# SINCE_DAYS (1) is how far back, to the midnight (UTC) of that day, SINCE_NUMBERS (1 to 20) says which of the exchange's made
# markets; `make soak` takes 30 days of dense ones. Programs as users run them (release build).
days=${SINCE_DAYS:-1}
GAPLESS_BIN=${GAPLESS_BIN_RELEASE:-build/release}
. tests/integration/lib.sh
scenario since
start=2026-03-05T12:00:05Z end=2026-03-05T11:52:00Z # covered before `end` from the start on, tails without trades included
since=$(date -u -d "$start - $days days" +%FT00:00:00Z)
budget=9 window=10 least=77 # 85 % of 9 x 10, rounded up: what a machine that pauses for a second leaves
markets=()
for n in ${SINCE_NUMBERS:-$(seq 20)}; do
	markets+=("$(printf 'KRW-M%03d' "$n")")
done

exchange --start "$start" --markets 40 --seed 5
writer
from_s=$(date +%s)
producer --symbols "$(IFS=,; echo "${markets[*]}")" --intervals 1m --since "$since" --lookup-s 5

all_covered() {
	sql_is "SELECT count(*) FROM market_data_coverage WHERE tstzrange('$since', '$end') <@ covered" ${#markets[@]}
}
all_done() { [ "$(grep -c 'msg="backfill published"' "$work/producer.log")" -ge ${#markets[@]} ]; }
await $((60 + 30 * days)) "every market is covered from $since on" all_covered
seconds=$(($(date +%s) - from_s))
await 10 "the producer says so for each" all_done

# --- what the exchange saw

# The seconds in which there was work, as far as they are whole: from the first lookup, which says what is missing, to the last
# page. The log tells of the end within 2 s; live polls go on after it.
logged_s() { date -d "$(sed -n "s/^ts=\([^ ]*\) .*msg=\"$1.*/\1/p" "$work/producer.log" | $2 -n 1)" +%s; } # msg, head or tail
requests_each_second $(($(logged_s Backfilling head) + 1)) $(($(logged_s 'backfill published' tail) - 2)) >"$work/seconds"
# Every run of 10 whole seconds, wherever it begins.
awk -v w=$window '{ n[NR] = $1 } END { for (at = 1; at + w <= NR + 1; at++) { s = 0; for (i = at; i < at + w; i++) s += n[i]; print s } }' \
	"$work/seconds" >"$work/windows"
least_seen=$(sort -n "$work/windows" | head -n 1)
requests=$(asked .candles)
note "$requests requests in $seconds s; in $window s at least $least_seen, at most $(sort -n "$work/windows" | tail -n 1)" \
	"($(wc -l <"$work/windows") windows), in one second at most $(asked .max_per_second)"
limited=$(asked .http_429)
if [ -n "${SINCE_MEASURE:-}" ]; then
	ok "there was work for more than $window whole seconds" test "$(wc -l <"$work/windows")" -ge 3
	used=$(awk -v b=$budget '{ n += $1 } END { printf "%d", 100 * n / (b * NR) }' "$work/seconds")
	ok "95 % of the budget in all ($used %)" test "$used" -ge 95
	ok "in each of them at least $least of $((budget * window)) requests" test "${least_seen:-0}" -ge $least
	ok "at most one 429 in 1,000 requests ($limited in $requests)" test $((limited * 1000)) -le "$requests"
fi
ok "hardly any 429 ($limited in $requests)" test $((limited * 50)) -le "$requests"
is "no 418" "$(asked .http_418)" 0
ok "at most 4 connections ($(asked .connections.max_open))" test "$(asked .connections.max_open)" -le 4
is "no page was fetched twice" "$(pages_repeated "${markets[@]}")" 0

# --- the table

total=0
for market in "${markets[@]}"; do
	ok "$market is as the exchange has it" equals_truth "$market" 1m "$since" "$end"
	total=$((total + $(wc -l <"$work/table.$market.1m.tsv")))
done
note "$total candles, $((total / seconds)) a second from the exchange to the table; RSS of the producer $(rss_kb producer) kB," \
	"of the writer $(rss_kb writer) kB"
ok "the producer holds less than 32 MiB" test "$(rss_kb producer)" -lt 32768
ok "the writer holds less than 96 MiB" test "$(rss_kb writer)" -lt 98304
ok "more than 12,000 candles a day ($total)" test "$total" -gt $((12000 * days))
await 30 "no gap" no_gaps
is "nothing went to the dead letters" "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
# --- when answers take most of a second, 4 connections are what it has, and not enough for the budget

asked_reset
answers_take 700-900
sql "UPDATE market_data_coverage SET covered = covered - tstzmultirange(tstzrange('2026-03-05T08:00Z', '2026-03-05T09:00Z'))"
await 30 "an hour of each market is fetched again" all_covered
is "over 4 connections" "$(asked .connections.max_open)" 4
ok "with $(asked .candles) requests in all" test "$(asked .candles)" -ge ${#markets[@]} -a "$(asked .candles)" -le $((3 * ${#markets[@]}))
is "no 418" "$(asked .http_418)" 0

for p in producer writer; do
	stop $p
	is "the $p ends with 0" "$code" 0
done
finish
