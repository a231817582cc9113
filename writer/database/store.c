/* SPDX-License-Identifier: MIT */
/* Two threads meet here, over one mutex and two event counters: `wake` notifies the store (a job,
 * an abandonment, the end), `done` notifies any process that waits for it. Waiting is poll(2) on
 * them with a relative time-out. */
#include "store.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bisect.h"
#include "check.h"
#include "common/alloc.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "policy.h"

enum {
	RETRY_FIRST_MS = 100,
	RETRY_MAX_MS = 10000,
	WAIT_MS = 5000,
	BROKEN_MS = 30000,
	SAY_MS = 60000,
	SAY_RETRY_MS = 10000
};

struct store {
	struct store_config config;
	pthread_t thread;
	int wake_fd, done_fd;
	pthread_mutex_t mutex; /* guards job, finished */
	struct store_job *job;
	int finished;
	atomic_int abandon, quit, failing, ended;
	/* The thread's own: */
	struct pg pg;
	struct store_scratch scratch;
	struct backoff backoff;
	struct log_throttle say;
	int64_t broken_since_ms;
	int64_t failing_since_ms;
	int64_t refused_run; /* rows in a row that the database refused */
};

static void notify(int fd)
{
	const uint64_t one = 1;
	ssize_t ignored = write(fd, &one, sizeof(one));

	(void)ignored;
}

/* Waits for the event counter, at most wait_ms, and resets it. */
static void await(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t count;

	if (poll(&p, 1, wait_ms) > 0) {
		ssize_t ignored = read(fd, &count, sizeof(count));

		(void)ignored;
	}
}

static int given_up(const struct store *s)
{
	return atomic_load(&s->abandon) || atomic_load(&s->quit);
}

/* ---------------------------------------------------------------- the thread's side: one try of a
 * job */

enum attempt { ATTEMPT_OVER, ATTEMPT_FAILED };

static enum attempt try_batch(struct store *s, struct store_job *job)
{
	switch (transaction_store(&s->pg, &s->scratch, &s->config.cursor, job->batch, &s->abandon,
				  &job->stored, &job->err)) {
	case TRANSACTION_DONE:
		job->result = STORE_DONE;
		if (job->batch->n > bisect_refused(job->batch))
			s->refused_run = 0;
		return ATTEMPT_OVER;
	case TRANSACTION_LOST:
		job->result = STORE_LOST;
		return ATTEMPT_OVER;
	case TRANSACTION_ABANDONED:
		job->result = STORE_ABANDONED;
		return ATTEMPT_OVER;
	case TRANSACTION_BROKEN:
		job->result = STORE_PERSON;
		return ATTEMPT_OVER;
	case TRANSACTION_FAILED:
		break;
	}
	return ATTEMPT_FAILED;
}

/* 0 if the tables are as they must be. */
static int check_tables(struct store *s, struct store_job *job)
{
	switch (check_database(&s->pg, &job->err)) {
	case CHECK_FIT:
		return 0;
	case CHECK_UNFIT:
		/* As if a statement had met it: the same patience with a restore that is under way.
		 */
		strcpy(s->pg.sqlstate, "42P10");
		break;
	case CHECK_ABSENT:
	case CHECK_DENIED:
		strcpy(s->pg.sqlstate, "42P01");
		break;
	case CHECK_FAILED:
		break;
	}
	return -1;
}

static enum attempt try_start(struct store *s, struct store_job *job)
{
	int unsure;

	if (position_start(&s->pg, s->config.cursor.topic, job->items, job->items_n,
			   s->config.dead_limit, &unsure, &job->err) != 0)
		return ATTEMPT_FAILED;
	job->result = unsure ? STORE_UNSURE : STORE_DONE;
	return ATTEMPT_OVER;
}

static enum attempt try_replay(struct store *s, struct store_job *job)
{
	if (replay_run_begin(&s->pg, job->run, s->config.dead_limit, &job->err) == 0)
		job->result = STORE_DONE;
	else if (job->err.class == ERR_INPUT)
		job->result = STORE_PERSON;
	else
		return ATTEMPT_FAILED;
	return ATTEMPT_OVER;
}

static enum attempt try_check(struct store *s, struct store_job *job)
{
	int lost;

	if (position_check(&s->pg, s->config.cursor.topic, job->items, job->items_n, &lost,
			   &job->err) != 0)
		return ATTEMPT_FAILED;
	job->result = lost ? STORE_LOST : STORE_DONE;
	return ATTEMPT_OVER;
}

static enum attempt try_job(struct store *s, struct store_job *job)
{
	err_clear(&job->err);
	s->pg.sqlstate[0] = '\0';
	if (!pg_is_open(&s->pg) &&
	    pg_open(&s->pg, s->config.database, "gapless-writer", &job->err) != 0)
		return ATTEMPT_FAILED;
	/* Partitions come with a new start, a restore or a new database; after a missing constraint
	 * the check has the better sentence. */
	if ((job->kind == STORE_START || job->kind == STORE_REPLAY || s->broken_since_ms != 0) &&
	    check_tables(s, job) != 0)
		return ATTEMPT_FAILED;
	switch (job->kind) {
	case STORE_BATCH:
		return try_batch(s, job);
	case STORE_START:
		return try_start(s, job);
	case STORE_REPLAY:
		return try_replay(s, job);
	case STORE_CHECK:
		break;
	}
	return try_check(s, job);
}

/* ---------------------------------------------------------------- what a failure leads to */

/* The sentence, at once and then every so often. */
static void say(struct store *s, enum log_level level, int64_t period_ms, const struct err *err)
{
	int64_t skipped;

	if (!log_due(&s->say, clock_boot_ms(), period_ms, &skipped))
		return;
	LOG_AT(level,
	       err->class == ERR_FATAL
		       ? "the database cannot be used; waiting, nothing is lost"
		       : "the database cannot store now; trying again, nothing is lost",
	       L_STR("error", err->text), L_STR("sqlstate", s->pg.sqlstate),
	       L_INT("seconds", (clock_boot_ms() - s->failing_since_ms) / 1000),
	       L_INT("suppressed", skipped));
}

/* Finds the rows that the database refuses. 1 if the job is over. */
static int isolate(struct store *s, struct store_job *job)
{
	enum bisect found = BISECT_NONE;

	if (job->kind == STORE_BATCH && pg_is_open(&s->pg)) {
		found = bisect_rows(&s->pg, &s->scratch, job->batch, s->config.dead_limit,
				    &s->refused_run, &job->err);
		if (found == BISECT_TOO_MANY) {
			job->result = STORE_PERSON;
			return 1;
		}
	}
	/* A data error that no single row explains must not be answered by throwing rows away. */
	if (found == BISECT_NONE) {
		atomic_store(&s->failing, 1);
		pg_close(&s->pg);
		say(s, LOG_ERROR, SAY_MS, &job->err);
		await(s->wake_fd, WAIT_MS);
	}
	return 0;
}

/* Pauses as the failure demands. 1 if the job is over (job->result says how). */
static int handle_failure(struct store *s, struct store_job *job)
{
	enum policy policy = policy_of(job->err.class, s->pg.sqlstate);
	int64_t now = clock_boot_ms();

	if (!atomic_load(&s->failing))
		s->failing_since_ms = now;
	if (policy != POLICY_BROKEN)
		s->broken_since_ms = 0;
	else if (s->broken_since_ms == 0)
		s->broken_since_ms = now;
	if (policy == POLICY_ROW)
		return isolate(s, job);
	atomic_store(&s->failing, 1);
	say(s, policy == POLICY_AGAIN ? LOG_WARN : LOG_ERROR,
	    policy == POLICY_AGAIN ? SAY_RETRY_MS : SAY_MS, &job->err);
	pg_close(&s->pg);
	if (job->kind == STORE_CHECK) {
		job->result = STORE_UNKNOWN;
		return 1;
	}
	if (policy == POLICY_BROKEN && now - s->broken_since_ms >= BROKEN_MS) {
		job->result = STORE_PERSON;
		return 1;
	}
	if (!given_up(s))
		await(s->wake_fd, policy == POLICY_AGAIN
					  ? (int)backoff_next_ms(&s->backoff, backoff_random())
					  : WAIT_MS);
	return 0;
}

static void recovered(struct store *s)
{
	if (atomic_exchange(&s->failing, 0))
		log_info("the database is back",
			 L_INT("seconds", (clock_boot_ms() - s->failing_since_ms) / 1000));
	s->say = (struct log_throttle){0, 0};
	s->broken_since_ms = 0;
	backoff_reset(&s->backoff);
}

static void run(struct store *s, struct store_job *job)
{
	for (;;) {
		if (given_up(s)) {
			job->result = STORE_ABANDONED;
			return;
		}
		if (try_job(s, job) == ATTEMPT_OVER) {
			if (job->result != STORE_PERSON && job->result != STORE_ABANDONED)
				recovered(s);
			return;
		}
		if (handle_failure(s, job))
			return;
	}
}

static void *store_thread(void *arg)
{
	struct store *s = arg;

	while (!atomic_load(&s->quit)) {
		struct store_job *job;

		pthread_mutex_lock(&s->mutex);
		job = s->finished ? NULL : s->job;
		pthread_mutex_unlock(&s->mutex);
		if (job == NULL) {
			await(s->wake_fd, -1);
			continue;
		}
		run(s, job);
		pthread_mutex_lock(&s->mutex);
		s->finished = 1;
		pthread_mutex_unlock(&s->mutex);
		notify(s->done_fd);
	}
	pg_close(&s->pg);
	store_scratch_release(&s->scratch);
	atomic_store(&s->ended, 1);
	notify(s->done_fd);
	return NULL;
}

/* ---------------------------------------------------------------- the caller's side */

struct store *store_new(const struct store_config *config, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->config = *config;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&s->mutex, NULL);
	backoff_init(&s->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
	store_scratch_init(&s->scratch);
	if (s->wake_fd >= 0 && s->done_fd >= 0 &&
	    pthread_create(&s->thread, NULL, store_thread, s) == 0)
		return s;
	err_set(err, ERR_FATAL,
		"no thread for the database can be started; are there too many open files or threads?");
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	if (s->done_fd >= 0)
		close(s->done_fd);
	free(s);
	return NULL;
}

int store_free(struct store *s, int wait_ms)
{
	int64_t until = clock_boot_ms() + wait_ms;

	if (s == NULL)
		return 1;
	atomic_store(&s->quit, 1);
	notify(s->wake_fd);
	for (int64_t left = wait_ms; !atomic_load(&s->ended) && left > 0;
	     left = until - clock_boot_ms())
		await(s->done_fd, (int)left);
	if (!atomic_load(&s->ended))
		return 0;
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->mutex);
	close(s->wake_fd);
	close(s->done_fd);
	free(s);
	return 1;
}

int store_is_idle(const struct store *s)
{
	return s->job == NULL;
}

void store_submit(struct store *s, struct store_job *job)
{
	atomic_store(&s->abandon, 0);
	pthread_mutex_lock(&s->mutex);
	s->job = job;
	s->finished = 0;
	pthread_mutex_unlock(&s->mutex);
	notify(s->wake_fd);
}

struct store_job *store_collect(struct store *s)
{
	struct store_job *job = NULL;

	pthread_mutex_lock(&s->mutex);
	if (s->finished) {
		job = s->job;
		s->job = NULL;
		s->finished = 0;
	}
	pthread_mutex_unlock(&s->mutex);
	return job;
}

int store_wait(struct store *s, int wait_ms)
{
	int64_t until = clock_boot_ms() + wait_ms;

	for (int64_t left = wait_ms;; left = until - clock_boot_ms()) {
		int finished;

		pthread_mutex_lock(&s->mutex);
		finished = s->finished;
		pthread_mutex_unlock(&s->mutex);
		if (finished || left <= 0)
			return finished;
		await(s->done_fd, (int)left);
	}
}

void store_abandon(struct store *s)
{
	atomic_store(&s->abandon, 1);
	notify(s->wake_fd);
}

int store_is_failing(const struct store *s)
{
	return atomic_load(&s->failing);
}
