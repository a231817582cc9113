# SPDX-License-Identifier: MIT
# What every scenario shares: TAP, processes, waiting for conditions, and the comparison of the table with the truth.
# Sourced by the .t files, which prove runs from the top of the tree:
#
#	. tests/integration/lib.sh
#	scenario NAME        a database, a topic and groups of its own on the test stack; everything is stopped at the end
#	exchange ARG...      starts the sandbox exchange; control PATH talks to it
#	writer ARG..., producer ARG...
#	await SECONDS "what" CONDITION...     polls; the condition is a command. SECONDS ends a hang, it is no measurement
#	ok "what" CONDITION..., is "what" GOT WANTED, finish
#
# Environment: GAPLESS_BIN (build/asan) the programs; the stack is the one of stack.sh under GAPLESS_STACK. GAPLESS_PATIENCE (6)
# multiplies the SECONDS of every await: a scenario says what an idle machine needs, a busy one may take longer.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

# Debian's psql is a wrapper in Perl, which costs 25 ms of CPU before it starts this one.
# shellcheck source=../../compose/find.sh
. compose/find.sh
! pg_bin=$(find_postgres) || PATH=$pg_bin:$PATH

GAPLESS_BIN=${GAPLESS_BIN:-build/asan}
# The programs refuse settings that they do not know.
export -n GAPLESS_BIN GAPLESS_BIN_RELEASE GAPLESS_EXCHANGE GAPLESS_JOBS GAPLESS_PATIENCE
patience=${GAPLESS_PATIENCE:-6}
kafka_topic=build/gapless-topic
export GAPLESS_STACK=${GAPLESS_STACK:-test}
# Many run at the same time; a scenario that looks at the metrics gives its processes ports of their own.
export GAPLESS_HTTP=off
tap_n=0
tap_failed=0
pids=()
declare -A pid_of

ok() { # what, command...
	local what=$1
	shift
	tap_n=$((tap_n + 1))
	if "$@"; then
		tell "ok $tap_n - $what"
	else
		tell "not ok $tap_n - $what"
		tap_failed=1
	fi
}

is() { # what, got, wanted
	ok "$1" test "$2" = "$3"
	[ "$2" = "$3" ] || note "got '$2', wanted '$3'"
}

note() { tell "# $*"; }

# Says it, and keeps it beside the logs.
tell() {
	printf '%s\n' "$*"
	[ -z "${work:-}" ] || printf '%s %s\n' "$(date +%T)" "$*" >>"$work/tap"
}

# The end of this scenario, not of the others beside it.
bail() {
	tap_n=$((tap_n + 1))
	tell "not ok $tap_n - cannot go on: $(tr '\n' ' ' <<<"$*")"
	exit 1
}

finish() {
	tell "1..$tap_n"
	exit "$tap_failed"
}

# Waits until the command succeeds; a failed wait is a failed test, with the ends of the logs.
await() { # seconds, what, command...
	local _s=$(($1 * patience)) _what=$2 _end # the command sees these, and none of its own may be hidden
	shift 2
	_end=$((SECONDS + _s))
	while ! "$@"; do
		if [ $SECONDS -ge $_end ]; then
			ok "$_what (within $_s s)" false
			logs_show
			return 1
		fi
		sleep 0.1
	done
	ok "$_what" true
}

logs_show() {
	local f
	for f in "$work"/*.log; do
		[ -s "$f" ] || continue
		note "--- $f"
		tail -n 15 "$f" | cut -c1-400 | sed 's/^/# /'
	done
}

# --- a scenario: names of its own, and an end that stops everything

scenario() { # name
	scenario_names "$1"
	database_new
	topic_delete
}

# As scenario, for one whose servers are not there yet.
scenario_names() { # name
	name=$1
	work=$(pwd)/build/tests/$name
	rm -rf "$work"
	mkdir -p "$work"
	# What comes to prove on stderr, its end too, makes it wait for this scenario's next line, and for no other one's:
	# nothing comes there, and it stays open.
	exec {kept_open}>&2 2>>"$work/stderr.log"
	eval "$(compose/stack.sh env)"
	export PGDATABASE=t_$name
	export GAPLESS_TOPIC=t.$name GAPLESS_GROUP=writer.$name GAPLESS_PRODUCER_GROUP=producer.$name GAPLESS_DATABASE=
	export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
	trap scenario_end EXIT
	trap 'exit 1' INT TERM
}

# An empty one, without migrations. The server waits no longer than 5 s for sessions to end: too short on a busy machine.
database_fresh() {
	local end=$((SECONDS + 10 * patience))
	until psql -X -q -d postgres -v ON_ERROR_STOP=1 -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)" -c "CREATE DATABASE $PGDATABASE" \
		>"$work/createdb.out" 2>&1; do
		[ $SECONDS -lt $end ] || bail "no database: $(cat "$work/createdb.out")"
		sleep 0.5
	done
}

database_new() {
	database_fresh
	"$GAPLESS_BIN/gapless-writer" migrate >"$work/migrate.out" 2>&1 || bail "migrate: $(cat "$work/migrate.out")"
}

topic_create() { # topic, partitions, [setting=value...]
	"$kafka_topic" create "$@" || bail "the topic $1 is not created"
}

topic_grow() { # topic, partitions that it has then
	"$kafka_topic" grow "$@" || bail "the topic $1 does not grow"
}

topic_delete() { # [topic...]; those that are not there are left out
	"$kafka_topic" delete "${@:-$GAPLESS_TOPIC}" || bail "the topic ${1:-$GAPLESS_TOPIC} is not deleted"
}

# What is older than these offsets goes: lines "partition offset".
topic_trim() { "$kafka_topic" trim "${1:-$GAPLESS_TOPIC}"; } # [topic]

scenario_end() {
	local status=$? p
	for p in "${!pid_of[@]}"; do
		kill -TERM "${pid_of[$p]}" 2>/dev/null
		# Only what a test has frozen: a leak check at the end of a process stops it too, and must not be disturbed.
		if grep -q '^State:.T' "/proc/${pid_of[$p]}/status" 2>/dev/null; then
			kill -CONT "${pid_of[$p]}" 2>/dev/null
		fi
	done
	for p in "${!pid_of[@]}"; do
		wait "${pid_of[$p]}" 2>/dev/null
	done
	if declare -F at_end >/dev/null; then # what a scenario has besides
		at_end
	fi
	exit "$status"
}

# --- processes

spawn() { # name, command...
	local who=$1
	shift
	"$@" >>"$work/$who.log" 2>&1 &
	pid_of[$who]=$!
}

running() { [ -n "${pid_of[$1]:-}" ] && kill -0 "${pid_of[$1]}" 2>/dev/null; }

gone() { ! running "$1"; }

# Ends a process with a signal and sets $code to how it ended.
stop() { # name, [signal]
	local who=$1 signal=${2:-TERM}
	kill "-$signal" "${pid_of[$who]}" 2>/dev/null
	wait "${pid_of[$who]}" 2>/dev/null
	code=$?
	unset "pid_of[$who]"
}

# Waits for a process that ends by itself; sets $code.
ended() { # name
	wait "${pid_of[$1]}" 2>/dev/null
	code=$?
	unset "pid_of[$1]"
}

exchange() { # arguments of gapless-exchange
	: >"$work/exchange.log"
	spawn exchange "${GAPLESS_EXCHANGE:-$GAPLESS_BIN/gapless-exchange}" --port 0 "$@"
	local end=$((SECONDS + 20 * patience))
	until url=$(sed -n 's/^gapless-exchange listening on //p' "$work/exchange.log" | tail -n 1) && [ -n "$url" ]; do
		running exchange && [ $SECONDS -lt $end ] || bail "the exchange does not start: $(tail -n 3 "$work/exchange.log")"
		sleep 0.05
	done
	export GAPLESS_EXCHANGE_URL=$url
}

writer() { writer_as writer "$@"; }

producer() { producer_as producer "$@"; }

# Several of them: each needs a name.
writer_as() { spawn "$1" "$GAPLESS_BIN/gapless-writer" "${@:2}"; }

producer_as() { spawn "$1" "$GAPLESS_BIN/gapless-producer" "${@:2}"; }

control() { curl -fsS "$url/control/$1"; }

# What a process says from now on; what it said is kept beside it.
log_forget() { # who
	if [ -e "$work/$1.log" ]; then cat "$work/$1.log" >>"$work/$1.earlier"; fi
	: >"$work/$1.log"
}

logged() { # who, pattern
	grep -qE -- "$2" "$work/$1.log"
}

# How many partitions somebody has by his own account; empty while he has none.
partitions_of() {
	grep -oE 'partitions (assigned|given back|lost)[^"]*" partitions=[0-9]+|no partition for this|assigns its partitions again' "$work/$1.log" |
		tail -n 1 | sed -n 's/.*assigned" partitions=//p'
}

has() { [ "$(partitions_of "$1")" = "$2" ]; }

# Asked to end, by a signal, it does, with this code.
ends_with() { # code, name, [signal]
	stop "$2" "${3:-TERM}"
	is "$2 ends with $1 on ${3:-TERM}" "$code" "$1"
}

ends_with_0() { ends_with 0 "$1"; } # name

# The stack's servers: server pg|kafka start|stop|kill, server up.
server() { compose/stack.sh "$@" >>"$work/stack.log" 2>&1; }

# For what happens at a random moment; whatever can be waited for is awaited.
pause_ms() { sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"; }

# It waits, and does not run round: of a second it computes for less than a fifth. (A busy machine makes that less.)
rests() { # who
	local before=$(($(cpu_ticks "$1")))
	pause_ms 1000
	[ $((100 * ($(cpu_ticks "$1") - before) / $(getconf CLK_TCK))) -lt 20 ]
}

cpu_ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/${pid_of[$1]}/stat"; }

rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/${pid_of[$1]}/status"; }

# --- the database

# A transaction that stays open until it is released: committed, or rolled back where that is asked for.
declare -A held
hold() { # name, statements
	local fd
	rm -f "$work/$1.fifo"
	mkfifo "$work/$1.fifo"
	spawn "$1" psql -X -q -v ON_ERROR_STOP=1 -f "$work/$1.fifo"
	exec {fd}>"$work/$1.fifo"
	held[$1]=$fd
	printf 'SET application_name = %s; BEGIN; %s;\n' "hold_$1" "$2" >&"$fd"
	await 10 "$1: a transaction is open" sql_is "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hold_$1'
		AND state = 'idle in transaction'" 1
}

release() { # name, [ROLLBACK]
	local fd=${held[$1]}
	printf '%s;\n\\q\n' "${2:-COMMIT}" >&"$fd"
	exec {fd}>&-
	unset "held[$1]"
	ended "$1"
}

sql() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }

sql_is() { [ "$(sql "$1" 2>/dev/null)" = "$2" ]; }

stored() { sql 'SELECT count(*) FROM market_data'; }

stored_more_than() { [ "$(stored 2>/dev/null)" -gt "$1" ]; }

exchange_ms() { control clock | sed -n 's/.*"sandbox_ms":\([0-9]*\).*/\1/p'; }

exchange_now() { control clock | sed -n 's/.*"sandbox":"\([^"]*\)".*/\1/p'; } # ISO time

exchange_is_at() { [ "$(exchange_ms)" -ge "$(date -d "$1" +%s000)" ]; } # ISO time

gaps_now() { sql "SELECT count(*) FROM market_data_gaps_at('$(exchange_now)')"; }

# Where nothing is wanted yet, nothing can be missing: that is not meant.
no_gaps() {
	sql_is "SELECT count(*) > 0 AND NOT EXISTS (SELECT FROM market_data_gaps_at('$(exchange_now)')) FROM market_data_series" t
}

is_wanted() { sql_is "SELECT count(*) > 0 FROM market_data_series WHERE symbol = '$1'" t; } # symbol

# Every stored candle of the span, as the exchange's truth is written.
table_tsv() { # symbol, interval, from, to
	PGTZ=UTC psql -X -q -At -F $'\t' -v ON_ERROR_STOP=1 -c "SELECT symbol, \"interval\", \"timestamp\"::text, open::text, high::text,
		low::text, close::text, volume::text, quote_volume::text, revision::text FROM market_data
		WHERE symbol = '$1' AND \"interval\" = '$2' AND \"timestamp\" >= '$3' AND \"timestamp\" < '$4' ORDER BY \"timestamp\""
}

truth_tsv() { # symbol, interval, from, to
	curl -fsS "$url/control/truth?market=$1&interval=$2&from=$3&to=$4&format=tsv"
}

# The table holds in [from, to) exactly what the exchange finally has, digit for digit; at least `least` candles of it.
equals_truth() { # symbol, interval, from, to, [least]
	local t="$work/table.$1.$2.tsv" x="$work/truth.$1.$2.tsv"
	table_tsv "$1" "$2" "$3" "$4" >"$t" && truth_tsv "$1" "$2" "$3" "$4" >"$x" || return 1
	if ! cmp -s "$t" "$x"; then
		note "$1 $2: $(wc -l <"$t") in the table, $(wc -l <"$x") at the exchange; first difference:"
		diff "$t" "$x" | head -n 4 | sed 's/^/#   /'
		return 1
	fi
	[ "$(wc -l <"$t")" -ge "${5:-1}" ] || {
		note "$1 $2: only $(wc -l <"$t") candles compared, wanted ${5:-1}"
		return 1
	}
}

# --- what the exchange is told, and what it saw (tests/exchange/README.md)

clock_set() { control "clock?set=$1" >/dev/null; } # ISO time

clock_advance() { control "clock?advance=$1" >/dev/null; } # seconds; a negative number sets it back

clock_freeze() { control 'clock?freeze=1' >/dev/null; }

clock_run() { control 'clock?run=1' >/dev/null; }

iso() { date -u -d "@$(($1 / 1000))" +%FT%TZ; } # ms

# n ISO times, a minute apart.
minutes() { # from, n
	local at i
	at=$(date -d "$1" +%s)
	for ((i = 0; i < $2; i++)); do
		date -u -d "@$((at + 60 * i))" +%FT%TZ
	done
}

later() { date -u -d "$1 $2 seconds" +%FT%TZ; } # ISO time, seconds; an earlier one where they are negative

# One answer goes wrong, or count=N of them (-1: until faults_clear), after=N good ones; market=, interval= limit it.
fault() { # KIND[=VALUE], [key=value...]
	local IFS='&'
	control "fault?$*" >/dev/null
}

# Every ordered fault has hit as often as it was to.
faults_done() { [ "$(control faults | jq '[.[] | select(.left > 0)] | length')" = 0 ]; }

faults_clear() { control faults/clear >/dev/null; }

# From `at` on the candle shows other values; where there was none, it appears late.
correct() { # symbol, interval, timestamp, at
	control "correct?market=$1&interval=$2&timestamp=$3&at=$4" >/dev/null
}

answers_take() { control "limit?delay=$1" >/dev/null; } # MIN-MAX in ms

# How many pages (requests with `to`, thus not live polls) were asked for since asked_reset.
pages_asked() { # [symbol, [interval]]
	control 'repeats?min=1&by=asked&max=1000000' |
		jq --arg m "${1:-}" --arg i "${2:-}" '[.repeats[] | select(($m == "" or .market == $m) and ($i == "" or .interval == $i)) |
			.asked] | add // 0'
}

# How many pages were asked for again though they had been answered well.
pages_repeated() { # symbol...
	control 'repeats?min=2&max=1000000' | jq '[.repeats[] | select(.market | IN($ARGS.positional[]))] | length' --args "$@"
}

asked() { control stats | jq -r "$1"; } # jq filter over /control/stats

asked_reset() { control stats/reset >/dev/null; }

# How many candle requests arrived in each second of real time, one number a line.
requests_each_second() { # from, to (unix seconds)
	control "rate?window=1&from=$1000&to=$2000" | jq '.windows[].requests'
}

# --- what the topic carries

topic_dump() { kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_TOPIC" -e -q -f '%p %o %s\n' >"$1"; }

topic_mark() { topic_dump "$work/topic.mark"; }

# The messages that were published after the mark.
published() {
	topic_dump "$work/topic.now"
	awk 'FILENAME == ARGV[1] { old[$1 " " $2]; next } !(($1 " " $2) in old) { sub(/^[0-9]+ [0-9]+ /, ""); print }' \
		"$work/topic.mark" "$work/topic.now"
}

# --- what the database claims

gaps_of() { # symbol
	sql "SELECT count(*) FROM market_data_gaps_at('$(exchange_now)') WHERE symbol = '$1'"
}

complete() { # symbol...: each is wanted, and none of them has a gap
	local IFS=,
	sql_is "SELECT count(DISTINCT symbol) FROM market_data_series WHERE symbol = ANY ('{$*}')
		AND NOT EXISTS (SELECT FROM market_data_gaps_at('$(exchange_now)') WHERE symbol = ANY ('{$*}'))" $#
}

covers() { # symbol, interval, from, to: all of it is claimed
	sql_is "SELECT tstzrange('$3', '$4') <@ covered FROM market_data_coverage
		WHERE symbol = '$1' AND interval = '$2'" t
}

live() { # symbol...: a second is in the table that is less than 6 s old, of each
	local IFS=,
	sql_is "SELECT count(*) FROM (SELECT max(timestamp) AS at FROM market_data
		WHERE interval = '1s' AND symbol = ANY ('{$*}') GROUP BY symbol) AS s
		WHERE at > '$(exchange_now)'::timestamptz - interval '6 s'" $#
}

# Of what is claimed in [from, to), how many candles are not as the exchange finally has them: with another value, missing, or
# not of the exchange. One snapshot of the database, and a truth that holds what is yet to be corrected.
claimed_wrongly() { # symbol, interval, from, to
	PGTZ=UTC psql -X -q -At -v ON_ERROR_STOP=1 <<-SQL
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		CREATE TEMP TABLE truth (symbol text, "interval" text, "timestamp" timestamptz, open text, high text, low text, close text,
			volume text, quote_volume text, revision text) ON COMMIT DROP;
		CREATE TEMP TABLE claimed ON COMMIT DROP AS SELECT unnest(covered) AS span FROM market_data_coverage
			WHERE symbol = '$1' AND "interval" = '$2';
		\copy truth FROM PROGRAM 'curl -fsS "$url/control/truth?market=$1&interval=$2&from=$3&to=$4&settle=0&format=tsv"'
		SELECT count(*) FROM truth t FULL JOIN (SELECT * FROM market_data WHERE symbol = '$1' AND "interval" = '$2'
				AND "timestamp" >= '$3' AND "timestamp" < '$4') m USING ("timestamp")
			WHERE "timestamp" <@ ANY (SELECT span FROM claimed) AND (t.open, t.high, t.low, t.close, t.volume, t.quote_volume,
				t.revision) IS DISTINCT FROM (m.open::text, m.high::text, m.low::text, m.close::text, m.volume::text,
				m.quote_volume::text, m.revision::text);
		COMMIT;
	SQL
}

# --- where the writers stand: three lists of "partition offset", in the order of the partitions

# Where each partition ends: what a consumer may read up to.
topic_ends() { "$kafka_topic" ends; }

positions() {
	sql "SELECT partition || ' ' || next_offset FROM market_data_position WHERE topic = '$GAPLESS_TOPIC' ORDER BY partition"
}

kafka_group() { # arguments of Kafka's own tool for consumer groups
	compose/stack.sh kafka-tool org.apache.kafka.tools.consumer.group.ConsumerGroupCommand \
		--bootstrap-server "$GAPLESS_BROKERS" --group "$GAPLESS_GROUP" "$@" 2>>"$work/group.err"
}

# Partitions without a committed offset are left out.
committed() { "$kafka_topic" committed; }

# Everything that the topic has is stored.
caught_up() {
	local ends
	ends=$(topic_ends) && [ -n "$ends" ] && [ "$ends" = "$(positions 2>/dev/null)" ]
}

# Of the committed offsets, how many are ahead of the database, and how many behind it: "ahead behind". Kafka is asked first.
committed_against_positions() {
	committed >"$work/committed" && positions >"$work/positions" && [ -s "$work/positions" ] || return 1
	awk 'NR == FNR { at[$1] = $2; next } { c = $1 in at ? at[$1] : 0; ahead += c > $2; behind += c < $2; delete at[$1] }
		END { for (p in at) ahead += at[p] > 0; print ahead + 0, behind + 0 }' "$work/committed" "$work/positions"
}

# No committed offset is ahead of the database: what Kafka takes for done is stored.
no_offset_ahead() {
	local ahead behind
	read -r ahead behind <<<"$(committed_against_positions)"
	[ "${ahead:-unknown}" = 0 ] || note "${ahead:-unknown} offsets are ahead of the database, ${behind:-unknown} behind it"
	[ "${ahead:-unknown}" = 0 ]
}

# --- an end to compare at

# Makes everything up to now final: the exchange's clock stands still, seven minutes further on.
clock_settle() {
	clock_freeze
	clock_advance 430
}

# "symbol interval from to" of each series: what is wanted and must be there by now.
due() {
	PGTZ=UTC psql -X -q -At -F ' ' -v ON_ERROR_STOP=1 -c "SELECT symbol, \"interval\", to_char(greatest(wanted_from, listed_from),
		'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), to_char(market_data_due(\"interval\", '$(exchange_now)'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
		FROM market_data_series ORDER BY 1, 2"
}

# Every series has no gap and equals the truth; together they have at least so many candles.
complete_and_true() { # least
	local symbol interval from to n=0
	no_gaps || return 1
	due >"$work/due" || return 1
	while read -r symbol interval from to; do
		equals_truth "$symbol" "$interval" "$from" "$to" 0 || return 1
		n=$((n + $(wc -l <"$work/table.$symbol.$interval.tsv")))
	done <"$work/due"
	note "$n candles of $(wc -l <"$work/due") series are as the exchange has them"
	[ "$n" -ge "$1" ]
}

# No series' coverage claims a candle that is not in the table as the exchange finally has it.
claims_are_true() {
	local symbol interval from to n
	due >"$work/due" || return 1
	while read -r symbol interval from to; do
		n=$(claimed_wrongly "$symbol" "$interval" "$from" "$to") && [ "$n" = 0 ] || {
			note "$symbol $interval: ${n:-?} candles are claimed wrongly"
			return 1
		}
	done <"$work/due"
}
