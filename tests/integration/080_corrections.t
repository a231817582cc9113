#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Candles that the exchange corrects after they were read, and late ones.
#
#  - The producer is killed one second after a candle is in the table; two seconds later the exchange corrects
#    it and shows a late one beside it: the same minute of a market that had not traded in it, and for 1s a
#    second just before. Started again two minutes later, and in a second run two hours later, it makes all
#    four rows right.
#  - With an exchange that changes three candles of ten, or shows them late, up to 50 s after their end,
#    everything running: at no sampled moment does the coverage claim a candle that is not as it finally is,
#    and in the end the table is right.
. tests/integration/lib.sh
scenario corrections
exchange --start 2026-03-10T12:00:00Z --seed 11
writer

revision() { # symbol, interval, timestamp
	sql "SELECT revision FROM market_data WHERE symbol = '$1' AND interval = '$2' AND timestamp = '$3'"
}

stored() { [ -n "$(revision "$@")" ]; }

claimed() { # symbol, interval, timestamp
	covers "$1" "$2" "$3" "$(later "$3" 1)"
}

minutes_of() { # symbol, from
	truth_tsv "$1" 1m "$2" "$(later "$2" 7200)" | cut -f 3
}

# A minute from `from` on in which KRW-SPARSE trades, and KRW-HOURLY does not.
minute_of_one() { # from
	later "$(comm -23 <(minutes_of KRW-SPARSE "$1") <(minutes_of KRW-HOURLY "$1") | sed -n 1p)" 0
}

second_newest() { # the last of KRW-XRP in the table
	later "$(PGTZ=UTC sql "SELECT max(timestamp) FROM market_data WHERE symbol = 'KRW-XRP' AND interval = '1s'")" 0
}

# The last second before that one in which KRW-XRP has no candle.
second_of_none() { # before
	later "$(PGTZ=UTC sql "SELECT max(s) FROM generate_series('$1'::timestamptz - interval '20 s', '$1', '1 s') AS s
		WHERE NOT EXISTS (SELECT FROM market_data
			WHERE symbol = 'KRW-XRP' AND interval = '1s' AND timestamp = s)")" 0
}

right() { # what, symbol, interval, timestamp, [the revision before]
	local truth stored
	truth=$(truth_tsv "$2" "$3" "$4" "$(later "$4" 1)" | cut -f 10)
	stored=$(revision "$2" "$3" "$4")
	is "$1 ($2 $3 $4)" "$stored" "$truth"
	ok "$1: its revision is newer" test "$stored" -gt "${5:-0}"
}

# The producer killed at the worst moment, started again when so many seconds have passed.
killed_run() { # from, away
	local symbols=KRW-SPARSE,KRW-HOURLY,KRW-XRP minute second none at end r_minute r_second m
	clock_set 2026-03-10T12:00:00Z # the truth of what is to come
	minute=$(minute_of_one "$1")
	end=$(later "$minute" 60)
	clock_set "$(later "$end" -4)"
	producer --symbols $symbols --intervals 1s,1m --lookup-s 2 --lookup-gaps-s 1 --since "$(later "$minute" -300)"
	await 20 "the candle of $minute is in the table" stored KRW-SPARSE 1m "$minute"
	await 5 "a second later" exchange_is_at "$(later "$(exchange_now)" 1)"
	stop producer KILL
	second=$(second_newest)
	none=$(second_of_none "$second")
	r_minute=$(revision KRW-SPARSE 1m "$minute")
	r_second=$(revision KRW-XRP 1s "$second")
	at=$(later "$(exchange_now)" 2)
	correct KRW-SPARSE 1m "$minute" "$at"
	correct KRW-HOURLY 1m "$minute" "$at"
	correct KRW-XRP 1s "$second" "$at"
	correct KRW-XRP 1s "$none" "$at"
	await 5 "the exchange has corrected them" exchange_is_at "$(later "$at" 1)"
	for m in "KRW-SPARSE 1m $minute" "KRW-HOURLY 1m $minute" "KRW-XRP 1s $second" "KRW-XRP 1s $none"; do
		# shellcheck disable=SC2086
		ok "$m is not claimed yet" unclaimed $m
	done
	ok "the late minute is not there" test -z "$(revision KRW-HOURLY 1m "$minute")"
	ok "the late second is not there" test -z "$(revision KRW-XRP 1s "$none")"
	clock_advance "$2"

	producer --symbols $symbols --intervals 1s,1m --lookup-s 2 --lookup-gaps-s 1
	all_claimed() {
		claimed KRW-SPARSE 1m "$minute" && claimed KRW-HOURLY 1m "$minute" &&
			claimed KRW-XRP 1s "$second" && claimed KRW-XRP 1s "$none"
	}
	await 30 "started again $2 s later: all four are claimed" all_claimed
	right "the corrected minute" KRW-SPARSE 1m "$minute" "$r_minute"
	right "the late minute" KRW-HOURLY 1m "$minute"
	right "the corrected second" KRW-XRP 1s "$second" "$r_second"
	right "the late second" KRW-XRP 1s "$none"
	await 30 "no gap is left" no_gaps
	for m in "KRW-SPARSE 1m" "KRW-HOURLY 1m" "KRW-XRP 1s" "KRW-XRP 1m"; do
		# shellcheck disable=SC2086
		ok "$m is as the exchange has it" equals_truth $m "$(later "$minute" -300)" \
			"$(later "$end" $(($2 - 60)))"
	done
	stop producer
	is "the producer ended well" "$code" 0
}

unclaimed() { ! claimed "$@"; }

killed_run 2026-03-10T06:00:00Z 120
killed_run 2026-03-10T08:00:00Z 7200

# --- many corrections, everything running

stop exchange
is "the exchange ended well" "$code" 0
exchange --start 2026-03-12T15:20:20Z --seed 12 --corrections 0.3
markets='KRW-BTC KRW-ETH KRW-QUIET'
producer --symbols "$markets" --intervals 1s,1m --lookup-s 2 --lookup-gaps-s 1
begin=2026-03-12T15:17:10Z # nearly all of the last 200 s of 1s, whenever it began; all of it in the last 200 minutes of 1m

# What is claimed is written down again and again, and compared with the truth when that has come out.
sql "CREATE TABLE truth (symbol text, interval text, timestamp timestamptz, open text, high text, low text,
		close text, volume text, quote_volume text, revision text);
	CREATE TABLE claim (step int, symbol text, interval text, span tstzrange);
	CREATE TABLE claimed AS SELECT 0 AS step, * FROM market_data LIMIT 0"
sample() { # step
	local of="symbol IN ('KRW-BTC', 'KRW-ETH', 'KRW-QUIET')"
	sql "BEGIN ISOLATION LEVEL REPEATABLE READ;
		INSERT INTO claim SELECT $1, symbol, interval, unnest(covered) FROM market_data_coverage WHERE $of;
		INSERT INTO claimed SELECT $1, m.* FROM market_data m
			JOIN market_data_coverage c USING (symbol, interval)
			WHERE $of AND timestamp >= '$begin' AND timestamp <@ covered;
		COMMIT"
}
for step in $(seq 16); do
	case $step in
	6 | 9) clock_advance 100 ;;
	12) clock_advance 240 ;;
	esac
	await 5 "step $step" exchange_is_at "$(later "$(exchange_now)" 2)"
	sample "$step"
done
seen=$(exchange_now)
clock_advance 480
# shellcheck disable=SC2086
await 30 "no gap is left" complete $markets
for m in $markets; do
	ok "$m 1s is as the exchange has it" equals_truth "$m" 1s $begin "$seen" 300
	ok "$m 1m is as the exchange has it" equals_truth "$m" 1m 2026-03-12T12:30:00Z "$seen" 100
	for i in 1s 1m; do
		truth_tsv "$m" $i $begin "$seen" | psql -X -q -c '\copy truth FROM STDIN'
	done
done
n=$(sql "SELECT count(*) FROM claimed WHERE step = 16")
ok "the last sample claimed much: $n candles" test "$n" -gt 1000
is "no sample claimed a candle that was not final, or a span without one that came late" "$(sql "SELECT count(*)
	FROM (SELECT c.step, t.* FROM claim c JOIN truth t USING (symbol, interval) WHERE t.timestamp <@ c.span) AS t
	FULL JOIN (SELECT * FROM claimed WHERE timestamp < '$seen') AS c USING (step, symbol, interval, timestamp)
	WHERE (t.open, t.high, t.low, t.close, t.volume, t.quote_volume, t.revision) IS DISTINCT FROM
		(c.open::text, c.high::text, c.low::text, c.close::text, c.volume::text, c.quote_volume::text,
		c.revision::text)")" 0
for p in producer writer exchange; do
	stop $p
	is "the $p ended well" "$code" 0
done
corrected=$(sed -n 's/.*msg="stored in all".* corrected=\([0-9]*\).*/\1/p' "$work/writer.log")
ok "the writer corrected rows: $corrected" test "${corrected:-0}" -gt 10
finish
