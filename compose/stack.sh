#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# stack.sh: the local stack without containers: one Apache Kafka broker (KRaft) and one PostgreSQL server, on
# loopback.
#
#	stack.sh up                       start what is not running, wait until both answer
#	stack.sh down                     stop what is running
#	stack.sh status                   one line for each; exits 0 if both answer, else 1
#	stack.sh env                      `export` lines for a shell: eval "$(compose/stack.sh env)"
#	stack.sh kafka start|stop|kill    the broker alone (kill = SIGKILL)
#	stack.sh pg start|stop|kill       the database alone (kill = SIGKILL, backends too)
#	stack.sh kafka-tool CLASS ARG...  one of Kafka's own Java tools, from the same jars
#	stack.sh fetch                    fetch the jars, start nothing
#	stack.sh clean [all]              stop this stack (all: each of this build directory), remove its data
#
# Settings (environment):
#	GAPLESS_BUILD            directory of all state                (default: build/ beside compose/)
#	GAPLESS_STACK            name; stacks of other names and ports live side by side       (local)
#	GAPLESS_KAFKA_PORT       broker                                                        (19092)
#	GAPLESS_CONTROLLER_PORT  its controller                                                (19093)
#	GAPLESS_PG_PORT          PostgreSQL                                                    (15432)
#	GAPLESS_PG_TIMEZONE      time zone of the database's sessions                            (UTC)
#	GAPLESS_PG_PRELOAD       libraries that the database loads, e.g. timescaledb             (none)
#	GAPLESS_KAFKA_EXTRA      a file of more properties of the broker                       (none)
#	GAPLESS_KAFKA_JAVA       more options of its Java                                      (none)
#	GAPLESS_STACK_WAIT_S     how long a start may take, in seconds                            (60)
#
# Every command can be repeated, and returns when what it promises is so, or exits 1 with a sentence
# (settings: 2). A lock serialises the commands that start or stop. A process is signalled only if its command
# line shows that it is this stack's: a pid file that outlived a reboot harms nobody. The servers hold no
# descriptor of ours.
#
# State: build/stack (build/stack-NAME for a stack with a name), jars shared in build/kafka. As root the
# database runs as user postgres; where that user cannot enter build/, its data lies in /var/tmp/gapless-<hash
# of the stack's path>.

set -u -o pipefail
umask 022
export LC_ALL=C.UTF-8
unset CDPATH "${!PG@}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

say() { printf '%s\n' "$*"; }
die() { printf 'stack: %s\n' "$*" >&2; exit 1; }
die_usage() { printf 'stack: %s\n' "$*" >&2; exit 2; }

# shellcheck source=find.sh
. "$here/find.sh"
# shellcheck source=kafka.sh
. "$here/kafka.sh"
# shellcheck source=postgres.sh
. "$here/postgres.sh"

settings_read() {
	local name port
	stack=${GAPLESS_STACK:-local}
	[[ $stack =~ ^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$ ]] ||
		die_usage "GAPLESS_STACK is '$stack': use up to 32 of a-z, 0-9 and '-'"
	kafka_port=${GAPLESS_KAFKA_PORT:-19092}
	controller_port=${GAPLESS_CONTROLLER_PORT:-19093}
	pg_port=${GAPLESS_PG_PORT:-15432}
	wait_s=${GAPLESS_STACK_WAIT_S:-60}
	pg_timezone=${GAPLESS_PG_TIMEZONE:-UTC}
	pg_preload=${GAPLESS_PG_PRELOAD:-}
	for name in kafka_port controller_port pg_port; do
		port=${!name}
		if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
			die_usage "GAPLESS_${name^^} is '$port': use a port, 1 to 65535"
		fi
	done
	((kafka_port != controller_port && kafka_port != pg_port && controller_port != pg_port)) ||
		die_usage "the ports $kafka_port, $controller_port and $pg_port must differ from each other"
	[[ $wait_s =~ ^[1-9][0-9]{0,3}$ ]] ||
		die_usage "GAPLESS_STACK_WAIT_S is '$wait_s': use seconds, 1 to 9999"
	[[ $pg_preload =~ ^[a-z0-9_,]*$ ]] || die_usage "GAPLESS_PG_PRELOAD is '$pg_preload': use a name such as timescaledb"
	[[ $pg_timezone =~ ^[A-Za-z0-9_+/-]+$ ]] ||
		die_usage "GAPLESS_PG_TIMEZONE is '$pg_timezone': use a name such as America/New_York"

	build=$(realpath -m -- "${GAPLESS_BUILD:-$here/../build}")
	[[ $build != *[[:cntrl:]]* ]] ||
		die_usage "the path of the build directory has a control character in it"
	stack_place "$stack"
}

# The paths of the stack of that name.
stack_place() {
	dir=$build/stack
	[[ $1 == local ]] || dir=$build/stack-$1
	kafka_place
	pg_place
}

build_check() {
	mkdir -p "$build" 2>/dev/null
	if [[ ! -w $build ]] || [[ -e $dir && ! -O $dir ]]; then
		die "$dir is not yours to write: run as its owner, or set GAPLESS_BUILD elsewhere"
	fi
}

lock_take() {
	build_check
	exec 9>"$dir.lock" || exit 1
	flock -n 9 && return
	say "waiting for another stack.sh to finish with this stack"
	flock -w $((wait_s + 60)) 9 || die "another stack.sh has held $dir.lock for $((wait_s + 60)) s"
}

# ---------------------------------------------------------------------------------------------- processes

# Starts a server: a session of its own, nothing open but its log. A reader of our output sees its end when we
# are done.
daemon_start() {	# log working-directory command...
	local log=$1 where=$2 fd
	shift 2
	if [[ -f $log ]] && (($(stat -c %s "$log") > 4 << 20)); then
		mv -f "$log" "$log.1"
	fi
	(
		cd "$where" || exit
		exec </dev/null >>"$log" 2>&1
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			((fd > 2)) && eval "exec $fd>&-"
		done
		exec setsid -- "$@"
	) &
	daemon_pid=$!
}

# Is the process alive, and is this one of its arguments? (A zombie has none.) One whose root is known to be
# another is a container's with the same paths; root without CAP_SYS_PTRACE cannot see the root of other
# users' processes.
pid_has_argument() {	# pid argument
	[[ ${1:-} =~ ^[1-9][0-9]*$ ]] && [[ ! -e /proc/$1/root || /proc/$1/root -ef / ]] &&
		grep -qzxF -f <(printf '%s\n' "$2") "/proc/$1/cmdline" 2>/dev/null
}

# Prints the processes that have this argument: how a server is found whose files were removed while it ran.
pids_by_argument() {	# argument
	local pid
	grep -lzxF -f <(printf '%s\n' "$1") /proc/[0-9]*/cmdline 2>/dev/null | tr -dc '0-9\n' |
		while read -r pid; do
			! pid_has_argument "$pid" "$1" || printf '%s\n' "$pid"
		done
}

# Something listens there. A connection that hangs counts: somebody's queue is full.
port_taken() {
	# shellcheck disable=SC2016	# expanded by the inner shell
	timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"' "$1" 2>/dev/null
	(($? != 1))
}

# Gives a server of ours that has just been killed a moment to let go of its port.
ports_check() {	# VARIABLE port ...
	local give_up=$((SECONDS + 3))
	while (($#)); do
		while port_taken "$2"; do
			((SECONDS < give_up)) ||
				die "port $2 on 127.0.0.1 is taken by another program: end it, or set $1"
			sleep 0.1
		done
		shift 2
	done
}

elapsed() {	# since (microseconds)
	local us=$((${EPOCHREALTIME/./} - $1))
	printf '%d.%d s' $((us / 1000000)) $((us / 100000 % 10))
}

# ---------------------------------------------------------------------------------------------- one part
# A part is `kafka` or `pg`; kafka.sh and postgres.sh define for each: _title, _log, _pid (prints it; fails if
# it does not run), _port_now, _ports (check), _prepare, _spawn, _ready (one probe), _settle (once ready),
# _term, _kill.

part_await() {	# part
	until "$1_ready"; do
		"$1_pid" >/dev/null || return 1
		((SECONDS < wait_s)) || return 2
		sleep 0.1
	done
}

part_failed() {	# part status
	local title log=$1_log what="did not answer within $wait_s s"
	title=$1_title
	(($2 == 2)) || what="ended while starting"
	{
		printf 'stack: %s %s; the end of %s:\n' "${!title}" "$what" "${!log}"
		tail -n 20 "${!log}" 2>/dev/null | sed 's/^/    /'
	} >&2
}

# Fails if the part runs on another port than the settings ask for.
part_same_port() {	# part
	local title=$1_title port=$1_port now
	now=$("$1_port_now")
	[[ -n $now ]] || die "${!title} of this stack runs, and its files are gone: \`down\` first"
	[[ $now == "${!port}" ]] ||
		die "${!title} runs on port $now, not ${!port}: \`down\` first, or set another GAPLESS_STACK"
}

part_stop() {	# part term|kill
	local part=$1 title=$1_title pid since=${EPOCHREALTIME/./} give_up=$((SECONDS + 30)) killed=
	pid=$("${part}_pid") || return 1
	"${part}_$2" "$pid"
	while "${part}_pid" >/dev/null; do
		if ((SECONDS >= give_up)); then
			[[ -z $killed ]] || die "${!title} (pid $pid) does not end"
			"${part}_kill" "$pid"
			killed=yes
			give_up=$((SECONDS + 30))
		fi
		sleep 0.05
	done
	say "${!title} stopped ($(elapsed "$since"))"
}

# Starts the named parts that do not run and waits for all. On failure nothing that it started goes on
# running.
parts_start() {	# part...
	local part title port status failed='' since=${EPOCHREALTIME/./} new=() job jobs=()
	mkdir -p "$dir" || exit 1
	for part; do
		if "${part}_pid" >/dev/null; then
			part_same_port "$part"
		else
			new+=("$part")
		fi
	done
	for part in "${new[@]}"; do
		"${part}_ports"
	done
	for part in "${new[@]}"; do
		{ "${part}_prepare" && "${part}_spawn"; } &
		jobs+=("$!")
	done
	for job in "${jobs[@]}"; do
		wait "$job" || failed=yes
	done
	# Where the data lies has just been decided, by a process of its own.
	stack_place "$stack"
	SECONDS=0
	[[ -n $failed ]] || for part; do
		part_await "$part"
		status=$?
		((status == 0)) || { part_failed "$part" "$status"; failed=yes; break; }
		"${part}_settle" || { failed=yes; break; }
		title=${part}_title
		port=${part}_port
		if [[ " ${new[*]-} " == *" $part "* ]]; then
			say "${!title} up on 127.0.0.1:${!port} ($(elapsed "$since"))"
		else
			say "${!title} already up on 127.0.0.1:${!port}"
		fi
	done
	[[ -z $failed ]] && return
	for part in "${new[@]}"; do
		part_stop "$part" term >/dev/null
	done
	exit 1
}

# ---------------------------------------------------------------------------------------------- commands

# The jars first, and outside the lock: that can take long, and has a lock of its own.
stack_start() {	# part...
	[[ $* != *kafka* ]] || kafka_pid >/dev/null || kafka_fetch
	lock_take
	parts_start "$@"
}

stack_down() {
	local part found='' job jobs=()
	if [[ ! -e $dir.lock ]] && ! kafka_pid >/dev/null && ! pg_pid >/dev/null; then
		say "nothing runs"
		return
	fi
	lock_take
	for part in kafka pg; do
		# Both are told before either is waited for.
		part_stop "$part" term &
		jobs+=("$!")
	done
	for job in "${jobs[@]}"; do
		! wait "$job" || found=yes
	done
	[[ -n $found ]] || say "nothing runs"
}

stack_status() {
	local part title port pid all=0
	for part in kafka pg; do
		title=${part}_title
		port=${part}_port
		if ! pid=$("${part}_pid"); then
			printf '%-11s down\n' "${!title}"
			all=1
			continue
		fi
		printf -v "$port" %s "$("${part}_port_now")"
		if "${part}_ready"; then
			printf '%-11s up      127.0.0.1:%s  pid %s\n' "${!title}" "${!port}" "$pid"
		else
			printf '%-11s silent  127.0.0.1:%s  pid %s\n' "${!title}" "${!port}" "$pid"
			all=1
		fi
	done
	return $all
}

stack_env() {
	printf 'export %s\n' "GAPLESS_BROKERS=127.0.0.1:$kafka_port" PGHOST=127.0.0.1 "PGPORT=$pg_port" \
		PGUSER=gapless PGDATABASE=gapless
}

# One part alone: start, stop or kill.
stack_part() {	# part action
	local part=$1 title=$1_title
	case $2 in
	start) stack_start "$part" ;;
	stop) lock_take; part_stop "$part" term || say "${!title} does not run" ;;
	kill) lock_take; part_stop "$part" kill || say "${!title} does not run" ;;
	*) die_usage "stack.sh $part: use start, stop or kill" ;;
	esac
}

# Removes the data of this stack, or of each one that has ever been made under this build directory.
stack_clean() {
	local name note names=("$stack")
	[[ -z ${1:-} || $1 == all ]] || die_usage "stack.sh clean: use nothing or \`all\` after it, not '$1'"
	if [[ ${1:-} == all ]]; then
		names+=(local)
		for name in "$build"/stack-*/; do
			[[ -d $name ]] && name=${name%/} && names+=("${name#"$build/stack-"}")
		done
		# Data outside whose build directory is gone already.
		for note in /var/tmp/gapless-*/stack; do
			[[ -O $note && $(<"$note") == "$build"/stack-* ]] || continue
			name=$(<"$note")
			names+=("${name#"$build/stack-"}")
		done
	fi
	for name in "${names[@]}"; do
		stack_place "$name"
		if [[ -d $dir || -d $pg_outside ]] || kafka_pid >/dev/null || pg_pid >/dev/null; then
			stack_down
			rm -rf -- "$dir"
			[[ ! -O $pg_outside || -L $pg_outside ]] || rm -rf -- "$pg_outside"
		fi
		rm -f -- "$dir.lock"
	done
	rmdir "$build" 2>/dev/null || :
}

main() {
	local command=${1:-}
	(($#)) && shift
	settings_read
	case $command in
	up) stack_start kafka pg ;;
	down) stack_down ;;
	status) stack_status ;;
	env) stack_env ;;
	kafka | pg) stack_part "$command" "${1:-}" ;;
	kafka-tool)
		(($#)) || die_usage "stack.sh kafka-tool: name the class to run"
		kafka_fetch >&2
		kafka_tool "$@"
		;;
	fetch) kafka_fetch ;;
	clean) stack_clean "$@" ;;
	-h | --help | help) sed -n '3,/^$/s/^# \{0,1\}//p' "$here/stack.sh" ;;
	*) die_usage "use up, down, status, env, kafka, pg, kafka-tool, fetch or clean (--help tells more)" ;;
	esac
}

main "$@"
