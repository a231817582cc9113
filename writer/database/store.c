/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "bisect.h"
#include "check.h"
#include "common/alloc.h"
#include "common/clock.h"
#include "common/worker.h"
#include "retry.h"

struct store {
	struct store_config config;
	struct worker *worker;
	struct store_done job; /* lent to the thread unless the worker is idle */
	atomic_int failing;
	/* the thread's own */
	struct pg pg;
	struct store_scratch scratch;
	struct retry retry;
	int64_t refused_run; /* rows in a row that the database refused */
};

/* ---------------------------------------------------------------- the thread: one try */

/* What became of a try: 1 if the work is over (its result says how), 0 if the try failed (*policy
 * says what to do about it). */
typedef int attempt(struct store *s, struct store_done *job, enum policy *policy);

static int over(struct store_done *job, enum store_result result)
{
	job->result = result;
	return 1;
}

static int failed(const struct store *s, const struct store_done *job, enum policy *policy)
{
	*policy = policy_of(job->err.class, s->pg.sqlstate);
	return 0;
}

static int try_batch(struct store *s, struct store_done *job, enum policy *policy)
{
	static const enum store_result results[] = {[TRANSACTION_DONE] = STORE_DONE,
						    [TRANSACTION_LOST] = STORE_LOST,
						    [TRANSACTION_ABANDONED] = STORE_ABANDONED,
						    [TRANSACTION_BROKEN] = STORE_PERSON};
	const struct batch *b = job->work.batch;
	enum transaction t =
		transaction_store(&s->pg, &s->scratch, &s->config.cursor, b,
				  worker_cancel_flag(s->worker), &job->stored, &job->err);

	if (t == TRANSACTION_FAILED)
		return failed(s, job, policy);
	if (t == TRANSACTION_DONE && b->n > batch_rejected(b))
		s->refused_run = 0;
	return over(job, results[t]);
}

static int try_start(struct store *s, struct store_done *job, enum policy *policy)
{
	int unsure;

	if (position_start(&s->pg, &s->scratch, s->config.cursor.topic, job->work.items,
			   job->work.items_n, s->config.dead_limit, &unsure, &job->err) != 0)
		return failed(s, job, policy);
	return over(job, unsure ? STORE_UNSURE : STORE_DONE);
}

static int try_replay(struct store *s, struct store_done *job, enum policy *policy)
{
	if (replay_run_begin(&s->pg, &s->scratch, job->work.run, s->config.dead_limit, &job->err) ==
	    0)
		return over(job, STORE_DONE);
	if (job->err.class == ERR_INPUT)
		return over(job, STORE_PERSON);
	return failed(s, job, policy);
}

static int try_check(struct store *s, struct store_done *job, enum policy *policy)
{
	int lost;

	if (position_check(&s->pg, &s->scratch, s->config.cursor.topic, job->work.items,
			   job->work.items_n, &lost, &job->err) != 0)
		return failed(s, job, policy);
	return over(job, lost ? STORE_LOST : STORE_DONE);
}

/* 1 if the tables are as they must be. */
static int tables_fit(struct store *s, struct store_done *job, enum policy *policy)
{
	switch (check_database(&s->pg, &job->err)) {
	case CHECK_FIT:
		return 1;
	case CHECK_UNFIT:
	case CHECK_OUTDATED:
		/* As if a statement had met it: the same patience with a restore that is under way.
		 */
		*policy = POLICY_BROKEN;
		break;
	case CHECK_ABSENT:
	case CHECK_DENIED:
		*policy = POLICY_WAIT;
		break;
	case CHECK_FAILED:
		return failed(s, job, policy);
	}
	return 0;
}

static int try_work(struct store *s, struct store_done *job, enum policy *policy)
{
	static const struct {
		attempt *try;
		int checks_tables; /* partitions come with a new start, a restore or a new database
				    */
	} kinds[] = {
		[STORE_BATCH] = {try_batch, 0},
		[STORE_START] = {try_start, 1},
		[STORE_REPLAY] = {try_replay, 1},
		[STORE_CHECK] = {try_check, 0},
	};

	err_clear(&job->err);
	pg_clear_sqlstate(&s->pg);
	if (!pg_is_open(&s->pg) &&
	    pg_open(&s->pg, s->config.database, "gapless-writer", &job->err) != 0)
		return failed(s, job, policy);
	/* After a missing constraint the check has the better sentence. */
	if ((kinds[job->work.kind].checks_tables || retry_is_broken(&s->retry)) &&
	    !tables_fit(s, job, policy))
		return 0;
	return kinds[job->work.kind].try(s, job, policy);
}

/* ---------------------------------------------------------------- the thread: what follows */

/* Pauses as the failure demands. 1 if the work is over. A data error that no single row explains
 * must not be answered by throwing rows away: it is waited out. */
static int handle_failure(struct store *s, struct store_done *job, enum policy policy)
{
	int64_t pause_ms;

	if (policy == POLICY_ROW && job->work.kind == STORE_BATCH && pg_is_open(&s->pg)) {
		switch (bisect_rows(&s->pg, &s->scratch, &s->config.cursor, job->work.batch,
				    s->config.dead_limit, &s->refused_run, &job->err)) {
		case BISECT_FOUND:
			return 0;
		case BISECT_TOO_MANY:
			return over(job, STORE_PERSON);
		case BISECT_NONE:
			break;
		}
	}
	atomic_store(&s->failing, 1);
	pause_ms = retry_failed(&s->retry, policy, &job->err, s->pg.sqlstate, clock_boot_ms());
	pg_close(&s->pg);
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

struct store *store_new(const struct store_config *config, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->config = *config;
	retry_init(&s->retry);
	store_scratch_init(&s->scratch);
	s->worker = worker_new(run, s, err);
	if (s->worker != NULL)
		return s;
	store_scratch_release(&s->scratch);
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
	pg_close(&s->pg);
	store_scratch_release(&s->scratch);
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
