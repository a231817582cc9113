/* SPDX-License-Identifier: MIT */
#include "fitness.h"

#include <inttypes.h>
#include <stdio.h>

#include "locking.h"

/* 100 MiB are read as a whole, a sample of as much of larger tables. */
enum { SAMPLE_BLOCKS = 12800 };

enum { CHECK_ROWS, CHECK_UNFIT_ROWS, CHECK_REASON, CHECK_EXAMPLE, CHECK_MEND };

int fitness_check(struct pg *pg, const struct adopt_plan *plan, int64_t blocks,
		  int64_t unfit_percent, struct err *err)
{
	char percent[24];
	int64_t rows, unfit;
	PGresult *res;

	snprintf(percent, sizeof(percent), "%.6f",
		 blocks > SAMPLE_BLOCKS ? 100.0 * SAMPLE_BLOCKS / (double)blocks : 100.0);
	if (adopt_begin(pg, err) != 0)
		return -1;
	res = pg_query(pg, plan->check.data, PG_VALUES(percent), ADOPT_DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	rows = pg_number(res, 0, CHECK_ROWS);
	unfit = pg_number(res, 0, CHECK_UNFIT_ROWS);
	if (unfit * 100 > rows * unfit_percent)
		err_set(err, ERR_FATAL,
			"%" PRId64 " of %" PRId64
			" rows of market_data%s cannot be adopted, most of them: %s, e.g. %s; "
			"nothing was changed; mend them: %s; or have them set aside: gapless-writer migrate "
			"--unfit-percent 100",
			unfit, rows, blocks > SAMPLE_BLOCKS ? " (a sample)" : "",
			PQgetvalue(res, 0, CHECK_REASON), PQgetvalue(res, 0, CHECK_EXAMPLE),
			PQgetvalue(res, 0, CHECK_MEND));
	else
		rows = -1;
	PQclear(res);
	return rows < 0 ? pg_exec(pg, "COMMIT", err) : -1;
}
