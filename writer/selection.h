/* SPDX-License-Identifier: MIT */
/* The series that a command is about: --symbols and --intervals, checked. Pure. */
#ifndef GAPLESS_SELECTION_H
#define GAPLESS_SELECTION_H

#include "common/base/error.h"
#include "writer/database/pgarray.h"

struct selection {
	struct buf symbols, intervals; /* private */
	const char *symbols_sql;   /* array literal of LIKE patterns (KRW-* is KRW-%), each once;
				      NULL: not limited (SQL NULL) */
	const char *intervals_sql; /* the same, of names */
};

/* NULL or an empty list means no limit. 0, or -1 with *err; selection_release() either way. */
int selection_init(struct selection *s, const char *symbols, const char *intervals, struct err *err)
	__attribute__((warn_unused_result));
void selection_release(struct selection *s);
/* The row x is one of the selection, whose texts are $1 and $2. */
#define SQL_OF(x)                                                             \
	"($1::text[] IS NULL OR " x ".symbol LIKE ANY ($1)) AND ($2::text[] " \
	"IS NULL OR " x ".interval = ANY ($2))"

/* The symbols of the list, ascending, each once, joined by commas; NULL, with *err, where one is no
 * symbol's name. The caller frees. */
char *selection_symbols(const char *symbols, struct err *err) __attribute__((warn_unused_result));

#endif
