/* SPDX-License-Identifier: MIT */
#include "completion.h"

#include <string.h>

#include "adopt_sql.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "locking.h"

enum { DEADLINE_MS = 40000, LONG_DEADLINE_MS = 24 * 3600 * 1000 };

static const struct pg_params none;

int completion_identify_copy(struct pg *pg, struct err *err)
{
	if (pg_run(pg, SQL_ADOPT_BEGIN, none, LONG_DEADLINE_MS, err) != 0 ||
	    pg_run(pg, SQL_IDENTIFY, none, DEADLINE_MS, err) != 0)
		return -1;
	return pg_run(pg, "COMMIT", none, DEADLINE_MS, err);
}

/* Under the lock of the migrations, so that two of us do not both. */
static int hypertable(struct pg *pg, const char *chunks, struct err *err)
{
	const char *values[] = {chunks};
	PGresult *res;

	if (pg_run(pg, SQL_ADOPT_BEGIN, none, LONG_DEADLINE_MS, err) != 0)
		return -1;
	res = pg_query(pg, SQL_HYPERTABLE("market_data", "market_data"),
		       (struct pg_params){1, values}, LONG_DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	if (strcmp(PQgetvalue(res, 0, 0), "t") == 0)
		log_info("market_data is a hypertable of TimescaleDB now");
	PQclear(res);
	return pg_run(pg, "COMMIT", none, DEADLINE_MS, err);
}

static int index_unconfirmed(struct pg *pg, struct err *err)
{
	int64_t began_ms = clock_boot_ms();
	PGresult *res;

	if (pg_run(pg, SQL_ADOPT_BEGIN, none, LONG_DEADLINE_MS, err) != 0)
		return -1;
	res = pg_query(pg, SQL_INDEX, none, LONG_DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	if (strcmp(PQgetvalue(res, 0, 0), "t") == 0)
		log_info("the rows that nobody has confirmed have an index now",
			 L_INT("milliseconds", clock_boot_ms() - began_ms));
	PQclear(res);
	return pg_run(pg, "COMMIT", none, DEADLINE_MS, err);
}

static int protect(void *arg, struct err *err)
{
	struct pg *pg = arg;
	PGresult *res = pg_query(pg, SQL_PROTECT, none, DEADLINE_MS, err);

	if (res == NULL)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		log_info(PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

int completion_run(struct pg *pg, const char *chunks, struct err *err)
{
	if (hypertable(pg, chunks, err) != 0 || index_unconfirmed(pg, err) != 0)
		return -1;
	return adopt_with_locks(pg, protect, pg,
				"waiting for those who use market_data, to guard it", err);
}
