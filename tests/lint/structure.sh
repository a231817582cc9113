#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# structure.sh [--self-test]: do common/ and the programs keep to the rules of structure.pl? Wants the objects of the release
# flavour. With --self-test: does structure.pl see each kind of breach, in small trees made for that?
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
folders=(common producer writer)
[ ! -d "$here/../../indicators" ] || folders+=(indicators)

if [ "${1:-}" != --self-test ]; then
	cd "$here/../.." || exit 1
	exec perl tests/lint/structure.pl build/release tests/lint/known-breaches "${folders[@]}"
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# A tree without any breach: common/base, producer/part which uses it, producer/loop which uses both.
tree() {
	rm -rf common producer writer known
	mkdir -p common producer writer
	printf '#pragma once\nint base(void);\n' >common/base.h
	printf '#include "base.h"\nint base(void)\n{\n\treturn 1;\n}\n' >common/base.c
	printf '#pragma once\nstruct part {\n\tint n;\n\tstruct part *next;\n};\nint part(struct part *p);\n' >producer/part.h
	printf '#include "common/base.h"\n#include "part.h"\nint part(struct part *p)\n{\n\treturn p->n = base();\n}\n' >producer/part.c
	printf '#include "part.h"\nint loop(struct part *p);\nint loop(struct part *p)\n{\n\tp->n++;\n\treturn part(p);\n}\n' >producer/loop.c
	printf 'int store(void);\nint store(void)\n{\n\treturn 2;\n}\n' >writer/store.c
}

# Compiles the tree; the rules must say exactly what is expected: the first word of each breach.
expect() { # what, breaches
	local c said
	for c in */*.c; do
		mkdir -p "objects/${c%/*}"
		# shellcheck disable=SC2086
		${CC:-cc} -I. -c -o "objects/${c%.c}.o" "$c" || exit 1
	done
	said=$(perl "$here/structure.pl" objects known common producer writer 2>&1 | sed -n 's/^\([^ ].*\)/\1/p' | tr '\n' ';')
	if [ "$said" != "$2" ]; then
		printf 'structure.sh: %s: said "%s", wanted "%s"\n' "$1" "$said" "$2" >&2
		failed=1
	fi
	rm -rf objects
}

tree
expect 'nothing is wrong' ''

tree
printf 'int loop(void *p);\nint back(void);\nint back(void)\n{\n\treturn loop(0);\n}\n' >>producer/part.c
expect 'a call sideways, without an include' 'circle producer/loop;circle producer/part;'

tree
printf '#include "part.h"\n' >common/base.h
printf '#include "common/base.h"\n' >>producer/part.h
printf 'int base(void);\nint base(void)\n{\n\treturn 1;\n}\n' >common/base.c
printf '#pragma once\n#include "producer/part.h"\nint base(void);\n' >common/base.h
expect 'headers that include each other, over a border' 'circle common/base;circle producer/part;layer common/base producer/part;'

tree
printf 'int store(void);\nint also(void);\nint also(void)\n{\n\treturn store();\n}\n' >>producer/loop.c
expect 'a process that calls another' 'layer producer/loop writer/store;'

tree
printf 'int share(void);\nint share(void)\n{\n\treturn 3;\n}\n' >producer/share.c
printf 'int share(void);\nint listing(void);\nint listing(void)\n{\n\treturn share();\n}\n' >producer/listing.c
expect 'a call from part to part' 'sideways producer/listing producer/share;'

tree
for n in 1 2; do
	printf '#include "part.h"\nvoid f%d(struct part *p);\nvoid f%d(struct part *p)\n{\n\tp->next->n += 1;\n}\n' $n $n >producer/f$n.c
done
expect 'a struct that many write' 'shared part;'

tree
{
	printf 'int many(int i);\nint many(int i)\n{\n'
	for _ in {1..65}; do printf '\ti++;\n'; done
	printf '\treturn i;\n}\n'
} >producer/many.c
expect 'a long function' 'long many;'
printf 'long many # stands for now\n' >known
expect 'what is known' ''
tree
printf 'long many\n' >known
expect 'what was known and is gone' 'long many;'

exit $failed
