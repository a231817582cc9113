# SPDX-License-Identifier: MIT
# An exchange that answers wrongly: sourced after lib.sh by scenarios of one kind of polls each. $since is theirs.

# With every cause in the log, not only the first of 10 s.
options=(--wait-for-listing --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-NOPE --intervals 1s,1m --rate-limit 30 --lookup-s 2 --lookup-gaps-s 1
	--log-level debug)

named() { # when, cause...: each stands in the log
	local when=$1 cause
	shift
	for cause in "$@"; do
		ok "$when, the log names: $cause" logged producer "error=.*$cause"
	done
}

too_slow() { logged producer 'error=.*too slow'; } # after 8 s

complete_all() { complete KRW-BTC KRW-ETH KRW-XRP; }

nothing_is_left_behind() { # how many candles of 1s, and of 1m, each market has at the least
	local seen m p
	seen=$(exchange_now)
	clock_advance 480
	await 30 "no gap is left" complete_all
	for m in KRW-BTC KRW-ETH KRW-XRP; do
		ok "$m 1s is as the exchange has it" equals_truth $m 1s $since "$seen" $1
		ok "$m 1m is as the exchange has it" equals_truth $m 1m $since "$seen" $2
	done
	is "no other market is in the table" \
		"$(sql "SELECT string_agg(DISTINCT symbol, ' ' ORDER BY symbol) FROM market_data")" 'KRW-BTC KRW-ETH KRW-XRP'
	is "nothing was a dead letter" "$(sql "SELECT count(*) FROM candle_dead_letter")" 0
	topic_dump "$work/topic.all"
	is "no row of a rejected page was published" "$(grep -c 'KRW-WRONG\|"close":"1.00000001"' "$work/topic.all")" 0
	for p in producer writer exchange; do
		stop $p
		is "the $p ended well" "$code" 0
	done
}
