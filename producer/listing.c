/* SPDX-License-Identifier: MIT */
/* The exchange's list of markets: re-read hourly (--markets-s), sooner where a market turned out to
 * be unknown. A new one that a pattern wants is picked up, one that is gone ends what is wanted of
 * it. */
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "common/clock.h"

enum {
	FAILED_MS = 2000,
	FAILED_MAX_MS = 60 * 1000,
	FIRST_MAX_MS = 5000 /* before the first answer of all: everything waits for it */
};

void listing_failed(struct collect *c, const struct err *err)
{
	int64_t pause = (int64_t)FAILED_MS << (c->markets_fails < 5 ? c->markets_fails : 5);
	int64_t most = c->clock.known ? FAILED_MAX_MS : FIRST_MAX_MS;

	c->markets_fails++;
	c->markets_boot_ms = clock_boot_ms() + (pause < most ? pause : most);
	answer_say(&c->trouble, "the list of markets cannot be read; trying again", NULL, err);
}

void listing_soon(struct collect *c, int64_t pause_ms)
{
	int64_t at_ms = clock_boot_ms() + pause_ms;

	if (c->markets_fails == 0 && c->markets_boot_ms > at_ms)
		c->markets_boot_ms = at_ms;
}

void listing_judge(struct series *s, int64_t boot_ms)
{
	switch (series_market_judge(s, boot_ms)) {
	case MARKET_AS_BEFORE:
		break;
	case MARKET_UNKNOWN:
		log_error(
			"the exchange does not list this market; trying again in an hour, the others go on",
			L_STR("symbol", s->symbol), L_STR("interval", s->iv->name));
		break;
	case MARKET_DELISTED:
		log_warn("the exchange does not list this market any more; what is wanted ends",
			 L_STR("symbol", s->symbol), L_STR("interval", s->iv->name),
			 L_TIME("wanted_until", s->wanted_until_ms));
		break;
	case MARKET_LISTED_AGAIN:
		log_info("the exchange lists this market again", L_STR("symbol", s->symbol),
			 L_STR("interval", s->iv->name));
		break;
	}
}

size_t listing_add(struct collect *c, const char *symbol, int listed)
{
	const struct options *o = c->options;
	size_t n = 0;

	if (!patterns_match(&o->patterns, symbol))
		return 0;
	for (size_t i = 0; i < o->n_intervals; i++) {
		int added;
		struct series *s =
			catalogue_add(&c->catalogue, symbol, o->intervals[i], options_from_ms(o),
				      upbit_retention_ms(o->intervals[i]), &added);

		if (!s) {
			log_error("there are too many series; this market is left out",
				  L_STR("symbol", symbol), L_INT("most", CATALOGUE_MAX));
			return n;
		}
		if (added && o->fetch)
			s->until_ms = o->to_ms;
		if (added)
			series_market(s, listed);
		n += (size_t)added;
	}
	return n;
}

static void listing_apply(struct collect *c, const struct upbit_markets *markets)
{
	int64_t boot = clock_boot_ms();
	size_t added = 0;

	for (size_t i = 0; i < c->catalogue.n; i++)
		series_market(c->catalogue.all[i],
			      upbit_markets_has(markets, c->catalogue.all[i]->symbol));
	if (patterns_are_wild(&c->options->patterns))
		for (size_t i = 0; i < markets->n; i++)
			added += listing_add(c, markets->names[i], 1);
	if (added > 0) {
		log_info("markets match the patterns", L_INT("new_series", added),
			 L_INT("series_in_all", c->catalogue.n));
		own_added(c);
	}
	for (size_t i = 0; i < c->catalogue.n_owned; i++)
		listing_judge(c->catalogue.owned[i], boot);
}

void listing_answer(struct collect *c, const struct http_answer *answer)
{
	struct upbit_markets markets = {0};
	int64_t block_ms;
	struct err err = {0};

	if (upbit_judge(answer->status, answer->body.data, answer->body.len, &block_ms, &err) !=
		    UPBIT_OK ||
	    upbit_markets_parse(answer->body.data ? answer->body.data : "", answer->body.len,
				&markets, &err)) {
		listing_failed(c, &err);
	} else {
		answer_came(c);
		listing_apply(c, &markets);
		c->listed = 1;
		if (c->clock.known) {
			c->markets_fails = 0;
			c->markets_boot_ms = clock_boot_ms() + c->options->markets_s * 1000;
		} else { /* no candle is asked for before the time is known: this list is the only
			    question */
			err_set(&err, ERR_RETRY,
				"The exchange's answer has no Date, and without its time nothing is known to be closed.");
			listing_failed(c, &err);
		}
	}
	upbit_markets_release(&markets);
}
