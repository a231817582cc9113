#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh SYMBOLS [INTERVALS [SINCE]]: producer and writer against the real exchange, on the local stack, in the foreground;
# Ctrl-C (or the end of either) stops both. The stack stays up; `make down` stops it.
set -u
cd "$(dirname "$0")/.." || exit 1
symbols=${1:-} intervals=${2:-1m} since=${3:-}
bin=${GAPLESS_BIN:-build/release}
[ -n "$symbols" ] || {
	echo "run: name the markets, e.g. make run SYMBOLS=KRW-BTC,KRW-ETH [INTERVALS=1s,1m] [SINCE=2024-01-01]" >&2
	exit 2
}
eval "$(compose/stack.sh env)"
# In sessions of their own: Ctrl-C reaches this script alone, and each of them gets one signal from it, not two.
setsid "$bin/gapless-writer" &
writer=$!
setsid "$bin/gapless-producer" --symbols "$symbols" --intervals "$intervals" ${since:+--since "$since"} &
producer=$!
echo "The page: http://127.0.0.1:9465/ (the writer's --http). Ctrl-C stops both."
code=0
trap 'code=130' INT TERM
wait -n || code=$?
trap '' INT TERM
kill -TERM $producer $writer 2>/dev/null
wait $producer
wait $writer
[ "$code" != 130 ] || code=0 # a signal is how it is meant to end
echo "The table: psql -h 127.0.0.1 -p $PGPORT -U $PGUSER $PGDATABASE -c 'SELECT * FROM market_data ORDER BY timestamp DESC LIMIT 10'"
exit "$code"
