/* SPDX-License-Identifier: MIT */
/* Whose candles a topic carries. */
#ifndef GAPLESS_KAFKA_SOURCE_H
#define GAPLESS_KAFKA_SOURCE_H

#include <librdkafka/rdkafka.h>

#include "common/candle/candle.h"

/* Reads a few of the newest messages, for at most some seconds; rk is a consumer without a group.
 * 1: none of them is of this source, and other[] is one that they are of. 0: it fits, as far as can
 * be told. */
int kafka_source_is_other(rd_kafka_t *rk, const char *topic, const char *source,
			  char other[SOURCE_BYTES]);

#endif
