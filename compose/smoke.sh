#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# smoke.sh [down]: starts the containers of docker-compose.yml, waits until the table has candles and no gap,
# and shows it. Leaves them running; with `down` it stops and removes them at the end, and keeps their data.
#
# It reads the real exchange. GAPLESS_SMOKE_WAIT_S is how long the table may take, in seconds (300).

set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

say() { printf '%s\n' "$*"; }
die() { printf 'smoke: %s\n' "$*" >&2; exit 1; }
die_usage() { printf 'smoke: %s\n' "$*" >&2; exit 2; }

compose() { docker compose -f "$here/docker-compose.yml" "$@"; }

table() { compose exec -T database psql -X -q -v ON_ERROR_STOP=1 -U gapless -d gapless "$@" </dev/null; }

engine_check() {
	local answer
	command -v docker >/dev/null ||
		die "docker is not installed: install Docker Engine and its compose plugin, or use \`make demo\`," \
			"which needs no containers"
	answer=$(docker version --format '{{.Server.Version}}' 2>&1) ||
		die "no container engine answers (${answer##*$'\n'}): start Docker, or use \`make demo\`, which needs no" \
			"containers"
	docker compose version >/dev/null 2>&1 ||
		die "docker is here without its compose plugin: install it (docker-compose-plugin in Docker's own" \
			"packages)"
}

# "series rows gaps". Nothing wanted has no gap either, so all three count.
state_read() {
	table -A -t -F ' ' -c 'SELECT (SELECT count(*) FROM market_data_series), (SELECT count(*) FROM market_data),
		(SELECT count(*) FROM market_data_gap)'
}

complete_wait() {
	local deadline=$((SECONDS + wait_s)) state=
	local series=0 rows=0 gaps=0
	until ((series > 0 && rows > 0 && gaps == 0)); do
		((SECONDS < deadline)) || return 1
		sleep 2
		state=$(state_read) || continue
		read -r series rows gaps <<<"$state"
		say "series $series, candles $rows, gaps $gaps"
	done
}

table_show() {
	table -P footer=off -c 'SELECT symbol, interval, count(*) AS candles,
			min(timestamp) AS first, max(timestamp) AS last
		FROM market_data GROUP BY symbol, interval ORDER BY symbol, interval'
	table -P footer=off -c 'SELECT symbol, interval, timestamp, open, high, low, close, volume
		FROM market_data ORDER BY timestamp DESC, symbol, interval LIMIT 5'
}

trouble_show() {
	compose ps --all
	compose logs --no-color --tail 15 migrate writer producer
} >&2

main() {
	local down=${1:-}
	if (($# > 1)) || [[ -n $down && $down != down ]]; then
		die_usage "use smoke.sh, or smoke.sh down"
	fi
	wait_s=${GAPLESS_SMOKE_WAIT_S:-300}
	[[ $wait_s =~ ^[1-9][0-9]{0,4}$ ]] || die_usage "GAPLESS_SMOKE_WAIT_S is '$wait_s': use 1 to 99999 seconds"
	engine_check
	say "Building and starting the containers (some minutes the first time)."
	compose up --detach --build --wait || {
		trouble_show
		die "the containers did not start; the lines above say why"
	}
	complete_wait || {
		trouble_show
		die "after $wait_s s the table is not complete; is the exchange to be reached from here? The containers" \
			"run on"
	}
	table_show || die "the table cannot be read"
	say "Complete: every closed candle that is wanted and due is there."
	if [[ -n $down ]]; then
		compose down || die "the containers could not be stopped"
	else
		say "They run on. To stop them: docker compose -f $here/docker-compose.yml down (with -v: data too)"
	fi
}

main "$@"
