/* SPDX-License-Identifier: MIT */
#include "producer/kafka/members.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/kafka/kafka.h"

#define PREFIX "gapless-producer."

enum { ASK_MS = 5000 };

/* FNV-1a: it tells settings apart, it keeps no secret. */
static uint32_t digest(uint32_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return (h ^ '\n') * 16777619u;
}

void members_client_id(const struct patterns *patterns, const struct interval *const *intervals,
		       size_t n, int64_t since_ms, char out[MEMBERS_ID_BYTES])
{
	uint32_t h = 2166136261u;
	char since[24];

	for (size_t i = 0; i < patterns->n; i++) {
		h = digest(h, patterns->v[i].exclude ? "!" : "");
		h = digest(h, patterns->v[i].text);
	}
	for (size_t i = 0; i < n; i++)
		h = digest(h, intervals[i]->name);
	snprintf(since, sizeof since, "%" PRId64, since_ms);
	snprintf(out, MEMBERS_ID_BYTES, PREFIX "%08" PRIx32, digest(h, since));
}

static void member_compare(const struct rd_kafka_group_member_info *m, const char *client_id,
			   struct members *out)
{
	out->n++;
	if (!m->client_id || strncmp(m->client_id, PREFIX, sizeof PREFIX - 1) != 0 ||
	    strcmp(m->client_id, client_id) == 0)
		return;
	out->different++;
	snprintf(out->text, sizeof out->text, "%s at %s", m->client_id,
		 m->client_host ? m->client_host : "?");
}

int members_ask(rd_kafka_t *rk, const char *group, const char *client_id, struct members *out,
		struct err *err)
{
	const struct rd_kafka_group_list *list = NULL;
	rd_kafka_resp_err_t code = rd_kafka_list_groups(rk, group, &list, ASK_MS);

	*out = (struct members){0};
	for (int i = 0; list && i < list->group_cnt; i++) {
		if (strcmp(list->groups[i].group, group) != 0)
			continue;
		if (list->groups[i].err)
			code = list->groups[i].err;
		for (int k = 0; k < list->groups[i].member_cnt; k++)
			member_compare(&list->groups[i].members[k], client_id, out);
	}
	if (list)
		rd_kafka_group_list_destroy(list);
	if (code)
		return err_set(err, kafka_error_class(code),
			       "the members of group %s cannot be asked for: %s", group,
			       rd_kafka_err2str(code));
	return 0;
}
