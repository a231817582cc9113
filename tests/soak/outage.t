#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The database away for a minute, then the broker for a minute, under live load: see tests/integration/040_outage.t.
OUTAGE_SECONDS=60 exec bash tests/integration/040_outage.t
