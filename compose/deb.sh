#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# deb.sh ARCHIVE OUT: builds the Debian package of a source archive (dist.sh) in folder OUT, for the Debian that this runs on, and
# has lintian look at it. Nothing is taken from the tree but this script.
set -euo pipefail
export LC_ALL=C.UTF-8
archive=$(realpath "$1")
rm -rf "$2"
mkdir -p "$2"
cd "$2"
name=$(basename "$archive" .tar.gz)
version=${name#gapless-}
cp "$archive" "gapless_$version.orig.tar.gz"
tar xf "$archive"
cd "$name"
cp -r compose/debian debian
SOURCE_DATE_EPOCH=$(sed -n 2p VERSION)
export SOURCE_DATE_EPOCH
cat >debian/changelog <<END
gapless ($version-1) unstable; urgency=medium

  * Version $version; CHANGELOG.md says what is new.

 -- $(sed -n 's/^Maintainer: //p' debian/control)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
dpkg-buildpackage -b -us -uc -j2 >../build.log 2>&1 || { tail -n 30 ../build.log; exit 1; }
cd ..
rm -rf "$name"
lintian --fail-on error "gapless_${version}-1_"*.deb
ls "$PWD"/*.deb
