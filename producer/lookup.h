/* SPDX-License-Identifier: MIT */
/* The lookup: the producer reading from the database what is covered, on a thread of its own (libpq
 * blocks on name look-ups).
 *
 *   1. E = end offsets of the owned partitions    2. wait until the writer's position >= E in each
 * of them
 *   3. read the coverage of the owned series      (what was delivered before 1 is then in it, or
 * was lost)
 *
 * One job at a time goes over and comes back: that is the bounded queue in each direction. What the
 * producer wants is written in the same visit (market_data_series), so that it is durable and comes
 * back after the tables were emptied. The database or the broker away: said, retried with growing
 * pauses, never fatal. */
#ifndef GAPLESS_LOOKUP_H
#define GAPLESS_LOOKUP_H

#include "common/settings.h"
#include "common/spans.h"
#include "members.h"
#include "series.h"

struct lookup_series {
	struct series *series; /* the caller's, and its epoch when the job was made */
	uint32_t epoch;
	char symbol[SYMBOL_BYTES];
	const struct interval *iv;
	int widen; /* wanted_from was asked for by name (--since): widens what is wanted */
	int64_t wanted_from_ms;  /* in: where there is no row yet, or to widen; out: as in the
				    database */
	int64_t wanted_until_ms; /* INT64_MAX: open; out: as in the database */
	int64_t listed_from_ms; /* INT64_MIN: not known; written where nothing older is stored; out:
				   as in the database */
	int64_t listed_before_ms; /* the caller's: as it was when the job was made */
	int known; /* 0: listed_from and wanted_until are not ours to write yet (before the first
		      look) */
	const char *state;    /* "ok", "unknown market", ... */
	int64_t live_from_ms; /* where backfill ends */
	struct spans covered; /* out */
	struct stored
		*stored; /* out: rows in what is wanted, not covered, and before live_from_ms */
	size_t n_stored;
};

struct lookup_job {
	struct lookup_series *series;
	size_t n;
	int32_t *partitions; /* whose end offsets are to be reached; NULL: all of the topic */
	size_t n_partitions;
	int members_only; /* nothing but the comparison of the group's members */
	int write_wanted; /* 0: what is wanted in the database is neither read nor written */
	int read_open;    /* 1: fill open[] */
	int confirms;     /* the caller's: a fetch waits for this one (fetch.c) */
	int first; /* some series have their first lookup: after stall_ms they take the coverage as
		      it is */
	int64_t stall_ms;    /* without any movement of the writer for this long, the lookup ends */
	int64_t stored_rows; /* how many of the newest stored rows of each gap to read: what may be
				fetched until the next lookup */
	/* out */
	int stored; /* the writer has stored everything before the end offsets */
	int taken;  /* the coverage was read; 0: the writer did not move (and no lookup is the
		       first),  or the lookup was cut short */
	int members_known;
	struct members members;
	char (*open)[SYMBOL_BYTES]; /* markets that the database holds as wanted, for ever */
	size_t n_open;
};

struct lookup_settings {
	const char *conninfo, *brokers, *topic, *source;
	const char *group, *client_id; /* of the producers' group: whose members are compared */
	const struct setting_list *properties; /* librdkafka's */
};

struct lookup;

struct lookup *lookup_new(const struct lookup_settings *settings, struct err *err);
/* Ends the thread, waiting at most about a second for it; 1 if it ended (else it still runs,
 * nothing was freed, and exit() ends the process without its destructors). */
int lookup_free(struct lookup *l);
/* Hands a job over (it belongs to the thread until lookup_take gives it back). The previous one
 * must have been taken. */
void lookup_start(struct lookup *l, struct lookup_job *job);
/* The running job is of no use any more: it comes back soon, not taken. */
void lookup_cancel(struct lookup *l);
/* The finished job, or NULL. */
struct lookup_job *lookup_take(struct lookup *l);
/* Readable when a job is finished. */
int lookup_fd(const struct lookup *l);

void lookup_job_free(struct lookup_job *job);

#endif
