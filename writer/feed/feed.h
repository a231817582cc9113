/* SPDX-License-Identifier: MIT */
/* Where messages come from, and how far: the live group (feed_group.c), or a replay
 * (feed_replay.c). What differs between the two is a table of functions; the rest is here: the
 * consumer, its partitions, the offsets that must follow each other.
 *
 *   join the topic -> partitions -> start of each (asked of Kafka, decided in the database)
 *       -> arrivals, in order -> what was stored, committed
 *
 * Whatever goes wrong with the order of things (partitions given, taken, lost; a database that lost
 * something; a topic that is not what it was) leads to the same place: what is in memory is void, a
 * new generation begins, the start of each partition is found again. Functions say so by their
 * result; the caller drops or stores what it has, and comes back. */
#ifndef GAPLESS_FEED_H
#define GAPLESS_FEED_H

#include "common/kafka/consumer.h"
#include "feed_kind.h"

struct feed;
struct options;
struct replay_spec;

/* The live feed: the partitions that the consumer group gives, each from the smaller of committed
 * offset and position, without an end. NULL: *err; the settings are to blame. */
struct feed *feed_group_new(const struct options *o, struct err *err);
/* A stretch of the topic to an end, beside the live writer; `spec` lives longer. NULL: as above.
 *
 *   it reads        partitions that it assigns to itself: no group, no committed offsets
 *   it stores       candles, coverage and dead letters in the writer's transaction
 *   it is resumed   by market_data_replay, in that same transaction; market_data_position is not
 *                   its own */
struct feed *feed_replay_new(const struct options *o, const struct replay_spec *spec,
			     struct err *err);
/* Frees consumer and partitions, too. */
void feed_free(struct feed *f);

/* ---- a turn of the loop, in this order */

/* Looks for the topic until it is there, then joins it. */
unsigned feed_join(struct feed *f, int64_t now_ms);
/* 1 if *work is for the database: where the partitions start, or whether what was stored is still
 * there (only if nothing is in memory: `idle`). What it points to is lent until feed_answer(). */
int feed_ask(struct feed *f, int idle, int64_t now_ms, struct store_work *work);
/* The same, whatever is in memory: was what halts a partition skipped? If feed_asks_skips(). */
int feed_asks_skips(const struct feed *f, int64_t now_ms);
void feed_ask_skips(struct feed *f, int64_t now_ms, struct store_work *work);
/* What the database said to that; only one of this generation counts. */
unsigned feed_answer(struct feed *f, const struct store_done *done, struct tally *tally,
		     int64_t now_ms);
/* No room for what comes; and room again. */
void feed_pause(struct feed *f, int pause);
int feed_is_paused(const struct feed *f);
/* Says how things stand, where that is due. */
unsigned feed_report(struct feed *f, struct tally *tally, int64_t now_ms);
/* Keeps the queue of what comes filled. */
void feed_keep_fetching(struct feed *f, int64_t now_ms);
/* 1 if something came within wait_ms, and more may; *a is to be taken if a->next > a->from. */
int feed_poll(struct feed *f, int wait_ms, struct arrival *a, unsigned *follow);

/* ---- what becomes of an arrival */

/* It was taken; dead: as a dead letter. */
void feed_took(struct feed *f, const struct arrival *a, int dead);
/* It must not be taken by this program, nor anything after it, unless somebody skips it. */
void feed_halt(struct feed *f, const struct arrival *a, const struct err *why);
/* The batch is in the database. */
void feed_stored(struct feed *f, const struct batch *b);
/* Tells Kafka how far the database is, one commit at a time, without waiting, and takes the answer
 * to an earlier one. */
unsigned feed_commit(struct feed *f, struct tally *tally, int64_t now_ms);
/* Waits until Kafka knows all that is stored, or until then: before partitions are given back. */
void feed_settle(struct feed *f, struct tally *tally, int64_t until_ms);

/* ---- answers to FOLLOW_ */

void feed_restart(struct feed *f);
void feed_give_back(struct feed *f);
/* Leaves the group; nothing is polled any more. */
void feed_close(struct feed *f);

/* ---- questions */

/* Grows whenever what is in memory becomes void: what was begun in an older one does not count. */
int64_t feed_generation(const struct feed *f);
/* Milliseconds until feed_ask() has something to ask; INT64_MAX: nothing is due. */
int64_t feed_due_in(const struct feed *f, int64_t now_ms);
/* Messages that are still to be read (or, of a replay, stored). */
int64_t feed_left(const struct feed *f);
const struct partitions *feed_partitions(const struct feed *f);
/* Messages of that partition that are not stored, as far as the client knows. */
int64_t feed_lag(const struct feed *f, const struct partition *p);
/* Messages of that partition that are yet to be read, if it is read, as far as the client knows. */
int64_t feed_coming(const struct feed *f, const struct partition *p);
const struct kafka_stats *feed_kafka(const struct feed *f);
struct feed_others feed_others(const struct feed *f);
/* What it waits for before it can read, a constant; NULL: it reads, or has no partition to read. */
const char *feed_waits_for(const struct feed *f);
/* The exit code, given how the loop ended; says what goes with it. */
int feed_exit_code(struct feed *f, int code, const struct tally *tally, int64_t now_ms);

/* Of that kind. Takes all three. */
struct feed *feed_new(const struct feed_kind *kind, void *self, struct consumer *consumer,
		      struct partitions *partitions);

#endif
