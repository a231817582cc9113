/* SPDX-License-Identifier: MIT */
#include "adopt.h"

#include <inttypes.h>
#include <stdio.h>

#include "adopt_inspect.h"
#include "adopt_plan.h"
#include "adopt_sql.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "completion.h"
#include "locking.h"
#include "writer/options.h"

/* A batch is 1 MiB of the table, some 10,000 rows. */
enum { BATCH_BLOCKS = 128, SAY_MS = 5000 };

struct step {
	struct pg *pg;
	const struct adopt_plan *plan;
	const struct options *options;
	char *run;      /* RUN_BYTES */
	int64_t blocks; /* of the table */
	int overtaken;  /* another process has ended or restarted this run, or the table was
			   rewritten: look again */
};

/* Locks the run until the transaction ends, and takes its cursor. */
static int cursor(struct step *s, int64_t *block, struct err *err)
{
	PGresult *res = pg_query(s->pg, SQL_CURSOR, PG_VALUES(s->run), PG_DEADLINE_MS, err);
	int found = res != NULL && PQntuples(res) == 1;

	if (found) {
		*block = pg_number(res, 0, 0);
	} else if (res != NULL) {
		s->overtaken = 1;
		err_set(err, ERR_RETRY, "the adoption is no longer this process's");
	}
	PQclear(res);
	return found ? 0 : -1;
}

/* ---- before anything moves ---- */

/* A mistake that all rows share is not many single ones: a table most of whose rows would be set
 * aside is refused, with the commonest reason, a row that shows it and what mends it. */

/* 100 MiB are read as a whole, a sample of as much of larger tables. */
enum { SAMPLE_BLOCKS = 12800 };

enum { CHECK_ROWS, CHECK_UNFIT_ROWS, CHECK_REASON, CHECK_EXAMPLE, CHECK_MEND };

static int check_fitness(struct pg *pg, const struct adopt_plan *plan, int64_t blocks,
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

/* ---- begin ---- */

static int carry(struct pg *pg, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_CARRY, PG_NONE, ADOPT_DEADLINE_MS, err);

	if (res == NULL)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		log_warn(PQgetvalue(res, i, 0), L_STR("it_stays_on", "market_data_inherited"));
	PQclear(res);
	return 0;
}

/* Takes the number of the run from a statement. 1, 0 if there is none, -1. */
static int take_run(struct step *s, const char *sql, struct err *err)
{
	PGresult *res = pg_query(s->pg, sql, PG_NONE, PG_DEADLINE_MS, err);
	int found = res != NULL && PQntuples(res) == 1;

	if (found)
		snprintf(s->run, RUN_BYTES, "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return res == NULL ? -1 : found;
}

static int begin(void *arg, struct err *err)
{
	struct step *s = arg;
	int joined = take_run(s, SQL_JOIN_RUN, err); /* another process was faster */

	if (joined != 0)
		return joined < 0 ? -1 : 0;
	if (pg_exec(s->pg, SQL_FENCE, err) != 0 ||
	    pg_run(s->pg, SQL_CREATE, PG_NONE, ADOPT_DEADLINE_MS, err) != 0 ||
	    (s->plan->columns.len > 0 && pg_exec(s->pg, s->plan->columns.data, err) != 0) ||
	    pg_run(s->pg, SQL_HYPERTABLE("market_data_adopting", "market_data"),
		   PG_VALUES(s->options->chunk_interval), ADOPT_DEADLINE_MS, err) != 0 ||
	    carry(s->pg, err) != 0 || take_run(s, SQL_OPEN_RUN, err) != 1)
		return -1;
	FAULT("adopt_begin");
	return 0;
}

/* ---- batches ---- */

struct progress {
	int64_t block; /* where the last batch began */
	int64_t rows, duplicates, unfit;
};

static int advance(struct pg *pg, const char *run, const PGresult *copied, struct progress *p,
		   struct err *err)
{
	char next[24];
	const char *values[] = {run, next, PQgetvalue(copied, 0, 0), PQgetvalue(copied, 0, 1),
				PQgetvalue(copied, 0, 2)};
	PGresult *res;

	snprintf(next, sizeof(next), "%" PRId64, p->block + BATCH_BLOCKS);
	res = pg_query(pg, SQL_ADVANCE, (struct pg_params){5, values}, PG_DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	p->rows = pg_number(res, 0, 0);
	p->duplicates = pg_number(res, 0, 1);
	p->unfit = pg_number(res, 0, 2);
	PQclear(res);
	return 0;
}

/* Copies one batch and moves the cursor. 1 if there is more, 0 at the end. */
static int batch(struct step *s, struct progress *p, struct err *err)
{
	char from[32], to[32];
	PGresult *res;
	int rc;

	if (adopt_begin(s->pg, err) != 0 || cursor(s, &p->block, err) != 0)
		return -1;
	if (p->block >= s->blocks)
		return pg_exec(s->pg, "COMMIT", err);
	snprintf(from, sizeof(from), "(%" PRId64 ",0)", p->block);
	snprintf(to, sizeof(to), "(%" PRId64 ",0)", p->block + BATCH_BLOCKS);
	res = pg_query(s->pg, s->plan->batch.data, PG_VALUES(from, to, s->run), ADOPT_DEADLINE_MS,
		       err);
	if (res == NULL)
		return -1;
	rc = advance(s->pg, s->run, res, p, err);
	PQclear(res);
	if (rc != 0)
		return -1;
	FAULT("adopt_batch");
	if (pg_exec(s->pg, "COMMIT", err) != 0)
		return -1;
	FAULT("adopt_batch_done");
	return 1;
}

static int copy(struct step *s, struct err *err)
{
	struct progress p = {0};
	int64_t said_ms = clock_boot_ms();
	int more;

	do {
		if (adopt_stopped(err))
			return -1;
		more = batch(s, &p, err);
		if (more > 0 && clock_boot_ms() - said_ms >= SAY_MS) {
			said_ms = clock_boot_ms();
			log_info("adopting", L_INT("percent", p.block * 100 / s->blocks),
				 L_INT("rows", p.rows), L_INT("duplicates", p.duplicates),
				 L_INT("unfit", p.unfit));
		}
	} while (more > 0);
	return more;
}

/* ---- end ---- */

static int balance(struct pg *pg, const char *run, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_BALANCE, PG_VALUES(run), ADOPT_DEADLINE_MS, err);
	int ok = res != NULL && pg_true(res, 0, 0);

	if (ok)
		log_info("every row is accounted for", L_INT("rows", pg_number(res, 0, 1)),
			 L_INT("adopted", pg_number(res, 0, 3)),
			 L_INT("duplicates", pg_number(res, 0, 4)),
			 L_INT("unfit", pg_number(res, 0, 5)),
			 L_INT("series", pg_number(res, 0, 7)));
	else if (res != NULL)
		err_set(err, ERR_FATAL,
			"the rows do not add up: market_data has %s, of which %s were read, %s adopted and %s set aside; was "
			"it written to meanwhile? Stop whatever does, and run gapless-writer migrate again: it begins again",
			PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2), PQgetvalue(res, 0, 3),
			PQgetvalue(res, 0, 6));
	PQclear(res);
	return ok ? 0 : -1;
}

static int say_reasons(struct pg *pg, const char *run, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_SET_ASIDE, PG_VALUES(run), ADOPT_DEADLINE_MS, err);

	if (res == NULL)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		log_info("kept in market_data_set_aside", L_STR("reason", PQgetvalue(res, i, 0)),
			 L_INT("rows", pg_number(res, i, 1)));
	PQclear(res);
	return 0;
}

/* Rows that came in behind the fence make the next run begin again. */
static int restart_next_time(struct pg *pg, const char *run, struct err *err)
{
	struct err ignored;

	if (err->class == ERR_FATAL &&
	    (pg_exec(pg, "ROLLBACK", &ignored) != 0 ||
	     pg_run(pg, SQL_RESTART, PG_VALUES(run), ADOPT_DEADLINE_MS, &ignored) != 0))
		log_warn("the next run cannot be told to begin again",
			 L_STR("error", ignored.text));
	return -1;
}

/* Everything but the swap that follows the last batch; again after a kill. */
static int settle(struct step *s, struct err *err)
{
	struct pg *pg = s->pg;
	int64_t block;

	if (adopt_begin(pg, err) != 0 || cursor(s, &block, err) != 0 ||
	    pg_run(pg, SQL_COUNT, PG_VALUES(s->run), ADOPT_DEADLINE_MS, err) != 0 ||
	    pg_run(pg, SQL_WANT, PG_VALUES(s->run, s->options->source), ADOPT_DEADLINE_MS, err) !=
		    0)
		return -1;
	if (balance(pg, s->run, err) != 0)
		return restart_next_time(pg, s->run, err);
	if (say_reasons(pg, s->run, err) != 0 ||
	    pg_run(pg, SQL_IDENTITIES, PG_NONE, ADOPT_DEADLINE_MS, err) != 0 ||
	    pg_run(pg, "ANALYZE market_data_adopting", PG_NONE, ADOPT_DEADLINE_MS, err) != 0 ||
	    pg_exec(pg, "COMMIT", err) != 0)
		return -1;
	FAULT("adopt_settled");
	return 0;
}

static int swap(void *arg, struct err *err)
{
	struct step *s = arg;
	int64_t block;

	if (cursor(s, &block, err) != 0 || pg_exec(s->pg, SQL_SWAP, err) != 0)
		return -1;
	FAULT("adopt_swap");
	return 0;
}

static int adopt(struct step *s, struct adopt_inspect *found, struct err *err)
{
	int64_t began_ms = clock_boot_ms();

	if (found->run[0] != '\0') {
		log_info("the adoption of market_data goes on");
	} else {
		if (check_fitness(s->pg, s->plan, found->blocks, s->options->unfit_percent, err) !=
		    0)
			return -1;
		log_info("market_data is an older collector's table and is adopted",
			 L_INT("mebibytes", found->blocks / 128));
		if (adopt_with_locks(
			    s->pg, begin, s,
			    "waiting for those who write to market_data: stop the older collector",
			    err) != 0)
			return -1;
		/* What was committed before the fence stood. */
		adopt_inspect_release(found);
		if (adopt_inspect(s->pg, found, err) != 0)
			return -1;
	}
	s->blocks = found->blocks;
	if (completion_identify_copy(s->pg, err) != 0 || copy(s, err) != 0 || settle(s, err) != 0 ||
	    adopt_with_locks(s->pg, swap, s,
			     "waiting for a long reader of market_data to end, to swap the tables",
			     err) != 0)
		return -1;
	FAULT("adopt_swapped");
	log_info("market_data is adopted; the old table is market_data_inherited",
		 L_INT("milliseconds", clock_boot_ms() - began_ms));
	return 0;
}

/* Looks, decides, does. *overtaken: to be done again. */
static int attempt(struct pg *pg, const struct options *o, int *overtaken, struct err *err)
{
	struct adopt_inspect found = {0};
	struct adopt_plan plan;
	struct step s = {.pg = pg, .plan = &plan, .options = o, .run = found.run};
	int rc = -1;

	adopt_plan_init(&plan);
	if (adopt_inspect(pg, &found, err) != 0)
		goto out;
	switch (adopt_plan_make(&found.table, &plan, err)) {
	case ADOPT_FIT:
		rc = 0;
		break;
	case ADOPT_LEAVE:
		log_warn(
			"market_data is not as a migration makes it, but is in use: it is left as it is");
		rc = 0;
		break;
	case ADOPT_COPY:
		rc = adopt(&s, &found, err);
		break;
	case ADOPT_REFUSE:
		break;
	}
out:
	*overtaken = s.overtaken;
	adopt_plan_release(&plan);
	adopt_inspect_release(&found);
	return rc;
}

int adopt_run(struct pg *pg, const struct options *o, struct err *err)
{
	int overtaken, rc;

	while ((rc = attempt(pg, o, &overtaken, err)) != 0 && overtaken) {
		log_info(
			"another process adopts market_data, too, or it was rewritten; looking again");
		if (adopt_stopped(err) || pg_exec(pg, "ROLLBACK", err) != 0)
			return -1;
	}
	return rc == 0 ? completion_run(pg, o->chunk_interval, err) : -1;
}
