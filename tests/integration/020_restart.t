#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Five minutes without a producer. Live with the exchange's clock standing still inside a minute and lag 0 the producer is
# stopped, the clock goes on by exactly 300 s, the producer is started again: it says that it backfills 5 missing candles
# of the dense market, once, and the table is what the exchange has: no gap, no duplicate, every digit.
#
# Beside the dense market a sparse one, and one that trades nothing from 15:50 to 17:20, all through the outage.
. tests/integration/lib.sh
scenario restart
since=2026-03-05T12:00:00Z
markets=(KRW-BTC KRW-SPARSE KRW-QUIET)
exchange --start 2026-03-05T15:57:46Z --seed 11
writer
settings=(--symbols "$(IFS=,; echo "${markets[*]}")" --intervals 1m --since "$since" --lookup-s 2 --lookup-gaps-s 1)
producer "${settings[@]}"

# Everything from `since` to the given time is covered.
covered_to() { # symbol, to
	sql_is "SELECT tstzrange('$since', '$2') <@ covered FROM market_data_coverage WHERE symbol = '$1' AND \"interval\" = '1m'" t
}
all_covered_to() { # to
	local m
	for m in "${markets[@]}"; do
		covered_to "$m" "$1" || return 1
	done
}
stored() { # symbol, timestamp
	sql_is "SELECT count(*) FROM market_data WHERE symbol = '$1' AND \"timestamp\" = '$2'" 1
}
seconds_of_minute() { echo $(($(exchange_ms) / 1000 % 60)); }
inside_a_minute() { local s; s=$(seconds_of_minute); [ "$s" -ge 10 ] && [ "$s" -le 50 ]; }

# --- live

await 30 "the backfill is done" all_covered_to 2026-03-05T15:56:00Z
# Inside a minute, with the one before it in the table, and what is older final.
inside_live() {
	minute=$(iso $(($(exchange_ms) / 60000 * 60000)))
	inside_a_minute && stored KRW-BTC "$(later "$minute" -60)" && covered_to KRW-BTC "$(later "$minute" -60)"
}
await 90 "live, and inside a minute" inside_live
clock_freeze
stopped_at=$(exchange_ms)
note "the exchange's clock stands at $(iso "$stopped_at")"
is "in the same minute" "$(iso $((stopped_at / 60000 * 60000)))" "$minute"
await 20 "lag 0: what the topic has is stored" caught_up

# --- away for 300 s

stop producer
is "the producer ends with 0" "$code" 0
topic_mark
clock_advance 300
is "the clock went on by exactly 300 s" "$(exchange_ms)" $((stopped_at + 300000))
first=${pid_of[writer]}
spawn restarted "$GAPLESS_BIN/gapless-producer" "${settings[@]}"

await 20 "the producer says what is missing" logged restarted 'msg="Backfilling 5 missing candles" symbol=KRW-BTC interval=1m'
await 20 "all of it is covered" all_covered_to "$(later "$minute" 240)"
await 20 "lag 0" caught_up
await 10 "the producer says that it is done" logged restarted 'msg="backfill published" symbol=KRW-BTC interval=1m candles=5 intervals_without_trades=0'
is "it said so once, and of nothing else of this market" \
	"$(grep -c 'missing candles.*symbol=KRW-BTC' "$work/restarted.log")" 1

# --- the table

end=$(later "$minute" 240) # final 70 s later
n=$((($(date -d "$end" +%s) - $(date -d "$since" +%s)) / 60))
ok "KRW-BTC is as the exchange has it" equals_truth KRW-BTC 1m "$since" "$end" $n
is "KRW-BTC has a candle for every minute" "$(wc -l <"$work/table.KRW-BTC.1m.tsv")" $n
ok "KRW-SPARSE is as the exchange has it" equals_truth KRW-SPARSE 1m "$since" "$end" 10
ok "KRW-QUIET is as the exchange has it" equals_truth KRW-QUIET 1m "$since" "$end" 230
is "KRW-QUIET's last candle is the one before it went quiet" \
	"$(PGTZ=UTC sql "SELECT max(\"timestamp\") FROM market_data WHERE symbol = 'KRW-QUIET'")" "2026-03-05 15:49:00+00"
is "the only candle beyond is the dense market's newest one, not final yet" \
	"$(PGTZ=UTC sql "SELECT symbol, \"timestamp\" FROM market_data WHERE \"timestamp\" >= '$end' AND symbol <> 'KRW-SPARSE'")" \
	"KRW-BTC|$(date -u -d "$end" '+%F %T+00')"
is "no gap" "$(gaps_now)" 0
is "no duplicate" "$(sql "SELECT count(*) - count(DISTINCT (symbol, \"interval\", \"timestamp\")) FROM market_data")" 0
# Five of the gap and the newest one. The minute before the stop had been published, provisionally: that is the fifth.
is "published again of the dense market: the gap, and the newest candle" \
	"$(published | jq -r 'select(.symbol == "KRW-BTC") | .timestamp / 1000 | todate' | sort | tr '\n' ' ')" \
	"$(minutes "$(later "$minute" -60)" 6 | tr '\n' ' ')"
# Two more lookups, each of which finds what was taken from another market just before.
for n in 1 2; do
	sql "UPDATE market_data_coverage SET covered = covered - tstzmultirange(tstzrange('2026-03-05T13:0$n:00Z', '2026-03-05T13:0$((n + 1)):00Z'))
		WHERE symbol = 'KRW-SPARSE'"
	await 20 "lookup $n" all_covered_to "$end"
done
is "they find nothing more of the dense market" "$(grep -c 'missing candles.*symbol=KRW-BTC' "$work/restarted.log")" 1
is "the writer is the same process" "${pid_of[writer]}" "$first"
ok "and runs" running writer
is "nothing went to the dead letters" "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0

for p in restarted writer; do
	stop $p
	is "$p ends with 0" "$code" 0
done
finish
