#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the given scenarios (.t) side by side on a test stack of their own, which it starts and stops.
# The programs run in Asia/Seoul, the database in America/New_York: no time zone may matter.
set -u
cd "$(dirname "$0")/../.." || exit 1
export GAPLESS_STACK=${GAPLESS_STACK:-test} GAPLESS_KAFKA_PORT=${GAPLESS_KAFKA_PORT:-19192}
export GAPLESS_CONTROLLER_PORT=${GAPLESS_CONTROLLER_PORT:-19193} GAPLESS_PG_PORT=${GAPLESS_PG_PORT:-15532}
export GAPLESS_PG_TIMEZONE=America/New_York TZ=Asia/Seoul
compose/stack.sh up || exit 1
trap 'compose/stack.sh down >/dev/null' EXIT
prove ${PROVE_ARGS:-} -j "${GAPLESS_JOBS:-4}" --timer "$@"
