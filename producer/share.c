/* SPDX-License-Identifier: MIT */
#include "producer/share.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/kafka/consumer.h"
#include "common/kafka/kafka_ensure.h"

enum {
	AGAIN_MS = 500,
	DISAGREE_MS = 5000, /* and a session: until then a member that was killed is gone */
	SAY_MS = 60000
};

struct kind {
	int (*may_begin)(struct share *s, int64_t boot_ms, struct err *err); /* NULL: always */
	int (*begin)(struct share *s, int32_t n_partitions, struct err *err);
	int (*poll)(struct share *s, int64_t boot_ms, unsigned *due, struct err *err);
	int (*members)(struct share *s, const struct members *members, int64_t boot_ms,
		       unsigned *due, struct err *err);
};

struct share {
	const struct kind *kind;
	const struct options *options;

	int is_assigned, lost, agreed;
	int32_t n_in_all;    /* partitions of the topic, at the assignment in force */
	unsigned char *ours; /* a flag for each of them */
	int32_t *partitions; /* the same as numbers */
	size_t n;
	enum budget budget;

	/* of a member */
	struct consumer *consumer; /* which reads nothing, and commits nothing */
	rd_kafka_queue_t *queue;   /* its, for the io event */
	int fd;
	int is_given, is_new; /* partitions by the group; they are not ours before it is known how
				 many there are in all */
	int64_t disagree_boot_ms; /* ends a start into a group that wants something else; 0: it has
				     not begun */
	int64_t retry_boot_ms;
	int joined;
	struct members members; /* as last seen */
	struct log_throttle differ;
	struct kafka_strangers strangers;
	/* of a one-shot command */
	int has_begun;
};

/* s->partitions are ours, those that the topic has. */
static void assigned(struct share *s, int32_t n_in_all)
{
	free(s->ours);
	s->ours = xcalloc((size_t)n_in_all + 1, 1);
	for (size_t i = 0; i < s->n; i++)
		if (s->partitions[i] < n_in_all)
			s->ours[s->partitions[i]] = 1;
	s->n = 0;
	for (int32_t i = 0; i < n_in_all; i++)
		if (s->ours[i])
			s->partitions[s->n++] = i;
	s->n_in_all = n_in_all;
	s->is_assigned = 1;
	s->lost = 0;
}

/* ---- a member of the group ---- */

static int disagree(const struct share *s, struct err *err)
{
	return members_disagree(&s->members, s->joined, s->options->group, s->options->client_id,
				err);
}

static void differ_say(struct share *s, int64_t boot_ms, enum log_level level, const char *said)
{
	LOG_EVERY(&s->differ, boot_ms, SAY_MS, level, said,
		  L_STR("other", members_opponents(&s->members, s->joined)->text),
		  L_STR("this", s->options->client_id), L_STR("group", s->options->group));
}

static void disagree_begin(struct share *s, int64_t boot_ms)
{
	if (s->disagree_boot_ms == 0)
		s->disagree_boot_ms = boot_ms + s->options->session_timeout_ms + DISAGREE_MS;
}

static int member_may_begin(struct share *s, int64_t boot_ms, struct err *err)
{
	if (members_opponents(&s->members, s->joined)->n == 0) {
		if (s->members.older.n > 0)
			log_info("producers with older settings are at work; this one takes over",
				 L_STR("other", s->members.older.text),
				 L_STR("this", s->options->client_id));
		s->disagree_boot_ms = 0;
		return 1;
	}
	disagree_begin(s, boot_ms);
	if (boot_ms >= s->disagree_boot_ms)
		return disagree(s, err);
	differ_say(
		s, boot_ms, LOG_WARN,
		"the producers of this group have other settings; not joining it unless they leave");
	return 0;
}

static int member_begin(struct share *s, int32_t n_partitions, struct err *err)
{
	(void)n_partitions; /* it is read at each assignment */
	s->joined = 1;
	return consumer_subscribe(s->consumer, err);
}

static void given(struct share *s)
{
	const int32_t *ids;

	s->n = consumer_given(s->consumer, &ids);
	s->partitions = xreallocarray(s->partitions, s->n + 1, sizeof *s->partitions);
	memcpy(s->partitions, ids, s->n * sizeof *ids);
	consumer_accept(s->consumer);
	s->is_given = s->is_new = 1;
}

/* 1 if there were any. */
static int taken_back(struct share *s, int lost)
{
	int was_given = s->is_given;

	if (was_given)
		log_info(lost ? "partitions lost to the group; nothing is asked for until it gives "
				"some again"
			      : "the group assigns its partitions again",
			 L_INT("partitions", s->n));
	s->is_given = s->is_new = s->is_assigned = 0;
	s->lost = lost;
	return was_given;
}

/* What the group has given is ours as soon as it is known how many partitions there are. */
static void given_take(struct share *s, int64_t boot_ms, unsigned *due)
{
	int n_in_all = consumer_topic_partitions(s->consumer, NULL);

	if (n_in_all <= 0) {
		s->retry_boot_ms = boot_ms + AGAIN_MS;
		return;
	}
	disagree_begin(s, boot_ms);
	assigned(s, n_in_all);
	s->budget =
		s->options->rate_scope_own || s->n == (size_t)n_in_all ? BUDGET_ALL : BUDGET_SHARED;
	s->is_new = 0;
	*due |= DUE_OWN | DUE_LOOKUP | DUE_BUDGET;
}

static int member_poll(struct share *s, int64_t boot_ms, unsigned *due, struct err *err)
{
	const rd_kafka_message_t *m;
	enum consumer_news news;
	eventfd_t drained;

	eventfd_read(s->fd, &drained);
	while ((news = consumer_poll(s->consumer, 0, &m)) != CONSUMER_NOTHING) {
		if (news == CONSUMER_REPLACED)
			return err_set(
				err, ERR_FATAL,
				"the Kafka client cannot stay in the group: the line before says why");
		if (news == CONSUMER_ASSIGNED)
			given(s);
		if (news != CONSUMER_REVOKED && news != CONSUMER_LOST)
			continue;
		if (taken_back(s, news == CONSUMER_LOST)) {
			*due |= DUE_GIVE_BACK;
			return 0;
		}
		consumer_give_back(s->consumer);
	}
	if (s->is_new && boot_ms >= s->retry_boot_ms)
		given_take(s, boot_ms, due);
	return 0;
}

void share_give_back(struct share *s)
{
	consumer_give_back(s->consumer);
}

static int member_members(struct share *s, const struct members *members, int64_t boot_ms,
			  unsigned *due, struct err *err)
{
	s->members = *members;
	kafka_strangers_are(
		&s->strangers, &members->strangers, s->options->group,
		"a program that is not a producer of Gapless is in the producers' group; the markets of the partitions that it "
		"has are not fetched before it leaves",
		"the strangers have left the producers' group", boot_ms);
	if (!s->joined)
		return 0;
	if (members->newer.n > 0) {
		disagree(s, err);
		return 1;
	}
	if (members_opponents(&s->members, s->joined)->n == 0) {
		if (!s->agreed)
			*due |= DUE_LOOKUP;
		s->agreed = 1;
		return 0;
	}
	if (!s->agreed && boot_ms >= s->disagree_boot_ms)
		return disagree(s, err);
	if (s->agreed)
		differ_say(
			s, boot_ms, LOG_ERROR,
			"a producer of this group has other settings (symbols, intervals or since); what only one of them wants is "
			"incomplete");
	return 0;
}

static const struct kind member = {member_may_begin, member_begin, member_poll, member_members};

/* The eager assignor `range`: all partitions are given back at each rebalance, and usually most of
 * them come again at once. */
struct share *share_of_group(const struct options *options, struct err *err)
{
	const struct consumer_settings settings = {
		.brokers = options->brokers,
		.topic = options->topic,
		.group = options->group,
		/* Whatever the user calls his clients (for quotas): the members have to tell each
		 * other by it. */
		.client_id = options->client_id,
		.is_client_id_fixed = 1,
		.session_timeout_ms = options->session_timeout_ms,
		/* (it reads nothing) */
		.queued_messages = 1,
		.fetch_bytes = 1000000,
		.partition_fetch_bytes = 1000000,
		.user = &options->kafka,
		.instance_id = "",
	};
	struct consumer *consumer = consumer_new(&settings, CONSUMER_MEMBER, err);
	struct share *s;

	if (!consumer)
		return NULL;
	s = xcalloc(1, sizeof *s);
	*s = (struct share){.kind = &member, .options = options, .consumer = consumer};
	s->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->queue = rd_kafka_queue_get_consumer(consumer_handle(consumer));
	rd_kafka_queue_io_event_enable(s->queue, s->fd, &(uint64_t){1}, sizeof(uint64_t));
	return s;
}

static void member_free(struct share *s)
{
	(void)taken_back(s, consumer_has_lost_group(s->consumer));
	consumer_close(s->consumer);
	rd_kafka_queue_destroy(s->queue);
	consumer_free(s->consumer);
	close(s->fd);
}

/* ---- a one-shot command ---- */

static int all_begin(struct share *s, int32_t n_partitions, struct err *err)
{
	(void)err;
	s->n = (size_t)n_partitions;
	s->partitions = xcalloc(s->n + 1, sizeof *s->partitions);
	for (int32_t i = 0; i < n_partitions; i++)
		s->partitions[i] = i;
	assigned(s, n_partitions);
	s->agreed = 1;
	return 0;
}

/* The first time: it has everything from now on. */
static int all_poll(struct share *s, int64_t boot_ms, unsigned *due, struct err *err)
{
	(void)boot_ms;
	(void)err;
	if (!s->has_begun)
		*due |= DUE_OWN | DUE_LOOKUP | DUE_BUDGET;
	s->has_begun = 1;
	return 0;
}

static int all_members(struct share *s, const struct members *members, int64_t boot_ms,
		       unsigned *due, struct err *err)
{
	enum budget budget = members->n > 0 ? BUDGET_LEFTOVER : BUDGET_ALL;

	(void)boot_ms;
	(void)err;
	if (members->n > 0 && s->members.n == 0)
		log_info("producers are at work; this command uses only what they leave",
			 L_INT("producers", members->n));
	if (budget != s->budget)
		*due |= DUE_BUDGET;
	s->budget = budget;
	s->members = *members;
	return 0;
}

static const struct kind all = {NULL, all_begin, all_poll, all_members};

struct share *share_of_all(void)
{
	struct share *s = xcalloc(1, sizeof *s);

	s->kind = &all;
	s->budget = BUDGET_LEFTOVER; /* until the group is known to be empty */
	return s;
}

/* ---- both ---- */

void share_free(struct share *s)
{
	if (!s)
		return;
	if (s->consumer)
		member_free(s);
	free(s->ours);
	free(s->partitions);
	free(s);
}

int share_may_begin(struct share *s, int64_t boot_ms, struct err *err)
{
	return s->kind->may_begin ? s->kind->may_begin(s, boot_ms, err) : 1;
}

int share_begin(struct share *s, int32_t n_partitions, struct err *err)
{
	return s->kind->begin(s, n_partitions, err);
}

int share_poll(struct share *s, int64_t boot_ms, unsigned *due, struct err *err)
{
	return s->kind->poll(s, boot_ms, due, err);
}

int share_members(struct share *s, const struct members *members, int64_t boot_ms, unsigned *due,
		  struct err *err)
{
	return s->kind->members(s, members, boot_ms, due, err);
}

int share_fd(const struct share *s)
{
	return s->consumer ? s->fd : stop_fd();
}

const struct members *share_seen_members(const struct share *s)
{
	return &s->members;
}

enum share_state share_state(const struct share *s)
{
	if (!s->is_assigned)
		return s->lost ? SHARE_LOST : SHARE_NONE;
	return s->agreed ? SHARE_AGREED : SHARE_ASSIGNED;
}

int share_owns(const char *symbol, const void *share)
{
	const struct share *s = share;

	return s->ours != NULL && s->ours[kafka_partition_of(symbol, s->n_in_all)];
}

const int32_t *share_partitions(const struct share *s, size_t *n, int32_t *n_in_all)
{
	*n_in_all = s->n_in_all;
	*n = s->n;
	return s->partitions;
}

void share_say(const struct share *s, size_t series, size_t taken, size_t left)
{
	if (s->n == 0)
		log_warn(
			"no partition for this producer: there are more producers than partitions; standing by",
			L_INT("partitions_in_all", s->n_in_all));
	else
		log_info("partitions assigned", L_INT("partitions", s->n), L_INT("of", s->n_in_all),
			 L_INT("series", series), L_INT("taken", taken), L_INT("left", left));
}

enum budget share_budget(const struct share *s, const unsigned char **ours, int *n)
{
	*ours = s->ours;
	*n = s->n_in_all;
	return s->budget;
}
