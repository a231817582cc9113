#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An open transaction of another program holds a partition: nobody can read what is behind it. The log names the partition and the
# cause, its series wait, the other market goes on, and what was published behind the transaction is not published again and again.
# When the transaction ends, its mark, which no consumer ever gets, is the last thing there: the lookups end all the same.
. tests/integration/lib.sh
scenario held_partition
exec 2>"$work/shell.log"
exchange --start 2026-04-01T10:00:20Z --seed 5
writer
options=(--symbols KRW-BTC,KRW-ETH --since 2026-04-01T09:00:00Z --lookup-s 2 --lookup-gaps-s 1)
producer "${options[@]}"
both() { complete KRW-BTC KRW-ETH; }
await 30 'both markets are complete' both
btc=$(topic_dump "$work/all" && awk 'index($0, "\"symbol\":\"KRW-BTC\"") { print $1; exit }' "$work/all")

mkfifo "$work/in"
exec {to}<>"$work/in"
spawn stranger bash -c 'exec build/asan/gapless-transactions "$1" "$2" <"$3"' - "$GAPLESS_TOPIC" "$btc" "$work/in"
answers() { [ "$(grep -c '^ok' "$work/stranger.log")" = "$1" ]; }
candle=$(awk '/"symbol":"KRW-BTC"/ { sub(/^[0-9]+ [0-9]+ /, ""); print; exit }' "$work/all")
printf 'put KRW-BTC %s\n' "$candle" >&"$to"
await 30 'another program has a transaction open in the partition' answers 1

topic_mark
"$GAPLESS_BIN/gapless-writer" forget --symbols 'KRW-*' --intervals 1m --from 2026-04-01T09:10:00Z --to 2026-04-01T09:20:00Z >"$work/forget.log" 2>&1
covers_eth() { covers KRW-ETH 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z; }
await 20 'what is forgotten of the other market is fetched again' covers_eth
await 30 'the log names the partition and the cause' logged producer \
	"waiting for the writer.* error=\"another program has a transaction open in this partition.* partition=$btc "
lookups_of_eth() { # so many lookups later
	for _ in 1 2 3; do
		sql "UPDATE market_data_coverage SET covered = covered - '{[2026-04-01 09:30Z,2026-04-01 09:35Z)}' WHERE symbol = 'KRW-ETH'"
		await 20 'the other market is looked up again' covers KRW-ETH 1m 2026-04-01T09:30:00Z 2026-04-01T09:35:00Z
	done
}
lookups_of_eth
# (kcat reads what is committed: what waits behind the transaction is seen once it has ended)
printf 'abort\n' >&"$to"
await 30 'it is given up' answers 2
await 30 'the writer passes' both
await 20 'all is stored' caught_up
published | jq -r 'select(.symbol == "KRW-BTC") | [.timestamp, .covers_from, .covers_to, .revision] | @tsv' | sort >"$work/again"
is 'nothing was published twice behind it' "$(uniq -d "$work/again" | wc -l)" 0

# --- a mark is the last thing there

ends_with_0 producer
await 20 'all is stored' caught_up
printf 'put KRW-BTC %s\nabort\n' "$candle" >&"$to"
await 30 'a transaction comes and goes' answers 4
await 20 '... the writer passes its mark' caught_up
log_forget producer
"$GAPLESS_BIN/gapless-writer" forget --symbols KRW-BTC --intervals 1m --from 2026-04-01T09:10:00Z --to 2026-04-01T09:20:00Z >"$work/forget.log" 2>&1
producer "${options[@]}"
await 20 'a producer that starts then looks up, and fetches' covers KRW-BTC 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z
exec {to}>&-
stop stranger
for p in producer writer exchange; do
	stop $p
	is "the $p ended well" "$code" 0
done
finish
