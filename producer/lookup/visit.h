/* SPDX-License-Identifier: MIT */
/* One visit to the brokers and the database, on a thread that may block (libpq does on name
 * look-ups). A visit waits for nothing: where the writer is not as far as it has to be, the caller
 * comes again.
 *
 *   0. the first time: is this database fit, and of our source? What had ended and is wanted by
 *      this producer, which has just started, is wanted again
 *   1. what is wanted is made durable, so that it comes back after the tables were emptied
 *   2. E = end offsets of the partitions whose lookup begins
 *   3. where the writer's position has reached E: the version of each series, and of those that
 * have changed coverage, and what is stored in the gaps
 *
 * What was delivered before 2 is then in the coverage, or was lost. */
#ifndef GAPLESS_VISIT_H
#define GAPLESS_VISIT_H

#include "common/base/error.h"
#include "producer/exchange/markets.h"
#include "producer/kafka/members.h"
#include "producer/series/retry_span.h"
#include "producer/series/series.h"

/* A statement that is not back by then is given up with its connection. */
enum { VISIT_DEADLINE_MS = 30000 };

struct visit_partition {
	int32_t id;
	int begins;       /* in: its end offset is to be read */
	int asks_stable;  /* in: how far a consumer may read is to be read */
	int takes_anyway; /* in: the coverage counts though the writer has not come so far */
	int reads_all;    /* in: whether it has changed or not */
	int64_t low,
		end; /* of the log, with what is in open transactions; in, or where it begins out */
	int64_t stable; /* out: where the first open transaction begins, or the end; -1: unknown */
	int64_t position; /* out: next offset of the writer; 0: none */
	int reached;      /* out: the writer has stored everything before `end` */
	struct err err;   /* out: class ERR_NONE, or the end cannot be read */
};

struct visit_series {
	struct series *series; /* the caller's, and its epoch when the visit was made */
	uint32_t epoch;
	char symbol[SYMBOL_BYTES];
	const struct interval *iv;
	struct evidence evidence; /* in; of a partition that begins out: as in the database */
	struct unobtainable unobtainable, unobtainable_before; /* in: now, and as it was stored */
	struct unobtainable unobtainable_stored;               /* out: as in the database */
	int is_refused;       /* in: as long as the database does not know it, it is not wanted */
	struct wanted wanted; /* in; of a partition that begins out: as in the database */
	const char *state;
	char trouble[RETRY_CAUSE_BYTES]; /* in: series_trouble */
	struct visit_partition *partition;
	struct limits limits; /* out */
	int64_t version;      /* in: of what was read before, 0: nothing; out: in the database */
	int same;             /* out: they are alike; then covered and stored are not read */
	int looked_up;        /* out: the writer is so far that the coverage counts */
	struct spans covered; /* out */
	struct spans corrections; /* in: series_corrections */
	/* out: rows in what is wanted and not covered, in the corrections, and at first at the end
	 * of what is covered, as an answer showed them */
	struct stored stored;
	struct spans told; /* out: where all of them were read */
	/* out: what the database has refused, and is not to be sent again yet; why, of the last */
	struct spans refused;
	char refused_cause[RETRY_CAUSE_BYTES];
};

struct visit {
	int only_checks;       /* in: whether database and settings fit, and nothing else */
	int asks_members;      /* in: compare the members of the group */
	int needs_members;     /* in: without them the visit has failed */
	int writes_wanted;     /* 0: what is wanted in the database is neither read nor written */
	int reads_open;        /* 1: fill open[] */
	int64_t stored_rows;   /* in: how many of the newest stored rows of each gap to read */
	int64_t stored_budget; /* in: and of all gaps; no gap begins beyond it */
	size_t stored_first;   /* in: the series whose gaps come first */
	struct visit_partition *partitions;
	size_t n_partitions;
	struct visit_series *series;
	size_t n;
	/* out */
	struct err err; /* class ERR_NONE: the visit was made; else *partitions say nothing */
	int is_unfit;   /* 1: with these settings this producer must not go on (err) */
	int members_read;
	struct members members;
	struct err members_err; /* why they were not compared */
	struct markets open;    /* those that the database holds as wanted, for ever */
};

/* A visit with those orders (what is marked in:), and room for so many series, each of a partition
 * of its own. */
struct visit *visit_new(struct visit orders, size_t series);
void visit_free(struct visit *v);
/* Adds a partition (what is marked in:), and a series of it; both before the visit is made. */
struct visit_partition *visit_partition(struct visit *v, struct visit_partition partition);
void visit_series(struct visit *v, struct series *s, struct visit_partition *p, int is_refused,
		  int64_t now_ms);
/* NULL: the visit is not about that one. */
struct visit_partition *visit_find(const struct visit *v, int32_t partition);

#endif
