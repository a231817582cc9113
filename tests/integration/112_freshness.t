#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tables say about coverage, its fragments and their sum, and about how fresh each series is. In three time zones, on
# hand-made rows. Only the database is used.
. tests/integration/lib.sh
. tests/integration/rows.sh
scenario_names freshness
database_new
series KRW-HAND 1m '{[2024-03-10 06:59Z,2024-03-10 07:05Z),[2024-03-10 07:08Z,2024-03-10 07:12Z)}' 2024-03-10T06:58Z=95.0 \
	2024-03-10T07:00Z=100.10 2024-03-10T07:01:30Z=666 2024-03-10T07:03Z=103 2024-03-10T07:06Z=106.0 2024-03-10T07:10Z=110
series KRW-LONG 1w '{[2024-02-26 00:00Z,2024-04-15 00:00Z)}' 2024-03-04T00:00Z=4 2024-03-25T00:00Z=25
series KRW-LONG 1M '{[2023-12-01 00:00Z,2024-06-01 00:00Z),[2024-11-01 00:00Z,2025-01-01 00:00Z)}' 2024-01-01T00:00Z=1 \
	2024-02-01T00:00Z=2 2024-11-01T00:00Z=11

# --- coverage

for zone in $zones; do
	is "the coverage's fragments, in $zone" "$(PGTZ=$zone sql "SELECT string_agg(concat_ws(' ', extract(epoch FROM covered_from)::bigint,
		extract(epoch FROM covered_to)::bigint), ',' ORDER BY covered_from) FROM market_data_coverage_span WHERE symbol = 'KRW-HAND'")" \
		'1710053940 1710054300,1710054480 1710054720'
	is "and their sum, in $zone" "$(PGTZ=$zone sql "SELECT \"interval\", extract(epoch FROM covered_from)::bigint,
		extract(epoch FROM covered_to)::bigint, fragments, intervals FROM market_data_coverage_summary
		WHERE symbol IN ('KRW-HAND', 'KRW-LONG') ORDER BY \"interval\" COLLATE \"C\"")" '1M|1701388800|1735689600|2|8
1m|1710053940|1710054720|2|10
1w|1708905600|1713139200|1|7'
done

# --- freshness, at 07:20: due is what ended by 07:13

sql "INSERT INTO market_data_series VALUES ('KRW-HAND', '1m', 'upbit', '2024-03-10 06:59Z', NULL, NULL, 'ok'),
		('KRW-ENDED', '1m', 'upbit', '2024-03-10 06:00Z', '2024-03-10 07:00Z', '2024-03-10 06:30Z', 'ok'),
		('KRW-LONG', '1M', 'upbit', '2023-12-01Z', NULL, NULL, 'ok'),
		('KRW-NONE', '1m', 'upbit', '2024-03-10 07:00Z', NULL, NULL, 'unknown market')"
series KRW-ENDED 1m '{[2024-03-10 06:30Z,2024-03-10 07:00Z)}' 2024-03-10T06:45Z=1
fresh() {
	sql "SELECT symbol, state, extract(epoch FROM newest)::bigint, extract(epoch FROM covered_to)::bigint, extract(epoch FROM lag)::bigint,
		gaps, missing, extract(epoch FROM complete_to)::bigint FROM $1 ORDER BY symbol, \"interval\""
}
for zone in $zones; do
	is "freshness of each series, in $zone" "$(PGTZ=$zone fresh "market_data_freshness_at('2024-03-10 07:20Z') WHERE \"interval\" = '1m'")" \
		'KRW-ENDED|ok|1710053100|1710054000|0|0|0|1710054000
KRW-HAND|ok|1710054600|1710054720|480|2|4|1710054300
KRW-NONE|unknown market|||1200|1|13|1710054000'
	is "of months too, in $zone" "$(PGTZ=$zone fresh "market_data_freshness_at('2025-03-02Z') WHERE \"interval\" = '1M'")" \
		'KRW-LONG|ok|1730419200|1735689600|5184000|2|7|1717200000'
done
# What docs/operations.md asks the table, as somebody pastes it.
series KRW-BTC 1m '{[2024-05-01 00:00Z,2024-05-02 00:00Z)}' 2024-05-01T00:00Z=1
runs() { sql "$1" >>"$work/queries.out" 2>&1; }
while read -r query; do ok "$query" runs "$query"; done < <(grep '^    SELECT ' docs/operations.md)
ok 'there are some' test "$(grep -c '^    SELECT ' docs/operations.md)" -ge 6
sql "DELETE FROM market_data_series WHERE symbol = 'KRW-BTC'"
ok "the view sees it from now" sql_is "SELECT count(*) FROM market_data_freshness WHERE lag > interval '1 day' AND gaps > 0" 3
finish
