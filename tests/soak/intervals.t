#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All twelve intervals of one market over three years of the exchange's time, seconds over the three months that it keeps them:
# as the exchange has them, digit for digit, months of unequal lengths included. The limit of exchange and producer is raised to
# 500 requests a second.
#
# INTERVALS_MARKET (KRW-BTC: a candle in every second), INTERVALS_YEARS (3). Programs as users run them (release build).
export GAPLESS_BIN=${GAPLESS_BIN_RELEASE:-build/release}
. tests/integration/lib.sh
scenario all_intervals
exec 2>"$work/shell.log"
market=${INTERVALS_MARKET:-KRW-BTC} years=${INTERVALS_YEARS:-3}
start=2026-03-05T12:00:20Z settled=2026-03-05T11:50:00Z
since=$(date -u -d "$start - $years years" +%FT00:00:00Z)
seconds_since=$(date -u -d "$start - 3 months + 6 hours" +%FT%H:00:00Z)
exchange --start $start --limit 500 --delay 0-3 --seed 5
export GAPLESS_RATE_LIMIT=500 GAPLESS_LOOKUP_S=5 GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_QUEUE_MESSAGES=40000 GAPLESS_BATCH_ROWS=20000
minutes=1m,3m,5m,10m,15m,30m,1h,4h,1d,1w,1M

floor_of() { # interval, time
	PGTZ=UTC sql "SELECT to_char(interval_floor('$1', '$2') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
}

# Candles of one interval; nothing of them passes through the shell.

table_stream() { # interval, from, to
	PGTZ=UTC psql -X -q -v ON_ERROR_STOP=1 -c "COPY (SELECT symbol, interval, timestamp, open, high, low, close, volume, quote_volume,
		revision FROM market_data WHERE symbol = '$market' AND interval = '$1' AND timestamp >= '$2' AND timestamp < '$3'
		ORDER BY timestamp) TO STDOUT"
}

truth_stream() { control "truth?market=$market&interval=$1&from=$2&to=$3&format=tsv"; }

streams_equal() { # interval, from, to
	cmp <(table_stream "$@") <(truth_stream "$@") >"$work/cmp" 2>&1 || {
		note "$1: $(cat "$work/cmp")"
		return 1
	}
}

# Backfills them, says how fast, and compares.
backfill() { # intervals, from
	local names=$1 from=$2 began i n since to
	asked_reset
	began=$(date +%s%N)
	producer --symbols "$market" --intervals "$names" --since "$from"
	covered() { sql_is "SELECT count(*) FROM market_data_coverage WHERE interval = ANY ('{$names}')
		AND tstzrange('$from'::timestamptz + interval_length(interval), interval_floor(interval, '$settled')) <@ covered" "$(wc -w <<<"${names//,/ }")"; }
	await 1500 "$names are covered" covered
	local took=$((($(date +%s%N) - began) / 1000000))
	n=$(sql "SELECT count(*) FROM market_data WHERE interval = ANY ('{$names}')")
	note "$names: $n candles in $took ms, $((n * 1000 / took)) a second; $(asked .candles) requests," \
		"$(($(asked .candles) * 1000 / took)) a second; RSS of the producer $(rss_kb producer) kB, of the writer $(rss_kb writer) kB"
	is 'no 418' "$(asked .http_418)" 0
	ends_with_0 producer
	for i in ${names//,/ }; do
		since=$(floor_of "$i" "$from") to=$(floor_of "$i" "$settled") # what had ended a while ago
		ok "$i is as the exchange has it, $(control "truth?market=$market&interval=$i&from=$since&to=$to&format=count") candles" \
			streams_equal "$i" "$since" "$to"
	done
}

writer
backfill $minutes "$since"
backfill 1s "$seconds_since"
is 'months begin on the first, weeks on Mondays, days at midnight, in UTC' "$(sql "SELECT count(*) FROM market_data WHERE
	(interval = '1M' AND extract(day FROM timestamp AT TIME ZONE 'UTC') <> 1) OR
	(interval = '1w' AND extract(isodow FROM timestamp AT TIME ZONE 'UTC') <> 1) OR
	(interval IN ('1d', '1w', '1M') AND extract(hour FROM timestamp AT TIME ZONE 'UTC') <> 0)")" 0
is 'as many months as there are' "$(sql "SELECT count(*) FROM market_data WHERE interval = '1M' AND timestamp < '$settled'")" $((12 * years))
is 'there is no gap before the start' "$(sql "SELECT count(*) FROM market_data_gaps_at('$start')")" 0
is 'nothing went to the dead letters' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
ends_with_0 writer
finish
