#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A year of 1m on the grid takes less than 10 s: see tests/integration/114_year.t.
GRID_YEAR_MS=10000 exec bash tests/integration/114_year.t
