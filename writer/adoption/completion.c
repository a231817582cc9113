/* SPDX-License-Identifier: MIT */
#include "completion.h"

#include "adopt_sql.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "locking.h"

int completion_identify_copy(struct pg *pg, struct err *err)
{
	if (adopt_begin(pg, err) != 0 || pg_exec(pg, SQL_IDENTIFY, err) != 0)
		return -1;
	return pg_exec(pg, "COMMIT", err);
}

/* Runs a function that says whether it has made something; then it is told. */
static int make(struct pg *pg, const char *sql, struct pg_params params, const char *made,
		struct err *err)
{
	int64_t began_ms = clock_boot_ms();
	PGresult *res;

	if (adopt_begin(pg, err) != 0)
		return -1;
	res = pg_query(pg, sql, params, ADOPT_DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	if (pg_true(res, 0, 0))
		log_info(made, L_INT("milliseconds", clock_boot_ms() - began_ms));
	PQclear(res);
	return pg_exec(pg, "COMMIT", err);
}

static int protect(void *arg, struct err *err)
{
	struct pg *pg = arg;
	PGresult *res = pg_query(pg, SQL_PROTECT, PG_NONE, PG_DEADLINE_MS, err);

	if (res == NULL)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		log_info(PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

int completion_run(struct pg *pg, const char *chunks, struct err *err)
{
	if (make(pg, SQL_HYPERTABLE("market_data", "market_data"), PG_VALUES(chunks),
		 "market_data is a hypertable of TimescaleDB now", err) != 0 ||
	    make(pg, SQL_INDEX, PG_NONE, "the rows that nobody has confirmed have an index now",
		 err) != 0)
		return -1;
	return adopt_with_locks(pg, protect, pg,
				"waiting for those who use market_data, to guard it", err);
}
