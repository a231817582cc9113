#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dist.sh OUT PROGRAM...: a release of the commit that is checked out, in folder OUT: the source archive, the bill of materials of
# these programs, checksums. Done twice it gives the same bytes: the archive has the commit's time, owner 0, and git's order.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
out=$1
shift
version=$(compose/version.sh)
name=gapless-$version

[ -e .git ] || { echo 'dist.sh: this is an archive already; a release is made in a checkout' >&2; exit 1; }
case $version in
*dirty) echo 'dist.sh: there are changes that are not committed; a release is of a commit' >&2; exit 1 ;;
esac
rm -rf "$out"
mkdir -p "$out"
git archive --format=tar --prefix="$name/" \
	--add-virtual-file="$name/VERSION:$version"$'\n'"$(compose/version.sh --time)"$'\n' HEAD | gzip -n -9 >"$out/$name.tar.gz"
compose/sbom.sh "$@" >"$out/$name.spdx.json"
(cd "$out" && sha256sum "$name".* >SHA256SUMS)
echo "$out/$name.tar.gz"
