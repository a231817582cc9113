# SPDX-License-Identifier: MIT
# measure.sh: clocks, a database to measure in, and one line of JSON for each run (build/bench/runs.jsonl). Sourced.
#
#	begin                             before a run: where the counters stand
#	finish FIGURE ORDER ROWS SECONDS CLIENT_TICKS PEAK_KB
#
# What looks at the table meanwhile is one psql that stays open (ask): one a sample would take most of a core.

say() { printf '%s\n' "$*"; }
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }

# --- clocks; a tick is a hundredth of a second of CPU

ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

exec {nothing}<> <(:)
nap() { read -r -t "$1" -u "$nothing" || true; } # seconds, without a process

ticks() { # pid: its CPU time
	awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$1/stat" 2>/dev/null || echo 0
}

peak_kb() { awk '/^VmHWM/ { print $2 }' "/proc/$1/status" 2>/dev/null || echo 0; } # pid

pid_of() { compose/stack.sh status | sed -n "s/^$1 .*pid \([0-9]*\)/\1/p"; }

# The server and all its children, those that have ended included; without the session that watches.
pg_ticks() {
	local children now
	now=$(pgrep -P "$postmaster")
	until [ "$now" = "${children:-}" ]; do # one that ends meanwhile would be counted twice, or not at all
		children=$now
		# shellcheck disable=SC2046,SC2001
		set -- $(echo "$children" | sed "/^${watcher:-none}$/d; s|.*|/proc/&/stat|")
		pg_now=$(awk -v postmaster="$postmaster" '{ pid = $1; sub(/^.*\) /, "") }
			{ sum += $12 + $13 + (pid == postmaster ? $14 + $15 : 0) } END { print sum }' "/proc/$postmaster/stat" "$@" 2>/dev/null)
		now=$(pgrep -P "$postmaster")
	done
}

busy_ticks() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat; }

# --- the database that is measured in

sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "${2:-bench}" -c "$1"; }

watch() { # opens the session that samples
	coproc WATCH { exec psql -X -q -At -d bench 2>&1; }
	watch_in=${WATCH[1]} watch_out=${WATCH[0]} watch_pid=$WATCH_PID
	ask 'SELECT pg_backend_pid()' && watcher=$answer
}

unwatch() {
	[ -n "${watch_pid:-}" ] || return 0
	printf '\\q\n' >&"$watch_in"
	wait "$watch_pid"
	watch_pid= watcher=
}

ask() { # a query of one row; the row is in `answer`
	printf '%s;\n' "$1" >&"$watch_in" && IFS= read -r -t 60 -u "$watch_out" answer || die "the database does not answer: $1"
}

database_new() { # an empty one, with the tables as users have them
	unwatch
	psql -X -q -d postgres -v ON_ERROR_STOP=1 -c 'DROP DATABASE IF EXISTS bench WITH (FORCE)' -c 'CREATE DATABASE bench' >/dev/null 2>&1 ||
		die 'no database'
	PGDATABASE=bench GAPLESS_DATABASE='' "$bin/gapless-writer" migrate >"$work/migrate.log" 2>&1 || die "migrate: see $work/migrate.log"
	watch
}

# What is in the table, whatever its order: how many rows, and a sum over all their bytes.
contents() {
	sql "SELECT count(*) || ' ' || coalesce(sum(hashtextextended(ROW($columns)::text, 0)), 0) FROM market_data"
}

same_or_die() { # whose; `expected` is what COPY made
	[ "$(contents)" = "$expected" ] || die "$1: the table is not what COPY made"
}

# --- a run

begin() {
	sql CHECKPOINT
	ask 'SELECT pg_current_wal_insert_lsn()'
	began_wal=$answer
	pg_ticks
	began_ms=$(ms) began_pg=$pg_now began_busy=$(busy_ticks) began_kafka=$(ticks "$kafka")
}

finish() {
	local pg kafka_used others wal
	pg_ticks
	pg=$((pg_now - began_pg)) kafka_used=$(($(ticks "$kafka") - began_kafka))
	others=$(($(busy_ticks) - began_busy - pg - kafka_used - $5))
	ask "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$began_wal')::bigint"
	wal=$answer
	awk -v round="$round" -v all="$rows" -v figure="$1" -v order="$2" -v rows="$3" -v seconds="$4" -v client="$5" -v kb="$6" \
		-v pg="$pg" -v kafka="$kafka_used" -v others="$others" -v wal="$wal" -v took=$(($(ms) - began_ms)) 'BEGIN {
			printf "{\"round\":%d,\"figure\":\"%s\",\"order\":\"%s\",\"rows\":%d,\"seconds\":%.3f,\"rows_per_s\":%d,", round, figure,
				order, rows, seconds, rows / seconds
			printf "\"client_us\":%.2f,\"server_us\":%.2f,\"broker_us\":%.2f,", client * 1e4 / all, pg * 1e4 / all, kafka * 1e4 / all
			printf "\"peak_mib\":%.1f,\"wal_bytes\":%d,\"others_cores\":%.2f}\n", kb / 1024, wal, others * 10 / took
		}' >>"$work/runs.jsonl"
	say "  round $round: $1, by $2: $(awk -v n="$3" -v s="$4" 'BEGIN { printf "%d rows/s", n / s }')"
}
