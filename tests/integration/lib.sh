# What every scenario shares: TAP, processes, waiting for conditions, and the comparison of the table with the truth.
# Sourced by the .t files, which prove runs from the top of the tree:
#
#	. tests/integration/lib.sh
#	scenario NAME        a database, a topic and groups of its own on the test stack; everything is stopped at the end
#	exchange ARG...      starts the sandbox exchange; control PATH talks to it
#	writer ARG..., producer ARG...
#	await SECONDS "what" CONDITION...     polls; the condition is a command
#	ok "what" CONDITION..., is "what" GOT WANTED, finish
#
# Environment: GAPLESS_BIN (build/asan) the programs; the stack is the one of stack.sh under GAPLESS_STACK.
set -u -o pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

GAPLESS_BIN=${GAPLESS_BIN:-build/asan}
export GAPLESS_STACK=${GAPLESS_STACK:-test}
tap_n=0
tap_failed=0
pids=()
declare -A pid_of

ok() { # what, command...
	local what=$1
	shift
	tap_n=$((tap_n + 1))
	if "$@"; then
		printf 'ok %d - %s\n' "$tap_n" "$what"
	else
		printf 'not ok %d - %s\n' "$tap_n" "$what"
		tap_failed=1
	fi
}

is() { # what, got, wanted
	ok "$1" test "$2" = "$3"
	[ "$2" = "$3" ] || note "got '$2', wanted '$3'"
}

note() { printf '# %s\n' "$*"; }

bail() {
	printf 'Bail out! %s\n' "$*"
	exit 1
}

finish() {
	printf '1..%d\n' "$tap_n"
	exit "$tap_failed"
}

# Waits until the command succeeds; a failed wait is a failed test, with the ends of the logs.
await() { # seconds, what, command...
	local seconds=$1 what=$2 end
	shift 2
	end=$(($(date +%s%N) / 1000000 + seconds * 1000))
	while ! "$@"; do
		if [ $(($(date +%s%N) / 1000000)) -ge "$end" ]; then
			ok "$what (within $seconds s)" false
			logs_show
			return 1
		fi
		sleep 0.1
	done
	ok "$what" true
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
	name=$1
	work=$(pwd)/build/tests/$name
	rm -rf "$work"
	mkdir -p "$work"
	eval "$(compose/stack.sh env)"
	export PGDATABASE=t_$name
	export GAPLESS_TOPIC=t.$name GAPLESS_GROUP=writer.$name GAPLESS_DATABASE=
	export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
	trap scenario_end EXIT
	trap 'exit 1' INT TERM
	database_new
	topic_delete
}

database_new() {
	psql -q -d postgres -v ON_ERROR_STOP=1 -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)" \
		-c "CREATE DATABASE $PGDATABASE" >"$work/createdb.out" 2>&1 || bail "no database: $(cat "$work/createdb.out")"
	"$GAPLESS_BIN/gapless-writer" migrate >"$work/migrate.out" 2>&1 || bail "migrate: $(cat "$work/migrate.out")"
}

topic_delete() {
	compose/stack.sh kafka-tool org.apache.kafka.tools.TopicCommand --bootstrap-server "$GAPLESS_BROKERS" \
		--delete --if-exists --topic "$GAPLESS_TOPIC" >"$work/topic.out" 2>&1 || bail "topic: $(tail -n 3 "$work/topic.out")"
}

scenario_end() {
	local status=$? p
	for p in "${!pid_of[@]}"; do
		kill -CONT "${pid_of[$p]}" 2>/dev/null
		kill -TERM "${pid_of[$p]}" 2>/dev/null
	done
	for p in "${!pid_of[@]}"; do
		wait "${pid_of[$p]}" 2>/dev/null
	done
	exit "$status"
}

# --- processes

spawn() { # name, command...
	local who=$1
	shift
	"$@" >>"$work/$who.log" 2>&1 &
	pid_of[$who]=$!
}

running() { kill -0 "${pid_of[$1]}" 2>/dev/null; }

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
	spawn exchange "${GAPLESS_EXCHANGE:-$GAPLESS_BIN/gapless-exchange}" --port 0 "$@"
	local end=$((SECONDS + 20))
	until url=$(sed -n 's/^gapless-exchange listening on //p' "$work/exchange.log" | tail -n 1) && [ -n "$url" ]; do
		running exchange && [ $SECONDS -lt $end ] || bail "the exchange does not start: $(tail -n 3 "$work/exchange.log")"
		sleep 0.05
	done
	export GAPLESS_EXCHANGE_URL=$url
}

writer() { spawn writer "$GAPLESS_BIN/gapless-writer" "$@"; }

producer() { spawn producer "$GAPLESS_BIN/gapless-producer" "$@"; }

control() { curl -fsS "$url/control/$1"; }

logged() { # who, pattern
	grep -qE -- "$2" "$work/$1.log"
}

rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/${pid_of[$1]}/status"; }

# --- the database

sql() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }

sql_is() { [ "$(sql "$1" 2>/dev/null)" = "$2" ]; }

exchange_now() { control clock | jq -r '.now'; }

gaps_now() { sql "SELECT count(*) FROM market_data_gaps_at('$(exchange_now)')"; }

no_gaps() { [ "$(gaps_now 2>/dev/null)" = 0 ]; }

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
