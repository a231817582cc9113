/* SPDX-License-Identifier: MIT */
#include "strangers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/worker.h"
#include "common/kafka/kafka_members.h"
#include "common/kafka/kafka_topic.h"

enum { LOOK_MS = 20000 };

/* Lent to the worker. */
struct look {
	rd_kafka_t *rk;
	const char *group, *topic;
	char client_id[256]; /* ours */
	struct kafka_some seen;
	int members;
	int64_t *committed; /* of partition i; NULL: not known */
	size_t committed_n;
	int rc;
	struct err err;
};

struct strangers {
	struct worker *worker; /* NULL: there is no thread for it */
	struct look look;
	int64_t due_ms;
	struct kafka_strangers strangers;
	int were_there;
	int is_news; /* what the group has committed was not asked for yet */
};

static void add(void *opaque, const char *client_id, const char *host)
{
	struct look *l = opaque;

	l->members++;
	if (client_id == NULL || strcmp(client_id, l->client_id) == 0 ||
	    strncmp(client_id, WRITER_CLIENT_ID, strlen(WRITER_CLIENT_ID)) == 0)
		return;
	kafka_some_add(&l->seen, client_id, host);
}

/* Who is alone has all partitions, or soon will. */
static void look_at_offsets(struct look *l)
{
	struct err err;
	int n = l->members == 1 ? 0 : kafka_partition_count(l->rk, l->topic, &err);
	int32_t *ids;

	if (n < 0)
		return;
	ids = xcalloc((size_t)n + 1, sizeof(*ids));
	for (int32_t i = 0; i < n; i++)
		ids[i] = i;
	l->committed_n = (size_t)n;
	l->committed = xcalloc((size_t)n + 1, sizeof(*l->committed));
	if (n > 0 &&
	    kafka_committed(l->rk, l->topic, ids, (size_t)n, l->committed, NULL, &err) != 0) {
		free(l->committed);
		l->committed = NULL;
	}
	free(ids);
}

static void run(struct worker *w, void *context, void *job)
{
	struct look *l = job;

	(void)w;
	(void)context;
	l->seen = (struct kafka_some){0};
	l->members = 0;
	free(l->committed);
	l->committed = NULL;
	l->rc = kafka_members(l->rk, l->group, add, l, &l->err);
	look_at_offsets(l);
}

struct strangers *strangers_new(rd_kafka_t *rk, const char *topic, const char *group)
{
	struct strangers *s = xcalloc(1, sizeof(*s));
	size_t client_id_bytes = sizeof(s->look.client_id);
	struct err err;

	s->look.rk = rk;
	s->look.topic = topic;
	s->look.group = group;
	rd_kafka_conf_get(rd_kafka_conf(rk), "client.id", s->look.client_id, &client_id_bytes);
	s->worker = worker_new(run, NULL, &err);
	if (s->worker == NULL)
		log_warn("nobody looks who else is in the writers' group",
			 L_STR("error", err.text));
	return s;
}

void strangers_free(struct strangers *s)
{
	if (s == NULL)
		return;
	while (s->worker != NULL && !worker_stop(s->worker, KAFKA_MEMBERS_MS))
		;
	worker_free(s->worker);
	free(s->look.committed);
	free(s);
}

void strangers_soon(struct strangers *s)
{
	s->due_ms = 0;
}

int strangers_count(const struct strangers *s)
{
	return s->strangers.now.n;
}

int strangers_were_there(const struct strangers *s)
{
	return s->were_there;
}

/* That the members cannot be asked for costs this alone. */
static void take(struct strangers *s, int64_t now_ms)
{
	s->is_news = 1;
	if (s->look.rc < 0) {
		log_debug("who is in the writers' group is not known",
			  L_STR("error", s->look.err.text));
		return;
	}
	s->were_there |= s->look.seen.n > 0;
	kafka_strangers_are(
		&s->strangers, &s->look.seen, s->look.group,
		"a program that is not a writer of Gapless is in the writers' group; what comes in "
		"the partitions that it has is not stored before it leaves",
		"the strangers have left the writers' group", now_ms);
}

const int64_t *strangers_committed(struct strangers *s, size_t *n)
{
	const int64_t *committed = s->is_news ? s->look.committed : NULL;

	*n = s->look.committed_n;
	s->is_news = 0;
	return committed;
}

void strangers_look(struct strangers *s, int64_t now_ms)
{
	if (s->worker == NULL)
		return;
	if (worker_take(s->worker) != NULL)
		take(s, now_ms);
	if (!worker_is_idle(s->worker) || now_ms < s->due_ms)
		return;
	s->due_ms = now_ms + LOOK_MS;
	s->is_news = 0;
	worker_submit(s->worker, &s->look);
}
