#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What was given up (retained_from) does not come back by the topic: a writer stores no older candle, from any program, clips what
# is promised, and counts; so does a replay. A running writer keeps to --keep by itself, dead letters as well.
. tests/integration/lib.sh
. tests/integration/storing.sh
scenario given_up
exec 2>"$work/shell.log"
export GAPLESS_BATCH_MS=200
topic_new "$GAPLESS_TOPIC"
floor=2020-02-20T11:59:00Z # 40 minutes after the first candle

sql "INSERT INTO market_data_series (symbol, interval, source, wanted_from, retained_from)
	SELECT 'KRW-A' || i, '1m', 'upbit', '2020-01-01Z', CASE WHEN i < 5 THEN '$floor'::timestamptz END FROM generate_series(0, 9) AS s(i)"
candles 2000 A >"$work/candles" # 100 minutes of 20 series
publish "$GAPLESS_TOPIC" <"$work/candles"
# A quiet tail that begins before the floor and ends behind it.
sed -n 1p "$work/candles" | jq -Rr 'split(" ") as $p | ($p[1] | fromjson | .covers_to += 4800000 | .fetched_at = .covers_to + 60000) | "\($p[0]) \(tojson)"' |
	publish "$GAPLESS_TOPIC"
writer
await 30 'all is read' stored_of "$GAPLESS_TOPIC" 2001
is 'nothing that was given up is stored' "$(sql "SELECT count(*) FROM market_data JOIN market_data_series USING (symbol, interval)
	WHERE timestamp < retained_from")" 0
is '... everything else is' "$(stored)" $((2000 - 5 * 40))
is '... nor covered' "$(sql "SELECT count(*) FROM market_data_coverage JOIN market_data_series USING (symbol, interval)
	WHERE retained_from IS NOT NULL AND covered && tstzrange(NULL, retained_from)")" 0
is '... what is behind it is' "$(sql "SELECT covered = tstzmultirange(tstzrange('$floor', '2020-02-20T12:59:00Z')) FROM market_data_coverage
	WHERE symbol = 'KRW-A1'")" t
ends_with_0 writer
is '... and it is counted' "$(total writer given_up)" 200
sql 'DELETE FROM market_data'
spawn again timeout 600 "$GAPLESS_BIN/gapless-writer" replay
ended again
is 'a replay' "$code" 0
is '... does not bring it back either' "$(stored)" $((2000 - 5 * 40))

# --- a writer that keeps to it by itself

sql "INSERT INTO candle_dead_letter (topic, partition, \"offset\", reason, seen_at) SELECT 'old', 0, i, 'old', now() - interval '91 days'
	FROM generate_series(1, 300) AS s(i)"
sql "INSERT INTO candle_dead_letter (topic, partition, \"offset\", reason) VALUES ('new', 0, 1, 'new')"
log_forget writer
writer --keep 1m=10d,dead-letters=90d
await 30 'dead letters that are old go' sql_is "SELECT string_agg(topic, ',') FROM candle_dead_letter" new
await 30 'rows that are old go, of what is known' sql_is "SELECT count(*) FROM market_data JOIN market_data_series USING (symbol, interval)" 0
ok 'it says so' logged writer 'what is older than it is kept is given up'
ends_with_0 writer
log_forget writer
writer --keep 1m=ten
await 20 'a span that is none' gone writer
ended writer
is '... is refused' "$code" 2
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
