/* SPDX-License-Identifier: MIT */
/* Where messages come from, and how far: the live group (feed_group.h), or a replay
 * (feed_replay.h). What differs between the two is a table of functions; the rest is here: the
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

#include "consumer.h"
#include "partitions.h"
#include "writer/arrival.h"
#include "writer/database/store.h"
#include "writer/tally.h"

/* What the caller does next; a set. */
enum follow {
	FOLLOW_NOTHING = 0,
	FOLLOW_RESTART = 1 << 0,   /* drop what is in memory, then feed_restart() */
	FOLLOW_GIVE_BACK = 1 << 1, /* store what is in memory, then feed_give_back() */
	FOLLOW_LOST = 1 << 2,      /* drop what is in memory, then feed_give_back() */
	FOLLOW_DONE = 1 << 3,      /* end: everything is read and stored */
	FOLLOW_PERSON = 1 << 4,    /* end: it needs a person */
	FOLLOW_USAGE = 1 << 5,     /* end: what the settings ask for is not there */
	FOLLOW_REPLACED = 1 << 6   /* end: another one with the same group-instance-id */
};

struct feed;

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
/* 1 if nothing more will come: all is read, stored or not. */
int feed_is_read(const struct feed *f);
/* Messages that are still to be read (or, of a replay, stored). */
int64_t feed_left(const struct feed *f);
const struct partitions *feed_partitions(const struct feed *f);
/* Messages of that partition that are not stored, as far as the client knows. */
int64_t feed_lag(const struct feed *f, const struct partition *p);
/* Messages of that partition that are yet to be read, if it is read, as far as the client knows. */
int64_t feed_coming(const struct feed *f, const struct partition *p);
const struct kafka_stats *feed_kafka(const struct feed *f);
/* Members of the group that are not writers, when they were last asked for. */
int feed_strangers(const struct feed *f);
/* Partitions that others of the group store into another database. */
int feed_stored_elsewhere(const struct feed *f);
/* What it waits for before it can read, a constant; NULL: it reads, or has no partition to read. */
const char *feed_waits_for(const struct feed *f);
/* The exit code, given how the loop ended; says what goes with it. */
int feed_exit_code(struct feed *f, int code, const struct tally *tally, int64_t now_ms);

/* ---- for the two kinds */

/* The last six may be NULL: there is nothing to do, and everything is wanted. */
struct feed_kind {
	/* A partition is halted, by a message that nobody has skipped: what is said, and follows.
	 */
	struct {
		const char *text;
		unsigned follow;
	} halt;
	void (*free)(void *self);
	/* The topic is there. 0, or -1 with *err: again later. */
	int (*join)(void *self, int partitions, struct err *err);
	/* It is not there, for the n-th time in a row. */
	unsigned (*absent)(void *self, int n, int64_t now_ms);
	/* Asks Kafka what the database needs to know to say where the partitions start. 0, or -1
	 * with *err: again later. */
	int (*ask)(void *self, struct store_work *work, struct err *err);
	/* The database's answer: starts the partitions. 0: not all of it is sure, ask again. */
	int (*start)(void *self, const struct store_done *done);
	/* They are assigned. */
	void (*started)(void *self, const struct store_done *done, struct tally *tally,
			int64_t now_ms);
	int64_t (*left)(const void *self);
	unsigned (*report)(void *self, struct tally *tally, int64_t now_ms);
	/* 1 if *work is a check that is due. */
	int (*check)(void *self, int64_t now_ms, struct store_work *work);
	/* As feed_commit() and feed_settle(). */
	unsigned (*commit)(void *self, struct tally *tally, int64_t now_ms);
	void (*settle)(void *self, struct tally *tally, int64_t until_ms);
	int (*wants)(const void *self, const struct arrival *a);
	/* The partition has nothing at `offset` yet, although its end is beyond. */
	unsigned (*short_of_end)(void *self, const struct partition *p, int64_t offset);
	int (*exit_code)(void *self, int code, const struct tally *tally, int64_t now_ms);
};

/* Takes all three. */
struct feed *feed_new(const struct feed_kind *kind, void *self, struct consumer *consumer,
		      struct partitions *partitions);

#endif
