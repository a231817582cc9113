/* SPDX-License-Identifier: MIT */
#include "producer/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "producer/exclock.h"
#include "producer/outage.h"
#include "producer/series/series.h"

enum {
	SAY_MS = 10 * 1000,
	SAY_OUTAGE_MS = 10 * 60 * 1000, /* as long as it is the same outage */
	SAY_MISTRUST_MS = 60 * 1000,
	SAY_ENTRIES_MS = 3600 * 1000,
	NO_SLOT_MS = 30 * 1000 /* who waits longer has no slots of the budget */
};

enum {
	OUTAGES_AWAY = 3, /* in a row: the exchange is away */
	LIMITED_ALONE = 3 /* 429s in a row of one series, and of no other */
};

/* A request that is in flight. */
struct flight {
	int used, is_list;
	int64_t sent_boot_ms;
	struct request request;
};

struct requests {
	const struct options *options;
	const struct exchange *exchange;
	struct http *http;
	char user_agent[128];
	struct exclock clock;
	struct ratelimit rate;
	unsigned char *ours; /* the partitions whose slots are ours */
	struct flight flights[REQUESTS_MAX];
	struct requests_stats stats;
	int outages;                  /* answers in a row that are none */
	const struct series *limited; /* the last one that got a 429 */

	struct outage outage;
	/* One for each message, so that none hides another. */
	struct log_throttle unusable, unusable_list, mistrusted, rejected, refused, too_many, rows,
		entries, unknown;
};

struct requests *requests_new(const struct options *options, struct err *err)
{
	struct requests *r = xcalloc(1, sizeof *r);
	struct http_config config = {.base_url = options->exchange_url,
				     .user_agent = r->user_agent,
				     .proxy = options->proxy,
				     .ca_file = options->ca_file};

	snprintf(r->user_agent, sizeof r->user_agent, "gapless-producer/%s", gapless_version);
	r->options = options;
	r->exchange = options->exchange;
	exclock_init(&r->clock);
	ratelimit_init(&r->rate, (double)(options->rate_limit * options->rate_percent) / 100,
		       (int)options->rate_limit, clock_boot_ms());
	outage_init(&r->outage);
	r->http = http_new(&config, err);
	if (r->http)
		return r;
	requests_free(r);
	return NULL;
}

void requests_free(struct requests *r)
{
	if (!r)
		return;
	http_free(r->http);
	free(r->ours);
	free(r);
}

/* --- out */

static struct flight *flight_free(struct requests *r)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (!r->flights[i].used)
			return &r->flights[i];
	return NULL;
}

size_t requests_in_flight(const struct requests *r, struct request out[REQUESTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (r->flights[i].used && !r->flights[i].is_list)
			out[n++] = r->flights[i].request;
	return n;
}

int requests_are_out(const struct requests *r)
{
	return outage_is_on(&r->outage);
}

int64_t requests_wait_ms(struct requests *r, int64_t boot_ms)
{
	struct request in_flight[REQUESTS_MAX];
	int64_t outage_ms = outage_wait_ms(&r->outage, http_in_flight(r->http), boot_ms);

	if (requests_in_flight(r, in_flight) >= HTTP_CONNECTIONS)
		return INT64_MAX;
	if (outage_ms > 0)
		return outage_ms;
	ratelimit_clock(&r->rate, requests_now_ms(r, boot_ms) - boot_ms,
			exclock_probe_ms(&r->clock, boot_ms));
	return ratelimit_wait_ms(&r->rate, boot_ms);
}

int requests_live_may(const struct requests *r)
{
	return ratelimit_live_may(&r->rate);
}

int requests_candles(struct requests *r, const struct request *request, int64_t boot_ms,
		     struct err *err)
{
	const char *symbol = series_symbol(request->series);
	const struct interval *iv = series_interval(request->series);
	struct flight *f = flight_free(r);
	char url[EXCHANGE_URL_BYTES];

	if (!f)
		return 0;
	if (r->exchange->candles_url(r->options->exchange_url, symbol, iv, request->before_ms,
				     request->count, url, sizeof url, err) ||
	    http_get(r->http, url, f, err))
		return -1;
	*f = (struct flight){.used = 1, .sent_boot_ms = boot_ms, .request = *request};
	ratelimit_spend(&r->rate, request->live ? RATELIMIT_LIVE : RATELIMIT_BACKFILL, boot_ms);
	r->stats.candles++;
	r->stats.live += request->live != 0;
	log_debug("asking", L_STR("symbol", symbol), L_STR("interval", iv->name),
		  L_TIME("from", request->from_ms),
		  L_TIME("to", request->live ? 0 : request->before_ms),
		  L_INT("count", request->count));
	return 0;
}

/* Before the time is known, and for one that has no slots of its own, holds and pauses alone count.
 */
static int list_may(struct requests *r, int64_t boot_ms)
{
	int64_t wait_ms = requests_wait_ms(r, boot_ms);

	if (wait_ms == 0)
		return 1;
	if (outage_wait_ms(&r->outage, http_in_flight(r->http), boot_ms) > 0 ||
	    ratelimit_hold_ms(&r->rate, boot_ms) > 0)
		return 0;
	return requests_now_ms(r, boot_ms) == 0 || (wait_ms > NO_SLOT_MS && wait_ms < INT64_MAX);
}

void requests_list(struct requests *r, int64_t boot_ms)
{
	struct flight *f = flight_free(r);
	char url[EXCHANGE_URL_BYTES];
	struct err err = {0};

	if (!f || !list_may(r, boot_ms))
		return;
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (r->flights[i].used && r->flights[i].is_list)
			return;
	if (r->exchange->markets_url(r->options->exchange_url, url, sizeof url, &err) ||
	    http_get(r->http, url, f, &err))
		return;
	*f = (struct flight){.used = 1, .is_list = 1, .sent_boot_ms = boot_ms};
	ratelimit_spend(&r->rate, RATELIMIT_LIVE, boot_ms);
}

/* --- back */

/* A throttled message; what is left out is there on the debug level, with its cause. */
static void say(struct log_throttle *t, int64_t period_ms, enum log_level level, const char *msg,
		const struct answer *a, const struct err *err)
{
	const struct series *s = a->is_list ? NULL : a->request.series;
	int64_t skipped = 0;

	if (!log_due(t, clock_boot_ms(), period_ms, &skipped))
		level = LOG_DEBUG;
	LOG_AT(level, msg, L_STR("symbol", s ? series_symbol(s) : "-"),
	       L_STR("interval", s ? series_interval(s)->name : "-"), L_STR("error", err->text),
	       L_INT("suppressed", skipped));
}

static int failed(struct requests *r, const struct answer *a)
{
	return outage_failed(&r->outage, a->is_list, clock_boot_ms(), backoff_random());
}

static void outage(struct requests *r, struct answer *a, const struct err *err)
{
	int64_t period_ms = failed(r, a) ? SAY_OUTAGE_MS : SAY_MS;

	a->failure = FAILURE_OUTAGE;
	if (err->class == ERR_FATAL)
		say(&r->mistrusted, SAY_MISTRUST_MS, LOG_ERROR,
		    "nothing is fetched until the exchange shows a certificate to be trusted; see --ca-file",
		    a, err);
	else if (a->is_list)
		say(&r->unusable_list, period_ms, LOG_WARN,
		    "the list of markets cannot be read; trying again", a, err);
	else
		say(&r->unusable, period_ms, LOG_WARN,
		    "no usable answer from the exchange; trying again", a, err);
}

static void answered(struct requests *r, const struct answer *a)
{
	int64_t lasted_ms = outage_answered(&r->outage, a->is_list, clock_boot_ms());

	if (lasted_ms > 0)
		log_info("the exchange answers again", L_INT("outage_s", lasted_ms / 1000));
}

/* The failure of one span, unless it is one in a row of failures: then it says nothing of the span.
 */
static void span_failed(struct requests *r, struct answer *a, struct log_throttle *throttle,
			const char *msg, const struct err *err)
{
	if (outage_is_on(&r->outage)) {
		outage(r, a, err);
		return;
	}
	a->failure = failed(r, a) ? FAILURE_OUTAGE : FAILURE_SPAN;
	a->err = *err;
	say(throttle, SAY_MS, LOG_WARN, msg, a, err);
}

/* Several that were in flight together are one ban. */
static void banned(struct requests *r, int64_t block_ms, const struct err *err)
{
	int64_t boot = clock_boot_ms(), before_ms = ratelimit_hold_ms(&r->rate, boot), now_ms;

	ratelimit_banned(&r->rate, boot, block_ms);
	now_ms = ratelimit_hold_ms(&r->rate, boot);
	if (now_ms <= before_ms + SAY_MS && before_ms > 0)
		return;
	log_error(
		block_ms > 0
			? "the exchange blocks this address; waiting it out"
			: "the exchange blocks this address and does not say for how long; waiting a while",
		L_INT("block_s", block_ms > 0 ? block_ms / 1000 : now_ms / 1000),
		L_STR("error", err->text));
}

static void list_take(struct requests *r, struct answer *a, const char *body, size_t len)
{
	struct err err = {0};

	/* No candle is asked for before the time is known: the list is the only question then. */
	if (a->read_ms == 0 && a->is_first_date) {
		a->failure = FAILURE_AGAIN;
		return;
	}
	if (a->read_ms == 0)
		err_set(&err, ERR_RETRY,
			a->clock_jumped
				? "The exchange's answers do not agree on the time (Date), and without it nothing is known to be closed."
				: "The exchange's answer has no Date, and without its time nothing is known to be closed.");
	else if (r->exchange->markets_parse(body, len, &a->markets, &err) == 0) {
		answered(r, a);
		if (a->markets.n_bad > 0)
			say(&r->entries, SAY_ENTRIES_MS, LOG_WARN,
			    "entries of the list of markets name no market; the others count", a,
			    &a->markets.bad);
		return;
	}
	outage(r, a, &err);
}

static void page_take(struct requests *r, struct answer *a, const char *body, size_t len)
{
	const struct request *q = &a->request;
	struct err err = {0};

	if (r->exchange->page_parse(body, len, series_symbol(q->series), series_interval(q->series),
				    q->before_ms, &a->page, &err) == 0) {
		answered(r, a);
		if (q->live && a->page.n > 0) {
			int64_t newest_ms = a->page.rows[a->page.n - 1].timestamp_ms;

			exclock_row(&r->clock, newest_ms,
				    interval_end(series_interval(q->series), newest_ms));
		}
		if (a->page.n_bad > 0)
			say(&r->rows, SAY_MS, LOG_WARN,
			    "rows are not candles; their intervals stay gaps and are asked for again",
			    a, &a->page.bad);
		return;
	}
	r->stats.rejected++;
	span_failed(r, a, &r->rejected,
		    "page rejected; its span stays a gap and is asked for again", &err);
}

/* The list has a limit of its own, and waits by itself. So does a series that alone is refused so.
 */
static void limited(struct requests *r, struct answer *a, int64_t wait_ms, const struct err *err)
{
	if (a->is_list) {
		say(&r->unusable_list, SAY_MS, LOG_WARN,
		    "the list of markets cannot be read; trying again", a, err);
		return;
	}
	if (a->request.series == r->limited && series_fails(a->request.series) >= LIMITED_ALONE) {
		span_failed(
			r, a, &r->refused,
			"the exchange refuses a request; its span stays a gap and is asked for again",
			err);
		return;
	}
	r->limited = a->request.series;
	ratelimit_limited(&r->rate, clock_boot_ms(), wait_ms, backoff_random());
	say(&r->too_many, SAY_MS, LOG_WARN, "the exchange says: too many requests; slowing down", a,
	    err);
}

/* What the answer is, by its size. */
static void answer_sort(struct requests *r, struct answer *a, const struct http_answer *http,
			int64_t wait_ms)
{
	const char *body = http->body.data ? http->body.data : "";
	int64_t block_ms;
	struct err err = {0};

	a->failure = r->exchange->judge(http->status, body, http->body.len, &block_ms, &err);
	r->stats.answers[a->failure]++;
	if (a->is_list && (a->failure == FAILURE_SERIES || a->failure == FAILURE_SPAN))
		a->failure = FAILURE_OUTAGE; /* it can be meant in no other way */
	switch (a->failure) {
	case FAILURE_NONE:
		(a->is_list ? list_take : page_take)(r, a, body, http->body.len);
		break;
	case FAILURE_LIMIT:
		limited(r, a, wait_ms, &err);
		break;
	case FAILURE_BAN:
		banned(r, block_ms > 0 ? block_ms : wait_ms, &err);
		break;
	case FAILURE_SERIES:
		answered(r, a);
		say(&r->unknown, SAY_MS, LOG_WARN,
		    "the exchange does not know this market; it is asked again soon, the others go on",
		    a, &err);
		break;
	case FAILURE_SPAN:
		span_failed(
			r, a, &r->refused,
			"the exchange refuses a request; its span stays a gap and is asked for again",
			&err);
		break;
	case FAILURE_OUTAGE:
	case FAILURE_AGAIN:
		outage(r, a, &err);
		break;
	}
}

int requests_take(struct requests *r, struct answer *out)
{
	struct http_answer http;
	struct exchange_head head;
	struct flight *f;

	if (!http_take(r->http, &http))
		return 0;
	f = http.tag;
	*out = (struct answer){.is_list = f->is_list, .request = f->request};
	f->used = 0;
	ratelimit_done(&r->rate);
	if (http.is_dead_connection) {
		out->failure = FAILURE_AGAIN;
		log_debug("asking again", L_STR("error", http.err.text));
	} else if (http.status == 0) {
		r->stats.unanswered++;
		outage(r, out, &http.err);
	} else {
		int suspects = r->clock.n_suspects;

		r->exchange->head_read(&head, http.head.data ? http.head.data : "", http.head.len);
		out->read_ms = exclock_answer(&r->clock, head.date_ms, f->sent_boot_ms,
					      http.received_boot_ms);
		out->clock_jumped = r->clock.n_suspects > 0;
		out->is_first_date = r->clock.n_suspects > suspects;
		if (!out->is_list)
			ratelimit_answer(&r->rate, head.remaining, http.received_boot_ms);
		answer_sort(r, out, &http, head.wait_ms);
	}
	if (!out->is_list)
		r->outages = out->failure == FAILURE_OUTAGE ? r->outages + 1 : 0;
	http_answer_release(&http);
	return 1;
}

void answer_release(struct answer *answer)
{
	page_release(&answer->page);
	markets_release(&answer->markets);
}

/* --- budget and clock */

void requests_budget(struct requests *r, enum budget budget, const unsigned char *ours, int n,
		     int64_t boot_ms)
{
	unsigned char *before = r->ours;

	r->ours = NULL;
	if (budget == BUDGET_SHARED) {
		r->ours = xmalloc((size_t)n + 1);
		memcpy(r->ours, ours, (size_t)n);
	}
	if (budget == BUDGET_LEFTOVER)
		ratelimit_use_leftover(&r->rate, boot_ms);
	else
		ratelimit_share(&r->rate, r->ours, n, boot_ms);
	free(before);
}

double requests_per_second(const struct requests *r)
{
	return r->rate.per_second - r->rate.share.others;
}

int64_t requests_now_ms(const struct requests *r, int64_t boot_ms)
{
	return exclock_now(&r->clock, boot_ms);
}

int requests_wait(struct requests *r, const int *fds, int n, int64_t ms, struct err *err)
{
	return http_wait(r->http, fds, n, ms > 0 ? (int)ms : 1, err);
}

struct requests_stats requests_stats(const struct requests *r)
{
	struct requests_stats stats = r->stats;

	stats.banned_until_boot_ms = r->rate.banned_ms;
	stats.is_away = r->outages >= OUTAGES_AWAY;
	return stats;
}
