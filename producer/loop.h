/* SPDX-License-Identifier: MIT */
/* The producer's loop, one thread: plan -> request -> answer -> candles -> Kafka. It owns the
 * parts, and is the only place that knows two of them:
 *
 *   share      which partitions are ours             listing   the exchange's list of markets
 *   requests   the gate to the exchange              lookups   what is covered, from the database
 *   publisher  Kafka's end                           catalogue the series, which are pure
 *
 * Whatever is down (exchange, broker, database), the loop goes on with the rest and says what it
 * waits for. Memory is bounded: at most HTTP_CONNECTIONS answers in flight, and none is asked for
 * that the publisher has no room for. */
#ifndef GAPLESS_LOOP_H
#define GAPLESS_LOOP_H

#include "producer/due.h"
#include "producer/options.h"

struct loop;

/* For ever as a member of the group, or one fetch. NULL: *err. The options outlive it. */
struct loop *loop_new(const struct options *options, struct err *err);
struct loop *loop_new_fetch(const struct options *options, struct err *err);
/* Runs until stop_requested(), a fetch until it is done, a producer until others with newer
 * settings take over (*err says which). -1: something needs a person; ERR_INPUT: these settings do
 * not fit to the database, the topic or the group. */
int loop_run(struct loop *l, struct err *err) __attribute__((warn_unused_result));
/* Drains what is published (up to drain_ms), leaves the group, and frees. Returns how many messages
 * got no acknowledgement; their candles are still gaps and are fetched again after the next start.
 */
int64_t loop_free(struct loop *l, int64_t drain_ms);

#endif
