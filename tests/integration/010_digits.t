#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every digit arrives. Recorded pages of Upbit and a hand-made one, with decimals that no double holds, go through the
# whole system and come out of the table digit for digit.
#
# Compared with the files themselves, read here by a few lines of awk that share nothing with the programs or with the
# exchange: a mistake that the exchange and the programs had in common would show. Exponents are expected written out.
. tests/integration/lib.sh
scenario digits
for setting in 'quote_all_identifiers = on' "IntervalStyle = 'sql_standard'" 'extra_float_digits = -15' "bytea_output = 'escape'"; do
	sql "ALTER DATABASE $PGDATABASE SET $setting" # how the server would write things otherwise
done
pages=(tests/data/upbit/upbit_1m_*.json tests/data/upbit/upbit_3m_*.json tests/data/upbit/handmade_1m.json)
since=2020-02-20T08:00:00Z now=2020-02-20T12:10:00Z # where the first row of either market's minutes lies, and after the last
since_3m=2020-02-19T15:00:00Z

# The rows of a page of minutes as table_tsv writes them, oldest first.
file_tsv() { # symbol, minutes, file...
	local symbol=$1 minutes=$2
	shift 2
	awk -v RS='}' -v symbol="$symbol" -v minutes="$minutes" '
		function field(name,  t) {
			if (!match($0, "\"" name "\"[ \t\n]*:[ \t\n]*[^,\n]*"))
				return "none"
			t = substr($0, RSTART, RLENGTH)
			sub(/^[^:]*:[ \t\n]*/, "", t)
			gsub(/[" \t]/, "", t)
			return t
		}
		function zeros(n,  z) {
			for (z = ""; n > 0; n--)
				z = z "0"
			return z
		}
		# Moves the point; the digits stay as they are. (No zero is left or put before another digit in these files.)
		function plain(t,  at, shift, whole, fraction, digits, point) {
			at = match(t, /[eE]/)
			if (!at)
				return t
			shift = substr(t, at + 1) + 0
			whole = substr(t, 1, at - 1)
			fraction = ""
			if (match(whole, /\./)) {
				fraction = substr(whole, RSTART + 1)
				whole = substr(whole, 1, RSTART - 1)
			}
			digits = whole fraction
			point = length(whole) + shift
			if (point <= 0)
				return "0." zeros(-point) digits
			if (point >= length(digits))
				return digits zeros(point - length(digits))
			return substr(digits, 1, point) "." substr(digits, point + 1)
		}
		field("market") == symbol && field("unit") == minutes {
			t = field("candle_date_time_utc")
			sub(/T/, " ", t)
			printf "%s\t%sm\t%s+00\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", symbol, minutes, t, plain(field("opening_price")),
				plain(field("high_price")), plain(field("low_price")), plain(field("trade_price")),
				plain(field("candle_acc_trade_volume")), plain(field("candle_acc_trade_price")), field("timestamp")
		}' "$@" | sort -t "$(printf '\t')" -k 3
}

recorded_args=()
for page in "${pages[@]}"; do
	recorded_args+=(--recorded "$page")
done
exchange --start "$now" "${recorded_args[@]}"
writer
looks=(--lookup-s 2 --lookup-gaps-s 1)
producer --symbols KRW-BTC,KRW-EXACT --intervals 1m --since "$since" "${looks[@]}"

# Of so many series nothing that is final is missing: one statement, since they appear while we ask.
complete_now() { # interval, number of series
	sql_is "SELECT count(*) || ' ' || sum((SELECT count(*) FROM unnest(
			tstzmultirange(tstzrange(wanted_from, '2020-02-20T12:09:00Z')) - coalesce(covered, '{}'))))
		FROM market_data_series LEFT JOIN market_data_coverage USING (symbol, \"interval\") WHERE \"interval\" = '$1'" "$2 0"
}
await 30 "every minute that is final is covered" complete_now 1m 2
stop producer
is "the producer ends with 0" "$code" 0
producer --symbols KRW-BTC --intervals 3m --since "$since_3m" "${looks[@]}"
await 30 "and all of the three-minute candles" complete_now 3m 1

for page in "${pages[@]}"; do
	n=$(jq length "$page")
	note "$page: $n rows"
done
file_tsv KRW-BTC 1 "${pages[@]}" >"$work/file.btc.tsv"
file_tsv KRW-BTC 3 "${pages[@]}" >"$work/file.btc3.tsv"
file_tsv KRW-EXACT 1 "${pages[@]}" >"$work/file.exact.tsv"
table_tsv KRW-BTC 1m 2000-01-01 2100-01-01 >"$work/table.btc.tsv"
table_tsv KRW-BTC 3m 2000-01-01 2100-01-01 >"$work/table.btc3.tsv"
table_tsv KRW-EXACT 1m 2000-01-01 2100-01-01 >"$work/table.exact.tsv"

same() { # file, table: as many lines as wanted, each the same
	cmp -s "$1" "$2" || {
		diff "$1" "$2" | head -n 6 | sed 's/^/#   /'
		return 1
	}
}
is "the recorded files hold 240 minutes" "$(wc -l <"$work/file.btc.tsv")" 240
ok "the table is the recorded minutes, digit for digit" same "$work/file.btc.tsv" "$work/table.btc.tsv"
is "the recorded files hold 240 times three minutes" "$(wc -l <"$work/file.btc3.tsv")" 240
ok "the table is those, digit for digit" same "$work/file.btc3.tsv" "$work/table.btc3.tsv"
is "the hand-made file holds 11 minutes" "$(wc -l <"$work/file.exact.tsv")" 11
ok "the table is the hand-made file, digit for digit" same "$work/file.exact.tsv" "$work/table.exact.tsv"

# Written out here once more, so that no edit of the file can take them away.
stored() { # minute, column
	PGTZ=UTC sql "SELECT $2::text FROM market_data WHERE symbol = 'KRW-EXACT' AND \"timestamp\" = '2020-02-20 $1+00'"
}
is "sixteen decimals, most of them zeros" "$(stored 08:02 quote_volume)" 860743.5307100000000000
is "twenty-two digits" "$(stored 08:01 quote_volume)" 37189906239683.17623000
is "eight decimals, all zero" "$(stored 08:01 open)" 46825000.00000000
is "an exponent, written out" "$(stored 08:12 volume)" 0.00000062
is "an exponent upwards" "$(stored 08:12 open)" 11509000
is "an exponent upwards with a zero at the end" "$(stored 08:12 close)" 11498000
is "nought with an exponent" "$(stored 08:14 close)" 0.00000000
is "the smallest step" "$(stored 08:02 open)" 0.00000001
is "forty digits" "$(stored 08:05 quote_volume)" 1234567890123456789012345678901234567890
is "thirty-nine decimals" "$(stored 08:06 open)" 0.123456789012345678901234567890123456789
is "the first integer that no double holds" "$(stored 08:07 open)" 9007199254740993
is "an integer" "$(stored 08:00 open)" 11509000
is "two zeros at the end" "$(stored 08:15 close)" 100.1000

# On the way, too: the topic carries the same digits as strings.
is "the topic carries the digits as text" "$(kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_TOPIC" -e -q |
	jq -r 'select(.symbol == "KRW-EXACT" and .timestamp == 1582185720000) | .volume + " " + .quote_volume' | sort -u)" \
	"86074353071000.0000 860743.5307100000000000"
is "nothing is stored beside the three series" "$(sql 'SELECT count(*) FROM market_data')" 491
is "nothing went to the dead letters" "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0

for p in producer writer; do
	stop $p
	is "the $p ends with 0" "$code" 0
done
finish
