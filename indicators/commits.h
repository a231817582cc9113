/* SPDX-License-Identifier: MIT */
/* How far each partition is done, and how far that is committed. Pure. */
#ifndef GAPLESS_INDICATORS_COMMITS_H
#define GAPLESS_INDICATORS_COMMITS_H

#include "rounds.h"

struct commits;

struct commits *commits_new(void);
void commits_free(struct commits *c);
/* Forgets all partitions. */
void commits_clear(struct commits *c);

/* Reading the partition begins here: what is before is done. */
void commits_begin(struct commits *c, int32_t partition, int64_t next);
/* For rounds_settle. */
void commits_moved(void *commits, int32_t partition, int64_t next);
/* Nothing from `limit` on may be committed (INT64_MAX: all may be), until this is said again. */
void commits_limit(struct commits *c, int32_t partition, int64_t limit);

/* Up to where the partition is done, as far as it may be committed; -1: it is not here. */
int64_t commits_next(const struct commits *c, int32_t partition);
size_t commits_n(const struct commits *c);
int32_t commits_partition(const struct commits *c, size_t i);
/* What has moved since it was taken last: *n places, lent until the next call. */
const struct place_done *commits_take(struct commits *c, size_t *n);

#endif
