/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bisect.h"
#include "check.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/worker.h"
#include "common/pg/pg_tables.h"
#include "origin.h"
#include "portion.h"
#include "retry.h"

enum { SAY_LESS_MS = 60000, RETAIN_ROWS = 20000 };

struct store {
	const struct options *options;
	struct worker *worker;
	struct store_done job; /* lent to the thread unless the worker is idle */
	atomic_int failing;
	/* the thread's own */
	struct session db;
	struct retry retry;
	int claimed; /* the database knows whose candles it has */
	struct portion portion;
	struct log_throttle say_less;
	struct refusals refusals;
};

/* ---------------------------------------------------------------- the thread: one try */

static int over(struct store_done *job, enum store_result result)
{
	job->result = result;
	return 1;
}

static int failed(const struct store *s, const struct store_done *job, enum policy *policy)
{
	*policy = policy_of(job->err.class, s->db.pg.sqlstate);
	return 0;
}

/* What fails here is tried after the next batch. */
static void claim(struct store *s, const struct outcomes *outcomes)
{
	struct err err;

	if (s->claimed || outcomes->n[TALLY_INSERTED] == 0)
		return;
	s->claimed = origin_claim(&s->db.pg, s->options->source, s->db.cursor.topic, &err) == 0;
	if (!s->claimed)
		pg_close(&s->db.pg);
}

/* As many portions as the batch takes; what is stored stays so, whatever becomes of the next. */
static int try_batch(struct store *s, struct store_done *job, enum policy *policy)
{
	static const enum store_result results[] = {[TRANSACTION_DONE] = STORE_DONE,
						    [TRANSACTION_LOST] = STORE_LOST,
						    [TRANSACTION_ABANDONED] = STORE_ABANDONED,
						    [TRANSACTION_BROKEN] = STORE_PERSON};
	enum transaction t;
	size_t to;

	do {
		struct batch part = portion_of(&s->portion, job->work.batch, &to);
		struct outcomes outcomes;

		t = transaction_store(&s->db, &part, worker_cancel_flag(s->worker), &outcomes,
				      &job->err);
		if (t == TRANSACTION_FAILED)
			return failed(s, job, policy);
		if (t == TRANSACTION_UNFIT) {
			*policy = POLICY_WAIT;
			pg_close(&s->db.pg); /* a search_path that is mended shows in a new session
					      */
			return 0;
		}
		if (t != TRANSACTION_DONE)
			break;
		outcomes_add(&job->outcomes, &outcomes);
		for (int i = TALLY_INSERTED; i <= TALLY_STALE; i++)
			refusals_make_up(&s->refusals, outcomes.n[i]);
		portion_stored(&s->portion, to);
		if (to == job->work.batch->n)
			claim(s, &outcomes);
		retry_succeeded(&s->retry, clock_boot_ms());
	} while (to < job->work.batch->n);
	return over(job, results[t]);
}

/* All but a batch: what came of a question. */
static int try_question(struct store *s, struct store_done *job, enum policy *policy)
{
	const struct store_work *w = &job->work;
	enum store_result result = STORE_DONE;
	int rc = -1, yes = 0;

	switch (w->kind) {
	case STORE_BATCH:
		break;
	case STORE_START:
		rc = position_start(&s->db, w->items, w->items_n, &yes, &job->err);
		result = yes ? STORE_UNSURE : STORE_DONE;
		break;
	case STORE_REPLAY:
		rc = replay_run_begin(&s->db, w->run, &job->err);
		if (rc != 0 && job->err.class == ERR_INPUT)
			return over(job, STORE_PERSON);
		break;
	case STORE_CHECK:
		rc = position_check(&s->db, w->items, w->items_n, &yes, &job->err);
		result = yes ? STORE_LOST : STORE_DONE;
		break;
	case STORE_SKIPS:
		rc = skips_ask(&s->db, w->skips, w->skips_n, &job->err);
		break;
	case STORE_RETAIN:
		rc = retention_apply(&s->db.pg, w->keep, NULL, RETAIN_ROWS, &job->retained,
				     &job->err);
		break;
	}
	return rc == 0 ? over(job, result) : failed(s, job, policy);
}

/* 1 if the tables are as they must be. */
static int tables_fit(struct store *s, struct store_done *job, enum policy *policy)
{
	enum check check = check_database(&s->db.pg, &job->err);

	if (check == CHECK_FIT)
		return 1;
	if (check == CHECK_FAILED)
		return failed(s, job, policy);
	/* As if a statement had met it: the same patience with a restore that is under way. */
	*policy = check == CHECK_OUTDATED ? POLICY_BROKEN : POLICY_WAIT;
	if (*policy == POLICY_WAIT)
		pg_close(&s->db.pg);
	return 0;
}

static int try_work(struct store *s, struct store_done *job, enum policy *policy)
{
	/* Partitions come with a new start, a restore or a new database. */
	int checks_tables = job->work.kind == STORE_START || job->work.kind == STORE_REPLAY;

	err_clear(&job->err);
	pg_clear_sqlstate(&s->db.pg);
	if (!pg_is_open(&s->db.pg) &&
	    pg_open(&s->db.pg, s->options->database, "gapless-writer", &job->err) != 0)
		return failed(s, job, policy);
	/* After a missing constraint the check has the better sentence. */
	if ((checks_tables || retry_is_broken(&s->retry)) && !tables_fit(s, job, policy))
		return 0;
	return job->work.kind == STORE_BATCH ? try_batch(s, job, policy)
					     : try_question(s, job, policy);
}

/* ---------------------------------------------------------------- the thread: what follows */

/* 1 if the next try is of less. */
static int take_less(struct store *s, const struct store_done *job)
{
	size_t to;

	portion_of(&s->portion, job->work.batch, &to);
	if (!portion_halve(&s->portion, to))
		return 0;
	LOG_EVERY(&s->say_less, clock_boot_ms(), SAY_LESS_MS, LOG_WARN,
		  "the database cannot take so many candles in one transaction; storing "
		  "them in smaller ones",
		  L_STR("error", job->err.text), L_STR("sqlstate", s->db.pg.sqlstate),
		  L_INT("candles", s->portion.most));
	pg_close(&s->db.pg);
	return 1;
}

/* A failure that no single row explains must not be answered by throwing rows away: it is waited
 * out. 1 if the next try is another one, or *result says what follows. */
static int find_refused(struct store *s, struct store_done *job, int *result)
{
	char sqlstate[PG_SQLSTATE_BYTES];
	size_t to;
	enum bisect found;

	*result = 0;
	memcpy(sqlstate, s->db.pg.sqlstate, sizeof(sqlstate));
	portion_of(&s->portion, job->work.batch, &to);
	found = bisect_rows(&s->db, job->work.batch, s->portion.from, to,
			    s->options->dead_letter_limit, &s->refusals, &job->err);
	memcpy(s->db.pg.sqlstate, sqlstate, sizeof(sqlstate));
	if (job->err.class != ERR_INPUT)
		retry_learn(&s->retry,
			    found == BISECT_FOUND  ? POLICY_ROW
			    : found == BISECT_SIZE ? POLICY_LESS
						   : POLICY_AGAIN,
			    job->err.class, sqlstate);
	if (found == BISECT_SIZE)
		return take_less(s, job);
	if (found == BISECT_TOO_MANY)
		*result = over(job, STORE_PERSON);
	return found != BISECT_NONE;
}

/* What a lock is waited for: a COMMIT of ours that holds it, which waits for a standby, or else
 * somebody who keeps writers out of a table, or who has written or locked rows of one and not ended
 * for as long as was waited for one. */
/* clang-format off */
#define SQL_HOLDER \
	"SELECT sentence FROM (SELECT 1, NULL, format('a COMMIT waits for a synchronous standby " \
	"that does not answer (synchronous_standby_names = ''%s''): bring it back, or take it out " \
	"of that setting', current_setting('synchronous_standby_names')) FROM pg_stat_activity " \
	"WHERE wait_event = 'SyncRep' AND usename = current_user UNION ALL " \
	"SELECT CASE WHEN l.mode LIKE 'Row%' THEN 3 ELSE 2 END, a.xact_start, " \
	"format('%s (pid %s, user %s) %s the table %s (%s): its transaction%s must end first', " \
	"coalesce(nullif(a.application_name, ''), 'a session'), a.pid, a.usename, " \
	"CASE WHEN l.mode LIKE 'Row%' THEN 'may hold rows of' ELSE 'holds' END, " \
	"l.relation::regclass, l.mode, coalesce(', open since ' || to_char(a.xact_start " \
	"AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ',', '')) " \
	"FROM pg_locks AS l JOIN pg_stat_activity AS a " \
	"ON a.pid = l.pid WHERE l.granted AND l.pid <> pg_backend_pid() " \
	"AND a.datname = current_database() AND l.relation = ANY ('{market_data," \
	"market_data_coverage,market_data_position,candle_dead_letter}'::regclass[]) " \
	"AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', " \
	"'AccessExclusiveLock') OR (l.mode IN ('RowShareLock', 'RowExclusiveLock') AND " \
	"a.xact_start < now() - interval '10 s'))) AS h(rank, since, sentence) " \
	"ORDER BY rank, since LIMIT 1"
/* clang-format on */

static void explain_lock(struct store *s, struct store_done *job)
{
	struct err why;

	if (strcmp(s->db.pg.sqlstate, "55P03") == 0 && pg_is_open(&s->db.pg) &&
	    pg_exec(&s->db.pg, "ROLLBACK", &why) == 0 &&
	    pg_complains(&s->db.pg, SQL_HOLDER, PG_NONE, ERR_RETRY, &why) == 1)
		job->err = why;
}

/* Pauses as the failure demands. 1 if the work is over. */
static int handle_failure(struct store *s, struct store_done *job, enum policy policy)
{
	int64_t pause_ms;
	int result;

	if (job->work.kind == STORE_RETAIN) { /* it is not what batches wait for */
		pg_close(&s->db.pg);
		return over(job, STORE_UNKNOWN);
	}
	policy = retry_repeated(&s->retry, policy, s->db.pg.sqlstate);
	if (job->work.kind == STORE_BATCH) {
		if (policy == POLICY_LESS && take_less(s, job))
			return 0;
		if (pg_is_open(&s->db.pg) &&
		    (policy == POLICY_ROW ||
		     retry_doubts_rows(&s->retry, policy, s->db.pg.sqlstate, clock_boot_ms())) &&
		    find_refused(s, job, &result))
			return result;
	}
	explain_lock(s, job);
	pg_tables_explain(&s->db.pg, &job->err);
	atomic_store(&s->failing, 1);
	pause_ms = retry_failed(&s->retry, policy, &job->err, s->db.pg.sqlstate, clock_boot_ms());
	pg_close(&s->db.pg);
	if (job->work.kind == STORE_CHECK)
		return over(job, STORE_UNKNOWN);
	if (pause_ms == RETRY_NEVER)
		return over(job, STORE_PERSON);
	worker_pause(s->worker, pause_ms);
	return 0;
}

static void run(struct worker *w, void *context, void *lent)
{
	struct store *s = context;
	struct store_done *job = lent;
	enum policy policy;

	portion_begin(&s->portion);
	do {
		if (worker_is_cancelled(w)) {
			over(job, STORE_ABANDONED);
			return;
		}
		if (try_work(s, job, &policy)) {
			if (job->result == STORE_PERSON || job->result == STORE_ABANDONED)
				return;
			atomic_store(&s->failing, 0);
			retry_succeeded(&s->retry, clock_boot_ms());
			return;
		}
	} while (!handle_failure(s, job, policy));
}

/* ---------------------------------------------------------------- the owner */

struct store *store_new(const struct options *o, struct cursor cursor, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->options = o;
	retry_init(&s->retry);
	session_init(&s->db, cursor);
	s->worker = worker_new(run, s, err);
	if (s->worker != NULL)
		return s;
	session_release(&s->db);
	free(s);
	return NULL;
}

int store_free(struct store *s, int wait_ms)
{
	if (s == NULL)
		return 1;
	if (!worker_stop(s->worker, wait_ms))
		return 0;
	worker_free(s->worker);
	session_release(&s->db);
	free(s);
	return 1;
}

int store_is_idle(const struct store *s)
{
	return worker_is_idle(s->worker);
}

int store_has_batch(const struct store *s)
{
	return !store_is_idle(s) && s->job.work.kind == STORE_BATCH;
}

void store_submit(struct store *s, struct store_work work)
{
	s->job = (struct store_done){.work = work, .submitted_ms = clock_boot_ms()};
	worker_submit(s->worker, &s->job);
}

int store_collect(struct store *s, struct store_done *done)
{
	const struct store_done *job = worker_take(s->worker);

	if (job == NULL)
		return 0;
	*done = *job;
	return 1;
}

int store_wait(struct store *s, int wait_ms)
{
	return worker_wait(s->worker, wait_ms);
}

void store_abandon(struct store *s)
{
	worker_cancel(s->worker);
}

int store_is_failing(const struct store *s)
{
	return atomic_load(&s->failing);
}
