#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# settings.sh: does all that is made from the tables of the settings say the same? The flags of each command in --help are those of
# its man page and those that a shell completes; docs/reference.md is what the tables say now. Wants `make FLAVOUR=release all`.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8
build=build/release
failed=0

complain() {
	printf '%s\n' "$*"
	failed=1
}

in_help() { # program, command...
	"$build/$1" "${@:2}" --help | sed -nE 's/^ {2,6}(-., )?--([a-z-]+).*/\2/p' | sort
}

# The program's own flags stand in SETTINGS, those of a command below its name; what every command takes, in neither.
in_manual() { # program, [command]
	local own='example|help|version'
	{
		awk -v wanted="${2:-}" '
			/^\.S[hs] / { here = wanted == "" ? $0 == ".Sh SETTINGS" : $0 == ".Ss " wanted }
			here && /^\.(It )?Fl/ { print }' "$build/man/$1.1" | sed -nE 's/.*Fl \\-([a-z-]+).*/\1/p' |
			grep -vxE "$own"
		tr '|' '\n' <<<"$own"
	} | sort
}

completed() { # program, [command]: what Tab offers behind "program command --"
	bash -c '
		source "$1"
		COMP_WORDS=("${@:2}" --)
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_${2//-/_}
		printf "%s\n" "${COMPREPLY[@]}"' - "$build/completion/$1" "$@" | sed -nE 's/^--([a-z-]+)=?$/\1/p' | sort
}

commands_of() { # program
	"$build/$1" --help | sed -nE '/^Commands/,/^Settings/s/^  ([a-z]+) .*/\1/p'
}

for program in gapless-producer gapless-writer gapless-indicators; do
	for command in '' $(commands_of $program); do
		# shellcheck disable=SC2086	# no word where there is no command
		for kind in in_manual completed; do
			difference=$(diff <(in_help $program $command) <($kind $program $command)) ||
				complain "$program $command: --help (<) and what is $kind (>) differ: $difference"
		done
	done
	[ "$(in_help $program | wc -l)" -gt 10 ] || complain "$program --help has few flags"
	offered=$(bash -c "source $build/completion/$program; COMP_WORDS=($program ''); COMP_CWORD=1; _${program//-/_}
		printf '%s\n' \"\${COMPREPLY[@]}\"" | grep -v '^-' | sort)
	[ "$offered" = "$(commands_of $program | sort)" ] || complain "$program: a shell completes the commands" $offered
	offered=$(bash -c "source $build/completion/$program; COMP_WORDS=($program --brokers ''); COMP_CWORD=2; _${program//-/_}
		printf '%s' \"\${COMPREPLY[*]}\"")
	[ -z "$offered" ] || complain "$program: a shell completes a value with flags" $offered
	if command -v mandoc >/dev/null; then
		mandoc -Tlint -W warning "$build/man/$program.1" || failed=1
	fi
done
tests/tools/reference.sh $build | cmp - docs/reference.md || complain "docs/reference.md is not what the tables say: make docs"
exit $failed
