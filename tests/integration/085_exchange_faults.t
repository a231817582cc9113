#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that an exchange may answer wrongly while pages are walked: each is rejected, whole or by its row, and asked
# for again, named in the log, and leaves nothing behind in the topic or the table. A market that the exchange does not know does not keep the others.
# The same in live polls: 086_live_faults.t.
. tests/integration/lib.sh
. tests/integration/wrong_answers.sh
scenario exchange_faults
since=2026-04-01T06:00:00Z
exchange --start 2026-04-01T10:00:20Z --seed 3 --limit 30
writer
fault nodate path=market
fault html path=market after=1
fault null path=market after=2
# Of a series' 1s requests each fault hits one; good ones lie between, so that no span is rejected three times in
# a row.
at=2
for kind in truncate truncate_chunked short_length status=500 status=503 html null object duplicate_row \
	garbage_number wrong_market bad_utf8 huge bomb drip http_429; do
	fault $kind market=KRW-BTC interval=1s after=$at
	at=$((at + 4))
done
fault reset market=KRW-ETH interval=1s after=5 count=6 # met by a dead connection, a request is sent again
# A row too many is one on a full page alone; which request that is depends on the machine.
fault duplicate_row market=KRW-XRP interval=1s every=5 count=-1
# Those that need rows to spare, on the second page of a walk: the first request is the live poll, and the next of
# these is due at 10:01:02.
fault off_grid market=KRW-BTC interval=1m after=2
fault newer_than_to market=KRW-ETH interval=1m after=2
fault duplicate_row market=KRW-XRP interval=1m after=2
producer "${options[@]}" --since $since

await 60 "every fault was met by the walks" faults_done
await 30 "a full page had a row too many" logged producer 'error=.*201 rows'
faults_clear
await 60 "the walks came to their ends" complete_all
await 20 "while walking, the log names: too slow" too_slow
note "pages asked for: $(pages_asked), requests by status: $(asked '.by_status | tostring')"
named "while walking" 'bytes remaining to read' 'outstanding read data' '(cut off|malformed number|at byte)' 'status 500' 'status 503' \
	'not JSON but HTML' 'not an array' 'error in place of a page' 'off the grid' \
	'two different rows' 'malformed number' 'KRW-WRONG' 'invalid UTF-8' 'larger than' 'too many requests'
ok "the log names an answer without the time that all hangs on" logged producer 'error=.*no Date'
ok "the log names a list of markets that cannot be read" logged producer 'the list of markets cannot be read'
ok "the log names the unknown market" logged producer 'does not (list|know) this market.*symbol=KRW-NOPE'
is "the database says so as well" \
	"$(sql "SELECT DISTINCT state FROM market_data_series WHERE symbol = 'KRW-NOPE'")" 'unknown market'
for m in KRW-BTC KRW-ETH KRW-XRP; do
	for i in 1s 1m; do
		is "what is covered of $m $i is right" "$(claimed_wrongly $m $i $since 2026-04-02T00:00:00Z)" 0
	done
done

nothing_is_left_behind 3000 240
finish
