#!/usr/bin/env bash
# Live, with nothing wrong: each closed candle is in the table some 3.5 s after its end by the exchange's clock; what was provisional
# is read again 60 s after its end and published as final, changed or not; the tail of a market that is quiet is covered within some
# 6 minutes, by a message every 5 minutes at most.
. tests/integration/lib.sh
scenario live
exchange --start 2026-06-06T16:00:34Z --seed 21 --markets 6 # KRW-QUIET trades nothing from 15:50 to 17:20
writer
# When each row came. The database's server has the machine's clock, and so has the exchange, but for a difference.
sql "CREATE TABLE arrival (symbol text, \"interval\" text, \"timestamp\" timestamptz, at timestamptz DEFAULT clock_timestamp());
	CREATE FUNCTION arrive() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
		INSERT INTO arrival VALUES (new.symbol, new.\"interval\", new.\"timestamp\"); RETURN new; END';
	CREATE TRIGGER arrive AFTER INSERT ON market_data FOR EACH ROW EXECUTE FUNCTION arrive()"
ahead_ms=$(control clock | jq '.sandbox_ms - .real_ms')
dense='KRW-BTC KRW-ETH KRW-XRP KRW-M001 KRW-M006'
producer --symbols "$dense KRW-QUIET" --intervals 1s,1m --look-s 2 --look-gaps-s 1

# --- 20 s and a minute's end of it

live() { # the newest second
	[ "$(sql "SELECT max(\"timestamp\") > '$(exchange_now)'::timestamptz - interval '6 seconds' FROM market_data
		WHERE \"interval\" = '1s'")" = t ]
}
await 20 "live runs" live
from=$(iso $(($(exchange_ms) + 1000)))
topic_dump "$work/topic.mark"
minute=2026-06-06T16:00:00Z
reached() { [ "$(exchange_ms)" -ge "$(date -d 2026-06-06T16:01:09Z +%s000)" ]; }
await 40 "a minute has ended" reached
to=$(iso $(($(exchange_ms) - 6000))) # what ended before it has had its time

# The last 99 in 100 and the longest wait, in ms; how many candles.
waits() { # interval, from, to: by the candles' ends
	sql "SELECT count(*), percentile_disc(0.99) WITHIN GROUP (ORDER BY wait), max(wait) FROM (
		SELECT extract(epoch FROM a.at - a.\"timestamp\" - interval_length(a.\"interval\")) * 1000 + $ahead_ms AS wait FROM arrival a
		WHERE a.\"interval\" = '$1' AND a.\"timestamp\" + interval_length(a.\"interval\") >= '$2'
			AND a.\"timestamp\" + interval_length(a.\"interval\") < '$3') AS w"
}
for i in 1s 1m; do
	IFS='|' read -r n p99 longest <<<"$(waits $i "$from" "$to")"
	note "$i: $n candles, p99 ${p99%.*} ms, longest ${longest%.*} ms after their ends"
	ok "$i: they were there within 5 s" test "$n" -ge 5 -a "${p99%.*}" -le 5000
	ok "$i: none before it was closed" test "$(sql "SELECT count(*) FROM arrival WHERE \"interval\" = '$i'
		AND extract(epoch FROM at - \"timestamp\" - interval_length(\"interval\")) * 1000 + $ahead_ms < 2000")" = 0
done
for m in $dense; do
	seconds_of() { curl -fsS "$url/control/truth?market=$m&interval=1s&from=$from&to=$to&settle=0&format=count"; }
	is "$m: each second that the exchange has is there" "$(sql "SELECT count(*) FROM market_data WHERE symbol = '$m'
		AND \"interval\" = '1s' AND \"timestamp\" >= '$from' AND \"timestamp\" < '$to'")" "$(seconds_of)"
done

# --- provisional, then final; one of each is corrected between

second=$(later "$to" -2)
correct KRW-BTC 1s "$second" "$(exchange_now)"
correct KRW-BTC 1m $minute "$(exchange_now)"
claimed=$(sql "SELECT bool_or(CASE \"interval\" WHEN '1s' THEN '$second'::timestamptz ELSE '$minute' END <@ covered)
	FROM market_data_coverage WHERE symbol = 'KRW-BTC'")
is "young candles are not claimed" "$claimed" f
sleep 1
clock_advance 60
final() {
	[ "$(sql "SELECT bool_and(CASE \"interval\" WHEN '1s' THEN tstzrange('$from', '$to') ELSE tstzrange('$minute', '$minute', '[]') END
		<@ covered) FROM market_data_coverage WHERE symbol = ANY (string_to_array('$dense', ' '))")" = t ]
}
await 15 "60 s after their ends they are claimed" final
for m in $dense; do
	ok "$m 1s is as the exchange has it" equals_truth "$m" 1s "$from" "$to" 3
	ok "$m 1m is as the exchange has it" equals_truth "$m" 1m $minute 2026-06-06T16:01:00Z
done
published >"$work/published"
# How often each of those seconds was published, the corrected one left out; 0: not first provisional, last final.
twice=$(jq -s -r --arg from "$from" --arg to "$second" '[.[] | select(.symbol == "KRW-BTC" and .interval == "1s" and
	.timestamp >= ($from | fromdate) * 1000 and .timestamp < ($to | fromdate) * 1000)] | group_by(.timestamp) |
	map([map(.covers_to > .covers_from) | if . == (. | sort) then length else 0 end]) | flatten | unique | join(",")' <"$work/published")
is "each was published twice, provisional and then final" "$twice" 2

# --- the quiet tail

asked_reset
topic_mark
for step in 1 2 3 4 5 6; do
	clock_advance 100
	await 15 "no gap after $step times 100 s" no_gaps
done
published >"$work/published"
for i in 1s 1m; do
	n=$(jq -s --arg i $i '[.[] | select(.symbol == "KRW-QUIET" and .interval == $i)] | length' <"$work/published")
	ok "the quiet tail of 10 minutes of $i took $n messages: one every 5 minutes" test "$n" -ge 1 -a "$n" -le 3
done
tail_age() { sql "SELECT extract(epoch FROM '$(exchange_now)'::timestamptz - max(upper(covered)))::int FROM market_data_coverage
	WHERE symbol = 'KRW-QUIET' AND \"interval\" = '1m'"; }
note "the quiet market is covered up to $(tail_age) s ago"
ok "that is less than 60 s, 5 minutes and a poll" test "$(tail_age)" -le 425
for p in producer writer exchange; do
	stop $p
	is "the $p ended well" "$code" 0
done
finish
