/* SPDX-License-Identifier: MIT */
#include "start.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "common/base/log.h"

enum {
	ASK_AGAIN_MS = 1000,
	SAY_MS = 10000,
	GROWN_MS = 8000 /* by then every producer has seen the added partitions (kafka.h: 5 s) */
};

struct start {
	int is_asked; /* the broker has answered */
	int64_t ask_due_ms;
	int64_t grown_ms; /* since then partitions were seen to be added; 0: they were not */
	struct log_throttle say;
	struct reader_job job;
	struct table_positions stored;
	struct consumer_place *places; /* where the partitions begin; behind them once more those
					  of which nothing is committed */
};

struct start *start_new(void)
{
	return xcalloc(1, sizeof(struct start));
}

void start_free(struct start *s)
{
	free(s->places);
	free(s);
}

void start_clear(struct start *s)
{
	s->is_asked = 0;
}

/* Partitions were added, of which a producer may not know yet: what it sends to the old ones has to
 * be there when their ends are read, or the symbols' new owners would not wait for it. */
static int is_too_early(struct start *s, const struct feed *f, int64_t now_ms)
{
	if (!offsets_have_grown(feed_offsets(f))) {
		s->grown_ms = 0;
		return 0;
	}
	if (s->grown_ms == 0) {
		s->grown_ms = now_ms;
		log_info("partitions were added; reading begins when all producers know them",
			 L_INT("wait_s", GROWN_MS / 1000));
	}
	return now_ms - s->grown_ms < GROWN_MS;
}

int start_ask(struct start *s, struct feed *f, int64_t now_ms)
{
	struct err err;

	if (s->is_asked || now_ms < s->ask_due_ms)
		return s->is_asked;
	s->ask_due_ms = now_ms + ASK_AGAIN_MS;
	if (feed_ask(f, &err) == 0) {
		s->is_asked = !is_too_early(s, f, now_ms);
	} else {
		s->grown_ms = 0; /* Kafka may be away for the producers, too: what they have queued
				    comes when it is back */
		LOG_EVERY(&s->say, now_ms, SAY_MS, LOG_WARN, "waiting for Kafka",
			  L_STR("error", err.text));
	}
	return s->is_asked;
}

struct reader_job *start_job(struct start *s, int is_storing)
{
	s->job = (struct reader_job){.use = READER_START, .stored = is_storing ? &s->stored : NULL};
	return &s->job;
}

/* ---------------------------------------------------------------- where a partition begins */

static int64_t or_committed(const struct part *part, int64_t at)
{
	if (part->committed != OFFSET_NONE && part->committed <= part->high)
		at = least(at, part->committed);
	return greatest(at, part->low);
}

static int is_in_topic(const struct part *part, int64_t offset)
{
	return offset >= part->low && offset <= part->high;
}

int64_t start_offset(const struct part *part, int64_t candles, int64_t indicators, int group_is_new)
{
	if (indicators == TABLE_NONE)
		indicators = candles;
	if (part->committed == OFFSET_NONE && !group_is_new)
		return part->low;
	if (!is_in_topic(part, candles) || !is_in_topic(part, indicators))
		return part->low;
	return or_committed(part, least(candles, indicators));
}

/* Without a table: as far back as the settings say, or the committed offset if that is smaller. */
static int64_t start_by_time(const struct part *part)
{
	return or_committed(part, part->by_time == OFFSET_NONE ? part->high : part->by_time);
}

static int64_t indicators_of(const struct start *s, const struct part *part)
{
	return s->job.stored ? table_position(s->job.stored, part->id) : TABLE_NONE;
}

static int64_t start_by_table(const struct start *s, const struct part *part, int group_is_new)
{
	return start_offset(part, table_position(&s->job.positions, part->id),
			    indicators_of(s, part), group_is_new);
}

/* ---------------------------------------------------------------- and then */

/* Of what the group had not read. */
static void say_lost(const struct part *p)
{
	if (p->is_out || p->committed == OFFSET_NONE || p->committed >= p->low)
		return;
	log_error("messages were deleted from the topic before they were read; gapless-indicators "
		  "compute gives the values of what is stored of them",
		  L_INT("partition", p->id), L_INT("committed", p->committed), L_INT("low", p->low),
		  L_INT("lost_offsets", p->low - p->committed));
}

/* Kafka knows nothing of the group: it is new, or its offsets have expired. */
static void say_new(const struct start *s, const struct part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (indicators_of(s, &parts[i]) == TABLE_NONE)
			continue;
		log_info("the group has no committed offset; reading goes on where the stored "
			 "indicators end");
		return;
	}
	log_info("the group is new: candles that are stored already get no values from it; "
		 "gapless-indicators compute gives them");
}

const struct consumer_place *start_begin(struct start *s, struct feed *f, int by_table, size_t *n)
{
	size_t all, begun = 0, fresh = 0;
	const struct part *parts = offsets_parts(feed_offsets(f), &all);
	int group_is_new = offsets_group_is_new(feed_offsets(f));
	int64_t again = 0;
	struct err err;

	*n = 0;
	s->is_asked = 0;
	s->places = xreallocarray(s->places, 2 * all + 1, sizeof *s->places);
	for (size_t i = 0; i < all; i++) {
		struct consumer_place place = {parts[i].id,
					       by_table ? start_by_table(s, &parts[i], group_is_new)
							: start_by_time(&parts[i])};

		if (parts[i].is_out)
			continue;
		s->places[begun++] = place;
		again += parts[i].high - place.offset;
		if (parts[i].committed == OFFSET_NONE)
			s->places[all + fresh++] = place;
	}
	/* First: after a crash, what was stored meanwhile would be taken for older than the group.
	 */
	if (feed_commit(f, s->places + all, fresh, 1)) {
		log_info("where reading begins could not be committed; asking again");
		return NULL;
	}
	if (feed_begin(f, s->places, begun, &err)) {
		log_warn("trying again", L_STR("error", err.text));
		return NULL;
	}
	for (size_t i = 0; i < all; i++)
		say_lost(&parts[i]);
	log_info("reading begins", L_INT("partitions", all), L_INT("messages_before_end", again));
	if (by_table && group_is_new)
		say_new(s, parts, all);
	*n = begun;
	return s->places;
}
