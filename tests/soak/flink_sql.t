#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Flink SQL of schemas/README.md, as it stands there, run by Apache Flink itself on real topics with corrections: its table of
# candles equals the database's, its RSI equals that of gapless-indicators, value by value. The jars (140 MB) come once through
# Maven, into build/flink; a Java compiler must be here.
. tests/integration/lib.sh
command -v javac >/dev/null || {
	echo '1..0 # SKIP there is no Java compiler (Debian: default-jdk-headless)'
	exit 0
}
scenario flink_sql
. tests/integration/indicators.sh

# The statement that follows a line of the page; it ends at the topic's present end, so that the query does.
statement() { # first words of the paragraph
	sed -n "/^\*\*Flink SQL\*\*$1/,/^\`\`\`\$/p" schemas/README.md | sed '1,/^```sql$/d; /^```$/d' |
		sed "s/127.0.0.1:19092/$GAPLESS_BROKERS/; s/'candles.v1'/'$GAPLESS_TOPIC'/; s/'indicators.v1'/'$GAPLESS_INDICATORS_TOPIC'/
			s/'format' = 'json'/&, 'scan.bounded.mode' = 'latest-offset'/"
}
libs=build/flink/libs
[ -d $libs ] || {
	mkdir -p build/flink
	mvn -q -B -Dstyle.color=never -f tests/soak/flink/pom.xml org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$PWD/$libs.new" </dev/null >"$work/mvn.log" 2>&1 ||
		bail "mvn could not fetch the jars of Flink: $(tail -n 3 "$work/mvn.log")"
	mv $libs.new $libs
}
# The rows of the query after all changes, sorted; symbol, interval and timestamp are the key of both.
flink() { # first words of the paragraph
	statement "$1" >"$work/flink.sql"
	java -cp "$libs/*" tests/soak/flink/FlinkSql.java "$work/flink.sql" 2>"$work/flink.err" >"$work/flink.changes" ||
		bail "Flink ended with $?: $(grep -v WARN "$work/flink.err" | head -n 3)"
	awk -F '\t' '{ key = $2 FS $3 FS $4; if ($1 ~ /^\+/) row[key] = substr($0, 4); else delete row[key] }
		END { for (key in row) print row[key] }' "$work/flink.changes" | sort
}

exchange --start 2026-03-10T12:00:00Z --seed 24
indicators --indicators rsi:14
producer --symbols KRW-BTC,KRW-ETH --intervals 1m --since 2026-03-10T09:00:00Z --lookup-s 2 --lookup-gaps-s 1
await 30 "the indicators have begun" indicators_have_begun indicators
writer
await 60 "three hours are complete" complete KRW-BTC KRW-ETH
clock_settle
await 120 "and final" complete KRW-BTC KRW-ETH
ends_with_0 producer

# What is older comes again, last, as after a replay of another topic: the later offset must not win.
topic_dump "$work/topic"
head -n 40 "$work/topic" | while read -r partition _ message; do
	jq -c '.revision -= 1 | .fetched_at -= 1 | .close = .open | .covers_to = .covers_from' <<<"$message" |
		kcat -b "$GAPLESS_BROKERS" -P -t "$GAPLESS_TOPIC" -p "$partition" -k "$(jq -r .symbol <<<"$message")"
done
await 60 "the writer has them" caught_up
await 60 "the indicators too" indicators_caught_up

flink '\. The' | cut -f 1,3,4 | awk -F '\t' -v OFS='\t' '{ $3 = $3 + 0 } 1' >"$work/flink.candles"
sql "COPY (SELECT symbol, (extract(epoch FROM timestamp) * 1000)::bigint, close::float8 FROM market_data) TO STDOUT" |
	awk -F '\t' -v OFS='\t' '{ $3 = $3 + 0 } 1' | sort >"$work/table.candles"
ok "there are candles: $(wc -l <"$work/table.candles")" test "$(wc -l <"$work/table.candles")" -gt 300
ok "some changed" grep -q '^[-+]U' "$work/flink.changes"
ok "Flink's candles are those of the table" diff "$work/flink.candles" "$work/table.candles"

flink ';' | cut -f 1,3,4 >"$work/flink.rsi"
for symbol in KRW-BTC KRW-ETH; do
	indicators_dump $symbol 1m | cut -d ' ' -f 2- | jq -r '[.symbol, .timestamp, .as_of, .state, .value.rsi] | @tsv'
done | awk -F '\t' '{ key = $1 "\t" $2 } !(key in as_of) || $3 >= as_of[key] { as_of[key] = $3; line[key] = $4 "\t" $5 }
	END { for (key in line) print key "\t" line[key] }' | awk -F '\t' -v OFS='\t' '$3 == "final" { print $1, $2, $4 }' | sort >"$work/topic.rsi"
number() { awk -F '\t' -v OFS='\t' '{ $3 = sprintf("%.12g", $3) } 1' "$1" | sort; }
ok "there are values: $(wc -l <"$work/topic.rsi")" test "$(wc -l <"$work/topic.rsi")" -gt 250
ok "Flink's RSI is that of the topic" diff <(number "$work/flink.rsi") <(number "$work/topic.rsi")
ends_with_0 writer
ends_with_0 indicators
finish
