#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bench.sh [ROWS [ROUNDS]]: how fast rows come from the topic into the table, beside a plain COPY of the same rows, in one run
# on one machine. README.md says what is measured and how to read it. Asserts nothing but that every way ends with the same
# table.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
rows=${1:-1000000} rounds=${2:-5} symbols=200 live_seconds=30 work=build/bench
# shellcheck source=runs.sh
. tests/bench/runs.sh

# --- a live stream: a minute of all markets each second

live_start() {
	database_new
	topic_new bench-live
	: >"$work/writer.log"
	"$bin/gapless-bench-load" "$GAPLESS_BROKERS" bench-live $((symbols * $1)) $symbols live /dev/null & # seconds
	live_pid=$!
	group=bench.$RANDOM.$$
	writer_start bench-live "$group"
	wait_stored $((symbols * 3))
}

run_live() {
	local from cpu
	live_start $((live_seconds + 10))
	begin
	from=$(ticks "${writer_pids[0]}")
	nap "$live_seconds"
	cpu=$(($(ticks "${writer_pids[0]}") - from))
	live_percent=$(awk -v c="$cpu" -v s="$live_seconds" 'BEGIN { printf "%.2f", c / s }')
	say "  live: $live_percent % of a core"
	kill "$live_pid" 2>/dev/null
	wait "$live_pid"
	writers_stop
}

# From the death of the only writer to the first row of the one that is started at that moment.
run_takeover() {
	local died
	live_start 60
	kill -KILL "${writer_pids[0]}"
	died=$(ms)
	wait "${writer_pids[0]}" 2>/dev/null
	writer_pids=()
	nap 0.2 # what the server was about to commit
	stored
	writer_start bench-live "$group"
	wait_stored $((answer + 1))
	takeover_s=$(awk -v t=$(($(ms) - died)) 'BEGIN { printf "%.1f", t / 1000 }')
	say "  kill -9 to the first new row: $takeover_s s"
	kill "$live_pid" 2>/dev/null
	wait "$live_pid"
	writers_stop
}

# --- the producer's way of a candle, from a page in memory to a delivered message

run_pages() {
	topic_new bench-pages
	for ((n = 0; n < rounds; n++)); do
		"$bin/gapless-bench-pages" "$GAPLESS_BROKERS" bench-pages 2000 2>"$work/pages.log" || die "pages: see $work/pages.log"
	done | sort -g -k 2 >"$work/pages"
	read -r bare_us whole_us < <(sed -n "$(((rounds + 1) / 2))p" "$work/pages")
	say "  a candle from page to message: $whole_us us of CPU, $bare_us us of them for bare parsing"
}

# --- what the producer's core costs while there is nothing to ask for; no stack needed

run_idle() {
	"$bin/gapless-bench-idle" >"$work/idle" 2>"$work/idle.log" || die "idle: see $work/idle.log"
	idle=$(jq -nR '[inputs | split(" ") | select(.[0] != "series") | {series: .[0] | tonumber, kind: .[1], idle_us: .[2] | tonumber,
		change_us: .[3] | tonumber, made_ms: .[4] | tonumber, resident_kib: .[5] | tonumber}]' "$work/idle") && [ "$idle" != '[]' ] ||
		die "idle: see $work/idle"
	say "  an idle turn of the producer's core: $(jq -r 'map("\(.idle_us)") | join(", ")' <<<"$idle") us"
}

# --- the runs

[[ $rows =~ ^[1-9][0-9]*$ ]] || die "ROWS is '$rows': use a number"
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS is '$rounds': use a number"
rows=$(((rows + symbols - 1) / symbols * symbols))
stack_up
messages symbol
messages time
for ((round = 1; round <= rounds; round++)); do
	run_copy symbol
	run_empty symbol
	run_copy time
	run_empty time
	run_duplicates
	run_some '1 in 10 there' 10
	run_some '1 in 10,000 there' 10000
	run_two
done
run_live
run_takeover
run_pages
run_idle
report --argjson once "{\"live_percent_of_a_core\": $live_percent, \"takeover_s\": $takeover_s,
	\"producer\": {\"candle_us\": $whole_us, \"bare_parse_us\": $bare_us, \"idle\": $idle}}"
