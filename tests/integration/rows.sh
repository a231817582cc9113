# SPDX-License-Identifier: MIT
# Hand-made rows, for scenarios about what one may ask the tables; sourced after lib.sh.

# Every row was read long after its end, so that it is confirmed.

# What must not depend on the session's zone is asked in each of these.
zones='UTC Asia/Seoul America/New_York'

series() { # symbol, interval, coverage, timestamp=close...
	local symbol=$1 interval=$2 c
	sql "INSERT INTO market_data_coverage VALUES ('$symbol', '$interval', '$3')"
	shift 3
	for c; do
		sql "INSERT INTO market_data VALUES ('$symbol', '$interval', '${c%=*}', 1, 9, 0.5, ${c#*=}, 0.70, 70.0, 1, '2026-01-01Z')"
	done
}
