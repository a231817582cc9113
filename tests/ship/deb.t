#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Debian package in a Debian that has nothing else (debootstrap, SUITE), with its own systemd as process 1: installed, set up as
# docs/install.md says, its services run restricted as their units say, against the real broker and database; an upgrade keeps what
# was changed; a purge leaves nothing behind. Wants root, and build/deb (make deb).
. tests/integration/lib.sh
. tests/ship/machine_lib.sh
machine_possible
scenario "deb_$suite"
machine_boot
cp "$deb" "$root/root/gapless.deb"

# --- install

# Files without what dpkg, apt, systemd and logs keep for themselves.
files() {
	(cd "$root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log -o -path ./var/lib/systemd \
		-o -path ./var/backups -o -path ./root -o -path './etc/passwd-' -o -path './etc/group-' -o -path './etc/shadow-' -o -path './etc/gshadow-' \
		-o -path ./etc/.pwd.lock \) -prune -o -print | sort)
}
# Once, and off again: what it depends on stays.
ok "it installs with what it depends on" installed /root/gapless.deb
ok "and goes again" inside dpkg --purge gapless
files >"$work/files.before"
ok "it installs" inside dpkg -i /root/gapless.deb
is "no service is enabled before it is configured" "$(inside systemctl is-enabled gapless-producer gapless-writer gapless-indicators | sort -u)" disabled
is "nor started" "$(of writer ActiveState) $(of producer ActiveState) $(of indicators ActiveState)" "inactive inactive inactive"
is "the user can not log in" "$(inside getent passwd gapless | cut -d: -f7)" /usr/sbin/nologin
is "others can not read what may hold a password" "$(stat -c %a "$root/etc/gapless/common.env")" 640
ok "the man page is there" inside man -w gapless-writer
for service in producer writer indicators; do
	is "gapless-$service --version" "$(inside gapless-$service --version)" "gapless-$service $(sed 's/.*gapless_//; s/-1_.*//' <<<"$deb")"
	is "systemd finds nothing wrong with the unit" "$(inside systemd-analyze verify --man=no gapless-$service.service 2>&1 | grep gapless)" ""
done

# --- set up, as docs/install.md says

exchange --markets 3
machine_set_up KRW-BTC,KRW-ETH
ok "migrate, as the services' user with the services' settings" migrated
ok "the services start" inside systemctl enable --now gapless-writer gapless-producer gapless-indicators

# --- they work, restricted

for service in producer writer indicators; do
	await 20 "gapless-$service is active" is_active $service
	is "gapless-$service: the manager was told by the program" "$(of $service Type)" notify
	is "gapless-$service runs as its own user" "$(of_process $service Uid | cut -f1)" "$(inside id -u gapless)"
	is "gapless-$service has no capability" "$(of_process $service CapBnd) $(of_process $service CapEff)" "0000000000000000 0000000000000000"
	is "gapless-$service gains no privilege, its system calls are filtered" "$(of_process $service NoNewPrivs) $(of_process $service Seccomp)" "1 2"
	exposure=$(inside systemd-analyze security --no-pager gapless-$service | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
	note "gapless-$service: exposure $exposure"
	ok "gapless-$service: exposure below 2 of 10" awk -v x="$exposure" 'BEGIN { exit !(x > 0 && x < 2) }'
done
await 60 "the table is complete" complete KRW-BTC KRW-ETH
to=$(date -u -d "$(exchange_now) - 3 minutes" +%FT%H:%M:00Z)
from=$(date -u -d "$to - 150 minutes" +%FT%TZ)
await 30 "what is final equals the exchange" equals_truth KRW-BTC 1m "$from" "$to" 10
says() { inside systemctl show -p StatusText --value "gapless-$1" | grep -qx "$2"; }
await 20 "the manager shows that the writer works" says writer working
is "the writer keeps the manager's watchdog quiet" "$(of writer WatchdogUSec)" 1min
indicators_published() { [ "$(kcat -b "$GAPLESS_BROKERS" -C -t indicators.v1 -o beginning -e -q -c 1 2>/dev/null | wc -l)" = 1 ]; }
await 60 "indicators are published" indicators_published
is "none was restarted" "$(of producer NRestarts) $(of writer NRestarts) $(of indicators NRestarts)" "0 0 0"
for service in producer writer indicators; do
	note "gapless-$service: $(of_process $service VmHWM) of memory at most"
done

# --- dies, is misconfigured, stops

before=$(of writer MainPID)
inside systemctl kill -s KILL gapless-writer
restarted() { is_active writer && [ "$(of writer MainPID)" != "$before" ]; }
await 30 "killed, the writer is started again" restarted
inside systemctl stop gapless-writer
is "stopped, it ends by itself with 0" "$(of writer Result) $(of writer ExecMainStatus)" "success 0"
echo GAPLESS_BATCH_ROWS=many >>"$root/etc/gapless/writer.env"
inside systemctl start gapless-writer >>"$work/systemctl.log" 2>&1
await 20 "wrong settings: failed, and not started again" has_failed writer
is "the exit code says it" "$(of writer ExecMainStatus)" 2
ok "the journal says what is wrong" eval "inside journalctl -q -o cat -u gapless-writer | grep -q 'GAPLESS_BATCH_ROWS'"
sed -i '/GAPLESS_BATCH_ROWS=many/d' "$root/etc/gapless/writer.env"
ok "mended, it starts" inside systemctl start gapless-writer

# --- upgrade, removal, purge

before=$(of writer MainPID)
sha256sum "$root"/etc/gapless/*.env >"$work/settings"
ok "installed over itself" inside dpkg -i /root/gapless.deb
ok "what was changed in /etc/gapless is kept" sha256sum --quiet -c "$work/settings"
ok "and nothing was laid beside it" eval "! ls '$root'/etc/gapless | grep -q dpkg-"
await 30 "a running service is restarted" restarted
await 30 "the producer, too, works" is_active producer
later_than() { stored_more_than "$1"; }
n=$(stored)
await 200 "and candles go on arriving" later_than "$n"
ok "it is removed" inside dpkg --remove gapless
ok "its services are stopped" eval "! pgrep --ns $init --nslist pid -f gapless- >/dev/null"
ok "its settings stay" test -s "$root/etc/gapless/writer.env"
ok "it is purged" inside dpkg --purge gapless
is "the user is gone" "$(inside getent passwd gapless; inside getent group gapless)" ""
is "what is left is the file that a person made" "$(files | diff "$work/files.before" - | sed -n 's/^> //p' | tr '\n' ' ')" "./etc/gapless ./etc/gapless/pgpass "
is "nothing that was there before is missing" "$(files | diff "$work/files.before" - | sed -n 's/^< //p')" ""
is "systemd has no failed unit of ours" "$(inside systemctl list-units --all --plain --no-legend 'gapless*' | grep -v not-found)" ""

machine_off
finish
