#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# embed.sh HTML_FOLDER DYGRAPHS_FOLDER LICENCE >page_html.c: makes the page of its parts and the chart library, all in one, and
# turns it into the C that writer/page/html.h declares, with a policy that allows these scripts and styles, by their hashes, and
# no others.
set -eu -o pipefail
export LC_ALL=C
html=$1 library=$2 licence=$3

die() {
	echo "embed.sh: $*" >&2
	exit 1
}

for file in "$library/dygraph.min.js" "$library/dygraph.min.css" "$licence"; do
	[ -r "$file" ] || die "$file is missing; on Debian it comes with the package libjs-dygraphs (compose/deps.sh build)"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Without the name of a source map, which a browser's tools would ask for.
parts() { sed -e '/^\/[/*]# sourceMappingURL=/d' "$@"; }
parts "$library/dygraph.min.css" "$html/page.css" >"$work/style"
parts "$library/dygraph.min.js" "$html"/js/*.js >"$work/script"
! grep -qi '</script' "$work/script" || die "a script has an end tag in it"
! grep -qi '</style' "$work/style" || die "a style has an end tag in it"
# The licence alone: what is behind an empty comment line would be about packaging.
sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' "$licence" >"$work/licence"

# A line that is @name@ becomes the part of that name.
while IFS= read -r line; do
	case $line in
	@style@) printf '<style>' && cat "$work/style" && printf '</style>\n' ;;
	@script@) printf '<script>' && cat "$work/script" && printf '</script>\n' ;;
	@licence@) printf '<pre>' && cat "$work/licence" && printf '</pre>\n' ;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$html/page.html" >"$work/page"

# base64 of the hash, as a Content-Security-Policy has it.
hash_of() {
	# shellcheck disable=SC2059,SC2046	# the format is made of \xNN
	printf "$(sha256sum <"$1" | cut -c1-64 | sed 's/../\\x&/g')" | base64
}

bytes() { # file: as a C array, with a zero byte behind it
	od -An -v -td1 "$1" | sed -e 's/  */,/g' -e 's/^,//' -e 's/$/,/'
	echo 0
}

cat <<-END
	#include "writer/page/html.h"
	const char page_policy[] = "default-src 'none'; script-src 'sha256-$(hash_of "$work/script")'; "
		"style-src 'sha256-$(hash_of "$work/style")'; connect-src 'self'; img-src data:; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'";
	const size_t page_html_bytes = $(wc -c <"$work/page");
	const char page_html[] = {
END
bytes "$work/page"
echo '};'
