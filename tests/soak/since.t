#!/usr/bin/env bash
# --since over 30 days of 1m for 20 markets, some 4,000 pages: see tests/integration/030_since.t. About eight minutes.
SINCE_DAYS=30 exec bash tests/integration/030_since.t
