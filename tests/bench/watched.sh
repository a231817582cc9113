#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# watched.sh [ROWS [ROUNDS]]: what being watched costs the writer, and what clients that mean no good change. The same topic
# into an empty table with metrics off; with them on, 1,000 series one by one, read each second; and beside hostile.py. And how long
# reading them takes. Asserts nothing but that every way ends with the same table.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
rows=${1:-300000} rounds=${2:-3} symbols=1000 work=build/bench-watched address=127.0.0.1:19465
# shellcheck source=runs.sh
. tests/bench/runs.sh
client_pid=

scrape() { curl -s -o "$work/scrape" -w '%{time_total}\n' "http://$address/metrics"; }

scrape_each_second() {
	while nap 1; do scrape; done >>"$work/scrapes" 2>/dev/null
}

# What goes on beside the writer while it works.
beside() { # command...
	"$@" &
	client_pid=$!
}

beside_ends() {
	[ -z "$client_pid" ] || kill -TERM "$client_pid" 2>/dev/null
	[ -z "$client_pid" ] || wait "$client_pid" 2>/dev/null
	client_pid=
}

# As run_writers, of one, with arguments; adds a line "what rows/s CPU-s peak-kB" to the figures.
run_watched() { # what, command beside it or '', arguments...
	local first first_ms took cpu
	database_new
	: >"$work/writer.log"
	writer_start bench-time "bench.$RANDOM.$$" "${@:3}"
	[ -z "$2" ] || beside $2
	wait_stored 1
	first=$answer first_ms=$(ms)
	wait_stored "$rows"
	took=$(($(ms) - first_ms)) cpu=$(ticks "${writer_pids[0]}")
	awk -v what="$1" -v n=$((rows - first)) -v t=$took -v cpu="$cpu" -v kb="$(peak_kb "${writer_pids[0]}")" -v all="$rows" 'BEGIN {
		printf "%s\t%d\t%.2f\t%d\n", what, n * 1000 / t, cpu * 1e4 / all, kb }' | tee -a "$work/figures"
	beside_ends
	[ -n "${expected:-}" ] || expected=$(contents)
	same_or_die "$1"
	[ "$1" != watched ] || for ((n = 0; n < 20; n++)); do scrape; done >>"$work/quiet"
	writers_stop
}

# Of a column of the figures of one kind: least, median, most.
spread() { sort -g | awk '{ v[NR] = $1 } END { printf "%s (%s to %s)", v[int((NR + 1) / 2)], v[1], v[NR] }'; }

stack_up
rm -f "$work"/{figures,scrapes,quiet}
messages time
for ((round = 1; round <= rounds; round++)); do
	run_watched off '' --http off
	run_watched watched scrape_each_second --http "$address" --series-metrics 1000
	run_watched attacked "python3 tests/bench/hostile.py $address" --http "$address"
done
printf '\n| metrics | rows/s | client us a row | peak MiB |\n|---|---|---|---|\n'
for what in off watched attacked; do
	printf '| %s |' "$what"
	for column in 2 3 4; do
		printf ' %s |' "$(awk -F '\t' -v what=$what -v c=$column '$1 == what { print c == 4 ? sprintf("%.1f", $c / 1024) : $c }' \
			"$work/figures" | spread)"
	done
	echo
done
say "a scrape of $(grep -vc '^#' "$work/scrape") samples, $(wc -c <"$work/scrape") bytes: $(awk '{ print $1 * 1000 }' "$work/quiet" | spread) ms" \
	"when idle, $(awk '{ print $1 * 1000 }' "$work/scrapes" | spread) ms while it stores"
