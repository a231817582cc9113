/* SPDX-License-Identifier: MIT */
#include "commits.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"

enum { AGAIN_MS = 1000, SAY_MS = 10000 };

struct commits {
	rd_kafka_t *rk;
	const char *topic;
	rd_kafka_queue_t *answers;
	int is_under_way;
	int64_t due_ms;
	struct log_throttle say;
	char *seen; /* by partition */
	size_t seen_n;
};

struct commits *commits_new(const struct consumer *consumer)
{
	struct commits *c = xcalloc(1, sizeof(*c));

	c->rk = consumer_handle(consumer);
	c->topic = consumer_topic(consumer);
	c->answers = rd_kafka_queue_new(c->rk);
	return c;
}

void commits_free(struct commits *c)
{
	rd_kafka_queue_destroy(c->answers);
	free(c->seen);
	free(c);
}

void commits_seen(struct commits *c, int32_t partition)
{
	size_t at = (size_t)partition;

	if (at >= c->seen_n) {
		c->seen = xreallocarray(c->seen, at + 1, 1);
		memset(c->seen + c->seen_n, 0, at + 1 - c->seen_n);
		c->seen_n = at + 1;
	}
	c->seen[at] = 1;
}

int commits_have_been(const struct commits *c, int32_t partition)
{
	return (size_t)partition < c->seen_n && c->seen[partition];
}

/* 0, or -1 (*err): it cannot be sent, which is harmless as a refusal is. */
static int submit(struct commits *c, const struct partitions *ps, struct err *err)
{
	size_t n = partitions_count(ps);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < n && !c->is_under_way; i++) {
		const struct partition *p = partitions_at(ps, i);

		if (p->finished != p->committed)
			rd_kafka_topic_partition_list_add(list, c->topic, p->id)->offset =
				p->finished;
	}
	if (list->cnt > 0) {
		code = rd_kafka_commit_queue(c->rk, list, c->answers, NULL, NULL);
		c->is_under_way = code == RD_KAFKA_RESP_ERR_NO_ERROR;
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, ERR_RETRY, "%s", rd_kafka_err2str(code));
}

static enum commit_answer answer_of(rd_kafka_resp_err_t code, struct err *err)
{
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return COMMIT_DONE;
	err_set(err, ERR_RETRY, "%s", rd_kafka_err2str(code));
	return code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || code == RD_KAFKA_RESP_ERR__FATAL
		       ? COMMIT_REPLACED
		       : COMMIT_REFUSED;
}

/* The answer to the commit that is under way, if it comes within wait_ms. */
static enum commit_answer take_answer(struct commits *c, struct partitions *ps, int wait_ms,
				      struct err *err)
{
	rd_kafka_event_t *event = c->is_under_way ? rd_kafka_queue_poll(c->answers, wait_ms) : NULL;
	enum commit_answer answer = c->is_under_way ? COMMIT_UNDER_WAY : COMMIT_NONE;

	if (event != NULL && rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT) {
		const rd_kafka_topic_partition_list_t *list =
			rd_kafka_event_topic_partition_list(event);

		c->is_under_way = 0;
		answer = answer_of(rd_kafka_event_error(event), err);
		for (int i = 0; list != NULL && i < list->cnt && answer == COMMIT_DONE; i++) {
			answer = answer_of(list->elems[i].err, err);
			if (answer != COMMIT_DONE)
				break;
			commits_seen(c, list->elems[i].partition);
			partitions_committed(ps, list->elems[i].partition, list->elems[i].offset);
		}
	}
	if (event != NULL)
		rd_kafka_event_destroy(event);
	return answer;
}

static void failed(struct commits *c, struct tally *tally, const struct err *err, int64_t now_ms)
{
	c->due_ms = now_ms + AGAIN_MS;
	tally_add(tally, TALLY_COMMIT_FAILURES, 1);
	LOG_EVERY(&c->say, now_ms, SAY_MS, LOG_WARN,
		  "offsets could not be committed to Kafka; the next commit covers them",
		  L_STR("error", err->text));
}

enum commit_answer commits_step(struct commits *c, struct partitions *ps, struct tally *tally,
				int64_t now_ms)
{
	struct err err;
	enum commit_answer answer = take_answer(c, ps, 0, &err);

	if (answer == COMMIT_DONE)
		FAULT("after_commit");
	if (answer == COMMIT_REFUSED)
		failed(c, tally, &err, now_ms);
	if (answer == COMMIT_REPLACED)
		log_error("this writer was replaced by another one with the same group-instance-id",
			  L_STR("error", err.text));
	else if (now_ms >= c->due_ms && submit(c, ps, &err) != 0)
		failed(c, tally, &err, now_ms);
	return answer;
}

/* One that was under way may have been sent before the last batch was stored: so two, at most. */
void commits_settle(struct commits *c, struct partitions *ps, struct tally *tally, int64_t until_ms)
{
	struct err err = {0};
	int64_t left;
	enum commit_answer answer = COMMIT_DONE;

	while ((answer == COMMIT_DONE || answer == COMMIT_UNDER_WAY) &&
	       (left = until_ms - clock_boot_ms()) > 0 && submit(c, ps, &err) == 0)
		answer = take_answer(c, ps, (int)left, &err);
	if (answer == COMMIT_DONE)
		FAULT("after_commit");
	if (answer != COMMIT_NONE && answer != COMMIT_DONE)
		failed(c, tally, &err, clock_boot_ms());
}
