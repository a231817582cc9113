# SPDX-License-Identifier: MIT
# kafka.sh: the broker's part of stack.sh, which sources it. One node, KRaft: broker and controller in one
# process.
#
# Owns $build/kafka/libs (the jars, for all stacks; complete if it exists: it is renamed into place) and in
# $dir: server.properties (written at every start), kafka/ (its data; complete if kafka/formatted exists),
# kafka.pid, kafka.log.

# stack.sh sets the variables used here, and reads the ones set here by name.
# shellcheck shell=bash disable=SC2034,SC2154

kafka_title=Kafka

kafka_place() {
	kafka_libs=$build/kafka/libs
	kafka_properties=$dir/server.properties
	kafka_log=$dir/kafka.log
	# The argument that makes the process known as this stack's.
	kafka_mark=-Dgapless.stack=$dir
}

kafka_pid() {
	local pid=
	[[ ! -r $dir/kafka.pid ]] || read -r pid <"$dir/kafka.pid"
	pid_has_argument "$pid" "$kafka_mark" || pid=$(pids_by_argument "$kafka_mark" | head -n 1)
	[[ -n $pid ]] && printf '%s\n' "$pid"
}

kafka_port_now() { sed -n '/^advertised.listeners=/{s/.*://p;q}' "$kafka_properties" 2>/dev/null; }

kafka_ports() { ports_check GAPLESS_KAFKA_PORT "$kafka_port" GAPLESS_CONTROLLER_PORT "$controller_port"; }

kafka_java() {
	local java release
	java=$(find_java) || die "java is missing: \`make deps\` (compose/deps.sh) installs it"
	release=$(find_java_release) || die "cannot tell the version of $java"
	((release >= 17)) ||
		die "$java is Java $release, and Kafka needs 17 or later: set JAVA_HOME to a newer one"
	printf '%s\n' "$java"
}

# Maven keeps what it fetched in the user's own repository, where there is a home to keep it in.
kafka_fetch_options() {
	local home
	home=$(getent passwd "$(id -u)" | cut -d: -f6)
	if [[ -n $home && -d $home/.m2/repository ]]; then
		[[ -w $home/.m2/repository ]] && return
	elif [[ -n $home && -d $home/.m2 ]]; then
		[[ -w $home/.m2 ]] && return
	elif [[ -n $home && -w $home ]]; then
		return
	fi
	printf '%s\n' "-Dmaven.repo.local=$build/kafka/m2"
}

# The jars that pom.xml names, once: again only when pom.xml has changed.
kafka_fetch() {
	local since=${EPOCHREALTIME/./} stamp log=$build/kafka/fetch.log options=()
	stamp=$(sha256sum <"$here/pom.xml")
	[[ -f $kafka_libs/pom.sha256 && $(<"$kafka_libs/pom.sha256") == "$stamp" ]] && return
	command -v mvn >/dev/null || die "mvn is missing: \`make deps\` (compose/deps.sh) installs it"
	build_check
	mkdir -p "$build/kafka" || exit 1
	(
		flock 8
		[[ -f $kafka_libs/pom.sha256 && $(<"$kafka_libs/pom.sha256") == "$stamp" ]] && exit
		say "fetching Apache Kafka's jars (45 MB, once)"
		rm -rf -- "$kafka_libs.new"
		mapfile -t options < <(kafka_fetch_options)
		cd "$build/kafka" || exit 1
		mvn -q -B -U -Dstyle.color=never -f "$here/pom.xml" "${options[@]}" \
			org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies \
			-DincludeScope=runtime -DoutputDirectory="$kafka_libs.new" \
			</dev/null >"$log" 2>&1 8>&- 9>&- || {
			printf 'stack: mvn could not fetch the jars; the end of %s:\n' "$log" >&2
			tail -n 20 "$log" | sed 's/^/    /' >&2
			exit 1
		}
		printf '%s\n' "$stamp" >"$kafka_libs.new/pom.sha256" || exit 1
		sync "$kafka_libs.new"/* || exit 1
		rm -rf -- "$kafka_libs"
		mv "$kafka_libs.new" "$kafka_libs" || exit 1
		say "fetched in $(elapsed "$since")"
	) 8>"$build/kafka/lock" || exit 1
}

kafka_properties_write() {
	cat >"$kafka_properties" <<-END
		process.roles=broker,controller
		node.id=1
		controller.quorum.voters=1@127.0.0.1:$controller_port
		listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$controller_port
		advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
		controller.listener.names=CONTROLLER
		inter.broker.listener.name=PLAINTEXT
		# Relative to the working directory: in a properties file some paths would be mangled.
		log.dirs=kafka
		auto.create.topics.enable=false
		# One node: everything of Kafka's own has one replica.
		default.replication.factor=1
		min.insync.replicas=1
		offsets.topic.replication.factor=1
		offsets.topic.num.partitions=4
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		transaction.state.log.num.partitions=1
		share.coordinator.state.topic.replication.factor=1
		share.coordinator.state.topic.min.isr=1
		share.coordinator.state.topic.num.partitions=1
		# Groups settle at once, and tests may ask for short sessions.
		group.initial.rebalance.delay.ms=0
		group.min.session.timeout.ms=1000
		# After a crash the controller takes the broker back once its old session is over (9 s).
		broker.session.timeout.ms=4000
		broker.heartbeat.interval.ms=1000
	END
	# The last one of a name counts.
	[[ -z ${GAPLESS_KAFKA_EXTRA:-} ]] || cat -- "$GAPLESS_KAFKA_EXTRA" >>"$kafka_properties" || exit 1
}

kafka_prepare() {
	local java id
	java=$(kafka_java) || exit 1
	kafka_properties_write || exit 1
	cp "$here/log4j2.properties" "$dir" || exit 1
	[[ -f $dir/kafka/formatted ]] && return
	rm -rf -- "$dir/kafka"
	mkdir -p "$dir/kafka" || exit 1
	id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | cut -c1-22)
	(cd "$dir" && exec "$java" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
		-Dlog4j2.configurationFile=log4j2.properties -cp '../kafka/libs/*' \
		kafka.tools.StorageTool format -t "$id" -c server.properties \
		</dev/null >>"$kafka_log" 2>&1) || { part_failed kafka 1; exit 1; }
	: >"$dir/kafka/formatted"
}

kafka_spawn() {
	local java
	java=$(kafka_java) || exit 1
	rm -rf -- "$dir/kafka-tmp"
	mkdir -p "$dir/kafka-tmp" || exit 1
	# shellcheck disable=SC2086	# a list of options
	daemon_start "$kafka_log" "$dir" "$java" "$kafka_mark" ${GAPLESS_KAFKA_JAVA:-} -Xmx384m -XX:+UseSerialGC -XX:-UsePerfData \
		-XX:ErrorFile=kafka-crash.log -Djava.io.tmpdir=kafka-tmp \
		-Dlog4j2.configurationFile=log4j2.properties \
		-cp '../kafka/libs/*' kafka.Kafka server.properties
	printf '%s\n' "$daemon_pid" >"$dir/kafka.pid"
	# Known by its mark only once it has become java.
	until pid_has_argument "$daemon_pid" "$kafka_mark" || ! kill -0 "$daemon_pid" 2>/dev/null; do
		sleep 0.02
	done
}

# Asks for a producer id (InitProducerId v0, no transaction) and reads the error code of the reply. Only a
# broker that has registered with its controller and serves clients gives one; the first time this also makes
# it fetch its block of ids, for which an idempotent producer would otherwise be told to wait.
kafka_ready() {
	local reply
	# shellcheck disable=SC2016	# expanded by the inner shell
	reply=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" &&
		printf "\0\0\0\020\0\026\0\0\0\0\0\001\377\377\377\377\0\0\352\140" >&3 &&
		head -c 24 <&3 | od -An -v -tx1 | tr -d " \n"' "$kafka_port" 2>/dev/null)
	((${#reply} == 48)) && [[ ${reply:24:4} == 0000 ]]
}

kafka_settle() { :; }

# SIGCONT: a process that a test has stopped could not end.
kafka_term() { kill -TERM "$1" 2>/dev/null; kill -CONT "$1" 2>/dev/null; }

kafka_kill() { kill -KILL "$1" 2>/dev/null; }

kafka_tool() {	# class argument...
	local java
	java=$(kafka_java) || exit 1
	exec "$java" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
		-Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$kafka_libs/*" "$@"
}
