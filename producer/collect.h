/* The fetch loop: plan -> request -> answer -> candles -> Kafka, one thread. The only place where the producer's parts meet.
 *
 * Whatever is down (exchange, broker, database), the loop goes on with the rest and says what it waits for. Memory is
 * bounded: at most HTTP_CONNECTIONS answers in flight, and none is asked for that the publisher has no room for. */
#ifndef GAPLESS_COLLECT_H
#define GAPLESS_COLLECT_H

#include "common/backoff.h"
#include "common/log.h"
#include "exclock.h"
#include "http.h"
#include "look.h"
#include "options.h"
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
	struct look *look;
	struct exclock clock;
	struct ratelimit rate;
	struct series *series;
	size_t n_series;
	struct flight flights[HTTP_CONNECTIONS + 1];
	uint64_t turn;
	struct publications publications; /* room that is used again */

	int looking;
	int64_t look_boot_ms;    /* next look */
	int64_t markets_boot_ms; /* next market list */
	int markets_fails;

	/* the exchange as a whole: failures in a row, and the pause they made */
	struct backoff backoff;
	int failures;
	int64_t pause_boot_ms;

	int64_t requests, candles, rejected; /* since the last progress line */
	int64_t progress_boot_ms, reports_boot_ms;
	int behind_said;
	struct log_throttle trouble, full, limited;
};

/* NULL: *err. The options outlive it. */
struct collect *collect_new(const struct options *options, struct err *err);
/* Runs until stop_requested(). 0, or -1: something needs a person. */
int collect_run(struct collect *c, struct err *err) __attribute__((warn_unused_result));
/* Drains what is published (up to drain_ms) and frees. Returns how many messages got no acknowledgement; their candles are
 * still gaps and are fetched again after the next start. */
int64_t collect_free(struct collect *c, int64_t drain_ms);

/* answer.c: takes one finished answer apart and lets its series know. */
void answer_handle(struct collect *c, struct http_answer *answer);
/* Logs and clears what series_report_finished says. */
void report_finished(struct series *s);

#endif
