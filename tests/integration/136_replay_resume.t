#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gapless-writer replay is interrupted: killed (-9) in the middle, or stopped by a signal, and started again it goes on where it was,
# to the end that it had. Two of the same and one of another kind at once.
. tests/integration/lib.sh
. tests/integration/replay.sh
scenario replay_resume
replay_set_up

lose "symbol IN ('KRW-BTC', 'KRW-ETH')"

# --- killed in the middle

GAPLESS_FAULT=after_db_before_commit:12 replayed 137 one --batch-rows 100
stood=$(sum 'next_offset - start_offset') until=$(sum 'end_offset - start_offset')
note "killed at $stood of $until"
ok 'killed in the middle' test "$stood" -ge 1000 -a "$stood" -lt "$until"
ok '... with rows still gone' test "$(old_of KRW-BTC)$(old_of KRW-ETH)" != "$(grep -c ^KRW-BTC "$work/rows")$(grep -c ^KRW-ETH "$work/rows")"
replayed 1 one --symbols KRW-BTC --name "$GAPLESS_TOPIC"
ok '... another command of its name is refused' logged one 'is not complete and reads something else'
replayed 0 one
is 'started again it goes on' "$(begun one done)" "$stood"
is '... to the end that it had' "$(begun one messages)" "$until"
is '... reading only the rest' "$(total one messages)" $((until - stood))
ok '... and everything is back' as_before

# --- stopped by a signal

lose "symbol = 'KRW-ETH'"
# It takes its time, so that it is stopped in the middle, whatever the machine has to do besides.
sql "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END';
	CREATE TRIGGER slowly AFTER UPDATE ON market_data_replay FOR EACH STATEMENT EXECUTE FUNCTION slowly()"
replay one --batch-rows 20
await 20 'a replay is under way' sql_is "SELECT sum(next_offset - start_offset) BETWEEN 1 AND sum(end_offset - start_offset) - 1
	FROM market_data_replay WHERE name = '$GAPLESS_TOPIC'" t
stop one
is 'stopped by a signal: exit code' "$code" 1
sql 'DROP TRIGGER slowly ON market_data_replay'
ok '... and how to go on' logged one 'stopped before its end; run the same command to go on'
replayed 0 one
ok '... which it does' test "$(begun one done)" -gt 0
ok '... to the end' as_before

# --- several at once

lose "symbol IN ('KRW-BTC', 'KRW-XRP')"
replay one --batch-rows 50
replay two --batch-rows 70
replay three --symbols KRW-XRP
for who in one two three; do
	ended $who
	is "several at once: the $who's exit code" "$code" 0
done
ok '... and everything is back' as_before
is 'every replay is complete' "$(sql 'SELECT count(*) FROM market_data_replay WHERE next_offset < end_offset')" 0
ends_with_0 writer
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
