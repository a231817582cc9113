#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the database cannot take at once is stored in smaller transactions: a limit of its configuration (53400, as TimescaleDB's of
# decompressed rows), a limit of the program (54000), a statement that takes too long again and again (57014). All of it arrives,
# nothing becomes a dead letter, the server's hint is said; a single row that is too much is waited for, while what is around it is
# stored and covered. TimescaleDB's limit is lifted where it exists.
. tests/integration/lib.sh
. tests/integration/storing.sh
scenario too_much
exec 2>"$work/shell.log"
export GAPLESS_BATCH_MS=200 GAPLESS_CONNECTIONS=1
topic_new "$GAPLESS_TOPIC"

# A statement that is about more rows than this is refused.
limit() { # rows, sqlstate
	sql "CREATE OR REPLACE FUNCTION too_much() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
			IF (SELECT count(*) FROM written) > $1 THEN
				RAISE EXCEPTION USING ERRCODE = '$2', MESSAGE = '한도를 초과했습니다', HINT = 'raise the limit of the server';
			END IF; RETURN NULL; END \$\$;
		CREATE OR REPLACE TRIGGER too_much_i AFTER INSERT ON market_data REFERENCING NEW TABLE AS written
			FOR EACH STATEMENT EXECUTE FUNCTION too_much();
		CREATE OR REPLACE TRIGGER too_much_u AFTER UPDATE ON market_data REFERENCING NEW TABLE AS written
			FOR EACH STATEMENT EXECUTE FUNCTION too_much()"
}
unlimit() { sql 'DROP TRIGGER too_much_i ON market_data; DROP TRIGGER too_much_u ON market_data'; }
all_covered() {
	sql_is "SELECT count(*) FROM market_data JOIN market_data_coverage USING (symbol, interval)
		WHERE symbol LIKE '$1' AND timestamp <@ covered" "$2"
}

n=0
for case in '53400 A' '54000 B' '57014 C'; do
	read -r code_of letter <<<"$case"
	limit 300 "$code_of"
	candles 3000 "$letter" | publish "$GAPLESS_TOPIC"
	n=$((n + 3000))
	log_forget writer
	writer
	await 60 "$code_of: all of it is stored" stored_of "$GAPLESS_TOPIC" $n
	ok '... and covered' all_covered "KRW-$letter%" 3000
	ok '... said with the server'"'"'s words' logged writer "cannot take so many candles in one transaction.*한도를 초과했습니다.*raise the limit of the server.*sqlstate=$code_of"
	ends_with_0 writer
	is '... each counted once' "$(total writer inserted)" 3000
	unlimit
done
is 'nothing is a dead letter' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0

# --- corrections, as TimescaleDB refuses them

sql "ALTER DATABASE $PGDATABASE SET timescaledb.max_tuples_decompressed_per_dml_transaction = 100000"
sql "CREATE OR REPLACE FUNCTION decompress() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
		IF current_setting('timescaledb.max_tuples_decompressed_per_dml_transaction', true) <> '0' THEN
			RAISE EXCEPTION USING ERRCODE = '53400', MESSAGE = 'tuple decompression limit exceeded by operation';
		END IF; RETURN NULL; END \$\$;
	CREATE TRIGGER decompress AFTER UPDATE ON market_data FOR EACH STATEMENT EXECUTE FUNCTION decompress()"
log_forget writer
writer
candles 500 A | sed 's/"close":"\([0-9]*\).50"/"close":"\1.75"/; s/"revision":\([0-9]*\)/"revision":9\1/' | publish "$GAPLESS_TOPIC"
n=$((n + 500))
await 60 'where the extension limits what a correction may touch, the limit is lifted' stored_of "$GAPLESS_TOPIC" $n
ends_with_0 writer
is '... they are stored' "$(total writer corrected)" 500
is '... without a complaint' "$(grep -c 'level=warn' "$work/writer.log")" 0
sql "DROP TRIGGER decompress ON market_data; ALTER DATABASE $PGDATABASE RESET ALL"

# --- a row that is too much by itself

sql "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
		RAISE EXCEPTION USING ERRCODE = '54000', MESSAGE = 'index row size exceeds maximum'; END \$\$;
	CREATE TRIGGER never BEFORE INSERT ON market_data FOR EACH ROW WHEN (NEW.symbol = 'KRW-D7' AND NEW.close = 7.5)
		EXECUTE FUNCTION never()"
candles 200 D | publish "$GAPLESS_TOPIC"
n=$((n + 200))
log_forget writer
writer
await 20 'a row that is too much by itself is waited for' logged writer 'nothing is lost.*index row size exceeds maximum'
is '... it is no dead letter' "$(sql 'SELECT count(*) FROM candle_dead_letter')" 0
ok '... what comes before it is stored and covered' all_covered 'KRW-D0' 10
ok '... the position waits' stored_of "$GAPLESS_TOPIC" $((n - 200))
sql 'DROP TRIGGER never ON market_data'
await 60 'when it fits, the rest follows' stored_of "$GAPLESS_TOPIC" $n
ok '... all of it' all_covered 'KRW-D%' 200
ends_with_0 writer
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*.log "$work"/*.earlier)" ''
finish
