/* SPDX-License-Identifier: MIT */
/* A replay in the database: market_data_replay, one row a partition. */
#ifndef GAPLESS_REPLAY_RUN_H
#define GAPLESS_REPLAY_RUN_H

#include "common/pg/pg.h"
#include "replay_plan.h"
#include "session.h"

struct replay_run {
	const struct replay_spec *spec;
	int running, restart;      /* in, for replay_decide() */
	struct replay_part *parts; /* in: partition, low, high, from; out: the rest */
	size_t n;
	enum replay_begun begun; /* out */
};

/* Begins the replay, or goes on with it, in one transaction, by itself among all that begin one:
 * two processes that begin the same one agree. 0, or -1 with *err; ERR_INPUT: one of that name is
 * under way that reads something else. */
int replay_run_begin(struct session *db, struct replay_run *run, struct err *err)
	__attribute__((warn_unused_result));

/* 0 if the table is there and this role may write it; -1 with *err, ERR_RETRY where that could
 * not be asked. */
int replay_run_check(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

#endif
