/* SPDX-License-Identifier: MIT */
/* The one-shot fetch: a span of some series, from the exchange into the table, with a progress bar;
 * it ends when a lookup has seen all of it in the database. The loop is the producer's own; here is
 * only how far it is. */
#include <stdio.h>
#include <stdlib.h>

#include "collect.h"
#include "common/alloc.h"
#include "common/clock.h"
#include "common/progress_show.h"

struct fetch {
	struct progress_show show;
	int64_t began_ms, total; /* intervals; 0: not known yet */
	int confirming;          /* all is published; the lookup that was started then will tell */
	int confirmed, unstored; /* what it told */
};

struct fetch *fetch_new(void)
{
	struct fetch *f = xcalloc(1, sizeof *f);

	progress_show_begin(&f->show);
	return f;
}

void fetch_free(struct fetch *f)
{
	free(f);
}

int fetch_is_confirming(const struct collect *c)
{
	return c->fetch && c->fetch->confirming;
}

void fetch_looked(struct collect *c, int stored)
{
	c->fetch->confirmed = stored;
	c->fetch->unstored = !stored;
}

/* All series: what is left, and of that what may be asked for now; whether one has not been looked
 * for yet, and one that is beyond hope. */
struct state {
	int64_t left, askable;
	int not_looked_up;
	const struct series *hopeless;
};

static struct state state_of(const struct collect *c)
{
	int64_t boot = clock_boot_ms(), now = exclock_now(&c->clock, boot);
	struct state state = {.not_looked_up = !c->listed};

	for (size_t i = 0; i < c->catalogue.n_owned; i++) {
		const struct series *s = c->catalogue.owned[i];
		int64_t left;

		state.not_looked_up |= !s->looked_up;
		if (!s->looked_up)
			continue;
		left = series_left(s, now, boot);
		state.left += left;
		state.askable += series_missing(s, now, boot);
		if (left > 0 &&
		    (boot < s->unknown_until_boot_ms || retry_spans_are_stuck(&s->retries)))
			state.hopeless = s;
	}
	return state;
}

static struct progress progress_of(const struct collect *c, const struct state *state,
				   struct progress_counter counters[3])
{
	const struct fetch *f = c->fetch;

	counters[0] = (struct progress_counter){"requests", c->requests};
	counters[1] = (struct progress_counter){"candles", c->candles};
	counters[2] = (struct progress_counter){"missing", state->left};
	return (struct progress){.title = "fetch",
				 .unit = "intervals",
				 .done = f->total - state->left,
				 .total = f->total,
				 .elapsed_ms = clock_boot_ms() - f->began_ms,
				 .counters = counters,
				 .n = 3};
}

static int in_flight(const struct collect *c)
{
	for (size_t i = 0; i < sizeof c->flights / sizeof *c->flights; i++)
		if (c->flights[i].used && !c->flights[i].markets)
			return 1;
	return publisher_outstanding(c->publisher) > 0;
}

static int given_up(const struct state *state, struct err *err)
{
	const struct series *s = state->hopeless;

	return err_set(
		err, ERR_FATAL,
		"%lld intervals are not available, of %s %s and perhaps others: the lines before say why; "
		"the same command tries them again",
		(long long)state->left, s->symbol, s->iv->name);
}

int fetch_step(struct collect *c, struct err *err)
{
	struct fetch *f = c->fetch;
	struct state state = state_of(c);
	struct progress_counter counters[3];
	struct progress p;
	int rc = 0;

	if (state.not_looked_up)
		return 0;
	if (f->total < state.left || f->began_ms == 0) {
		f->total = state.left;
		f->began_ms = clock_boot_ms();
	}
	p = progress_of(c, &state, counters);
	progress_show(&f->show, &p, clock_boot_ms());
	if (in_flight(c) || state.askable > 0)
		return 0;
	if (state.left > 0 && state.hopeless) {
		rc = given_up(&state, err);
	} else if (state.left == 0 && f->unstored) {
		rc = err_set(
			err, ERR_FATAL,
			"everything is published, but the writer does not store it; is gapless-writer running?");
	} else if (state.left == 0 && f->confirmed) {
		rc = 1;
	} else if (state.left == 0 && !f->confirming) {
		f->confirming = 1;
		lookup_now(c);
	}
	f->confirming &=
		state.left == 0; /* the lookup may have found that something is not there */
	f->confirmed &= f->confirming;
	if (rc)
		progress_show_end(&f->show, &p);
	return rc;
}
