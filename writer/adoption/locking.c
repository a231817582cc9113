/* SPDX-License-Identifier: MIT */
#include "locking.h"

#include <string.h>

#include "adopt_sql.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"

enum { SAY_MS = 5000, AGAIN_MS = 500 };

int adopt_begin(struct pg *pg, struct err *err)
{
	return pg_run(pg, SQL_ADOPT_BEGIN, PG_NONE, ADOPT_DEADLINE_MS, err);
}

int adopt_stopped(struct err *err)
{
	if (!stop_requested())
		return 0;
	err_set(err, ERR_RETRY,
		"the adoption of market_data was stopped by a signal; gapless-writer migrate goes on with it");
	return 1;
}

int adopt_with_locks(struct pg *pg, int (*step)(void *arg, struct err *err), void *arg,
		     const char *waits, struct err *err)
{
	struct log_throttle say = {0, 0};
	struct err ignored;
	for (;;) {
		if (adopt_begin(pg, err) != 0 || pg_exec(pg, SQL_SHORT_LOCKS, err) != 0)
			return -1;
		if (step(arg, err) == 0)
			return pg_exec(pg, "COMMIT", err);
		if (strcmp(pg->sqlstate, "55P03") != 0 || !pg_is_open(pg) ||
		    pg_exec(pg, "ROLLBACK", &ignored) != 0)
			return -1;
		LOG_EVERY(&say, clock_boot_ms(), SAY_MS, LOG_INFO, waits);
		stop_pause(AGAIN_MS);
		if (adopt_stopped(err))
			return -1;
	}
}
