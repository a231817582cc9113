/* SPDX-License-Identifier: MIT */
#include "producer/fetch.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/progress_show.h"

enum { UNSTORED_MS = 60 * 1000 };

struct fetch {
	struct progress_show show;
	int64_t deadline_ms;
	int64_t first_boot_ms, unstored_boot_ms; /* 0: not yet */
	int64_t began_ms, total;                 /* intervals; 0: not known yet */
	int confirming; /* all is published; the lookup that was started then will tell */
};

struct fetch *fetch_new(int64_t deadline_ms)
{
	struct fetch *f = xcalloc(1, sizeof *f);

	f->deadline_ms = deadline_ms;

	progress_show_begin(&f->show);
	return f;
}

void fetch_free(struct fetch *f)
{
	free(f);
}

/* All series: what is left, and of that what may be asked for now; whether one has not been looked
 * up yet, and one that is stuck. */
struct state {
	int64_t left, askable;
	int not_looked_up;
	const struct series *stuck;
};

static struct state state_of(const struct view *view)
{
	struct state state = {.not_looked_up = !listing_was_read(view->listing)};

	for (struct series *const *v = catalogue_owned(view->catalogue); *v; v++) {
		const struct series *s = *v;
		int64_t left;

		state.not_looked_up |= !series_is_looked_up(s);
		if (!series_is_looked_up(s))
			continue;
		left = series_left(s, view->now_ms, NULL);
		state.left += left;
		state.askable += series_missing(s, view->now_ms, view->boot_ms);
		if (left > 0 && series_is_stuck(s))
			state.stuck = s;
	}
	return state;
}

static void show(struct fetch *f, const struct state *state, const struct view *view, int ends)
{
	struct progress_counter counters[] = {{"requests", requests_stats(view->requests).candles},
					      {"candles", publisher_stats(view->publisher).sent},
					      {"missing", state->left}};
	struct progress p = {.title = "fetch",
			     .unit = "intervals",
			     .done = f->total - state->left,
			     .total = f->total,
			     .elapsed_ms = view->boot_ms - f->began_ms,
			     .counters = counters,
			     .n = sizeof counters / sizeof *counters};

	if (ends)
		progress_show_end(&f->show, &p);
	else
		progress_show(&f->show, &p, view->boot_ms);
}

static int given_up(const struct state *state, struct err *err)
{
	return err_set(
		err, ERR_FATAL,
		"%lld intervals are not available, of %s %s and perhaps others: the lines before say why; "
		"the same command tries them again",
		(long long)state->left, series_symbol(state->stuck),
		series_interval(state->stuck)->name);
}

/* Nothing is left to ask for. */
static int confirm(struct fetch *f, const struct state *state, const struct view *view,
		   unsigned *due, struct err *err)
{
	int stored;

	if (state->left > 0)
		return state->stuck ? given_up(state, err) : 0;
	if (!f->confirming) {
		f->confirming = 1;
		*due |= DUE_LOOKUP;
		return 0;
	}
	if (!lookups_are_complete(view->lookups, &stored))
		return 0;
	return stored ? 1
		      : err_set(err, ERR_FATAL,
				"everything is published, but the writer does not store it; is gapless-writer running?");
}

/* A user who waits for a writer that does not run waits long: says so each minute. */
static void unstored_say(struct fetch *f, const struct view *view, int waits)
{
	if (!waits || f->unstored_boot_ms == 0) {
		f->unstored_boot_ms = view->boot_ms;
		return;
	}
	if (view->boot_ms - f->unstored_boot_ms < UNSTORED_MS)
		return;
	f->unstored_boot_ms = view->boot_ms;
	log_warn(
		"nothing has been stored for a minute, and this waits for it; is gapless-writer running?",
		L_INT("waited_s", (view->boot_ms - f->first_boot_ms) / 1000));
}

/* Something is in flight, to the exchange or to Kafka, or the exchange is out. */
static int is_busy(const struct view *view)
{
	struct request in_flight[REQUESTS_MAX];

	return requests_are_out(view->requests) ||
	       requests_in_flight(view->requests, in_flight) > 0 ||
	       publisher_outstanding(view->publisher) > 0;
}

int fetch_step(struct fetch *f, const struct view *view, unsigned *due, struct err *err)
{
	struct state state = state_of(view);
	int listed = listing_was_read(view->listing), rc = 0;

	if (f->first_boot_ms == 0)
		f->first_boot_ms = view->boot_ms;
	if (listed && catalogue_size(view->catalogue) == 0)
		return err_set(
			err, ERR_INPUT,
			"--symbols matches no market of the exchange's list; nothing was fetched");
	if (f->deadline_ms > 0 && view->boot_ms - f->first_boot_ms >= f->deadline_ms)
		return err_set(
			err, ERR_FATAL,
			"not everything is stored within --deadline-s; is gapless-writer running? the same command goes on");
	unstored_say(f, view, listed && (state.not_looked_up || f->confirming));
	if (state.not_looked_up)
		return 0;
	if (f->total < state.left || f->began_ms == 0) {
		f->total = state.left;
		f->began_ms = view->boot_ms;
	}
	show(f, &state, view, 0);
	if (!is_busy(view) && state.askable == 0)
		rc = confirm(f, &state, view, due, err);
	f->confirming &=
		state.left == 0; /* the lookup may have found that something is not there */
	if (rc)
		show(f, &state, view, 1);
	return rc;
}
