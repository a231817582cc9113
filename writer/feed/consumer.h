/* SPDX-License-Identifier: MIT */
/* The Kafka side: configuration of the consumer, and the calls on it that need more than one line.
 * All blocking calls have a short limit and are made on the main thread. */
#ifndef GAPLESS_CONSUMER_H
#define GAPLESS_CONSUMER_H

#include <librdkafka/rdkafka.h>

#include "assigned.h"
#include "replay_plan.h"
#include "start.h"
#include "writer/batch.h"
#include "writer/options.h"

/* The consumer, with its queue turned to rd_kafka_consumer_poll(); not subscribed. `opaque` goes to
 * the callbacks. Without on_rebalance it is one for partitions of our own choice: it never joins a
 * group nor commits, and is told the end of a partition. NULL: *err. */
rd_kafka_t *consumer_new(const struct options *o,
			 void (*on_rebalance)(rd_kafka_t *, rd_kafka_resp_err_t,
					      rd_kafka_topic_partition_list_t *, void *),
			 void (*on_error)(rd_kafka_t *, int, const char *, void *), void *opaque,
			 struct err *err);

/* How many partitions the topic has, 0 if it does not exist, -1 if no broker answers (*err).
 */
int consumer_topic_partitions(rd_kafka_t *rk, const char *topic, struct err *err);
int consumer_subscribe(rd_kafka_t *rk, const char *topic, struct err *err);

/* Committed offset and watermarks of a partition each: fills facts[i] for a->v[i]. 0, or -1 (*err):
 * ask again later. */
int consumer_facts(rd_kafka_t *rk, const char *topic, const struct assigned *a,
		   struct start_facts *facts, struct err *err);

/* The same for a replay: fills low, high and from (the first offset that the broker stamped with
 * from_ms or later; INT64_MIN: low) of parts[i] for a->v[i]. */
int consumer_bounds(rd_kafka_t *rk, const char *topic, const struct assigned *a, int64_t from_ms,
		    struct replay_part *parts, struct err *err);

/* Assigns exactly the partitions that are not done, from their `next` on. A fresh assignment:
 * seeking leaves partitions stuck. */
int consumer_assign(rd_kafka_t *rk, const char *topic, const struct assigned *a, struct err *err);

/* Pauses or resumes partitions: all that are reading, or with `all` every one. */
void consumer_pause(rd_kafka_t *rk, const char *topic, const struct assigned *a);
void consumer_resume(rd_kafka_t *rk, const char *topic, const struct assigned *a, int all);
void consumer_pause_one(rd_kafka_t *rk, const char *topic, int32_t partition);

/* Has librdkafka fetch more, where the queue is no longer full and there is more; some versions
 * would take a second to notice. To be called again after so many milliseconds, while there is room
 * for more. */
int consumer_keep_fetching(rd_kafka_t *rk, const char *topic, const struct assigned *a);

/* Commits the ends of a stored batch, and waits for the answer. 0; ERR_RETRY: refused or not
 * answered, harmless, the next commit covers it; ERR_FATAL: this consumer was replaced. */
enum err_class consumer_commit(rd_kafka_t *rk, const char *topic, const struct batch *stored,
			       struct err *err);

/* Messages between what was taken and the end of the partitions, as far as the client knows. */
int64_t consumer_lag(rd_kafka_t *rk, const char *topic, const struct assigned *a);
/* Partitions whose beginning has moved past what was taken, so that nothing says so but this: 1
 * where there is one. */
int consumer_is_behind_beginning(rd_kafka_t *rk, const char *topic, const struct assigned *a);

#endif
