#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The full hour that is also a midnight: 300 markets in 1m, 5m, 1h and 1d, 1,200 series, close at the same moment, and nine
# requests a second are there for them. Three producers with a pattern. Nothing is missed: five minutes later there is no gap, and
# what had ended at midnight is as the exchange has it, in all series. How late it came is shown, and what the processes hold.
export GAPLESS_BIN=${GAPLESS_BIN_RELEASE:-build/release}
. tests/integration/lib.sh
scenario full_hour
exec 2>"$work/shell.log"
midnight=2026-03-06T00:00:00Z markets=300 intervals='1m 5m 1h 1d'
series=$((markets * 4))
producers='producer1 producer2 producer3'
exchange --start 2026-03-05T23:54:00Z --no-roles --markets $markets --seed 5

# When each row came: the database has the machine's clock, and the exchange's differs by so much.
ahead_ms=$(control clock | jq '.sandbox_ms - .real_ms')
sql "CREATE TABLE arrival (interval text, ended timestamptz, at timestamptz);
	CREATE FUNCTION arrive() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
		INSERT INTO arrival VALUES (new.interval, new.timestamp + interval_length(new.interval),
			clock_timestamp() + $ahead_ms * interval ''1 ms'');
		RETURN new; END';
	CREATE TRIGGER arrive AFTER INSERT ON market_data FOR EACH ROW WHEN (new.fetched_at > '$midnight') EXECUTE FUNCTION arrive()"

starts() {
	local who
	for who in $producers; do
		: >"$work/$who.log"
		producer_as "$who" --symbols 'KRW-*' --intervals "${intervals// /,}"
	done
}

all_there() { sql_is 'SELECT count(*) FROM market_data_series' $series && no_gaps; }

# The part of each series that is wanted and had ended then, all markets at once.
true_at_midnight() { # interval
	local from
	from=$(PGTZ=UTC sql "SELECT to_char(max(wanted_from), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM market_data_series WHERE interval = '$1'")
	PGTZ=UTC psql -X -q -At -F $'\t' -v ON_ERROR_STOP=1 -c "SELECT symbol, interval, timestamp::text, open::text, high::text, low::text,
		close::text, volume::text, quote_volume::text, revision::text FROM market_data WHERE interval = '$1'
		AND timestamp >= '$from' AND timestamp < '$midnight' ORDER BY symbol COLLATE \"C\", timestamp" >"$work/table.$1.tsv" &&
		control "truth?interval=$1&from=$from&to=$midnight&format=tsv" >"$work/truth.$1.tsv" || return
	note "$1: $(wc -l <"$work/truth.$1.tsv") candles since $from"
	cmp "$work/table.$1.tsv" "$work/truth.$1.tsv" && [ "$(wc -l <"$work/truth.$1.tsv")" -gt $((markets * 30)) ]
}

# --- what is wanted at first, in less time than the exchange's real limit allows

writer
control 'limit?limit=100' >/dev/null
export GAPLESS_RATE_LIMIT=100
starts
await 120 "the last 200 intervals of $series series are there" all_there
for who in $producers; do ends_with_0 "$who"; done

# --- the real limit, and the hour

control 'limit?limit=10' >/dev/null
export GAPLESS_RATE_LIMIT=10
asked_reset
starts
await 60 'the three share the markets again' eval 'has producer1 4 && has producer2 4 && has producer3 4'
ok 'before the hour' test "$(exchange_ms)" -lt "$(date -d "$midnight - 2 minutes" +%s000)"
await 360 'midnight' exchange_is_at $midnight
await 320 'five minutes later' exchange_is_at "$(later $midnight 300)"
is 'there is no gap' "$(gaps_now)" 0
for i in $intervals; do
	IFS='|' read -r n p50 p99 longest <<<"$(sql "SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY wait),
		percentile_disc(0.99) WITHIN GROUP (ORDER BY wait), max(wait)
		FROM (SELECT round(extract(epoch FROM at - ended)) AS wait FROM arrival WHERE interval = '$i' AND ended = '$midnight') AS w")"
	note "$i: $n candles ended at midnight; they came p50 $p50 s, p99 $p99 s, the last one $longest s after it"
	start=$(PGTZ=UTC sql "SELECT to_char(timestamptz '$midnight' - interval_length('$i'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
	is "each market that traded in the last $i has its candle" "$n" \
		"$(control "truth?interval=$i&from=$start&to=$midnight&format=count")"
	ok "$i: every series is as the exchange has it" true_at_midnight "$i"
done
for who in $producers; do
	# From midnight on: before it there is what a start asks for at once.
	note "$who: live at most $(sed -n 's/.*msg="progress".* live_late_ms=\([0-9]*\).* exchange_time=2026-03-06T.*/\1/p' "$work/$who.log" | sort -n | tail -n 1) ms late;" \
		"RSS $(rss_kb "$who") kB; $(awk '{ print ($14 + $15) / '"$(getconf CLK_TCK)"' }' "/proc/${pid_of[$who]}/stat") s of CPU;" \
		"$(sed -n 's/.*partitions assigned" .* series=\([0-9]*\).*/\1 series/p' "$work/$who.log" | tail -n 1);" \
		"$(grep -c 'live polls exceed the budget' "$work/$who.log") warnings that the polls exceed the budget"
	ok "$who holds less than 64 MiB" test "$(rss_kb "$who")" -lt 65536
done
note "writer: RSS $(rss_kb writer) kB"
ok 'the writer holds less than 96 MiB' test "$(rss_kb writer)" -lt 98304
note "$(asked .candles) requests, $(asked .http_429) times 429, in one second at most $(asked .max_per_second)"
ok 'at most one 429 in 1,000 requests' test $(($(asked .http_429) * 1000)) -le "$(asked .candles)"
is 'no 418' "$(asked .http_418)" 0
for who in $producers writer; do ends_with_0 "$who"; done
finish
