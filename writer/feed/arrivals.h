/* SPDX-License-Identifier: MIT */
/* What comes from the topic, put into the order of its partition. Each returns what follows:
 * FOLLOW_RESTART if it does not fit there, after saying so. */
#ifndef GAPLESS_ARRIVALS_H
#define GAPLESS_ARRIVALS_H

#include <librdkafka/rdkafka.h>

#include "feed_kind.h"

/* What Kafka says of a message; lent, as that is. Of an end of partition: its place alone. */
struct arrival arrival_of(const rd_kafka_message_t *m);
/* A message: *a, of which Kafka has said its part, is completed. It stays without a place if it is
 * nothing to us. */
unsigned arrivals_message(const struct feed_kind *kind, const void *self,
			  const struct partitions *ps, struct arrival *a);
/* The partition has nothing at that offset yet: *a is what lies before it and carries no message.
 */
unsigned arrivals_end(const struct feed_kind *kind, void *self, const struct partitions *ps,
		      struct arrival *a);
/* The topic does not have that offset (any more). */
unsigned arrivals_out_of_range(const struct partitions *ps, const struct arrival *a);
/* The topic is not there (any more), or a part of it: it is told from another one of that name
 * where the partitions start. */
unsigned arrivals_gone(const struct partitions *ps);

#endif
