/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <stdlib.h>

#include "arrivals.h"
#include "backlog.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "elsewhere.h"
#include "halts.h"

enum { TOPIC_MS = 1000, ASK_AGAIN_MS = 500, SAY_TOPIC_MS = 60000, SAY_START_MS = 10000 };

struct feed {
	const struct feed_kind *kind;
	void *self;
	struct consumer *consumer;
	struct partitions *partitions;
	struct elsewhere *elsewhere;
	struct halts *halts;
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
	f->elsewhere = elsewhere_new();
	f->halts = halts_new();
	return f;
}

void feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	f->kind->free(f->self);
	elsewhere_free(f->elsewhere);
	halts_free(f->halts);
	consumer_free(f->consumer);
	partitions_free(f->partitions);
	free(f);
}

/* ---------------------------------------------------------------- the topic, and the start */

/* A subscription to a topic that is not there would notice it up to a minute late. */
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

/* While a stranger is there, its commits are no news. */
static int ask_elsewhere(struct feed *f, struct store_work *work)
{
	size_t n;
	int64_t *committed = consumer_group_offsets(f->consumer, &n);
	int asked = 0;

	if (committed != NULL)
		asked = elsewhere_ask(f->elsewhere, committed,
				      consumer_strangers(f->consumer) > 0 ? 0 : n, f->partitions,
				      work);
	free(committed);
	return asked;
}

int feed_ask(struct feed *f, int idle, int64_t now_ms, struct store_work *work)
{
	struct err err;
	int asked;

	if (!partitions_are_starting(f->partitions)) {
		asked = ask_elsewhere(f, work) ||
			(idle && f->kind->check && f->kind->check(f->self, now_ms, work));
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

unsigned feed_answer(struct feed *f, const struct store_done *done, struct tally *tally,
		     int64_t now_ms)
{
	struct err err;

	if (done->work.generation != feed_generation(f) ||
	    elsewhere_answer(f->elsewhere, &done->work, now_ms) || done->work.kind == STORE_CHECK)
		return FOLLOW_NOTHING;
	if (done->work.kind == STORE_SKIPS)
		return answer_skips(f, &done->work, now_ms);
	if (!f->kind->start(f->self, done)) {
		f->start_due_ms = now_ms;
	} else if (consumer_assign(f->consumer, f->partitions, &err) != 0) {
		partitions_restart(f->partitions);
		ask_later(f, &err, now_ms);
	} else {
		f->kind->started(f->self, done, tally, now_ms);
	}
	return FOLLOW_NOTHING;
}

void feed_restart(struct feed *f)
{
	consumer_resume(f->consumer, f->partitions, 1);
	f->paused = 0;
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
	*a = (struct arrival){0};
	*follow = FOLLOW_NOTHING;
	switch (consumer_poll(f->consumer, wait_ms, a)) {
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
		consumer_pause_one(f->consumer, a->partition);
}

void feed_halt(struct feed *f, const struct arrival *a, const struct err *why)
{
	partitions_halt(f->partitions, a, why);
	consumer_pause_one(f->consumer, a->partition);
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
	f->paused = pause;
	if (pause)
		consumer_pause(f->consumer, f->partitions);
	else
		consumer_resume(f->consumer, f->partitions, 0);
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

int feed_is_read(const struct feed *f)
{
	return partitions_are_done(f->partitions);
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
	return backlog_unstored(f->consumer, p);
}

int64_t feed_coming(const struct feed *f, const struct partition *p)
{
	return backlog_coming(f->consumer, p);
}

const struct kafka_stats *feed_kafka(const struct feed *f)
{
	return consumer_stats(f->consumer);
}

int feed_strangers(const struct feed *f)
{
	return consumer_strangers(f->consumer);
}

int feed_stored_elsewhere(const struct feed *f)
{
	return elsewhere_count(f->elsewhere);
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
