/* SPDX-License-Identifier: MIT */
#include "strangers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/kafka/kafka_members.h"

enum { LOOK_MS = 20000, SAY_MS = 60000 };

struct seen {
	int n;
	char text[160]; /* one of them: its client.id and host */
};

struct strangers {
	rd_kafka_t *rk;
	const char *group;
	char *client_id; /* ours */
	rd_kafka_queue_t *answers;
	int asking;
	int64_t due_ms;
	struct seen now;
	int were_there;
	struct log_throttle say;
};

struct strangers *strangers_new(rd_kafka_t *rk, const char *group, const char *client_id)
{
	struct strangers *s = xcalloc(1, sizeof(*s));

	s->rk = rk;
	s->group = group;
	s->client_id = xstrdup(client_id);
	s->answers = rd_kafka_queue_new(rk);
	return s;
}

void strangers_free(struct strangers *s)
{
	if (s == NULL)
		return;
	rd_kafka_queue_destroy(s->answers);
	free(s->client_id);
	free(s);
}

void strangers_soon(struct strangers *s)
{
	s->due_ms = 0;
}

int strangers_were_there(const struct strangers *s)
{
	return s->were_there;
}

struct answer {
	const struct strangers *of;
	struct seen seen;
};

static void add(void *opaque, const char *client_id, const char *host)
{
	struct answer *a = opaque;

	if (client_id == NULL || strcmp(client_id, a->of->client_id) == 0 ||
	    strncmp(client_id, WRITER_CLIENT_ID, strlen(WRITER_CLIENT_ID)) == 0)
		return;
	a->seen.n++;
	snprintf(a->seen.text, sizeof(a->seen.text), "%s at %s", client_id, host ? host : "?");
}

static void say(struct strangers *s, const struct seen *before, int64_t now_ms)
{
	if (strcmp(s->now.text, before->text) != 0)
		s->say = (struct log_throttle){0};
	if (s->now.n == 0 && before->n > 0)
		log_info("the strangers have left the writers' group", L_STR("group", s->group));
	if (s->now.n > 0)
		LOG_EVERY(
			&s->say, now_ms, SAY_MS, LOG_ERROR,
			"a program that is not a writer of Gapless is in the writers' group; what comes in "
			"the partitions that it has is not stored before it leaves",
			L_STR("stranger", s->now.text), L_INT("strangers", s->now.n),
			L_STR("group", s->group));
}

/* That the members cannot be asked for costs this alone. */
static void take(struct strangers *s, int64_t now_ms)
{
	struct answer a = {.of = s};
	struct seen before = s->now;
	struct err err;
	int rc = kafka_members_take(s->answers, 0, add, &a, &err);

	if (rc == 0)
		return;
	s->asking = 0;
	if (rc < 0) {
		log_debug("who is in the writers' group is not known", L_STR("error", err.text));
		return;
	}
	s->now = a.seen;
	s->were_there |= a.seen.n > 0;
	say(s, &before, now_ms);
}

void strangers_look(struct strangers *s, int64_t now_ms)
{
	if (s->asking)
		take(s, now_ms);
	if (s->asking || now_ms < s->due_ms)
		return;
	s->due_ms = now_ms + LOOK_MS;
	s->asking = 1;
	kafka_members_ask(s->rk, s->group, s->answers);
}
