#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# corpus.sh FOLDER: makes the inputs that fuzzing begins with, out of the fixtures that the unit tests use. One folder a
# target; small, and the same every time.
set -euo pipefail
shopt -s nullglob
export LC_ALL=C
cd "$(dirname "$0")/../.."
to=$1
rm -rf "$to"
mkdir -p "$to"/{page,head,markets,message,json,decimal,time,settings,spans,interval}

put() { # target: one input from standard input
	local inputs=("$to/$1"/*)
	cat >"$to/$1/${#inputs[@]}"
}

lines() { # target: every line of standard input is an input
	local line
	while IFS= read -r line || [ -n "$line" ]; do
		printf '%s' "$line" | put "$1"
	done
}

# --- pages: the interval's number in the table, then z (no `to`), or a letter from it

pages() {
	local file interval
	for file in tests/data/pages/*/* tests/data/upbit/*.json; do
		interval=1
		case $file in
		*seconds*) interval=0 ;;
		*_3m_*) interval=2 ;;
		*days*) interval=9 ;;
		*months*) interval=11 ;;
		esac
		# shellcheck disable=SC2059	# the byte is made by the format
		{ printf "\\x$(printf %02x $interval)z" && cat "$file"; } | put page
		{ printf '\1a' && cat "$file"; } | put page # `to` is behind the newest row of most
		{ printf '\1`' && cat "$file"; } | put page # and here it is that row's start
		put json <"$file"
	done
}

# --- heads and bodies: the status' number in the target, the lines, an empty line, the body

heads() {
	local status
	for status in 0 1 2 3 4 5 6 8 9; do
		# shellcheck disable=SC2059
		{
			printf "\\x0$status"
			printf 'HTTP/1.1 200 OK\r\nDate: Thu, 20 Feb 2020 11:19:00 GMT\r\nRemaining-Req: group=candles; min=600; sec=9\r\n'
			printf 'date:\tThu, 20 Feb 2020 11:19:60 GMT\nDate: Thu, 20 Feb 2020 12:19:01 GMT\n'
			printf 'REMAINING-REQ: sec=0; group=candle\r\nRemaining-Req: group=market; sec=3\r\nNo colon\r\n\n'
			printf '{"error":{"name":%d,"message":"You are blocked for 10 seconds, 1.5 minutes, 3초"}}' $((400 + status))
		} | put head
	done
	printf '\2Date: never\n\n<html><body>Blocked for 2 hours</body></html>' | put head
	printf '\1\n\n{"error":{"name":"no market","message":"Code not found"}}' | put head
	printf '\2\n\n{"error":{"message":"9999999999999999999 hours 10분 1시간"}}' | put head
}

markets() {
	printf '[{"market":"KRW-ETH","korean_name":"이더리움"},{"market_event":{"caution":{"A":false}},"market":"BTC-XRP"},' | put markets
	printf '[{"market":"KRW-BTC"},{"market":"BTC-XRP"},{"market":"krw_odd"},{"market":"KRW-BTC"},{"market":"KRW-1INCH"}]' | put markets
	printf '[]' | put markets
	printf '[{"market":1}]' | put markets
	printf '{"error":{"name":500}}' | put markets
}

# --- messages: the golden one, what the decoder's test makes of it, and several at once

messages() {
	local golden
	golden=$(cat schemas/candle.golden.json)
	printf '%s' "$golden" | put message
	printf '%s\n%s\n%s' "$golden" "${golden/revision\":1582197598691/revision\":1582197598692}" \
		"${golden/2.63267824/2.632678240}" | put message
	printf '%s\n%s' "$golden" "${golden/\"v\":1/\"v\":2}" | put message
	printf '%s\n%s' "${golden/1582201000123/1582197600000}" "${golden/1582201000123/1582197599999}" | put message
	printf '%s' "$golden" | put json
	GOLDEN=$golden TO=$to/message perl -e '
		while (<STDIN>) {
			next if /^#/;
			chomp;
			my (undef, $find, $by) = split /\t/, $_, -1;
			s/\\x([0-9a-f]{2})|\\(.)/defined $1 ? chr hex $1 : $2 eq "t" ? "\t" : $2 eq "n" ? "\n" : $2/gee for $find, $by;
			my $text = $ENV{GOLDEN};
			if ($find eq "*") { $text = $by }
			elsif ($find eq "^") { $text = $by . $text }
			elsif ($find eq "\$") { $text .= $by }
			else { my $at = index $text, $find; substr($text, $at, length $find) = $by if $at >= 0 }
			open my $f, ">", "$ENV{TO}/reject-$." or die;
			print $f $text;
		}' <tests/data/messages/reject.tsv
}

# --- numbers and times

texts() {
	local a b
	for a in 0 -0 -0.0 1 10 01 1. .5 +1 1e 1e5 1E+5 1e-5 6.2E-7 1.50e1 1e400 1e-400 0.05e1 00.1 306095.1228293561797048 \
		9007199254740993 0e999999999 123456789012345678901234567890.123456789012345678901234567890; do
		for b in 0 1.0 -2.5e-3; do
			printf '%s\n%s' "$a" "$b" | put decimal
		done
	done
	lines time <<-'END'
		2020-02-20T11:19:00
		2020-02-29T23:59:59
		0001-01-01T00:00:00
		9999-12-31T23:59:59
		2020-02-30T11:19:00
		2020-02-20
		2020-02-20 11:19
		2020-02-20T11:19:00.125Z
		2020-02-20T20:19:00+09:00
		2020-02-20T20:19:00.5-03:30
		Thu, 20 Feb 2020 11:19:00 GMT
		Thu, 20 Feb 2020 11:19:60 GMT
		 Thu, 20 Feb 2020 11:19:00 GMT
		Sun, 06 Nov 1994 08:49:37 GMT
		Wed, 31 Dec 1969 23:59:59 GMT
		Fri, 20 Feb 2020 11:19:00 GMT
	END
	printf 'Thu, 20 Feb 2020 11:19:00 GMT\r\n' | put time
	lines json <<-'END'
		[1,-2.5e3,"a\u00e9\ud83d\ude00",true,null,{"k":[{}]}]
		{"a":1 , "b": 2e400,"c":"12"}
		{1:2}
		[01]
		["\u0001"]
	END
}

settings() {
	printf -- '--symbols=KRW-BTC,KRW-ETH\n--intervals\n1s,1m\n--since=2024-01-31T18:00+09:00\n-Xacks=all\n-X\nsasl.password=x' | put settings
	printf -- '$GAPLESS_SYMBOLS=KRW-BTC\n$GAPLESS_KAFKA=acks=all;a=b\\;c;;d=e\n$GAPLESS_LOOKUP_S=10\n$PATH=/bin' | put settings
	printf -- '--database=postgresql://me:s3@cr/e?t#x@db/x?password=p\n--proxy=http://user:pw@proxy:3128\n--partitions\n3' | put settings
	printf -- '--retention-ms\n-1\nword\n--\n--not-a-flag\n' | put settings
	printf -- '--partition=1' | put settings
	printf -- '$GAPLESS_LOOKS=1' | put settings
	printf -- "--database=host='a b' password='it\\\\'s' dbname=x\n--log-level=debug\n--source=upbit-sg\n--rate-limit=99999" | put settings
}

# --- sets and grids: bytes, each a choice

bytes() {
	local i k text
	RANDOM=20200220
	for ((i = 0; i < 24; i++)); do
		text=
		for ((k = 0; k < 60; k++)); do
			text+=$(printf '\\x%02x' $((RANDOM % 256)))
		done
		# shellcheck disable=SC2059
		printf "$text" | put spans
		# shellcheck disable=SC2059
		printf "\\x$(printf %02x $((i % 12)))${text:0:40}" | put interval
	done
}

pages
heads
markets
messages
texts
settings
bytes
