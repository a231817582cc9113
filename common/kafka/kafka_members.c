/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_members.h"

#include "common/kafka/kafka.h"

void kafka_members_ask(rd_kafka_t *rk, const char *group, rd_kafka_queue_t *answers)
{
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
	char text[128];

	rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_MEMBERS_MS, text, sizeof text);
	rd_kafka_DescribeConsumerGroups(rk, &group, 1, options, answers);
	rd_kafka_AdminOptions_destroy(options);
}

static int failed(struct err *err, rd_kafka_resp_err_t code, const char *text)
{
	return err_set(err, kafka_error_class(code),
		       "the members of the group cannot be asked for: %s", text);
}

int kafka_members_take(rd_kafka_queue_t *answers, int wait_ms,
		       void (*each)(void *opaque, const char *client_id, const char *host),
		       void *opaque, struct err *err)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(answers, wait_ms);
	const rd_kafka_DescribeConsumerGroups_result_t *result =
		event ? rd_kafka_event_DescribeConsumerGroups_result(event) : NULL;
	const rd_kafka_error_t *error = NULL;
	size_t n = 0;
	int rc = 1;

	if (!event)
		return 0;
	if (!result || rd_kafka_event_error(event)) {
		rc = failed(err, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
	} else {
		const rd_kafka_ConsumerGroupDescription_t **groups =
			rd_kafka_DescribeConsumerGroups_result_groups(result, &n);

		if (n == 1)
			error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
		if (error && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
			rc = failed(err, rd_kafka_error_code(error), rd_kafka_error_string(error));
		n = n == 1 && !error ? rd_kafka_ConsumerGroupDescription_member_count(groups[0])
				     : 0;
		for (size_t i = 0; i < n; i++) {
			const rd_kafka_MemberDescription_t *m =
				rd_kafka_ConsumerGroupDescription_member(groups[0], i);

			each(opaque, rd_kafka_MemberDescription_client_id(m),
			     rd_kafka_MemberDescription_host(m));
		}
	}
	rd_kafka_event_destroy(event);
	return rc;
}
