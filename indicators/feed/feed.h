/* SPDX-License-Identifier: MIT */
/* candles.v1, read in the process's own group: partitions come and go, messages come as bars.
 *
 * After an assignment nothing is read until somebody has decided where: feed_is_starting, feed_ask,
 * feed_begin. */
#ifndef GAPLESS_INDICATORS_FEED_H
#define GAPLESS_INDICATORS_FEED_H

#include "commits.h"
#include "common/candle/candle.h"
#include "common/kafka/kafka_stats.h"
#include "halts.h"
#include "indicators/series/timeline.h"
#include "offsets.h"

struct feed;

/* A candle; or, without a symbol, only an offset: everything up to it is done with. */
struct feed_item {
	char symbol[SYMBOL_BYTES];
	const struct interval *interval;
	int32_t partition;
	int64_t offset;
	int64_t appended_ms; /* when the broker took it; 0: not known */
	struct timeline_input in;
};

/* NULL: *err. */
struct feed *feed_new(const struct options *o, struct err *err);
/* Leaves the group. */
void feed_close(struct feed *f);
void feed_free(struct feed *f);

/* Subscribes, once the topic is there; says what is halted. */
void feed_step(struct feed *f, int64_t now_ms);

/* 1 while partitions are assigned and nothing is read. */
int feed_is_starting(const struct feed *f);
/* What Kafka says of the partitions that are assigned, since feed_ask(), which is as offsets_ask().
 */
const struct offsets *feed_offsets(const struct feed *f);
int feed_ask(struct feed *f, struct err *err) __attribute__((warn_unused_result));
/* Reads from these places on. */
int feed_begin(struct feed *f, const struct consumer_place *from, size_t n, struct err *err)
	__attribute__((warn_unused_result));
/* 1 if that is due because of the topic, and said: it may be another one of that name, the message
 * that halts a partition is gone from it, or a partition that could not be read can be. */
int feed_has_changed(struct feed *f, int64_t now_ms);
/* Everything again: nothing is read until feed_begin. */
void feed_restart(struct feed *f);

enum feed_news {
	FEED_NOTHING, /* or nothing of ours */
	FEED_ITEM,    /* *out */
	FEED_ENDS     /* the group takes the partitions back: finish what is in memory, if
			 feed_has_lost() does not say that it is too late for that, then
			 feed_give_back() */
};
/* Waits at most wait_ms for something. */
enum feed_news feed_poll(struct feed *f, int wait_ms, struct feed_item *out);
/* 1: another process may have the partitions already. */
int feed_has_lost(const struct feed *f);
void feed_give_back(struct feed *f);
void feed_pause(struct feed *f, int on);
/* 1 if the symbol's messages go to a partition that is assigned here. */
int feed_owns(const struct feed *f, const char *symbol);

/* Places before which everything is done. Asynchronous, or waited for, some
 * seconds at most (0, or -1: not committed). */
int feed_commit(struct feed *f, const struct consumer_place *places, size_t n, int is_last);
/* 1: this process was replaced by another one of the same id. */
int feed_is_fenced(const struct feed *f);

/* Why nothing is read, a constant; NULL: everything is well. */
const char *feed_waits_for(const struct feed *f);
/* The messages that halt a partition. */
struct halts *feed_halts(const struct feed *f);
/* The job of halts_job() is back: if the message was skipped, reading goes on behind it. */
void feed_pass(struct feed *f);
/* Messages of the partition from that offset on, up to the end that the last fetch showed. */
int64_t feed_messages_from(const struct feed *f, int32_t partition, int64_t offset);
/* Messages that are not candles, so far. */
int64_t feed_unreadable(const struct feed *f);
const struct kafka_stats *feed_stats(const struct feed *f);

#endif
