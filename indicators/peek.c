/* SPDX-License-Identifier: MIT */
#include "peek.h"

#include "common/base/clock.h"
#include "common/candle/intake.h"
#include "common/kafka/consumer.h"

enum { READ_MS = 3000, POLL_MS = 100, FETCH_BYTES = 2 << 20 };

/* What comes first from an offset on: NOTHING if that is not known within some seconds. *k is valid
 * until the consumer is closed, which is the caller's; NULL: there is none. */
static struct consumer *peek(const struct options *o, int32_t partition, int64_t offset,
			     enum consumer_news *news, const rd_kafka_message_t **k)
{
	const struct consumer_settings settings = {.brokers = o->brokers,
						   .topic = o->topic,
						   .group = o->group,
						   .client_id = "gapless-indicators",
						   .queued_messages = 1,
						   .fetch_bytes = FETCH_BYTES,
						   .partition_fetch_bytes = FETCH_BYTES,
						   .session_timeout_ms = o->session_timeout_ms,
						   .user = &o->kafka};
	const struct consumer_place from = {partition, offset};
	int64_t until = clock_boot_ms() + READ_MS;
	struct err err;
	struct consumer *c = consumer_new(&settings, CONSUMER_ALONE, &err);

	*news = CONSUMER_NOTHING;
	if (c && consumer_assign(c, &from, 1, &err) == 0) {
		while (*news == CONSUMER_NOTHING && clock_boot_ms() < until)
			*news = consumer_poll(c, POLL_MS, k);
	}
	return c;
}

static void peek_end(struct consumer *c)
{
	if (c)
		consumer_close(c);
	consumer_free(c);
}

static int halts(const struct options *o, const rd_kafka_message_t *k, int64_t offset)
{
	struct message m;
	struct err why;

	return k->offset == offset && intake_judge(o->source, k->key, k->key_len, k->payload,
						   k->len, &m, &why) == INTAKE_HALT;
}

int peek_halts(const struct options *o, int32_t partition, int64_t offset)
{
	const rd_kafka_message_t *k = NULL;
	enum consumer_news news;
	struct consumer *c = peek(o, partition, offset, &news, &k);
	int rc = news == CONSUMER_MESSAGE && halts(o, k, offset);

	peek_end(c);
	return rc;
}

int peek_time(const struct options *o, int32_t partition, int64_t *offset, int64_t *at_ms)
{
	const rd_kafka_message_t *k = NULL;
	enum consumer_news news;
	struct consumer *c = peek(o, partition, *offset, &news, &k);
	int by_broker, rc = news == CONSUMER_MESSAGE || news == CONSUMER_EOF ? 0 : -1;

	if (rc == 0) {
		*offset = k->offset;
		*at_ms = consumer_appended_ms(k, &by_broker);
		if (news == CONSUMER_EOF || !by_broker)
			*at_ms = 0;
	}
	peek_end(c);
	return rc;
}
