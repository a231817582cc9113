/* SPDX-License-Identifier: MIT */
#include "writer.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/kafka.h"
#include "common/stop.h"
#include "writer/database/database.h"
#include "writer/feed/consumer.h"
#include "writer/feed/replay.h"

enum { POLL_MS = 100, POLL_BUSY_MS = 20, TOPIC_MS = 1000, REVOKE_MS = 10000, SAY_MS = 60000 };

void writer_end(struct writer *w, int exit_code)
{
	if (w->ending)
		return;
	w->ending = 1;
	w->exit_code = exit_code;
}

void writer_restart(struct writer *w)
{
	writer_drop(w);
	w->generation++;
	w->starting = 1;
	w->start_due_ms = 0;
	w->paused = 0;
	consumer_resume(w->rk, w->options->topic, &w->assigned, 1);
	assigned_restart(&w->assigned);
}

/* ---------------------------------------------------------------- the group gives and takes
 * partitions */

static void on_assign(struct writer *w, rd_kafka_topic_partition_list_t *list)
{
	int32_t *ids = xcalloc((size_t)list->cnt + 1, sizeof(*ids));

	for (int i = 0; i < list->cnt; i++)
		ids[i] = list->elems[i].partition;
	assigned_set(&w->assigned, ids, (size_t)list->cnt);
	free(ids);
	w->generation++;
	w->starting = list->cnt > 0;
	w->start_due_ms = 0;
	w->paused = 0;
	if (list->cnt > 0)
		log_info("partitions assigned", L_INT("partitions", list->cnt));
	else
		log_info(
			"no partition for this writer: there are more writers than partitions; standing by");
	/* Until its start is known, what a partition delivers is ignored. Nothing is paused or
	 * resumed after an assign: librdkafka can drop the start of a fetch that such a call
	 * overtakes, and the partition would stay unread for ever. A pause of before outlives a
	 * rebalance: so resume first. */
	rd_kafka_resume_partitions(w->rk, list);
	rd_kafka_assign(w->rk, list);
}

static void on_revoke(struct writer *w)
{
	int lost = rd_kafka_assignment_lost(w->rk);

	FAULT("in_revoke");
	if (lost || w->draining)
		writer_drop(
			w); /* lost: somebody else may own them already, and reads what we drop */
	else
		writer_flush(w, REVOKE_MS);
	if (w->assigned.n > 0)
		log_info(lost ? "partitions lost" : "partitions given back",
			 L_INT("partitions", w->assigned.n));
	w->generation++;
	w->starting = 0;
	w->paused = 0;
	assigned_set(&w->assigned, NULL, 0);
	rd_kafka_assign(w->rk, NULL);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct writer *w = opaque;

	w->rk = rk;
	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		on_assign(w, list);
		return;
	}
	if (err != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_warn("the group could not agree", L_STR("error", rd_kafka_err2str(err)));
	on_revoke(w);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	kafka_log_error(rk, code, reason);
	if (code == RD_KAFKA_RESP_ERR__FATAL)
		writer_end(opaque, EXIT_FENCED);
}

/* ---------------------------------------------------------------- the loop */

/* A subscription to a topic that is not there would notice it up to a minute late. */
static void topic_step(struct writer *w, int64_t now_ms)
{
	const char *topic = w->options->topic;
	struct err err;
	int64_t skipped;
	int exists;

	if (w->subscribed || now_ms < w->topic_due_ms)
		return;
	w->topic_due_ms = now_ms + TOPIC_MS;
	exists = consumer_topic_partitions(w->rk, topic, &err);
	if (exists > 0 && consumer_subscribe(w->rk, topic, &err) == 0) {
		w->subscribed = 1;
		log_info("subscribed", L_STR("topic", topic), L_STR("group", w->options->group));
		return;
	}
	if (!log_due(&w->say_topic, now_ms, SAY_MS, &skipped))
		return;
	if (exists == 0)
		log_warn("the topic is not there yet; waiting (the producer makes it)",
			 L_STR("topic", topic));
	else
		log_warn("waiting for Kafka", L_STR("error", err.text));
}

static void say_halted(struct writer *w, int64_t now_ms)
{
	int64_t skipped;

	for (size_t i = 0; i < w->assigned.n; i++) {
		struct partition *p = &w->assigned.v[i];

		if (p->state == PARTITION_HALTED &&
		    log_due(&p->say_halted, now_ms, SAY_MS, &skipped))
			log_error("a partition is still halted", L_STR("error", p->halted),
				  L_INT("partition", p->id), L_INT("offset", p->next));
	}
}

/* How long a poll of Kafka may wait before something else is due. */
static int wait_ms(const struct writer *w, int64_t now_ms)
{
	int64_t due, most = POLL_MS;

	if (!store_is_idle(w->store))
		return store_is_failing(w->store) ? POLL_MS : POLL_BUSY_MS;
	due = batch_due_in(w->filling, now_ms);
	if (due < most)
		most = due;
	if (w->starting && w->start_due_ms - now_ms < most)
		most = w->start_due_ms > now_ms ? w->start_due_ms - now_ms : 0;
	return (int)most;
}

static void loop(struct writer *w)
{
	while (!w->ending && !stop_requested()) {
		int64_t now = clock_boot_ms();

		if (w->replay != NULL)
			replaying_topic_step(w, now);
		else
			topic_step(w, now);
		writer_store_step(w, now);
		writer_start_step(w, now);
		if (w->replay != NULL)
			replaying_step(w, now);
		say_halted(w, now);
		if (w->replay == NULL)
			tally_log(&w->tally, now,
				  consumer_lag(w->rk, w->options->topic, &w->assigned), 0);
		if (!w->paused && !w->starting && now >= w->fetch_due_ms)
			w->fetch_due_ms = now + consumer_keep_fetching(w->rk, w->options->topic,
								       &w->assigned);
		if (!w->ending)
			writer_read(w, wait_ms(w, now));
	}
}

/* The watchdog bounds it all; each part has its share. */
static void drain(struct writer *w)
{
	int64_t lag = w->replay != NULL ? replaying_left(w)
					: consumer_lag(w->rk, w->options->topic, &w->assigned);

	w->draining = 1;
	stop_watchdog((int)w->options->drain_seconds);
	if (!w->ending)
		writer_flush(w, w->options->drain_seconds * 1000 / 2);
	if (w->replay != NULL)
		w->exit_code = replaying_end(w);
	writer_drop(w);
	rd_kafka_consumer_close(w->rk);
	tally_log(&w->tally, clock_boot_ms(), lag, 1);
}

static void writer_free(struct writer *w)
{
	if (w->rk != NULL)
		rd_kafka_destroy(w->rk);
	if (!store_free(w->store, 1000))
		return; /* its thread may still hold the job and its batch */
	batch_release(&w->batches[0]);
	batch_release(&w->batches[1]);
	assigned_release(&w->assigned);
	free(w->items);
	free(w);
}

static int run(const struct options *o, struct replay *replay, int (*check)(const struct options *))
{
	struct store_config config = {.database = o->database,
				      .cursor = replay ? cursor_replay(o->topic, replay->spec.name)
						       : cursor_live(o->topic),
				      .dead_limit = o->dead_letter_limit};
	struct batch_limits limits = {.rows = (size_t)o->batch_rows,
				      .bytes = (size_t)o->batch_bytes,
				      .age_ms = o->batch_ms};
	struct writer *w = xcalloc(1, sizeof(*w));
	struct err err;
	int code = EXIT_USAGE;

	w->options = o;
	w->replay = replay;
	batch_init(&w->batches[0], limits);
	batch_init(&w->batches[1], limits);
	w->filling = &w->batches[0];
	/* Before the wait for the database: what is wrong with its properties is a matter of
	 * settings. */
	w->rk = consumer_new(o, replay ? NULL : on_rebalance, on_error, w, &err);
	if (w->rk == NULL) {
		log_error(err.text);
		goto out;
	}
	code = database_wait(o->database);
	if (code == EXIT_DONE && check != NULL)
		code = check(o);
	if (code != EXIT_DONE)
		goto out;
	if (stop_requested()) {
		if (replay != NULL)
			code = replaying_end(w);
		goto out;
	}
	w->store = store_new(&config, &err);
	if (w->store == NULL) {
		log_error(err.text);
		code = EXIT_PERSON;
		goto out;
	}
	w->tally.logged_ms = clock_boot_ms();
	loop(w);
	drain(w);
	code = w->exit_code;
out:
	writer_free(w);
	return code;
}

int writer_run(const struct options *o)
{
	return run(o, NULL, NULL);
}

int writer_replay(const struct options *o, struct replay *replay,
		  int (*check)(const struct options *))
{
	return run(o, replay, check);
}
