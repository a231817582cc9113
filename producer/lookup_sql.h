/* SPDX-License-Identifier: MIT */
/* The statements of the lookup (lookup.h), each one round trip. Times go over as epoch
 * milliseconds, so that no session's time zone or date style matters. */
#ifndef GAPLESS_LOOKUP_SQL_H
#define GAPLESS_LOOKUP_SQL_H

#include "common/pg.h"
#include "lookup.h"

/* Makes what is wanted durable (in one transaction) and reads it back into the job. */
int lookup_sql_wanted(struct pg *pg, const char *source, struct lookup_job *job,
		      int64_t deadline_ms, struct err *err) __attribute__((warn_unused_result));
/* The markets that the database holds as wanted without an end, of this source: job->open. */
int lookup_sql_open(struct pg *pg, const char *source, struct lookup_job *job, int64_t deadline_ms,
		    struct err *err) __attribute__((warn_unused_result));
/* position[0..n): the writer's next offset of each partition; 0 if it has none. */
int lookup_sql_positions(struct pg *pg, const char *topic, int64_t *position, int n,
			 int64_t deadline_ms, struct err *err) __attribute__((warn_unused_result));
/* Reads the coverage of the job's series. */
int lookup_sql_coverage(struct pg *pg, struct lookup_job *job, int64_t deadline_ms, struct err *err)
	__attribute__((warn_unused_result));
/* Reads what is stored in the gaps (series_stored). Rows of revision 0 lose in any case and are
 * left out. */
int lookup_sql_stored(struct pg *pg, struct lookup_job *job, int64_t deadline_ms, struct err *err)
	__attribute__((warn_unused_result));

#endif
