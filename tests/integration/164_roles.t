#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A schema of its own, and roles that may do no more than docs/database.md says: an owner, a writer, a producer and a reader, each
# with nothing else. The whole path runs; the reader sees everything whatever his search_path is, and changes nothing; a migration
# that has nothing to do may be asked by a role that owns nothing. A program that does not fit the database, or may not see all of its
# rows, says so, with 2.
. tests/integration/lib.sh
. tests/integration/said.sh
scenario_names roles
. tests/integration/indicators.sh
page=docs/database.md
roles='gapless_owner gapless_writer gapless_producer gapless_reader'
roles_gone() {
	local role
	psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)"
	for role in $roles; do
		psql -X -q -d postgres -c "DROP ROLE IF EXISTS $role"
	done
} >/dev/null 2>&1
at_end() { roles_gone; }
roles_gone
topic_delete
psql -X -q -d postgres -c "CREATE DATABASE $PGDATABASE"
for role in $roles; do
	sql "CREATE ROLE $role LOGIN"
done
sql "GRANT CREATE ON DATABASE $PGDATABASE TO gapless_owner; REVOKE ALL ON SCHEMA public FROM PUBLIC"
as() { # role, command...
	PGUSER=$1 "${@:2}"
}
block() { # name: of the page, with the database's name
	awk -v name="$1" '/^<!-- walk: / { mine = $3 == name } /^```/ { inside = !inside; if (!inside) mine = 0; next } inside && mine' "$page" |
		sed "s/:database/$PGDATABASE/"
}

export PGUSER # each run below has its own
superuser=$PGUSER
PGUSER=gapless_owner run gapless-writer migrate --schema market
is 'the owner makes a schema and the tables in it' "$code" 0
is '... all of them' "$(sql "SELECT count(*) FROM pg_class WHERE relname LIKE 'market_data%' AND relkind = 'r' AND relnamespace <> 'market'::regnamespace"),$(sql "SELECT
	count(*) > 8 FROM pg_class WHERE relname LIKE 'market_data%' AND relkind = 'r' AND relnamespace = 'market'::regnamespace")" '0,t'
PGUSER=gapless_owner run gapless-writer migrate
is '... and finds them from then on' "$code$(grep -c 'applied=0 ' "$work/err")" 01
with PGUSER=gapless_reader refused 'a role that owns nothing does not migrate' 'may not migrate: run it as the one that owns .*error=.*denied' \
	gapless-writer migrate --schema other
refused 'a schema whose name is none' "'Market; DROP' is not the name of a schema" gapless-writer migrate --schema 'Market; DROP'
block schema >"$work/schema.sql"
block roles >"$work/roles.sql"
ok 'the page has both blocks' test -s "$work/schema.sql" -a -s "$work/roles.sql"
ok 'the roles look there' psql -X -q -v ON_ERROR_STOP=1 -f "$work/schema.sql"
ok 'the owner grants what the page says' as gapless_owner psql -X -q -v ON_ERROR_STOP=1 -f "$work/roles.sql"
sql "ALTER ROLE $superuser IN DATABASE $PGDATABASE SET search_path = market"

# --- the whole path

exchange --start 2026-03-10T12:00:00Z
export GAPLESS_LOOK_S=2 GAPLESS_LOOK_GAPS_S=2 GAPLESS_BATCH_MS=200
from=2026-03-10T09:00:00Z
GAPLESS_DATABASE='user=gapless_writer' writer
GAPLESS_DATABASE='user=gapless_producer' producer --symbols KRW-BTC,KRW-SPARSE --intervals 1m,1h --since $from
await 40 'a writer and a producer with these privileges store all of it' no_gaps
for p in producer writer; do
	stop $p
	is "the $p ends with 0" "$code" 0
done
is 'neither was refused anything' "$(grep -cE 'permission denied|lacks privileges' "$work/writer.log" "$work/producer.log" | grep -vc ':0$')" 0

# --- a reader, from anywhere

reads() { # statement
	as gapless_reader psql -X -q -At -v ON_ERROR_STOP=1 -c "SET search_path = pg_catalog" -c "$1" >"$work/read" 2>"$work/read.err" && [ -s "$work/read" ] ||
		{ note "$(head -n 1 "$work/read.err")"; false; }
}
ok 'a reader reads the candles' reads 'SELECT * FROM market.market_data LIMIT 1'
ok '... the grid' reads "SELECT * FROM market.market_data_grid('KRW-SPARSE', '1m', '$from', '2026-03-10T11:00Z')"
is '... which has candles and intervals without trades' "$(cut -d '|' -f 2 "$work/read" | sort -u | xargs)" 'candle no trade'
for view in $(sql "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'market'::regnamespace"); do
	ok "... the view $view" reads "SELECT count(*) FROM market.$view"
done
ok '... and the functions beside it' reads "SELECT count(*) FROM market.market_data_gaps_at(now()), market.market_data_freshness_at(now())"
for statement in 'DELETE FROM market.market_data' 'UPDATE market.market_data SET close = 1' 'TRUNCATE market.market_data' \
	"UPDATE market.market_data_coverage SET covered = '{}'" "SELECT market.market_data_remove('KRW-BTC', '1m', false, 1)" \
	"SELECT market.market_data_retain('{1m}', '{60}', NULL, now())" "SELECT market.market_data_end('{%}', NULL, true)"; do
	ok "a reader may not: ${statement%% *} ${statement#* }" bash -c "! PGUSER=gapless_reader psql -X -q -v ON_ERROR_STOP=1 -c \"$statement\" >'$work/may' 2>&1"
	ok '... and is told so' grep -q 'permission denied' "$work/may"
done

# --- a writer, beside its work

PGUSER=gapless_writer run gapless-writer migrate
is 'a role that owns nothing may ask whether there is something to migrate' "$code$(grep -c 'applied=0 ' "$work/err")" 01
PGUSER=gapless_writer run gapless-writer retain --keep 1m=1h
is 'it may give up what is old' "$code$(sql "SELECT count(*) FROM market_data WHERE interval = '1m'")" 00
PGUSER=gapless_writer run gapless-writer gaps
is '... and ask for gaps' "$code" 1
sql "REVOKE INSERT ON market_data_position FROM gapless_writer"
PGUSER=gapless_writer run gapless-writer
is 'one that lacks something ends with 2' "$code" 2
ok '... and says what' grep -q 'the role gapless_writer lacks privileges on market_data_position.*GRANT .*IN SCHEMA market TO gapless_writer' "$work/err"
as gapless_owner psql -X -q -f "$work/roles.sql"

# --- tables that are there, and not seen

sql "REVOKE USAGE ON SCHEMA market FROM gapless_writer, gapless_producer, gapless_reader"
unseen='may not use the schema market, in which the tables of Gapless are; .*GRANT USAGE ON SCHEMA market TO'
for command in '' 'migrate' 'gaps' 'status' 'retain --keep 1m=9d' 'replay'; do
	# shellcheck disable=SC2086
	with PGUSER=gapless_writer refused "a writer without USAGE on the schema: ${command:-run}" "gapless_writer $unseen" gapless-writer $command
done
with PGUSER=gapless_reader refused 'indicators without it' "gapless_reader $unseen" gapless-indicators
with PGUSER=gapless_reader refused 'a computation without it' "gapless_reader $unseen" gapless-indicators compute
log_forget producer
PGUSER=gapless_producer producer --symbols KRW-BTC --intervals 1m --since $from
await 20 'a producer without it goes on, and says so' logged producer "level=error.*gapless_producer $unseen"
stop producer
as gapless_owner psql -X -q -f "$work/roles.sql"
sql "ALTER ROLE gapless_writer IN DATABASE $PGDATABASE RESET search_path"
with PGUSER=gapless_writer refused 'a role that looks elsewhere' 'where the role gapless_writer does not look .*SET search_path = market' gapless-writer
sql "ALTER ROLE gapless_writer IN DATABASE $PGDATABASE SET search_path = market"

sql "CREATE SCHEMA other; CREATE TABLE other.market_data_series (); GRANT USAGE ON SCHEMA other TO gapless_writer, gapless_producer, gapless_reader"
other='finds another market_data_series in the schema other first.*SET search_path = market'
for command in '' gaps 'migrate' replay; do
	# shellcheck disable=SC2086
	with PGUSER=gapless_writer with PGOPTIONS='-c search_path=other,market' refused "tables of two schemas: writer ${command:-run}" "$other" gapless-writer $command
done
with PGUSER=gapless_reader with PGOPTIONS='-c search_path=other,market' refused 'tables of two schemas: indicators' "$other" gapless-indicators
sql 'DROP SCHEMA other CASCADE'

# --- rows that are there, and not seen

sql "ALTER TABLE market.market_data_series ENABLE ROW LEVEL SECURITY; CREATE POLICY part ON market.market_data_series FOR SELECT
	USING (symbol <> 'KRW-SPARSE')"
hides='row level security may hide rows of the table (market\.)?market_data_series from the role gapless'
for command in '' 'gaps' 'status' 'retain --keep 1m=9d' 'replay'; do
	# shellcheck disable=SC2086
	with PGUSER=gapless_writer refused "a writer that may not see all rows: ${command:-run}" "${hides}_writer" gapless-writer $command
done
for command in '' compute; do
	# shellcheck disable=SC2086
	with PGUSER=gapless_reader with PGOPTIONS='-c search_path=market' refused "indicators that may not: ${command:-run}" "${hides}_reader" gapless-indicators $command
done
log_forget producer
PGUSER=gapless_producer producer --symbols KRW-BTC --intervals 1m --since $from
await 20 'a producer that may not goes on, and says so' logged producer "level=error.*${hides}_producer"
sql 'CREATE POLICY gapless ON market.market_data_series USING (true)'
log_forget producer
await 20 '... with a policy for all rows it is at home' logged producer 'level=info.*the database is connected'
log_forget producer
sql 'ALTER TABLE market.market_data_series FORCE ROW LEVEL SECURITY; DROP POLICY gapless ON market.market_data_series;
	CREATE POLICY gapless ON market.market_data_series TO gapless_writer USING (true)'
with PGUSER=gapless_owner refused 'the owner, who is forced' "${hides}_owner" gapless-writer migrate
with PGUSER=gapless_writer refused 'one for whom he guards the tables' "${hides}_owner" gapless-writer
await 20 'the producer that runs notices it' logged producer "level=error.*${hides}_(owner|producer)"
stop producer
sql 'DROP POLICY gapless ON market.market_data_series; DROP POLICY part ON market.market_data_series;
	ALTER TABLE market.market_data_series NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY'

# --- programs and databases that do not fit

unfit() { # what, what it says, [a command more]
	local command
	for command in '' ${3:-} gaps status 'retain --keep 1m=9d' replay 'end --symbols KRW-X'; do
		# shellcheck disable=SC2086
		with PGUSER=gapless_owner refused "$1: writer ${command:-run}" "$2" gapless-writer $command
	done
	with PGUSER=gapless_owner refused "$1: producer" "$2" gapless-producer --symbols KRW-BTC
	with PGUSER=gapless_owner refused "$1: fetch" "$2" gapless-producer fetch --symbols KRW-BTC --from $from --to 2026-03-10T09:05Z
	with PGUSER=gapless_owner refused "$1: indicators" "$2" gapless-indicators
	with PGUSER=gapless_owner refused "$1: indicators compute" "$2" gapless-indicators compute
}
sql "UPDATE gapless_migration SET number = 999 WHERE number = (SELECT max(number) FROM gapless_migration)"
unfit 'older than the database' 'migration 999, but this program knows no more than .*use the newer' migrate
sql "DELETE FROM gapless_migration WHERE number = 999; UPDATE gapless_migration SET applied_at = '2020-01-01Z'" # and not just now
unfit 'newer than the database' 'but this program needs .*run: gapless-writer migrate'
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work"/*)" ''
finish
