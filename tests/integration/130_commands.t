#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The commands beside the writer: the help of each, and what each refuses before anything happens, in which words.
. tests/integration/lib.sh
. tests/integration/said.sh
scenario commands

for command in migrate replay gaps forget retain end settle discard; do
	run gapless-writer $command --help
	is "$command --help: exit code" "$code" 0
	ok "$command --help is its own" grep -q "^Usage: gapless-writer $command" "$work/out"
	ok "$command --help has examples and exit codes" says "^Exit codes: 0 "
	is "$command --help fits 100 columns" "$(awk 'length > 100' "$work/out")" ''
	run gapless-writer --help
	ok "the program's help names $command" says "^  $command  "
done
ok 'its help does not name what only a command has' test -z "$(grep -e --dry-run "$work/out")"
refused 'no such command' 'gasp.* is not a command of gapless-writer: see gapless-writer --help' gapless-writer gasp
refused 'a word too many' 'now.* is one word too many: see gapless-writer gaps --help' gapless-writer gaps now
refused "the writer's setting" '--batch-rows does not belong to gapless-writer gaps: see gapless-writer gaps --help' \
	gapless-writer gaps --batch-rows 5
refused "a command's setting" '--dry-run does not belong to gapless-writer: see gapless-writer --help' gapless-writer --dry-run
refused 'a format that is none' "'csv' is neither table nor tsv" gapless-writer gaps --format csv
refused 'a market in small letters' "'krw-btc' is not a market's name" gapless-writer gaps --symbols krw-btc
refused 'an interval that is none' "'7m' is not one of" gapless-writer gaps --intervals 7m
span=(--symbols KRW-BTC --intervals 1m)
refused 'forget without a series' '--symbols and --intervals' gapless-writer forget --from 2026-03-10 --to 2026-03-11
refused 'forget without a beginning' '--from and --to' gapless-writer forget "${span[@]}" --to 2026-03-11
refused 'forget without an end' '--from and --to' gapless-writer forget "${span[@]}" --from 2026-03-10
refused 'forget of nothing' '--from must be before --to' gapless-writer forget "${span[@]}" --from 2026-03-10 --to 2026-03-10
refused 'forget from the end to the beginning' '--from must be before --to' gapless-writer forget "${span[@]}" --from 2026-03-11 --to 2026-03-10
refused 'a database that is not there' 'does not exist' gapless-writer gaps --database 'dbname=nosuch connect_timeout=5'
is 'no sanitizer found anything' "$(grep -lE 'Sanitizer|runtime error' "$work/err")" ''
finish
