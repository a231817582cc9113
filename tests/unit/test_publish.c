/* SPDX-License-Identifier: MIT */
/* A topic that Kafka does not let us write to: what the publisher takes on then. The broker is
 * librdkafka's mock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "producer/exchange/upbit.h"
#include "producer/kafka/publish.h"
#include "producer/series/series.h"

enum { PRODUCE = 0, WAIT_MS = 20000 };

static struct err err;

static struct publication minute(int64_t timestamp_ms)
{
	struct publication p = {.covers_from_ms = timestamp_ms,
				.covers_to_ms = timestamp_ms + 60000,
				.origin = ORIGIN_BACKFILL};
	struct candle *c = &p.candle;

	strcpy(c->symbol, "KRW-BTC");
	c->interval = interval_by_name("1m");
	c->timestamp_ms = timestamp_ms;
	strcpy(c->open, "1");
	strcpy(c->high, "1");
	strcpy(c->low, "1");
	strcpy(c->close, "1");
	strcpy(c->volume, "1");
	strcpy(c->quote_volume, "1");
	c->revision = timestamp_ms + 59999;
	return p;
}

static void send_and_wait(struct publisher *p, struct series *s, int n)
{
	int64_t deadline_ms = clock_boot_ms() + WAIT_MS;

	for (int i = 0; i < n; i++) {
		struct publication pub = minute(1582197540000 + (int64_t)i * 60000);

		publisher_send(p, s, &pub, 1582200000000);
	}
	while (publisher_outstanding(p) > 0) {
		assert_true(clock_boot_ms() < deadline_ms);
		assert_int_equal(publisher_poll(p, &err), 0);
		publisher_drain(p, 50);
	}
}

static void a_refused_topic_stops_the_fetching(void **state)
{
	static const char *properties[] = {"test.mock.num.brokers=1"};
	struct options options = {.brokers = "unused:1",
				  .topic = "candles",
				  .source = "upbit",
				  .queue_messages = 4000,
				  .kafka = {properties, 1}};
	struct series *s = series_new("KRW-BTC", interval_by_name("1m"), &exchange_upbit, INT64_MIN,
				      INT64_MAX);
	struct publisher *p = publisher_new(&options, &err);
	rd_kafka_mock_cluster_t *cluster;
	rd_kafka_resp_err_t refusals[3], created;
	int64_t boot_ms, deadline_ms;

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 3; i++)
		refusals[i] = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	cluster = rd_kafka_handle_mock_cluster(publisher_handle(p));
	/* Unless the publisher has asked for it already, which creates it. */
	created = rd_kafka_mock_topic_create(cluster, "candles", 1, 1);
	assert_true(created == RD_KAFKA_RESP_ERR_NO_ERROR ||
		    created == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
	send_and_wait(p, s, 1);
	assert_true(publisher_pages(p, clock_boot_ms()) > 1);
	assert_int_equal(publisher_stats(p).delivered, 1);

	/* In one request, or in three. */
	rd_kafka_mock_push_request_errors_array(cluster, PRODUCE, 3, refusals);
	boot_ms = clock_boot_ms();
	send_and_wait(p, s, 3);
	rd_kafka_mock_clear_request_errors(cluster, PRODUCE);
	assert_int_equal(publisher_pages(p, boot_ms), 0);
	deadline_ms = boot_ms + WAIT_MS;
	while (publisher_pages(p, clock_boot_ms()) == 0) {
		assert_true(clock_boot_ms() < deadline_ms);
		assert_int_equal(publisher_poll(p, &err), 0);
		publisher_drain(p, 50);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
	assert_true(clock_boot_ms() - boot_ms >= 900);
	assert_int_equal(publisher_pages(p, clock_boot_ms()), 1);

	send_and_wait(p, s, 1);
	assert_true(publisher_pages(p, clock_boot_ms()) > 1);
	assert_int_equal(publisher_stats(p).failed, 3);
	publisher_free(p);
	series_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_refused_topic_stops_the_fetching)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
