#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The writer's page: its answers, and what they refuse; that it cannot write; the database away; hostile clients while candles are
# stored; and in a browser: the map, a click on a series, candles and a gap, nothing asked of any other machine.
. tests/integration/lib.sh
. tests/integration/rows.sh
scenario page

got() { curl -s -g --max-time 60 -w '\n%{http_code}' "http://$address$1" >"$work/got"; } # path
answers() { got "$1" && [ "$(tail -n 1 "$work/got")" = "$2" ]; } # path, status
says() { answers "$1" "$2" && jq -re .error < <(head -n 1 "$work/got") | grep -q -- "$3"; } # path, status, in the sentence
value() { head -n -1 "$work/got" | jq -rc "$1"; } # of what was got

exchange --start "$(date -u +%FT%TZ)"
export GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_LOOKUP_S=2 GAPLESS_LOOKUP_GAPS_S=1
producer --symbols KRW-BTC --intervals 1s,1m
writer --http 127.0.0.1:0
served() { address=$(sed -n 's/.*metrics and health are served" address=//p' "$work/writer.log"); [ -n "$address" ]; }
await 40 'it is served' served
ok 'the page is there' answers / 200
await 60 'nothing is missing' no_gaps

# An hour by hand: a quiet quarter, a gap of ten minutes, five that are not available, one candle that is not final.
at() { printf '2024-03-10 %s:00Z' "$1"; }
candles=()
for m in {10..15} {30..39} {50..54}; do candles+=("2024-03-10T08:${m}Z=$m.123456789012345678"); done
series KRW-HAND 1m "{[$(at 08:10),$(at 08:40)),[$(at 08:50),$(at 08:54))}" "${candles[@]}"
sql "INSERT INTO market_data_series (symbol, \"interval\", source, wanted_from, wanted_until, state)
	VALUES ('KRW-HAND', '1m', 'upbit', '$(at 08:10)', '$(at 09:00)', 'ok');
	INSERT INTO market_data_indicator SELECT 'KRW-HAND', '1m', timestamp, 'sma', '5', 'final', '', jsonb_build_object('sma', close::text),
		5, timestamp FROM market_data WHERE symbol = 'KRW-HAND'"
"$GAPLESS_BIN/gapless-writer" settle --symbols KRW-HAND --intervals 1m --from 2024-03-10T08:55 --to 2024-03-10T09:00 \
	--reason 'a "relisting"' >"$work/settle.out" 2>&1

# --- what is answered

ok 'the map answers' answers '/api/coverage?span=3600&cells=60&to=2024-03-10T09:00' 200
is 'it has every series, the one in trouble first' "$(value '[.series[] | .symbol + " " + .interval]')" '["KRW-HAND 1m","KRW-BTC 1m","KRW-BTC 1s"]'
got '/api/coverage?span=3600&cells=60&to=2024-03-10T09:00&symbols=KRW-H*'
is 'the bar: quiet, gap' "$(value '.series[0].bar')" '          ======..............==========XXXXXXXXXX====      '
got '/api/coverage?span=3600&cells=60&symbols=KRW-HAND'
is 'missing' "$(value '[.missing, .gaps, .unobtainable, .series[0].note, .left_out]')" '[11,2,5,"a \"relisting\"",0]'
hand='symbol=KRW-HAND&interval=1m&from=2024-03-10T08:00&to=2024-03-10T09:00'
ok 'the chart answers' answers "/api/candles?$hand" 200
is 'every digit' "$(value '.bars[-1]')" '[1710060840000,"1","9","0.5","54.123456789012345678","0.70",1,1,0]'
is 'one is provisional' "$(value '[.bars[] | select(.[7] > 0)] | length')" 1
is 'the spans' "$(value '[.spans[] | [.[0] / 60000 % 60, .[1] / 60000 % 60, .[2], .[3]]]')" \
	'[[10,40,"covered",null],[40,50,"gap",null],[50,54,"covered",null],[54,55,"gap",null],[55,0,"unobtainable","a \"relisting\""]]'
got "/api/candles?$hand&points=12"
is 'bars of five minutes' "$(value '[.step, (.bars | length), .bars[0][1:7]]')" '[300000,5,["1","9","0.5","14.123456789012345678","3.50",5]]'
got "/api/indicators?$hand"
is 'indicators' "$(value '[.indicators[0].indicator, .indicators[0].params, .indicators[0].points[0][1].sma]')" '["sma","5","10.123456789012345678"]'

ok 'no series is named' says /api/candles 400 'say which series'
ok 'not an interval' says '/api/candles?symbol=KRW-BTC&interval=2m' 400 "interval: '2m' is not one of 1s"
ok 'not a symbol' says "/api/candles?symbol=%27;DROP&interval=1m" 400 "symbol: '';DROP' is not a market"
ok 'no such series' says '/api/candles?symbol=KRW-NONE&interval=1m' 404 'there is no such series'
ok 'not a time' says '/api/coverage?to=yesterday' 400 "to: 'yesterday' is not a time"
ok 'too many cells' says '/api/coverage?cells=5000' 400 'cells: 5000 is not between 1 and 400'
ok 'too long a span' says '/api/candles?symbol=KRW-BTC&interval=1s&from=2001-01-01' 400 'more than 600000 intervals of 1s'
ok 'a span that ends before it begins' says '/api/candles?symbol=KRW-HAND&interval=1m&from=2025-01-01&to=2024-01-01' 400 'from must be before to'
ok 'not a list of symbols' says '/api/coverage?symbols=x' 400 "^symbols: 'x' is not"
is 'nothing but reading' "$(curl -s -o /dev/null -w '%{http_code}' -X POST "http://$address/api/coverage")" 405

# --- it cannot write

sql "SELECT pg_get_functiondef('market_data_floor'::regproc)" >"$work/floor.sql"
sql "CREATE OR REPLACE FUNCTION market_data_floor(of_symbol text, of_interval text) RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS
	\$\$BEGIN DELETE FROM market_data_indicator; RETURN NULL; END\$\$"
ok 'what would write is refused' says "/api/candles?$hand&points=100" 503 'read-only transaction'
is 'and nothing is gone' "$(sql 'SELECT count(*) > 0 FROM market_data_indicator')" t
psql -X -q -f "$work/floor.sql"
ok 'it answers again' answers "/api/candles?$hand&points=101" 200

# --- hostile clients while candles are stored

newest() { sql "SELECT extract(epoch FROM max(timestamp))::bigint FROM market_data WHERE symbol = 'KRW-BTC' AND interval = '1s'"; }
spawn hostile perl tests/tools/hostile.pl "$address" 200
await 30 '200 hostile clients' grep -q hostile "$work/hostile.log"
log_forget writer
before=$(newest)
later() { [ "$(newest)" -ge $((before + 15)) ]; }
await 40 'fifteen more seconds are stored meanwhile' later
await 10 'as they close' live KRW-BTC
stop hostile
await 30 'the page answers again' answers /livez 200
is 'nothing was said of it but how it went' "$(grep -c ' level=\(warn\|error\)' "$work/writer.log")" 0

# --- in a browser

# JavaScript: is a candle's green to be seen around each of the times?
painted() { # time...
	printf '[%s].map(t => { const g = chart.graph, r = devicePixelRatio, x = g.toDomXCoord(Date.parse("2024-03-10T" + t + "Z")) * r' \
		"$(printf '"%s",' "$@")"
	printf ', d = g.hidden_ctx_.getImageData(x - 2, 0, 4, 300 * r).data; let n = 0; for (let i = 0; i < d.length; i += 4)'
	printf ' n += d[i] === 31 && d[i + 1] === 138 && d[i + 2] === 112; return n > 40; })'
}

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
browse() { # commands on standard input
	perl tests/tools/browser.pl "$chromium" "$work/profile" >"$work/browser.out" 2>"$work/browser.err" || note "$(tail -n 3 "$work/browser.err")"
}
if [ -z "$chromium" ]; then
	note 'SKIP the page in a browser: there is no chromium here (apt-get install chromium)'
else
	browse <<-END
		size 1280 900
		open http://$address/#span=157680000
		await 60 document.querySelectorAll('#rows a').length === 3 && document.body.dataset.looked
		eval [...document.querySelectorAll('#rows .name')].map(e => e.textContent)
		click #rows a[aria-label^="KRW-HAND"] .name
		await 60 chart.data && chart.data.symbol === 'KRW-HAND' && chart.graph
		eval location.hash
		open http://$address/#symbol=KRW-HAND&interval=1m&from=2024-03-10T08:00:00Z&to=2024-03-10T09:05:00Z&show=sma(5)
		await 60 chart.data && chart.data.bars.length === 21 && chart.lines.length === 1
		eval [chart.data.bars.length, chart.graph.numRows(), document.querySelector('#candles canvas').width > 500]
		eval [...document.querySelectorAll('#gaps li')].map(e => e.textContent)
		eval [...document.querySelectorAll('#indicators button')].map(e => e.textContent + e.getAttribute('aria-pressed'))
		eval document.getElementById('trouble').hidden
		shot $work/page.png
		eval 'requests'
		requests
		eval 'problems'
		problems
		eval 'pixels'
		eval $(painted 08:34:30 08:45:00)
	END
	out=$work/browser.out
	is 'the map has three series' "$(sed -n 2p "$out")" '["KRW-HAND 1m","KRW-BTC 1m","KRW-BTC 1s"]'
	is 'a click on a series' "$(sed -n '3p' "$out")" clicked
	ok 'its address can be given away' grep -q '"#symbol=KRW-HAND&interval=1m' "$out"
	is 'no wait was in vain' "$(grep -c '^not within' "$out")" 0
	ok 'candles are drawn' grep -qx '\[21,[0-9]*,true\]' "$out"
	ok 'there, and nothing where the gap is' grep -qx '\[true,false\]' "$out"
	ok 'the gap is named' grep -q '2024-03-10 08:40 .. 2024-03-10 08:50 gap, 10 intervals' "$out"
	ok 'so is what is not available' grep -q 'a \\"relisting\\", 5 intervals' "$out"
	ok 'an indicator is chosen' grep -qx '\["sma(5)true"\]' "$out"
	is 'nothing is asked of any other machine' "$(sed -n '/^"requests"$/,/^"problems"$/p' "$out" | grep -c -v -e '^"' -e "^http://$address/")" 0
	ok 'though it asks' grep -q "^http://$address/api/candles" "$out"
	is 'the browser has nothing to complain of' "$(sed -n '/^"problems"$/,/^"pixels"$/p' "$out" | grep -v '^"')" ''
fi

# --- the database away

psql -X -q -d postgres -c "ALTER DATABASE $PGDATABASE ALLOW_CONNECTIONS false" \
	-c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE'" >/dev/null
ok 'the database away: a sentence' says '/api/coverage?span=7200' 503 'database'
note "$(head -n 1 "$work/got")"
ok 'alive' answers /livez 200
psql -X -q -d postgres -c "ALTER DATABASE $PGDATABASE ALLOW_CONNECTIONS true"
await 20 'it is back' answers '/api/coverage?span=7201' 200
ends_with_0 writer

# --- without it

log_forget writer
writer --http 127.0.0.1:0 --page=false
without_page() { served && answers /livez 200; }
await 40 'a writer without a page has its health' without_page
answers / 200
is '... at / it lists what there is' "$(grep -c '^/metrics' "$work/got") $(grep -c '<html' "$work/got")" '1 0'
ok '... and there is nothing that asks the database' answers /api/coverage 404
for who in writer producer; do ends_with_0 "$who"; done
finish
