/* SPDX-License-Identifier: MIT */
/* Partitions that are halted by a message (partitions_halt()): how they get past it. The database
 * is asked whether somebody has skipped it; and where retention took it from the topic, there is
 * nothing to wait for. */
#ifndef GAPLESS_HALTS_H
#define GAPLESS_HALTS_H

#include "common/kafka/consumer.h"
#include "partitions.h"
#include "writer/database/store.h"

struct halts;

struct halts *halts_new(void);
void halts_free(struct halts *h);

/* 1 if the database is to be asked. */
int halts_are_due(const struct halts *h, const struct partitions *ps, int64_t now_ms);
/* *work asks it; what it points to is lent until the answer. */
void halts_ask(struct halts *h, const struct partitions *ps, int64_t now_ms,
	       struct store_work *work);

enum halts_news {
	HALTS_NOTHING = 0,
	HALTS_PASSED = 1 << 0, /* a message was skipped: its partition is read again, as all are,
				  for the offset that its fetching is at is not ours to know */
	HALTS_NEW = 1 << 1     /* one was not, and this is known for the first time */
};
/* What the database said. Says with `text` what stays halted. A set of halts_news. */
unsigned halts_answer(struct halts *h, struct partitions *ps, const struct store_work *work,
		      const char *text, int64_t now_ms);
/* A partition was halted a moment ago. */
void halts_soon(struct halts *h);
/* Now and then: says what is halted still. 1 if a message that halts is not in the topic any more:
 * it blocks for some seconds at most to know. */
int halts_look(struct halts *h, const struct partitions *ps, struct consumer *c, int64_t now_ms);

#endif
