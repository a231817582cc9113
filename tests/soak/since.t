#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --since over 30 days of 1m for 20 dense markets, some 4,400 pages in eight minutes; the budget is used: see tests/integration/030_since.t.
export SINCE_DAYS=30 SINCE_MEASURE=1
export SINCE_NUMBERS="1 4 6 9 10 11 14 16 19 20 21 24 26 29 30 31 34 36 39 40"
exec bash tests/integration/030_since.t
