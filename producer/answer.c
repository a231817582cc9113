/* SPDX-License-Identifier: MIT */
/* What an answer of the exchange means: for the clock, the budget, the series it was asked for. */
#include <stdio.h>

#include "collect.h"
#include "common/clock.h"

enum {
	SAY_MS = 10000,
	UNKNOWN_LIST_MS = 30 * 1000,
	JUMP_AGAIN_MS =
		1000,       /* a jump of the exchange's clock takes three answers to be believed */
	FAILURES_OF_ALL = 3 /* in a row: it is not one market, the exchange is in trouble */
};

void answer_say(struct log_throttle *t, const char *msg, const struct series *s,
		const struct err *err)
{
	int64_t skipped = 0;
	enum log_level level = log_due(t, clock_boot_ms(), SAY_MS, &skipped) ? LOG_WARN : LOG_DEBUG;

	LOG_AT(level, msg, L_STR("symbol", s ? s->symbol : "-"),
	       L_STR("interval", s ? s->iv->name : "-"), L_STR("error", err->text),
	       L_INT("suppressed", skipped));
}

void answer_missing(struct collect *c, struct series *s, const struct err *err)
{
	int64_t boot = clock_boot_ms();

	if (s)
		series_unanswered(s, boot);
	if (++c->failures >= FAILURES_OF_ALL)
		c->pause_boot_ms = boot + backoff_next_ms(&c->backoff, backoff_random());
	answer_say(&c->trouble, "no usable answer from the exchange; trying again", s, err);
}

void answer_came(struct collect *c)
{
	c->failures = 0;
	c->pause_boot_ms = 0;
	backoff_reset(&c->backoff);
}

void report_finished(struct series *s)
{
	int64_t came, empty;

	if (series_report_finished(s, &came, &empty))
		log_info("Backfill done", L_STR("symbol", s->symbol),
			 L_STR("interval", s->iv->name), L_INT("candles", came),
			 L_INT("intervals_without_trades", empty));
}

static void candles_take(struct collect *c, const struct request *r,
			 const struct http_answer *answer, int64_t read_ms)
{
	struct series *s = r->series;
	int64_t boot = clock_boot_ms(), listed = s->listed_from_ms;
	struct page page;
	struct err err = {0};

	if (page_parse(answer->body.data ? answer->body.data : "", answer->body.len, s->symbol,
		       s->iv, r->to_ms, &page, &err)) {
		c->rejected++;
		series_rejected(s, r->from_ms, r->to_ms, boot);
		answer_say(&c->trouble,
			   "page rejected; its span stays a gap and is asked for again", s, &err);
		page_release(&page);
		return;
	}
	c->publications.n = 0;
	series_page(s, &page, r->from_ms, r->to_ms, r->count, read_ms, boot, &c->publications);
	for (size_t i = 0; i < c->publications.n; i++)
		publisher_send(c->publisher, s, &c->publications.v[i], read_ms);
	c->candles += (int64_t)c->publications.n;
	if (s->listed_from_ms != listed && s->listed_from_ms != INT64_MIN)
		log_info("the exchange has nothing older", L_STR("symbol", s->symbol),
			 L_STR("interval", s->iv->name), L_TIME("listed_from", s->listed_from_ms));
	page_release(&page);
}

static void candles_answer(struct collect *c, const struct request *r,
			   const struct http_answer *answer, int64_t read_ms)
{
	int64_t boot = clock_boot_ms(), block_ms;
	struct err err = {0};

	switch (upbit_judge(answer->status, answer->body.data, answer->body.len, &block_ms, &err)) {
	case UPBIT_OK:
		answer_came(c);
		if (read_ms > 0)
			candles_take(c, r, answer, read_ms);
		else
			series_unanswered(r->series,
					  boot); /* no Date yet: nothing is known to be closed */
		break;
	case UPBIT_LIMITED:
		ratelimit_limited(&c->rate, boot, backoff_random());
		answer_say(&c->limited, "the exchange says: too many requests; slowing down",
			   r->series, &err);
		break;
	case UPBIT_BANNED:
		ratelimit_banned(&c->rate, boot, block_ms);
		log_error("the exchange blocks this address; waiting it out",
			  L_INT("block_s", block_ms / 1000), L_STR("error", err.text));
		break;
	case UPBIT_UNKNOWN_MARKET:
		answer_came(c);
		series_unknown_market(r->series, boot);
		log_error(
			"the exchange does not know this market; trying again in an hour, the others go on",
			L_STR("symbol", r->series->symbol), L_STR("interval", r->series->iv->name),
			L_STR("error", err.text));
		listing_soon(c, UNKNOWN_LIST_MS); /* has it been delisted? */
		break;
	case UPBIT_REFUSED:
		answer_came(c);
		series_rejected(r->series, r->from_ms, r->to_ms, boot);
		answer_say(
			&c->trouble,
			"the exchange refuses a request; its span stays a gap and is asked for again",
			r->series, &err);
		break;
	case UPBIT_BROKEN:
		answer_missing(c, r->series, &err);
		break;
	}
}

/* Was the series taken from us since it was asked for? Somebody else has it, or we have it anew and
 * know nothing of it. */
static int is_void(const struct collect *c, const struct request *r)
{
	return c->lost || !r->series->owned || r->series->epoch != r->epoch;
}

void answer_handle(struct collect *c, struct http_answer *answer)
{
	struct flight *f = answer->tag;
	struct upbit_head head;
	int64_t read_ms;

	f->used = 0;
	if (!f->markets)
		ratelimit_done(&c->rate);
	if (answer->status == 0) {
		if (f->markets)
			listing_failed(c, &answer->err);
		else
			answer_missing(c, is_void(c, &f->request) ? NULL : f->request.series,
				       &answer->err);
		return;
	}
	upbit_head_read(&head, answer->head.data ? answer->head.data : "", answer->head.len);
	read_ms = exclock_answer(&c->clock, head.date_ms, answer->received_boot_ms);
	if (c->clock.n_suspects > 0)
		listing_soon(c, JUMP_AGAIN_MS);
	if (f->markets) {
		listing_answer(c, answer);
		return;
	}
	ratelimit_answer(&c->rate, head.remaining, answer->received_boot_ms);
	if (is_void(c, &f->request) && answer->status == 200)
		log_debug("an answer came for a series that is not ours any more",
			  L_STR("symbol", f->request.series->symbol));
	else
		candles_answer(c, &f->request, answer, read_ms);
}
