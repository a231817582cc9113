/* SPDX-License-Identifier: MIT */
/* The tables, read: candles and coverage of a series, and how far the topic is stored. Blocking:
 * belongs on the reader's thread. Each read is one REPEATABLE READ transaction, so that candles,
 * coverage and positions are of one moment. */
#ifndef GAPLESS_INDICATORS_TABLE_H
#define GAPLESS_INDICATORS_TABLE_H

#include "common/candle/candle.h"
#include "common/candle/spans.h"
#include "common/pg/pg.h"
#include "indicators/kinds/set.h"
#include "indicators/series/timeline.h"

enum { TABLE_PARTITIONS = 1024, TABLE_NONE = -1 };

/* Offsets by partition: market_data_position, where nothing else is said; TABLE_NONE where there is
 * no row. */
struct table_positions {
	int64_t next[TABLE_PARTITIONS];
};

/* TABLE_NONE also of a partition that is none of these. */
int64_t table_position(const struct table_positions *positions, int32_t partition);

/* Which part of a series; and what there is of it. */
struct table_read {
	char symbol[SYMBOL_BYTES];
	const struct interval *interval;
	/* the first read: goes back so many bars before from_ms (INT64_MAX: from behind the
	 * newest), and day_bars before it to the start of the UTC day (-1: need not) */
	int64_t from_ms, lead, day_bars;
	/* a later one: bars behind this one; INT64_MIN: it is the first */
	int64_t after_ms;
	int64_t until_ms; /* exclusive; INT64_MAX: to the newest */
	int64_t limit;    /* bars at most */
	/* results */
	struct bar *bars;
	size_t n;
	struct spans covered; /* as far as the bars reach; at the end, as far as until_ms */
	int64_t as_of_ms;     /* the first read: greatest fetched_at of all messages of the series
				 that are stored; 0: not known */
	int64_t is_behind;    /* the first read: there are bars before the first one */
	int is_end;           /* there is nothing more before until_ms */
};

/* Reads the newest bars: a window of the set (window.h), and what its values depend on. */
void table_read_newest(struct table_read *r, const char *symbol, const struct interval *interval,
		       const struct set *set);
/* Reads from from_ms on, in pieces, and before that what the set's values at from_ms depend on. */
void table_read_span(struct table_read *r, const char *symbol, const struct interval *interval,
		     int64_t from_ms, const struct set *set, enum timeline_fill fill);
/* The next read begins behind the bars that were read, and ends here. */
void table_read_next(struct table_read *r, int64_t until_ms);

/* As as_of_ms of a read; where that is not known, from all candles of the series. 0: there are
 * none.
 */
int table_as_of(struct pg *pg, const char *symbol, const struct interval *interval,
		int64_t *as_of_ms, struct err *err) __attribute__((warn_unused_result));

/* market_data_indicator_position. */
int table_stored(struct pg *pg, const char *topic, struct table_positions *stored, struct err *err)
	__attribute__((warn_unused_result));

/* A message that halts its partition. */
struct table_letter {
	int32_t partition;
	int64_t offset;
	char *value; /* text of a bytea: another topic of that name may have had another one there
		      */
	int64_t is_skipped; /* result: it is a dead letter, and the writer has passed it */
};

int table_letter_ask(struct pg *pg, const char *topic, struct table_letter *letter, struct err *err)
	__attribute__((warn_unused_result));

/* Reads the positions (NULL: not these), then each of the n reads, in one transaction. 0, or -1
 * with *err. */
int table_read_all(struct pg *pg, const char *topic, struct table_positions *positions,
		   struct table_read *reads, size_t n, struct err *err)
	__attribute__((warn_unused_result));
void table_read_release(struct table_read *r);

#endif
