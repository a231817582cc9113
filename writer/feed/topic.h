/* SPDX-License-Identifier: MIT */
/* The topic of the candles, as the writer reads it. */
#ifndef GAPLESS_WRITER_TOPIC_H
#define GAPLESS_WRITER_TOPIC_H

#include "common/kafka/consumer.h"
#include "writer/options.h"

/* Messages that are read ahead; then fetching stops. */
enum { TOPIC_QUEUED = 10000 };

/* NULL: *err. */
struct consumer *topic_consumer_new(const struct options *o, enum consumer_role role,
				    struct err *err);
/* Before it begins: does the topic carry another source? 0: no, as far as the brokers say, who have
 * some seconds for it; -1: *err (ERR_INPUT). */
int topic_check_source(const struct options *o, struct err *err)
	__attribute__((warn_unused_result));

#endif
