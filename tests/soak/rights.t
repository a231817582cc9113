#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Kafka with authorisation (StandardAuthorizer), over TLS with passwords, as docs/security.md sets it up: a user for each program, with the
# rights of its table and no other. Each works with them; with one of them missing it says in a line which, and goes on when it is
# there. A wrong password, an authority that is not trusted.
#
# The servers are a stack of its own: name and ports of the one that the other scenarios share, plus 40.
export GAPLESS_STACK=${GAPLESS_STACK:-test}-rights
export GAPLESS_KAFKA_PORT=$((${GAPLESS_KAFKA_PORT:-19192} + 40))
export GAPLESS_CONTROLLER_PORT=$((${GAPLESS_CONTROLLER_PORT:-19193} + 40))
export GAPLESS_PG_PORT=$((${GAPLESS_PG_PORT:-15532} + 40))
. tests/integration/lib.sh

at_end() { compose/stack.sh down >/dev/null; }
trap at_end EXIT

# --- the broker: a listener for clients with TLS and passwords; on the one without, everybody is its administrator

clients=127.0.0.1:$((GAPLESS_CONTROLLER_PORT + 1))
dir=$PWD/build/stack-$GAPLESS_STACK
mkdir -p "$dir"
for name in authority stranger; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" -keyout "$dir/$name.key" \
		-out "$dir/$name.pem" 2>/dev/null || bail 'openssl makes no authority'
done
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1 -keyout "$dir/broker.key" -out "$dir/broker.csr" 2>/dev/null &&
	openssl x509 -req -in "$dir/broker.csr" -CA "$dir/authority.pem" -CAkey "$dir/authority.key" -CAcreateserial -days 2 \
		-extfile <(echo 'subjectAltName=IP:127.0.0.1') -out "$dir/broker.crt" 2>/dev/null || bail 'openssl makes no certificate'
cat "$dir/broker.key" "$dir/broker.crt" >"$dir/broker.pem"
cat >"$dir/extra.properties" <<END
listeners=PLAINTEXT://127.0.0.1:$GAPLESS_KAFKA_PORT,CONTROLLER://127.0.0.1:$GAPLESS_CONTROLLER_PORT,CLIENTS://$clients
advertised.listeners=PLAINTEXT://127.0.0.1:$GAPLESS_KAFKA_PORT,CLIENTS://$clients
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:SASL_SSL
listener.name.clients.ssl.keystore.type=PEM
listener.name.clients.ssl.keystore.location=broker.pem
listener.name.clients.sasl.enabled.mechanisms=PLAIN
listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
	user_producer="secret-producer" user_writer="secret-writer" user_indicators="secret-indicators";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
END
GAPLESS_KAFKA_EXTRA=$dir/extra.properties compose/stack.sh up >/dev/null || bail 'the stack with authorisation does not start'
scenario rights
. tests/integration/indicators.sh
exec 2>"$work/shell.log"

admin() { # class, arguments
	compose/stack.sh kafka-tool "$1" --bootstrap-server "$GAPLESS_BROKERS" "${@:2}" >>"$work/admin.out" 2>&1 || bail "$*: $(tail -n 3 "$work/admin.out")"
}
acls() { admin org.apache.kafka.tools.AclCommand "$@"; }
# As docs/security.md has it.
as() { # user, [password, [authority]]
	echo "security.protocol=sasl_ssl;ssl.ca.location=$dir/${3:-authority}.pem;sasl.mechanisms=PLAIN;sasl.username=$1;sasl.password=${2:-secret-$1}"
}
allow() { acls --add --allow-principal "User:$1" "${@:2}"; }
forbid() { acls --remove --force --allow-principal "User:$1" "${@:2}"; }
start() { # program, arguments
	GAPLESS_KAFKA=$(as "$1") "$@" --brokers "$clients"
}

export GAPLESS_SESSION_TIMEOUT_MS=3000 GAPLESS_LOOKUP_GAPS_S=1 GAPLESS_LOOKUP_S=2 GAPLESS_BATCH_MS=200 GAPLESS_SYMBOLS=KRW-BTC,KRW-ETH
exchange

# --- with the rights of docs/security.md, and no other

candles=(--topic "$GAPLESS_TOPIC") values=(--topic "$GAPLESS_INDICATORS_TOPIC")
allow producer "${candles[@]}" --operation Create --operation DescribeConfigs --operation Read --operation Write
allow producer --group "$GAPLESS_PRODUCER_GROUP" --operation Read
allow writer "${candles[@]}" --operation Read
allow writer --group "$GAPLESS_GROUP" --operation Read
allow indicators "${candles[@]}" --operation Read
allow indicators "${values[@]}" --operation Create --operation DescribeConfigs --operation Write
allow indicators --group "$GAPLESS_INDICATORS_GROUP" --operation Read

for who in indicators writer producer; do start $who; done
await 60 'the topic is created, the table becomes complete' complete KRW-BTC KRW-ETH
await 60 '... and indicators are published' indicators_caught_up
complains() { grep -hE 'level=(warn|error)' "$work/"{producer,writer,indicators}.log | grep -vF 'not there yet; waiting (the producer makes it)'; }
is 'nobody complains' "$(complains)" ''

# --- with one of them missing, while they run: said, and over once it is there again

missing() { # program, what it says, operation, --topic or --group with its name
	local who=$1 what=$2 operation=$3
	shift 3
	forbid "$who" "$@" --operation "$operation"
	log_forget "$who"
	[ "$who" = producer ] || clock_advance 120
	if running "$who"; then stop "$who"; fi
	start "$who"
	await 40 "$who without $operation on ${1#--}: says what is missing" logged "$who" "$what"
	allow "$who" "$@" --operation "$operation"
}
works() { has "$1" 12; } # program: the group has given it all partitions
topic_missing='level=(error|warn) .*(use the topic: a right on it is missing|topic .* cannot be asked for: .*Topic authorization failed)'

missing producer 'level=warn .*settings may not be read; that it is not compacted is not checked' DescribeConfigs "${candles[@]}"
missing producer 'level=error .*Kafka does not let this user publish: WRITE on the topic is missing' Write "${candles[@]}"
await 60 '... and ends' gone producer
ended producer
is '... with 1' "$code" 1
missing producer 'level=error .*use the consumer group: READ on it is missing' Read --group "$GAPLESS_PRODUCER_GROUP"
await 60 '... it goes on by itself once it is there' works producer
missing writer "$topic_missing" Read "${candles[@]}"
missing writer 'level=error .*use the consumer group: READ on it is missing' Read --group "$GAPLESS_GROUP"
await 60 '... it goes on by itself once it is there' works writer
missing indicators "$topic_missing" Read "${candles[@]}"
missing indicators 'level=warn .*settings may not be read; that it is not compacted is not checked' DescribeConfigs "${values[@]}"
missing indicators 'level=error .*Kafka does not let this user publish: WRITE on the topic is missing' Write "${values[@]}"
missing indicators 'level=error .*use the consumer group: READ on it is missing' Read --group "$GAPLESS_INDICATORS_GROUP"
await 60 '... it goes on by itself once it is there' works indicators
clock_advance 600
await 60 'with all of them back the table becomes complete' complete KRW-BTC KRW-ETH
await 60 '... and indicators are published' indicators_caught_up

# --- who one is

for who in producer writer indicators; do ends_with_0 $who; done
not_let_in() { # program, what is wrong, password, authority, what it says
	log_forget "$1"
	GAPLESS_KAFKA=$(as "$1" "$3" "$4") "$1" --brokers "$clients"
	await 40 "$2: $1 says so" logged "$1" "$5"
	stop "$1" KILL
}
for who in producer writer indicators; do
	not_let_in $who 'a wrong password' wrong authority 'level=error .*does not let this user in: name, password or mechanism.*AUTHENTICATION'
	not_let_in $who 'an authority that is not trusted' "secret-$who" stranger 'certificate verify failed'
	ok '... and no log has the password' eval "! grep -q 'secret-$who' '$work/$who.log' '$work/$who.earlier'"
done
finish
