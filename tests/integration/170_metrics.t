#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the processes show of themselves, as a real Prometheus and curl see it: numbers that agree with the table, readiness with its
# reason, each alert rule firing while its cause lasts, and resolving afterwards, and every query of the dashboards, which has to
# return rows.
#
# The servers are a stack of its own: name and ports of the one that the other scenarios share, plus 30.
export GAPLESS_STACK=${GAPLESS_STACK:-test}-metrics
export GAPLESS_KAFKA_PORT=$((${GAPLESS_KAFKA_PORT:-19192} + 30))
export GAPLESS_CONTROLLER_PORT=$((${GAPLESS_CONTROLLER_PORT:-19193} + 30))
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 30))
. tests/integration/lib.sh

at_end() { compose/stack.sh down >/dev/null; }
trap at_end EXIT

quietly() { "$@" >/dev/null; }

# --- the rules by themselves

ok 'the rules are rules' quietly promtool check rules compose/prometheus/alerts.yml
for config in prometheus containers; do
	ok "$config.yml is a configuration" quietly promtool check config "compose/prometheus/$config.yml"
done
compose/stack.sh up >/dev/null || bail "the stack for metrics does not start"
scenario metrics
cp compose/prometheus/alerts.yml tests/data/prometheus/alerts.test.yml "$work"
ok 'each alert waits as long as it says' quietly promtool test rules "$work/alerts.test.yml"
for anchor in $(sed -n 's/.*runbook_url: docs.alerts.md#//p' compose/prometheus/alerts.yml); do
	grep -qix "## $anchor" docs/alerts.md || ok "the runbook $anchor is there" false
done

# --- what is seen

address() { sed -n 's/.*metrics and health are served" address=//p' "$work/$1.log" | tail -n 1; } # who

seen() { # who, path, [arguments of curl]
	curl -s "${@:3}" "http://$(address "$1")$2"
}

# The value of a sample; empty if there is none.
metric() { # who, sample as it stands
	seen "$1" /metrics | awk -v name="$2" 'index($0, name " ") == 1 { print substr($0, length(name) + 2) }'
}

metric_is() { [ "$(metric "$1" "$2")" = "$3" ]; } # who, sample, value

sum_is() { # who, name, value
	[ "$(seen "$1" /metrics | awk -v name="$2" 'index($0, name "{") == 1 { n += $NF } END { print n + 0 }')" = "$3" ]
}

is_ready() { [ "$(seen "$1" /readyz)" = ok ]; }

waits_for() { [[ $(seen "$1" /readyz) == *"$2"* ]]; } # who, reason

alive() { [ "$(seen "$1" /livez -o /dev/null -w '%{http_code}')" = 200 ]; }

# A port that is free at this moment.
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')

firing() { # alert, [value of a label]
	curl -s "http://127.0.0.1:$port/api/v1/alerts" | jq -e --arg a "$1" --arg l "${2:-$1}" \
		'.data.alerts | any(.labels.alertname == $a and (.labels | any(. == $l)) and .state == "firing")' >/dev/null
}

resolved() { ! firing "$1"; }

prometheus_asks() { # query: the value, a number
	curl -s "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // empty'
}

prometheus_says() { [ "$(prometheus_asks "$1")" = "$2" ]; }

# Prometheus has the machine's clock, so the exchange begins with the same one.
exchange --start "$(date -u +%FT%TZ)"
export GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_LOOKUP_S=2 GAPLESS_LOOKUP_GAPS_S=1
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP --intervals 1s,1m --http 127.0.0.1:0 --series-metrics 4
writer --http 127.0.0.1:0 --series-metrics 100
. tests/integration/indicators.sh
indicators --store --http 127.0.0.1:0
await 20 'the producer serves' quietly seen producer /livez
await 20 'the writer serves' quietly seen writer /livez
await 20 'indicators are served' quietly seen indicators /livez

# As in compose, but quicker: a state is an alert at once, and what is late, or was a while ago, is so in seconds.
sed -E 's/^( *)for: .*/\1for: 0s/; s/\[(5m|15m|30m|1h)\]/[20s]/; s/offset (15m|1h)/offset 20s/; s/(lag_seconds\)) > 300/\1 > 10/
	s/> 600$/> 25/; s/=~"1s\|1m"/="1s"/; s/> 900$/> 12/; s/> 3600$/> 29/' compose/prometheus/alerts.yml >"$work/alerts.yml"
ok 'none is left to wait for longer' eval "! grep -E 'for: [1-9]|[0-9][mh]\]|offset [0-9]+[mh]|> ([3-9]|[1-9]0)[0-9]' '$work/alerts.yml'"
cat >"$work/prometheus.yml" <<-EOF
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	rule_files: [alerts.yml]
	scrape_configs:
	  - {job_name: gapless-producer, static_configs: [{targets: ["$(address producer)"]}]}
	  - {job_name: gapless-writer, static_configs: [{targets: ["$(address writer)"]}]}
	  - {job_name: gapless-indicators, static_configs: [{targets: ["$(address indicators)"]}]}
EOF
spawn prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address="127.0.0.1:$port" \
	--log.level=warn

await 30 'the producer is ready' is_ready producer
await 30 'the writer is ready' is_ready writer
await 60 'nothing is missing' no_gaps

# --- the numbers and the table

as_the_table() { metric_is writer 'gapless_writer_candles_total{outcome="inserted"}' "$(stored)"; }
await 10 'what was inserted is what the table has' as_the_table
await 10 'nothing is missing, by the producer' sum_is producer gapless_producer_missing_intervals 0
is 'the writer has all partitions' "$(metric writer gapless_writer_partitions_assigned)" 12
is 'so has the producer' "$(metric producer gapless_producer_partitions_assigned)" 12
await 20 'of six series' metric_is producer gapless_producer_series 6
await 10 'Kafka is connected' metric_is writer gapless_writer_kafka_brokers_connected 1
await 10 'for the producer, too' metric_is producer gapless_producer_kafka_brokers_connected 1
is 'the database is there' "$(metric writer gapless_writer_database_up) $(metric producer gapless_producer_database_up)" '1 1'
is 'the exchange is there' "$(metric producer gapless_producer_exchange_up)" 1
is 'the budget is nine a second' "$(metric producer gapless_producer_request_budget_per_second)" 9
newest() { sql "SELECT extract(epoch FROM max(timestamp))::bigint FROM market_data WHERE interval = '$1'"; }
newest_of_series() { # who, symbol
	metric_is "$1" "gapless_$1_series_newest_candle_timestamp_seconds{symbol=\"$2\",interval=\"1m\"}" \
		"$(sql "SELECT extract(epoch FROM max(timestamp))::bigint FROM market_data WHERE interval = '1m' AND symbol = '$2'")"
}
newest_is_shown() { metric_is "$1" "gapless_$1_newest_candle_timestamp_seconds{interval=\"1m\"}" "$(newest 1m)"; }
await 10 'the newest candle is what the table has' newest_is_shown writer
await 10 'the producer published it' newest_is_shown producer
for symbol in KRW-BTC KRW-ETH KRW-XRP; do await 10 "$symbol by itself" newest_of_series writer "$symbol"; done
series_shown() { seen "$1" /metrics | grep -c "^gapless_$1_series_$2{"; }
is 'the writer has all series by themselves' "$(series_shown writer newest_candle_timestamp_seconds)" 6
is 'the producer no more than it may' "$(series_shown producer missing_intervals) $(series_shown producer coverage_fragments)" '4 4'
more_are_dropped() { [ "$(metric producer gapless_metrics_dropped_total)" -gt 0 ]; }
ok 'what it leaves out is counted' more_are_dropped
is 'coverage is in one piece' "$(metric producer 'gapless_producer_coverage_fragments{interval="1m"}')" 1
has_no() { [ "$(seen "$1" /metrics | grep -c "^$2[{ ]")" = 0 ]; } # who, name
ok 'there is no oldest gap' has_no producer gapless_producer_oldest_gap_timestamp_seconds
is 'nobody disagrees' "$(metric producer 'gapless_producer_disagreeing_members{kind="settings"}') $(
	metric producer 'gapless_producer_disagreeing_members{kind="stranger"}') $(metric writer 'gapless_writer_disagreeing_members{kind="stranger"}')" '0 0 0'
is 'and a gap of no seconds' "$(metric producer 'gapless_producer_gap_seconds{interval="1m"}')" 0
is 'no span is asked for again' \
	"$(metric producer 'gapless_producer_retry_spans{cause="row"}') $(metric producer 'gapless_producer_retry_spans{cause="page"}')" '0 0'
answered() { [ "$(metric producer 'gapless_producer_answers_total{verdict="ok"}')" -gt 10 ]; }
ok 'answers are counted' answered
ok 'lookups are, too' test "$(metric producer gapless_producer_lookups_total)" -ge 2
counts_batches() { [ "$(metric writer gapless_writer_batch_rows_sum)" -ge "$(stored)" ]; }
ok 'batches have as many rows as the table, at least' counts_batches
ok 'the lag in seconds is there for every partition' test "$(seen writer /metrics | grep -c '^gapless_writer_lag_seconds{')" = 12

for who in producer writer indicators; do
	ok "$who: promtool finds nothing to say" promtool check metrics < <(seen "$who" /metrics)
	ok "$who: OpenMetrics where asked for" grep -qx '# EOF' < <(seen "$who" /metrics -H 'Accept: application/openmetrics-text;version=1.0.0')
done
await 20 'Prometheus reads all of them' prometheus_says 'count(up == 1)' 3
await 20 'with every metric of the tables that has a value' prometheus_says \
	'count(count by (__name__) ({__name__=~"gapless_.*_up"}))' 4

await 20 'the last lookup was a moment ago' prometheus_says 'time() - gapless_producer_lookup_timestamp_seconds < bool 60' 1
quiet() { curl -s "http://127.0.0.1:$port/api/v1/alerts" | jq -e '.data.alerts | all(.state != "firing")' >/dev/null; }
await 60 'no alert fires' quiet

# --- the exchange goes away

fault down count=-1
await 30 'the exchange away: the alert fires' firing GaplessExchangeAway
ok 'the producer says why it is not ready' waits_for producer 'the exchange does not answer'
ok 'and is alive' alive producer
faults_clear
await 60 'the alert resolves' resolved GaplessExchangeAway
await 20 'the producer is ready again' is_ready producer

# --- a ban

fault http_418=8
await 30 'banned: the alert fires' firing GaplessExchangeBan
banned() { [ "$(metric producer 'gapless_producer_answers_total{verdict="banned"}')" -ge 1 ]; }
await 20 'by the answer that said so' banned
await 60 'the alert resolves' resolved GaplessExchangeBan
await 10 'and nothing is said of a ban' metric_is producer gapless_producer_banned_until_timestamp_seconds 0

# --- the database goes away

waits_longer() { # seconds: for the first candle that is not stored
	[ "$(prometheus_asks 'max(gapless_writer_lag_seconds) > bool '"$1")" = 1 ]
}

server pg stop
await 30 'the database away: the alert fires' firing GaplessDatabaseAway
for who in producer writer indicators; do await 30 "... of gapless-$who" firing GaplessDatabaseAway "gapless-$who"; done
for alert in Lag LookupsLate CandlesLate IndicatorsLag; do await 60 "what follows: $alert fires" firing "Gapless$alert"; done
await 30 'both say it' prometheus_says 'sum(gapless_writer_database_up) + sum(gapless_producer_database_up)' 0
await 20 'the writer says why it is not ready' waits_for writer 'waiting for the database'
ok 'and is alive' alive writer
await 60 'what is not stored waits, longer and longer' waits_longer 5
# The first message that is not stored, by its stamp in the topic, against what is shown.
next_of() { # partition: what the writer would read next
	committed | sed -n "s/^$1 //p"
}
exact() { # partition
	local at stamp shown now
	at=$(next_of "$1") || return 1
	stamp=$(kcat -b "$GAPLESS_BROKERS" -C -t "$GAPLESS_TOPIC" -p "$1" -o "${at:-0}" -c 1 -e -q -f '%T') || return 1
	shown=$(metric writer "gapless_writer_lag_seconds{partition=\"$1\"}")
	now=$(date +%s%3N)
	note "partition $1 from $at: appended $stamp, now $now, shown $shown"
	awk -v stamp="$stamp" -v now="$now" -v shown="$shown" 'BEGIN { d = (now - stamp) / 1000 - shown; exit !(d > -1 && d < 3) }'
}
partition=$(seen writer /metrics | sed -n 's/^gapless_writer_lag_seconds{partition="\([0-9]*\)"} \([0-9.]*\)$/\2 \1/p' | sort -gr | awk '{ print $2; exit }')
await 10 'as long as the broker has had it' exact "$partition"
server pg start
for alert in DatabaseAway Lag LookupsLate CandlesLate IndicatorsLag; do await 60 "Gapless$alert resolves" resolved "Gapless$alert"; done
await 60 'the writer is ready again' is_ready writer
await 60 'nothing waits for long any more' prometheus_says 'max(gapless_writer_lag_seconds) < bool 5' 1

# --- too many requests, and a stranger in the group

fault http_429 count=8
await 60 'too many requests: the alert fires' firing GaplessTooManyRequests
faults_clear
spawn kcat kcat -b "$GAPLESS_BROKERS" -X session.timeout.ms=6000 -G "$GAPLESS_PRODUCER_GROUP" "$GAPLESS_TOPIC"
await 60 'a stranger in the group: the alert fires' firing GaplessGroupDisagrees stranger
stop kcat
await 60 'the alert resolves' resolved GaplessGroupDisagrees
await 60 'too many requests: the alert resolves' resolved GaplessTooManyRequests

# --- Kafka goes away

server kafka stop
await 60 'Kafka away: the alert fires' firing GaplessKafkaAway
for who in producer writer indicators; do await 30 "... of gapless-$who" firing GaplessKafkaAway "gapless-$who"; done
await 20 'the writer says why it is not ready' waits_for writer 'waiting for Kafka'
await 20 'so does the producer' waits_for producer 'waiting for Kafka'
ok 'both are alive' eval 'alive writer && alive producer'
server kafka start
await 60 'the alert resolves' resolved GaplessKafkaAway
await 60 'both are ready again' eval 'is_ready writer && is_ready producer'

# --- a gap by hand

await 60 'nothing is missing again' no_gaps
fault hang market=KRW-ETH interval=1m count=-1 # so that it stays a gap until it was seen
"$GAPLESS_BIN/gapless-writer" forget --symbols KRW-ETH --intervals 1m --from "$(iso $(($(exchange_ms) - 7200000)))" \
	--to "$(iso $(($(exchange_ms) - 3600000)))" >"$work/forget.out" 2>&1
await 60 'a gap: the alert fires' firing GaplessIntervalsMissing
await 10 '... by its age, too' firing GaplessGapOld 1m
is 'it began where it was made' "$(metric producer 'gapless_producer_oldest_gap_timestamp_seconds{interval="1m"}')" \
	"$(sql "SELECT extract(epoch FROM min(gap_from))::bigint FROM market_data_gap WHERE \"interval\" = '1m'")"

# --- the dashboards, while there is something to see

GAPLESS_READER=gapless_reader
psql -X -q -v ON_ERROR_STOP=1 -v password=secret -f compose/grafana/reader.sql >"$work/reader.out" 2>&1 || ok 'the reader is made' false
psql -X -q -v ON_ERROR_STOP=1 -v password=secret -f compose/grafana/reader.sql >"$work/reader.out" 2>&1 || ok 'the reader is made again' false
as_reader() { PGUSER=$GAPLESS_READER PGPASSWORD=secret psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
ok 'the reader cannot write' eval '! as_reader -c "DELETE FROM market_data_position" 2>"$work/reader.err"'
ok 'nor when it wishes to' eval '! as_reader -c "SET default_transaction_read_only = off" -c "DELETE FROM market_data_position" 2>"$work/reader.err"'

# What Grafana puts in the place of its macros and variables.
filled_in() { # query
	local from to
	from=$(date -u -d '-1 hour' +%FT%TZ) to=$(date -u +%FT%TZ)
	sed -E "s/\\\$__timeFilter\(([^)]*)\)/\1 BETWEEN '$from' AND '$to'/g; s/\\\$__timeFrom\(\)/'$from'/g; s/\\\$__timeTo\(\)/'$to'/g
		s/\(\\\$symbol\)/('KRW-BTC','KRW-ETH')/g; s/\(\\\$interval\)/('1s','1m')/g; s/\\\$symbol/KRW-BTC/g; s/\\\$interval/1s/g
		s/\\\$__rate_interval/20s/g" <<<"$1"
}
sql_rows() { # query
	as_reader -c "SELECT count(*) FROM ($(filled_in "$1")) AS q" 2>>"$work/panels.err"
}
prometheus_rows() { # query: of numbers
	curl -s "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$(filled_in "$1")" |
		jq '[.data.result[]? | select(.value[1] != "NaN")] | length'
}
panel_shows() { # kind, query
	local n
	n=$("${1}_rows" "$2") && [ "${n:-0}" -gt 0 ]
}
for dashboard in compose/grafana/dashboards/*.json; do
	# kind, title, query
	jq -r '(.templating.list[] | ["sql", "variable " + .name, .query]),
		(.panels[] | .title as $title | .targets[] | if .rawSql then ["sql", $title, .rawSql] else ["prometheus", $title, .expr] end)
		| map(@base64) | @tsv' "$dashboard" >"$work/panels"
	ok "$dashboard has panels" test "$(wc -l <"$work/panels")" -ge 4
	while read -r kind title query; do
		await 20 "${dashboard##*/}: $(base64 -d <<<"$title")" panel_shows "$(base64 -d <<<"$kind")" "$(base64 -d <<<"$query")"
	done <"$work/panels"
	is "${dashboard##*/}: the data sources are those that are provided" "$(jq -r '[.. | .uid? // empty] | unique[] | select(test("^gapless-(database|prometheus)$"))' \
		"$dashboard" | while read -r uid; do grep -c "uid: $uid\$" compose/grafana/provisioning/datasources/gapless.yml; done | sort -u)" 1
done

faults_clear
for alert in IntervalsMissing GapOld; do await 120 "Gapless$alert resolves" resolved "Gapless$alert"; done

# --- a message that the writer must not skip

jq -c '.v = 2 | .symbol = "KRW-HALT"' schemas/candle.golden.json | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 11 -k KRW-HALT
for who in writer indicators; do await 30 "a halted partition: the alert of gapless-$who fires" firing GaplessPartitionHalted "gapless-$who"; done
is 'it is partition 11' "$(prometheus_asks 'gapless_writer_partition_halted == 1 and gapless_writer_partition_halted{partition="11"}')" 1
echo '{}' | kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p 10 -k KRW-DEAD
await 30 'a dead letter is counted' metric_is writer gapless_writer_dead_letters_total 1
await 30 'a dead letter: the alert fires' firing GaplessDeadLetters
read -r -a skip < <(sed -n 's/.*to_skip_it="gapless-writer \([^"]*\)".*/\1/p' "$work/writer.log" | tail -n 1)
ok 'it is skipped, as the log says' quietly "$GAPLESS_BIN/gapless-writer" "${skip[@]}"
halted_no_more() { ! firing GaplessPartitionHalted gapless-writer; }
await 30 "skipped: the writer's alert resolves" halted_no_more

# --- messages that are deleted before they are stored

ends_with_0 writer
await 20 'a process that is down: the alert fires' firing GaplessProcessDown
behind() { # the partition of which most waits, but for the halted one
	join <(topic_ends | sort) <(committed | sort) | awk '$1 != 11 && $2 - $3 > n { n = $2 - $3; p = $1 } END { if (n < 3) exit 1; print p }'
}
await 60 'messages wait in the topic' quietly behind
partition=$(behind)
topic_ends | grep "^$partition " | topic_trim || ok 'they are deleted' false
writer --http "$(address writer)"
await 60 'deleted before they were stored: the alert fires' firing GaplessOffsetsLost
await 60 'the alert resolves' resolved GaplessOffsetsLost
await 20 'the process is there again' resolved GaplessProcessDown

# --- the end

await 60 'a dead letter: the alert resolves' resolved GaplessDeadLetters
for who in indicators writer producer; do ends_with_0 "$who"; done
finish
