/* SPDX-License-Identifier: MIT */
#include "collect.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/kafka.h"
#include "common/stop.h"
#include "topic.h"

enum {
	TICK_MS = 500, /* the longest wait of the loop */
	REPORTS_MS = 1000,
	PROGRESS_MS = 10000
};

/* --- set up and down */

static struct publisher_settings publisher_settings_of(const struct options *o)
{
	return (struct publisher_settings){.brokers = o->brokers,
					   .topic = o->topic,
					   .source = o->source,
					   .properties = &o->kafka,
					   .limit = o->queue_messages};
}

static struct lookup_settings lookup_settings_of(const struct options *o, const char *client_id)
{
	return (struct lookup_settings){.conninfo = o->database,
					.brokers = o->brokers,
					.topic = o->topic,
					.source = o->source,
					.group = o->group,
					.client_id = client_id,
					.properties = &o->kafka};
}

static struct ownership_settings ownership_settings_of(struct collect *c)
{
	const struct options *o = c->options;

	return (struct ownership_settings){.brokers = o->brokers,
					   .topic = o->topic,
					   .group = o->group,
					   .client_id = c->client_id,
					   .session_timeout_ms = o->session_timeout_ms,
					   .properties = &o->kafka,
					   .revoked = own_revoked,
					   .opaque = c};
}

struct collect *collect_new(const struct options *options, struct err *err)
{
	struct collect *c = xcalloc(1, sizeof *c);
	struct publisher_settings ps = publisher_settings_of(options);
	struct lookup_settings ls = lookup_settings_of(options, c->client_id);
	struct ownership_settings os;
	struct http_config hc = {.base_url = options->exchange_url,
				 .user_agent = "gapless-producer/" GAPLESS_VERSION,
				 .connections = HTTP_CONNECTIONS,
				 .proxy = options->proxy,
				 .ca_file = options->ca_file};

	c->options = options;
	members_client_id(&options->patterns, options->intervals, options->n_intervals,
			  options->since_ms, c->client_id);
	exclock_init(&c->clock);
	ratelimit_init(&c->rate, (double)options->rate_limit * (double)options->rate_percent / 100,
		       (int)options->rate_limit, clock_boot_ms());
	backoff_init(&c->backoff, 500, 30000);
	os = ownership_settings_of(c);
	if (catalogue_add_named(&c->catalogue, &options->patterns, options->intervals,
				options->n_intervals, options_from_ms(options), upbit_retention_ms,
				err) == 0 &&
	    (c->http = http_new(&hc, err)) && (c->publisher = publisher_new(&ps, err)) &&
	    (c->lookup = lookup_new(&ls, err)) &&
	    (options->fetch || (c->ownership = ownership_new(&os, err)))) {
		if (options->fetch)
			own_everything(c);
		return c;
	}
	collect_free(c, 0);
	return NULL;
}

int64_t collect_free(struct collect *c, int64_t drain_ms)
{
	int64_t left = 0;

	if (!c)
		return 0;
	http_free(c->http);
	c->held = 0;
	if (c->publisher)
		left = publisher_drain(c->publisher, drain_ms);
	/* After the drain: any process that is assigned our partitions then sees all that we
	 * published. */
	ownership_free(c->ownership);
	fetch_free(c->fetch);
	publisher_free(c->publisher);
	lookup_free(c->lookup);
	catalogue_release(&c->catalogue);
	publications_release(&c->publications);
	free(c->ours);
	free(c);
	return left;
}

/* Until the topic is there and fit. The broker may come later than we do. */
static int topic_await(struct collect *c, struct err *err)
{
	struct topic_settings ts = {.name = c->options->topic,
				    .partitions = (int)c->options->partitions,
				    .replication = (int)c->options->replication,
				    .retention_ms = c->options->retention_ms};
	struct backoff pause;
	struct log_throttle waiting = {0};
	int partitions;
	int64_t skipped;

	backoff_init(&pause, 200, 2000);
	while (!stop_requested()) {
		if (topic_ensure(publisher_handle(c->publisher), &ts, &partitions, err) == 0) {
			log_info("topic is ready", L_STR("topic", ts.name),
				 L_INT("partitions", partitions));
			return 0;
		}
		if (err->class == ERR_FATAL)
			return -1;
		if (log_due(&waiting, clock_boot_ms(), PROGRESS_MS, &skipped))
			log_info("waiting for Kafka", L_STR("brokers", c->options->brokers),
				 L_STR("error", err->text));
		if (publisher_poll(c->publisher, err))
			return -1;
		if (http_wait(c->http, (int[]){stop_fd()}, 1,
			      (int)backoff_next_ms(&pause, backoff_random()), err))
			return -1;
	}
	return 0;
}

/* --- the loop */

static void progress(struct collect *c)
{
	int64_t boot = clock_boot_ms(), now = exclock_now(&c->clock, boot), missing = 0;
	struct publisher_stats stats = publisher_stats(c->publisher);

	if (boot >= c->reports_boot_ms) {
		c->reports_boot_ms = boot + REPORTS_MS;
		for (size_t i = 0; i < c->catalogue.n_owned; i++)
			report_finished(c->catalogue.owned[i]);
	}
	if (boot < c->progress_boot_ms)
		return;
	if (c->fetch)
		return; /* has a line of its own */
	c->progress_boot_ms = boot + PROGRESS_MS;
	for (size_t i = 0; i < c->catalogue.n_owned; i++)
		missing += series_missing(c->catalogue.owned[i], now, boot);
	if (c->requests > 0)
		log_info("progress", L_INT("requests", c->requests), L_INT("candles", c->candles),
			 L_INT("rejected", c->rejected), L_INT("missing", missing),
			 L_INT("live_late_ms", send_late_ms(c)),
			 L_INT("unacknowledged", publisher_outstanding(c->publisher)),
			 L_INT("published_in_all", stats.delivered), L_TIME("exchange_time", now));
	c->requests = c->candles = c->rejected = 0;
}

static int answers_take(struct collect *c, struct err *err)
{
	struct http_answer answer;

	while (http_take(c->http, &answer)) {
		answer_handle(c, &answer);
		http_answer_release(&answer);
	}
	return publisher_poll(c->publisher, err);
}

/* One turn: what came, what follows from it, what is asked next, and a wait. */
static int turn(struct collect *c, struct err *err)
{
	int fds[] = {stop_fd(), publisher_fd(c->publisher), lookup_fd(c->lookup),
		     c->ownership ? ownership_fd(c->ownership) : stop_fd()};
	int64_t wait_ms = TICK_MS;
	int sent;

	if (answers_take(c, err) || own_step(c, err) || lookup_step(c, err))
		return -1;
	send_markets(c);
	do
		sent = send_next(c, &wait_ms, err);
	while (sent == 1);
	if (sent < 0)
		return -1;
	progress(c);
	return http_wait(c->http, fds, sizeof fds / sizeof *fds, (int)(wait_ms > 0 ? wait_ms : 1),
			 err);
}

int collect_run(struct collect *c, struct err *err)
{
	int done = 0;

	if (topic_await(c, err))
		return -1;
	if (c->ownership && !stop_requested() && ownership_join(c->ownership, err))
		return -1;
	while (!stop_requested() && !done) {
		if (turn(c, err))
			return -1;
		if (c->fetch && (done = fetch_step(c, err)) < 0)
			return -1;
	}
	return 0;
}
