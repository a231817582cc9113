# SPDX-License-Identifier: MIT
# Turns numbered SQL files into the C table that writer/commands/migrations.h declares.
# usage: sh schemas/embed.sh schemas/*.sql > migrations.c
set -eu
echo '#include "writer/commands/migrations.h"'
echo 'const struct migration migrations[] = {'
for file in "$@"; do
	base=$(basename "$file" .sql)
	number=$(printf '%s' "${base%%_*}" | sed 's/^0*//')
	case $number in
	'' | *[!0-9]*)
		echo "$file: a migration is named NNN_what.sql" >&2
		exit 1
		;;
	esac
	printf '\t{%s, "%s",\n' "$number" "${base#*_}"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' "$file"
	echo '},'
done
echo '};'
echo 'const size_t migrations_n = sizeof(migrations) / sizeof(migrations[0]);'
