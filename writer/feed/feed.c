/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <stdlib.h>

#include "arrivals.h"
#include "backlog.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "halts.h"
#include "stalls.h"

enum { TOPIC_MS = 1000, ASK_AGAIN_MS = 500, SAY_TOPIC_MS = 60000, SAY_START_MS = 10000 };

struct feed {
	const struct feed_kind *kind;
	void *self;
	struct consumer *consumer;
	struct partitions *partitions;
	struct halts *halts;
	struct stalls *stalls;
	int joined, absent, paused;
	int given; /* the group has said which partitions are ours, if any */
	int64_t join_due_ms, start_due_ms, fetch_due_ms;
	struct log_throttle say_topic, say_start;
};

struct feed *feed_new(const struct feed_kind *kind, void *self, struct consumer *consumer,
		      struct partitions *partitions)
{
	struct feed *f = xcalloc(1, sizeof(*f));

	f->kind = kind;
	f->self = self;
	f->consumer = consumer;
	f->partitions = partitions;
	f->halts = halts_new();
	f->stalls = stalls_new();
	return f;
}

void feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	f->kind->free(f->self);
	halts_free(f->halts);
	stalls_free(f->stalls);
	consumer_free(f->consumer);
	partitions_free(f->partitions);
	free(f);
}

/* ---------------------------------------------------------------- the topic, and the start */

unsigned feed_join(struct feed *f, int64_t now_ms)
{
	struct err err;
	int n;

	if (f->joined || now_ms < f->join_due_ms)
		return FOLLOW_NOTHING;
	f->join_due_ms = now_ms + TOPIC_MS;
	n = consumer_topic_partitions(f->consumer, &err);
	f->absent = n == 0 ? f->absent + 1 : 0;
	if (n == 0)
		return f->kind->absent(f->self, f->absent, now_ms);
	f->joined = n > 0 && f->kind->join(f->self, n, &err) == 0;
	if (!f->joined)
		LOG_EVERY(&f->say_topic, now_ms, SAY_TOPIC_MS, LOG_WARN, "waiting for Kafka",
			  L_STR("error", err.text));
	return FOLLOW_NOTHING;
}

static void ask_later(struct feed *f, const struct err *err, int64_t now_ms)
{
	f->start_due_ms = now_ms + ASK_AGAIN_MS;
	LOG_EVERY(&f->say_start, now_ms, SAY_START_MS, LOG_WARN,
		  "waiting for Kafka to say where to start", L_STR("error", err->text));
}

int feed_asks_skips(const struct feed *f, int64_t now_ms)
{
	return halts_are_due(f->halts, f->partitions, now_ms);
}

void feed_ask_skips(struct feed *f, int64_t now_ms, struct store_work *work)
{
	halts_ask(f->halts, f->partitions, now_ms, work);
}

int feed_ask(struct feed *f, int idle, int64_t now_ms, struct store_work *work)
{
	struct err err;
	int asked;

	if (!partitions_are_starting(f->partitions)) {
		asked = f->kind->check && f->kind->check(f->self, idle, now_ms, work);
	} else if (now_ms < f->start_due_ms) {
		asked = 0;
	} else {
		asked = f->kind->ask(f->self, work, &err) == 0;
		if (!asked)
			ask_later(f, &err, now_ms);
	}
	work->generation = feed_generation(f);
	return asked;
}

static unsigned answer_skips(struct feed *f, const struct store_work *work, int64_t now_ms)
{
	unsigned news = halts_answer(f->halts, f->partitions, work, f->kind->halt.text, now_ms);

	return (news & HALTS_PASSED ? FOLLOW_RESTART : FOLLOW_NOTHING) |
	       (news & HALTS_NEW ? f->kind->halt.follow : FOLLOW_NOTHING);
}

/* All of them, but those that are done or left out. */
static int assign(struct feed *f, struct err *err)
{
	size_t all = partitions_count(f->partitions), n = 0;
	struct consumer_place *from = xcalloc(all + 1, sizeof(*from));
	int rc;

	for (size_t i = 0; i < all; i++) {
		const struct partition *p = partitions_at(f->partitions, i);

		if (p->state != PARTITION_DONE && p->state != PARTITION_UNREAD)
			from[n++] = (struct consumer_place){p->id, p->next};
	}
	rc = consumer_assign(f->consumer, from, n, err);
	free(from);
	return rc;
}

unsigned feed_answer(struct feed *f, const struct store_done *done, struct tally *tally,
		     int64_t now_ms)
{
	struct err err;

	if (done->work.generation != feed_generation(f))
		return FOLLOW_NOTHING;
	if (done->work.kind == STORE_CHECK) {
		f->kind->checked(f->self, &done->work, now_ms);
		return FOLLOW_NOTHING;
	}
	if (done->work.kind == STORE_SKIPS)
		return answer_skips(f, &done->work, now_ms);
	if (!f->kind->start(f->self, done)) {
		f->start_due_ms = now_ms;
	} else if (assign(f, &err) != 0) {
		partitions_restart(f->partitions);
		ask_later(f, &err, now_ms);
	} else {
		f->kind->started(f->self, done, tally, now_ms);
	}
	return FOLLOW_NOTHING;
}

/* state: of those in that one, or of all. */
static void pause_those(struct feed *f, int state, int pause)
{
	size_t n;
	int32_t *ids = partitions_in(f->partitions, state, &n);

	consumer_pause(f->consumer, ids, n, pause);
	free(ids);
	f->paused = pause;
}

void feed_restart(struct feed *f)
{
	pause_those(f, PARTITIONS_ALL, 0);
	partitions_restart(f->partitions);
}

/* ---------------------------------------------------------------- the group gives and takes */

static void take_given(struct feed *f)
{
	const int32_t *ids;
	size_t n = consumer_given(f->consumer, &ids);

	partitions_set(f->partitions, ids, n);
	f->given = 1;
	f->paused = 0;
	f->start_due_ms = 0;
	if (n > 0)
		log_info("partitions assigned", L_INT("partitions", n));
	else
		log_info(
			"no partition for this writer: there are more writers than partitions; standing by");
	consumer_accept(f->consumer);
}

static void forget_partitions(struct feed *f, const char *what)
{
	size_t n = partitions_count(f->partitions);

	if (n > 0)
		log_info(what, L_INT("partitions", n));
	partitions_set(f->partitions, NULL, 0);
	f->given = 0;
	f->paused = 0;
}

void feed_give_back(struct feed *f)
{
	forget_partitions(f, "partitions given back");
	consumer_give_back(f->consumer);
}

void feed_close(struct feed *f)
{
	consumer_close(f->consumer);
}

/* ---------------------------------------------------------------- what comes */

/* It may be soon that the topic is as it was, or that another one is there. */
static unsigned start_later(struct feed *f, unsigned follow)
{
	if (follow & FOLLOW_RESTART)
		f->start_due_ms = clock_boot_ms() + ASK_AGAIN_MS;
	return follow;
}

int feed_poll(struct feed *f, int wait_ms, struct arrival *a, unsigned *follow)
{
	const rd_kafka_message_t *m;
	enum consumer_news news = consumer_poll(f->consumer, wait_ms, &m);

	*a = m != NULL ? arrival_of(m) : (struct arrival){0};
	*follow = FOLLOW_NOTHING;
	switch (news) {
	case CONSUMER_NOTHING:
		return 0;
	case CONSUMER_MESSAGE:
		*follow = arrivals_message(f->kind, f->self, f->partitions, a);
		break;
	case CONSUMER_EOF:
		*follow = start_later(f, arrivals_end(f->kind, f->self, f->partitions, a));
		break;
	case CONSUMER_OUT_OF_RANGE:
		*follow = arrivals_out_of_range(f->partitions, a);
		break;
	case CONSUMER_GONE:
		*follow = start_later(f, arrivals_gone(f->partitions));
		break;
	case CONSUMER_ASSIGNED:
		take_given(f);
		return 0;
	case CONSUMER_REVOKED:
		*follow = FOLLOW_GIVE_BACK;
		break;
	case CONSUMER_LOST:
		forget_partitions(f, "partitions lost");
		*follow = FOLLOW_LOST;
		break;
	case CONSUMER_REPLACED:
		*follow = FOLLOW_REPLACED;
		break;
	case CONSUMER_OTHER:
		break;
	}
	return 1;
}

void feed_took(struct feed *f, const struct arrival *a, int dead)
{
	partitions_take(f->partitions, a->partition, a->next, arrival_dead_run(a, dead));
	if (partitions_find(f->partitions, a->partition)->state == PARTITION_DONE)
		consumer_pause(f->consumer, &a->partition, 1, 1);
}

void feed_halt(struct feed *f, const struct arrival *a, const struct err *why)
{
	partitions_halt(f->partitions, a, why);
	consumer_pause(f->consumer, &a->partition, 1, 1);
	halts_soon(f->halts);
}

void feed_stored(struct feed *f, const struct batch *b)
{
	FAULT("after_db_before_commit");
	for (size_t i = 0; i < b->parts_n; i++)
		partitions_store(f->partitions, b->parts[i].partition, b->parts[i].next);
}

unsigned feed_commit(struct feed *f, struct tally *tally, int64_t now_ms)
{
	return f->kind->commit ? f->kind->commit(f->self, tally, now_ms) : FOLLOW_NOTHING;
}

void feed_settle(struct feed *f, struct tally *tally, int64_t until_ms)
{
	if (f->kind->settle)
		f->kind->settle(f->self, tally, until_ms);
}

void feed_pause(struct feed *f, int pause)
{
	if (f->paused == pause)
		return;
	pause_those(f, PARTITION_READING, pause);
	log_debug(pause ? "reading is paused until the database has caught up" : "reading goes on");
}

int feed_is_paused(const struct feed *f)
{
	return f->paused;
}

void feed_keep_fetching(struct feed *f, int64_t now_ms)
{
	if (!f->paused && !partitions_are_starting(f->partitions) && now_ms >= f->fetch_due_ms)
		f->fetch_due_ms = now_ms + backlog_fetch(f->consumer, f->partitions);
}

/* ---------------------------------------------------------------- questions */

unsigned feed_report(struct feed *f, struct tally *tally, int64_t now_ms)
{
	unsigned follow = f->kind->report(f->self, tally, now_ms);

	if (!f->paused)
		stalls_look(f->stalls, f->kind, f->partitions, f->consumer, now_ms);
	if (follow == FOLLOW_NOTHING && f->kind->halt.follow == FOLLOW_NOTHING &&
	    halts_look(f->halts, f->partitions, f->consumer, now_ms))
		follow = FOLLOW_RESTART;
	return follow;
}

int64_t feed_generation(const struct feed *f)
{
	return partitions_generation(f->partitions);
}

int64_t feed_due_in(const struct feed *f, int64_t now_ms)
{
	if (!partitions_are_starting(f->partitions))
		return INT64_MAX;
	return f->start_due_ms > now_ms ? f->start_due_ms - now_ms : 0;
}

int64_t feed_left(const struct feed *f)
{
	return f->kind->left(f->self);
}

const struct partitions *feed_partitions(const struct feed *f)
{
	return f->partitions;
}

int64_t feed_lag(const struct feed *f, const struct partition *p)
{
	return consumer_messages_from(f->consumer, p->id, p->finished);
}

int64_t feed_coming(const struct feed *f, const struct partition *p)
{
	return backlog_coming(f->consumer, p);
}

const struct kafka_stats *feed_kafka(const struct feed *f)
{
	return consumer_stats(f->consumer);
}

struct feed_others feed_others(const struct feed *f)
{
	return f->kind->others ? f->kind->others(f->self) : (struct feed_others){0};
}

const char *feed_waits_for(const struct feed *f)
{
	if (!f->joined)
		return f->absent > 0 ? "waiting for the topic" : "waiting for Kafka";
	if (partitions_count(f->partitions) == 0 && !f->given)
		return "waiting for the group to assign partitions";
	if (partitions_are_starting(f->partitions))
		return "finding where the partitions start";
	return NULL;
}

int feed_exit_code(struct feed *f, int code, const struct tally *tally, int64_t now_ms)
{
	return f->kind->exit_code ? f->kind->exit_code(f->self, code, tally, now_ms) : code;
}
