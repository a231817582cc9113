#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# changes.sh: does every function that takes a series to change it note that it has changed? The schedule asks a series
# again only then. Exempt is what changes nothing that a series asks for, or calls what notes it.
set -u
cd "$(dirname "$0")/../.." || exit 1
awk -v exempt=' series_init series_release series_free series_watch series_take series_leave series_market_judge
	series_lookup_began series_report_finished series_delivered series_version_is series_live_request series_backfill_request ' '
	FNR == 1 { name = "" }
	/^[a-z].*\(/ && !/;$/ { head = $0; open = 1 }
	open && !/^[a-z].*\(/ && !/^\{/ { head = head $0 }
	/^\{/ && open {
		open = 0
		if (head ~ /^[a-z].*[ *]series_[a-z_]*\(struct series \*s/ && head !~ /^static/) {
			name = head
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
			noted = 0
			seen++
		}
	}
	/series_changed\(s\)/ { noted = 1 }
	/^\}/ && name != "" {
		if (!noted && index(exempt, name) == 0) {
			printf "%s: %s changes a series and does not note it: series_changed\n", FILENAME, name
			bad = 1
		}
		name = ""
	}
	END {
		if (seen < 15) { print "changes.sh: the functions that change a series are not found any more"; bad = 1 }
		exit bad
	}' producer/series/series*.c
