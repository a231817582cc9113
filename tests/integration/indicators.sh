# SPDX-License-Identifier: MIT
# What scenarios of gapless-indicators share. Sourced after scenario.
export GAPLESS_INDICATORS_TOPIC=i.$name GAPLESS_INDICATORS_GROUP=indicators.$name
export GAPLESS_MARKETS_S=2 # so that a clock that jumps is noticed before the next minute is over

topic_delete "$GAPLESS_INDICATORS_TOPIC"

indicators() { indicators_as indicators "$@"; }

indicators_as() { spawn "$1" "$GAPLESS_BIN/gapless-indicators" "${@:2}"; } # name, arguments

# A new group computes what is not stored yet when it begins, the rest is for `compute`: the writer starts after it.
indicators_have_begun() { # who...
	local p
	for p; do logged "$p" 'reading begins' || return 1; done
}

# The group has committed every offset up to the ends: all that came of the candles is published.
indicators_caught_up() {
	local ends
	ends=$(topic_ends) && [ -n "$ends" ] || return 1
	[ "$(awk '$2 > 0' <<<"$ends")" = "$(GAPLESS_GROUP=$GAPLESS_INDICATORS_GROUP committed | awk '$2 > 0')" ]
}

indicators_dump() { # symbol, interval: lines "offset message"
	kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_INDICATORS_TOPIC" -e -q -f '%o %s\n' |
		grep -F "\"symbol\":\"$1\",\"interval\":\"$2\","
}

interval_ms() { sql "SELECT (extract(epoch FROM interval_length('$1')) * 1000)::bigint"; }

# The last message of each key of the series equals a batch computation over the table.
equals_batch() { # symbol, interval, indicators, [skip|carry]
	local at="$work/batch.$1.$2"
	sql "COPY (SELECT extract(epoch FROM \"timestamp\") * 1000::bigint, open, high, low, close, volume, quote_volume,
			extract(epoch FROM fetched_at) * 1000::bigint
		FROM market_data WHERE symbol = '$1' AND \"interval\" = '$2' ORDER BY \"timestamp\") TO STDOUT" |
		awk '{ sub(/\..*/, "", $1); sub(/\..*/, "", $8); print }' >"$at.candles"
	sql "SELECT (extract(epoch FROM lower(r)) * 1000)::bigint || ' ' || (extract(epoch FROM upper(r)) * 1000)::bigint
		FROM market_data_coverage, unnest(covered) AS r WHERE symbol = '$1' AND \"interval\" = '$2'" >"$at.covered"
	indicators_dump "$1" "$2" >"$at.topic"
	python3 tests/integration/indicators_batch.py "$3" "$(interval_ms "$2")" "$at.candles" "$at.covered" "$at.topic" "${4:-skip}"
}

# --- what a process shows, by what it says of its address

shown() { # who, path
	curl -s "http://$(sed -n 's/.*metrics and health are served" address=//p' "$work/$1.log" | tail -n 1)$2"
}

# The sum over all samples of a metric; with a label, of those that have it.
metric_sum() { # who, name, [label="value"]
	shown "$1" /metrics | awk -v name="$2" -v label="${3:-}" \
		'(index($0, name " ") == 1 || index($0, name "{") == 1) && index($0, label) { n += $NF } END { print n + 0 }'
}

metric_sum_is() { [ "$(metric_sum "$1" "$2")" = "$3" ]; } # who, name, value

readyz_says() { [[ $(shown "$1" /readyz) == "$2" ]]; } # who, what
