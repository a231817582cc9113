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
await 40 "the minute that closes meanwhile is in the table" stored KRW-BTC 2026-03-05T15:57:00Z
await 20 "and the one before it is final" covered_to KRW-BTC 2026-03-05T15:57:00Z
await 30 "the clock is inside a minute" inside_a_minute
clock_freeze
stopped_at=$(exchange_ms)
note "the exchange's clock stands at $(iso "$stopped_at")"
is "in the same minute" "$(iso $((stopped_at / 60000 * 60000)))" 2026-03-05T15:58:00Z
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
await 20 "all of it is covered" all_covered_to 2026-03-05T16:02:00Z
await 20 "lag 0" caught_up
await 10 "the producer says that it is done" logged restarted 'msg="Backfill done" symbol=KRW-BTC interval=1m candles=5 intervals_without_trades=0'
is "it said so once, and of nothing else of this market" \
	"$(grep -c 'missing candles.*symbol=KRW-BTC' "$work/restarted.log")" 1
looks_later() { [ $(($(date +%s) - looked)) -ge 5 ]; }
looked=$(date +%s)
await 10 "two more lookups" looks_later
is "and they find nothing more" "$(grep -c 'missing candles.*symbol=KRW-BTC' "$work/restarted.log")" 1

# --- the table

end=2026-03-05T16:02:00Z # final at 16:03:10 and later
ok "KRW-BTC is as the exchange has it" equals_truth KRW-BTC 1m "$since" "$end" 242
is "KRW-BTC has a candle for every minute" "$(wc -l <"$work/table.KRW-BTC.1m.tsv")" 242
ok "KRW-SPARSE is as the exchange has it" equals_truth KRW-SPARSE 1m "$since" "$end" 10
ok "KRW-QUIET is as the exchange has it" equals_truth KRW-QUIET 1m "$since" "$end" 230
is "KRW-QUIET's last candle is the one before it went quiet" \
	"$(PGTZ=UTC sql "SELECT max(\"timestamp\") FROM market_data WHERE symbol = 'KRW-QUIET'")" "2026-03-05 15:49:00+00"
is "the only candle beyond is the dense market's newest one, not final yet" \
	"$(PGTZ=UTC sql "SELECT symbol, \"timestamp\" FROM market_data WHERE \"timestamp\" >= '$end' AND symbol <> 'KRW-SPARSE'")" \
	"KRW-BTC|2026-03-05 16:02:00+00"
is "no gap" "$(gaps_now)" 0
is "no duplicate" "$(sql "SELECT count(*) - count(DISTINCT (symbol, \"interval\", \"timestamp\")) FROM market_data")" 0
# Five of the gap and the newest one. The minute before the stop had been published, provisionally: that is the fifth.
is "published again of the dense market: the gap, and the newest candle" \
	"$(published | jq -r 'select(.symbol == "KRW-BTC") | .timestamp / 1000 | todate' | sort | tr '\n' ' ')" \
	"2026-03-05T15:57:00Z 2026-03-05T15:58:00Z 2026-03-05T15:59:00Z 2026-03-05T16:00:00Z 2026-03-05T16:01:00Z 2026-03-05T16:02:00Z "
is "the writer is the same process" "${pid_of[writer]}" "$first"
ok "and runs" running writer
is "nothing went to the dead letters" "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0

for p in restarted writer; do
	stop $p
	is "$p ends with 0" "$code" 0
done
finish
