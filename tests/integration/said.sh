# SPDX-License-Identifier: MIT
# What a program says when it is run once: sourced after lib.sh by scenarios about words and exit codes.

run() { # program, argument... -> $code, $work/out, $work/err
	timeout 600 "$GAPLESS_BIN/$1" "${@:2}" >"$work/out" 2>"$work/err" </dev/null
	code=$?
}

says() { # pattern: standard output has it
	grep -qE -- "$1" "$work/out"
}

# Exit code 2, one sentence that names what is wrong, nothing on stdout.
refused() { # what, pattern, program, argument...
	local problem=''
	run "${@:3}"
	[ $code = 2 ] || problem="exit code $code"
	[ ! -s "$work/out" ] || problem="$problem, something on stdout"
	[ "$(grep -cE -- "$2" "$work/err")" = 1 ] || problem="$problem, not said once: $2"
	[ "$(grep -cE 'Sanitizer|runtime error' "$work/err")" = 0 ] || problem="$problem, a sanitizer's report"
	ok "refused: $1" test -z "$problem"
	[ -z "$problem" ] || note "$problem; said: $(head -n 3 "$work/err" | cut -c1-300)"
}

# A variable for one call.
with() { # NAME=VALUE, a call of refused
	local -x "${1?}"
	"${@:2}"
}
