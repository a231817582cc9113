#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Debian package over an older release of it, whose database lacks a migration, in a bare Debian with its own systemd: running
# services are started anew and end with 2 and the command, settings stay, `migrate`, all goes on and no candle is lost; the older
# package over it, which must not work on the newer tables; forward again; a purge leaves nothing. Wants root, build/deb (make deb),
# and the older package in build/before (make deb-before).
. tests/integration/lib.sh
. tests/ship/machine_lib.sh
machine_possible
before=$(find build/before/build/deb -name 'gapless_*.deb' 2>/dev/null)
[ -n "$before" ] || skip "there is no older package in build/before: make deb-before"
scenario "upgrade_$suite"
machine_boot
cp "$deb" "$root/root/gapless.deb"
cp "$before" "$root/root/before.deb"
services="producer writer indicators"
version_of() { sed 's/.*gapless_//; s/-1_.*//' <<<"$1"; }

# --- the older release at work

ok "$(version_of "$before") installs" installed /root/before.deb
exchange --markets 3
machine_set_up KRW-BTC,KRW-ETH
ok "its tables are made" migrated
ok "its services start" inside systemctl enable --now gapless-writer gapless-producer gapless-indicators
for service in $services; do await 20 "gapless-$service is active" is_active $service; done
await 60 "the table is complete" complete KRW-BTC KRW-ETH
echo 'GAPLESS_LOG_LEVEL=debug' >>"$root/etc/gapless/writer.env"
sha256sum "$root"/etc/gapless/{common,producer,writer}.env "$root/etc/gapless/pgpass" >"$work/settings"
over() { inside apt-get install -y -q --allow-downgrades -o Dpkg::Options::=--force-confold "$1" >>"$work/apt.log" 2>&1; } # as docs/upgrade.md says
to=$(date -u -d "$(exchange_now) - 3 minutes" +%FT%H:%M:00Z)
from=$(date -u -d "$to - 150 minutes" +%FT%TZ)
n=$(stored)
note "$n candles"

# --- the newer one over it

migrations() { sql 'SELECT count(*) FROM gapless_migration'; }
m=$(migrations)
ok "$(version_of "$deb") installs over it, tables that lack a migration or not" over /root/gapless.deb
ok "what was changed in /etc/gapless is kept" sha256sum --quiet -c "$work/settings"
conffile() { dpkg-deb --fsys-tarfile "$1" | tar -xO "./etc/gapless/$2.env"; } # package, name
is "what the release has of it lies beside, if it is another than before" "$(cd "$root/etc/gapless" && find . -name '*.dpkg-*' | sort | tr '\n' ' ')" \
	"$(for p in common producer writer; do cmp -s <(conffile "$before" $p) <(conffile "$deb" $p) || printf './%s.env.dpkg-dist ' $p; done)"
for service in $services; do
	is "gapless-$service is the new one" "$(inside gapless-$service --version)" "gapless-$service $(version_of "$deb")"
done
for service in writer producer indicators; do
	await 30 "gapless-$service was started anew, and ends" has_failed $service
	is "... with 2" "$(of $service ExecMainStatus)" 2
	ok "... and says by which command it goes on" eval "inside journalctl -q -o cat -u gapless-$service | tail -n 5 | grep -q 'gapless-writer migrate'"
done
is "nothing was migrated by itself" "$(migrations)" "$m"
ok "migrate" migrated
ok "... had something to do" test "$(migrations)" -gt "$m"
inside systemctl start gapless-writer gapless-producer gapless-indicators
for service in $services; do await 30 "gapless-$service is active again" is_active $service; done
await 200 "candles go on arriving" stored_more_than "$n"
await 60 "the table is complete" complete KRW-BTC KRW-ETH
ok "no candle was lost" equals_truth KRW-BTC 1m "$from" "$to" 10
ok "... of the other one, too" equals_truth KRW-ETH 1m "$from" "$to" 10

# --- and back

ok "the older package installs over the newer one" over /root/before.deb
await 30 "its writer does not work on newer tables" has_failed writer
is "... and ends with 2" "$(of writer ExecMainStatus)" 2
ok "... saying so" eval "inside journalctl -q -o cat -u gapless-writer | tail -n 5 | grep -q 'newer'"
n=$(stored)
ok "forward again" over /root/gapless.deb
inside systemctl start gapless-writer gapless-producer gapless-indicators
await 200 "all goes on" stored_more_than "$n"
ok "what was changed in /etc/gapless is kept" sha256sum --quiet -c "$work/settings"

ok "it is purged" inside dpkg --purge gapless
is "the user is gone" "$(inside getent passwd gapless; inside getent group gapless)" ""
is "what is left is the file that a person made" "$(ls "$root/etc/gapless")" pgpass
is "nothing of it is anywhere else" "$(cd "$root" && find usr lib etc var/lib -xdev -name '*gapless*' ! -path 'etc/gapless*' ! -path 'var/lib/systemd/*' |
	tr '\n' ' ')" ""

machine_off
finish
