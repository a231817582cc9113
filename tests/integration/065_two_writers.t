#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two writers of one group come and go under backfill load: stopped, killed, frozen for longer than their session and thawed
# again. Shown: the other one takes over, the thawed one comes back, the table ends equal to the truth.
# Then what is not a candle: it goes to candle_dead_letter with its reason while the good ones beside it are stored; a message of
# a newer version halts its partition, says so, and is not lost, while the others go on; more than --dead-letter-limit in a
# row stop the writer before it commits them, again at the same place after a restart, until the limit is lifted.
. tests/integration/lib.sh
scenario two_writers
exec 2>"$work/shell.log" # bash has a line for everybody who was killed
export GAPLESS_SESSION_TIMEOUT_MS=2000 GAPLESS_BATCH_MS=200 GAPLESS_BATCH_ROWS=500
export GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_LOOKUP_S=5
series=6 hours=150
exchange --corrections 0.02
since=$(iso $(($(exchange_ms) - hours * 3600000)))
producer_starts() { producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-QUIET,KRW-DIGITS,KRW-SPARSE --since "$since"; }

writer_starts() { # who, arguments
	local who=$1
	shift
	cat "$work/$who.log" >>"$work/$who.earlier" 2>/dev/null
	: >"$work/$who.log"
	spawn "$who" "$GAPLESS_BIN/gapless-writer" "$@"
}

ends_with() { # code, who, [signal]
	stop "$2" "${3:-TERM}"
	is "$2 ends with $1 on ${3:-TERM}" "$code" "$1"
}

# How many partitions a writer has by its own account.
partitions_of() {
	grep -oE 'partitions (assigned|given back|lost)" partitions=[0-9]+|no partition for this writer' "$work/$1.log" |
		tail -n 1 | sed -n 's/.*assigned" partitions=//p'
}

has() { [ "$(partitions_of "$1")" = "$2" ]; }

share() { has one 6 && has two 6; }

complete_from_since() {
	sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$since'" $series && no_gaps
}

# --- they come and go

producer_starts
writer_starts one
await 30 'one writer has all partitions' has one 12
await 30 '... and stores' stored_more_than 0
writer_starts two
await 30 'a second one takes half' share
ends_with 0 two
await 30 'the first takes over from one that left' has one 12
writer_starts two
await 30 'they share again' share
ends_with 137 two KILL
await 30 'the first takes over from one that was killed' has one 12
writer_starts two
await 30 'they share again' share
for frozen in one two; do
	other=two
	[ $frozen = one ] || other=one
	kill -STOP "${pid_of[$frozen]}"
	await 30 "$other takes over from one that is frozen" has $other 12
	kill -CONT "${pid_of[$frozen]}"
	await 30 'thawed, it comes back' share
	ok '... having lost its partitions' logged $frozen 'partitions lost'
done
ok 'all that under load' test "$(gaps_now)" -gt 0
ends_with 0 one
await 90 'the second one stores the rest' complete_from_since
ends_with 0 producer
clock_settle
producer_starts
await 60 'everything is final and complete' complete_from_since
await 30 '... and stored' caught_up
ok '... and true' complete_and_true $((hours * 60 * 4))
ok 'coverage claims nothing wrong' claims_are_true
ends_with 0 producer
ends_with 0 two
is 'no committed offset is ahead of the database, nor behind it' "$(committed_against_positions)" '0 0'

# --- what is not a candle

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
