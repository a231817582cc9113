/* SPDX-License-Identifier: MIT */
#include "producer/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/log.h"
#include "producer/newcomers.h"
#include "producer/shortfall.h"

enum {
	FAILED_MS = 2000,
	FAILED_MAX_MS = 60 * 1000,
	FIRST_MAX_MS = 5000,     /* before the first answer of all: everything waits for it */
	DOUBTFUL_MS = 15 * 1000, /* while a market may not be there */
	SAY_MS = 60 * 1000,
	START_MS = 10 * 60 * 1000 /* later a name that is not known ends nothing any more */
};

struct listing {
	const struct options *options;
	int64_t due_boot_ms, first_boot_ms; /* the latter of the first list; 0: none came */
	int fails;                          /* in a row */
	int was_read;
	struct shortfall shortfall;
	struct newcomers newcomers;
	struct log_throttle many, many_new;
};

struct listing *listing_new(const struct options *options)
{
	struct listing *l = xcalloc(1, sizeof *l);

	l->options = options;
	return l;
}

void listing_free(struct listing *l)
{
	if (l)
		newcomers_release(&l->newcomers);
	free(l);
}

int listing_is_due(const struct listing *l, int64_t boot_ms)
{
	return boot_ms >= l->due_boot_ms;
}

int listing_was_read(const struct listing *l)
{
	return l->was_read;
}

void listing_failed(struct listing *l, int64_t boot_ms)
{
	int64_t most_ms = l->was_read ? FAILED_MAX_MS : FIRST_MAX_MS;

	l->due_boot_ms = boot_ms + backoff_doubled_ms(FAILED_MS, l->fails++, most_ms);
}

void listing_soon(struct listing *l, int64_t pause_ms, int64_t boot_ms)
{
	if (l->fails == 0 && l->due_boot_ms > boot_ms + pause_ms)
		l->due_boot_ms = boot_ms + pause_ms;
}

void listing_again(struct listing *l, int64_t pause_ms, int64_t boot_ms)
{
	l->due_boot_ms = boot_ms + pause_ms;
}

/* BTC-KRW of KRW-BTC; "" if it does not fit. */
static const char *swapped(const char *symbol, char out[SYMBOL_BYTES])
{
	const char *dash = strchr(symbol, '-');
	int len = -1;

	if (dash)
		len = snprintf(out, SYMBOL_BYTES, "%s-%.*s", dash + 1, (int)(dash - symbol),
			       symbol);
	if (len < 0 || len >= SYMBOL_BYTES)
		out[0] = '\0';
	return out;
}

int listing_check(const struct listing *l, const struct markets *markets, struct err *err)
{
	const struct patterns *patterns = &l->options->patterns;
	char other[SYMBOL_BYTES];

	for (size_t i = 0; !l->was_read && i < patterns->n; i++) {
		const struct pattern *p = &patterns->v[i];

		if (p->wild || p->exclude || markets_has(markets, p->text))
			continue;
		if (markets_has(markets, swapped(p->text, other)))
			return err_set(err, ERR_INPUT,
				       "--symbols: the exchange does not list %s; did you mean %s?",
				       p->text, other);
	}
	return 0;
}

static int lacks_many(struct listing *l, size_t n, int64_t boot_ms)
{
	if (!shortfall_judge(&l->shortfall, n, boot_ms))
		return 0;
	LOG_EVERY(
		&l->many, boot_ms, SAY_MS, LOG_ERROR,
		"the exchange's list of markets lacks many that it had; they are followed as before, unless that lasts",
		L_INT("markets", n), L_INT("before", l->shortfall.most));
	return 1;
}

/* The markets of the list that a pattern wants, and that are to be followed from now on. */
static void add(struct listing *l, const struct markets *markets, struct catalogue *catalogue,
		int64_t boot_ms)
{
	size_t followed = catalogue_size(catalogue) / l->options->n_intervals, waiting;
	struct markets fresh;

	markets_init(&fresh, markets->n);
	for (size_t i = 0; i < markets->n; i++)
		if (catalogue_lacks(catalogue, markets->names[i]))
			markets_add(&fresh, markets->names[i]);
	waiting = newcomers_judge(&l->newcomers, &fresh, followed, boot_ms);
	if (waiting > 0) {
		LOG_EVERY(
			&l->many_new, boot_ms, SAY_MS, LOG_ERROR,
			"the exchange's list of markets has many that it had not; they are followed if it has them in a minute, too",
			L_INT("new", waiting), L_INT("followed", followed));
		listing_soon(l, NEWCOMERS_APART_MS, boot_ms);
	}
	for (size_t i = 0; i < fresh.n; i++)
		catalogue_add(catalogue, fresh.names[i], 1);
	markets_release(&fresh);
}

unsigned listing_came(struct listing *l, const struct markets *markets, struct catalogue *catalogue,
		      int64_t now_ms, int64_t boot_ms)
{
	size_t before = catalogue_size(catalogue);
	int many = lacks_many(l, markets->n, boot_ms);

	l->was_read = 1;
	l->fails = 0;
	l->due_boot_ms = boot_ms + l->options->markets_s * 1000;
	if (l->first_boot_ms == 0)
		l->first_boot_ms = boot_ms;
	catalogue_market(catalogue, markets, many, now_ms);
	add(l, markets, catalogue, boot_ms);
	if (catalogue_size(catalogue) == 0)
		log_warn(
			"no market of the exchange's list matches --symbols; nothing is fetched before one is listed",
			L_INT("markets", markets->n));
	if (catalogue_size(catalogue) == before)
		return DUE_JUDGE;
	log_info("markets match the patterns",
		 L_INT("new_series", catalogue_size(catalogue) - before),
		 L_INT("series_in_all", catalogue_size(catalogue)));
	return DUE_JUDGE | DUE_OWN;
}

/* Has somebody named what does not exist? */
static int is_refused(const struct listing *l, const struct series *s, int64_t boot_ms)
{
	return !l->options->waits_for_listing && boot_ms - l->first_boot_ms < START_MS &&
	       patterns_name(&l->options->patterns, series_symbol(s));
}

static int judge(const struct listing *l, struct series *s, int64_t boot_ms, struct err *err)
{
	switch (series_market_judge(s, boot_ms)) {
	case MARKET_AS_BEFORE:
		break;
	case MARKET_UNKNOWN:
		if (is_refused(l, s, boot_ms))
			return err_set(
				err, ERR_INPUT,
				"--symbols: the exchange does not list %s, and has no candles of it: correct the name, or set --wait-for-listing if it is about to be listed",
				series_symbol(s));
		log_error(
			"the exchange does not list this market; trying again in an hour, the others go on",
			L_SERIES(s));
		break;
	case MARKET_DELISTED:
		log_warn("the exchange does not list this market any more; what is wanted ends",
			 L_SERIES(s), L_TIME("wanted_until", series_wanted_until_ms(s)));
		break;
	case MARKET_LISTED_AGAIN:
		log_info(
			"the exchange lists this market again; the end of what was covered before is compared",
			L_SERIES(s));
		break;
	}
	return 0;
}

int listing_judge(struct listing *l, const struct catalogue *catalogue, int64_t boot_ms,
		  struct err *err)
{
	for (struct series *const *s = catalogue_owned(catalogue); *s; s++) {
		if (judge(l, *s, boot_ms, err))
			return -1;
		if (series_market_is_doubtful(*s))
			listing_soon(l, DOUBTFUL_MS, boot_ms);
	}
	return 0;
}
