/* SPDX-License-Identifier: MIT */
#include "topic.h"

#include "common/kafka/kafka_source.h"
#include "strangers.h"

struct consumer *topic_consumer_new(const struct options *o, enum consumer_role role,
				    struct err *err)
{
	const struct consumer_settings settings = {
		.brokers = o->brokers,
		.topic = o->topic,
		.group = role == CONSUMER_MEMBER ? o->group : "gapless-replay",
		.client_id = WRITER_CLIENT_ID,
		.session_timeout_ms = o->session_timeout_ms,
		.queued_messages = TOPIC_QUEUED,
		.fetch_bytes = 4000000,
		.partition_fetch_bytes = 400000,
		.user = &o->kafka,
		.instance_id = o->group_instance_id != NULL ? o->group_instance_id : "",
	};

	return consumer_new(&settings, role, err);
}

int topic_check_source(const struct options *o, struct err *err)
{
	struct consumer *c = topic_consumer_new(o, CONSUMER_ALONE, err);
	char other[SOURCE_BYTES];
	int rc = c != NULL ? 0 : -1;

	if (c != NULL && kafka_source_is_other(consumer_handle(c), o->topic, o->source, other))
		rc = err_set(
			err, ERR_INPUT,
			"the topic %s carries candles of the source \"%s\", not of \"%s\" (--source): "
			"one topic and one table hold one source; use that source, or another topic "
			"and database",
			o->topic, other, o->source);
	consumer_free(c);
	return rc;
}
