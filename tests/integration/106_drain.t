#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A stop that takes its time: the broker lets the producer wait, the writer's table is locked. One signal: both go on for as long
# as they have, give up, say what is left, and end with 0. A second one: they end at once, with 130.
. tests/integration/lib.sh
scenario drain
exec 2>"$work/shell.log"

# A client that may send one byte a second.
slow_client=$GAPLESS_TOPIC.slow
compose/stack.sh kafka-tool kafka.admin.ConfigCommand --bootstrap-server "$GAPLESS_BROKERS" --alter --add-config producer_byte_rate=1 \
	--entity-type clients --entity-name "$slow_client" >"$work/quota.out" 2>&1 || bail "no quota: $(tail -n 3 "$work/quota.out")"

# --- the producer

exchange --start 2026-03-05T12:00:20Z
for p in patient hasty; do
	spawn $p "$GAPLESS_BIN/gapless-producer" --symbols KRW-DIGITS --producer-group "$p.$GAPLESS_PRODUCER_GROUP" --since 2026-03-01 \
		--lookup-s 2 --lookup-gaps-s 1 -X "client.id=$slow_client"
done
writer # they begin when it has stored what there is
unacknowledged() { logged "$1" 'Kafka does not take the messages as fast|msg="progress".* unacknowledged=[1-9]'; }
await 20 'candles of the one producer wait for the broker' unacknowledged hasty
await 20 'those of the other one too' unacknowledged patient
kill -TERM "${pid_of[patient]}" "${pid_of[hasty]}"
await 5 'one signal: it drains' logged hasty 'msg="stopping"'
ends_with 130 hasty
ends_with 0 writer

# --- the writer

hold locker 'LOCK TABLE market_data IN ACCESS EXCLUSIVE MODE'
# Two groups: each gets every message.
GAPLESS_GROUP=$GAPLESS_GROUP.slow writer_as slow --drain-seconds 5
GAPLESS_GROUP=$GAPLESS_GROUP.quick writer_as quick --drain-seconds 60
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP # the newest closed candle of each, at once
writers_wait() { # with candles: one that still looks at the tables has nothing to drain
	sql_is "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gapless-writer'
		AND wait_event_type = 'Lock' AND query NOT LIKE '%reconcile%'" 2
}
await 30 'two writers wait for the table' writers_wait
stop producer
is 'the producer does not, and ends with 0' "$code" 0
kill -TERM "${pid_of[slow]}" "${pid_of[quick]}"
took_term() { [ $((0x$(awk '/^ShdPnd/ { print $2 }' "/proc/${pid_of[$1]}/status") >> 14 & 1)) = 0 ]; } # it is not pending any more
await 5 'one signal: it is taken' took_term quick
ends_with 130 quick
ended slow # the table is still locked
is 'after the 5 s that it has the other one gives up and ends with 0' "$code" 0
ok '... and says that what it had will be read again' logged slow 'given up; it will be read again'
release locker

ended patient
is 'the patient producer ends with 0 after one signal' "$code" 0
ok '... and says what Kafka has not acknowledged' logged patient 'not acknowledged by Kafka in time.*messages=[1-9]'
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log)" ''
finish
