#!/bin/sh
# SPDX-License-Identifier: MIT
# version.sh [--release|--time]: prints the version of this tree. In a source archive it is what VERSION says; in a checkout the tag vX.Y.Z, with the
# commits since then; before the first tag, and in a tree of neither kind, it begins with the newest release of CHANGELOG.md, which is all that --release says. --time prints when that was, in seconds since 1970: the
# commit's time, as the archive keeps it in its VERSION.
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$top" || exit 1
release=$(sed -n 's/^## \[\([0-9][0-9.]*\)\].*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)
if [ "${1:-}" = --release ]; then
	printf '%s\n' "${release:-0}"
	exit
fi
if [ -f VERSION ]; then
	case ${1:-} in --time) sed -n 2p VERSION ;; *) sed -n 1p VERSION ;; esac
	exit
fi
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$top" ]; then
	[ "${1:-}" != --time ] || exec git log -1 --format=%ct
	described=$(git describe --tags --long --match 'v[0-9]*' 2>/dev/null)
	commit=$(git rev-parse --short=7 HEAD)
	case $described in
	'') version=${release:-0}+git.$(git rev-list --count HEAD).$commit ;;
	*-0-g*) version=${described%-0-g*} ;;
	*)
		count=${described%-g*}
		version=${count%-*}+git.${count##*-}.$commit
		;;
	esac
	git diff-index --quiet HEAD -- 2>/dev/null || case $version in *+*) version=$version.dirty ;; *) version=$version+dirty ;; esac
	printf '%s\n' "${version#v}"
	exit
fi
case ${1:-} in --time) echo 0 ;; *) printf '%s\n' "${release:-0}" ;; esac
