/* SPDX-License-Identifier: MIT */
#include "topic.h"

#include "common/candle/intake.h"

/* As librdkafka has them by default. */
enum { QUEUED = 100000, FETCH_BYTES = 50 << 20, PARTITION_FETCH_BYTES = 1 << 20 };

struct consumer *topic_consumer_new(const struct options *o, enum consumer_role role,
				    struct err *err)
{
	const struct consumer_settings settings = {.brokers = o->brokers,
						   .topic = o->topic,
						   .group = o->group,
						   .client_id = "gapless-indicators",
						   .queued_messages = QUEUED,
						   .fetch_bytes = FETCH_BYTES,
						   .partition_fetch_bytes = PARTITION_FETCH_BYTES,
						   .session_timeout_ms = o->session_timeout_ms,
						   .user = &o->kafka};

	return consumer_new(&settings, role, err);
}

int topic_halts_at(const struct options *o, struct consumer_place place)
{
	struct err err;
	struct consumer *c = topic_consumer_new(o, CONSUMER_ALONE, &err);
	const rd_kafka_message_t *k;
	struct message m;
	int halts = consumer_first(c, place, &k) == CONSUMER_MESSAGE && k->offset == place.offset &&
		    intake_judge(o->source, k->key, k->key_len, k->payload, k->len, &m, &err) ==
			    INTAKE_HALT;

	consumer_free(c);
	return halts;
}
