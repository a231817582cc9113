/* SPDX-License-Identifier: MIT */
/* One visit to the brokers and the database, on a thread that may block (libpq does on name
 * look-ups). A visit waits for nothing: where the writer is not as far as it has to be, the caller
 * comes again.
 *
 *   1. what is wanted is made durable, so that it comes back after the tables were emptied
 *   2. E = end offsets of the partitions whose lookup begins
 *   3. where the writer's position has reached E: coverage, and what is stored in the gaps
 *
 * What was delivered before 2 is then in the coverage, or was lost. */
#ifndef GAPLESS_VISIT_H
#define GAPLESS_VISIT_H

#include "common/pg.h"
#include "common/settings.h"
#include "producer/kafka/members.h"
#include "producer/series/series.h"

struct visit_partition {
	int32_t id;
	int begins;       /* in: its end offset is to be read */
	int takes_anyway; /* in: the coverage counts though the writer has not come so far */
	int64_t low, end; /* of the log; in, or where it begins out */
	int64_t position; /* out: next offset of the writer; 0: none */
	int reached;      /* out: the writer has stored everything before `end` */
	struct err err;   /* out: class ERR_NONE, or the end cannot be read */
};

struct visit_series {
	struct series *series; /* the caller's, and its epoch when the visit was made */
	uint32_t epoch;
	char symbol[SYMBOL_BYTES];
	const struct interval *iv;
	struct wanted wanted; /* in; of a partition that begins out: as in the database */
	const char *state;
	struct visit_partition *partition;
	int looked_up;         /* out: covered and stored are read */
	struct spans covered;  /* out */
	struct stored *stored; /* out: rows in what is wanted, not covered, before live_from_ms */
	size_t n_stored;
};

struct visit {
	int asks_members;    /* in: compare the members of the group */
	int needs_members;   /* in: without them the visit has failed */
	int writes_wanted;   /* 0: what is wanted in the database is neither read nor written */
	int reads_open;      /* 1: fill open[] */
	int64_t stored_rows; /* in: how many of the newest stored rows of each gap to read */
	struct visit_partition *partitions;
	size_t n_partitions;
	struct visit_series *series;
	size_t n;
	/* out */
	struct err err; /* class ERR_NONE: the visit was made; else *partitions say nothing */
	int members_known;
	struct members members;
	struct err members_err;     /* why they were not compared */
	char (*open)[SYMBOL_BYTES]; /* markets that the database holds as wanted, for ever */
	size_t n_open;
};

void visit_free(struct visit *v);

struct visitor_settings {
	const char *conninfo, *brokers, *topic, *source;
	const char *group, *client_id; /* of the producers' group: whose members are compared */
	const struct setting_list *properties; /* librdkafka's */
};

/* The connections; one thread's at a time. */
struct visitor;

/* Strings outlive it. NULL: *err. */
struct visitor *visitor_new(const struct visitor_settings *settings, struct err *err);
void visitor_free(struct visitor *v);
void visitor_visit(struct visitor *v, struct visit *visit);

#endif
