/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/candle/intake.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_ensure.h"
#include "common/kafka/kafka_topic.h"

enum { TOPIC_MS = 1000, HALTS_MS = 10000, SAY_MS = 60000, SAY_BAD_MS = 10000 };

/* A partition that is assigned. */
struct reading {
	int32_t id;
	int is_halted;
	int is_paused; /* nothing of it is fetched */
	/* the message that halts it, its size, and when the broker took it */
	int64_t halted_at, halted_bytes, halted_ms;
	int64_t next; /* what comes is not before it */
	char why[512];
	struct log_throttle say;
};

struct feed {
	const struct options *options;
	struct feed_owner owner;
	rd_kafka_t *rk;
	int is_subscribed, is_assigned, is_starting, is_held;
	struct reading *readings;
	size_t n;
	size_t halted_next;      /* feed_halted */
	struct offsets *offsets; /* of the same partitions */
	int64_t topic_due_ms, halts_due_ms;
	int is_other; /* the topic may be another one: deleted, going back, without what is next */
	int64_t unreadable;
	struct kafka_stats stats;
	struct log_throttle say_topic, say_bad;
};

/* ---------------------------------------------------------------- the group */

/* Nothing is read before it is known where reading begins: all are accepted, none is assigned. */
static void assigned(struct feed *f, rd_kafka_topic_partition_list_t *list)
{
	int32_t *ids = xcalloc((size_t)list->cnt + 1, sizeof *ids);

	f->n = (size_t)list->cnt;
	f->readings = xreallocarray(f->readings, f->n + 1, sizeof *f->readings);
	for (size_t i = 0; i < f->n; i++)
		f->readings[i] = (struct reading){.id = ids[i] = list->elems[i].partition};
	offsets_set(f->offsets, ids, f->n);
	free(ids);
	f->is_assigned = 1;
	f->is_starting = f->n > 0;
	f->is_held = 0;
	if (f->n > 0)
		log_info("partitions assigned", L_INT("partitions", f->n));
	else
		log_info("no partition for this process: there are more of it than partitions; "
			 "standing by");
	rd_kafka_resume_partitions(f->rk, list);
	list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_assign(f->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct feed *f = opaque;
	int is_lost = rd_kafka_assignment_lost(rk);

	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		assigned(f, list);
		return;
	}
	if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_warn("the group could not agree", L_STR("error", rd_kafka_err2str(code)));
	f->owner.revoked(f->owner.owner, is_lost);
	log_info(is_lost ? "partitions lost" : "partitions given back",
		 L_INT("partitions", list->cnt));
	f->n = 0;
	offsets_set(f->offsets, NULL, 0);
	f->is_assigned = f->is_starting = 0;
	rd_kafka_assign(rk, NULL);
}

/* What librdkafka says of a topic or partition that was deleted under it, or does not have what
 * comes next, comes as an event, or in a message's place. */
static void notice(struct feed *f, rd_kafka_resp_err_t code)
{
	f->is_other |= code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
		       code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
		       code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
		       code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	kafka_log_error(rk, code, reason);
	notice(opaque, (rd_kafka_resp_err_t)code);
}

static int on_stats(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	struct feed *f = opaque;

	(void)rk;
	if (kafka_stats_read(json, len, &f->stats))
		log_debug("the Kafka client's statistics cannot be read");
	return 0;
}

static rd_kafka_conf_t *configuration(const struct options *o, struct err *err)
{
	static const char *const fixed[] = {"group.id",
					    "enable.auto.commit",
					    "enable.auto.offset.store",
					    "auto.offset.reset",
					    "partition.assignment.strategy",
					    "session.timeout.ms",
					    "isolation.level",
					    "enable.partition.eof",
					    NULL};
	char session[24];
	const struct kafka_property role[] = {{"group.id", o->group},
					      {"enable.auto.commit", "false"},
					      {"enable.auto.offset.store", "false"},
					      {"auto.offset.reset", "error"},
					      {"partition.assignment.strategy", "range"},
					      {"check.crcs", "true"},
					      {"enable.partition.eof", "true"},
					      {"statistics.interval.ms", KAFKA_STATS_MS},
					      {"session.timeout.ms", session},
					      {"fetch.wait.max.ms", "100"},
					      {"queued.max.messages.kbytes", "8192"},
					      {NULL, NULL}};

	snprintf(session, sizeof session, "%" PRId64, o->session_timeout_ms);
	return kafka_conf_new(o->brokers, role, fixed, &o->kafka, err);
}

struct feed *feed_new(const struct options *o, struct feed_owner owner, struct err *err)
{
	rd_kafka_conf_t *conf = configuration(o, err);
	struct feed *f;

	if (!conf)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->options = o;
	f->owner = owner;
	f->offsets = offsets_new(o->topic, o->topic_hours);
	rd_kafka_conf_set_opaque(conf, f);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_stats_cb(conf, on_stats);
	f->rk = kafka_client_new(RD_KAFKA_CONSUMER, conf, "consumer", err);
	if (!f->rk) {
		offsets_free(f->offsets);
		free(f);
		return NULL;
	}
	rd_kafka_poll_set_consumer(f->rk);
	return f;
}

void feed_close(struct feed *f)
{
	rd_kafka_consumer_close(f->rk);
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	kafka_client_free(f->rk);
	free(f->readings);
	offsets_free(f->offsets);
	free(f);
}

int feed_is_fenced(const struct feed *f)
{
	return rd_kafka_fatal_error(f->rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

int64_t feed_unreadable(const struct feed *f)
{
	return f->unreadable;
}

const struct kafka_stats *feed_stats(const struct feed *f)
{
	return &f->stats;
}

static void say_halted(struct feed *f, int64_t now_ms)
{
	for (size_t i = 0; i < f->n; i++) {
		struct reading *r = &f->readings[i];

		if (r->is_halted)
			LOG_EVERY(&r->say, now_ms, SAY_MS, LOG_ERROR,
				  "a partition is halted; the others go on", L_STR("error", r->why),
				  L_INT("partition", r->id));
	}
}

void feed_step(struct feed *f, int64_t now_ms)
{
	struct err err;
	int n;

	say_halted(f, now_ms);
	if (f->is_subscribed || now_ms < f->topic_due_ms)
		return;
	f->topic_due_ms = now_ms + TOPIC_MS;
	n = kafka_partition_count(f->rk, f->options->topic, &err);
	if (n <= 0) {
		if (n < 0)
			LOG_EVERY(&f->say_topic, now_ms, SAY_MS, LOG_WARN, "waiting for Kafka",
				  L_STR("error", err.text));
		else
			LOG_EVERY(&f->say_topic, now_ms, SAY_MS, LOG_WARN,
				  "the topic of the candles is not there yet; waiting (the "
				  "producer makes it)",
				  L_STR("topic", f->options->topic));
		return;
	}
	f->is_subscribed = !kafka_subscribe(f->rk, f->options->topic);
	if (f->is_subscribed)
		log_info("subscribed", L_STR("topic", f->options->topic),
			 L_STR("group", f->options->group));
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
	int64_t low, high;

	if (rd_kafka_get_watermark_offsets(f->rk, f->options->topic, partition, &low, &high) ||
	    high <= offset)
		return 0;
	return high - offset;
}

int64_t feed_halted_ms(const struct feed *f, int32_t partition)
{
	const struct reading *r = reading_of(f, partition);

	return r && r->is_halted ? r->halted_ms : 0;
}

int64_t feed_reads_to(const struct feed *f, int32_t partition)
{
	const struct reading *r = reading_of(f, partition);

	return r && r->is_halted ? r->halted_at : INT64_MAX;
}

const struct part *feed_parts(const struct feed *f, size_t *n)
{
	return offsets_parts(f->offsets, n);
}

const struct part *feed_part(const struct feed *f, int32_t partition)
{
	return offsets_part(f->offsets, partition);
}

const int64_t *feed_ends(const struct feed *f, size_t *n)
{
	return offsets_ends(f->offsets, n);
}

int feed_ask(struct feed *f, struct err *err)
{
	return offsets_ask(f->offsets, f->rk, err);
}

int feed_group_is_new(const struct feed *f)
{
	return offsets_group_is_new(f->offsets);
}

int feed_has_grown(const struct feed *f)
{
	return offsets_have_grown(f->offsets);
}

int feed_begin(struct feed *f, const int64_t *offsets, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)f->n + 1);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < f->n; i++) {
		f->readings[i].next = offsets[i];
		if (!offsets_part(f->offsets, f->readings[i].id)->is_out)
			rd_kafka_topic_partition_list_add(list, f->options->topic,
							  f->readings[i].id)
				->offset = offsets[i];
	}
	code = rd_kafka_assign(f->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		return err_set(err, ERR_RETRY, "the partitions cannot be assigned: %s",
			       rd_kafka_err2str(code));
	f->is_starting = f->is_other = 0;
	offsets_have_begun(f->offsets);
	return 0;
}

/* What is held or halted is paused. A partition that is resumed and was not paused would be read
 * again from where it was assigned (librdkafka). */
static void settle_pauses(struct feed *f)
{
	rd_kafka_topic_partition_list_t *pause = rd_kafka_topic_partition_list_new((int)f->n + 1);
	rd_kafka_topic_partition_list_t *resume = rd_kafka_topic_partition_list_new((int)f->n + 1);

	for (size_t i = 0; i < f->n; i++) {
		struct reading *r = &f->readings[i];
		int is_paused = f->is_held || r->is_halted;

		if (r->is_paused != is_paused)
			rd_kafka_topic_partition_list_add(is_paused ? pause : resume,
							  f->options->topic, r->id);
		r->is_paused = is_paused;
	}
	rd_kafka_pause_partitions(f->rk, pause);
	rd_kafka_resume_partitions(f->rk, resume);
	rd_kafka_topic_partition_list_destroy(pause);
	rd_kafka_topic_partition_list_destroy(resume);
}

void feed_restart(struct feed *f)
{
	f->is_starting = f->n > 0;
	for (size_t i = 0; i < f->n; i++)
		f->readings[i].is_halted = 0;
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

static void read_bar(const struct message *m, struct feed_item *out)
{
	const struct candle *c = &m->candle;

	memcpy(out->symbol, c->symbol, sizeof out->symbol);
	out->interval = c->interval;
	out->in = (struct timeline_input){
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

static int64_t appended_ms(const rd_kafka_message_t *k)
{
	rd_kafka_timestamp_type_t type;
	int64_t ms = rd_kafka_message_timestamp(k, &type);

	return ms > 0 ? ms : 0;
}

/* The message is passed over: only its offset counts. */
static int refuse(struct feed *f, const rd_kafka_message_t *k, const struct err *why)
{
	f->unreadable++;
	LOG_EVERY(&f->say_bad, clock_boot_ms(), SAY_BAD_MS, LOG_WARN,
		  "a message is not a candle; it is passed over", L_STR("error", why->text),
		  L_INT("partition", k->partition), L_INT("offset", k->offset));
	return 1;
}

/* Nothing behind this message may be read: it would be passed over for good. */
static int halt(struct feed *f, const rd_kafka_message_t *k, const struct err *why)
{
	struct reading *r = reading_of(f, k->partition);

	snprintf(r->why, sizeof r->why, "%s", why->text);
	r->is_halted = 1;
	r->halted_at = k->offset;
	r->halted_bytes = (int64_t)k->len;
	r->halted_ms = appended_ms(k);
	settle_pauses(f);
	return 0;
}

/* Retention takes what nobody has skipped, too: then there is nothing to wait for. */
static int has_lost_halt(struct feed *f, int64_t now_ms)
{
	struct kafka_range *ranges = xcalloc(f->n + 1, sizeof *ranges);
	size_t n = 0;
	int lost = 0;

	for (size_t i = 0; i < f->n && now_ms >= f->halts_due_ms; i++)
		if (f->readings[i].is_halted)
			ranges[n++].partition = f->readings[i].id;
	if (n > 0) {
		kafka_ranges(f->rk, f->options->topic, ranges, n);
		f->halts_due_ms = clock_boot_ms() + HALTS_MS;
	}
	for (size_t i = 0; i < n; i++) {
		const struct reading *r = reading_of(f, ranges[i].partition);

		if (ranges[i].err.class != ERR_NONE ||
		    (r->halted_at >= ranges[i].low && r->halted_at < ranges[i].high))
			continue;
		log_warn("the message that halts a partition is not in the topic any more; "
			 "reading goes on",
			 L_INT("partition", r->id), L_INT("offset", r->halted_at));
		lost = 1;
	}
	free(ranges);
	return lost;
}

int feed_has_changed(struct feed *f, int64_t now_ms)
{
	if (f->is_starting || f->n == 0)
		return 0;
	if (f->is_other) {
		log_warn("the topic does not go on where it should (deleted, recreated, or cut?); "
			 "looking for the place to go on");
		return 1;
	}
	return has_lost_halt(f, now_ms) || offsets_answer_again(f->offsets, f->rk, now_ms);
}

int feed_halted(struct feed *f, int32_t *partition, int64_t *offset, int64_t *bytes)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct reading *r = &f->readings[f->halted_next++ % f->n];

		if (!r->is_halted)
			continue;
		*partition = r->id;
		*offset = r->halted_at;
		*bytes = r->halted_bytes;
		return 1;
	}
	return 0;
}

void feed_pass(struct feed *f, int32_t partition, int64_t offset)
{
	struct reading *r = reading_of(f, partition);

	if (!r || !r->is_halted || r->halted_at != offset)
		return;
	r->is_halted = 0;
	log_info("a message was skipped; reading goes on behind it", L_INT("partition", partition),
		 L_INT("offset", offset));
	settle_pauses(f);
}

static int read_message(struct feed *f, const rd_kafka_message_t *k, struct feed_item *out)
{
	struct message m;
	struct err why;

	switch (intake_judge(f->options->source, k->key, k->key_len, k->payload, k->len, &m,
			     &why)) {
	case INTAKE_CANDLE:
		read_bar(&m, out);
		break;
	case INTAKE_SKIP:
		break;
	case INTAKE_DEAD:
		return refuse(f, k, &why);
	case INTAKE_HALT:
		return halt(f, k, &why);
	}
	return 1;
}

/* An end of partition comes as the offset before it: behind the last candle there may be offsets
 * that hold no message. */
static int read_event(struct feed *f, const rd_kafka_message_t *k, struct feed_item *out)
{
	struct reading *r = reading_of(f, k->partition);
	int is_end = k->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;

	if (!r || f->is_starting || r->is_halted || (k->err && !is_end))
		return 0;
	f->is_other |= k->offset < r->next;
	if (f->is_other)
		return 0;
	r->next = is_end ? k->offset : k->offset + 1;
	out->symbol[0] = '\0';
	out->partition = k->partition;
	out->offset = is_end ? k->offset - 1 : k->offset;
	out->appended_ms = is_end ? 0 : appended_ms(k);
	return is_end || read_message(f, k, out);
}

int feed_poll(struct feed *f, int wait_ms, struct feed_item *out)
{
	rd_kafka_message_t *k = rd_kafka_consumer_poll(f->rk, wait_ms);
	int got;

	if (!k)
		return 0;
	if (k->err && k->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		on_error(f->rk, k->err, rd_kafka_message_errstr(k), f);
	got = read_event(f, k, out);
	rd_kafka_message_destroy(k);
	return got;
}

int feed_commit(struct feed *f, const struct place_done *places, size_t n, int is_last)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, f->options->topic, places[i].partition)
			->offset = places[i].next;
	if (n > 0)
		code = is_last ? kafka_commit(f->rk, list) : rd_kafka_commit(f->rk, list, 1);
	if (code)
		log_debug("offsets not committed; the next commit covers them",
			  L_STR("error", rd_kafka_err2str(code)));
	rd_kafka_topic_partition_list_destroy(list);
	return code ? -1 : 0;
}
