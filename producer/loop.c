/* SPDX-License-Identifier: MIT */
#include "producer/loop.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/kafka/kafka_ensure.h"
#include "common/text/timetext.h"
#include "producer/fetch.h"
#include "producer/observe.h"
#include "producer/series/plan.h"
#include "producer/series/series_page.h"
#include "producer/view.h"

enum {
	TICK_MS = 500,      /* the longest wait of the loop */
	ROOM_AGAIN_MS = 50, /* while the publisher is full */
	REPORTS_MS = 1000,
	PROGRESS_MS = 10000,
	EMPTY_SAY_MS = 60000,
	CHECK_MS = 10000,
	MEMBERS_AGAIN_MS = 500,
	JUMP_AGAIN_MS =
		1000, /* a jump of the exchange's clock takes three answers to be believed */
	FIRST_DATE_AGAIN_MS = 250, /* ... and the first of all a second one */
	HAND_OVER_MS = 1000        /* so that the next owner's lookup sees what we published */
};

/* For ever, or once: chosen at the start. */
struct mode {
	int keeps_wanted; /* lookups.h */
	struct share *(*share)(struct loop *l, struct err *err);
	/* By an assignment, or because there are new ones, so many series were taken, and left.
	 * NULL: no matter. */
	void (*owned)(const struct loop *l, int assigned, size_t taken, size_t left);
	/* How far it is, at the end of a turn: done (1), not yet (0), or -1 (*err). */
	int (*step)(struct loop *l, unsigned *due, struct err *err);
	const char *from_setting; /* where what is wanted begins */
	int64_t (*from_ms)(const struct options *o);
};

struct loop {
	const struct options *options;
	struct catalogue *catalogue;
	struct requests *requests;
	struct publisher *publisher;
	struct share *share;
	struct lookups *lookups;
	struct listing *listing;
	struct fetch *fetch;
	struct observe *observe; /* NULL: one fetch shows nothing */
	const struct mode *mode;

	int64_t boot_ms, now_ms; /* when last read; the latter the exchange's, 0: not known */
	int begun_said;
	int all_begun; /* of the owned series */
	uint64_t backfill_turn;
	struct publications publications; /* memory that is used again */
	int64_t reports_boot_ms;
	struct log_throttle empty;
};

/* ---- set up and down ---- */

/* Called by the group, before the partitions are given back. */
static void revoked(void *opaque, int lost)
{
	struct loop *l = opaque;

	observe_revoked(l->observe);
	lookups_cancel(l->lookups);
	if (!lost)
		publisher_drain(l->publisher, HAND_OVER_MS);
}

static struct loop *make(const struct mode *mode, const struct options *o, int64_t since_ms,
			 int64_t until_ms, struct err *err)
{
	struct loop *l = xcalloc(1, sizeof *l);

	l->mode = mode;
	l->options = o;
	l->listing = listing_new(o);
	if ((l->catalogue = catalogue_new(o, since_ms, until_ms, err)) != NULL &&
	    (l->requests = requests_new(o, err)) != NULL &&
	    (l->publisher = publisher_new(o, err)) != NULL &&
	    (l->lookups = lookups_new(o, mode->keeps_wanted, err)) != NULL &&
	    (l->share = mode->share(l, err)) != NULL)
		return l;
	loop_free(l, 0);
	return NULL;
}

int64_t loop_free(struct loop *l, int64_t drain_ms)
{
	int64_t left = 0;

	if (!l)
		return 0;
	observe_waits(l->observe, "stopping");
	if (l->publisher)
		left = publisher_drain(l->publisher, drain_ms);
	/* After the drain: any process that is assigned our partitions then sees all that we
	 * published. */
	share_free(l->share);
	publisher_free(l->publisher);
	lookups_free(l->lookups);
	requests_free(l->requests);
	listing_free(l->listing);
	fetch_free(l->fetch);
	observe_free(l->observe);
	catalogue_free(l->catalogue);
	publications_release(&l->publications);
	free(l);
	return left;
}

/* Pacing wants the time as it is, not as it was when the turn began. */
static void time_read(struct loop *l)
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
	int64_t listed_ms = series_listed_from_ms(s);

	l->publications.n = 0;
	empty_say(l, a);
	series_page(s, r, &a->page, a->read_ms, l->boot_ms, &l->publications);
	observe_page(l->observe, s, &l->publications);
	for (size_t i = 0; i < l->publications.n; i++)
		publisher_send(l->publisher, s, &l->publications.v[i], a->read_ms);
	if (series_listed_from_ms(s) != listed_ms && series_listed_from_ms(s) != INT64_MIN)
		log_info("the exchange has nothing older", L_SERIES(s),
			 L_TIME("listed_from", series_listed_from_ms(s)));
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
	case FAILURE_LIMIT:
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
			listing_soon(l->listing, JUMP_AGAIN_MS, l->boot_ms);
		answer_release(&a);
	}
	time_read(l);
	return rc;
}

/* LOOP_STOPPED: go on; another end, or -1. */
static int lookups_came(struct loop *l, unsigned *due, struct err *err)
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

static int may_publish(const struct series *s, const void *loop)
{
	const struct loop *l = loop;

	return publisher_takes(l->publisher, series_symbol(s), l->boot_ms);
}

static struct plan plan_of(const struct loop *l, const struct request *in_flight, size_t n)
{
	return (struct plan){.schedule = catalogue_schedule(l->catalogue),
			     .in_flight = in_flight,
			     .n_in_flight = n,
			     .may = may_publish,
			     .opaque = l,
			     .now_ms = l->now_ms,
			     .boot_ms = l->boot_ms};
}

static void budget(struct loop *l)
{
	const unsigned char *ours;
	int n;
	enum budget budget = share_budget(l->share, &ours, &n);

	requests_budget(l->requests, budget, ours, n);
	publisher_partitions(l->publisher, n);
}

static void own(struct loop *l, unsigned *due)
{
	size_t left, taken = catalogue_own(l->catalogue, share_owns, l->share, &left);

	int assigned = (*due & DUE_BUDGET) != 0;

	l->all_begun = 0;
	if (taken > 0)
		*due |= DUE_LOOKUP;
	if ((assigned || taken > 0) && l->mode->owned)
		l->mode->owned(l, assigned, taken, left);
}

/* The exchange's time is known: live can begin, without waiting for a lookup. */
static void begin(struct loop *l, unsigned *due)
{
	size_t n;
	struct series *const *owned = catalogue_owned(l->catalogue, &n);

	if (l->all_begun || share_state(l->share) != SHARE_AGREED || l->now_ms == 0)
		return;
	l->all_begun = 1;
	for (size_t i = 0; i < n; i++) {
		if (series_has_begun(owned[i]))
			continue;
		series_begin(owned[i], l->now_ms);
		*due |= DUE_JUDGE; /* what is not listed is not asked for */
	}
	if (!l->begun_said)
		log_info("the exchange answers", L_TIME("exchange_time", l->now_ms),
			 L_INT("series", n));
	l->begun_said = 1;
}

/* What begins in the future would be wanted for ever and found never: refused, once the exchange's
 * time is known. */
static int start_check(const struct loop *l, struct err *err)
{
	char now[TIMETEXT_BYTES], from[TIMETEXT_BYTES];

	if (l->begun_said || l->now_ms == 0 || l->mode->from_ms(l->options) <= l->now_ms)
		return 0;
	return err_set(err, ERR_INPUT, "%s %s is in the future: at the exchange it is %s",
		       l->mode->from_setting, time_format(l->mode->from_ms(l->options), from),
		       time_format(l->now_ms, now));
}

/* Sees to what the parts have said to be due. */
static int follow_up(struct loop *l, unsigned due, struct err *err)
{
	const int32_t *partitions;
	size_t n;

	if (due & DUE_BUDGET)
		budget(l);
	if (due & DUE_OWN)
		own(l, &due);
	begin(l, &due);
	if ((due & DUE_JUDGE) && listing_judge(l->listing, l->catalogue, l->boot_ms, err))
		return -1;
	if (due & DUE_LOOKUP) {
		partitions = share_partitions(l->share, &n);
		lookups_now(l->lookups, partitions, n);
	}
	return 0;
}

/* ---- what is asked next ---- */

/* Returns how long until there is one to be started. */
static int64_t lookup(struct loop *l)
{
	enum share_state state = share_state(l->share);

	if (state != SHARE_HELD && (state != SHARE_AGREED || l->now_ms == 0))
		return INT64_MAX;
	lookups_start(l->lookups, l->catalogue, state == SHARE_HELD, share_partition_of, l->share,
		      l->now_ms, l->boot_ms);
	return lookups_wait_ms(l->lookups, l->boot_ms);
}

/* Sends at most one request for candles. 1: sent, once more; 0: nothing before *wait_ms; -1: *err.
 */
static int candles_ask(struct loop *l, int64_t *wait_ms, struct err *err)
{
	struct request in_flight[REQUESTS_MAX], next;
	size_t n = requests_in_flight(l->requests, in_flight);
	struct plan plan = plan_of(l, in_flight, n);

	if (share_state(l->share) != SHARE_AGREED || l->now_ms == 0)
		return 0;
	if ((int64_t)n >= publisher_pages(l->publisher, l->boot_ms)) {
		*wait_ms = ROOM_AGAIN_MS;
		return 0;
	}
	if (!publisher_has_room(l->publisher, (int64_t)(n + 1) * l->options->exchange->page_rows)) {
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
		time_read(l);
		*wait_ms = TICK_MS;
		sent = candles_ask(l, wait_ms, err);
	} while (sent == 1);
	if (*wait_ms > lookup_ms)
		*wait_ms = lookup_ms;
	if (*wait_ms > TICK_MS)
		*wait_ms = TICK_MS;
	return sent;
}

/* ---- how far it is ---- */

static void reports(struct loop *l)
{
	size_t n;
	struct series *const *owned = catalogue_owned(l->catalogue, &n);
	int64_t came, empty;

	if (l->boot_ms < l->reports_boot_ms)
		return;
	l->reports_boot_ms = l->boot_ms + REPORTS_MS;
	for (size_t i = 0; i < n; i++)
		if (series_report_finished(owned[i], &came, &empty))
			log_info("backfill published", L_SERIES(owned[i]), L_INT("candles", came),
				 L_INT("intervals_without_trades", empty));
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

static struct share *follow_share(struct loop *l, struct err *err)
{
	l->observe = observe_new(l->options->http, l->options->series_metrics);
	observe_waits(l->observe, "waiting for Kafka");
	return share_of_group(l->options, revoked, l, err);
}

static void follow_owned(const struct loop *l, int assigned, size_t taken, size_t left)
{
	struct plan plan = plan_of(l, NULL, 0);
	double wanted = plan_live_rate(&plan), budget = requests_per_second(l->requests);
	char text[200];

	if (assigned)
		share_say(l->share, schedule_size(plan.schedule), taken, left);
	if (wanted <= budget)
		return;
	snprintf(
		text, sizeof text,
		"%.1f live polls a second are wanted, %.1f are allowed: each series is polled every %.1f periods",
		wanted, budget, wanted / budget);
	log_warn("live polls exceed the budget; nothing is lost, candles come later",
		 L_STR("error", text));
}

static int follow_step(struct loop *l, unsigned *due, struct err *err)
{
	struct view view = view_of(l);

	(void)due;
	(void)err;
	observe_turn(l->observe, &view);
	return 0;
}

static int64_t follow_from_ms(const struct options *o)
{
	return o->since_ms;
}

static const struct mode follow = {1,           follow_share, follow_owned,
				   follow_step, "--since",    follow_from_ms};

static struct share *once_share(struct loop *l, struct err *err)
{
	(void)err;
	l->fetch = fetch_new(l->options->deadline_s * 1000);
	return share_of_all();
}

static int once_step(struct loop *l, unsigned *due, struct err *err)
{
	struct view view = view_of(l);

	return fetch_step(l->fetch, &view, due, err);
}

static int64_t once_from_ms(const struct options *o)
{
	return o->from_ms;
}

static const struct mode once = {
	.share = once_share, .step = once_step, .from_setting = "--from", .from_ms = once_from_ms};

/* ---- the loop ---- */

/* Until the topic is there and fit; the broker may come later than we do. 1: it is; 0: stopped. */
static int topic_await(struct loop *l, int *partitions, struct err *err)
{
	const struct kafka_new_topic want = {.name = l->options->topic,
					     .partitions = l->options->partitions,
					     .replication = l->options->replication,
					     .retention_ms = l->options->retention_ms};
	struct backoff pause;
	struct log_throttle waiting = {0};

	backoff_init(&pause, 200, 2000);
	while (!stop_requested()) {
		if (kafka_topic_ensure(publisher_handle(l->publisher), &want, partitions, err) ==
		    0) {
			log_info("topic is ready", L_STR("topic", l->options->topic),
				 L_INT("partitions", *partitions));
			return 1;
		}
		if (err->class == ERR_FATAL)
			return -1;
		LOG_EVERY(&waiting, clock_boot_ms(), PROGRESS_MS, LOG_INFO, "waiting for Kafka",
			  L_STR("brokers", l->options->brokers), L_STR("error", err->text));
		if (publisher_poll(l->publisher, err) ||
		    requests_wait(l->requests, (int[]){stop_fd()}, 1,
				  backoff_next_ms(&pause, backoff_random()), err))
			return -1;
	}
	return 0;
}

static int check(struct loop *l, struct err *err)
{
	int fds[] = {stop_fd(), lookups_fd(l->lookups)};
	int64_t until_ms = clock_boot_ms() + CHECK_MS;
	unsigned due = 0;

	if (lookups_are_idle(l->lookups))
		lookups_check(l->lookups);
	while (!stop_requested() && !lookups_are_idle(l->lookups) && clock_boot_ms() < until_ms) {
		time_read(l);
		if (lookups_came(l, &due, err) ||
		    (!lookups_are_idle(l->lookups) &&
		     requests_wait(l->requests, fds, sizeof fds / sizeof *fds, TICK_MS, err)))
			return -1;
	}
	return 0;
}

/* Until it is known whether database and settings fit, and the group has nobody who wants something
 * else. A database that does not answer is not waited for: live goes on without it, and it is
 * checked when it is there. 1: go on; 0: stopped. */
static int check_await(struct loop *l, struct err *err)
{
	int may = 0;

	while (!stop_requested() && may == 0) {
		if (check(l, err))
			return -1;
		time_read(l);
		may = share_may_begin(l->share, l->boot_ms, err);
		if (may == 0 &&
		    requests_wait(l->requests, (int[]){stop_fd()}, 1, MEMBERS_AGAIN_MS, err))
			return -1;
	}
	return stop_requested() ? 0 : may;
}

/* One turn: what came, what follows from it, what is asked next, how far it is, and a wait. */
static int turn(struct loop *l, struct err *err)
{
	int fds[] = {stop_fd(), publisher_fd(l->publisher), lookups_fd(l->lookups),
		     share_fd(l->share)};
	unsigned due = 0;
	int64_t wait_ms;
	int done;

	time_read(l);
	if (answers_take(l, &due, err) || publisher_poll(l->publisher, err) ||
	    share_poll(l->share, l->boot_ms, &due, err))
		return -1;
	done = lookups_came(l, &due, err);
	if (done)
		return done;
	if (start_check(l, err))
		return -1;
	if (follow_up(l, due, err) || ask(l, &wait_ms, err))
		return -1;
	reports(l);
	due = 0;
	done = l->mode->step(l, &due, err);
	if (done)
		return done;
	if (follow_up(l, due, err))
		return -1;
	return requests_wait(l->requests, fds, sizeof fds / sizeof *fds, wait_ms, err);
}

struct loop *loop_new(const struct options *options, struct err *err)
{
	return make(&follow, options, options->since_ms, INT64_MAX, err);
}

struct loop *loop_new_fetch(const struct options *options, struct err *err)
{
	return make(&once, options, options->from_ms, options->to_ms, err);
}

int loop_run(struct loop *l, struct err *err)
{
	int partitions, rc = topic_await(l, &partitions, err);

	if (rc == 1)
		rc = check_await(l, err);
	if (rc <= 0)
		return rc;
	if (share_begin(l->share, partitions, err))
		return -1;
	rc = LOOP_STOPPED;
	while (!stop_requested() && rc == LOOP_STOPPED)
		rc = turn(l, err);
	return rc;
}
