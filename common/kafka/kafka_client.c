/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_client.h"

#include <pthread.h>
#include <time.h>

#include "common/base/log.h"

enum { END_S = 3, COMMIT_MS = 5000 };

rd_kafka_t *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *what,
			     struct err *err)
{
	char text[512];
	rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));

	if (rk)
		return rk;
	rd_kafka_conf_destroy(conf);
	err_set(err, ERR_FATAL, "the Kafka %s cannot be made: %s", what, text);
	return NULL;
}

rd_kafka_resp_err_t kafka_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets)
{
	rd_kafka_queue_t *answers = rd_kafka_queue_new(rk);
	rd_kafka_resp_err_t code = rd_kafka_commit_queue(rk, offsets, answers, NULL, NULL);
	rd_kafka_event_t *event = code ? NULL : rd_kafka_queue_poll(answers, COMMIT_MS);

	if (!code)
		code = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(answers);
	return code;
}

static void *destroy(void *rk)
{
	rd_kafka_destroy(rk);
	return NULL;
}

/* Since 2.0 a consumer whose topic was deleted under it waits for ever for a partition that it
 * itself still refers to (issue 4362 of confluentinc/librdkafka). */
void kafka_client_free(rd_kafka_t *rk)
{
	struct timespec until;
	pthread_t thread;

	if (!rk)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	if (pthread_create(&thread, NULL, destroy, rk) != 0)
		destroy(rk);
	else if (pthread_timedjoin_np(thread, NULL, &until) != 0) {
		pthread_detach(thread);
		log_debug("the Kafka client does not end by itself; it ends with the process");
	}
}
