#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every interval of the exchange, months of unequal lengths included: backfilled and equal to the truth. The long ones over 500
# days, the others over ten, 1s over three hours; the limit of exchange and producer raised to 500 requests a second.
export GAPLESS_BIN=build/release
. "$(dirname "$0")/lib.sh"
scenario intervals
exchange --limit 500 --delay 0-5
export GAPLESS_RATE_LIMIT=500 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_LOOKUP_S=2
symbols=(KRW-BTC KRW-QUIET)
settled=$(date -u -d "$(exchange_now) -20 minutes" +%FT%TZ)

complete() { sql_is "SELECT count(*) FROM market_data_series" "$1" && no_gaps; }

# Backfills the intervals from then on, and compares what had ended a while ago.
interval_series=0
backfill() { # from, intervals
	local from=$1 symbol interval to
	interval_series=$((interval_series + 2 * $(wc -w <<<"${2//,/ }")))
	producer --symbols KRW-BTC,KRW-QUIET --intervals "$2" --since "$from"
	await 60 "$2 are complete" complete "$interval_series"
	stop producer
	is "the producer ended well" "$code" 0
	for interval in ${2//,/ }; do
		for symbol in "${symbols[@]}"; do
			to=$(sql "SELECT to_char(interval_floor('$interval', '$settled') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
			ok "$symbol $interval equals the truth" equals_truth "$symbol" "$interval" "$from" "$to" 10
		done
	done
}

writer
backfill "$(date -u -d "$(exchange_now) -500 days" +%FT%H:00:00Z)" 1h,4h,1d,1w,1M
backfill "$(date -u -d "$(exchange_now) -10 days" +%FT%H:00:00Z)" 1m,3m,5m,10m,15m,30m
symbols=(KRW-BTC) # the other one may be quiet all that while
backfill "$(date -u -d "$(exchange_now) -3 hours" +%FT%H:00:00Z)" 1s

is "months begin on the first, weeks on Mondays, in UTC" "$(sql "SELECT count(*) FROM market_data WHERE
	(\"interval\" = '1M' AND extract(day FROM \"timestamp\" AT TIME ZONE 'UTC') <> 1) OR
	(\"interval\" = '1w' AND extract(isodow FROM \"timestamp\" AT TIME ZONE 'UTC') <> 1) OR
	(\"interval\" IN ('1d', '1w', '1M') AND extract(hour FROM \"timestamp\" AT TIME ZONE 'UTC') <> 0)")" 0
stop writer
is "the writer ended well" "$code" 0
finish
