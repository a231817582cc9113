/* SPDX-License-Identifier: MIT */
/* The fetch loop: plan -> request -> answer -> candles -> Kafka, one thread. The only place where
 * the producer's parts meet.
 *
 * Whatever is down (exchange, broker, database), the loop goes on with the rest and says what it
 * waits for. Memory is bounded: at most HTTP_CONNECTIONS answers in flight, and none is asked for
 * that the publisher has no room for. */
#ifndef GAPLESS_COLLECT_H
#define GAPLESS_COLLECT_H

#include "catalogue.h"
#include "common/backoff.h"
#include "common/log.h"
#include "exclock.h"
#include "http.h"
#include "lookup.h"
#include "options.h"
#include "ownership.h"
#include "plan.h"
#include "publish.h"
#include "ratelimit.h"
#include "upbit.h"

/* A request that is in flight, and what it was asked for. */
struct flight {
	int used, markets; /* markets: the market list, not candles */
	struct request request;
};

struct collect {
	const struct options *options;
	struct http *http;
	struct publisher *publisher;
	struct lookup *lookup;
	struct exclock clock;
	struct ratelimit rate;
	struct catalogue catalogue;
	struct flight flights[HTTP_CONNECTIONS + 1];
	uint64_t turn;
	struct publications publications; /* room that is used again */

	/* what is ours (owning.c) */
	struct ownership *ownership; /* NULL: a one-shot command, which owns what it was told */
	char client_id[MEMBERS_ID_BYTES];
	int64_t generation; /* of the assignment that is in force; 0: none was yet */
	int held;           /* an assignment is in force: there may be requests */
	int lost;   /* the last one was taken from us: answers to what it asked for are void */
	int agreed; /* the group was found to want the same, once */
	int producers_seen;       /* of a one-shot command: producers at work when last seen */
	int64_t disagree_boot_ms; /* ends a start into a group that wants something else */
	int64_t own_retry_boot_ms;
	int32_t n_partitions; /* of the topic, at that assignment */
	unsigned char *ours;  /* a flag for each */

	int lookup_running, begun_said;
	int64_t lookup_boot_ms;  /* next lookup */
	int open_read;           /* the markets that the database holds as wanted have been read */
	int64_t markets_boot_ms; /* next market list */
	int markets_fails;

	/* the exchange as a whole: failures in a row, and the pause they made */
	struct backoff backoff;
	int failures;
	int64_t pause_boot_ms;

	int64_t requests, candles, rejected; /* since the last progress line; of a fetch, in all */
	int listed;                          /* the list of markets was read */
	int64_t progress_boot_ms, reports_boot_ms;
	struct log_throttle trouble, full, limited, differ;
	struct fetch *fetch; /* of the one-shot command; NULL: follow for ever */
};

/* NULL: *err. The options outlive it. */
struct collect *collect_new(const struct options *options, struct err *err);
/* Runs until stop_requested(), a one-shot fetch until it is done. 0, or -1: something needs a
 * person. */
int collect_run(struct collect *c, struct err *err) __attribute__((warn_unused_result));
/* Drains what is published (up to drain_ms), leaves the group, and frees. Returns how many messages
 * got no acknowledgement; their candles are still gaps and are fetched again after the next start.
 */
int64_t collect_free(struct collect *c, int64_t drain_ms);

/* ---- between the files of the loop ---- */

/* owning.c: follows the group; what is ours is then what the catalogue says. 0, or -1: *err. */
int own_step(struct collect *c, struct err *err) __attribute__((warn_unused_result));
/* Of a one-shot fetch: everything is ours, without a group. */
void own_everything(struct collect *c);
/* Called by the group (ownership.h). */
void own_revoked(void *opaque, int lost);
/* What a lookup saw of the group's members. 0, or -1: this producer must not go on (*err). */
int own_members(struct collect *c, const struct members *members, struct err *err)
	__attribute__((warn_unused_result));
/* Series were added: those of our partitions are taken. */
void own_added(struct collect *c);

/* sending.c: sends at most one candle request. 1: sent, ask again; 0: nothing to send before
 * *wait_ms; -1: *err. */
int send_next(struct collect *c, int64_t *wait_ms, struct err *err)
	__attribute__((warn_unused_result));
/* Asks for the list of markets when it is due. */
void send_markets(struct collect *c);
/* How late the latest live poll is, in ms; 0: none is. */
int64_t send_late_ms(const struct collect *c);

/* fetch.c: how a one-shot fetch stands. */
struct fetch *fetch_new(void);
void fetch_free(struct fetch *f);
/* 1: everything is stored; 0: not yet; -1: what is left is not available, or is not stored (*err).
 */
int fetch_step(struct collect *c, struct err *err) __attribute__((warn_unused_result));
/* Everything is published: the next lookup will tell whether it is stored. */
int fetch_is_confirming(const struct collect *c);
/* That look has read the coverage; stored: the writer has stored everything that was published when
 * it began. */
void fetch_looked(struct collect *c, int stored);

/* lookups.c: starts looks and takes what comes of them. 0, or -1: *err. */
int lookup_step(struct collect *c, struct err *err) __attribute__((warn_unused_result));
/* Whatever is under way is of no use any more; the next lookup is due now. */
void lookup_now(struct collect *c);

/* answer.c: takes one finished answer apart and lets its series know. */
void answer_handle(struct collect *c, struct http_answer *answer);
/* The exchange did not answer, or not about this: a short pause for the series (NULL: none), a
 * growing one for all when it goes on; and the end of that. */
void answer_missing(struct collect *c, struct series *s, const struct err *err);
void answer_came(struct collect *c);
/* Logs and clears what series_report_finished says. */
void report_finished(struct series *s);
/* One throttled warning; what is left out is there on the debug level, with its cause. */
void answer_say(struct log_throttle *t, const char *msg, const struct series *s,
		const struct err *err);

/* listing.c: the list of markets. */
void listing_answer(struct collect *c, const struct http_answer *answer);
void listing_failed(struct collect *c, const struct err *err);
/* Asks for it after that pause, or earlier. */
void listing_soon(struct collect *c, int64_t pause_ms);
/* What the list says of a series that was looked for now. */
void listing_judge(struct series *s, int64_t boot_ms);
/* Adds the market's series where it is wanted by a pattern and not there yet; returns how many. */
size_t listing_add(struct collect *c, const char *symbol, int listed);

#endif
