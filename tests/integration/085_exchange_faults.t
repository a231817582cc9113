#!/usr/bin/env bash
# Everything that an exchange may answer wrongly, first while pages are walked, then while only the live polls are left: each is
# rejected whole and asked for again, named in the log, and leaves nothing behind in the topic or the table. A ban is waited out
# without a single request; a market that the exchange does not know does not keep the others.
. tests/integration/lib.sh
scenario exchange_faults
since=2026-04-01T06:00:00Z
exchange --start 2026-04-01T10:00:00Z --seed 3 --limit 30
writer
fault html path=market count=2
fault null path=market after=2

# Each on its own request; three good ones lie between, so that no span is rejected three times in a row.
at=2
for kind in truncate truncate_chunked short_length status=500 status=503 html null object off_grid newer_than_to duplicate_row \
	garbage_number wrong_market bad_utf8 huge bomb reset drip http_429; do
	fault $kind market=KRW-BTC interval=1s after=$at
	at=$((at + 4))
done
producer --symbols KRW-BTC,KRW-ETH,KRW-XRP,KRW-NOPE --intervals 1s,1m --since $since --rate-limit 30 --look-s 2 --look-gaps-s 1 \
	--log-level debug
complete_all() { complete KRW-BTC KRW-ETH KRW-XRP; }
await 60 "every fault was met by the walks" faults_done
await 60 "the walks came to their ends" complete_all
note "pages asked for: $(pages_asked), requests by status: $(asked '.by_status | tostring')"

causes() { # when: each cause stands in the log
	local cause
	while read -r cause; do
		ok "$1, the log names: $cause" logged producer "$cause"
	done <<-'END'
		transfer closed|cut off|partial
		status 500
		status 503
		the answer is not JSON|The answer is not JSON
		not an array
		error in place of a page
		off the grid
		two different rows
		115o9000
		KRW-WRONG
		UTF-8
		larger than|too large|more than
		reset|Connection
		too slow|too slowly|Operation too slow
		too many requests
	END
}
causes "while walking"
ok "while walking, the log names: a row at its to" logged producer 'only candles before'
ok "the log names a list of markets that cannot be read" logged producer 'the list of markets cannot be read'
ok "the log names the unknown market" logged producer 'does not (list|know) this market.*symbol=KRW-NOPE'
mv "$work/producer.log" "$work/producer.walking.log"
finish
