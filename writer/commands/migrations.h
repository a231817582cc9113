/* SPDX-License-Identifier: MIT */
/* The numbered SQL files of schemas/, compiled in by schemas/embed.sh. Ascending numbers. */
#ifndef GAPLESS_MIGRATIONS_H
#define GAPLESS_MIGRATIONS_H

#include <stddef.h>

/* The advisory lock of who migrates: "gapless" in ASCII. */
#define MIGRATION_LOCK "29099052180763507"

struct migration {
	int number;
	const char *name;
	const char *sql;
};

extern const struct migration migrations[];
extern const size_t migrations_n;

#endif
