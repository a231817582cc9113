# SPDX-License-Identifier: MIT
# programs.sh: what is compared: the writer, and what a user would run instead. Sourced by peers.sh, after runs.sh.
#
#	NAME_ready                 installs it, once, into build/bench-peers
#	program_start NAME TOPIC GROUP   `program` is its pid
#	program_stands NAME        `stands`: runs, ended (and how), or that its tasks failed, which it may do and live
#	program_stop, program_kill
#
# Settings: peer.py, bento/bento.yaml, debezium/.

debezium_version=3.5.0.Final connect_port=${GAPLESS_CONNECT_PORT:-18483}

python_ready() {
	[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv" >"$work/venv.log" 2>&1 || return 1
	"$work/venv/bin/python" -c 'import confluent_kafka, psycopg, orjson' 2>/dev/null ||
		"$work/venv/bin/pip" install -q confluent-kafka==2.16.1 'psycopg[binary]==3.3.9' orjson==3.13.0 >>"$work/venv.log" 2>&1
}

bento_ready() {
	(cd tests/bench/bento && go build -o "$OLDPWD/$work/bento" .) >"$work/bento.build" 2>&1
}

debezium_ready() {
	local maven="mvn -q -B -Dstyle.color=never -f tests/bench/debezium/pom.xml"
	[ -e "$work/debezium.ready" ] && return
	{
		$maven dependency:copy-dependencies -DoutputDirectory="$PWD/$work/connect" &&
			$maven dependency:copy -DoutputDirectory="$PWD/$work" \
				-Dartifact=io.debezium:debezium-connector-jdbc:$debezium_version:tar.gz:plugin &&
			mkdir -p "$work/plugins" &&
			tar -xzf "$work/debezium-connector-jdbc-$debezium_version-plugin.tar.gz" -C "$work/plugins" && touch "$work/debezium.ready"
	} </dev/null >"$work/debezium.log" 2>&1
}

# --- starting

gapless_start() { # topic, group
	writer_start "$1" "$2" --http off
}

python_start() {
	PGDATABASE=bench "$work/venv/bin/python" tests/bench/peer.py "$GAPLESS_BROKERS" "$1" "$2" 1000000000 >"$work/peer.out" 2>"$work/peer.log" &
	writer_pids+=($!)
}

bento_start() {
	rm -f "$work/refused"
	TOPIC=$1 GROUP=$2 REFUSED=$work/refused DSN="postgres://$PGUSER@$PGHOST:$PGPORT/bench?sslmode=disable" \
		"$work/bento" -c tests/bench/bento/bento.yaml >"$work/bento.log" 2>&1 &
	writer_pids+=($!)
}

# Its group is named after the connector.
debezium_start() {
	local of=$work/debezium-$2
	mkdir -p "$of"
	sed -e "s|@BROKERS@|$GAPLESS_BROKERS|; s|@PORT@|$connect_port|; s|@OFFSETS@|$PWD/$of/offsets|; s|@PLUGINS@|$PWD/$work/plugins|" \
		tests/bench/debezium/worker.properties >"$of/worker.properties"
	sed -e "s|@NAME@|$2|; s|@TOPIC@|$1|; s|@URL@|jdbc:postgresql://$PGHOST:$PGPORT/bench|; s|@USER@|$PGUSER|" \
		tests/bench/debezium/sink.properties >"$of/sink.properties"
	java -Duser.timezone=UTC -Dorg.apache.logging.log4j.level=WARN -cp "$work/connect/*" org.apache.kafka.connect.cli.ConnectStandalone "$of/worker.properties" \
		"$of/sink.properties" >"$work/debezium-sink.log" 2>&1 &
	writer_pids+=($!)
}

program_start() { # name, topic, group
	program_group=$3 stands=runs
	"$1_start" "$2" "$3"
	program=${writer_pids[0]}
}

program_kill() {
	kill -KILL "$program"
	wait "$program" 2>/dev/null
	writer_pids=()
}

program_stop() {
	kill -TERM "$program" 2>/dev/null
	wait "$program" 2>/dev/null
	writer_pids=()
}

program_stands() { # name
	local failed
	[[ $stands != ended* ]] || return 0
	stands=runs
	if ! kill -0 "$program" 2>/dev/null; then
		wait "$program" 2>/dev/null
		stands="ended ($?)"
	elif [ "$1" = debezium ]; then
		failed=$(curl -s "http://127.0.0.1:$connect_port/connectors/$program_group/status" | jq '[.tasks[]? | select(.state == "FAILED")] | length' 2>/dev/null)
		[ "${failed:-0}" = 0 ] || stands="$failed of 2 tasks FAILED"
	fi
}
