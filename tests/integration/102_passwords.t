#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Passwords are never printed, wherever they come from: neither in what is refused nor in any log of a system that runs with
# passwords all round. And the last words of both programs.
. tests/integration/lib.sh
. tests/integration/said.sh
scenario passwords

# --- never printed: passwords, wherever they come from

secret=geheim
printed_secret() { grep -l "$secret" "$work/err" "$work/out"; }
hides() { # what, pattern of what is shown in its place, program, argument...
	refused "$1" "${@:2}"
	is "$1: no password is printed" "$(printed_secret)" ""
}
hides "a conninfo with a port that is none" 'conninfo of the database is not valid|does not parse' \
	gapless-writer --database "postgresql://me:$secret@db:port/x"
hides "a conninfo with a keyword that is none" 'does not parse' gapless-writer --database "password=$secret hosst=db"
hides "a proxy that is none" "proxy's URL does not parse" gapless-producer --symbols KRW-BTC --proxy "http://me:$secret@:x"
hides "a proxy of another kind" "proxy's URL does not parse" gapless-producer --symbols KRW-BTC --proxy "ftp://me:$secret@h"
hides "an exchange with a user" 'URL has a user' gapless-producer --symbols KRW-BTC --exchange-url "https://me:$secret@h"

exchange --start 2026-03-05T12:00:20Z
writer --log-level debug --database "host=$PGHOST port=$PGPORT user=gapless password='$secret one' dbname=$PGDATABASE" \
	-X sasl.password=$secret.two -X "ssl.key.password=$secret.three"
with PGPASSWORD=$secret.four producer --log-level debug --symbols KRW-BTC --since 2026-03-05T11:00:00Z \
	--database "postgresql://gapless:$secret%20five@$PGHOST:$PGPORT/$PGDATABASE" -X "sasl.password=$secret.six" \
	--lookup-s 2 --lookup-gaps-s 1
covered() { # symbol
	sql_is "SELECT tstzrange('2026-03-05T11:00Z', '2026-03-05T11:59Z') <@ covered FROM market_data_coverage WHERE symbol = '$1'" t
}
await 30 "with passwords all round the system works" covered KRW-BTC
ok "the writer's start-up dump shows the conninfo without it" logged writer 'msg="settings".* database="user=gapless password=\*\*\* dbname=t_passwords host='
ok "and the properties" logged writer 'msg="settings".*sasl\.password=\*\*\*'
ok "the producer's shows the URI without it" logged producer 'msg="settings".* database="user=gapless password=\*\*\* '
is "no password in any log" "$(grep -l "$secret" "$work"/*.log)" ""

ends_with 0 producer
ends_with 0 writer INT
ok "the producer's last words" logged producer 'msg="ended" exit_code=0'
ok "the writer's last words" logged writer 'msg="ended" exit_code=0'
finish
