#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is not a candle goes to candle_dead_letter with its reason while the good ones beside it are stored; a message of a newer
# version halts its partition, says so, and is not lost, while the others go on; more than --dead-letter-limit in a row stop the
# writer before it commits them, again at the same place after a restart, until the limit is lifted.
. tests/integration/lib.sh
scenario dead_letters
export GAPLESS_SESSION_TIMEOUT_MS=2000 GAPLESS_BATCH_MS=200 GAPLESS_BATCH_ROWS=500
topic_create "$GAPLESS_TOPIC" 12

writer_starts() { # who, arguments
	log_forget "$1"
	writer_as "$@"
}

minute=1582197540000
candle() { # number, [jq edits]
	jq -c --argjson t $((minute + $1 * 60000)) '.symbol = "KRW-POISON" | .timestamp = $t | .covers_from = $t | .covers_to = $t + 60000 |
		.revision = $t + 1 | '"${2:-.}" schemas/candle.golden.json
}

publish() { # arguments of kcat: the lines of its input
	kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" "$@" || bail 'kcat cannot publish'
}

put() { publish -p "$1" -k "$2"; } # partition, key

position_of() { positions | sed -n "s/^$1 //p"; }

poison_stored() { # numbers of the candles that should be there
	[ "$(sql "SELECT string_agg(n::text, ' ' ORDER BY n) FROM (SELECT (extract(epoch FROM \"timestamp\") * 1000 - $minute)::bigint / 60000
		FROM market_data WHERE symbol = 'KRW-POISON') AS s(n)")" = "$*" ]
}

dead_letters() { sql "SELECT count(*) FROM candle_dead_letter WHERE partition = $1"; }

# --- beside good ones

writer_starts one
await 30 'a writer reads' has one 12
{
	candle 1
	echo 'This is not JSON.'
	candle 2 '.open = "NaN"'
	candle 3 'del(.close)'
} | put 3 KRW-POISON
candle 4 | put 3 KRW-OTHER
echo KRW-POISON: | publish -p 3 -K : # an empty value
echo KRW-POISON: | publish -p 3 -K : -Z # none at all: a tombstone
candle 5 | put 3 KRW-POISON
await 20 'the good ones are stored' poison_stored 1 5
await 20 '... and all is read' caught_up
sql "SELECT reason FROM candle_dead_letter WHERE partition = 3 ORDER BY \"offset\"" >"$work/reasons"
note "$(tr '\n' '|' <"$work/reasons")"
is 'the others are dead letters' "$(wc -l <"$work/reasons")" 4
for reason in '1 JSON' '2 "open"' '3 "close" is missing' '4 key is not its symbol'; do
	ok "... with its reason: ${reason#* }" grep -q "${reason#* }" <(sed -n "${reason%% *}p" "$work/reasons")
done
is '... as they came' "$(sql "SELECT convert_from(key, 'UTF8') || ' ' || convert_from(value, 'UTF8') FROM candle_dead_letter
	WHERE partition = 3 ORDER BY \"offset\" LIMIT 1")" 'KRW-POISON This is not JSON.'

# --- a newer version

{
	candle 6
	candle 7 '.v = 2'
	candle 8
} | put 4 KRW-POISON
await 20 'what stands before a newer version is stored' poison_stored 1 5 6
candle 9 | put 3 KRW-POISON
await 20 'the other partitions go on' poison_stored 1 5 6 9
ok 'the writer says that it must be upgraded' logged one 'a partition is halted.*version 2.*upgrade'
at=$(topic_ends | sed -n 's/^4 //p')
is 'nothing of the newer version is passed' "$(position_of 4)" $((at - 2))
is '... nor thrown away' "$(dead_letters 4)" 0
ends_with 0 one
ok 'the empty value and the tombstone were skipped and counted' logged one 'stored in all.* skipped=2 '
is 'its committed offset stands there as well' "$(committed | sed -n 's/^4 //p')" $((at - 2))
writer_starts one
await 20 'another start halts at the same place' logged one "a partition is halted.* partition=4 offset=$((at - 2))"
ends_with 0 one

# --- too many in a row

at=$(topic_ends | sed -n 's/^5 //p')
{
	printf 'dead %d\n' 1 2 3 4 5
	candle 10
	printf 'dead %d\n' 6 7 8 9 10 11
	candle 11
} | put 5 KRW-POISON
for try in first second; do
	writer_starts one --dead-letter-limit 5
	await 20 "six in a row are too many: the $try start ends" gone one
	ended one
	is '... with 1' "$code" 1
	ok '... at the sixth' logged one "too many messages in a row.* partition=5 offset=$((at + 11))"
	ok '... which is not passed' test "$(position_of 5)" -le $((at + 11))
done
is 'no committed offset is ahead of the database' "$(committed_against_positions | cut -d ' ' -f 1)" 0
writer_starts one --dead-letter-limit 0
await 20 'without a limit it goes on' poison_stored 1 5 6 9 10 11
is '... with all of them in the dead letters' "$(dead_letters 5)" 11
ends_with 0 one
finish
