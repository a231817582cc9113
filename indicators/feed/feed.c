/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/candle/intake.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_ensure.h"
#include "common/kafka/kafka_topic.h"

enum { TOPIC_MS = 1000, SAY_MS = 60000, SAY_BAD_MS = 10000 };

/* A partition that is assigned. */
struct reading {
	int32_t id;
	int is_paused;   /* nothing of it is fetched */
	int64_t next;    /* what comes is not before it */
	int64_t read_ms; /* the latest time of what came; -1: not known */
};

struct feed {
	const struct options *options;
	struct consumer *consumer;
	int is_subscribed, is_assigned, is_starting, is_held, is_fenced;
	struct reading *readings;
	size_t n;
	struct offsets *offsets; /* of the same partitions */
	struct halts *halts;
	int64_t topic_due_ms;
	int is_other; /* the topic may be another one: deleted, going back, without what is next */
	int64_t unreadable;
	struct log_throttle say_topic, say_bad;
};

struct feed *feed_new(const struct options *o, struct err *err)
{
	struct consumer *consumer = topic_consumer_new(o, CONSUMER_MEMBER, err);
	struct feed *f;

	if (!consumer)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->options = o;
	f->consumer = consumer;
	f->offsets = offsets_new(o);
	f->halts = halts_new(o);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	consumer_free(f->consumer);
	free(f->readings);
	offsets_free(f->offsets);
	halts_free(f->halts);
	free(f);
}

int feed_is_fenced(const struct feed *f)
{
	return f->is_fenced;
}

int64_t feed_unreadable(const struct feed *f)
{
	return f->unreadable;
}

const struct kafka_stats *feed_stats(const struct feed *f)
{
	return consumer_stats(f->consumer);
}

void feed_step(struct feed *f, int64_t now_ms)
{
	struct err err;
	int n;

	halts_say(f->halts, now_ms);
	if (f->is_subscribed || now_ms < f->topic_due_ms)
		return;
	f->topic_due_ms = now_ms + TOPIC_MS;
	n = consumer_topic_partitions(f->consumer, &err);
	if (n == 0)
		LOG_EVERY(&f->say_topic, now_ms, SAY_MS, LOG_WARN,
			  "the topic of the candles is not there yet; waiting (the producer makes "
			  "it)",
			  L_STR("topic", f->options->topic));
	else if (n < 0 || consumer_subscribe(f->consumer, &err))
		LOG_EVERY(&f->say_topic, now_ms, SAY_MS, LOG_WARN, "waiting for Kafka",
			  L_STR("error", err.text));
	else
		f->is_subscribed = 1;
}

/* ---------------------------------------------------------------- the group */

/* Nothing is read before it is known where reading begins. */
static void take_given(struct feed *f)
{
	const int32_t *ids;

	halts_clear(f->halts);
	f->n = consumer_given(f->consumer, &ids);
	f->readings = xreallocarray(f->readings, f->n + 1, sizeof *f->readings);
	for (size_t i = 0; i < f->n; i++)
		f->readings[i] = (struct reading){.id = ids[i]};
	offsets_set(f->offsets, ids, f->n);
	f->is_assigned = 1;
	f->is_starting = f->n > 0;
	f->is_held = 0;
	if (f->n > 0)
		log_info("partitions assigned", L_INT("partitions", f->n));
	else
		log_info("no partition for this process: there are more of it than partitions; "
			 "standing by");
	consumer_accept(f->consumer);
}

static void forget_partitions(struct feed *f)
{
	if (f->is_assigned)
		log_info(feed_has_lost(f) ? "partitions lost" : "partitions given back",
			 L_INT("partitions", f->n));
	halts_clear(f->halts);
	f->n = 0;
	offsets_set(f->offsets, NULL, 0);
	f->is_assigned = f->is_starting = 0;
}

int feed_has_lost(const struct feed *f)
{
	return f->is_fenced || consumer_has_lost_group(f->consumer);
}

void feed_give_back(struct feed *f)
{
	forget_partitions(f);
	consumer_give_back(f->consumer);
}

void feed_close(struct feed *f)
{
	forget_partitions(f);
	consumer_close(f->consumer);
}

static struct reading *reading_of(const struct feed *f, int32_t partition)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->readings[i].id == partition)
			return &f->readings[i];
	}
	return NULL;
}

/* ---------------------------------------------------------------- where reading begins */

int feed_is_starting(const struct feed *f)
{
	return f->is_starting;
}

const char *feed_waits_for(const struct feed *f)
{
	if (!f->is_subscribed)
		return "waiting for the topic";
	if (!f->is_assigned)
		return "waiting for the group to assign partitions";
	return f->is_starting ? "finding where the partitions start" : NULL;
}

int64_t feed_messages_from(const struct feed *f, int32_t partition, int64_t offset)
{
	return consumer_messages_from(f->consumer, partition, offset);
}

const struct offsets *feed_offsets(const struct feed *f)
{
	return f->offsets;
}

int feed_ask(struct feed *f, struct err *err)
{
	return offsets_ask(f->offsets, consumer_handle(f->consumer), err);
}

int feed_begin(struct feed *f, const struct consumer_place *from, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct reading *r = reading_of(f, from[i].partition);

		r->next = from[i].offset;
		r->read_ms = offsets_part(f->offsets, r->id)->read_ms;
	}
	if (consumer_assign(f->consumer, from, n, err))
		return -1;
	f->is_starting = f->is_other = 0;
	offsets_have_begun(f->offsets);
	return 0;
}

/* What is held or halted is paused. A partition that is resumed and was not paused would be read
 * again from where it was assigned (librdkafka). */
static void settle_pauses(struct feed *f)
{
	int32_t *pause = xcalloc(2 * f->n + 1, sizeof *pause), *resume = pause + f->n;
	size_t to_pause = 0, to_resume = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct reading *r = &f->readings[i];
		int is_paused = f->is_held || halts_hold(f->halts, r->id);

		if (is_paused && !r->is_paused)
			pause[to_pause++] = r->id;
		if (!is_paused && r->is_paused)
			resume[to_resume++] = r->id;
		r->is_paused = is_paused;
	}
	consumer_pause(f->consumer, pause, to_pause, 1);
	consumer_pause(f->consumer, resume, to_resume, 0);
	free(pause);
}

void feed_restart(struct feed *f)
{
	f->is_starting = f->n > 0;
	halts_clear(f->halts);
	feed_pause(f, 0);
}

void feed_pause(struct feed *f, int on)
{
	f->is_held = on;
	settle_pauses(f);
}

int feed_owns(const struct feed *f, const char *symbol)
{
	size_t n;

	offsets_ends(f->offsets, &n);
	return n == 0 || reading_of(f, kafka_partition_of(symbol, (int32_t)n)) != NULL;
}

/* ---------------------------------------------------------------- messages */

int feed_has_changed(struct feed *f, int64_t now_ms)
{
	if (f->is_starting || f->n == 0)
		return 0;
	if (f->is_other) {
		log_warn("the topic does not go on where it should (deleted, recreated, or cut?); "
			 "looking for the place to go on");
		return 1;
	}
	return halts_are_lost(f->halts, f->consumer, now_ms) ||
	       offsets_answer_again(f->offsets, consumer_handle(f->consumer), now_ms);
}

struct halts *feed_halts(const struct feed *f)
{
	return f->halts;
}

void feed_pass(struct feed *f)
{
	if (halts_answer(f->halts))
		settle_pauses(f);
}

/* A candle as the timeline takes it: in numbers. */
static struct timeline_input input_of(const struct message *m)
{
	const struct candle *c = &m->candle;

	return (struct timeline_input){
		.bar = {.timestamp_ms = c->timestamp_ms,
			.open = strtod(c->open, NULL),
			.high = strtod(c->high, NULL),
			.low = strtod(c->low, NULL),
			.close = strtod(c->close, NULL),
			.volume = strtod(c->volume, NULL),
			.quote_volume = strtod(c->quote_volume, NULL),
			.revision = c->revision,
			.fetched_ms = m->fetched_at_ms},
		.covers_from_ms = m->covers_from_ms,
		.covers_to_ms = m->covers_to_ms,
	};
}

/* The message is passed over: only its offset counts. */
static void refuse(struct feed *f, const rd_kafka_message_t *k, const struct err *why)
{
	f->unreadable++;
	LOG_EVERY(&f->say_bad, clock_boot_ms(), SAY_BAD_MS, LOG_WARN,
		  "a message is not a candle; it is passed over", L_STR("error", why->text),
		  L_INT("partition", k->partition), L_INT("offset", k->offset));
}

static int read_message(struct feed *f, const rd_kafka_message_t *k, struct feed_item *out)
{
	struct message m;
	struct err why;

	switch (intake_judge(f->options->source, k->key, k->key_len, k->payload, k->len, &m,
			     &why)) {
	case INTAKE_CANDLE:
		memcpy(out->symbol, m.candle.symbol, sizeof out->symbol);
		out->interval = m.candle.interval;
		out->in = input_of(&m);
		break;
	case INTAKE_SKIP:
		break;
	case INTAKE_DEAD:
		refuse(f, k, &why);
		break;
	case INTAKE_HALT:
		halts_add(f->halts, k, &why);
		settle_pauses(f); /* at once: what is passed over now would stay so */
		return 0;
	}
	return 1;
}

static void note_time(struct reading *r, const rd_kafka_message_t *k, int is_end)
{
	int64_t at_ms = is_end ? 0 : consumer_appended_ms(k);

	if (at_ms > 0 && at_ms > r->read_ms)
		r->read_ms = at_ms;
}

/* An end of partition comes as the offset before it: behind the last candle there may be offsets
 * that hold no message. */
static int read_next(struct feed *f, const rd_kafka_message_t *k, int is_end, struct feed_item *out)
{
	struct reading *r = reading_of(f, k->partition);

	if (!r || f->is_starting || halts_hold(f->halts, k->partition))
		return 0;
	f->is_other |= k->offset < r->next;
	if (f->is_other)
		return 0;
	r->next = is_end ? k->offset : k->offset + 1;
	note_time(r, k, is_end);
	halts_reach(f->halts, k->partition, k->offset);
	out->symbol[0] = '\0';
	out->partition = k->partition;
	out->offset = is_end ? k->offset - 1 : k->offset;
	out->appended_ms = is_end ? 0 : consumer_appended_ms(k);
	return is_end || read_message(f, k, out);
}

enum feed_news feed_poll(struct feed *f, int wait_ms, struct feed_item *out)
{
	const rd_kafka_message_t *k;
	enum consumer_news news = consumer_poll(f->consumer, wait_ms, &k);

	switch (news) {
	case CONSUMER_MESSAGE:
	case CONSUMER_EOF:
		return read_next(f, k, news == CONSUMER_EOF, out) ? FEED_ITEM : FEED_NOTHING;
	case CONSUMER_OUT_OF_RANGE:
	case CONSUMER_GONE:
		f->is_other = 1;
		break;
	case CONSUMER_ASSIGNED:
		take_given(f);
		break;
	case CONSUMER_REVOKED:
	case CONSUMER_LOST:
		return FEED_ENDS;
	case CONSUMER_REPLACED:
		f->is_fenced = 1;
		break;
	case CONSUMER_NOTHING:
	case CONSUMER_OTHER:
		break;
	}
	return FEED_NOTHING;
}

int feed_commit(struct feed *f, const struct consumer_place *places, size_t n, int is_last)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_t *rk = consumer_handle(f->consumer);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < n; i++) {
		const struct reading *r = reading_of(f, places[i].partition);
		rd_kafka_topic_partition_t *e = rd_kafka_topic_partition_list_add(
			list, f->options->topic, places[i].partition);

		e->offset = places[i].offset;
		if (r && !f->is_starting && r->read_ms >= 0)
			kafka_committed_note(e, r->read_ms);
	}
	if (n > 0)
		code = is_last ? kafka_commit(rk, list) : rd_kafka_commit(rk, list, 1);
	if (code)
		log_debug("offsets not committed; the next commit covers them",
			  L_STR("error", rd_kafka_err2str(code)));
	rd_kafka_topic_partition_list_destroy(list);
	return code ? -1 : 0;
}
