/* SPDX-License-Identifier: MIT */
/* Kafka's end of the producer: messages out, delivery reports back. A delivery report is the only
 * proof; what has none is not there.
 *
 * Owns the librdkafka producer and recreates it after a fatal error of the idempotent producer
 * (librdkafka 2.0.2 raises one spuriously after "possibly persisted" disconnects): whatever was not
 * acknowledged then is reported as failed, is a gap again, and is fetched again. */
#ifndef GAPLESS_PUBLISH_H
#define GAPLESS_PUBLISH_H

#include <librdkafka/rdkafka.h>

#include "common/kafka/kafka_stats.h"
#include "producer/options.h"
#include "producer/series/series_page.h"

struct publisher;

struct publisher_stats {
	int64_t sent, delivered, failed, recreated;
	struct kafka_stats kafka;
};

/* The options outlive it. NULL: *err. */
struct publisher *publisher_new(const struct options *options, struct err *err);
/* Whatever is outstanding is given up. */
void publisher_free(struct publisher *p);

/* The topic has so many partitions. */
void publisher_partitions(struct publisher *p, int32_t n);
/* 1 if so many messages may still be sent before the limit. */
int publisher_has_room(struct publisher *p, int64_t messages);
/* How many pages may be on their way at the same time. Where Kafka refuses the topic as a whole (a
 * privilege is missing, say), fetching would be in vain: none, and after growing pauses one, to
 * try. */
int64_t publisher_pages(const struct publisher *p, int64_t boot_ms);
/* 1 if the symbol's partition takes messages: none waits there for longer than usual, and it
 * refused none a moment ago. One that does not would fill the room of the others. */
int publisher_takes(const struct publisher *p, const char *symbol, int64_t boot_ms);
int64_t publisher_outstanding(const struct publisher *p);
/* Takes a copy; its report reaches the series in a later publisher_poll. A message that cannot be
 * queued is reported as failed at once. */
void publisher_send(struct publisher *p, struct series *s, const struct publication *pub,
		    int64_t fetched_at_ms);
/* Serves reports. 0, or -1: fatal errors keep coming (ERR_FATAL). */
int publisher_poll(struct publisher *p, struct err *err) __attribute__((warn_unused_result));
/* Readable while there are reports to serve. */
int publisher_fd(const struct publisher *p);
/* Waits up to deadline_ms for the outstanding reports; returns how many did not come. */
int64_t publisher_drain(struct publisher *p, int64_t deadline_ms);
/* For admin requests about the topic; valid until the next publisher_poll. */
rd_kafka_t *publisher_handle(struct publisher *p);
struct publisher_stats publisher_stats(const struct publisher *p);

#endif
