/* SPDX-License-Identifier: MIT */
/* The statements of a visit (visit.h), each one round trip. Times go over as epoch
 * milliseconds, so that no session's time zone or date style matters. */
#ifndef GAPLESS_VISIT_SQL_H
#define GAPLESS_VISIT_SQL_H

#include "common/pg/pg.h"
#include "producer/lookup/visit.h"

/* Of the series whose partition begins: makes durable what is wanted, what witnesses said and what
 * is not available, so that it survives a takeover; and reads back the latter two. */
int visit_sql_wanted(struct pg *pg, const char *source, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));
/* The limits of all series of the visit, and what is wanted of those whose partition begins, if it
 * was written. */
int visit_sql_series(struct pg *pg, const char *source, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));
/* The markets that the database holds as wanted without an end, of this source: visit->open. */
int visit_sql_open(struct pg *pg, const char *source, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));
/* The writer's next offset of each partition. */
int visit_sql_positions(struct pg *pg, const char *topic, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));
/* Whether the series that are looked up have changed; versions compare within a connection, of
 * which this is the number. */
int visit_sql_versions(struct pg *pg, int64_t connection, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));
/* The coverage of those that are looked up and have changed. */
int visit_sql_coverage(struct pg *pg, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));
/* What is stored in their gaps (series_stored), the newest rows of each gap, as far as the budget
 * goes: of a gap beyond it nothing is told. Rows that no answer has shown, those of another
 * collector, are left out. */
int visit_sql_stored(struct pg *pg, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));
/* What the database refused of them, and is not to be sent again yet (candle_refused). */
int visit_sql_refused(struct pg *pg, struct visit *visit, struct err *err)
	__attribute__((warn_unused_result));

#endif
