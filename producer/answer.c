/* What an answer of the exchange means: for the clock, the budget, the series it was asked for. */
#include <stdio.h>

#include "collect.h"
#include "common/clock.h"

enum {
	SAY_MS = 10000,
	FAILURES_OF_ALL = 3,             /* in a row: it is not one market, the exchange is in trouble */
	MARKETS_AGAIN_MS = 3600 * 1000,
	MARKETS_FAILED_MS = 2000,
	MARKETS_FAILED_MAX_MS = 60 * 1000,
	MARKETS_FIRST_MAX_MS = 5000      /* before the first answer of all: everything waits for it */
};

/* What is left out of the warnings is there on the debug level, with its cause. */
static void say(struct log_throttle *t, const char *msg, const struct series *s, const struct err *err)
{
	int64_t skipped = 0;
	enum log_level level = log_due(t, clock_boot_ms(), SAY_MS, &skipped) ? LOG_WARN : LOG_DEBUG;

	LOG_AT(level, msg, L_STR("symbol", s ? s->symbol : "-"), L_STR("interval", s ? s->iv->name : "-"), L_STR("reason", err->text),
	       L_INT("more", skipped));
}

/* The exchange did not answer, or not about this: a short pause for the series, a growing one for all when it goes on. */
static void unanswered(struct collect *c, struct series *s, const struct err *err)
{
	int64_t boot = clock_boot_ms();

	if (s)
		series_unanswered(s, boot);
	if (++c->failures >= FAILURES_OF_ALL)
		c->pause_boot_ms = boot + backoff_next_ms(&c->backoff, backoff_random());
	say(&c->trouble, "no usable answer from the exchange; trying again", s, err);
}

static void answered(struct collect *c)
{
	c->failures = 0;
	c->pause_boot_ms = 0;
	backoff_reset(&c->backoff);
}

void report_finished(struct series *s)
{
	int64_t came, empty;

	if (series_report_finished(s, &came, &empty))
		log_info("Backfill done", L_STR("symbol", s->symbol), L_STR("interval", s->iv->name), L_INT("candles", came),
			 L_INT("intervals_without_trades", empty));
}

static void candles_take(struct collect *c, const struct request *r, const struct http_answer *answer, int64_t read_ms)
{
	struct series *s = r->series;
	int64_t boot = clock_boot_ms(), listed = s->listed_from_ms;
	struct page page;
	struct err err = {0};

	if (page_parse(answer->body.data ? answer->body.data : "", answer->body.len, s->symbol, s->iv, r->to_ms, &page, &err)) {
		c->rejected++;
		series_rejected(s, r->from_ms, r->to_ms, boot);
		say(&c->trouble, "page rejected; its span stays a gap and is asked for again", s, &err);
		page_release(&page);
		return;
	}
	c->publications.n = 0;
	series_page(s, &page, r->from_ms, r->to_ms, r->count, read_ms, boot, &c->publications);
	for (size_t i = 0; i < c->publications.n; i++)
		publisher_send(c->publisher, s, &c->publications.v[i], read_ms);
	c->candles += (int64_t)c->publications.n;
	if (s->listed_from_ms != listed && s->listed_from_ms != INT64_MIN)
		log_info("The exchange has nothing older", L_STR("symbol", s->symbol), L_STR("interval", s->iv->name),
			 L_TIME("listed_from", s->listed_from_ms));
	page_release(&page);
}

static void candles_answer(struct collect *c, const struct request *r, const struct http_answer *answer, int64_t read_ms)
{
	int64_t boot = clock_boot_ms(), block_ms;
	struct err err = {0};

	switch (upbit_judge(answer->status, answer->body.data, answer->body.len, &block_ms, &err)) {
	case UPBIT_OK:
		answered(c);
		if (read_ms > 0)
			candles_take(c, r, answer, read_ms);
		else
			series_unanswered(r->series, boot); /* no Date yet: nothing is known to be closed */
		break;
	case UPBIT_LIMITED:
		ratelimit_limited(&c->rate, boot, backoff_random());
		say(&c->limited, "the exchange says: too many requests; slowing down", r->series, &err);
		break;
	case UPBIT_BANNED:
		ratelimit_banned(&c->rate, boot, block_ms);
		log_error("the exchange blocks this address; waiting it out", L_INT("block_s", block_ms / 1000), L_STR("reason", err.text));
		break;
	case UPBIT_UNKNOWN_MARKET:
		answered(c);
		series_unknown_market(r->series, boot);
		log_error("the exchange does not know this market; trying again in an hour, the others go on",
			  L_STR("symbol", r->series->symbol), L_STR("reason", err.text));
		break;
	case UPBIT_REFUSED:
		answered(c);
		series_rejected(r->series, r->from_ms, r->to_ms, boot);
		say(&c->trouble, "the exchange refuses a request; its span stays a gap and is asked for again", r->series, &err);
		break;
	case UPBIT_BROKEN:
		unanswered(c, r->series, &err);
		break;
	}
}

static void markets_failed(struct collect *c, const struct err *err)
{
	int64_t pause = (int64_t)MARKETS_FAILED_MS << (c->markets_fails < 5 ? c->markets_fails : 5);
	int64_t most = c->clock.known ? MARKETS_FAILED_MAX_MS : MARKETS_FIRST_MAX_MS;

	c->markets_fails++;
	c->markets_boot_ms = clock_boot_ms() + (pause < most ? pause : most);
	say(&c->trouble, "the list of markets cannot be read; trying again", NULL, err);
}

static void markets_apply(struct collect *c, const struct upbit_markets *markets)
{
	int64_t boot = clock_boot_ms();

	for (size_t i = 0; i < c->n_series; i++) {
		struct series *s = &c->series[i];

		if (upbit_markets_has(markets, s->symbol)) {
			s->unknown_until_boot_ms = 0;
		} else if (boot >= s->unknown_until_boot_ms) {
			series_unknown_market(s, boot);
			log_error("the exchange does not list this market; trying again in an hour, the others go on",
				  L_STR("symbol", s->symbol), L_STR("interval", s->iv->name));
		}
	}
}

static void markets_answer(struct collect *c, const struct http_answer *answer)
{
	struct upbit_markets markets = {0};
	int64_t block_ms;
	struct err err = {0};

	if (upbit_judge(answer->status, answer->body.data, answer->body.len, &block_ms, &err) != UPBIT_OK ||
	    upbit_markets_parse(answer->body.data ? answer->body.data : "", answer->body.len, &markets, &err)) {
		markets_failed(c, &err);
	} else {
		answered(c);
		markets_apply(c, &markets);
		if (c->clock.known) {
			c->markets_fails = 0;
			c->markets_boot_ms = clock_boot_ms() + MARKETS_AGAIN_MS;
		} else { /* no candle is asked for before the time is known: this list is the only question */
			err_set(&err, ERR_RETRY, "The exchange's answer has no Date, and without its time nothing is known to be closed.");
			markets_failed(c, &err);
		}
	}
	upbit_markets_release(&markets);
}

void answer_handle(struct collect *c, struct http_answer *answer)
{
	struct flight *f = answer->tag;
	struct upbit_head head;
	int64_t read_ms;

	f->used = 0;
	if (answer->status == 0) {
		if (f->markets)
			markets_failed(c, &answer->err);
		else
			unanswered(c, f->request.series, &answer->err);
		return;
	}
	upbit_head_read(&head, answer->head.data ? answer->head.data : "", answer->head.len);
	read_ms = exclock_answer(&c->clock, head.date_ms, answer->received_boot_ms);
	if (f->markets) {
		markets_answer(c, answer);
		return;
	}
	ratelimit_answer(&c->rate, head.remaining, answer->received_boot_ms);
	candles_answer(c, &f->request, answer, read_ms);
}
