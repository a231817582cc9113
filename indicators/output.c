/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"

enum { ASK_MS = 100, SAY_MS = 10000, DRAIN_MS = 5 };

struct output {
	struct sink *sink;
	struct store *store;
	struct indicator_message message; /* the series' part of it */
	int64_t *outstanding;
	int has_topic;
	int64_t topic_due_ms;
	struct log_throttle say_topic;
};

struct output *output_new(const struct options *options, struct err *err)
{
	struct output *o = xcalloc(1, sizeof *o);

	o->message.source = options->source;
	o->sink = sink_new(options, err);
	if (o->sink && options->store)
		o->store = store_new(options->database, options->topic, err);
	if (o->sink && (o->store || !options->store))
		return o;
	sink_free(o->sink);
	free(o);
	return NULL;
}

int output_free(struct output *o, int wait_ms)
{
	if (!o)
		return 1;
	sink_free(o->sink);
	o->sink = NULL;
	if (!store_free(o->store, wait_ms))
		return 0;
	free(o);
	return 1;
}

int output_has_topic(struct output *o, int64_t now_ms, struct err *err)
{
	if (o->has_topic || now_ms < o->topic_due_ms)
		return o->has_topic;
	o->topic_due_ms = now_ms + ASK_MS;
	o->has_topic = sink_topic_ensure(o->sink, err) == 0;
	if (!o->has_topic && err->class == ERR_FATAL)
		return -1;
	if (!o->has_topic)
		LOG_EVERY(&o->say_topic, now_ms, SAY_MS, LOG_INFO, "waiting for Kafka",
			  L_STR("error", err->text));
	return o->has_topic;
}

void output_doubt_topic(struct output *o)
{
	o->has_topic = 0;
}

void output_begin(struct output *o, const char *symbol, const struct interval *interval,
		  int64_t *outstanding)
{
	o->message.symbol = symbol;
	o->message.interval = interval;
	o->outstanding = outstanding;
}

void output_value(void *output, const struct bar *bar, const struct indicator *in,
		  const struct result *r)
{
	struct output *o = output;

	o->message.timestamp_ms = bar->timestamp_ms;
	o->message.indicator = in;
	o->message.result = *r;
	sink_send(o->sink, &o->message, o->outstanding);
	if (o->store)
		store_add(o->store, &o->message, o->outstanding);
}

void output_moved(struct output *o, const struct place_done *places, size_t n)
{
	if (o->store)
		store_moved(o->store, places, n);
}

void output_step(struct output *o, int wait_ms)
{
	sink_poll(o->sink, wait_ms);
	if (o->store)
		store_step(o->store);
}

int64_t output_outstanding(const struct output *o)
{
	return sink_outstanding(o->sink) + (o->store ? store_outstanding(o->store) : 0);
}

const char *output_broken(const struct output *o)
{
	if (sink_is_broken(o->sink))
		return "an indicator was not delivered to Kafka";
	return o->store && store_is_lost(o->store) ? "the database did not store what it was given"
						   : NULL;
}

void output_drain(struct output *o, int64_t budget_ms)
{
	int64_t until = clock_boot_ms() + budget_ms;

	while (sink_outstanding(o->sink) > 0 && !sink_is_broken(o->sink) && clock_boot_ms() < until)
		sink_poll(o->sink, DRAIN_MS);
}

int output_reset(struct output *o, struct err *err)
{
	int rc = 0;

	if (sink_outstanding(o->sink) > 0 || sink_is_broken(o->sink))
		rc = sink_reset(o->sink, err);
	if (o->store)
		store_forget(o->store);
	return rc;
}

struct sink *output_sink(const struct output *o)
{
	return o->sink;
}

const struct store *output_store(const struct output *o)
{
	return o->store;
}
