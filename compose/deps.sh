#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# deps.sh [GROUP...]: installs through apt what is missing, and does nothing, quickly, when nothing is.
#
#	build    compiler and libraries
#	stack    PostgreSQL, Java, Maven (the broker's jars are fetched by stack.sh)
#	test     what the tests and the demo use besides
#	lint     clang-format, clang-tidy, cppcheck
#	fuzz     clang with libFuzzer
#	package  what builds a Debian package, and tries it
#	all      all of these; without a GROUP: all but lint, fuzz and package
#
# Root installs directly, another user through sudo. Without sudo it prints the line for
# root to type and exits 1. A program or library that is there without its package (a Java of one's own)
# counts as installed.
#
# Debian's postgresql package would create and start a server of its own; where this script installs it, it
# does not.

set -u -o pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

say() { printf 'deps: %s\n' "$*"; }
die() { printf 'deps: %s\n' "$*" >&2; exit 1; }

# shellcheck source=find.sh
. "$here/find.sh"

group_packages() {	# group
	case $1 in
	build) printf '%s\n' gcc libc6-dev make pkg-config ca-certificates librdkafka-dev \
		libcurl4-openssl-dev libcjson-dev libpq-dev libmicrohttpd-dev zlib1g-dev libjs-dygraphs ;;
	stack) printf '%s\n' postgresql default-jre-headless maven ;;
	test) printf '%s\n' libcmocka-dev kcat jq curl perl procps tzdata prometheus pgbouncer ;;
	lint) printf '%s\n' clang clang-format clang-tidy cppcheck mandoc ;;
	package) printf '%s\n' debhelper dpkg-dev fakeroot lintian debootstrap ;;
	fuzz) printf '%s\n' clang libclang-rt-14-dev ;;
	all) group_packages build; group_packages stack; group_packages test; group_packages lint; group_packages fuzz; group_packages package ;;
	*) printf 'deps: there is no group "%s": use build, stack, test, lint, fuzz, package or all\n' "$1" >&2; exit 2 ;;
	esac
}

# Is what the package brings here without the package?
have_anyway() {	# package
	local release
	case $1 in
	gcc | make | pkg-config | jq | curl | clang | clang-format | clang-tidy | cppcheck | mandoc) command -v "$1" ;;
	kcat) command -v kcat || command -v kafkacat ;;
	maven) command -v mvn ;;
	perl) command -v prove ;;
	prometheus) command -v prometheus && command -v promtool ;;
	pgbouncer) PATH=$PATH:/usr/sbin command -v pgbouncer ;;
	default-jre-headless) release=$(find_java_release) && ((release >= 17)) ;;
	postgresql) find_postgres '' ;;
	librdkafka-dev) pkg-config --exists rdkafka ;;
	libcurl4-openssl-dev) pkg-config --exists libcurl ;;
	libcjson-dev) pkg-config --exists libcjson ;;
	libpq-dev) pkg-config --exists libpq ;;
	libmicrohttpd-dev) pkg-config --exists libmicrohttpd ;;
	libcmocka-dev) pkg-config --exists cmocka ;;
	libjs-dygraphs) [[ -f /usr/share/javascript/dygraphs/dygraph.min.js && -f /usr/share/doc/libjs-dygraphs/copyright ]] ;;
	zlib1g-dev) pkg-config --exists zlib ;;
	libclang-rt-14-dev) [[ -f $(clang -print-file-name=libclang_rt.fuzzer-x86_64.a) ]] ;;
	*) false ;;
	esac >/dev/null 2>&1
}

# Sets `missing` to the packages of the groups that are not here.
missing_find() {	# package...
	local name status installed=' '
	missing=()
	while read -r name status; do
		[[ $status != ?i* ]] || installed+="$name "
	done < <(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "$@" 2>/dev/null)
	for name; do
		[[ $installed == *" $name "* ]] || have_anyway "$name" || missing+=("$name")
	done
}

# Sets `as_root` to what runs a command as root; fails if nothing does.
root_find() {
	as_root=()
	((EUID)) || return 0
	as_root=(sudo)
	command -v sudo >/dev/null || return 1
	sudo -n true 2>/dev/null && return
	# It may ask, where there is somebody to answer.
	[[ -t 0 && -t 2 ]] && say "root's rights are needed to install: ${missing[*]}" && sudo -v
}

# While apt works: no cluster for a postgresql that comes with it. A file of our own beside Debian's, gone
# afterwards.
cluster_conf=/etc/postgresql-common/createcluster.d/gapless.conf

cluster_forbid() {
	# shellcheck disable=SC2016	# expanded by the inner shell
	"${as_root[@]}" sh -c 'mkdir -p "${1%/*}" && echo "create_main_cluster = false" >"$1"' - \
		"$cluster_conf" || die "cannot write $cluster_conf"
	trap cluster_allow EXIT
	trap 'exit 130' INT TERM
}

cluster_allow() {
	# shellcheck disable=SC2016	# expanded by the inner shell
	"${as_root[@]}" sh -c 'rm -f "$1"; rmdir "${1%/*}" 2>/dev/null || :' - "$cluster_conf"
}

apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

missing_install() {
	local log
	log=$(mktemp) || exit 1
	[[ " ${missing[*]} " != *" postgresql "* ]] || cluster_forbid
	say "asking apt for its lists"
	# Out of date lists may still do; the installation tells.
	apt update >"$log" 2>&1 || say "apt-get update failed; going on with the lists that are here"
	say "installing ${missing[*]} (some minutes at most)"
	apt install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 || {
		tail -n 20 "$log" | sed 's/^/    /' >&2
		die "apt-get could not install them; all that it said is in $log"
	}
	rm -f -- "$log"
}

main() {
	local packages groups=("$@")
	((${#groups[@]})) || groups=(build stack test)
	packages=$(for group in "${groups[@]}"; do group_packages "$group" || exit 2; done) || exit 2
	mapfile -t packages < <(printf '%s\n' "$packages" | sort -u)
	[[ -n $(command -v dpkg-query) && -n $(command -v apt-get) ]] ||
		die "this knows apt only; install the equivalents of: ${packages[*]}"
	missing_find "${packages[@]}"
	((${#missing[@]})) || return 0
	root_find || {
		say "only root can install what is missing, and there is no sudo to use here. As root, type:"
		printf '    apt-get update && apt-get install -y --no-install-recommends %s\n' "${missing[*]}"
		[[ " ${missing[*]} " != *" postgresql "* ]] ||
			say "(or run $here/deps.sh as root: then no PostgreSQL server of Debian's starts)"
		exit 1
	} >&2
	missing_install
	missing_find "${packages[@]}"
	((${#missing[@]} == 0)) || die "still missing after the installation: ${missing[*]}"
	say "everything is installed"
}

main "$@"
