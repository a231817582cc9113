/* SPDX-License-Identifier: MIT */
/* How reading begins after an assignment: the broker's offsets, the table's positions if there is a
 * table, and where each partition begins because of them. */
#ifndef GAPLESS_INDICATORS_START_H
#define GAPLESS_INDICATORS_START_H

#include "feed.h"
#include "indicators/database/reader.h"

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
/* Then: has the feed read on. by_table: the job is back. *n places, lent until the next call, and
 * not of the partitions that are left out; NULL: it did not begin, which is said; ask again. */
const struct consumer_place *start_begin(struct start *s, struct feed *f, int by_table, size_t *n);

/* Where a partition begins, with a table: at the smallest of the own committed offset and the
 * positions of candles and indicators in the database (TABLE_NONE: there is no row; no row of the
 * indicators: they are not stored). What is below the candles' position is in the tables, what is
 * below the committed offset is published, what is below the indicators' position is stored: one
 * behind the others is that of a database that was restored. The topic's beginning, if there is no
 * position of the candles or the topic does not have one of them. So too if the group has committed
 * elsewhere, but not here: partitions were added, or it died before it could. A new group begins
 * with what is not stored yet. */
int64_t start_offset(const struct part *part, int64_t candles, int64_t indicators,
		     int group_is_new);

#endif
