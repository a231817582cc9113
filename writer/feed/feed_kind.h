/* SPDX-License-Identifier: MIT */
/* In what the two kinds of feeds differ, as a table of functions. */
#ifndef GAPLESS_FEED_KIND_H
#define GAPLESS_FEED_KIND_H

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

/* The others of the group, when they were last asked for. */
struct feed_others {
	int strangers;        /* members that are not writers */
	int stored_elsewhere; /* partitions that writers store into another database */
};

/* What follows `report` may be NULL: there is nothing to do, and everything is wanted. */
struct feed_kind {
	/* A partition is halted, by a message that nobody has skipped: what is said, and follows.
	 */
	struct {
		const char *text;
		unsigned follow;
	} halt;
	/* What is said of a partition that waits: for the end of a transaction that another program
	 * has open in it, or for Kafka to answer for it. */
	struct {
		const char *held, *unread;
	} stall;
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
	/* 1 if *work is a check that is due; idle: nothing is in memory. And the answer to it. */
	int (*check)(void *self, int idle, int64_t now_ms, struct store_work *work);
	void (*checked)(void *self, const struct store_work *work, int64_t now_ms);
	struct feed_others (*others)(const void *self);
	/* As feed_commit() and feed_settle(). */
	unsigned (*commit)(void *self, struct tally *tally, int64_t now_ms);
	void (*settle)(void *self, struct tally *tally, int64_t until_ms);
	int (*wants)(const void *self, const struct arrival *a);
	/* The partition has nothing at `offset` yet, although its end is beyond. */
	unsigned (*short_of_end)(void *self, const struct partition *p, int64_t offset);
	int (*exit_code)(void *self, int code, const struct tally *tally, int64_t now_ms);
};

#endif
