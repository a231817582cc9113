/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include "common/pg/pg_tables.h"

#define SQL_BEGIN                                                                                \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '5s'; "  \
	"SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '10s'; " \
	"SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off"

int reader_begin(struct pg *pg, const char *conninfo, struct err *err)
{
	/* One that was lost since the last look is found only by using it: then once more. */
	for (int try = 0; try < 2; try++) {
		int was_open = pg_is_open(pg);

		if (!was_open && pg_open(pg, conninfo, "gapless-writer-page", err) != 0)
			return -1;
		if (pg_run(pg, SQL_BEGIN, PG_NONE, READER_DEADLINE_MS, err) == 0)
			return pg_tables_see_all(pg, err);
		pg_close(pg);
		if (!was_open)
			return -1;
	}
	return -1;
}

void reader_end(struct pg *pg)
{
	struct err err;

	if (pg_is_open(pg) && pg_run(pg, "ROLLBACK", PG_NONE, READER_DEADLINE_MS, &err) != 0)
		pg_close(pg);
}
