#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Live, with nothing wrong: each closed candle gets into the table, none before it was closed by the exchange's clock; what was
# provisional is read again 60 s after its end and published as final, changed or not; the tail of a market that is quiet is
# covered within some 6 minutes, by a message every 5 minutes at most.
#
# How long a candle takes from its end to the table is shown. LIVE_P95_MS makes it a test, for a machine that has nothing else to
# do: tests/soak/live.t.
. tests/integration/lib.sh
scenario live
exchange --start 2026-06-06T16:00:34Z --seed 21 --markets 6 # KRW-QUIET trades nothing from 15:50 to 17:20
writer
# When each row came: the database has the machine's clock, and the exchange's differs by so much.
ahead_ms=$(control clock | jq '.sandbox_ms - .real_ms')
sql "CREATE TABLE arrival (symbol text, interval text, timestamp timestamptz, at timestamptz);
	CREATE FUNCTION arrive() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
		INSERT INTO arrival VALUES (new.symbol, new.interval, new.timestamp,
			clock_timestamp() + $ahead_ms * interval ''1 ms'');
		RETURN new; END';
	CREATE TRIGGER arrive AFTER INSERT ON market_data FOR EACH ROW EXECUTE FUNCTION arrive()"
dense='KRW-BTC KRW-ETH KRW-XRP KRW-M001 KRW-M006'
producer --symbols "$dense KRW-QUIET" --intervals 1s,1m --lookup-s 2 --lookup-gaps-s 1

# --- 20 s, and a minute's end among them

await 20 "live runs" live KRW-BTC KRW-ETH
minute=2026-06-06T16:00:00Z
from=$(later "$(exchange_now)" 1)
: >"$work/topic.mark" # from the beginning
await 40 "a minute has ended" exchange_is_at 2026-06-06T16:01:09Z
to=$(later "$(exchange_now)" -6)
all_arrived() { # every second of the dense ones that ended by then
	local m
	for m in $dense; do
		[ "$(table_tsv "$m" 1s "$from" "$to" | wc -l)" = "$(control "truth?market=$m&interval=1s&from=$from&to=$to&settle=0&format=count")" ] ||
			return
	done
}
await 20 "each second that the exchange has is there" all_arrived
await 20 "... and the minute" sql_is "SELECT count(*) FROM market_data WHERE interval = '1m' AND timestamp = '$minute'" 5

# Of the candles that ended in [from, to): their number, the waits that 95 and 99 in 100 of them kept to, and the
# longest, in ms.
waits() { # interval
	sql "SELECT count(*), percentile_disc(0.95) WITHIN GROUP (ORDER BY wait),
			percentile_disc(0.99) WITHIN GROUP (ORDER BY wait), max(wait)
		FROM (SELECT (extract(epoch FROM at - ended) * 1000)::int AS wait
			FROM (SELECT at, timestamp + interval_length(interval) AS ended FROM arrival
				WHERE interval = '$1') AS a
			WHERE ended >= '$from' AND ended < '$to') AS w"
}
for i in 1s 1m; do
	IFS='|' read -r n p95 p99 longest <<<"$(waits $i)"
	note "$i: $n candles, p95 $p95 ms, p99 $p99 ms, longest $longest ms after their ends"
	ok "$i: candles ended meanwhile" test "$n" -ge 5
	[ -z "${LIVE_P95_MS:-}" ] || ok "$i: they were there within $LIVE_P95_MS ms" test "$p95" -le "$LIVE_P95_MS"
	is "$i: none before it was closed" "$(sql "SELECT count(*) FROM arrival
		WHERE interval = '$i' AND at < timestamp + interval_length(interval) + interval '2 s'")" 0
done

# --- provisional, then final; one of each is corrected between

second=$(later "$to" -2)
correct KRW-BTC 1s "$second" "$(exchange_now)"
correct KRW-BTC 1m $minute "$(exchange_now)"
is "young candles are not claimed" "$(sql "SELECT bool_or(
	CASE interval WHEN '1s' THEN '$second'::timestamptz ELSE '$minute' END <@ covered)
	FROM market_data_coverage WHERE symbol = 'KRW-BTC'")" f
await 5 "they are corrected" exchange_is_at "$(later "$(exchange_now)" 1)"
clock_advance 60
final() {
	local m
	for m in $dense; do
		covers "$m" 1s "$from" "$to" && covers "$m" 1m $minute 2026-06-06T16:01:00Z || return
	done
}
await 15 "60 s after their ends they are claimed" final
for m in $dense; do
	ok "$m 1s is as the exchange has it" equals_truth "$m" 1s "$from" "$to" 3
	ok "$m 1m is as the exchange has it" equals_truth "$m" 1m $minute 2026-06-06T16:01:00Z
done
# How often each of those seconds was published, the corrected one left out; 0: not first provisional, then final.
published | jq -s -r --arg from "$from" --arg to "$second" '
	[.[] | select(.symbol == "KRW-BTC" and .interval == "1s") |
		select(.timestamp >= ($from | fromdate) * 1000 and .timestamp < ($to | fromdate) * 1000)] |
	group_by(.timestamp) | map(map(.covers_to > .covers_from) | if . == [false, true] then length else 0 end) |
	unique | join(",")' >"$work/twice"
is "each was published twice, provisional and then final" "$(cat "$work/twice")" 2

# --- the quiet tail

topic_mark
for step in 1 2 3 4 5; do
	clock_advance 120
	await 15 "$step times two minutes later" live KRW-BTC
	await 10 "no gap" no_gaps
done
published >"$work/published"
for i in 1s 1m; do
	n=$(jq -s --arg i $i '[.[] | select(.symbol == "KRW-QUIET" and .interval == $i)] | length' "$work/published")
	ok "the quiet tail of 10 minutes of $i: $n messages, one every 5 minutes" test "$n" -ge 1 -a "$n" -le 3
done
covered_lately() { # 60 s, 5 minutes and a poll ago
	sql_is "SELECT '$(exchange_now)'::timestamptz - max(upper(covered)) <= interval '425 s'
		FROM market_data_coverage WHERE symbol = 'KRW-QUIET' AND interval = '1m'" t
}
await 10 "the quiet market is covered up to some 6 minutes ago" covered_lately
for p in producer writer exchange; do
	stop $p
	is "the $p ended well" "$code" 0
done
finish
