/* SPDX-License-Identifier: MIT */
/* candles.v1, read in the process's own group: partitions come and go, messages come as bars. */
#ifndef GAPLESS_INDICATORS_FEED_H
#define GAPLESS_INDICATORS_FEED_H

#include <librdkafka/rdkafka.h>

#include "common/candle/candle.h"
#include "options.h"
#include "window.h"

struct feed;

struct feed_item {
	char symbol[SYMBOL_BYTES];
	const struct interval *interval;
	int32_t partition;
	int64_t offset;
	struct window_input in;
};

/* What the loop must do before partitions are taken away: is_lost, another process may have them
 * already. Called inside feed_poll and feed_close. */
struct feed_owner {
	void (*revoked)(void *owner, int is_lost);
	void *owner;
};

/* NULL: *err. */
struct feed *feed_new(const struct options *o, struct feed_owner owner, struct err *err);
/* Leaves the group (revoked is called). */
void feed_close(struct feed *f);
void feed_free(struct feed *f);

/* Subscribes, once the topic is there; says what is halted. */
void feed_step(struct feed *f, int64_t now_ms);
/* Waits at most wait_ms for a message. 1: *out is one; 0: none, or one that is none of ours. */
int feed_poll(struct feed *f, int wait_ms, struct feed_item *out);
/* Offsets up to which everything is done: `next` of a partition. Asynchronous, or waited for. */
struct feed_place {
	int32_t partition;
	int64_t next;
};
void feed_commit(struct feed *f, const struct feed_place *places, size_t n, int is_last);
/* 1: this process was replaced by another one of the same id. */
int feed_is_fenced(const struct feed *f);

#endif
