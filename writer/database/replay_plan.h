/* SPDX-License-Identifier: MIT */
/* What a replay reads, and where each partition of it begins. Pure.
 *
 * Offsets: a replay reads [start, end) of each partition; below `next` everything is stored. `end`
 * is what the topic ended with when the replay began: it never moves, so a replay ends however fast
 * the topic grows. */
#ifndef GAPLESS_REPLAY_PLAN_H
#define GAPLESS_REPLAY_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

/* ---- what it reads */

enum { REPLAY_NAME_BYTES = 201 };

struct replay_spec {
	char name[REPLAY_NAME_BYTES]; /* the key in market_data_replay */
	char *arguments;              /* the same in full, as people read it; owned */
	int64_t from_ms;              /* INT64_MIN: from the topic's beginning */
	char *symbols;                /* joined by commas; "": all; owned */
};

/* `name` NULL: one that says what is read, the same for the same arguments in any order. 0, or -1
 * with *err; replay_spec_release() either way. */
int replay_spec_init(struct replay_spec *s, const char *topic, int64_t from_ms, const char *symbols,
		     const char *name, struct err *err) __attribute__((warn_unused_result));
void replay_spec_release(struct replay_spec *s);
/* 1 if a message of this key (a symbol; not terminated; NULL: none) is to be read. */
int replay_wants(const struct replay_spec *s, const void *key, size_t key_len);

/* ---- where it begins */

struct replay_part {
	int32_t partition;
	int64_t low, high; /* the topic's first offset, and the one after its last */
	int64_t from;      /* the first offset of the wanted time; anything */
	int has_row;       /* 1: start, next and end stand in the database */
	int64_t start, next, end;
	int64_t lost;     /* out: [next, next + lost) is gone from the topic and was never read */
	int64_t dead_run; /* as stored, or 0: dead letters in a row right below `next` */
};

enum replay_begun {
	REPLAY_BEGINS, /* there was none, or it was complete */
	REPLAY_GOES_ON,
	REPLAY_BEGINS_AGAIN /* the topic ends before what was to be read: it was recreated or lost
			     * its end
			     */
};

/* Sets start, next, end and lost of each part. `running`: this process has begun it already, so
 * that complete means done; `restart`: begin again whatever is stored; `strays`: unfinished
 * partitions in the database that the topic does not have. */
enum replay_begun replay_decide(struct replay_part *parts, size_t n, int running, int restart,
				size_t strays);

#endif
