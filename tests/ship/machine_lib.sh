# SPDX-License-Identifier: MIT
# A bare Debian (debootstrap, SUITE) with its own systemd as process 1, for scenarios about the package; sourced after lib.sh. Wants
# root, and build/deb (make deb).
suite=${SUITE:-bookworm}
GAPLESS_BIN=build/release

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

machine_possible() { # skips if it is not; sets $base, $deb
	[ "$(id -u)" = 0 ] || skip "a machine in namespaces needs root"
	command -v debootstrap >/dev/null || skip "debootstrap is not here: compose/deps.sh package"
	findmnt -t cgroup2 >/dev/null || skip "there is no cgroup2 here"
	deb=$(find build/deb -name 'gapless_*.deb' 2>/dev/null)
	[ -n "$deb" ] || skip "there is no package in build/deb: make deb"
	base=build/debootstrap/$suite
	[ ! -e "$base/.complete" ] || return 0
	rm -rf "$base"
	mkdir -p "$base"
	debootstrap --variant=minbase --include=ca-certificates,systemd,systemd-sysv,dbus,man-db "$suite" "$base" >"$base.log" 2>&1 ||
		skip "debootstrap $suite: $(tail -n 1 "$base.log")"
	touch "$base/.complete"
}

at_end() {
	find "$(findmnt -n -o TARGET -t cgroup2 | head -n 1)/$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
	rm -rf --one-file-system "$root"
}

init_find() { init=$(pgrep -P "${pid_of[machine]}" | head -n 1) && [ -n "$init" ] && grep -q systemd "/proc/$init/comm"; }
inside() { nsenter -t "$init" -a -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
is_up() { inside systemctl is-active --quiet basic.target dbus.socket 2>/dev/null; }
of() { inside systemctl show -p "$2" --value "gapless-$1"; } # service, property
is_active() { [ "$(of "$1" ActiveState)" = active ]; }
has_failed() { [ "$(of "$1" ActiveState)" = failed ]; }
of_process() { inside sed -n "s/^$2:[[:space:]]*//p" "/proc/$(of "$1" MainPID)/status"; } # service, field
installed() { inside apt-get install -y -q --no-install-recommends "$@" >>"$work/apt.log" 2>&1; }

machine_boot() { # after scenario: root and its processes are gone at the end
	root=$work/root cgroup=gapless-$suite-$$
	cp -a "$base" "$root"
	unset "${!GAPLESS_RATE@}"
	spawn machine tests/ship/machine.sh "$root" "$cgroup"
	await 20 "systemd is process 1" init_find
	await 60 "the machine is up" is_up
	note "$(inside systemctl is-system-running), jobs: $(inside systemctl list-jobs --no-legend --plain | head -n 5)"
}

# A role that owns an empty database, and /etc/gapless, as docs/install.md says.
machine_set_up() { # markets
	local role=gapless_$name
	sql "DROP ROLE IF EXISTS $role" && sql "CREATE ROLE $role LOGIN PASSWORD 'secret'" &&
		psql -q -d postgres -c "DROP DATABASE $PGDATABASE" -c "CREATE DATABASE $PGDATABASE OWNER $role"
	cat >>"$root/etc/gapless/common.env" <<-END
		GAPLESS_BROKERS=$GAPLESS_BROKERS
		GAPLESS_DATABASE="host=127.0.0.1 port=$PGPORT dbname=$PGDATABASE user=$role"
		GAPLESS_TOPIC=$GAPLESS_TOPIC
		PGPASSFILE=/etc/gapless/pgpass
		GAPLESS_HTTP=127.0.0.1:0
	END
	inside install -o gapless -m 600 /dev/null /etc/gapless/pgpass
	echo "127.0.0.1:$PGPORT:*:$role:secret" >>"$root/etc/gapless/pgpass"
	printf '%s\n' "GAPLESS_SYMBOLS=$1" "GAPLESS_EXCHANGE_URL=$url" GAPLESS_LOOKUP_GAPS_S=1 "GAPLESS_PRODUCER_GROUP=$GAPLESS_PRODUCER_GROUP" \
		>>"$root/etc/gapless/producer.env"
	echo "GAPLESS_GROUP=$GAPLESS_GROUP" >>"$root/etc/gapless/writer.env"
	sed -i 's/^GAPLESS_HTTP.*//' "$root/etc/gapless/"{producer,writer,indicators}.env
}

migrated() { inside systemd-run --quiet --wait --pipe --uid=gapless -p EnvironmentFile=/etc/gapless/common.env gapless-writer migrate; }

machine_off() {
	stop machine KILL
	psql -q -d postgres -c "DROP DATABASE $PGDATABASE WITH (FORCE)" -c "DROP ROLE gapless_$name"
}
