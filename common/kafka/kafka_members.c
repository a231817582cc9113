/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_members.h"

#include <string.h>

#include "common/kafka/kafka.h"

static int failed(struct err *err, rd_kafka_resp_err_t code)
{
	return err_set(err, kafka_error_class(code),
		       "the members of the group cannot be asked for: %s", rd_kafka_err2str(code));
}

static const struct rd_kafka_group_info *find(const struct rd_kafka_group_list *list,
					      const char *group)
{
	for (int i = 0; list != NULL && i < list->group_cnt; i++)
		if (strcmp(list->groups[i].group, group) == 0)
			return &list->groups[i];
	return NULL;
}

int kafka_members(rd_kafka_t *rk, const char *group,
		  void (*each)(void *opaque, const char *client_id, const char *host), void *opaque,
		  struct err *err)
{
	const struct rd_kafka_group_list *list = NULL;
	rd_kafka_resp_err_t code = rd_kafka_list_groups(rk, group, &list, KAFKA_MEMBERS_MS);
	const struct rd_kafka_group_info *found = find(list, group);
	int rc = 0;

	if (found != NULL)
		code = found->err; /* its coordinator has answered, whoever else has not */
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		rc = failed(err, code);
	for (int i = 0; rc == 0 && found != NULL && i < found->member_cnt; i++)
		each(opaque, found->members[i].client_id, found->members[i].client_host);
	if (list != NULL)
		rd_kafka_group_list_destroy(list);
	return rc;
}
