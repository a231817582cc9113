#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples of schemas/README.md for those who read the indicators, as they stand there: the script and the pipes are run
# against a real topic; the SQL names columns that the message has (Flink's is run by tests/soak/flink_sql.t).
. tests/integration/lib.sh
scenario indicators_readers
. tests/integration/indicators.sh
page=schemas/README.md
section() { sed -n '/^## Reading the indicators/,/^## [^R]/p' "$page"; }

exchange --start 2026-03-10T12:00:00Z --seed 24
indicators --indicators rsi:14,macd:12:26:9
producer --symbols KRW-BTC --intervals 1m --since 2026-03-10T09:00:00Z --lookup-s 2 --lookup-gaps-s 1
await 30 "what is not stored yet is read" indicators_have_begun indicators
writer
await 60 "three hours are complete" complete KRW-BTC
clock_settle
await 120 "and final" complete KRW-BTC
await 60 "the indicators have read all of it" indicators_caught_up

section | sed -n '/^```python/,/^```$/p' | grep -v '^```' >"$work/rsi.py"
ok "the script is short" test "$(wc -l <"$work/rsi.py")" -le 13
command=$(section | sed -n 's/^    \(kcat .*\) | python3 rsi.py.*/\1/p' | sed "s/127.0.0.1:19092/$GAPLESS_BROKERS/; s/indicators.v1/$GAPLESS_INDICATORS_TOPIC/")
bash -c "$command" | python3 "$work/rsi.py" KRW-BTC 1m rsi 14 >"$work/rsi.out"
bash -c "$command" | python3 "$work/rsi.py" KRW-BTC 1m macd 12:26:9 >"$work/macd.out"
candles=$(sql "SELECT count(*) FROM market_data AS m JOIN market_data_coverage AS c USING (symbol, \"interval\")
	WHERE c.covered @> tstzrange(m.timestamp, m.timestamp + interval '1 minute')")
ok "there are enough candles" test "$candles" -gt 180
is "it prints each final RSI once" "$(cut -d ' ' -f 1 "$work/rsi.out" | sort -u | wc -l) $(wc -l <"$work/rsi.out")" \
	"$((candles - 14)) $((candles - 14))"
ok "an RSI is one" awk '$2 < 0 || $2 > 100 || NF != 2 { bad = 1 } END { exit bad }' "$work/rsi.out"
is "a MACD has three values" "$(awk '{ print NF }' "$work/macd.out" | sort -u)" 4

jq_filter=$(section | sed -n "s/.* | jq -r '\(.*\)'\$/\1/p")
is "the filter of the pipe gives seven columns" \
	"$(kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_INDICATORS_TOPIC" -e -q | jq -r "$jq_filter" | awk -F '\t' '{ print NF }' | sort -u)" 7

jq -r '.properties | keys[]' schemas/indicator.schema.json | sort >"$work/properties"
# What stands in backquotes in the SQL, but for the stream's own name and the names that a query gives.
section | sed -n '/^```sql/,/^```$/p' | grep -o '`[a-z_]*`' | tr -d '`' | sort -u | grep -vx 'indicators\|rsi' >"$work/columns"
is "the SQL names no column that the message has not" "$(comm -23 "$work/columns" "$work/properties")" ''
ok "and most that it has" test "$(comm -12 "$work/columns" "$work/properties" | wc -l)" -ge 10
for p in producer writer indicators; do
	ends_with_0 $p
done
finish
