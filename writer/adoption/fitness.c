/* SPDX-License-Identifier: MIT */
#include "fitness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "adopt_sql.h"

enum { DEADLINE_MS = 40000, LONG_DEADLINE_MS = 24 * 3600 * 1000 };
/* 100 MiB are read as a whole, a sample of as much of larger tables. */
enum { SAMPLE_BLOCKS = 12800 };

static const struct pg_params none;

enum { CHECK_ROWS, CHECK_UNFIT_ROWS, CHECK_REASON, CHECK_EXAMPLE, CHECK_MEND };

int fitness_check(struct pg *pg, const struct adopt_plan *plan, int64_t blocks,
		  int64_t unfit_percent, struct err *err)
{
	char percent[24];
	const char *values[] = {percent};
	int64_t rows, unfit;
	PGresult *res;

	snprintf(percent, sizeof(percent), "%.6f",
		 blocks > SAMPLE_BLOCKS ? 100.0 * SAMPLE_BLOCKS / (double)blocks : 100.0);
	if (pg_run(pg, SQL_ADOPT_BEGIN, none, LONG_DEADLINE_MS, err) != 0)
		return -1;
	res = pg_query(pg, plan->check.data, (struct pg_params){1, values}, LONG_DEADLINE_MS, err);
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
	return rows < 0 ? pg_run(pg, "COMMIT", none, DEADLINE_MS, err) : -1;
}
