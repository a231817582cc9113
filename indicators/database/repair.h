/* SPDX-License-Identifier: MIT */
/* What changed before a series' window: noted, gathered until it has come to rest (pages of a
 * backfill walk backwards), then computed once, oldest first, from the table. One span at a time.
 */
#ifndef GAPLESS_INDICATORS_REPAIR_H
#define GAPLESS_INDICATORS_REPAIR_H

#include "indicators/feed/feed.h"
#include "indicators/options.h"
#include "indicators/series/book.h"
#include "reader.h"

struct repair;

struct repair *repair_new(const struct options *o);
void repair_free(struct repair *r);
/* Forgets everything; not while a job is lent. What was sent may still be unacknowledged. */
void repair_clear(struct repair *r);

/* The message touched [older.from, older.to) before the window of the entry. */
void repair_note(struct repair *r, struct entry *e, struct span older, const struct feed_item *item,
		 int64_t now_ms);
/* Offsets from here on must not be committed: what they touched is not published. INT64_MAX: all
 * may be. */
int64_t repair_first(const struct repair *r, int32_t partition);

/* A job to read the next piece; NULL: there is nothing to do now. */
struct reader_job *repair_job(struct repair *r, int64_t now_ms);
/* The job is back: computes the piece. 1 if the entry's window has a new base, and must be computed
 * at once. */
int repair_feed(struct repair *r, window_emit *emit, void *to);
/* Whose piece it is, and where its unacknowledged messages are counted; only while there is one. */
struct entry *repair_entry(const struct repair *r);
int64_t *repair_outstanding(struct repair *r);
/* Ends a piece that is computed and acknowledged. */
void repair_settle(struct repair *r);
size_t repair_waiting(const struct repair *r);   /* series with something to compute */
int64_t repair_computed(const struct repair *r); /* pieces so far */
/* When the broker took the first message of the partition that waits here; 0: none does. */
int64_t repair_since_ms(const struct repair *r, int32_t partition);

#endif
