# SPDX-License-Identifier: MIT
# find.sh: where the programs of the stack are. Sourced by deps.sh and stack.sh; prints, changes nothing.

# The java to use: JAVA_HOME's if it has one, else the first in PATH. Fails if there is none.
find_java() {
	if [[ -n ${JAVA_HOME:-} && -x $JAVA_HOME/bin/java ]]; then
		printf '%s\n' "$JAVA_HOME/bin/java"
	else
		command -v java
	fi
}

# Its feature release, as "17". Read from the runtime's own `release` file: starting a JVM takes a hundred
# times longer.
find_java_release() {
	local java home version
	java=$(find_java) || return 1
	home=$(dirname "$(dirname "$(readlink -f "$java")")")
	version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null)
	[[ -n $version ]] ||
		version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
	[[ -n $version ]] && printf '%s\n' "$version"
}

# The directory of PostgreSQL's programs: of release $1 if given, else the newest that is 15 or later.
# Debian keeps them apart by release and outside PATH.
find_postgres() {
	local bin release newest=0 found=
	for bin in /usr/lib/postgresql/*/bin; do
		release=${bin#/usr/lib/postgresql/}
		release=${release%/bin}
		[[ $release =~ ^[0-9]+$ && -x $bin/postgres && -x $bin/initdb ]] || continue
		((release >= 15 && release > newest)) || continue
		[[ -z ${1:-} || $release == "$1" ]] || continue
		newest=$release
		found=$bin
	done
	[[ -n $found ]] && printf '%s\n' "$found"
}
