/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/kafka.h"
#include "common/log.h"
#include "common/pg.h"
#include "lookup_sql.h"
#include "topic.h"

enum { QUERY_MS = 30000, OFFSETS_MS = 5000, POSITION_POLL_MS = 200, SAY_MS = 60000 };

struct lookup {
	struct lookup_settings settings;
	rd_kafka_t *rk;
	struct pg pg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct lookup_job *todo, *done; /* under the lock */
	int stopping, ended, cut;       /* under the lock */
	int fd;
	struct log_throttle trouble, waiting, members;
	char last_trouble[512];
};

/* Waits, interruptibly; 1 if the job is to end. */
static int pause_for(struct lookup *l, int64_t ms)
{
	struct timespec until;
	int stopping;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&l->lock);
	while (!l->stopping && !l->cut)
		if (pthread_cond_timedwait(&l->wake, &l->lock, &until))
			break;
	stopping = l->stopping || l->cut;
	pthread_mutex_unlock(&l->lock);
	return stopping;
}

/* The end offsets, and the positions that the writer has to reach. */
struct ends {
	int n; /* partitions of the topic */
	size_t n_asked;
	int32_t *asked;
	int64_t *low, *high; /* of asked[] */
};

static int ends_read(struct lookup *l, const struct lookup_job *job, struct ends *ends,
		     struct err *err)
{
	if (topic_partitions(l->rk, l->settings.topic, &ends->n, err))
		return -1;
	if (ends->n == 0)
		return err_set(err, ERR_RETRY, "topic %s does not exist", l->settings.topic);
	ends->n_asked = job->partitions ? job->n_partitions : (size_t)ends->n;
	ends->asked = xcalloc(ends->n_asked + 1, sizeof *ends->asked);
	ends->low = xcalloc(ends->n_asked + 1, sizeof *ends->low);
	ends->high = xcalloc(ends->n_asked + 1, sizeof *ends->high);
	for (size_t i = 0; i < ends->n_asked; i++) {
		int32_t partition = job->partitions ? job->partitions[i] : (int32_t)i;
		rd_kafka_resp_err_t code =
			rd_kafka_query_watermark_offsets(l->rk, l->settings.topic, partition,
							 &ends->low[i], &ends->high[i], OFFSETS_MS);

		ends->asked[i] = partition;
		if (code)
			return err_set(err, kafka_error_class(code),
				       "the end offset of %s [%d] cannot be read: %s",
				       l->settings.topic, (int)partition, rd_kafka_err2str(code));
	}
	return 0;
}

static void ends_release(struct ends *ends)
{
	free(ends->asked);
	free(ends->low);
	free(ends->high);
	*ends = (struct ends){0};
}

/* How many messages the writer has still to store; *at gets a number that grows when it moves. -1:
 * *err. */
static int64_t behind(struct lookup *l, const struct ends *ends, int64_t *at, struct err *err)
{
	int64_t *position = xcalloc((size_t)ends->n, sizeof *position), lag = 0;

	*at = 0;
	if (lookup_sql_positions(&l->pg, l->settings.topic, position, ends->n, QUERY_MS, err)) {
		lag = -1;
	} else {
		for (size_t i = 0; i < ends->n_asked; i++) {
			int64_t at_least = ends->asked[i] < ends->n ? position[ends->asked[i]] : 0;
			int64_t from = at_least > ends->low[i] ? at_least : ends->low[i];

			*at += at_least;
			if (from < ends->high[i])
				lag += ends->high[i] - from;
		}
	}
	free(position);
	return lag;
}

/* Until the writer has stored everything before the end offsets. 1: it has; 0: it does not move;
 * -1: *err (or stopping). */
static int writer_await(struct lookup *l, const struct ends *ends, int64_t stall_ms,
			struct err *err)
{
	int64_t moved_ms = clock_boot_ms(), last = -1;

	for (;;) {
		int64_t at, skipped, now = clock_boot_ms(), lag = behind(l, ends, &at, err);

		if (lag <= 0)
			return lag == 0 ? 1 : -1;
		if (at != last)
			moved_ms = now;
		last = at;
		if (now - moved_ms >= stall_ms)
			return 0;
		if (now - moved_ms > 10000 && log_due(&l->waiting, now, SAY_MS, &skipped))
			log_warn(
				"waiting for the writer: it has not stored what was published; is gapless-writer running?",
				L_INT("messages_behind", lag),
				L_INT("not_moved_s", (now - moved_ms) / 1000));
		if (pause_for(l, POSITION_POLL_MS))
			return err_set(err, ERR_RETRY, "stopping");
	}
}

/* The members are compared, or it is said why not; the lookup itself does not depend on it. */
static int members_compare(struct lookup *l, struct lookup_job *job, struct err *err)
{
	int64_t skipped;

	if (members_ask(l->rk, l->settings.group, l->settings.client_id, &job->members, err) == 0) {
		job->members_known = 1;
		return 0;
	}
	if (err->class != ERR_FATAL && job->members_only)
		return -1;
	job->members_known =
		err->class == ERR_FATAL; /* nobody who is seen, nobody who is different */
	if (log_due(&l->members, clock_boot_ms(), SAY_MS, &skipped))
		log_warn("the settings of the group's members are not compared",
			 L_STR("error", err->text));
	return 0;
}

static int lookup_once(struct lookup *l, struct lookup_job *job, struct err *err)
{
	struct ends ends = {0};
	int rc = -1, stored;

	if (members_compare(l, job, err))
		return -1;
	if (job->members_only || job->n == 0)
		return 0;
	if (!pg_is_open(&l->pg) && pg_open(&l->pg, l->settings.conninfo, "gapless-producer", err))
		goto out;
	if (job->write_wanted && lookup_sql_wanted(&l->pg, l->settings.source, job, QUERY_MS, err))
		goto out;
	if (job->read_open && lookup_sql_open(&l->pg, l->settings.source, job, QUERY_MS, err))
		goto out;
	if (ends_read(l, job, &ends, err))
		goto out;
	stored = writer_await(l, &ends, job->stall_ms, err);
	if (stored < 0)
		goto out;
	job->stored = stored;
	if ((stored || job->first) && (lookup_sql_coverage(&l->pg, job, QUERY_MS, err) ||
				       lookup_sql_stored(&l->pg, job, QUERY_MS, err)))
		goto out;
	job->taken = stored || job->first;
	rc = 0;
out:
	ends_release(&ends);
	return rc;
}

static void trouble_say(struct lookup *l, const struct err *err)
{
	int64_t skipped;

	/* A new sentence at once, the same one once a minute. */
	if (strcmp(l->last_trouble, err->text) != 0)
		l->trouble = (struct log_throttle){0};
	snprintf(l->last_trouble, sizeof l->last_trouble, "%s", err->text);
	if (log_due(&l->trouble, clock_boot_ms(), SAY_MS, &skipped))
		log_warn("what is covered cannot be read yet; trying again (live goes on)",
			 L_STR("error", err->text), L_INT("suppressed", skipped));
}

static void *lookup_thread(void *arg)
{
	struct lookup *l = arg;

	for (;;) {
		struct backoff backoff;
		struct lookup_job *job;
		struct err err = {0};

		pthread_mutex_lock(&l->lock);
		while (!l->todo && !l->stopping)
			pthread_cond_wait(&l->wake, &l->lock);
		job = l->todo;
		if (l->stopping)
			break;
		pthread_mutex_unlock(&l->lock);

		backoff_init(&backoff, 200, 10000);
		while (lookup_once(l, job, &err)) {
			if (pause_for(l, 0))
				break;
			trouble_say(l, &err);
			if (pause_for(l, backoff_next_ms(&backoff, backoff_random())))
				break;
		}
		pthread_mutex_lock(&l->lock);
		job->taken = job->taken && !l->cut;
		l->cut = 0;
		l->todo = NULL;
		l->done = job;
		pthread_mutex_unlock(&l->lock);
		if (write(l->fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
			log_debug("the lookup's eventfd is full");
	}
	l->ended = 1;
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static void lookup_destroy(struct lookup *l)
{
	pg_close(&l->pg);
	if (l->rk)
		rd_kafka_destroy(l->rk);
	if (l->fd >= 0)
		close(l->fd);
	lookup_job_free(l->todo);
	lookup_job_free(l->done);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	free(l);
}

struct lookup *lookup_new(const struct lookup_settings *settings, struct err *err)
{
	static const struct kafka_property role[] = {{NULL, NULL}};
	static const char *const fixed[] = {NULL};
	struct lookup *l = xcalloc(1, sizeof *l);
	rd_kafka_conf_t *conf;
	char text[256];

	l->settings = *settings;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	l->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	conf = kafka_conf_new(settings->brokers, role, fixed, settings->properties, err);
	if (!conf)
		goto failed;
	/* A handle of its own: the publisher's is recreated after a fatal error. */
	l->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (!l->rk) {
		rd_kafka_conf_destroy(conf);
		err_set(err, ERR_FATAL, "the Kafka client cannot be made: %s", text);
		goto failed;
	}
	if (l->fd < 0 || pthread_create(&l->thread, NULL, lookup_thread, l)) {
		err_set(err, ERR_FATAL,
			"the database thread cannot be started: raise the limits of threads and open files");
		goto failed;
	}
	return l;
failed:
	lookup_destroy(l);
	return NULL;
}

/* Threads still run, of ours and of librdkafka: no destructor may take down what they use. */
static void leave_at_once(int status, void *arg)
{
	(void)arg;
	_exit(status);
}

int lookup_free(struct lookup *l)
{
	struct timespec until;

	if (!l)
		return 1;
	pthread_mutex_lock(&l->lock);
	l->stopping = 1;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	if (pthread_timedjoin_np(l->thread, NULL, &until)) {
		/* Inside a blocking call; the process is about to end anyway. */
		on_exit(leave_at_once, NULL);
		return 0;
	}
	lookup_destroy(l);
	return 1;
}

void lookup_start(struct lookup *l, struct lookup_job *job)
{
	pthread_mutex_lock(&l->lock);
	l->todo = job;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

void lookup_cancel(struct lookup *l)
{
	pthread_mutex_lock(&l->lock);
	l->cut = l->todo != NULL;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

struct lookup_job *lookup_take(struct lookup *l)
{
	struct lookup_job *job;
	uint64_t drained;

	if (read(l->fd, &drained, sizeof drained) < 0)
		drained = 0; /* nothing there yet */
	pthread_mutex_lock(&l->lock);
	job = l->done;
	l->done = NULL;
	pthread_mutex_unlock(&l->lock);
	return job;
}

int lookup_fd(const struct lookup *l)
{
	return l->fd;
}

void lookup_job_free(struct lookup_job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->n; i++) {
		spans_release(&job->series[i].covered);
		free(job->series[i].stored);
	}
	free(job->series);
	free(job->partitions);
	free(job->open);
	free(job);
}
