#include "collect.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/kafka.h"
#include "common/stop.h"
#include "topic.h"

enum {
	TICK_MS = 500,         /* the longest wait of the loop */
	ROOM_AGAIN_MS = 50,    /* while the publisher is full */
	REPORTS_MS = 1000,
	PROGRESS_MS = 10000
};

/* --- set up and down */

static struct publisher_settings publisher_settings_of(const struct options *o)
{
	return (struct publisher_settings){.brokers = o->brokers, .topic = o->topic, .source = o->source, .properties = &o->kafka,
					   .limit = o->queue_messages};
}

static struct look_settings look_settings_of(const struct options *o)
{
	return (struct look_settings){.conninfo = o->database, .brokers = o->brokers, .topic = o->topic, .source = o->source,
				      .properties = &o->kafka};
}

struct collect *collect_new(const struct options *options, struct err *err)
{
	struct collect *c = xcalloc(1, sizeof *c);
	struct publisher_settings ps = publisher_settings_of(options);
	struct look_settings ls = look_settings_of(options);
	struct http_config hc = {.base_url = options->exchange_url, .user_agent = "gapless-producer/" GAPLESS_VERSION,
				 .connections = HTTP_CONNECTIONS, .proxy = options->proxy, .ca_file = options->ca_file};

	c->options = options;
	c->n_series = options->n_series;
	c->series = xcalloc(c->n_series, sizeof *c->series);
	for (size_t i = 0; i < c->n_series; i++)
		series_init(&c->series[i], options->series[i].symbol, options->series[i].interval, options->since_ms,
			    upbit_retention_ms(options->series[i].interval));
	exclock_init(&c->clock);
	ratelimit_init(&c->rate, (double)options->rate_limit * (double)options->rate_percent / 100, (int)options->rate_limit,
		       clock_boot_ms());
	backoff_init(&c->backoff, 500, 30000);
	if ((c->http = http_new(&hc, err)) && (c->publisher = publisher_new(&ps, err)) && (c->look = look_new(&ls, err)))
		return c;
	collect_free(c, 0);
	return NULL;
}

int64_t collect_free(struct collect *c, int64_t drain_ms)
{
	int64_t left = 0;

	if (!c)
		return 0;
	http_free(c->http);
	if (c->publisher)
		left = publisher_drain(c->publisher, drain_ms);
	publisher_free(c->publisher);
	look_free(c->look);
	for (size_t i = 0; i < c->n_series; i++)
		series_release(&c->series[i]);
	free(c->series);
	publications_release(&c->publications);
	free(c);
	return left;
}

/* Until the topic is there and fit. The broker may come later than we do. */
static int topic_await(struct collect *c, struct err *err)
{
	struct topic_settings ts = {.name = c->options->topic, .partitions = (int)c->options->partitions,
				    .replication = (int)c->options->replication, .retention_ms = c->options->retention_ms};
	struct backoff pause;
	struct log_throttle waiting = {0};
	int partitions;
	int64_t skipped;

	backoff_init(&pause, 200, 2000);
	while (!stop_requested()) {
		if (topic_ensure(publisher_handle(c->publisher), &ts, &partitions, err) == 0) {
			log_info("topic is ready", L_STR("topic", ts.name), L_INT("partitions", partitions));
			return 0;
		}
		if (err->class == ERR_FATAL)
			return -1;
		if (log_due(&waiting, clock_boot_ms(), PROGRESS_MS, &skipped))
			log_info("waiting for Kafka", L_STR("brokers", c->options->brokers), L_STR("reason", err->text));
		if (publisher_poll(c->publisher, err))
			return -1;
		if (http_wait(c->http, (int[]){stop_fd()}, 1, (int)backoff_next_ms(&pause, backoff_random()), err))
			return -1;
	}
	return 0;
}

/* --- requests */

static struct flight *flight_free(struct collect *c)
{
	for (size_t i = 0; i < sizeof c->flights / sizeof *c->flights; i++)
		if (!c->flights[i].used)
			return &c->flights[i];
	return NULL;
}

static size_t flights_of_candles(const struct collect *c, struct request *out)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof c->flights / sizeof *c->flights; i++)
		if (c->flights[i].used && !c->flights[i].markets)
			out[n++] = c->flights[i].request;
	return n;
}

static void markets_send(struct collect *c)
{
	struct flight *f = flight_free(c);
	char url[UPBIT_URL_BYTES];
	struct err err = {0};

	for (size_t i = 0; i < sizeof c->flights / sizeof *c->flights; i++)
		if (c->flights[i].used && c->flights[i].markets)
			return;
	if (!f || upbit_markets_url(c->options->exchange_url, url, sizeof url, &err) || http_get(c->http, url, f, &err))
		return;
	f->used = f->markets = 1;
}

static int candles_send(struct collect *c, const struct request *r, struct err *err)
{
	struct flight *f = flight_free(c);
	struct series *s = r->series;
	char url[UPBIT_URL_BYTES];

	if (!f)
		return 0;
	if (upbit_candles_url(c->options->exchange_url, s->symbol, s->iv, r->to_ms, r->count, url, sizeof url, err) ||
	    http_get(c->http, url, f, err))
		return -1;
	*f = (struct flight){.used = 1, .request = *r};
	if (r->to_ms != INT64_MAX)
		s->backfill_turn = ++c->turn;
	ratelimit_spend(&c->rate, r->to_ms == INT64_MAX ? RATELIMIT_LIVE : RATELIMIT_BACKFILL, clock_boot_ms());
	c->requests++;
	log_debug("asking", L_STR("symbol", s->symbol), L_STR("interval", s->iv->name), L_TIME("from", r->from_ms),
		  L_TIME("to", r->to_ms == INT64_MAX ? 0 : r->to_ms), L_INT("count", r->count));
	return 0;
}

/* Live polls that all series together want in a second, in thousandths. */
static void behind_check(struct collect *c)
{
	double wanted = 0, budget = (double)(c->options->rate_limit * c->options->rate_percent) / 100;

	for (size_t i = 0; i < c->n_series; i++)
		wanted += 1000.0 / (double)c->series[i].iv->nominal_ms;
	if (wanted > budget && !c->behind_said) {
		char text[160];

		snprintf(text, sizeof text, "%.1f live polls a second are wanted, %.1f are allowed: each series is polled every %.1f periods",
			 wanted, budget, wanted / budget);
		log_warn("live polls exceed the budget; nothing is lost, candles come later", L_STR("reason", text));
		c->behind_said = 1;
	}
}

/* Sends at most one candle request. 1: sent, ask again; 0: nothing to send before *wait_ms; -1: *err. */
static int send_next(struct collect *c, int64_t *wait_ms, struct err *err)
{
	struct request in_flight[HTTP_CONNECTIONS + 1], live, backfill;
	struct plan plan = {.series = c->series, .n = c->n_series, .in_flight = in_flight, .boot_ms = clock_boot_ms()};
	int has_live, has_backfill;
	int64_t skipped, next;

	*wait_ms = TICK_MS;
	plan.n_in_flight = flights_of_candles(c, in_flight);
	plan.now_ms = exclock_now(&c->clock, plan.boot_ms);
	if (plan.now_ms == 0 || plan.n_in_flight >= HTTP_CONNECTIONS || plan.boot_ms < c->pause_boot_ms)
		return 0;
	if (publisher_room(c->publisher) < (int64_t)(plan.n_in_flight + 1) * PAGE_ROWS) {
		if (log_due(&c->full, plan.boot_ms, PROGRESS_MS, &skipped))
			log_warn("Kafka does not take the messages as fast as they come, or is away; not fetching more",
				 L_INT("waiting_messages", publisher_outstanding(c->publisher)));
		*wait_ms = ROOM_AGAIN_MS;
		return 0;
	}
	*wait_ms = ratelimit_wait_ms(&c->rate, plan.boot_ms);
	if (*wait_ms > 0)
		return 0;
	has_live = plan_live(&plan, &live);
	has_backfill = plan_backfill(&plan, &backfill);
	if (has_live && (!has_backfill || ratelimit_live_may(&c->rate, 1, plan.boot_ms)))
		return candles_send(c, &live, err) ? -1 : 1;
	if (has_backfill)
		return candles_send(c, &backfill, err) ? -1 : 1;
	next = plan_live_next_ms(&plan);
	*wait_ms = next - plan.now_ms < TICK_MS ? next - plan.now_ms : TICK_MS;
	return 0;
}

/* --- looks */

static struct look_job *look_job_new(struct collect *c)
{
	struct look_job *job = xcalloc(1, sizeof *job);
	int64_t boot = clock_boot_ms();

	job->series = xcalloc(c->n_series, sizeof *job->series);
	job->n = c->n_series;
	job->first = !c->series[0].looked_once;
	job->stall_ms = c->options->stall_s * 1000;
	job->stored_rows = 2 * c->options->rate_limit * c->options->look_gaps_s * PAGE_ROWS;
	for (size_t i = 0; i < c->n_series; i++) {
		struct series *s = &c->series[i];
		struct look_series *l = &job->series[i];

		snprintf(l->symbol, sizeof l->symbol, "%s", s->symbol);
		l->iv = s->iv;
		l->widen = s->since_ms != INT64_MIN;
		l->wanted_from_ms = s->wanted_from_ms;
		l->wanted_until_ms = s->wanted_until_ms;
		l->listed_from_ms = l->listed_before_ms = s->listed_from_ms;
		l->know_listed = s->looked_once;
		l->live_from_ms = s->live_from_ms;
		l->state = boot < s->unknown_until_boot_ms ? "unknown market" : holds_any(&s->holds) ? "pages rejected or empty" : "ok";
		series_look_began(s);
	}
	return job;
}

static void look_apply(struct collect *c, struct look_job *job)
{
	int64_t boot = clock_boot_ms(), now = exclock_now(&c->clock, boot);

	for (size_t i = 0; job->taken && i < job->n; i++) {
		struct series *s = &c->series[i];
		int first = !s->looked_once;
		int64_t missing;
		char text[64];

		s->wanted_from_ms = job->series[i].wanted_from_ms;
		if (s->listed_from_ms == job->series[i].listed_before_ms) /* else found out in the meantime */
			s->listed_from_ms = job->series[i].listed_from_ms;
		if (first && s->listed_from_ms != INT64_MIN)
			s->listed_asked_boot_ms = boot;
		missing = series_look_ended(s, &job->series[i].covered, now, boot);
		series_stored(s, job->series[i].stored, job->series[i].n_stored);
		job->series[i].stored = NULL;
		snprintf(text, sizeof text, "Backfilling %lld missing candles", (long long)missing);
		if (missing > 0)
			log_info(text, L_STR("symbol", s->symbol), L_STR("interval", s->iv->name));
		if (first && series_unrecoverable(s, now) > 0)
			log_warn("older than the exchange keeps them: these intervals are not recoverable", L_STR("symbol", s->symbol),
				 L_STR("interval", s->iv->name), L_INT("intervals", series_unrecoverable(s, now)));
	}
}

static int gaps_left(const struct collect *c, int64_t now_ms, int64_t boot_ms)
{
	struct spans gaps = {0};
	int any = 0;

	for (size_t i = 0; i < c->n_series && !any; i++) {
		series_gaps(&c->series[i], NULL, now_ms, boot_ms, &gaps);
		any = gaps.n > 0 || holds_any(&c->series[i].holds);
	}
	spans_release(&gaps);
	return any;
}

static void look_step(struct collect *c)
{
	int64_t boot = clock_boot_ms(), now = exclock_now(&c->clock, boot);
	struct look_job *job = look_take(c->look);

	if (job) {
		look_apply(c, job);
		look_job_free(job);
		c->looking = 0;
		c->look_boot_ms = boot + 1000 * (gaps_left(c, now, boot) ? c->options->look_gaps_s : c->options->look_s);
	}
	if (now == 0)
		return;
	if (!c->series[0].begun) {
		for (size_t i = 0; i < c->n_series; i++)
			series_begin(&c->series[i], now);
		log_info("the exchange answers", L_TIME("exchange_time", now), L_INT("series", c->n_series));
		behind_check(c);
	}
	if (!c->looking && boot >= c->look_boot_ms) {
		c->looking = 1;
		look_start(c->look, look_job_new(c));
	}
}

/* --- the loop */

static void progress(struct collect *c)
{
	int64_t boot = clock_boot_ms(), now = exclock_now(&c->clock, boot), missing = 0;
	struct publisher_stats stats = publisher_stats(c->publisher);
	struct spans gaps = {0};

	if (boot >= c->reports_boot_ms) {
		c->reports_boot_ms = boot + REPORTS_MS;
		for (size_t i = 0; i < c->n_series; i++)
			report_finished(&c->series[i]);
	}
	if (boot < c->progress_boot_ms)
		return;
	c->progress_boot_ms = boot + PROGRESS_MS;
	for (size_t i = 0; i < c->n_series; i++) {
		series_gaps(&c->series[i], NULL, now, boot, &gaps);
		for (size_t k = 0; k < gaps.n; k++)
			missing += interval_count(c->series[i].iv, gaps.v[k].from, gaps.v[k].to);
	}
	spans_release(&gaps);
	if (c->requests > 0)
		log_info("progress", L_INT("requests", c->requests), L_INT("candles", c->candles), L_INT("rejected", c->rejected),
			 L_INT("missing", missing), L_INT("unacknowledged", publisher_outstanding(c->publisher)),
			 L_INT("published_in_all", stats.delivered), L_TIME("exchange_time", now));
	c->requests = c->candles = c->rejected = 0;
}

int collect_run(struct collect *c, struct err *err)
{
	if (topic_await(c, err))
		return -1;
	while (!stop_requested()) {
		int fds[] = {stop_fd(), publisher_fd(c->publisher), look_fd(c->look)};
		struct http_answer answer;
		int64_t wait_ms = TICK_MS;
		int sent;

		while (http_take(c->http, &answer)) {
			answer_handle(c, &answer);
			http_answer_release(&answer);
		}
		if (publisher_poll(c->publisher, err))
			return -1;
		if (clock_boot_ms() >= c->markets_boot_ms)
			markets_send(c);
		look_step(c);
		do
			sent = send_next(c, &wait_ms, err);
		while (sent == 1);
		if (sent < 0)
			return -1;
		progress(c);
		if (http_wait(c->http, fds, 3, (int)(wait_ms > 0 ? wait_ms : 1), err))
			return -1;
	}
	return 0;
}
