#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# install.sh: `make install` into an empty folder. All is there, nothing names that folder, a second one keeps what somebody changed,
# systemd finds the units restricted, `make uninstall` leaves the settings alone. Wants `make FLAVOUR=release all`.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
failed=0

complain() {
	printf 'install.sh: %s\n' "$*"
	failed=1
}

made() { make --no-print-directory FLAVOUR=release DESTDIR="$root" PREFIX=/usr "$@" >"$root.log" 2>&1 || { cat "$root.log"; complain "make $*"; }; rm -f "$root.log"; }

made install
for program in producer writer indicators; do
	for file in "bin/gapless-$program" "share/man/man1/gapless-$program.1" "lib/systemd/system/gapless-$program.service" \
		"share/bash-completion/completions/gapless-$program"; do
		[ -s "$root/usr/$file" ] || complain "there is no $file"
	done
	[ "$("$root/usr/bin/gapless-$program" --version)" = "gapless-$program $(compose/version.sh)" ] || complain "gapless-$program has another version"
	[ "$(stat -c %a "$root/etc/gapless/$program.env")" = 640 ] || complain "$program.env may hold a password, and others may read it"
	if command -v systemd-analyze >/dev/null; then
		# Of 10; systemd calls less than 5 "OK".
		systemd-analyze security --no-pager --offline=true --threshold=20 "$root/usr/lib/systemd/system/gapless-$program.service" >"$root/said" 2>&1 ||
			{ complain "gapless-$program.service is exposed"; tail -n 3 "$root/said"; }
		said=$(systemd-analyze verify --recursive-errors=no --man=no --root="$root" "gapless-$program.service" 2>&1 | grep "gapless-$program.service")
		[ -z "$said" ] || complain "systemd-analyze verify: $said"
	fi
done
grep -rIl -e "$root" -e '@[A-Z]*@' "$root/etc" "$root/usr/lib" && complain "these name the folder, or were not filled in"
# Every variable of common.env is one that all programs know.
while read -r variable; do
	case $variable in PG*) continue ;; esac
	for program in producer writer indicators; do
		grep -q "^#$variable=" "compose/$program.env.example" || complain "common.env: $program has no $variable"
	done
done < <(sed -nE 's/^#([A-Z_]+)=.*/\1/p' compose/systemd/common.env)

echo 'GAPLESS_LOG_LEVEL=warn' >"$root/etc/gapless/writer.env"
made install
grep -qx 'GAPLESS_LOG_LEVEL=warn' "$root/etc/gapless/writer.env" || complain "a second install overwrote writer.env"
made uninstall
left=$(cd "$root" && find . -type f -not -name said | sort | tr '\n' ' ')
[ "$left" = './etc/gapless/common.env ./etc/gapless/indicators.env ./etc/gapless/producer.env ./etc/gapless/writer.env ' ] ||
	complain "uninstall leaves $left"
exit $failed
