#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# indicators.sh [MINUTES]: gapless-indicators beside a plain Python consumer that does the same with TA-Lib's streaming functions
# (indicators_peer.py), on the same topic in the same run: 600 markets, so many minutes of them, six indicators. Then a live
# stream: CPU, and how long an indicator comes after its candle. Without a database, so that nothing else is measured. What others
# take of the machine meanwhile is said: much above 0.2 cores, and the run is not worth keeping.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
symbols=600 minutes=${1:-1400} work=build/bench-indicators live_seconds=30
rows=$((symbols * minutes))
indicators=sma:20,ema:20,rsi:14,macd:12:26:9,bb:20:2,vwap
# shellcheck source=runs.sh
. tests/bench/runs.sh

published() { # topic: how many messages it has
	local queries=() p
	for ((p = 0; p < 12; p++)); do
		queries+=(-t "$1:$p:-1")
	done
	kcat -b "$GAPLESS_BROKERS" -Q "${queries[@]}" 2>/dev/null | awk '{ n += $NF } END { print n + 0 }'
}

wait_published() { # topic, how many, pid
	local give_up=$(($(ms) + 1800000))
	while (($(published "$1") < $2)); do
		(($(ms) < give_up)) && kill -0 "$3" 2>/dev/null || die "not all indicators are published: see $work"
		nap 0.3
	done
}

# Sets `rate` and `cpu_us` of a candle, from the first indicators to the last; and how many cores were busy with none of this.
measure() { # topic, pid
	local first first_ms first_ticks first_busy first_kafka used took
	wait_published "$1" 1 "$2"
	first=$(published "$1") first_ms=$(ms) first_ticks=$(ticks "$2") first_busy=$(busy_ticks) first_kafka=$(ticks "$kafka")
	wait_published "$1" $((rows * 6)) "$2"
	took=$(($(ms) - first_ms)) used=$(($(ticks "$2") - first_ticks))
	others=$(awk -v b=$(($(busy_ticks) - first_busy - used - $(ticks "$kafka") + first_kafka)) -v t=$took 'BEGIN { printf "%.1f", b * 10 / t }')
	read -r rate cpu_us < <(awk -v n=$((rows - first / 6)) -v ms=$took -v c=$used \
		'BEGIN { printf "%d %.1f", n * 1000 / ms, c * 10000 / n }')
	kb=$(peak_kb "$2")
}

ours() { # candles' topic, indicators' topic
	"$bin/gapless-indicators" --http off --without-database --brokers "$GAPLESS_BROKERS" --topic "$1" --indicators-topic "$2" \
		--indicators-group "bench.$RANDOM.$$" --indicators "$indicators" >>"$work/indicators.log" 2>&1 &
	pid=$!
}

ends() { # pid
	kill -TERM "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

python_ready() {
	[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 || return 1
	"$work/venv/bin/python" -c 'import confluent_kafka, talib, orjson' 2>/dev/null ||
		"$work/venv/bin/pip" install -q confluent-kafka==2.16.1 ta-lib==0.8.2 orjson==3.13.0 >>"$work/venv.log" 2>&1
}

# Milliseconds from a candle's message to the indicator's, by the broker's clock: "median p99".
latency() { # candles' topic, indicators' topic
	{
		kcat -b "$GAPLESS_BROKERS" -C -t "$1" -o "-$((live_seconds * symbols / 24))" -e -q -f 'c %T %s\n'
		kcat -b "$GAPLESS_BROKERS" -C -t "$2" -o "-$((live_seconds * symbols / 2))" -e -q -f 'i %T %s\n'
	} | sed -E 's/^(.) ([0-9]+) .*"symbol":"([^"]*)".*"timestamp":([0-9]+).*/\1 \2 \3 \4/' | awk '
		$1 == "c" { at[$3 " " $4] = $2 }
		$1 == "i" && ($3 " " $4) in at { print $2 - at[$3 " " $4] }' | sort -n | awk '
		{ v[NR] = $1 } END { print v[int(NR / 2) + 1], v[int(NR * 0.99) + 1] }'
}

stack_up
messages time
say "gapless-indicators: $rows candles of $symbols series, six indicators"
topic_new bench-ours
ours bench-time bench-ours
measure bench-ours "$pid"
say "  RSS $(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status") MiB with full windows"
ends "$pid"
our_rate=$rate our_us=$cpu_us
say "  $rate candles/s, $cpu_us us of CPU a candle, $kb kB at most; others took $others cores"
if python_ready; then
	topic_new bench-python
	"$work/venv/bin/python" tests/bench/indicators_peer.py "$GAPLESS_BROKERS" bench-time bench-python "bench.$RANDOM.$$" \
		>"$work/peer.log" 2>&1 &
	pid=$!
	measure bench-python "$pid"
	ends "$pid"
	say "  Python with TA-Lib: $rate candles/s, $cpu_us us of CPU a candle, $kb kB at most; others took $others cores"
	say "  $(awk -v a="$our_rate" -v b="$rate" -v c="$our_us" -v d="$cpu_us" \
		'BEGIN { printf "%.1f times the rate, %.2f of the CPU", a / b, c / d }')"
else
	say '  no Python peer: its packages cannot be installed'
fi

say "live: a minute of $symbols markets each second, for $live_seconds s"
topic_new bench-live --config message.timestamp.type=LogAppendTime
topic_new bench-live-ours --config message.timestamp.type=LogAppendTime
ours bench-live bench-live-ours
"$bin/gapless-bench-load" "$GAPLESS_BROKERS" bench-live $((symbols * (live_seconds + 15))) $symbols live /dev/null &
load=$!
wait_published bench-live-ours $((symbols * 6 * 5)) "$pid"
from=$(ticks "$pid")
nap "$live_seconds"
cpu=$(($(ticks "$pid") - from))
read -r median p99 < <(latency bench-live bench-live-ours)
say "  from the candle's message to the indicator's: median $median ms, p99 $p99 ms"
ends "$load"
nap 3
from=$(ticks "$pid")
nap "$live_seconds"
idle=$(($(ticks "$pid") - from))
ends "$pid"
# Each candle comes twice, provisional and final.
awk -v c=$cpu -v i=$idle -v s=$live_seconds -v n=$symbols 'BEGIN {
	printf "  %.1f %% of a core at %d candles/s, %.1f %% at none; %d real markets send %.0f candles/s: %.1f %%\n",
		c / s, n, i / s, n, n / 30, i / s + (c - i) / s / 30 }'
