#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# demo.sh: the whole path on this machine, in about a minute, and what it proves. `make demo` builds what it needs.
#
# A sandbox exchange that corrects candles after their close and lets others appear late; two producers, two writers, and
# indicators computed from the topic; a real broker and a real database. Backfill, live, one of each killed, an outage of all
# producers of exactly five minutes; then the indicators beside a computation over the whole table, and every stored candle beside
# the exchange's own truth, digit for digit. Leaves nothing running.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 TZ=UTC

bin=${GAPLESS_BIN:-build/release}
work=build/demo
symbols=(KRW-BTC KRW-SPARSE KRW-QUIET KRW-XRP) # the last one in another half of the partitions than the others
intervals=(1m 1s)
declare -A about=([KRW-BTC]="trades every second" [KRW-SPARSE]="one minute in ten" [KRW-QUIET]="quiet at times"
	[KRW-XRP]="one second in four")
declare -A pid=() # of the exchange, producers and writers
stack_is_ours=''

if [ -t 1 ]; then bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'; else bold='' green='' red='' plain=''; fi

step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
say() { printf '  %s\n' "$*"; }

die() {
	printf '%sdemo: %s%s\n' "$red" "$*" "$plain" >&2
	printf 'demo: the logs are in %s\n' "$work" >&2
	exit 1
}

end() {
	local status=$?
	local p
	exec 2>>"$work/shell.log"
	for p in "${pid[@]}"; do kill -TERM "$p" 2>/dev/null; done
	for p in "${pid[@]}"; do wait "$p" 2>/dev/null; done
	if [ -n "$stack_is_ours" ]; then compose/stack.sh down >>"$work/stack.log" 2>&1; fi
	exit "$status"
}

# The seconds end a hang; a busy machine may take them.
await() { # what, command...
	local what=$1 until=$((SECONDS + 300))
	shift
	until "$@"; do
		[ $SECONDS -lt $until ] || die "$what: not within 300 s"
		sleep 0.2
	done
}

sql() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }
control() { curl -fsS "$GAPLESS_EXCHANGE_URL/control/$1"; }
now() { control clock | jq -r '.sandbox[:19] + "Z"'; }

# --- what is there

produce() { # who
	: >>"$work/$1.log"
	"$bin/gapless-producer" --symbols "$(IFS=,; echo "${symbols[*]}")" --intervals "$(IFS=,; echo "${intervals[*]}")" \
		--since "$since" --lookup-gaps-s 2 >>"$work/$1.log" 2>&1 &
	pid[$1]=$!
}

store() { # who, [arguments]
	: >>"$work/$1.log"
	"$bin/gapless-writer" "${@:2}" >>"$work/$1.log" 2>&1 &
	pid[$1]=$!
}

indicate() {
	"$bin/gapless-indicators" --indicators sma:20@1m,rsi:14@1m >>"$work/indicators.log" 2>&1 &
	pid[indicators]=$!
}

dies() { # who
	{
		kill -KILL "${pid[$1]}"
		wait "${pid[$1]}"
	} 2>>"$work/shell.log"
	unset "pid[$1]"
}

# How many partitions somebody has by his own account.
partitions() { # who
	grep -soE 'partitions (assigned|given back|lost)[^"]*" partitions=[0-9]+|assigns its partitions again' "$work/$1.log" | tail -n 1 |
		sed -n 's/.*assigned" partitions=//p'
}

has() { [ "$(partitions "$1")" = "$2" ]; }
all_share() { has "$1" 6 && has "$2" 6; }
has_all() { has "$1" 12; }
joined_again() { [ "$(grep -c 'reading begins' "$work/indicators.log")" = 2 ]; }

last_final() { # interval: start of the first candle that is not final yet
	local length=60 seconds
	[ "$1" = 1s ] && length=1
	seconds=$(date -d "$(now)" +%s)
	date -d "@$(((seconds - 60) / length * length))" +%FT%TZ
}

gaps() { # [symbol, interval]: spans that should be complete by now and are not; a quiet tail is promised every 5 minutes
	sql "SELECT count(*) FROM market_data_gaps_at('$(now)') WHERE ('${1:-}', '${2:-}') IN (('', ''), (symbol, \"interval\"))"
}

no_gaps() { [ "$(gaps 2>/dev/null)" = 0 ] && [ "$(sql "SELECT count(*) FROM market_data_series")" = $((${#symbols[@]} * ${#intervals[@]})) ]; }

# With the clock standing still: each candle that is final by now is stored and covered, of every series. What is behind the last
# candle of a series is promised every five minutes only.
settled() {
	local s i to newest
	no_gaps || return 1
	for i in "${intervals[@]}"; do
		to=$(last_final "$i")
		for s in "${symbols[@]}"; do
			newest=$(control "truth?market=$s&interval=$i&from=$since&to=$to&format=tsv" | tail -n 1 | cut -f 3)
			[ -z "$newest" ] || [ "$(sql "SELECT tstzrange('$since', '$newest', '[]') <@ covered FROM market_data_coverage
				WHERE symbol = '$s' AND \"interval\" = '$i'")" = t ] || return 1
		done
	done
}

lag() { # messages in the topic that the writer has not stored
	local ends stored
	ends=$(kcat -b "$GAPLESS_BROKERS" -Q $(printf -- "-t $GAPLESS_TOPIC:%d:-1 " {0..11}) | awk '{ n += $NF } END { print n }')
	stored=$(sql "SELECT coalesce(sum(next_offset), 0) FROM market_data_position WHERE topic = '$GAPLESS_TOPIC'")
	echo $((ends - stored))
}
caught_up() { [ "$(lag)" = 0 ]; }

screen() { # a line for each series
	sql "SELECT format('  %-11s %-3s %7s candles, the newest %s; %s%% of six hours covered', s.symbol, s.\"interval\", m.n,
			coalesce(to_char(m.newest, 'HH24:MI:SS'), '-'), least(100, round(extract(epoch FROM
			(SELECT coalesce(sum(upper(r) - lower(r)), '0') FROM unnest(c.covered) r)) / 216)))
		FROM market_data_series s LEFT JOIN market_data_coverage c USING (symbol, \"interval\"),
		LATERAL (SELECT count(*) n, max(\"timestamp\") newest FROM market_data d
			WHERE d.symbol = s.symbol AND d.\"interval\" = s.\"interval\") m ORDER BY 1"
}

# --- the indicators, against a computation over the whole table

# "symbol timestamp sma rsi", of a list "symbol timestamp close" in their order; a value that needs more candles is "-".
batch() {
	awk '
		$1 != symbol { symbol = $1; n = gain = loss = 0 }
		{
			c[n++] = $3; d = n > 1 ? $3 - c[n - 2] : 0; up = d > 0 ? d : 0; down = d < 0 ? -d : 0
			gain = n <= 15 ? gain + up / 14 : (gain * 13 + up) / 14
			loss = n <= 15 ? loss + down / 14 : (loss * 13 + down) / 14
			sum = 0
			for (i = n - 20; n >= 20 && i < n; i++) sum += c[i]
			printf "%s %s %s %s\n", $1, $2, n < 20 ? "-" : sprintf("%.17g", sum / 20),
				n < 15 ? "-" : sprintf("%.17g", gain + loss > 0 ? 100 * gain / (gain + loss) : 0)
		}'
}

# The same, of the last message of each key: the greatest as_of, of those the last one.
published() {
	kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_INDICATORS_TOPIC" -e -q -f '%s\n' 2>>"$work/shell.log" |
		jq -r '[.symbol, .timestamp, .indicator, .as_of, (.value.sma // .value.rsi // "-")] | @tsv' | awk '
		{ key = $1 " " $2; keys[key]; if ($4 >= as_of[key, $3]) { as_of[key, $3] = $4; value[key, $3] = $5 } }
		END { for (key in keys) print key, value[key, "sma"], value[key, "rsi"] }' | sort -k 1,1 -k 2,2n
}

# Sets `compared`: how many values of all candles are equal, to 1e-9. None may be missing, too many, or different.
indicators_are_equal() {
	sql "SELECT symbol || ' ' || extract(epoch FROM \"timestamp\")::bigint * 1000 || ' ' || close FROM market_data
		WHERE \"interval\" = '1m' ORDER BY symbol COLLATE \"C\", \"timestamp\"" >"$work/closes"
	grep -q "^KRW-BTC ${newest_minute}000 " "$work/closes" || return # it is read live, a moment after the gap is filled
	batch <"$work/closes" >"$work/batch" && published >"$work/published"
	compared=$(awk '
		function far(a, b, d) { d = a - b; return (a == "-") != (b == "-") || (d < 0 ? -d : d) > 1e-9 * (b < 0 ? -b : b) }
		NR == FNR { sma[$1 " " $2] = $3; rsi[$1 " " $2] = $4; left++; next }
		!(($1 " " $2) in sma) || far($3, sma[$1 " " $2]) || far($4, rsi[$1 " " $2]) { bad = 1; exit }
		{ left--; n += ($3 != "-") + ($4 != "-") }
		END { if (bad || left) exit 1; print n }' "$work/batch" "$work/published" 2>>"$work/shell.log")
}

# A collector that was away for the same time, and went on with the newest candle: rows of KRW-BTC 1m, without those between.
show_indicators() { # the candles that it missed: from, to (exclusive), epoch seconds
	local at
	grep '^KRW-BTC ' "$work/closes" | awk -v f="$1" -v t="$2" '$2 < f * 1000 || $2 >= t * 1000' | batch >"$work/naive"
	printf '\n  %-10s %-40s%s\n' KRW-BTC 'SMA 20' 'RSI 14'
	printf '  %-10s %-12s %-12s %-14s%-12s %-12s %s\n' 1m published 'whole table' naive published 'whole table' naive
	for ((at = $1; at <= $2; at += 60)); do
		awk -v at="$(date -d "@$at" +%H:%M)" -v key="KRW-BTC ${at}000" '
			function text(v, form) { return v == "" ? "no value" : sprintf(form, v) }
			$1 " " $2 == key { sma[FILENAME] = $3; rsi[FILENAME] = $4 }
			END { printf "  %-10s %-12s %-12s %-14s%-12s %-12s %s\n", at, text(sma[ARGV[1]], "%.1f"), text(sma[ARGV[2]], "%.1f"),
				text(sma[ARGV[3]], "%.1f"), text(rsi[ARGV[1]], "%.4f"), text(rsi[ARGV[2]], "%.4f"), text(rsi[ARGV[3]], "%.4f") }
			' "$work/published" "$work/batch" "$work/naive"
	done
}

# --- the last screen: the table against the exchange's own truth

columns="symbol, \"interval\", \"timestamp\"::text, open::text, high::text, low::text, close::text, volume::text, quote_volume::text, revision::text"

verdict() {
	local s i to served stored duplicates digits gaps failed=0
	printf '\n  %-11s %-4s %-20s %9s %9s %6s %11s  %s\n' series '' market served stored gaps duplicates digits
	for s in "${symbols[@]}"; do
		for i in "${intervals[@]}"; do
			to=$(last_final "$i")
			control "truth?market=$s&interval=$i&from=$since&to=$to&format=tsv" >"$work/truth.tsv"
			psql -X -q -At -F $'\t' -c "SELECT $columns FROM market_data WHERE symbol = '$s' AND \"interval\" = '$i'
				AND \"timestamp\" >= '$since' AND \"timestamp\" < '$to' ORDER BY \"timestamp\"" >"$work/stored.tsv"
			served=$(wc -l <"$work/truth.tsv")
			stored=$(wc -l <"$work/stored.tsv")
			duplicates=$((stored - $(cut -f1-3 "$work/stored.tsv" | sort -u | wc -l)))
			gaps=$(gaps "$s" "$i")
			digits="${green}equal$plain"
			if ! cmp -s "$work/truth.tsv" "$work/stored.tsv" || [ "$gaps" != 0 ] || [ "$served" = 0 ]; then
				digits="${red}DIFFERENT$plain"
				failed=1
				cp "$work/truth.tsv" "$work/truth.$s.$i.tsv"
				cp "$work/stored.tsv" "$work/stored.$s.$i.tsv"
			fi
			printf '  %-11s %-4s %-20s %9d %9d %6d %11d  %s\n' "$s" "$i" "${about[$s]}" "$served" "$stored" "$gaps" "$duplicates" "$digits"
		done
	done
	return $failed
}

# --- the sequence

mkdir -p "$work"
rm -f "$work"/*.log "$work"/*.tsv
trap end EXIT
trap 'exit 130' INT TERM

step "1. A broker, a database, an exchange"
compose/stack.sh status >/dev/null 2>&1 || stack_is_ours=yes
compose/stack.sh up | sed 's/^/  /' || die "the local stack does not start"
eval "$(compose/stack.sh env)"
export GAPLESS_SESSION_TIMEOUT_MS=3000 # so that one sees soon who takes over
export GAPLESS_HTTP=off # several of them, one after the other
export PGDATABASE=gapless_demo PGTZ=UTC GAPLESS_TOPIC=demo.v1 GAPLESS_GROUP=gapless-demo GAPLESS_PRODUCER_GROUP=gapless-demo-producers GAPLESS_DATABASE=
export GAPLESS_INDICATORS_TOPIC=demo.indicators.v1 GAPLESS_INDICATORS_GROUP=gapless-demo-indicators
compose/stack.sh kafka-tool org.apache.kafka.tools.TopicCommand --bootstrap-server "$GAPLESS_BROKERS" --delete --if-exists \
	--topic 'demo\.(indicators\.)?v1' >"$work/stack.log" 2>&1 || die "the topics of an earlier demo cannot be removed"
psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)" -c "CREATE DATABASE $PGDATABASE" >>"$work/stack.log" 2>&1 ||
	die "no database for the demo"
"$bin/gapless-writer" migrate >"$work/migrate.log" 2>&1 || die "the tables cannot be made"
"$bin/gapless-exchange" --port 0 --corrections 0.3 >"$work/exchange.log" 2>&1 &
pid[exchange]=$!
await "the exchange starts" grep -q listening "$work/exchange.log"
GAPLESS_EXCHANGE_URL=$(sed -n 's/.*listening on //p' "$work/exchange.log")
export GAPLESS_EXCHANGE_URL
say "sandbox exchange on $GAPLESS_EXCHANGE_URL: Upbit's API, 10 requests a second; some candles change, or appear, after their close"
since=$(date -d "$(now) -6 hours" +%FT%H:%M:00Z)

step "2. Backfill: six hours of 1m and of 1s, for dense markets, a sparse one, and one that is quiet at times"
store writer-1
store writer-2 --http 127.0.0.1:0
page_is_there() { page=$(sed -n 's/.*are served" address=//p' "$work/writer-2.log") && [ -n "$page" ]; }
await "the page" page_is_there
say "${bold}http://$page/#span=21600$plain shows all of it while this runs: red is missing and closes from the left,"
say "grey is no trades; click a series for its candles. (Nothing here waits for you.)"
indicate
produce producer-1
looked() { [ "$(grep -sc 'missing candles' "$work/producer-1.log")" -ge $((${#symbols[@]} * ${#intervals[@]})) ]; }
await "the first lookup" looked
sed -n 's/.*msg="\(Backfilling [0-9]* missing candles\)" symbol=\([^ ]*\) interval=\([^ ]*\).*/  \2 \3: \1/p' "$work/producer-1.log"
produce producer-2
await "two producers share the markets" all_share producer-1 producer-2
await "two writers share the topic" all_share writer-1 writer-2
say "two producers and two writers, each with 6 of the topic's 12 partitions: who has a partition has its markets"
await "gapless-indicators joins" has_all indicators
say "gapless-indicators reads the same topic, and publishes SMA 20 and RSI 14 of the minutes"
screens=1
no_gaps_shown() { # a screen every five seconds meanwhile
	no_gaps && return
	if [ $((SECONDS - began)) -ge $((screens * 5)) ]; then
		echo
		screen
		screens=$((screens + 1))
	fi
	return 1
}
began=$SECONDS
await "the backfill" no_gaps_shown
echo
screen
say "done; $(control stats | jq -r '"\(.candles) requests, at most \(.max_per_second) in any second, \(.http_429) times 429"')"

step "3. Live: one-second candles as they close"
newest() {
	sql "SELECT format('  exchange''s clock %s   newest candle in the table %s   close %s', '$(date -d "$(now)" +%T)',
		to_char(max(\"timestamp\"), 'HH24:MI:SS'), (array_agg(close ORDER BY \"timestamp\" DESC))[1])
		FROM market_data WHERE symbol = 'KRW-BTC' AND \"interval\" = '1s'"
}
newest_changes() { # it is in $shown
	local line
	line=$(newest)
	[ -n "$line" ] && [ "${line#*newest}" != "${shown#*newest}" ] && shown=$line
}
watch_newest() { # so many candles
	local shown='' i
	for ((i = 0; i < $1; i++)); do
		await "a new candle" newest_changes
		echo "$shown"
	done
}
watch_newest 5

step "4. One producer and one writer are killed with -9, and the indicators; only these are started again"
dies producer-1
dies writer-1
dies indicators
indicate
say "killed at $(date -u +%T); the group notices after its session timeout, here 3 s"
await "the other producer takes over" has_all producer-2
await "the other writer takes over" has_all writer-2
await "the indicators are back" joined_again
say "taken over at $(date -u +%T): producer-2 and writer-2 have all 12 partitions; the indicators are back"
watch_newest 3

step "5. The producers are away for exactly five minutes"
in_minute() { local s; s=$(date -d "$(now)" +%-S); [ "$s" -ge 8 ] && [ "$s" -le 50 ]; }
await "a moment inside a minute" in_minute
control 'clock?freeze' >/dev/null
away=$(now)
say "the exchange's clock stands at $away"
await "everything final is covered" settled
await "lag 0" caught_up
say "lag 0; stopping the producer that is left"
kill -TERM "${pid[producer-2]}"
wait "${pid[producer-2]}" || die "the producer did not stop cleanly"
unset "pid[producer-2]"
control 'clock?advance=300' >/dev/null
say "the exchange's clock stands at $(now); starting the producer"
produce producer-3
backfilled() { # as often as it began
	local began ended
	began=$(grep -sc 'missing candles' "$work/producer-3.log") ended=$(grep -sc 'msg="backfill published"' "$work/producer-3.log")
	grep -s "missing candles" "$work/producer-3.log" | grep KRW-BTC | grep -q "interval=1m" && [ "$began" = "$ended" ]
}
await "the backfill of these five minutes" backfilled
sed -n 's/.*msg="\(Backfilling [0-9]* missing candles\)" symbol=\([^ ]*\) interval=\([^ ]*\).*/  \2 \3: \1/p' "$work/producer-3.log"
grep 'Backfilling 5 missing candles' "$work/producer-3.log" | grep KRW-BTC | grep -q 'interval=1m' ||
	die "KRW-BTC 1m should have been missing 5 candles"
await "everything final is covered again" settled
await "lag 0" caught_up

step "6. SMA and RSI of these minutes, as gapless-indicators published them"
say "whole table: computed here, over all candles of the table, in one go"
say "naive: the same, without what was missed; so a collector has it that went on with the newest candle after five minutes"
newest_minute=$(($(date -d "$(now)" +%s) / 60 * 60 - 60))
await "the indicators equal a computation over the whole table" indicators_are_equal
show_indicators $(($(date -d "$away" +%s) / 60 * 60)) "$newest_minute"
printf '\n  %sAll %s values of the four markets are equal.%s The naive ones stay wrong: the SMA for 20 minutes, the RSI for hours.\n' \
	"$green" "$compared" "$plain"

step "7. What the exchange served, and what is in the table"
if verdict; then
	for who in "${!pid[@]}"; do # asked to end, a writer says what it has done
		case $who in writer*)
			kill -TERM "${pid[$who]}"
			wait "${pid[$who]}" || die "$who did not stop cleanly"
			unset "pid[$who]"
			;;
		esac
	done
	corrected=$(for f in "$work"/writer-?.log; do sed -n 's/.* corrected=\([0-9]*\).*/\1/p' "$f" | tail -n 1; done |
		awk '{ n += $1 } END { print n + 0 }')
	printf '\n  %sComplete: no gap, no duplicate, every digit as the exchange has it.%s' "$green" "$plain"
	printf ' (%s candles were corrected on the way.)\n' "$corrected"
	say "Logs: $work/*.log. The real exchange: make run SYMBOLS=KRW-BTC,KRW-ETH"
else
	die "the table is not what the exchange served"
fi
