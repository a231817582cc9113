/* SPDX-License-Identifier: MIT */
/* Where indicators begin to read if Kafka does not answer for one of the partitions; the broker is
 * librdkafka's mock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/kafka/kafka.h"
#include "common/kafka/kafka_topic.h"
#include "indicators/feed/offsets.h"

static void commit(rd_kafka_t *rk, int32_t from, int32_t to, int64_t read_ms)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);

	for (int32_t i = from; i < to; i++)
		rd_kafka_topic_partition_list_add(list, "candles", i)->offset = 0;
	for (int i = 0; i < list->cnt && read_ms >= 0; i++)
		kafka_committed_note(&list->elems[i], read_ms);
	assert_int_equal(rd_kafka_commit(rk, list, 0), 0);
	rd_kafka_topic_partition_list_destroy(list);
}

static void a_partition_without_a_leader_costs_itself_alone(void **state)
{
	static const char *properties[] = {"test.mock.num.brokers=1", "group.id=indicators"};
	static const int32_t ids[] = {0, 1, 2};
	struct setting_list user = {properties, 2};
	const struct options options = {.topic = "candles", .topic_hours = 24};
	struct offsets *o = offsets_new(&options);
	struct err err;
	rd_kafka_conf_t *conf = kafka_conf_new("unused:1", NULL, NULL, &user, &err);
	char text[256];
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	const struct part *part;
	size_t n;

	(void)state;
	assert_non_null(conf);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
	assert_non_null(rk);
	cluster = rd_kafka_handle_mock_cluster(rk);
	assert_int_equal(rd_kafka_mock_topic_create(cluster, "candles", 3, 1), 0);
	assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "candles", 1, -1), 0);

	offsets_set(o, ids, 3);
	/* At first it may be a moment of a topic that was just created. */
	assert_int_equal(offsets_ask(o, rk, &err), -1);
	assert_int_equal(offsets_ask(o, rk, &err), -1);
	assert_int_equal(offsets_ask(o, rk, &err), 0);
	part = offsets_parts(o, &n);
	assert_int_equal(n, 3);
	assert_false(part[0].is_out);
	assert_true(part[1].is_out);
	assert_false(part[2].is_out);
	assert_int_equal(part[2].high, 0);
	assert_true(offsets_group_is_new(o));
	offsets_have_begun(o);
	assert_false(offsets_answer_again(o, rk, INT64_MAX));
	assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "candles", 1, 1), 0);
	assert_false(offsets_answer_again(o, rk, 0)); /* it is not asked for all the time */
	assert_true(offsets_answer_again(o, rk, INT64_MAX));
	assert_int_equal(offsets_ask(o, rk, &err), 0);
	assert_false(offsets_part(o, 1)->is_out);
	assert_false(offsets_group_is_new(o));

	/* The group has committed in some: the others were added since. */
	assert_false(offsets_have_grown(o));
	commit(rk, 0, 2, -1);
	assert_int_equal(offsets_ask(o, rk, &err), 0);
	assert_true(offsets_have_grown(o));
	commit(rk, 2, 3, 1773086400000);
	assert_int_equal(offsets_ask(o, rk, &err), 0);
	assert_false(offsets_have_grown(o));
	assert_int_equal(offsets_part(o, 1)->read_ms, -1);
	assert_int_equal(offsets_part(o, 2)->read_ms, 1773086400000);

	/* All of them: nothing can begin. */
	for (int32_t i = 0; i < 3; i++)
		assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, "candles", i, -1), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(offsets_ask(o, rk, &err), -1);
	offsets_free(o);
	rd_kafka_destroy(rk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_without_a_leader_costs_itself_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
