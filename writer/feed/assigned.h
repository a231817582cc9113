/* SPDX-License-Identifier: MIT */
/* The partitions that this writer has, and how far each was taken. Pure.
 *
 * `next` moves in one function only (assigned_took), when a message was taken into a batch; it is
 * set anew when the start of a partition is decided. Where it reaches `end`, the partition is done.
 */
#ifndef GAPLESS_ASSIGNED_H
#define GAPLESS_ASSIGNED_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/log.h"

enum partition_state {
	PARTITION_UNKNOWN, /* where it starts is not decided yet: what arrives is ignored, it will
			      be read again */
	PARTITION_READING,
	PARTITION_DONE,  /* everything before its end was taken: nothing after it is */
	PARTITION_HALTED /* a message that this program must not skip: nothing after it is taken */
};

struct partition {
	int32_t id;
	enum partition_state state;
	int64_t next; /* offset of the message that comes next */
	int64_t end; /* what comes from here on is not wanted (a replay); INT64_MAX: there is no end
		      */
	int64_t stored;    /* the database's position is known to be at least here */
	int64_t dead_run;  /* dead letters in a row */
	int64_t hole_at;   /* where a hole was met and looked at again; -1 = never */
	int64_t confirmed; /* a position beyond the topic's end, for position_start(); -1 = none */
	char halted[512];  /* why */
	struct log_throttle say_halted;
};

struct assigned {
	struct partition *v;
	size_t n;
};

enum arrival {
	ARRIVAL_NEXT,
	ARRIVAL_IGNORED, /* not ours, not started or halted */
	ARRIVAL_BACK,    /* before `next`: the topic was recreated or lost its end; find the start
			    again */
	ARRIVAL_JUMP, /* after `next`: look again from `next` once, it may be the client's mistake
		       */
	ARRIVAL_HOLE  /* after `next`, again: [next, offset) is gone from the topic */
};

/* Takes a copy of the ids; every partition is PARTITION_UNKNOWN. n = 0 empties it. */
void assigned_set(struct assigned *a, const int32_t *ids, size_t n);
void assigned_release(struct assigned *a);
struct partition *assigned_find(const struct assigned *a, int32_t id);
/* Every partition unknown again. */
void assigned_restart(struct assigned *a);
/* What a message at this offset means; p may be NULL. Notes the hole that ARRIVAL_JUMP met. */
enum arrival assigned_judge(struct partition *p, int64_t offset);
void assigned_took(struct partition *p, int64_t offset);
/* 1 if every partition was taken to its end. */
int assigned_all_done(const struct assigned *a);
/* The partition starts at `offset`; the database's position is `stored`. Set `end` before. */
void assigned_start(struct partition *p, int64_t offset, int64_t stored, int64_t dead_run);
void assigned_halt(struct partition *p, const struct err *why);

#endif
