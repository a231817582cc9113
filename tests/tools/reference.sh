#!/bin/sh
# SPDX-License-Identifier: MIT
# reference.sh BUILD: prints docs/reference.md, from the programs' tables.
set -eu
cat <<'HEAD'
# Every setting

Made from the programs' tables by `make docs`. The rules, and what belongs together: [settings.md](settings.md). The same stands
in `--help`, in the man pages and in the example files that `--example` prints. A flag that only one command has stands under that
command, and has no variable.
HEAD
for program in producer writer indicators; do
	"$1/gapless-$program-doc" markdown
done
