/* SPDX-License-Identifier: MIT */
/* Coverage lookups: what is covered is read from the database, and replaces what was known.
 *
 * The lookup of a partition begins with its end offset and ends when the writer's position has
 * reached it (or has not moved for so long that what was known has to do). Partitions are
 * independent: one that is slow, halted or leaderless holds up its own series alone. All of them
 * that are not under way begin together, every pause_s; visits (lookup/visit.h) on a thread of
 * their own do the work, one at a time. What has not changed is not read again, but for every tenth
 * lookup, which reads all: a restore, say, that no version tells. The database or the broker away:
 * said, retried with growing pauses, never fatal. What the database forbids (the limits of a
 * series) counts from the next lookup on. */
#ifndef GAPLESS_LOOKUPS_H
#define GAPLESS_LOOKUPS_H

#include "producer/due.h"
#include "producer/kafka/members.h"
#include "producer/series/catalogue.h"

struct lookups;

/* keeps_wanted: what is wanted is kept in the database, and a market that it holds as wanted is
 * added if a pattern wants it. The options outlive it. NULL: *err. */
struct lookups *lookups_new(const struct options *options, int keeps_wanted, struct err *err);
/* Ends the thread, waiting at most about a second for it (worker.h). */
void lookups_free(struct lookups *l);
/* Readable when a visit is over. */
int lookups_fd(const struct lookups *l);

/* Whatever is under way is of no use any more: it is looked up in these partitions of the n_in_all
 * that the topic has, and now. */
void lookups_now(struct lookups *l, const int32_t *partitions, size_t n, int32_t n_in_all);
/* ... and nothing follows before the next lookups_now. */
void lookups_cancel(struct lookups *l);
/* 1 if the lookup of each partition has ended since lookups_now; *stored: the writer has stored
 * everything that was published before it. */
int lookups_are_complete(const struct lookups *l, int *stored);

/* Before anything else, and if it is idle: starts a visit that checks whether database and settings
 * fit, and who is in the group. */
void lookups_check(struct lookups *l);
/* 1 if no visit is under way. */
int lookups_are_idle(const struct lookups *l);

/* Takes what a visit has brought to the series that are ours, and adds to *due what follows;
 * *members is set with DUE_MEMBERS. -1: with these settings this producer must not go on
 * (ERR_INPUT). */
int lookups_take(struct lookups *l, struct catalogue *catalogue, int64_t now_ms, int64_t boot_ms,
		 struct members *members, unsigned *due, struct err *err)
	__attribute__((warn_unused_result));
/* Starts a visit if one is due. members_only: nothing but the comparison of the members. */
void lookups_start(struct lookups *l, const struct catalogue *catalogue, int members_only,
		   int64_t now_ms, int64_t boot_ms);
/* How long until lookups_start has something to do. */
int64_t lookups_wait_ms(const struct lookups *l, int64_t boot_ms);

struct lookups_stats {
	int64_t ended;          /* lookups of partitions */
	int64_t failed;         /* visits in which something did not answer */
	int database_answers;   /* in the last visit */
	int64_t oldest_boot_ms; /* when a lookup ended last, of the partition of which that is
				   longest ago; 0: of one, none since lookups_now */
};
struct lookups_stats lookups_stats(const struct lookups *l);

#endif
