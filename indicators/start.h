/* SPDX-License-Identifier: MIT */
/* How reading begins after an assignment: the broker's offsets, then the table's positions if there
 * is a table, then by begin.h. */
#ifndef GAPLESS_INDICATORS_START_H
#define GAPLESS_INDICATORS_START_H

#include "feed.h"
#include "reader.h"

struct start;

struct start *start_new(void);
void start_free(struct start *s);
/* What is known is void; not while the job is lent. */
void start_clear(struct start *s);

/* 1 if the broker has said what the feed's partitions are; else asks it, now and then. */
int start_ask(struct start *s, struct feed *f, int64_t now_ms);
/* A job that reads the table's positions, and nothing else; that of the indicators, too, if they
 * are stored. */
struct reader_job *start_job(struct start *s, int is_storing);
/* Then: has the feed read on. by_table: the job is back. Offsets, one for each of the feed's parts,
 * lent until the next call; NULL: it did not begin, which is said; ask again. */
const int64_t *start_begin(struct start *s, struct feed *f, int by_table);

#endif
