#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A pooler in front of the database (PgBouncer; skipped where it is not installed). One that pools statements ends the writer with a
# sentence. Behind one that pools transactions everything is stored, and no setting or statement of ours is left in the sessions, which
# serve others next.
. tests/integration/lib.sh
. tests/integration/storing.sh
PATH=$PATH:/usr/sbin
command -v pgbouncer >/dev/null || {
	echo '1..0 # SKIP pgbouncer is not installed'
	exit 0
}
scenario pooler
exec 2>"$work/shell.log"
topic_new "$GAPLESS_TOPIC"
port=$((PGPORT + 1000))
dir=$(mktemp -d /tmp/gapless-pooler.XXXXXX) # (where an unprivileged user may write)
at_end() { rm -rf "$dir"; }
as=()
if [ "$(id -u)" = 0 ]; then # which it refuses
	as=(setpriv --reuid=nobody --clear-groups)
	chown nobody "$dir"
fi

pooler() { # what it pools
	printf '%s\n' '[databases]' "* = host=127.0.0.1 port=$PGPORT user=$PGUSER" '[pgbouncer]' 'listen_addr = 127.0.0.1' "listen_port = $port" \
		'auth_type = any' "pool_mode = $1" 'default_pool_size = 4' 'unix_socket_dir =' >"$dir/ini"
	spawn pooler "${as[@]}" pgbouncer "$dir/ini"
	await 10 "a pooler of ${1}s" psql -X -q -p "$port" -o /dev/null -c 'SELECT 1'
}
others() { psql -X -At -p "$port" -c "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
	current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit'),
	count(*) FROM pg_prepared_statements"; }

before=$(sql "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
	current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit'), 0")
pooler statement
GAPLESS_DATABASE="port=$port" writer
await 20 'statements: the writer ends' gone writer
ended writer
is '... it needs a person' "$code" 1
ok '... and says what is wrong' logged writer 'set pool_mode = transaction or session'
stop pooler

pooler transaction
log_forget writer
GAPLESS_DATABASE="port=$port" writer
candles 300 A | publish "$GAPLESS_TOPIC"
await 30 'transactions: everything is stored' stored_of "$GAPLESS_TOPIC" 300
for i in 1 2 3 4 5 6; do others; done | sort -u >"$work/others"
is 'others find the sessions as they were' "$(cat "$work/others")" "$before"
ends_with_0 writer
stop pooler
finish
