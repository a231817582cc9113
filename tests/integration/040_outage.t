#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Servers go away under live load and come back: the database and the broker stopped for a while, then each killed. Shown:
# nothing is lost, nobody restarts anything, the writer keeps its place in the group while the database is away, the
# producer keeps publishing meanwhile, and neither process grows by 4 MiB (release build; the peak counts, not the end).
#
# The servers are a stack of its own, beside the one that the other scenarios share: name and ports of that one, plus 10.
# OUTAGE_SECONDS (12) is how long a stopped server stays away, by the exchange's clock.
seconds=${OUTAGE_SECONDS:-12}
export GAPLESS_STACK=${GAPLESS_STACK:-test}-outage
export GAPLESS_KAFKA_PORT=$((${GAPLESS_KAFKA_PORT:-19192} + 10))
export GAPLESS_CONTROLLER_PORT=$((${GAPLESS_CONTROLLER_PORT:-19193} + 10))
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 10))
GAPLESS_BIN=${GAPLESS_BIN_RELEASE:-build/release}
. tests/integration/lib.sh

at_end() { compose/stack.sh down >/dev/null; }
trap at_end EXIT

compose/stack.sh up >/dev/null || bail "the stack for outages does not start"
scenario outage
series=8 least=1000 limit_kb=4096

# Seconds that closed after this moment are in the table.
live_since() { # ISO time
	sql_is "SELECT count(*) FROM (SELECT symbol FROM market_data WHERE symbol IN ('KRW-BTC', 'KRW-ETH') AND \"interval\" = '1s'
		GROUP BY symbol HAVING max(\"timestamp\") > '$1') AS s" 2
}

passes() { # seconds of the exchange's clock
	await "$1" "$1 s pass" exchange_is_at "$(later "$(exchange_now)" "$1")"
}

topic_size() { topic_ends | awk '{ n += $2 } END { print n + 0 }'; }

topic_has() { [ "$(topic_size)" -ge "$1" ]; }

assignments() { grep -c 'partitions assigned' "$work/writer.log"; }

declare -A steady
peak_reset() {
	local who
	for who in producer writer; do
		steady[$who]=$(rss_kb "$who")
		echo 5 >"/proc/${pid_of[$who]}/clear_refs"
	done
}

grew_little() { # producer or writer
	local peak
	peak=$(awk '/^VmHWM/ { print $2 }' "/proc/${pid_of[$1]}/status")
	note "$1: ${steady[$1]} kB before, $peak kB at most, $(rss_kb "$1") kB now"
	[ $((peak - steady[$1])) -lt $limit_kb ]
}

same_processes() { running producer && running writer && [ "${pid_of[producer]} ${pid_of[writer]}" = "$started" ]; }

exchange --corrections 0.02
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-DIGITS --intervals 1s,1m
writer
started="${pid_of[producer]} ${pid_of[writer]}"
await 40 "all series have begun" sql_is "SELECT count(*) FROM market_data_coverage" $series
await 40 "live is followed" live_since "$(exchange_now)"
size=$(topic_size)
await 40 "a while of steady state has passed" topic_has $((size + 40))
peak_reset

before=$(topic_size)
ok "the database is stopped" server pg stop
passes "$seconds"
await 10 "the producer has published meanwhile" topic_has $((before + seconds * 2))
ok "the writer says that it waits" logged writer 'msg="the database .* nothing is lost"'
ok "the database is started" server pg start
await 30 "the writer stores again" live_since "$(exchange_now)"
ok "... and says so" logged writer 'the database is back'
is "the writer has kept its partitions" "$(assignments)" 1

ok "the broker is stopped" server kafka stop
passes "$seconds"
ok "nobody has ended" same_processes
ok "the broker is started" server kafka start
await 60 "live is followed again" live_since "$(exchange_now)"

ok "the database is killed" server pg kill
ok "the broker is killed beside it" server kafka kill
ok "both are started" server up
await 60 "live is followed once more" live_since "$(exchange_now)"
await 30 "the writer has stored all of it" caught_up

ok "the same processes run" same_processes
for who in producer writer; do
	ok "the $who has grown by less than 4 MiB" grew_little $who
done

clock_settle
await 60 "no series has a gap" no_gaps
ok "the table equals the truth" complete_and_true $least
ok "coverage claims nothing wrong" claims_are_true
is "nothing went to the dead letters" "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
for who in producer writer; do
	stop $who
	is "the $who ends with 0" "$code" 0
done
finish
