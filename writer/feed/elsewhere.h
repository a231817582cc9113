/* SPDX-License-Identifier: MIT */
/* Does what others of the group store reach this writer's database? Writers of one group that were
 * given different databases share the topic, each database gets a part of it, and nothing else
 * would tell. What is committed is stored, before that, where the one who commits it stores: if the
 * database of this writer still stands before it when it is asked later, that is another one. Pure;
 * for partitions that this writer has not, as position.h looks after the others. */
#ifndef GAPLESS_ELSEWHERE_H
#define GAPLESS_ELSEWHERE_H

#include <stddef.h>
#include <stdint.h>

#include "partitions.h"
#include "writer/database/store.h"

struct elsewhere;

struct elsewhere *elsewhere_new(void);
void elsewhere_free(struct elsewhere *e);

/* What the group had committed of partitions [0, n), -1 where nothing. 1 if *work is for the
 * database; what it points to is lent until elsewhere_answer(). */
int elsewhere_ask(struct elsewhere *e, const int64_t *committed, size_t n,
		  const struct partitions *ours, struct store_work *work);
/* What the database said; 0 if that was not asked here. Says what follows: one answer of that kind
 * may be of a database that has just lost something, so two in a row count. */
int elsewhere_answer(struct elsewhere *e, const struct store_work *done, int64_t now_ms);
/* Of how many partitions. */
int elsewhere_count(const struct elsewhere *e);

#endif
