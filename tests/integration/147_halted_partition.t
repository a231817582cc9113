#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A message that the writer must not pass over halts its partition. That costs the series of this partition; the lookups of the
# others go on: what is missing there is found and fetched, after a restart too. The log names the partition that is waited for.
. tests/integration/lib.sh
scenario halted_partition
exchange --start 2026-04-01T10:00:20Z --seed 5
writer
options=(--symbols KRW-BTC,KRW-ETH --lookup-s 2 --lookup-gaps-s 1)
producer "${options[@]}" --since 2026-04-01T09:00:00Z
both() { complete KRW-BTC KRW-ETH; }
await 30 'both markets are complete' both
partition_of() { topic_dump "$work/all" && awk -v key="\"symbol\":\"$1\"" 'index($0, key) { print $1; exit }' "$work/all"; }
btc=$(partition_of KRW-BTC)
ok 'they lie in two partitions' test "$btc" != "$(partition_of KRW-ETH)"

printf 'KRW-BTC {"v":2}\n' | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p "$btc" -K ' ' || bail 'kcat cannot publish'
await 20 'the writer halts at a message of a newer version' logged writer "partition=$btc.*upgrade|upgrade.*partition=$btc|newer"
forget() { # symbol
	"$GAPLESS_BIN/gapless-writer" forget --symbols "$1" --intervals 1m --from 2026-04-01T09:10:00Z --to 2026-04-01T09:20:00Z \
		>>"$work/forget.log" 2>&1 || bail 'forget fails'
}
covers_eth() { covers KRW-ETH 1m 2026-04-01T09:10:00Z 2026-04-01T09:20:00Z; }
forget KRW-ETH
await 20 'what is forgotten of the other market is fetched again' covers_eth

lacks_eth() { ! covers_eth; }
stop producer
forget KRW-ETH
ok 'without a producer it stays so' lacks_eth
log_forget producer
producer "${options[@]}" --since 2026-04-01T09:00:00Z
await 20 '... and fetched after its restart' covers_eth
await 30 'the log names the partition that is waited for' logged producer "waiting for the writer.* partition=$btc "
for p in producer writer exchange; do
	stop $p
	is "the $p ended well" "$code" 0
done
finish
