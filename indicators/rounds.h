/* SPDX-License-Identifier: MIT */
/* What has been read and what came of it, in order. A round holds the messages that were taken
 * together, and counts what was sent because of them and is not acknowledged yet. Offsets become
 * free for a commit when their round and all before it are done. Pure. */
#ifndef GAPLESS_INDICATORS_ROUNDS_H
#define GAPLESS_INDICATORS_ROUNDS_H

#include <stddef.h>
#include <stdint.h>

struct rounds;

/* Everything before `next` in the partition is done. */
struct place_done {
	int32_t partition;
	int64_t next;
};

struct rounds *rounds_new(void);
void rounds_free(struct rounds *r);
/* Forgets everything: only where no acknowledgement can come any more. */
void rounds_clear(struct rounds *r);

/* A message was taken into the newest round; since_ms is when the broker took it (0: not known). */
void rounds_take(struct rounds *r, int32_t partition, int64_t offset, int64_t since_ms);
/* Where the newest round counts what is outstanding; it stays where it is until the round is done.
 */
int64_t *rounds_outstanding(struct rounds *r);
/* Ends the newest round and begins another. */
void rounds_close(struct rounds *r);
/* Drops what is done; then next[i] of partitions that have moved are given to `moved`. */
void rounds_settle(struct rounds *r, void (*moved)(void *to, int32_t partition, int64_t next),
		   void *to);
/* When the broker took the partition's first message that is not done; 0: all are, or not known. */
int64_t rounds_since_ms(const struct rounds *r, int32_t partition);

#endif
