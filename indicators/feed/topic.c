/* SPDX-License-Identifier: MIT */
#include "topic.h"

#include "common/base/clock.h"
#include "common/candle/intake.h"

/* As librdkafka has them by default. */
enum { QUEUED = 100000, FETCH_BYTES = 50 << 20, PARTITION_FETCH_BYTES = 1 << 20 };

enum { LOOK_MS = 3000, POLL_MS = 100 };

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

/* What comes first from the place on: NOTHING if that is not known within some seconds. *k is valid
 * until look_end(). */
static struct consumer *look(const struct options *o, struct consumer_place place,
			     enum consumer_news *news, const rd_kafka_message_t **k)
{
	int64_t until = clock_boot_ms() + LOOK_MS;
	struct err err;
	struct consumer *c = topic_consumer_new(o, CONSUMER_ALONE, &err);

	*news = CONSUMER_NOTHING;
	if (c && consumer_assign(c, &place, 1, &err) == 0) {
		while (*news == CONSUMER_NOTHING && clock_boot_ms() < until)
			*news = consumer_poll(c, POLL_MS, k);
	}
	return c;
}

static void look_end(struct consumer *c)
{
	if (c)
		consumer_close(c);
	consumer_free(c);
}

int topic_halts_at(const struct options *o, struct consumer_place place)
{
	const rd_kafka_message_t *k = NULL;
	enum consumer_news news;
	struct consumer *c = look(o, place, &news, &k);
	struct message m;
	struct err err;
	int rc = news == CONSUMER_MESSAGE && k->offset == place.offset &&
		 intake_judge(o->source, k->key, k->key_len, k->payload, k->len, &m, &err) ==
			 INTAKE_HALT;

	look_end(c);
	return rc;
}

int topic_time_at(const struct options *o, struct consumer_place *place, int64_t *at_ms)
{
	const rd_kafka_message_t *k = NULL;
	enum consumer_news news;
	struct consumer *c = look(o, *place, &news, &k);
	int rc = news == CONSUMER_MESSAGE || news == CONSUMER_EOF ? 0 : -1;

	if (rc == 0) {
		place->offset = k->offset;
		*at_ms = news == CONSUMER_EOF ? 0 : consumer_appended_ms(k);
	}
	look_end(c);
	return rc;
}
