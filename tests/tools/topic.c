/* SPDX-License-Identifier: MIT */
/* gapless-topic COMMAND: what scenarios ask Kafka and tell it, without the second that each of
 * Kafka's own tools takes:
 *
 *   ends                            a line "partition offset" each: where a consumer's reading ends
 *   committed                       ... what the group has committed; without it, left out
 *   create NAME PARTITIONS [SETTING=VALUE...]
 *   delete NAME...                  one that is not there is left out
 *   grow NAME PARTITIONS            how many there are then
 *   trim NAME                       stdin: lines "partition offset", what is older goes
 *   commit NAME TEXT                ... the group, which has no members, has committed, with that
 *                                   text beside it
 *
 * It ends when the broker shows what was done. Reads GAPLESS_BROKERS, for the first two
 * GAPLESS_TOPIC (one that does not exist prints nothing and is no error) and GAPLESS_GROUP. Exit
 * code 1 and a line on stderr where something fails. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 30000, AGAIN_US = 20000, TEXT_BYTES = 256 };

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "gapless-topic: %s: %s\n", what, why);
	exit(1);
}

static void check(const char *what, rd_kafka_resp_err_t err)
{
	if (err)
		fail(what, rd_kafka_err2str(err));
}

static rd_kafka_t *client_new(void)
{
	const char *group = getenv("GAPLESS_GROUP");
	char text[TEXT_BYTES];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;

	if (rd_kafka_conf_set(conf, "bootstrap.servers", getenv("GAPLESS_BROKERS"), text,
			      sizeof text) != RD_KAFKA_CONF_OK ||
	    rd_kafka_conf_set(conf, "group.id", group ? group : "none", text, sizeof text) !=
		    RD_KAFKA_CONF_OK)
		fail("settings", text);
	rd_kafka_conf_set_log_cb(conf, NULL);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	if (!rk)
		fail("client", text);
	return rk;
}

/* The partitions of a topic; NULL: it is not there. */
static rd_kafka_topic_partition_list_t *partitions_of(rd_kafka_t *rk, const char *topic)
{
	const struct rd_kafka_metadata *all;
	rd_kafka_topic_partition_list_t *list = NULL;

	/* Of all topics: asking for one by its name might create it. */
	check("topics", rd_kafka_metadata(rk, 1, NULL, &all, ANSWER_MS));
	for (int t = 0; t < all->topic_cnt; t++) {
		if (strcmp(all->topics[t].topic, topic) != 0)
			continue;
		list = rd_kafka_topic_partition_list_new(16);
		for (int p = 0; p < all->topics[t].partition_cnt; p++)
			rd_kafka_topic_partition_list_add(list, topic,
							  all->topics[t].partitions[p].id);
		rd_kafka_topic_partition_list_sort(list, NULL, NULL);
	}
	rd_kafka_metadata_destroy(all);
	return list;
}

static void await_partitions(rd_kafka_t *rk, const char *topic, int n)
{
	for (int tries = 0; tries < ANSWER_MS * 1000 / AGAIN_US; tries++) {
		rd_kafka_topic_partition_list_t *list = partitions_of(rk, topic);
		int found = list ? list->cnt : 0;

		if (list)
			rd_kafka_topic_partition_list_destroy(list);
		if (found == n)
			return;
		usleep(AGAIN_US);
	}
	fail(topic, "the broker does not show what was done");
}

/* ---- offsets */

static void ends(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		int64_t low;

		check("ends", rd_kafka_query_watermark_offsets(rk, list->elems[i].topic,
							       list->elems[i].partition, &low,
							       &list->elems[i].offset, ANSWER_MS));
	}
}

static void committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	check("committed offsets", rd_kafka_committed(rk, list, ANSWER_MS));
}

static void print(rd_kafka_t *rk,
		  void (*read)(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list))
{
	const char *topic = getenv("GAPLESS_TOPIC");
	rd_kafka_topic_partition_list_t *list = partitions_of(rk, topic ? topic : "");

	if (!list)
		return;
	read(rk, list);
	for (int i = 0; i < list->cnt; i++)
		if (list->elems[i].offset >= 0)
			printf("%" PRId32 " %" PRId64 "\n", list->elems[i].partition,
			       list->elems[i].offset);
	rd_kafka_topic_partition_list_destroy(list);
}

/* ---- topics */

static rd_kafka_event_t *answer(rd_kafka_queue_t *queue, const char *what)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);

	if (!event)
		fail(what, "the broker does not answer");
	if (rd_kafka_event_error(event))
		fail(what, rd_kafka_event_error_string(event));
	return event;
}

static void results_check(const char *what, const rd_kafka_topic_result_t **results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(what, rd_kafka_topic_result_error(results[i]));
}

static int number_of(const char *text)
{
	int n = atoi(text);

	if (n < 1)
		fail("not a number of partitions", text);
	return n;
}

static void create(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **arguments)
{
	char text[TEXT_BYTES];
	int n = number_of(arguments[1]);
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(arguments[0], n, 1, text, sizeof text);
	rd_kafka_event_t *event;
	const rd_kafka_topic_result_t **results;
	size_t n_results;

	if (!topic)
		fail(arguments[0], text);
	for (char **setting = arguments + 2; *setting; setting++) {
		char *value = strchr(*setting, '=');

		if (!value)
			fail("not SETTING=VALUE", *setting);
		*value = '\0';
		rd_kafka_NewTopic_set_config(topic, *setting, value + 1);
	}
	rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
	event = answer(queue, "create");
	results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
						      &n_results);
	results_check("create", results, n_results);
	rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(topic);
	await_partitions(rk, arguments[0], n);
}

static void grow(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **arguments)
{
	char text[TEXT_BYTES];
	int n = number_of(arguments[1]);
	rd_kafka_NewPartitions_t *more =
		rd_kafka_NewPartitions_new(arguments[0], (size_t)n, text, sizeof text);
	rd_kafka_event_t *event;
	const rd_kafka_topic_result_t **results;
	size_t n_results;

	if (!more)
		fail(arguments[0], text);
	rd_kafka_CreatePartitions(rk, &more, 1, NULL, queue);
	event = answer(queue, "grow");
	results = rd_kafka_CreatePartitions_result_topics(
		rd_kafka_event_CreatePartitions_result(event), &n_results);
	results_check("grow", results, n_results);
	rd_kafka_event_destroy(event);
	rd_kafka_NewPartitions_destroy(more);
	await_partitions(rk, arguments[0], n);
}

/* With a topic go the offsets that groups have committed of it, but only those that the broker has
 * read since its start. */
static void await_groups(rd_kafka_t *rk)
{
	const struct rd_kafka_group_list *all;

	for (int tries = 0; tries < ANSWER_MS * 1000 / AGAIN_US; tries++) {
		if (rd_kafka_list_groups(rk, NULL, &all, ANSWER_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
			rd_kafka_group_list_destroy(all);
			return;
		}
		usleep(AGAIN_US);
	}
	fail("groups", "the broker has not read them");
}

static void delete (rd_kafka_t *rk, rd_kafka_queue_t *queue, char **arguments)
{
	for (char **name = arguments; *name; name++) {
		rd_kafka_topic_partition_list_t *list = partitions_of(rk, *name);
		rd_kafka_DeleteTopic_t *topic;
		rd_kafka_event_t *event;
		const rd_kafka_topic_result_t **results;
		size_t n_results;

		if (!list)
			continue;
		rd_kafka_topic_partition_list_destroy(list);
		await_groups(rk);
		topic = rd_kafka_DeleteTopic_new(*name);
		rd_kafka_DeleteTopics(rk, &topic, 1, NULL, queue);
		event = answer(queue, "delete");
		results = rd_kafka_DeleteTopics_result_topics(
			rd_kafka_event_DeleteTopics_result(event), &n_results);
		results_check("delete", results, n_results);
		rd_kafka_event_destroy(event);
		rd_kafka_DeleteTopic_destroy(topic);
		await_partitions(rk, *name, 0);
	}
}

static void trim(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **arguments)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
	const rd_kafka_topic_partition_list_t *trimmed;
	rd_kafka_DeleteRecords_t *records;
	rd_kafka_event_t *event;
	int32_t partition;
	int64_t offset;

	while (scanf("%" SCNd32 " %" SCNd64, &partition, &offset) == 2)
		rd_kafka_topic_partition_list_add(list, arguments[0], partition)->offset = offset;
	records = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(rk, &records, 1, NULL, queue);
	event = answer(queue, "trim");
	trimmed = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
	for (int i = 0; i < trimmed->cnt; i++)
		check("trim", trimmed->elems[i].err);
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteRecords_destroy(records);
	rd_kafka_topic_partition_list_destroy(list);
}

static void commit(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **arguments)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
	int32_t partition;
	int64_t offset;

	(void)queue;
	while (scanf("%" SCNd32 " %" SCNd64, &partition, &offset) == 2) {
		rd_kafka_topic_partition_t *e =
			rd_kafka_topic_partition_list_add(list, arguments[0], partition);

		e->offset = offset;
		e->metadata = strdup(arguments[1]);
		e->metadata_size = strlen(arguments[1]);
	}
	check("commit", rd_kafka_commit(rk, list, 0));
	rd_kafka_topic_partition_list_destroy(list);
}

static const struct command {
	const char *name;
	int arguments; /* at least */
	void (*read)(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list);
	void (*change)(rd_kafka_t *rk, rd_kafka_queue_t *queue, char **arguments);
} commands[] = {{"ends", 0, ends, NULL},     {"committed", 0, committed, NULL},
		{"create", 2, NULL, create}, {"delete", 1, NULL, delete},
		{"grow", 2, NULL, grow},     {"trim", 1, NULL, trim},
		{"commit", 2, NULL, commit}};

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	rd_kafka_queue_t *queue;
	rd_kafka_t *rk;

	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].arguments)
			command = &commands[i];
	if (!command || !getenv("GAPLESS_BROKERS"))
		fail("usage",
		     "gapless-topic ends|committed|create|delete|grow|trim|commit ARGUMENT..., "
		     "with GAPLESS_BROKERS");
	rk = client_new();
	queue = rd_kafka_queue_new(rk);
	if (command->read)
		print(rk, command->read);
	else
		command->change(rk, queue, argv + 2);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return 0;
}
