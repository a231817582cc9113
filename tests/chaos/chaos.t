#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything dies at random, for ten minutes, under backfill and live load: producers and writers are killed (-9), frozen for
# longer than their session, and stopped; the broker and the database are stopped and killed. Strangers publish copies of what is
# there in transactions, aborted ones and some that they leave open; a publication is on. Shown, again and again
# meanwhile: no committed offset is ahead of the database, and coverage claims nothing that is not there as the exchange
# finally has it. Shown at the end: the table equals the truth, nothing is a dead letter, everybody ends with 0.
#
# KILLS (100) how many times, PRODUCERS (2) and WRITERS (2) of how many; CHAOS_SEED repeats who, what and when, though not
# what the victims were doing. Its servers must be its own: run.sh gives it a stack.
. tests/integration/lib.sh
scenario chaos
seed=${CHAOS_SEED:-$((EPOCHSECONDS % 32768))} kills=${KILLS:-100} producers=${PRODUCERS:-2} writers=${WRITERS:-2}
note "CHAOS_SEED=$seed KILLS=$kills PRODUCERS=$producers WRITERS=$writers"
unset KILLS PRODUCERS WRITERS
RANDOM=$seed
exec 2>"$work/shell.log" # bash has a line for everybody who was killed

session_ms=2000
export GAPLESS_SESSION_TIMEOUT_MS=$session_ms GAPLESS_BATCH_MS=200 GAPLESS_BATCH_ROWS=300
export GAPLESS_LOOKUP_GAPS_S=2 GAPLESS_LOOKUP_S=5
export GAPLESS_SYMBOLS=KRW-BTC,KRW-ETH,KRW-XRP,KRW-SPARSE,KRW-QUIET,KRW-TINY,KRW-DIGITS,KRW-M001
series=8
exchange --corrections 0.02 --markets 1
# More than can be fetched meanwhile at five requests a second, so that there is always something left to do.
export GAPLESS_RATE_LIMIT=5
hours=$((24 + kills * 14))
since=$(iso $(($(exchange_ms) - hours * 3600000)))

members=()
for ((i = 1; i <= writers; i++)); do members+=("writer$i"); done
for ((i = 1; i <= producers; i++)); do members+=("producer$i"); done

member_starts() { # who
	case $1 in
	writer*) spawn "$1" "$GAPLESS_BIN/gapless-writer" ;;
	producer*) spawn "$1" "$GAPLESS_BIN/gapless-producer" --since "$since" ;;
	esac
}

wanted_all() {
	sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$since'" $series
}

# --- what happens to them

now_ms() { echo $(($(date +%s%N) / 1000000)); }

declare -A thaws_ms happened
# Of each kind, how many.
for what in writer-KILL writer-TERM writer-STOP producer-KILL producer-TERM producer-STOP kafka-kill kafka-stop pg-kill pg-stop; do
	happened[$what]=0
done
unasked=0 # ended without being asked to
badly=0   # were asked to, and did not end as they should

thaw() { # who
	kill -CONT "${pid_of[$1]}"
	unset "thaws_ms[$1]"
}

# Who has been frozen for long enough; with an argument: everybody.
thaw_due() { # [all]
	local who
	for who in "${!thaws_ms[@]}"; do
		[ -z "${1:-}" ] && [ "$(now_ms)" -lt "${thaws_ms[$who]}" ] || thaw "$who"
	done
}

member_strikes() { # who, KILL, TERM or STOP, milliseconds
	if ! running "$1"; then
		ended "$1"
		note "$1 has ended by itself, with $code: $(tail -n 1 "$work/$1.log" | cut -c1-300)"
		unasked=$((unasked + 1))
		member_starts "$1"
		return
	fi
	[ "$2" = KILL ] || [ -z "${thaws_ms[$1]:-}" ] || thaw "$1"
	happened[${1%%[0-9]*}-$2]=$((${happened[${1%%[0-9]*}-$2]} + 1))
	if [ "$2" = STOP ]; then
		kill -STOP "${pid_of[$1]}"
		thaws_ms[$1]=$(($(now_ms) + session_ms + $3))
		return
	fi
	stop "$1" "$2"
	unset "thaws_ms[$1]"
	if [ "$2" = TERM ] && [ "$code" != 0 ]; then
		note "$1 was stopped and ended with $code: $(tail -n 1 "$work/$1.log" | cut -c1-300)"
		badly=$((badly + 1))
	fi
	member_starts "$1"
}

server_strikes() { # kafka or pg, stop or kill, milliseconds away
	happened[$1-$2]=$((${happened[$1-$2]} + 1))
	server "$1" "$2" || bail "$1 cannot be ended"
	pause_ms "$3"
	server "$1" start || bail "$1 does not start again"
}

# Copies of a message that the topic has, in transactions of somebody else: committed, aborted, left open for half a minute. The broker may
# be away.
strangers=0
stranger() { # which
	local p=$(($1 % 12)) message
	message=$(timeout 5 kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_TOPIC" -p "$p" -o -1 -c 1 -e -q -f '%k %s\n' 2>/dev/null)
	[ -n "$message" ] || return 0
	{
		printf 'put %s\ncommit\nput %s\nabort\n' "$message" "$message"
		[ $(($1 % 5)) -gt 0 ] || printf 'put %s\n' "$message"
	} | timeout -s KILL 10 build/asan/gapless-transactions "$GAPLESS_TOPIC" "$p" 30000 >>"$work/strangers.log" 2>&1
	strangers=$((strangers + 1))
}

# Forty blows with every kind among them, shuffled; then again.
deck=()
deck_shuffle() {
	local i k card
	deck=(kafka-stop kafka-stop kafka-kill kafka-kill kafka-kill pg-stop pg-stop pg-kill pg-kill pg-kill
		producer-TERM producer-TERM producer-TERM producer-STOP producer-STOP producer-STOP)
	for i in 1 2 3 4 5; do deck+=(writer-KILL writer-KILL writer-TERM writer-STOP); done
	for i in 1 2 3 4; do deck+=(producer-KILL); done
	for ((i = ${#deck[@]} - 1; i > 0; i--)); do
		k=$((RANDOM % (i + 1))) card=${deck[i]}
		deck[i]=${deck[k]} deck[k]=$card
	done
}

# One blow. All its numbers are drawn first, so that the seed decides alone.
strike() { # number
	local pause=$((RANDOM % 4000)) long=$((RANDOM % 4000)) which=$RANDOM card who what
	[ ${#deck[@]} -gt 0 ] || deck_shuffle
	card=${deck[-1]}
	unset 'deck[-1]'
	who=${card%-*} what=${card#*-}
	case $who in
	writer) who=writer$((1 + which % writers)) ;;
	producer) who=producer$((1 + which % producers)) ;;
	esac
	pause_ms $pause
	thaw_due
	stranger "$which"
	note "$1: $who $what (pause $pause, $long) $(date +%T)"
	case $who in
	kafka | pg) server_strikes "$who" "$what" $long ;;
	*) member_strikes "$who" "$what" $long ;;
	esac
}

gaps_left() { [ "$(gaps_now)" -gt 0 ]; }

# --- the loop

sql 'CREATE PUBLICATION everything FOR ALL TABLES'
for who in "${members[@]}"; do
	member_starts "$who"
done
await 40 'all of it is wanted' wanted_all
await 40 'the writers store' stored_more_than 0
ahead=0 wrong=0 looked=0 busy=0
for ((i = 1; i <= kills; i++)); do
	strike $i
	((i % 10 == 0)) || continue
	looked=$((looked + 1))
	no_offset_ahead || ahead=$((ahead + 1))
	claims_are_true || wrong=$((wrong + 1))
	! gaps_left || busy=$((busy + 1))
	note "after $i: $(stored) candles stored, $(gaps_now) gaps"
done
is 'no committed offset was ever ahead of the database' $ahead 0
is 'coverage never claimed anything wrong' $wrong 0
is 'nobody ended by himself' $unasked 0
is 'everybody who was asked to end did, with 0' $badly 0
ok "most of that under load ($busy of $looked times)" test $((2 * busy)) -ge "$looked"
is 'nobody took the topic for another one' "$(grep -l 'the topic was recreated' "$work"/writer*.log)" ''
n=$(stored)

# --- enough happened

ok "it was looked at often enough ($looked times)" test $looked -ge $((kills / 10))
ok "enough was stored meanwhile ($n candles)" test "$n" -ge $((kills * 200))
for what in "${!happened[@]}"; do
	note "$what: ${happened[$what]}"
	[ "$kills" -lt 40 ] || ok "$what happened" test "${happened[$what]}" -gt 0
done
ok "strangers published, too ($strangers times)" test "$(grep -c '^ok' "$work/strangers.log")" -ge $kills
thaw_due all
[ "${happened[writer-STOP]}" = 0 ] || [ "$writers" = 1 ] || ok 'a frozen writer lost its partitions' grep -q 'partitions lost' "$work"/writer*.log

# --- the end

for who in "${members[@]}"; do
	case $who in producer*) ends_with_0 "$who" ;; esac
done
clock_settle
export GAPLESS_RATE_LIMIT=10
for who in "${members[@]}"; do
	case $who in producer*) member_starts "$who" ;; esac
done
# What is left is fetched twice as fast.
await $((120 + kills * 4)) 'no series has a gap' no_gaps
await 60 'the writers have stored all of it' caught_up
ok 'the table equals the truth' complete_and_true $((hours * 60 * 3))
ok 'coverage claims nothing wrong' claims_are_true
is 'nothing went to the dead letters' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
for ((i = 1; i <= producers; i++)); do
	ends_with_0 "producer$i"
done
await 60 'the writers have stored what came last' caught_up
for ((i = 1; i <= writers; i++)); do
	ends_with_0 "writer$i"
done
is 'the committed offsets are where the database is' "$(committed_against_positions)" '0 0'
is '... and at the ends of the topic' "$(committed)" "$(topic_ends | awk '$2 > 0')"
finish
