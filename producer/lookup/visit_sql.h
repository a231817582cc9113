/* SPDX-License-Identifier: MIT */
/* The statements of a visit (visit.h), each one round trip. Times go over as epoch
 * milliseconds, so that no session's time zone or date style matters. */
#ifndef GAPLESS_VISIT_SQL_H
#define GAPLESS_VISIT_SQL_H

#include "common/pg/pg.h"
#include "producer/lookup/visit.h"

/* Makes what is wanted durable (in one transaction) and reads it back: of the series whose
 * partition begins. */
int visit_sql_wanted(struct pg *pg, const char *source, struct visit *visit, int64_t deadline_ms,
		     struct err *err) __attribute__((warn_unused_result));
/* The limits of all series of the visit. */
int visit_sql_limits(struct pg *pg, struct visit *visit, int64_t deadline_ms, struct err *err)
	__attribute__((warn_unused_result));
/* The markets that the database holds as wanted without an end, of this source: visit->open. */
int visit_sql_open(struct pg *pg, const char *source, struct visit *visit, int64_t deadline_ms,
		   struct err *err) __attribute__((warn_unused_result));
/* The writer's next offset of each partition. */
int visit_sql_positions(struct pg *pg, const char *topic, struct visit *visit, int64_t deadline_ms,
			struct err *err) __attribute__((warn_unused_result));
/* The coverage of the series that are looked up. */
int visit_sql_coverage(struct pg *pg, struct visit *visit, int64_t deadline_ms, struct err *err)
	__attribute__((warn_unused_result));
/* What is stored in their gaps (series_stored), the newest rows of each gap. Rows that no answer
 * has shown, those of another collector, are left out. */
int visit_sql_stored(struct pg *pg, struct visit *visit, int64_t deadline_ms, struct err *err)
	__attribute__((warn_unused_result));
/* What the database refused of them, and is not to be sent again yet (candle_refused). */
int visit_sql_refused(struct pg *pg, struct visit *visit, int64_t deadline_ms, struct err *err)
	__attribute__((warn_unused_result));

#endif
