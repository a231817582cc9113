/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_members.h"

#include <stdio.h>
#include <string.h>

#include "common/kafka/kafka.h"

enum { SAY_MS = 60000 };

static int failed(struct err *err, rd_kafka_resp_err_t code)
{
	return err_set(err, kafka_error_class(code),
		       "the members of the group cannot be asked for: %s", rd_kafka_err2str(code));
}

/* A member that came with Kafka's newer protocol (KIP-848) makes the group one that this way of
 * asking does not show: it is listed, and described as dead. */
static int is_hidden(const struct rd_kafka_group_info *group)
{
	return group->member_cnt == 0 && group->state && strcmp(group->state, "Dead") == 0;
}

int kafka_members(rd_kafka_t *rk, const char *group,
		  void (*each)(void *opaque, const char *client_id, const char *host), void *opaque,
		  struct err *err)
{
	const struct rd_kafka_group_list *list = NULL;
	rd_kafka_resp_err_t code = rd_kafka_list_groups(rk, group, &list, KAFKA_MEMBERS_MS);
	const struct rd_kafka_group_info *found =
		list != NULL && list->group_cnt > 0 ? &list->groups[0] : NULL;
	int rc = 0;

	if (found != NULL)
		code = found->err; /* its coordinator has answered, even if others have not */
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		rc = failed(err, code);
	for (int i = 0; rc == 0 && found != NULL && i < found->member_cnt; i++)
		each(opaque, found->members[i].client_id, found->members[i].client_host);
	if (rc == 0 && found != NULL && is_hidden(found))
		each(opaque, "a program with group.protocol=consumer", NULL);
	if (list != NULL)
		rd_kafka_group_list_destroy(list);
	return rc;
}

void kafka_some_add(struct kafka_some *some, const char *client_id, const char *host)
{
	some->n++;
	snprintf(some->text, sizeof some->text, "%s at %s", client_id ? client_id : "?",
		 host ? host : "?");
}

void kafka_strangers_are(struct kafka_strangers *s, const struct kafka_some *now, const char *group,
			 const char *are_there, const char *have_left, int64_t now_ms)
{
	if (now->n == 0 && s->now.n > 0)
		log_info(have_left, L_STR("group", group));
	if (strcmp(now->text, s->now.text) != 0)
		s->say = (struct log_throttle){0};
	s->now = *now;
	if (now->n > 0)
		LOG_EVERY(&s->say, now_ms, SAY_MS, LOG_ERROR, are_there,
			  L_STR("stranger", now->text), L_INT("strangers", now->n),
			  L_STR("group", group));
}
