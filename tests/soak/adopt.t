#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A million inherited rows, killed in the middle, adopted while a reader reads, compared with the exchange: see
# tests/integration/120_adopt.t. Programs as users run them (release build).
export GAPLESS_BIN=${GAPLESS_BIN_RELEASE:-build/release}
export ADOPT_FROM=2025-12-01T00:00:00Z ADOPT_KILL=now ADOPT_SECONDS=900 ADOPT_READ_MS=3000
export ADOPT_MARKETS="KRW-BTC KRW-QUIET KRW-M001 KRW-M004 KRW-M006 KRW-M010 KRW-M011 KRW-M014"
exec bash tests/integration/120_adopt.t
