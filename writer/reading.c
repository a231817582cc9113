/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "common/clock.h"
#include "common/kafka.h"
#include "common/log.h"
#include "common/stop.h"
#include "intake.h"
#include "writer.h"
#include "writer/feed/consumer.h"
#include "writer/feed/replay.h"

enum { READ_AT_ONCE = 2000, SAY_MS = 60000, SAY_DEAD_MS = 10000 };

static void halt(struct writer *w, struct partition *p, int64_t offset, const struct err *why)
{
	if (w->replay != NULL) {
		log_error("the replay cannot pass a message; nothing after it is replayed",
			  L_STR("error", why->text), L_INT("partition", p->id),
			  L_INT("offset", offset));
		writer_end(w, EXIT_PERSON);
		return;
	}
	assigned_halt(p, why);
	consumer_pause_one(w->rk, w->options->topic, p->id);
	log_error("a partition is halted; the others go on", L_STR("error", why->text),
		  L_INT("partition", p->id), L_INT("offset", offset));
	log_due(&p->say_halted, clock_boot_ms(), SAY_MS, &(int64_t){0});
}

/* 1 if the message may go to the dead letters; 0 if there have been too many in a row. */
static int dead_is_bearable(struct writer *w, struct partition *p, const rd_kafka_message_t *m,
			    const struct err *why)
{
	int64_t limit = w->options->dead_letter_limit, skipped;

	p->dead_run++;
	if (limit != 0 && p->dead_run > limit) {
		log_error(
			"too many messages in a row are not candles; stopping before they are committed: "
			"look at them, then set "
			"--dead-letter-limit higher or to 0 (no limit) to go on",
			L_INT("dead-letter-limit", limit), L_STR("topic", w->options->topic),
			L_INT("partition", p->id), L_INT("offset", m->offset),
			L_STR("error", why->text));
		writer_end(w, EXIT_PERSON);
		return 0;
	}
	if (log_due(&w->say_dead, clock_boot_ms(), SAY_DEAD_MS, &skipped))
		log_warn("a message is not a candle; it goes to candle_dead_letter",
			 L_STR("error", why->text), L_INT("partition", p->id),
			 L_INT("offset", m->offset), L_INT("suppressed", skipped));
	return 1;
}

static enum intake judge(const struct writer *w, const rd_kafka_message_t *m, struct message *out,
			 struct err *why)
{
	if (w->replay != NULL && !replay_wants(&w->replay->spec, m->key, m->key_len))
		return INTAKE_SKIP;
	return intake_judge(w->options->source, m->key, m->key_len, m->payload, m->len, out, why);
}

static void take(struct writer *w, struct partition *p, const rd_kafka_message_t *m)
{
	struct message message = {0};
	struct err why;
	enum intake kind = judge(w, m, &message, &why);

	if (kind == INTAKE_HALT) {
		halt(w, p, m->offset, &why);
		return;
	}
	if (kind == INTAKE_DEAD && !dead_is_bearable(w, p, m, &why))
		return;
	batch_take(w->filling, p->id, p->next, m->offset, m->len + m->key_len, clock_boot_ms());
	assigned_took(p, m->offset);
	w->tally.messages++;
	switch (kind) {
	case INTAKE_CANDLE:
		batch_add(w->filling, p->id, m->offset, &message);
		w->tally.inconsistent += candle_is_inconsistent(&message.candle);
		p->dead_run = 0;
		break;
	case INTAKE_DEAD:
		batch_add_dead_letter(w->filling, p->id, m->offset, m->key, m->key_len, m->payload,
				      m->len, why.text);
		break;
	case INTAKE_SKIP:
	case INTAKE_HALT:
		w->tally.skipped++;
		p->dead_run = 0;
		break;
	}
}

static void on_message(struct writer *w, const rd_kafka_message_t *m)
{
	struct partition *p = assigned_find(&w->assigned, m->partition);

	switch (assigned_judge(p, m->offset)) {
	case ARRIVAL_IGNORED:
		return;
	case ARRIVAL_BACK:
	case ARRIVAL_JUMP:
		log_warn("the topic does not go on where it should; looking for the place to go on",
			 L_INT("partition", m->partition), L_INT("expected", p->next),
			 L_INT("offset", m->offset));
		writer_restart(w);
		return;
	case ARRIVAL_HOLE:
		w->tally.lost_offsets += (m->offset < p->end ? m->offset : p->end) - p->next;
		log_error(
			"messages are gone from the topic that were never read; the producer fetches their "
			"candles again",
			L_STR("topic", w->options->topic), L_INT("partition", m->partition),
			L_INT("from", p->next), L_INT("to", m->offset),
			L_INT("messages", m->offset - p->next));
		if (m->offset >= p->end) {
			replaying_close(w, p);
			return;
		}
		break;
	case ARRIVAL_NEXT:
		break;
	}
	take(w, p, m);
	if (p->state == PARTITION_DONE)
		consumer_pause_one(w->rk, w->options->topic, p->id);
}

static void on_kafka_error(struct writer *w, const rd_kafka_message_t *m)
{
	int64_t skipped;

	switch (m->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		if (w->replay != NULL)
			replaying_eof(w, m->partition, m->offset);
		return;
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
		if (log_due(&w->say_topic, clock_boot_ms(), SAY_MS, &skipped))
			log_warn("the topic is gone; waiting for it",
				 L_STR("topic", w->options->topic));
		return;
	case RD_KAFKA_RESP_ERR__FATAL:
		kafka_log_error(w->rk, m->err, rd_kafka_message_errstr(m));
		writer_end(w, EXIT_FENCED);
		return;
	default:
		kafka_log_error(w->rk, m->err, rd_kafka_message_errstr(m));
	}
}

void writer_read(struct writer *w, int wait_ms)
{
	int64_t generation = w->generation;

	for (int i = 0; i < READ_AT_ONCE; i++) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(w->rk, i == 0 ? wait_ms : 0);

		if (m == NULL)
			return;
		if (m->err)
			on_kafka_error(w, m);
		else
			on_message(w, m);
		rd_kafka_message_destroy(m);
		if (w->ending || w->generation != generation || batch_is_full(w->filling))
			return;
	}
}
