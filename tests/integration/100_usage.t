#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the programs print when asked, and what they refuse, in which words: exit code 2, one sentence that names it.
. tests/integration/lib.sh
. tests/integration/said.sh
scenario usage
programs=(gapless-producer gapless-writer)

# --- asked for

printed() { # what, program, argument: to stdout, nothing else, 0
	run "${@:2}"
	is "$1: exit code" "$code" 0
	ok "$1: nothing on stderr" test ! -s "$work/err"
	ok "$1: something on stdout" test -s "$work/out"
}

for program in "${programs[@]}" gapless-indicators; do
	printed "$program --version" "$program" --version
	ok "$program --version is its name and a version" grep -qxE "$program [0-9]+\.[0-9]+\.[0-9]+(\+[a-z0-9.]+)?" "$work/out"

	printed "$program --help" "$program" --help --no-such-flag
	ok "$program --help begins with the usage" grep -q "^Usage: $program" "$work/out"
	ok "$program --help tells the exit codes" grep -q '^Exit codes: 0 ' "$work/out"
	is "$program --help fits 80 columns" "$(awk 'length > 80' "$work/out")" ""
	sed -nE 's/^ {2,6}(-., )?--([a-z-]+)([= ].*)?$/\2/p' "$work/out" | grep -vxE 'help|version|example' | tr a-z- A-Z_ | sort >"$work/in_help"
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

while read -r program command; do
	run "$program" "$command" --help
	ok "$program $command --help tells the exit codes" grep -q '^Exit codes: 0 ' "$work/out"
	is "$program $command --help fits 80 columns" "$(awk 'length > 80' "$work/out")" ""
done < <(for program in "${programs[@]}" gapless-indicators; do
	"$GAPLESS_BIN/$program" --help | sed -nE "/^Commands/,/^Settings/s/^  ([a-z]+) .*/$program \1/p"
done)

# One file of variables serves all programs.
variables() { sed -n 's/^#\(GAPLESS_[A-Z_]*\)=.*/\1/p' "$work/example.$1" | sort; }
for program in "${programs[@]}" gapless-indicators; do
	(
		for other in "${programs[@]}" gapless-indicators; do
			for name in $(comm -13 <(variables "$program") <(variables "$other")); do export "$name=1"; done
		done
		run "$program" --no-such-flag
		[ $code = 2 ] && grep -q 'no-such-flag is not a flag' "$work/err"
	)
	is "$program minds no variable of another program" $? 0
done

# --- refused: 2, one sentence that names it, nothing on stdout

for program in "${programs[@]}"; do
	given=()
	[ "$program" = gapless-writer ] || given=(--symbols KRW-BTC)
	refused "$program, a flag that is none" '--no-such-flag is not a flag of '"$program"': see '"$program"' --help' \
		"$program" --no-such-flag
	refused "$program, a misspelt flag" '--brokres is not a flag of .*: was --brokers meant\?' "$program" --brokres=x:1
	refused "$program, a flag without its value" '--brokers needs a value' "$program" --brokers --topic x
	refused "$program, brokers that are no addresses" "'http://x:9092' is not the address of a Kafka broker" \
		"$program" "${given[@]}" --brokers http://x:9092
	with GAPLESS_BROKRES=x:1 refused "$program, a misspelt variable" \
		'GAPLESS_BROKRES in the environment is not a setting of .*: was GAPLESS_BROKERS meant\?' "$program" "${given[@]}"
	with GAPLESS_FROBNICATE=1 refused "$program, a variable that is none" \
		'GAPLESS_FROBNICATE in the environment is not a setting of .*: unset it' "$program" "${given[@]}"
	refused "$program, a level that is none" 'log-level.*debug, info, warn' "$program" "${given[@]}" --log-level loud
	refused "$program, a format of the log that is none" 'log-format.*auto, terminal, logfmt or json' "$program" "${given[@]}" \
		--log-format xml
	[ "$program" != gapless-producer ] ||
		refused "$program, a source that is not behind the address" "source: 'upbit' is not what is behind .* is 'upbit-sg'" \
			"$program" "${given[@]}" --exchange-url https://sg-api.upbit.com
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

# In every program and command, before anything is asked of Kafka or of a database: there is neither at these ports.
from=2026-03-01 to=2026-03-02
commands=("gapless-producer --symbols KRW-BTC" "gapless-producer fetch --symbols KRW-BTC --from $from" gapless-writer
	"gapless-writer replay" "gapless-writer skip --partition 0 --offset 0" gapless-indicators "gapless-indicators compute")
for command in "${commands[@]}"; do
	with GAPLESS_BROKERS=127.0.0.1:1 refused "$command, a topic with a blank in its name" "--topic: 'candles v1' is not the name of a topic" \
		$command --topic 'candles v1'
done
for command in 'gapless-indicators' 'gapless-indicators compute'; do
	with GAPLESS_BROKERS=127.0.0.1:1 refused "$command, a topic of indicators with a blank in its name" \
		"--indicators-topic: 'indicators v1' is not the name of a topic" $command --indicators-topic 'indicators v1'
done
for command in 'gapless-indicators' 'gapless-indicators compute'; do
	with GAPLESS_BROKERS=127.0.0.1:1 refused "$command, candles and indicators in one topic" 'topic and --indicators-topic are the same topic' \
		$command --indicators-topic candles.v1 --topic candles.v1
done
span="--symbols KRW-BTC --intervals 1m --from $from --to $to"
for command in "${commands[@]}" 'gapless-writer migrate' 'gapless-writer gaps' 'gapless-writer status' "gapless-writer forget $span" \
	"gapless-writer settle $span" 'gapless-writer retain --keep 1m=30d' 'gapless-writer end --symbols KRW-BTC' \
	'gapless-writer discard --symbols KRW-BTC'; do
	with GAPLESS_BROKERS=127.0.0.1:1 with PGSERVICE=nonsense refused "$command, a service that is none" \
		'the conninfo of the database is not valid: definition of service .*nonsense.* not found' $command
done
for command in 'gapless-producer --symbols KRW-BTC' gapless-writer gapless-indicators; do
	with GAPLESS_BROKERS=127.0.0.1:1 refused "$command, a service that is none in the conninfo" \
		'the conninfo of the database is not valid: definition of service .*nonsense.* not found' $command --database service=nonsense
	with GAPLESS_BROKERS=127.0.0.1:1 refused "$command, a port of the database that is none" \
		"the conninfo of the database is not valid: port '99999' is not a number from 1 to 65535" $command --database port=99999
done
refused "authorities that are not there" "--ca-file: '/nowhere.pem' cannot be read" \
	gapless-producer --symbols KRW-BTC --ca-file /nowhere.pem
refused "authorities without a certificate" "--ca-file: '/etc/passwd' has no certificate" \
	gapless-producer --symbols KRW-BTC --ca-file /etc/passwd
with GAPLESS_BROKERS=127.0.0.1:1 refused "a replay of what has yet to come" '--from is in the future' gapless-writer replay --from 2100-01-01
refused "a topic by pattern" "'\^candles' is not the name of a topic" gapless-writer --topic '^candles'
refused "a database that is not there" 'database .*nosuch.* does not exist.*createdb' \
	gapless-writer --database 'dbname=nosuch connect_timeout=5'
finish
