/* SPDX-License-Identifier: MIT */
/* The partitions that this writer has, and how far each was taken. Pure.
 *
 *              started             taken to its end
 *   UNKNOWN --------------> READING ----------------> DONE
 *      ^                       '--- halted ---> HALTED
 *      '------ restart: every one of them, from any state
 *
 * `next` moves in one function only (partitions_take), when what is below it was taken into a
 * batch; it is set when the start of a partition is decided. */
#ifndef GAPLESS_PARTITIONS_H
#define GAPLESS_PARTITIONS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "writer/arrival.h"
#include "writer/batch.h"

enum partition_state {
	PARTITION_UNKNOWN, /* where it starts is not decided yet: what arrives is ignored, it will
			      be read again */
	PARTITION_UNREAD,  /* Kafka does not say where it begins and ends, for it has no leader: the
			      others go on without it, until a restart */
	PARTITION_READING,
	PARTITION_DONE,  /* everything before its end was taken: nothing after it is */
	PARTITION_HALTED /* a message that this program must not skip: nothing after it is taken */
};

/* Where a partition begins. */
struct partition_start {
	int64_t offset;
	int64_t end; /* what comes from here on is not wanted (a replay); INT64_MAX: there is none
		      */
	int64_t position;  /* the database's position */
	int64_t committed; /* what Kafka has; beyond the offset, it is told that */
	int64_t dead_run;  /* dead letters in a row right below the start */
};

struct partition {
	int32_t id;
	enum partition_state state;
	int64_t next; /* offset of the message that comes next, or less */
	int64_t end, dead_run;
	int64_t position;   /* the database's position is known to be at least here */
	int64_t finished;   /* everything of this assignment below it is stored */
	int64_t committed;  /* `finished`, as Kafka was told last */
	int64_t message_at; /* the latest time of the messages before the database's position, to
			     * ask Kafka about; -1: none */
	int64_t confirmed;  /* a position beyond the topic's end, for position_start(); -1 = none */
	struct dead_letter halt; /* the message that halted it last, and why; offset -1: none has */
	int64_t halted_ms;       /* when the broker took it */
	int judged;              /* 1: that one was not skipped when the database was asked */
	struct dead_letter *skipped; /* what is to be passed until it is stored, oldest first; kept
				      * across a restart, which is how reading gets past */
	size_t skipped_n;
};

enum arrival_at {
	ARRIVES_NEXT,    /* at `next` or after it: what lies between was never to be read (marks of
			    transactions, what was aborted or compacted away) */
	ARRIVES_IGNORED, /* not ours, not started, done or halted */
	ARRIVES_BACK     /* before `next`: the topic was recreated or lost its end */
};

struct partitions;

struct partitions *partitions_new(void);
void partitions_free(struct partitions *ps);

/* Takes a copy of the ids; every one is PARTITION_UNKNOWN. n = 0: none. */
void partitions_set(struct partitions *ps, const int32_t *ids, size_t n);
/* Every one is PARTITION_UNKNOWN again. */
void partitions_restart(struct partitions *ps);
void partitions_start(struct partitions *ps, int32_t id, const struct partition_start *start);
/* It is left out until the next restart. */
void partitions_leave_out(struct partitions *ps, int32_t id);
/* Everything below `next` is taken; so many dead letters are right below it. */
void partitions_take(struct partitions *ps, int32_t id, int64_t next, int64_t dead_run);
/* This message halts it; key and value are copied, as far as a dead letter
 * keeps them. */
void partitions_halt(struct partitions *ps, const struct arrival *a, const struct err *why);
/* What the database says of the message at `offset` that halted it: is it a dead letter? */
void partitions_judge(struct partitions *ps, int32_t id, int64_t offset, int skipped);
void partitions_confirm(struct partitions *ps, int32_t id, int64_t position, int64_t message_at);
/* What was taken below `next` is stored; and then: Kafka knows. */
void partitions_store(struct partitions *ps, int32_t id, int64_t next);
void partitions_committed(struct partitions *ps, int32_t id, int64_t offset);

/* Grows with each set and restart: then whatever is in memory is void. */
int64_t partitions_generation(const struct partitions *ps);
size_t partitions_count(const struct partitions *ps);
const struct partition *partitions_at(const struct partitions *ps, size_t i);
/* How many are in one state. */
size_t partitions_number(const struct partitions *ps, enum partition_state state);
/* The ids of those in one state, or of all; the caller frees. */
enum { PARTITIONS_ALL = -1 };
int32_t *partitions_in(const struct partitions *ps, int state, size_t *n);
/* NULL: not ours. */
const struct partition *partitions_find(const struct partitions *ps, int32_t id);
/* 1 if there are any, and one of them has no start yet. */
int partitions_are_starting(const struct partitions *ps);
/* 1 if there are any, and each was taken to its end. */
int partitions_are_done(const struct partitions *ps);
/* 1 if this very message was skipped. */
int partition_skips(const struct partition *p, const struct arrival *a);
/* What a message at this offset means; p may be NULL. */
enum arrival_at partition_judge(const struct partition *p, int64_t offset);

#endif
