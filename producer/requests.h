/* SPDX-License-Identifier: MIT */
/* The one gate to the exchange: everything that is sent to it goes through here, and everything
 * that it says comes from here. Knows what is in flight, the budget (ratelimit.h), bans and pauses,
 * and the exchange's clock (exclock.h).
 *
 * Failures that concern all requests (exchange.h: limit, ban, outage) are dealt with here; the
 * owner of the request deals with those of a series or a span. */
#ifndef GAPLESS_REQUESTS_H
#define GAPLESS_REQUESTS_H

#include "producer/http/http.h"
#include "producer/options.h"
#include "producer/ratelimit.h"
#include "producer/series/series_ask.h"

enum { REQUESTS_MAX = HTTP_CONNECTIONS + 1 }; /* in flight: candles, and the list of markets */

/* What came of one request. Each failure has been logged. */
struct answer {
	int is_list; /* of markets; else of candles */
	enum failure failure;
	struct request request; /* of candles */
	int64_t read_ms;        /* the exchange's time at which its rows are true */
	int clock_jumped;       /* its clock is to be asked again soon */
	int is_first_date;      /* ... for no other answer has said the same so far */
	struct page page;       /* both empty after a failure */
	struct markets markets;
	struct err err; /* of a failure that is one span's: its cause */
};

struct requests_stats {
	int64_t candles;  /* requests for candles that were sent */
	int64_t live;     /* of these, for live ones */
	int64_t rejected; /* answers that are no pages */
	/* by what the exchange said (of the list of markets, too), and how often it said nothing */
	int64_t answers[FAILURE_OUTAGE + 1], unanswered;
	int64_t banned_until_boot_ms; /* of the last ban */
	int is_away;                  /* several answers in a row were none */
};

struct requests;

/* The options outlive it. NULL: *err. */
struct requests *requests_new(const struct options *options, struct err *err);
void requests_free(struct requests *r);

/* 1 and what came of a request, to be released; 0: nothing for now. */
int requests_take(struct requests *r, struct answer *out) __attribute__((warn_unused_result));
void answer_release(struct answer *answer);

/* 0: a request for candles may be sent now. Else how many milliseconds to wait and ask again;
 * INT64_MAX: until an answer comes. */
int64_t requests_wait_ms(struct requests *r, int64_t boot_ms);
/* 1 while the exchange answers nothing usable. */
int requests_are_out(const struct requests *r);
/* 1 if it may be one for live candles while older gaps are waiting. */
int requests_live_may(const struct requests *r);
/* Sends one, when requests_wait_ms says 0. -1: *err. */
int requests_candles(struct requests *r, const struct request *request, int64_t boot_ms,
		     struct err *err) __attribute__((warn_unused_result));
/* Asks for the list of markets, unless that is under way or nothing may be sent. It counts against
 * the budget; the first one, which brings the time, goes at once. */
void requests_list(struct requests *r, int64_t boot_ms);
/* The requests for candles that are not answered yet. */
size_t requests_in_flight(const struct requests *r, struct request out[REQUESTS_MAX]);

/* What part of the budget is ours (ratelimit.h). */
void requests_budget(struct requests *r, enum budget budget, const unsigned char *ours, int n,
		     int64_t boot_ms);
/* Requests a second that we are sure of. */
double requests_per_second(const struct requests *r);
/* The exchange's time; 0: not known yet. */
int64_t requests_now_ms(const struct requests *r, int64_t boot_ms);
/* Waits for answers, the descriptors, or the time to pass (http_wait). */
int requests_wait(struct requests *r, const int *fds, int n, int64_t ms, struct err *err)
	__attribute__((warn_unused_result));
struct requests_stats requests_stats(const struct requests *r);

#endif
