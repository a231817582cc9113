/* SPDX-License-Identifier: MIT */
#include "producer/loop.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/stop.h"
#include "common/kafka/kafka_ensure.h"
#include "producer/turn.h"

enum { PROGRESS_MS = 10000, CHECK_MS = 10000, CHECK_TICK_MS = 500, MEMBERS_AGAIN_MS = 500 };

/* ---- its parts ---- */

/* All but the share, and what shows how far it is. keeps_wanted: lookups.h. */
static struct loop *make(const struct options *o, int64_t from_ms, int64_t until_ms,
			 int keeps_wanted, struct err *err)
{
	struct loop *l = xcalloc(1, sizeof *l);

	l->options = o;
	l->from_ms = from_ms;
	l->listing = listing_new(o);
	if ((l->catalogue = catalogue_new(o, from_ms, until_ms, err)) != NULL &&
	    (l->requests = requests_new(o, err)) != NULL &&
	    (l->publisher = publisher_new(o, err)) != NULL &&
	    (l->lookups = lookups_new(o, keeps_wanted, err)) != NULL)
		return l;
	loop_free(l, 0);
	return NULL;
}

struct loop *loop_new(const struct options *o, struct err *err)
{
	struct loop *l = make(o, o->since_ms, INT64_MAX, 1, err);

	if (!l)
		return NULL;
	l->from_setting = "--since";
	l->observe = observe_new(o->http, o->series_metrics);
	observe_waits(l->observe, "waiting for Kafka");
	l->share = share_of_group(o, err);
	if (l->share)
		return l;
	loop_free(l, 0);
	return NULL;
}

struct loop *loop_new_fetch(const struct options *o, struct err *err)
{
	struct loop *l = make(o, o->from_ms, o->to_ms, 0, err);

	if (!l)
		return NULL;
	l->from_setting = "--from";
	l->fetch = fetch_new(o->deadline_s * 1000);
	l->share = share_of_all();
	return l;
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

/* ---- from its beginning to its end ---- */

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
		turn_time_read(l);
		if (turn_lookups_came(l, &due, err) ||
		    (!lookups_are_idle(l->lookups) &&
		     requests_wait(l->requests, fds, sizeof fds / sizeof *fds, CHECK_TICK_MS, err)))
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
		turn_time_read(l);
		may = share_may_begin(l->share, l->boot_ms, err);
		if (may == 0 &&
		    requests_wait(l->requests, (int[]){stop_fd()}, 1, MEMBERS_AGAIN_MS, err))
			return -1;
	}
	return stop_requested() ? 0 : may;
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
