/* SPDX-License-Identifier: MIT */
/* The thread that reads the database, one job at a time: tried again until it succeeds or is
 * cancelled. A job may ask that the topic be stored up to some offsets first: what was read from
 * the tables then holds every message below them. */
#ifndef GAPLESS_INDICATORS_READER_H
#define GAPLESS_INDICATORS_READER_H

#include "table.h"

struct reader;

/* Whose job it is. */
enum reader_use {
	READER_FREE,   /* nobody's: there is none under way */
	READER_TABLES, /* the reader's own, the first one: are the tables fit? */
	READER_START,
	READER_LOADER,
	READER_REPAIR,
	READER_HALTS
};

struct reader_job {
	enum reader_use use;
	/* market_data_position must be at least this, by partition; 0: whatever it is. NULL: no
	 * condition. Where reader_expect bounds it, what there is must do. */
	const int64_t *at_least;
	size_t partitions;
	struct table_read *reads; /* the caller's */
	size_t n;
	/* NULL, or what is asked instead of all that, once: without an answer it counts as not
	 * skipped. */
	struct table_letter *letter;
	/* NULL, or where market_data_indicator_position is put as well. */
	struct table_positions *stored;
	/* results */
	struct table_positions positions;
	int is_given_up; /* it was cancelled, and is of no use any more */
};

/* NULL: *err. */
struct reader *reader_new(const char *database, const char *topic, struct err *err);
/* 0: its thread hangs in a dead connection, and what was lent to it must be left alone. */
int reader_free(struct reader *r, int wait_ms);

/* Of a partition: see waits_expect. At any time; without it no job waits for the partition. */
void reader_expect(struct reader *r, int32_t partition, int64_t at_most, int64_t patience_ms);
/* While it is free: lends it the job, and all that it points to. */
void reader_submit(struct reader *r, struct reader_job *job);
/* Whose job is under way; r == NULL: nobody's. */
enum reader_use reader_use(const struct reader *r);
/* The finished job, or NULL. */
struct reader_job *reader_take(struct reader *r);
void reader_cancel(struct reader *r);
int reader_wait(struct reader *r, int wait_ms);

/* The database that was there at the start has no tables that this program can use: why, and what
 * to do. Else NULL. */
const char *reader_unfit(const struct reader *r);
/* The partition that the job waits for, and where the writer stands in it; -1: none. */
int32_t reader_late(const struct reader *r, int64_t *position);
/* Transactions so far, good ones and failed ones; 1 if the last one failed. */
int64_t reader_reads(const struct reader *r);
int64_t reader_failures(const struct reader *r);
int reader_fails(const struct reader *r);

#endif
