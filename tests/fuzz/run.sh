#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh SECONDS [TARGET...]: runs the targets of build/fuzz for so long each, two at a time, from the corpus and from what
# earlier runs learned (build/fuzz/learned). An input that something is wrong with lies in build/fuzz/found/TARGET afterwards.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
shift
[[ $seconds =~ ^[1-9][0-9]*$ ]] || {
	echo "SECONDS is '$seconds': use a number of seconds for each target" >&2
	exit 2
}
targets=("$@")
((${#targets[@]})) || mapfile -t targets < <(find build/fuzz -maxdepth 1 -name 'fuzz_*' -type f -executable -printf '%f\n' | sed s/fuzz_// | sort)
log=build/fuzz/log found=build/fuzz/found
rm -rf "$found" "$log"
mkdir -p "$log" "$found"

fuzz() { # target
	local regressions=()
	mkdir -p "build/fuzz/learned/$1" "$found/$1"
	[ -d "tests/fuzz/regressions/$1" ] && regressions=("tests/fuzz/regressions/$1")
	ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 "build/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=1024 -max_len=20000 -use_value_profile=1 -print_final_stats=1 -artifact_prefix="$found/$1/" \
		"build/fuzz/learned/$1" "build/corpus/$1" "${regressions[@]}" >"$log/$1" 2>&1
	echo $? >"$log/$1.code"
}

stat() { sed -n "s/^stat::$2: *//p" "$log/$1"; } # target, name

echo "fuzzing ${#targets[@]} targets, $seconds s each, two at a time"
for target in "${targets[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
		wait -n
	done
	fuzz "$target" &
done
wait

failed=0
printf '%-10s %12s %8s %8s %6s  %s\n' target inputs per_s branches MB found
for target in "${targets[@]}"; do
	inputs=$(find "$found/$target" -type f | sort)
	state=nothing
	[ "$(cat "$log/$target.code")" = 0 ] || state="ended with $(cat "$log/$target.code"): $log/$target"
	[ -z "$inputs" ] || state=$(echo "$inputs" | tr '\n' ' ')
	[ "$state" = nothing ] || failed=1
	printf '%-10s %12s %8s %8s %6s  %s\n' "$target" "$(stat "$target" number_of_executed_units)" "$(stat "$target" average_exec_per_sec)" \
		"$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log/$target" | tail -n 1)" "$(stat "$target" peak_rss_mb)" "$state"
done
if [ $failed = 1 ]; then
	cat <<-END

		Something was found; what was wrong stands at the end of build/fuzz/log/TARGET. To look at one input again:
		    build/asan/tests/test_fuzz_TARGET FILE        (or build/fuzz/fuzz_TARGET FILE)
		Make it smaller with build/fuzz/fuzz_TARGET -minimize_crash=1 -max_total_time=60 FILE, then keep it, named after
		its cause: tests/fuzz/regressions/TARGET/CAUSE. The unit tests replay it from then on.
	END
fi
exit $failed
