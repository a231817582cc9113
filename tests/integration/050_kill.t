#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kill -9 at the worst moments, under backfill load. First at named places in the code: the writer before its transaction,
# between the database's commit and the offset commit, after both, and while it gives its partitions back; the producer
# between a delivery report and its bookkeeping. Then either of them at random times; KILL_SEED repeats a run.
# Shown: whatever was in memory, the next start ends with the table equal to the truth, each candle once, no gap, and the
# committed offset is never ahead of the database.
. tests/integration/lib.sh
scenario kill
seed=${KILL_SEED:-$((EPOCHSECONDS % 32768))} kills=${KILLS:-10}
note "KILL_SEED=$seed KILLS=$kills"
RANDOM=$seed
exec 2>"$work/shell.log" # bash has a line for everybody who was killed

# Dead members leave the group after a session; small batches make many places to die at.
export GAPLESS_SESSION_TIMEOUT_MS=2000 GAPLESS_BATCH_MS=200 GAPLESS_BATCH_ROWS=300
export GAPLESS_RATE_LIMIT=20
export GAPLESS_SYMBOLS=KRW-BTC,KRW-ETH,KRW-XRP,KRW-SPARSE,KRW-QUIET,KRW-TINY,KRW-DIGITS,KRW-M001
series=8
exchange --limit 20 --corrections 0.02 --markets 1
t0=$(exchange_ms)

# Every start of the producer wants more, so that there is always something left to do.
hours=0
producer_wanting() { # hours more
	hours=$((hours + $1))
	producer --since "$(iso $((t0 - hours * 3600000)))"
}

wanted_all() {
	sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$(iso $((t0 - hours * 3600000)))'" $series
}

# The process dies at the fault point by itself, after it has done something.
dies_at() { # writer or producer, fault:pass, arguments...
	local who=$1 fault=$2
	shift 2
	await 40 "$who dies at $fault" gone "$who"
	ended "$who"
	is "... killed by SIGKILL" "$code" 137
	ok "... at that place" logged "$who" "fault=${fault%:*}( |\$)"
}

# What a dead writer left behind: "ahead behind" of the committed offsets, ahead must be 0; and what the coverage claims.
left_behind() { # what, wanted for behind: 0, some or any
	local ahead behind
	read -r ahead behind <<<"$(committed_against_positions)"
	is "... no committed offset is ahead of the database" "${ahead:-unknown}" 0
	case $2 in
	some) ok "... and some are behind it ($1)" test "${behind:-0}" -gt 0 ;;
	0) is "... and none is behind it ($1)" "${behind:-unknown}" 0 ;;
	esac
	ok '... and coverage claims nothing wrong' claims_are_true
}

# --- the writer

producer_wanting 12
GAPLESS_FAULT=before_db:4 writer
dies_at writer before_db:4
left_behind 'the transaction never began; the offsets of the one before may have been on their way' any

GAPLESS_FAULT=after_commit:4 writer
dies_at writer after_commit:4
left_behind 'both are done; the next transaction may be, too' any

GAPLESS_FAULT=after_db_before_commit:4 writer
dies_at writer after_db_before_commit:4
left_behind 'stored, not yet committed' some

n=$(stored)
GAPLESS_FAULT=in_revoke:1 writer
await 40 'a writer stores' stored_more_than "$n"
kill -TERM "${pid_of[writer]}"
dies_at writer in_revoke:1
left_behind 'the last batch was in memory' any

# --- the producer

writer
stop producer
is 'the producer ends with 0' "$code" 0
for pass in 1 700; do
	GAPLESS_FAULT=after_delivery:$pass producer_wanting 12
	dies_at producer after_delivery:$pass
done

# --- either, at random

producer_wanting 12
await 40 'the producer goes on' wanted_all
died=0 least=$(stored)
for ((i = 1; i <= kills; i++)); do
	who=producer pause=$((RANDOM % 3500))
	((RANDOM % 2)) && who=writer
	pause_ms $pause
	running $who && died=$((died + 1))
	stop $who KILL
	note "kill $i: $who, $pause ms after the last start; $(stored) candles stored"
	if [ $who = writer ]; then writer; else producer_wanting 12; fi
done
is 'every kill hit a running process' "$died" "$kills"
ok 'coverage claims nothing wrong under load' claims_are_true
ok 'something was stored meanwhile' stored_more_than "$least"

# --- the end

stop producer
is 'the producer ends with 0' "$code" 0
clock_settle
producer_wanting 0
await 60 'the last producer wants all of it' wanted_all
await 60 'no series has a gap' no_gaps
await 30 'the writer has stored all of it' caught_up
ok 'the table equals the truth' complete_and_true $((hours * 60 * 3))
is 'nothing went to the dead letters' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
for who in producer writer; do
	stop $who
	is "the $who ends with 0" "$code" 0
done
left_behind 'everything is stored and committed' 0
is 'the committed offsets are the ends of the topic' "$(committed)" "$(topic_ends | awk '$2 > 0')"
finish
