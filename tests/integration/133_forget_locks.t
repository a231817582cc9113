#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# forget against writers at work: a union and a difference of the same row's coverage, under the same lock; and a command that waits
# for a row, in a database whose transactions are serializable by default.
. tests/integration/lib.sh
scenario forget_locks
sql "ALTER DATABASE $PGDATABASE SET default_transaction_isolation = 'serializable'"

sql "BEGIN; INSERT INTO market_data_coverage VALUES ('KRW-LOCK', '1m', '{[2026-03-10 00:00Z,2026-03-10 01:00Z)}'); COMMIT"
hold writes "UPDATE market_data_coverage SET covered = covered + '{[2026-03-10 01:00Z,2026-03-10 02:00Z)}' WHERE symbol = 'KRW-LOCK'"
waits() { sql_is "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'" 1; }
forgets() {
	spawn forgets "$GAPLESS_BIN/gapless-writer" forget --symbols KRW-LOCK --intervals 1m --from 2026-03-10T00:30Z --to 2026-03-10T01:30Z
	await 10 'forget waits for it' waits
}
forgets
release writes ROLLBACK
ended forgets
is 'forget ends with 0' "$code" 0
is 'rolled back, it had nothing to add' "$(PGTZ=UTC sql "SELECT covered FROM market_data_coverage WHERE symbol = 'KRW-LOCK'")" \
	'{["2026-03-10 00:00:00+00","2026-03-10 00:30:00+00")}'
sql "UPDATE market_data_coverage SET covered = '{[2026-03-10 00:00Z,2026-03-10 01:00Z)}' WHERE symbol = 'KRW-LOCK'"
hold writes "UPDATE market_data_coverage SET covered = covered + '{[2026-03-10 01:00Z,2026-03-10 02:00Z)}' WHERE symbol = 'KRW-LOCK'"
log_forget forgets
forgets
release writes
ended forgets
is 'forget ends with 0' "$code" 0
ok '... counting what was added meanwhile' logged forgets '^KRW-LOCK 1m: 60 intervals of .* forgotten$'
is 'what was added meanwhile is kept, or forgotten with the rest' \
	"$(PGTZ=UTC sql "SELECT covered FROM market_data_coverage WHERE symbol = 'KRW-LOCK'")" \
	'{["2026-03-10 00:00:00+00","2026-03-10 00:30:00+00"),["2026-03-10 01:30:00+00","2026-03-10 02:00:00+00")}'
sql "INSERT INTO market_data_series (symbol, interval, source, wanted_from) VALUES ('KRW-LOCK', '1m', 'upbit', '2026-03-10Z')"
hold writes "UPDATE market_data_series SET state = 'ok' WHERE symbol = 'KRW-LOCK'"
spawn ends "$GAPLESS_BIN/gapless-writer" end --symbols KRW-LOCK
await 10 'end waits for it' waits
release writes
ended ends
is 'end ends with 0, whatever the default of transactions is' "$code" 0
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log)" ''
finish
