/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/log.h"

/* A store that is free takes so many rows at once; fewer wait for more until they are old enough:
 * below about this the commit is the price of a transaction, not its rows. What a transaction costs
 * beside its rows is felt up to a full batch, though, so where the topic is known to fill it, that
 * is waited for: it takes some milliseconds. What is left once such a batch has gone and nothing
 * more is known to come is the end of a catch-up: nobody gains by waiting for it. */
enum { RING = 2, WORTH_ROWS = 1000, SAY_DEAD_MS = 10000 };

struct lane {
	struct batch batches[RING];
	int lent[RING];
	size_t filling;
	size_t lent_rows; /* of the batch that was lent last */
};

struct pipeline {
	const struct options *options;
	size_t lanes_n;
	struct tally *tally;
	struct log_throttle say_dead;
	struct lane lanes[LANES_MAX];
};

static struct batch *filling(const struct pipeline *p, size_t lane)
{
	const struct lane *l = &p->lanes[lane];

	return (struct batch *)&l->batches[l->filling];
}

struct pipeline *pipeline_new(const struct options *o, struct tally *tally)
{
	const struct batch_limits limits = {.rows = (size_t)o->batch_rows,
					    .bytes = (size_t)o->batch_bytes,
					    .age_ms = o->batch_ms};
	struct pipeline *p = xcalloc(1, sizeof(*p));

	p->options = o;
	p->lanes_n = (size_t)o->connections;
	p->tally = tally;
	for (size_t lane = 0; lane < p->lanes_n; lane++) {
		for (size_t i = 0; i < RING; i++)
			batch_init(&p->lanes[lane].batches[i], limits);
	}
	return p;
}

void pipeline_free(struct pipeline *p)
{
	for (size_t lane = 0; lane < p->lanes_n; lane++) {
		for (size_t i = 0; i < RING; i++)
			batch_release(&p->lanes[lane].batches[i]);
	}
	free(p);
}

size_t pipeline_lane(const struct pipeline *p, int32_t partition)
{
	return (size_t)partition % p->lanes_n;
}

static int flood(const struct pipeline *p, const struct arrival *a, const struct err *why)
{
	log_error("too many messages in a row are not candles; stopping before they are committed: "
		  "look at them, then set "
		  "--dead-letter-limit higher or to 0 (no limit) to go on",
		  L_INT("dead-letter-limit", p->options->dead_letter_limit),
		  L_STR("topic", p->options->topic), L_INT("partition", a->partition),
		  L_INT("offset", a->next - 1), L_STR("error", why->text));
	return PIPELINE_FLOOD;
}

static void say_dead(struct pipeline *p, const struct arrival *a, const struct err *why,
		     int64_t now_ms)
{
	LOG_EVERY(&p->say_dead, now_ms, SAY_DEAD_MS, LOG_WARN,
		  "a message is not a candle; it goes to candle_dead_letter",
		  L_STR("error", why->text), L_INT("partition", a->partition),
		  L_INT("offset", a->next - 1));
}

int pipeline_take(struct pipeline *p, const struct arrival *a, int64_t now_ms, struct err *why)
{
	struct batch *b = filling(p, pipeline_lane(p, a->partition));
	struct message message;
	enum intake kind = INTAKE_SKIP;
	int64_t offset = a->next - 1;

	if (a->wanted)
		kind = intake_judge(p->options->source, a->key, a->key_len, a->value, a->value_len,
				    &message, why);
	if (kind == INTAKE_HALT)
		return INTAKE_HALT;
	if (kind == INTAKE_DEAD && p->options->dead_letter_limit != 0 &&
	    a->dead_run >= p->options->dead_letter_limit)
		return flood(p, a, why);
	batch_take(b, a->partition, a->from, offset, a->value_len + a->key_len, now_ms);
	batch_took(b, a, kind == INTAKE_DEAD);
	tally_add(p->tally, TALLY_MESSAGES, a->has_message);
	if (kind == INTAKE_CANDLE) {
		batch_add(b, a->partition, offset, &message);
		tally_add(p->tally, TALLY_INCONSISTENT, candle_is_inconsistent(&message.candle));
	} else if (kind == INTAKE_DEAD) {
		batch_add_dead_letter(b, a, why->text);
		say_dead(p, a, why, now_ms);
	} else {
		tally_add(p->tally, TALLY_SKIPPED, a->has_message);
	}
	return kind;
}

int pipeline_is_empty(const struct pipeline *p)
{
	int empty = 1;

	for (size_t lane = 0; lane < p->lanes_n; lane++)
		empty &= batch_is_empty(filling(p, lane));
	return empty;
}

int pipeline_is_full(const struct pipeline *p, size_t lane)
{
	return batch_is_full(filling(p, lane));
}

int64_t pipeline_due_in(const struct pipeline *p, size_t lane, int64_t coming, int64_t now_ms)
{
	const struct batch *b = filling(p, lane);
	size_t rows = b->n + b->dead_n;
	int is_rest = coming == 0 && p->lanes[lane].lent_rows >= WORTH_ROWS;
	int is_enough = coming == PIPELINE_NOTHING || is_rest ||
			(rows >= WORTH_ROWS && rows + (size_t)coming < b->limits.rows);

	if (!batch_is_empty(b) && is_enough)
		return 0;
	return batch_due_in(b, now_ms);
}

struct batch *pipeline_next(struct pipeline *p, size_t lane)
{
	struct lane *l = &p->lanes[lane];
	struct batch *b = filling(p, lane);
	size_t next = (l->filling + 1) % RING;

	if (l->lent[next] || batch_is_empty(b))
		return NULL;
	batch_seal(b);
	l->lent[l->filling] = 1;
	l->lent_rows = b->n + b->dead_n;
	l->filling = next;
	return b;
}

void pipeline_give_back(struct pipeline *p, struct batch *b)
{
	batch_clear(b);
	for (size_t lane = 0; lane < p->lanes_n; lane++) {
		for (size_t i = 0; i < RING; i++) {
			if (&p->lanes[lane].batches[i] == b)
				p->lanes[lane].lent[i] = 0;
		}
	}
}

int64_t pipeline_oldest_ms(const struct pipeline *p, int32_t partition)
{
	const struct lane *l = &p->lanes[pipeline_lane(p, partition)];
	int64_t oldest = 0;

	for (size_t i = 0; i < RING; i++) {
		int64_t ms = batch_oldest_ms(&l->batches[i], partition);

		if (ms != 0 && (oldest == 0 || ms < oldest))
			oldest = ms;
	}
	return oldest;
}

void pipeline_drop(struct pipeline *p)
{
	for (size_t lane = 0; lane < p->lanes_n; lane++)
		batch_clear(filling(p, lane));
}
