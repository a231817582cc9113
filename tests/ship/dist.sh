#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dist.sh: a release of this commit, twice: the same bytes; the archive knows its version without git, and has what is tracked and
# nothing else; the bill of materials names each library that the programs need. Wants `make FLAVOUR=release all`. (That the archive
# builds in an empty folder is what make deb does.)
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

complain() {
	printf 'dist.sh: %s\n' "$*"
	failed=1
}

if [ ! -e .git ] || [[ $(compose/version.sh) == *dirty ]]; then
	echo 'dist.sh: not checked: a release is of a commit, and this tree is none'
	exit 0
fi
programs=(build/release/gapless-producer build/release/gapless-writer build/release/gapless-indicators)
name=gapless-$(compose/version.sh)
compose/dist.sh "$work/1" "${programs[@]}" >"$work/said" 2>&1 || complain "$(tail -n 3 "$work/said")"
umask 077
TZ=Asia/Seoul compose/dist.sh "$work/2" "${programs[@]}" >"$work/said" 2>&1 || complain "$(tail -n 3 "$work/said")"
diff -r "$work/1" "$work/2" || complain 'made twice, a release has other bytes'
(cd "$work/1" && sha256sum --quiet -c SHA256SUMS) || complain 'the checksums are of something else'
tar xf "$work/1/$name.tar.gz" -C "$work"
[ "$("$work/$name/compose/version.sh")" = "${name#gapless-}" ] || complain "the archive says it is $("$work/$name/compose/version.sh")"
[ "$("$work/$name/compose/version.sh" --time)" = "$(git log -1 --format=%ct)" ] || complain 'the archive has another time'
diff <(cd "$work/$name" && find . -type f -o -type l | sed 's|^\./||' | grep -vx VERSION | sort) <(git ls-files | sort) ||
	complain 'the archive (<) does not have what is tracked (>)'
for library in $(readelf -d "${programs[@]}" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | sort -u); do
	jq -e --arg name "$library" '.packages[] | select(.name == $name and .versionInfo != "NOASSERTION")' \
		"$work/1/$name.spdx.json" >/dev/null || complain "the bill of materials does not have $library with its version"
done
jq -e '([.packages[].SPDXID] | length == (unique | length)) and ([.relationships[].relatedSpdxElement] - [.packages[].SPDXID] == [])' \
	"$work/1/$name.spdx.json" >/dev/null || complain 'the bill of materials names what it does not have'
exit $failed
