/* SPDX-License-Identifier: MIT */
/* gapless-offsets ends|committed: a line "partition offset" for each partition of the topic, for
 * scenarios that look again and again. ends: where a consumer's reading ends. committed: what the
 * group has committed; a partition without it is left out.
 *
 * Reads GAPLESS_BROKERS, GAPLESS_TOPIC and GAPLESS_GROUP. A topic that does not exist prints
 * nothing and is no error; exit code 1 if the broker does not answer. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 30000, ERROR_BYTES = 256 };

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "gapless-offsets: %s: %s\n", what, why);
	return 1;
}

static rd_kafka_t *client_new(void)
{
	char error[ERROR_BYTES];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;

	if (rd_kafka_conf_set(conf, "bootstrap.servers", getenv("GAPLESS_BROKERS"), error,
			      sizeof error) != RD_KAFKA_CONF_OK ||
	    rd_kafka_conf_set(conf, "group.id", getenv("GAPLESS_GROUP"), error, sizeof error) !=
		    RD_KAFKA_CONF_OK) {
		fail("settings", error);
		exit(1);
	}
	rd_kafka_conf_set_log_cb(conf, NULL);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
	if (!rk) {
		fail("client", error);
		exit(1);
	}
	return rk;
}

static int print_ends(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		int64_t low, high;
		rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
			rk, list->elems[i].topic, list->elems[i].partition, &low, &high, ANSWER_MS);

		if (err)
			return fail("ends", rd_kafka_err2str(err));
		printf("%" PRId32 " %" PRId64 "\n", list->elems[i].partition, high);
	}
	return 0;
}

static int print_committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t err = rd_kafka_committed(rk, list, ANSWER_MS);

	if (err)
		return fail("committed offsets", rd_kafka_err2str(err));
	for (int i = 0; i < list->cnt; i++) {
		if (list->elems[i].offset >= 0)
			printf("%" PRId32 " %" PRId64 "\n", list->elems[i].partition,
			       list->elems[i].offset);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *topic = getenv("GAPLESS_TOPIC");
	const struct rd_kafka_metadata *all = NULL;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
	rd_kafka_t *rk;
	rd_kafka_resp_err_t err;
	int status = 1;

	if (argc != 2 || !topic || !getenv("GAPLESS_BROKERS") || !getenv("GAPLESS_GROUP"))
		return fail("usage", "gapless-offsets ends|committed, with GAPLESS_BROKERS, "
				     "GAPLESS_TOPIC and GAPLESS_GROUP");
	rk = client_new();
	/* Of all topics: asking for one by its name might create it. */
	err = rd_kafka_metadata(rk, 1, NULL, &all, ANSWER_MS);
	if (err) {
		fail("topics", rd_kafka_err2str(err));
		goto out;
	}
	for (int t = 0; t < all->topic_cnt; t++) {
		if (strcmp(all->topics[t].topic, topic))
			continue;
		for (int p = 0; p < all->topics[t].partition_cnt; p++)
			rd_kafka_topic_partition_list_add(list, topic,
							  all->topics[t].partitions[p].id);
	}
	rd_kafka_topic_partition_list_sort(list, NULL, NULL);
	if (list->cnt == 0)
		status = 0;
	else
		status = strcmp(argv[1], "ends") ? print_committed(rk, list) : print_ends(rk, list);
out:
	if (all)
		rd_kafka_metadata_destroy(all);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
	return status;
}
