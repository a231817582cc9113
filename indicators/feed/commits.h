/* SPDX-License-Identifier: MIT */
/* How far each partition is done, and how far that is committed. Messages are taken in rounds: one
 * holds those that were taken together, and counts what was sent because of them and is not
 * acknowledged yet. A message is done when its round and all before that are. Pure. */
#ifndef GAPLESS_INDICATORS_COMMITS_H
#define GAPLESS_INDICATORS_COMMITS_H

#include <stddef.h>
#include <stdint.h>

#include "common/kafka/consumer.h"

struct commits;

struct commits *commits_new(void);
void commits_free(struct commits *c);
/* Forgets all partitions and rounds: only where no acknowledgement can come any more. */
void commits_clear(struct commits *c);

/* Reading the partition begins here: what is before is done. */
void commits_begin(struct commits *c, struct consumer_place place);
/* A message was taken into the newest round; since_ms is when the broker took it (0: not known). */
void commits_note(struct commits *c, int32_t partition, int64_t offset, int64_t since_ms);
/* Where the newest round counts what is outstanding; it stays where it is until the round is done.
 */
int64_t *commits_outstanding(struct commits *c);
/* Ends the newest round and begins another. */
void commits_close_round(struct commits *c);
/* Drops the rounds that are done. */
void commits_settle(struct commits *c);

/* Nothing from `limit` on may be committed (INT64_MAX: all may be), until this is said again. */
void commits_limit(struct commits *c, int32_t partition, int64_t limit);
/* Up to where the partition is done, as far as it may be committed; -1: it is not here. */
int64_t commits_next(const struct commits *c, int32_t partition);
/* When the broker took the partition's first message that is not done; 0: all are, or not known. */
int64_t commits_since_ms(const struct commits *c, int32_t partition);
/* What has moved since it was taken last: *n places before which everything is done, lent until the
 * next call. */
const struct consumer_place *commits_take(struct commits *c, size_t *n);

#endif
