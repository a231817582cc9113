/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/worker.h"
#include "common/pg/pg_tables.h"
#include "waits.h"

enum { RETRY_FIRST_MS = 100, RETRY_MAX_MS = 5000, BEHIND_MS = 200, AT_ONCE_MS = 1, SAY_MS = 10000 };

struct reader {
	const char *database, *topic;
	struct worker *worker;
	enum reader_use use; /* of the job that is lent */
	struct reader_job tables;
	/* the thread's own */
	struct pg pg;
	struct backoff backoff;
	struct log_throttle say, say_letter;
	struct waits *waits;
	int has_tables; /* they were fit once; later ones may go and come again */
	int is_begun;   /* it was tried to connect */
	struct err unfit;
	/* for any thread that asks */
	atomic_int is_unfit;
	_Atomic int64_t reads, failures;
	atomic_int fails, late; /* the partition that is waited for; -1: none */
	_Atomic int64_t late_at;
};

/* A partition that is waited for; -1: there is none. */
static int64_t behind(struct reader *r, const struct reader_job *job, int64_t now_ms)
{
	int64_t late = -1;

	for (size_t i = 0; job->at_least && i < job->partitions && i < TABLE_PARTITIONS; i++) {
		enum wait_state state =
			waits_judge(r->waits, i, job->at_least[i], job->positions.next[i], now_ms);

		if (state == WAIT_BEHIND)
			late = (int64_t)i;
		if (state == WAIT_GIVES_UP)
			log_warn("the writer does not store what the topic holds; going on with "
				 "what the table has",
				 L_INT("partition", i), L_INT("position", job->positions.next[i]),
				 L_INT("wanted", job->at_least[i]));
	}
	return late;
}

static void say_behind(struct reader *r, const struct reader_job *job, int64_t partition)
{
	int64_t skipped;

	if (log_due(&r->say, clock_boot_ms(), SAY_MS, &skipped) && skipped > 0)
		log_info("waiting until the writer has stored what the topic holds",
			 L_INT("partition", partition),
			 L_INT("position", job->positions.next[partition]),
			 L_INT("wanted", job->at_least[partition]));
}

static int64_t fail(struct reader *r, struct err *err)
{
	pg_tables_explain(&r->pg, err);
	pg_close(&r->pg);
	atomic_fetch_add(&r->failures, 1);
	atomic_store(&r->fails, 1);
	if (!atomic_load(&r->is_unfit)) /* then the loop says it, and ends */
		LOG_EVERY(&r->say, clock_boot_ms(), SAY_MS,
			  err->class == ERR_FATAL ? LOG_ERROR : LOG_WARN,
			  "the database cannot be read now; trying again",
			  L_STR("error", err->text));
	return backoff_next_ms(&r->backoff, backoff_random());
}

static int64_t ask_letter(struct reader *r, const struct reader_job *job)
{
	struct err err;

	job->letter->is_skipped = 0;
	if (table_letter_ask(&r->pg, r->topic, job->letter, &err)) {
		pg_close(&r->pg);
		LOG_EVERY(&r->say_letter, clock_boot_ms(), SAY_MS, LOG_WARN,
			  "whether a message was skipped cannot be read now; trying again",
			  L_STR("error", err.text));
	}
	return 0;
}

/* 0, or -1: *err. A database that came up later than this program may get its tables still. */
static int open_tables(struct reader *r, struct err *err)
{
	int is_first = !r->is_begun;
	enum pg_tables fit;

	r->is_begun = 1;
	if (pg_is_open(&r->pg))
		return 0;
	if (pg_open(&r->pg, r->database, "gapless-indicators", err))
		return -1;
	fit = r->has_tables ? PG_TABLES_FIT : pg_tables_check(&r->pg, err);
	if (fit == PG_TABLES_FIT && !r->has_tables &&
	    pg_tables_warn_topic(&r->pg, r->topic, err) != 0)
		return -1;
	r->has_tables = fit == PG_TABLES_FIT;
	if (is_first && fit != PG_TABLES_FIT && fit != PG_TABLES_FAILED) {
		r->unfit = *err;
		atomic_store(&r->is_unfit, 1);
	}
	return fit == PG_TABLES_FIT ? 0 : -1;
}

/* One try. 0: done, else how long to wait before the next one. Only when everything is stored that
 * must be are the series read. */
static int64_t try_job(struct reader *r, struct reader_job *job, int *is_stored)
{
	struct err err = {0};
	int was_stored = *is_stored;
	int64_t late;

	if (open_tables(r, &err))
		return fail(r, &err);
	if (job->letter)
		return ask_letter(r, job);
	if (table_read_all(&r->pg, r->topic, &job->positions, job->reads, *is_stored ? job->n : 0,
			   &err))
		return fail(r, &err);
	if (job->stored && table_stored(&r->pg, r->topic, job->stored, &err))
		return fail(r, &err);
	backoff_reset(&r->backoff);
	atomic_fetch_add(&r->reads, 1);
	atomic_store(&r->fails, 0);
	late = behind(r, job, clock_boot_ms());
	if (late >= 0)
		atomic_store(&r->late_at, job->positions.next[late]);
	atomic_store(&r->late, (int)late);
	*is_stored = late < 0;
	if (late < 0)
		return was_stored ? 0 : AT_ONCE_MS;
	say_behind(r, job, late);
	return BEHIND_MS;
}

static void run(struct worker *w, void *context, void *lent)
{
	struct reader *r = context;
	struct reader_job *job = lent;
	int64_t wait_ms;
	int is_stored = job->at_least == NULL;

	while ((wait_ms = try_job(r, job, &is_stored)) > 0) {
		if (worker_pause(w, wait_ms))
			return;
	}
	r->say = (struct log_throttle){0, 0};
}

struct reader *reader_new(const char *database, const char *topic, struct err *err)
{
	struct reader *r = xcalloc(1, sizeof *r);

	r->database = database;
	r->topic = topic;
	backoff_init(&r->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
	r->waits = waits_new(TABLE_PARTITIONS);
	atomic_store(&r->late, -1);
	r->worker = worker_new(run, r, err);
	if (!r->worker) {
		reader_free(r, 0);
		return NULL;
	}
	r->tables.use = READER_TABLES;
	reader_submit(r, &r->tables);
	return r;
}

int reader_free(struct reader *r, int wait_ms)
{
	if (!r)
		return 1;
	if (r->worker && !worker_stop(r->worker, wait_ms))
		return 0;
	worker_free(r->worker);
	pg_close(&r->pg);
	waits_free(r->waits);
	free(r);
	return 1;
}

void reader_expect(struct reader *r, int32_t partition, int64_t at_most, int64_t patience_ms)
{
	waits_expect(r->waits, (size_t)partition, at_most, patience_ms);
}

void reader_submit(struct reader *r, struct reader_job *job)
{
	r->use = job->use;
	worker_submit(r->worker, job);
}

enum reader_use reader_use(const struct reader *r)
{
	return r ? r->use : READER_FREE;
}

struct reader_job *reader_take(struct reader *r)
{
	struct reader_job *job = worker_take(r->worker);

	if (job) {
		r->use = READER_FREE;
		job->is_given_up = worker_is_cancelled(r->worker);
	}
	return job;
}

void reader_cancel(struct reader *r)
{
	worker_cancel(r->worker);
}

int reader_wait(struct reader *r, int wait_ms)
{
	return worker_wait(r->worker, wait_ms);
}

const char *reader_unfit(const struct reader *r)
{
	return atomic_load(&r->is_unfit) ? r->unfit.text : NULL;
}

int32_t reader_late(const struct reader *r, int64_t *position)
{
	*position = atomic_load(&r->late_at);
	return atomic_load(&r->late);
}

int64_t reader_reads(const struct reader *r)
{
	return atomic_load(&r->reads);
}

int64_t reader_failures(const struct reader *r)
{
	return atomic_load(&r->failures);
}

int reader_fails(const struct reader *r)
{
	return atomic_load(&r->fails);
}
