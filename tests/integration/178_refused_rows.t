#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A rule of the table refuses a candle of a backfill and a live one. Each is a dead letter that says which candle it is, and costs its
# own interval; the producer knows from the database that it is refused, and sends neither again before its pause is over, which
# the series' state says. Once the rule is mended and the dead letters are gone, they are fetched at once.
. tests/integration/lib.sh
scenario refused_rows
exec 2>"$work/shell.log"
export GAPLESS_BATCH_MS=200 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_LOOKUP_S=2 GAPLESS_RATE_LIMIT=100
exchange --start 2026-04-01T10:00:20Z --limit 100 --markets 3
since=2026-04-01T08:00:00Z old=2026-04-01T09:30:00Z young=2026-04-01T10:23:00Z
sql "ALTER TABLE market_data ADD CONSTRAINT no_such_minute CHECK (symbol <> 'KRW-BTC' OR timestamp NOT IN ('$old', '$young'))"

refused() { sql_is "SELECT count(DISTINCT \"timestamp\") FROM candle_refused WHERE symbol = 'KRW-BTC' AND interval = '1m'
	AND \"timestamp\" = '$1' AND again_at > now() AND reason LIKE '%no_such_minute%'" 1; }

lacks_only() { # times: the only gaps
	is_wanted KRW-BTC && sql_is "SELECT string_agg(to_char(gap_from, 'HH24:MI') || ' ' || (gap_to - gap_from), ',' ORDER BY gap_from)
		FROM market_data_gaps_at('$(exchange_now)') WHERE symbol = 'KRW-BTC'" "$1"
}

state_is() { sql_is "SELECT state FROM market_data_series WHERE symbol = 'KRW-BTC'" "$1"; }

stored_at() { sql_is "SELECT count(*) FROM market_data WHERE symbol = '$1' AND \"timestamp\" = '$2'" 1; }

sent_again() { published | grep -c "\"KRW-BTC\",\"interval\":\"1m\",\"timestamp\":$(date -d "$1" +%s)000,"; }

writer
producer --symbols KRW-BTC,KRW-ETH --since $since --markets-s 2
await 60 'a row of a backfill that the table refuses is a dead letter that says which' refused $old
PGTZ=America/New_York await 60 '... and costs its own minute' lacks_only '05:30 00:01:00'
await 20 '... nothing of another market' complete KRW-ETH
await 20 'the state of the series says so' state_is 'refused by the database'
await 10 '... and the log, with the cause' logged producer 'level=error .*the database refuses candles.* symbol=KRW-BTC .*no_such_minute'
gap_says() { { "$GAPLESS_BIN/gapless-writer" gaps --at "$(exchange_now)" --symbols KRW-BTC || true; } | grep 'refused by the database: .*no_such_minute' >/dev/null; }
await 10 '... and the list of gaps' gap_says

clock_freeze
topic_mark
for minute in 21 22 23 24; do
	clock_set "2026-04-01T10:$minute:03Z"
	await 20 "live goes on (10:$minute)" stored_at KRW-ETH "$(later "2026-04-01T10:$minute:00Z" -60)"
	await 20 '... of that market, too' eval "[ $minute = 24 ] || stored_at KRW-BTC '$(later "2026-04-01T10:$minute:00Z" -60)'"
done
await 20 'a live row that is refused is one as well' refused $young
ok "the first was hardly sent again meanwhile, or not at all ($(sent_again $old))" test "$(sent_again $old)" -le 2
clock_set 2026-04-01T10:25:03Z
await 20 'live goes on after it' stored_at KRW-BTC 2026-04-01T10:24:00Z
clock_set 2026-04-01T10:32:20Z
PGTZ=America/New_York await 30 'nothing else is missing' lacks_only '05:30 00:01:00,06:23 00:01:00'
ok "the second was hardly sent again ($(sent_again $young))" test "$(sent_again $young)" -le 4

sql 'ALTER TABLE market_data DROP CONSTRAINT no_such_minute'
sql "DELETE FROM candle_dead_letter WHERE symbol = 'KRW-BTC'"
await 30 'mended, and its dead letters gone, all is fetched at once' complete KRW-BTC KRW-ETH
await 10 '... and the state is as before' state_is ok
ok 'the table equals the truth' equals_truth KRW-BTC 1m $since 2026-04-01T10:30:00Z 100
for who in producer writer; do ends_with_0 $who; done
finish
