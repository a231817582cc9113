/* SPDX-License-Identifier: MIT */
#include "strangers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/worker.h"
#include "common/kafka/kafka_members.h"

enum { LOOK_MS = 20000 };

/* Lent to the worker. */
struct look {
	rd_kafka_t *rk;
	const char *group;
	char *client_id; /* ours */
	struct kafka_some seen;
	int rc;
	struct err err;
};

struct strangers {
	struct worker *worker; /* NULL: there is no thread for it */
	struct look look;
	int64_t due_ms;
	struct kafka_strangers strangers;
	int were_there;
};

static void add(void *opaque, const char *client_id, const char *host)
{
	struct look *l = opaque;

	if (client_id == NULL || strcmp(client_id, l->client_id) == 0 ||
	    strncmp(client_id, WRITER_CLIENT_ID, strlen(WRITER_CLIENT_ID)) == 0)
		return;
	kafka_some_add(&l->seen, client_id, host);
}

static void run(struct worker *w, void *context, void *job)
{
	struct look *l = job;

	(void)w;
	(void)context;
	l->seen = (struct kafka_some){0};
	l->rc = kafka_members(l->rk, l->group, add, l, &l->err);
}

struct strangers *strangers_new(rd_kafka_t *rk, const char *group, const char *client_id)
{
	struct strangers *s = xcalloc(1, sizeof(*s));
	struct err err;

	s->look.rk = rk;
	s->look.group = group;
	s->look.client_id = xstrdup(client_id);
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
	free(s->look.client_id);
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

void strangers_look(struct strangers *s, int64_t now_ms)
{
	if (s->worker == NULL)
		return;
	if (worker_take(s->worker) != NULL)
		take(s, now_ms);
	if (!worker_is_idle(s->worker) || now_ms < s->due_ms)
		return;
	s->due_ms = now_ms + LOOK_MS;
	worker_submit(s->worker, &s->look);
}
