#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What an update costs. The same candle read again, final as it is, is not written at all. Corrections of a table in 500 pieces (a
# stand-in for chunks: child tables with a CHECK on their span) look into the piece that they are about, not into all of them for
# each row.
. tests/integration/lib.sh
. tests/integration/storing.sh
scenario updates
exec 2>"$work/shell.log"
export GAPLESS_BATCH_MS=200 GAPLESS_CONNECTIONS=1
topic_new "$GAPLESS_TOPIC"

written() { sql "SELECT md5(string_agg(xmin::text || ctid::text, ',' ORDER BY symbol, timestamp)) FROM market_data"; }

sql "DO \$\$ BEGIN
		FOR i IN 0..499 LOOP
			EXECUTE format('CREATE TABLE piece_%s (CHECK (timestamp >= %L AND timestamp < %L)) INHERITS (market_data)', i,
				'2018-11-01Z'::timestamptz + i * interval '1 day', '2018-11-01Z'::timestamptz + (i + 1) * interval '1 day');
			EXECUTE format('CREATE UNIQUE INDEX ON piece_%s (symbol, interval, timestamp)', i);
		END LOOP;
	END \$\$"
scans() { sql "SELECT sum(seq_scan + idx_scan) FROM pg_stat_user_tables WHERE relname LIKE 'piece_%'"; }

candles 2000 A >"$work/first"
publish "$GAPLESS_TOPIC" <"$work/first"
writer
await 30 'candles are stored' stored_of "$GAPLESS_TOPIC" 2000
before=$(written)
sed 's/"fetched_at":\([0-9]*\)/"fetched_at":9\1/' "$work/first" | publish "$GAPLESS_TOPIC"
await 30 'the same, read again later' stored_of "$GAPLESS_TOPIC" 4000
is 'not one is written' "$(written)" "$before"
ends_with_0 writer
is '... as it says' "$(total writer identical) $(total writer corrected)" '2000 0'

at=$(scans)
log_forget writer
writer
sed 's/"close":"\([0-9]*\).50"/"close":"\1.75"/; s/"revision":\([0-9]*\)/"revision":9\1/' "$work/first" | publish "$GAPLESS_TOPIC"
await 60 'all of them corrected' stored_of "$GAPLESS_TOPIC" 6000
ends_with_0 writer
is '... each counted as corrected' "$(total writer corrected)" 2000
n=$(($(scans) - at))
note "2000 corrections in $(total writer batches) batches looked $n times into one of 500 pieces"
ok '... without a look into each piece for each row' test $n -lt 2000
sql "DO \$\$ BEGIN FOR i IN 0..499 LOOP EXECUTE format('DROP TABLE piece_%s', i); END LOOP; END \$\$"
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
