/* SPDX-License-Identifier: MIT */
/* How far each partition is stored: market_data_position, read at assignments and while idle. */
#ifndef GAPLESS_POSITION_H
#define GAPLESS_POSITION_H

#include <stddef.h>

#include "session.h"
#include "start.h"

struct position_item {
	int32_t partition;
	struct start_facts facts; /* in: committed, low, high; out: position */
	int64_t confirmed;  /* in: a position beyond the topic's end that was seen before low and
			       high were  asked */
	int64_t message_at; /* out: the latest time of the messages before the position; -1: none
			     */
	int64_t asked_at;   /* in: message_at of before, that Kafka was asked about; -1: not yet */
	int64_t after;      /* in: the first offset that was taken after asked_at; -1: none */
	struct start start; /* out */
	int64_t dead_run;   /* out: dead letters in a row right below the start */
	int64_t at_least; /* in, for position_check(): what the database is known to have stored */
};

/* Decides for each item where reading starts, and makes its position row agree, in one transaction.
 * *unsure becomes 1, and nothing is changed, where a position lies beyond the topic's end and that
 * was not confirmed yet: another writer may have stored messages since `high` was asked. Then ask
 * the watermarks again, set `confirmed` to facts.position, call again. 0, or -1 with *err. */
int position_start(struct session *db, struct position_item *items, size_t n, int *unsure,
		   struct err *err) __attribute__((warn_unused_result));

/* Fills facts.position of each item. *lost becomes 1, and *err says how, where a position is gone
 * or stands before at_least (never, where that is START_NONE). 0, or -1 with *err. */
int position_check(struct session *db, struct position_item *items, size_t n, int *lost,
		   struct err *err) __attribute__((warn_unused_result));

/* 1, and *err says how, if a position (START_NONE: there is none) stands before at_least. */
int position_is_lost(int64_t position, int64_t at_least, int32_t partition, const char *topic,
		     struct err *err);

#endif
