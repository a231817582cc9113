#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# manifests.sh: what is laid out for containers. The manifests render, and every object is one of Kubernetes by its own types; the
# compose file is one by compose's own loader, and by compose itself where it is installed, the dashboards are some by Grafana's own
# types; each container's command takes the settings that it is given; the image's build finds all that it copies, in a folder that
# has nothing else. No engine and no cluster is needed. TAP.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8
n=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

ok() { # what, command...
	n=$((n + 1))
	if "${@:2}" >"$work/said" 2>&1; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$work/said"
		failed=1
	fi
}

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

command -v kubectl >/dev/null || skip "kubectl, which renders the manifests, is not here"
command -v go >/dev/null || skip "go, which builds the checker, is not here"
checker=$PWD/build/manifests
(cd tests/ship/manifests && go build -o "$checker" .) >"$work/said" 2>&1 || skip "the checker cannot be built: $(tail -n 1 "$work/said")"

# A program that takes its settings waits for a broker or a database, and is still there after a while; 2 is a refusal.
takes_settings() { # variable=value... command...
	local code=0
	PATH=$PWD/build/release:$PATH timeout --signal=KILL 3 env -i PATH="$PWD/build/release" "$@" >"$work/out" 2>&1 || code=$?
	[ "$code" != 2 ] || { cat "$work/out"; return 1; }
	grep -q 'msg="\?settings' "$work/out" || { cat "$work/out"; return 1; }
}

# The last variable of the same name counts: the broker and the HTTP port of this machine, not the container's.
containers() { # file of the checker
	local line words variables command word
	while IFS= read -r line; do
		IFS=$'\t' read -r -a words <<<"$line"
		variables=() command=()
		for word in "${words[@]:1}"; do
			if [ ${#command[@]} = 0 ] && [[ $word == [A-Z]*=* ]]; then variables+=("$word"); else command+=("$word"); fi
		done
		ok "${words[0]}: ${command[*]} takes its settings" takes_settings "${variables[@]}" GAPLESS_BROKERS=127.0.0.1:1 \
			GAPLESS_HTTP=off PGHOST=127.0.0.1 PGPORT=1 "${command[@]}"
	done <"$1"
}

for folder in base keda; do
	ok "$folder renders" kubectl kustomize "compose/kubernetes/$folder" -o "$work/$folder.yaml"
	ok "$folder is of Kubernetes' types, and by our rules" bash -c "'$checker' kubernetes <'$work/$folder.yaml' >'$work/$folder.tsv'"
done
ok "compose: the file loads" bash -c "'$checker' compose compose/docker-compose.yml >'$work/compose.tsv'"
# Compose itself, where it is: docker's plugin, and the older program, which knows no name in a file.
older_compose() { # expression of sed
	(cd compose && sed "/^name:/d; $1" docker-compose.yml | docker-compose -p gapless -f - config --quiet)
}
if docker compose version >/dev/null 2>&1; then
	ok "docker compose takes the file" docker compose -f compose/docker-compose.yml config --quiet
fi
if docker-compose version 2>/dev/null | grep -q '^docker-compose version 1\.'; then
	ok "docker-compose 1 takes it without its name" older_compose ''
	ok "... and refuses a field that it does not know" bash -c "$(declare -f older_compose); ! older_compose s/init:/inits:/"
fi
ok "a field that Kubernetes does not have is refused" bash -c "! sed 's/readOnlyRootFilesystem/readOnlyRoot/' '$work/base.yaml' | '$checker' kubernetes"
for file in compose/grafana/dashboards/*.json; do
	ok "${file##*/} is a dashboard by Grafana's own types, and no panel lies on another" "$checker" dashboard "$file"
done
ok "a field that Grafana does not have is refused" bash -c "! '$checker' dashboard <(sed 's/\"cellHeight\"/\"cellHight\"/' \
	compose/grafana/dashboards/completeness.json)"
ok "panels that overlap are, too" bash -c "! '$checker' dashboard <(jq '.panels[1].gridPos.x -= 1' compose/grafana/dashboards/completeness.json)"
containers "$work/base.tsv"
containers "$work/compose.tsv"

# The image, without an engine: what COPY brings, by .dockerignore, and the command that builds.
mkdir "$work/src"
while read -r -a copied; do
	for path in "${copied[@]:0:${#copied[@]}-1}"; do
		path=${path%/}
		ok "the image's context has $path" eval "grep -qxF '!$path' .dockerignore || grep -qxF '!${path%%/*}' .dockerignore"
		mkdir -p "$work/src/${copied[-1]}"
		if [ -d "$path" ]; then cp -r "$path/." "$work/src/${copied[-1]}"; else cp "$path" "$work/src/${copied[-1]}"; fi
	done
done < <(sed -n '/^FROM.* AS build/,/^FROM [^ ]*$/s/^COPY //p' compose/Dockerfile)
build=$(sed -n 's/^RUN \(make .*\)/\1/p' compose/Dockerfile)
ok "the image's command builds there: $build" bash -c "cd '$work/src' && $build ${CC:+CC='$CC'}"
ok "and what it built runs" "$work/src/build/release/gapless-writer" --version
echo "1..$n"
exit $failed
