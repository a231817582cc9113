/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_ensure.h"

#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_topic.h"

enum { ANSWER_MS = 5000 };

/* Waits for one admin event of the given type; NULL with *err where it did not come or failed as a
 * whole. */
static rd_kafka_event_t *admin_answer(rd_kafka_queue_t *queue, rd_kafka_event_type_t type,
				      struct err *err)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS + 1000);

	if (event && rd_kafka_event_type(event) == type && !rd_kafka_event_error(event))
		return event;
	if (event)
		err_set(err, kafka_error_class(rd_kafka_event_error(event)),
			"the broker did not carry out a request about the topic: %s",
			rd_kafka_event_error_string(event));
	else
		err_set(err, ERR_RETRY,
			"the broker did not answer a request about the topic within %d s",
			ANSWER_MS / 1000);
	if (event)
		rd_kafka_event_destroy(event);
	return NULL;
}

static rd_kafka_AdminOptions_t *admin_options(rd_kafka_t *rk, rd_kafka_admin_op_t op)
{
	rd_kafka_AdminOptions_t *request = rd_kafka_AdminOptions_new(rk, op);
	char text[128];

	rd_kafka_AdminOptions_set_request_timeout(request, ANSWER_MS, text, sizeof text);
	return request;
}

static int topic_create(rd_kafka_t *rk, const struct kafka_new_topic *want, struct err *err)
{
	char text[256], retention[32];
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(
		want->name, (int)want->partitions, (int)want->replication, text, sizeof text);
	rd_kafka_AdminOptions_t *request = admin_options(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event = NULL;
	int rc = -1;

	if (!topic) {
		err_set(err, ERR_FATAL, "topic %s cannot be made: %s", want->name, text);
		goto out;
	}
	snprintf(retention, sizeof retention, "%lld", (long long)want->retention_ms);
	rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "delete");
	rd_kafka_NewTopic_set_config(topic, "retention.ms", retention);
	rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "LogAppendTime");
	rd_kafka_CreateTopics(rk, &topic, 1, request, queue);
	event = admin_answer(queue, RD_KAFKA_EVENT_CREATETOPICS_RESULT, err);
	if (event) {
		size_t n = 0;
		const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
			rd_kafka_event_CreateTopics_result(event), &n);
		rd_kafka_resp_err_t code =
			n == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;

		rc = code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? -1 : 0;
		if (rc)
			err_set(err, kafka_error_class(code), "topic %s cannot be made: %s",
				want->name,
				n == 1 && rd_kafka_topic_result_error_string(results[0])
					? rd_kafka_topic_result_error_string(results[0])
					: rd_kafka_err2str(code));
		else if (!code)
			log_info("topic made", L_STR("topic", want->name),
				 L_INT("partitions", want->partitions),
				 L_INT("replication", want->replication),
				 L_INT("retention_ms", want->retention_ms));
		rd_kafka_event_destroy(event);
	}
out:
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(request);
	if (topic)
		rd_kafka_NewTopic_destroy(topic);
	return rc;
}

static const char *config_of(const rd_kafka_ConfigResource_t *resource, const char *name)
{
	size_t n = 0;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
			return rd_kafka_ConfigEntry_value(entries[i]);
	return NULL;
}

static int policy_check(const char *topic, const rd_kafka_ConfigResource_t *resource,
			struct err *err)
{
	const char *policy = config_of(resource, "cleanup.policy");

	if (!policy || !strstr(policy, "compact"))
		return 0;
	return err_set(
		err, ERR_FATAL,
		"topic %s has cleanup.policy=%s: with the symbol as key, compaction would destroy all history "
		"but its last message; set cleanup.policy=delete or name another topic",
		topic, policy);
}

static void unusual_say(const char *topic, const rd_kafka_ConfigResource_t *resource)
{
	const char *type = config_of(resource, "message.timestamp.type"),
		   *retention = config_of(resource, "retention.ms");

	if (type && strcmp(type, "LogAppendTime") != 0)
		log_warn(
			"the topic should have message.timestamp.type=LogAppendTime: brokers refuse a producer whose clock is an hour ahead",
			L_STR("topic", topic), L_STR("message.timestamp.type", type));
	if (retention && strcmp(retention, "-1") != 0)
		log_warn(
			"the topic has a finite retention: a database can be rebuilt from it only as far back",
			L_STR("topic", topic), L_STR("retention.ms", retention));
}

/* What the broker says of the topic's settings, valid as long as the event that is returned; NULL:
 * *err. */
static rd_kafka_event_t *describe(rd_kafka_t *rk, const char *name,
				  const rd_kafka_ConfigResource_t **answer,
				  rd_kafka_resp_err_t *code, struct err *err)
{
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
	rd_kafka_AdminOptions_t *request = admin_options(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event;
	size_t n = 0;

	rd_kafka_DescribeConfigs(rk, &resource, 1, request, queue);
	event = admin_answer(queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, err);
	if (event) {
		const rd_kafka_ConfigResource_t **resources =
			rd_kafka_DescribeConfigs_result_resources(
				rd_kafka_event_DescribeConfigs_result(event), &n);

		*code = n == 1 ? rd_kafka_ConfigResource_error(resources[0])
			       : RD_KAFKA_RESP_ERR__FAIL;
		*answer = n == 1 ? resources[0] : NULL;
	}
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(request);
	rd_kafka_ConfigResource_destroy(resource);
	return event;
}

static int topic_check(rd_kafka_t *rk, const char *name, struct err *err)
{
	const rd_kafka_ConfigResource_t *resource;
	rd_kafka_resp_err_t code;
	rd_kafka_event_t *event = describe(rk, name, &resource, &code, err);
	int rc = 0;

	if (!event)
		return -1;
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	    code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
		log_warn(
			"the topic's settings may not be read; that it is not compacted is not checked",
			L_STR("topic", name));
	} else if (code) {
		rc = err_set(err, ERR_RETRY, "the settings of topic %s cannot be read: %s", name,
			     rd_kafka_err2str(code));
	} else {
		rc = policy_check(name, resource, err);
		if (rc == 0)
			unusual_say(name, resource);
	}
	rd_kafka_event_destroy(event);
	return rc;
}

int kafka_topic_is_compacted(rd_kafka_t *rk, const char *name, struct err *err)
{
	const rd_kafka_ConfigResource_t *resource;
	rd_kafka_resp_err_t code;
	rd_kafka_event_t *event = describe(rk, name, &resource, &code, err);
	int compacted = event && !code && policy_check(name, resource, err);

	if (event)
		rd_kafka_event_destroy(event);
	return compacted;
}

int kafka_topic_ensure(rd_kafka_t *rk, const struct kafka_new_topic *want, int *partitions,
		       struct err *err)
{
	*partitions = kafka_partition_count(rk, want->name, err);
	if (*partitions < 0)
		return -1;
	if (*partitions == 0) {
		if (topic_create(rk, want, err))
			return -1;
		return err_set(err, ERR_RETRY,
			       "topic %s was just made; its partitions are not known yet",
			       want->name);
	}
	return topic_check(rk, want->name, err);
}

int32_t kafka_partition_of(const char *symbol, int32_t n)
{
	return rd_kafka_msg_partitioner_murmur2(NULL, symbol, strlen(symbol), n, NULL, NULL);
}
