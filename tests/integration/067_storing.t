#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How a batch is stored: looked for first, then by COPY, or ON CONFLICT where another writer is in the way.
# Shown: transaction_store() against a naive model, alone and with two connections that store the same keys at the same moment:
# the table holds the winner of each key, the counts add up, nothing deadlocks. Then whole writers: two of different groups, of
# two topics that carry the same messages, meet in the middle of their first batch: one of them does it again, the table is
# right, and together they have inserted each row once.
. tests/integration/lib.sh
. tests/integration/storing.sh
scenario storing
exec 2>"$work/shell.log"
n=12000

# --- against a model

for run in 1 2 3; do
	[ $run = 1 ] || database_new
	"$GAPLESS_BIN/gapless-store-model" 40 >"$work/model.out" 2>"$work/model.log"
	is "run $run: the table is as the model has it" $? 0
	note "$(cat "$work/model.log" "$work/model.out" | tr '\n' ' ')"
	ok '... by COPY, many of them' grep -qE ' copied=[0-9]{4,}' "$work/model.out"
	ok '... and again without, where both stored the same' grep -qE ' stored_again=[1-9]' "$work/model.out"
done
database_new

# --- two writers that store the same

both_wait() { sql_is "SELECT count(*) FROM pg_locks WHERE relation = 'market_data'::regclass AND NOT granted" 2; }

topics=("$GAPLESS_TOPIC" "$GAPLESS_TOPIC.again")
candles $n A >"$work/candles"
for t in "${topics[@]}"; do
	topic_new "$t"
	publish "$t" <"$work/candles"
done
# Both are held before their first batch, until both are there.
hold holder 'LOCK TABLE market_data IN SHARE MODE'
for who in 0 1; do
	writer_as writer$who --topic "${topics[$who]}" --group "$GAPLESS_GROUP.$who" --connections 1
done
await 30 'both writers have a batch' both_wait
release holder
for who in 0 1; do
	await 60 "writer $who stores everything" stored_of "${topics[$who]}" $n
done
for who in 0 1; do
	stop writer$who
	is "writer $who ends with 0" "$code" 0
	note "writer $who: $(grep -o 'inserted=.*' "$work/writer$who.log" | tail -n 1)"
	is "... having counted each message once" \
		$(($(total writer$who inserted) + $(total writer$who corrected) + $(total writer$who identical) + $(total writer$who stale))) $n
done
is 'each row was inserted once' $(($(total writer0 inserted) + $(total writer1 inserted))) $n
ok 'they met: a batch was stored again without COPY' test $(($(total writer0 stored_again) + $(total writer1 stored_again))) -ge 1
ok '... others came by COPY' test $(($(total writer0 copied) + $(total writer1 copied))) -ge 1
is 'the table is what was published' "$(PGTZ=UTC sql "SELECT symbol || ' ' || (extract(epoch FROM timestamp) * 1000)::bigint || ' ' || close
	FROM market_data ORDER BY symbol, timestamp" | md5sum)" \
	"$(cut -d ' ' -f 2- "$work/candles" | jq -r '"\(.symbol) \(.timestamp) \(.close)"' | sort -k 1,1 -k 2,2n | md5sum)"
is 'all of it is covered' "$(sql "SELECT count(*) FROM market_data JOIN market_data_coverage USING (symbol, interval) WHERE timestamp <@ covered")" $n

# --- a full batch, and no table

for who in full other; do writer_as $who --batch-rows 500; done
share() { { has full 2 && has other 1; } || { has full 1 && has other 2; }; }
await 30 'two writers share the partitions' share
await 30 '... and have stored what there is' caught_up
sql 'ALTER TABLE market_data RENAME TO market_data_elsewhere'
candles $n B | publish "$GAPLESS_TOPIC"
await 30 'one of them has no table for its batch' logged full 'msg="the database cannot .* nothing is lost"'
ok '... and rests' rests full
ends_with_0 other
await 20 '... and takes over from the other one meanwhile' has full 3
sql 'ALTER TABLE market_data_elsewhere RENAME TO market_data'
await 30 'the table is back: everything is stored' caught_up
ends_with_0 full
finish
