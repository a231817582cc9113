/* SPDX-License-Identifier: MIT */
/* The librdkafka properties of the writer's consumer: ours, and the user's. */
#ifndef GAPLESS_CONSUMER_CONF_H
#define GAPLESS_CONSUMER_CONF_H

#include <librdkafka/rdkafka.h>

#include "writer/options.h"

/* Messages that are read ahead; then fetching stops. */
enum { CONSUMER_QUEUED = 10000 };

/* As consumer_new(); it sees what is committed, or with `all` what is in open transactions, too.
 * The caller owns it. NULL: *err. */
rd_kafka_conf_t *consumer_conf_new(const struct options *o, int in_group, int all, struct err *err);
/* 1 if fetching begins again only a second after the queue was full. */
int consumer_conf_is_slow(void);

#endif
