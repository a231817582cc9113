#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two writers of one group come and go under backfill load: stopped, killed, frozen for longer than their session and thawed
# again. Shown: the other one takes over, the thawed one comes back, the table ends equal to the truth.
. tests/integration/lib.sh
scenario two_writers
exec 2>"$work/shell.log" # bash has a line for everybody who was killed
export GAPLESS_SESSION_TIMEOUT_MS=2000 GAPLESS_BATCH_MS=200 GAPLESS_BATCH_ROWS=500
export GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_LOOKUP_S=5
series=6 hours=100
exchange --corrections 0.02 --delay 2000-2500 # so that there is something left to fetch at the end, on a slow machine too
since=$(iso $(($(exchange_ms) - hours * 3600000)))
producer_starts() { producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-QUIET,KRW-DIGITS,KRW-SPARSE --since "$since"; }

writer_starts() { # who, arguments
	log_forget "$1"
	writer_as "$@"
}

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
answers_take 0-30
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
finish
