#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How long a candle takes from its end to the table: 95 in 100 come within 3.5 s. See tests/integration/089_live.t. Programs as
# users run them (release build).
export GAPLESS_BIN=${GAPLESS_BIN_RELEASE:-build/release} LIVE_P95_MS=3500
exec bash tests/integration/089_live.t
