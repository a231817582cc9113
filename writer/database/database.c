/* SPDX-License-Identifier: MIT */
#include "database.h"

#include "check.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/pg/pg_tables.h"

enum { ABSENT_MS = 2000, SAY_MS = 60000, SAY_AWAY_MS = 10000 };

int database_open(struct pg *pg, const char *conninfo, int64_t wait_ms, struct err *err)
{
	int64_t began = clock_boot_ms();
	struct log_throttle say = {0, 0};
	struct backoff backoff;

	backoff_init(&backoff, 100, 5000);
	while (pg_open(pg, conninfo, "gapless-writer", err) != 0) {
		int64_t now = clock_boot_ms();

		if (err->class != ERR_RETRY || stop_requested() ||
		    (wait_ms >= 0 && now - began >= wait_ms))
			return -1;
		LOG_EVERY(&say, now, SAY_AWAY_MS, LOG_WARN, "waiting for the database",
			  L_STR("error", err->text));
		stop_pause((int)backoff_next_ms(&backoff, backoff_random()));
	}
	return 0;
}

int database_fits(struct pg *pg, struct err *err)
{
	enum pg_tables tables = pg_tables_check(pg, err);

	return tables == PG_TABLES_FIT || tables == PG_TABLES_DENIED ? 0 : -1;
}

int database_wait(const struct options *o, database_fit *is_ours)
{
	struct log_throttle say = {0, 0};
	struct pg pg = {0};
	int code = EXIT_DONE;

	while (!stop_requested()) {
		enum check check = CHECK_FAILED;
		struct err err;
		int is_fit;

		if (!pg_is_open(&pg) && database_open(&pg, o->database, -1, &err) != 0) {
			if (err.class == ERR_RETRY)
				continue; /* a signal */
			log_error(err.text);
			code = EXIT_USAGE;
			break;
		}
		check = check_database(&pg, &err);
		is_fit = check == CHECK_FIT && check_triggers(&pg, &err) == 0;
		if (is_fit && is_ours(&pg, o, &err) == 0)
			break;
		if (check == CHECK_UNFIT || check == CHECK_DENIED || check == CHECK_OUTDATED ||
		    (is_fit && err.class != ERR_RETRY)) {
			log_error(err.text);
			code = check == CHECK_UNFIT ? EXIT_PERSON : EXIT_USAGE;
			break;
		}
		LOG_EVERY(&say, clock_boot_ms(), SAY_MS, LOG_WARN, "waiting for the database",
			  L_STR("error", err.text));
		if (check == CHECK_FAILED || check == CHECK_FIT)
			pg_close(&pg);
		stop_pause(ABSENT_MS);
	}
	pg_close(&pg);
	return code;
}
