#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Three producers behind one address share the budget (9 of 10 requests a second): all of them fetch, none provokes a 418, no page
# is fetched twice, and the table ends equal to the truth.
#
# MANY_DAYS (5) of 1m, of the exchange's made markets MANY_NUMBERS. MANY_LIVE_MINUTES makes a test of what is only shown without it,
# for a machine that has nothing else to do: while there is work at least 85 % of the budget goes out in every whole 10 s; at most
# one request in 1,000 gets a 429; a live candle, measured for so many minutes without backfill and then under it, takes at most a
# fifth longer, 99 in 100 of them. `make soak` takes 60 days of 30 markets. Programs as users run them (release build).
days=${MANY_DAYS:-5} live_minutes=${MANY_LIVE_MINUTES:-0}
GAPLESS_BIN=${GAPLESS_BIN_RELEASE:-build/release}
. tests/integration/lib.sh
scenario many
exec 2>"$work/shell.log"
budget=9 window=10 least=77 # 85 % of 9 x 10, rounded up
producers='producer1 producer2 producer3'
markets=()
for n in ${MANY_NUMBERS:-1 2 4 6 8 9 10 11 14 16 19 20}; do
	markets+=("$(printf 'KRW-M%03d' "$n")")
done
symbols=$(IFS=,; echo "${markets[*]}")
exchange --start 2026-03-05T12:00:40Z --markets 50 --seed 5 ${MANY_LOG:+--log "$work/requests.txt"}
end=2026-03-05T12:00:00Z
since=$(date -u -d "$end - $days days" +%FT00:00:00Z)

# When each live row came: the database has the machine's clock, and the exchange's differs by so much.
ahead_ms=$(control clock | jq '.sandbox_ms - .real_ms')
sql "CREATE TABLE arrival (symbol text, timestamp timestamptz, at timestamptz);
	CREATE FUNCTION arrive() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
		INSERT INTO arrival VALUES (new.symbol, new.timestamp, clock_timestamp() + $ahead_ms * interval ''1 ms'');
		RETURN new; END';
	CREATE TRIGGER arrive AFTER INSERT ON market_data FOR EACH ROW
		WHEN (new.fetched_at < new.timestamp + interval '3 minutes') EXECUTE FUNCTION arrive()"

# Of the candles that ended in [from, to): their number, the waits that 50 and 99 in 100 kept to, and the longest, in ms.
waits() { # from, to
	sql "SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY wait), percentile_disc(0.99) WITHIN GROUP (ORDER BY wait),
			max(wait)
		FROM (SELECT (extract(epoch FROM at - timestamp) * 1000)::int - 60000 AS wait FROM arrival
			WHERE timestamp + interval '1 minute' >= '$1' AND timestamp + interval '1 minute' < '$2') AS w"
}

begin_s=$(date +%s) started=()
starts() { # arguments of the producers
	local who
	started+=("$(date +%s)")
	for who in $producers; do
		: >"$work/$who.log"
		producer_as "$who" --symbols "$symbols" --intervals 1m "$@"
	done
	await 40 'three producers have four partitions each' share_out
}

share_out() {
	local who
	for who in $producers; do has "$who" 4 || return; done
}

all_say() { # pattern
	local who
	for who in $producers; do logged "$who" "$1" || return; done
}

covered_from() { # since
	sql_is "SELECT count(*) FROM market_data_coverage WHERE tstzrange('$1', '$end') <@ covered" ${#markets[@]}
}

all_there() { sql_is 'SELECT count(*) FROM market_data_series' ${#markets[@]} && no_gaps; }

writer_as writer1
writer_as writer2

# --- live without backfill

if [ "$live_minutes" -gt 0 ]; then
	starts
	await 60 'what is wanted at first is there' all_there
	quiet_from=$(exchange_now)
	quiet_end=$(($(exchange_ms) + live_minutes * 60000))
	quiet_is_over() { [ "$(exchange_ms)" -ge $quiet_end ]; }
	await $((live_minutes * 60 + 10)) "$live_minutes minutes without backfill" quiet_is_over
	IFS='|' read -r n p50 quiet_p99 longest <<<"$(waits "$quiet_from" "$(later "$(exchange_now)" -20)")"
	note "live without backfill: $n candles, p50 $p50 ms, p99 $quiet_p99 ms, longest $longest ms after their ends"
	for who in $producers; do ends_with_0 "$who"; done
fi

# --- under backfill

starts --since "$since"
await 30 'all three backfill' all_say 'msg="Backfilling [0-9]{4}'
work_from=$(($(date +%s) + 10)) # so long after an assignment nobody takes what another may need
busy_from=$(exchange_now)
await $((60 + days * ${#markets[@]})) "every market is covered from $since on" covered_from "$since"
IFS='|' read -r n p50 p99 longest <<<"$(waits "$busy_from" "$(exchange_now)")"
note "live under backfill: $n candles, p50 $p50 ms, p99 $p99 ms, longest $longest ms after their ends"
if [ "$live_minutes" -gt 0 ]; then
	ok "99 in 100 are there within $p99 ms, at most a fifth above $quiet_p99 ms" test $((p99 * 100)) -le $((quiet_p99 * 120))
	ok "of more than 100 a minute" test "$n" -gt $((100 * live_minutes))
fi

# --- what the exchange saw, from the moment on when all three were at work to the last page

# When a producer closed its last big gap, by its log; the first of them has more room for the others to find.
done_s() { # who
	date -d "$(sed -n 's/^ts=\([^ ]*\) .*msg="backfill published".* candles=[0-9]\{4,\}.*/\1/p' "$work/$1.log" | tail -n 1)" +%s
}
ends=$(for who in $producers; do done_s "$who"; done | sort -n)
all_to=$(head -n 1 <<<"$ends") last_to=$(tail -n 1 <<<"$ends")

# Every run of 10 whole seconds, wherever it begins.
requests_each_second "$work_from" $((all_to - 1)) >"$work/seconds"
awk -v w=$window '{ n[NR] = $1 } END { for (at = 1; at + w <= NR + 1; at++) { s = 0; for (i = at; i < at + w; i++) s += n[i]; print s } }' \
	"$work/seconds" >"$work/windows"
windows=$(wc -l <"$work/windows")
least_seen=$(sort -n "$work/windows" | head -n 1)
used_until() { requests_each_second "$work_from" $(($1 - 1)) | awk -v b=$budget '{ n += $1 } END { printf "%.1f", 100 * n / (b * NR) }'; }
used=$(used_until "$last_to")
requests=$(asked .candles)
limited=$(asked .http_429)
note "$requests requests; while all had work $(used_until "$all_to") % of the budget, in $window s at least $least_seen," \
	"at most $(sort -n "$work/windows" | tail -n 1) ($windows windows); to the last page $used %;" \
	"in one second at most $(asked .max_per_second)"
if [ "$live_minutes" -gt 0 ]; then
	ok "all had work for more than $window whole seconds" test "$windows" -ge 10
	ok "in each run of $window s at least $least of $((budget * window)) requests" test "${least_seen:-0}" -ge $least
	ok "to the last page, which one of them may have to itself, 85 % of the budget ($used %)" test "${used%.*}" -ge 85
	ok "at most one 429 in 1,000 requests, and one more ($limited in $requests)" test $((limited * 1000)) -le $((requests + 1000))
fi
# In which seconds: after a start, nobody knows the exchange's clock yet.
at_starts=0
for at in $(control "rate?window=1&from=${begin_s}000&to=$(date +%s)000" | jq -r '.windows[] | select(.http_429 > 0) | .at'); do
	for start in "${started[@]}"; do
		after=$((at - start))
		[ $after -lt 0 ] || note "a 429 came $after s after a start"
		[ $after -lt 0 ] || [ $after -ge 60 ] || at_starts=$((at_starts + 1))
	done
done
[ "$live_minutes" = 0 ] || is "no 429 in the minute after a start" $at_starts 0
ok "hardly any 429 ($limited in $requests)" test $((limited * 50)) -le "$requests"
is "no 418" "$(asked .http_418)" 0
# One that is on its way when a producer gives its partitions back is asked for by their next owner.
repeated=$(pages_repeated "${markets[@]}")
ok "no page was fetched twice, but at a hand-over or for a 429 ($repeated)" test "$repeated" -le $((limited + 3 * ${#started[@]}))

# --- the table

total=0
for market in "${markets[@]}"; do
	ok "$market is as the exchange has it" equals_truth "$market" 1m "$since" "$end"
	total=$((total + $(wc -l <"$work/table.$market.1m.tsv")))
	rm -f "$work/table.$market.1m.tsv" "$work/truth.$market.1m.tsv"
done
for who in $producers writer1 writer2; do
	note "RSS of $who: $(rss_kb "$who") kB"
	case $who in writer*) most=96 ;; *) most=40 ;; esac # a writer's batches grow to 20,000 rows
	ok "$who holds less than $most MiB" test "$(rss_kb "$who")" -lt $((most * 1024))
done
note "$total candles"
ok "more than 800 candles a day and market" test "$total" -gt $((800 * days * ${#markets[@]}))
is "nothing went to the dead letters" "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
for who in $producers writer1 writer2; do ends_with_0 "$who"; done
finish
