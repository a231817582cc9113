#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Offsets that jump are no loss: transactions, committed and aborted, leave holes anywhere, at the end of a partition as well; so
# does compaction. A writer and a replay store what exists, count nothing as lost and end; an open transaction is waited for, of
# its own partition alone. What fell below the topic's beginning is lost, is said, and is counted.
. tests/integration/lib.sh
. tests/integration/storing.sh
scenario transactions
exec 2>"$work/shell.log"
export GAPLESS_BATCH_MS=200

# A stranger, and what it is told to do; each command is waited for.
stranger() { # who, topic, partition
	mkfifo "$work/$1.in"
	exec {to}<>"$work/$1.in"
	spawn "$1" bash -c 'exec build/asan/gapless-transactions "$1" "$2" <"$3"' - "$2" "$3" "$work/$1.in"
	said=0
}
tell_it() { # who, a command a line on stdin
	local line
	while read -r line; do
		printf '%s\n' "$line" >&"$to"
		said=$((said + 1))
	done
	await 60 "the stranger has done what it was told: $said commands" answered "$1" "$said"
}
answered() { [ "$(grep -c '^ok' "$work/$1.log")" = "$2" ]; } # who, how many

mixed() { # candle lines; of each six: one alone in a transaction, two aborted, two in one, one aborted
	awk '{ print "put " $0 } NR % 6 == 1 { print "commit" } NR % 6 == 3 { print "abort" } NR % 6 == 5 { print "commit" }
		NR % 6 == 0 { print "abort" }'
}
committed_of() { awk 'NR % 6 == 1 || NR % 6 == 4 || NR % 6 == 5'; }
clean() { ! grep 'level=\(error\|warn\)' "$work/$1.log" | grep -qv 'waits for the end of a transaction'; }
stored_like() { sql_is "SELECT count(*) FROM market_data WHERE symbol LIKE '$1'" "$2"; }

# --- live: holes of every kind, and a mark of a transaction as the last thing

# (with the broker's time, by which a topic that was created anew is told)
topic_delete
topic_create "$GAPLESS_TOPIC" 3 message.timestamp.type=LogAppendTime
writer
await 30 'a writer reads' has writer 3
stranger one "$GAPLESS_TOPIC" 1
candles 60 A >"$work/a"
tell_it one < <(mixed <"$work/a")
await 30 'the position reaches the end, which is a mark' caught_up
is 'what was committed is stored, and nothing else' "$(sql "SELECT md5(string_agg(symbol || close, ',' ORDER BY symbol, timestamp)) FROM market_data")" \
	"$(committed_of <"$work/a" | cut -d ' ' -f 2- | jq -r '[.symbol, .timestamp, .close] | @tsv' | LC_ALL=C sort -k 1,1 -k 2,2n |
		awk '{ printf "%s%s%s", s, $1, $3; s = "," }' | md5sum | cut -d ' ' -f 1)"
tell_it one < <(awk 'NR <= 3 { print "put " $0; print "abort" }' "$work/a")
await 30 'aborted ones at the very end are passed' caught_up
ok 'no error, no warning' clean writer

# --- an open transaction costs its partition alone

tell_it one < <(candles 4 B | sed 's/^/put /')
candles 40 C | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 2 -K ' '
candles 40 D | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 1 -K ' '
await 20 'the other partitions go on' stored_like 'KRW-C%' 40
spawn waiting timeout 600 "$GAPLESS_BIN/gapless-writer" replay --name waiting
await 30 'a replay waits for it, too, and says so' logged waiting \
	'level=warn .*msg="the replay waits for the end of a transaction".* partition=1 .*messages_left='
await 30 '... and so does the writer' logged writer \
	'level=warn .*msg="a partition waits for the end of a transaction; the others go on" error="another program .* partition=1 .*messages_left=44 '
is 'what is behind it waits' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-D%' OR symbol LIKE 'KRW-B%'")" 0
tell_it one <<<abort
await 20 'when it ends, that is stored' stored_like 'KRW-D%' 40
await 20 '... the writer says that it goes on' logged writer 'level=info .*msg="the partition is read again" partition=1 '
ended waiting
is '... and the replay ends' "$code" 0
is '... having read what was behind it' "$(total waiting messages)" 110
await 20 'the position reaches the end' caught_up
is 'what was aborted is not' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-B%'")" 0

# --- a restart, and a replay into an empty table

ok 'no error, no warning' clean writer
ends_with_0 writer
is 'nothing is lost' "$(total writer lost_offsets)" 0
is 'committed offsets and positions are the same' "$(committed_against_positions)" '0 0'
log_forget writer
writer
await 30 'the writer starts again' logged writer 'reading goes on where it stopped'
stop one
sql 'SELECT symbol, timestamp, close FROM market_data ORDER BY 1, 2' >"$work/before"
sql 'DELETE FROM market_data'
spawn replay timeout 600 "$GAPLESS_BIN/gapless-writer" replay
ended replay
is 'a replay ends' "$code" 0
is '... with the same rows' "$(sql 'SELECT symbol, timestamp, close FROM market_data ORDER BY 1, 2' | cmp - "$work/before" && wc -l <"$work/before")" 110
is '... none lost' "$(total replay lost_offsets)" 0
ok '... and no error' clean replay
ends_with_0 writer
ok 'nor did the writer see one' clean writer

# --- a compacted copy, where most offsets are holes

copy=$GAPLESS_TOPIC.copy
GAPLESS_TOPIC=$copy topic_delete
topic_create "$copy" 1 cleanup.policy=compact segment.ms=100 min.cleanable.dirty.ratio=0.001
candles 200 E >"$work/e"
publish "$copy" <"$work/e"
left() { kcat -b "$GAPLESS_BROKERS" -C -t "$copy" -e -q -f '%k %s\n' | tee "$work/left" | wc -l; }
compacted() { # (a segment is compacted once there is a newer one)
	candles 1 F | publish "$copy"
	[ "$(left)" -lt 100 ]
}
await 60 'the copy is compacted' compacted
candles 3 G | publish "$copy"
spawn copied timeout 600 "$GAPLESS_BIN/gapless-writer" replay --topic "$copy" --name copy
ended copied
is 'a replay of it ends' "$code" 0
left >/dev/null
is '... having stored each key that it has' "$(sql "SELECT count(*) FROM market_data WHERE symbol ~ 'KRW-[EFG]'")" \
	"$(cut -d ' ' -f 2- "$work/left" | jq -r '"\(.symbol) \(.timestamp)"' | sort -u | wc -l)"
is '... none lost' "$(total copied lost_offsets)" 0
ok '... and no error' clean copied

# --- what fell below the beginning was never stored: lost

candles 30 H | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 0 -K ' '
at=$(positions | sed -n 's/^0 //p')
topic_trim <<<"0 $((at + 20))"
log_forget writer
writer
await 30 'what is left is stored' stored_like 'KRW-H%' 10
ok 'what is lost is an error' logged writer 'level=error .*msg="messages were deleted from the topic before they were stored.* partition=0 .*lost_offsets=20'
ends_with_0 writer
is '... and counted' "$(total writer lost_offsets)" 20

# --- messages that are not candles, each in a transaction of its own: in a row, whatever lies between their offsets

dead_letters_are() { sql_is "SELECT count(*) FROM candle_dead_letter WHERE partition = 2" "$1"; }
not_candles() { tell_it two < <(for i in $1; do printf 'put KRW-DEAD dead%d\ncommit\n' "$i"; done); }

stranger two "$GAPLESS_TOPIC" 2
not_candles '1 2 3'
log_forget writer
writer --dead-letter-limit 3
await 20 'three in a row are set aside' dead_letters_are 3
ends_with_0 writer
not_candles '4 5 6'
stop two
for try in first second; do
	log_forget writer
	writer --dead-letter-limit 3
	await 20 "a fourth is too many: the $try start after it ends" gone writer
	ended writer
	is '... with 1' "$code" 1
	ok '... and does not pass it' dead_letters_are 3
done
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
