#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How a batch is stored: looked for first, then by COPY, or ON CONFLICT where another writer is in the way.
# Shown: transaction_store() against a naive model, alone and with two connections that store the same keys at the same moment:
# the table holds the winner of each key, the counts add up, nothing deadlocks. Then whole writers: two of different groups, of
# two topics that carry the same messages, meet in the middle of their first batch: one of them does it again, the table is
# right, and together they have inserted each row once. A table with row level security, which COPY refuses, is stored into all
# the same. A trigger that swallows rows is noticed whichever way they come, and nothing is committed. One that refuses rows, in
# Korean and at length, costs those rows alone, and the dead letters have its words.
. tests/integration/lib.sh
scenario storing
exec 2>"$work/shell.log"
n=12000 series=20

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

candles() { # how many, of which symbols: a line "symbol json" each
	jq -r --argjson n "$1" --arg s "$2" --argjson series $series 'range($n) as $i | .symbol = "KRW-\($s)\($i % $series)" |
		.timestamp = 1582197540000 + 60000 * ($i / $series | floor) | .covers_from = .timestamp |
		.covers_to = .timestamp + 60000 | .revision = .timestamp + 1 | .fetched_at = .timestamp + 200000 |
		.close = "\($i).50" | "\(.symbol) \(tojson)"' schemas/candle.golden.json
}

publish() { # topic: lines of candles
	kcat -b "$GAPLESS_BROKERS" -P -t "$1" -K ' ' || bail 'kcat cannot publish'
}

topic_new() { # topic
	GAPLESS_TOPIC=$1 topic_delete
	compose/stack.sh kafka-tool org.apache.kafka.tools.TopicCommand --bootstrap-server "$GAPLESS_BROKERS" \
		--create --topic "$1" --partitions 3 >"$work/topic.out" 2>&1 || bail "topic: $(tail -n 3 "$work/topic.out")"
}

total() { sed -n "s/.*msg=\"stored in all\".* $2=\([0-9]*\).*/\1/p" "$work/$1.log"; } # writer, field

both_wait() { sql_is "SELECT count(*) FROM pg_locks WHERE relation = 'market_data'::regclass AND NOT granted" 2; }

stored_of() { sql_is "SELECT coalesce(sum(next_offset), 0) FROM market_data_position WHERE topic = '$1'" "$2"; }

topics=("$GAPLESS_TOPIC" "$GAPLESS_TOPIC.again")
candles $n A >"$work/candles"
for t in "${topics[@]}"; do
	topic_new "$t"
	publish "$t" <"$work/candles"
done
# Both are held before their first batch, until both are there.
psql -X -q -At -c "BEGIN; LOCK TABLE market_data IN SHARE MODE; SELECT pg_sleep(60)" >"$work/holder.out" 2>&1 &
await 10 'the table is held' sql_is "SELECT count(*) FROM pg_locks WHERE relation = 'market_data'::regclass AND mode = 'ShareLock'" 1
for who in 0 1; do
	writer_as writer$who --topic "${topics[$who]}" --group "storing.$who"
done
await 30 'both writers have a batch' both_wait
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()" >/dev/null
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
ok '... others came by COPY' test $(($(total writer0 copied) + $(total writer1 copied))) -ge 5000
is 'the table is what was published' "$(PGTZ=UTC sql "SELECT symbol || ' ' || (extract(epoch FROM timestamp) * 1000)::bigint || ' ' || close
	FROM market_data ORDER BY symbol, timestamp" | md5sum)" \
	"$(cut -d ' ' -f 2- "$work/candles" | jq -r '"\(.symbol) \(.timestamp) \(.close)"' | sort -k 1,1 -k 2,2n | md5sum)"
is 'all of it is covered' "$(sql "SELECT count(*) FROM market_data JOIN market_data_coverage USING (symbol, interval) WHERE timestamp <@ covered")" $n

# --- row level security

role=storing_limited
sql "DROP ROLE IF EXISTS $role; CREATE ROLE $role; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO $role;
	ALTER TABLE market_data ENABLE ROW LEVEL SECURITY; CREATE POLICY everything ON market_data TO $role USING (true)"
candles 2000 B | publish "$GAPLESS_TOPIC"
GAPLESS_DATABASE="options='-c role=$role'" writer_as limited --group storing.0
await 30 'under row level security everything is stored' stored_of "$GAPLESS_TOPIC" $((n + 2000))
stop limited
is '... the writer ends with 0' "$code" 0
is '... having inserted them' "$(total limited inserted)" 2000
is '... none by COPY, which the server refuses then' "$(total limited copied)" 0
ok '... as it noticed' test "$(total limited stored_again)" -ge 1
sql "ALTER TABLE market_data DISABLE ROW LEVEL SECURITY; DROP POLICY everything ON market_data; DROP OWNED BY $role; DROP ROLE $role"

# --- a trigger that swallows rows

sql "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TRIGGER swallow BEFORE INSERT ON market_data FOR EACH ROW WHEN (NEW.symbol = 'KRW-C7') EXECUTE FUNCTION swallow()"
candles 2000 C | publish "$GAPLESS_TOPIC"
for rows in 5000 100; do
	writer_as swallowed$rows --group storing.0 --batch-rows $rows
	await 40 "batches of $rows: a trigger that swallows rows stops the writer" gone swallowed$rows
	ended swallowed$rows
	is '... with 1' "$code" 1
	ok '... saying so' logged swallowed$rows 'the rows do not add up.*look for a trigger'
done
ok 'no batch with such a row is committed' test "$(sql "SELECT count(*) FROM market_data_coverage WHERE symbol = 'KRW-C7'")" = 0
sql 'DROP TRIGGER swallow ON market_data'
writer_as writer2 --group storing.0
await 30 'without it everything is stored' stored_of "$GAPLESS_TOPIC" $((n + 4000))
is '... all rows of it' "$(sql "SELECT count(*) FROM market_data WHERE symbol LIKE 'KRW-C%'")" 2000
stop writer2
is '... and the writer ends with 0' "$code" 0

# --- a trigger that refuses rows, in words that are cut

for cut in '' x xx; do
	letter=$(tr 012 DEF <<<${#cut})
	sql "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN RAISE check_violation USING MESSAGE = ''$cut'' || repeat(''값'', 300), DETAIL = repeat(''거래량'', 90) || ''$cut''; END';
		CREATE TRIGGER refuse BEFORE INSERT ON market_data FOR EACH ROW WHEN (NEW.symbol = 'KRW-${letter}7') EXECUTE FUNCTION refuse()"
	candles 40 $letter | publish "$GAPLESS_TOPIC"
	writer_as refused${#cut} --group storing.0
	await 30 'a trigger that refuses rows costs those alone' stored_of "$GAPLESS_TOPIC" $((n + 4040 + 40 * ${#cut}))
	stop refused${#cut}
	is '... they are dead letters, with the reason' "$(sql "SELECT count(*) FROM candle_dead_letter
		WHERE encode(key, 'escape') = 'KRW-${letter}7' AND reason LIKE '%$cut값%값... (%거래량%...) (SQLSTATE 23514)'")" 2
	sql 'DROP TRIGGER refuse ON market_data'
done
finish
