/* SPDX-License-Identifier: MIT */
/* Retention (schemas/009_retention.sql): what is older than it is kept goes, rows, coverage and
 * what is wanted together. For the command `retain` and for a writer that keeps to it all the time.
 */
#ifndef GAPLESS_RETENTION_H
#define GAPLESS_RETENTION_H

#include "common/pg/pg.h"
#include "pgarray.h"

/* As many as there are, at least. */
enum { RETENTION_INTERVALS = 16 };

struct retention {
	struct buf names, seconds, lifted;   /* private */
	const char *names_sql, *seconds_sql; /* array literals, of equal length */
	const char *lifted_sql;              /* intervals that are kept whole again; NULL: none */
	const struct interval *named[RETENTION_INTERVALS];
	size_t named_n;
	int64_t dead_s; /* dead letters are kept so long; 0: for ever */
};

/* From "1m=400d,1s=30d,1d=all,dead-letters=90d": h, d (24 hours), w. NULL or "": only what a
 * retention policy of TimescaleDB says. 0, or -1 with *err; retention_release() either way. */
int retention_parse(struct retention *r, const char *keep, struct err *err)
	__attribute__((warn_unused_result));
void retention_release(struct retention *r);

struct retention_result {
	int64_t series; /* moved on */
	int64_t chunks; /* dropped */
	int64_t rows;   /* removed one by one */
	int64_t dead;   /* dead letters, likewise */
	int more;       /* there is more to remove: call again */
};

/* Moves the series on to what is kept now, by the server's clock, drops chunks and removes at most
 * some rows_max rows, in transactions of their own of a fraction of a second each. symbols_sql: an
 * array of LIKE patterns; NULL for all. The connection must not be in a transaction. Adds to *out.
 * 0, or -1 with *err: what is done is done, and the next call goes on. */
int retention_apply(struct pg *pg, const struct retention *r, const char *symbols_sql,
		    int64_t rows_max, struct retention_result *out, struct err *err)
	__attribute__((warn_unused_result));

/* Says what was given up, if anything was. */
void retention_log(const struct retention_result *r);

/* Removes at most some rows_max rows that are given up of one series: those before its
 * retained_from, or everything of one that has ended. *removed: how many; 0 when none is left. */
int retention_remove(struct pg *pg, const char *symbol, const char *interval, int everything,
		     int64_t rows_max, int64_t *removed, struct err *err)
	__attribute__((warn_unused_result));

#endif
