/* SPDX-License-Identifier: MIT */
/* What is read of librdkafka's statistics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/kafka/kafka_stats.h"

static int read_text(const char *json, struct kafka_stats *out)
{
	return kafka_stats_read(json, strlen(json), out);
}

static void sums_up_brokers(void **state)
{
	struct kafka_stats s = {.updates = 6};

	(void)state;
	assert_int_equal(read_text("{\"msg_cnt\":7,\"brokers\":{"
				   "\"a/1\":{\"nodeid\":1,\"state\":\"UP\",\"rtt\":{\"avg\":2500},"
				   "\"req_timeouts\":2,\"txretries\":1},"
				   "\"b/2\":{\"nodeid\":2,\"state\":\"DOWN\",\"rtt\":{\"avg\":900},"
				   "\"req_timeouts\":3},"
				   "\"a/bootstrap\":{\"nodeid\":-1,\"state\":\"UP\"},"
				   "\"GroupCoordinator\":{\"nodeid\":1,\"state\":\"UP\","
				   "\"source\":\"logical\"}},"
				   "\"topics\":{\"t\":{\"partitions\":{\"0\":{\"fetchq_cnt\":40},"
				   "\"1\":{\"fetchq_cnt\":2}}},\"u\":{}},"
				   "\"cgrp\":{\"rebalance_cnt\":4}}",
				   &s),
			 0);
	assert_int_equal(s.updates, 7);
	assert_int_equal(s.brokers_up, 1);
	assert_int_equal(s.round_trip_us, 2500);
	assert_int_equal(s.request_timeouts, 5);
	assert_int_equal(s.retries, 1);
	assert_int_equal(s.fetched_messages, 42);
	assert_int_equal(s.rebalances, 4);
}

static void leaves_alone_what_it_cannot_read(void **state)
{
	static const char *const bad[] = {"",  "{", "[]", "{\"brokers\":[]}", "{\"brokers\":3}",
					  "{}"};
	struct kafka_stats s = {.updates = 6, .brokers_up = 3};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(bad[i], &s), -1);
		assert_int_equal(s.updates, 6);
		assert_int_equal(s.brokers_up, 3);
	}
	/* What is missing in it is nothing. */
	assert_int_equal(read_text("{\"brokers\":{\"a/1\":{\"state\":5}}}", &s), 0);
	assert_int_equal(s.brokers_up, 0);
	assert_int_equal(s.rebalances, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sums_up_brokers),
					   cmocka_unit_test(leaves_alone_what_it_cannot_read)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
