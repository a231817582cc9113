/* SPDX-License-Identifier: MIT */
#include "producer/turn.h"

#include "common/base/clock.h"
#include "common/base/least.h"
#include "common/base/stop.h"
#include "common/text/timetext.h"
#include "producer/series/plan.h"

enum {
	TICK_MS = 500,      /* the longest wait of a turn */
	ROOM_AGAIN_MS = 50, /* while the publisher is full */
	REPORTS_MS = 1000,
	EMPTY_SAY_MS = 60000,
	HAND_OVER_MS = 1000, /* so that the next owner's lookup sees what we published */
	JUMP_AGAIN_MS =
		1000,        /* a jump of the exchange's clock takes three answers to be believed */
	JUMP_LIST_MS = 5000, /* ... of the list, where rows are asked for */
	FIRST_DATE_AGAIN_MS = 250 /* ... and the first of all a second one */
};

void turn_time_read(struct loop *l)
{
	l->boot_ms = clock_boot_ms();
	l->now_ms = requests_now_ms(l->requests, l->boot_ms);
}

/* ---- what came ---- */

/* A page without an end shows the newest candles, however old they are. */
static void empty_say(struct loop *l, const struct answer *a)
{
	const struct series *s = a->request.series;

	if (a->request.live && a->page.n == 0 && a->page.n_bad == 0 && series_has_candles(s))
		LOG_EVERY(
			&l->empty, l->boot_ms, EMPTY_SAY_MS, LOG_WARN,
			"the exchange shows no candle of a market that has candles; it is asked again",
			L_SERIES(s));
}

static void page_take(struct loop *l, const struct answer *a)
{
	const struct request *r = &a->request;
	struct series *s = r->series;
	int64_t listed_ms = series_listed_from_ms(s), earlier_ms = series_earlier_until_ms(s);

	l->publications.n = 0;
	empty_say(l, a);
	series_page(s, r, &a->page, a->read_ms, l->boot_ms, &l->publications);
	observe_page(l->observe, s, &l->publications);
	for (size_t i = 0; i < l->publications.n; i++)
		publisher_send(l->publisher, s, &l->publications.v[i], a->read_ms);
	if (series_listed_from_ms(s) != listed_ms && series_listed_from_ms(s) != INT64_MIN)
		log_info("the exchange has nothing older", L_SERIES(s),
			 L_TIME("listed_from", series_listed_from_ms(s)));
	if (series_earlier_until_ms(s) != earlier_ms)
		log_warn(
			"since this market is listed again the exchange shows another history; what was covered of the earlier one is not covered any more, its rows stay",
			L_SERIES(s), L_TIME("before", series_earlier_until_ms(s)));
}

static void candles_take(struct loop *l, const struct answer *a, unsigned *due)
{
	struct series *s = a->request.series;

	if (share_state(l->share) == SHARE_LOST || !series_is_current(s, a->request.epoch)) {
		log_debug("an answer came for a series that is not ours any more",
			  L_STR("symbol", series_symbol(s)));
		return;
	}
	switch (a->failure) {
	case FAILURE_NONE:
		page_take(l, a);
		break;
	case FAILURE_OUTAGE:
	case FAILURE_LIMIT: /* the gate waits as well; then the others come first */
		series_unanswered(s, l->boot_ms);
		break;
	case FAILURE_SERIES:
		series_not_found(s, a->read_ms > 0 ? a->read_ms : l->now_ms, l->boot_ms);
		*due |= DUE_JUDGE;
		break;
	case FAILURE_SPAN:
		series_rejected(s, &a->request, a->err.text, l->boot_ms);
		break;
	case FAILURE_AGAIN:
	case FAILURE_BAN:
		break; /* the gate waits; the series has learned nothing */
	}
}

static int list_take(struct loop *l, const struct answer *a, unsigned *due, struct err *err)
{
	if (a->failure == FAILURE_NONE) {
		if (listing_check(l->listing, &a->markets, err))
			return -1;
		*due |= listing_came(l->listing, &a->markets, l->catalogue, a->read_ms, l->boot_ms);
	} else if (a->failure == FAILURE_AGAIN && a->is_first_date) {
		listing_again(l->listing, FIRST_DATE_AGAIN_MS, l->boot_ms);
	} else if (a->failure != FAILURE_AGAIN) {
		listing_failed(l->listing, l->boot_ms);
	}
	return 0;
}

/* The shortest interval of those that show rows. */
static int64_t shortest_ms(struct series *const *owned)
{
	int64_t ms = INT64_MAX;

	for (; *owned; owned++)
		if (series_has_candles(*owned))
			ms = least(ms, series_interval(*owned)->nominal_ms);
	return ms;
}

/* What time it is rows tell best: one series after the other is asked for its newest, those of the
 * shortest interval. 0: there is none to ask. */
static int witness_ask(struct loop *l)
{
	struct series *const *owned = catalogue_owned(l->catalogue);
	size_t n = schedule_size(catalogue_schedule(l->catalogue));
	int64_t ms = shortest_ms(owned);

	for (size_t i = 0; i < n; i++) {
		struct series *s = owned[l->witness++ % n];

		if (series_has_candles(s) && series_interval(s)->nominal_ms == ms &&
		    series_poll_soon(s, l->now_ms + JUMP_AGAIN_MS))
			return 1;
	}
	return 0;
}

/* The list of markets has a Date, too, but no rows. */
static void clock_doubted(struct loop *l)
{
	if (l->boot_ms < l->witness_boot_ms)
		return;
	if (!witness_ask(l)) {
		listing_soon(l->listing, JUMP_AGAIN_MS, l->boot_ms);
		return;
	}
	l->witness_boot_ms = l->boot_ms + JUMP_AGAIN_MS;
	listing_soon(l->listing, JUMP_LIST_MS, l->boot_ms);
}

static int answers_take(struct loop *l, unsigned *due, struct err *err)
{
	struct answer a;
	int rc = 0;

	while (rc == 0 && requests_take(l->requests, &a)) {
		if (a.is_list)
			rc = list_take(l, &a, due, err);
		else
			candles_take(l, &a, due);
		if (a.clock_jumped)
			clock_doubted(l);
		answer_release(&a);
	}
	turn_time_read(l);
	return rc;
}

static int group_serve(struct loop *l, unsigned *due, struct err *err)
{
	int rc;

	while ((rc = share_poll(l->share, l->boot_ms, due, err)) == 0 && (*due & DUE_GIVE_BACK)) {
		observe_revoked(l->observe);
		lookups_cancel(l->lookups);
		if (share_state(l->share) != SHARE_LOST)
			publisher_drain(l->publisher, HAND_OVER_MS);
		share_give_back(l->share);
		*due &= ~(unsigned)DUE_GIVE_BACK;
	}
	return rc;
}

int turn_lookups_came(struct loop *l, unsigned *due, struct err *err)
{
	struct members members;
	int rc;

	if (lookups_take(l->lookups, l->catalogue, l->now_ms, l->boot_ms, &members, due, err))
		return -1;
	if (!(*due & DUE_MEMBERS))
		return LOOP_STOPPED;
	rc = share_members(l->share, &members, l->boot_ms, due, err);
	return rc > 0 ? LOOP_REPLACED : rc;
}

/* ---- what follows ---- */

static void budget(struct loop *l)
{
	const unsigned char *ours;
	int n;
	enum budget budget = share_budget(l->share, &ours, &n);

	requests_budget(l->requests, budget, ours, n, l->boot_ms);
	publisher_partitions(l->publisher, n);
}

static struct view view_of(const struct loop *l)
{
	return (struct view){.requests = l->requests,
			     .publisher = l->publisher,
			     .share = l->share,
			     .lookups = l->lookups,
			     .listing = l->listing,
			     .catalogue = l->catalogue,
			     .now_ms = l->now_ms,
			     .boot_ms = l->boot_ms};
}

static void own(struct loop *l, unsigned *due)
{
	size_t left, taken = catalogue_own(l->catalogue, share_owns, l->share, &left);
	int assigned = (*due & DUE_BUDGET) != 0;
	struct view view = view_of(l);

	l->all_begun = 0;
	if (taken > 0)
		*due |= DUE_LOOKUP;
	if (assigned || taken > 0)
		observe_owned(l->observe, &view, assigned, taken, left);
}

/* The exchange's time is known: live can begin, without waiting for a lookup. */
static void begin(struct loop *l, unsigned *due)
{
	if (l->all_begun || share_state(l->share) != SHARE_AGREED || l->now_ms == 0)
		return;
	l->all_begun = 1;
	for (struct series *const *s = catalogue_owned(l->catalogue); *s; s++) {
		if (series_has_begun(*s))
			continue;
		series_begin(*s, l->now_ms, l->boot_ms);
		*due |= DUE_JUDGE; /* what is not listed is not asked for */
	}
	if (!l->begun_said)
		log_info("the exchange answers", L_TIME("exchange_time", l->now_ms),
			 L_INT("series", schedule_size(catalogue_schedule(l->catalogue))));
	l->begun_said = 1;
}

/* What begins in the future would be wanted for ever and found never: refused, once the exchange's
 * time is known. */
static int start_check(const struct loop *l, struct err *err)
{
	char now[TIMETEXT_BYTES], from[TIMETEXT_BYTES];

	if (l->begun_said || l->now_ms == 0 || l->from_ms <= l->now_ms)
		return 0;
	return err_set(err, ERR_INPUT, "%s %s is in the future: at the exchange it is %s",
		       l->from_setting, time_format(l->from_ms, from), time_format(l->now_ms, now));
}

/* Sees to what the parts have said to be due. */
static int follow_up(struct loop *l, unsigned due, struct err *err)
{
	const int32_t *partitions;
	int32_t n_in_all;
	size_t n;

	if (due & DUE_BUDGET)
		budget(l);
	if (due & DUE_OWN)
		own(l, &due);
	begin(l, &due);
	if ((due & DUE_JUDGE) && listing_judge(l->listing, l->catalogue, l->boot_ms, err))
		return -1;
	if (due & DUE_LOOKUP) {
		partitions = share_partitions(l->share, &n, &n_in_all);
		lookups_now(l->lookups, partitions, n, n_in_all);
	}
	return 0;
}

/* ---- what is asked next ---- */

/* Returns how long until there is one to be started. */
static int64_t lookup(struct loop *l)
{
	enum share_state state = share_state(l->share);

	if (state != SHARE_ASSIGNED && (state != SHARE_AGREED || l->now_ms == 0))
		return INT64_MAX;
	lookups_start(l->lookups, l->catalogue, state == SHARE_ASSIGNED, l->now_ms, l->boot_ms);
	return lookups_wait_ms(l->lookups, l->boot_ms);
}

static int may_publish(const struct series *s, const void *loop)
{
	const struct loop *l = loop;

	return publisher_takes(l->publisher, series_symbol(s), l->boot_ms);
}

/* Sends at most one request for candles. 1: sent, once more; 0: nothing before *wait_ms; -1: *err.
 */
static int candles_ask(struct loop *l, int64_t *wait_ms, struct err *err)
{
	struct request in_flight[REQUESTS_MAX], next;
	size_t n = requests_in_flight(l->requests, in_flight);
	struct plan plan = {.schedule = catalogue_schedule(l->catalogue),
			    .in_flight = in_flight,
			    .n_in_flight = n,
			    .may = may_publish,
			    .opaque = l,
			    .now_ms = l->now_ms,
			    .boot_ms = l->boot_ms,
			    .is_out = requests_are_out(l->requests)};

	if (share_state(l->share) != SHARE_AGREED || l->now_ms == 0)
		return 0;
	if ((int64_t)n >= publisher_pages(l->publisher, l->boot_ms) ||
	    !publisher_has_room(l->publisher, (int64_t)(n + 1) * l->options->exchange->page_rows)) {
		*wait_ms = ROOM_AGAIN_MS;
		return 0;
	}
	*wait_ms = requests_wait_ms(l->requests, l->boot_ms);
	if (*wait_ms > 0 || !plan_next(&plan, requests_live_may(l->requests), &next, wait_ms))
		return 0;
	if (requests_candles(l->requests, &next, l->boot_ms, err))
		return -1;
	if (!next.live)
		series_backfill_sent(next.series, ++l->backfill_turn);
	return 1;
}

static int ask(struct loop *l, int64_t *wait_ms, struct err *err)
{
	int64_t lookup_ms = lookup(l);
	int sent;

	if (listing_is_due(l->listing, l->boot_ms))
		requests_list(l->requests, l->boot_ms);
	do {
		turn_time_read(l);
		*wait_ms = TICK_MS;
		sent = candles_ask(l, wait_ms, err);
	} while (sent == 1);
	*wait_ms = least(*wait_ms, least(lookup_ms, TICK_MS));
	return sent;
}

/* ---- how far it is ---- */

static void reports(struct loop *l)
{
	int64_t came, empty;

	if (l->boot_ms < l->reports_boot_ms)
		return;
	l->reports_boot_ms = l->boot_ms + REPORTS_MS;
	for (struct series *const *s = catalogue_owned(l->catalogue); *s; s++)
		if (series_report_finished(*s, &came, &empty))
			log_info("backfill published", L_SERIES(*s), L_INT("candles", came),
				 L_INT("intervals_without_trades", empty));
}

int turn(struct loop *l, struct err *err)
{
	int fds[] = {stop_fd(), publisher_fd(l->publisher), lookups_fd(l->lookups),
		     share_fd(l->share)};
	unsigned due = 0;
	struct view view;
	int64_t wait_ms;
	int done;

	turn_time_read(l);
	if (answers_take(l, &due, err) || publisher_poll(l->publisher, err) ||
	    group_serve(l, &due, err))
		return -1;
	done = turn_lookups_came(l, &due, err);
	if (done)
		return done;
	if (start_check(l, err) || follow_up(l, due, err) || ask(l, &wait_ms, err))
		return -1;
	reports(l);
	due = 0;
	view = view_of(l);
	if (l->observe)
		observe_turn(l->observe, &view);
	else if ((done = fetch_step(l->fetch, &view, &due, err)) != 0)
		return done;
	if (follow_up(l, due, err))
		return -1;
	return requests_wait(l->requests, fds, sizeof fds / sizeof *fds, wait_ms, err);
}
