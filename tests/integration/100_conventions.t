#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Conventions of both programs: what they print when asked, what they refuse and in which words, what they never print, how they
# end. Exit codes: 0 done or stopped, 1 needs a person, 2 settings, 4 could not stop in time, 130 second signal.
. tests/integration/lib.sh
scenario conventions
programs=(gapless-producer gapless-writer)
slow_client=$GAPLESS_TOPIC.slow compact_topic=$GAPLESS_TOPIC.compact

# Two things that take Kafka's own tools a while, and are wanted at the end: a client that may send one byte a second, and a
# topic that is compacted.
kafka() { compose/stack.sh kafka-tool "$1" --bootstrap-server "$GAPLESS_BROKERS" "${@:2}"; }
slow_make() {
	kafka kafka.admin.ConfigCommand --alter --add-config producer_byte_rate=1 --entity-type clients --entity-name "$slow_client"
}
compact_make() {
	kafka org.apache.kafka.tools.TopicCommand --delete --if-exists --topic "$compact_topic" &&
		kafka org.apache.kafka.tools.TopicCommand --create --topic "$compact_topic" --partitions 1 --config cleanup.policy=compact
}
spawn slow_make slow_make
spawn compact_make compact_make

# --- asked for

run() { # program, argument... -> $code, $work/out, $work/err
	timeout 20 "$GAPLESS_BIN/$1" "${@:2}" >"$work/out" 2>"$work/err" </dev/null
	code=$?
}

printed() { # what, program, argument: to stdout, nothing else, 0
	run "${@:2}"
	is "$1: exit code" "$code" 0
	ok "$1: nothing on stderr" test ! -s "$work/err"
	ok "$1: something on stdout" test -s "$work/out"
}

for program in "${programs[@]}"; do
	printed "$program --version" "$program" --version
	ok "$program --version is its name and a version" grep -qxE "$program [0-9]+\.[0-9]+\.[0-9]+" "$work/out"

	printed "$program --help" "$program" --help --no-such-flag
	ok "$program --help begins with the usage" grep -q "^Usage: $program" "$work/out"
	ok "$program --help tells the exit codes" grep -q '^Exit codes: 0 ' "$work/out"
	is "$program --help fits 80 columns" "$(awk 'length > 80' "$work/out")" ""
	sed -n 's/^ *\(-., \)\{0,1\}--\([a-z-]*\)=.*/\2/p' "$work/out" | tr a-z- A-Z_ | sort >"$work/in_help"
	sed -n 's/^ *\[GAPLESS_\([A-Z_]*\),.*/\1/p' "$work/out" | sort >"$work/variables"
	ok "$program --help names the variable of each flag" cmp "$work/in_help" "$work/variables"
	ok "$program --help names ten settings and more" test "$(wc -l <"$work/in_help")" -ge 10

	printed "$program --example" "$program" --example
	cp "$work/out" "$work/example.$program"
	is "$program --example changes nothing by itself" "$(grep -cvE '^(#|$)' "$work/out")" 0
	sed -n 's/^#GAPLESS_\([A-Z_]*\)=.*/\1/p' "$work/out" | sort >"$work/in_example"
	ok "$program --example has every setting" cmp "$work/in_help" "$work/in_example"
	# Each of its values is one that the program takes: the first thing that it minds is the flag.
	(
		set -a
		. <(sed -n 's/^#\(GAPLESS_.*\)/\1/p' "$work/example.$program")
		GAPLESS_SYMBOLS=KRW-BTC
		run "$program" --log-level loud
		[ $code = 2 ] && grep -q -- '--log-level' "$work/err"
	)
	is "$program takes the example's values" $? 0
done
for program in "${programs[@]}"; do
	(
		set -a
		for other in "${programs[@]}"; do
			. <(sed -n 's/^#\(GAPLESS_[A-Z_]*\)=.*/\1=1/p' "$work/example.$other")
		done
		run "$program" --no-such-flag
		[ $code = 2 ] && grep -q 'no-such-flag is not a flag' "$work/err"
	)
	is "$program minds no variable of another program" $? 0
done

# --- refused: 2, one sentence that names it, nothing on stdout

refused() { # what, pattern, program, argument...
	local problem=''
	run "${@:3}"
	[ $code = 2 ] || problem="exit code $code"
	[ ! -s "$work/out" ] || problem="$problem, something on stdout"
	[ "$(grep -cE -- "$2" "$work/err")" = 1 ] || problem="$problem, not said once: $2"
	[ "$(grep -cE 'Sanitizer|runtime error' "$work/err")" = 0 ] || problem="$problem, a sanitizer's report"
	ok "refused: $1" test -z "$problem"
	[ -z "$problem" ] || note "$problem; said: $(head -n 3 "$work/err" | cut -c1-300)"
}
with() { # NAME=VALUE, a call of refused
	local -x "${1?}"
	"${@:2}"
}

for program in "${programs[@]}"; do
	given=()
	[ "$program" = gapless-writer ] || given=(--symbols KRW-BTC)
	refused "$program, a flag that is none" '--no-such-flag is not a flag of '"$program"': see '"$program"' --help' \
		"$program" --no-such-flag
	refused "$program, a misspelt flag" '--brokres is not a flag of .*: was --brokers meant\?' "$program" --brokres=x:1
	refused "$program, a flag without its value" '--brokers needs a value' "$program" --brokers --topic x
	with GAPLESS_BROKRES=x:1 refused "$program, a misspelt variable" \
		'GAPLESS_BROKRES in the environment is not a setting of .*: was GAPLESS_BROKERS meant\?' "$program" "${given[@]}"
	with GAPLESS_FROBNICATE=1 refused "$program, a variable that is none" \
		'GAPLESS_FROBNICATE in the environment is not a setting of .*: unset it' "$program" "${given[@]}"
	refused "$program, a level that is none" 'log-level.*debug, info, warn' "$program" "${given[@]}" --log-level loud
	refused "$program, a source in capitals" "source: 'Upbit' is not" "$program" "${given[@]}" --source Upbit
	refused "$program, a word too many" 'no such command|is not a command' "$program" "${given[@]}" frobnicate
	refused "$program, a plugin" 'plugin\.library\.paths is refused' \
		"$program" "${given[@]}" -X plugin.library.paths=/tmp/evil.so
	with GAPLESS_KAFKA='linger.ms=5;plugin.library.paths=/tmp/evil.so' refused "$program, a plugin from the environment" \
		'plugin\.library\.paths is refused' "$program" "${given[@]}"
	refused "$program, a property of Kafka that is none" 'no property .{1,2}no\.such\.thing' "$program" "${given[@]}" -X no.such.thing=1
done
with GAPLESS_LOOK_S=0 refused "a variable by its former name" 'GAPLESS_LOOK_S must be a whole number from 1 to 3600' \
	gapless-producer --symbols KRW-BTC
ok '... and its new one is said' grep -q 'msg="a setting was renamed.*old=GAPLESS_LOOK_S new=GAPLESS_LOOKUP_S' "$work/err"
with GAPLESS_LOOK_S=1 refused "what the writer does not mind" 'log-level.*debug, info, warn' gapless-writer --log-level loud
for number in 0 -1 101 1e1 0x10 '5 0' '' 99999999999999999999; do
	refused "the number '$number' from 1 to 100" "--rate-percent (must be a whole number from 1 to 100, not \\\\?\"$number\\\\?\"|needs a value)" \
		gapless-producer --symbols KRW-BTC --rate-percent "$number"
done
with GAPLESS_BATCH_ROWS=many refused "a number in the environment" \
	'GAPLESS_BATCH_ROWS must be a whole number from 1 to 100000, not .*many' gapless-writer
for symbol in krw-btc KRW_BTC KRWBTC KRW- -BTC 'KRW-BTC;KRW-ETH' KRW-비트 KRW-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; do
	refused "the market '$symbol'" "not a market's name|needs a value" gapless-producer --symbols "KRW-ETH,$symbol"
done
refused "no market" 'no market is named: set --symbols' gapless-producer
refused "an interval that is none" "'7m' is not one of 1s, 1m, 3m" gapless-producer --symbols KRW-BTC --intervals 1m,7m
refused "a day that is none" '--since must be a time like .*2026-02-30' gapless-producer --symbols KRW-BTC --since 2026-02-30
refused "plain http to a host of the net" 'must be https, or http on loopback' \
	gapless-producer --symbols KRW-BTC --exchange-url http://api.example.com
refused "acks=1" 'acks cannot be set' gapless-producer --symbols KRW-BTC -X acks=1
refused "auto commit" 'enable\.auto\.commit cannot be set' gapless-writer -X enable.auto.commit=true
refused "a topic by pattern" "'\^candles' is not the name of a topic" gapless-writer --topic '^candles'
refused "a database that is not there" 'database .*nosuch.* does not exist.*createdb' \
	gapless-writer --database 'dbname=nosuch connect_timeout=5'

# --- never printed: passwords, wherever they come from

secret=geheim
printed_secret() { grep -l "$secret" "$work/err" "$work/out"; }
hides() { # what, pattern of what is shown in its place, program, argument...
	refused "$1" "${@:2}"
	is "$1: no password is printed" "$(printed_secret)" ""
}
hides "a conninfo with a port that is none" 'conninfo of the database is not valid|does not parse' \
	gapless-writer --database "postgresql://me:$secret@db:port/x"
hides "a conninfo with a keyword that is none" 'does not parse' gapless-writer --database "password=$secret hosst=db"
hides "a proxy that is none" "proxy's URL does not parse" gapless-producer --symbols KRW-BTC --proxy "http://me:$secret@:x"
hides "a proxy of another kind" "proxy's URL does not parse" gapless-producer --symbols KRW-BTC --proxy "ftp://me:$secret@h"
hides "an exchange with a user" 'URL has a user' gapless-producer --symbols KRW-BTC --exchange-url "https://me:$secret@h"

exchange --start 2026-03-05T12:00:20Z
writer --log-level debug --database "host=$PGHOST port=$PGPORT user=gapless password='$secret one' dbname=$PGDATABASE" \
	-X sasl.password=$secret.two -X "ssl.key.password=$secret.three"
with PGPASSWORD=$secret.four producer --log-level debug --symbols KRW-BTC --since 2026-03-05T11:00:00Z \
	--database "postgresql://gapless:$secret%20five@$PGHOST:$PGPORT/$PGDATABASE" -X "sasl.password=$secret.six" \
	--lookup-s 2 --lookup-gaps-s 1
covered() { # symbol
	sql_is "SELECT tstzrange('2026-03-05T11:00Z', '2026-03-05T11:59Z') <@ covered FROM market_data_coverage WHERE symbol = '$1'" t
}
await 30 "with passwords all round the system works" covered KRW-BTC
ok "the writer's start-up dump shows the conninfo without it" logged writer 'msg="settings".* database="user=gapless password=\*\*\* dbname=t_[a-z]* host='
ok "and the properties" logged writer 'msg="settings".*sasl\.password=\*\*\*'
ok "the producer's shows the URI without it" logged producer 'msg="settings".* database="user=gapless password=\*\*\* '
is "no password in any log" "$(grep -l "$secret" "$work"/*.log)" ""

# --- SIGTERM, SIGINT: drained, 0, in time

ends() { # name, signal, code, seconds
	local began=$EPOCHREALTIME ms
	stop "$1" "$2"
	ms=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
	is "$1 ends with $3 on $2" "$code" "$3"
	ok "within $4 s ($ms ms)" test $ms -lt $(($4 * 1000))
}
ends producer TERM 0 30
ends writer INT 0 30
ok "the producer's last words" logged producer 'msg="ended" exit_code=0'
ok "the writer's last words" logged writer 'msg="ended" exit_code=0'

# --- stderr full, or closed: no reason to do less

producer_args=(--since 2026-03-05T11:00:00Z --lookup-s 2 --lookup-gaps-s 1)
for kind in muted:KRW-ETH closed:KRW-XRP; do
	symbol=${kind#*:} kind=${kind%:*}
	if [ $kind = muted ]; then
		"$GAPLESS_BIN/gapless-writer" 2>/dev/full & pid_of[w]=$!
		"$GAPLESS_BIN/gapless-producer" --symbols "$symbol" "${producer_args[@]}" 2>/dev/full & pid_of[p]=$!
	else
		"$GAPLESS_BIN/gapless-writer" <&- >&- 2>&- & pid_of[w]=$!
		"$GAPLESS_BIN/gapless-producer" --symbols "$symbol" "${producer_args[@]}" <&- >&- 2>&- & pid_of[p]=$!
	fi
	await 30 "stderr $kind: $symbol is complete" covered "$symbol"
	ok "stderr $kind: it is as the exchange has it" equals_truth "$symbol" 1m 2026-03-05T11:00:00Z 2026-03-05T11:59:00Z 59
	ends p TERM 0 30
	ends w TERM 0 30
done

# --- a drain that takes its time: the broker lets the producer wait, the writer's table is locked

ended slow_make
is "there is a client that must not send much" "$code" 0
for p in patient hasty; do
	spawn $p "$GAPLESS_BIN/gapless-producer" --symbols KRW-DIGITS --producer-group "$p.$GAPLESS_PRODUCER_GROUP" --since 2026-03-01 --lookup-s 2 --lookup-gaps-s 1 \
		-X "client.id=$slow_client"
done
writer # they begin when it has stored what there is
unacknowledged() { logged "$1" 'Kafka does not take the messages as fast|msg="progress".* unacknowledged=[1-9]'; }
await 20 "candles of the one producer wait for the broker" unacknowledged hasty
await 20 "those of the other one too" unacknowledged patient
kill -TERM "${pid_of[patient]}" "${pid_of[hasty]}"
patient_since=$EPOCHREALTIME
await 5 "one signal: it drains" logged hasty 'msg="stopping"'
sleep 1
ok "and is not done after a second" running hasty
ends hasty TERM 130 2
stop writer
is "the writer ends with 0" "$code" 0

writer_locks() { # how many writers wait for a lock
	sql_is "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gapless-writer'
		AND wait_event_type = 'Lock'" "$1"
}
spawn locker psql -X -q -c "BEGIN; LOCK TABLE market_data IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(120)"
locked() { sql_is "SELECT count(*) FROM pg_locks WHERE relation = 'market_data'::regclass AND mode = 'AccessExclusiveLock' AND granted" 1; }
await 10 "the table is locked" locked
for w in slow quick; do # two groups: each gets every message
	GAPLESS_GROUP=$GAPLESS_GROUP.$w spawn $w "$GAPLESS_BIN/gapless-writer" --drain-seconds 5
done
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP # the newest closed candle of each, at once
await 30 "two writers wait for it" writer_locks 2
stop producer
is "the producer does not, and ends with 0" "$code" 0
kill -TERM "${pid_of[slow]}" "${pid_of[quick]}"
slow_since=$EPOCHREALTIME
sleep 1
ok "a writer is not done after a second" running quick
ends quick TERM 130 2
ended slow
ms=$(((${EPOCHREALTIME/./} - ${slow_since/./}) / 1000))
is "one signal: after the 5 s that it has it gives up and ends with 0" "$code" 0
ok "within 7 s ($ms ms)" test $ms -lt 7000
ok "and says that what it held will be read again" logged slow 'given up; it will be read again'
stop locker

# --- a topic that would lose history

ended compact_make
is "a compacted topic is there" "$code" 0
run gapless-producer --topic "$compact_topic" --symbols KRW-BTC
is "a compacted topic needs a person" "$code" 1
ok "and the log says why" grep -q 'cleanup.policy=compact.*compaction would destroy all history' "$work/err"

ended patient
ms=$(((${EPOCHREALTIME/./} - ${patient_since/./}) / 1000))
is "the patient producer ends with 0 after one signal" "$code" 0
ok "within 30 s ($((ms / 1000)))" test $ms -lt 30000
ok "and says what Kafka has not acknowledged" logged patient 'not acknowledged by Kafka in time.*messages=[1-9]'
is "no sanitizer found anything" "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log)" ""
finish
