#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A standard error that is full, or closed, is no reason to do less.
. tests/integration/lib.sh
scenario no_stderr
exchange --start 2026-03-05T12:00:20Z
covered() { # symbol
	sql_is "SELECT tstzrange('2026-03-05T11:00Z', '2026-03-05T11:59Z') <@ covered FROM market_data_coverage WHERE symbol = '$1'" t
}
producer_args=(--since 2026-03-05T11:00:00Z --lookup-s 2 --lookup-gaps-s 1)
for kind in muted:KRW-ETH closed:KRW-XRP; do
	symbol=${kind#*:} kind=${kind%:*}
	if [ $kind = muted ]; then
		"$GAPLESS_BIN/gapless-writer" 2>/dev/full & pid_of[w]=$!
		"$GAPLESS_BIN/gapless-producer" --symbols "$symbol" "${producer_args[@]}" 2>/dev/full & pid_of[p]=$!
	else
		"$GAPLESS_BIN/gapless-writer" <&- >&- 2>&- & pid_of[w]=$!
		"$GAPLESS_BIN/gapless-producer" --symbols "$symbol" "${producer_args[@]}" <&- >&- 2>&- & pid_of[p]=$!
	fi
	await 30 "stderr $kind: $symbol is complete" covered "$symbol"
	ok "stderr $kind: it is as the exchange has it" equals_truth "$symbol" 1m 2026-03-05T11:00:00Z 2026-03-05T11:59:00Z 59
	ends_with 0 p
	ends_with 0 w
done
finish
