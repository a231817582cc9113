/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "commits.h"
#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/kafka/left_out.h"
#include "elsewhere.h"
#include "feed.h"
#include "offsets.h"
#include "strangers.h"
#include "topic.h"

enum { CHECK_MS = 5000, SAY_MS = 60000 };

struct feed_group {
	const struct options *options;
	struct consumer *consumer;
	struct partitions *partitions;
	struct commits *commits;
	struct strangers *strangers;
	struct elsewhere *elsewhere;
	struct left_out left_out;
	struct position_item *items; /* lent to the database with each work */
	int64_t check_due_ms;
	int64_t generation; /* of the partitions, when strangers were last asked for at once */
	struct log_throttle say_absent;
};

/* ---------------------------------------------------------------- the start */

static int join(void *self, int partitions, struct err *err)
{
	struct feed_group *g = self;

	(void)partitions;
	return consumer_subscribe(g->consumer, err);
}

static unsigned absent(void *self, int n, int64_t now_ms)
{
	struct feed_group *g = self;
	(void)n;
	LOG_EVERY(&g->say_absent, now_ms, SAY_MS, LOG_WARN,
		  "the topic is not there yet; waiting (the producer makes it)",
		  L_STR("topic", g->options->topic));
	return FOLLOW_NOTHING;
}

/* Kafka deletes what a group with members has committed only if the topic is deleted. */
static int is_recreated(const struct feed_group *g, int32_t partition, int64_t committed)
{
	if (committed >= 0)
		commits_seen(g->commits, partition);
	return committed < 0 && commits_have_been(g->commits, partition);
}

/* For the database, of the partitions that are read; committed, ends: what Kafka says of all, NULL:
 * it was not asked. */
static size_t make_items(struct feed_group *g, const int64_t *committed,
			 const struct kafka_range *ends)
{
	size_t n = 0, all = partitions_count(g->partitions);

	free(g->items);
	g->items = xcalloc(all + 1, sizeof(*g->items));
	for (size_t i = 0; i < all; i++) {
		const struct partition *p = partitions_at(g->partitions, i);

		if (p->state == PARTITION_UNREAD)
			continue;
		g->items[n] = (struct position_item){.partition = p->id,
						     .confirmed = p->confirmed,
						     .asked_at = p->message_at,
						     .after = -1,
						     .at_least = p->position};
		if (ends != NULL)
			g->items[n].facts = (struct start_facts){
				.committed = committed[i],
				.recreated = is_recreated(g, p->id, committed[i]),
				.low = ends[i].low,
				.high = ends[i].high,
				.shared = strangers_were_there(g->strangers)};
		n++;
	}
	return n;
}

/* Is there a message before the database's position that came after the last one that was stored?
 */
static int ask_after(const struct feed_group *g, struct position_item *item, struct err *err)
{
	if (item->asked_at < 0)
		return 0;
	if (kafka_offsets(consumer_handle(g->consumer), g->options->topic, &item->partition, 1,
			  item->asked_at + 1, &item->after, err) != 0)
		return -1;
	if (item->after < 0 || item->after >= item->confirmed)
		return 0;
	return offsets_check_seen(g->options, item->partition, item->asked_at, &item->after, err);
}

static int ask(void *self, struct store_work *work, struct err *err)
{
	struct feed_group *g = self;
	size_t n, all = partitions_count(g->partitions);
	int64_t *committed = xcalloc(all + 1, sizeof(*committed));
	struct kafka_range *ends = NULL;
	int rc = offsets_committed(g->consumer, g->partitions, committed, err);

	if (rc == 0) {
		ends = offsets_ends(g->consumer, g->partitions);
		rc = left_out_judge(&g->left_out, ends, all, err);
	}
	for (size_t i = 0; i < all && rc == 0; i++) {
		if (ends[i].err.class != ERR_NONE)
			partitions_leave_out(g->partitions, ends[i].partition);
	}
	n = rc == 0 ? make_items(g, committed, ends) : 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ask_after(g, &g->items[i], err);
	*work = (struct store_work){.kind = STORE_START, .items = g->items, .items_n = n};
	free(committed);
	free(ends);
	return rc;
}

static int start(void *self, const struct store_done *done)
{
	struct feed_group *g = self;

	for (size_t i = 0; i < done->work.items_n; i++) {
		const struct position_item *item = &done->work.items[i];

		if (done->result == STORE_UNSURE)
			partitions_confirm(g->partitions, item->partition, item->facts.position,
					   item->message_at);
		else
			partitions_start(
				g->partitions, item->partition,
				&(struct partition_start){.offset = item->start.offset,
							  .end = INT64_MAX,
							  .position = item->start.row_offset,
							  .committed = item->facts.committed,
							  .dead_run = item->dead_run});
	}
	return done->result != STORE_UNSURE;
}

static void log_start(const struct feed_group *g, const struct position_item *item,
		      enum log_level level)
{
	LOG_AT(level, start_words(item->start.why)->text, L_STR("topic", g->options->topic),
	       L_INT("partition", item->partition), L_INT("starts_at", item->start.offset),
	       L_INT("committed", item->facts.committed), L_INT("position", item->facts.position),
	       L_INT("low", item->facts.low), L_INT("high", item->facts.high),
	       L_INT("lost_offsets", item->start.lost));
}

/* One line for all partitions that start for the same reason; what is lost or recreated also shows
 * each partition. */
static void log_starts(const struct feed_group *g, const struct store_work *work,
		       enum start_why why)
{
	const struct start_words *words = start_words(why);
	int64_t partitions = 0, again = 0;

	for (size_t k = 0; k < work->items_n; k++) {
		const struct position_item *item = &work->items[k];

		if (item->start.why != why)
			continue;
		partitions++;
		again += start_again(&item->facts, &item->start);
		log_start(g, item, words->level == LOG_ERROR ? LOG_ERROR : LOG_DEBUG);
	}
	if (partitions > 0 && words->level != LOG_ERROR)
		LOG_AT(words->level, words->text, L_STR("topic", g->options->topic),
		       L_INT("partitions", partitions), L_INT("messages_read_again", again));
}

static void started(void *self, const struct store_done *done, struct tally *tally, int64_t now_ms)
{
	(void)now_ms;
	for (size_t i = 0; i < done->work.items_n; i++)
		tally_add(tally, TALLY_LOST_OFFSETS, done->work.items[i].start.lost);
	for (int i = 0; i < START_WHYS; i++)
		log_starts(self, &done->work, (enum start_why)i);
}

/* While a stranger is there, its commits are no news. */
static int ask_elsewhere(struct feed_group *g, struct store_work *work)
{
	size_t n;
	const int64_t *committed = strangers_committed(g->strangers, &n);

	return committed != NULL &&
	       elsewhere_ask(g->elsewhere, committed, strangers_count(g->strangers) > 0 ? 0 : n,
			     g->partitions, work);
}

/* While nothing is stored, nothing else would notice that the tables were emptied. */
static int check(void *self, int idle, int64_t now_ms, struct store_work *work)
{
	struct feed_group *g = self;

	if (ask_elsewhere(g, work))
		return 1;
	if (!idle || now_ms < g->check_due_ms || partitions_count(g->partitions) == 0)
		return 0;
	g->check_due_ms = now_ms + CHECK_MS;
	*work = (struct store_work){.kind = STORE_CHECK, .items_n = make_items(g, NULL, NULL)};
	work->items = g->items;
	return 1;
}

static void checked(void *self, const struct store_work *work, int64_t now_ms)
{
	const struct feed_group *g = self;

	elsewhere_answer(g->elsewhere, work, now_ms);
}

static struct feed_others others(const void *self)
{
	const struct feed_group *g = self;

	return (struct feed_others){.strangers = strangers_count(g->strangers),
				    .stored_elsewhere = elsewhere_count(g->elsewhere)};
}

/* ---------------------------------------------------------------- on the way */

static unsigned commit(void *self, struct tally *tally, int64_t now_ms)
{
	struct feed_group *g = self;
	enum commit_answer answer = commits_step(g->commits, g->partitions, tally, now_ms);

	if (answer == COMMIT_DONE)
		g->check_due_ms = now_ms + CHECK_MS;
	return answer == COMMIT_REPLACED ? FOLLOW_REPLACED : FOLLOW_NOTHING;
}

static void settle(void *self, struct tally *tally, int64_t until_ms)
{
	struct feed_group *g = self;

	commits_settle(g->commits, g->partitions, tally, until_ms);
}

static int64_t left(const void *self)
{
	const struct feed_group *g = self;

	int64_t n = 0;

	for (size_t i = 0; i < partitions_count(g->partitions); i++) {
		const struct partition *p = partitions_at(g->partitions, i);

		n += consumer_messages_from(g->consumer, p->id, p->next);
	}
	return n;
}

/* One that comes back is read from its start, as all are then. */
static unsigned look_for_left_out(struct feed_group *g, int64_t now_ms)
{
	size_t n;
	int32_t *ids = partitions_in(g->partitions, PARTITION_UNREAD, &n);
	int came_back = left_out_can_be_read(&g->left_out, consumer_handle(g->consumer),
					     g->options->topic, ids, n, now_ms);

	free(ids);
	return came_back ? FOLLOW_RESTART : FOLLOW_NOTHING;
}

static unsigned report(void *self, struct tally *tally, int64_t now_ms)
{
	struct feed_group *g = self;

	tally_log(tally, now_ms, left(g), 0);
	if (g->generation != partitions_generation(g->partitions))
		strangers_soon(g->strangers);
	g->generation = partitions_generation(g->partitions);
	strangers_look(g->strangers, now_ms);
	return look_for_left_out(g, now_ms);
}

static void free_group(void *self)
{
	struct feed_group *g = self;

	strangers_free(g->strangers);
	elsewhere_free(g->elsewhere);
	commits_free(g->commits);
	free(g->items);
	free(g);
}

struct feed *feed_group_new(const struct options *o, struct err *err)
{
	static const struct feed_kind kind = {
		.halt = {"a partition is halted; the others go on", FOLLOW_NOTHING},
		.stall = {"a partition waits for the end of a transaction; the others go on",
			  "a partition cannot be read; the others go on"},
		.free = free_group,
		.join = join,
		.absent = absent,
		.ask = ask,
		.start = start,
		.started = started,
		.left = left,
		.report = report,
		.check = check,
		.checked = checked,
		.others = others,
		.commit = commit,
		.settle = settle};
	struct consumer *consumer = topic_consumer_new(o, CONSUMER_MEMBER, err);
	struct feed_group *g;

	if (consumer == NULL)
		return NULL;
	g = xcalloc(1, sizeof(*g));
	g->options = o;
	g->consumer = consumer;
	g->partitions = partitions_new();
	g->commits = commits_new(consumer);
	g->strangers = strangers_new(consumer_handle(consumer), o->topic, o->group);
	g->elsewhere = elsewhere_new();
	return feed_new(&kind, g, consumer, g->partitions);
}
