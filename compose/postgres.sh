# SPDX-License-Identifier: MIT
# postgres.sh: the database's part of stack.sh, which sources it. A cluster of its own, never Debian's.
#
# Owns the data directory (complete if it exists: it is renamed into place) and $dir/postgres.log. TCP on
# loopback only, trust, superuser `gapless`, database `gapless` (UTF-8, C.UTF-8). postgresql.conf is written
# at every start; what outlives that belongs into ALTER SYSTEM.

# stack.sh sets the variables used here, and reads the ones set here by name.
# shellcheck shell=bash disable=SC2034,SC2154

pg_title=PostgreSQL

pg_place() {
	pg_log=$dir/postgres.log
	pg_outside=/var/tmp/gapless-$(printf %s "$dir" | sha256sum | cut -c1-12)
	pg_as=()
	((EUID)) || pg_as=(setpriv --reuid=postgres --regid=postgres --init-groups --)
	pg_data=$dir/pg
	[[ -d $pg_data || ! -d $pg_outside/pg || ! -O $pg_outside ]] || pg_data=$pg_outside/pg
}

# Prints the postmaster's pid. postmaster.pid is PostgreSQL's own; its first line outlives a crash.
pg_pid() {
	local pid= found program
	[[ ! -r $pg_data/postmaster.pid ]] || read -r pid <"$pg_data/postmaster.pid"
	if ! pid_has_argument "$pid" "$pg_data"; then
		pid=
		for found in $(pids_by_argument "$pg_data"); do
			# Somebody may just be looking into the directory.
			read -r -d '' program 2>/dev/null <"/proc/$found/cmdline"
			[[ ${program:-} != */postgres ]] || pid=$found
		done
	fi
	[[ -n $pid ]] && printf '%s\n' "$pid"
}

pg_port_now() { sed -n 4p "$pg_data/postmaster.pid" 2>/dev/null; }

pg_ports() { ports_check GAPLESS_PG_PORT "$pg_port"; }

# The programs that fit the data: those of its release, or the newest where there is no data yet.
pg_bin() {
	local release=
	[[ ! -r $pg_data/PG_VERSION ]] || release=$(<"$pg_data/PG_VERSION")
	find_postgres "$release" && return
	[[ -z $release ]] ||
		die "PostgreSQL $release made $pg_data and is gone: install it, or remove the data (clean)"
	die "PostgreSQL 15 or later is missing: \`make deps\` (compose/deps.sh) installs it"
}

# Chooses where the data is to lie. Root: somewhere user postgres can get at.
pg_choose() {
	pg_data=$dir/pg
	((EUID)) && return
	getent passwd postgres >/dev/null ||
		die "there is no user postgres, and PostgreSQL refuses to run as root"
	"${pg_as[@]}" test -x "$dir" && return
	mkdir -m 711 "$pg_outside" 2>/dev/null
	[[ -d $pg_outside && ! -L $pg_outside && -O $pg_outside ]] || die "$pg_outside is not ours: remove it"
	printf '%s\n' "$dir" >"$pg_outside/stack"
	pg_data=$pg_outside/pg
}

pg_prepare() {
	local bin
	if [[ ! -d $pg_data ]]; then
		pg_choose
		bin=$(pg_bin) || exit 1
		rm -rf -- "$pg_data.new"
		mkdir -m 700 "$pg_data.new" || exit 1
		((EUID)) || chown postgres:postgres "$pg_data.new" || exit 1
		(cd / && exec "${pg_as[@]}" "$bin/initdb" -D "$pg_data.new" -U gapless -A trust \
			-E UTF8 --locale=C.UTF-8 --no-instructions </dev/null >>"$pg_log" 2>&1) ||
			{ part_failed pg 1; exit 1; }
		mv "$pg_data.new" "$pg_data" || exit 1
	fi
	pg_forget_dead
	pg_conf_write
}

pg_conf() {
	cat <<-END
		listen_addresses = '127.0.0.1'
		port = $pg_port
		unix_socket_directories = ''
		max_connections = 50
		shared_buffers = 128MB
		max_wal_size = 1GB
		wal_level = logical
		shared_preload_libraries = '$pg_preload'
		fsync = on
		synchronous_commit = on
		timezone = '$pg_timezone'
		log_timezone = 'UTC'
		log_checkpoints = off
		log_line_prefix = '%m [%p] '
		cluster_name = 'gapless-$stack'
	END
}

# As the server's user: root does not write through what lies in somebody else's directory.
pg_conf_write() { pg_conf | "${pg_as[@]}" tee "$pg_data/postgresql.conf" >/dev/null; }

# The servers' processes other than postmasters that work in this data directory, also when their postmaster
# is dead. Asked as the server's user: root without CAP_SYS_PTRACE may not see where they stand.
pg_backends() {
	local proc where title
	(cd / && exec "${pg_as[@]}" find /proc/[0-9]*/cwd -maxdepth 0 -printf '%h %l\n' 2>/dev/null) |
		while read -r proc where; do
			[[ $where == "$pg_data" ]] || continue
			read -r -d '' title 2>/dev/null <"$proc/cmdline"
			[[ ${title:-} != postgres:* ]] || printf '%s\n' "${proc#/proc/}"
		done
}

# After a crash or a reboot: the pid in postmaster.pid can be a stranger's by now, and PostgreSQL would then
# refuse to start. Removes the file, but not before every backend of the dead server is gone: it guards
# against these.
pg_forget_dead() {
	local give_up=$((SECONDS + 10)) pid
	if [[ ! -e $pg_data/postmaster.pid ]] || pg_pid >/dev/null; then
		return 0
	fi
	while pid=$(pg_backends) && [[ -n $pid ]]; do
		# shellcheck disable=SC2086	# a list of pids
		((SECONDS < give_up)) || kill -KILL $pid 2>/dev/null
		sleep 0.1
	done
	rm -f -- "$pg_data/postmaster.pid"
}

pg_spawn() {
	local bin
	bin=$(pg_bin) || exit 1
	daemon_start "$pg_log" / "${pg_as[@]}" "$bin/postgres" -D "$pg_data"
	until pg_pid >/dev/null || ! kill -0 "$daemon_pid" 2>/dev/null; do
		sleep 0.02
	done
}

pg_ready() {
	local bin
	bin=$(find_postgres) && "$bin/pg_isready" -q -t 2 -h 127.0.0.1 -p "$pg_port" -U gapless -d postgres
}

pg_psql() {
	local bin
	bin=$(find_postgres) &&
		"$bin/psql" -XqAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$pg_port" -U gapless -d postgres \
			-c "$1" </dev/null
}

# What a running server owes the settings: the database, and the time zone that is asked for now.
pg_settle() {
	local pid
	if [[ -z $(pg_psql "SELECT 1 FROM pg_database WHERE datname = 'gapless'") ]]; then
		pg_psql "CREATE DATABASE gapless TEMPLATE template0" || return 1
	fi
	[[ $(<"$pg_data/postgresql.conf") != "$(pg_conf)" ]] || return 0
	pg_conf_write && pid=$(pg_pid) && kill -HUP "$pid"
}

# Fast shutdown: connections are closed, a checkpoint is written.
pg_term() { kill -INT "$1" 2>/dev/null; kill -CONT "$1" 2>/dev/null; }

# All of it at once. The postmaster first, so that nobody is replaced.
pg_kill() {
	local backends
	backends=$(pg_backends)
	# shellcheck disable=SC2086	# a list of pids
	kill -KILL "$1" $backends 2>/dev/null
}
