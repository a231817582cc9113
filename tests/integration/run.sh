#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh [-v] SCENARIO...: runs the given scenarios (.t) side by side on a test stack of their own, which it starts and stops.
# The programs run in Asia/Seoul, the database in America/New_York: no time zone may matter.
#
#	GAPLESS_JOBS (6)           how many at the same time
#	AGAIN (0)                  up to so many that failed run once more, alone; what they left is kept as build/tests/NAME.first
#	GAPLESS_STACK, GAPLESS_*_PORT   another stack, beside one that runs
set -u
cd "$(dirname "$0")/../.." || exit 1
export GAPLESS_STACK=${GAPLESS_STACK:-test} GAPLESS_KAFKA_PORT=${GAPLESS_KAFKA_PORT:-19192}
export GAPLESS_CONTROLLER_PORT=${GAPLESS_CONTROLLER_PORT:-19193} GAPLESS_PG_PORT=${GAPLESS_PG_PORT:-15532}
export GAPLESS_PG_TIMEZONE=America/New_York TZ=Asia/Seoul
# Several stacks may start at once.
export GAPLESS_STACK_WAIT_S=${GAPLESS_STACK_WAIT_S:-300}
# A broker that lives for a moment, or a few minutes, and has little to do: its second compiler would cost more than it saves.
export GAPLESS_KAFKA_JAVA=${GAPLESS_KAFKA_JAVA--XX:TieredStopAtLevel=1}

# Those that take longest begin first, so that none of them is left alone at the end.
longest=(170_metrics 204_indicators_store 210_indicators_seen 142_members 208_indicators_growth 040_outage 150_many 087_witnesses
	202_indicators_faults 212_indicators_topic 080_corrections 206_indicators_readers 155_listing 200_indicators 060_rebuild
	070_interior 086_live_faults 089_live)
ordered=()
for name in "${longest[@]}"; do
	for scenario; do [[ $scenario != */$name.t ]] || ordered+=("$scenario"); done
done
for scenario; do
	name=${scenario##*/}
	[[ " ${longest[*]} " == *" ${name%.t} "* ]] || ordered+=("$scenario")
done

compose/stack.sh up || exit 1
trap 'compose/stack.sh down >/dev/null' EXIT
# The topics of an earlier run.
eval "$(compose/stack.sh env)"
left=$(kcat -b "$GAPLESS_BROKERS" -L -J | jq -r '[.topics[].topic | select(startswith("t."))][]')
# shellcheck disable=SC2086 # a list of names
[ -z "$left" ] || build/gapless-topic delete $left || exit 1
prove ${PROVE_ARGS:-} -j "${GAPLESS_JOBS:-6}" --timer "${ordered[@]}" | tee "build/stack-$GAPLESS_STACK/prove.out"
status=${PIPESTATUS[0]}
[ $# -lt 10 ] || {
	echo 'The slowest:'
	sed -nE 's/^.* (tests[^ ]*\.t) .* ([0-9]+) ms .*/\2 ms \1/p' "build/stack-$GAPLESS_STACK/prove.out" | sort -rn | head -n 5
}
[ "$status" != 0 ] || exit 0
! grep -q '^Bailout called' "build/stack-$GAPLESS_STACK/prove.out" || exit "$status" # the rest was not run
mapfile -t failed < <(sed -nE 's/^(tests[^ ]*\.t) +\(Wstat.*/\1/p' "build/stack-$GAPLESS_STACK/prove.out")
[ ${#failed[@]} -ge 1 ] && [ ${#failed[@]} -le "${AGAIN:-0}" ] || exit "$status"
echo "Once more, alone, because they failed beside others (a defect, of a test at least: please look at it): ${failed[*]}"
for scenario in "${failed[@]}"; do
	name=$(sed -nE 's/^scenario(_names)? ([a-z_]+).*/\2/p' "$scenario" | head -n 1)
	grep -h ' not ok ' "build/tests/$name/tap"
	rm -rf "build/tests/$name.first"
	cp -a "build/tests/$name" "build/tests/$name.first"
done
prove ${PROVE_ARGS:-} --timer "${failed[@]}"
