/* SPDX-License-Identifier: MIT */
/* A client of Kafka, from its configuration (kafka.h) to its end. */
#ifndef GAPLESS_KAFKA_CLIENT_H
#define GAPLESS_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include "common/base/error.h"

/* Takes the configuration in either case. what: "consumer". NULL: *err (ERR_FATAL). */
rd_kafka_t *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *what,
			     struct err *err) __attribute__((warn_unused_result));
/* Commits for the client's group, and waits for the answer; some seconds at most, since a broker
 * that stands still gives none (rd_kafka_commit() waits for a minute and more). */
rd_kafka_resp_err_t kafka_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets)
	__attribute__((warn_unused_result));
/* At the end of the process: waits for the client's threads, for some seconds at most, and then
 * leaves them to the process's end. What is to be committed or delivered is so before. NULL: none.
 */
void kafka_client_free(rd_kafka_t *rk);

#endif
