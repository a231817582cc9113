/* SPDX-License-Identifier: MIT */
/* What a broker says of a topic; the broker is librdkafka's mock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_topic.h"

static rd_kafka_t *rk;
static rd_kafka_mock_cluster_t *cluster;
static struct err err;

static void publish(int32_t partition, int n, int64_t first_ms)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(
			rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("candles"),
					  RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_VALUE("x", 1),
					  RD_KAFKA_V_TIMESTAMP(first_ms + i), RD_KAFKA_V_END),
			0);
	assert_int_equal(rd_kafka_flush(rk, 20000), 0);
}

static int set_up(void **state)
{
	static const char *properties[] = {"test.mock.num.brokers=2"};
	struct setting_list user = {properties, 1};
	rd_kafka_conf_t *conf = kafka_conf_new("unused:1", NULL, NULL, &user, &err);
	char text[256];

	(void)state;
	assert_non_null(conf);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	assert_non_null(rk);
	cluster = rd_kafka_handle_mock_cluster(rk);
	assert_non_null(cluster);
	assert_int_equal(rd_kafka_mock_topic_create(cluster, "candles", 5, 1), 0);
	publish(0, 3, 1582197540000);
	publish(3, 1, 1582197540000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rd_kafka_destroy(rk);
	return 0;
}

static void test_partitions(void **state)
{
	char endless[600] = "";

	(void)state;
	assert_int_equal(kafka_partition_count(rk, "candles", &err), 5);
	memset(endless, 'x', sizeof(endless) - 1);
	assert_int_equal(kafka_partition_count(rk, endless, &err), -1);
	assert_int_equal(err.class, ERR_FATAL);
	assert_non_null(strstr(err.text, "the topic name 'xxx"));
	rd_kafka_mock_topic_set_error(cluster, "denied",
				      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	assert_int_equal(kafka_partition_count(rk, "denied", &err), -1);
	assert_int_equal(err.class, ERR_FATAL);
	assert_non_null(strstr(err.text, "the partitions of topic denied cannot be asked for: "));
	rd_kafka_mock_topic_set_error(cluster, "none", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	assert_int_equal(kafka_partition_count(rk, "none", &err), 0);
}

static void test_offsets(void **state)
{
	static const int32_t asked[] = {3, 0, 4};
	int64_t low[3] = {7, 7, 7}, high[3] = {7, 7, 7};

	(void)state;
	assert_int_equal(
		kafka_offsets(rk, "candles", asked, 3, RD_KAFKA_OFFSET_BEGINNING, low, &err), 0);
	assert_int_equal(kafka_offsets(rk, "candles", asked, 3, RD_KAFKA_OFFSET_END, high, &err),
			 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(low[i], 0);
	assert_int_equal(high[0], 1);
	assert_int_equal(high[1], 3);
	assert_int_equal(high[2], 0);
	assert_int_equal(kafka_offsets(rk, "candles", NULL, 0, RD_KAFKA_OFFSET_END, NULL, &err), 0);
}

static void test_times(void **state)
{
	static const int32_t asked[] = {0, 1};
	int64_t from[2] = {7, 7};

	(void)state;
	assert_int_equal(kafka_offsets(rk, "candles", asked, 2, 4102444800000, from, &err), 0);
	assert_int_equal(from[0], -1);
	assert_int_equal(from[1], -1);
}

/* One partition that is not answered for is enough: what is not known must not look known. */
static void test_not_answered(void **state)
{
	static const int32_t asked[] = {0, 1, 9};
	int64_t high[3];

	(void)state;
	assert_int_equal(kafka_offsets(rk, "candles", asked, 3, RD_KAFKA_OFFSET_END, high, &err),
			 -1);
	assert_int_equal(err.class, ERR_RETRY);
	assert_non_null(strstr(err.text, "topic candles has no partition 9"));
	assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "candles", 1, -1), 0);
	assert_int_equal(kafka_offsets(rk, "candles", asked, 2, RD_KAFKA_OFFSET_END, high, &err),
			 -1);
	assert_int_equal(err.class, ERR_RETRY);
	assert_int_equal(kafka_offsets(rk, "candles", asked, 1, RD_KAFKA_OFFSET_END, high, &err),
			 0);
	assert_int_equal(high[0], 3);
}

/* ... where each is asked about by itself, it costs itself alone. */
static void test_ranges(void **state)
{
	struct kafka_range r[] = {
		{.partition = 0}, {.partition = 1}, {.partition = 9}, {.partition = 3}};

	(void)state;
	assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "candles", 1, -1), 0);
	kafka_ranges(rk, "candles", r, 4);
	assert_int_equal(r[0].err.class, ERR_NONE);
	assert_int_equal(r[0].low, 0);
	assert_int_equal(r[0].high, 3);
	assert_int_equal(r[1].err.class, ERR_RETRY);
	assert_non_null(strstr(r[1].err.text, "partition 1 of topic candles has no leader: "));
	assert_non_null(strstr(r[2].err.text, "topic candles has no partition 9"));
	assert_int_equal(r[1].high, -1);
	assert_int_equal(r[3].err.class, ERR_NONE);
	assert_int_equal(r[3].partition, 3);
	assert_int_equal(r[3].high, 1);
	kafka_ranges(rk, "candles", NULL, 0);
}

/* A commit is waited for, but not for ever. */
static void test_commit(void **state)
{
	static const char *properties[] = {"group.id=indicators"};
	struct setting_list user = {properties, 1};
	rd_kafka_conf_t *conf =
		kafka_conf_new(rd_kafka_mock_cluster_bootstraps(cluster), NULL, NULL, &user, &err);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_t *member;
	int64_t began_ms;

	(void)state;
	assert_non_null(conf);
	member = kafka_client_new(RD_KAFKA_CONSUMER, conf, "consumer", &err);
	assert_non_null(member);
	rd_kafka_topic_partition_list_add(list, "candles", 0)->offset = 2;
	assert_int_equal(kafka_commit(member, list), 0);
	for (int32_t broker = 1; broker <= 2; broker++)
		assert_int_equal(rd_kafka_mock_broker_set_rtt(cluster, broker, 120000), 0);
	began_ms = clock_boot_ms();
	assert_int_equal(kafka_commit(member, list), RD_KAFKA_RESP_ERR__TIMED_OUT);
	assert_in_range(clock_boot_ms() - began_ms, 0, 30000);
	rd_kafka_topic_partition_list_destroy(list);
	kafka_client_free(member);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partitions), cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_times),      cmocka_unit_test(test_not_answered),
		cmocka_unit_test(test_ranges),     cmocka_unit_test(test_commit),
	};

	log_open("test", LOG_ERROR);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
