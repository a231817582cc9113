/* SPDX-License-Identifier: MIT */
#include "peek.h"

#include "common/base/clock.h"
#include "common/candle/intake.h"
#include "common/kafka/consumer.h"

enum { READ_MS = 3000, POLL_MS = 100, FETCH_BYTES = 2 << 20 };

static int halts(const struct options *o, const rd_kafka_message_t *k, int64_t offset)
{
	struct message m;
	struct err why;

	return k->offset == offset && intake_judge(o->source, k->key, k->key_len, k->payload,
						   k->len, &m, &why) == INTAKE_HALT;
}

int peek_halts(const struct options *o, int32_t partition, int64_t offset)
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
	const rd_kafka_message_t *k = NULL;
	enum consumer_news news = CONSUMER_NOTHING;
	struct err err;
	struct consumer *c = consumer_new(&settings, CONSUMER_ALONE, &err);
	int rc = 0;

	if (!c)
		return 0;
	if (consumer_assign(c, &from, 1, &err) == 0) {
		while (news == CONSUMER_NOTHING && clock_boot_ms() < until)
			news = consumer_poll(c, POLL_MS, &k);
		rc = news == CONSUMER_MESSAGE && halts(o, k, offset);
	}
	consumer_close(c);
	consumer_free(c);
	return rc;
}
