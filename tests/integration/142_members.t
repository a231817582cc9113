#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Who is in the groups. A program that is not ours joins the producers' group, then the writers': it is named, as an error; what was
# its part is complete soon after it has left. A producer that wants more takes over with a higher --settings-version, without a
# moment in which nobody fetches; one with the old settings is refused before it joins. One of the brokers named does not exist. A
# writer that stores into another database is noticed by both.
. tests/integration/lib.sh
scenario members
exec 2>"$work/shell.log"
export GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_BATCH_MS=200 GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_LOOKUP_S=5 GAPLESS_RATE_LIMIT=20
export GAPLESS_BROKERS=127.0.0.1:1,$GAPLESS_BROKERS
exchange --limit 20 --markets 30
export GAPLESS_MARKETS_S=2 # so that a clock that jumps is noticed before the next minute is over
since=$(iso $(($(exchange_ms) - 7200000)))
symbols=KRW-BTC,KRW-ETH,KRW-M001,KRW-M004

# (kcat ends where the first broker of its list is away)
joins() { spawn "$1" kcat -b "${GAPLESS_BROKERS##*,}" -X session.timeout.ms=6000 -G "$2" "$GAPLESS_TOPIC"; } # name, group

both_complete() { complete KRW-BTC KRW-ETH KRW-M001 KRW-M004; }

metrics_of() { curl -s "http://$(sed -n 's/.*metrics and health are served" address=//p' "$work/$1.log" | tail -n 1)/metrics"; }

# What is shown of members that are not like the others.
disagree() { # who, kind, how many
	metrics_of "$1" | grep -qx "gapless_$1_disagreeing_members{kind=\"$2\"} $3"
}
shows() { metrics_of "$1" | grep -qx "$2"; } # who, a line

writer --http 127.0.0.1:0
producer --symbols $symbols --since "$since" --http 127.0.0.1:0
await 30 'the producer has all partitions, although one of the brokers does not answer' has producer 12
await 60 'all of it is stored' both_complete

# --- a stranger in the producers' group

joins kcat1 "$GAPLESS_PRODUCER_GROUP"
await 30 'a stranger among the producers is named' logged producer \
	'level=error .*a program that is not a producer of Gapless is in the .* stranger="rdkafka at '
await 10 '... and counted' disagree producer stranger 1
await 10 '... it has a part of the partitions' has producer 6
clock_advance 1800
stop kcat1
await 30 'after it has left, the producer has all of them again' has producer 12
await 20 '... and says that it is gone' logged producer 'the strangers have left the producers'
await 10 '... and counts none' disagree producer stranger 0
await 60 '... and what was not fetched is complete' both_complete

# --- a stranger in the writers' group

offset_is_ahead() { [ "$(committed_against_positions | cut -d ' ' -f 1)" -gt 0 ] 2>/dev/null; }
never_logged() { ! logged "$@"; }

joins kcat2 "$GAPLESS_GROUP"
await 30 'a stranger among the writers is named' logged writer \
	'level=error .*a program that is not a writer of Gapless is in the .* stranger="rdkafka at '
await 10 '... and counted' disagree writer stranger 1
clock_advance 1800
await 30 '... it commits what nobody has stored' offset_is_ahead
stop kcat2
await 30 'after it has left, the writer has all of the partitions again' has writer 12
await 30 '... and stores what the other one had read' both_complete
ok '... saying what it found' logged writer 'another program in the group has committed what is not stored'
ok '... which is no restored backup' never_logged writer 'restored from a backup'
await 30 '... and that the other one is gone' logged writer 'the strangers have left the writers'
await 10 '... and counts none' disagree writer stranger 0

# --- a writer of the same group that stores into another database

mine=$PGDATABASE
PGDATABASE=${mine}_other
database_new
writer_as other
PGDATABASE=$mine
await 30 'it gets a part of the partitions' has other 6
await 30 '... and the writer keeps the others' has writer 6
for p in {0..11}; do echo : | kcat -b "${GAPLESS_BROKERS##*,}" -P -t "$GAPLESS_TOPIC" -p "$p" -K : -Z; done
await 60 'it says that what the others store is not in its database' logged other \
	'level=error .*another writer of the group stores into another database.* partitions=6 '
await 60 '... and so do they' logged writer 'level=error .*another writer of the group stores into another database.* partitions=6 '
await 10 '... and show it' shows writer 'gapless_writer_partitions_stored_elsewhere 6'
ends_with_0 other
await 30 'when it has left, the writer has all of the partitions again' has writer 12
await 30 '... and its database gets what went into the other one' both_complete
await 60 '... and it says that it is over' logged writer 'no partition is stored into another database any more'
psql -q -d postgres -c "DROP DATABASE ${mine}_other" >"$work/drop.out" 2>&1

# --- a producer that wants more

is 'a version of the settings that is not a number' \
	"$("$GAPLESS_BIN/gapless-producer" --settings-version new --symbols KRW-BTC >"$work/out" 2>&1; echo $?)" 2
producer_as newer --symbols $symbols,KRW-M006 --since "$since" --settings-version 1
await 30 'one with newer settings takes over' has newer 12
await 20 'the old one ends' gone producer
ended producer
is '... replaced' "$code" 3
ok '... and says by which' logged producer 'level=warn .*msg="replaced: .*error=".*newer settings \(gapless-producer.[0-9a-f]{8}.1 at '
await 60 'what was added is fetched' complete KRW-M006
log_forget producer
producer --symbols $symbols --since "$since"
await 30 'one with the old settings ends by itself' gone producer
ended producer
is '... with 1' "$code" 1
ok '... without having joined' test "$(grep -cE 'partitions assigned|no partition for this' "$work/producer.log")" = 0
ok '... and says what to do' logged producer 'have newer settings .*--settings-version included'
producer --symbols $symbols,KRW-M006 --since "$since" --settings-version 1
await 30 'one with the new settings shares' has producer 6
ends_with_0 newer
await 30 '... and has all of it when the other one ends' has producer 12
clock_settle
await 60 'all is complete' complete KRW-BTC KRW-ETH KRW-M001 KRW-M004 KRW-M006
await 30 '... and stored' caught_up
ok 'the table equals the truth' complete_and_true 600
for who in producer writer; do ends_with_0 $who; done
finish
