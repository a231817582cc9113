# SPDX-License-Identifier: MIT
# What the scenarios about gapless-writer replay share; sourced after lib.sh.

# Twelve hours of four markets in the table, and a live writer. replay_set_up, then:
#	$candles     how many of them there are; they are written down in $work/rows
replay_set_up() {
	exec 2>"$work/shell.log" # bash has a line for everybody who was killed
	export GAPLESS_SESSION_TIMEOUT_MS=2000 GAPLESS_BATCH_MS=200 GAPLESS_LOOKUP_S=2 GAPLESS_LOOKUP_GAPS_S=2
	export GAPLESS_SYMBOLS=KRW-BTC,KRW-ETH,KRW-XRP,KRW-DIGITS
	exchange --limit 50
	since=$(iso $(($(exchange_ms) - 12 * 3600000)))
	old="\"timestamp\" < '$(exchange_now)'::timestamptz - interval '20 minutes'"
	writer
	producer --rate-limit 50 --intervals 1m --since "$since"
	await 30 'twelve hours are wanted' sql_is "SELECT count(*) FROM market_data_series WHERE wanted_from <= '$since'" 4
	await 40 '... and complete' no_gaps
	rows rows
	candles=$(wc -l <"$work/rows")
	ok "there is enough to replay ($candles candles)" test "$candles" -gt 2500
	stop producer
	await 20 'all of it is stored' caught_up
}

replay() { # who, argument...
	local who=$1
	shift
	log_forget "$who"
	spawn "$who" timeout -k 5 400 "$GAPLESS_BIN/gapless-writer" replay "$@"
}

replayed() { # exit code, who, argument...
	replay "${@:2}"
	ended "$2"
	is "replay ${*:3}: exit code" "$code" "$1"
	[ "$code" = "$1" ] || tail -n 5 "$work/$2.log" | cut -c1-400 | sed 's/^/# /'
}

total() { # who, key: of its last line of counts
	grep -E 'msg="stored in all"' "$work/$1.log" | tail -n 1 | grep -oE " $2=[0-9]+" | cut -d= -f2
}

begun() { # who, key: of the line that says where it begins
	grep -E 'msg="the replay (begins|goes on where it was)"' "$work/$1.log" | tail -n 1 | grep -oE " $2=[0-9]+" | cut -d= -f2
}

rows() { # file: the old ones, which nothing but a replay touches
	PGTZ=UTC psql -X -q -At -v ON_ERROR_STOP=1 -c "SELECT symbol, \"interval\", \"timestamp\", open, high, low, close, volume,
		quote_volume, revision FROM market_data WHERE \"interval\" = '1m' AND $old ORDER BY symbol, \"timestamp\"" >"$work/$1"
}

as_before() {
	rows now && cmp -s "$work/rows" "$work/now" && return
	note "$(wc -l <"$work/rows") rows before, $(wc -l <"$work/now") now"
	return 1
}

old_of() { sql "SELECT count(*) FROM market_data WHERE symbol = '$1' AND \"interval\" = '1m' AND $old"; } # symbol

# Unseen by the triggers that guard the coverage: else the producer fetches it again, replay or not.
lose() { sql "SET session_replication_role = replica; DELETE FROM market_data WHERE \"interval\" = '1m' AND $old AND $1"; } # condition

stored_beyond() { [ "$(sql 'SELECT sum(next_offset) FROM market_data_position' 2>/dev/null)" -gt "$1" ]; }

# Of the replay of the whole topic.
sum() { sql "SELECT sum($1) FROM market_data_replay WHERE name = '$GAPLESS_TOPIC'"; }
