#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Three producers share the exchange's real limit over 60 days of 1m for 30 markets, 13,000 pages in half an hour: see
# tests/integration/150_many.t.
export MANY_DAYS=60 MANY_LIVE_MINUTES=5
export MANY_NUMBERS="1 2 4 6 8 9 10 11 12 14 16 18 19 20 21 22 24 26 28 29 30 31 32 34 36 38 39 40 41 42"
exec bash tests/integration/150_many.t
