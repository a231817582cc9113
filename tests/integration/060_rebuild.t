#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The topic rebuilds the database. Shown: a database dropped and recreated is filled again by a starting writer, coverage and
# position equal to before to the byte; tables emptied under a running writer, idle or under load, an older dump restored under it,
# and the whole database deleted under two of them, heal by themselves; a deleted group or offsets set back by hand change nothing.
. tests/integration/lib.sh
scenario rebuild
export GAPLESS_SESSION_TIMEOUT_MS=2000 GAPLESS_BATCH_MS=200 GAPLESS_BATCH_ROWS=1000
export GAPLESS_RATE_LIMIT=20 GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_LOOKUP_S=5
export GAPLESS_SYMBOLS=KRW-BTC,KRW-ETH,KRW-SPARSE,KRW-HOURLY,KRW-QUIET,KRW-TINY
series=6
exchange --limit 20 --corrections 0.02
t0=$(exchange_ms)

tables='market_data_series, market_data, market_data_coverage, market_data_position, candle_dead_letter'
dumped=(-t market_data_series -t market_data -t market_data_coverage -t market_data_position -t candle_dead_letter)

# Everything that the writer writes but fetched_at: of two messages with the same values, the first to be stored names it.
snapshot() { # file, [further column of the rows]
	PGTZ=UTC psql -X -q -At -v ON_ERROR_STOP=1 -c "SELECT symbol, \"interval\", \"timestamp\", open, high, low, close, volume,
		quote_volume, revision ${2:+, $2} FROM market_data ORDER BY symbol, \"interval\", \"timestamp\"" \
		-c "SELECT symbol, \"interval\", covered ${2:+, $2} FROM market_data_coverage ORDER BY symbol, \"interval\"" \
		-c "SELECT partition, next_offset ${2:+, $2} FROM market_data_position ORDER BY partition" \
		-c "SELECT partition, \"offset\", reason ${2:+, $2} FROM candle_dead_letter ORDER BY partition, \"offset\"" >"$work/$1"
}

# As a person would: several tables are locked in an order of our own, and of two in a deadlock the server ends one.
again() { # command...
	"$@" || "$@" || "$@"
}

same_as_before() {
	snapshot after "${1:-}" && cmp -s "$work/before${1:+.$1}" "$work/after" && return
	note "$(wc -l <"$work/before${1:+.$1}") lines before, $(wc -l <"$work/after") after; first difference:"
	diff "$work/before${1:+.$1}" "$work/after" | head -n 4 | cut -c1-200 | sed 's/^/#   /'
	return 1
}

wanted_from() { # hours
	sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$(iso $((t0 - $1 * 3600000)))'" $series
}

complete_from() { wanted_from "$1" && no_gaps; }

producer_wanting() { producer --since "$(iso $((t0 - $1 * 3600000)))"; } # hours

gaps_left() { [ "$(gaps_now)" -gt 0 ]; }

# --- a new database

writer
producer_wanting 12
await 40 'twelve hours are complete' complete_from 12
ends_with_0 producer
await 20 'all of it is stored' caught_up
snapshot before
ok 'there is enough to rebuild' test "$(wc -l <"$work/before")" -gt 2000
ends_with_0 writer

database_new
log_forget writer
writer
await 30 'a new database is filled again' caught_up
ok 'candles, coverage and position equal those before' same_as_before
ok 'the writer says so' logged writer 'filling it again from the topic'

# --- emptied under a running writer that has nothing to do

log_forget writer
again sql 'TRUNCATE market_data, market_data_coverage, market_data_position'
await 30 'emptied tables are filled again' caught_up
ok '... equal to before' same_as_before
ok '... and the writer says so' logged writer 'the database has lost something'

# --- the group's offsets

ends_with_0 writer
snapshot before.xmin xmin
kafka_group --delete >"$work/group.out"
is 'the group is gone' "$(committed)" ''
log_forget writer
writer
await 20 'without a group it goes on at the position' logged writer 'the group has no committed offset'
ends_with_0 writer
ok '... and reads nothing again' logged writer 'stored in all.* messages=0 '
ok '... and no row is written' same_as_before xmin
kafka_group --reset-offsets --to-earliest --execute --topic "$GAPLESS_TOPIC" >"$work/group.out"
log_forget writer
writer
await 20 'set back by hand it reads again' logged writer 'reading again from the committed offset'
committed_again() { [ "$(committed)" = "$(topic_ends)" ] || [ "$(committed)" = "$(topic_ends | awk '$2 > 0')" ]; }
await 30 '... to the end' committed_again
ok '... and no row is written' same_as_before xmin
ends_with_0 writer
ok '... although all messages came again' test "$(sed -n 's/.*msg="stored in all".* identical=\([0-9]*\).*/\1/p' "$work/writer.log")" \
	-ge "$(topic_ends | awk '{ n += $2 } END { print n }')"

# --- emptied under load

answers_take 2000 # so that there is something left to fetch when the tables are emptied, on a slow machine too
log_forget writer
writer
producer_wanting 48
await 30 'more is wanted' wanted_from 48
n=$(stored)
await 30 '... and on its way' stored_more_than $((n + 1000))
ok '... not complete yet' gaps_left
again sql "TRUNCATE $tables"
answers_take 0-30
await 20 '... emptied: noticed with the next batch' logged writer 'the database has lost something'
await 60 '... complete again' complete_from 48
ok '... true' complete_and_true 8000
ok '... and by itself' running writer

# --- an older dump, restored under load

ends_with_0 producer
producer_wanting 72
await 30 'more is wanted' wanted_from 72
n=$(stored)
await 30 '... and on its way' stored_more_than $((n + 500))
ok 'a dump is made' pg_dump --data-only --file "$work/dump.sql" "${dumped[@]}"
await 60 '... and what it does not have is stored' complete_from 72
ends_with_0 producer
answers_take 2000
producer_wanting 144
await 30 'more is wanted' wanted_from 144
n=$(stored)
await 30 '... and on its way' stored_more_than $((n + 1000))
ok '... not complete yet' gaps_left
log_forget writer
{
	printf 'BEGIN; TRUNCATE %s;\n' "$tables"
	cat "$work/dump.sql"
	printf 'SELECT count(*) FROM public.market_data; COMMIT;\n'
} >"$work/restore.sql"
then=$(again psql -X -q -At -v ON_ERROR_STOP=1 -f "$work/restore.sql" | tail -n 1)
note "at least $n candles before, $then by the dump"
ok 'the older dump is restored' test "${then:-$n}" -lt "$n"
answers_take 0-30
await 20 '... noticed with the next batch' logged writer 'the database has lost something'
await 60 '... complete again' complete_from 144
ok '... by itself' running writer

# --- the whole database deleted under two running writers and the producer; recreated, and migrated

writer_as second
await 30 'a second writer has its part' logged second 'partitions assigned" partitions=6'
log_forget writer
database_new
is 'nothing is left' "$(stored)" 0
await 60 'complete again' complete_from 96
ok '... although nobody was restarted' running writer
ok '... nor the other one' running second
ok '... nor the producer' running producer

# --- the end

ends_with_0 producer
clock_settle
producer_wanting 144
await 60 'everything is final and complete' complete_from 144
await 30 '... and stored' caught_up
ok '... and true' complete_and_true 15000
ok 'coverage claims nothing wrong' claims_are_true
is 'nothing went to the dead letters' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
ends_with_0 producer
ends_with_0 second
ends_with_0 writer
finish
